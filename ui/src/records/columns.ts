import type { FieldView } from "../bindings";
import { type Json, labelOf, moneyInput, optionLabel } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { conditionFrom, operatorLabel } from "./conditions";
import { type ColumnSpec, UNSEEN } from "./kinds";

/** What a cell shows of a record, as text to edit. */
export function cellText(fields: Json, key: string): string {
  if (key === "emails" || key === "phones") return fields[key]?.[0]?.value ?? "";
  if (key === "city") return fields.addresses?.[0]?.city ?? "";
  if (fields[key] === undefined || fields[key] === null) return "";
  if (Array.isArray(fields[key])) return fields[key].join(", ");
  return typeof fields[key] === "object" ? moneyInput(fields[key]) : String(fields[key]);
}

/** The fields that a cell's new text changes: of several addresses or numbers the first, which it shows. */
export function cellChange(fields: Json, key: string, text: string): Record<string, Json> {
  const list = (field: string): Json[] => (fields[field] ?? []).map(({ e164: _, ...item }: Json) => item);
  const orNull = (items: Json[]) => (items.length > 0 ? items : null);
  if (key === "emails" || key === "phones") {
    const [first, ...others] = list(key);
    const label = key === "phones" ? "mobile" : "work";
    return { [key]: orNull(text ? [{ label, ...first, value: text }, ...others] : others) };
  }
  if (key === "city") {
    const [first, ...others] = list("addresses");
    const { city: _, ...rest } = first ?? { label: "work" };
    const bare = Object.keys(rest).every((k) => k === "id" || k === "label");
    const changed = text ? [{ ...rest, city: text }] : bare ? [] : [rest];
    return { addresses: orNull([...changed, ...others]) };
  }
  return { [key]: text || null };
}

/** Named by the app, not by the catalogue. */
const OWN = ["name", "city", "next_step", "updated_at", "created_at"];

export const headOf = (key: string, fields: FieldView[]): string => {
  if (key === "name") return t("list.name");
  if (key === "updated_at") return t("list.updated");
  const field = fields.find((f) => f.key === key);
  return field ? labelOf(field) : tOr(`field.${key}`, tOr(`part.${key}`, key));
};

/** What can be a column: what the record is called stands for the parts of its name. */
export const shownColumns = (fields: FieldView[]): string[] => [
  "name",
  ...fields
    .filter((f) => !f.shelved && !UNSEEN.has(f.key) && !["name", "addresses", "lines"].includes(f.key))
    .map((f) => f.key),
  ...(fields.some((f) => f.key === "addresses") ? ["city"] : []),
  ...(fields.some((f) => f.key === "stage") ? ["next_step"] : []),
  "updated_at",
];

const GROUPABLE = ["text", "choice", "yes_no", "link", "date", "number"];
/** What a record is called is its own: groups of one say nothing. */
const SINGULAR = ["name", "first_name", "middle_name", "nickname", "number", "code", "due_time", "website"];

export const groupable = (field: FieldView): boolean =>
  GROUPABLE.includes(field.type) && !UNSEEN.has(field.key) && !SINGULAR.includes(field.key);

const EDITED = ["text", "number", "money", "date", "url"];
const WIDTHS: Partial<Record<FieldView["type"], string>> = {
  number: "90px",
  money: "minmax(100px, 0.8fr)",
  date: "110px",
  date_time: "130px",
  yes_no: "80px",
};

/** The columns that somebody has chosen, or the usual ones; a field that is gone has none. */
export function columnsFor(usual: ColumnSpec[], chosen: string[], fields: FieldView[]): ColumnSpec[] {
  if (chosen.length === 0) return usual;
  return chosen.flatMap((key): ColumnSpec[] => {
    const known = usual.find((column) => column.key === key);
    if (known) return [known];
    const field = fields.find((f) => f.key === key);
    if (!field) return OWN.includes(key) ? [{ key, width: "minmax(110px, 1fr)" }] : [];
    const width = WIDTHS[field.type] ?? "minmax(110px, 1fr)";
    const editable = (EDITED.includes(field.type) && !field.derived) || field.links === "stage";
    return [{ key, width, editable }];
  });
}

/** What is added up under a list: money, and numbers that somebody has made a field for. */
export const summed = (columns: ColumnSpec[], fields: FieldView[]): string[] =>
  columns
    .map((column) => fields.find((f) => f.key === column.key))
    .filter((f): f is FieldView => !!f && (f.type === "money" || (f.custom && f.type === "number")))
    .map((f) => f.key);

export interface Lines {
  count: number;
  /** On which line a row stands. */
  lineOf: (row: number) => number;
  /** What stands on a line: a row, or the head of a group. */
  at: (line: number) => { row: number } | { group: number };
}

