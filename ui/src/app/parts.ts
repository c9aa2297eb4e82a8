/** The parts of the window, in the order of the screen, and what of each is looked for first. */
const PARTS = [
  [".side", "[aria-current]"],
  [".main", "#grid:not([hidden])"],
  [".statusbar", "#status-team"],
] as const;

const FOCUSABLE = "button:not([disabled]), input:not([disabled]), select, textarea, [tabindex='0']";

/** The keyboard goes to the next part of the window, or to the one before. */
export function toPart(step: 1 | -1) {
  const focused = document.activeElement;
  const at = PARTS.findIndex(([css]) => document.querySelector(css)?.contains(focused));
  // With the focus nowhere one is on the page.
  const from = at < 0 ? 1 : at;
  const [css, first] = PARTS[(from + step + PARTS.length) % PARTS.length] ?? PARTS[0];
  const part = document.querySelector(css);
  (part?.querySelector<HTMLElement>(first) ?? part?.querySelector<HTMLElement>(FOCUSABLE))?.focus();
}
