import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inWords, refusalInWords } from "./errors";

test("what the core says is said in the language of the screen", () => {
  expect(inWords("«soon» is not a date; write 2024-05-31, or --05-31 without the year", "zh")).toBe(
    "«soon» 不是日期；请写成 2024-05-31，不含年份则写 --05-31",
  );
  expect(inWords("x is not a number; the value was put into the notes", "zh")).toBe(
    "x 不是数字；该值已放入备注",
  );
  expect(refusalInWords("birthday: x is not a number", "birthday", "zh")).toBe("生日：x 不是数字");
  expect(inWords("something new", "zh")).toBe("something new");
});

test("in English a field is called as the screen calls it", () => {
  expect(refusalInWords("first_name: x is not a number", "first_name", "en")).toMatch(/^First name: x/i);
});

// Sentences of which a rep sees nothing: faults of the program itself, and words around other sentences.
const WITHIN = /^[^a-z]*$|^«?\{[^}]*\}»?(: \{[^}]*\})?$|^\{error\}|^expected \{0\}$|^database: |^\{path\}: /;

/** The sentences with which the crates refuse something, as they stand in the source. */
function refusals(): Map<string, string> {
  const crates = new URL("../../../crates/", import.meta.url).pathname;
  const found = new Map<string, string>();
  for (const file of readdirSync(crates, { recursive: true, encoding: "utf8" }).filter((f) =>
    f.endsWith(".rs"),
  )) {
    const [source = ""] = readFileSync(crates + file, "utf8").split("#[cfg(test)]\nmod tests");
    const refusal =
      /(?:#\[error\(|(?:refused|invalid)\(|AppError::new\(\s*[\w:]+,)\s*(?:format!\(\s*)?"((?:[^"\\]|\\.)*)"/gs;
    for (const [, text = ""] of source.matchAll(refusal))
      found.set(text.replace(/\\\n\s*/g, "").replaceAll('\\"', '"'), file);
  }
  return found;
}

test("whatever the core refuses with has words in Chinese", () => {
  const all = refusals();
  expect(all.size).toBeGreaterThan(250);
  const missing = [...all]
    .filter(([text]) => !WITHIN.test(text))
    .filter(([text]) => {
      const said = text
        .replaceAll("{{", "{")
        .replaceAll("}}", "}")
        .replace(/\{[^{}]*\}/g, "7");
      return inWords(said, "zh") === said;
    });
  expect(missing).toEqual([]);
});

test("no refusal of capture, incidents, the demo and reminders is left in English", () => {
  for (const message of [
    "this desktop (Wayland) gives programs no keys of their own; in the settings of your system, bind a key to `satchel-desktop --capture`",
    "Ctrl+Space are no keys; write them as Ctrl+Alt+Space",
    "Ctrl+Space belongs to another program; choose other keys",
    "it cannot come to be known in the future; nothing was changed",
    "an incident needs a title; nothing was changed",
    "the demo meets a team; remove its servers and folders first",
    "this vault is no demo; nothing of it is deleted",
    "the clock of this computer is too far off for reminders; set it right",
  ])
    expect(inWords(message, "zh")).not.toMatch(/[a-z]{3,} [a-z]{2,} [a-z]{2,}/);
  expect(inWords("Ctrl+Space belongs to another program; choose other keys", "zh")).toBe(
    "Ctrl+Space 已被其他程序占用；请换一个快捷键",
  );
});
