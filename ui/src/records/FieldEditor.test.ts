import { expect, test, vi } from "vitest";

const understand = vi.fn(async () => ({ text: "", date: "2026-12-04", time: "09:00", repeat: null }));
vi.stubGlobal("document", new EventTarget());
vi.mock("../platform/tauri", () => ({ commands: { understand } }));
const { inData } = await import("./FieldEditor");

const remind = { type: "text", key: "remind" } as const;

test("a reminder that names a day is a moment of its own", async () => {
  for (const text of ["friday 9", "today 18:00", "fri 9", "周五9点"])
    expect(await inData(remind, text), text).toBe("2026-12-04 09:00");
  for (const text of [
    "10m",
    "1 day before",
    "the day before at 18:00",
    "on the day at 08:00",
    "2 days 18:00",
    "当天8点",
  ])
    expect(await inData(remind, text), text).toBe(text);
});
