import { useEffect, useRef } from "react";
import { count, hourOf, longDay, today, weekday } from "../shared/format";
import { t } from "../shared/i18n";
import { Entry, timeAt, useSpot } from "./Entry";
import { keyOf, placed, type Spot, wholeDay } from "./layout";
import type { Shown } from "./shown";

/** Where the day begins when the page opens: earlier hours are above. */
const MORNING = 7.5;

/** One day or seven, hour by hour. */
export function HoursView({ days, items, day, focus, now, drag, onFocus, onDay }: Shown) {
  const scroll = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = scroll.current;
    if (box) box.scrollTop = (box.scrollHeight / 24) * MORNING;
  }, []);
  return (
    <div className={days.length === 1 ? "hours one" : "hours"} ref={scroll} id="hours">
      <div className="hours-head">
        <div className="gutter" />
        {days.map((d) => {
          const whole = wholeDay(items, d);
          return (
            <div
              key={d}
              className={d === day ? "day-head here" : "day-head"}
              data-day={d}
              onPointerDown={drag.draw}
            >
              <button
                type="button"
                className={d === today() ? "day-name is-today" : "day-name"}
                aria-current={d === today() ? "date" : undefined}
                title={longDay(d)}
                tabIndex={-1}
                onPointerDown={(e) => e.stopPropagation()}
                onClick={() => onDay(d)}
              >
                {weekday(d)} <strong>{Number(d.slice(8))}</strong>
              </button>
              {whole.map((item) => (
                <Entry
                  key={keyOf(item)}
                  item={item}
                  current={focus === keyOf(item)}
                  drag={drag}
                  onFocus={onFocus}
                />
              ))}
            </div>
          );
        })}
      </div>
      <div className="hours-body">
        <div className="gutter" aria-hidden="true">
          {Array.from({ length: 24 }, (_, n) => n).map((hour) => (
            <span key={hour} className="hour">
              {hour > 0 && hourOf(hour)}
            </span>
          ))}
        </div>
        {days.map((d) => {
          const here = placed(items, d);
          const ghost = drag.dragged?.spot.day === d ? drag.dragged.spot : undefined;
          return (
            <section
              key={d}
              className={d === day ? "hours-day here" : "hours-day"}
              data-day={d}
              data-hours=""
              aria-label={t("calendar.dayOf", { day: longDay(d), n: count(here.length) })}
              onPointerDown={drag.draw}
            >
              {here.map((place) => (
                <Entry
                  key={keyOf(place.item)}
                  item={place.item}
                  place={place}
                  current={focus === keyOf(place.item)}
                  drag={drag}
                  onFocus={onFocus}
                />
              ))}
              {ghost?.from !== undefined && <Ghost spot={ghost} />}
              {d === today() && <Now now={now} />}
            </section>
          );
        })}
      </div>
    </div>
  );
}

/** Where something would come to stand. */
function Ghost({ spot }: { spot: Spot }) {
  const [from, to] = [spot.from ?? 0, spot.to ?? 0];
  const ref = useSpot<HTMLDivElement>({ from, to });
  return (
    <div className="ghost" ref={ref}>
      {timeAt(spot.day, from)}
    </div>
  );
}

function Now({ now }: { now: Date }) {
  const minute = now.getHours() * 60 + now.getMinutes();
  const ref = useSpot<HTMLDivElement>({ from: minute, to: minute + 1 });
  return <div className="now-line" ref={ref} aria-hidden="true" />;
}
