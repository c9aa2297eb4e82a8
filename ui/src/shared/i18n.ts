import { useSyncExternalStore } from "react";
import { en, type Key } from "./en";
import { prefs } from "./prefs";
import { zh } from "./zh";

export type { Key };
export type Language = "en" | "zh";

export function language(): Language {
  const chosen = prefs.get().language;
  if (chosen) return chosen;
  return (globalThis.navigator?.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function t(key: Key, values: Record<string, string | number> = {}, lang = language()): string {
  const one = `${key}.one`;
  const form = String(values.n) === "1" && one in en ? (one as Key) : key;
  const text = (lang === "zh" ? zh : en)[form];
  return (prefs.get().pseudo ? pseudo(text) : text).replace(/\{(\w+)\}/g, (_, name) =>
    String(values[name] ?? ""),
  );
}

/** Text as long as the longest of languages, in letters that every font must have, to test screens with:
 *  what is cut off shows, and so does a text that is in no dictionary. */
export function pseudo(text: string): string {
  const accents: Record<string, string> = {
    a: "á",
    e: "é",
    i: "í",
    o: "ö",
    u: "ü",
    y: "ý",
    A: "Å",
    E: "É",
    O: "Ø",
    c: "ç",
    n: "ñ",
  };
  const long = text.replace(/\{\w+\}|[aeiouyAEOcn]/g, (c) => (c.length > 1 ? c : (accents[c] ?? c)));
  return `⟦${long}${"~".repeat(Math.ceil(text.length * 0.3))}⟧`;
}

/** A key that may not be in the dictionary, such as a label that a user has made. */
export function tOr(key: string, fallback: string, lang = language()): string {
  return key in en ? t(key as Key, {}, lang) : fallback;
}

/** Renders again when the language or another preference changes. */
export function usePrefs() {
  return useSyncExternalStore(prefs.subscribe, prefs.get);
}
