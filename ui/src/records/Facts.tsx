import { MapPin, Pencil, Phone } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { openRecord, useFields } from "../app/data";
import { ui } from "../app/registry";
import { replace } from "../app/router";
import { withUndo } from "../app/undo";
import type { FieldView, RecordView } from "../bindings";
import { changeTimes } from "../calendar/Which";
import { Note } from "../notes/Note";
import { commands, errorOf } from "../platform/tauri";
import { address, itemLabel, type Json, labelOf, optionLabel, show } from "../shared/format";
import { type Key, language, t } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Tag } from "../shared/ui";
import { settle } from "../team/settle";
import { FieldEditor } from "./FieldEditor";
import { isBrowsed, UNSEEN } from "./kinds";

/** Shown only where they have a value, or when all fields are asked for. */
const RARE = new Set(
  "prefix middle_name suffix nickname name_language department owner closed_at lost_reason probability place minutes price_book decided_at declined_reason retired category direction location arrived_at left_at".split(
    " ",
  ),
);

/** Nobody is reminded of what was noted when it was over. */
const isOver = ({ kind, fields }: RecordView) =>
  kind === "activity" && new Date((fields as Json).at ?? 0).getTime() < Date.now();

/** A note does not come again, nor does what is over or was one time of a series. */
const comesAgain = (record: RecordView) =>
  record.kind !== "activity" ||
  (["call", "meeting", "visit"].includes((record.fields as Json).type) &&
    !isOver(record) &&
    !record.series?.own);

/** A Chinese name begins with the family's. */
function inOrder(fields: FieldView[]): FieldView[] {
  if (language() !== "zh") return fields;
  const last = fields.find((f) => f.key === "last_name");
  const others = fields.filter((f) => f !== last);
  const at = others.findIndex((f) => f.key === "first_name");
  return last && at >= 0 ? [...others.slice(0, at), last, ...others.slice(at)] : fields;
}

/** A record's fields, each edited where it stands. */
export function Facts({ record, compact }: { record: RecordView; compact?: boolean }) {
  const fields = useFields(record.kind);
  // One that was refused stays open while the next is edited.
  const [editing, setEditing] = useState<string[]>([]);
  const [all, setAll] = useState(false);
  const has = (f: FieldView) => (record.fields as Json)[f.key] !== undefined;
  const rare = (f: FieldView) =>
    RARE.has(f.key) || (f.key === "remind" && isOver(record)) || (f.key === "repeat" && !comesAgain(record));
  const seen = inOrder(fields).filter((f) => !UNSEEN.has(f.key));
  const shown = seen.filter((f) => (f.shelved ? all && !compact : has(f) || (!compact && (all || !rare(f)))));
  const folded = seen.length - shown.length;
  // One key takes the other value of the first field that two have edited.
  const conflict = shown.find((f) => record.conflicts.some((c) => c.field === f.key));
  const inStages = record.kind === "deal" && !compact && !record.deleted_at;
  useEffect(() => {
    if (!inStages) return;
    ui.stage = () => setEditing((now) => [...now.filter((k) => k !== "stage"), "stage"]);
    return () => {
      ui.stage = undefined;
    };
  }, [inStages]);
  const other = conflict && (() => void settle(record.id, conflict.key, 1, labelOf(conflict)));
  useKeys(other ? { y: (event) => !event.repeat && other() } : {});
  useEffect(() => {
    ui.settle = other;
    return () => {
      ui.settle = undefined;
    };
  });
  return (
    <div className="facts">
      {shown.map((field) => (
        <Fact
          key={field.key}
          field={field}
          fields={fields}
          record={record}
          first={field === conflict}
          editing={editing.includes(field.key)}
          onEdit={() => setEditing((now) => [...now.filter((k) => k !== field.key), field.key])}
          onClose={() => setEditing((now) => now.filter((k) => k !== field.key))}
        />
      ))}
      {!compact && (folded > 0 || all) && (
        <button type="button" className="button plain small" id="all-fields" onClick={() => setAll(!all)}>
          {all ? t("record.fewerFields") : t("record.allFields", { n: folded })}
        </button>
      )}
    </div>
  );
}

/** Why a formula has come to nothing, in words. */
function whyEmpty(reason: Json, fields: FieldView[]): string {
  const named = fields.find((f) => f.key === reason.field);
  return t(`reason.${reason.code}` as Key, {
    ...reason,
    field: named ? labelOf(named) : (reason.field ?? ""),
  });
}

