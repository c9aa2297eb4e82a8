import { expect, test } from "vitest";
import { blankLine, moved } from "./lines";

test("a line is moved by one place, and stays at the ends", () => {
  expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
});

test("two lines that are added at once are two", () => {
  expect(blankLine("x").id).toMatch(/^[0-9a-f]{16}$/);
  expect(blankLine("x").id).not.toBe(blankLine("x").id);
});
