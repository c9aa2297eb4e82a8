import { type FormEvent, useEffect, useState } from "react";
import type { RestoredInsteadView } from "../bindings";
import { chooseFile, commands, errorOf } from "../platform/tauri";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { toast } from "../shared/toast";
import { Field } from "../shared/ui";

/** A newer version has written this vault: a backup from before can take its place, and it stays beside that. */
export function Instead() {
  const [file, setFile] = useState("");
  const [known, setKnown] = useState(false);
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  useEffect(() => {
    void commands.updates().then(({ went_back }) => {
      if (!went_back?.backup) return;
      setFile(went_back.backup);
      setKnown(true);
    });
  }, []);
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    setBusy(true);
    setError(undefined);
    try {
      const { aside }: RestoredInsteadView = await commands.restoreInstead(file, key);
      // Where nobody knows of an update, no notice says it. The screens are just being drawn anew.
      if (!known) setTimeout(() => toast(t("instead.done", { aside })), 600);
    } catch (thrown) {
      setError(errorOf(thrown).message);
      setBusy(false);
    }
  }
  return (
    <form className="stack" id="instead" onSubmit={(e) => void submit(e)}>
      <div>
        <h2>{t("instead.title")}</h2>
        <p className="soft">{t("instead.why")}</p>
      </div>
      <Field label={t("restore.file")} hint={known ? t("instead.known") : undefined}>
        <div className="row-line">
          <input
            className="input grow"
            id="instead-file"
            required
            spellCheck={false}
            value={file}
            onChange={(e) => setFile(e.target.value)}
          />
          <button
            type="button"
            className="button"
            onClick={() => void chooseFile(t("restore.file"), ["satchelbackup"]).then((f) => f && setFile(f))}
          >
            {t("restore.choose")}
          </button>
        </div>
      </Field>
      <Field label={t("restore.key")} hint={t("restore.keyHint")}>
        <input
          className="input"
          id="instead-key"
          autoFocus
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
        <button className="button" id="instead-restore" type="submit" disabled={busy || !file || !key}>
          {t(busy ? "restore.busy" : "instead.do")}
        </button>
      </div>
    </form>
  );
}
