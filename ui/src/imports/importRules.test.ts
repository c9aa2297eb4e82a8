import { expect, it } from "vitest";
import { groupProblems } from "./importRules";

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
