import { expect, test } from "vitest";
import { booksThatFit, firstShown, HEAD, inCurrency, next } from "./table";

const sizes = { total: 10, last: 4, page: 5 };

test("arrows move the cell and stop at the edges", () => {
  expect(next("ArrowDown", { at: 9, column: 2 }, sizes)).toEqual({ at: 9, column: 2 });
  expect(next("ArrowRight", { at: 3, column: 4 }, sizes)).toEqual({ at: 3, column: 4 });
  expect(next("ArrowLeft", { at: 3, column: 0 }, sizes)).toEqual({ at: 3, column: 0 });
  expect(next("PageDown", { at: 3, column: 0 }, sizes)).toEqual({ at: 8, column: 0 });
  expect(next("End", { at: 3, column: 1 }, sizes)).toEqual({ at: 9, column: 1 });
  expect(next("a", { at: 3, column: 1 }, sizes)).toBeUndefined();
});

test("above the first row is the head of a price book, and of nothing else", () => {
  expect(next("ArrowUp", { at: 0, column: 2 }, sizes)).toEqual({ at: HEAD, column: 2 });
  expect(next("ArrowUp", { at: HEAD, column: 2 }, sizes)).toEqual({ at: HEAD, column: 2 });
  expect(next("ArrowDown", { at: HEAD, column: 2 }, sizes)).toEqual({ at: 0, column: 2 });
  expect(next("ArrowUp", { at: 0, column: 1 }, sizes)).toEqual({ at: 0, column: 1 });
  expect(next("ArrowLeft", { at: HEAD, column: 2 }, sizes)).toEqual({ at: 0, column: 1 });
});

test("the cell's price book is among those that are shown", () => {
  expect(booksThatFit(100)).toBe(1);
  expect(booksThatFit(1000)).toBe(5);
  expect(firstShown(0, 5, 7)).toBe(3);
  expect(firstShown(3, 5, 4)).toBe(3);
  expect(firstShown(3, 5, 1)).toBe(1);
});

test("an amount alone stays in the currency of the price before it", () => {
  expect(inCurrency(" 1,250.5 ", "EUR")).toBe("1,250.5 EUR");
  expect(inCurrency("7 USD", "EUR")).toBe("7 USD");
  expect(inCurrency("$7", "EUR")).toBe("$7");
  expect(inCurrency("7", undefined)).toBe("7");
  expect(inCurrency("", "EUR")).toBe("");
});
