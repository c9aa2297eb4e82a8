import { useState } from "react";
import { withUndo } from "../app/undo";
import type { LoggedMail } from "../bindings";
import { commands } from "../platform/tauri";
import { bytes } from "../shared/format";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { Dialog } from "../shared/ui";

/** What a letter encloses that was dropped on a record: which of it is put there, too. */
export function Enclosed({
  record,
  path,
  logged,
  onClose,
}: {
  record: string;
  path: string;
  logged: LoggedMail;
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState(() => logged.enclosed.map(() => true));
  const places = chosen.flatMap((is, at) => (is ? [at] : []));
  async function attach() {
    onClose();
    const done = await attempt(() => commands.attachEnclosed(record, path, places));
    if (done) withUndo(t("enclosed.attached", { n: done.length }), done.at(-1)?.operation ?? null);
  }
  return (
    <Dialog label={t("enclosed.title")} onClose={onClose}>
      <form
        className="body stack"
        id="enclosed"
        onSubmit={(event) => {
          event.preventDefault();
          void attach();
        }}
      >
        <h1>{t("enclosed.title")}</h1>
        <p className="soft">{t("enclosed.hint", { subject: logged.subject || "—" })}</p>
        <ul className="plain-list">
          {logged.enclosed.map((file, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be called the same
            <li key={at}>
              <label className="row-line">
                <input
                  type="checkbox"
                  checked={chosen[at]}
                  onChange={(event) =>
                    setChosen((now) => now.map((is, n) => (n === at ? event.target.checked : is)))
                  }
                />
                <span className="grow">{file.name}</span>
                <span className="soft small">{bytes(file.size ?? 0)}</span>
              </label>
            </li>
          ))}
        </ul>
        <div className="row-line">
          <button type="submit" className="button primary" disabled={places.length === 0}>
            {t("enclosed.attach", { n: places.length })} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("enclosed.leave")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
