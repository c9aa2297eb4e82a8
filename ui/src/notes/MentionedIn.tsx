import { openRecord, useQuery, useVersion } from "../app/data";
import { commands } from "../platform/tauri";
import { browsed, KINDS } from "../records/kinds";
import { count } from "../shared/format";
import { t } from "../shared/i18n";

/** The records whose notes mention this one. */
export function MentionedIn({ id }: { id: string }) {
  const version = useVersion();
  const found = useQuery(() => commands.mentions(id), [id, version]).data;
  if (!found || found.mentions.length === 0) return null;
  return (
    <div id="mentioned-in">
      <h2>
        {t("note.mentionedIn")}{" "}
        <span className="faint">
          {count(found.mentions.length)}
          {found.more && "+"}
        </span>
      </h2>
      {found.mentions.map((hit) => {
        const { icon: Icon } = KINDS[browsed(hit.kind)];
        return (
          <button type="button" key={hit.id} className="nav" onClick={() => openRecord(hit.id, hit.kind)}>
            <Icon size={16} aria-hidden="true" /> <span className="cell">{hit.title || "—"}</span>{" "}
            <span className="soft small cell">{hit.subtitle}</span>
          </button>
        );
      })}
    </div>
  );
}
