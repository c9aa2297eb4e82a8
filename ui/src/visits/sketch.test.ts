import { expect, test } from "vitest";
import { pointsOf, startsAt } from "./sketch";

test("a sketch has north above and fills its picture", () => {
  const points = pointsOf(["0, 0", "1, 0", "0, 1"], 100, 100, 10);
  expect(points).toEqual([
    [10, 90],
    [10, 10],
    [90, 90],
  ]);
  expect(pointsOf(["41, -8", "41, -8"], 100, 100)).toEqual([
    [50, 50],
    [50, 50],
  ]);
  const [east, west] = pointsOf(["0, 179", "0, -179"], 100, 100, 10);
  expect((west?.[0] ?? 0) > (east?.[0] ?? 0)).toBe(true);
  expect(pointsOf([], 100, 100)).toEqual([]);
});

test("a day begins at nine, and today not before now", () => {
  const at = (hour: number, minute: number) => new Date(2026, 10, 27, hour, minute);
  expect(startsAt("2026-11-28", "2026-11-27", at(15, 1))).toBe("09:00");
  expect(startsAt("2026-11-27", "2026-11-27", at(7, 0))).toBe("09:00");
  expect(startsAt("2026-11-27", "2026-11-27", at(15, 1))).toBe("15:05");
  expect(startsAt("2026-11-27", "2026-11-27", at(23, 59))).toBe("23:55");
});
