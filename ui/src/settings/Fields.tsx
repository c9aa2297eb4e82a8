import { ArrowDown, ArrowUp, Eye, EyeOff, Pencil, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useFields } from "../app/data";
import { withUndo } from "../app/undo";
import type { FieldChange, FieldType, FieldView, Kind, OptionChange, Privacy, Purpose } from "../bindings";
import { commands, errorOf } from "../platform/tauri";
import { BROWSED, type Browsed, browsed, KINDS } from "../records/kinds";
import { type Key, t, tOr } from "../shared/i18n";
import { isComposing, keepPlain } from "../shared/keys";
import { moved } from "../shared/order";
import { attempt } from "../shared/toast";
import { Field } from "../shared/ui";

type Made = FieldType | "formula";

const TYPES: Made[] = [
  "text",
  "long_text",
  "number",
  "money",
  "date",
  "date_time",
  "yes_no",
  "choice",
  "multi_choice",
  "url",
  "tags",
  "link",
  "formula",
];
const PRIVACY: Privacy[] = ["identity", "contact", "profile", "free_text", "business"];
const PURPOSE: Purpose[] = ["identify", "reach", "relate", "organise"];

const isChoice = (type: string) => type === "choice" || type === "multi_choice";
const splitOptions = (text: string) =>
  text
    .split(/[,，、;；\n]/)
    .map((o) => o.trim())
    .filter(Boolean);

/** The user's own fields of each kind: made, changed, put in order, taken away. */
export function OwnFields() {
  const [kind, setKind] = useState<Browsed>("person");
  const [open, setOpen] = useState<string>();
  const [said, setSaid] = useState("");
  const fields = useFields(kind).filter((f) => f.custom);
  const keys = fields.map((f) => f.key);

  async function move(field: FieldView, by: number) {
    const order = moved(keys, field.key, by);
    if (order && (await attempt(() => commands.orderFields(kind, order))))
      setSaid(t("fields.moved", { name: field.label, n: order.indexOf(field.key) + 1 }));
  }
  async function change(field: FieldView, what: Partial<FieldChange>) {
    const done = await attempt(() => commands.changeField(kind, field.key, whole(what)));
    if (done) withUndo(t("fields.changed", { name: field.label }), done.operation);
  }
  async function remove(field: FieldView) {
    const done = await attempt(() => commands.removeField(kind, field.key));
    if (done) withUndo(t("fields.removed", { name: field.label }), done.operation);
  }

  return (
    <section aria-labelledby="own-fields">
      <h2 id="own-fields" tabIndex={-1}>
        {t("settings.fields")}
      </h2>
      <p className="soft small">{t("fields.hint")}</p>
      <div className="row-line wrap" role="group" aria-label={t("settings.fieldFor")}>
        {BROWSED.map((of) => (
          <button
            type="button"
            key={of}
            className="button plain"
            aria-pressed={kind === of}
            onClick={() => {
              setKind(browsed(of as Kind));
              setOpen(undefined);
            }}
          >
            {t(KINDS[of].many)}
          </button>
        ))}
      </div>
      <p className="sr" role="status" aria-live="polite">
        {said}
      </p>
      {fields.length === 0 && <p className="soft">{t("fields.none", { kind: t(KINDS[kind].many) })}</p>}
      <ol className="own-list">
        {fields.map((field, at) => (
          <li
            key={field.key}
            data-field={field.key}
            onKeyDown={(e) => {
              if (isComposing(e.nativeEvent) || !e.altKey || !/^Arrow(Up|Down)$/.test(e.key)) return;
              e.preventDefault();
              void move(field, e.key === "ArrowUp" ? -1 : 1);
            }}
          >
            <div className="row-line">
              <span className="grow">
                {field.label}{" "}
                <span className="soft small">
                  {field.formula ? `= ${field.formula}` : tOr(`type.${field.type}`, field.type)}
                  {field.links && ` → ${t(KINDS[browsed(field.links)].many)}`}
                  {field.options.length > 0 && `: ${field.options.join(", ")}`}
                </span>
                {field.daily && <span className="soft small"> · {t("fields.daily")}</span>}
              </span>
              <Tool
                icon={<ArrowUp size={14} />}
                label={t("fields.up", { name: field.label })}
                disabled={at === 0}
                onClick={() => void move(field, -1)}
              />
              <Tool
                icon={<ArrowDown size={14} />}
                label={t("fields.down", { name: field.label })}
                disabled={at === fields.length - 1}
                onClick={() => void move(field, 1)}
              />
              <Tool
                icon={field.shelved ? <EyeOff size={14} /> : <Eye size={14} />}
                label={t(field.shelved ? "fields.show" : "fields.hide", { name: field.label })}
                onClick={() => void change(field, { shelved: !field.shelved })}
              />
              <Tool
                icon={<Pencil size={14} />}
                label={t("fields.edit", { name: field.label })}
                expanded={open === field.key}
                onClick={() => setOpen(open === field.key ? undefined : field.key)}
              />
              <Tool
                icon={<Trash2 size={14} />}
                label={t("fields.remove", { name: field.label })}
                onClick={() => void remove(field)}
              />
            </div>
            {open === field.key && (
              <Details
                kind={kind}
                field={field}
                onDone={(operation) => {
                  setOpen(undefined);
                  withUndo(t("fields.changed", { name: field.label }), operation);
                }}
                onCancel={() => setOpen(undefined)}
              />
            )}
          </li>
        ))}
      </ol>
      <NewField kind={kind} />
    </section>
  );
}

