import { expect, it } from "vitest";
import { moved } from "./order";

it("is put one place on, and never out of its list", () => {
  expect(moved(["a", "b", "c"], "b", -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], "b", 1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b"], "b", 1)).toBeUndefined();
  expect(moved(["a", "b", "c"], "c", -2)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b"], "x", 0)).toBeUndefined();
});
