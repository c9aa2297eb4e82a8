import { expect, test } from "vitest";
import type { RoundView } from "../bindings";
import { remotesIn, roundsOf } from "./roundRules";

const round = (part: Partial<RoundView>): RoundView => ({
  at: "2026-11-28T10:00:00Z",
  since: "2026-11-28T10:00:00Z",
  remote: "office",
  sent: 0,
  received: 0,
  conflicts: 0,
  error: null,
  times: 1,
  ...part,
});

test("the log shows what is asked for, of whom it is asked", () => {
  const log = [
    round({ sent: 3 }),
    round({ error: "away", times: 12 }),
    round({ remote: "folder", error: "full" }),
    round({ received: 2, conflicts: 1 }),
  ];
  expect(roundsOf(log, { shown: "all", remote: "" })).toEqual(log);
  expect(roundsOf(log, { shown: "wrong", remote: "" })).toEqual([log[1], log[2]]);
  expect(roundsOf(log, { shown: "wrong", remote: "office" })).toEqual([log[1]]);
  expect(roundsOf(log, { shown: "conflicts", remote: "" })).toEqual([log[3]]);
  expect(remotesIn(log)).toEqual(["folder", "office"]);
});
