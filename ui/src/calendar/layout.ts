// Where things stand in a calendar: pure rules, with all times as they are where one is.

import type { CalendarItem } from "../bindings";

export const VIEWS = ["day", "week", "month", "agenda"] as const;
export type View = (typeof VIEWS)[number];

/** Minutes that a meeting is shown as where nobody has said how long it is, and the least that can be read. */
export const [USUAL, LEAST] = [30, 20];
/** Moves and new meetings snap to so many minutes. */
export const STEP = 15;
export const DAY = 24 * 60;

const two = (n: number) => String(n).padStart(2, "0");

const at = (day: string) => new Date(`${day}T12:00:00`);
export const dayOf = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

export function addDays(day: string, n: number): string {
  const date = at(day);
  date.setDate(date.getDate() + n);
  return dayOf(date);
}

/** The same day of another month; the 31st is the last of a shorter one. */
export function addMonths(day: string, n: number): string {
  const date = at(day);
  const wanted = date.getDate();
  date.setDate(1);
  date.setMonth(date.getMonth() + n);
  const last = new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate();
  date.setDate(Math.min(wanted, last));
  return dayOf(date);
}

/** Weeks begin on Mondays. */
export const mondayOf = (day: string): string => addDays(day, -((at(day).getDay() + 6) % 7));

/** The days that a view shows around one of them. */
export function daysOf(view: View, day: string): string[] {
  const from = (first: string, n: number) => Array.from({ length: n }, (_, i) => addDays(first, i));
  if (view === "day") return [day];
  if (view === "agenda") return from(day, 30);
  if (view === "week") return from(mondayOf(day), 7);
  const first = mondayOf(`${day.slice(0, 7)}-01`);
  const last = addDays(addMonths(`${day.slice(0, 7)}-01`, 1), -1);
  const days = from(first, 42);
  return days.slice(0, days.indexOf(addDays(mondayOf(last), 6)) + 1);
}

/** The day that one comes to by a step forth or back. */
export function stepped(view: View, day: string, by: number): string {
  if (view === "month") return addMonths(day, by);
  return addDays(day, by * (view === "day" ? 1 : view === "week" ? 7 : 30));
}

/** When a day begins where one is. */
export const begins = (day: string): number => new Date(`${day}T00:00:00`).getTime();

/** Minutes since midnight as a clock shows them: `09:30`. */
export const clockOf = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

export function minutesOf(time: string | null | undefined): number | undefined {
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(time ?? "") ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return hour !== undefined && minutes < DAY ? minutes : undefined;
}

/** The moment at which the clock shows so many minutes on a day. */
export function moment(day: string, minutes: number): string {
  const date = new Date(`${day}T00:00:00`);
  // By the clock, not by the hours that have gone: some days have 23 or 25.
  date.setHours(Math.floor(minutes / 60), minutes % 60, 0, 0);
  return date.toISOString();
}

/** Tells an entry from all others: what comes again has the same id each time. */
export const keyOf = (item: CalendarItem): string =>
  item.occurrence ? `${item.id}@${item.occurrence}` : item.id;

/** Where an entry stands: its day, and from when to when on it; without times it belongs to the whole day. */
export interface Spot {
  day: string;
  from?: number;
  to?: number;
}

export function spotOf(item: CalendarItem): Spot {
  if (item.at) {
    const date = new Date(item.at);
    const from = date.getHours() * 60 + date.getMinutes();
    // From midnight to midnight: a fair, a holiday.
    if (from === 0 && item.minutes >= DAY) return { day: dayOf(date) };
    return { day: dayOf(date), from, to: from + (item.minutes || USUAL) };
  }
  const from = minutesOf(item.due_time);
  return { day: item.due ?? "", from, to: from === undefined ? undefined : from + USUAL };
}

/** An entry on one day, beside those that it overlaps with. */
export interface Placed {
  item: CalendarItem;
  from: number;
  to: number;
  lane: number;
  lanes: number;
}

/** The entries of a day with times, side by side where they overlap; what goes on from the day before, from midnight. */
export function placed(items: CalendarItem[], day: string): Placed[] {
  const here: Placed[] = [];
  for (const item of items) {
    const spot = spotOf(item);
    if (spot.from === undefined || spot.to === undefined) continue;
    const before = spot.day === addDays(day, -1) && spot.to > DAY;
    if (spot.day !== day && !before) continue;
    const [from, to] = before ? [0, spot.to - DAY] : [spot.from, spot.to];
    here.push({
      item,
      from: Math.min(from, DAY - LEAST),
      to: Math.min(Math.max(to, from + LEAST), DAY),
      lane: 0,
      lanes: 1,
    });
  }
  here.sort((a, b) => a.from - b.from || b.to - a.to || (a.item.id < b.item.id ? -1 : 1));
  let group: Placed[] = [];
  let end = 0;
  const close = () => {
    const lanes = Math.max(0, ...group.map((p) => p.lane)) + 1;
    for (const p of group) p.lanes = lanes;
    group = [];
  };
  for (const p of here) {
    if (p.from >= end) close();
    const taken = new Set(group.filter((other) => other.to > p.from).map((other) => other.lane));
    while (taken.has(p.lane)) p.lane += 1;
    group.push(p);
    end = Math.max(end, p.to);
  }
  close();
  return here;
}

/** What belongs to a whole day. */
export const wholeDay = (items: CalendarItem[], day: string): CalendarItem[] =>
  items.filter((item) => {
    const spot = spotOf(item);
    if (spot.from !== undefined) return false;
    const last = item.at ? addDays(spot.day, Math.min(Math.ceil(item.minutes / DAY), 62) - 1) : spot.day;
    return spot.day <= day && day <= last;
  });

/** All of a day in its order: what has no time comes first. */
export const ofDay = (items: CalendarItem[], day: string): CalendarItem[] =>
  [
    ...wholeDay(items, day),
    ...items.filter((item) => spotOf(item).from !== undefined && spotOf(item).day === day),
  ].sort((a, b) => (spotOf(a).from ?? -1) - (spotOf(b).from ?? -1) || (a.title < b.title ? -1 : 1));

/** What is written where an entry is moved to another day or time; nothing where it stays. */
export function moved(
  item: CalendarItem,
  to: { day: string; from?: number },
): Record<string, string> | undefined {
  const spot = spotOf(item);
  if (to.day === spot.day && (to.from === undefined || to.from === spot.from)) return;
  if (item.at) return { at: moment(to.day, to.from ?? spot.from ?? 0) };
  const time: Record<string, string> = to.from === undefined ? {} : { due_time: clockOf(to.from) };
  return { due: to.day, ...time };
}

/** By keys: some days and minutes away. A task of the whole day gets a time by the first step. */
export function nudged(item: CalendarItem, by: { days?: number; minutes?: number }) {
  const spot = spotOf(item);
  const day = addDays(spot.day, by.days ?? 0);
  if (!by.minutes) return moved(item, { day });
  const from = spot.from === undefined ? 9 * 60 : snap(spot.from + by.minutes);
  if (from < 0 || from >= DAY) return;
  return moved(item, { day, from });
}

/** As long as it is with some minutes more; a task takes no time. */
export function stretched(item: CalendarItem, by: number): Record<string, number> | undefined {
  const minutes = Math.min(DAY, Math.max(STEP, snap((item.minutes || USUAL) + by)));
  return item.at && minutes !== item.minutes ? { minutes } : undefined;
}

/** The nearest step of the clock. */
export const snap = (minutes: number): number => Math.round(minutes / STEP) * STEP;
