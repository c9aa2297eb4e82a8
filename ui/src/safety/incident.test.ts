import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import type { IncidentLine } from "../bindings";

vi.mock("../platform/tauri", () => ({ commands: {} }));
const { clockInWords, happenedInWords, knownAt, momentTyped, mostUrgent, tookInWords } = await import(
  "./incident"
);
const screen = readFileSync(new URL("./Incident.tsx", import.meta.url), "utf8");

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

it("a moment is sent when it is whole and another one", () => {
  const known = "2026-11-27T09:30:20Z";
  expect(knownAt(momentTyped(known), known)).toBeUndefined();
  expect(knownAt("", known)).toBeUndefined();
  expect(knownAt("2026-11-26T08:15", known)).toBe(new Date(2026, 10, 26, 8, 15).toISOString());
});

it("what is typed is written down when one is done with it, not key by key", () => {
  const input = screen.split('id="incident-known"')[1]?.split("/>")[0] ?? "";
  expect(input).toContain("onBlur");
  expect(input.match(/onChange=.*/)?.[0]).toBe("onChange={(e) => setKnown(e.target.value)}");
});
