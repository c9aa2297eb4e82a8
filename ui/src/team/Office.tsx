import { Check, RadioTower } from "lucide-react";
import { useEffect, useState } from "react";
import type { FoundView, HostView, TeamNews } from "../bindings";
import { commands } from "../platform/tauri";
import { inWords } from "../shared/errors";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";

/** How long after one look in the network the next one comes. */
const AGAIN = 8000;

/** Whether this computer hosts. */
export function useHost(news?: TeamNews): [HostView | undefined, (host: HostView) => void] {
  const [host, setHost] = useState<HostView>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: with other news it is asked again
  useEffect(() => {
    let current = true;
    commands.host().then(
      (now) => current && setHost(now),
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [news]);
  return [host, setHost];
}

/** Who of the team hosts in this network; looked for only as long as somebody looks at it. */
function useFound(wanted: boolean): [FoundView[], (found: FoundView[]) => void] {
  const [found, setFound] = useState<FoundView[]>([]);
  useEffect(() => {
    if (!wanted) return setFound([]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current = true;
    async function look() {
      const now = await commands.findRelays().catch(() => []);
      if (!current) return;
      setFound(now);
      timer = setTimeout(() => void look(), AGAIN);
    }
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [wanted]);
  return [found, setFound];
}

/** A relay for who sits in the same network: here, or with a colleague. */
export function Office({
  host,
  onHost,
  others,
}: {
  host: HostView;
  onHost: (host: HostView) => void;
  others: boolean;
}) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useFound(others && !host.wanted);
  async function set(wanted: boolean) {
    setBusy(true);
    const now = await attempt(() => commands.setHost(wanted));
    if (now) onHost(now);
    setBusy(false);
  }
  async function connect(one: FoundView) {
    const added = await attempt(() => commands.addRemote(one.address));
    if (!added) return;
    setFound(found.map((f) => ({ ...f, connected: f.connected || f.address === one.address })));
    void attempt(commands.sync);
  }
  const hosts = host.urls.length > 0;
  return (
    <div className="panel office" id="office">
      <label className="row-line">
        <RadioTower size={16} />
        <span className="grow">
          <strong>{t("team.host")}</strong>
          <span className="soft small" id="host-says">
            {t("team.hostHint")}
          </span>
        </span>
        <input
          type="checkbox"
          role="switch"
          className="switch"
          id="host-office"
          aria-describedby="host-says"
          aria-checked={host.wanted}
          checked={host.wanted}
          disabled={busy}
          onChange={(e) => void set(e.target.checked)}
        />
      </label>
      <div className="small" role="status">
        {host.wanted && hosts && (
          <p className="good">
            <Check size={13} /> {t("team.hosting")}{" "}
            {host.urls.map((url) => (
              <code key={url}>{url}</code>
            ))}
          </p>
        )}
        {host.wanted && !hosts && !host.problem && <p className="soft">{t("team.hostStarts")}</p>}
        {host.wanted && host.problem && <p className="error">{inWords(host.problem)}</p>}
        {found
          .filter((f) => !f.connected)
          .map((f) => (
            <p className="row-line found" key={f.address}>
              <span className="grow">{t("team.found", { name: f.name, person: f.person })}</span>
              <button
                type="button"
                className="button"
                data-found={f.address}
                aria-label={t("team.connectTo", { name: f.name })}
                onClick={() => void connect(f)}
              >
                {t("team.connect")}
              </button>
            </p>
          ))}
      </div>
    </div>
  );
}
