// What typing does to a note, as plain text.

/** What stands in the place of `from … to`, and what is selected then. */
export interface Edit {
  from: number;
  to: number;
  text: string;
  select?: [number, number];
}

/** The longest name that is looked for. */
const LONGEST = 40;

/** What was typed behind an `@` that the cursor stands in, and where that begins. */
export function mentionAt(text: string, cursor: number): { from: number; name: string } | undefined {
  const before = text.slice(Math.max(0, cursor - LONGEST - 1), cursor);
  const at = before.lastIndexOf("@");
  if (at < 0) return undefined;
  const name = before.slice(at + 1);
  // Not within an address, and not behind what ends a name.
  if (/[\p{L}\p{N}._%+-]/u.test(before[at - 1] ?? "") && !/[\u3400-\u9fff]/.test(before[at - 1] ?? ""))
    return;
  if (/^\s|[\n[\]()@]|\s\s/.test(name)) return undefined;
  return { from: cursor - name.length - 1, name };
}

/** A link to a record by its id, with its name as the text. */
export function mentionOf(title: string, id: string): string {
  return `[${title.replace(/[\\`*_[\]<>~&!|]/g, "\\$&").replace(/\s+/g, " ")}](satchel:${id})`;
}

/** Puts marks around what is selected, or takes them away. */
export function marked(text: string, from: number, to: number, mark: string): Edit {
  const n = mark.length;
  const inside = text.slice(from, to);
  if (text.slice(from - n, from) === mark && text.slice(to, to + n) === mark)
    return { from: from - n, to: to + n, text: inside, select: [from - n, to - n] };
  if (inside.length >= 2 * n && inside.startsWith(mark) && inside.endsWith(mark))
    return { from, to, text: inside.slice(n, -n), select: [from, to - 2 * n] };
  return { from, to, text: mark + inside + mark, select: [from + n, to + n] };
}

export type ListMark = "-" | "1." | "- [ ]";
const ITEM = /^(\s*)(?:[-*+] \[[ xX]\] |[-*+] |\d+[.)] )/;

/** Makes the lines that are selected a list, or no list any more. */
export function listed(text: string, from: number, to: number, mark: ListMark): Edit {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const next = text.indexOf("\n", to);
  const end = next < 0 ? text.length : next;
  const lines = text.slice(start, end).split("\n");
  const wanted = (line: string) => {
    const found = ITEM.exec(line)?.[0].trim() ?? "";
    return mark === "1." ? /^\d+[.)]$/.test(found) : mark === "-" ? /^[-*+]$/.test(found) : /\]$/.test(found);
  };
  const off = lines.every(wanted);
  const made = lines.map((line, n) => {
    const bare = line.replace(ITEM, "$1");
    return off ? bare : `${mark === "1." ? `${n + 1}.` : mark} ${bare}`;
  });
  const all = made.join("\n");
  return { from: start, to: end, text: all, select: [start + all.length, start + all.length] };
}

/** What Enter does in a list: the next item, or the end of the list where the item is empty. */
export function continued(text: string, cursor: number): Edit | undefined {
  const start = text.lastIndexOf("\n", cursor - 1) + 1;
  const line = text.slice(start, cursor);
  const mark = ITEM.exec(line)?.[0];
  if (!mark) return undefined;
  if (line === mark || line.trimEnd() === mark.trimEnd()) return { from: start, to: cursor, text: "" };
  const number = /\d+/.exec(mark)?.[0];
  const next = number ? mark.replace(number, String(Number(number) + 1)) : mark.replace(/\[[xX]\]/, "[ ]");
  return { from: cursor, to: cursor, text: `\n${next}` };
}
