import { CircleAlert, CircleCheck, CircleHelp, OctagonAlert } from "lucide-react";
import { useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go, replace } from "../app/router";
import type { HealthCheck, Level, Mend } from "../bindings";
import { commands } from "../platform/tauri";
import { en } from "../shared/en";
import { date } from "../shared/format";
import { type Key, t, tOr } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";
import { exportTrail } from "./Trail";

const ICONS = { ok: CircleCheck, unknown: CircleHelp, warn: CircleAlert, bad: OctagonAlert };
const INKS: Record<Level, string> = { ok: "good", unknown: "soft", warn: "warn", bad: "bad-ink" };
const WORST: Level[] = ["bad", "warn", "unknown", "ok"];

/** What each mending does; those without one are of the system. */
const MENDS: Partial<Record<Mend, () => Promise<unknown> | void>> = {
  back_up: () => commands.backUp(null),
  drill: () => commands.drill(null, null),
  drill_kit: () => replace({ page: "safety", tab: "backups" }),
  add_place: () => replace({ page: "safety", tab: "backups" }),
  set_passphrase: () => go({ page: "settings" }),
  renew_kit: () => go({ page: "settings" }),
  store_key: () => go({ page: "settings" }),
  sync: () => commands.sync(),
  open_team: () => go({ page: "team" }),
  verify: () => commands.verify(),
  fix_access: () => commands.fixAccess(),
  open_incidents: () => replace({ page: "safety", tab: "incidents" }),
  verify_trail: () => commands.verifyTrail(),
  export_trail: () => exportTrail(),
  open_updates: () => replace({ page: "safety", tab: "updates" }),
  open_incident: () => replace({ page: "safety", tab: "incidents", incident: "new" }),
  fetch_files: () => commands.fetchMissingFiles(null, null),
  find_files: () => replace({ page: "safety", tab: "backups" }),
};

/** What leads to another page, or has a word of its own, is not said to be done. */
const QUIET = [
  "drill_kit",
  "add_place",
  "open_incidents",
  "export_trail",
  "open_incident",
  "open_updates",
  "find_files",
];

/** One list: what is in danger first, each with what mends it. */
export function Health() {
  const version = useVersion();
  const [again, setAgain] = useState(0);
  const asked = useQuery(() => commands.health(), [version, again]);
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!asked.data) return null;
  const { ok, checks } = asked.data;
  const sorted = [...checks].sort((a, b) => WORST.indexOf(a.level) - WORST.indexOf(b.level));
  const toMend = sorted.filter((c) => c.level === "bad" || c.level === "warn");
  const rest = sorted.filter((c) => !toMend.includes(c));
  return (
    <>
      <section>
        <div className="row-line">
          <p className={ok ? "lead grow" : "notice bad grow"} id="health-all" role="status">
            {t(ok ? "health.allWell" : "health.danger")}
          </p>
          <button type="button" className="button" id="health-again" onClick={() => setAgain(again + 1)}>
            {t("health.again")}
          </button>
        </div>
      </section>
      <Group title={t("health.group.danger")} checks={toMend} onMended={() => setAgain((n) => n + 1)} />
      <Group title={t("health.group.rest")} checks={rest} onMended={() => setAgain((n) => n + 1)} />
    </>
  );
}

function Group({ title, checks, onMended }: { title: string; checks: HealthCheck[]; onMended: () => void }) {
  if (checks.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul className="plain-list">
        {checks.map((check) => (
          <Check key={check.name + check.detail} check={check} onMended={onMended} />
        ))}
      </ul>
    </section>
  );
}

function Check({ check, onMended }: { check: HealthCheck; onMended: () => void }) {
  const [busy, setBusy] = useState(false);
  const { name, level } = check;
  const Icon = ICONS[level];
  // Moments and reasons are said as people say them.
  const facts = Object.fromEntries(
    Object.entries(check.facts).map(([key, value = ""]) => [
      key,
      key === "at" ? date(value) : key === "why" ? tOr(`why.${value}`, value) : value,
    ]),
  );
  const key = `health.is.${name}.${level}`;
  const says = key in en ? t(key as Key, facts) : check.detail;
  async function run(action: Mend) {
    setBusy(true);
    const done = await attempt(async () => (await MENDS[action]?.()) ?? true);
    const left = done === undefined || QUIET.includes(action) ? undefined : await attempt(commands.health);
    setBusy(false);
    if (done === undefined) return;
    onMended();
    // A row that is well says so itself.
    if (left && !left.checks.some((c) => c.name === name && c.level === "ok")) toast(t("health.mended"));
  }
  const offered = [check.action, check.next].filter((action): action is Mend => !!action && !!MENDS[action]);
  return (
    <li>
      <div className="row-line">
        <Icon size={16} className={INKS[level]} role="img" aria-label={t(`health.level.${level}`)} />
        <div className="grow">
          <strong>{tOr(`health.name.${name}`, name)}</strong>
          <div className="small soft">{says}</div>
        </div>
        {level !== "ok" &&
          offered.map((action) => (
            <button
              type="button"
              className="button"
              key={action}
              data-mend={action}
              disabled={busy}
              onClick={() => void run(action)}
            >
              {t(`health.mend.${action}` as "health.mend.sync")}
            </button>
          ))}
      </div>
    </li>
  );
}
