import type { FieldView } from "../bindings";
import { remindWords, repeatWords } from "./again";
import { language, t, tOr } from "./i18n";
import { plainly } from "./plainly";

/** JSON as the core sends it. */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the field's type
export type Json = any;

/** The system's own habits within the chosen language; a system without a language (`C`) has none. */
function locale(): string {
  if (language() === "zh") return "zh-CN";
  try {
    const own = new Intl.Locale(navigator.language);
    return own.language === "zh" ? "en-GB" : own.toString();
  } catch {
    return "en-GB";
  }
}

export function date(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

export function ago(iso: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  for (const [unit, size] of [
    ["year", 31536000],
    ["month", 2592000],
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ] as const) {
    if (Math.abs(seconds) >= size) return format.format(Math.round(seconds / size), unit);
  }
  return format.format(0, "second");
}

export const count = (n: number): string => new Intl.NumberFormat(locale()).format(n);

/** With one decimal where it has any. */
export const decimal = (n: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(n);

const BRIEF = { notation: "compact", maximumFractionDigits: 1 } as const;

/** A number where there is little room: 1.2K, 12万. */
export const brief = (n: number): string => new Intl.NumberFormat(locale(), BRIEF).format(n);

/** As people count them: 640 B, 12 kB, 3.4 MB. */
export function bytes(n: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const at = Math.min(Math.floor(Math.log10(Math.max(n, 1)) / 3), units.length - 1);
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: units[at],
    unitDisplay: at === 0 ? "narrow" : "short",
    maximumSignificantDigits: 3,
  }).format(n / 1000 ** at);
}

export function money(value: { minor: number; currency: string }): string {
  try {
    const format = new Intl.NumberFormat(locale(), { style: "currency", currency: value.currency });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(value.minor / 10 ** digits);
  } catch {
    return `${value.minor} ${value.currency}`;
  }
}

/** An amount where there is little room: whole ones without cents. */
export function cash(value: { minor: number; currency: string }): string {
  try {
    const style = { style: "currency", currency: value.currency } as const;
    const digits = new Intl.NumberFormat(locale(), style).resolvedOptions().maximumFractionDigits ?? 2;
    const whole = value.minor % 10 ** digits === 0;
    const options = whole ? { ...style, minimumFractionDigits: 0, maximumFractionDigits: 0 } : style;
    return new Intl.NumberFormat(locale(), options).format(value.minor / 10 ** digits);
  } catch {
    return money(value);
  }
}

/** An amount on an axis: €1.2M, ¥120万. */
export function briefCash(value: { minor: number; currency: string }): string {
  try {
    const style = { style: "currency", currency: value.currency, currencyDisplay: "narrowSymbol" } as const;
    const digits = new Intl.NumberFormat(locale(), style).resolvedOptions().maximumFractionDigits ?? 2;
    return new Intl.NumberFormat(locale(), { ...style, ...BRIEF, minimumFractionDigits: 0 }).format(
      value.minor / 10 ** digits,
    );
  } catch {
    return money(value);
  }
}

/** The amount as it is typed: `1250.00 EUR`. */
export function moneyInput(value: { minor: number; currency: string }): string {
  const digits =
    new Intl.NumberFormat("en", { style: "currency", currency: value.currency }).resolvedOptions()
      .maximumFractionDigits ?? 2;
  return `${(value.minor / 10 ** digits).toFixed(digits)} ${value.currency}`;
}

export function day(value: string): string {
  const yearless = value.startsWith("--");
  const parsed = new Date(`${yearless ? `2000${value.slice(1)}` : value}T12:00:00`);
  if (Number.isNaN(parsed.getTime())) return value;
  return new Intl.DateTimeFormat(
    locale(),
    yearless ? { month: "long", day: "numeric" } : { dateStyle: "long" },
  ).format(parsed);
}

/** A day in a few letters: in a list, or on a card. */
export function shortDay(value: string): string {
  const parsed = new Date(`${value}T12:00:00`);
  if (Number.isNaN(parsed.getTime())) return value;
  const year = parsed.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", year }).format(parsed);
}

