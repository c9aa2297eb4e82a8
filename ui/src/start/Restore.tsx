import { type FormEvent, useState } from "react";
import { chooseFiles, commands, errorOf } from "../platform/tauri";
import { count } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { toast } from "../shared/toast";
import { Field } from "../shared/ui";
import { Brand } from "./Welcome";

/** A new laptop, and a backup of the old one. */
export function Restore({ onDone, onBack }: { onDone: () => void; onBack: () => void }) {
  const [file, setFile] = useState("");
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  async function choose() {
    const [chosen] = await chooseFiles();
    if (chosen) setFile(chosen);
  }
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    setBusy(true);
    setError(undefined);
    try {
      const restored = await commands.restoreVault(file, key);
      onDone();
      if (restored.missing_files) toast(t("restore.missing", { n: count(restored.missing_files) }));
    } catch (thrown) {
      setError(errorOf(thrown).message);
      setBusy(false);
    }
  }
  return (
    <main className="card">
      <Brand />
      <h1>{t("restore.title")}</h1>
      <p className="soft">{t("restore.why")}</p>
      <form className="stack" onSubmit={(e) => void submit(e)}>
        <Field label={t("restore.file")}>
          <div className="row-line">
            <input
              className="input grow"
              id="restore-file"
              required
              spellCheck={false}
              value={file}
              onChange={(e) => setFile(e.target.value)}
            />
            <button type="button" className="button" onClick={() => void choose()}>
              {t("restore.choose")}
            </button>
          </div>
        </Field>
        <Field label={t("restore.key")} hint={t("restore.keyHint")}>
          <input
            className="input"
            id="restore-key"
            type="password"
            required
            autoComplete="off"
            value={key}
            onChange={(e) => setKey(e.target.value)}
          />
        </Field>
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        <div className="row-line">
          <button className="button primary big" id="restore" type="submit" disabled={busy}>
            {t(busy ? "restore.busy" : "restore.do")}
          </button>
          <button type="button" className="button big" disabled={busy} onClick={onBack}>
            {t("restore.back")}
          </button>
        </div>
      </form>
    </main>
  );
}
