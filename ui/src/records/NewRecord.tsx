import { type FormEvent, useRef, useState } from "react";
import { openRecord, useFields } from "../app/data";
import { current } from "../app/router";
import { withUndo } from "../app/undo";
import { commands, errorOf } from "../platform/tauri";
import { labelOf, optionLabel } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Dialog, Field } from "../shared/ui";
import { inData, Linked } from "./FieldEditor";
import { askedOf, type Browsed, KINDS } from "./kinds";

/** A new record from its name alone; the rest can follow. */
export function NewRecord({ kind, onClose }: { kind: Browsed; onClose: () => void }) {
  const fields = useFields(kind);
  const [values, setValues] = useState<Record<string, string>>({});
  const busy = useRef(false);
  const [error, setError] = useState<{ message: string; field?: string | null }>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    const input: Record<string, string> = {};
    for (const [key, text] of Object.entries(values)) {
      const field = fields.find((f) => f.key === key);
      if (text.trim()) input[key] = field && !field.links ? await inData(field, text) : text;
    }
    if (Object.keys(input).length === 0) return setError({ message: t("record.missing") });
    // A second Enter while the first is on its way must not make a second record.
    if (busy.current) return;
    busy.current = true;
    try {
      const made = await commands.create(kind, input);
      onClose();
      const { title } = await commands.get(made.id);
      withUndo(t("record.created", { title }), made.operation);
      // In the table of prices the new product has its row.
      if (current().page !== "prices") openRecord(made.id, kind);
    } catch (thrown) {
      setError(errorOf(thrown));
    } finally {
      busy.current = false;
    }
  }

  const title = t(KINDS[kind].create);
  return (
    <Dialog label={title} onClose={onClose}>
      <form className="body stack" onSubmit={(e) => void submit(e)}>
        <h1>{title}</h1>
        {askedOf(kind).map((key, n) => {
          const field = fields.find((f) => f.key === key);
          return (
            <Field key={key} label={field ? labelOf(field) : key}>
              {field?.links ? (
                <Linked field={field} onChange={(id) => setValues((v) => ({ ...v, [key]: id ?? "" }))} />
              ) : field?.type === "choice" ? (
                <select
                  className="input"
                  id={`new-${key}`}
                  autoFocus={n === 0}
                  value={values[key] ?? field.options[0]}
                  onChange={(e) => setValues((v) => ({ ...v, [key]: e.target.value }))}
                >
                  {field.options.map((o) => (
                    <option key={o} value={o}>
                      {optionLabel(field, o)}
                    </option>
                  ))}
                </select>
              ) : (
                <input
                  className="input"
                  id={`new-${key}`}
                  autoFocus={n === 0}
                  aria-invalid={error?.field === key}
                  value={values[key] ?? ""}
                  onChange={(e) => setValues((v) => ({ ...v, [key]: e.target.value }))}
                />
              )}
            </Field>
          );
        })}
        {error && (
          <p className="error" role="alert">
            {error.message}
          </p>
        )}
        <div className="row-line">
          <button type="submit" className="button primary" id="create">
            {t("add")} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
