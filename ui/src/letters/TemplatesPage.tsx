import { Mail, Plus, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useFields, useQuery, useRested, useVersion } from "../app/data";
import { withUndo } from "../app/undo";
import type { PaperLanguage, RowView } from "../bindings";
import { commands } from "../platform/tauri";
import { Linked } from "../records/FieldEditor";
import { type Json, labelOf } from "../shared/format";
import { language, t } from "../shared/i18n";
import { isComposing, useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Empty, Field } from "../shared/ui";
import { useTemplates } from "./Chooser";
import { useMissing, useNamed } from "./named";
import { GENERAL, inserted, isPlace, NAMED, placeOf } from "./places";

/** Letters that are written again and again: a list, the text, and how it looks for somebody. */
export function TemplatesPage() {
  const { templates, error } = useTemplates();
  const [chosen, setChosen] = useState<string>();
  const at = Math.max(0, templates?.findIndex((row) => row.id === chosen) ?? 0);
  const row = templates?.[at];
  async function create() {
    const made = await attempt(() =>
      commands.create("template", {
        name: t("templates.newName"),
        language: language() === "zh" ? "zh" : "en",
      }),
    );
    if (!made) return;
    setChosen(made.id);
    withUndo(t("templates.made"), made.operation);
  }
  async function remove() {
    if (!row) return;
    const done = await attempt(() => commands.delete([row.id]));
    if (done?.operation) withUndo(t("templates.removed", { name: row.title }), done.operation);
  }
  const step = (by: number) => setChosen(templates?.[at + by]?.id ?? row?.id);
  useKeys({
    c: (event) => !event.repeat && void create(),
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    e: () => document.getElementById("template-subject")?.focus(),
    Delete: (event) => !event.repeat && void remove(),
  });
  return (
    <>
      <div className="head">
        <h1>{t("nav.templates")}</h1>
        <span className="grow" />
        {row && (
          <button
            type="button"
            className="button plain danger"
            id="template-remove"
            onClick={() => void remove()}
          >
            <Trash2 size={15} /> {t("delete")}
          </button>
        )}
        <button type="button" className="button primary" id="template-new" onClick={() => void create()}>
          <Plus size={15} /> {t("templates.new")}
        </button>
      </div>
      {error && (
        <p className="error tools" role="alert">
          {error}
        </p>
      )}
      {templates?.length === 0 && (
        <Empty icon={<Mail size={36} />} title={t("templates.empty")} hint={t("templates.emptyHint")}>
          <button type="button" className="button primary" onClick={() => void create()}>
            {t("templates.new")} <kbd>C</kbd>
          </button>
        </Empty>
      )}
      {row && (
        <div className="page templates" id="templates">
          <ul className="plain-list" aria-label={t("nav.templates")}>
            {templates?.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  className="nav"
                  aria-current={one.id === row.id ? "true" : undefined}
                  onClick={() => setChosen(one.id)}
                >
                  <span className="name">{one.title || "—"}</span>
                </button>
              </li>
            ))}
          </ul>
          <Editor key={row.id} row={row} />
        </div>
      )}
    </>
  );
}

const TYPED = ["name", "subject", "body"] as const;
type Texts = { name: string; subject: string; body: string; language: PaperLanguage };

function textsOf(row: RowView): Texts {
  const fields = row.fields as Json;
  return {
    name: fields.name ?? "",
    subject: fields.subject ?? "",
    body: fields.body ?? "",
    language: fields.language === "zh" ? "zh" : "en",
  };
}

