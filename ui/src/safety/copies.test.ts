import { expect, test } from "vitest";
import type { BackupFolderView } from "../bindings";
import { nextStep, ringsOf } from "./copies";

const place = (over: Partial<BackupFolderView>): BackupFolderView => ({
  address: "/media/disk",
  own: false,
  same_disk: false,
  served: false,
  away: false,
  last: "2026-11-27T10:00:00Z",
  late: false,
  drilled_at: null,
  drill_seconds: null,
  drill_records: null,
  trouble: null,
  ...over,
});

test("a copy on the same disk is none, and each step asks for the next", () => {
  const own = place({ own: true, same_disk: true });
  expect(nextStep(ringsOf({ places: [own] }))).toBe("disk");
  expect(nextStep(ringsOf({ places: [own, place({ same_disk: true })] }))).toBe("disk");
  expect(nextStep(ringsOf({ places: [own, place({})] }))).toBe("away");
  expect(nextStep(ringsOf({ places: [own, place({}), place({ away: true })] }))).toBeUndefined();
});

test("a disk that was not seen for days does not count, and says since when", () => {
  const [, disk] = ringsOf({ places: [place({ late: true })] });
  expect(disk).toEqual({ id: "disk", ok: false, last: "2026-11-27T10:00:00Z" });
});
