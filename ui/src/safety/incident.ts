import type { IncidentLine, PlaybookView, SaidView, TimelineEntry } from "../bindings";
import { count, date, momentInput } from "../shared/format";
import { language, t, tOr } from "../shared/i18n";

/** What the core says in both languages, in that of the screen. */
export const said = (text: SaidView): string => text[language()];

/** What an incident is called: where nobody has said otherwise, as its playbook. */
export function titleOf(line: IncidentLine, books: PlaybookView[]): string {
  const book = books.find((b) => b.id === line.playbook);
  return book && book.title.en === line.title ? said(book.title) : line.title;
}

/** How much time is left to tell others, or how late it is. */
export function clockInWords(minutes: number): string {
  const late = minutes < 0;
  const all = Math.abs(minutes);
  const hours = all < 120 ? undefined : (late ? Math.floor : Math.ceil)(all / 60);
  if (hours === undefined)
    return t(late ? "incident.lateMinutes" : "incident.leftMinutes", { n: count(all) });
  return t(late ? "incident.late" : "incident.left", { n: count(hours) });
}

/** What a typed moment of this place is to be sent as; nothing where it is none, or the one that is known. */
export function knownAt(typed: string, known: string): string | undefined {
  const at = new Date(typed);
  if (Number.isNaN(at.getTime()) || typed === momentTyped(known)) return undefined;
  return at.toISOString();
}

/** A moment as an input for one has it: `2026-11-27T14:30`. */
export const momentTyped = (iso: string): string => momentInput(iso).replace(" ", "T");

/** How long it took, as people say it. */
export function tookInWords(seconds: number): string {
  if (seconds < 90) return t("incident.seconds", { n: count(seconds) });
  if (seconds < 90 * 60) return t("incident.minutes", { n: count(Math.round(seconds / 60)) });
  return t("incident.hours", { n: count(Math.round(seconds / 3600)) });
}

/** The incident whose clock is the nearest to its end; drills have none that matters. */
export function mostUrgent(lines: IncidentLine[]): IncidentLine | undefined {
  const waiting = lines.filter((line) => !line.drill && line.minutes_left !== null);
  return waiting.sort((a, b) => (a.minutes_left ?? 0) - (b.minutes_left ?? 0))[0];
}

export function happenedInWords(entry: TimelineEntry, book?: PlaybookView): string {
  const step = book?.steps.find((s) => s.id === entry.about);
  const title = step ? said(step.title) : entry.about;
  if (entry.what === "said") {
    const value = entry.about === "known_at" ? date(entry.text) : entry.text;
    return t("incident.said", { what: tOr(`incident.field.${entry.about}`, entry.about), value });
  }
  return t(`incident.happened.${entry.what}`, { step: title, text: entry.text });
}
