import {
  Columns3,
  History,
  LayoutGrid,
  ListFilter,
  Mail,
  Merge,
  Plus,
  Table2,
  Trash2,
  X,
} from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { lastList, openRecord, useFields, useQuery, useVersion } from "../app/data";
import { lookBack, ui } from "../app/registry";
import { go, type Route, replace } from "../app/router";
import { withUndo } from "../app/undo";
import type { FieldView, Layout, ListRequest, RowView, SavedView } from "../bindings";
import { useStages } from "../deals/StagePicker";
import { type LostBy, losing } from "../deals/stages";
import { MOST } from "../duplicates/choices";
import { canMerge } from "../duplicates/DuplicatesPage";
import { MergeMail } from "../letters/MergeMail";
import { commands } from "../platform/tauri";
import { count, labelOf } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing, keepPlain, useKeys } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Empty } from "../shared/ui";
import { asRequest, columnsFor, conditionsOf, readable, summed, withoutLast } from "./columns";
import { askable } from "./conditions";
import { FilterBuilder } from "./FilterBuilder";
import { Grid, type GridHandle } from "./Grid";
import { BROWSED, type Browsed, browsed, columnsOf, KINDS } from "./kinds";
import { ListOptions } from "./ListOptions";
import { ListSums } from "./ListSums";
import { Peek } from "./Peek";

const splitTags = (text: string) =>
  text
    .split(/[,，、;；]/)
    .map((tag) => tag.trim())
    .filter(Boolean);

const AS_USUAL: Layout = { columns: [], group: "" };

/** Words of a filter that may have been fields of the user's own. */
const goneIn = (filter: string) => (filter.match(/\bx_[a-z0-9_]+/g) ?? []).map((key) => ({ key }));

type ListRoute = Extract<Route, { page: "list" }>;

