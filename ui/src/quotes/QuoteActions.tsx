import { Check, CopyPlus, Send, X } from "lucide-react";
import { openRecord } from "../app/data";
import { withUndo } from "../app/undo";
import type { RecordView } from "../bindings";
import { commands } from "../platform/tauri";
import type { Json } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { attempt } from "../shared/toast";

/** What is done with a quote as a whole, as far as it has come. */
export function QuoteActions({ record }: { record: RecordView }) {
  const status: string = (record.fields as Json).status ?? "draft";
  async function become(next: string) {
    const done = await attempt(() => commands.setFields(record.id, { status: next }));
    if (done?.operation) withUndo(`${record.title}: ${tOr(`option.${next}`, next)}`, done.operation);
  }
  async function revise() {
    const made = await attempt(() => commands.reviseQuote(record.id));
    if (!made) return;
    withUndo(t("quote.revised"), made.operation);
    openRecord(made.id, "quote");
  }
  const open = status === "draft" || status === "sent";
  return (
    <div className="actions" id="quote-actions">
      <span className={`status ${status}`}>{tOr(`option.${status}`, status)}</span>
      {status === "draft" && (
        <button type="button" className="button" id="quote-sent" onClick={() => void become("sent")}>
          <Send size={14} /> {t("quote.markSent")}
        </button>
      )}
      {open && (
        <button type="button" className="button" id="quote-accepted" onClick={() => void become("accepted")}>
          <Check size={14} /> {t("quote.markAccepted")}
        </button>
      )}
      {open && (
        <button type="button" className="button" id="quote-declined" onClick={() => void become("declined")}>
          <X size={14} /> {t("quote.markDeclined")}
        </button>
      )}
      <button type="button" className="button" id="quote-revise" onClick={() => void revise()}>
        <CopyPlus size={14} /> {t("quote.revise")}
      </button>
    </div>
  );
}
