import { type FormEvent, useState } from "react";
import type { KitView } from "../bindings";
import { chooseTarget, commands, errorOf } from "../platform/tauri";
import { language, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { prefs } from "../shared/prefs";
import { attempt, toast } from "../shared/toast";
import { Field } from "../shared/ui";
import { Join } from "./Join";
import { NewPassphrase } from "./NewPassphrase";
import { Restore } from "./Restore";

export function Brand() {
  return (
    <div className="brand">
      <svg width="28" height="28" viewBox="0 0 512 512" aria-hidden="true">
        <path
          fill="#8a4b22"
          d="M96 128h320a40 40 0 0 1 40 40v232a56 56 0 0 1-56 56H112a56 56 0 0 1-56-56V168a40 40 0 0 1 40-40Z"
        />
        <path
          fill="#c98b52"
          d="M96 64h320a40 40 0 0 1 40 40v88c0 74-60 128-134 128h-12v44a28 28 0 0 1-28 28h-52a28 28 0 0 1-28-28v-44h-12C116 320 56 266 56 192v-88a40 40 0 0 1 40-40Zm136 224v60h48v-60Z"
        />
      </svg>
      Satchel
    </div>
  );
}

/** First start: language and names, then the recovery kit. */
export function Welcome({ onDone }: { onDone: () => void }) {
  const [kit, setKit] = useState<{ kit: KitView; keyring: string | null }>();
  const [other, setOther] = useState<"join" | "restore">();
  return (
    <div className="start">
      {kit ? (
        <Kit kit={kit.kit} keyring={kit.keyring} onDone={onDone} />
      ) : other === "join" ? (
        <Join onMade={setKit} onBack={() => setOther(undefined)} />
      ) : other === "restore" ? (
        <Restore onDone={onDone} onBack={() => setOther(undefined)} />
      ) : (
        <Names onMade={setKit} onOther={setOther} onDemo={onDone} />
      )}
    </div>
  );
}

function Names({
  onMade,
  onOther,
  onDemo,
}: {
  onMade: (made: { kit: KitView; keyring: string | null }) => void;
  onOther: (other: "join" | "restore") => void;
  onDemo: () => void;
}) {
  const [workspace, setWorkspace] = useState("");
  const [person, setPerson] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const [repeated, setRepeated] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [needed, setNeeded] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    // Typed unseen: a slip would be found when it is too late.
    if (passphrase && passphrase !== repeated) return setError(t("start.repeatWrong"));
    setBusy(true);
    setError(undefined);
    try {
      onMade(await commands.createVault({ workspace, person, passphrase: passphrase || null }));
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      setNeeded(code === "keyring");
      setError(message);
      setBusy(false);
    }
  }

  async function lookAround() {
    setBusy(true);
    setError(undefined);
    try {
      const opensBy = await commands.createDemo(language() === "zh");
      if (opensBy) toast(t("demo.passphrase", { passphrase: opensBy }));
      onDemo();
    } catch (thrown) {
      setError(errorOf(thrown).message);
      setBusy(false);
    }
  }

  return (
    <main className="card">
      <Brand />
      <h1>{t("start.welcome")}</h1>
      <p className="soft">{t("app.tagline")}</p>
      <form className="stack" onSubmit={(e) => void submit(e)}>
        <Field label={t("start.language")}>
          <select
            className="input"
            id="language"
            value={language()}
            onChange={(e) => prefs.set({ language: e.target.value as "en" | "zh" })}
          >
            <option value="en">English</option>
            <option value="zh">中文</option>
          </select>
        </Field>
        <Field label={t("start.workspace")} hint={t("start.workspaceHint")}>
          <input
            className="input"
            id="workspace"
            autoFocus
            required
            maxLength={200}
            value={workspace}
            onChange={(e) => setWorkspace(e.target.value)}
          />
        </Field>
        <Field label={t("start.person")}>
          <input
            className="input"
            id="person"
            maxLength={200}
            value={person}
            onChange={(e) => setPerson(e.target.value)}
          />
        </Field>
        <NewPassphrase
          needed={needed}
          passphrase={passphrase}
          onPassphrase={setPassphrase}
          repeated={repeated}
          onRepeated={setRepeated}
        />
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        <div className="row-line wrap">
          <button className="button primary big" id="create-vault" type="submit" disabled={busy}>
            {busy ? t("start.creating") : t("start.create")}
          </button>
          <button
            type="button"
            className="button big"
            id="join-team"
            disabled={busy}
            onClick={() => onOther("join")}
          >
            {t("join.instead")}
          </button>
          <button
            type="button"
            className="button big"
            id="restore-backup"
            disabled={busy}
            onClick={() => onOther("restore")}
          >
            {t("restore.instead")}
          </button>
        </div>
        <div className="row-line wrap or">
          <span className="soft">{t("demo.or")}</span>
          <button
            type="button"
            className="button"
            id="look-around"
            disabled={busy}
            onClick={() => void lookAround()}
          >
            {t("demo.look")}
          </button>
        </div>
      </form>
    </main>
  );
}