function Fact({
  field,
  fields,
  record,
  first,
  editing,
  onEdit,
  onClose,
}: {
  field: FieldView;
  fields: FieldView[];
  record: RecordView;
  /** Of those that two have edited: its other value is one key away. */
  first: boolean;
  editing: boolean;
  onEdit: () => void;
  onClose: () => void;
}) {
  const value: Json = (record.fields as Json)[field.key];
  const [error, setError] = useState<string>();
  const button = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  useEffect(() => {
    // Back to the value, unless the focus has gone elsewhere.
    if (was.current && !editing && document.activeElement === document.body) button.current?.focus();
    was.current = editing;
  }, [editing]);
  const conflict = record.conflicts.find((c) => c.field === field.key);
  const reason = record.reasons?.[field.key];

  async function save(next: Json, also: Record<string, Json> = {}) {
    setError(undefined);
    if (JSON.stringify(next ?? null) === JSON.stringify(value ?? null)) return onClose();
    if (record.series && !record.series.own) {
      onClose();
      const done = await changeTimes(record.series, { [field.key]: next ?? null });
      // What is another record now, or stands on another day, is gone to.
      if (done && (done.which !== "all" || ["at", "repeat"].includes(field.key)))
        replace({ page: "record", id: done.id, kind: record.kind });
      return;
    }
    try {
      const done = await commands.setFields(record.id, { [field.key]: next ?? null, ...also });
      onClose();
      if (done.operation)
        withUndo(t("record.changed", { title: record.title || labelOf(field) }), done.operation);
    } catch (thrown) {
      // The value stays in the editor, and the editor keeps the focus.
      setError(errorOf(thrown).message);
    }
  }

  return (
    <div className="fact">
      <span className="label" id={`label-${field.key}`}>
        {labelOf(field)}
      </span>
      <div>
        {field.derived ? (
          <span className="value still" id={`value-${field.key}`}>
            {reason && value === undefined ? (
              <span className="faint" title={field.formula ?? undefined}>
                {whyEmpty(reason, fields)}
              </span>
            ) : (
              <Shown field={field} value={value} title={record.titles[field.key]} />
            )}
          </span>
        ) : editing ? (
          <FieldEditor
            field={field}
            value={value}
            title={record.titles[field.key]}
            record={record.title}
            onSave={(v, also) => void save(v, also)}
            onCancel={() => {
              setError(undefined);
              onClose();
            }}
            error={error}
          />
        ) : field.note && value ? (
          <Written field={field} text={value} record={record.id} button={button} onEdit={onEdit} />
        ) : (
          <button
            type="button"
            ref={button}
            className="value"
            id={`value-${field.key}`}
            aria-labelledby={`label-${field.key} value-${field.key}`}
            onClick={onEdit}
          >
            <Shown field={field} value={value} title={record.titles[field.key]} />
          </button>
        )}
        {error && editing && (
          <p className="error small" role="alert" id={`error-${field.key}`}>
            {error}
          </p>
        )}
        {field.type === "phones" && !editing && value && !record.deleted_at && (
          <div className="row-line wrap">
            {value.map((item: Json) => (
              <button
                type="button"
                key={item.id}
                className="button plain small dial"
                aria-label={t("dial.number", { number: item.value })}
                title={t("dial.number", { number: item.value })}
                onClick={() => void attempt(() => commands.dial(item.value))}
              >
                <Phone size={13} /> {t("dial")}
              </button>
            ))}
          </div>
        )}
        {field.key === "location" && value && !editing && (
          <button
            type="button"
            className="button plain small"
            title={t("visits.mapHint")}
            onClick={() => void attempt(() => commands.showOnMap(record.id))}
          >
            <MapPin size={13} /> {t("visits.map")}
          </button>
        )}
        {field.links && isBrowsed(field.links) && value && !editing && (
          <button
            type="button"
            className="button plain small"
            onClick={() => field.links && openRecord(value, field.links)}
          >
            {t("open")} →
          </button>
        )}
        {conflict?.values.slice(1).map((other, n) => (
          <p key={other.at} className="warn small row-line wrap conflict">
            {t("record.conflict", { value: show(field, other.value), by: other.by })}
            <button
              type="button"
              className="button plain small"
              title={t("team.keepOf", { by: other.by, field: labelOf(field) })}
              onClick={() => void settle(record.id, field.key, n + 1, labelOf(field))}
            >
              {t("team.keep")} {first && n === 0 && <kbd>Y</kbd>}
            </button>
          </p>
        ))}
      </div>
    </div>
  );
}

/** A long address goes on in the next line behind its @. */
function broken(value: string): ReactNode {
  const [name, domain] = value.split("@");
  if (domain === undefined) return value;
  return (
    <>
      {name}@<wbr />
      {domain}
    </>
  );
}

/** A note: what is in it can be opened, and the rest of it is edited. */
function Written({
  field,
  text,
  record,
  button,
  onEdit,
}: {
  field: FieldView;
  text: string;
  record: string;
  button: React.RefObject<HTMLButtonElement | null>;
  onEdit: () => void;
}) {
  return (
    <div
      className="value written"
      id={`value-${field.key}`}
      onClick={(e) => {
        // Whoever selects a part of it copies that.
        if (!(e.target as Element).closest("button") && document.getSelection()?.isCollapsed !== false)
          onEdit();
      }}
    >
      <Note text={text} record={record} />
      <button
        type="button"
        ref={button}
        id={`edit-note-${field.key}`}
        className="button plain small pencil"
        aria-label={`${t("keys.edit")}: ${labelOf(field)}`}
        title={t("keys.edit")}
        onClick={onEdit}
      >
        <Pencil size={13} />
      </button>
    </div>
  );
}

function Shown({ field, value, title }: { field: FieldView; value: Json; title: string | undefined }) {
  if (value === undefined || value === null) return <span className="faint">{t("record.empty")}</span>;
  if (field.type === "tags") return value.map((tag: string) => <Tag key={tag} name={tag} />);
  if (field.type === "multi_choice")
    return value.map((option: string) => <Tag key={option} name={optionLabel(field, option)} />);
  if (field.type === "emails" || field.type === "phones" || field.type === "addresses")
    return value.map((item: Json) => (
      <span key={item.id} className="row-line">
        <span className="grow">{item.value === undefined ? address(item) : broken(item.value)}</span>
        <span className="soft small">{itemLabel(item.label)}</span>
      </span>
    ));
  return <>{show(field, value, title)}</>;
}
