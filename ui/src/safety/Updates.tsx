import { CircleAlert, CircleCheck, CircleHelp } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useQuery } from "../app/data";
import type { InstalledView, NewVersionView, ReleaseNotes, UpdateChannel, UpdatesView } from "../bindings";
import { commands, errorOf, onUpdate } from "../platform/tauri";
import { Choice } from "../settings/rows";
import { inWords } from "../shared/errors";
import { ago, bytes, date } from "../shared/format";
import { language, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Bar } from "../shared/ui";
import { useWork } from "./Backups";

/** What is at work: said, and stopped where that is possible. */
type Work = "look" | "fetch" | "install" | "back" | "set";

interface Shown {
  view: UpdatesView;
  /** Does one thing at a time; what fails stays on the page. */
  run: (what: Work, work: () => Promise<UpdatesView | undefined>) => Promise<void>;
  busy?: Work;
}

/** What is known, and what is being done about it. */
function useUpdates() {
  const [round, setRound] = useState(0);
  const [busy, setBusy] = useState<Work>();
  const [failed, setFailed] = useState<{ code: string; message: string }>();
  const [view, setView] = useState<UpdatesView>();
  const [installed, setInstalled] = useState<InstalledView>();
  const { data, error } = useQuery(() => commands.updates(), [round]);
  useEffect(() => onUpdate(() => setRound((n) => n + 1)), []);
  useEffect(() => data && setView(data), [data]);
  const run: Shown["run"] = async (what, work) => {
    setBusy(what);
    setFailed(undefined);
    try {
      const now = await work();
      if (now) setView(now);
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      if (code !== "cancelled" && code !== "locked") setFailed({ code, message });
      setRound((n) => n + 1);
    }
    setBusy(undefined);
  };
  const install = (said: string) =>
    run("install", async () => {
      setInstalled(await commands.installUpdate(said));
      return commands.updates();
    });
  return { view, error, busy, failed, installed, run, install };
}

/** New versions of the program: what is there, how it comes here, and the way back. */
export function Updates() {
  const { view: known, error, busy, failed, installed, run, install } = useUpdates();
  if (error) return <p className="notice bad">{error}</p>;
  if (!known) return null;
  const shown = { view: known, run, busy };
  return (
    <>
      <section>
        {!known.waiting && <State {...shown} />}
        {failed && failed.code !== "needs_decision" && (
          <p className="notice bad" role="alert" id="update-error">
            {failed.message}
          </p>
        )}
      </section>
      {known.waiting ? (
        <Waiting {...shown} version={known.waiting} installed={installed} />
      ) : (
        known.found && (
          <Found
            {...shown}
            found={known.found}
            unbacked={failed?.code === "needs_decision" ? failed.message : undefined}
            install={install}
          />
        )
      )}
      {known.notes && !known.found && (
        <section>
          <h2>{t("updates.newHere", { version: known.version })}</h2>
          <WhatIsNew notes={known.notes} />
        </section>
      )}
      {known.host && <Looking {...shown} host={known.host} />}
      {known.way_back && !known.waiting && <WayBack {...shown} to={known.way_back} />}
    </>
  );
}

/** One sentence on where one is, and the button that asks. */
function State({ view, run, busy }: Shown) {
  const { host, found, trouble, looked_at } = view;
  if (!host)
    return (
      <div className="notice" id="updates-no-key">
        <strong>{t("updates.version", { version: view.version })}</strong>
        <p>{t("updates.noKey")}</p>
      </div>
    );
  const [Icon, ink] = found
    ? [CircleAlert, "warn"]
    : looked_at && !trouble
      ? [CircleCheck, "good"]
      : [CircleHelp, "soft"];
  const says = found
    ? t("updates.there", { version: found.version, running: view.version })
    : looked_at && !trouble
      ? t("updates.newest", { version: view.version })
      : t("updates.unknown", { version: view.version });
  return (
    <div className="proof">
      <p id="updates-state" role="status">
        <Icon size={16} className={ink} aria-hidden="true" /> {says}
      </p>
      {trouble && <p className="small soft">{t("updates.trouble", { why: inWords(trouble) })}</p>}
      <div className="row-line wrap">
        <button
          type="button"
          className={found ? "button" : "button primary"}
          id="look-for-updates"
          disabled={!!busy}
          onClick={() => void run("look", commands.lookForUpdates)}
        >
          {t(busy === "look" ? "updates.looking" : "updates.look")}
        </button>
        {busy === "look" && (
          <div className="short">
            <Bar />
          </div>
        )}
        {looked_at && (
          <span className="small soft">
            {t("updates.looked", { ago: ago(looked_at) })}
            {view.listed_at && ` ${t("updates.listed", { at: date(view.listed_at) })}`}
          </span>
        )}
      </div>
    </div>
  );
}

