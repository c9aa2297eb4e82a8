import { Repeat } from "lucide-react";
import { openRecord } from "../app/data";
import { repeatWords } from "../shared/again";
import { longDay, today } from "../shared/format";
import { t } from "../shared/i18n";
import { EntryIcon, timeAt, whoOf } from "./Entry";
import { keyOf, ofDay, spotOf } from "./layout";
import type { Shown } from "./shown";

/** The next thirty days in lines, without those on which nothing is. */
export function AgendaView({ days, items, focus, onFocus }: Shown) {
  const filled = days.map((d) => ({ d, here: ofDay(items, d) })).filter(({ here }) => here.length > 0);
  if (filled.length === 0) return <p className="page lead">{t("calendar.free")}</p>;
  return (
    <div className="page narrow stack" id="agenda">
      {filled.map(({ d, here }) => (
        <section key={d} data-agenda={d}>
          <h2>
            {longDay(d)} {d === today() && <span className="tag">{t("nav.today")}</span>}
          </h2>
          <ul className="plain-list">
            {here.map((item) => {
              const { day, from } = spotOf(item);
              const key = keyOf(item);
              return (
                <li key={key} className={focus === key ? "current" : ""}>
                  <button
                    type="button"
                    className={item.done ? "line is-done" : "line"}
                    data-item={key}
                    data-title={item.title}
                    tabIndex={focus === key ? 0 : -1}
                    onFocus={() => onFocus(key)}
                    onClick={() => openRecord(item.id, item.kind, item.occurrence)}
                  >
                    <span className="agenda-time soft small">
                      {from === undefined ? t("calendar.wholeDay") : timeAt(day, from)}
                    </span>
                    <EntryIcon item={item} size={16} />
                    <strong className="cell">{item.title || "—"}</strong>
                    <span className="soft small cell grow">
                      {[whoOf(item), item.place].filter(Boolean).join(" · ")}
                    </span>
                    {item.repeat && (
                      <span className="soft" title={repeatWords(item.repeat)}>
                        <Repeat size={12} aria-hidden="true" />
                        <span className="sr">{repeatWords(item.repeat)}</span>
                      </span>
                    )}
                    {item.done && <span className="soft small">{t("calendar.done")}</span>}
                  </button>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </div>
  );
}
