// What a chart shows of a report: pure rules, by the report's columns.
import type { MoneyView, Report, ReportCell, ReportColumn, ReportRow, ReportView } from "../bindings";
import { brief, briefCash, cash, count, decimal, monthName, shortDay } from "../shared/format";
import { t, tOr } from "../shared/i18n";

export const REPORTS = [
  "pipeline",
  "forecast",
  "closed",
  "lost",
  "conversion",
  "ageing",
  "activities",
  "people",
] as const satisfies readonly Report[];

/** They tell how things stand now, whichever period is chosen. */
const STANDING: Report[] = ["pipeline", "forecast", "ageing"];
export const asksPeriod = (report?: Report): boolean => !report || !STANDING.includes(report);
/** Their charts show amounts. */
const OF_MONEY: Report[] = ["pipeline", "forecast"];
export const asksCurrency = (report?: Report): boolean => !report || OF_MONEY.includes(report);

export const PERIODS = ["month", "last_month", "quarter", "year", "twelve_months"] as const;

/** Of a series: what it is called, and how it is filled. */
export interface Series {
  key: string;
  label: string;
  fill: Fill;
}
export const FILLS = ["solid", "hatch", "dots", "lines", "faint", "cross"] as const;
export type Fill = (typeof FILLS)[number] | "soft" | "good" | "bad";

/** A bar, a column, or a point of a line, with what it lists. */
export interface Item {
  name: string;
  values: number[];
  filters: string[];
  /** What stands behind it. */
  note?: string;
}

export interface Chart {
  form: "bars" | "columns" | "line";
  /** One on the other, side by side, or the second within the first. */
  how: "stacked" | "beside" | "within";
  series: Series[];
  items: Item[];
  /** The number of an axis, in few letters. */
  axis: (n: number) => string;
  /** A number as it is said. */
  said: (n: number) => string;
}

/** Records that a row or a cell counts: the conditions of both. */
export const filterOf = (row: ReportRow, column?: ReportColumn): string =>
  [row.filter, column?.filter].filter(Boolean).join(" and ");

export const isMoney = (cell: ReportCell | undefined): cell is MoneyView[] => Array.isArray(cell);

/** Amounts of one currency in minor units; whatever else is a number as it is. */
export function numberOf(cell: ReportCell | undefined, currency: string): number {
  if (isMoney(cell)) return cell.find((sum) => sum.currency === currency)?.minor ?? 0;
  return typeof cell === "number" ? cell : 0;
}

/** The currencies of several reports: those that occur most first. */
export function currenciesOf(views: ReportView[]): string[] {
  const times = new Map<string, number>();
  for (const view of views)
    for (const row of view.rows)
      for (const cell of row.cells)
        if (isMoney(cell))
          for (const sum of cell) times.set(sum.currency, (times.get(sum.currency) ?? 0) + 1);
  return [...times].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).map(([currency]) => currency);
}

export const isEmpty = (view: ReportView): boolean =>
  view.rows.every((row) => row.cells.every((cell) => typeof cell === "string" || !numbersIn(cell)));
const numbersIn = (cell: ReportCell): boolean => (isMoney(cell) ? cell.length > 0 : !!cell);

/** What a row is called in the reader's language. */
export function nameOf(cell: ReportCell | undefined, column: ReportColumn | undefined): string {
  const text = typeof cell === "string" ? cell : "";
  if (column?.type === "month") {
    if (text === "earlier" || text === "later") return t(`report.${text}`);
    return text ? monthName(text) : t("report.noDate");
  }
  if (column?.type === "week") return shortDay(text);
  if (text) return text;
  return tOr(`report.no.${column?.key}`, "—");
}

/** A number of a table. */
export function figure(cell: ReportCell | undefined, column: ReportColumn): string[] {
  if (cell === null || cell === undefined) return [];
  if (isMoney(cell)) return cell.map(({ minor, currency }) => cash({ minor: minor ?? 0, currency }));
  if (typeof cell === "string") return [nameOf(cell, column)];
  return [column.type === "percent" ? `${decimal(cell)} %` : decimal(cell)];
}

export const labelOfColumn = (column: ReportColumn): string => tOr(`report.col.${column.key}`, column.label);

