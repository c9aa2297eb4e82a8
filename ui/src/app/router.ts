import { useSyncExternalStore } from "react";
import type { Kind, Period, Report } from "../bindings";
import type { View } from "../calendar/layout";
import { isBrowsed } from "../records/kinds";

/** The records of another page's number: what is true of them, and what that is called. */
export interface Within {
  filter: string;
  label: string;
}

export type Route =
  | { page: "today" }
  | { page: "board" }
  | { page: "visits"; day?: string }
  | { page: "calendar"; view?: View; day?: string; owner?: string }
  | { page: "list"; kind: Kind; trash?: boolean; filter?: string; sort?: string; within?: Within }
  | {
      page: "reports";
      report?: Report;
      period?: Period;
      pipeline?: string;
      owner?: string;
      currency?: string;
    }
  /** With a day: that time of a meeting that comes again. */
  | { page: "record"; id: string; kind: Kind; day?: string }
  | { page: "import"; path?: string; at?: number }
  | { page: "history" }
  /** A list as it was, of what was typed to find in it; without a moment it is asked for. */
  | { page: "past"; kind: Kind; at?: string; filter?: string }
  /** With ids: those are compared; else those of the kind that may be one are looked for. */
  | { page: "duplicates"; kind: Kind; ids?: string[] }
  | { page: "team" }
  | { page: "guide"; name?: string }
  | { page: "templates" }
  | { page: "prices" }
  | { page: "safety"; tab?: string; incident?: string }
  | { page: "settings" };

const START: Route = { page: "today" };

/** A window of its own for one record is opened with its name behind `#`. */
function start(): Route {
  const asked = new URLSearchParams(globalThis.location?.hash.slice(1) ?? "");
  const [id, kind] = [asked.get("record"), asked.get("kind")];
  return id && isBrowsed(kind) ? { page: "record", id, kind } : START;
}

let stack: Route[] = [start()];

/** An editor that is open saves what was typed when it loses the focus: before its screen goes. */
export function leaveEditor() {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(focused.tagName)) focused.blur();
}
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

export function go(route: Route) {
  // The same place again is no step to go back.
  if (JSON.stringify(route) === JSON.stringify(current())) return;
  leaveEditor();
  stack = [...stack.slice(-30), route];
  tell();
}

/** The same screen in another state: no step to go back. */
export function replace(route: Route) {
  if (route.page !== current().page || route.page === "record") leaveEditor();
  stack = [...stack.slice(0, -1), route];
  tell();
}

export function back() {
  if (stack.length > 1) {
    leaveEditor();
    stack = stack.slice(0, -1);
    tell();
  }
}

export function current(): Route {
  return stack[stack.length - 1] ?? START;
}

export function useRoute(): Route {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, current);
}
