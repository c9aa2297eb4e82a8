import { Clock, MapPin, Plus, X } from "lucide-react";
import { openRecord } from "../app/data";
import type { StopView } from "../bindings";
import { isBrowsed } from "../records/kinds";
import { ago, decimal, shortDay } from "../shared/format";
import { t, tOr } from "../shared/i18n";

/** Why somebody is offered, in words. */
const why = (stop: StopView) =>
  stop.reasons
    .map((reason) => {
      if (reason === "open_deal") return t("visits.openDeals", { n: stop.open_deals });
      if (reason === "follow_up")
        return stop.day ? t("visits.due", { day: shortDay(stop.day) }) : t("visits.followUp");
      return stop.last_visit ? t("visits.lastSeen", { when: ago(stop.last_visit) }) : t("visits.neverSeen");
    })
    .join(" · ");

const kilometres = (stop: StopView) =>
  stop.kilometres === null ? "" : t("visits.km", { n: decimal(Math.round(stop.kilometres * 10) / 10) });

/** What is known of where it is. */
const whereabouts = (stop: StopView) => {
  if (stop.lacks) return t(`visits.lacks.${stop.lacks}`);
  return stop.how && stop.how !== "own" ? t(`visits.how.${stop.how}`) : "";
};

/** One stop of a day, or one that is offered. */
export function Stop({
  stop,
  n,
  focus,
  added,
  isOffered,
  onAdd,
  onDrop,
  onHere,
}: {
  stop: StopView;
  /** Its place in the order. */
  n?: number;
  focus?: string;
  added: string[];
  isOffered: (stop: StopView) => boolean;
  onAdd: (stop: StopView) => void;
  onDrop: (stop: StopView) => void;
  onHere: (stop: StopView) => void;
}) {
  const offered = isOffered(stop);
  const time = stop.arrives ?? stop.time;
  const details = [stop.with, stop.address].filter(Boolean).join(" · ");
  const notes = [why(stop), whereabouts(stop)].filter(Boolean).join(" · ");
  return (
    <li className={stop.id === focus ? "current" : ""} data-stop={stop.title}>
      <div className="row-line">
        <span className="stop-number" aria-hidden="true">
          {n ?? "·"}
        </span>
        <span className="stop-time">
          {!offered && time}
          {stop.fixed && <Clock size={11} aria-label={t("visits.fixed")} role="img" className="soft" />}
        </span>
        <button
          type="button"
          className="line grow"
          onClick={() => isBrowsed(stop.kind) && openRecord(stop.id, stop.kind)}
        >
          <strong className="cell">{stop.title || tOr(`option.${stop.type}`, "—")}</strong>
          <span className="soft small cell">{details}</span>
        </button>
        {stop.late > 0 && <span className="bad-ink small">{t("visits.late", { n: stop.late })}</span>}
        <span className="soft small">{kilometres(stop)}</span>
        {offered && (
          <button
            type="button"
            className="button plain small"
            aria-label={t("visits.add", { name: stop.title })}
            onClick={() => onAdd(stop)}
          >
            <Plus size={14} /> {t("add")}
          </button>
        )}
        {added.includes(stop.id) && (
          <button
            type="button"
            className="button plain small"
            aria-label={t("visits.drop", { name: stop.title })}
            title="X"
            onClick={() => onDrop(stop)}
          >
            <X size={14} />
          </button>
        )}
        {!offered && (
          <button
            type="button"
            className="button plain small"
            aria-label={t("visits.hereAt", { name: stop.whom_title || stop.title })}
            title={`${t("visits.checkIn")} (H)`}
            onClick={() => onHere(stop)}
          >
            <MapPin size={14} />
          </button>
        )}
      </div>
      {notes && <p className={stop.lacks ? "stop-note warn" : "stop-note soft"}>{notes}</p>}
    </li>
  );
}
