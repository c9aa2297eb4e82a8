import { Check } from "lucide-react";
import { useEffect, useRef } from "react";
import type { RecordView } from "../bindings";
import { ago, type Json, labelOf, show } from "../shared/format";
import { t } from "../shared/i18n";
import { Avatar } from "../shared/ui";
import { type FieldRow, type Picks, TOGETHER, takenOf, together } from "./choices";

interface Props {
  records: RecordView[];
  rows: FieldRow[];
  keep: string;
  picks: Picks;
  /** The line with the cursor; 0 says which of them stays. */
  at: number;
  onAt: (at: number) => void;
  onKeep: (id: string) => void;
  onPick: (key: string, id: string) => void;
}

/** Records side by side: what of each is taken stands out, and the arrows choose. */
export function Comparison({ records, rows, keep, picks, at, onAt, onKeep, onPick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const ids = records.map((r) => r.id);
  const united = rows.some((r) => r.sort === "united");
  useEffect(() => {
    const focused = document.activeElement;
    // Whoever types, or stands on a button, stays there.
    if (focused !== document.body && !box.current?.contains(focused)) return;
    box.current?.querySelector<HTMLElement>(`[data-line="${at}"] [aria-checked="true"]`)?.focus();
  });
  const cell = (line: number, checked: boolean, choose: () => void) => ({
    role: "radio" as const,
    "aria-checked": checked,
    tabIndex: checked && line === at ? 0 : -1,
    onClick: () => {
      onAt(line);
      choose();
    },
  });
  return (
    <div className="compare-box" ref={box}>
      <div className="compare" id="compare">
        <div className="line names" role="radiogroup" aria-label={t("merge.stays")} data-line={0}>
          <span className="label">{t("merge.stays")}</span>
          {records.map((r) => (
            <div
              key={r.id}
              className="choice"
              data-record={r.id}
              aria-label={r.title || t("record.empty")}
              {...cell(0, r.id === keep, () => onKeep(r.id))}
            >
              <div className="row-line">
                <Avatar id={r.id} title={r.title} />
                <strong className="grow">{r.title || "—"}</strong>
                <Check size={14} className="mark" aria-hidden="true" />
              </div>
              <div className="soft small">{t("merge.updated", { ago: ago(r.updated_at) })}</div>
            </div>
          ))}
          {united && <span className="label together">{t("merge.together")}</span>}
        </div>
        {rows.map((row, n) => {
          const taken = takenOf(row, ids, keep, picks);
          const label = labelOf(row.field);
          const line = n + 1;
          return (
            <div
              className={`line ${row.sort}`}
              role="radiogroup"
              aria-label={label}
              data-line={line}
              data-field={row.field.key}
              key={row.field.key}
            >
              <span className="label">{label}</span>
              {records.map((r, of) => {
                const shown = shownOf(row, row.values[of], r);
                const from = t("merge.of", { value: shown || t("record.empty"), title: r.title });
                return (
                  <div
                    key={r.id}
                    className={taken === TOGETHER ? "choice part" : "choice"}
                    aria-label={from}
                    {...cell(line, taken === r.id, () => onPick(row.field.key, r.id))}
                  >
                    <Check size={14} className="mark" aria-hidden="true" />
                    {shown || <span className="faint">{t("record.empty")}</span>}
                  </div>
                );
              })}
              {united &&
                (row.sort === "united" ? (
                  <div
                    className="choice"
                    aria-label={t("merge.of", {
                      value: shownOf(row, together(row)),
                      title: t("merge.together"),
                    })}
                    {...cell(line, taken === TOGETHER, () => onPick(row.field.key, TOGETHER))}
                  >
                    <Check size={14} className="mark" aria-hidden="true" />
                    {shownOf(row, together(row))}
                  </div>
                ) : (
                  <span className="label together" />
                ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Lists one below the other, all else in a line. */
function shownOf(row: FieldRow, value: Json, record?: RecordView): string {
  if (Array.isArray(value)) return value.map((item) => show(row.field, [item])).join("\n");
  return show(row.field, value, record?.titles[row.field.key]);
}
