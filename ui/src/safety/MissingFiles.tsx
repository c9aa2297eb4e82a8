import { CircleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go } from "../app/router";
import type { MissingFileView } from "../bindings";
import { chooseFolder, commands, errorOf } from "../platform/tauri";
import { bytes, count } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { toast } from "../shared/toast";
import { Field } from "../shared/ui";
import { useWork } from "./Backups";

/** Files that are named at first. */
const SHOWN = 10;

/** What a restore has not brought back, and the two ways to it: ask again, or look beside another backup. */
export function MissingFiles() {
  const version = useVersion();
  const [again, setAgain] = useState(0);
  const [busy, setBusy] = useState(false);
  const [looking, setLooking] = useState(false);
  const [error, setError] = useState<string>();
  const { data } = useQuery(() => commands.missingFiles(), [version, again]);
  const work = useWork(busy);
  if (!data || (data.count === 0 && !busy)) return null;
  async function seek(from: string | null, key: string | null) {
    setBusy(true);
    setError(undefined);
    try {
      const { came, count: left } = await commands.fetchMissingFiles(from, key);
      toast(t(left ? "missing.some" : "missing.all", { n: count(came), left: count(left) }));
      if (came) setLooking(false);
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      if (code !== "cancelled") setError(message);
    }
    setBusy(false);
    setAgain((n) => n + 1);
  }
  return (
    <section id="missing-files">
      <h2>{t("missing.title")}</h2>
      <p className="notice">
        <CircleAlert size={14} className="warn" /> {t("missing.why", { n: count(data.count) })}{" "}
        {t(data.asking ? "missing.asking" : "missing.over")}
      </p>
      <Named files={data.files} />
      <div className="row-line wrap">
        <button
          type="button"
          className="button primary"
          id="missing-ask"
          disabled={busy}
          onClick={() => void seek(null, null)}
        >
          {t(busy ? "missing.busy" : "missing.ask")}
        </button>
        {!looking && (
          <button
            type="button"
            className="button"
            id="missing-look"
            disabled={busy}
            onClick={() => setLooking(true)}
          >
            {t("missing.look")}
          </button>
        )}
        {work}
      </div>
      {looking && (
        <Look busy={busy} onSeek={(from, key) => void seek(from, key)} onClose={() => setLooking(false)} />
      )}
      {error && (
        <p className="notice bad small" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}

function Named({ files }: { files: MissingFileView[] }) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      <ul className="plain-list" id="missing-list">
        {files.slice(0, shown).map((file) => (
          <li key={`${file.record} ${file.name}`} className="row-line">
            <span className="grow">
              <Owner file={file} /> · {file.name}
            </span>
            <span className="soft small">{bytes(file.size)}</span>
          </li>
        ))}
      </ul>
      {files.length > shown && (
        <button type="button" className="button plain flush" onClick={() => setShown(shown + 50)}>
          {t("missing.more")}
        </button>
      )}
    </>
  );
}

function Owner({ file: { record, kind, title } }: { file: MissingFileView }) {
  if (!record || !kind) return title;
  return (
    <button
      type="button"
      className="button plain flush"
      onClick={() => go({ page: "record", id: record, kind })}
    >
      {title}
    </button>
  );
}

/** Beside a backup on another disk, which a key opens. */
function Look({
  busy,
  onSeek,
  onClose,
}: {
  busy: boolean;
  onSeek: (from: string, key: string) => void;
  onClose: () => void;
}) {
  const [from, setFrom] = useState("");
  const [key, setKey] = useState("");
  async function choose() {
    const chosen = await chooseFolder();
    if (chosen) setFrom(chosen);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isComposing(event.nativeEvent)) onSeek(from.trim(), key);
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t("missing.from")} hint={t("missing.fromHint")}>
        <div className="row-line">
          <input
            className="input grow"
            id="missing-from"
            required
            autoFocus
            spellCheck={false}
            value={from}
            onChange={(e) => setFrom(e.target.value)}
          />
          <button type="button" className="button" onClick={() => void choose()}>
            {t("missing.choose")}
          </button>
        </div>
      </Field>
      <Field label={t("restore.key")}>
        <input
          className="input"
          id="missing-key"
          type="password"
          required
          autoComplete="off"
          value={key}
          onChange={(e) => setKey(e.target.value)}
        />
      </Field>
      <div className="row-line">
        <button type="submit" className="button primary" disabled={busy}>
          {t("missing.take")}
        </button>
        <button type="button" className="button plain" onClick={onClose}>
          {t("cancel")}
        </button>
      </div>
    </form>
  );
}
