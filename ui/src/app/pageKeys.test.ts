import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { keysFrom, PAGE_KEYS, type PageKey, type Screen, screenOf } from "./pageKeys";

/** The sources of each screen's keys. */
const SOURCES: Record<Screen, string[]> = {
  list: ["records/ListPage.tsx"],
  trash: [],
  record: [
    "records/RecordPage.tsx",
    "records/Files.tsx",
    "day/LogBox.tsx",
    "quotes/QuotesOf.tsx",
    "quotes/QuoteActions.tsx",
  ],
  board: ["deals/BoardPage.tsx"],
  today: ["day/TodayPage.tsx"],
  calendar: ["calendar/CalendarPage.tsx"],
  visits: ["visits/VisitsPage.tsx"],
  duplicates: ["duplicates/DuplicatesPage.tsx"],
  templates: ["letters/TemplatesPage.tsx"],
  prices: ["prices/PricesPage.tsx"],
  reports: ["reports/ReportsPage.tsx"],
  past: ["past/PastPage.tsx"],
  team: [],
  guide: ["guide/GuidePage.tsx"],
};

const ARROWS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

/** From an opening bracket to the one that closes it. */
function bracketed(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ("{(".includes(text[at] ?? "")) depth++;
    if ("})".includes(text[at] ?? "") && --depth === 0) return text.slice(from + 1, at);
  }
  return text.slice(from);
}

/** The names that a page binds, as the sheet writes their parts. */
function bound(file: string): string[][] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url).pathname, "utf8");
  const objects = [...text.matchAll(/useKeys\((?=\{)/g)].map((m) => bracketed(text, m.index + m[0].length));
  const names = objects.flatMap((object) =>
    [...object.matchAll(/(?:^|[{,\n])\s*("[^"]+"|[A-Za-z]+): /g)].map((m) => m[1]?.replaceAll('"', "") ?? ""),
  );
  return names
    .filter((name) => /^(Ctrl\+.+|Alt\+.+|Shift\+.+|Arrow\w+|Page\w+|Space|Enter|Delete|.)$/.test(name))
    .map((name) =>
      name.split("+").map((part) => ARROWS[part] ?? (part.length === 1 ? part.toUpperCase() : part)),
    );
}

const has = (keys: PageKey[], parts: string[]) =>
  keys.some((k) => k.keys.split(" · ").some((part) => parts.every((p) => part.split(" ").includes(p))));

describe("the sheet of keys", () => {
  it("has each key that a page binds in that page's section", () => {
    for (const [screen, files] of Object.entries(SOURCES) as [Screen, string[]][])
      for (const file of files) {
        const names = bound(file);
        // The trash is a list that takes fewer keys, and one more.
        const keys = screen === "list" ? [...PAGE_KEYS.list, ...PAGE_KEYS.trash] : PAGE_KEYS[screen];
        expect(names.length, `no keys were read of ${file}`).toBeGreaterThan(0);
        for (const parts of names) expect(has(keys, parts), `${parts.join("+")} of ${file}`).toBe(true);
      }
  });

  it("shows the keys of the screen first and each of the others once", () => {
    const { here, elsewhere } = keysFrom({ page: "board" });
    expect(here).toBe(PAGE_KEYS.board);
    expect(elsewhere.some((k) => k.what === "keys.lift")).toBe(false);
    expect(elsewhere.some((k) => k.what === "keys.calendar")).toBe(true);
    const lines = [...here, ...elsewhere].map((k) => `${k.keys} ${k.what}`);
    expect(new Set(lines).size).toBe(lines.length);
    // What no page has of its own: all of them, under one head.
    expect(keysFrom({ page: "settings" }).here).toEqual([]);
  });

  it("tells a list from the trash", () => {
    expect(screenOf({ page: "list", kind: "person" })).toBe("list");
    expect(screenOf({ page: "list", kind: "person", trash: true })).toBe("trash");
    expect(screenOf({ page: "import" })).toBeUndefined();
  });
});
