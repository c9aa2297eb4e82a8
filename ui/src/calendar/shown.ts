import type { CalendarItem } from "../bindings";
import type { Drag } from "./drag";

/** What every view of the calendar is given. */
export interface Shown {
  days: string[];
  items: CalendarItem[];
  /** The day that keys are at. */
  day: string;
  /** The entry that keys are at. */
  focus: string | undefined;
  now: Date;
  drag: Drag;
  onFocus: (id: string) => void;
  /** Shows one day alone. */
  onDay: (day: string) => void;
}
