import { ImagePlus, Trash2 } from "lucide-react";
import { useQuery, useVersion } from "../app/data";
import { withUndo } from "../app/undo";
import { choosePicture, commands, errorOf } from "../platform/tauri";
import type { Json } from "../shared/format";
import { type Key, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
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
      <Logo />
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

/** The picture at the head of papers: the last one that was taken. */
function Logo() {
  const version = useVersion();
  const logos = useQuery(async () => commands.attachments(await commands.letterheadId()), [version]).data;
  async function choose() {
    const path = await choosePicture();
    const done = path && (await attempt(() => commands.setLogo(path)));
    if (done) withUndo(t("letterhead.logoTaken"), done.operation);
  }
  async function remove() {
    const done = await attempt(() => commands.delete((logos ?? []).map((logo) => logo.id)));
    if (done) withUndo(t("letterhead.logoRemoved"), done.operation);
  }
  const logo = logos?.[0];
  return (
    <div className="row-line" id="letterhead-logo">
      <span>{t("letterhead.logo")}</span>
      {logo && <span className="soft">{logo.name}</span>}
      <button type="button" className="button" onClick={() => void choose()}>
        <ImagePlus size={14} /> {t("letterhead.chooseLogo")}
      </button>
      {logo && (
        <button
          type="button"
          className="button plain danger"
          aria-label={t("letterhead.removeLogo")}
          title={t("letterhead.removeLogo")}
          onClick={() => void remove()}
        >
          <Trash2 size={14} />
        </button>
      )}
    </div>
  );
}
