import { useQuery, useVersion } from "../app/data";
import { undo } from "../app/undo";
import { commands } from "../platform/tauri";
import { count, date, type Json } from "../shared/format";
import { t, tOr } from "../shared/i18n";

/** Everything that was done; any of it can be taken back. */
export function HistoryPage() {
  const version = useVersion();
  const operations = useQuery(() => commands.operations(300), [version]).data;
  return (
    <>
      <div className="head">
        <h1>{t("ops.title")}</h1>
      </div>
      <div className="page">
        <p className="soft">{t("ops.hint")}</p>
        {operations?.length === 0 && <p className="soft">{t("ops.empty")}</p>}
        <ol className="timeline" id="operations">
          {operations?.map((o) => (
            <li key={o.operation} className={o.undone ? "undone" : ""}>
              <div className="row-line">
                <strong>{o.by}</strong>
                <span>{tOr(`op.${o.label}`, o.label)}</span>
                <span>{o.title || (o.detail as Json)?.file || ""}</span>
                {o.records !== 1 && <span className="soft">{t("ops.records", { n: count(o.records) })}</span>}
                {!o.finished && <span className="warn">{t("ops.interrupted")}</span>}
                <span className="soft small">
                  {date(o.at)} · {o.device}
                </span>
                <span className="grow" />
                {o.undone ? (
                  <span className="soft small">{t("ops.undone")}</span>
                ) : (
                  <button type="button" className="button" onClick={() => void undo(o.operation)}>
                    {t("undo")}
                  </button>
                )}
              </div>
            </li>
          ))}
        </ol>
      </div>
    </>
  );
}