const at = (view: ReportView, key: string): number => view.columns.findIndex((c) => c.key === key);

/** The columns that call a row by its name: the pipeline where there are several, and the stage. */
const names = (view: ReportView) => view.columns.filter((c) => ["text", "month", "week"].includes(c.type));

function rowName(view: ReportView, row: ReportRow): string {
  return names(view)
    .map((column) => nameOf(row.cells[view.columns.indexOf(column)], column))
    .filter((name) => name !== "—")
    .join(" · ");
}

/** A chart whose items are the rows, and whose series are columns. */
function byColumns(
  view: ReportView,
  keys: string[],
  currency: string,
  of: Pick<Chart, "form" | "how"> & { fills?: Fill[]; note?: (row: ReportRow) => string | undefined },
): Chart {
  const columns = keys.map((key) => view.columns[at(view, key)]).filter((c) => c !== undefined);
  const money = columns[0]?.type === "money";
  return {
    form: of.form,
    how: of.how,
    series: columns.map((c, n) => ({
      key: c.key,
      label: labelOfColumn(c),
      fill: of.fills?.[n] ?? FILLS[n % FILLS.length] ?? "solid",
    })),
    items: view.rows.map((row) => ({
      name: rowName(view, row),
      values: columns.map((c) => numberOf(row.cells[view.columns.indexOf(c)], currency)),
      filters: columns.map((c) => filterOf(row, c)),
      note: of.note?.(row),
    })),
    axis: money ? (n) => briefCash({ minor: n, currency }) : brief,
    said: money ? (n) => cash({ minor: n, currency }) : count,
  };
}

/** So many people have a series of their own. */
const OWN = 5;

/** The forecast: a column for each month, a part of it for each owner. */
function byOwners(view: ReportView, currency: string): Chart {
  const [month, owner, weighted] = [at(view, "month"), at(view, "owner"), at(view, "weighted")];
  const sums = new Map<string, number>();
  for (const row of view.rows) {
    const name = String(row.cells[owner] ?? "");
    sums.set(name, (sums.get(name) ?? 0) + numberOf(row.cells[weighted], currency));
  }
  const owners = [...sums].sort(([, n], [, m]) => m - n).map(([name]) => name);
  const own = owners.length > OWN + 1 ? owners.slice(0, OWN) : owners;
  const series: Series[] = own.map((name, n) => ({
    key: `of ${name}`,
    label: nameOf(name, view.columns[owner]),
    fill: FILLS[n % FILLS.length] ?? "solid",
  }));
  if (own.length < owners.length) series.push({ key: "others", label: t("report.others"), fill: "cross" });
  const months = monthsBetween([...new Set(view.rows.map((row) => String(row.cells[month] ?? "")))]);
  return {
    form: "columns",
    how: "stacked",
    series,
    items: months.map((name) => {
      const values = series.map(() => 0);
      const filters = series.map(() => "");
      for (const row of view.rows.filter((r) => r.cells[month] === name)) {
        const place = own.indexOf(String(row.cells[owner] ?? ""));
        const n = place < 0 ? series.length - 1 : place;
        values[n] = (values[n] ?? 0) + numberOf(row.cells[weighted], currency);
        filters[n] = filters[n] ? `${filters[n]} or (${row.filter})` : `(${row.filter})`;
      }
      return { name: nameOf(name, view.columns[month]), values, filters };
    }),
    axis: (n) => briefCash({ minor: n, currency }),
    said: (n) => cash({ minor: n, currency }),
  };
}

/** Months without a deal have their place too: `2026-11`, `2027-01` has one between them. */
export function monthsBetween(months: string[]): string[] {
  const real = months.filter((m) => /^\d{4}-\d\d$/.test(m)).sort();
  const all: string[] = [];
  for (let now = real[0] ?? ""; now && now <= (real.at(-1) ?? "") && all.length < 60; ) {
    all.push(now);
    const [year, month] = now.split("-").map(Number);
    const next = (month ?? 0) % 12;
    now = `${(year ?? 0) + (next === 0 ? 1 : 0)}-${String(next + 1).padStart(2, "0")}`;
  }
  const has = (name: string) => (months.includes(name) ? [name] : []);
  return [...has("earlier"), ...all, ...has("later"), ...has("")];
}

