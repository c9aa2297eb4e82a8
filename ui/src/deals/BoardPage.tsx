import { AlertTriangle, CalendarX, Plus, Rows3 } from "lucide-react";
import { type PointerEvent as Pointing, useEffect, useRef, useState } from "react";
import { openRecord, useQuery, useVersion } from "../app/data";
import { go } from "../app/router";
import { withUndo } from "../app/undo";
import type { BoardColumn, CardView, RowView, StageView } from "../bindings";
import { commands } from "../platform/tauri";
import type { Browsed } from "../records/kinds";
import { ago, cash, count, type Json, shortDay, today } from "../shared/format";
import { language, t } from "../shared/i18n";
import { isComposing, keepPlain, useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { WhyLost } from "./WhyLost";

/** Where a card is put: before another of a column, or at its end. */
interface Spot {
  stage: string;
  /** The card that it comes before; none: the end. */
  before: string | null;
}

/** The deals of a pipeline by their stages; a card is moved by mouse, finger or key. */
export function BoardPage({ onCreate }: { onCreate: (kind: Browsed) => void }) {
  const version = useVersion();
  const pipelines = useQuery(() => commands.pipelines(language() === "zh"), [version]).data;
  const [chosen, setChosen] = useState<string>();
  const pipeline = pipelines?.find((p) => p.id === chosen) ?? pipelines?.[0];
  const asked = useQuery(
    async () => (pipeline ? commands.board(pipeline.id) : undefined),
    [pipeline?.id, version],
  ).data;
  // While the core writes, the card stands where it was put.
  const [columns, setColumns] = useState<BoardColumn[]>();
  useEffect(() => setColumns(asked?.columns), [asked]);
  const [focus, setFocus] = useState<string>();
  const [lifted, setLifted] = useState<{ id: string; spot: Spot }>();
  const [losing, setLosing] = useState<{ id: string; spot: Spot }>();
  const [said, setSaid] = useState("");
  const board = useRef<HTMLDivElement>(null);

  const shown = columns ?? [];
  const live = pipelines?.filter((p) => !p.gone) ?? [];
  const columnOf = (id: string) => shown.find((c) => c.cards.some((card) => card.deal.id === id));
  const cardOf = (id: string) => columnOf(id)?.cards.find((card) => card.deal.id === id);
  const titleOf = (id: string) => cardOf(id)?.deal.title ?? "";
  const stageOf = (id: string) => shown.find((c) => c.stage.id === id)?.stage;

  async function put(id: string, spot: Spot, reason: string | null = null) {
    const from = columnOf(id);
    const to = shown.find((c) => c.stage.id === spot.stage);
    const card = cardOf(id);
    if (!from || !to || !card || spot.before === id) return;
    if (to.stage.outcome === "lost" && from !== to && reason === null) return setLosing({ id, spot });
    const rest = to.cards.filter((c) => c.deal.id !== id);
    const at = spot.before ? rest.findIndex((c) => c.deal.id === spot.before) : rest.length;
    const above = rest[at - 1]?.deal.id ?? null;
    const moved = [...rest.slice(0, at), card, ...rest.slice(at)];
    setColumns(
      shown.map((c) => {
        if (c === to) return { ...c, cards: moved, count: from === to ? c.count : c.count + 1 };
        return c === from ? { ...c, cards: c.cards.filter((x) => x !== card), count: c.count - 1 } : c;
      }),
    );
    setFocus(id);
    setSaid(t("board.moved", { name: card.deal.title, stage: to.stage.name }));
    const done = await attempt(() => commands.moveDeal(id, spot.stage, above, spot.before, reason || null));
    if (!done) return setColumns(asked?.columns);
    if (from !== to)
      withUndo(t("board.moved", { name: card.deal.title, stage: to.stage.name }), done.operation);
  }

  /** The spot beside a card's own: up and down in its column, left and right to the others. */
  function beside(id: string, spot: Spot, key: string): Spot | undefined {
    const at = shown.findIndex((c) => c.stage.id === spot.stage);
    const rest = shown[at]?.cards.filter((c) => c.deal.id !== id) ?? [];
    const place = spot.before ? rest.findIndex((c) => c.deal.id === spot.before) : rest.length;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const next = shown[at + (key === "ArrowLeft" ? -1 : 1)];
      if (!next) return;
      const others = next.cards.filter((c) => c.deal.id !== id);
      return { stage: next.stage.id, before: others[place]?.deal.id ?? null };
    }
    const to = place + (key === "ArrowUp" ? -1 : 1);
    return to < 0 || to > rest.length ? undefined : { stage: spot.stage, before: rest[to]?.deal.id ?? null };
  }
  const ownSpot = (id: string): Spot | undefined => {
    const column = columnOf(id);
    if (!column) return;
    const at = column.cards.findIndex((c) => c.deal.id === id);
    return { stage: column.stage.id, before: column.cards[at + 1]?.deal.id ?? null };
  };

  function walk(key: string) {
    const at = shown.findIndex((c) => c.cards.some((card) => card.deal.id === focus));
    const place = shown[at]?.cards.findIndex((card) => card.deal.id === focus) ?? 0;
    if (at < 0) return setFocus(shown.find((c) => c.cards.length > 0)?.cards[0]?.deal.id);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const next = shown[at]?.cards[place + (key === "ArrowUp" ? -1 : 1)];
      return next && setFocus(next.deal.id);
    }
    const step = key === "ArrowLeft" ? -1 : 1;
    for (let n = at + step; n >= 0 && n < shown.length; n += step) {
      const cards = shown[n]?.cards ?? [];
      const next = cards[Math.min(place, cards.length - 1)];
      if (next) return setFocus(next.deal.id);
    }
  }
  const arrow = (key: string) => () => {
    if (!lifted) return walk(key);
    const spot = beside(lifted.id, lifted.spot, key);
    if (!spot) return;
    setLifted({ ...lifted, spot });
    setSaid(t("board.over", { name: titleOf(lifted.id), stage: stageOf(spot.stage)?.name ?? "" }));
  };
  const push = (step: number) => () => {
    const at = shown.findIndex((c) => c.cards.some((card) => card.deal.id === focus));
    const next = shown[at + step];
    if (focus && at >= 0 && next) void put(focus, { stage: next.stage.id, before: null });
  };
  useKeys({
    ArrowUp: arrow("ArrowUp"),
    ArrowDown: arrow("ArrowDown"),
    ArrowLeft: arrow("ArrowLeft"),
    ArrowRight: arrow("ArrowRight"),
    k: arrow("ArrowUp"),
    j: arrow("ArrowDown"),
    "Shift+ArrowRight": push(1),
    "Shift+ArrowLeft": push(-1),
    Space: () => {
      if (lifted) {
        setLifted(undefined);
        return void put(lifted.id, lifted.spot);
      }
      const spot = focus && ownSpot(focus);
      if (!focus || !spot) return;
      setLifted({ id: focus, spot });
      setSaid(t("board.lifted", { name: titleOf(focus) }));
    },
    Enter: () => focus && !lifted && openRecord(focus, "deal"),
    ...(lifted
      ? {
          Escape: () => {
            setLifted(undefined);
            setSaid(t("board.back", { name: titleOf(lifted.id) }));
          },
        }
      : {}),
  });
  useEffect(() => {
    if (focus && !losing) board.current?.querySelector<HTMLElement>(`[data-card="${focus}"]`)?.focus();
  }, [focus, losing]);

  const drag = useDrag(board, (id, spot) => void put(id, spot), setFocus);

  if (!columns) return null;
  const spot = drag.over ?? lifted?.spot;
  const moving = drag.id ?? lifted?.id;
  const isEmpty = columns.every((c) => c.count === 0);
  return (
    <>
      <div className="head">
        <h1>{t("nav.deals")}</h1>
        <span className="count">{count(columns.reduce((n, c) => n + c.count, 0))}</span>
        {(pipelines?.length ?? 0) > 1 && (
          <select
            className="input short"
            aria-label={t("board.pipeline")}
            value={pipeline?.id}
            onChange={(e) => setChosen(e.target.value)}
          >
            {pipelines?.map((p) => (
              <option key={p.id} value={p.id}>
                {p.gone ? `${p.name} (${t("board.goneShort")})` : p.name}
              </option>
            ))}
          </select>
        )}
        <span className="grow" />
        <button
          type="button"
          className="button"
          id="as-list"
          onClick={() => go({ page: "list", kind: "deal" })}
        >
          <Rows3 size={15} /> {t("board.asList")}
        </button>
        <button type="button" className="button primary" id="new" onClick={() => onCreate("deal")}>
          <Plus size={15} /> {t("new.deal")} {isEmpty && <kbd>C</kbd>}
        </button>
      </div>
      <p className="sr" role="status" aria-live="assertive">
        {said}
      </p>
      {isEmpty && <p className="tools soft">{t("empty.dealHint")}</p>}
      <div className="board" ref={board} id="board">
        {columns.map((column) => (
          <section
            key={column.stage.id}
            className={spot?.stage === column.stage.id ? "column over" : "column"}
            data-stage={column.stage.id}
            aria-label={t("board.column", { stage: column.stage.name, n: count(column.count) })}
          >
            <header>
              <strong className="cell">{column.stage.name}</strong>
              <span className="soft small">{count(column.count)}</span>
              {column.stage.gone && (
                <span className="warn small">
                  <AlertTriangle size={12} /> {t("board.gone")}
                </span>
              )}
              <Sums column={column} />
              {column.stage.gone && (
                <Elsewhere stage={column.stage.id} stages={live.flatMap((p) => p.stages)} />
              )}
            </header>
            <div className="cards">
              {losing?.spot.stage === column.stage.id && (
                <div className="tile">
                  <WhyLost
                    name={titleOf(losing.id)}
                    onDone={(reason) => {
                      setLosing(undefined);
                      if (reason !== undefined) void put(losing.id, losing.spot, reason);
                    }}
                  />
                </div>
              )}
              {column.cards.map((card) => (
                <Card
                  key={card.deal.id}
                  card={card}
                  current={focus === card.deal.id}
                  moving={moving === card.deal.id}
                  before={spot?.before === card.deal.id && spot.stage === column.stage.id}
                  onFocus={() => setFocus(card.deal.id)}
                  onPointerDown={(e) => drag.begin(e, card.deal.id)}
                />
              ))}
              {spot?.stage === column.stage.id && spot.before === null && <div className="spot" />}
              {column.cards.length < column.count && (
                <button
                  type="button"
                  className="button plain"
                  onClick={() =>
                    void attempt(() => commands.moreCards(column.stage.id, column.cards.length)).then(
                      (more) =>
                        more &&
                        setColumns((all) =>
                          all?.map((c) =>
                            c.stage.id === column.stage.id ? { ...c, cards: [...c.cards, ...more] } : c,
                          ),
                        ),
                    )
                  }
                >
                  {t("board.more", { n: count(column.count - column.cards.length) })}
                </button>
              )}
            </div>
          </section>
        ))}
      </div>
    </>
  );
}

