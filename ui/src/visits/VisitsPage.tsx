import { ChevronLeft, ChevronRight, Route as RouteIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { openRecord, useQuery, useVersion } from "../app/data";
import { ui } from "../app/registry";
import { type Route, replace } from "../app/router";
import { withUndo } from "../app/undo";
import type { StopView, VisitsRequest } from "../bindings";
import { addDays, begins } from "../calendar/layout";
import { commands } from "../platform/tauri";
import { isBrowsed } from "../records/kinds";
import { decimal, longDay, today } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing, keepPlain, useKeys } from "../shared/keys";
import { moved } from "../shared/order";
import { attempt } from "../shared/toast";
import { Sketch } from "./Sketch";
import { Stop } from "./Stop";
import { startsAt } from "./sketch";
import { checkIn } from "./visiting";

type Here = Extract<Route, { page: "visits" }>;

/** What somebody has changed about the plan of a day, and not saved. */
interface Draft {
  order: string[];
  added: string[];
  again: boolean;
}
const NOTHING: Draft = { order: [], added: [], again: false };

/** The stops of a day in a sensible order, and who else is on the way. */
export function VisitsPage({ route }: { route: Here }) {
  const version = useVersion();
  const day = route.day ?? today();
  const [draft, setDraft] = useState(NOTHING);
  const [saved, setSaved] = useState(0);
  const [focus, setFocus] = useState<string>();
  const list = useRef<HTMLDivElement>(null);
  const busy = useRef(false);
  const starts = startsAt(day, today(), new Date());
  const asked: VisitsRequest = {
    day,
    begins: begins(day),
    ends: begins(addDays(day, 1)),
    from: null,
    starts,
    ...draft,
  };
  const answer = useQuery(() => commands.visits(asked), [day, starts, draft, version, saved]);
  // What was there stays while the next answer is worked out.
  const [view, setView] = useState(answer.data);
  useEffect(() => {
    if (answer.data) setView(answer.data);
  }, [answer.data]);

  const to = (next: string) => {
    setDraft(NOTHING);
    setFocus(undefined);
    replace({ ...route, day: next });
  };
  const lines = view ? [...view.stops, ...view.unplaced, ...view.suggested] : [];
  const current = lines.find((stop) => stop.id === focus) ?? lines[0];
  const walk = (by: number) => () => {
    const at = lines.findIndex((stop) => stop.id === current?.id);
    setFocus(lines[Math.max(0, Math.min(lines.length - 1, at + by))]?.id);
  };
  const move = (by: number) => () => {
    const order = (view?.stops ?? []).map((stop) => stop.id);
    if (!current || !order.includes(current.id)) return;
    setFocus(current.id);
    setDraft({ ...draft, order: moved(order, current.id, by) ?? order });
  };
  const isOffered = (stop: StopView) => !!view?.suggested.some((other) => other.id === stop.id);
  const add = (stop: StopView) => {
    setFocus(stop.id);
    setDraft({ ...draft, order: [], added: [...draft.added, stop.id] });
  };
  const drop = (stop: StopView) =>
    setDraft({ ...draft, order: [], added: draft.added.filter((id) => id !== stop.id) });
  const shorten = () => setDraft({ ...draft, order: [], again: true });
  const arrive = (stop: StopView) => {
    const task = stop.kind === "task" ? { id: stop.id, title: stop.title } : undefined;
    void checkIn(stop.id, stop.whom_title || stop.title, task);
  };
  async function save() {
    if (busy.current || !view) return;
    busy.current = true;
    const done = await attempt(() => commands.planVisits(asked, t("visits.subject", { name: "{}" })));
    busy.current = false;
    if (!done) return;
    setDraft(NOTHING);
    setSaved((n) => n + 1);
    if (done.operation)
      withUndo(t("visits.saved", { n: view.stops.length, day: longDay(day) }), done.operation);
  }
  useEffect(() => {
    ui.here = current ? () => arrive(current) : undefined;
    return () => {
      ui.here = undefined;
    };
  });
  useKeys({
    ArrowDown: walk(1),
    ArrowUp: walk(-1),
    j: walk(1),
    k: walk(-1),
    "Alt+ArrowDown": move(1),
    "Alt+ArrowUp": move(-1),
    "[": () => to(addDays(day, -1)),
    "]": () => to(addDays(day, 1)),
    t: () => to(today()),
    o: shorten,
    // Whom one goes to is said by a task.
    c: () => ui.create("task"),
    a: () => current && isOffered(current) && add(current),
    x: () => current && drop(current),
    s: (event) => !event.repeat && void save(),
    h: (event) => !event.repeat && current && arrive(current),
    Enter: () =>
      current &&
      isBrowsed(current.kind) &&
      openRecord(current.id, current.kind, current.kind === "activity" ? current.day : undefined),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: where it stands depends on the plan
  useEffect(() => {
    if (focus) list.current?.querySelector("li.current")?.scrollIntoView({ block: "nearest" });
  }, [focus, view]);

  const shared = {
    focus: current?.id,
    isOffered,
    added: draft.added,
    onAdd: add,
    onDrop: drop,
    onHere: arrive,
  };
  return (
    <>
      <div className="head">
        <h1>{t("visits.title")}</h1>
        <span className="count" id="period">
          {longDay(day)}
        </span>
        <span className="grow" />
        <button
          type="button"
          className="button plain"
          aria-label={t("calendar.earlier")}
          title={`${t("calendar.earlier")} [`}
          onClick={() => to(addDays(day, -1))}
        >
          <ChevronLeft size={16} />
        </button>
        <button type="button" className="button" title="T" onClick={() => to(today())}>
          {t("nav.today")}
        </button>
        <button
          type="button"
          className="button plain"
          id="later"
          aria-label={t("calendar.later")}
          title={`${t("calendar.later")} ]`}
          onClick={() => to(addDays(day, 1))}
        >
          <ChevronRight size={16} />
        </button>
        <button type="button" className="button" id="shorten" onClick={shorten}>
          <RouteIcon size={15} /> {t("visits.shorten")} <kbd>O</kbd>
        </button>
        <button
          type="button"
          className="button primary"
          id="save-plan"
          disabled={!view || (view.stops.length === 0 && view.unplaced.length === 0)}
          onClick={() => void save()}
        >
          {t("visits.save")} <kbd>S</kbd>
        </button>
      </div>
      {answer.error && (
        <p className="notice bad" role="alert">
          {answer.error}
        </p>
      )}
      {view && (
        <div className="page visits" id="visits" ref={list}>
          <div className="stack">
            {lines.length === 0 && (
              <div className="empty">
                <h2>{t("visits.none")}</h2>
                <p className="soft">{t("visits.noneHint")}</p>
                <button type="button" className="button primary" onClick={() => ui.create("task")}>
                  {t("new.task")} <kbd>C</kbd>
                </button>
              </div>
            )}
            {view.stops.length > 0 && (
              <section>
                <h2>
                  {t("visits.stops")} <span className="faint">{view.stops.length}</span>
                </h2>
                <ol className="plain-list" id="stops">
                  {view.stops.map((stop, n) => (
                    <Stop key={stop.id} stop={stop} n={n + 1} {...shared} />
                  ))}
                </ol>
                <p className="soft small" id="way" aria-live="polite">
                  {t("visits.way", { n: decimal(Math.round((view.kilometres ?? 0) * 10) / 10) })}
                </p>
              </section>
            )}
            {view.unplaced.length > 0 && (
              <section>
                <h2>
                  {t("visits.unplaced")} <span className="faint">{view.unplaced.length}</span>
                </h2>
                <ul className="plain-list" id="unplaced">
                  {view.unplaced.map((stop) => (
                    <Stop key={stop.id} stop={stop} {...shared} />
                  ))}
                </ul>
              </section>
            )}
            {view.suggested.length > 0 && (
              <section>
                <h2>
                  {t("visits.suggested")} <span className="faint">{view.suggested.length}</span>
                </h2>
                <ul className="plain-list" id="suggested">
                  {view.suggested.map((stop) => (
                    <Stop key={stop.id} stop={stop} {...shared} />
                  ))}
                </ul>
              </section>
            )}
            {lines.length > 0 && <p className="soft small">{t("visits.keys")}</p>}
          </div>
          <aside className="stack">
            <Start onSaved={() => setSaved((n) => n + 1)} />
            <Sketch from={view.from} stops={view.stops} focus={current?.id} />
          </aside>
        </div>
      )}
    </>
  );
}

/** Where days begin, as it is kept in the settings. */
function Start({ onSaved }: { onSaved: () => void }) {
  const [round, setRound] = useState(0);
  const settings = useQuery(() => commands.settings(), [round]).data;
  if (!settings) return null;
  async function set(start: string) {
    if (!settings || start === (settings.start ?? "")) return;
    const done = await attempt(async () => {
      await commands.setSettings({ ...settings, start });
      return true;
    });
    setRound((n) => n + 1);
    if (done) onSaved();
  }
  return (
    <label className="stack small">
      {t("visits.start")}
      <input
        className="input"
        id="start"
        key={`${settings.start} ${round}`}
        defaultValue={settings.start ?? ""}
        placeholder="41.1496, -8.6109"
        onBlur={(e) => void set(e.target.value.trim())}
        onKeyDown={(e) => {
          if (isComposing(e.nativeEvent)) return;
          keepPlain(e);
          if (e.key === "Enter" || e.key === "Escape") e.currentTarget.blur();
        }}
      />
      <span className="soft">{t("visits.startHint")}</span>
    </label>
  );
}
