import { expect, test, vi } from "vitest";

vi.mock("../platform/tauri", () => ({ commands: {}, setZoom: async () => {} }));
vi.mock("../app/undo", () => ({ withUndo: () => {} }));
vi.stubGlobal("document", new EventTarget());
const { chunksAround, flingOf } = await import("./Grid");

test("a scroll of many rows flings the list until it rests", () => {
  expect(flingOf(1, 0)).toBe(0);
  expect(flingOf(11, 0)).toBe(1);
  expect(flingOf(-11, 1)).toBe(-1);
  // It slows down before it rests.
  expect(flingOf(0.5, 1)).toBe(1);
});

test("what a list is flung towards is fetched first and further, and nothing beyond its ends", () => {
  expect(chunksAround(0, 30, 100_000, 0)).toEqual([0, 1]);
  expect(chunksAround(600, 630, 100_000, 0)).toEqual([10, 11, 9]);
  expect(chunksAround(600, 654, 100_000, 1)).toEqual([10, 11, 9, 12, 13, 14]);
  expect(chunksAround(600, 654, 100_000, -1)).toEqual([10, 11, 9, 8, 7, 6]);
  expect(chunksAround(70, 100, 100, 1)).toEqual([1, 0]);
  expect(chunksAround(0, 0, 0, 0)).toEqual([0]);
});
