import { expect, it } from "vitest";
import { groupProblems, IMPORTED, matchKeys, targetsFor } from "./importRules";

it("problems are grouped by cause, the commonest first", () => {
  const bad = (value: string) => ({ column: "Email", value, message: `«${value}» is not an e-mail address` });
  const groups = groupProblems([
    bad("a"),
    { column: "", value: "x", message: "a quote is opened and not closed" },
    bad("b"),
  ]);
  expect(groups.map((g) => [g.cause, g.count])).toEqual([
    ["Email: … is not an e-mail address", 2],
    ["a quote is opened and not closed", 1],
  ]);
});

it("each kind offers its own targets, and what its rows are recognised by", () => {
  for (const kind of IMPORTED) {
    const targets = targetsFor(kind, { name: "X", target: "skip" }).map(([value]) => value);
    expect(targets).toContain("external_id");
    expect(targets.includes("value.currency")).toBe(kind === "deal");
    expect(targets.includes("emails")).toBe(kind === "person" || kind === "company");
    expect(matchKeys(kind).some(([key]) => key === "title")).toBe(kind !== "person" && kind !== "company");
  }
  const labels = targetsFor("task", { name: "X", target: "skip" }).map(([, label]) => label);
  expect(new Set(labels).size).toBe(labels.length);
});
