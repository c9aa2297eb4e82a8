import {
  memo,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { withUndo } from "../app/undo";
import type { FieldView, Kind, ListGroup, ListRequest, RowView, Written } from "../bindings";
import { StagePicker } from "../deals/StagePicker";
import type { LostBy } from "../deals/stages";
import { commands, errorOf } from "../platform/tauri";
import { address, ago, count, type Json, money, monthName, shortDay, show } from "../shared/format";
import { language, t } from "../shared/i18n";
import { going, isComposing, keepPlain } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Avatar } from "../shared/ui";
import { cellChange, cellText, columnsThatFit, headOf, linesOf, nextSort } from "./columns";
import { browsed, type ColumnSpec, KINDS } from "./kinds";
import { sumsText } from "./ListSums";

const CHUNK = 60;
/** Rows that a scroll passes at once before it is a fling: then more are drawn, and fetched, of where it goes. */
const FLING = 3;
const AHEAD = 24;
const CHUNKS_AHEAD = 4;
/** Milliseconds without a scroll after which a fling is over. */
const STILL = 150;
/** Chunks that stay in memory on either side of the last one. */
const KEPT = 100;

/** Which way a list is flung: up, not at all, down. */
export type Fling = -1 | 0 | 1;

/** A scroll of many rows at once flings the list; what follows keeps it flung until it rests. */
export function flingOf(rows: number, now: Fling): Fling {
  if (Math.abs(rows) > FLING) return rows > 0 ? 1 : -1;
  return now;
}

/** The chunks that are wanted around what is drawn, the nearest first: one ahead on either side, so that a turn of the
 *  wheel meets rows that are there, and more of them where a list is flung. */
export function chunksAround(first: number, last: number, total: number, fling: Fling): number[] {
  const end = Math.max(0, Math.ceil(total / CHUNK) - 1);
  const [from, to] = [Math.floor(first / CHUNK), Math.min(end, Math.floor(Math.max(0, last - 1) / CHUNK))];
  const wanted = Array.from({ length: Math.max(1, to - from + 1) }, (_, n) => from + n);
  const [up, down] = [fling < 0 ? CHUNKS_AHEAD : 1, fling > 0 ? CHUNKS_AHEAD : 1];
  for (let n = 1; n <= Math.max(up, down); n++) {
    if (n <= down && to + n <= end) wanted.push(to + n);
    if (n <= up && from - n >= 0) wanted.push(from - n);
  }
  return wanted;
}

