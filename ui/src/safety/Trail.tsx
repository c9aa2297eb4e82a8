import { Download, ShieldAlert, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { useQuery, useVersion } from "../app/data";
import type { TrailCheck, TrailDevice, TrailEntry, TrailRequest } from "../bindings";
import { chooseTarget, commands, errorOf } from "../platform/tauri";
import { count, date } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";
import { factsOf } from "./facts";
import { nameOf } from "./words";

const ACTS = [
  "unlock",
  "lock",
  "failed_unlocks",
  "change",
  "bulk",
  "delete",
  "restore",
  "undo",
  "import",
  "merge",
  "received",
  "export",
  "attachment",
  "backup",
  "drill",
  "membership",
  "remote",
  "settings",
  "keys",
  "kit",
  "alert",
  "incident",
  "update",
  "contradiction",
] as const;
/** Entries that are shown at first, and each time that more are asked for. */
const SHOWN = 100;

/** What was done on this device, and whether the record of it is what was signed. */
export function Trail() {
  const version = useVersion();
  const [act, setAct] = useState("");
  const [on, setOn] = useState("");
  const [limit, setLimit] = useState(SHOWN);
  const request: TrailRequest = { act: act || null, day: on || null, before: null, limit };
  const asked = useQuery(() => commands.trail(request), [version, act, on, limit]);
  const { entries = [], devices = [], total = 0 } = asked.data ?? {};
  return (
    <>
      <section>
        <p className="lead">{t("trail.why")}</p>
        <Check total={total} />
      </section>
      <section aria-label={t("trail.title")}>
        <div className="row-line wrap">
          <select
            className="input"
            id="trail-act"
            aria-label={t("trail.act")}
            value={act}
            onChange={(e) => setAct(e.target.value)}
          >
            <option value="">{t("trail.allActs")}</option>
            {ACTS.map((one) => (
              <option key={one} value={one}>
                {t(`act.${one}`)}
              </option>
            ))}
          </select>
          <input
            type="date"
            className="input"
            id="trail-day"
            aria-label={t("trail.day")}
            value={on}
            onChange={(e) => setOn(e.target.value)}
          />
          {(act || on) && (
            <button
              type="button"
              className="button plain"
              onClick={() => {
                setAct("");
                setOn("");
              }}
            >
              {t("trail.everything")}
            </button>
          )}
          <span className="grow" />
          <span className="soft small">{t("trail.total", { n: count(total) })}</span>
        </div>
        {asked.error && <p className="notice bad">{asked.error}</p>}
        {asked.data && entries.length === 0 && <p className="soft">{t("trail.nothing")}</p>}
        <Entries entries={entries} />
        {entries.length === limit && limit < 1000 && (
          <button
            type="button"
            className="button plain flush"
            id="trail-more"
            onClick={() => setLimit(Math.min(1000, limit + 3 * SHOWN))}
          >
            {t("trail.more")}
          </button>
        )}
      </section>
      {devices.length > 0 && <Devices devices={devices} />}
    </>
  );
}

/** Writes the trail to a file that one chooses; what it was found to be, then. */
export async function exportTrail() {
  const path = await chooseTarget(`${t("trail.file")}.satchel-audit`);
  if (!path) return;
  const done = await attempt(() => commands.exportTrail(path));
  if (done) toast(t("trail.saved", { n: count(done.entries), path }));
  return done;
}

function Check({ total }: { total: number }) {
  const [checked, setChecked] = useState<TrailCheck>();
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  async function verify() {
    setBusy(true);
    setError(undefined);
    try {
      setChecked(await commands.verifyTrail());
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
    setBusy(false);
  }
  async function save() {
    const done = await exportTrail();
    if (done) setChecked(done);
  }
  return (
    <>
      <div className="row-line">
        <button
          type="button"
          className="button primary"
          id="verify-trail"
          disabled={busy}
          onClick={() => void verify()}
        >
          <ShieldCheck size={15} /> {t(busy ? "trail.verifying" : "trail.verify")}
        </button>
        <button
          type="button"
          className="button"
          id="export-trail"
          disabled={total === 0}
          onClick={() => void save()}
        >
          <Download size={15} /> {t("trail.export")}
        </button>
      </div>
      <div role="status">
        {error && <p className="notice bad">{error}</p>}
        {checked && <Result checked={checked} />}
      </div>
    </>
  );
}

function Result({ checked }: { checked: TrailCheck }) {
  const times = { n: count(checked.entries), from: date(checked.first ?? ""), to: date(checked.last ?? "") };
  return (
    <div className={checked.ok ? "notice" : "notice bad"} id="trail-result">
      <div className="row-line">
        {checked.ok ? (
          <ShieldCheck size={16} className="good" />
        ) : (
          <ShieldAlert size={16} className="bad-ink" />
        )}
        <strong>{t(checked.ok ? "trail.holds" : "trail.broken")}</strong>
      </div>
      <p className="soft small">{t("trail.span", times)}</p>
      {checked.restored.map((r) => (
        <p className="small" key={r.at}>
          {t(r.missing > 0 ? "trail.restoredLess" : "trail.restoredOn", {
            at: date(r.at),
            made: date(r.made_at),
            n: count(r.missing),
          })}
        </p>
      ))}
      {checked.breaks.length > 0 && (
        <ul className="small">
          {checked.breaks.map((at, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they have a fixed place in one result
            <li key={n}>{t("trail.at", { n: count(at.seq), why: tOr(`why.${at.why}`, at.why) })}</li>
          ))}
        </ul>
      )}
      {!checked.ok && <p className="small">{t("trail.todo")}</p>}
      {checked.clock_back > 0 && (
        <p className="warn small">{t("trail.clock", { n: count(checked.clock_back) })}</p>
      )}
    </div>
  );
}

function Entries({ entries }: { entries: TrailEntry[] }) {
  if (entries.length === 0) return null;
  return (
    <table className="trail" id="trail">
      <thead>
        <tr>
          <th scope="col">{t("trail.when")}</th>
          <th scope="col">{t("trail.act")}</th>
          <th scope="col">{t("trail.what")}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.row} className={ALARMING.has(entry.act) ? "alarming" : undefined}>
            <td className="soft">
              {date(entry.at)}
              {entry.clock_back && <span className="warn"> {t("trail.clockBack")}</span>}
            </td>
            <td>{tOr(`act.${entry.act}`, entry.act)}</td>
            <td>{factsOf(entry)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const ALARMING = new Set(["failed_unlocks", "contradiction", "alert", "damaged"]);

/** How far the trails of others are known here: what they cannot take back unnoticed. */
function Devices({ devices }: { devices: TrailDevice[] }) {
  // Of each the last incarnation that was heard of.
  const last = new Map(devices.map((d) => [d.device, d]));
  return (
    <section>
      <h2>{t("trail.devices")}</h2>
      <p className="soft">{t("trail.devicesHint")}</p>
      <ul className="plain-list">
        {[...last.values()].map((d) => (
          <li className="row-line" key={d.device}>
            <strong className="grow">{nameOf(d.person, d.name)}</strong>
            <span className="soft small">{t("trail.until", { n: count(d.entries), at: date(d.at) })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
