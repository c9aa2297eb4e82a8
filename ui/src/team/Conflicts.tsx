import { useRef } from "react";
import { openRecord, useFields, useQuery, useVersion } from "../app/data";
import type { ConflictOf, FieldView } from "../bindings";
import { commands } from "../platform/tauri";
import { date, type Json, labelOf, count as number, show } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { settle } from "./settle";

/** More at once nobody decides. */
const SHOWN = 30;

/** Fields that two people have edited without knowing of each other. */
export function Conflicts({ count }: { count: number }) {
  const version = useVersion();
  const found = useQuery(() => commands.conflicts(), [version, count]).data;
  // A field of several parts can be in several: they are settled one after the other.
  const all = found?.filter((c, at) => found.findIndex((o) => o.id === c.id && o.field === c.field) === at);
  const section = useRef<HTMLElement>(null);
  return (
    <section id="conflicts" ref={section} tabIndex={-1}>
      <h2>{t("team.conflicts")}</h2>
      {all?.length === 0 && <p className="soft">{t("team.noConflicts")}</p>}
      {all?.slice(0, SHOWN).map((c, n) => (
        <Conflict
          key={`${c.id} ${c.field}`}
          conflict={c}
          current={n === 0}
          // The button that was pressed goes: the keyboard goes on from here.
          onSettled={() => section.current?.focus()}
        />
      ))}
      {all && all.length > SHOWN && (
        <p className="soft">{t("team.moreConflicts", { n: number(all.length - SHOWN) })}</p>
      )}
    </section>
  );
}

function Conflict({
  conflict,
  current,
  onSettled,
}: {
  conflict: ConflictOf;
  /** A digit settles it: the first that waits. */
  current: boolean;
  onSettled: () => void;
}) {
  const version = useVersion();
  const record = useQuery(() => commands.get(conflict.id), [conflict.id, version]).data;
  const field = useFields(conflict.kind).find((f) => f.key === conflict.field);
  const label = field ? labelOf(field) : tOr(`field.${conflict.field}`, conflict.field);
  const busy = useRef(false);
  async function keep(at: number) {
    if (busy.current) return;
    busy.current = true;
    if (await settle(conflict.id, conflict.field, at, label)) onSettled();
    busy.current = false;
  }
  const digits = conflict.values
    .slice(0, 9)
    .map((_, at): [string, (event: KeyboardEvent) => void] => [
      String(at + 1),
      (event) => !event.repeat && void keep(at),
    ]);
  useKeys(current && record ? Object.fromEntries(digits) : {});
  if (!record) return null;
  return (
    <div className="panel">
      <div className="row-line">
        <button type="button" className="link" onClick={() => openRecord(conflict.id, conflict.kind)}>
          {record.title}
        </button>
        <span className="soft">{label}</span>
      </div>
      <ul className="plain-list">
        {conflict.values.map((claim, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: it is the number that settles it
          <li className="row-line" key={at}>
            <div className="grow">
              <div className="claim">
                <Value field={field} value={claim.value} />
                {at === 0 && <span className="tag">{t("team.shownNow")}</span>}
              </div>
              <div className="soft small">
                {claim.by} · {date(claim.at)}
              </div>
            </div>
            <button
              type="button"
              className="button"
              title={t("team.keepOf", { by: claim.by, field: label })}
              onClick={() => void keep(at)}
            >
              {t("team.keep")} {current && at < 9 && <kbd>{at + 1}</kbd>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Value({ field, value }: { field?: FieldView; value: Json }) {
  const link = field?.type === "link" && typeof value === "string" ? value : undefined;
  const title = useQuery(async () => (link ? (await commands.get(link)).title : undefined), [link]).data;
  const text = show(field, value, title);
  return text ? <span>{text}</span> : <span className="faint">{t("record.empty")}</span>;
}
