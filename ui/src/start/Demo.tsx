import { FlaskConical } from "lucide-react";
import { useEffect, useState } from "react";
import { ui } from "../app/registry";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { Dialog } from "../shared/ui";

/** Over every screen of a demo: what it is, and how to leave it. */
export function DemoNotice() {
  const [leaving, setLeaving] = useState(false);
  useEffect(() => {
    ui.leaveDemo = () => setLeaving(true);
    return () => {
      ui.leaveDemo = undefined;
    };
  }, []);
  return (
    <aside className="demo" id="demo" aria-label={t("demo.title")}>
      <FlaskConical size={15} aria-hidden="true" />
      <span className="grow">
        <strong>{t("demo.title")}</strong> {t("demo.hint")}
      </span>
      <button type="button" className="button" id="leave-demo" onClick={() => setLeaving(true)}>
        {t("demo.leave")}
      </button>
      {leaving && <Leave onClose={() => setLeaving(false)} />}
    </aside>
  );
}

function Leave({ onClose }: { onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  async function leave() {
    setBusy(true);
    const left = await attempt(() => commands.leaveDemo());
    if (left === undefined) setBusy(false);
  }
  return (
    <Dialog label={t("demo.leave")} onClose={onClose}>
      <div className="body stack">
        <h1>{t("demo.leave")}</h1>
        <p>{t("demo.leaveHint")}</p>
        <div className="row-line wrap">
          <button
            type="button"
            className="button primary"
            id="leave-demo-now"
            autoFocus
            disabled={busy}
            onClick={() => void leave()}
          >
            {t("demo.leaveNow")}
          </button>
          <button type="button" className="button" disabled={busy} onClick={onClose}>
            {t("cancel")}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