export function chartOf(view: ReportView, currency: string): Chart {
  const cell = (row: ReportRow, key: string) => row.cells[at(view, key)] ?? null;
  const percent = (row: ReportRow, key: string) => {
    const part = cell(row, key);
    return typeof part === "number" ? `${decimal(part)} %` : "";
  };
  switch (view.id) {
    case "pipeline":
      return byColumns(view, ["value", "weighted"], currency, {
        form: "bars",
        how: "within",
        fills: ["soft", "solid"],
        note: (row) => count(numberOf(cell(row, "deals"), currency)),
      });
    case "forecast":
      return byOwners(view, currency);
    case "closed":
      return byColumns(view, ["won", "lost"], currency, {
        form: "columns",
        how: "beside",
        fills: ["good", "bad"],
      });
    case "lost":
      return byColumns(view, ["deals"], currency, {
        form: "bars",
        how: "stacked",
        fills: ["bad"],
        note: (row) => percent(row, "share"),
      });
    case "conversion":
      return byColumns(view, ["reached"], currency, {
        form: "bars",
        how: "stacked",
        note: (row) => percent(row, "of_all"),
      });
    case "ageing":
      return byColumns(view, ["days_7", "days_30", "days_90", "days_more"], currency, {
        form: "bars",
        how: "stacked",
        fills: ["soft", "solid", "hatch", "bad"],
        note: (row) => {
          const days = cell(row, "in_stage");
          return typeof days === "number" ? t("report.days", { n: decimal(Math.round(days)) }) : "";
        },
      });
    case "activities":
      return byColumns(view, ["call", "visit", "meeting", "message", "mail", "note"], currency, {
        form: "bars",
        how: "stacked",
      });
    case "people":
      return byColumns(view, ["people"], currency, { form: "line", how: "stacked" });
  }
}

/** The most that an axis shows: a round number that leaves little empty, and where its lines are. */
export function axisOf(most: number): number[] {
  if (most <= 0) return [0, 1];
  const unit = 10 ** Math.floor(Math.log10(most));
  const top = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((n) => n * unit).find((n) => n >= most) ?? most;
  return top / 2 === Math.round(top / 2) || top > 10 ? [0, top / 2, top] : [0, top];
}

export const topOf = (chart: Chart): number =>
  Math.max(
    0,
    ...chart.items.map((item) =>
      chart.how === "stacked" ? item.values.reduce((n, v) => n + v, 0) : Math.max(0, ...item.values),
    ),
  );

/** The chart in words, for who does not see it. */
export function inWords(chart: Chart): string {
  const many = chart.series.length > 1;
  return chart.items
    .map((item) => {
      const values = item.values.map((value, n) =>
        many ? `${chart.series[n]?.label} ${chart.said(value)}` : chart.said(value),
      );
      return `${item.name}: ${values.join(", ")}`;
    })
    .join("; ");
}

/** What a report says first. */
export function headline(view: ReportView, currency: string): string {
  const total = (key: string): ReportCell => view.total?.cells[at(view, key)] ?? null;
  const sum = (key: string) => briefCash({ minor: numberOf(total(key), currency), currency });
  const n = (key: string) => numberOf(total(key), currency);
  switch (view.id) {
    case "pipeline":
      return t("report.say.pipeline", { n: count(n("deals")), value: sum("value") });
    case "forecast":
      return t("report.say.forecast", { value: sum("weighted") });
    case "closed":
      return t("report.say.closed", {
        won: count(n("won")),
        lost: count(n("lost")),
        rate: decimal(n("rate")),
      });
    case "lost":
      return t("report.say.lost", { n: count(n("deals")) });
    case "conversion": {
      const last = view.rows.at(-1);
      const rate = numberOf(last?.cells[at(view, "of_all")], currency);
      return t("report.say.conversion", { n: count(n("reached")), rate: decimal(rate) });
    }
    case "ageing":
      return t("report.say.ageing", { n: count(n("quiet")), late: count(n("late")) });
    case "activities":
      return t("report.say.activities", { n: count(n("all")) });
    case "people":
      return t("report.say.people", { n: count(n("people")) });
  }
}
