import { type FormEvent, useEffect, useRef, useState } from "react";
import type { InvitedView, KitView } from "../bindings";
import { chooseFolder, commands, errorOf } from "../platform/tauri";
import { inWords } from "../shared/errors";
import { date } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Field } from "../shared/ui";
import { NewPassphrase } from "./NewPassphrase";
import { Brand } from "./Welcome";

export interface Invited {
  link: string;
  address: string | null;
}

/** A new vault that asks to join: link and names. */
export function Join({
  onMade,
  onBack,
}: {
  onMade: (made: { kit: KitView; keyring: string | null }) => void;
  onBack: () => void;
}) {
  const [invited, setInvited] = useState<Invited>();
  const [person, setPerson] = useState("");
  const [device, setDevice] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const [repeated, setRepeated] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [needed, setNeeded] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent) || !invited) return;
    if (passphrase && passphrase !== repeated) return setError(t("start.repeatWrong"));
    setBusy(true);
    setError(undefined);
    try {
      onMade(await commands.joinTeam({ ...invited, person, device, passphrase: passphrase || null }));
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      setNeeded(code === "keyring");
      setError(message);
      setBusy(false);
    }
  }
  return (
    <main className="card">
      <Brand />
      <h1>{t("join.title")}</h1>
      <p className="soft">{t("join.hint")}</p>
      <form className="stack" onSubmit={(e) => void submit(e)}>
        <InvitationField onChange={setInvited} />
        <Field label={t("start.person")}>
          <input
            className="input"
            id="join-person"
            required
            maxLength={100}
            value={person}
            onChange={(e) => setPerson(e.target.value)}
          />
        </Field>
        <Field label={t("join.device")} hint={t("join.deviceHint")}>
          <input
            className="input"
            id="join-device"
            maxLength={100}
            value={device}
            onChange={(e) => setDevice(e.target.value)}
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
        <div className="row-line">
          <button
            className="button primary big"
            id="join"
            type="submit"
            disabled={busy || !invited || !person.trim()}
          >
            {busy ? t("start.creating") : t("join.ask")}
          </button>
          <button type="button" className="button plain big" onClick={onBack}>
            {t("back")}
          </button>
        </div>
      </form>
    </main>
  );
}

/** An invitation's link, and where its team is found from this computer; both are looked at as they come. */
export function InvitationField({ onChange }: { onChange: (invited?: Invited) => void }) {
  const [link, setLink] = useState("");
  const [address, setAddress] = useState("");
  const [read, setRead] = useState<InvitedView>();
  const [error, setError] = useState<string>();
  const [again, setAgain] = useState(0);
  const tell = useRef(onChange);
  tell.current = onChange;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` asks the same once more
  useEffect(() => {
    if (!link.trim()) {
      setRead(undefined);
      setError(undefined);
      return tell.current(undefined);
    }
    let current = true;
    const timer = setTimeout(async () => {
      try {
        const found = await commands.readInvitation(link, address.trim() || null);
        if (!current) return;
        setRead(found);
        setError(undefined);
        tell.current(found.problem ? undefined : { link, address: address.trim() || null });
      } catch (thrown) {
        if (!current) return;
        setRead(undefined);
        setError(errorOf(thrown).message);
        tell.current(undefined);
      }
    }, 200);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [link, address, again]);

  // A folder that is still being fetched is found when it is there.
  const missing = !!read?.problem;
  useEffect(() => {
    if (!missing) return;
    const timer = setInterval(() => setAgain((n) => n + 1), 3000);
    return () => clearInterval(timer);
  }, [missing]);

  const isFolder = read && !read.address.includes("://") && !read.address.startsWith("lan:");
  return (
    <>
      <Field label={t("join.link")}>
        <textarea
          className="input link-text"
          id="join-link"
          autoFocus
          required
          rows={2}
          spellCheck={false}
          placeholder="satchel://join#…"
          aria-invalid={!!error}
          aria-describedby="join-link-says"
          value={link}
          onChange={(e) => setLink(e.target.value)}
        />
        <span id="join-link-says" className={error ? "error" : "soft small"} aria-live="polite">
          {error ??
            (read
              ? t("join.says", { role: tOr(`role.${read.role}`, read.role), at: date(read.expires_at) })
              : t("join.linkHint"))}
        </span>
      </Field>
      {(missing || address) && (
        <div className="field">
          <label htmlFor="join-address">{t(isFolder === false ? "join.server" : "join.folder")}</label>
          <div className="row-line">
            <input
              className="input"
              id="join-address"
              spellCheck={false}
              autoComplete="off"
              placeholder={read?.address}
              aria-invalid={missing}
              aria-describedby="join-address-says"
              value={address}
              onChange={(e) => setAddress(e.target.value)}
            />
            {isFolder !== false && (
              <button
                type="button"
                className="button"
                onClick={() => void chooseFolder().then((folder) => folder && setAddress(folder))}
              >
                {t("chooseFolder")}
              </button>
            )}
          </div>
          <span id="join-address-says" className={missing ? "error" : "good small"} aria-live="polite">
            {read?.problem ? inWords(read.problem.message) : read && t("join.found")}
          </span>
          {missing && isFolder && <span className="soft small">{t("join.folderHint")}</span>}
        </div>
      )}
    </>
  );
}
