import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery } from "../app/data";
import type { FieldView, Hit, Kind } from "../bindings";
import { StagePicker } from "../deals/StagePicker";
import { NoteInput } from "../notes/NoteInput";
import { commands } from "../platform/tauri";
import { REMINDERS, REPEATS, remindWords, repeatWords } from "../shared/again";
import { itemLabel, type Json, labelOf, momentInput, moneyInput, optionLabel, today } from "../shared/format";
import { type Key, t } from "../shared/i18n";
import { isComposing, keepPlain } from "../shared/keys";
import { attempt } from "../shared/toast";
import { askColleagues } from "../team/team";
import { Choices } from "./Choices";

interface Props {
  field: FieldView;
  value: Json;
  /** What a link leads to is called. */
  title?: string;
  /** What the record is called. */
  record?: string;
  /** `also`: other fields that are written with it. */
  onSave: (value: Json, also?: Record<string, Json>) => void;
  onCancel: () => void;
  error?: string;
}

/** The input for a field's type. Enter saves, Escape gives up. */
export function FieldEditor(props: Props) {
  switch (props.field.type) {
    case "emails":
    case "phones":
    case "addresses":
      return <Items {...props} />;
    case "link":
      return props.field.links === "stage" ? <Stage {...props} /> : <LinkPicker {...props} />;
    case "yes_no":
    case "choice":
      return <Options {...props} />;
    case "multi_choice":
      return <Several {...props} />;
    default:
      return <Line {...props} />;
  }
}

function textOf(field: FieldView, value: Json): string {
  if (value === undefined || value === null) return "";
  if (field.type === "money") return moneyInput(value);
  if (field.type === "date_time") return momentInput(value);
  if (field.type === "tags") return value.join(", ");
  if (field.key === "remind") return remindWords(value);
  if (field.key === "repeat") return repeatWords(value);
  return String(value);
}

const PLACEHOLDERS: Record<string, string> = {
  birthday: "1985-04-12, --04-12",
  date: "2026-05-31, fri, 下周三",
  date_time: "2026-05-31 14:30",
  due_time: "14:30",
  location: "41.1496, -8.6109",
  repeat: "every second tue, monthly on the 15th, 每周二",
  remind: "10 minutes before, 08:00, fri 9, 提前10分钟",
};

/** A reminder at a moment of its own, not one that goes by the day of the task. */
const NAMES_A_DAY = /^(?!.*(before|前|当天|\bdays?\b)).*([a-z]{3}|[周月号今明后])/i;

/** Days as people say them, and moments by the clock of this place, as the core takes them. */
export async function inData(
  field: Pick<FieldView, "type"> & { key?: string },
  text: string,
): Promise<string> {
  if (field.key === "remind" && NAMES_A_DAY.test(text)) {
    const said = await commands.understand(text, today()).catch(() => undefined);
    if (said?.text === "" && said.date && said.time) return `${said.date} ${said.time}`;
  }
  if (field.type === "date_time" || field.type === "date") {
    const said = await commands.understand(text, today()).catch(() => undefined);
    const whole = said?.text === "" && said.date && !said.repeat ? said : undefined;
    if (whole && field.type === "date") return whole.date ?? text;
    const at = new Date(whole ? `${whole.date}T${whole.time ?? "09:00"}` : text.trim().replace(" ", "T"));
    if (field.type === "date_time" && !Number.isNaN(at.getTime())) return at.toISOString();
  }
  return text;
}

