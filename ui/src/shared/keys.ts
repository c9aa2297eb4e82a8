import { useEffect, useRef } from "react";

let composedAt = 0;
document.addEventListener("compositionend", () => {
  composedAt = performance.now();
});

/** True while an input method composes, or has just committed: such a key is never a command.
 *  Some browsers end the composition before the Enter that ended it arrives. */
export function isComposing(event: { isComposing?: boolean; keyCode?: number }): boolean {
  return event.isComposing === true || event.keyCode === 229 || performance.now() - composedAt < 30;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
      ? (target as HTMLInputElement).type !== "checkbox"
      : target.isContentEditable)
  );
}

export type Bindings = Record<string, (event: KeyboardEvent) => void>;

/** `Ctrl+Shift+z`, `g p` is left to the caller; Meta counts as Ctrl on macOS. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift =
    event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key) || event.ctrlKey || event.metaKey);
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${key === " " ? "Space" : key}`;
}

/** Keys of a screen. Keys without Ctrl rest while a person types. */
export function useKeys(bindings: Bindings, active = true) {
  const latest = useRef(bindings);
  latest.current = bindings;
  useEffect(() => {
    if (!active) return;
    const listen = (event: KeyboardEvent) => {
      if (isComposing(event) || event.defaultPrevented) return;
      const name = nameOf(event);
      const run = latest.current[name];
      if (!run || (isTyping(event.target) && !(event.ctrlKey || event.metaKey) && name !== "Escape")) return;
      if (isTyping(event.target) && /^Ctrl\+(Shift\+)?[zya]$/.test(name)) return;
      // A focused button keeps its own Enter and Space.
      if (/^(Enter|Space)$/.test(name) && event.target instanceof HTMLButtonElement) return;
      event.preventDefault();
      run(event);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [active]);
}
