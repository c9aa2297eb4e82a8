import { Briefcase, Mail, MapPin, MessageSquare, NotebookPen, Phone } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery, useRested } from "../app/data";
import { ui } from "../app/registry";
import { withUndo } from "../app/undo";
import { useMentioning } from "../notes/mentioning";
import { commands } from "../platform/tauri";
import { ACTIVITIES } from "../records/kinds";
import { repeatWords } from "../shared/again";
import { shortDay, today } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing, keepPlain, useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";

export type ActivityType = (typeof ACTIVITIES)[number];

export const ICONS: Record<ActivityType, typeof Phone> = {
  call: Phone,
  visit: MapPin,
  meeting: Briefcase,
  message: MessageSquare,
  mail: Mail,
  note: NotebookPen,
};

/** What was understood of the next step, before it is saved. */
export function Understood({ text }: { text: string }) {
  const wanted = useRested(text.trim());
  const said = useQuery(
    async () => (wanted ? commands.understand(wanted, today()) : undefined),
    [wanted],
  ).data;
  if (!wanted || !said) return null;
  const when = said.date ? [shortDay(said.date), said.time].filter(Boolean).join(" ") : t("log.tomorrow");
  const day = said.repeat ? `${when}, ${repeatWords(said.repeat)}` : when;
  return (
    <p className="soft small" aria-live="polite">
      → {said.text || t("log.same")} · <strong>{day}</strong>
    </p>
  );
}

/** What was done with somebody, in a line, and what comes next: a number, the words, Enter, the next step, Enter. */
export function LogBox({ about }: { about: string }) {
  const [type, setType] = useState<ActivityType>("call");
  const [text, setText] = useState("");
  const [next, setNext] = useState("");
  const line = useRef<HTMLInputElement>(null);
  const step = useRef<HTMLInputElement>(null);
  const busy = useRef(false);

  const begin = (of: ActivityType) => {
    setType(of);
    line.current?.focus();
  };
  useKeys({
    l: () => begin(type),
    ...Object.fromEntries(ACTIVITIES.map((of, n) => [String(n + 1), () => begin(of)])),
  });
  useEffect(() => {
    ui.log = begin;
    return () => {
      ui.log = undefined;
    };
  });

  async function save() {
    if (busy.current) return;
    busy.current = true;
    const logged = { about, type, text, outcome: "", next, today: today() };
    const done = await attempt(() => commands.logActivity(logged));
    busy.current = false;
    if (!done) return;
    setText("");
    setNext("");
    (document.activeElement as HTMLElement | null)?.blur();
    withUndo(t(next.trim() ? "log.savedNext" : "log.saved", { what: t(`option.${type}`) }), done.operation);
  }
  const mentioning = useMentioning(line, "log-text");
  const keys = (event: React.KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    if (event.target === line.current && mentioning.keys(event)) return;
    keepPlain(event);
    if (event.key === "Escape") (event.target as HTMLElement).blur();
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.target === line.current && !event.ctrlKey && !event.metaKey) step.current?.focus();
    else void save();
  };
  return (
    <div className="log" id="log">
      <div className="row-line wrap" role="radiogroup" aria-label={t("field.type")}>
        {ACTIVITIES.map((of, n) => {
          const Icon = ICONS[of];
          return (
            <button
              type="button"
              key={of}
              role="radio"
              aria-checked={type === of}
              className="button plain small"
              onClick={() => begin(of)}
            >
              <Icon size={14} /> {t(`option.${of}`)} <kbd>{n + 1}</kbd>
            </button>
          );
        })}
      </div>
      <div className="note-input">
        <input
          ref={line}
          id="log-text"
          className="input"
          aria-label={t("log.text")}
          placeholder={t("log.text")}
          {...mentioning.aria}
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            mentioning.look();
          }}
          onSelect={mentioning.look}
          onKeyDown={keys}
        />
        {mentioning.list}
      </div>
      <div className="row-line">
        <input
          ref={step}
          id="log-next"
          className="input grow"
          aria-label={t("log.next")}
          placeholder={t("log.nextHint")}
          value={next}
          onChange={(e) => setNext(e.target.value)}
          onKeyDown={keys}
        />
        <button
          type="button"
          className="button primary"
          id="log-save"
          disabled={!text.trim() && !next.trim()}
          onClick={() => void save()}
        >
          {t("save")} <kbd>Enter</kbd>
        </button>
      </div>
      <Understood text={next} />
    </div>
  );
}
