import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { useQuery, useRested, useVersion } from "../app/data";
import { withUndo } from "../app/undo";
import type { RecordView } from "../bindings";
import { commands } from "../platform/tauri";
import { type Json, money, moneyInput } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { blankLine, movedLine, newId, percent, type QuoteLine } from "./lines";

/** What is offered, line by line; each cell is saved as it is left. */
export function QuoteLines({ record }: { record: RecordView }) {
  const version = useVersion();
  const fields = record.fields as Json;
  const lines: QuoteLine[] = fields.lines ?? [];
  const closed = !!record.deleted_at || fields.status === "accepted" || fields.status === "superseded";
  const view = useQuery(() => commands.quote(record.id), [record.id, version]).data;
  const table = useRef<HTMLTableElement>(null);

  // One save after another, each of what the one before it has left: who types on does not undo himself.
  const saving = useRef(Promise.resolve(true));
  function save(edit: (now: QuoteLine[]) => QuoteLine[]): Promise<boolean> {
    const next = async () => {
      const done = await attempt(async () => {
        const now = ((await commands.get(record.id)).fields as Json).lines ?? [];
        const edited = edit(now);
        if (edited === now) return { operation: null };
        return commands.setFields(record.id, { lines: edited as unknown as Json });
      });
      if (done?.operation) withUndo(t("record.changed", { title: record.title }), done.operation);
      return !!done;
    };
    saving.current = saving.current.then(next);
    return saving.current;
  }
  const change = (id: string | undefined, part: Partial<QuoteLine>) =>
    save((now) => now.map((line) => (line.id === id ? { ...line, ...part } : line)));
  // By its name: where it stands may be another place once its turn has come.
  async function move(id: string | undefined, by: number) {
    if (await save((now) => movedLine(now, id, by)))
      table.current?.querySelector<HTMLElement>(`tr[data-line="${id}"] input`)?.focus();
  }
  const sums = view?.sums;
  const of = (minor: number | null | undefined) =>
    sums ? money({ minor: minor ?? 0, currency: sums.currency }) : "";
  const discounted = lines.some((line) => line.discount);

  return (
    <div id="quote-lines" className="quote">
      <h2>{t("quote.lines")}</h2>
      {lines.length > 0 && (
        <table ref={table}>
          <thead>
            <tr>
              <th>{t("quote.line")}</th>
              <th className="number">{t("quote.quantity")}</th>
              <th className="number">{t("quote.price")}</th>
              {(discounted || !closed) && <th className="number">{t("quote.discount")}</th>}
              <th className="number">{t("quote.tax")}</th>
              <th className="number">{t("quote.sum")}</th>
              {!closed && <th aria-label={t("quote.actions")} />}
            </tr>
          </thead>
          <tbody>
            {lines.map((line, at) => (
              <tr
                key={line.id}
                data-line={line.id}
                onKeyDown={(event) => {
                  if (isComposing(event.nativeEvent) || !event.altKey || closed) return;
                  if (event.key === "ArrowUp") void move(line.id, -1);
                  else if (event.key === "ArrowDown") void move(line.id, 1);
                  else return;
                  event.preventDefault();
                }}
              >
                <td className="wide">
                  <Cell
                    label={t("quote.line")}
                    value={line.name}
                    closed={closed}
                    onSave={(name) => change(line.id, { name })}
                  />
                  {line.description && <div className="soft small">{line.description}</div>}
                </td>
                <td className="number">
                  <Cell
                    label={t("quote.quantity")}
                    value={String(line.quantity)}
                    unit={line.unit}
                    closed={closed}
                    onSave={(text) => change(line.id, { quantity: text })}
                  />
                </td>
                <td className="number">
                  <Cell
                    label={t("quote.price")}
                    value={line.unit_price ? moneyInput(line.unit_price as Json) : ""}
                    shown={line.unit_price ? money(line.unit_price as Json) : ""}
                    closed={closed}
                    onSave={(text) => change(line.id, { unit_price: text || null })}
                  />
                </td>
                {(discounted || !closed) && (
                  <td className="number">
                    <Cell
                      label={t("quote.discount")}
                      value={line.discount ? percent(line.discount) : ""}
                      closed={closed}
                      onSave={(text) => change(line.id, { discount: text })}
                    />
                  </td>
                )}
                <td className="number">
                  <Cell
                    label={t("quote.tax")}
                    value={line.tax ? percent(line.tax) : ""}
                    closed={closed}
                    onSave={(text) => change(line.id, { tax: text })}
                  />
                </td>
                <td className="number sum">{of(sums?.lines[at])}</td>
                {!closed && (
                  <td className="tools-cell">
                    <button
                      type="button"
                      className="button plain"
                      aria-label={t("quote.up", { name: line.name })}
                      title={`${t("quote.moveUp")} (Alt ↑)`}
                      disabled={at === 0}
                      onClick={() => void move(line.id, -1)}
                    >
                      <ArrowUp size={14} />
                    </button>
                    <button
                      type="button"
                      className="button plain"
                      aria-label={t("quote.down", { name: line.name })}
                      title={`${t("quote.moveDown")} (Alt ↓)`}
                      disabled={at === lines.length - 1}
                      onClick={() => void move(line.id, 1)}
                    >
                      <ArrowDown size={14} />
                    </button>
                    <button
                      type="button"
                      className="button plain danger"
                      aria-label={t("quote.remove", { name: line.name })}
                      title={t("delete")}
                      onClick={() => void save((now) => now.filter((other) => other.id !== line.id))}
                    >
                      <Trash2 size={14} />
                    </button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!closed && (
        <AddLine
          book={fields.price_book}
          onAdd={(line) => save((now) => [...now, line])}
          empty={lines.length === 0}
        />
      )}
      {view?.problem && (
        <p className="notice bad" role="alert">
          {view.problem}
        </p>
      )}
      {sums && (
        <dl className="sums" aria-live="polite">
          <Sum label={t("quote.subtotal")} value={of(sums.subtotal)} />
          {sums.discount !== 0 && (
            <Sum label={t("quote.off", { n: fields.discount ?? 0 })} value={of(-(sums.discount ?? 0))} />
          )}
          {sums.taxes.map((tax) => (
            <Sum key={tax.rate} label={t("quote.taxOf", { rate: tax.rate })} value={of(tax.tax)} />
          ))}
          <Sum label={t("field.total")} value={of(sums.total)} total />
        </dl>
      )}
    </div>
  );
}

function Sum({ label, value, total }: { label: string; value: string; total?: boolean }) {
  return (
    <div className={total ? "total" : ""}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Text that is changed where it stands. Enter and leaving save, Escape gives up; what is refused stays to be mended. */
function Cell({
  label,
  value,
  shown,
  unit,
  closed,
  onSave,
}: {
  label: string;
  value: string;
  shown?: string;
  unit?: string;
  closed: boolean;
  onSave: (text: string) => Promise<boolean>;
}) {
  const [text, setText] = useState<string>();
  const [refused, setRefused] = useState(false);
  // What stood there when it was entered: who changes nothing saves nothing, whatever has come from others meanwhile.
  const before = useRef("");
  const save = async (input: HTMLInputElement) => {
    const next = text?.trim();
    const kept = next === undefined || next === before.current.trim() || (await onSave(next));
    setRefused(!kept);
    if (kept) setText(undefined);
    else if (document.activeElement === document.body) input.focus();
  };
  if (closed)
    return (
      <span>
        {shown ?? value}
        {unit && <span className="soft small"> {unit}</span>}
      </span>
    );
  return (
    <span className="cell-input">
      <input
        className="input"
        aria-label={label}
        aria-invalid={refused}
        value={text ?? shown ?? value}
        onFocus={(event) => {
          if (text === undefined) before.current = value;
          setText((now) => now ?? value);
          event.currentTarget.select();
        }}
        onChange={(event) => setText(event.target.value)}
        onBlur={(event) => void save(event.currentTarget)}
        onKeyDown={(event) => {
          if (isComposing(event.nativeEvent)) return;
          if (event.key === "Enter") {
            event.preventDefault();
            event.currentTarget.blur();
          } else if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            setText(undefined);
            setRefused(false);
            // What was typed is given up before the focus goes.
            setTimeout(() => (event.target as HTMLElement).blur());
          }
        }}
      />
      {unit && <span className="soft small">{unit}</span>}
    </span>
  );
}

/** A product by a few letters of its name or code, or any other line. */
function AddLine({
  book,
  onAdd,
  empty,
}: {
  book: string | undefined;
  onAdd: (line: QuoteLine) => Promise<boolean>;
  empty: boolean;
}) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const rested = useRested(text.trim());
  const answer = useQuery(
    async () => ({ to: rested, hits: rested ? await commands.search(rested, "product", 6) : [] }),
    [rested],
  ).data;
  const hits = answer?.hits ?? [];
  const busy = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other hits begin at the first
  useEffect(() => setAt(0), [rested]);
  const open = text.trim() !== "";
  const count = hits.length + 1;
  async function add(place: number) {
    const wanted = text.trim();
    // A second Enter while the first is on its way must not add a second line.
    if (busy.current) return;
    busy.current = true;
    try {
      // Who types faster than is searched gets what was typed.
      const found = answer?.to === wanted ? hits : await attempt(() => commands.search(wanted, "product", 6));
      if (!found) return;
      const hit = found[place];
      const line = hit ? await attempt(() => commands.offer(hit.id, book ?? null)) : blankLine(wanted);
      if (line && (await onAdd({ ...(line as unknown as QuoteLine), id: newId() })))
        setText((now) => (now.trim() === wanted ? "" : now));
    } finally {
      busy.current = false;
    }
  }
  return (
    <div className="add-line">
      <Plus size={16} aria-hidden="true" />
      <div className="palette grow">
        <input
          className="input"
          id="add-line"
          role="combobox"
          aria-expanded={open}
          aria-controls={list}
          aria-activedescendant={open ? `${list}-${at}` : undefined}
          aria-label={t("quote.add")}
          placeholder={empty ? t("quote.addFirst") : t("quote.add")}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (isComposing(event.nativeEvent) || !open) return;
            if (event.key === "ArrowDown") setAt((now) => (now + 1) % count);
            else if (event.key === "ArrowUp") setAt((now) => (now + count - 1) % count);
            else if (event.key === "Enter") void add(at);
            else if (event.key === "Escape") setText("");
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {open && (
          <ul id={list} role="listbox" aria-label={t("nav.products")}>
            {hits.map((hit, n) => (
              <li
                key={hit.id}
                id={`${list}-${n}`}
                role="option"
                aria-selected={n === at}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => void add(n)}
              >
                {hit.title} <span className="sub">{hit.subtitle}</span>
              </li>
            ))}
            <li
              id={`${list}-${hits.length}`}
              role="option"
              aria-selected={at === hits.length}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => void add(hits.length)}
            >
              {t("quote.free", { name: text.trim() })}
            </li>
          </ul>
        )}
      </div>
    </div>
  );
}
