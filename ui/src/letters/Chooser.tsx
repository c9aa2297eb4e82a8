import { useEffect } from "react";
import { useQuery, useVersion } from "../app/data";
import type { RowView } from "../bindings";
import { commands } from "../platform/tauri";
import type { Json } from "../shared/format";
import { t } from "../shared/i18n";

const ALL = { filter: "", text: "", sort: "name", trash: false, offset: 0, limit: 500 };

/** The templates, by their names, or why they cannot be had. */
export function useTemplates(): { templates?: RowView[]; error?: string } {
  const version = useVersion();
  const { data, error } = useQuery(() => commands.list("template", ALL), [version]);
  return { templates: data?.rows, error };
}

/** What was chosen last is likely what is wanted next. */
const last = { template: "" };

/** Chooses a template; without one the letter begins empty. */
export function Chooser({
  value,
  onChange,
  empty,
}: {
  value: string | undefined;
  onChange: (id: string) => void;
  empty: boolean;
}) {
  const { templates, error } = useTemplates();
  useEffect(() => {
    if (!templates || value !== undefined) return;
    const known = templates.find((row) => row.id === last.template);
    onChange(known?.id ?? (empty ? "" : (templates[0]?.id ?? "")));
  }, [templates, value, empty, onChange]);
  return (
    <>
      <select
        className="input"
        id="letter-template"
        aria-label={t("letter.template")}
        value={value ?? ""}
        onChange={(event) => {
          last.template = event.target.value;
          onChange(event.target.value);
        }}
      >
        {(empty || templates?.length === 0) && <option value="">{t("letter.noTemplate")}</option>}
        {templates?.map((row) => (
          <option key={row.id} value={row.id}>
            {row.title || (row.fields as Json).subject || "—"}
          </option>
        ))}
      </select>
      {error && (
        <span className="error" role="alert">
          {error}
        </span>
      )}
    </>
  );
}
