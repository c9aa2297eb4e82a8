import { ArrowDown, ArrowUp } from "lucide-react";
import { useRef } from "react";
import type { FieldView, Layout } from "../bindings";
import { labelOf } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Dialog, Field } from "../shared/ui";
import { groupable, headOf, shownColumns } from "./columns";

/** Which columns a list has, in which order, and what it is grouped by. What is chosen shows at once. */
export function ListOptions({
  fields,
  usual,
  layout,
  onChange,
  onClose,
}: {
  fields: FieldView[];
  usual: string[];
  layout: Layout;
  onChange: (layout: Layout) => void;
  onClose: () => void;
}) {
  const list = useRef<HTMLUListElement>(null);
  const shown = layout.columns.length > 0 ? layout.columns : usual;
  const others = shownColumns(fields).filter((key) => !shown.includes(key));
  const set = (columns: string[]) => onChange({ ...layout, columns });
  const move = (at: number, by: number) => {
    const to = at + by;
    // The first column is what a record is called, and stays.
    if (to < 1 || to >= shown.length) return;
    const next = shown.filter((_, n) => n !== at);
    next.splice(to, 0, shown[at] ?? "");
    set(next);
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>("input")[to]?.focus());
  };
  const line = (key: string, at: number) => (
    <li
      key={key}
      className="row-line"
      onKeyDown={(event) => {
        if (isComposing(event.nativeEvent) || !event.altKey || at < 1) return;
        if (event.key === "ArrowUp") move(at, -1);
        else if (event.key === "ArrowDown") move(at, 1);
        else return;
        event.preventDefault();
      }}
    >
      <label className="grow row-line">
        <input
          type="checkbox"
          checked={at >= 0}
          disabled={at === 0}
          onChange={() => set(at >= 0 ? shown.filter((k) => k !== key) : [...shown, key])}
        />
        {headOf(key, fields)}
      </label>
      {at > 0 && (
        <>
          <button
            type="button"
            className="button plain"
            aria-label={t("list.columnUp", { name: headOf(key, fields) })}
            title={`${t("list.columnUp", { name: headOf(key, fields) })} (Alt ↑)`}
            disabled={at === 1}
            onClick={() => move(at, -1)}
          >
            <ArrowUp size={14} />
          </button>
          <button
            type="button"
            className="button plain"
            aria-label={t("list.columnDown", { name: headOf(key, fields) })}
            title={`${t("list.columnDown", { name: headOf(key, fields) })} (Alt ↓)`}
            disabled={at === shown.length - 1}
            onClick={() => move(at, 1)}
          >
            <ArrowDown size={14} />
          </button>
        </>
      )}
    </li>
  );
  return (
    <Dialog label={t("list.options")} onClose={onClose} className="list-options">
      <div className="body stack">
        <Field label={t("list.group")}>
          <select
            className="input"
            id="group-by"
            value={layout.group}
            onChange={(event) => onChange({ ...layout, group: event.target.value })}
          >
            <option value="">{t("list.noGroup")}</option>
            {fields.filter(groupable).map((field) => (
              <option key={field.key} value={field.key}>
                {labelOf(field)}
              </option>
            ))}
          </select>
        </Field>
        <h2>{t("list.columns")}</h2>
        <ul className="plain-list" id="columns" ref={list}>
          {shown.map((key, at) => line(key, at))}
          {others.map((key) => line(key, -1))}
        </ul>
        <div className="row-line">
          <button
            type="button"
            className="button"
            id="usual"
            disabled={layout.columns.length === 0 && !layout.group}
            onClick={() => onChange({ columns: [], group: "" })}
          >
            {t("list.asUsual")}
          </button>
          <span className="grow" />
          <button type="button" className="button primary" onClick={onClose}>
            {t("list.close")}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
