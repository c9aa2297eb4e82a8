import { AlertTriangle } from "lucide-react";
import { useRef, useState } from "react";
import { openRecord, useQuery, useRested } from "../app/data";
import { withUndo } from "../app/undo";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog } from "../shared/ui";

/** One line becomes a person and a company; who it may be already stands below before it is saved. */
export function Capture({ onClose }: { onClose: () => void }) {
  const [line, setLine] = useState("");
  const wanted = line.trim();
  const rested = useRested(wanted);
  const said = useQuery(async () => (rested ? commands.understandPerson(rested) : undefined), [rested]).data;
  const busy = useRef(false);

  async function save() {
    if (busy.current || !wanted) return;
    busy.current = true;
    const made = await attempt(() => commands.capture(wanted));
    busy.current = false;
    if (!made) return;
    onClose();
    const record = await attempt(() => commands.get(made.id));
    withUndo(t("record.created", { title: record?.title ?? wanted }), made.operation);
    openRecord(made.id, "person");
  }
  const rows: [string, string][] = said
    ? [
        [t("list.name"), [said.first_name, said.last_name].filter(Boolean).join(" ")],
        [
          t("field.company"),
          said.company && `${said.company}${said.company_known ? "" : ` · ${t("capture.new")}`}`,
        ],
        [t("field.title"), said.title],
        [t("field.emails"), said.emails.join(", ")],
        [t("field.phones"), said.phones.join(", ")],
      ]
    : [];
  return (
    <Dialog label={t("capture.title")} onClose={onClose}>
      <div className="body stack">
        <h1>{t("capture.title")}</h1>
        <input
          className="input"
          id="capture"
          autoFocus
          aria-label={t("capture.hint")}
          placeholder={t("capture.hint")}
          value={line}
          onChange={(e) => setLine(e.target.value)}
          onKeyDown={(e) => {
            if (e.key !== "Enter" || isComposing(e.nativeEvent)) return;
            e.preventDefault();
            void save();
          }}
        />
        <div aria-live="polite" className="stack">
          <table className="plain">
            <tbody>
              {rows
                .filter(([, value]) => value)
                .map(([label, value]) => (
                  <tr key={label}>
                    <td className="soft">{label}</td>
                    <td>{value}</td>
                  </tr>
                ))}
            </tbody>
          </table>
          {said && said.similar.length > 0 && (
            <div className="notice" id="similar">
              <p className="warn">
                <AlertTriangle size={14} /> {t("capture.similar")}
              </p>
              {said.similar.map((hit) => (
                <button
                  type="button"
                  key={hit.id}
                  className="button plain flush"
                  onClick={() => {
                    onClose();
                    openRecord(hit.id, "person");
                  }}
                >
                  {hit.title} <span className="soft small">{hit.subtitle}</span>
                </button>
              ))}
            </div>
          )}
        </div>
        <div className="row-line">
          <button
            type="button"
            className="button primary"
            id="capture-save"
            disabled={!wanted}
            onClick={() => void save()}
          >
            {t("add")} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
