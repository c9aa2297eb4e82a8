import { useLayoutEffect, useRef } from "react";

let composedAt = 0;
document.addEventListener("compositionend", () => {
  composedAt = performance.now();
});

/** True while an input method composes, or has just committed: such a key is never a command.
 *  Some browsers end the composition before the Enter that ended it arrives. */
export function isComposing(event: Event | { isComposing?: boolean; keyCode?: number }): boolean {
  const { isComposing, keyCode } = event as { isComposing?: boolean; keyCode?: number };
  return isComposing === true || keyCode === 229 || performance.now() - composedAt < 30;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
      ? (target as HTMLInputElement).type !== "checkbox"
      : target.isContentEditable)
  );
}

/** When G was pressed: the letter that follows says where to, and is no key of the page. */
export const going = { since: 0, now: () => Date.now() - going.since < 1200 };

export type Bindings = Record<string, (event: KeyboardEvent) => void>;

/** `Ctrl+Shift+z`, `g p` is left to the caller; Meta counts as Ctrl on macOS. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift =
    event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key) || event.ctrlKey || event.metaKey);
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${key === " " ? "Space" : key}`;
}

/** In an input: plain keys are text and go no further; with Ctrl they may be a command of the frame. */
export function keepPlain(event: React.KeyboardEvent) {
  if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
}

/** What works over a dialog too: the palette, the lock, the zoom. */
const OVER_DIALOGS = /^Ctrl\+(k|l|Shift\+l|=|\+|Shift\+\+|Shift\+=|-|0)$/;

/** Keys of a page, or of the frame around it: the page is asked first, whatever was mounted first.
 *  Keys without Ctrl rest while a person types, and pages rest under a dialog. */
export function useKeys(bindings: Bindings, of: "page" | "frame" = "page") {
  const latest = useRef(bindings);
  latest.current = bindings;
  // As soon as the page is there: who has seen it may press.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (isComposing(event) || event.defaultPrevented) return;
      const name = nameOf(event);
      if (of === "page" && name.length === 1 && going.now()) return;
      const run = latest.current[name];
      if (document.querySelector("[aria-modal='true']") && (of === "page" || !OVER_DIALOGS.test(name)))
        return;
      const leaves = /^(Escape|(Shift\+)?F6)$/.test(name);
      if (!run || (isTyping(event.target) && !(event.ctrlKey || event.metaKey) && !leaves)) return;
      // These move the cursor, or take back what was typed.
      if (isTyping(event.target) && /^Ctrl\+((Shift\+)?[zya]|Arrow(Up|Down))$/.test(name)) return;
      // A focused button keeps its own Enter and Space.
      if (/^(Enter|Space)$/.test(name) && event.target instanceof HTMLButtonElement) return;
      event.preventDefault();
      run(event);
    };
    const target = of === "page" ? document : window;
    target.addEventListener("keydown", listen as EventListener);
    return () => target.removeEventListener("keydown", listen as EventListener);
  }, [of]);
}
