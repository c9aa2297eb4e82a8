// Reminders, and how often something comes again, as people say them; the core reads what is written here.
import { type Key, language, t } from "./i18n";

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

/** How often a task is offered to come again, as the core keeps it. */
export const REPEATS = ["day", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "week", "two_weeks", "month", "year"];

const PLAIN: Record<string, string> = {
  day: "FREQ=DAILY",
  week: "FREQ=WEEKLY",
  two_weeks: "FREQ=WEEKLY;INTERVAL=2",
  month: "FREQ=MONTHLY",
  year: "FREQ=YEARLY",
};
const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const WORKDAYS = "MO,TU,WE,TH,FR";

const dayName = (code: string) => t(`repeat.${code}` as Key);

/** The 1st, the 2nd: in Chinese the number alone. */
function ordinal(n: number): string {
  if (language() === "zh") return String(n);
  const form = new Intl.PluralRules("en", { type: "ordinal" }).select(n);
  return `${n}${{ one: "st", two: "nd", few: "rd", other: "th", zero: "th", many: "th" }[form]}`;
}

/** The day of a month, in words. */
function onWords(monthDay: string | undefined, byDay: string | undefined): string {
  const [, nth, code] = /^(-?\d)([A-Z]{2})$/.exec(byDay ?? "") ?? [];
  if (nth && code) return t("repeat.onNth", { nth: t(`repeat.nth.${nth}` as Key), day: dayName(code) });
  if (monthDay === "-1") return t("repeat.onLast");
  return monthDay ? t("repeat.onDay", { day: ordinal(Number(monthDay)) }) : "";
}

function unitWords(rule: Map<string, string>): string {
  const n = Number(rule.get("INTERVAL") ?? 1);
  const [unit, byDay] = [rule.get("FREQ"), rule.get("BYDAY")];
  const every = t(`repeat.${unit}` as Key, { n });
  if (unit === "MONTHLY") return every + onWords(rule.get("BYMONTHDAY"), byDay);
  if (unit !== "WEEKLY" || !byDay) return every;
  if (n === 1 && byDay === WORKDAYS) return t("repeat.workdays");
  const days = byDay.split(",").map(dayName);
  const list = new Intl.ListFormat(language(), { type: "conjunction" });
  return t("repeat.onDays", { n, days: list.format(days) });
}

/** A rule in words: `FREQ=WEEKLY;BYDAY=TU` is «every Tuesday». What cannot be read stays as it is. */
export function repeatWords(kept: string): string {
  const rule = new Map(
    (PLAIN[kept] ?? kept).split(";").map((part) => part.split("=", 2) as [string, string]),
  );
  const readable = /^(DAI|WEEK|MONTH|YEAR)LY$/.test(rule.get("FREQ") ?? "");
  const known = (rule.get("BYDAY") ?? "").split(",").every((day) => !day || DAYS.includes(day.slice(-2)));
  if (!readable || !known) return kept;
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)/.exec(rule.get("UNTIL") ?? "") ?? [];
  return [
    unitWords(rule),
    rule.get("FROM") === "DONE" ? t("repeat.fromDone") : "",
    year ? t("repeat.until", { day: `${year}-${month}-${day}` }) : "",
    rule.has("COUNT") ? t("repeat.times", { n: Number(rule.get("COUNT")) }) : "",
  ].join("");
}