/** What is not named stays as it is. */
const whole = (change: Partial<FieldChange>): FieldChange => ({
  label: null,
  formula: null,
  shelved: null,
  privacy: null,
  purpose: null,
  options: null,
  ...change,
});

export function Tool({
  icon,
  label,
  disabled,
  expanded,
  onClick,
}: {
  icon: ReactNode;
  label: string;
  disabled?: boolean;
  expanded?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      className="button plain"
      aria-label={label}
      title={label}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={onClick}
    >
      {icon}
    </button>
  );
}

/** Enter in a line saves, Escape gives up; never while characters are being composed. */
const keysOf = (onSave: () => void, onCancel: () => void) => (e: React.KeyboardEvent) => {
  if (isComposing(e.nativeEvent)) return;
  keepPlain(e);
  if (e.key === "Escape") {
    e.preventDefault();
    onCancel();
  } else if (e.key === "Enter" && e.target instanceof HTMLInputElement) {
    e.preventDefault();
    onSave();
  }
};

function Details({
  kind,
  field,
  onDone,
  onCancel,
}: {
  kind: Browsed;
  field: FieldView;
  onDone: (operation: string | null) => void;
  onCancel: () => void;
}) {
  const [label, setLabel] = useState(field.label);
  const [formula, setFormula] = useState(field.formula ?? "");
  const [privacy, setPrivacy] = useState(field.privacy);
  const [purpose, setPurpose] = useState(field.purpose);
  const [options, setOptions] = useState(() => optionsOf(field));
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  async function save() {
    setBusy(true);
    setError(undefined);
    const kept = options.filter((o) => o.now.trim());
    try {
      const done = await commands.changeField(
        kind,
        field.key,
        whole({
          label: label.trim() === field.label ? null : label,
          formula: field.formula !== null && formula !== field.formula ? formula : null,
          privacy: privacy === field.privacy ? null : privacy,
          purpose: purpose === field.purpose ? null : purpose,
          options: isChoice(field.type) ? kept.map(({ was, now, retired }) => ({ was, now, retired })) : null,
        }),
      );
      onDone(done.operation);
    } catch (thrown) {
      setError(errorOf(thrown).message.replace(/^formula: /, ""));
    }
    setBusy(false);
  }
  const id = `field-${field.key}`;
  return (
    <div
      className="stack own-details"
      role="group"
      aria-label={t("fields.edit", { name: field.label })}
      onKeyDown={keysOf(() => void save(), onCancel)}
    >
      <Field label={t("settings.fieldName")}>
        <input
          className="input"
          id={`${id}-label`}
          autoFocus
          value={label}
          onChange={(e) => setLabel(e.target.value)}
        />
      </Field>
      {field.formula !== null && (
        <Field label={t("type.formula")} hint={t("fields.formulaHint")}>
          <textarea
            className="input"
            id={`${id}-formula`}
            rows={2}
            spellCheck={false}
            value={formula}
            onChange={(e) => setFormula(e.target.value)}
          />
        </Field>
      )}
      {isChoice(field.type) && <OptionList options={options} onChange={setOptions} />}
      <div className="row-line wrap">
        <Field label={t("fields.privacy")}>
          <select className="input" value={privacy} onChange={(e) => setPrivacy(e.target.value as Privacy)}>
            {PRIVACY.map((p) => (
              <option key={p} value={p}>
                {t(`privacy.${p}` as Key)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t("fields.purpose")}>
          <select className="input" value={purpose} onChange={(e) => setPurpose(e.target.value as Purpose)}>
            {PURPOSE.map((p) => (
              <option key={p} value={p}>
                {t(`purpose.${p}` as Key)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      {error && (
        <p className="error small" role="alert">
          {error}
        </p>
      )}
      <div className="row-line">
        <button
          type="button"
          className="button primary"
          id={`${id}-save`}
          disabled={busy}
          onClick={() => void save()}
        >
          {t("save")}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          {t("cancel")}
        </button>
        {busy && <span className="soft small">{t("fields.working")}</span>}
      </div>
    </div>
  );
}

type Edited = OptionChange & { id: number };

let lastId = 0;
const optionsOf = (field: FieldView): Edited[] =>
  [...field.options, ...field.retired].map((o) => ({
    id: ++lastId,
    was: o,
    now: o,
    retired: field.retired.includes(o),
  }));

function OptionList({ options, onChange }: { options: Edited[]; onChange: (options: Edited[]) => void }) {
  const set = (id: number, change: Partial<Edited>) =>
    onChange(options.map((o) => (o.id === id ? { ...o, ...change } : o)));
  return (
    <fieldset className="plain stack">
      <legend className="soft small">{t("fields.options")}</legend>
      {options.map((option, at) => (
        <div className="row-line" key={option.id}>
          <input
            className="input grow"
            aria-label={t("fields.option", { n: at + 1 })}
            value={option.now}
            onChange={(e) => set(option.id, { now: e.target.value })}
          />
          <Tool
            icon={<ArrowUp size={14} />}
            label={t("fields.up", { name: option.now })}
            disabled={at === 0}
            onClick={() => onChange(moved(options, option, -1) ?? options)}
          />
          <Tool
            icon={<ArrowDown size={14} />}
            label={t("fields.down", { name: option.now })}
            disabled={at === options.length - 1}
            onClick={() => onChange(moved(options, option, 1) ?? options)}
          />
          <label className="row-line small">
            <input
              type="checkbox"
              checked={option.retired}
              onChange={(e) => set(option.id, { retired: e.target.checked })}
            />
            {t("fields.retired")}
          </label>
        </div>
      ))}
      <div>
        <button
          type="button"
          className="button plain"
          onClick={() => onChange([...options, { id: ++lastId, was: null, now: "", retired: false }])}
        >
          <Plus size={14} /> {t("fields.addOption")}
        </button>
      </div>
    </fieldset>
  );
}

function NewField({ kind }: { kind: Browsed }) {
  const [label, setLabel] = useState("");
  const [type, setType] = useState<Made>("text");
  const [options, setOptions] = useState("");
  const [links, setLinks] = useState<Kind>("person");
  const [formula, setFormula] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  // What was wrong is no more once something else is typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: any of them
  useEffect(() => setError(undefined), [label, type, options, links, formula, kind]);
  async function add() {
    setBusy(true);
    try {
      const done = await commands.makeField({
        kind,
        label,
        type: type === "formula" ? "text" : type,
        options: isChoice(type) ? splitOptions(options) : [],
        links: type === "link" ? links : null,
        formula: type === "formula" ? formula : null,
      });
      withUndo(t("settings.fieldAdded"), done.operation);
      setLabel("");
      setOptions("");
      setFormula("");
    } catch (thrown) {
      setError(errorOf(thrown).message.replace(/^formula: /, ""));
    }
    setBusy(false);
  }
  const ready = label.trim() !== "" && !busy && (type !== "formula" || formula.trim() !== "");
  return (
    <div
      className="stack"
      role="group"
      aria-label={t("settings.addField")}
      onKeyDown={keysOf(
        () => ready && void add(),
        () => {},
      )}
    >
      <div className="row-line wrap">
        <input
          className="input grow"
          id="field-label"
          aria-label={t("settings.fieldName")}
          placeholder={t("settings.fieldName")}
          value={label}
          onChange={(e) => setLabel(e.target.value)}
        />
        <select
          className="input"
          id="field-type"
          aria-label={t("settings.fieldType")}
          value={type}
          onChange={(e) => setType(e.target.value as Made)}
        >
          {TYPES.map((x) => (
            <option key={x} value={x}>
              {t(`type.${x}` as Key)}
            </option>
          ))}
        </select>
        {isChoice(type) && (
          <input
            className="input"
            id="field-options"
            aria-label={t("settings.fieldOptions")}
            placeholder={t("settings.fieldOptions")}
            value={options}
            onChange={(e) => setOptions(e.target.value)}
          />
        )}
        {type === "link" && (
          <select
            className="input"
            id="field-links"
            aria-label={t("fields.links")}
            value={links}
            onChange={(e) => setLinks(e.target.value as Kind)}
          >
            {BROWSED.map((of) => (
              <option key={of} value={of}>
                {t(KINDS[of].many)}
              </option>
            ))}
          </select>
        )}
        <button type="button" className="button" id="add-field" disabled={!ready} onClick={() => void add()}>
          {t("settings.addField")}
        </button>
        {busy && <span className="soft small">{t("fields.working")}</span>}
      </div>
      {type === "formula" && (
        <Field label={t("type.formula")} hint={t("fields.formulaHint")}>
          <textarea
            className="input"
            id="field-formula"
            rows={2}
            spellCheck={false}
            placeholder="round(amount(value) * probability / 100, 2)"
            value={formula}
            onChange={(e) => setFormula(e.target.value)}
          />
        </Field>
      )}
      {error && (
        <p className="error small" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
