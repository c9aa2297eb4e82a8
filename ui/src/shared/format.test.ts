import { afterEach, expect, test, vi } from "vitest";

vi.mock("./prefs", () => ({ prefs: { get: () => ({ language: spoken }) } }));
let spoken = "";
const { brief, briefCash, optionLabel, show } = await import("./format");
// In English numbers are written as the system has them.
vi.stubGlobal("navigator", { language: "en-US" });
afterEach(() => {
  spoken = "";
});

test("large amounts are counted in 万 and 亿 in Chinese, and in millions in English", () => {
  const yuan = (amount: number) => briefCash({ minor: amount * 100, currency: "CNY" });
  spoken = "zh";
  expect(yuan(120_000_000)).toBe("¥1.2亿");
  expect(yuan(85_000)).toBe("¥8.5万");
  expect(brief(120_000)).toBe("12万");
  spoken = "en";
  expect(yuan(120_000_000)).toBe("¥120M");
  expect(brief(1_200)).toBe("1.2K");
});

test("an option of the app is translated, one of somebody's own is as he wrote it", () => {
  expect(optionLabel({ custom: false }, "sent")).toBe("Sent");
  expect(optionLabel({ custom: true }, "sent")).toBe("sent");
  expect(show({ type: "choice" }, "sent")).toBe("Sent");
  expect(show({ type: "choice", custom: true }, "sent")).toBe("sent");
  expect(show({ type: "multi_choice", custom: true }, ["sent", "draft"])).toBe("sent, draft");
  expect(show({ type: "tags" }, ["sent"])).toBe("sent");
});
