import { BarChart3, Star } from "lucide-react";
import { type PointerEvent, useRef, useState } from "react";
import type { Favourite, FavouriteView } from "../bindings";
import { commands } from "../platform/tauri";
import { browsed, isBrowsed, KINDS } from "../records/kinds";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { lastList, useQuery, useVersion } from "./data";
import { current, go, type Route } from "./router";

const same = (a: Favourite, b: Favourite) => JSON.stringify(a) === JSON.stringify(b);

const present = async () => ((await attempt(commands.favourites)) ?? []).map((view) => view.favourite);
const without = (all: Favourite[], one: Favourite) => all.filter((other) => !same(other, one));

async function add(one: Favourite, at?: number) {
  const now = without(await present(), one);
  return attempt(() =>
    commands.setFavourites([...now.slice(0, at), one, ...(at === undefined ? [] : now.slice(at))]),
  );
}

async function remove(one: Favourite) {
  const now = await present();
  const at = now.findIndex((other) => same(other, one));
  if (at < 0 || !(await attempt(() => commands.setFavourites(without(now, one))))) return;
  toast(t("favourite.removed"), { label: t("undo"), run: () => void add(one, at) });
}

/** What the page shows, as something that can be come back to. */
function here(): Favourite | undefined {
  const route = current();
  if (route.page === "record") return { type: "record", id: route.id };
  if (route.page === "reports")
    return {
      type: "report",
      report: route.report ?? null,
      period: route.period ?? null,
      pipeline: route.pipeline ?? null,
      owner: route.owner ?? null,
      currency: route.currency ?? null,
    };
  if (route.page !== "list" || route.trash || !isBrowsed(route.kind)) return undefined;
  const { input, within, sort } = lastList;
  const filter = within ? lastList.request.filter : input;
  const name = [route.within?.label, input].filter(Boolean).join(" · ");
  return { type: "list", kind: route.kind, name, filter, sort };
}

/** Whether a record is one of them. */
export function useIsFavourite(id: string): boolean {
  const version = useVersion();
  const all = useQuery(commands.favourites, [version]).data ?? [];
  return all.some((view) => view.favourite.type === "record" && view.favourite.id === id);
}

/** Puts what the page shows under the favourites, or takes it away. */
export async function toggleFavourite() {
  const one = here();
  if (!one) return toast(t("favourite.nothing"));
  if ((await present()).some((other) => same(other, one))) return remove(one);
  if (await add(one)) toast(t("favourite.added"), { label: t("undo"), run: () => void remove(one) });
}

function routeOf({ favourite, id, kind }: FavouriteView): Route | undefined {
  switch (favourite.type) {
    case "record":
      return id && kind ? { page: "record", id, kind } : undefined;
    case "list":
      return { page: "list", kind: favourite.kind, filter: favourite.filter, sort: favourite.sort };
    case "report": {
      const { type: _, ...asked } = favourite;
      const said = Object.entries(asked).filter(([, value]) => value !== null);
      return { page: "reports", ...Object.fromEntries(said) };
    }
  }
}

function nameOf({ favourite, title }: FavouriteView): string {
  if (favourite.type === "report") return t(favourite.report ? `report.${favourite.report}` : "nav.reports");
  // What it lists is said in the language of the screen, whichever that was when it was kept.
  if (favourite.type === "list")
    return [t(KINDS[browsed(favourite.kind)].many), title].filter(Boolean).join(" · ");
  return title || t("note.unknown");
}

/** The favourites in the side bar: dragged, or moved by Alt and the arrows; Delete takes one away. */
export function Favourites() {
  const version = useVersion();
  const all = useQuery(commands.favourites, [version]).data ?? [];
  const list = useRef<HTMLDivElement>(null);
  const dragged = useRef<{ from: number; y: number; moved: boolean }>(undefined);
  const [target, setTarget] = useState<{ from: number; to: number }>();
  if (all.length === 0) return null;
  const favourites = all.map((view) => view.favourite);
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
  async function move(from: number, to: number) {
    const one = favourites[from];
    if (!one || to === from || to < 0 || to >= favourites.length) return;
    const others = favourites.filter((_, n) => n !== from);
    await attempt(() => commands.setFavourites([...others.slice(0, to), one, ...others.slice(to)]));
    // What was moved keeps the focus in its new place.
    setTimeout(() => items()[to]?.focus(), 60);
  }
  /** Where it would go: behind what has its middle above the pointer. */
  const placeOf = ({ from, y }: { from: number; y: number }, at: number) =>
    items()
      .map((item) => item.getBoundingClientRect())
      .map((box) => box.top + box.height / 2)
      .filter((middle, n) => n !== from && (at > y ? middle <= at : middle < at)).length;
  const drop = (event: PointerEvent) => {
    const drag = dragged.current;
    dragged.current = undefined;
    setTarget(undefined);
    if (drag?.moved) void move(drag.from, placeOf(drag, event.clientY));
  };
  const classOf = (n: number, gone: boolean) =>
    [
      "nav",
      gone && "gone",
      target?.from === n && "moving",
      target?.to === n && target.from !== n && (target.to > target.from ? "drop-below" : "drop-above"),
    ]
      .filter(Boolean)
      .join(" ");
  return (
    <div ref={list} className="favourites" id="favourites">
      <h2 className="name">{t("favourite.title")}</h2>
      {all.map((view, n) => {
        const { favourite, kind } = view;
        const Icon =
          favourite.type === "report"
            ? BarChart3
            : kind && isBrowsed(kind)
              ? KINDS[browsed(kind)].icon
              : Star;
        const route = routeOf(view);
        const open = () => route && go(route);
        return (
          <button
            type="button"
            key={JSON.stringify(favourite)}
            className={classOf(n, view.gone)}
            title={`${nameOf(view)}${view.gone ? ` (${t("note.gone")})` : ""}`}
            aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown Delete"
            onClick={(e) => {
              if (e.currentTarget.dataset.dragged) delete e.currentTarget.dataset.dragged;
              else {
                // From here on the keys are those of what was opened.
                e.currentTarget.blur();
                open();
              }
            }}
            onKeyDown={(e) => {
              if (isComposing(e.nativeEvent)) return;
              if (e.altKey && e.key === "ArrowUp") void move(n, n - 1);
              else if (e.altKey && e.key === "ArrowDown") void move(n, n + 1);
              else if (e.key === "Delete" && !e.repeat) void remove(favourite);
              else return;
              e.preventDefault();
              e.stopPropagation();
            }}
            onPointerDown={(e) => {
              if (e.button !== 0) return;
              dragged.current = { from: n, y: e.clientY, moved: false };
              e.currentTarget.setPointerCapture(e.pointerId);
            }}
            onPointerMove={(e) => {
              const drag = dragged.current;
              if (!drag || Math.abs(e.clientY - drag.y) < 6) return;
              drag.moved = true;
              setTarget({ from: n, to: placeOf(drag, e.clientY) });
              e.currentTarget.dataset.dragged = "yes";
            }}
            onPointerUp={drop}
            onPointerCancel={() => {
              dragged.current = undefined;
              setTarget(undefined);
            }}
          >
            <Icon size={16} aria-hidden="true" /> <span className="name cell">{nameOf(view)}</span>
          </button>
        );
      })}
    </div>
  );
}