/** Where all deals of a stage go that was taken away. */
function Elsewhere({ stage, stages }: { stage: string; stages: StageView[] }) {
  const [to, setTo] = useState("");
  async function move() {
    const target = stages.find((s) => s.id === to);
    const done = target && (await attempt(() => commands.emptyStage(stage, target.id)));
    if (done) withUndo(t("board.allMoved", { n: count(done.count), stage: target.name }), done.operation);
  }
  return (
    <span className="row-line wrap elsewhere">
      <select
        className="input small"
        aria-label={t("board.elsewhere")}
        value={to}
        onChange={(e) => setTo(e.target.value)}
        onKeyDown={(e) => keepPlain(e)}
      >
        <option value="">{t("board.elsewhere")}</option>
        {stages.map((s) => (
          <option key={s.id} value={s.id}>
            {s.name}
          </option>
        ))}
      </select>
      <button type="button" className="button" disabled={!to} onClick={() => void move()}>
        {t("board.moveAll")}
      </button>
    </span>
  );
}

/** What a column is worth, and what of it may be expected. */
function Sums({ column }: { column: BoardColumn }) {
  if (column.sums.length === 0) return null;
  const weighted = column.stage.outcome === "open";
  return (
    <span className="sums small">
      {column.sums.map(({ minor, weighted: part, currency }) => (
        <span key={currency}>
          {cash({ minor: minor ?? 0, currency })}
          {weighted && (
            <span className="soft" title={t("board.weighted")}>
              {" "}
              · {cash({ minor: part ?? 0, currency })}
            </span>
          )}
        </span>
      ))}
    </span>
  );
}

