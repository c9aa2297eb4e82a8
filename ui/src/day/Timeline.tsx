import { CircleDollarSign, ListChecks } from "lucide-react";
import { openRecord, timeOf, useQuery, useVersion } from "../app/data";
import type { MomentView, RowView } from "../bindings";
import { Note } from "../notes/Note";
import { commands } from "../platform/tauri";
import { isBrowsed } from "../records/kinds";
import { repeatWords } from "../shared/again";
import { ago, date, type Json, money } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { type ActivityType, ICONS } from "./LogBox";
import { TaskLine } from "./TaskLine";

/** Whom something concerns, beside the record that one is at. */
function others(row: RowView, here: string): string {
  const fields = row.fields as Json;
  const keys = ["person", "company", "deal"].filter((key) => fields[key] !== here);
  return keys
    .map((key) => row.titles[key])
    .filter(Boolean)
    .join(" · ");
}

/** What happened with a record, the latest first; what is still to be done stands above. */
export function Timeline({ id }: { id: string }) {
  const version = useVersion();
  const moments = useQuery(() => commands.timeline(id, 200), [id, version]).data;
  if (!moments) return null;
  const open = (m: MomentView) => m.record.kind === "task" && !(m.record.fields as Json).done_at;
  const due = (m: MomentView) => String((m.record.fields as Json).due ?? "9999");
  const todo = moments.filter(open).sort((a, b) => due(a).localeCompare(due(b)));
  const done = moments.filter((m) => !open(m));
  return (
    <div id="moments" className="stack">
      {todo.length > 0 && (
        <div>
          <h2>{t("timeline.todo")}</h2>
          <ul className="plain-list">
            {todo.map((m) => (
              <TaskLine key={m.record.id} task={m.record} here={id} />
            ))}
          </ul>
        </div>
      )}
      <div>
        <h2>{t("timeline.title")}</h2>
        {done.length === 0 && <p className="soft small">{t("timeline.none")}</p>}
        <ul className="plain-list">
          {done.map((m) => (
            <Moment key={m.record.id} moment={m} here={id} />
          ))}
        </ul>
      </div>
    </div>
  );
}

function Moment({ moment, here }: { moment: MomentView; here: string }) {
  const { record } = moment;
  const fields = record.fields as Json;
  const Icon =
    record.kind === "deal"
      ? CircleDollarSign
      : record.kind === "task"
        ? ListChecks
        : (ICONS[fields.type as ActivityType] ?? ICONS.note);
  const what =
    record.kind === "activity"
      ? [fields.type, fields.direction]
          .filter(Boolean)
          .map((key) => tOr(`option.${key}`, key))
          .join(" · ")
      : record.kind === "task"
        ? t("timeline.done")
        : [record.titles.stage, fields.value && money(fields.value)].filter(Boolean).join(" · ");
  const open = () => isBrowsed(record.kind) && openRecord(record.id, record.kind, timeOf(record));
  return (
    <li className="moment">
      <Icon size={16} aria-hidden="true" />
      <div className="grow">
        <button type="button" className="line" onClick={open}>
          <strong className="cell">{record.title || what}</strong>
          <span className="soft small">{what}</span>
        </button>
        {fields.text && fields.text !== record.title && <Note text={fields.text} record={record.id} />}
        <span className="soft small">
          <span title={date(moment.at)}>{ago(moment.at)}</span>
          {[
            fields.repeat && timeOf(record) && repeatWords(fields.repeat),
            fields.outcome,
            others(record, here),
            fields.owner,
          ]
            .filter(Boolean)
            .map((part) => ` · ${part}`)
            .join("")}
        </span>
      </div>
    </li>
  );
}
