import { ChevronLeft, ChevronRight, Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { openRecord, useQuery, useVersion } from "../app/data";
import { type Route, replace } from "../app/router";
import { withUndo } from "../app/undo";
import type { CalendarItem } from "../bindings";
import { commands } from "../platform/tauri";
import { longDay, monthYear, today } from "../shared/format";
import { t } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { askColleagues } from "../team/team";
import { AgendaView } from "./AgendaView";
import { useDrag } from "./drag";
import { timeAt } from "./Entry";
import { HoursView } from "./HoursView";
import {
  addDays,
  begins,
  daysOf,
  keyOf,
  nudged,
  ofDay,
  type Spot,
  STEP,
  spotOf,
  stepped,
  stretched,
  VIEWS,
  type View,
} from "./layout";
import { MonthView } from "./MonthView";
import { Plan } from "./Plan";

type Here = Extract<Route, { page: "calendar" }>;

/** Meetings, visits, calls and tasks by day, week, month, or in lines; moved by mouse or by keys. */
export function CalendarPage({ route }: { route: Here }) {
  const version = useVersion();
  const [written, setWritten] = useState(0);
  const now = useNow();
  const { view = "week", day = today(), owner = "" } = route;
  const days = daysOf(view, day);
  const [first = day, last = day] = [days[0], days.at(-1)];
  const owners = useQuery(askColleagues, [version]).data ?? [];
  const asked = useQuery(() => {
    const to = addDays(last, 1);
    return commands.calendar({
      from: first,
      to,
      begins: begins(first),
      ends: begins(to),
      owner: owner || null,
    });
  }, [first, last, owner, version, written, today()]);
  // While the core writes, an entry stands where it was put.
  const [items, setItems] = useState<CalendarItem[]>([]);
  const writing = useRef(0);
  useEffect(() => {
    if (writing.current === 0 && asked.data) setItems(asked.data.items);
  }, [asked.data]);
  const [focus, setFocus] = useState<string>();
  const [planning, setPlanning] = useState<Spot>();
  const [said, setSaid] = useState("");
  const page = useRef<HTMLDivElement>(null);

  const to = (change: Partial<Here>) => replace({ ...route, view, day, ...change });
  const show = (view: View) => () => to({ view });
  const step = (by: number) => () => to({ day: stepped(view, day, by) });
  const current = items.find((item) => keyOf(item) === focus);

  async function change(item: CalendarItem, fields: Record<string, string | number> | undefined) {
    if (!fields) return;
    // While one time of a meeting becomes a record of its own, a second step would be of what is no more.
    if (item.occurrence && writing.current > 0) return;
    const key = keyOf(item);
    const then = { ...item, ...fields };
    setItems((all) => all.map((other) => (keyOf(other) === key ? then : other)));
    setFocus(key);
    const spot = spotOf(then);
    if (!days.includes(spot.day)) to({ day: spot.day });
    writing.current += 1;
    const { id, occurrence } = item;
    const done = await attempt(() =>
      occurrence ? commands.changeOccurrence(id, occurrence, "this", fields) : commands.setFields(id, fields),
    );
    writing.current -= 1;
    if (done && occurrence) {
      const own = { ...then, id: done.id, occurrence: undefined, repeat: "" };
      setItems((all) => all.map((other) => (keyOf(other) === key ? own : other)));
      setFocus(done.id);
    }
    setWritten((n) => n + 1);
    if (!done) return;
    const when = [longDay(spot.day), spot.from !== undefined && timeAt(spot.day, spot.from)]
      .filter(Boolean)
      .join(", ");
    const words =
      "minutes" in fields
        ? t("calendar.stretched", { name: item.title, n: Number(fields.minutes) })
        : t(occurrence ? "series.moved" : "calendar.moved", { name: item.title, when });
    setSaid(words);
    withUndo(words, done.operation);
  }
  const drag = useDrag({
    change: (item, fields) => void change(item, fields),
    draw: setPlanning,
    focus: setFocus,
  });

  /** To an entry, and with it to its day. */
  function visit(item: CalendarItem | undefined) {
    if (!item) return;
    setFocus(keyOf(item));
    const on = spotOf(item).day;
    if (on !== day && days.includes(on) && view !== "agenda") to({ day: on });
  }
  const walk = (by: number) => () => {
    const all = days.flatMap((d) => ofDay(items, d));
    const at = all.findIndex((item) => keyOf(item) === focus);
    if (at >= 0) return visit(all[at + by]);
    visit(all.find((item) => spotOf(item).day >= day) ?? all[0]);
  };
  /** To another day, and there to the entry that is next in time. */
  const turn = (by: number) => () => {
    const next = addDays(day, by);
    const from = current ? (spotOf(current).from ?? 0) : 0;
    const far = (item: CalendarItem) => Math.abs((spotOf(item).from ?? 0) - from);
    const nearest = ofDay(items, next).sort((a, b) => far(a) - far(b))[0];
    setFocus(nearest && keyOf(nearest));
    if (!nearest) setSaid(t("calendar.dayOf", { day: longDay(next), n: 0 }));
    to({ day: next });
  };
  const nudge = (by: { days?: number; minutes?: number }) => () =>
    current && void change(current, nudged(current, by));
  const stretch = (by: number) => () => current && void change(current, stretched(current, by));
  const plan = () =>
    setPlanning(view === "month" || view === "agenda" ? { day } : { day, from: 9 * 60, to: 10 * 60 });
  useKeys({
    d: show("day"),
    w: show("week"),
    m: show("month"),
    a: show("agenda"),
    t: () => to({ day: today() }),
    "[": step(-1),
    "]": step(1),
    PageUp: step(-1),
    PageDown: step(1),
    ArrowLeft: turn(-1),
    ArrowRight: turn(1),
    ArrowUp: view === "month" ? turn(-7) : walk(-1),
    ArrowDown: view === "month" ? turn(7) : walk(1),
    k: walk(-1),
    j: walk(1),
    c: plan,
    Enter: () => current && openRecord(current.id, current.kind, current.occurrence),
    "Alt+ArrowLeft": nudge({ days: -1 }),
    "Alt+ArrowRight": nudge({ days: 1 }),
    "Alt+ArrowUp": nudge({ minutes: -STEP }),
    "Alt+ArrowDown": nudge({ minutes: STEP }),
    "Alt+Shift+ArrowUp": stretch(-STEP),
    "Alt+Shift+ArrowDown": stretch(STEP),
  });
  // After each change of its place too: another day draws it anew.
  const place = current && JSON.stringify([view, spotOf(current)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the place that it depends on
  useEffect(() => {
    if (focus && !planning) page.current?.querySelector<HTMLElement>(`[data-item="${focus}"]`)?.focus();
  }, [focus, planning, place]);

  const shown = {
    days,
    items,
    day,
    focus,
    now,
    drag,
    onFocus: setFocus,
    onDay: (day: string) => to({ view: "day", day }),
  };
  const period = view === "day" ? longDay(day) : view === "agenda" ? longDay(first) : monthYear(day);
  return (
    <>
      <div className="head">
        <h1>{t("nav.calendar")}</h1>
        <span className="count" id="period">
          {period}
        </span>
        <span className="grow" />
        <button
          type="button"
          className="button plain"
          id="earlier"
          aria-label={t("calendar.earlier")}
          title={`${t("calendar.earlier")} [`}
          onClick={step(-1)}
        >
          <ChevronLeft size={16} />
        </button>
        <button type="button" className="button" id="to-today" title="T" onClick={() => to({ day: today() })}>
          {t("nav.today")}
        </button>
        <button
          type="button"
          className="button plain"
          id="later"
          aria-label={t("calendar.later")}
          title={`${t("calendar.later")} ]`}
          onClick={step(1)}
        >
          <ChevronRight size={16} />
        </button>
        <div className="row-line views" role="group" aria-label={t("nav.views")}>
          {VIEWS.map((v) => (
            <button
              key={v}
              type="button"
              className="button plain"
              id={`view-${v}`}
              aria-pressed={v === view}
              title={t(`calendar.${v}Key`)}
              onClick={show(v)}
            >
              {t(`calendar.${v}`)}
            </button>
          ))}
        </div>
        {owners.length > 1 && (
          <select
            className="input short"
            id="whose"
            aria-label={t("field.owner")}
            value={owner}
            onChange={(e) => to({ owner: e.target.value })}
          >
            <option value="">{t("calendar.everybody")}</option>
            {owners.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
        <button type="button" className="button primary" id="plan" onClick={plan}>
          <Plus size={15} /> {t("calendar.plan")} <kbd>C</kbd>
        </button>
      </div>
      <p className="sr" role="status" aria-live="assertive">
        {said}
      </p>
      {asked.error && (
        <p className="notice bad" role="alert">
          {asked.error}
        </p>
      )}
      {asked.data?.more && <p className="tools warn">{t("calendar.more")}</p>}
      <div className="calendar" ref={page} id="calendar">
        {(view === "week" || view === "day") && <HoursView key={view} {...shown} />}
        {view === "month" && <MonthView {...shown} />}
        {view === "agenda" && <AgendaView {...shown} />}
      </div>
      <p className="calendar-keys soft small">{t("calendar.keys")}</p>
      {planning && (
        <Plan
          spot={planning}
          onClose={(made) => {
            setPlanning(undefined);
            if (made) setFocus(made);
          }}
        />
      )}
    </>
  );
}

/** The time of day; after midnight, and after a journey, it is another day. */
function useNow(): Date {
  const [now, setNow] = useState(new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
