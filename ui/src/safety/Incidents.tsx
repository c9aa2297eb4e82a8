import { ChevronRight, CircleCheck, LifeBuoy, Siren, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { replace } from "../app/router";
import type { DrillPlan, IncidentLine, PlaybookView } from "../bindings";
import { commands } from "../platform/tauri";
import { ago, count, date, day } from "../shared/format";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { Empty } from "../shared/ui";
import { Incident } from "./Incident";
import { clockInWords, mostUrgent, said, titleOf, tookInWords } from "./incident";

const MINUTE = 60_000;

/** Asked again each minute: the clocks go on. */
export function useMinute(): number {
  const [minute, setMinute] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setMinute((n) => n + 1), MINUTE);
    return () => clearInterval(timer);
  }, []);
  return minute;
}

/** The incident that must be told to others next, for the status bar and for today. */
export function useClock(): IncidentLine | undefined {
  const version = useVersion();
  const minute = useMinute();
  return mostUrgent(useQuery(() => commands.incidents(), [version, minute]).data ?? []);
}

const show = (incident?: string) => replace({ page: "safety", tab: "incidents", incident });

export async function begin(playbook: string, drill: boolean, title = "") {
  const opened = await attempt(() => commands.openIncident({ playbook, drill, title }));
  if (opened) show(opened.id);
}

/** What has happened, what to do, and what was practised. */
export function Incidents({ incident }: { incident?: string }) {
  const books = useQuery(() => commands.playbooks(), []).data;
  if (!books) return null;
  if (incident === "new") return <Chooser books={books} />;
  if (incident) return <Incident id={incident} books={books} onBack={() => show()} />;
  return (
    <>
      <All books={books} />
      <Drills books={books} />
    </>
  );
}

function Chooser({ books }: { books: PlaybookView[] }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), []);
  return (
    <section aria-labelledby="chooser-title">
      <h2 id="chooser-title">{t("incident.what")}</h2>
      <p className="lead">{t("incident.calm")}</p>
      <ul className="plain-list" id="playbooks" ref={list}>
        {books.map((book) => (
          <li key={book.id}>
            <button
              type="button"
              className="pick"
              data-playbook={book.id}
              onClick={() => void begin(book.id, false)}
            >
              <span className="grow">
                <strong>{said(book.title)}</strong>
                <span className="soft small">{said(book.when)}</span>
              </span>
              <ChevronRight size={16} className="faint" aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="button plain flush" id="chooser-back" onClick={() => show()}>
        {t("incident.nothing")}
      </button>
    </section>
  );
}

function All({ books }: { books: PlaybookView[] }) {
  const version = useVersion();
  const minute = useMinute();
  const asked = useQuery(() => commands.incidents(), [version, minute]);
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!asked.data) return null;
  const something = (
    <button type="button" className="button primary" id="incident-new" onClick={() => show("new")}>
      <Siren size={15} aria-hidden="true" /> {t("incident.something")} <kbd>G X</kbd>
    </button>
  );
  if (asked.data.length === 0)
    return (
      <Empty icon={<LifeBuoy size={28} />} title={t("incident.none")} hint={t("incident.noneHint")}>
        {something}
      </Empty>
    );
  return (
    <section aria-label={t("incident.title")}>
      <div className="row-line">
        <p className="soft grow">{t("incident.hint")}</p>
        {something}
      </div>
      <ul className="plain-list" id="incidents">
        {asked.data.map((line) => (
          <Line key={line.id} line={line} books={books} />
        ))}
      </ul>
    </section>
  );
}

function Line({ line, books }: { line: IncidentLine; books: PlaybookView[] }) {
  const left = line.drill ? null : line.minutes_left;
  return (
    <li>
      <button type="button" className="pick" onClick={() => show(line.id)}>
        {line.closed_at ? (
          <CircleCheck size={16} className="good" role="img" aria-label={t("incident.closed")} />
        ) : (
          <TriangleAlert size={16} className="warn" role="img" aria-label={t("incident.open")} />
        )}
        <span className="grow">
          <strong>{titleOf(line, books)}</strong>
          <span className="soft small">
            {line.drill && <>{t("incident.drill")} · </>}
            <time title={date(line.opened_at)}>{ago(line.opened_at)}</time> ·{" "}
            {t("incident.progress", { n: count(line.done), of: count(line.steps) })}
            {line.seconds !== null && <> · {tookInWords(line.seconds)}</>}
          </span>
        </span>
        {left !== null && (
          <span className={left < 0 ? "bad-ink small" : "warn small"}>{clockInWords(left)}</span>
        )}
        <ChevronRight size={16} className="faint" aria-hidden="true" />
      </button>
    </li>
  );
}

/** Practised before it is needed. */
function Drills({ books }: { books: PlaybookView[] }) {
  const version = useVersion();
  const data = useQuery(() => commands.drills(), [version]).data;
  if (!data) return null;
  const { plan, drills } = data;
  const set = (part: Partial<DrillPlan>) => void attempt(() => commands.setDrillPlan({ ...plan, ...part }));
  const toggle = (id: string, on: boolean) =>
    set({ playbooks: on ? [...plan.playbooks, id] : plan.playbooks.filter((one) => one !== id) });
  return (
    <section>
      <h2>{t("drills.title")}</h2>
      <p className="soft">{t("drills.hint")}</p>
      <div className="settings-row">
        <label htmlFor="drill-months">{t("drills.every")}</label>
        <select
          id="drill-months"
          className="input"
          value={plan.months}
          onChange={(e) => set({ months: Number(e.target.value) })}
        >
          {[...new Set([0, 3, 6, 12, plan.months])]
            .sort((a, b) => a - b)
            .map((n) => (
              <option key={n} value={n}>
                {n === 0 ? t("drills.never") : t("drills.months", { n: count(n) })}
              </option>
            ))}
        </select>
      </div>
      <ul className="plain-list" id="drills">
        {books.map((book) => {
          const own = drills.find((d) => d.playbook === book.id);
          return (
            <li className="row-line" key={book.id}>
              <label className="row-line grow">
                <input
                  type="checkbox"
                  disabled={plan.months === 0}
                  checked={plan.playbooks.includes(book.id)}
                  onChange={(e) => toggle(book.id, e.target.checked)}
                />
                <span>{said(book.title)}</span>
              </label>
              {own && (
                <span className={own.due ? "warn small" : "soft small"}>
                  {own.due ? t("drills.due") : t("drills.dueAt", { at: day(own.due_at.slice(0, 10)) })}
                  {own.last && own.seconds !== null && (
                    <> · {t("drills.took", { took: tookInWords(own.seconds) })}</>
                  )}
                </span>
              )}
              <button
                type="button"
                className="button"
                data-drill={book.id}
                aria-label={t("drills.beginOf", { what: said(book.title) })}
                onClick={() => void begin(book.id, true)}
              >
                {t("drills.begin")}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
