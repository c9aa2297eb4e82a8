import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("./base.css", import.meta.url), "utf8");

test("amounts on all screens are as wide as they are; the narrow ones are inputs", () => {
  const rules = [...css.matchAll(/^\.amount \{([^}]*)\}/gm)].map((rule) => rule[1] ?? "");
  expect(rules.length).toBeGreaterThan(0);
  for (const rule of rules) expect(rule).not.toMatch(/width|text-align/);
  expect(css).toMatch(/^\.input\.amount \{[^}]*width/m);
});
