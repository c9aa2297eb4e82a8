import { useEffect, useState } from "react";
import { useQuery } from "../app/data";
import { withUndo } from "../app/undo";
import type { Letter, LetterView, PaperLanguage, RecordView } from "../bindings";
import { chooseTarget, commands } from "../platform/tauri";
import { sayLeftOut } from "../quotes/leftOut";
import { language, t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Dialog, Field } from "../shared/ui";
import { Chooser } from "./Chooser";
import { useMissing } from "./named";
import { draftName, openPlaces } from "./places";

const own = (): PaperLanguage => (language() === "zh" ? "zh" : "en");

/** A letter to whom the record is about: from a template or free, seen before it leaves, and noted only if one says so. */
export function WriteLetter({ record, onClose }: { record: RecordView; onClose: () => void }) {
  const [template, setTemplate] = useState<string>();
  const [changed, setChanged] = useState(false);
  const filled = useQuery(async () => {
    if (template === undefined) return undefined;
    const text = template ? await commands.template(template) : { subject: "", body: "", language: own() };
    return { template, view: await commands.letter(text, record.id), language: text.language };
  }, [template, record.id]);
  return (
    <Dialog label={t("letter.write")} onClose={onClose} className="wide" changed={changed}>
      <div className="body stack" id="write-letter">
        <div className="row-line">
          <h1 className="grow">{t("letter.write")}</h1>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
        </div>
        <Field label={t("letter.template")}>
          <Chooser value={template} onChange={setTemplate} empty />
        </Field>
        {filled.error && (
          <p className="error" role="alert">
            {filled.error}
          </p>
        )}
        {/* Until the answer for another template is there, the letter would be the one before. */}
        {filled.data && filled.data.template === template && (
          <Written
            key={filled.data.template}
            record={record}
            view={filled.data.view}
            language={filled.data.language}
            onChanged={setChanged}
            onClose={onClose}
          />
        )}
      </div>
    </Dialog>
  );
}

function Written({
  record,
  view,
  language,
  onChanged,
  onClose,
}: {
  record: RecordView;
  view: LetterView;
  language: PaperLanguage;
  onChanged: (changed: boolean) => void;
  onClose: () => void;
}) {
  const [address, setAddress] = useState(view.address);
  const [subject, setSubject] = useState(view.subject);
  const [body, setBody] = useState(view.body);
  const [note, setNote] = useState(false);
  const [pdf, setPdf] = useState(record.kind === "quote");
  const [busy, setBusy] = useState(false);
  const missing = useMissing();
  const changed = subject !== view.subject || body !== view.body || address !== view.address;
  useEffect(() => onChanged(changed), [changed, onChanged]);
  const open = openPlaces(`${subject}\n${body}`);
  const ready = open.length === 0 && !!address.trim() && !busy;
  const letter: Letter = {
    about: record.id,
    name: address === view.address || view.addresses.includes(address) ? view.name : "",
    address,
    subject,
    body,
    quote: pdf ? [record.id, language] : null,
  };

  async function done(noted: boolean) {
    onClose();
    if (!noted) return;
    const logged = await attempt(() => commands.logLetter(letter));
    if (logged) withUndo(t("letter.noted", { subject: subject || view.name }), logged.operation);
  }
  async function draft(noted: boolean) {
    const target = await chooseTarget(draftName(subject || view.name));
    if (!target) return;
    const path = /\.eml$/i.test(target) ? target : `${target}.eml`;
    const written = await attempt(() => commands.saveDraft(letter, path));
    if (!written) return;
    sayLeftOut(written.notices);
    toast(t("files.saved", { path }), {
      label: t("open"),
      run: () => void attempt(() => commands.openDraft(path)),
    });
    await done(noted);
  }
  async function send(noted: boolean) {
    if (!ready) return;
    setBusy(true);
    const opened = pdf ? false : await attempt(() => commands.openLetter(letter));
    // Too long for a link, or with a file: it has to be a draft.
    if (opened === false) await draft(noted);
    else if (opened) await done(noted);
    setBusy(false);
  }
  useEffect(() => {
    document.getElementById(view.address ? "letter-body" : "letter-address")?.focus();
  }, [view.address]);

  return (
    <form
      className="stack"
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (isComposing(event.nativeEvent) || !(event.ctrlKey || event.metaKey)) return;
        if (event.key === "Enter") void send(note || event.shiftKey);
        else if (event.key.toLowerCase() === "s") void (ready && draft(note));
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      {view.no_contact && (
        <p className="notice bad" role="alert">
          {t("letter.noContact", { name: view.name })}
        </p>
      )}
      {view.unknown.length > 0 && (
        <p className="notice bad" role="alert">
          {t("letter.unknown", { names: view.unknown.join(", ") })}
        </p>
      )}
      {view.missing.length > 0 && (
        <p className="notice warn" role="alert" id="letter-missing">
          {t("letter.missing", { names: missing(view.missing) })}
        </p>
      )}
      <Field label={t("letter.to")}>
        <input
          className="input"
          id="letter-address"
          type="email"
          list="letter-addresses"
          value={address}
          placeholder={view.name ? t("letter.noAddress", { name: view.name }) : ""}
          onChange={(event) => setAddress(event.target.value)}
        />
      </Field>
      <datalist id="letter-addresses">
        {view.addresses.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <Field label={t("field.subject")}>
        <input
          className="input"
          id="letter-subject"
          value={subject}
          onChange={(event) => setSubject(event.target.value)}
        />
      </Field>
      <Field label={t("field.text")}>
        <textarea
          className="input"
          id="letter-body"
          rows={8}
          value={body}
          onChange={(event) => setBody(event.target.value)}
        />
      </Field>
      <p className="soft small" aria-live="polite" id="letter-open">
        {open.length > 0 ? t("letter.open", { names: missing(open) }) : t("letter.hint")}
      </p>
      <div className="row-line wrap">
        {record.kind === "quote" && (
          <label className="row-line">
            <input
              type="checkbox"
              id="letter-pdf"
              checked={pdf}
              onChange={(event) => setPdf(event.target.checked)}
            />
            {t("letter.pdf")}
          </label>
        )}
        <label className="row-line">
          <input
            type="checkbox"
            id="letter-note"
            checked={note}
            onChange={(event) => setNote(event.target.checked)}
          />
          {t("letter.note")} <kbd>Ctrl Shift Enter</kbd>
        </label>
      </div>
      <div className="row-line wrap">
        {!pdf && (
          <button
            type="button"
            className="button primary"
            id="letter-send"
            disabled={!ready}
            onClick={() => void send(note)}
          >
            {t("letter.openMail")} <kbd>Ctrl Enter</kbd>
          </button>
        )}
        <button
          type="button"
          className={pdf ? "button primary" : "button"}
          id="letter-draft"
          disabled={!ready}
          onClick={() => void draft(note)}
        >
          {t("letter.saveDraft")} <kbd>Ctrl S</kbd>
        </button>
      </div>
    </form>
  );
}
