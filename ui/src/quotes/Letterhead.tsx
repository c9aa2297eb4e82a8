import { useQuery, useVersion } from "../app/data";
import { withUndo } from "../app/undo";
import { commands, errorOf } from "../platform/tauri";
import type { Json } from "../shared/format";
import { type Key, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { toast } from "../shared/toast";
import { Field } from "../shared/ui";

const FIELDS: { key: string; label: Key; hint?: string; rows?: number }[] = [
  { key: "name", label: "letterhead.name" },
  { key: "address", label: "letterhead.address", rows: 3 },
  { key: "footer", label: "letterhead.footer", rows: 2 },
  { key: "accent", label: "letterhead.accent", hint: "#7a4a21" },
  { key: "intro", label: "letterhead.intro", rows: 2 },
  { key: "terms", label: "letterhead.terms", rows: 3 },
  { key: "valid_days", label: "letterhead.validDays", hint: "30" },
  { key: "tax", label: "letterhead.tax", hint: "21" },
];

/** What quotes look like and say, for the whole team. */
export function Letterhead() {
  const version = useVersion();
  const fields = useQuery(() => commands.letterhead(), [version]).data as Json;
  if (!fields) return null;
  async function save(key: string, text: string) {
    if (text.trim() === String(fields[key] ?? "")) return;
    try {
      const done = await commands.setLetterhead({ [key]: text.trim() || null });
      if (done.operation) withUndo(t("letterhead.saved"), done.operation);
    } catch (thrown) {
      toast(errorOf(thrown).message);
    }
  }
  return (
    <div className="stack" id="letterhead">
      <p className="soft">{t("letterhead.hint")}</p>
      {FIELDS.map(({ key, label, hint, rows }) => {
        const shared = {
          className: "input",
          id: `letterhead-${key}`,
          // Another value from elsewhere is another input.
          key: String(fields[key] ?? ""),
          defaultValue: String(fields[key] ?? ""),
          placeholder: hint,
          onBlur: (event: React.FocusEvent<HTMLInputElement | HTMLTextAreaElement>) =>
            void save(key, event.target.value),
        };
        return (
          <Field key={key} label={t(label)}>
            {rows ? (
              <textarea {...shared} rows={rows} />
            ) : (
              <input
                {...shared}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && !isComposing(event.nativeEvent)) event.currentTarget.blur();
                }}
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}