function Found({
  view,
  run,
  busy,
  found,
  unbacked,
  install,
}: Shown & { found: NewVersionView; unbacked?: string; install: (said: string) => Promise<void> }) {
  const size = typeof found.size === "number" ? bytes(found.size) : undefined;
  const facts = [found.published && date(found.published), view.way === "here" && size].filter(Boolean);
  return (
    <section id="update-found">
      <h2>
        {t("updates.version", { version: found.version })}{" "}
        <span className="soft small">{facts.join(" · ")}</span>
      </h2>
      {found.failed && (
        <p className="notice">
          <CircleAlert size={14} className="warn" aria-hidden="true" />{" "}
          {t("updates.didNotStart", { version: found.version, running: view.version })}
        </p>
      )}
      <WhatIsNew notes={found.notes} />
      {view.way === "here" && size ? (
        <Here found={found} size={size} run={run} busy={busy} install={install} />
      ) : (
        <Elsewhere view={view} />
      )}
      {unbacked && <Unbacked why={unbacked} busy={!!busy} install={install} />}
    </section>
  );
}

/** Two steps: it comes here, and it is put in place. */
function Here({
  found,
  size,
  run,
  busy,
  install,
}: Pick<Shown, "run" | "busy"> & {
  found: NewVersionView;
  size: string;
  install: (said: string) => Promise<void>;
}) {
  const fetching = useWork(busy === "fetch", "update");
  const backingUp = useWork(busy === "install");
  if (!found.ready)
    return (
      <div className="row-line wrap">
        <button
          type="button"
          className="button primary"
          id="fetch-update"
          disabled={!!busy}
          onClick={() => void run("fetch", commands.fetchUpdate)}
        >
          {busy === "fetch" ? t("updates.fetching") : t("updates.fetch", { size })}
        </button>
        {fetching}
      </div>
    );
  return (
    <>
      <p className="small" id="update-ready">
        <CircleCheck size={14} className="good" aria-hidden="true" /> {t("updates.ready")}
      </p>
      <div className="row-line wrap">
        <button
          type="button"
          className="button primary"
          id="install-update"
          disabled={!!busy}
          onClick={() => void install("")}
        >
          {t(busy === "install" ? "updates.installing" : "updates.install")}
        </button>
        {backingUp}
      </div>
    </>
  );
}

/** What Satchel does not replace by itself is only told of. */
function Elsewhere({ view }: { view: UpdatesView }) {
  return (
    <>
      <p id="update-elsewhere">{t(`updates.way.${view.way}`)}</p>
      {view.page && (
        <button
          type="button"
          className="button"
          id="open-updates-page"
          title={view.page}
          onClick={() => void commands.openUpdatesPage()}
        >
          {t("updates.openPage")}
        </button>
      )}
    </>
  );
}

/** No backup could be made: who goes on says so in words. */
function Unbacked({
  why,
  busy,
  install,
}: {
  why: string;
  busy: boolean;
  install: (said: string) => Promise<void>;
}) {
  const [said, setSaid] = useState("");
  const words = t("updates.unbackedWords");
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isComposing(event.nativeEvent)) void install(said);
  }
  return (
    <form className="notice bad stack" id="update-unbacked" onSubmit={submit}>
      <p role="alert">{why}</p>
      <label className="field">
        <span>{t("updates.unbackedHint", { words })}</span>
        <input
          className="input"
          id="unbacked-words"
          autoComplete="off"
          spellCheck={false}
          value={said}
          onChange={(e) => setSaid(e.target.value)}
        />
      </label>
      <div className="row-line">
        <button
          type="submit"
          className="button"
          id="install-unbacked"
          disabled={busy || said.trim().toLowerCase() !== words}
        >
          {t("updates.installUnbacked")}
        </button>
      </div>
    </form>
  );
}

