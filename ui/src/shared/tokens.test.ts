import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hueOf, TAG } from "./tags";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

/** Relative luminance of an oklch colour (https://www.w3.org/TR/css-color-4, WCAG 2.2). */
function luminance([l, c, h]: number[]): number {
  const a = (c ?? 0) * Math.cos(((h ?? 0) * Math.PI) / 180);
  const b = (c ?? 0) * Math.sin(((h ?? 0) * Math.PI) / 180);
  const [x, y, z] = [
    l + 0.3963377774 * a + 0.2158037573 * b,
    l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b,
  ].map((v) => v ** 3);
  const rgb = [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
    -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ];
  const [r, g, bl] = rgb.map((v) => Math.min(1, Math.max(0, v)));
  return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
}

function tokens(theme: "light" | "dark"): Record<string, number[]> {
  const block = theme === "light" ? css.split(":root {")[1] : css.split('data-theme="dark"] {')[1];
  const found = (block ?? "").split("}")[0].matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g);
  return Object.fromEntries([...found].map((m) => [m[1], [Number(m[2]), Number(m[3]), Number(m[4])]]));
}

describe.each(["light", "dark"] as const)("%s theme", (theme) => {
  const all = tokens(theme);
  const contrast = (a: string, b: string) => {
    const [hi, lo] = [luminance(all[a]), luminance(all[b])].sort((x, y) => y - x);
    return (hi + 0.05) / (lo + 0.05);
  };
  it.each(["ink", "ink-soft", "ink-faint", "accent", "good", "warn", "bad", "info"])(
    "%s reads on every ground",
    (text) => {
      for (const ground of ["paper", "raised", "sunken"])
        expect(contrast(text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    },
  );
  it("what a chart is drawn with stands out from its ground", () => {
    for (const ground of ["paper", "raised"])
      expect(contrast("accent-line", ground), ground).toBeGreaterThanOrEqual(3);
  });
  it("text reads on the accent and on what is selected", () => {
    expect(contrast("on-accent", "accent")).toBeGreaterThanOrEqual(4.5);
    for (const text of ["ink", "ink-soft"])
      expect(contrast(text, "accent-soft"), text).toBeGreaterThanOrEqual(4.5);
  });
});

describe("tags", () => {
  it("read on every hue", () => {
    for (let hue = 0; hue < 360; hue++) {
      const [ground, ink] = [luminance([...TAG.ground, hue]), luminance([...TAG.ink, hue])];
      expect((ground + 0.05) / (ink + 0.05), `hue ${hue}`).toBeGreaterThanOrEqual(4.5);
    }
  });
  it("keep their hue, and differ", () => {
    expect(hueOf(" VIP")).toBe(hueOf("vip"));
    const tags = ["vip", "food", "重点", "渠道", "lead", "partner"];
    expect(new Set(tags.map(hueOf)).size).toBe(tags.length);
  });
});
