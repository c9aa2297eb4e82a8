import { useEffect, useState } from "react";
import type { MemberView, RemoteState, RemoteView, TeamNews } from "../bindings";
import { commands, errorOf, onTeam } from "../platform/tauri";
import { ago, count } from "../shared/format";
import { t } from "../shared/i18n";

/** Roles from the least to the most. */
export const ROLES = ["viewer", "member", "admin", "owner"] as const;
export const rank = (role: string) => (ROLES as readonly string[]).indexOf(role);

/** Who belongs to the team; nobody as long as there is none. */
export async function askMembers(): Promise<MemberView[]> {
  try {
    return await commands.members();
  } catch (thrown) {
    if (errorOf(thrown).code === "not_found") return [];
    throw thrown;
  }
}

/** Whom something can be given to: who is in the team, and who has records already. */
export async function askColleagues(): Promise<string[]> {
  const [members, owners] = await Promise.all([askMembers(), commands.reportOwners()]);
  const here = members.filter((m) => m.devices.some((d) => !d.revoked)).map((m) => m.person);
  return [...new Set([...here, ...owners])].filter(Boolean).sort((a, b) => a.localeCompare(b));
}

/** How the last sync went, and who asks to join. */
export function useNews(): TeamNews | undefined {
  const [news, setNews] = useState<TeamNews>();
  useEffect(() => {
    const ask = () => void commands.teamNews().then(setNews);
    ask();
    const stop = onTeam(ask);
    // Without news the time of the last sync still goes on.
    const timer = setInterval(ask, 20_000);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, []);
  return news;
}

/** What a newer version of the program would mend: the server asks for one, or holds what one has written. */
export const needsUpdate = (error: string) =>
  /^this Satchel is too old for the server |newer version of Satchel/.test(error);

export interface Reached {
  state: "good" | "away" | "trouble";
  error?: string | null;
  /** When it had everything last. */
  at?: string | null;
}

/** What the last sync and a look just now say of a place. */
export function reached(remote: RemoteView, news?: TeamNews): Reached {
  const last: RemoteState | undefined = news?.remotes.find((r) => r.name === remote.name);
  const at = last?.ok ? news?.at : remote.synced_at;
  if (remote.state !== "connected" || last?.reached === false)
    return { state: "away", error: last?.error, at };
  if (last && !last.ok) return { state: "trouble", error: last.error, at };
  return news?.error ? { state: "trouble", error: news.error, at } : { state: "good", at };
}

/** In words, never by colour alone: is what I did with the others? */
export function teamInWords(remotes: RemoteView[], pending: number, news?: TeamNews): string {
  if (remotes.length === 0) return t("status.saved");
  const all = remotes.map((r) => reached(r, news));
  if (all.every((r) => r.state === "away"))
    return pending > 0 ? t("status.offline", { n: count(pending) }) : t("status.away");
  if (all.every((r) => r.state !== "good")) return t("status.attention");
  if (pending > 0) return t("status.waiting", { n: count(pending) });
  const last = all
    .map((r) => r.at ?? "")
    .sort()
    .pop();
  return last ? t("status.synced", { ago: ago(last) }) : t("status.saved");
}