/** Another version is in its place, and this one still runs. */
function Waiting({
  view,
  run,
  busy,
  version,
  installed,
}: Shown & { version: string; installed?: InstalledView }) {
  return (
    <section id="update-waiting">
      <h2>{t("updates.inPlace", { version })}</h2>
      <p role="status">
        {t(view.way_back ? "updates.inPlaceHint" : "updates.inPlaceBack", { version, running: view.version })}
      </p>
      {installed?.version === version && (
        <p className="small soft" id="update-backup">
          {installed.backup
            ? t("updates.backedUp", { file: installed.backup.file })
            : t("updates.notBackedUp")}
        </p>
      )}
      <div className="row-line wrap">
        <button
          type="button"
          className="button primary"
          id="restart-app"
          disabled={!!busy}
          onClick={() => void run("install", async () => void (await commands.restartApp()))}
        >
          {t("updates.restart")}
        </button>
        {view.way_back && (
          <button
            type="button"
            className="button plain"
            id="take-update-back"
            disabled={!!busy}
            onClick={() => void run("back", commands.goBack)}
          >
            {t("updates.takeBack", { version: view.version })}
          </button>
        )}
      </div>
    </section>
  );
}

/** Whether it looks by itself, what that reveals, and for which versions. */
function Looking({ view, run, busy, host }: Shown & { host: string }) {
  const set = (looking: boolean, channel: UpdateChannel) =>
    void run("set", () => commands.setUpdates(looking, channel));
  return (
    <section>
      <h2>{t("updates.how")}</h2>
      <label className="row-line">
        <input
          type="checkbox"
          className="check"
          id="updates-looking"
          checked={view.looking}
          disabled={!!busy}
          aria-describedby="updates-reveals"
          onChange={(e) => set(e.target.checked, view.channel)}
        />
        {t("updates.daily")}
      </label>
      <p className="small soft" id="updates-reveals">
        {t("updates.reveals", { host })}
      </p>
      <Choice<UpdateChannel>
        label={t("updates.channel")}
        hint={t(`updates.channel.${view.channel}.hint`)}
        value={view.channel}
        options={[
          ["stable", t("updates.channel.stable")],
          ["early", t("updates.channel.early")],
        ]}
        onChange={(channel) => set(view.looking, channel)}
      />
    </section>
  );
}

/** Back to the version from before, while it is kept. */
function WayBack({ view, run, busy, to }: Shown & { to: string }) {
  const [sure, setSure] = useState(false);
  return (
    <section id="update-way-back">
      <h2>{t("updates.back")}</h2>
      <p className="small soft">{t("updates.backHint", { to, running: view.version })}</p>
      <div className="row-line wrap">
        <button
          type="button"
          className="button"
          id="go-back"
          disabled={!!busy}
          onClick={() => {
            if (sure) void run("back", commands.goBack);
            setSure(!sure);
          }}
        >
          {t(sure ? "updates.goBackSure" : "updates.goBack", { to })}
        </button>
        {sure && (
          <button type="button" className="button plain" onClick={() => setSure(false)}>
            {t("cancel")}
          </button>
        )}
      </div>
    </section>
  );
}

/** In the language of the screen; the other one is at hand. */
function WhatIsNew({ notes }: { notes: ReleaseNotes }) {
  const [own, other] = language() === "zh" ? [notes.zh, notes.en] : [notes.en, notes.zh];
  const said = own.trim() || other.trim();
  if (!said) return <p className="soft">{t("updates.noNotes")}</p>;
  return (
    <>
      <p className="release-notes">{said}</p>
      {own.trim() && other.trim() && (
        <details className="small">
          <summary>{t("updates.otherLanguage")}</summary>
          <p className="release-notes" lang={language() === "zh" ? "en" : "zh"}>
            {other.trim()}
          </p>
        </details>
      )}
    </>
  );
}
