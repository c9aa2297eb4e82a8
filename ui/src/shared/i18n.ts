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
  const text = (lang === "zh" ? zh : en)[key];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** A key that may not be in the dictionary, such as a label that a user has made. */
export function tOr(key: string, fallback: string, lang = language()): string {
  return key in en ? t(key as Key, {}, lang) : fallback;
}

/** Renders again when the language or another preference changes. */
export function usePrefs() {
  return useSyncExternalStore(prefs.subscribe, prefs.get);
}
