import type { TrailEntry } from "../bindings";
import { isBrowsed, KINDS } from "../records/kinds";
import { count, type Json } from "../shared/format";
import { t, tOr } from "../shared/i18n";

/** How many of which kinds, as lists call them. */
export function kindsOf(kinds: Record<string, number>): string {
  const called = (kind: string) => (isBrowsed(kind) ? t(KINDS[kind].many) : tOr(`trail.kind.${kind}`, kind));
  return Object.entries(kinds)
    .map(([kind, n]) => `${called(kind)} ${count(n)}`)
    .join(", ");
}

/** What an entry says of its act, in words: only counts and names of our own. */
export function factsOf({ act, facts }: TrailEntry): string {
  const f = (facts ?? {}) as Record<string, Json>;
  const said = (group: string, key: string) =>
    f[key] ? tOr(`trail.${group}.${f[key]}`, String(f[key])) : "";
  const parts: Record<string, () => (string | undefined)[]> = {
    unlock: () => [said("way", "way")],
    failed_unlocks: () => [t("trail.times", { n: count(f.count ?? 0) })],
    received: () => [f.kinds && kindsOf(f.kinds)],
    export: () => [
      said("what", "what"),
      f.kinds && f.kinds.map((kind: string) => (isBrowsed(kind) ? t(KINDS[kind].many) : kind)).join(", "),
      f.rows !== undefined ? t("trail.rows", { n: count(f.rows) }) : undefined,
      f.format && String(f.format).toUpperCase(),
    ],
    backup: () => [t("trail.rows", { n: count(f.records ?? 0) })],
    drill: () => [t("trail.rows", { n: count(f.records ?? 0) }), f.by_kit && t("backup.kit")],
    membership: () => [said("member", "change"), f.role && tOr(`role.${f.role}`, f.role)],
    remote: () => [said("remote", "change"), f.name],
    keys: () => [said("keys", "change")],
    settings: () => [
      f.alerts
        ? t("rules.title")
        : (f.changed ?? []).map((key: string) => tOr(`trail.setting.${key}`, key)).join(", "),
    ],
    update: () => [said("update", "change"), f.from && f.to && `${f.from} → ${f.to}`],
    alert: () => [tOr(`rule.${f.rule}`, f.rule)],
    incident: () => [f.label ? tOr(`op.${f.label}`, f.label) : said("incident", "change")],
    begin: () => [f.witnessed ? t("trail.rolledBack") : f.after && t("trail.restored")],
    contradiction: () => [
      f.device ? t("trail.ofDevice", { name: String(f.device).slice(-8) }) : t("trail.rolledBack"),
    ],
  };
  const operation = () => [tOr(`op.${f.label}`, f.label ?? ""), f.kinds && kindsOf(f.kinds)];
  return (parts[act] ?? operation)().filter(Boolean).join(" · ");
}
