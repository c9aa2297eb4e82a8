import { expect, it } from "vitest";
import { en } from "./en";
import { zh } from "./zh";

it("both languages have the same keys and the same placeholders", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    const names = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    expect(names(zh[key as keyof typeof en]), key).toEqual(names(text));
  }
});