/** A month, `2026-11`, in a few letters; one of another year says which. */
export function monthName(value: string): string {
  const parsed = new Date(`${value}-15T12:00:00`);
  if (Number.isNaN(parsed.getTime())) return value;
  const year = parsed.getFullYear() === new Date().getFullYear() ? undefined : "2-digit";
  return new Intl.DateTimeFormat(locale(), { month: "short", year }).format(parsed);
}

/** A day with its name. */
export const longDay = (value: string): string =>
  new Intl.DateTimeFormat(locale(), { weekday: "long", day: "numeric", month: "long" }).format(
    new Date(`${value}T12:00:00`),
  );

/** The name of a day in a few letters. */
export const weekday = (value: string): string =>
  new Intl.DateTimeFormat(locale(), { weekday: "short" }).format(new Date(`${value}T12:00:00`));

/** The month of a day, with its year. */
export const monthYear = (value: string): string =>
  new Intl.DateTimeFormat(locale(), { month: "long", year: "numeric" }).format(new Date(`${value}T12:00:00`));

/** An hour as the clock is read here. */
export const hourOf = (hour: number): string =>
  new Intl.DateTimeFormat(locale(), { hour: "numeric", minute: "2-digit" }).format(
    new Date(2026, 0, 5, hour),
  );

/** The time of day. */
export const clock = (iso: string): string =>
  new Intl.DateTimeFormat(locale(), { timeStyle: "short" }).format(new Date(iso));

/** What day it is here: `2026-11-27`. */
export function today(offset = 0): string {
  const now = new Date();
  now.setDate(now.getDate() + offset);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** A moment as one types it here: `2026-11-27 14:30`. */
export function momentInput(iso: string): string {
  const at = new Date(iso);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function address(item: Json): string {
  // A Chinese one goes from the large to the small.
  if (/[\u3400-\u9fff]/.test(item.street ?? "")) {
    const place = [item.country, item.region, item.city, item.street].filter(Boolean).join("");
    return [place.replaceAll("\n", ""), item.postal_code].filter(Boolean).join(" ");
  }
  const city = [item.postal_code, item.city, item.region].filter(Boolean).join(" ");
  return [item.street?.replaceAll("\n", ", "), city, item.country].filter(Boolean).join(", ");
}

export const labelOf = (field: { key: string; label: string; custom?: boolean }): string =>
  field.custom ? field.label : tOr(`field.${field.key}`, field.label);

/** An option as the screen calls it: somebody's own, such as «open», is not one of the app's that is called so, too. */
export const optionLabel = (field: { custom?: boolean } | undefined, option: string): string =>
  field?.custom ? option : tOr(`option.${option}`, option);

export const itemLabel = (label: string): string => (label ? tOr(`label.${label}`, label) : "");

/** A value in one line. */
export function show(
  field: (Pick<FieldView, "type"> & { custom?: boolean; note?: boolean; key?: string }) | undefined,
  value: Json,
  linkTitle?: string | null,
): string {
  if (value === null || value === undefined) return "";
  switch (field?.type) {
    case "money":
      return money(value);
    case "date":
      return day(value);
    case "yes_no":
      return value ? t("yes") : t("no");
    case "number":
      return new Intl.NumberFormat(locale()).format(value);
    case "date_time":
      return date(value);
    case "link":
      return linkTitle ?? "";
    case "choice":
      return optionLabel(field, value);
    case "multi_choice":
      return value.map((option: string) => optionLabel(field, option)).join(", ");
    case "tags":
      return value.join(", ");
    case "emails":
    case "phones":
      return value
        .map((item: Json) => (item.label ? `${item.value} (${itemLabel(item.label)})` : item.value))
        .join(", ");
    case "lines":
      return value
        .map(
          (line: Json) =>
            `${line.quantity} × ${line.name}${line.unit_price ? ` (${money(line.unit_price)})` : ""}`,
        )
        .join("; ");
    case "addresses":
      return value.map(address).join("; ");
    case "long_text":
      return field.note ? plainly(value) : value;
    default:
      if (field?.key === "remind") return remindWords(value);
      if (field?.key === "repeat") return repeatWords(value);
      // What is not offered, such as the days that a meeting is left out on.
      if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
      return typeof value === "string" ? value : JSON.stringify(value);
  }
}
