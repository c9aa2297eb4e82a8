import { MapPin } from "lucide-react";
import { useEffect, useState } from "react";
import { openRecord, useQuery, useVersion } from "../app/data";
import { ui } from "../app/registry";
import { commands } from "../platform/tauri";
import { clock, type Json } from "../shared/format";
import { t } from "../shared/i18n";
import { CheckOut } from "./CheckOut";

/** Where one is just now, on every page until one leaves. */
export function VisitBar() {
  const version = useVersion();
  const here = useQuery(() => commands.here(), [version]).data;
  const [leaving, setLeaving] = useState(false);
  useEffect(() => {
    ui.leave = here ? () => setLeaving(true) : undefined;
    return () => {
      ui.leave = undefined;
    };
  }, [here]);
  if (!here) return null;
  const fields = here.fields as Json;
  const whom = here.titles.company || here.titles.person || here.title;
  return (
    <section className="visit-bar" aria-label={t("visits.now")}>
      <MapPin size={15} aria-hidden="true" />
      <button type="button" className="line grow" onClick={() => openRecord(here.id, "activity")}>
        <strong className="cell">{whom}</strong>
        <span className="soft small">{t("visits.since", { time: clock(fields.arrived_at) })}</span>
      </button>
      <button type="button" className="button" id="leave" onClick={() => setLeaving(true)}>
        {t("visits.leave")}
      </button>
      {leaving && <CheckOut visit={here} whom={whom} onClose={() => setLeaving(false)} />}
    </section>
  );
}
