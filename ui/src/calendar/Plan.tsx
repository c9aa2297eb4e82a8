import { type FormEvent, useRef, useState } from "react";
import { useFields } from "../app/data";
import { withUndo } from "../app/undo";
import { commands, errorOf } from "../platform/tauri";
import { Linked } from "../records/FieldEditor";
import { REMINDERS, REPEATS, remindWords, repeatWords } from "../shared/again";
import { type Json, labelOf, today } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Dialog, Field } from "../shared/ui";
import { clockOf, minutesOf, moment, type Spot } from "./layout";

/** What is planned, in the order of its keys. */
const PLANNED = ["meeting", "visit", "call", "task"] as const;
type Planned = (typeof PLANNED)[number];
const LENGTHS = [15, 30, 45, 60, 90, 120, 180, 240, 480];

/** A day and a time as they are typed, or in words: «fri 10». */
async function read(when: string): Promise<{ day: string; minutes?: number; repeat?: string } | undefined> {
  const [, plain, time] = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))?$/.exec(when.trim()) ?? [];
  const valid = plain && !Number.isNaN(new Date(`${plain}T12:00:00`).getTime());
  if (valid) return { day: plain, minutes: minutesOf(time) };
  const said = await commands.understand(when, today());
  const repeat = said.repeat ? { repeat: said.repeat } : {};
  return said.text === "" && said.date
    ? { day: said.date, minutes: minutesOf(said.time), ...repeat }
    : undefined;
}

/** Plans a meeting, a visit, a call or a task where nothing stands yet. */
export function Plan({ spot, onClose }: { spot: Spot; onClose: (made?: string) => void }) {
  const fields = useFields("activity");
  const [what, setWhat] = useState<Planned>(spot.from === undefined ? "task" : "meeting");
  const [subject, setSubject] = useState("");
  const [when, setWhen] = useState(
    [spot.day, spot.from !== undefined && clockOf(spot.from)].filter(Boolean).join(" "),
  );
  const drawn = spot.from === undefined || spot.to === undefined ? 60 : spot.to - spot.from;
  const [minutes, setMinutes] = useState(drawn);
  const [person, setPerson] = useState<string | null>(null);
  const [place, setPlace] = useState("");
  const [repeat, setRepeat] = useState("");
  const [remind, setRemind] = useState("");
  const [error, setError] = useState<{ message: string; field?: string | null }>();
  const busy = useRef(false);
  const lengths = LENGTHS.includes(drawn) ? LENGTHS : [...LENGTHS, drawn].sort((a, b) => a - b);
  const isTask = what === "task";

  async function input(): Promise<Record<string, Json> | undefined> {
    const at = await read(when);
    if (!at) {
      setError({ message: t("calendar.whenBad"), field: "when" });
      return;
    }
    const company = person ? (await commands.get(person)).fields.company : undefined;
    const links = {
      ...(person ? { person } : {}),
      ...(company ? { company } : {}),
      ...(remind ? { remind } : {}),
      // «every mon 10» says both when and how often.
      ...(repeat.trim() || at.repeat ? { repeat: repeat.trim() || at.repeat } : {}),
    };
    if (isTask) {
      const time = at.minutes === undefined ? {} : { due_time: clockOf(at.minutes) };
      return { subject, due: at.day, ...time, ...links };
    }
    const where = place.trim() ? { place } : {};
    return { type: what, subject, at: moment(at.day, at.minutes ?? 9 * 60), minutes, ...where, ...links };
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    if (!subject.trim()) return setError({ message: t("calendar.subjectMissing"), field: "subject" });
    // A second Enter while the first is on its way must not make a second one.
    if (busy.current) return;
    busy.current = true;
    try {
      const wanted = await input();
      if (!wanted) return;
      const made = await commands.create(isTask ? "task" : "activity", wanted);
      withUndo(t("calendar.planned", { name: subject.trim() }), made.operation);
      onClose(made.id);
    } catch (thrown) {
      setError(errorOf(thrown));
    } finally {
      busy.current = false;
    }
  }

  const linked = fields.find((f) => f.key === "person");
  return (
    <Dialog label={t("calendar.plan")} onClose={() => onClose()}>
      <form className="body stack" onSubmit={(e) => void submit(e)}>
        <h1>{t("calendar.plan")}</h1>
        <div className="row-line" role="radiogroup" aria-label={t("field.type")}>
          {PLANNED.map((kind) => (
            <label key={kind} className="row-line">
              <input
                type="radio"
                name="what"
                id={`plan-${kind}`}
                checked={what === kind}
                onChange={() => setWhat(kind)}
              />
              {kind === "task" ? t("calendar.task") : tOr(`option.${kind}`, kind)}
            </label>
          ))}
        </div>
        <Field label={t("field.subject")}>
          <input
            className="input"
            id="plan-subject"
            autoFocus
            aria-invalid={error?.field === "subject"}
            value={subject}
            onChange={(e) => setSubject(e.target.value)}
          />
        </Field>
        <Field label={t("field.at")} hint={t("calendar.whenHint")}>
          <input
            className="input"
            id="plan-when"
            aria-invalid={error?.field === "when"}
            value={when}
            onChange={(e) => setWhen(e.target.value)}
          />
        </Field>
        {!isTask && (
          <Field label={t("calendar.length")}>
            <select
              className="input"
              id="plan-minutes"
              value={minutes}
              onChange={(e) => setMinutes(Number(e.target.value))}
            >
              {lengths.map((n) => (
                <option key={n} value={n}>
                  {t("calendar.minutes", { n })}
                </option>
              ))}
            </select>
          </Field>
        )}
        {linked && (
          <Field label={labelOf(linked)}>
            <Linked field={linked} onChange={setPerson} />
          </Field>
        )}
        {(what === "visit" || what === "meeting") && (
          <Field label={t("field.place")}>
            <input
              className="input"
              id="plan-place"
              value={place}
              onChange={(e) => setPlace(e.target.value)}
            />
          </Field>
        )}
        <Field label={t("field.repeat")} hint={t("calendar.repeatHint")}>
          <input
            className="input"
            id="plan-repeat"
            list="plan-repeats"
            placeholder={t("calendar.once")}
            aria-invalid={error?.field === "repeat"}
            value={repeat}
            onChange={(e) => setRepeat(e.target.value)}
          />
          <datalist id="plan-repeats">
            {REPEATS.map((kept) => (
              <option key={kept} value={repeatWords(kept)} />
            ))}
          </datalist>
        </Field>
        <Field label={t("field.remind")}>
          <select
            className="input"
            id="plan-remind"
            value={remind}
            onChange={(e) => setRemind(e.target.value)}
          >
            <option value="">{isTask ? t("remind.usual") : t("none")}</option>
            {REMINDERS.filter((kept) => isTask || kept !== "never").map((kept) => (
              <option key={kept} value={kept}>
                {remindWords(kept)}
              </option>
            ))}
          </select>
        </Field>
        {error && (
          <p className="error" role="alert">
            {error.message}
          </p>
        )}
        <div className="row-line">
          <button type="submit" className="button primary" id="plan-add">
            {t("add")} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={() => onClose()}>
            {t("cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
