import { expect, test, vi } from "vitest";

const now = vi.hoisted(() => ({ language: "en" }));
vi.mock("./prefs", () => ({ prefs: { get: () => now } }));
const { remindWords, repeatWords } = await import("./again");

// The core reads the same words: see the tests of `domain::repeat` and `domain::remind`.
test("how often something comes again is said in words that the core reads", () => {
  now.language = "en";
  for (const [kept, words] of [
    ["day", "every day"],
    ["two_weeks", "every 2 weeks"],
    ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"],
    ["FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630", "every Tuesday until 2027-06-30"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "every 2 weeks on Tuesday and Thursday"],
    ["FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15", "every 3 months on the 15th"],
    ["FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"],
    ["FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "every month on the last Friday, 3 times"],
    ["FREQ=DAILY;INTERVAL=2;FROM=DONE", "every 2 days after it is done"],
    ["FREQ=SECONDLY", "FREQ=SECONDLY"],
    ["rubbish", "rubbish"],
  ] as const)
    expect(repeatWords(kept)).toBe(words);
  now.language = "zh";
  for (const [kept, words] of [
    ["week", "每周"],
    ["FREQ=WEEKLY;BYDAY=TU,TH", "每周二和周四"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH", "每2周的周二和周四"],
    ["FREQ=MONTHLY;BYDAY=2TU", "每月第二个周二"],
    ["FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15;UNTIL=20270630", "每3个月15号，直到2027-06-30"],
    ["FREQ=MONTHLY;INTERVAL=3;COUNT=2;FROM=DONE", "每3个月，完成后，共2次"],
  ] as const)
    expect(repeatWords(kept)).toBe(words);
});

test("a reminder is said in words that the core reads", () => {
  now.language = "en";
  expect(
    ["0m", "10m", "1h", "2d", "08:00", "1d 18:00", "never", "2026-11-27 08:00"].map(remindWords),
  ).toEqual([
    "0 minutes before",
    "10 minutes before",
    "1 hour before",
    "2 days before",
    "at 08:00",
    "the day before at 18:00",
    "never",
    "2026-11-27 08:00",
  ]);
});
