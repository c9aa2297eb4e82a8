import { expect, it, vi } from "vitest";
import type { IncidentLine } from "../bindings";

vi.mock("../platform/tauri", () => ({ commands: {} }));
const { clockInWords, happenedInWords, mostUrgent, tookInWords } = await import("./incident");

const line = (over: Partial<IncidentLine>) => ({ drill: false, minutes_left: null, ...over }) as IncidentLine;

it("the clock says what is left, and how late it is", () => {
  expect(clockInWords(72 * 60)).toBe("72 hours left");
  expect(clockInWords(119)).toBe("119 minutes left");
  expect(clockInWords(-30)).toBe("30 minutes late");
  expect(clockInWords(-26 * 60)).toBe("26 hours late");
});

it("the nearest clock is told, and that of a drill is not", () => {
  const lines = [
    line({ minutes_left: 90 }),
    line({ minutes_left: -5 }),
    line({ drill: true, minutes_left: -900 }),
  ];
  expect(mostUrgent(lines)?.minutes_left).toBe(-5);
  expect(mostUrgent([line({}), line({ drill: true, minutes_left: 1 })])).toBeUndefined();
});

it("times are said as people say them", () => {
  expect(tookInWords(45)).toBe("45 seconds");
  expect(tookInWords(12 * 60)).toBe("12 minutes");
  expect(tookInWords(3 * 3600)).toBe("3 hours");
  const entry = { at: "", by: "Ana", device: "", what: "note" as const, about: "", text: "seat 41" };
  expect(happenedInWords(entry)).toBe("Noted: seat 41");
});
