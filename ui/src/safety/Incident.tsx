import { ArrowLeft, FileText } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go } from "../app/router";
import type {
  Action,
  IncidentChange,
  IncidentView,
  PlaybookStepView,
  PlaybookView,
  StepState,
} from "../bindings";
import { chooseTarget, commands } from "../platform/tauri";
import { ago, date } from "../shared/format";
import { language, t, tOr } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { factsOf } from "./facts";
import { useMinute } from "./Incidents";
import { clockInWords, happenedInWords, knownAt, momentTyped, said, titleOf } from "./incident";
import { nameOf } from "./words";

const PLACES: Partial<Record<Action, () => void>> = {
  restore_as_of: () => go({ page: "past", kind: "person" }),
  undo_bulk: () => go({ page: "history" }),
  renew_kit: () => go({ page: "settings" }),
  add_remote: () => go({ page: "team" }),
  remove_remote: () => go({ page: "team" }),
};

/** What runs at once, and is done when it has succeeded. */
const RUNS: Partial<Record<Action, () => Promise<unknown>>> = {
  back_up: () => commands.backUp(null),
  drill: () => commands.drill(null, null),
  verify: () => commands.verify(),
  rotate_key: () => commands.rotateKey(),
};

export function Incident({ id, books, onBack }: { id: string; books: PlaybookView[]; onBack: () => void }) {
  const version = useVersion();
  const minute = useMinute();
  const asked = useQuery(() => commands.incident(id), [id, version, minute]);
  const back = (
    <button type="button" className="button plain flush" id="incident-back" onClick={onBack}>
      <ArrowLeft size={15} aria-hidden="true" /> {t("incident.all")}
    </button>
  );
  if (asked.error)
    return (
      <section>
        {back}
        <p className="notice bad">{asked.error}</p>
      </section>
    );
  if (!asked.data) return null;
  const view = asked.data;
  const line = view.incident;
  const book = books.find((b) => b.id === line.playbook);
  const steps = book?.steps ?? [];
  const next = steps.find((step) => !view.steps.some((s) => s.id === step.id && s.done));
  return (
    <>
      <section>
        {back}
        <div className="row-line wrap">
          <h2 className="incident-title grow" id="incident-title">
            {titleOf(line, books)}
          </h2>
          {line.drill && <span className="tag plain-tag">{t("incident.drill")}</span>}
          <span className="soft small" title={date(line.opened_at)}>
            {line.closed_at
              ? t("incident.closedAt", { at: date(line.closed_at) })
              : t("incident.openedAgo", { ago: ago(line.opened_at) })}
          </span>
        </div>
        {line.drill && !line.closed_at && <p className="notice">{t("incident.drillHint")}</p>}
        {line.minutes_left !== null && (
          <p
            className={line.minutes_left < 0 ? "notice bad" : "notice warn"}
            id="incident-clock"
            role="status"
          >
            <strong>{clockInWords(line.minutes_left)}</strong>{" "}
            {t("incident.clock", { at: date(line.notify_by ?? "") })}
          </p>
        )}
      </section>
      <section aria-label={t("incident.steps")}>
        {!book && <p className="notice warn">{t("incident.newer")}</p>}
        <ol className="steps" id="steps">
          {steps.map((step) => (
            <Step
              key={step.id}
              step={step}
              state={view.steps.find((s) => s.id === step.id)}
              view={view}
              next={step === next}
            />
          ))}
        </ol>
      </section>
      <Details view={view} />
      <section>
        <h2>{t("incident.timeline")}</h2>
        <table className="trail" id="timeline">
          <thead>
            <tr>
              <th scope="col">{t("trail.when")}</th>
              <th scope="col">{t("incident.who")}</th>
              <th scope="col">{t("trail.what")}</th>
            </tr>
          </thead>
          <tbody>
            {view.timeline.map((entry, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a timeline only grows at its end
              <tr key={n}>
                <td className="soft">{date(entry.at)}</td>
                <td>{entry.by}</td>
                <td>{happenedInWords(entry, book)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Step({
  step,
  state,
  view,
  next,
}: {
  step: PlaybookStepView;
  state?: StepState;
  view: IncidentView;
  /** The first that is not done: what to do now. */
  next: boolean;
}) {
  const { id, drill, closed_at } = view.incident;
  const done = state?.done ?? false;
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false);
  const tick = (done: boolean, note = "") => attempt(() => commands.incidentStep(id, step.id, done, note));
  const harmless = step.harmless || !drill;
  async function act() {
    if (!harmless) {
      toast(t("incident.drillWould", { what: said(step.title) }));
      await tick(true);
      return;
    }
    const run = RUNS[step.action];
    if (!run) {
      const to = PLACES[step.action];
      if (to) to();
      else setOpen(!open);
      return;
    }
    setBusy(true);
    const result = await attempt(async () => (await run()) ?? true);
    setBusy(false);
    if (result === undefined) return;
    const report = result as { ok?: boolean };
    if (report.ok === false) toast(t("incident.verifyBad"));
    else await tick(true);
  }
  return (
    <li className={done ? "step done" : "step"} data-step={step.id}>
      <div className="step-head">
        <input
          type="checkbox"
          id={`step-${step.id}`}
          checked={done}
          disabled={!!closed_at}
          onChange={(e) => void tick(e.target.checked)}
        />
        <div className="grow">
          <label htmlFor={`step-${step.id}`} className="strong">
            {said(step.title)}
          </label>
          <p className="soft small">{said(step.why)}</p>
          {done && state?.at && (
            <p className="small good">{t("incident.doneBy", { by: state.by, at: date(state.at) })}</p>
          )}
        </div>
        {!closed_at && (
          <button
            type="button"
            className={next ? "button primary" : "button"}
            data-act={step.action}
            disabled={busy}
            aria-expanded={opens(step.action) && harmless ? open : undefined}
            onClick={() => void act()}
          >
            {t(busy ? "incident.busy" : `incident.act.${step.action}`)}
          </button>
        )}
      </div>
      {open && (
        <div className="step-more">
          {step.action === "note" && (
            <Note onNote={(note) => tick(true, note)} onDone={() => setOpen(false)} />
          )}
          {step.action === "who_saw" && <WhoSaw id={id} />}
          {step.action === "notify" && <Draft id={id} told={view.timeline.length} />}
          {step.action === "revoke_device" && <Revoke onDone={() => void tick(true)} />}
        </div>
      )}
    </li>
  );
}

const opens = (action: Action) => !RUNS[action] && !PLACES[action];

function Note({ onNote, onDone }: { onNote: (note: string) => Promise<unknown>; onDone: () => void }) {
  const [text, setText] = useState("");
  async function save(event: FormEvent) {
    event.preventDefault();
    if (await onNote(text)) onDone();
  }
  return (
    <form onSubmit={(e) => void save(e)}>
      <textarea
        className="input"
        rows={3}
        aria-label={t("incident.note")}
        maxLength={4000}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: it was opened to be written in
        autoFocus
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter" && e.ctrlKey && !isComposing(e.nativeEvent))
            e.currentTarget.form?.requestSubmit();
        }}
      />
      <button type="submit" className="button primary">
        {t("incident.noteSave")}
      </button>
    </form>
  );
}

function WhoSaw({ id }: { id: string }) {
  const asked = useQuery(() => commands.whoSaw(id), [id]);
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!asked.data) return null;
  if (asked.data.length === 0) return <p className="soft">{t("incident.sawNothing")}</p>;
  return (
    <div className="scroll" role="region" aria-label={t("incident.act.who_saw")} tabIndex={0}>
      <table className="trail">
        <tbody>
          {asked.data.map((entry) => (
            <tr key={entry.row}>
              <td className="soft">{date(entry.at)}</td>
              <td>{tOr(`act.${entry.act}`, entry.act)}</td>
              <td>{factsOf(entry)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** It follows what is done until somebody writes in it. */
function Draft({ id, told }: { id: string; told: number }) {
  const [to, setTo] = useState<"authority" | "people">("authority");
  const text = useQuery(() => commands.incidentDraft(id, to, language()), [id, to, told]).data;
  const [own, setOwn] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another draft is another text
  useEffect(() => setOwn(undefined), [to]);
  const now = own ?? text ?? "";
  async function copy() {
    const done = await attempt(() => navigator.clipboard.writeText(now).then(() => true));
    if (done) toast(t("incident.copied"));
  }
  async function save() {
    const path = await chooseTarget(`${t("incident.draftFile")}.txt`);
    if (path && (await attempt(async () => (await commands.saveText(path, now)) ?? true)))
      toast(t("incident.saved", { path }));
  }
  return (
    <>
      <div className="row-line wrap">
        <select
          className="input"
          id="draft-to"
          aria-label={t("incident.draftTo")}
          value={to}
          onChange={(e) => setTo(e.target.value as "authority" | "people")}
        >
          <option value="authority">{t("incident.toAuthority")}</option>
          <option value="people">{t("incident.toPeople")}</option>
        </select>
        <button type="button" className="button" onClick={() => void copy()}>
          {t("incident.copy")}
        </button>
        <button type="button" className="button" onClick={() => void save()}>
          {t("incident.save")}
        </button>
      </div>
      <textarea
        className="input draft"
        id="draft"
        rows={16}
        aria-label={t("incident.draft")}
        value={now}
        onChange={(e) => setOwn(e.target.value)}
      />
    </>
  );
}

function Revoke({ onDone }: { onDone: () => void }) {
  const version = useVersion();
  const members = useQuery(() => commands.members(), [version]);
  const [which, setWhich] = useState("");
  const devices = (members.data ?? []).flatMap((m) =>
    m.devices.filter((d) => !d.this && !d.revoked).map((d) => ({ id: d.id, name: nameOf(m.person, d.name) })),
  );
  if (!members.data && !members.error) return null;
  if (devices.length === 0) return <p className="soft">{t("incident.noDevices")}</p>;
  async function revoke() {
    const done = await attempt(async () => (await commands.revoke(which)) ?? true);
    if (done) onDone();
  }
  return (
    <div className="row-line wrap">
      <select
        className="input"
        id="revoke-which"
        aria-label={t("incident.which")}
        value={which}
        onChange={(e) => setWhich(e.target.value)}
      >
        <option value="">{t("incident.which")}</option>
        {devices.map((d) => (
          <option key={d.id} value={d.id}>
            {d.name}
          </option>
        ))}
      </select>
      <button type="button" className="button danger" disabled={!which} onClick={() => void revoke()}>
        {t("incident.revoke")}
      </button>
    </div>
  );
}

/** What there is to say of it, its report, and its end. */
function Details({ view }: { view: IncidentView }) {
  const { id, known_at, closed_at, drill } = view.incident;
  const [affected, setAffected] = useState(view.affected);
  useEffect(() => setAffected(view.affected), [view.affected]);
  const [known, setKnown] = useState(momentTyped(known_at));
  useEffect(() => setKnown(momentTyped(known_at)), [known_at]);
  const set = (part: Partial<IncidentChange>) =>
    void attempt(() =>
      commands.changeIncident(id, { title: null, known_at: null, affected: null, note: null, ...part }),
    );
  const takeKnown = () => {
    const at = knownAt(known, known_at);
    if (at) set({ known_at: at });
    else setKnown(momentTyped(known_at));
  };
  async function report() {
    const path = await chooseTarget(`${t("incident.reportFile")}.pdf`);
    if (path && (await attempt(async () => (await commands.incidentReport(id, language(), path)) ?? true)))
      toast(t("incident.saved", { path }));
  }
  return (
    <section aria-label={t("incident.details")}>
      <div className="settings-row">
        <label htmlFor="incident-known">{t("incident.field.known_at")}</label>
        <input
          type="datetime-local"
          id="incident-known"
          className="input"
          disabled={!!closed_at}
          value={known}
          onChange={(e) => setKnown(e.target.value)}
          onBlur={takeKnown}
          onKeyDown={(e) => e.key === "Enter" && !isComposing(e.nativeEvent) && e.currentTarget.blur()}
        />
      </div>
      <div className="settings-row">
        <label htmlFor="incident-affected">{t("incident.field.affected")}</label>
        <textarea
          id="incident-affected"
          className="input"
          rows={2}
          maxLength={4000}
          disabled={!!closed_at}
          placeholder={t("incident.affectedHint")}
          value={affected}
          onChange={(e) => setAffected(e.target.value)}
          onBlur={() => affected !== view.affected && set({ affected })}
        />
      </div>
      <div className="row-line incident-end">
        <button
          type="button"
          className={closed_at ? "button" : "button primary"}
          id="incident-close"
          onClick={() => void attempt(() => commands.closeIncident(id, !closed_at))}
        >
          {t(closed_at ? "incident.reopen" : drill ? "incident.closeDrill" : "incident.close")}
        </button>
        <button type="button" className="button" id="incident-report" onClick={() => void report()}>
          <FileText size={15} aria-hidden="true" /> {t("incident.report")}
        </button>
      </div>
    </section>
  );
}
