import { useState } from "react";
import { openRecord, useQuery } from "../app/data";
import { withUndo } from "../app/undo";
import type { LeftOut, MergedMail } from "../bindings";
import { chooseFolder, commands } from "../platform/tauri";
import { count } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog, Field } from "../shared/ui";
import { Chooser } from "./Chooser";
import { useMissing } from "./named";

/** One letter to many: a draft for each, and who was left out. */
export function MergeMail({ people, onClose }: { people: string[]; onClose: () => void }) {
  const [template, setTemplate] = useState<string>();
  const [note, setNote] = useState(false);
  const [busy, setBusy] = useState(false);
  const [merged, setMerged] = useState<MergedMail>();
  const first = people[0];
  const preview = useQuery(
    async () => (template ? commands.letter(await commands.template(template), first ?? null) : undefined),
    [template, first],
  );
  const ready = !!template && !!preview.data && preview.data.unknown.length === 0 && !busy;
  async function write() {
    if (!ready || !template) return;
    const folder = await chooseFolder();
    if (!folder) return;
    setBusy(true);
    const done = await attempt(() => commands.mergeMail(template, people, folder, note));
    setBusy(false);
    setMerged(done);
    if (done?.operation) withUndo(t("letter.notedMany", { n: count(done.written) }), done.operation);
  }
  // What is being written is not left behind: it is stopped, and says what came of it.
  const close = () => (busy ? void commands.cancel("mail") : onClose());
  return (
    <Dialog label={t("letter.merge")} onClose={close} className="wide">
      <form
        className="body stack"
        id="merge-mail"
        onSubmit={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (isComposing(event.nativeEvent) || event.key !== "Enter" || !(event.ctrlKey || event.metaKey))
            return;
          event.preventDefault();
          void write();
        }}
      >
        <div className="row-line">
          <h1 className="grow">
            {t("letter.merge")} <span className="faint">{count(people.length)}</span>
          </h1>
          <button type="button" className="button" onClick={close}>
            {t(merged ? "close" : "cancel")}
          </button>
        </div>
        {merged ? (
          <Report merged={merged} onClose={onClose} />
        ) : (
          <>
            <Field label={t("letter.template")}>
              <Chooser value={template} onChange={setTemplate} empty={false} />
            </Field>
            {template === "" && <p className="soft">{t("templates.none")}</p>}
            {preview.error && (
              <p className="error" role="alert">
                {preview.error}
              </p>
            )}
            {preview.data && preview.data.unknown.length > 0 && (
              <p className="notice bad" role="alert">
                {t("letter.unknown", { names: preview.data.unknown.join(", ") })}
              </p>
            )}
            {preview.data && (
              <div className="letter" id="merge-preview">
                <p className="soft small">
                  {t("letter.first", { name: preview.data.name })} {preview.data.address}
                </p>
                <strong>{preview.data.subject}</strong>
                <p className="long">{preview.data.body}</p>
              </div>
            )}
            <p className="soft small">{t("letter.mergeHint")}</p>
            <label className="row-line">
              <input
                type="checkbox"
                id="merge-note"
                checked={note}
                onChange={(event) => setNote(event.target.checked)}
              />
              {t("letter.noteMany")}
            </label>
            <div className="row-line">
              <button
                type="button"
                className="button primary"
                id="merge-write"
                disabled={!ready}
                onClick={() => void write()}
              >
                {t("letter.writeDrafts")} <kbd>Ctrl Enter</kbd>
              </button>
            </div>
          </>
        )}
      </form>
    </Dialog>
  );
}

function why(left: LeftOut, missing: (names: string[]) => string): string {
  if (left.why === "missing") return t("letter.leftMissing", { names: missing(left.missing) });
  return t(
    left.why === "no_address"
      ? "letter.leftAddress"
      : left.why === "no_contact"
        ? "letter.leftContact"
        : "letter.leftGone",
  );
}

function Report({ merged, onClose }: { merged: MergedMail; onClose: () => void }) {
  const missing = useMissing();
  return (
    <div className="stack" id="merge-report">
      <p role="status">
        {merged.written > 0
          ? t("letter.written", { n: count(merged.written), folder: merged.folder })
          : t("letter.writtenNone")}
      </p>
      {merged.left_out.length > 0 && (
        <>
          <h2>{t("letter.left", { n: count(merged.left_out.length) })}</h2>
          <ul className="plain-list" aria-label={t("letter.left", { n: merged.left_out.length })}>
            {merged.left_out.slice(0, 500).map((left) => (
              <li key={left.id} className="row-line">
                <button
                  type="button"
                  className="button plain small"
                  onClick={() => {
                    onClose();
                    openRecord(left.id, "person");
                  }}
                >
                  {left.title || "—"}
                </button>
                <span className="soft small">{why(left, missing)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
