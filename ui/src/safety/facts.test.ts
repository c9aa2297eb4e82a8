import { expect, it, vi } from "vitest";
import type { TrailEntry } from "../bindings";

vi.mock("../platform/tauri", () => ({ commands: {} }));
const { factsOf } = await import("./facts");

const entry = (act: string, facts: unknown) => ({ act, facts }) as TrailEntry;

it("an entry says what and how many, in words", () => {
  expect(factsOf(entry("delete", { label: "delete", kinds: { person: 3, attachment: 1 } }))).toBe(
    "moved to trash · People 3, Files 1",
  );
  expect(factsOf(entry("export", { what: "records", kinds: ["person"], rows: 1200, format: "csv" }))).toBe(
    "records · People · 1,200 rows · CSV",
  );
  expect(factsOf(entry("failed_unlocks", { count: 1 }))).toBe("1 time");
  expect(factsOf(entry("unlock", { way: "recovery" }))).toBe("with the recovery kit");
  expect(factsOf(entry("membership", { change: "added", role: "viewer" }))).toBe("a device joined · Viewer");
  expect(factsOf(entry("update", { change: "went_back", from: "0.2.0", to: "0.1.0" }))).toBe(
    "went back · 0.2.0 → 0.1.0",
  );
  expect(factsOf(entry("begin", {}))).toBe("");
});

it("what a newer version writes is shown as it is", () => {
  expect(factsOf(entry("levitate", null))).toBe("");
  expect(factsOf(entry("export", { what: "dreams" }))).toBe("dreams");
});
