import { expect, test } from "vitest";
import { blankLine, movedLine } from "./lines";

test("a line is moved by one place, and stays at the ends", () => {
  const lines = [{ id: "a" }, { id: "b" }, { id: "c" }];
  const names = (id: string, by: number) => movedLine(lines, id, by).map((line) => line.id);
  expect(names("a", 1)).toEqual(["b", "a", "c"]);
  expect(names("c", -1)).toEqual(["a", "c", "b"]);
  for (const [id, by] of [
    ["a", -1],
    ["c", 1],
    ["gone", 1],
  ] as const)
    expect(movedLine(lines, id, by)).toBe(lines);
});

test("two lines that are added at once are two", () => {
  expect(blankLine("x").id).toMatch(/^[0-9a-f]{16}$/);
  expect(blankLine("x").id).not.toBe(blankLine("x").id);
});
