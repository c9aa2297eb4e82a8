import { Check, ShieldCheck, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go } from "../app/router";
import type { AlertView, Rules } from "../bindings";
import { commands } from "../platform/tauri";
import { ago, count, date } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Empty } from "../shared/ui";
import { begin } from "./Incidents";
import { inWords, nameOf } from "./words";

/** What was unusual, and from where on something is. */
export function Alerts() {
  const version = useVersion();
  const asked = useQuery(() => commands.alerts(), [version]);
  const list = useRef<HTMLElement>(null);
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!asked.data) return null;
  const { alerts, unseen } = asked.data;
  async function see(id: string | null) {
    // The button that was pressed goes: the keyboard goes on from here.
    if (await attempt(() => commands.seeAlerts(id))) list.current?.focus();
  }
  return (
    <>
      <section ref={list} tabIndex={-1} aria-label={t("alerts.title")}>
        {alerts.length === 0 ? (
          <Empty icon={<ShieldCheck size={28} />} title={t("alerts.none")} hint={t("alerts.noneHint")}>
            <button type="button" className="button" onClick={() => go({ page: "safety", tab: "trail" })}>
              {t("alerts.toTrail")}
            </button>
          </Empty>
        ) : (
          <>
            <div className="row-line">
              <p className="soft grow">{t("alerts.hint")}</p>
              {unseen > 1 && (
                <button type="button" className="button" id="see-all" onClick={() => void see(null)}>
                  {t("alerts.seeAll")}
                </button>
              )}
            </div>
            <ul className="plain-list" id="alerts">
              {alerts.map((alert) => (
                <Alert key={alert.id} alert={alert} onSee={() => void see(alert.id)} />
              ))}
            </ul>
          </>
        )}
      </section>
      <Thresholds />
    </>
  );
}

/** Begins the playbook that fits, under what has happened. */
async function toIncident(alert: AlertView) {
  const playbook = await attempt(() => commands.playbookFor(alert.rule));
  if (playbook) await begin(playbook, false, inWords(alert));
}

function Alert({ alert, onSee }: { alert: AlertView; onSee: () => void }) {
  const whose = nameOf(alert.person, alert.device_name);
  return (
    <li className="row-line alert">
      {alert.seen ? (
        <Check size={16} className="faint" aria-label={t("alerts.seen")} />
      ) : (
        <TriangleAlert size={16} className="warn" aria-label={t("alerts.new")} />
      )}
      <div className="grow">
        <div className={alert.seen ? "soft" : "strong"}>{inWords(alert)}</div>
        <div className="soft small">
          {alert.own ? t("alerts.here") : whose} · <time title={date(alert.at)}>{ago(alert.at)}</time>
          {alert.most > 1 && <> · {t("alerts.most", { n: count(alert.most) })}</>}
          {alert.seen_by.length > 0 && <> · {t("alerts.seenBy", { who: alert.seen_by.join(", ") })}</>}
        </div>
      </div>
      <button
        type="button"
        className="button plain"
        aria-label={t("alerts.incidentOf", { what: inWords(alert) })}
        onClick={() => void toIncident(alert)}
      >
        {t("alerts.incident")}
      </button>
      {!alert.seen && (
        <button
          type="button"
          className="button"
          aria-label={t("alerts.seeOf", { what: inWords(alert) })}
          onClick={onSee}
        >
          {t("alerts.see")}
        </button>
      )}
    </li>
  );
}

const NUMBERS = ["bulk_export", "deletions", "night_edits", "failed_unlocks", "silent"] as const;

/** On this device; 0 turns a rule off. */
function Thresholds() {
  const version = useVersion();
  const rules = useQuery(() => commands.alertRules(), [version]).data;
  if (!rules) return null;
  const set = (part: Partial<Rules>) => void attempt(() => commands.setAlertRules({ ...rules, ...part }));
  return (
    <section>
      <h2>{t("rules.title")}</h2>
      <p className="soft">{t("rules.hint")}</p>
      {NUMBERS.map((key) => (
        <div className="settings-row" key={key}>
          <label htmlFor={`rule-${key}`}>{t(`rules.${key}`)}</label>
          <div className="row-line">
            <Amount id={`rule-${key}`} value={rules[key]} onChange={(n) => set({ [key]: n })} />
            <span className="soft unit">{t(`rules.${key}.unit`)}</span>
          </div>
        </div>
      ))}
      <div className="settings-row">
        <span>{t("rules.night")}</span>
        <div className="row-line">
          <Amount
            id="rule-night-from"
            label={t("rules.nightFrom")}
            most={23}
            value={rules.night_from}
            onChange={(n) => set({ night_from: n })}
          />
          <span className="soft">–</span>
          <Amount
            id="rule-night-to"
            label={t("rules.nightTo")}
            most={23}
            value={rules.night_to}
            onChange={(n) => set({ night_to: n })}
          />
          <span className="soft unit">{t("rules.hours")}</span>
        </div>
      </div>
      <div className="settings-row">
        <label htmlFor="rule-unknown">{t("rules.unknown_device")}</label>
        <div className="row-line">
          <input
            id="rule-unknown"
            type="checkbox"
            checked={rules.unknown_device > 0}
            onChange={(e) => set({ unknown_device: e.target.checked ? 1 : 0 })}
          />
        </div>
      </div>
    </section>
  );
}

/** A whole number, taken when the field is left. */
function Amount({
  id,
  label,
  value,
  most = 1_000_000,
  onChange,
}: {
  id: string;
  label?: string;
  value: number;
  most?: number;
  onChange: (n: number) => void;
}) {
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const take = () => {
    const n = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (n <= most && n !== value) onChange(n);
    else setText(String(value));
  };
  return (
    <input
      id={id}
      className="input amount"
      inputMode="numeric"
      aria-label={label}
      value={text}
      onChange={(e) => setText(e.target.value)}
      onBlur={take}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        if (e.key === "Enter") take();
      }}
    />
  );
}