function Line({ field, value, onSave, onCancel, error }: Props) {
  const [text, setText] = useState(textOf(field, value));
  const done = useRef(false);
  const long = field.type === "long_text";
  const colleagues = useQuery(async () => (field.key === "owner" ? askColleagues() : []), [field.key]).data;
  const names =
    field.key === "remind"
      ? REMINDERS.map(remindWords)
      : field.key === "repeat"
        ? REPEATS.map(repeatWords)
        : (colleagues ?? []);
  const save = async () => {
    if (text === textOf(field, value)) return onCancel();
    onSave(text.trim() === "" ? null : await inData(field, text));
  };
  const shared = {
    className: "input",
    id: `edit-${field.key}`,
    autoFocus: true,
    "aria-label": labelOf(field),
    "aria-invalid": error !== undefined,
    "aria-describedby": error === undefined ? undefined : `error-${field.key}`,
    value: text,
    onBlur: () => {
      if (!done.current) void save();
    },
    onKeyDown: (event: React.KeyboardEvent) => {
      if (isComposing(event.nativeEvent)) return;
      keepPlain(event);
      if (event.key === "Escape") {
        event.preventDefault();
        done.current = true;
        onCancel();
      } else if (event.key === "Enter" && (!long || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void save();
      }
    },
  };
  if (field.note)
    return (
      <NoteInput
        id={shared.id}
        label={labelOf(field)}
        text={text}
        invalid={shared["aria-invalid"]}
        describedBy={shared["aria-describedby"]}
        onChange={setText}
        onSave={() => void save()}
        onCancel={() => {
          done.current = true;
          onCancel();
        }}
        onLeave={shared.onBlur}
      />
    );
  return long ? (
    <textarea {...shared} rows={5} onChange={(e) => setText(e.target.value)} />
  ) : (
    <>
      <input
        {...shared}
        list={names.length > 0 ? "offered" : undefined}
        placeholder={PLACEHOLDERS[field.key] ?? PLACEHOLDERS[field.type]}
        onChange={(e) => setText(e.target.value)}
      />
      {names.length > 0 && (
        <datalist id="offered">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </>
  );
}

function Options({ field, value, onSave, onCancel }: Props) {
  const options: [string, Json][] =
    field.type === "yes_no"
      ? [
          [t("yes"), true],
          [t("no"), false],
        ]
      : field.options.map((o): [string, Json] => [optionLabel(field, o), o]);
  return (
    <Choices
      id={`edit-${field.key}`}
      label={labelOf(field)}
      options={options}
      value={value}
      onSave={onSave}
      onCancel={onCancel}
    />
  );
}

/** A deal's stage. */
function Stage({ field, value, record, onSave, onCancel }: Props) {
  return (
    <StagePicker
      field={field.key}
      label={labelOf(field)}
      name={record ?? ""}
      value={value}
      onSave={onSave}
      onCancel={onCancel}
    />
  );
}

/** Of an editor that is more than one input. Leaving it for another field, or another screen, keeps what was typed. */
function useLeaving<E extends HTMLElement>(save: () => void) {
  const whole = useRef<E>(null);
  const inside = useRef(false);
  return {
    ref: whole,
    tabIndex: -1,
    // A click on a button in it need not give that button the focus.
    onPointerDown: () => {
      inside.current = true;
      setTimeout(() => {
        inside.current = false;
      }, 300);
    },
    onBlur: (e: React.FocusEvent) => {
      // Another window, say to copy a number from it, is no other field.
      if (!document.hasFocus()) return;
      if (!inside.current && !whole.current?.contains(e.relatedTarget as Node | null)) save();
    },
  };
}

/** Some of the options; one that is offered no more can only go. */
function Several({ field, value, onSave, onCancel }: Props) {
  const before: string[] = value ?? [];
  const [chosen, setChosen] = useState<string[]>(before);
  const options = [...field.options, ...before.filter((o) => !field.options.includes(o))];
  const save = () => {
    const kept = options.filter((o) => chosen.includes(o));
    if (kept.join("\n") === before.join("\n")) return onCancel();
    onSave(kept.length > 0 ? kept : null);
  };
  const leaving = useLeaving<HTMLFieldSetElement>(save);
  return (
    <fieldset
      {...leaving}
      className="plain stack"
      id={`edit-${field.key}`}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        keepPlain(e);
        if (e.key === "Escape") onCancel();
        else if (e.key === "Enter" && !(e.target instanceof HTMLButtonElement)) {
          e.preventDefault();
          save();
        }
      }}
    >
      <legend className="sr">{labelOf(field)}</legend>
      {options.map((option, at) => (
        <label className="row-line" key={option}>
          <input
            type="checkbox"
            autoFocus={at === 0}
            checked={chosen.includes(option)}
            onChange={(e) =>
              setChosen((now) => (e.target.checked ? [...now, option] : now.filter((o) => o !== option)))
            }
          />
          {optionLabel(field, option)}
        </label>
      ))}
      <div className="row-line">
        <button type="button" className="button primary" onClick={save}>
          {t("save")}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          {t("cancel")}
        </button>
      </div>
    </fieldset>
  );
}

/** What a new record is made of, where its name alone is known. */
function named(kind: Kind, text: string): Record<string, string> {
  if (kind !== "person") return { [kind === "task" ? "subject" : "name"]: text };
  const [first, ...last] = text.split(/\s+/);
  return last.length > 0 ? { first_name: first ?? "", last_name: last.join(" ") } : { first_name: text };
}

function LinkPicker({ field, value, title: company, onSave, onCancel }: Props) {
  const kind: Kind = field.links ?? "company";
  const [text, setText] = useState(company ?? "");
  const [found, setFound] = useState<{ for: string; hits: Hit[] }>({ for: "", hits: [] });
  const [at, setAt] = useState(0);
  const entered = useRef(false);
  const wanted = text.trim();
  const answered = found.for === wanted;
  const hits = wanted ? found.hits : [];
  const make = wanted !== "" && answered && !hits.some((h) => h.title === wanted);
  useEffect(() => {
    let current = true;
    if (wanted)
      void attempt(() => commands.search(wanted, kind, 6)).then(
        (hits) => current && hits && setFound({ for: wanted, hits }),
      );
    return () => {
      current = false;
    };
  }, [wanted, kind]);
  const busy = useRef(false);
  async function create() {
    if (busy.current) return;
    busy.current = true;
    const made = await attempt(() => commands.create(kind, named(kind, wanted)));
    busy.current = false;
    if (made) onSave(made.id);
  }
  const choose = (n: number) => {
    const hit = hits[n];
    if (wanted === "") return onSave(null);
    if (value && wanted === company) return onCancel();
    // The answer is on its way: what Enter means is known when it is there.
    if (!answered) entered.current = true;
    else if (hit) onSave(hit.id);
    else if (make) void create();
  };
  useEffect(() => {
    if (!entered.current || !answered) return;
    entered.current = false;
    choose(at);
  });
  return (
    <div className="palette">
      <input
        className="input"
        id={`edit-${field.key}`}
        autoFocus
        role="combobox"
        aria-expanded={hits.length > 0 || make}
        aria-controls="company-list"
        aria-activedescendant={hits.length > 0 || make ? `company-${at}` : undefined}
        aria-label={labelOf(field)}
        value={text}
        onChange={(e) => {
          setText(e.target.value);
          setAt(0);
        }}
        onBlur={() => setTimeout(onCancel, 150)}
        onKeyDown={(e) => {
          if (isComposing(e.nativeEvent)) return;
          keepPlain(e);
          if (e.key === "Escape") onCancel();
          else if (e.key === "ArrowDown") setAt((n) => Math.min(hits.length - (make ? 0 : 1), n + 1));
          else if (e.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
          else if (e.key === "Enter") choose(at);
          else return;
          e.preventDefault();
        }}
      />
      <ul id="company-list" role="listbox" aria-label={labelOf(field)}>
        {hits.map((hit, n) => (
          <li
            key={hit.id}
            id={`company-${n}`}
            role="option"
            aria-selected={n === at}
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => onSave(hit.id)}
          >
            {hit.title} <span className="sub">{hit.subtitle}</span>
          </li>
        ))}
        {make && (
          <li
            id={`company-${hits.length}`}
            role="option"
            aria-selected={at === hits.length}
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => void create()}
          >
            {t("add")}: {wanted}
          </li>
        )}
      </ul>
    </div>
  );
}

