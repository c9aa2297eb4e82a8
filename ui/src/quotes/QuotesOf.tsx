import { FilePlus } from "lucide-react";
import { openRecord, useQuery, useVersion } from "../app/data";
import { withUndo } from "../app/undo";
import { commands } from "../platform/tauri";
import { cash, type Json, shortDay } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";

/** The quotes of a company or a deal, and a new one. */
export function QuotesOf({ about, id, closed }: { about: "company" | "deal"; id: string; closed: boolean }) {
  const version = useVersion();
  const request = { text: "", sort: "-number", trash: false, offset: 0, limit: 50 };
  const page = useQuery(
    () => commands.list("quote", { ...request, filter: `${about} = '${id}'` }),
    [about, id, version],
  ).data;
  async function make() {
    const made = await attempt(() => commands.create("quote", { [about]: id }));
    if (!made) return;
    withUndo(t("quote.made"), made.operation);
    openRecord(made.id, "quote");
  }
  useKeys({ u: (event) => !event.repeat && !closed && void make() });
  if (!page || (page.total === 0 && closed)) return null;
  return (
    <div id="quotes-of">
      <div className="row-line">
        <h2 className="grow">{t("nav.quotes")}</h2>
        {!closed && (
          <button
            type="button"
            className="button plain small"
            id="new-quote-here"
            onClick={() => void make()}
          >
            <FilePlus size={14} /> {t("new.quote")}
          </button>
        )}
      </div>
      {page.total === 0 && <p className="soft small">{t("quote.none")}</p>}
      {page.rows.map((row) => {
        const fields = row.fields as Json;
        return (
          <button type="button" key={row.id} className="nav" onClick={() => openRecord(row.id, "quote")}>
            <span className="grow cell">{row.title}</span>
            <span className="soft small">{fields.date && shortDay(fields.date)}</span>
            <span className={`status ${fields.status}`}>{tOr(`option.${fields.status}`, fields.status)}</span>
            <span className="amount">{fields.net ? cash(fields.net) : "—"}</span>
          </button>
        );
      })}
    </div>
  );
}