function whoOf(deal: RowView): string {
  return [deal.titles.company, deal.titles.person].filter(Boolean).join(" · ");
}

function Card({
  card,
  current,
  moving,
  before,
  onFocus,
  onPointerDown,
}: {
  card: CardView;
  current: boolean;
  moving: boolean;
  /** Something is about to be put before it. */
  before: boolean;
  onFocus: () => void;
  onPointerDown: (event: Pointing) => void;
}) {
  const { deal } = card;
  const fields = deal.fields as Json;
  const late = fields.close_date && !fields.closed_at && fields.close_date < today();
  const quiet = card.quiet && t("board.quiet", { n: card.days });
  const last = card.last_activity;
  const why = last
    ? t("board.quietWhy", { what: last.title || t("record.empty"), ago: ago(last.at), days: card.days })
    : t("board.quietNever", { days: card.days });
  return (
    <>
      {before && <div className="spot" />}
      <article
        className={`tile ${moving ? "moving" : ""}`}
        data-card={deal.id}
        tabIndex={current ? 0 : -1}
        aria-label={[deal.title, whoOf(deal), fields.value && cash(fields.value), quiet && why]
          .filter(Boolean)
          .join(", ")}
        onFocus={onFocus}
        onPointerDown={onPointerDown}
        onDoubleClick={() => openRecord(deal.id, "deal")}
      >
        <strong>{deal.title || "—"}</strong>
        {whoOf(deal) && <span className="soft small cell">{whoOf(deal)}</span>}
        <span className="row-line small">
          <span className="grow amount">{fields.value && cash(fields.value)}</span>
          {fields.close_date && (
            <span className={late ? "bad-ink" : "soft"} title={t("field.close_date")}>
              {late && <CalendarX size={12} />} {shortDay(fields.close_date)}
            </span>
          )}
        </span>
        {quiet && (
          <span className="warn small" title={why}>
            <AlertTriangle size={12} /> {quiet}
          </span>
        )}
        {!card.next_step && !card.quiet && <span className="soft small">{t("board.noNext")}</span>}
      </article>
    </>
  );
}

