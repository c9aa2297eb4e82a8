// One condition of a filter, as a person puts it together and as the filter language has it.
import type { FieldView } from "../bindings";
import { tOr } from "../shared/i18n";

export interface Condition {
  field: string;
  operator: string;
  value: string;
}

/** What is asked of deals and is in no field of theirs: it follows from their stage, their activities and tasks. */
const OF_DEALS = [
  { key: "quiet", label: "Quiet", type: "yes_no", options: [] as string[] },
  { key: "next_step", label: "Next step", type: "text", options: [] as string[] },
] as Partial<FieldView>[] as FieldView[];

/** What a list can be asked for: the fields of its kind, and what follows from others. */
export const askable = (fields: FieldView[]): FieldView[] =>
  fields.some((f) => f.key === "stage") ? [...fields, ...OF_DEALS] : fields;

const TEXT = ["contains", "=", "!=", "starts", "is empty", "is not empty"];
const SIZE = ["=", "<", "<=", ">", ">=", "is empty", "is not empty"];
const CHOICE = ["=", "!=", "is empty", "is not empty"];
const OPERATORS: Partial<Record<FieldView["type"], string[]>> = {
  text: TEXT,
  long_text: TEXT,
  url: TEXT,
  link: CHOICE,
  choice: CHOICE,
  yes_no: ["="],
  number: SIZE,
  money: SIZE,
  date: SIZE,
  date_time: SIZE,
  tags: ["has", "is empty", "is not empty"],
  emails: ["contains", "is empty", "is not empty"],
  phones: ["contains", "is empty", "is not empty"],
};

export const operatorsOf = (field: FieldView | undefined): string[] => (field && OPERATORS[field.type]) ?? [];

export const filterable = (field: FieldView): boolean => operatorsOf(field).length > 0;

/** As the screen calls it: one day is not less than another, but before it. */
export function operatorLabel(operator: string, field: FieldView | undefined): string {
  const word = { "<": "before", ">": "after" }[operator];
  const dated = word && (field?.type === "date" || field?.type === "date_time");
  return tOr(`operator.${dated ? word : operator}`, operator);
}

/** As the filter language has it; a condition that has no value yet is none. */
export function written({ field, operator, value }: Condition): string {
  if (operator.startsWith("is ")) return `${field} ${operator}`;
  const text = value.trim();
  if (!text) return "";
  // Of the two quotes the one that the text has not; with both, what stands in it matters less than that it works.
  const quote = text.includes("'") ? '"' : "'";
  return `${field} ${operator} ${quote}${text.replaceAll(quote, "")}${quote}`;
}

/** A condition of a filter that somebody wrote, if it is of the simple kind. */
export function conditionFrom(text: string, fields: FieldView[]): Condition | undefined {
  const found =
    /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*(?:(is\s+not\s+empty|is\s+empty)|(!=|<=|>=|=|[:：]|<|>|contains\b|starts\b|has\b)\s*('[^']*'|"[^"]*"|[^\s'"()]+))\s*$/iu.exec(
      text,
    );
  const field = fields.find((f) => f.key === found?.[1]);
  if (!found || !field) return undefined;
  const said = (found[2] ?? found[3] ?? "").toLowerCase().replace(/\s+/g, " ");
  const operator = /[:：]/.test(said) ? "=" : said;
  if (!operatorsOf(field).includes(operator)) return undefined;
  const value = (found[4] ?? "").replace(/^(['"])(.*)\1$/s, "$2");
  return { field: field.key, operator, value };
}