/** The kit is shown once; two of its groups are typed back. */
export function Kit({ kit, keyring, onDone }: { kit: KitView; keyring: string | null; onDone: () => void }) {
  const [asked] = useState(() => {
    const first = Math.floor(Math.random() * 4);
    return [first, 4 + Math.floor(Math.random() * 4)];
  });
  const [typed, setTyped] = useState(["", ""]);
  const [wrong, setWrong] = useState(false);
  const [saved, setSaved] = useState(false);

  function submit(event: FormEvent) {
    event.preventDefault();
    const right = asked.every((group, at) => typed[at]?.trim().toUpperCase() === kit.groups[group]);
    setWrong(!right);
    if (!right) return;
    // Only the health page remembers it.
    void commands.confirmKit().catch(() => {});
    onDone();
  }

  async function save() {
    const path = await chooseTarget("satchel-recovery-kit.txt");
    if (path) {
      const written = await attempt(() => commands.saveText(path, kit.text));
      if (written !== undefined) setSaved(true);
    }
  }

  return (
    <main className="card">
      <Brand />
      <h1>{t("kit.title")}</h1>
      <p className="soft">{t("kit.why")}</p>
      <div className="kit printed" id="kit">
        <div>
          <div className="soft small">
            {["Satchel", kit.workspace === "…" ? "" : kit.workspace, kit.made].filter(Boolean).join(" · ")}
          </div>
          <code lang="en" translate="no">
            {kit.groups.slice(0, 4).join("-")}
            <br />
            {kit.groups.slice(4).join("-")}
          </code>
          <div className="soft small">{kit.vault}</div>
          <div className="faint small" translate="no">
            {kit.age_identity.slice(0, 37)}
            <br />
            {kit.age_identity.slice(37)}
          </div>
        </div>
        <img alt="QR" src={`data:image/svg+xml;utf8,${encodeURIComponent(kit.qr)}`} />
      </div>
      <div className="row-line">
        <button type="button" className="button" onClick={() => window.print()}>
          {t("kit.print")}
        </button>
        <button type="button" className="button" onClick={() => void save()}>
          {t("kit.save")}
        </button>
        {saved && <span className="soft small">{t("kit.saved")}</span>}
      </div>
      {keyring && <p className="notice bad small">{t("kit.noKeyring", { why: keyring })}</p>}
      <form className="stack" onSubmit={submit}>
        <p>{t("kit.confirm", { a: (asked[0] ?? 0) + 1, b: (asked[1] ?? 0) + 1 })}</p>
        <div className="row-line">
          {asked.map((group, at) => (
            <input
              key={group}
              className="input"
              id={`kit-group-${at}`}
              data-group={group}
              aria-label={t("kit.group", { n: group + 1 })}
              placeholder={t("kit.group", { n: group + 1 })}
              aria-invalid={wrong}
              maxLength={4}
              autoComplete="off"
              value={typed[at]}
              onChange={(e) => setTyped((all) => all.map((v, i) => (i === at ? e.target.value : v)))}
            />
          ))}
        </div>
        {wrong && (
          <p className="error" role="alert">
            {t("kit.wrong")}
          </p>
        )}
        <button className="button primary big" id="kit-done" type="submit">
          {t("kit.done")}
        </button>
      </form>
    </main>
  );
}
