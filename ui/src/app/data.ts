import { useEffect, useRef, useState } from "react";
import type { FieldView, Kind, ListRequest } from "../bindings";
import { commands, errorOf, onVault } from "../platform/tauri";
import { current, go } from "./router";

/** Rises with every change that the core announces; queries depend on it and on nothing else. */
export function useVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => onVault((event) => event.type === "changed" && setVersion((v) => v + 1)), []);
  return version;
}

export function useQuery<T>(ask: () => Promise<T>, deps: unknown[]): { data?: T; error?: string } {
  const [state, setState] = useState<{ data?: T; error?: string }>({});
  const turn = useRef(0);
  useEffect(() => {
    const mine = ++turn.current;
    ask().then(
      (data) => mine === turn.current && setState({ data }),
      (thrown) => mine === turn.current && setState({ error: errorOf(thrown).message }),
    );
    // biome-ignore lint/correctness/useExhaustiveDependencies: the caller names what the question depends on
  }, deps);
  return state;
}

/** A text once somebody rests: what is typed in between is not asked for. */
export function useRested(text: string): string {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), 120);
    return () => clearTimeout(timer);
  }, [text]);
  return rested;
}

const NO_FIELDS: FieldView[] = [];

export function useFields(kind: Kind): FieldView[] {
  const version = useVersion();
  return useQuery(() => commands.fields(kind), [kind, version]).data ?? NO_FIELDS;
}

/** The list that the open record was reached from: next and previous follow it. */
export const lastList: {
  kind: Kind;
  request: ListRequest;
  /** What was typed, and the filter of the page that the list was reached from. */
  input: string;
  /** By what somebody sorted it, within its groups. */
  sort: string;
  within?: string;
  top: number;
  row: number;
} = {
  kind: "person",
  input: "",
  sort: "",
  request: { filter: "", text: "", sort: "", trash: false, offset: 0, limit: 0 },
  top: 0,
  row: 0,
};

const recents: { id: string; kind: Kind; title: string }[] = [];

export function remember(entry: { id: string; kind: Kind; title: string }) {
  const at = recents.findIndex((r) => r.id === entry.id);
  if (at >= 0) recents.splice(at, 1);
  recents.unshift(entry);
  recents.splice(8);
}

export const recentRecords = () => recents;
export const forgetRecents = () => recents.splice(0);

/** With a day: that time of a meeting that comes again. */
export function openRecord(id: string, kind: Kind, day?: string | null) {
  const here = current();
  const there = here.page === "record" && here.id === id && (here.day ?? null) === (day ?? null);
  if (!there) go({ page: "record", id, kind, ...(day ? { day } : {}) });
}

/** The time of a meeting that comes again that a row stands for, if it is such a one. */
export const timeOf = ({ fields }: { fields: { [key in string]: unknown } }): string | undefined =>
  fields.repeat && typeof fields.occurrence === "string" ? fields.occurrence : undefined;
