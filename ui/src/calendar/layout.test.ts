import { describe, expect, it } from "vitest";
import type { CalendarItem } from "../bindings";
import {
  addDays,
  addMonths,
  daysOf,
  keyOf,
  minutesOf,
  moment,
  moved,
  nudged,
  ofDay,
  placed,
  spotOf,
  stepped,
  stretched,
  wholeDay,
} from "./layout";

const DAY = "2026-11-27";
let n = 0;

function item(more: Partial<CalendarItem>): CalendarItem {
  n += 1;
  return {
    id: `id-${String(n).padStart(3, "0")}`,
    kind: more.at ? "activity" : "task",
    title: `Entry ${n}`,
    type: more.at ? "meeting" : "",
    at: null,
    minutes: 0,
    due: null,
    due_time: null,
    done: false,
    repeat: "",
    person: "",
    company: "",
    place: "",
    owner: "",
    ...more,
  };
}
const meeting = (from: string, minutes: number, day = DAY) =>
  item({ at: moment(day, minutesOf(from) ?? 0), minutes });
const task = (due: string, due_time: string | null = null) => item({ due, due_time });

describe("days", () => {
  it("begin their weeks on Mondays, and fill whole weeks of a month", () => {
    expect(daysOf("week", DAY)).toEqual(Array.from({ length: 7 }, (_, i) => addDays("2026-11-23", i)));
    expect(daysOf("week", "2026-11-29")[0]).toBe("2026-11-23");
    expect(daysOf("week", "2026-11-30")[0]).toBe("2026-11-30");
    const month = daysOf("month", DAY);
    expect([month.length, month[0], month.at(-1)]).toEqual([42, "2026-10-26", "2026-12-06"]);
    expect(daysOf("month", "2027-02-10").length).toBe(28);
    expect(daysOf("day", DAY)).toEqual([DAY]);
  });

  it("step over months without losing their place", () => {
    expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
    expect(addMonths("2028-01-31", 1)).toBe("2028-02-29");
    expect(stepped("month", "2026-12-31", -1)).toBe("2026-11-30");
    expect(stepped("week", DAY, 1)).toBe("2026-12-04");
    expect(stepped("day", "2026-12-31", 1)).toBe("2027-01-01");
  });
});

describe("entries", () => {
  it("stand side by side only where they overlap", () => {
    const day = [meeting("09:00", 60), meeting("09:30", 60), meeting("10:00", 30), meeting("12:00", 30)];
    const lanes = placed(day, DAY).map((p) => [p.lane, p.lanes]);
    expect(lanes).toEqual([
      [0, 2],
      [1, 2],
      [0, 2],
      [0, 1],
    ]);
  });

  it("go on after midnight, and never leave the day", () => {
    const late = meeting("23:50", 90);
    expect(placed([late], DAY)[0]).toMatchObject({ to: 24 * 60 });
    expect(placed([late], addDays(DAY, 1))[0]).toMatchObject({ from: 0, to: 80 });
    expect(placed([late], addDays(DAY, 2))).toEqual([]);
    const last = placed([meeting("23:55", 0)], DAY)[0];
    expect((last?.to ?? 0) - (last?.from ?? 0)).toBeGreaterThanOrEqual(20);
  });

  it("without a time, or with one that no clock shows, belong to the whole day", () => {
    const day = [task(DAY), task(DAY, "25:10"), task(DAY, "09:30"), meeting("08:00", 30)];
    expect(wholeDay(day, DAY).length).toBe(2);
    expect(ofDay(day, DAY).map((i) => spotOf(i).from)).toEqual([undefined, undefined, 480, 570]);
    expect(placed(day, DAY).length).toBe(2);
  });

  it("from midnight to midnight stand on each of their days", () => {
    const fair = meeting("00:00", 2 * 24 * 60);
    const on = (day: string) => wholeDay([fair], day).length;
    expect([DAY, addDays(DAY, 1), addDays(DAY, 2), addDays(DAY, -1)].map(on)).toEqual([1, 1, 0, 0]);
    expect(placed([fair], DAY)).toEqual([]);
    expect(moved(fair, { day: "2026-12-01" })).toEqual({ at: moment("2026-12-01", 0) });
  });

  it("are moved by one edit, and keep their time on another day", () => {
    expect(moved(task(DAY), { day: "2026-12-01" })).toEqual({ due: "2026-12-01" });
    expect(moved(task(DAY, "09:30"), { day: DAY, from: 600 })).toEqual({ due: DAY, due_time: "10:00" });
    expect(moved(task(DAY, "09:30"), { day: DAY, from: 570 })).toBeUndefined();
    const m = meeting("14:00", 45);
    expect(moved(m, { day: "2026-12-01" })).toEqual({ at: moment("2026-12-01", 840) });
    expect(nudged(m, { minutes: 15 })).toEqual({ at: moment(DAY, 855) });
    expect(nudged(task(DAY), { minutes: 15 })).toEqual({ due: DAY, due_time: "09:00" });
    expect(nudged(meeting("00:00", 30), { minutes: -15 })).toBeUndefined();
    expect(stretched(m, 15)).toEqual({ minutes: 60 });
    expect(stretched(meeting("14:00", 15), -15)).toBeUndefined();
    expect(stretched(task(DAY), 15)).toBeUndefined();
  });
});

describe("what comes again", () => {
  it("is told apart by its days", () => {
    const one = item({ at: moment(DAY, 600), repeat: "week", occurrence: DAY });
    const other = { ...one, at: moment(addDays(DAY, 7), 600), occurrence: addDays(DAY, 7) };
    expect(keyOf(one)).toBe(`${one.id}@${DAY}`);
    expect(keyOf(other)).not.toBe(keyOf(one));
    expect(keyOf({ ...one, occurrence: undefined })).toBe(one.id);
  });
});
