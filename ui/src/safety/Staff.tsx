import { CircleCheck, CircleDashed, GraduationCap, RotateCcw } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import type { StaffView, TourPageView, TrainingView } from "../bindings";
import { commands } from "../platform/tauri";
import { count, date } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { said } from "./incident";

const TOUR = "tour";
const ICONS = { open: CircleDashed, done: CircleCheck, again: RotateCcw };

/** What everybody learns, one's own list, and who of the team is done. */
export function Staff() {
  const version = useVersion();
  const asked = useQuery(() => commands.staff(), [version]);
  const [touring, setTouring] = useState(false);
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!asked.data) return null;
  const { people, tour, kept_here_only } = asked.data;
  const me = people.find((one) => one.me);
  if (touring)
    return (
      <Tour
        pages={tour}
        onEnd={async (whole) => {
          if (whole) await attempt(() => commands.markTraining([TOUR], null));
          setTouring(false);
        }}
      />
    );
  return (
    <>
      {me && <Own me={me} onTour={() => setTouring(true)} keptHere={kept_here_only} />}
      {people.length > 1 && <Team view={asked.data} />}
    </>
  );
}

function Own({ me, onTour, keptHere }: { me: TrainingView; onTour: () => void; keptHere: boolean }) {
  const again = me.state === "again";
  return (
    <section aria-labelledby="own-title">
      <div className="row-line wrap">
        <h2 className="grow" id="own-title">
          {t("staff.own", { role: tOr(`role.${me.role}`, me.role) })}
        </h2>
        <button type="button" className="button primary" id="tour-begin" onClick={onTour}>
          <GraduationCap size={15} aria-hidden="true" /> {t("staff.tour")}
        </button>
      </div>
      <p className="soft">
        {me.done_at && !again
          ? t("staff.doneAt", { at: date(me.done_at) })
          : t(again ? "staff.againHint" : "staff.hint")}
      </p>
      {keptHere && <p className="notice">{t("staff.keptHere")}</p>}
      <ul className="plain-list" id="training">
        {me.items.map((item) => {
          const done = item.done && !again;
          return (
            <li key={item.id}>
              <label className="row-line">
                <input
                  type="checkbox"
                  checked={done}
                  disabled={done}
                  onChange={() =>
                    item.id === TOUR ? onTour() : void attempt(() => commands.markTraining([item.id], null))
                  }
                />
                <span className={done ? "soft" : undefined}>{said(item.text)}</span>
              </label>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** One small page after the other; the arrow keys turn them. */
function Tour({ pages, onEnd }: { pages: TourPageView[]; onEnd: (whole: boolean) => Promise<void> }) {
  const [at, setAt] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each page is read from its head
  useEffect(() => heading.current?.focus(), [at]);
  const page = pages[at];
  if (!page) return null;
  const last = at === pages.length - 1;
  const turn = (by: number) => setAt((n) => Math.max(0, Math.min(pages.length - 1, n + by)));
  return (
    <section
      className="tour"
      id="tour"
      aria-label={t("staff.tour")}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
        if (by) turn(by);
        else if (e.key === "Escape") void onEnd(false);
        else return;
        e.preventDefault();
        e.stopPropagation();
      }}
    >
      <p className="soft small" role="status">
        {t("staff.page", { n: count(at + 1), of: count(pages.length) })}
      </p>
      <h2 ref={heading} tabIndex={-1}>
        {said(page.title)}
      </h2>
      <p className="tour-text">{said(page.text)}</p>
      <div className="row-line">
        <button type="button" className="button" id="tour-back" disabled={at === 0} onClick={() => turn(-1)}>
          {t("staff.back")}
        </button>
        <button
          type="button"
          className="button primary"
          id="tour-next"
          onClick={() => (last ? void onEnd(true) : turn(1))}
        >
          {t(last ? "staff.finish" : "staff.next")}
        </button>
        <span className="grow" />
        <button type="button" className="button plain" onClick={() => void onEnd(false)}>
          {t("staff.later")}
        </button>
      </div>
    </section>
  );
}

function Team({ view }: { view: StaffView }) {
  const others = view.people.filter((one) => one.state !== "done").map((one) => one.person);
  async function remind() {
    const text = t("staff.reminder");
    const done = await attempt(() => navigator.clipboard.writeText(text).then(() => true));
    if (done) toast(t("staff.reminded", { who: others.join(", ") }));
  }
  return (
    <section aria-labelledby="team-title">
      <div className="row-line wrap">
        <h2 className="grow" id="team-title">
          {t("staff.team")}
        </h2>
        {others.length > 0 && (
          <button type="button" className="button" id="remind" onClick={() => void remind()}>
            {t("staff.remind")}
          </button>
        )}
      </div>
      <ul className="plain-list" id="staff">
        {view.people.map((one) => {
          const Icon = ICONS[one.state];
          const done = one.items.filter((item) => item.done).length;
          return (
            <li className="row-line" key={one.person + one.role}>
              <Icon size={16} className={one.state === "done" ? "good" : "warn"} aria-hidden="true" />
              <span className="grow">
                <strong>{one.person}</strong>{" "}
                <span className="soft small">{tOr(`role.${one.role}`, one.role)}</span>
              </span>
              <span className="soft small">
                {one.state === "open"
                  ? t("staff.progress", { n: count(done), of: count(one.items.length) })
                  : t(`staff.state.${one.state}`, { at: date(one.done_at ?? "") })}
              </span>
              {view.admin && !one.me && one.state !== "done" && (
                <button
                  type="button"
                  className="button"
                  aria-label={t("staff.noteOf", { who: one.person })}
                  onClick={() =>
                    void attempt(() =>
                      commands.markTraining(
                        one.items.map((item) => item.id),
                        one.person,
                      ),
                    )
                  }
                >
                  {t("staff.note")}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
