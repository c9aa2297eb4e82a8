import { expect, test } from "vitest";
import type { PipelineView, StageView } from "../bindings";
import { firstThatBegins, losing, stageOptions } from "./stages";

const stage = (id: string, outcome: string) => ({ id, name: id.toUpperCase(), outcome }) as StageView;
const sales: PipelineView = {
  id: "sales",
  name: "Sales",
  gone: false,
  stages: [stage("offer", "open"), stage("won", "won"), stage("lost", "lost")],
};
const partners: PipelineView = { ...sales, id: "p", name: "Partners", stages: [stage("over", "lost")] };

test("a deal is lost by the stage that it comes into, not by one that it is in", () => {
  const stages = stageOptions([sales, partners]);
  expect(losing(stages, "offer", "lost")).toBe(true);
  expect(losing(stages, "lost", "lost")).toBe(false);
  // In another pipeline it may be lost for another reason.
  expect(losing(stages, "lost", "over")).toBe(true);
  expect(losing(stages, "lost", "offer")).toBe(false);
  expect(losing(stages, "offer", "won")).toBe(false);
  expect(losing(stages, undefined, "lost")).toBe(true);
});

test("stages say their pipeline where there are several, and none is offered of one that is gone", () => {
  expect(stageOptions([sales]).map((s) => s.label)).toEqual(["OFFER", "WON", "LOST"]);
  expect(stageOptions([sales, partners]).map((s) => s.label)).toContain("Partners: OVER");
  expect(stageOptions([sales, { ...partners, gone: true }]).map((s) => s.label)).toEqual([
    "OFFER",
    "WON",
    "LOST",
  ]);
});

test("a letter in the cell means the first stage that begins with it", () => {
  const options = stageOptions([sales]).map((s): [string, string] => [s.label, s.stage.id]);
  expect(firstThatBegins(options, "l")).toBe(2);
  expect(firstThatBegins(options, "x")).toBeUndefined();
  expect(firstThatBegins(options, "")).toBeUndefined();
});