const LABELS: Record<string, string[]> = {
  emails: ["work", "home", "other"],
  phones: ["mobile", "work", "home", "main", "fax", "other"],
  addresses: ["work", "home", "other"],
};
const PARTS = ["street", "city", "region", "postal_code", "country"] as const;

function Items({ field, value, onSave, onCancel, error }: Props) {
  const labels = LABELS[field.key] ?? ["work", "home"];
  const fresh = (n: number): Json => ({ key: `new-${n}`, label: labels[0] });
  const [items, setItems] = useState<Json[]>(() =>
    value?.length ? value.map((i: Json) => ({ ...i, key: i.id })) : [fresh(0)],
  );
  const change = (at: number, part: string, text: string) =>
    setItems((all) => all.map((item, n) => (n === at ? { ...item, [part]: text } : item)));
  const first = useRef(JSON.stringify(items));
  const save = () => {
    if (JSON.stringify(items) === first.current) return onCancel();
    const kept = items.filter((i) =>
      field.type === "addresses" ? PARTS.some((p) => i[p]) : i.value?.trim(),
    );
    onSave(kept.length > 0 ? kept.map(({ key: _, e164: __, ...item }) => item) : null);
  };
  const leaving = useLeaving<HTMLDivElement>(save);
  return (
    <div
      {...leaving}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        keepPlain(e);
        if (e.key === "Escape") onCancel();
        else if (e.key === "Enter" && !(e.target instanceof HTMLButtonElement)) {
          e.preventDefault();
          save();
        }
      }}
    >
      {items.map((item, n) => (
        <div className="item wrap" key={item.key}>
          <input
            className="input label"
            list={`labels-${field.key}`}
            aria-label={t("record.label")}
            placeholder={t("record.label")}
            value={itemLabel(item.label ?? "")}
            onChange={(e) =>
              change(n, "label", labels.find((l) => itemLabel(l) === e.target.value) ?? e.target.value)
            }
          />
          {field.type === "addresses" ? (
            <span className="grow stack">
              {PARTS.map((part) => (
                <input
                  key={part}
                  className="input"
                  autoFocus={n === items.length - 1 && part === "street"}
                  aria-label={t(`part.${part}` as Key)}
                  placeholder={t(`part.${part}` as Key)}
                  value={item[part] ?? ""}
                  onChange={(e) => change(n, part, e.target.value)}
                />
              ))}
            </span>
          ) : (
            <input
              className="input grow"
              id={`edit-${field.key}-${n}`}
              autoFocus={n === items.length - 1}
              aria-label={labelOf(field)}
              aria-invalid={error !== undefined}
              value={item.value ?? ""}
              onChange={(e) => change(n, "value", e.target.value)}
            />
          )}
          <button
            type="button"
            className="button plain"
            aria-label={t("remove")}
            onClick={() => setItems((all) => all.filter((_, i) => i !== n))}
          >
            <X size={14} />
          </button>
        </div>
      ))}
      <datalist id={`labels-${field.key}`}>
        {labels.map((l) => (
          <option key={l} value={itemLabel(l)} />
        ))}
      </datalist>
      <div className="row-line wrap">
        <button type="button" className="button primary" onClick={save}>
          {t("save")}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          {t("cancel")}
        </button>
        <button
          type="button"
          className="button plain"
          onClick={() => setItems((all) => [...all, fresh(all.length + Date.now())])}
        >
          {t("record.addItem")}
        </button>
      </div>
    </div>
  );
}

/** A link that is not saved yet: what was chosen, and a way to choose another. */
export function Linked({ field, onChange }: { field: FieldView; onChange: (id: string | null) => void }) {
  const [chosen, setChosen] = useState<{ id: string; title: string }>();
  const [open, setOpen] = useState(false);
  async function take(id: string | null) {
    setOpen(false);
    onChange(id);
    const record = id ? await attempt(() => commands.get(id)) : undefined;
    setChosen(record && { id: record.id, title: record.title });
  }
  if (open)
    return (
      <LinkPicker
        field={field}
        value={chosen?.id}
        title={chosen?.title}
        onSave={(id) => void take(id)}
        onCancel={() => setOpen(false)}
      />
    );
  return (
    <button
      type="button"
      className="input left"
      id={`new-${field.key}`}
      onClick={() => setOpen(true)}
      onKeyDown={(e) => {
        // Typing begins the search; what an input method takes, too.
        if (isComposing(e.nativeEvent)) setOpen(true);
        else if (e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey) setOpen(true);
      }}
    >
      {chosen?.title ?? <span className="faint">{t("none")}</span>}
    </button>
  );
}