/** Rows by position, fetched in chunks around what is seen; a change keeps the old rows until the new ones are there. */
export function useRows<Row>(
  key: string,
  version: number,
  ask: (offset: number, limit: number) => Promise<{ total: number; rows: Row[] }>,
) {
  const [total, setTotal] = useState<number>();
  const [error, setError] = useState<string>();
  const [, redraw] = useState(0);
  const chunks = useRef(new Map<number, Row[]>());
  const asked = useRef(new Set<number>());
  const turn = useRef(0);
  const lastKey = useRef(key);

  const load = useCallback(
    (chunk: number) => {
      if (asked.current.has(chunk)) return;
      asked.current.add(chunk);
      const mine = turn.current;
      ask(chunk * CHUNK, CHUNK).then(
        (page) => {
          if (mine !== turn.current) return;
          chunks.current.set(chunk, page.rows);
          for (const kept of chunks.current.keys())
            if (kept * CHUNK >= page.total || Math.abs(kept - chunk) > KEPT) {
              chunks.current.delete(kept);
              asked.current.delete(kept);
            }
          setTotal(page.total);
          setError(undefined);
          redraw((n) => n + 1);
        },
        (thrown) => {
          if (mine !== turn.current) return;
          setTotal(undefined);
          setError(errorOf(thrown).message);
        },
      );
    },
    [ask],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version asks again
  useEffect(() => {
    turn.current++;
    asked.current.clear();
    if (lastKey.current !== key) chunks.current.clear();
    lastKey.current = key;
    load(0);
    redraw((n) => n + 1);
  }, [key, version, load]);

  /** Shows something else of a row until the core has told what it is now. */
  const patch = useCallback((is: (row: Row) => boolean, to: (row: Row) => Row) => {
    for (const [chunk, rows] of chunks.current)
      if (rows.some(is))
        chunks.current.set(
          chunk,
          rows.map((row) => (is(row) ? to(row) : row)),
        );
    redraw((n) => n + 1);
  }, []);

  return {
    total,
    error,
    load,
    patch,
    row: (at: number): Row | undefined => chunks.current.get(Math.floor(at / CHUNK))?.[at % CHUNK],
  };
}

export interface GridHandle {
  focus: () => void;
  rowAt: (at: number) => RowView | undefined;
}

interface Props {
  kind: Kind;
  request: ListRequest;
  version: number;
  columns: ColumnSpec[];
  fields: FieldView[];
  /** What it is sorted by within its groups. */
  sort: string;
  /** The groups that the rows come in, and the field that they are of. */
  groups?: ListGroup[];
  by: string;
  at: number;
  setAt: (at: number) => void;
  selected: Set<string>;
  toggle: (id: string) => void;
  onRange: (ids: Set<string>) => void;
  hidden: boolean;
  onOpen: (row: RowView) => void;
  onTotal: (total: number | undefined) => void;
  onSort: (sort: string) => void;
  onRow: (row: RowView | undefined) => void;
  handle: RefObject<GridHandle | null>;
  top: number;
  onScroll: (top: number) => void;
}

export function Grid(props: Props) {
  const {
    kind,
    request,
    version,
    fields,
    groups,
    at,
    setAt,
    selected,
    toggle,
    onOpen,
    onTotal,
    onSort,
    onRow,
    onRange,
  } = props;
  const ask = useCallback(
    (offset: number, limit: number) => {
      const { filter, text, sort, trash } = request;
      return commands.list(kind, { filter, text, sort, trash, offset, limit });
    },
    [kind, request],
  );
  const rows = useRows<RowView>(JSON.stringify([kind, request]), version, ask);
  const body = useRef<HTMLDivElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const [{ top, fling }, setScroll] = useState<{ top: number; fling: Fling }>({ top: props.top, fling: 0 });
  const [height, setHeight] = useState(600);
  const [width, setWidth] = useState(1200);
  const columns = useMemo(() => columnsThatFit(props.columns, width), [props.columns, width]);
  const [column, setColumn] = useState(0);
  /** The record whose cell is edited, wherever the list moves it. */
  const [editing, setEditing] = useState<string>();
  /** The key that began to replace the cell's text. */
  const [typed, setTyped] = useState<string>();
  const edit = (id: string | undefined, first?: string) => {
    setTyped(first);
    setEditing(id);
  };
  const anchor = useRef<{ at: number; base: Set<string> }>(undefined);
  // A range begins anew once there is no selection, or another list.
  useEffect(() => {
    if (selected.size === 0) anchor.current = undefined;
  }, [selected]);
  const total = rows.total ?? 0;
  const lines = useMemo(
    () =>
      linesOf(
        groups?.map((group) => group.count),
        total,
      ),
    [groups, total],
  );
  const rowHeight = useRowHeight();

  useEffect(() => {
    onTotal(rows.total);
  }, [rows.total, onTotal]);
  const currentRow = rows.row(at);
  useEffect(() => onRow(total > 0 ? currentRow : undefined), [currentRow, total, onRow]);
  useEffect(() => {
    if (total > 0 && at >= total) setAt(total - 1);
  }, [total, at, setAt]);
  // Another question: its answer begins at the top.
  const question = JSON.stringify(request);
  const asked = useRef(question);
  useLayoutEffect(() => {
    if (asked.current === question) return;
    asked.current = question;
    anchor.current = undefined;
    setEditing(undefined);
    setScroll({ top: 0, fling: 0 });
    if (body.current) body.current.scrollTop = 0;
  }, [question]);

  useLayoutEffect(() => {
    const element = body.current;
    if (!element) return;
    const measure = () => {
      setHeight(element.clientHeight);
      setWidth(element.clientWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only once the list has its height again
  useLayoutEffect(() => {
    if (body.current && rows.total !== undefined && props.top > 0) body.current.scrollTop = props.top;
  }, [rows.total === undefined]);

  const still = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(still.current), []);
  const scrolled = (to: number) => {
    const rows = (to - top) / rowHeight;
    clearTimeout(still.current);
    if (Math.abs(rows) > FLING || fling !== 0)
      still.current = setTimeout(() => setScroll((now) => ({ ...now, fling: 0 })), STILL);
    // Within the frame that shows it: a frame later the rows would be empty.
    flushSync(() => setScroll({ top: to, fling: flingOf(rows, fling) }));
    props.onScroll(to);
  };

  const firstLine = Math.max(0, Math.floor(top / rowHeight) - 4 - (fling < 0 ? AHEAD : 0));
  const lastLine = Math.min(lines.count, Math.ceil((top + height) / rowHeight) + 8 + (fling > 0 ? AHEAD : 0));
  const visible: number[] = [];
  const heads: { line: number; group: ListGroup }[] = [];
  for (let line = firstLine; line < lastLine; line++) {
    const there = lines.at(line);
    const group = "group" in there ? groups?.[there.group] : undefined;
    if ("row" in there) visible.push(there.row);
    else if (group) heads.push({ line, group });
  }
  const first = visible[0] ?? 0;
  const last = (visible[visible.length - 1] ?? -1) + 1;
  useEffect(() => {
    for (const chunk of chunksAround(first, last, total, fling)) rows.load(chunk);
  });

  const reveal = useCallback(
    (row: number) => {
      const element = body.current;
      if (!element) return;
      // The head of its group comes into sight with a first row.
      const line = lines.lineOf(row);
      const above = line > 0 && "group" in lines.at(line - 1) ? rowHeight : 0;
      const y = line * rowHeight;
      if (y - above < element.scrollTop) element.scrollTop = y - above;
      else if (y + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = y + rowHeight - element.clientHeight;
    },
    [rowHeight, lines],
  );
  useEffect(() => reveal(at), [at, reveal]);

  useEffect(() => {
    props.handle.current = { focus: () => root.current?.focus(), rowAt: rows.row };
  });

  const move = (to: number, extend: boolean) => {
    const next = Math.max(0, Math.min(total - 1, to));
    if (extend) void range(next);
    else anchor.current = undefined;
    setAt(next);
  };
  /** Selects from where Shift was pressed first; what was selected before stays. */
  const range = async (to: number) => {
    anchor.current ??= { at, base: selected };
    const { at: from, base } = anchor.current;
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const loaded = Array.from({ length: high - low + 1 }, (_, n) => rows.row(low + n));
    const ids = loaded.every((row) => row)
      ? loaded.map((row) => row?.id ?? "")
      : (await attempt(() => commands.ids(kind, request)))?.slice(low, high + 1);
    if (ids) onRange(new Set([...base, ...ids]));
  };
  const page = Math.max(1, Math.floor(height / rowHeight) - 1);

  const keys = (event: React.KeyboardEvent) => {
    const row = rows.row(at);
    if (row && event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isComposing(event.nativeEvent)) {
      event.preventDefault();
      event.stopPropagation();
      void attempt(() => commands.openWindow(row.id, kind));
      return;
    }
    const inEditor =
      event.target instanceof HTMLSelectElement ||
      (event.target instanceof HTMLInputElement && event.target.type !== "checkbox");
    if (inEditor || event.ctrlKey || event.metaKey || event.altKey) return;
    // The letter behind G says where to.
    if (event.key.length === 1 && going.now()) return;
    // In the first column letters are commands; in a cell to its right they replace what it holds.
    const inCell = column > 0 && columns[column]?.editable;
    if (isComposing(event.nativeEvent)) {
      // The input method goes on in the cell's own input.
      if (row && inCell) flushSync(() => edit(row.id, ""));
      return;
    }
    if (row && inCell && event.key.length === 1 && !" /?".includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      edit(row.id, event.key);
      return;
    }
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: total - 1,
    };
    const to = steps[event.key] ?? steps[event.key.toLowerCase()];
    if (to !== undefined) move(to, event.shiftKey);
    else if (event.key === "ArrowRight") setColumn((c) => Math.min(columns.length - 1, c + 1));
    else if (event.key === "ArrowLeft") setColumn((c) => Math.max(0, c - 1));
    else if (event.key === "Escape" && column > 0) setColumn(0);
    else if (event.key === "Enter" && row && inCell) edit(row.id);
    else if (event.key === "Enter" && row) onOpen(row);
    else if (event.key === "F2" && row && columns[column]?.editable) edit(row.id);
    else if (event.key === "F2" && row) onOpen(row);
    else if (event.key.toLowerCase() === "x" && row) {
      anchor.current = undefined;
      toggle(row.id);
    } else if (event.key.toLowerCase() === "s" && columns[column])
      onSort(nextSort(props.sort, columns[column].key));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** The cell is done with; the next one of its row, or the list, takes the keys. */
  const finish = (step: number, early?: string) => {
    const next = column + step;
    const goesOn = step !== 0 && columns[next]?.editable;
    setColumn(Math.max(0, Math.min(columns.length - 1, next)));
    edit(goesOn ? editing : undefined, early);
    if (!goesOn) root.current?.focus();
  };

  /** What is typed into a cell: onto the record as it is now where another address may have come since it was drawn. */
  const saveCell = async (row: RowView, key: string, to: string) => {
    const view = fields.find((f) => f.key === key);
    const inList = key === "city" || view?.type === "emails" || view?.type === "phones";
    const now = inList ? (await commands.get(row.id)).fields : row.fields;
    const change = cellChange(now as Json, key, to);
    const written = await commands.setFields(row.id, change);
    // At once: the list itself is asked again, which takes longer.
    if (inList || view?.type === "text" || view?.type === "url")
      rows.patch(
        (other) => other.id === row.id,
        (other) => painted(other, key, change),
      );
    return written;
  };
  const editorOf = (row: RowView) => {
    const key = columns[column]?.key ?? "";
    const label = headOf(key, fields);
    return key === "stage" ? (
      <StageCell row={row} label={label} typed={typed} onDone={finish} />
    ) : (
      <CellEditor
        key={key}
        text={cellText(row.fields as Json, key)}
        label={label}
        said={t("record.changed", { title: row.title || label })}
        save={(to) => saveCell(row, key, to)}
        typed={typed}
        onDone={finish}
      />
    );
  };
  const handlers = useRef<RowHandlers>(undefined);
  handlers.current = {
    click: (n, extend) => {
      if (editing !== undefined && n === at) return;
      move(n, extend);
      root.current?.focus();
    },
    open: onOpen,
    toggle,
  };
  const spoken = language();
  const shownColumns = useMemo(
    () =>
      columns.map((c) => {
        const view = fields.find((f) => f.key === c.key);
        return { key: c.key, view, right: view?.type === "number" || view?.type === "money" };
      }),
    [columns, fields],
  );

  const template = `22px ${columns.map((c) => c.width).join(" ")}`;
  // What is edited stays drawn when it is scrolled out of sight.
  if (editing !== undefined && at < total && (at < first || at >= last)) visible.push(at);
  // A saved value can sort the row away while its next cell is open: the list takes the keys back.
  const editedIsDrawn = editing === undefined || visible.some((n) => rows.row(n)?.id === editing);
  useEffect(() => {
    if (editedIsDrawn) return;
    setEditing(undefined);
    root.current?.focus();
  }, [editedIsDrawn]);
  /** Numbers stand under each other. */
  const right = (key: string) => {
    const type = fields.find((f) => f.key === key)?.type;
    return type === "number" || type === "money";
  };
  const slots = Math.max(1, Math.ceil(height / rowHeight) + 16 + (fling === 0 ? 0 : AHEAD));

  return (
    <div
      ref={root}
      className="grid"
      hidden={props.hidden && !rows.error}
      role="grid"
      id="grid"
      tabIndex={0}
      aria-label={t(KINDS[browsed(kind)].many)}
      aria-rowcount={total + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={visible.includes(at) ? `cell-${at}-${column}` : undefined}
      onKeyDown={keys}
    >
      {rows.error && (
        <div role="row">
          <div role="gridcell" className="notice bad">
            <p role="alert">{rows.error}</p>
          </div>
        </div>
      )}
      <div role="rowgroup">
        <Line className="grid-head" template={template} role="row" rowIndex={1}>
          <span role="columnheader">
            <span className="sr">{t("select")}</span>
          </span>
          {columns.map((c) => {
            const down = props.sort === `-${c.key}`;
            const up = props.sort === c.key;
            return (
              <span
                key={c.key}
                role="columnheader"
                aria-sort={up ? "ascending" : down ? "descending" : "none"}
                className={right(c.key) ? "right" : ""}
              >
                <button
                  type="button"
                  tabIndex={-1}
                  data-sort={c.key}
                  onClick={() => onSort(nextSort(props.sort, c.key))}
                >
                  {headOf(c.key, fields)} {up ? "↑" : down ? "↓" : ""}
                </button>
              </span>
            );
          })}
        </Line>
      </div>
      <div
        className="grid-body"
        ref={body}
        role="rowgroup"
        tabIndex={-1}
        onScroll={(e) => {
          scrolled(e.currentTarget.scrollTop);
        }}
      >
        <Spacer height={lines.count * rowHeight} />
        {heads.map(({ line, group }) => (
          <Line
            key={`head-${line}`}
            className="grid-row group-head"
            template="1fr auto"
            role="row"
            y={line * rowHeight}
          >
            <span role="gridcell" aria-colindex={1} aria-colspan={columns.length + 1}>
              {group.within && <span className="soft">{group.within} · </span>}
              <strong>{(group.of && groupTitle(group.of, props.by, fields)) || t("list.nothing")}</strong>{" "}
              <span className="soft">{count(group.count)}</span>
            </span>
            <span role="gridcell" aria-colindex={columns.length + 1} className="soft amount">
              {sumsText(group.sums, fields)}
            </span>
          </Line>
        ))}
        {visible.map((n) => {
          const row = rows.row(n);
          const isEdited = row !== undefined && row.id === editing;
          return (
            <GridRow
              key={n === at && editing !== undefined ? "edited" : n % slots}
              n={n}
              row={row}
              y={lines.lineOf(n) * rowHeight}
              template={template}
              columns={shownColumns}
              active={n === at ? column : undefined}
              selected={row !== undefined && selected.has(row.id)}
              editor={isEdited ? editorOf(row) : undefined}
              spoken={spoken}
              handlers={handlers}
            />
          );
        })}
      </div>
    </div>
  );
}

/** A row as it will be once the list is asked again. */
function painted(row: RowView, key: string, change: Record<string, Json>): RowView {
  const fields = { ...(row.fields as Json), ...change };
  const title = key === "name" && typeof change.name === "string" ? change.name : row.title;
  return { ...row, fields, title };
}

interface RowHandlers {
  click: (n: number, extend: boolean) => void;
  open: (row: RowView) => void;
  toggle: (id: string) => void;
}

interface RowProps {
  n: number;
  row: RowView | undefined;
  y: number;
  template: string;
  columns: { key: string; view: FieldView | undefined; right: boolean }[];
  /** The column of the cursor, in its row. */
  active: number | undefined;
  selected: boolean;
  /** What stands in the cell of the cursor while it is edited. */
  editor: React.ReactNode;
  /** The language: cells say days and names in it. */
  spoken: string;
  handlers: RefObject<RowHandlers | undefined>;
}

/** One row. It is drawn again only when something of it is another: a scroll draws those that come into sight. */
const GridRow = memo(function GridRow({
  n,
  row,
  y,
  template,
  columns,
  active,
  selected,
  editor,
  handlers,
}: RowProps) {
  const open = () => row && handlers.current?.open(row);
  return (
    <Line
      className={active === undefined ? "grid-row" : "grid-row current"}
      template={template}
      role="row"
      id={`row-${n}`}
      rowIndex={n + 2}
      y={y}
      selected={selected}
      onClick={(event) => handlers.current?.click(n, event.shiftKey)}
      onDoubleClick={open}
    >
      <span role="gridcell" aria-colindex={1}>
        {row && (
          <input
            className="check"
            type="checkbox"
            tabIndex={-1}
            aria-label={row.title || t("select")}
            checked={selected}
            onChange={() => handlers.current?.toggle(row.id)}
          />
        )}
      </span>
      {columns.map(({ key, view, right }, i) => (
        <span
          key={key}
          role="gridcell"
          id={`cell-${n}-${i}`}
          aria-colindex={i + 2}
          className={`cell ${key === "name" ? "name" : ""} ${right ? "right" : ""} ${key === "updated_at" ? "soft" : ""} ${i === active ? "active" : ""}`}
          data-key={key}
        >
          {row && i === active && editor ? (
            editor
          ) : row ? (
            <Cell row={row} field={key} view={view} onOpen={open} />
          ) : (
            i === 0 && <i className="skeleton" />
          )}
        </span>
      ))}
    </Line>
  );
});

/** What all of a group have in its field: of a day the month. */
function groupTitle(row: RowView, by: string, fields: FieldView[]): string {
  const field = fields.find((f) => f.key === by);
  const value = (row.fields as Json)[by];
  if (value === undefined || value === null) return "";
  return field?.type === "date" ? monthName(String(value).slice(0, 7)) : show(field, value, row.titles[by]);
}

interface CellProps {
  row: RowView;
  field: string;
  view: FieldView | undefined;
  onOpen: () => void;
}

function Cell({ row, field, view, onOpen }: CellProps) {
  const value = (row.fields as Json)[field];
  if (field === "name")
    return (
      <>
        {(row.kind === "person" || row.kind === "company") && <Avatar id={row.id} title={row.title} />}
        <span
          onClick={(e) => {
            if (e.detail === 1 && e.ctrlKey) onOpen();
          }}
        >
          {/* The number of a quote has a column of its own. */}
          {(row.kind === "quote" && (row.fields as Json).name) || row.title || "—"}
        </span>
      </>
    );
  const title = row.titles[field];
  if (title) return title;
  if (field === "next_step")
    return (row.fields as Json).closed_at ? "" : <span className="soft">{t("board.noNext")}</span>;
  if (field === "emails" || field === "phones") return value?.[0]?.value;
  if (field === "city")
    return (row.fields as Json).addresses?.[0]?.city ?? address((row.fields as Json).addresses?.[0] ?? {});
  if (field === "updated_at") return ago(row.updated_at);
  if (value === undefined || value === null) return "";
  if (view?.type === "date") return shortDay(value);
  if (view?.type === "date_time") return ago(value);
  if (view?.type === "money") return money(value);
  return show(view, value);
}

/** The stage of a deal, chosen in its cell. */
function StageCell({
  row,
  label,
  typed,
  onDone,
}: {
  row: RowView;
  label: string;
  typed?: string;
  onDone: (step: number) => void;
}) {
  const save = async (stage: string, also: LostBy) => {
    const written = await attempt(() => commands.setFields(row.id, { stage, ...also }));
    if (written) withUndo(t("record.changed", { title: row.title || label }), written.operation);
    onDone(0);
  };
  return (
    <StagePicker
      field="stage"
      label={label}
      name={row.title}
      value={(row.fields as Json).stage}
      typed={typed}
      onSave={(stage, also) => void save(stage, also)}
      onCancel={() => onDone(0)}
    />
  );
}

interface CellEditorProps {
  /** What the cell holds. */
  text: string;
  label: string;
  /** What is said once it is saved. */
  said: string;
  save: (to: string) => Promise<Written>;
  typed?: string;
  /** `typed`: what was typed while the cell was being saved; it belongs to the next. */
  onDone: (step: number, typed?: string) => void;
}

export function CellEditor({ text: before, label, said, save, typed, onDone }: CellEditorProps) {
  // What it began with: the row may be another one by the time that it is left.
  const [start] = useState(() => {
    // Nothing typed yet: an input method has opened it, and may take its key back.
    return { text: typed ?? before, untouched: typed ? before : (typed ?? before) };
  });
  const [text, setText] = useState(start.text);
  const [error, setError] = useState(false);
  const left = useRef(false);
  const saving = useRef(false);
  const early = useRef("");
  const latest = useRef(text);
  latest.current = text;
  const done = (step: number) => {
    left.current = true;
    // At once: a key that comes next must find the next cell's input.
    flushSync(() => onDone(step, early.current || undefined));
  };
  // Its row is moved out of what is drawn while somebody types: what was typed is kept.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it goes
  useEffect(
    () => () => {
      if (!left.current && latest.current !== start.untouched) void attempt(() => save(latest.current));
    },
    [],
  );
  const commit = async (step: number) => {
    if (text === start.untouched) return done(step);
    if (saving.current) return;
    saving.current = true;
    const written = await attempt(() => save(text));
    saving.current = false;
    setError(!written);
    if (!written) {
      setText((t) => t + early.current);
      early.current = "";
      return;
    }
    withUndo(said, written.operation);
    done(step);
  };
  return (
    <input
      className="input"
      autoFocus
      aria-label={label}
      aria-invalid={error}
      value={text}
      onChange={(e) => setText(e.target.value)}
      onBlur={() => !left.current && void commit(0)}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        keepPlain(e);
        if (saving.current && e.key.length === 1 && !e.ctrlKey && !e.metaKey) {
          e.preventDefault();
          early.current += e.key;
        } else if (e.key === "Escape") done(0);
        else if (e.key === "Enter" || e.key === "Tab") {
          e.preventDefault();
          void commit(e.key === "Tab" ? (e.shiftKey ? -1 : 1) : 0);
        }
      }}
    />
  );
}

interface LineProps {
  className: string;
  template: string;
  role: "row";
  id?: string;
  rowIndex?: number;
  y?: number;
  selected?: boolean;
  onClick?: (event: React.MouseEvent) => void;
  onDoubleClick?: () => void;
  children: React.ReactNode;
}

/** A row whose geometry is set through the object model: the page's policy allows no inline style. */
export function Line({ template, y, rowIndex, selected, children, ...rest }: LineProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    ref.current?.style.setProperty("grid-template-columns", template);
    if (y !== undefined) ref.current?.style.setProperty("transform", `translateY(${y}px)`);
  }, [template, y]);
  return (
    <div ref={ref} tabIndex={-1} aria-rowindex={rowIndex} aria-selected={selected} {...rest}>
      {children}
    </div>
  );
}

export function Spacer({ height }: { height: number }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.style.setProperty("height", `${height}px`), [height]);
  return <div ref={ref} role="presentation" />;
}

export function useRowHeight(): number {
  const read = () =>
    Number.parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10) || 36;
  const [value, setValue] = useState(read);
  useEffect(() => {
    const observer = new MutationObserver(() => setValue(read()));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-density"] });
    return () => observer.disconnect();
  });
  return value;
}
