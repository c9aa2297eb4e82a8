/** What a template may ask for: names in double braces, as `crates/domain/src/template.rs` reads them. */
import type { FieldView } from "../bindings";
import { labelOf } from "../shared/format";
import { t, tOr } from "../shared/i18n";

/** Kinds whose fields a letter may name; a person's need no kind before them. */
export const NAMED = ["person", "company", "deal", "quote"] as const;

/** Fields that say nothing in a letter. */
const WITHOUT = new Set(
  "rank stage_at closed_at lines version price_book notes tags source name_language reached".split(" "),
);

export const isPlace = (field: { key: string; type: string }): boolean => !WITHOUT.has(field.key);

export type NamedFields = Record<(typeof NAMED)[number], FieldView[]>;

/** Places that are no field of a record. */
export const GENERAL = ["me", "me.email", "firm", "today"] as const;

/** What a place asks for, as the screen calls it: `company.website` is «Company · Website». One that is no field is
 *  called as it was written. */
export function placeLabel(name: string, fields: NamedFields): string {
  const general = GENERAL.find((one) => one === name);
  if (general) return t(`templates.${general}`);
  const [before, key] = name.includes(".") ? name.split(/\.(.*)/s) : [undefined, name];
  const kinds = before === undefined ? NAMED : NAMED.filter((kind) => kind === before);
  const field = kinds.flatMap((kind) => fields[kind]).find((f) => f.key === key || f.label === key);
  const label = field ? labelOf(field) : tOr(`field.${key}`, "");
  if (!label || kinds.length === 0) return name;
  return before === undefined ? label : `${t(`field.${kinds[0] ?? "person"}`)} · ${label}`;
}

/** How a field is named in a template. */
export const placeOf = (kind: string, key: string): string =>
  kind === "person" ? `{{${key}}}` : `{{${kind}.${key}}}`;

/** Places that are left in a text: what has them does not leave. */
export function openPlaces(text: string): string[] {
  const found = [...text.matchAll(/\{\{([^{}\n]+?)\}\}/g)].map((match) =>
    (match[1] ?? "").split("|")[0]?.trim(),
  );
  return [...new Set(found.filter((name): name is string => !!name))];
}

/** A text with something put in where the cursor is, and where the cursor is then. */
export function inserted(text: string, [from, to]: [number, number], piece: string): [string, number] {
  return [text.slice(0, from) + piece + text.slice(to), from + piece.length];
}

/** What a draft is called, in every system. */
export function draftName(subject: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a name must not have
  const name = subject.replace(/[\s\u0000-\u001f/\\:*?"<>|]+/g, " ").trim();
  return `${[...name].slice(0, 60).join("").trim() || "letter"}.eml`;
}

/** Letters that a mail program has saved. */
export const isLetter = (path: string): boolean => /\.(eml|msg)$/i.test(path);
