import { Check, CopyPlus, FileDown, Send, X } from "lucide-react";
import { useState } from "react";
import { openRecord } from "../app/data";
import { withUndo } from "../app/undo";
import type { PaperLanguage, RecordView } from "../bindings";
import { chooseTarget, commands } from "../platform/tauri";
import type { Json } from "../shared/format";
import { language, t, tOr } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { sayLeftOut } from "./leftOut";

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
  const [reader, setReader] = useState<PaperLanguage>(language() === "zh" ? "zh" : "en");
  async function pdf() {
    const number = (record.fields as Json).number ?? record.title;
    const target = await chooseTarget(`${String(number).replaceAll("/", "-")}.pdf`);
    if (!target) return;
    const written = await attempt(() => commands.quotePdf(record.id, reader, target));
    if (!written) return;
    toast(t("files.saved", { path: target }));
    sayLeftOut(written.notices);
  }
  useKeys({ p: (event) => !event.repeat && void pdf() });
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
      <span className="joined">
        <button
          type="button"
          className="button"
          id="quote-pdf"
          title={`${t("quote.pdf")} (P)`}
          onClick={() => void pdf()}
        >
          <FileDown size={14} /> PDF
        </button>
        <select
          className="input"
          aria-label={t("quote.reader")}
          value={reader}
          onChange={(event) => setReader(event.target.value as PaperLanguage)}
        >
          <option value="en">English</option>
          <option value="zh">中文</option>
        </select>
      </span>
      <button type="button" className="button" id="quote-revise" onClick={() => void revise()}>
        <CopyPlus size={14} /> {t("quote.revise")}
      </button>
    </div>
  );
}
