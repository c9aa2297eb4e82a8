import { useQuery, useVersion } from "../app/data";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { Conflicts } from "./Conflicts";
import { Invite } from "./Invite";
import { People } from "./People";
import { Remotes } from "./Remotes";
import { Requests } from "./Requests";
import { SyncLog } from "./SyncLog";
import { askMembers, rank, useNews } from "./team";

/** Where the team meets, what has to be decided, who belongs to it. */
export function TeamPage() {
  const version = useVersion();
  const news = useNews();
  const status = useQuery(() => commands.status(), [version, news]).data;
  const members = useQuery(askMembers, [version, news]);
  if (!status || !(members.data || members.error)) return null;
  const people = members.data ?? [];
  const others = people.some((m) => m.devices.some((d) => !d.this && !d.revoked));
  const own = people.find((m) => m.devices.some((d) => d.this && !d.revoked))?.role ?? "";
  const invites = rank(own) >= rank("admin") && status.remotes.length > 0;
  return (
    <>
      <div className="head">
        <h1>{t("nav.team")}</h1>
      </div>
      <div className="page narrow team" id="team">
        {members.error && <p className="notice bad">{members.error}</p>}
        <Remotes remotes={status.remotes} news={news} others={others} />
        {people.length > 0 && <SyncLog news={news} version={version} />}
        {people.length > 0 && <Conflicts count={status.conflicts} />}
        {invites && <Requests requests={news?.requests ?? []} />}
        {/* The link that somebody came by is spent. */}
        {invites && <Invite key={people.length} own={own} />}
        {people.length > 0 && <People people={people} own={own} />}
      </div>
    </>
  );
}
