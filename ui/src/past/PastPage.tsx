import { ArrowLeft, History, ListFilter } from "lucide-react";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { useFields, useQuery, useRested, useVersion } from "../app/data";
import { back, type Route, replace } from "../app/router";
import { withUndo } from "../app/undo";
import type { FieldView, PastRow, PastState, Restore, RestoreReport } from "../bindings";
import { commands, errorOf } from "../platform/tauri";
import { asRequest } from "../records/columns";
import { askable } from "../records/conditions";
import { FilterBuilder } from "../records/FilterBuilder";
import { BROWSED, browsed, columnsOf, isBrowsed, KINDS } from "../records/kinds";
import { count, date, type Json, labelOf, show } from "../shared/format";
import { type Key, t, tOr } from "../shared/i18n";
import { isComposing, useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Bar, Dialog } from "../shared/ui";

type PastRoute = Extract<Route, { page: "past" }>;

const STATES: PastState[] = ["changed", "deleted", "made", "same"];
const ROWS = 100;
/** Fields of a row beside its name. */
const COLUMNS = 3;

/** A list as it was, what differs from today, and the way back. */
export function PastPage({ route }: { route: PastRoute }) {
  const { kind, at } = route;
  const version = useVersion();
  const fields = useFields(kind);
  const finder = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<PastState>();
  const [input, setInput] = useState(route.filter ?? "");
  const [building, setBuilding] = useState(false);
  const [limit, setLimit] = useState(ROWS);
  const [selected, setSelected] = useState<Set<string>>(new Set());
  const [planned, setPlanned] = useState<{ restore: Restore; plan: RestoreReport }>();
  const [busy, setBusy] = useState(false);
  const wanted = useRested(input);
  const asked = useMemo(() => askable(fields), [fields]);
  const { filter, text } = useMemo(() => asRequest(wanted, asked), [wanted, asked]);
  const { data: page, error } = useQuery(
    async () =>
      at ? commands.listAt({ kind, at, state: state ?? null, text, filter, offset: 0, limit }) : undefined,
    [kind, at, state, text, filter, limit, version],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list has other rows
  useEffect(() => setSelected(new Set()), [kind, at, state]);

  /** Says first what it would change. */
  async function ask(part: Partial<Restore>) {
    if (!at) return;
    const restore: Restore = {
      at,
      ids: [],
      kind: null,
      fields: [],
      filter: "",
      text: "",
      dry_run: false,
      ...part,
    };
    setBusy(true);
    const plan = await attempt(() => commands.restoreAsOf({ ...restore, dry_run: true }));
    setBusy(false);
    if (plan) setPlanned({ restore, plan });
  }
  async function run(restore: Restore) {
    setBusy(true);
    const done = await attempt(() => commands.restoreAsOf(restore));
    setBusy(false);
    setPlanned(undefined);
    if (done) withUndo(t("past.restored", { n: count(done.records), at: date(done.at) }), done.operation);
  }
  const some = () => selected.size > 0 && void ask({ ids: [...selected] });
  const boxes = () => [...document.querySelectorAll<HTMLInputElement>("#past-rows input")];
  const focused = () => boxes().findIndex((box) => box === document.activeElement);
  /** Goes through those that can be brought back. */
  const step = (by: number) => {
    const all = boxes();
    all[Math.max(0, Math.min(all.length - 1, focused() + by))]?.focus();
  };
  useKeys({
    r: some,
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    x: () => boxes()[focused()]?.click(),
    "/": () => finder.current?.focus(),
    f: () => at && setBuilding(true),
    ...(selected.size > 0 ? { Escape: () => setSelected(new Set()) } : {}),
  });
  const columns = columnsOf(kind)
    .filter((c) => !["name", "updated_at"].includes(c.key))
    .slice(0, COLUMNS);
  const shown = columns.flatMap((c) => fields.find((f) => f.key === c.key) ?? []);
  const totals = page?.counts;
  return (
    <>
      <div className="head">
        <button type="button" className="button plain" aria-label={t("back")} onClick={back}>
          <ArrowLeft size={16} />
        </button>
        <h1 className="grow">
          {t("past.title", { what: t(KINDS[browsed(kind)].many) })}{" "}
          {page && <span className="count">{count(page.total)}</span>}
        </h1>
        {BROWSED.map((of) => (
          <button
            type="button"
            key={of}
            className="button plain"
            aria-pressed={kind === of}
            onClick={() => replace({ page: "past", kind: of, at })}
          >
            {t(KINDS[of].many)}
          </button>
        ))}
      </div>
      <div className="past-banner" role="status" id="past-banner">
        <History size={16} aria-hidden="true" />
        <span className="grow">{at ? t("past.banner", { at: date(at) }) : t("past.choose")}</span>
        <When at={at} onChosen={(chosen) => replace({ page: "past", kind, at: chosen })} />
      </div>
      {at && (
        <div className="tools">
          <input
            ref={finder}
            id="past-filter"
            className="input grow"
            type="search"
            aria-label={t("past.find")}
            placeholder={t("past.find")}
            value={input}
            onChange={(e) => setInput(e.target.value)}
            onKeyDown={(e) => {
              if (isComposing(e.nativeEvent) || !["Enter", "Escape"].includes(e.key)) return;
              e.preventDefault();
              e.stopPropagation();
              if (e.key === "Escape" && input) setInput("");
              else e.currentTarget.blur();
            }}
          />
          <button
            type="button"
            className="button"
            id="past-build"
            title={`${t("list.build")} (F)`}
            onClick={() => setBuilding(true)}
          >
            <ListFilter size={15} /> {t("list.build")}
          </button>
          <button type="button" className="button" aria-pressed={!state} onClick={() => setState(undefined)}>
            {t("past.all")}
          </button>
          {STATES.filter((of) => of !== "same").map((of) => (
            <button
              type="button"
              key={of}
              id={`past-${of}`}
              className="button"
              aria-pressed={state === of}
              onClick={() => setState(of)}
            >
              {t(`past.${of}` as Key)} {totals && <span className="faint">{count(totals[of])}</span>}
            </button>
          ))}
        </div>
      )}
      {at && (
        <div className="tools">
          <button
            type="button"
            className="button primary"
            id="restore-some"
            disabled={selected.size === 0 || busy}
            onClick={some}
          >
            {t("past.restoreSome", { n: count(selected.size) })} <kbd>R</kbd>
          </button>
          <button
            type="button"
            className="button"
            id="restore-list"
            disabled={busy || !totals || totals.changed + totals.deleted === 0}
            onClick={() => void ask({ kind, filter, text })}
          >
            {t("past.restoreList")}
          </button>
          <button
            type="button"
            className="button"
            id="restore-book"
            disabled={busy}
            onClick={() => void ask({})}
          >
            {t("past.restoreBook")}
          </button>
          <span className="grow" />
          {busy && <Bar />}
        </div>
      )}
      <div className="page past">
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        {at && !page && !error && <Bar />}
        {page && page.rows.length === 0 && (
          <p className="soft">{t(state || filter || text ? "past.noneOf" : "past.none")}</p>
        )}
        {page && page.rows.length > 0 && (
          <table className="plain" id="past-rows">
            <thead>
              <tr>
                <th>
                  <span className="sr">{t("keys.select")}</span>
                </th>
                <th>{t("field.name")}</th>
                {shown.map((field) => (
                  <th key={field.key}>{labelOf(field)}</th>
                ))}
                <th>{t("past.since")}</th>
              </tr>
            </thead>
            <tbody>
              {page.rows.map((row) => (
                <Row
                  key={row.record.id}
                  row={row}
                  shown={shown}
                  fields={fields}
                  selected={selected.has(row.record.id)}
                  onSelect={() =>
                    setSelected((old) => {
                      const next = new Set(old);
                      if (!next.delete(row.record.id)) next.add(row.record.id);
                      return next;
                    })
                  }
                  onField={(key) => void ask({ ids: [row.record.id], fields: [key] })}
                />
              ))}
            </tbody>
          </table>
        )}
        {page && page.rows.length < page.total && (
          <button type="button" className="button" onClick={() => setLimit((n) => n + 5 * ROWS)}>
            {t("past.more", { n: count(page.total - page.rows.length) })}
          </button>
        )}
      </div>
      {building && (
        <FilterBuilder
          fields={asked}
          filter={filter}
          onApply={(made) => {
            setBuilding(false);
            setInput(made);
          }}
          onClose={() => setBuilding(false)}
        />
      )}
      {planned && (
        <Confirm
          plan={planned.plan}
          busy={busy}
          onRun={() => void run(planned.restore)}
          onClose={() => setPlanned(undefined)}
        />
      )}
    </>
  );
}

function Row({
  row,
  shown,
  fields,
  selected,
  onSelect,
  onField,
}: {
  row: PastRow;
  shown: FieldView[];
  fields: FieldView[];
  selected: boolean;
  onSelect: () => void;
  onField: (key: string) => void;
}) {
  const { record, state } = row;
  const values = record.fields as Json;
  const back = state === "changed" || state === "deleted";
  const name = record.title || "—";
  return (
    <tr className={state} aria-selected={selected}>
      <td>{back && <input type="checkbox" aria-label={name} checked={selected} onChange={onSelect} />}</td>
      <td>
        <strong>{name}</strong>
      </td>
      {shown.map((field) => (
        <td key={field.key}>{show(field, values[field.key], record.titles[field.key])}</td>
      ))}
      <td>
        {state === "deleted" && <span className="bad-ink">{t("past.isDeleted")}</span>}
        {state === "made" && <span className="good">{t("past.isMade")}</span>}
        {row.changes.map((change) => {
          const field = fields.find((f) => f.key === change.field);
          const label = field ? labelOf(field) : tOr(`field.${change.field}`, change.field);
          return (
            <div className="change" key={change.field}>
              <span className="soft">{label}:</span>
              <ins>{change.before_title ?? (show(field, change.before) || t("record.empty"))}</ins>
              <span aria-hidden="true">→</span>
              <span className="soft">
                {change.after_title ?? (show(field, change.after) || t("record.empty"))}
              </span>
              {field && !field.derived && (
                <button
                  type="button"
                  className="button plain small"
                  aria-label={t("past.restoreField", { field: label, name })}
                  onClick={() => onField(change.field)}
                >
                  {t("restore")}
                </button>
              )}
            </div>
          );
        })}
      </td>
    </tr>
  );
}

/** The moment, as one says it. */
function When({ at, onChosen }: { at?: string; onChosen: (at: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string>();
  useEffect(() => {
    if (!at) input.current?.focus();
  }, [at]);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setError(undefined);
    try {
      onChosen(await commands.pastMoment(input.current?.value ?? ""));
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
  }
  return (
    <form className="row-line" onSubmit={(e) => void submit(e)}>
      {error && (
        <span className="error small" role="alert" id="past-error">
          {error}
        </span>
      )}
      <input
        ref={input}
        id="past-when"
        className="input"
        aria-label={t("past.when")}
        aria-invalid={error !== undefined}
        aria-describedby={error ? "past-error" : undefined}
        placeholder={t("past.whenHint")}
      />
      <button type="submit" className="button">
        {t("past.show")} <kbd>Enter</kbd>
      </button>
    </form>
  );
}

/** What would change, in numbers, before anything does. */
function Confirm({
  plan,
  busy,
  onRun,
  onClose,
}: {
  plan: RestoreReport;
  busy: boolean;
  onRun: () => void;
  onClose: () => void;
}) {
  const title = t("past.confirm", { at: date(plan.at) });
  const parts = (["changed", "revived", "trashed"] as const).filter((part) => plan[part] > 0);
  return (
    <Dialog label={title} onClose={onClose}>
      <div className="body stack">
        <h1>{title}</h1>
        {plan.records === 0 && <p>{t("past.nothing")}</p>}
        {parts.length > 0 && (
          <ul className="facts-list">
            {parts.map((part) => (
              <li key={part}>{t(`past.will.${part}`, { n: count(plan[part]) })}</li>
            ))}
          </ul>
        )}
        {plan.records > 0 && (
          <p className="soft">
            {Object.entries(plan.kinds)
              .map(
                ([kind, n]) =>
                  `${isBrowsed(kind) ? t(KINDS[kind].many) : tOr(`kind.${kind}`, kind)}: ${count(n ?? 0)}`,
              )
              .join(" · ")}
          </p>
        )}
        {plan.skipped.length > 0 && (
          <p className="warn">{t("past.skipped", { n: count(plan.skipped.length) })}</p>
        )}
        <p className="soft">{t("past.undoable")}</p>
        <div className="row-line">
          <button
            type="button"
            className="button primary"
            id="restore-now"
            disabled={busy || plan.records === 0}
            onClick={onRun}
          >
            {t("past.run", { n: count(plan.records) })}
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          {busy && <Bar />}
        </div>
      </div>
    </Dialog>
  );
}
