import { FileInput } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go } from "../app/router";
import { undo, withUndo } from "../app/undo";
import type { ImportFrom, ImportOptions, ImportReport, Kind } from "../bindings";
import { chooseImportFile, chooseTarget, commands, errorOf, onProgress } from "../platform/tauri";
import { count, date, type Json } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";
import { Bar } from "../shared/ui";
import {
  groupProblems,
  IMPORTED,
  type Imported,
  isImported,
  kindLabel,
  matchKeys,
  targetsFor,
} from "./importRules";

const START: ImportOptions = {
  kind: null,
  source: null,
  mapping: {},
  match_by: ["external_id", "email", "phone", "title"],
  on_match: "update",
  header: null,
};

/** Characters; more than that is better kept in a file. */
const PASTED_MOST = 8_000_000;

/** The import that is going on. It does not end with its page: who comes back finds it here. */
interface Running {
  from: ImportFrom;
  done: Promise<ImportReport>;
}
let running: Running | undefined;

export function ImportPage({ path, at }: { path?: string; at?: number }) {
  const [from, setFrom] = useState<ImportFrom | undefined>(path ? { file: path } : running?.from);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the same file again is asked for anew
  useEffect(() => {
    if (path) setFrom({ file: path });
  }, [path, at]);
  return (
    <>
      <div className="head">
        <h1>{t("import.title")}</h1>
        <span className="soft grow">{from && nameOf(from)}</span>
        {from && (
          <button type="button" className="button" onClick={() => setFrom(undefined)}>
            {t("import.choose")}
          </button>
        )}
      </div>
      <div className="page">
        {from ? (
          <Plan key={`${from.file} ${at}`} from={from} onClose={() => setFrom(undefined)} />
        ) : (
          <Choose onChoose={setFrom} />
        )}
      </div>
    </>
  );
}

function nameOf(from: ImportFrom): string {
  return from.file !== undefined ? (from.file.split(/[\\/]/).pop() ?? "") : t("import.pasted");
}

const same = (a: ImportFrom | undefined, b: ImportFrom) => a?.file === b.file && a?.pasted === b.pasted;

