import type { RoundView } from "../bindings";

/** What of the log is asked for. */
export const SHOWN = ["all", "wrong", "conflicts"] as const;
export type Shown = (typeof SHOWN)[number];

export interface Asked {
  shown: Shown;
  /** Of one remote; empty: of all. */
  remote: string;
}

/** The rounds that are asked for, in the order in which they came. */
export function roundsOf(rounds: RoundView[], { shown, remote }: Asked): RoundView[] {
  const fits = (r: RoundView) => shown === "all" || (shown === "wrong" ? r.error !== null : r.conflicts > 0);
  return rounds.filter((r) => fits(r) && (remote === "" || r.remote === remote));
}

/** The remotes that the log tells of, those that are gone among them. */
export const remotesIn = (rounds: RoundView[]): string[] =>
  [...new Set(rounds.map((r) => r.remote))].sort((a, b) => a.localeCompare(b));
