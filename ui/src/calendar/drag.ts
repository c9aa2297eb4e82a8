import { type PointerEvent as Pointing, useEffect, useRef, useState } from "react";
import type { CalendarItem } from "../bindings";
import { isComposing } from "../shared/keys";
import { DAY, keyOf, moved, type Spot, STEP, snap, spotOf, stretched, USUAL } from "./layout";

/** Pixels that a pointer goes before it drags, and milliseconds that a finger rests. */
const [SLACK, REST] = [5, 250];

/** The day under a pointer, and the minute of it where the day is drawn to scale. */
function under(x: number, y: number): { day: string; minute?: number } | undefined {
  const zones = document.elementsFromPoint(x, y).map((e) => e.closest<HTMLElement>("[data-day]"));
  const zone = zones.find(Boolean);
  if (!zone?.dataset.day) return;
  const box = zone.getBoundingClientRect();
  const minute = "hours" in zone.dataset ? ((y - box.top) / box.height) * DAY : undefined;
  return { day: zone.dataset.day, minute };
}

const within = (minute: number) => Math.max(0, Math.min(DAY - STEP, minute));

export interface Dragged {
  /** Nothing: a new one is drawn. */
  item?: CalendarItem;
  spot: Spot;
}

/** Moves, stretches and draws entries by mouse or finger. The system's own drag and drop is taken by files. */
export function useDrag(on: {
  change: (item: CalendarItem, fields: Record<string, string | number> | undefined) => void;
  draw: (spot: Spot) => void;
  focus: (id: string) => void;
}) {
  const [dragged, setDragged] = useState<Dragged>();
  const stop = useRef<() => void>(undefined);
  /** A drag ends in a click on what was dragged, which must not open it. */
  const clickIsDrag = useRef(false);
  useEffect(() => () => stop.current?.(), []);

  function begin(
    event: Pointing,
    follow: (to: { day: string; minute?: number }) => Dragged,
    drop: (to: Dragged) => void,
    still?: () => void,
  ) {
    if (event.button !== 0) return;
    const origin = { x: event.clientX, y: event.clientY };
    const touch = event.pointerType === "touch";
    let dragging = false;
    let last: Dragged | undefined;
    clickIsDrag.current = false;
    const start = () => {
      dragging = true;
      clickIsDrag.current = true;
    };
    const rest = touch ? setTimeout(start, REST) : undefined;
    const end = () => {
      clearTimeout(rest);
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", end);
      window.removeEventListener("keydown", give, true);
      stop.current = undefined;
      setDragged(undefined);
    };
    const move = (e: PointerEvent) => {
      const far = Math.abs(e.clientX - origin.x) + Math.abs(e.clientY - origin.y) > SLACK;
      // A finger that moves at once scrolls.
      if (!dragging && far) {
        if (touch) return end();
        start();
      }
      if (!dragging) return;
      e.preventDefault();
      const to = under(e.clientX, e.clientY);
      if (!to) return;
      last = follow(to);
      setDragged(last);
    };
    const up = () => {
      const to = dragging ? last : undefined;
      end();
      if (to) drop(to);
      else if (!dragging) still?.();
    };
    const give = (e: KeyboardEvent) => {
      if (e.key !== "Escape" || isComposing(e)) return;
      e.stopPropagation();
      end();
    };
    stop.current = end;
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", end);
    window.addEventListener("keydown", give, true);
  }

  /** From where it was taken hold of. */
  function carry(event: Pointing, item: CalendarItem) {
    event.stopPropagation();
    on.focus(keyOf(item));
    const own = spotOf(item);
    const length = (own.to ?? 0) - (own.from ?? 0) || USUAL;
    const grip =
      own.from === undefined ? 0 : (under(event.clientX, event.clientY)?.minute ?? own.from) - own.from;
    const follow = (to: { day: string; minute?: number }): Dragged => {
      const from = to.minute === undefined ? undefined : within(snap(to.minute - grip));
      const spot = from === undefined ? { day: to.day } : { day: to.day, from, to: from + length };
      return { item, spot };
    };
    begin(event, follow, ({ spot }) => on.change(item, moved(item, { day: spot.day, from: spot.from })));
  }

  /** By its lower edge. */
  function stretch(event: Pointing, item: CalendarItem) {
    event.stopPropagation();
    on.focus(keyOf(item));
    const own = spotOf(item);
    const from = own.from ?? 0;
    const follow = (to: { minute?: number }): Dragged => {
      const end = Math.max(from + STEP, snap(to.minute ?? own.to ?? from + STEP));
      return { item, spot: { day: own.day, from, to: Math.min(end, DAY) } };
    };
    begin(event, follow, ({ spot }) =>
      on.change(item, stretched(item, (spot.to ?? from) - from - (item.minutes || USUAL))),
    );
  }

  /** A new one, where nothing stands: as long as it is drawn, or of the usual length by a click. */
  function draw(event: Pointing) {
    const at = under(event.clientX, event.clientY);
    if (!at) return;
    const first = at.minute === undefined ? undefined : within(Math.floor(at.minute / STEP) * STEP);
    const still = () =>
      on.draw(first === undefined ? { day: at.day } : { day: at.day, from: first, to: first + 2 * USUAL });
    const follow = (to: { minute?: number }): Dragged => {
      if (first === undefined || to.minute === undefined) return { spot: { day: at.day } };
      const other = snap(to.minute);
      const [from, end] = other < first ? [within(other), first] : [first, Math.max(other, first + STEP)];
      return { spot: { day: at.day, from, to: Math.min(end, DAY) } };
    };
    begin(event, follow, ({ spot }) => on.draw(spot), still);
  }

  return { dragged, carry, stretch, draw, clickIsDrag };
}
export type Drag = ReturnType<typeof useDrag>;
