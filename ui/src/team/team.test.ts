import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";

vi.mock("../platform/tauri", () => ({ commands: {} }));
const { needsUpdate } = await import("./team");

it("what a newer version would mend leads to the updates, as the core says it", () => {
  const source = readFileSync(new URL("../../../crates/sync/src/lib.rs", import.meta.url), "utf8");
  const said = [...source.matchAll(/#\[error\(\s*"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);
  expect(said.length).toBeGreaterThan(15);
  const mended = said.filter(needsUpdate).map((text) => text.slice(0, 40));
  expect(mended).toEqual([
    "the server {0} has what a newer version ",
    "this Satchel is too old for the server {",
  ]);
});
