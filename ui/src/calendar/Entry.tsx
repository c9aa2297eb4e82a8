import { Repeat, Square, SquareCheckBig } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { openRecord } from "../app/data";
import type { CalendarItem } from "../bindings";
import { type ActivityType, ICONS } from "../day/LogBox";
import { repeatWords } from "../shared/again";
import { clock } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import type { Drag } from "./drag";
import { DAY, keyOf, moment, type Placed, spotOf } from "./layout";

/** Puts something where it stands on its day: from the top, and beside others. */
export function useSpot<T extends HTMLElement>(
  place: { from: number; to: number; lane?: number; lanes?: number } | undefined,
) {
  const ref = useRef<T>(null);
  const { from = 0, to = 0, lane = 0, lanes = 1 } = place ?? {};
  useLayoutEffect(() => {
    if (!ref.current || to === 0) return;
    const { style } = ref.current;
    style.setProperty("top", `${(from / DAY) * 100}%`);
    style.setProperty("height", `${((to - from) / DAY) * 100}%`);
    style.setProperty("left", `${(lane / lanes) * 100}%`);
    style.setProperty("width", `${100 / lanes}%`);
  }, [from, to, lane, lanes]);
  return ref;
}

/** A minute of a day, as the clock is read here. */
export const timeAt = (day: string, minute: number): string => clock(moment(day, minute));

export const whoOf = (item: CalendarItem): string => [item.person, item.company].filter(Boolean).join(" · ");

/** What is seen of an entry by its shape alone: for who hears it. */
function unseen(item: CalendarItem): string {
  const { day, from, to } = spotOf(item);
  const until = from === undefined ? "" : `– ${timeAt(day, Math.min(to ?? from, DAY - 1))}`;
  const what =
    item.kind === "task"
      ? t(item.done ? "calendar.done" : "calendar.task")
      : tOr(`option.${item.type}`, item.type);
  return [what, until, item.repeat && repeatWords(item.repeat)].filter(Boolean).join(", ");
}

export function EntryIcon({ item, size = 12 }: { item: CalendarItem; size?: number }) {
  const Activity = ICONS[item.type as ActivityType] ?? ICONS.meeting;
  const Icon = item.kind === "task" ? (item.done ? SquareCheckBig : Square) : Activity;
  return <Icon size={size} aria-hidden="true" />;
}

/** A meeting, a visit, a call or a task: opened by a click, moved by a drag. */
export function Entry({
  item,
  place,
  current,
  drag,
  onFocus,
}: {
  item: CalendarItem;
  /** Nothing: in a line of its own. */
  place?: Placed;
  current: boolean;
  drag: Drag;
  onFocus: (id: string) => void;
}) {
  const ref = useSpot<HTMLButtonElement>(place);
  const spot = spotOf(item);
  const time = spot.from === undefined ? "" : timeAt(spot.day, spot.from);
  const isMoving = drag.dragged?.item !== undefined && keyOf(drag.dragged.item) === keyOf(item);
  const short = place && place.to - place.from < 45;
  const kind = item.kind === "task" ? `is-task${item.done ? " is-done" : ""}` : "";
  return (
    <button
      type="button"
      ref={ref}
      className={`entry ${place ? "placed" : ""} ${short ? "short" : ""} ${kind} ${isMoving ? "moving" : ""}`}
      data-item={keyOf(item)}
      data-title={item.title}
      tabIndex={current ? 0 : -1}
      onFocus={() => onFocus(keyOf(item))}
      onPointerDown={(e) => drag.carry(e, item)}
      onClick={() => drag.clickIsDrag.current || openRecord(item.id, item.kind, item.occurrence)}
    >
      <span className="entry-head">
        <EntryIcon item={item} />
        {!place && time && <span className="entry-time">{time}</span>}
        <strong className="cell">{item.title || "—"}</strong>
        {short && <span className="entry-time">{time}</span>}
        {item.repeat && <Repeat size={11} aria-hidden="true" />}
      </span>
      {place && !short && (
        <span className="cell entry-who">{[time, whoOf(item), item.place].filter(Boolean).join(" · ")}</span>
      )}
      <span className="sr">, {unseen(item)}</span>
      {place && item.at && <span className="edge" onPointerDown={(e) => drag.stretch(e, item)} />}
    </button>
  );
}
