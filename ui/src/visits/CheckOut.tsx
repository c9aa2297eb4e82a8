import { type FormEvent, useRef, useState } from "react";
import { withUndo } from "../app/undo";
import type { RowView } from "../bindings";
import { Understood } from "../day/LogBox";
import { commands } from "../platform/tauri";
import { today } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog, Field } from "../shared/ui";
import { tasks } from "./visiting";

/** What came of a visit, and what comes next; how long it took is noted by itself. */
export function CheckOut({ visit, whom, onClose }: { visit: RowView; whom: string; onClose: () => void }) {
  const [text, setText] = useState("");
  const [outcome, setOutcome] = useState("");
  const [next, setNext] = useState("");
  const task = tasks.get(visit.id);
  const [finish, setFinish] = useState(true);
  const busy = useRef(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy.current || isComposing(event.nativeEvent)) return;
    busy.current = true;
    const out = { text, outcome, next, task: task && finish ? task.id : null, today: today() };
    const done = await attempt(() => commands.checkOut(visit.id, out));
    busy.current = false;
    if (!done) return;
    tasks.delete(visit.id);
    onClose();
    withUndo(t(next.trim() ? "visits.leftNext" : "visits.left", { name: whom }), done.operation);
  }

  const changed = [text, outcome, next].some((part) => part.trim() !== "");
  return (
    <Dialog label={t("visits.leave")} onClose={onClose} changed={changed}>
      <form className="body stack" onSubmit={(e) => void submit(e)}>
        <h1>{t("visits.leaving", { name: whom })}</h1>
        <Field label={t("log.text")}>
          <input
            className="input"
            id="left-text"
            autoFocus
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
        </Field>
        <Field label={t("field.outcome")}>
          <input
            className="input"
            id="left-outcome"
            value={outcome}
            onChange={(e) => setOutcome(e.target.value)}
          />
        </Field>
        <Field label={t("log.next")} hint={t("log.nextHint")}>
          <input className="input" id="left-next" value={next} onChange={(e) => setNext(e.target.value)} />
        </Field>
        <Understood text={next} />
        {task && (
          <label className="row-line">
            <input type="checkbox" checked={finish} onChange={(e) => setFinish(e.target.checked)} />
            {t("visits.finish", { name: task.title })}
          </label>
        )}
        <div className="row-line">
          <button type="submit" className="button primary" id="left-save">
            {t("visits.leave")} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
