import { count, longDay, today, weekday } from "../shared/format";
import { t } from "../shared/i18n";
import { Entry } from "./Entry";
import { keyOf, ofDay } from "./layout";
import type { Shown } from "./shown";

/** Entries of a day that fit beside the line that says how many more there are. */
const LINES = 3;

/** A month in whole weeks. */
export function MonthView({ days, items, day, focus, drag, onFocus, onDay }: Shown) {
  return (
    <div className="month" id="month">
      <div className="month-head" aria-hidden="true">
        {days.slice(0, 7).map((d) => (
          <span key={d}>{weekday(d)}</span>
        ))}
      </div>
      <div className="month-days">
        {days.map((d) => {
          const here = ofDay(items, d);
          const at = here.findIndex((item) => keyOf(item) === focus);
          // The one that keys are at is never among those that are only counted.
          const from = Math.max(0, at - LINES + 1);
          const shown = here.slice(from, from + LINES);
          const other = d.slice(0, 7) !== day.slice(0, 7);
          return (
            <section
              key={d}
              className={`month-day ${d === day ? "here" : ""} ${other ? "other" : ""} ${drag.dragged?.spot.day === d ? "over" : ""}`}
              data-day={d}
              aria-label={t("calendar.dayOf", { day: longDay(d), n: count(here.length) })}
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
                <strong>{Number(d.slice(8))}</strong>
              </button>
              {shown.map((item) => (
                <Entry
                  key={keyOf(item)}
                  item={item}
                  current={focus === keyOf(item)}
                  drag={drag}
                  onFocus={onFocus}
                />
              ))}
              {here.length > LINES && (
                <button
                  type="button"
                  className="more-of-day small"
                  tabIndex={-1}
                  onPointerDown={(e) => e.stopPropagation()}
                  onClick={() => onDay(d)}
                >
                  {t("calendar.moreOfDay", { n: count(here.length - LINES) })}
                </button>
              )}
            </section>
          );
        })}
      </div>
    </div>
  );
}
