// Reminders as people say them; the core reads what is written here.
import { t } from "./i18n";

/** What a task or a meeting offers, as the core keeps it. */
export const REMINDERS = ["0m", "10m", "30m", "1h", "1d", "08:00", "1d 18:00", "never"];

/** A reminder in words: `10m` is «10 minutes before». One at a moment of its own stays as it is. */
export function remindWords(kept: string): string {
  if (kept === "never") return t("remind.never");
  const [, count, unit] = /^(\d+)([mhd])$/.exec(kept) ?? [];
  if (kept === "0m") return t("remind.then");
  if (unit === "m") return t("remind.minutes", { n: Number(count) });
  if (unit === "h") return t("remind.hours", { n: Number(count) });
  if (unit === "d") return t("remind.days", { n: Number(count) });
  const [, days, time] = /^(?:(\d+)d )?(\d\d:\d\d)$/.exec(kept) ?? [];
  if (days) return t("remind.daysAt", { n: Number(days), time: time ?? "" });
  return time ? t("remind.at", { time }) : kept;
}
