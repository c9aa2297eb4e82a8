/** Lightness and chroma of a tag's ground and of what stands on it: the same in both themes. */
export const TAG = { ground: [0.9, 0.05], ink: [0.3, 0.06] } as const;

/** A tag's hue: the same on every screen and every laptop, whatever its case. */
export function hueOf(tag: string): number {
  let hash = 0;
  for (const c of tag.trim().toLowerCase()) hash = (hash * 31 + (c.codePointAt(0) ?? 0)) % 360_007;
  // Neighbours in the alphabet are far from each other on the wheel.
  return (hash * 137) % 360;
}

export const colourOf = ([l, c]: readonly [number, number], hue: number): string => `oklch(${l} ${c} ${hue})`;