function Choose({ onChoose }: { onChoose: (from: ImportFrom) => void }) {
  const version = useVersion();
  // Cells that were copied in a spreadsheet come as a table.
  useEffect(() => {
    const paste = (e: ClipboardEvent) => {
      if (e.target instanceof HTMLInputElement || e.target instanceof HTMLTextAreaElement) return;
      const text = e.clipboardData?.getData("text/plain") ?? "";
      if (!text.trim()) return;
      e.preventDefault();
      if (text.length > PASTED_MOST) toast(t("import.pastedTooMuch"));
      else onChoose({ pasted: text });
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [onChoose]);
  const imports = useQuery(() => commands.imports(), [version]).data ?? [];
  return (
    <>
      <div className="empty">
        <FileInput size={36} className="faint" />
        <h2>{t("import.drop")}</h2>
        <p className="soft">{t("import.dropHint")}</p>
        <p className="soft">{t("import.pasteHint")}</p>
        <div className="row-line">
          <button
            type="button"
            className="button primary"
            id="choose-file"
            autoFocus
            onClick={() => void chooseImportFile().then((p) => p && onChoose({ file: p }))}
          >
            {t("import.choose")}
          </button>
        </div>
      </div>
      {imports.length > 0 && (
        <section>
          <h2>{t("import.earlier")}</h2>
          {imports.map((o) => (
            <div key={o.operation} className="row-line settings-row">
              <span>{(o.detail as Json)?.file || t("import.pasted")}</span>
              <span className="row-line">
                <span className="soft grow">
                  {date(o.at)} · {t("ops.records", { n: count(o.records) })}
                </span>
                {o.undone ? (
                  <span className="soft">{t("ops.undone")}</span>
                ) : (
                  <button type="button" className="button" onClick={() => void undo(o.operation)}>
                    {t("import.rollback")}
                  </button>
                )}
              </span>
            </div>
          ))}
        </section>
      )}
    </>
  );
}

/** What the file would do, shown before it does. */
function Plan({ from, onClose }: { from: ImportFrom; onClose: () => void }) {
  const [options, setOptions] = useState(START);
  const [plan, setPlan] = useState<ImportReport>();
  const [report, setReport] = useState<ImportReport>();
  const [going, setGoing] = useState(same(running?.from, from));
  const [stoppedAt, setStoppedAt] = useState<string>();
  const [progress, setProgress] = useState({ done: 0, total: 0 });
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(true);
  const here = useRef(true);
  const stopped = useRef<Promise<unknown>>(Promise.resolve());

  useEffect(() => onProgress((done, total) => setProgress({ done, total })), []);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  useEffect(() => {
    if (going) return;
    let current = true;
    setBusy(true);
    const answer = (set: () => void) => {
      if (!current) return;
      set();
      setBusy(false);
    };
    // Only once the one before has been told to stop, or it would stop this one.
    void stopped.current
      .then(() => commands.previewImport(from, options))
      .then(
        (p) =>
          answer(() => {
            setPlan(p);
            setError(undefined);
          }),
        (thrown) => answer(() => setError(errorOf(thrown).message)),
      );
    return () => {
      current = false;
      stopped.current = commands.cancel("preview").catch(() => {});
    };
  }, [from, options, going]);

  const choose = useCallback(
    (column: string, target: string) =>
      setOptions((o) => ({ ...o, mapping: { ...o.mapping, [column]: target } })),
    [],
  );

  const follow = useCallback(async (job: Running) => {
    setGoing(true);
    try {
      setReport(await job.done);
    } catch (thrown) {
      const { message, operation } = errorOf(thrown);
      setError(message);
      setStoppedAt(operation ?? undefined);
    }
    setGoing(false);
  }, []);
  useEffect(() => {
    if (running && same(running.from, from)) void follow(running);
  }, [follow, from]);

  function run() {
    const job: Running = { from, done: commands.runImport(from, options) };
    running = job;
    job.done.then(
      (done) => {
        running = undefined;
        // It goes on when the page is left, and then says here that it is done.
        if (!here.current) withUndo(t("import.done"), done.operation);
      },
      (thrown) => {
        running = undefined;
        if (!here.current) toast(errorOf(thrown).message);
      },
    );
    void follow(job);
  }

  const notice = error && (
    <div className="notice bad" role="alert">
      <p>{error}</p>
      {stoppedAt && (
        <p>
          {t("import.stopped")}{" "}
          <button
            type="button"
            className="button"
            id="rollback-stopped"
            onClick={() => void undo(stoppedAt).then((done) => done && onClose())}
          >
            {t("import.rollback")}
          </button>
        </p>
      )}
    </div>
  );
  if (report) return <Done report={report} onUndone={onClose} />;
  if (!plan && !going)
    return (
      notice || (
        <div className="stack">
          <p className="soft">{t("import.reading")}</p>
          <Bar {...progress} />
        </div>
      )
    );
  if (going || !plan)
    return (
      <div className="stack" role="status">
        <p>
          {t("import.running")} {count(progress.done)} / {count(progress.total)}
        </p>
        <Bar {...progress} />
        <div>
          <button type="button" className="button" onClick={() => void commands.cancel("import")}>
            {t("cancel")}
          </button>
        </div>
      </div>
    );
  return (
    <div className="stack" aria-busy={busy}>
      {notice}
      <p className="soft">
        {busy && `${t("import.reading")} `}
        {t("import.found", {
          rows: count(plan.rows),
          format: plan.format.toUpperCase(),
          encoding: plan.encoding,
        })}
        {plan.left_out.length > 0 && ` ${t("import.leftOut", { sheets: plan.left_out.join(", ") })}`}
        {plan.delimiter ? ` «${plan.delimiter === "\t" ? "Tab" : plan.delimiter}»` : ""}
        {plan.preset ? `, ${t("import.from", { preset: plan.preset })}` : ""}
      </p>
      {plan.because.length > 0 && (
        <p className="soft small" id="import-because">
          {t("import.because", { columns: plan.because.join(", ") })}
        </p>
      )}
      <Numbers report={plan} />
      <div className="row-line wrap">
        <label className="row-line">
          {t("import.kind")}
          <select
            className="input"
            disabled={isCalendar(plan)}
            value={plan.kind}
            onChange={(e) => setOptions((o) => ({ ...o, kind: e.target.value as Kind, mapping: {} }))}
          >
            {kindsOf(plan).map((kind) => (
              <option key={kind} value={kind}>
                {kindLabel(kind)}
              </option>
            ))}
            {isCalendar(plan) && <option value={plan.kind}>{t("import.calendarKind")}</option>}
          </select>
        </label>
        <label className="row-line">
          {t("import.onMatch")}
          <select
            className="input"
            value={options.on_match}
            onChange={(e) =>
              setOptions((o) => ({ ...o, on_match: e.target.value as ImportOptions["on_match"] }))
            }
          >
            <option value="update">{t("import.update")}</option>
            <option value="skip">{t("import.skip")}</option>
            <option value="create">{t("import.create")}</option>
          </select>
        </label>
        <fieldset className="row-line plain">
          <legend className="sr">{t("import.matchBy")}</legend>
          <span aria-hidden="true">{t("import.matchBy")}</span>
          {matchKeys(plan.kind).map(([key, label]) => (
            <label className="row-line" key={key}>
              <input
                className="check"
                type="checkbox"
                checked={options.match_by.includes(key)}
                onChange={(e) =>
                  setOptions((o) => ({
                    ...o,
                    match_by: o.match_by.filter((k) => k !== key).concat(e.target.checked ? [key] : []),
                  }))
                }
              />
              {label}
            </label>
          ))}
        </fieldset>
        {(plan.format === "csv" || plan.format === "xlsx") && (
          <label className="row-line">
            <input
              className="check"
              id="has-header"
              type="checkbox"
              checked={options.header ?? !plan.columns.every((c, n) => c.name === `Column ${n + 1}`)}
              onChange={(e) => setOptions((o) => ({ ...o, header: e.target.checked, mapping: {} }))}
            />
            {t("import.header")}
          </label>
        )}
        <span className="grow" />
        <button
          type="button"
          className="button primary big"
          id="run-import"
          autoFocus
          disabled={busy || running !== undefined}
          onClick={run}
        >
          {t("import.run", { n: count(plan.rows - plan.rejected) })}
        </button>
      </div>
      <Problems report={plan} />
      <section>
        <h2>{t("import.columns")}</h2>
        <table className="plain" id="columns">
          <thead>
            <tr>
              <th>{t("import.column")}</th>
              <th>{t("import.example")}</th>
              <th>{t("import.becomes")}</th>
              <th>{t("import.why")}</th>
            </tr>
          </thead>
          <tbody>
            {plan.columns.map((c) => (
              <tr key={c.name}>
                <td>{c.name}</td>
                <td className="soft" title={c.samples.join("\n")}>
                  {c.samples.slice(0, 3).join(" · ")}
                </td>
                <td>
                  <select
                    className="input"
                    aria-label={`${c.name}: ${t("import.becomes")}`}
                    value={options.mapping[c.name] ?? c.target}
                    onChange={(e) => choose(c.name, e.target.value)}
                  >
                    {targetsFor(plan.kind, c, options.mapping[c.name]).map(([value, label]) => (
                      <option key={value} value={value}>
                        {label}
                      </option>
                    ))}
                  </select>
                </td>
                <td className="soft small">{tOr(`how.${c.how}`, c.how)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section>
        <h2>{t("import.preview")}</h2>
        <table className="plain">
          <tbody>
            {plan.preview.map((p) => (
              <tr key={p.row}>
                <td className="soft">{p.row}</td>
                <td>
                  <strong>{p.title}</strong>
                </td>
                <td className="soft">{p.detail}</td>
                <td>
                  {p.outcome === "create"
                    ? t("import.willCreate")
                    : p.outcome === "skip"
                      ? t("import.willSkip")
                      : p.outcome === "unchanged"
                        ? t("import.unchanged")
                        : t("import.willUpdate")}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

/** Its events and to-dos say themselves what they become. */
const isCalendar = (report: ImportReport) => report.format === "ics";

/** Cards hold people and companies, tables anything; those of a calendar are named apart. */
function kindsOf(report: ImportReport): Imported[] {
  if (report.format === "vcard") return ["person", "company"];
  return isCalendar(report) ? IMPORTED.filter((kind) => kind !== report.kind) : [...IMPORTED];
}

function Numbers({ report }: { report: ImportReport }) {
  // Companies that rows of something else have named; of a calendar all that was made is one number.
  const companies = report.kind === "company" ? 0 : (report.created.company ?? 0);
  const made = Object.values(report.created).reduce<number>((n, c) => n + (c ?? 0), -companies);
  const numbers: [number, string][] = [
    [made, t("import.willCreate")],
    [companies, t("import.companies")],
    [report.updated, t("import.willUpdate")],
    [report.unchanged, t("import.unchanged")],
    [report.skipped, t("import.willSkip")],
    [report.rejected, t("import.willReject")],
  ];
  return (
    <div className="numbers">
      {numbers
        .filter(([n], at) => n > 0 || at === 0)
        .map(([n, what]) => (
          <div key={what} className={what === t("import.willReject") ? "warn" : ""}>
            <strong>{count(n)}</strong>
            {what}
          </div>
        ))}
    </div>
  );
}

/** Problems by cause, each with how often and one example. */
function Problems({ report }: { report: ImportReport }) {
  const groups = groupProblems(report.errors);
  if (groups.length === 0) return null;
  return (
    <section className="notice">
      <h2 className="warn">{t("import.problems")}</h2>
      {report.errors.length >= 1000 && <p className="soft">{t("import.manyProblems")}</p>}
      {groups.map((g) => (
        <p key={g.cause}>
          {t("import.rows", { n: count(g.count), what: g.cause })}{" "}
          {g.example && <span className="soft">({g.example})</span>}
        </p>
      ))}
    </section>
  );
}

function Done({ report, onUndone }: { report: ImportReport; onUndone: () => void }) {
  const [undoing, setUndoing] = useState(false);
  const kind = isImported(report.kind) ? report.kind : "person";
  async function saveRejects() {
    const target = await chooseTarget("rejected.csv");
    if (target && report.operation) {
      const saved = await attempt(() => commands.saveRejects(report.operation as string, target));
      if (saved !== undefined) toast(t("settings.saved"));
    }
  }
  return (
    <div className="stack" id="import-report">
      <h2 role="status">{t("import.done")}</h2>
      <Numbers report={report} />
      <div className="row-line">
        <button
          type="button"
          className="button primary"
          autoFocus
          onClick={() => (isCalendar(report) ? go({ page: "calendar" }) : go({ page: "list", kind }))}
        >
          {isCalendar(report)
            ? t("import.showCalendar")
            : kind === "person"
              ? t("import.show")
              : t(kind === "company" ? "import.showCompanies" : `import.showKind.${kind}`)}
        </button>
        <button
          type="button"
          className="button"
          id="rollback"
          disabled={undoing}
          onClick={() => {
            setUndoing(true);
            void undo(report.operation).then((done) => {
              setUndoing(false);
              if (done) onUndone();
            });
          }}
        >
          {t("import.rollback")}
        </button>
        {report.rejected > 0 && (
          <button type="button" className="button" id="save-rejects" onClick={() => void saveRejects()}>
            {t("import.saveRejects")}
          </button>
        )}
      </div>
      <Problems report={report} />
    </div>
  );
}
