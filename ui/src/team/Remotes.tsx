import { Check, CircleAlert, CloudOff, Folder, RadioTower, RefreshCw, Server } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { go } from "../app/router";
import type { RemoteView, TeamNews } from "../bindings";
import { chooseFolder, commands, errorOf, onProgress } from "../platform/tauri";
import { inWords } from "../shared/errors";
import { ago, count } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Bar } from "../shared/ui";
import { Contents } from "./Contents";
import { Office, useHost } from "./Office";
import { needsUpdate, reached } from "./team";

/** Where the team meets, and whether everything is there. */
export function Remotes({
  remotes,
  news,
  others,
}: {
  remotes: RemoteView[];
  news?: TeamNews;
  /** Whether there is anybody who could host. */
  others: boolean;
}) {
  const [adding, setAdding] = useState(false);
  const [host, setHost] = useHost(news);
  const office = host && <Office host={host} onHost={setHost} others={others} />;
  if (remotes.length === 0)
    return (
      <section>
        <h2>{t("team.place")}</h2>
        <p className="lead">{t("team.placeWhy")}</p>
        <div className="ways">
          <div>
            <strong>
              <Folder size={16} /> {t("team.folder")}
            </strong>
            <p className="soft">{t("team.folderHint")}</p>
          </div>
          <div>
            <strong>
              <Server size={16} /> {t("team.server")}
            </strong>
            <p className="soft">{t("team.serverHint")}</p>
          </div>
        </div>
        <Connect first />
        {office}
      </section>
    );
  return (
    <section>
      <div className="row-line">
        <h2 className="grow">{t("team.place")}</h2>
        <SyncNow />
      </div>
      <ul className="plain-list" id="remotes">
        {remotes.map((remote) => (
          <Remote key={remote.name} remote={remote} news={news} own={remote.address === host?.address} />
        ))}
      </ul>
      {adding ? (
        <Connect onClose={() => setAdding(false)} />
      ) : (
        <button type="button" className="button plain flush" id="add-remote" onClick={() => setAdding(true)}>
          {t("team.another")}
        </button>
      )}
      {office}
    </section>
  );
}

const KINDS = { folder: Folder, server: Server, relay: RadioTower };

function Remote({ remote, news, own }: { remote: RemoteView; news?: TeamNews; own: boolean }) {
  const [open, setOpen] = useState(false);
  const { state, error, at } = reached(remote, news);
  const Kind = KINDS[remote.kind as keyof typeof KINDS] ?? Folder;
  const Icon = { good: Check, away: CloudOff, trouble: CircleAlert }[state];
  async function disconnect() {
    const gone = await attempt(() => commands.removeRemote(remote.name));
    if (gone === undefined) return;
    toast(t("team.disconnected", { name: remote.name }), {
      label: t("undo"),
      run: () => void attempt(() => commands.addRemote(remote.address)).then(() => attempt(commands.sync)),
    });
  }
  return (
    <li>
      <div className="row-line">
        <Kind size={16} />
        <div className="grow">
          <div className="cell">
            <strong>{remote.name}</strong>{" "}
            <span className="soft small" title={remote.address}>
              {remote.kind === "relay" ? t(own ? "team.relayHere" : "team.relay") : remote.address}
            </span>
          </div>
          <div className="small state">
            <span className={{ good: "good", away: "warn", trouble: "bad-ink" }[state]}>
              <Icon size={13} /> {t(`team.${state}`)}
            </span>
            {at && <span className="soft">{t("team.syncedAt", { ago: ago(at) })}</span>}
          </div>
          {error && <div className="small soft">{inWords(error)}</div>}
          {error && needsUpdate(error) && (
            <button
              type="button"
              className="button plain flush small"
              data-updates
              onClick={() => go({ page: "safety", tab: "updates" })}
            >
              {t("updates.see")}
            </button>
          )}
          {remote.kind !== "folder" && (
            <button
              type="button"
              className="button plain flush small"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
            >
              {t("contents.title")}
            </button>
          )}
        </div>
        {/* One's own ends by the switch. */}
        {!own && (
          <button
            type="button"
            className="button plain flush-right"
            aria-label={t("team.disconnectOf", { name: remote.name })}
            onClick={() => void disconnect()}
          >
            {t("team.disconnect")}
          </button>
        )}
      </div>
      {open && <Contents name={remote.name} />}
    </li>
  );
}

/** Progress past a second, with a way to stop. */
function SyncNow() {
  const [busy, setBusy] = useState(false);
  const [since, setSince] = useState<number>();
  const [{ done, total }, setProgress] = useState({ done: 0, total: 0 });
  useEffect(
    () =>
      onProgress((done, total, job) => {
        if (job === "sync") setProgress({ done, total });
      }),
    [],
  );
  useEffect(() => {
    if (!busy) return setSince(undefined);
    const timer = setTimeout(() => setSince(Date.now()), 1000);
    return () => clearTimeout(timer);
  }, [busy]);
  async function sync() {
    setBusy(true);
    try {
      const report = await commands.sync();
      const failed = report.remotes.find((r) => !r.ok);
      toast(
        failed?.error
          ? inWords(failed.error)
          : t("team.didSync", { sent: count(report.pushed), received: count(report.pulled) }),
      );
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      if (code !== "locked") toast(message);
    }
    setBusy(false);
  }
  return (
    <>
      {since !== undefined && (
        <>
          <span className="soft small">
            {total > 0
              ? t("team.entriesOf", { n: count(done), total: count(total) })
              : done > 0 && t("team.entries", { n: count(done) })}
          </span>
          <div className="short">
            <Bar done={done} total={total > 0 ? total : undefined} />
          </div>
          <button type="button" className="button plain" onClick={() => void commands.cancel("sync")}>
            {t("cancel")}
          </button>
        </>
      )}
      <button type="button" className="button" id="sync-now" disabled={busy} onClick={() => void sync()}>
        <RefreshCw size={14} /> {t(busy ? "team.syncing" : "team.sync")}
      </button>
    </>
  );
}

/** A folder or a server, in one field. */
function Connect({ first, onClose }: { first?: boolean; onClose?: () => void }) {
  const [address, setAddress] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  async function connect(to: string) {
    setBusy(true);
    setError(undefined);
    try {
      await commands.addRemote(to);
      onClose?.();
      void attempt(commands.sync);
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
    setBusy(false);
  }
  async function choose() {
    const folder = await chooseFolder();
    if (!folder) return;
    setAddress(folder);
    void connect(folder);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isComposing(event.nativeEvent) && address.trim()) void connect(address);
  }
  return (
    <form onSubmit={submit}>
      <div className="row-line">
        <input
          className="input"
          id="remote-address"
          aria-label={t("team.address")}
          placeholder={t("team.address")}
          aria-invalid={!!error}
          aria-describedby={error ? "remote-error" : undefined}
          autoFocus={!first}
          autoComplete="off"
          spellCheck={false}
          value={address}
          onChange={(e) => setAddress(e.target.value)}
        />
        <button type="button" className="button" disabled={busy} onClick={() => void choose()}>
          {t("chooseFolder")}
        </button>
        <button type="submit" className="button primary" id="connect" disabled={busy || !address.trim()}>
          {t("team.connect")}
        </button>
        {onClose && (
          <button type="button" className="button plain" onClick={onClose}>
            {t("cancel")}
          </button>
        )}
      </div>
      {error && (
        <p className="error" role="alert" id="remote-error">
          {error}
        </p>
      )}
    </form>
  );
}
