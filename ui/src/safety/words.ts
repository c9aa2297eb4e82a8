import { useEffect } from "react";
import { useQuery, useVersion } from "../app/data";
import { go } from "../app/router";
import type { AlertView } from "../bindings";
import { commands, onVault } from "../platform/tauri";
import { count } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { toast } from "../shared/toast";

/** Alerts that this person has not seen; a new one is told at once. */
export function useUnseen(): number {
  const version = useVersion();
  useEffect(
    () =>
      onVault((event) => {
        if (event.type !== "alerted") return;
        const [rule, ...others] = event.rules;
        const what = tOr(`rule.${rule}`, t("alerts.title"));
        const text = others.length > 0 ? t("alerts.several", { n: count(others.length + 1) }) : what;
        toast(t("alerts.told", { what: text }), {
          label: t("alerts.look"),
          run: () => go({ page: "safety" }),
        });
      }),
    [],
  );
  return useQuery(() => commands.alerts(), [version]).data?.unseen ?? 0;
}

/** What a device is called: its own name, and whose it is. */
export function nameOf(person: string, device: string): string {
  if (device.includes(person)) return device;
  return [person, device].filter(Boolean).join(" · ") || t("alerts.somebody");
}

/** What has happened, as a sentence. */
export function inWords(alert: AlertView): string {
  const n = count(alert.count);
  const subject = nameOf(alert.subject_person, alert.subject_name);
  switch (alert.rule) {
    case "bulk_export":
      return t("alert.bulk_export", { n });
    case "deletions":
      return t("alert.deletions", { n });
    case "night_edits":
      return t("alert.night_edits", { n });
    case "failed_unlocks":
      return t("alert.failed_unlocks", { n });
    case "unknown_device":
      return alert.subject ? t("alert.unknown_device", { subject }) : t("alert.restored");
    case "silent":
      return t("alert.silent", { subject, n });
    case "trail":
      return alert.subject ? t("alert.trail", { subject }) : t("alert.trailHere");
    default:
      return alert.rule;
  }
}
