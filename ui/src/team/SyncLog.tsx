import { ChevronDown, ChevronRight, CircleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { useQuery } from "../app/data";
import { ui } from "../app/registry";
import type { RoundView, TeamNews } from "../bindings";
import { commands } from "../platform/tauri";
import { inWords } from "../shared/errors";
import { ago, count, date } from "../shared/format";
import { t } from "../shared/i18n";
import { remotesIn, roundsOf, SHOWN, type Shown } from "./roundRules";

/** Lines that stand there at once. */
const MOST = 100;

/** What the last syncs have come to: when, with whom, how much went and came, and what went wrong. */
export function SyncLog({ news, version }: { news?: TeamNews; version: number }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    ui.syncLog = () => {
      setOpen(true);
      setTimeout(() => document.getElementById("sync-log")?.focus(), 40);
    };
    return () => {
      ui.syncLog = undefined;
    };
  }, []);
  return (
    <section>
      <h2>
        <button
          type="button"
          className="button plain flush"
          id="sync-log"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {t("syncLog.title")} {open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
        </button>
      </h2>
      {open && <Rounds news={news} version={version} />}
    </section>
  );
}

function Rounds({ news, version }: { news?: TeamNews; version: number }) {
  const log = useQuery(() => commands.syncLog(), [news, version]).data;
  const [shown, setShown] = useState<Shown>("all");
  const [remote, setRemote] = useState("");
  if (!log) return null;
  if (log.length === 0) return <p className="soft">{t("syncLog.none")}</p>;
  const remotes = remotesIn(log);
  const rounds = roundsOf(log, { shown, remote });
  return (
    <>
      <div className="row-line wrap" id="sync-log-filter">
        {SHOWN.map((what) => (
          <button
            type="button"
            key={what}
            className="button"
            aria-pressed={shown === what}
            onClick={() => setShown(what)}
          >
            {t(`syncLog.${what}`)}
          </button>
        ))}
        {remotes.length > 1 && (
          <select
            className="input short"
            id="sync-log-remote"
            aria-label={t("syncLog.remote")}
            value={remote}
            onChange={(e) => setRemote(e.target.value)}
          >
            <option value="">{t("syncLog.everywhere")}</option>
            {remotes.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
        <span className="soft small" role="status">
          {t("syncLog.count", { n: count(rounds.length) })}
        </span>
      </div>
      <ul className="plain-list" id="sync-rounds">
        {rounds.slice(0, MOST).map((round) => (
          <Round key={`${round.since} ${round.remote}`} round={round} alone={remotes.length === 1} />
        ))}
      </ul>
      {rounds.length > MOST && <p className="soft small">{t("syncLog.more", { n: MOST })}</p>}
    </>
  );
}

function Round({ round, alone }: { round: RoundView; alone: boolean }) {
  const moved = round.sent + round.received > 0;
  return (
    <li className="round row-line">
      <span className="when" title={date(round.at)}>
        {ago(round.at)}
      </span>
      {!alone && <strong className="cell">{round.remote}</strong>}
      <div className="grow">
        {moved
          ? t("syncLog.moved", { sent: count(round.sent), received: count(round.received) })
          : !round.error && t("syncLog.again")}
        {round.error && (
          <p className="small bad-ink">
            <CircleAlert size={13} aria-hidden="true" /> {inWords(round.error)}
            {round.times > 1 && (
              <span className="soft">
                {" "}
                {t("syncLog.times", { n: count(round.times), since: date(round.since) })}
              </span>
            )}
          </p>
        )}
      </div>
      {round.conflicts > 0 && (
        <span className="warn small">{t("status.conflicts", { n: count(round.conflicts) })}</span>
      )}
    </li>
  );
}
