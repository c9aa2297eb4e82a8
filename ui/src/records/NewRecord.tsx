import { type FormEvent, useRef, useState } from "react";
import { openRecord, useFields } from "../app/data";
import { withUndo } from "../app/undo";
import { commands, errorOf } from "../platform/tauri";
import { labelOf } from "../shared/format";
import { language, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Dialog, Field } from "../shared/ui";

const ASKED = {
  person: ["first_name", "last_name", "emails", "phones", "title"],
  company: ["name", "website", "phones", "industry"],
};

/** A Chinese name begins with the family's. */
const asked = (kind: "person" | "company") =>
  kind === "person" && language() === "zh"
    ? ["last_name", "first_name", ...ASKED.person.slice(2)]
    : ASKED[kind];

/** A new record from its name alone; the rest can follow. */
export function NewRecord({ kind, onClose }: { kind: "person" | "company"; onClose: () => void }) {
  const fields = useFields(kind);
  const [values, setValues] = useState<Record<string, string>>({});
  const busy = useRef(false);
  const [error, setError] = useState<{ message: string; field?: string | null }>();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    const input = Object.fromEntries(Object.entries(values).filter(([, v]) => v.trim()));
    if (Object.keys(input).length === 0) return setError({ message: t("record.missing") });
    // A second Enter while the first is on its way must not make a second record.
    if (busy.current) return;
    busy.current = true;
    try {
      const made = await commands.create(kind, input);
      onClose();
      const { title } = await commands.get(made.id);
      withUndo(t("record.created", { title }), made.operation);
      openRecord(made.id, kind);
    } catch (thrown) {
      setError(errorOf(thrown));
    } finally {
      busy.current = false;
    }
  }

  const title = t(kind === "company" ? "new.company" : "new.person");
  return (
    <Dialog label={title} onClose={onClose}>
      <form className="body stack" onSubmit={(e) => void submit(e)}>
        <h1>{title}</h1>
        {asked(kind).map((key, n) => {
          const field = fields.find((f) => f.key === key);
          return (
            <Field key={key} label={field ? labelOf(field) : key}>
              <input
                className="input"
                id={`new-${key}`}
                autoFocus={n === 0}
                aria-invalid={error?.field === key}
                value={values[key] ?? ""}
                onChange={(e) => setValues((v) => ({ ...v, [key]: e.target.value }))}
              />
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