/** Rows in groups, each under a head. As long as the groups do not add up to the list there are none. */
export function linesOf(counts: number[] | undefined, total: number): Lines {
  const starts: number[] = [];
  let sum = 0;
  for (const count of counts ?? []) {
    starts.push(sum);
    sum += count;
  }
  if (starts.length === 0 || sum !== total)
    return { count: total, lineOf: (row) => row, at: (row) => ({ row }) };
  /** How many groups `begins` before something. */
  const before = (is: (group: number) => boolean) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (is(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const start = (group: number) => starts[group] ?? 0;
  return {
    count: total + starts.length,
    lineOf: (row) => row + before((group) => start(group) <= row),
    at: (line) => {
      const group = before((g) => start(g) + g <= line) - 1;
      const offset = line - start(group) - group;
      return offset === 0 ? { group } : { row: start(group) + offset - 1 };
    },
  };
}

/** The box before the columns, the gaps, and the padding of a row. */
const [BOX, GAP, PADDING] = [22, 12, 32];

/** In a narrow window, or beside a peek, the last columns go; the first always stays. */
export function columnsThatFit(columns: ColumnSpec[], width: number): ColumnSpec[] {
  let used = BOX + PADDING;
  return columns.filter((column, at) => {
    used += GAP + Number.parseInt(column.width.replace("minmax(", ""), 10);
    return at === 0 || used <= width;
  });
}

/** What a list sorts by when its head is clicked once more: up, down, as it was. */
export function nextSort(sort: string, key: string): string {
  if (sort === key) return `-${key}`;
  return sort === `-${key}` ? "" : key;
}

/** Is this a filter expression, or just text to look for? */
export function asRequest(input: string, fields: Pick<FieldView, "key">[]): { filter: string; text: string } {
  const own = [
    "name",
    "city",
    "country",
    "region",
    "postal_code",
    "street",
    "email",
    "phone",
    "tag",
    "created_at",
    "updated_at",
    "not",
  ];
  const first =
    /^\s*\(*\s*([\p{L}_][\p{L}\p{N}_]*)\s*(=|!=|<|>|[:：]|contains\b|starts\b|has\b|is\b|not\b|[\p{L}_(])/iu.exec(
      input,
    );
  const known =
    first?.[1] && (own.includes(first[1].toLowerCase()) || fields.some((f) => f.key === first[1]));
  const operator = first?.[2] && /^(=|!=|<|>|[:：]|contains|starts|has|is|not)/i.test(first[2]);
  const negated = /^\s*not\s/i.test(input);
  return known && (operator || negated) ? { filter: input, text: "" } : { filter: "", text: input };
}

/** A filter with a blank for each sign that is in quotes or parentheses, and for those themselves. */
function topLevel(filter: string): string {
  let [out, quote, depth] = ["", "", 0];
  for (const c of filter.split("")) {
    const inside = quote !== "" || depth > 0 || /['"()]/.test(c);
    if (quote) quote = c === quote ? "" : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    out += inside ? " " : c;
  }
  return out;
}

/** Does something else follow from a filter once another condition is joined to it by `and`? */
export const hasOr = (filter: string): boolean =>
  /(?<![\p{L}\p{N}_])or(?![\p{L}\p{N}_])/iu.test(topLevel(filter));

/** The conditions of a filter that are joined by `and`; what is in quotes or parentheses stays whole, and so does
 *  a filter with an `or`: of its parts none holds by itself. */
export function conditionsOf(filter: string): string[] {
  if (hasOr(filter)) return [filter.trim()];
  const out: string[] = [];
  let from = 0;
  for (const { index } of topLevel(filter).matchAll(/and/gi)) {
    if (!/\s/.test(filter[index - 1] ?? "") || !/\s/.test(filter[index + 3] ?? "")) continue;
    out.push(filter.slice(from, index));
    from = index + 3;
  }
  return [...out, filter.slice(from)].map((c) => c.trim()).filter(Boolean);
}

/** Conditions as one filter, each of which has to be met. */
export function joined(conditions: string[]): string {
  const parts = conditions.filter(Boolean);
  return parts.map((part) => (parts.length > 1 && hasOr(part) ? `(${part})` : part)).join(" and ");
}

/** For Backspace, which takes the last condition away. */
export const withoutLast = (filter: string): string => conditionsOf(filter).slice(0, -1).join(" and ");

/** A condition as the screen calls its field, and where it is a simple one, what it says of it. */
export function readable(condition: string, fields: FieldView[]): string {
  const simple = conditionFrom(condition, fields);
  const of = fields.find((f) => f.key === simple?.field);
  if (simple && of) {
    const { operator, value } = simple;
    const option = of.type === "choice" && of.options.includes(value);
    const said = of.type === "yes_no" ? tOr(value, value) : option ? optionLabel(of, value) : value;
    return [labelOf(of), operatorLabel(operator, of), said].filter(Boolean).join(" ");
  }
  const key = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(condition)?.[0] ?? "";
  const field = fields.find((f) => f.key === key);
  const label = field ? labelOf(field) : tOr(`field.${key}`, "") || tOr(`part.${key}`, key);
  return label + condition.slice(key.length);
}
