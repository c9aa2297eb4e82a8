import { History } from "lucide-react";
import { useEffect, useState } from "react";
import { useQuery } from "../app/data";
import { go } from "../app/router";
import { commands, onUpdate } from "../platform/tauri";
import { t } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";

/** Tells of a version that was found while somebody works. */
export function useUpdateNews() {
  useEffect(
    () =>
      onUpdate((version) =>
        toast(t("updates.told", { version }), {
          label: t("updates.see"),
          run: () => go({ page: "safety", tab: "updates" }),
        }),
      ),
    [],
  );
}

/** The version from before is back: why, and that nothing is lost. */
export function WentBack() {
  const view = useQuery(() => commands.updates(), []).data;
  const [gone, setGone] = useState(false);
  const [open, setOpen] = useState(false);
  const went = view?.went_back;
  if (!went || gone) return null;
  async function forget() {
    if (await attempt(commands.forgetWentBack)) setGone(true);
  }
  return (
    <aside className="notice went-back" id="went-back" aria-label={t("updates.wentBack")}>
      <div className="row-line wrap">
        <History size={15} aria-hidden="true" />
        <span className="grow">
          {t(went.by_hand ? "updates.wentBackByHand" : "updates.wentBackItself", {
            from: went.from,
            to: went.to,
          })}
          {went.aside && ` ${t("instead.done", { aside: went.aside })}`}
        </span>
        {went.reports.length > 0 && (
          <button
            type="button"
            className="button plain"
            id="went-back-why"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {t("updates.why")}
          </button>
        )}
        <button type="button" className="button" id="forget-went-back" onClick={() => void forget()}>
          {t("updates.understood")}
        </button>
      </div>
      {open && <pre className="small soft release-notes">{went.reports.join("\n")}</pre>}
    </aside>
  );
}
