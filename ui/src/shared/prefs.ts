// How this screen looks, on this computer. Nothing of a customer is ever kept here.
import { setZoom } from "../platform/tauri";

export interface Prefs {
  language: "" | "en" | "zh";
  theme: "" | "light" | "dark";
  density: "compact" | "normal" | "roomy";
  zoom: number;
  /** For tests of the screens: see `pseudo`. */
  pseudo?: boolean;
}

const KEY = "satchel.prefs";
const DEFAULTS: Prefs = { language: "", theme: "", density: "normal", zoom: 100 };
const listeners = new Set<() => void>();
let current: Prefs = load();

function load(): Prefs {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

function apply() {
  const root = document.documentElement;
  root.dataset.theme = current.theme || (dark?.matches ? "dark" : "light");
  root.dataset.density = current.density;
  const chinese = current.language
    ? current.language === "zh"
    : navigator.language.toLowerCase().startsWith("zh");
  root.lang = chinese ? "zh-CN" : "en";
  void setZoom(current.zoom).catch(() => {});
}

export const prefs = {
  get: () => current,
  set(change: Partial<Prefs>) {
    current = { ...current, ...change };
    localStorage.setItem(KEY, JSON.stringify(current));
    apply();
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  start() {
    apply();
    dark?.addEventListener("change", apply);
  },
};
