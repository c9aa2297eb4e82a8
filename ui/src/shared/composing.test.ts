import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("..", import.meta.url).pathname;
const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test."))
  .map((file) => ({ file, text: readFileSync(root + file, "utf8") }));

/** From an opening bracket to the one that closes it. */
function bracketed(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ("{(".includes(text[at] ?? "")) depth++;
    if ("})".includes(text[at] ?? "") && --depth === 0) return text.slice(from, at + 1);
  }
  return text.slice(from);
}

/** What is run for a key: the handler as it stands there, or what it is called. */
function handlers(): { where: string; body: string }[] {
  return sources.flatMap(({ file, text }) => {
    const of = (name: string) => {
      const made = new RegExp(`(?:const|function) ${name}\\b`).exec(text);
      return made ? bracketed(text, text.indexOf("{", text.indexOf(")", made.index))) : "";
    };
    const inJsx = [...text.matchAll(/onKey(?:Down|Up|Press)=(?=\{)/g)].map(({ index, 0: all }) =>
      bracketed(text, index + all.length),
    );
    const onPage = [...text.matchAll(/addEventListener\("key(?:down|up|press)", (\w+)/g)].map(
      ([, name = ""]) => `{${name}}`,
    );
    return [...inJsx, ...onPage].map((body) => {
      const name = /^\{(\w+)(?:\(|\}$)/.exec(body)?.[1];
      return { where: `${file}: ${body.slice(0, 80)}`, body: name ? of(name) : body };
    });
  });
}

test("no key that an input method takes is a command, wherever keys are listened to", () => {
  const all = handlers();
  expect(all.length).toBeGreaterThan(45);
  const deaf = all.filter(({ body }) => !body.includes("isComposing(") && !/=> keepPlain\(e\)\}$/.test(body));
  expect(deaf.map((h) => h.where)).toEqual([]);
});
