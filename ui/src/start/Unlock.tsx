import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import type { AppState } from "../bindings";
import { commands, errorOf } from "../platform/tauri";
import { WentBack } from "../safety/WentBack";
import { t } from "../shared/i18n";
import { Field } from "../shared/ui";
import { Instead } from "./Instead";
import { Brand } from "./Welcome";

/** A locked vault. At a start it just opens if the keyring has the key. */
export function Unlock({ state, automatic }: { state: AppState; automatic: boolean }) {
  const [way, setWay] = useState<"passphrase" | "recovery">(state.has_passphrase ? "passphrase" : "recovery");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(state.problem ?? undefined);
  // A newer version of the program has written the vault.
  const [newer, setNewer] = useState(state.newer);
  const [text, setText] = useState("");
  const tried = useRef(false);

  const attempt = useCallback(async (open: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    try {
      await open();
      setText("");
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      setError(message);
      if (code === "newer") setNewer(true);
      else setTimeout(() => document.getElementById("unlock-text")?.focus());
    }
    setBusy(false);
  }, []);

  useEffect(() => {
    if (automatic && !tried.current && !state.problem) {
      tried.current = true;
      void attempt(commands.unlockKeyring);
    }
  }, [automatic, attempt, state.problem]);

  function submit(event: FormEvent) {
    event.preventDefault();
    void attempt(() =>
      way === "passphrase" ? commands.unlockPassphrase(text) : commands.unlockRecovery(text),
    );
  }

  return (
    <div className="start">
      <main className="card stack">
        <Brand />
        <WentBack />
        <div>
          <h1>{t("unlock.title")}</h1>
          <p className="soft">
            {t("unlock.hint")} {state.vault}
          </p>
        </div>
        {error && (
          <p className="notice bad" role="alert" id="unlock-error">
            {error}
          </p>
        )}
        {newer ? (
          <Instead />
        ) : (
          <>
            <button
              type="button"
              className="button primary big"
              id="unlock-keyring"
              autoFocus
              disabled={busy}
              onClick={() => void attempt(commands.unlockKeyring)}
            >
              {busy ? t("unlock.opening") : t("unlock.keyring")}
            </button>
            <form className="stack" onSubmit={submit}>
              <Field label={way === "passphrase" ? t("unlock.passphrase") : t("unlock.code")}>
                <input
                  className="input"
                  id="unlock-text"
                  type={way === "passphrase" ? "password" : "text"}
                  autoComplete="off"
                  spellCheck={false}
                  value={text}
                  onChange={(e) => setText(e.target.value)}
                />
              </Field>
              <div className="row-line">
                <button className="button" id="unlock-submit" type="submit" disabled={busy || !text}>
                  {t("unlock.unlock")}
                </button>
                {way === "passphrase" && (
                  <button
                    type="button"
                    className="button plain"
                    id="use-recovery"
                    onClick={() => setWay("recovery")}
                  >
                    {t("unlock.recovery")}
                  </button>
                )}
                {way === "recovery" && state.has_passphrase && (
                  <button type="button" className="button plain" onClick={() => setWay("passphrase")}>
                    {t("unlock.usePassphrase")}
                  </button>
                )}
              </div>
            </form>
          </>
        )}
      </main>
    </div>
  );
}
