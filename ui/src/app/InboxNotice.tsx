import { Inbox, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { InboxView, LineWritten } from "../bindings";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { openRecord } from "./data";
import { undo } from "./undo";

/** What was taken while the vault was locked is made into records now; each can be opened, and taken back. */
export function InboxNotice() {
  const [view, setView] = useState<InboxView>();
  useEffect(() => {
    // Windows of single records leave it to the main one.
    if (!location.hash) void attempt(() => commands.openInbox()).then((now) => now && setView(now));
  }, []);
  if (!view || view.made.length + view.aside.length === 0) return null;
  const takeBack = async (line: LineWritten) => {
    if (!(await undo(line.operation))) return;
    setView({ ...view, made: view.made.filter((other) => other !== line) });
  };
  const [aside] = view.aside;
  return (
    <aside className="notice-list" id="inbox" aria-labelledby="inbox-title">
      <div className="row-line">
        <Inbox size={15} aria-hidden="true" />
        <strong className="grow" id="inbox-title">
          {t("inbox.title")}
        </strong>
        <button
          type="button"
          className="button plain"
          id="inbox-close"
          aria-label={t("close")}
          onClick={() => setView(undefined)}
        >
          <X size={14} />
        </button>
      </div>
      <ul>
        {view.made.map((line) => (
          <li key={line.id} className="row-line">
            <button
              type="button"
              className="button plain grow"
              onClick={() => openRecord(line.id, line.kind)}
            >
              <span className="cell">{line.title || "—"}</span>
            </button>
            <button type="button" className="button" onClick={() => void takeBack(line)}>
              {t("undo")}
            </button>
          </li>
        ))}
      </ul>
      {aside && (
        <p className="warn small" role="alert">
          {t("inbox.aside", {
            n: view.aside.length,
            // One is named, several by their folder.
            folder: view.aside.length === 1 ? aside : aside.replace(/[/\\][^/\\]*$/, ""),
          })}
        </p>
      )}
    </aside>
  );
}
