// The keys that pages have of their own, besides those of the registry: the sheet shows those of the screen first.

import type { Key } from "../shared/en";
import type { Route } from "./router";

/** The screens that have keys of their own. */
export type Screen =
  | "list"
  | "trash"
  | "record"
  | "board"
  | "today"
  | "calendar"
  | "visits"
  | "duplicates"
  | "templates"
  | "prices"
  | "reports"
  | "past"
  | "team"
  | "guide";

export interface PageKey {
  keys: string;
  what: Key;
}

const LISTED: PageKey[] = [
  { keys: "J K ↓ ↑", what: "keys.move" },
  { keys: "Enter", what: "keys.open" },
  { keys: "Ctrl Enter", what: "keys.window" },
  { keys: "Space", what: "keys.peek" },
  { keys: "X", what: "keys.select" },
  { keys: "Shift ↓ · Shift ↑", what: "keys.range" },
  { keys: "Ctrl A", what: "keys.selectAll" },
  { keys: "/", what: "keys.filter" },
];
const BACK: PageKey = { keys: "Esc", what: "keys.back" };
const CREATE: PageKey = { keys: "C", what: "keys.create" };
const CELLS: PageKey[] = [
  { keys: "F2", what: "keys.editCell" },
  { keys: "→ A … Z", what: "keys.typeCell" },
];

export const PAGE_KEYS: Record<Screen, PageKey[]> = {
  list: [
    ...LISTED,
    { keys: "E", what: "keys.edit" },
    ...CELLS,
    { keys: "S", what: "keys.sort" },
    { keys: "F · V", what: "keys.arrange" },
    { keys: "Ctrl S", what: "keys.saveView" },
    CREATE,
    { keys: "M", what: "merge.with" },
    { keys: "W", what: "letter.write" },
    { keys: "B", what: "past.open" },
    { keys: "Delete", what: "keys.trash" },
    BACK,
  ],
  trash: [...LISTED, { keys: "R", what: "keys.restore" }, BACK],
  record: [
    { keys: "J K · Ctrl ↓ · Ctrl ↑", what: "keys.neighbours" },
    { keys: "E", what: "keys.edit" },
    { keys: "L · 1 … 6", what: "keys.log" },
    { keys: "F", what: "files.attach" },
    { keys: "Ctrl V", what: "keys.paste" },
    { keys: "← → · Z · Space", what: "keys.picture" },
    { keys: "@", what: "note.mention" },
    { keys: "Ctrl B · Ctrl I · Ctrl Shift 7 8 9", what: "keys.note" },
    { keys: "W", what: "letter.write" },
    { keys: "T", what: "dial" },
    { keys: "H", what: "visits.checkIn" },
    { keys: "U", what: "keys.quote" },
    { keys: "P", what: "keys.pdf" },
    { keys: "M", what: "merge.with" },
    { keys: "Y", what: "keys.settle" },
    { keys: "*", what: "favourite.toggle" },
    { keys: "Ctrl Enter", what: "keys.window" },
    { keys: "Delete", what: "keys.trash" },
    { keys: "R", what: "keys.restore" },
    BACK,
  ],
  board: [
    { keys: "↓ ↑ ← → · J K", what: "keys.cards" },
    { keys: "Enter", what: "keys.open" },
    { keys: "Shift → · Shift ←", what: "keys.push" },
    { keys: "Space", what: "keys.lift" },
    CREATE,
    BACK,
  ],
  today: [
    { keys: "J K ↓ ↑", what: "keys.move" },
    { keys: "Enter", what: "keys.open" },
    { keys: "Space · M · W", what: "keys.task" },

    { keys: "N", what: "keys.skip" },
    { keys: "O", what: "keys.whose" },
  ],
  calendar: [
    { keys: "D W M A · T · [ ]", what: "keys.calendar" },
    { keys: "↓ ↑ ← → · J K · PageUp PageDown", what: "keys.days" },
    { keys: "Enter", what: "keys.open" },
    { keys: "C", what: "keys.plan" },
    { keys: "Alt ↑ ↓ ← → · Alt Shift ↑ ↓", what: "keys.reschedule" },
  ],
  visits: [
    { keys: "J K ↓ ↑", what: "keys.move" },
    { keys: "Enter", what: "keys.open" },
    { keys: "Alt ↑ · Alt ↓ · O", what: "keys.stops" },
    { keys: "A · X", what: "keys.stop" },
    { keys: "S", what: "visits.save" },
    { keys: "H", what: "visits.checkIn" },
    { keys: "C", what: "new.task" },
    { keys: "T · [ ]", what: "keys.visitDay" },
  ],
  duplicates: [
    { keys: "J K", what: "keys.groups" },
    { keys: "↓ ↑ · ← → · Enter · N", what: "keys.merge" },
    { keys: "X", what: "keys.leaveOut" },
    { keys: "R", what: "keys.lookAgain" },
    { keys: "Ctrl Z", what: "undo" },
  ],
  templates: [
    { keys: "J K ↓ ↑", what: "keys.move" },
    { keys: "C", what: "keys.create" },
    { keys: "E", what: "keys.edit" },
    { keys: "Delete", what: "keys.trash" },
  ],
  prices: [
    { keys: "↓ ↑ ← →", what: "keys.cells" },
    ...CELLS,
    { keys: "/", what: "keys.filter" },
    { keys: "N", what: "prices.newBook" },
    { keys: "C", what: "new.product" },
  ],
  reports: [
    { keys: "J K ↓ ↑", what: "keys.rows" },
    { keys: "Enter", what: "keys.counted" },
    { keys: "Ctrl P", what: "report.print" },
    BACK,
  ],
  past: [
    { keys: "J K ↓ ↑", what: "keys.move" },
    { keys: "X", what: "keys.select" },
    { keys: "/", what: "keys.filter" },
    { keys: "F", what: "list.build" },
    { keys: "R", what: "keys.asOf" },
    BACK,
  ],
  team: [{ keys: "1 … 9", what: "keys.settleTeam" }],
  guide: [
    { keys: "/", what: "keys.search" },
    { keys: "J K", what: "keys.pages" },
  ],
};

/** What the side bar takes wherever one is. */
export const EVERYWHERE: PageKey[] = [
  { keys: "Ctrl K", what: "keys.palette" },
  { keys: "Alt ↑ ↓ · Delete", what: "keys.favourite" },
];

/** The screen that one is on, if it has keys of its own. */
export function screenOf(route: Route): Screen | undefined {
  if (route.page === "list") return route.trash ? "trash" : "list";
  return route.page in PAGE_KEYS ? (route.page as Screen) : undefined;
}

/** The keys of the screen that one is on, and those that other screens have besides. */
export function keysFrom(route: Route): { here: PageKey[]; elsewhere: PageKey[] } {
  const screen = screenOf(route);
  const here = screen ? PAGE_KEYS[screen] : [];
  const elsewhere: PageKey[] = [];
  for (const own of Object.values(PAGE_KEYS).flat())
    if (![...here, ...elsewhere].some((k) => k.what === own.what && k.keys === own.keys)) elsewhere.push(own);
  return { here, elsewhere };
}
