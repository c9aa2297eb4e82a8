// How this screen looks, on this computer. Nothing of a customer is ever kept here.
import { setLook, setZoom } from "../platform/tauri";

export interface Prefs {
  language: "" | "en" | "zh";
  theme: "" | "light" | "dark";
  density: "compact" | "normal" | "roomy";
  zoom: number;
  /** The keys of the whole system that open the capture window; none where it is empty. */
  capture: string;
  /** For tests of the screens: see `pseudo`. */
  pseudo?: boolean;
}

const KEY = "satchel.prefs";
export const USUAL_CAPTURE = "Ctrl+Alt+Space";
const DEFAULTS: Prefs = {
  language: "",
  theme: "",
  density: "normal",
  zoom: 100,
  capture: USUAL_CAPTURE,
};
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
  root.style.setProperty("--zoom", String(current.zoom / 100));
  void setZoom(current.zoom).catch(() => {});
  void setLook(root.dataset.theme === "dark").catch(() => {});
}

function tell() {
  apply();
  for (const listener of listeners) listener();
}

export const prefs = {
  get: () => current,
  set(change: Partial<Prefs>) {
    current = { ...current, ...change };
    localStorage.setItem(KEY, JSON.stringify(current));
    tell();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  start() {
    apply();
    dark?.addEventListener("change", apply);
    // Another window of ours has been given another look.
    window.addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      current = load();
      tell();
    });
  },
};
