// What a merge makes of the fields of several records, and what somebody has chosen otherwise.

import type { FieldView, Kind, RecordView } from "../bindings";
import { UNSEEN } from "../records/kinds";
import type { Json } from "../shared/format";

/** The choice of a list, or of notes: what all have. */
export const TOGETHER = "*";

/** More records nobody compares side by side. */
export const MOST = 12;

const UNITED = new Set(["emails", "phones", "addresses", "tags", "long_text"]);
/** What the stage says of a deal comes with the stage. */
const BY_STAGE = new Set(["closed_at", "lost_reason"]);

/** `differ`: one of them is taken; `united`: all are; `one`: only one has it; `same`: there is nothing to choose. */
export type Sort = "differ" | "united" | "one" | "same";

export interface FieldRow {
  field: FieldView;
  sort: Sort;
  /** In the order of the records. */
  values: Json[];
}

/** By field: the record whose value is taken. */
export type Picks = Record<string, string>;

const text = (value: Json): string => JSON.stringify(value, (key, v) => (key === "id" ? undefined : v)) ?? "";

/** The fields that any of them has, those that are the same everywhere last. */
export function rowsOf(kind: Kind, fields: FieldView[], records: RecordView[]): FieldRow[] {
  const rows: FieldRow[] = [];
  for (const field of fields) {
    if (UNSEEN.has(field.key) || (kind === "deal" && BY_STAGE.has(field.key))) continue;
    const values = records.map((r) => (r.fields as Json)[field.key]);
    const there = values.filter((v) => v !== undefined);
    if (there.length === 0) continue;
    const alike = new Set(there.map(text)).size === 1;
    const sort: Sort =
      there.length === 1 ? "one" : alike ? "same" : UNITED.has(field.type) ? "united" : "differ";
    rows.push({ field, sort: alike && there.length < records.length ? "one" : sort, values });
  }
  return [...rows.filter((r) => r.sort !== "same"), ...rows.filter((r) => r.sort === "same")];
}

/** Whose value is taken where nobody has chosen. */
function byItself(row: FieldRow, ids: string[], keep: string): string {
  if (row.sort === "united") return TOGETHER;
  const has = (id: string) => row.values[ids.indexOf(id)] !== undefined;
  return has(keep) ? keep : (ids.find(has) ?? keep);
}

/** Whose value is taken. */
export function takenOf(row: FieldRow, ids: string[], keep: string, picks: Picks): string {
  const chosen = picks[row.field.key];
  const known = chosen !== undefined && (ids.includes(chosen) || chosen === TOGETHER);
  return known ? chosen : byItself(row, ids, keep);
}

/** The next choice of a row to the right, or to the left. */
export function stepOf(row: FieldRow, ids: string[], taken: string, by: 1 | -1): string {
  const choices = row.sort === "united" ? [...ids, TOGETHER] : ids;
  const at = choices.indexOf(taken) + by;
  return choices[Math.max(0, Math.min(choices.length - 1, at))] ?? taken;
}

/** What has to be said to the core: the choices that are not made by themselves. */
export function chosenOf(rows: FieldRow[], ids: string[], keep: string, picks: Picks): Picks {
  const said: Picks = {};
  for (const row of rows) {
    const taken = takenOf(row, ids, keep, picks);
    if (row.sort !== "same" && taken !== byItself(row, ids, keep)) said[row.field.key] = taken;
  }
  return said;
}

/** How the values of a list look together: each once, and notes one below the other. */
export function together(row: FieldRow): Json {
  const there = row.values.filter((v) => v !== undefined);
  if (row.field.type === "long_text")
    return there.reduce((all: string, next: string) => (all.includes(next) ? all : `${all}\n${next}`));
  const key = (item: Json) =>
    typeof item === "string"
      ? item.toLowerCase()
      : (item.e164 ?? item.value?.toLowerCase() ?? text({ ...item, label: undefined }));
  const seen = new Set<string>();
  return there.flat().filter((item: Json) => !seen.has(key(item)) && seen.add(key(item)));
}

/** How sure it is, in a word. */
export const sureness = (score: number): "sure" | "likely" | "possible" =>
  score >= 0.9 ? "sure" : score >= 0.75 ? "likely" : "possible";
