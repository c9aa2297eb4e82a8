import { AlertTriangle, Cake, CalendarX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { openRecord, timeOf, useQuery, useVersion } from "../app/data";
import { ui } from "../app/registry";
import { go } from "../app/router";
import type { DayView, RowView, StatusView } from "../bindings";
import { commands } from "../platform/tauri";
import { BROWSED, type Browsed, isBrowsed } from "../records/kinds";
import { EmptyList } from "../records/ListPage";
import { useClock } from "../safety/Incidents";
import { clockInWords } from "../safety/incident";
import { repeatWords } from "../shared/again";
import { clock, type Json, longDay, money, shortDay, today } from "../shared/format";
import { t } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { askMembers } from "../team/team";
import { type ActivityType, ICONS } from "./LogBox";
import { type TaskHandle, TaskLine } from "./TaskLine";

/** The first and the last moment of today, where one is. */
function bounds(): [number, number] {
  const from = new Date();
  from.setHours(0, 0, 0, 0);
  const to = new Date(from);
  to.setDate(to.getDate() + 1);
  return [from.getTime(), to.getTime()];
}

/** Others may have to be told: that comes before the day. */
function Clock() {
  const clock = useClock();
  if (!clock) return null;
  const left = clock.minutes_left ?? 0;
  return (
    <p className={left < 0 ? "notice bad" : "notice warn"} id="today-clock">
      <button
        type="button"
        className="button plain flush"
        onClick={() => go({ page: "safety", tab: "incidents", incident: clock.id })}
      >
        {t("incident.today", { left: clockInWords(left) })}
      </button>
    </p>
  );
}

/** Whose day it is: mine in a team, and everybody's where one is alone, until somebody says otherwise. */
function useWhose(me: string | undefined, version: number) {
  const [chosen, setChosen] = useState<string>();
  const asked = useQuery(async () => {
    const [members, settings] = await Promise.all([askMembers(), commands.settings()]);
    const here = members.filter((m) => m.devices.some((d) => !d.revoked)).map((m) => m.person);
    const others = [...new Set(here)].filter((name) => name && name !== me);
    return { others: others.sort((a, b) => a.localeCompare(b)), kept: settings.whose_day ?? "" };
  }, [me, version]).data;
  const whose = asked && (chosen ?? (asked.kept || (asked.others.length > 0 ? "mine" : "all")));
  async function choose(name: string) {
    setChosen(name);
    await attempt(async () => commands.setSettings({ ...(await commands.settings()), whose_day: name }));
  }
  // Whoever was chosen stays on offer when he has left the team.
  const others = asked?.others ?? [];
  const left = whose && !["mine", "all", ...others].includes(whose) ? [whose] : [];
  return { whose, names: [...others, ...left], choose };
}

/** What the day asks: what is due, what is planned, what was left alone. Each line by one key. */
export function TodayPage({ status, onCreate }: { status?: StatusView; onCreate: (kind: Browsed) => void }) {
  const version = useVersion();
  const [now, setNow] = useState(today());
  // After midnight, and after a journey, it is another day.
  useEffect(() => {
    const timer = setInterval(() => setNow(today()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const { whose, names, choose } = useWhose(status?.person, version);
  const day = useQuery(
    async () => (whose === undefined ? undefined : await commands.day(now, ...bounds(), whose)),
    [now, version, whose],
  ).data;
  const choice = useRef<HTMLSelectElement>(null);
  const openChoice = () => {
    choice.current?.focus();
    try {
      choice.current?.showPicker?.();
    } catch {
      // Not without a key or a click of his own: the arrows choose all the same.
    }
  };
  useEffect(() => {
    ui.whose = openChoice;
    return () => {
      ui.whose = undefined;
    };
  });
  const [at, setAt] = useState(0);
  const handles = useRef(new Map<string, TaskHandle>());
  const list = useRef<HTMLDivElement>(null);

  const lines: RowView[] = day
    ? [
        ...day.overdue,
        ...day.due,
        ...day.agenda,
        ...day.late,
        ...day.quiet,
        ...day.birthdays.map((b) => b.person),
      ]
    : [];
  const current = lines[Math.min(at, lines.length - 1)];
  const step = (by: number) => () => {
    setAt((n) => Math.max(0, Math.min(lines.length - 1, Math.min(n, lines.length - 1) + by)));
  };
  const handle = () => (current ? handles.current.get(current.id) : undefined);
  useKeys({
    ArrowDown: step(1),
    ArrowUp: step(-1),
    j: step(1),
    k: step(-1),
    Enter: () => current && isBrowsed(current.kind) && openRecord(current.id, current.kind, timeOf(current)),
    Space: () => handle()?.finish(),
    m: () => handle()?.due(today(1)),
    w: () => handle()?.due(today(7)),
    n: () => handle()?.skip(),
    o: openChoice,
  });
  useEffect(() => {
    if (at > 0) list.current?.querySelector("li.current")?.scrollIntoView({ block: "nearest" });
  }, [at]);

  if (!day || !status) return null;
  if (lines.length === 0 && BROWSED.every((kind) => !status.records[kind]))
    return <EmptyList kind="person" trash={false} onCreate={onCreate} />;
  const keep = (id: string) => (handle: TaskHandle | undefined) => {
    if (handle) handles.current.set(id, handle);
    else handles.current.delete(id);
  };
  const tasks = (rows: RowView[]) =>
    rows.map((row) => <TaskLine key={row.id} task={row} current={current === row} onHandle={keep(row.id)} />);
  return (
    <>
      <div className="head">
        <h1>{t("nav.today")}</h1>
        <span className="count">{longDay(now)}</span>
        <span className="grow" />
        <select
          className="input short"
          id="whose-day"
          ref={choice}
          aria-label={t("day.whose")}
          title={`${t("day.whose")} (O)`}
          value={whose}
          onChange={(e) => {
            void choose(e.target.value);
            e.target.blur();
          }}
        >
          <option value="mine">{t("day.mine")}</option>
          <option value="all">{t("calendar.everybody")}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div className="page narrow stack" id="today" ref={list}>
        <Clock />
        {lines.length === 0 && <p className="lead">{t(whose === "all" ? "day.free" : "day.freeOf")}</p>}
        <Section title={t("day.overdue")} n={day.overdue.length}>
          {tasks(day.overdue)}
        </Section>
        <Section title={t("day.due")} n={day.due.length}>
          {tasks(day.due)}
        </Section>
        <Section title={t("day.agenda")} n={day.agenda.length}>
          {day.agenda.map((row) => (
            <Planned key={`${row.id}@${timeOf(row) ?? ""}`} row={row} current={current === row} />
          ))}
        </Section>
        <Section title={t("day.late")} n={day.late.length}>
          {day.late.map((row) => (
            <Deal key={row.id} row={row} current={current === row} late />
          ))}
        </Section>
        <Section title={t("day.quiet")} n={day.quiet.length}>
          {day.quiet.map((row) => (
            <Deal key={row.id} row={row} current={current === row} />
          ))}
        </Section>
        <Birthdays day={day} current={current} />
        {lines.length > 0 && <p className="soft small">{t("day.keys")}</p>}
      </div>
    </>
  );
}

function Section({ title, n, children }: { title: string; n: number; children: React.ReactNode }) {
  if (n === 0) return null;
  return (
    <section>
      <h2>
        {title} <span className="faint">{n}</span>
      </h2>
      <ul className="plain-list">{children}</ul>
    </section>
  );
}

function Line({
  row,
  current,
  icon,
  children,
}: {
  row: RowView;
  current: boolean;
  icon: React.ReactNode;
  children: React.ReactNode;
}) {
  return (
    <li className={current ? "current" : ""} data-line={row.title}>
      <button
        type="button"
        className="line"
        onClick={() => isBrowsed(row.kind) && openRecord(row.id, row.kind, timeOf(row))}
      >
        {icon}
        <strong className="cell">{row.title || "—"}</strong>
        {children}
      </button>
    </li>
  );
}

const whoOf = (row: RowView) =>
  ["person", "company"]
    .map((key) => row.titles[key])
    .filter(Boolean)
    .join(" · ");

function Planned({ row, current }: { row: RowView; current: boolean }) {
  const fields = row.fields as Json;
  const Icon = ICONS[fields.type as ActivityType] ?? ICONS.note;
  return (
    <Line row={row} current={current} icon={<Icon size={16} aria-hidden="true" />}>
      <span className="soft small cell grow">
        {[whoOf(row), fields.place, fields.repeat && repeatWords(fields.repeat)].filter(Boolean).join(" · ")}
      </span>
      <span className="soft small">{clock(fields.at)}</span>
    </Line>
  );
}

function Deal({ row, current, late }: { row: RowView; current: boolean; late?: boolean }) {
  const fields = row.fields as Json;
  const Icon = late ? CalendarX : AlertTriangle;
  return (
    <Line row={row} current={current} icon={<Icon size={16} className="warn" aria-hidden="true" />}>
      <span className="soft small cell grow">
        {[whoOf(row), row.titles.stage, fields.value && money(fields.value)].filter(Boolean).join(" · ")}
      </span>
      {fields.close_date && <span className="soft small">{shortDay(fields.close_date)}</span>}
    </Line>
  );
}

function Birthdays({ day, current }: { day: DayView; current: RowView | undefined }) {
  return (
    <Section title={t("day.birthdays")} n={day.birthdays.length}>
      {day.birthdays.map(({ person, on }) => (
        <Line
          key={person.id}
          row={person}
          current={current === person}
          icon={<Cake size={16} aria-hidden="true" />}
        >
          <span className="soft small cell grow">{person.titles.company}</span>
          <span className="soft small">{on === today() ? t("nav.today") : shortDay(on)}</span>
        </Line>
      ))}
    </Section>
  );
}