function Editor({ row }: { row: RowView }) {
  const saved = textsOf(row);
  const [texts, setTexts] = useState(saved);
  const body = useRef<HTMLTextAreaElement>(null);
  const at = JSON.stringify(saved);
  const before = useRef("");
  const refused = useRef(new Set<keyof Texts>());
  // What has come from elsewhere, or an undo; where somebody types, or what was refused, it is what was typed.
  useEffect(() => {
    const kept = TYPED.filter(
      (key) => document.activeElement?.id === `template-${key}` || refused.current.has(key),
    );
    setTexts((now) => ({ ...JSON.parse(at), ...Object.fromEntries(kept.map((key) => [key, now[key]])) }));
  }, [at]);
  async function save(key: keyof Texts, value: string) {
    refused.current.delete(key);
    if (value.trim() === saved[key]) return;
    const done = await attempt(() => commands.setFields(row.id, { [key]: value.trim() || null }));
    if (!done) refused.current.add(key);
    else if (done.operation) withUndo(t("record.changed", { title: texts.name || "—" }), done.operation);
  }
  const change = (key: keyof Texts, value: string) => setTexts((now) => ({ ...now, [key]: value }));
  const shared = (key: (typeof TYPED)[number]) => ({
    className: "input",
    id: `template-${key}`,
    value: texts[key],
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      change(key, event.target.value),
    onFocus: (event: React.FocusEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      before.current = event.target.value;
    },
    // Who has changed nothing saves nothing, and sees what has come meanwhile.
    onBlur: (event: React.FocusEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      if (event.target.value === before.current && !refused.current.has(key)) change(key, saved[key]);
      else void save(key, event.target.value);
    },
  });
  const enter = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter" && !isComposing(event.nativeEvent)) event.currentTarget.blur();
  };
  function insert(place: string) {
    const area = body.current;
    if (!area || !place) return;
    const [text, cursor] = inserted(texts.body, [area.selectionStart, area.selectionEnd], place);
    change("body", text);
    area.focus();
    // Once the text is there.
    requestAnimationFrame(() => area.setSelectionRange(cursor, cursor));
  }
  return (
    <>
      <div className="stack">
        <Field label={t("field.name")}>
          <input {...shared("name")} onKeyDown={enter} />
        </Field>
        <Field label={t("field.subject")}>
          <input {...shared("subject")} onKeyDown={enter} />
        </Field>
        <div className="row-line wrap">
          <Places onChoose={insert} />
          <select
            className="input"
            id="template-language"
            aria-label={t("templates.language")}
            value={texts.language}
            onChange={(event) => {
              change("language", event.target.value);
              void save("language", event.target.value);
            }}
          >
            <option value="en">English</option>
            <option value="zh">中文</option>
          </select>
        </div>
        <Field label={t("field.text")}>
          <textarea {...shared("body")} ref={body} rows={16} />
        </Field>
        <p className="soft small">{t("templates.hint")}</p>
      </div>
      <Preview texts={texts} />
    </>
  );
}

/** Fields to put into the text. */
function Places({ onChoose }: { onChoose: (place: string) => void }) {
  const fields = useNamed();
  return (
    <select
      className="input"
      id="template-insert"
      aria-label={t("templates.insert")}
      value=""
      onChange={(event) => onChoose(event.target.value)}
    >
      <option value="">{t("templates.insert")}</option>
      {NAMED.map((kind) => (
        <optgroup key={kind} label={t(`field.${kind}`)}>
          {fields[kind].filter(isPlace).map((field) => (
            <option key={field.key} value={placeOf(kind, field.key)}>
              {labelOf(field)}
            </option>
          ))}
        </optgroup>
      ))}
      <optgroup label={t("templates.general")}>
        {GENERAL.map((name) => (
          <option key={name} value={`{{${name}}}`}>
            {t(`templates.${name}`)}
          </option>
        ))}
      </optgroup>
    </select>
  );
}

/** The text as somebody gets it, while it is written. */
function Preview({ texts }: { texts: Texts }) {
  const version = useVersion();
  const [chosen, setChosen] = useState<string | null>();
  const person = useFields("activity").find((field) => field.key === "person");
  const first = useQuery(
    () =>
      commands.list("person", {
        filter: "",
        text: "",
        sort: "-updated_at",
        trash: false,
        offset: 0,
        limit: 1,
      }),
    [version],
  ).data?.rows[0]?.id;
  const about = chosen ?? first ?? null;
  const missing = useMissing();
  const text = { subject: texts.subject, body: texts.body, language: texts.language };
  const asked = useRested(JSON.stringify(text));
  const { data: view, error } = useQuery(
    () => commands.letter(JSON.parse(asked), about),
    [asked, about, version],
  );
  return (
    <section className="stack" aria-label={t("templates.preview")} id="template-preview">
      <h2>{t("templates.preview")}</h2>
      {person && (
        <Field label={t("templates.for")}>
          <Linked field={person} onChange={setChosen} />
        </Field>
      )}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {view && (
        <>
          <div className="letter">
            <p className="soft small">{view.name ? `${view.name} <${view.address || "—"}>` : "—"}</p>
            <strong>{view.subject || "—"}</strong>
            <p className="long">{view.body}</p>
          </div>
          <div aria-live="polite">
            {view.missing.length > 0 && (
              <p className="notice warn">{t("letter.missing", { names: missing(view.missing) })}</p>
            )}
            {view.unknown.length > 0 && (
              <p className="notice bad">{t("letter.unknown", { names: view.unknown.join(", ") })}</p>
            )}
          </div>
        </>
      )}
    </section>
  );
}
