import type { KeyboardEvent, ReactNode } from "react";
import { replace } from "../app/router";
import { type Key, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Alerts } from "./Alerts";
import { Backups } from "./Backups";
import { Configuration } from "./Configuration";
import { Health } from "./Health";
import { Incidents } from "./Incidents";
import { Staff } from "./Staff";
import { Trail } from "./Trail";
import { Updates } from "./Updates";

/** Each part of the page once; the first is shown where none is asked for. */
const TABS: { id: string; label: Key; page: (incident?: string) => ReactNode }[] = [
  { id: "health", label: "health.title", page: () => <Health /> },
  { id: "backups", label: "backup.title", page: () => <Backups /> },
  { id: "alerts", label: "alerts.title", page: () => <Alerts /> },
  { id: "trail", label: "trail.title", page: () => <Trail /> },
  { id: "incidents", label: "incident.title", page: (incident) => <Incidents incident={incident} /> },
  { id: "staff", label: "staff.title", page: () => <Staff /> },
  { id: "configuration", label: "config.title", page: () => <Configuration /> },
  { id: "updates", label: "updates.title", page: () => <Updates /> },
];

/** What protects the records, and what was done with them. */
export function SafetyPage({ tab, incident }: { tab?: string; incident?: string }) {
  const at = Math.max(
    0,
    TABS.findIndex((one) => one.id === tab),
  );
  const open = TABS[at];
  const show = (id: string) => {
    replace({ page: "safety", tab: id });
    setTimeout(() => document.getElementById(`tab-${id}`)?.focus(), 0);
  };
  const keys = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = by && TABS[(at + by + TABS.length) % TABS.length];
    if (!next) return;
    event.preventDefault();
    show(next.id);
  };
  return (
    <>
      <div className="head">
        <h1>{t("nav.safety")}</h1>
      </div>
      <div className="tabs" role="tablist" aria-label={t("nav.safety")} onKeyDown={keys}>
        {TABS.map((one) => (
          <button
            type="button"
            role="tab"
            key={one.id}
            id={`tab-${one.id}`}
            aria-selected={one === open}
            aria-controls="safety"
            tabIndex={one === open ? 0 : -1}
            onClick={() => show(one.id)}
          >
            {t(one.label)}
          </button>
        ))}
      </div>
      <div className="page narrow safety" id="safety" role="tabpanel" aria-labelledby={`tab-${open?.id}`}>
        {open?.page(incident)}
      </div>
    </>
  );
}
