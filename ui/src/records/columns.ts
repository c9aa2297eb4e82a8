import type { FieldView } from "../bindings";
import { type Json, labelOf, moneyInput } from "../shared/format";
import { tOr } from "../shared/i18n";
import type { ColumnSpec } from "./kinds";

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
    /^\s*\(*\s*([\p{L}_][\p{L}\p{N}_]*)\s*(=|!=|<|>|contains\b|starts\b|has\b|is\b|not\b|[\p{L}_(])/iu.exec(
      input,
    );
  const known =
    first?.[1] && (own.includes(first[1].toLowerCase()) || fields.some((f) => f.key === first[1]));
  const operator = first?.[2] && /^(=|!=|<|>|contains|starts|has|is|not)/i.test(first[2]);
  const negated = /^\s*not\s/i.test(input);
  return known && (operator || negated) ? { filter: input, text: "" } : { filter: "", text: input };
}

/** The conditions of a filter that are joined by `and`; what is in quotes or parentheses stays whole. */
export function conditionsOf(filter: string): string[] {
  const out: string[] = [];
  let [quote, depth, from] = ["", 0, 0];
  for (let at = 0; at < filter.length; at++) {
    const c = filter[at] ?? "";
    if (quote) quote = c === quote ? "" : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (depth === 0 && /^\sand\s/i.test(filter.slice(at, at + 5))) {
      out.push(filter.slice(from, at));
      from = at + 5;
      at += 4;
    }
  }
  return [...out, filter.slice(from)].map((c) => c.trim()).filter(Boolean);
}

/** For Backspace, which takes the last condition away. */
export const withoutLast = (filter: string): string => conditionsOf(filter).slice(0, -1).join(" and ");

/** A condition with its field as the screen calls it. */
export function readable(condition: string, fields: FieldView[]): string {
  const key = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(condition)?.[0] ?? "";
  const field = fields.find((f) => f.key === key);
  const label = field ? labelOf(field) : tOr(`field.${key}`, "") || tOr(`part.${key}`, key);
  return label + condition.slice(key.length);
}
