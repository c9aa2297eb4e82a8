import { type KeyboardEvent, useEffect, useSyncExternalStore } from "react";
import { withUndo } from "../app/undo";
import type { SeriesView, Which, Written } from "../bindings";
import { commands } from "../platform/tauri";
import type { Json } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog } from "../shared/ui";

/** Which times of a meeting that comes again are meant, by one key each. */
const KEYS: Record<Which, string> = { this: "1", later: "2", all: "3" };

interface Asked {
  title: string;
  offered: Which[];
  answer: (which: Which | undefined) => void;
}

let asked: Asked | undefined;
const listeners = new Set<() => void>();

function put(next: Asked | undefined) {
  asked = next;
  for (const listener of listeners) listener();
}

function askWhich(title: string, offered: Which[]): Promise<Which | undefined> {
  // Whoever asks while it is asked gets no answer: the one that is open counts.
  if (asked) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const answer = (which: Which | undefined) => {
      put(undefined);
      resolve(which);
    };
    put({ title, offered, answer });
  });
}

/** Asks which times are meant; nothing where somebody thinks better of it. Once for the whole window. */
export function WhichTimes() {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => asked,
  );
  // Locked meanwhile: what it names is let go.
  useEffect(() => () => asked?.answer(undefined), []);
  if (!now) return null;
  const keys = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return;
    const which = now.offered.find((one) => KEYS[one] === event.key);
    if (!which) return;
    event.preventDefault();
    event.stopPropagation();
    now.answer(which);
  };
  return (
    <Dialog label={now.title} onClose={() => now.answer(undefined)}>
      <div className="body stack" id="which-times" onKeyDown={keys}>
        <h1>{now.title}</h1>
        {now.offered.map((which, n) => (
          <button
            type="button"
            key={which}
            id={`which-${which}`}
            className={n === 0 ? "button primary" : "button"}
            autoFocus={n === 0}
            onClick={() => now.answer(which)}
          >
            {t(`series.${which}`)} <kbd>{KEYS[which]}</kbd>
          </button>
        ))}
        <button type="button" className="button plain" onClick={() => now.answer(undefined)}>
          {t("cancel")} <kbd>Esc</kbd>
        </button>
      </div>
    </Dialog>
  );
}

/** Changes one time of a meeting, that and all later ones, or all; nothing where nobody has said which. */
export async function changeTimes(
  { id, day, title }: SeriesView,
  fields: Record<string, Json>,
): Promise<(Written & { which: Which }) | undefined> {
  // How often it comes is nothing that one time has.
  const offered: Which[] = "repeat" in fields ? ["later", "all"] : ["this", "later", "all"];
  const which = await askWhich(t("series.change", { name: title || "—" }), offered);
  if (!which) return;
  const done = await attempt(() => commands.changeOccurrence(id, day, which, fields));
  if (!done) return;
  withUndo(t(`series.changed.${which}`, { name: title || "—" }), done.operation);
  return { ...done, which };
}

/** Takes away the same. */
export async function removeTimes({ id, day, title }: SeriesView): Promise<Which | undefined> {
  const which = await askWhich(t("series.remove", { name: title || "—" }), ["this", "later", "all"]);
  if (!which) return;
  const done = await attempt(() => commands.removeOccurrence(id, day, which));
  if (!done) return;
  withUndo(t(`series.removed.${which}`, { name: title || "—" }), done.operation);
  return which;
}