/** Pixels that a pointer goes before it drags, and milliseconds that a finger rests. */
const [SLACK, REST] = [5, 250];

/** Dragging by mouse or finger. The system's own drag and drop is taken by files that are dropped on the window. */
function useDrag(
  board: React.RefObject<HTMLDivElement | null>,
  onDrop: (id: string, spot: Spot) => void,
  onFocus: (id: string) => void,
) {
  const [state, setState] = useState<{ id: string; over?: Spot }>();
  const stop = useRef<() => void>(undefined);
  useEffect(() => () => stop.current?.(), []);

  function spotAt(x: number, y: number, id: string): Spot | undefined {
    const column = document.elementsFromPoint(x, y).map((e) => e.closest<HTMLElement>("[data-stage]"));
    const stage = column.find(Boolean);
    if (!stage?.dataset.stage) return;
    for (const card of stage.querySelectorAll<HTMLElement>("[data-card]")) {
      const box = card.getBoundingClientRect();
      if (card.dataset.card !== id && y < box.top + box.height / 2)
        return { stage: stage.dataset.stage, before: card.dataset.card ?? null };
    }
    return { stage: stage.dataset.stage, before: null };
  }

  function begin(event: Pointing, id: string) {
    if (event.button !== 0) return;
    const card = event.currentTarget as HTMLElement;
    const from = { x: event.clientX, y: event.clientY };
    const touch = event.pointerType === "touch";
    let dragging = false;
    let over: Spot | undefined;
    const rest = touch ? setTimeout(() => start(), REST) : undefined;
    const start = () => {
      dragging = true;
      onFocus(id);
      setState({ id });
    };
    const move = (e: PointerEvent) => {
      const far = Math.abs(e.clientX - from.x) + Math.abs(e.clientY - from.y) > SLACK;
      // A finger that moves at once scrolls.
      if (!dragging && far) return touch ? end() : start();
      if (!dragging) return;
      e.preventDefault();
      card.style.setProperty("transform", `translate(${e.clientX - from.x}px, ${e.clientY - from.y}px)`);
      over = spotAt(e.clientX, e.clientY, id);
      setState({ id, over });
      const box = board.current?.getBoundingClientRect();
      if (!box || !board.current) return;
      if (e.clientX > box.right - 40) board.current.scrollLeft += 16;
      if (e.clientX < box.left + 40) board.current.scrollLeft -= 16;
    };
    const end = () => {
      clearTimeout(rest);
      card.style.removeProperty("transform");
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", drop);
      window.removeEventListener("pointercancel", end);
      window.removeEventListener("keydown", give);
      stop.current = undefined;
      setState(undefined);
    };
    const drop = () => {
      const spot = dragging ? over : undefined;
      end();
      if (spot) onDrop(id, spot);
    };
    const give = (e: KeyboardEvent) => {
      if (e.key !== "Escape" || isComposing(e)) return;
      e.stopPropagation();
      end();
    };
    stop.current = end;
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", drop);
    window.addEventListener("pointercancel", end);
    window.addEventListener("keydown", give, { capture: true, once: true });
  }
  return { id: state?.id, over: state?.over, begin };
}
