import { expect, test } from "vitest";
import { optionLabel, show } from "./format";

test("an option of the app is translated, one of somebody's own is as he wrote it", () => {
  expect(optionLabel({ custom: false }, "sent")).toBe("Sent");
  expect(optionLabel({ custom: true }, "sent")).toBe("sent");
  expect(show({ type: "choice" }, "sent")).toBe("Sent");
  expect(show({ type: "choice", custom: true }, "sent")).toBe("sent");
  expect(show({ type: "multi_choice", custom: true }, ["sent", "draft"])).toBe("sent, draft");
  expect(show({ type: "tags" }, ["sent"])).toBe("sent");
});
