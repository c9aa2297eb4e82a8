import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const css = readFileSync(new URL("./base.css", import.meta.url), "utf8");

/** The blocks of a condition, and what is left without them. */
function split(text: string, opening: string): { within: string; without: string } {
  let [within, without] = ["", text];
  for (let at = without.indexOf(opening); at >= 0; at = without.indexOf(opening)) {
    let depth = 0;
    let end = without.indexOf("{", at);
    do {
      if (without[end] === "{") depth++;
      if (without[end] === "}") depth--;
      end++;
    } while (depth > 0);
    within += without.slice(at, end);
    without = without.slice(0, at) + without.slice(end);
  }
  return { within, without };
}

it("moves nothing where somebody wants no motion", () => {
  const { within, without } = split(css, "@media (prefers-reduced-motion: no-preference)");
  expect(within).toContain("animation:");
  // That only waits before it is there.
  const still = without.replace(/animation: appear-late 1ms [^;]*;|@keyframes appear-late/g, "");
  expect(still).not.toMatch(/\b(animation|transition)(-[a-z]+)?:|@keyframes|scroll-behavior: *smooth/);
});