export function ListPage({ route, onCreate }: { route: ListRoute; onCreate: (kind: Browsed) => void }) {
  const kind = browsed(route.kind);
  const within = route.within?.filter;
  const returning =
    lastList.kind === kind &&
    lastList.request.trash === !!route.trash &&
    lastList.within === within &&
    route.filter === undefined;
  const [input, setInput] = useState(route.filter ?? (returning ? lastList.input : ""));
  const [sort, setSort] = useState(route.sort ?? (returning ? lastList.sort : KINDS[kind].sort));
  const [at, setAt] = useState(returning ? lastList.row : 0);
  const [total, setTotal] = useState<number>();
  const [selected, setSelected] = useState(new Set<string>());
  const [row, setRow] = useState<RowView>();
  const [peek, setPeek] = useState(false);
  const [naming, setNaming] = useState(false);
  const [dialog, setDialog] = useState<"options" | "filter">();
  const [leftOut, setLeftOut] = useState<string[]>([]);
  const fields = useFields(kind);
  const version = useVersion();
  const filter = useRef<HTMLInputElement>(null);
  const handle = useRef<GridHandle>(null);
  const top = useRef(returning ? lastList.top : 0);
  const settings = useQuery(() => commands.settings(), [version]).data;

  // What is in the trash is listed as usual.
  const [arranged, setArranged] = useState<Layout>();
  const layout = route.trash ? AS_USUAL : (arranged ?? settings?.layouts?.[kind] ?? AS_USUAL);
  const by = fields.some((f) => f.key === layout.group) ? layout.group : "";
  const columns = useMemo(
    () => columnsFor(columnsOf(kind, fields), layout.columns, fields),
    [kind, layout.columns, fields],
  );
  // What prices come to says nothing.
  const sums = route.trash || kind === "product" ? "" : summed(columns, fields).join(" ");

  const asked = useMemo(() => askable(fields), [fields]);
  // By what they are called: the list itself is a new one after every change.
  const keys = asked.map((f) => f.key).join(" ");
  const typed = useMemo(
    () =>
      asRequest(
        input,
        keys.split(" ").map((key) => ({ key })),
      ),
    [input, keys],
  );
  const request = useMemo<ListRequest>(
    () => ({
      filter: within && typed.filter ? `(${within}) and (${typed.filter})` : (within ?? typed.filter),
      text: typed.text,
      sort: by ? [by, sort].filter(Boolean).join(",") : sort,
      trash: !!route.trash,
      offset: 0,
      limit: 0,
    }),
    [typed, within, sort, by, route.trash],
  );
  const conditions = typed.filter ? conditionsOf(typed.filter) : [];
  useEffect(() => {
    Object.assign(lastList, { kind, request, sort, row: at, input, within });
  }, [kind, request, sort, at, input, within]);
  const groups = useQuery(
    async () =>
      by || sums ? commands.groups(kind, request, by || null, sums.split(" ").filter(Boolean)) : undefined,
    [kind, request, by, sums, version],
  ).data;
  useEffect(() => handle.current?.focus(), []);

  const changeInput = (text: string) => {
    setInput(text);
    setLeftOut([]);
    setAt(0);
    top.current = 0;
    setSelected(new Set());
  };
  const open = useCallback((r: RowView) => openRecord(r.id, kind), [kind]);
  const toggle = useCallback(
    (id: string) =>
      setSelected((old) => {
        const next = new Set(old);
        if (!next.delete(id)) next.add(id);
        return next;
      }),
    [],
  );
  const onScroll = useCallback((y: number) => {
    top.current = y;
    lastList.top = y;
  }, []);

  const step = (by: number) => {
    handle.current?.focus();
    setAt((n) => Math.max(0, Math.min((total ?? 1) - 1, n + by)));
  };
  const chosen = () => (selected.size > 0 ? [...selected] : row ? [row.id] : []);
  const clear = () => {
    setSelected(new Set());
    handle.current?.focus();
  };
  async function remove() {
    const ids = chosen();
    if (ids.length === 0) return;
    const done = await attempt(() => commands.delete(ids));
    if (done?.operation) withUndo(t("record.trashed", { n: count(done.count) }), done.operation);
    clear();
  }
  async function restore() {
    const ids = chosen();
    if (ids.length === 0) return;
    const done = await attempt(() => commands.restore(ids));
    if (done?.operation) withUndo(t("record.restored", { n: count(done.count) }), done.operation);
    clear();
  }
  const mergeable = !route.trash && canMerge(kind) && selected.size > 1 && selected.size <= MOST;
  const merge = () => mergeable && go({ page: "duplicates", kind, ids: [...selected] });
  const [writing, setWriting] = useState(false);
  const addressed = kind === "person" && !route.trash && selected.size > 0;
  useEffect(() => {
    ui.write = addressed ? () => setWriting(true) : undefined;
    return () => {
      ui.write = undefined;
    };
  }, [addressed]);
  // By name the stage of those that are selected is asked for, or that of the row.
  const [stageAsked, setStageAsked] = useState(0);
  const inStages = kind === "deal" && !route.trash;
  useEffect(() => {
    if (!inStages) return;
    ui.stage = () => {
      setSelected((now) => (now.size > 0 || !row ? now : new Set([row.id])));
      setStageAsked((n) => n + 1);
    };
    return () => {
      ui.stage = undefined;
    };
  }, [inStages, row]);
  useEffect(() => {
    if (selected.size === 0) setStageAsked(0);
  }, [selected]);
  async function selectAll() {
    const all = await attempt(() => commands.ids(kind, request));
    if (all) setSelected(new Set(all));
  }
  async function setMany(key: string, value: string, also: LostBy) {
    const ids = [...selected];
    const tags = splitTags(value);
    const done = await attempt(() =>
      key === "+tags"
        ? commands.tagMany(ids, tags, [])
        : key === "-tags"
          ? commands.tagMany(ids, [], tags)
          : commands.setMany(ids, { [key]: value || null, ...also }),
    );
    if (done) withUndo(t("ops.records", { n: count(done.count) }), done.operation);
  }
  async function saveView(name: string) {
    setNaming(false);
    handle.current?.focus();
    if (!name || !settings) return;
    const views = [
      ...settings.views.filter((v) => v.name !== name),
      { name, kind, filter: within ? request.filter : input, sort, layout },
    ];
    if ((await attempt(() => commands.setSettings({ ...settings, views }))) !== undefined)
      toast(t("list.viewSaved"));
  }

  const saving = useRef<Promise<unknown>>(Promise.resolve());
  /** Shows at once, and is kept for the next time. */
  const setLayout = (next: Layout) => {
    setArranged(next);
    const save = async () => {
      const now = await commands.settings();
      return commands.setSettings({ ...now, layouts: { ...now.layouts, [kind]: next } });
    };
    saving.current = saving.current.then(() => attempt(save));
  };

  /** A view whose field or stage is gone lists without it, and says so. */
  async function openView(view: SavedView) {
    const isFilter = asRequest(view.filter, [...asked, ...goneIn(view.filter)]).filter !== "";
    const filter = isFilter ? view.filter : "";
    const fits = await attempt(() => commands.applying(kind, filter, view.sort));
    const changed = fits && fits.left_out.length > 0;
    changeInput(changed && isFilter ? fits.filter : view.filter);
    setSort(changed ? fits.sort : view.sort);
    setLayout(view.layout ?? AS_USUAL);
    setLeftOut(fits?.left_out ?? []);
  }

  async function deleteView(name: string) {
    if (!settings) return;
    const views = settings.views.filter((v) => v.name !== name);
    if ((await attempt(() => commands.setSettings({ ...settings, views }))) === undefined) return;
    toast(t("list.viewDeleted"), {
      label: t("undo"),
      run: () =>
        void attempt(async () => {
          const now = await commands.settings();
          const gone = settings.views.filter((v) => v.name === name);
          return commands.setSettings({ ...now, views: [...now.views, ...gone] });
        }),
    });
  }

  const isEmpty = total === 0 && input === (route.filter ?? "") && !within;
  const noneMatch = total === 0 && !isEmpty && input !== "";
  useKeys({
    "/": () => filter.current?.focus(),
    Space: () => setPeek((p) => !p),
    // A key that is held down must not empty the list.
    Delete: (event) => !event.repeat && !route.trash && void remove(),
    m: merge,
    f: () => !route.trash && setDialog("filter"),
    v: () => !route.trash && setDialog("options"),
    b: () => !route.trash && lookBack(),
    w: () => addressed && setWriting(true),
    "Ctrl+a": () => void selectAll(),
    "Ctrl+s": () => !route.trash && setNaming(true),
    e: () => row && open(row),
    // With the focus nowhere the list takes these keys, and the focus.
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    j: () => step(1),
    k: () => step(-1),
    ...(route.trash ? { r: () => void restore() } : {}),
    ...(peek
      ? { Escape: () => setPeek(false) }
      : selected.size > 0
        ? { Escape: clear }
        : noneMatch
          ? { Escape: () => changeInput("") }
          : {}),
  });

  const views = settings?.views.filter((v) => v.kind === kind) ?? [];
  // The first records are there: the list takes the focus that the empty page had.
  useEffect(() => {
    const focused = document.activeElement;
    // Whoever has come here by the menu wants the list once there is one.
    if (!isEmpty && (focused === document.body || focused?.closest("nav"))) handle.current?.focus();
  }, [isEmpty]);
  return (
    <>
      <div className="head">
        <h1>{t(route.trash ? "nav.trash" : KINDS[kind].many)}</h1>
        <span className="count" aria-live="polite" id="total">
          {total === undefined ? "" : count(total)}
        </span>
        {route.trash && (
          <span className="row-line">
            {BROWSED.map((of) => (
              <button
                type="button"
                key={of}
                className="button plain"
                aria-pressed={kind === of}
                onClick={() => go({ page: "list", kind: of, trash: true })}
              >
                {t(KINDS[of].many)}
              </button>
            ))}
          </span>
        )}
        <span className="grow" />
        {!route.trash && kind === "deal" && (
          <button type="button" className="button" id="as-board" onClick={() => go({ page: "board" })}>
            <LayoutGrid size={15} /> {t("board.asBoard")}
          </button>
        )}
        {!route.trash && kind === "product" && (
          <button type="button" className="button" id="price-books" onClick={() => go({ page: "prices" })}>
            <Table2 size={15} /> {t("prices.title")}
          </button>
        )}
        {!route.trash && (
          <button type="button" className="button primary" id="new" onClick={() => onCreate(kind)}>
            <Plus size={15} /> {t(KINDS[kind].create)}
          </button>
        )}
      </div>
      <div className="tools">
        <input
          ref={filter}
          id="filter"
          className="input grow"
          type="search"
          aria-label={t("list.filter", { what: t(KINDS[kind].many) })}
          placeholder={t("list.filterHint")}
          value={input}
          onChange={(e) => changeInput(e.target.value)}
          onKeyDown={(e) => {
            if (isComposing(e.nativeEvent)) return;
            if (e.key === "Escape" || e.key === "Enter" || e.key === "ArrowDown") {
              e.preventDefault();
              e.stopPropagation();
              if (e.key === "Escape" && input) changeInput("");
              else handle.current?.focus();
            } else if (
              e.key === "Backspace" &&
              typed.filter &&
              filter.current?.selectionStart === input.length &&
              filter.current.selectionEnd === input.length &&
              /(['"]|\bempty)\s*$/.test(input)
            ) {
              e.preventDefault();
              changeInput(withoutLast(input));
            }
          }}
        />
        {!route.trash && (
          <>
            <button
              type="button"
              className="button"
              id="build"
              title={`${t("list.build")} (F)`}
              onClick={() => setDialog("filter")}
            >
              <ListFilter size={15} /> {t("list.build")}
            </button>
            <button
              type="button"
              className="button"
              id="options"
              title={`${t("list.options")} (V)`}
              aria-pressed={layout.columns.length > 0 || !!by}
              onClick={() => setDialog("options")}
            >
              <Columns3 size={15} /> {t("list.options")}
            </button>
            <button
              type="button"
              className="button"
              id="as-of"
              title={`${t("past.open")} (B)`}
              aria-label={t("past.open")}
              onClick={lookBack}
            >
              <History size={15} />
            </button>
          </>
        )}
        {views.map((v) => (
          <span className="view" key={v.name}>
            <button
              type="button"
              className="button"
              aria-pressed={v.filter === input && v.sort === sort}
              onClick={() => void openView(v)}
            >
              {v.name}
            </button>
            <button
              type="button"
              className="button"
              aria-label={t("list.deleteView", { name: v.name })}
              title={t("list.deleteView", { name: v.name })}
              onClick={() => void deleteView(v.name)}
            >
              <X size={12} />
            </button>
          </span>
        ))}
        {naming && (
          <input
            className="input"
            autoFocus
            aria-label={t("list.viewName")}
            placeholder={t("list.viewName")}
            onBlur={() => setNaming(false)}
            onKeyDown={(e) => {
              if (isComposing(e.nativeEvent)) return;
              keepPlain(e);
              if (e.key === "Enter") void saveView(e.currentTarget.value.trim());
              if (e.key === "Escape") {
                setNaming(false);
                handle.current?.focus();
              }
            }}
          />
        )}
        {selected.size > 0 && (
          <div className="bulk" role="toolbar" aria-label={t("list.selected", { n: selected.size })}>
            <strong>{t("list.selected", { n: count(selected.size) })}</strong>
            {!route.trash && (
              <BulkField
                key={stageAsked}
                fields={fields}
                first={stageAsked > 0 ? "stage" : ""}
                onApply={(key, value, also = {}) => void setMany(key, value, also)}
              />
            )}
            {addressed && (
              <button type="button" className="button" id="write-selected" onClick={() => setWriting(true)}>
                <Mail size={15} /> {t("letter.merge")} <kbd>W</kbd>
              </button>
            )}
            {mergeable && (
              <button type="button" className="button" id="merge-selected" onClick={merge}>
                <Merge size={15} /> {t("merge.merge")} <kbd>M</kbd>
              </button>
            )}
            {route.trash ? (
              <button type="button" className="button" id="restore" onClick={() => void restore()}>
                {t("restore")}
              </button>
            ) : (
              <button type="button" className="button danger" onClick={() => void remove()}>
                <Trash2 size={15} /> {t("delete")}
              </button>
            )}
            <button type="button" className="button plain" aria-label={t("clear")} onClick={clear}>
              <X size={15} />
            </button>
          </div>
        )}
      </div>
      {leftOut.length > 0 && (
        <p className="tools warn small" role="status" id="left-out">
          {t("list.leftOut", { what: leftOut.join(", ") })}
        </p>
      )}
      {(conditions.length > 0 || route.within) && (
        <ul className="tools chips" aria-label={t("list.conditions")}>
          {route.within && (
            <li className="tag" id="within">
              {route.within.label}
              <button
                type="button"
                aria-label={`${t("remove")}: ${route.within.label}`}
                onClick={() => replace({ page: "list", kind, sort: route.sort })}
              >
                <X size={12} />
              </button>
            </li>
          )}
          {conditions.map((condition, n) => (
            <li className="tag" key={condition}>
              {readable(condition, asked)}
              <button
                type="button"
                aria-label={`${t("remove")}: ${readable(condition, asked)}`}
                onClick={() => changeInput(conditions.filter((_, i) => i !== n).join(" and "))}
              >
                <X size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {writing && <MergeMail people={[...selected]} onClose={() => setWriting(false)} />}
      <div className="split">
        {isEmpty && <EmptyList kind={kind} trash={!!route.trash} onCreate={onCreate} />}
        <Grid
          hidden={total === 0}
          kind={kind}
          request={request}
          version={version}
          columns={columns}
          fields={fields}
          sort={sort}
          groups={by ? groups : undefined}
          by={by}
          at={at}
          setAt={setAt}
          selected={selected}
          toggle={toggle}
          onRange={setSelected}
          onOpen={open}
          onTotal={setTotal}
          onSort={(s) => {
            setSort(s);
            setAt(0);
            if (route.filter) replace({ ...route, sort: s });
          }}
          onRow={setRow}
          handle={handle}
          top={top.current}
          onScroll={onScroll}
        />
        {total === 0 && !isEmpty && (
          <div className="empty">
            <h2>{t("list.noMatch")}</h2>
            <p className="soft">{t("list.noMatchHint")}</p>
            {noneMatch && (
              <button
                type="button"
                className="button primary"
                id="show-all"
                onClick={() => {
                  changeInput("");
                  handle.current?.focus();
                }}
              >
                {t("list.showAll")} <kbd>Esc</kbd>
              </button>
            )}
          </div>
        )}
        {peek && total !== 0 && <Peek id={row?.id} onOpen={() => row && open(row)} />}
      </div>
      {groups && total !== 0 && <ListSums groups={groups} fields={fields} />}
      {dialog === "options" && (
        <ListOptions
          fields={fields}
          usual={columnsOf(kind, fields).map((column) => column.key)}
          layout={layout}
          onChange={setLayout}
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === "filter" && (
        <FilterBuilder
          fields={asked}
          filter={typed.filter}
          onApply={(filter) => {
            setDialog(undefined);
            changeInput(filter);
          }}
          onClose={() => setDialog(undefined)}
        />
      )}
    </>
  );
}

function BulkField({
  fields,
  first,
  onApply,
}: {
  fields: FieldView[];
  /** The field that is asked for at once. */
  first: string;
  onApply: (key: string, value: string, also?: LostBy) => void;
}) {
  const [key, setKey] = useState(first);
  const simple = fields.filter(
    (f) =>
      ["text", "choice", "date", "number", "url", "yes_no"].includes(f.type) ||
      (f.links === "stage" && f.key === "stage"),
  );
  const tags = fields.some((f) => f.key === "tags") ? (["+tags", "-tags"] as const) : [];
  return (
    <>
      <select
        className="input"
        id="bulk-field"
        aria-label={t("list.setField")}
        value={key}
        onChange={(e) => setKey(e.target.value)}
      >
        <option value="">{t("list.setField")}</option>
        {tags.map((k) => (
          <option key={k} value={k}>
            {t(k === "+tags" ? "list.addTags" : "list.removeTags")}
          </option>
        ))}
        {simple.map((f) => (
          <option key={f.key} value={f.key}>
            {labelOf(f)}
          </option>
        ))}
      </select>
      {key === "stage" ? (
        <BulkStage onApply={(stage, also) => onApply(key, stage, also)} />
      ) : (
        key && <BulkValue isTags={tags.some((k) => k === key)} onApply={(value) => onApply(key, value)} />
      )}
    </>
  );
}

function BulkValue({ isTags, onApply }: { isTags: boolean; onApply: (value: string) => void }) {
  const [value, setValue] = useState("");
  return (
    <>
      <input
        className="input"
        autoFocus
        aria-label={t("list.bulkValue")}
        placeholder={t("list.bulkValue")}
        value={value}
        onChange={(e) => setValue(e.target.value)}
        // Enter alone never empties a field.
        onKeyDown={(e) => e.key === "Enter" && !isComposing(e.nativeEvent) && value.trim() && onApply(value)}
      />
      <button
        type="button"
        className="button primary"
        disabled={isTags && !value.trim()}
        onClick={() => onApply(value.trim())}
      >
        {t(value.trim() || isTags ? "list.apply" : "list.clearField")}
      </button>
    </>
  );
}

/** The stage that several deals come into; one that ends them as lost asks why beside it. */
function BulkStage({ onApply }: { onApply: (stage: string, also: LostBy) => void }) {
  const stages = useStages();
  const [stage, setStage] = useState("");
  const [reason, setReason] = useState("");
  if (!stages) return null;
  const lost = losing(stages, undefined, stage);
  const apply = () => onApply(stage, lost && reason.trim() ? { lost_reason: reason.trim() } : {});
  const enter = (e: React.KeyboardEvent) => {
    if (e.key !== "Enter" || isComposing(e.nativeEvent) || !stage) return;
    e.preventDefault();
    apply();
  };
  return (
    <>
      <select
        className="input"
        id="bulk-stage"
        autoFocus
        aria-label={t("board.chooseStage")}
        value={stage}
        onChange={(e) => setStage(e.target.value)}
        onKeyDown={enter}
      >
        <option value="">{t("board.chooseStage")}</option>
        {stages.map(({ label, stage }) => (
          <option key={stage.id} value={stage.id}>
            {label}
          </option>
        ))}
      </select>
      {lost && (
        <input
          className="input"
          id="bulk-why-lost"
          aria-label={t("board.whyLostMany")}
          placeholder={t("board.whyLostMany")}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
          onKeyDown={enter}
        />
      )}
      <button type="button" className="button primary" disabled={!stage} onClick={apply}>
        {t("list.apply")}
      </button>
    </>
  );
}

export function EmptyList({
  kind,
  trash,
  onCreate,
}: {
  kind: Browsed;
  trash: boolean;
  onCreate: (kind: Browsed) => void;
}) {
  const [busy, setBusy] = useState(false);
  if (trash)
    return <Empty icon={<Trash2 size={36} />} title={t("empty.trash")} hint={t("empty.trashHint")} />;
  const { icon: Icon, empty, hint, create, imported } = KINDS[kind];
  return (
    <Empty icon={<Icon size={36} />} title={t(empty)} hint={t(hint)}>
      {imported && (
        <button type="button" className="button primary" onClick={() => go({ page: "import" })}>
          {t("empty.import")} <kbd>G I</kbd>
        </button>
      )}
      <button type="button" className={imported ? "button" : "button primary"} onClick={() => onCreate(kind)}>
        {t(create)} <kbd>C</kbd>
      </button>
      {imported && (
        <button
          type="button"
          className="button plain"
          id="sample"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void attempt(commands.seedSample).then(() => setBusy(false));
          }}
        >
          {t("empty.sample")}
        </button>
      )}
    </Empty>
  );
}
