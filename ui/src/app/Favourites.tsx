import { BarChart3, Star } from "lucide-react";
import { type PointerEvent, useRef } from "react";
import type { Favourite, FavouriteView } from "../bindings";
import { commands } from "../platform/tauri";
import { browsed, isBrowsed, KINDS } from "../records/kinds";
import { t } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";
import { lastList, useQuery, useVersion } from "./data";
import { current, go, type Route } from "./router";

const same = (a: Favourite, b: Favourite) => JSON.stringify(a) === JSON.stringify(b);

async function keep(all: Favourite[], said: string) {
  const before = await attempt(() => commands.setFavourites(all));
  if (before)
    toast(said, { label: t("undo"), run: () => void attempt(() => commands.setFavourites(before)) });
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
  const name = [t(KINDS[route.kind].many), route.within?.label, input].filter(Boolean).join(" · ");
  return { type: "list", kind: route.kind, name, filter, sort };
}

/** Puts what the page shows under the favourites, or takes it away. */
export async function toggleFavourite() {
  const one = here();
  if (!one) return toast(t("favourite.nothing"));
  const all = ((await attempt(commands.favourites)) ?? []).map((view) => view.favourite);
  const without = all.filter((other) => !same(other, one));
  if (without.length < all.length) await keep(without, t("favourite.removed"));
  else await keep([...all, one], t("favourite.added"));
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
  return title || t("note.unknown");
}

/** The favourites in the side bar: dragged, or moved by Alt and the arrows; Delete takes one away. */
export function Favourites() {
  const version = useVersion();
  const all = useQuery(commands.favourites, [version]).data ?? [];
  const list = useRef<HTMLDivElement>(null);
  const dragged = useRef<{ from: number; y: number; moved: boolean }>(undefined);
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
  const remove = (at: number) =>
    void keep(
      favourites.filter((_, n) => n !== at),
      t("favourite.removed"),
    );
  const drop = (event: PointerEvent) => {
    const from = dragged.current;
    dragged.current = undefined;
    if (!from?.moved) return;
    const middles = items()
      .map((item) => item.getBoundingClientRect())
      .map((box) => box.top + box.height / 2);
    const above = middles.filter((middle, n) => n !== from.from && middle < event.clientY).length;
    void move(from.from, above);
  };
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
            className={view.gone ? "nav gone" : "nav"}
            title={`${nameOf(view)}${view.gone ? ` (${t("note.gone")})` : ""}`}
            aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown Delete"
            onClick={(e) => {
              if (e.currentTarget.dataset.dragged) delete e.currentTarget.dataset.dragged;
              else open();
            }}
            onKeyDown={(e) => {
              if (e.altKey && e.key === "ArrowUp") void move(n, n - 1);
              else if (e.altKey && e.key === "ArrowDown") void move(n, n + 1);
              else if (e.key === "Delete" && !e.repeat) remove(n);
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
              e.currentTarget.dataset.dragged = "yes";
            }}
            onPointerUp={drop}
            onPointerCancel={() => {
              dragged.current = undefined;
            }}
          >
            <Icon size={16} aria-hidden="true" /> <span className="name cell">{nameOf(view)}</span>
          </button>
        );
      })}
    </div>
  );
}
