/** What a template may ask for: names in double braces, as `crates/domain/src/template.rs` reads them. */

/** Kinds whose fields a letter may name; a person's need no kind before them. */
export const NAMED = ["person", "company", "deal", "quote"] as const;

/** Fields that say nothing in a letter. */
const WITHOUT = new Set(
  "rank stage_at closed_at lines version price_book notes tags source name_language reached".split(" "),
);

export const isPlace = (field: { key: string; type: string }): boolean => !WITHOUT.has(field.key);

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
