import { useSyncExternalStore } from "react";
import type { Kind } from "../bindings";

export type Route =
  | { page: "list"; kind: Kind; trash?: boolean; filter?: string; sort?: string }
  | { page: "record"; id: string; kind: Kind }
  | { page: "import"; path?: string }
  | { page: "history" }
  | { page: "settings" };

const START: Route = { page: "list", kind: "person" };
let stack: Route[] = [START];
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

export function go(route: Route) {
  // The same place again is no step to go back.
  if (JSON.stringify(route) === JSON.stringify(current())) return;
  stack = [...stack.slice(-30), route];
  tell();
}

/** The same screen in another state: no step to go back. */
export function replace(route: Route) {
  stack = [...stack.slice(0, -1), route];
  tell();
}

export function back() {
  if (stack.length > 1) {
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
