import { Circle, CircleCheckBig, Repeat } from "lucide-react";
import { useLayoutEffect, useRef, useState } from "react";
import { openRecord } from "../app/data";
import { withUndo } from "../app/undo";
import type { RowView } from "../bindings";
import { commands } from "../platform/tauri";
import { repeatWords } from "../shared/again";
import { type Json, shortDay, today } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing, keepPlain } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Understood } from "./LogBox";

/** What a list of tasks asks of a line by its key. */
export interface TaskHandle {
  finish: () => void;
  due: (day: string) => void;
  skip: () => void;
}

/** A task in a line: done by a click or a key, and what follows is asked at once. */
export function TaskLine({
  task,
  here,
  current,
  onHandle,
}: {
  task: RowView;
  /** The record that one is at: it is not named again. */
  here?: string;
  current?: boolean;
  onHandle?: (handle: TaskHandle | undefined) => void;
}) {
  const fields = task.fields as Json;
  const [asking, setAsking] = useState(false);
  const [next, setNext] = useState("");
  const busy = useRef(false);
  const late = fields.due && fields.due < today() && !fields.done_at;
  const who = ["person", "company", "deal"]
    .filter((key) => fields[key] && fields[key] !== here)
    .map((key) => task.titles[key])
    .filter(Boolean)
    .join(" · ");

  async function finish() {
    if (busy.current) return;
    busy.current = true;
    const done = await attempt(() => commands.finishTask(task.id, next, today()));
    busy.current = false;
    if (!done) return;
    setAsking(false);
    setNext("");
    withUndo(t(next.trim() ? "task.doneNext" : "task.done", { name: task.title }), done.operation);
  }
  async function due(day: string) {
    const done = await attempt(() => commands.setFields(task.id, { due: day }));
    if (done?.operation) withUndo(t("task.moved", { name: task.title, day: shortDay(day) }), done.operation);
  }
  async function skip() {
    if (!fields.repeat) return;
    const done = await attempt(() => commands.skipTask(task.id, today()));
    if (done?.operation) withUndo(t("task.skipped", { name: task.title }), done.operation);
  }
  useLayoutEffect(() => {
    if (!onHandle) return;
    onHandle({ finish: () => setAsking(true), due: (day) => void due(day), skip: () => void skip() });
    return () => onHandle(undefined);
  });
  return (
    <li data-task={task.title} className={current ? "current" : ""}>
      <div className="row-line">
        <button
          type="button"
          className="button plain tick"
          aria-label={t("task.finish", { name: task.title })}
          onClick={() => setAsking(!asking)}
        >
          {asking ? <CircleCheckBig size={16} /> : <Circle size={16} />}
        </button>
        <button type="button" className="line grow" onClick={() => openRecord(task.id, "task")}>
          <strong className="cell">{task.title || "—"}</strong>
          {who && <span className="soft small cell">{who}</span>}
        </button>
        {fields.repeat && (
          <button
            type="button"
            className="button plain small"
            aria-label={t("task.skip", { name: task.title })}
            title={`${repeatWords(fields.repeat)} (N)`}
            onClick={() => void skip()}
          >
            <Repeat size={13} aria-hidden="true" />
          </button>
        )}
        {fields.due && (
          <span className={late ? "bad-ink small" : "soft small"}>
            {late && <span className="sr">{t("day.overdue")} </span>}
            {[fields.due === today() ? "" : shortDay(fields.due), fields.due_time]
              .filter(Boolean)
              .join(" ") || t("nav.today")}
          </span>
        )}
      </div>
      {asking && (
        <div className="follow">
          <input
            className="input"
            id="next-step"
            autoFocus
            aria-label={t("log.next")}
            placeholder={t("task.nextHint")}
            value={next}
            onChange={(e) => setNext(e.target.value)}
            onKeyDown={(e) => {
              if (isComposing(e.nativeEvent)) return;
              keepPlain(e);
              if (e.key === "Escape") setAsking(false);
              if (e.key === "Enter") void finish();
            }}
          />
          <button type="button" className="button" onClick={() => void finish()}>
            {t("task.finished")} <kbd>Enter</kbd>
          </button>
          <Understood text={next} />
        </div>
      )}
    </li>
  );
}
