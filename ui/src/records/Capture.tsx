import { useRef, useState } from "react";
import { openRecord } from "../app/data";
import { withUndo } from "../app/undo";
import { commands } from "../platform/tauri";
import { today } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog } from "../shared/ui";
import { becomes, Meaning, useMeaning } from "./Meaning";

/** One line becomes a person and a company, or something to do; who it may be already stands below before it is saved. */
export function Capture({ onClose }: { onClose: () => void }) {
  const [line, setLine] = useState("");
  const wanted = line.trim();
  const said = useMeaning(line);
  const busy = useRef(false);

  async function save() {
    if (busy.current || !wanted) return;
    busy.current = true;
    const made = await attempt(() => commands.captureLine(wanted, today()));
    busy.current = false;
    if (!made) return;
    onClose();
    withUndo(t("record.created", { title: made.title || wanted }), made.operation);
    openRecord(made.id, made.kind);
  }
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
          {said && wanted && (
            <Meaning
              said={said}
              onOpen={(id, kind) => {
                onClose();
                openRecord(id, kind);
              }}
            />
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
            {(wanted && becomes(said)) || t("add")} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
