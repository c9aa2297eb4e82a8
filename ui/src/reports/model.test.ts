import { describe, expect, it } from "vitest";
import type { ReportView } from "../bindings";
import {
  axisOf,
  chartOf,
  currenciesOf,
  filterOf,
  inWords,
  isEmpty,
  monthsBetween,
  numberOf,
  topOf,
} from "./model";

const eur = (minor: number) => [{ minor, currency: "EUR" }];
const column = (key: string, type: ReportView["columns"][number]["type"], filter: string | null = null) => ({
  key,
  type,
  label: key,
  filter,
});
const forecast: ReportView = {
  id: "forecast",
  kind: "deal",
  days: null,
  columns: [
    column("month", "month"),
    column("owner", "text"),
    column("deals", "count"),
    column("value", "money"),
    column("weighted", "money"),
  ],
  rows: [
    { cells: ["2026-11", "Ana", 2, eur(1000), eur(500)], filter: "a" },
    { cells: ["2026-11", "Bo", 1, [...eur(300), { minor: 9, currency: "JPY" }], eur(300)], filter: "b" },
    { cells: ["2027-01", "Bo", 1, eur(900), eur(900)], filter: "c" },
    { cells: ["", "", 1, [], []], filter: "d" },
  ],
  total: null,
};

describe("a chart of a report", () => {
  it("shows each owner's part of each month, and what it lists", () => {
    const chart = chartOf(forecast, "EUR");
    expect(chart.series.map((s) => s.label)).toEqual(["Bo", "Ana", "Nobody"]);
    expect(chart.items.map((i) => i.values)).toEqual([
      [300, 500, 0],
      [0, 0, 0],
      [900, 0, 0],
      [0, 0, 0],
    ]);
    expect(chart.items[0]?.filters).toEqual(["(b)", "(a)", ""]);
    expect(topOf(chart)).toBe(900);
    expect(inWords(chart)).toContain("Bo €3, Ana €5");
  });

  it("lists of those who have no part of their own the deals of each", () => {
    const row = (n: number) => ({ cells: ["2026-11", `Rep ${n}`, 1, eur(1), eur(100 - n)], filter: `r${n}` });
    const chart = chartOf({ ...forecast, rows: [1, 2, 3, 4, 5, 6, 7].map(row) }, "EUR");
    expect(chart.series.map((s) => s.key).slice(4)).toEqual(["of Rep 5", "others"]);
    expect(chart.items[0]?.values.at(-1)).toBe(94 + 93);
    expect(chart.items[0]?.filters.at(-1)).toBe("(r6) or (r7)");
  });

  it("adds up no currencies", () => {
    expect(numberOf([...eur(300), { minor: 9, currency: "JPY" }], "JPY")).toBe(9);
    expect(numberOf(eur(300), "USD")).toBe(0);
    expect(currenciesOf([forecast])).toEqual(["EUR", "JPY"]);
  });

  it("lists of a part what is true of its row and of its column", () => {
    const row = { cells: [], filter: "x = '1'" };
    expect(filterOf(row, column("won", "count", "y = '2'"))).toBe("x = '1' and y = '2'");
    expect(filterOf(row)).toBe("x = '1'");
  });
});

describe("an axis", () => {
  it("ends at a round number over the most", () => {
    expect(axisOf(0)).toEqual([0, 1]);
    expect(axisOf(1)).toEqual([0, 1]);
    expect(axisOf(3)).toEqual([0, 3]);
    expect(axisOf(7)).toEqual([0, 4, 8]);
    expect(axisOf(11)).toEqual([0, 6, 12]);
    expect(axisOf(37)).toEqual([0, 20, 40]);
    expect(axisOf(107_300)).toEqual([0, 60_000, 120_000]);
  });
});

it("months without anything have their place", () => {
  expect(monthsBetween(["2026-11", "2027-02", "", "earlier"])).toEqual([
    "earlier",
    "2026-11",
    "2026-12",
    "2027-01",
    "2027-02",
    "",
  ]);
  expect(monthsBetween([])).toEqual([]);
});

it("a report of zeros is empty", () => {
  const zeros = forecast.rows.map((row) => ({ ...row, cells: [row.cells[0] ?? null, "", 0, [], []] }));
  expect(isEmpty({ ...forecast, rows: zeros })).toBe(true);
  expect(isEmpty(forecast)).toBe(false);
});
