import { CloudDownload, Download, File, FileImage, FileText, Paperclip, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { ui } from "../app/registry";
import { withUndo } from "../app/undo";
import type { AttachmentView, LoggedMail } from "../bindings";
import { Enclosed } from "../letters/Enclosed";
import { isLetter } from "../letters/places";
import { chooseFiles, chooseTarget, commands } from "../platform/tauri";
import { ago, bytes } from "../shared/format";
import { t } from "../shared/i18n";
import { useKeys } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Picture } from "./Picture";
import { base64Of, nameOfPasted, PASTED_MOST, pastedPicture } from "./pasted";

/** The small pictures of those that are here, by their ids; asked for one after the other, so that a record with hundreds of
 *  photos keeps the core no busier than one with a few. */
function useThumbnails(files: AttachmentView[]): Record<string, string | null> {
  const [seen, setSeen] = useState<Record<string, string | null>>({});
  const next = files.find((file) => file.here && file.picture && seen[file.id] === undefined)?.id;
  useEffect(() => {
    if (!next) return;
    let here = true;
    const note = (url: string | null) => here && setSeen((now) => ({ ...now, [next]: url }));
    // What cannot be shown has the icon of its kind, whyever.
    commands.thumbnail(next).then(note, () => note(null));
    return () => {
      here = false;
    };
  }, [next]);
  return seen;
}

async function save(file: AttachmentView) {
  const target = await chooseTarget(file.name);
  if (!target) return;
  // Nothing is an answer, too.
  const done = await attempt(() => commands.saveAttachment(file.id, target).then(() => true));
  if (done) toast(t("files.saved", { path: target }));
}

/** The files on a record: dropped on the page, pasted, or chosen; fetched when somebody wants one. A letter that a mail program
 *  has saved is noted, where letters are. */
export function Files({ record, letters, closed }: { record: string; letters?: boolean; closed: boolean }) {
  const version = useVersion();
  const [fetched, setFetched] = useState(0);
  const files = useQuery(() => commands.attachments(record), [record, version, fetched]).data ?? [];
  const thumbnails = useThumbnails(files);
  const [shown, setShown] = useState<string>();
  const pictures = files.filter((file) => thumbnails[file.id]);
  const picture = pictures.find((file) => file.id === shown);
  const [busy, setBusy] = useState(false);
  const [read, setRead] = useState<{ path: string; logged: LoggedMail }>();

  async function note(path: string) {
    const logged = await attempt(() => commands.logMail(record, path));
    if (!logged) return;
    withUndo(
      t(logged.known ? "letter.known" : "letter.noted", { subject: logged.subject || "—" }),
      logged.operation,
    );
    if (!logged.known && logged.enclosed.length > 0) setRead({ path, logged });
  }
  async function add(paths: string[]) {
    setBusy(true);
    for (const path of paths) {
      if (letters && isLetter(path)) {
        await note(path);
        continue;
      }
      const done = await attempt(() => commands.attach(record, path));
      // What one of them is refused for, the others need not be.
      if (done) withUndo(t("files.attached", { name: path.split(/[\\/]/).pop() ?? path }), done.operation);
    }
    setBusy(false);
  }
  const choose = async () => add(await chooseFiles());
  async function paste(file: File) {
    if (file.size > PASTED_MOST) return toast(t("files.pastedTooMuch"));
    setBusy(true);
    const name = nameOfPasted(file);
    const done = await attempt(async () => commands.attachPicture(record, name, await base64Of(file)));
    if (done) withUndo(t("files.attached", { name }), done.operation);
    setBusy(false);
  }

  useEffect(() => {
    if (closed) return;
    ui.take = (paths) => void add(paths);
    const listen = (event: ClipboardEvent) => {
      const file = pastedPicture(event.clipboardData);
      if (!file || busy || document.querySelector("[aria-modal='true']")) return;
      event.preventDefault();
      void paste(file);
    };
    window.addEventListener("paste", listen);
    return () => {
      ui.take = undefined;
      window.removeEventListener("paste", listen);
    };
  });
  useKeys({ f: (event) => !event.repeat && !closed && !busy && void choose() });

  return (
    <div id="files">
      {read && <Enclosed record={record} {...read} onClose={() => setRead(undefined)} />}
      <div className="row-line">
        <h2 className="grow">{t("files.title")}</h2>
        {!closed && (
          <button
            type="button"
            className="button plain small"
            id="attach"
            disabled={busy}
            onClick={() => void choose()}
          >
            <Paperclip size={14} /> {t("files.attach")}
          </button>
        )}
      </div>
      {files.length === 0 && !closed && <p className="soft small">{t("files.none")}</p>}
      {files.length > 0 && (
        <ul className="plain-list">
          {files.map((file) => (
            <FileLine
              key={file.id}
              file={file}
              small={thumbnails[file.id] ?? undefined}
              closed={closed}
              onLook={() => setShown(file.id)}
              onFetched={() => setFetched((n) => n + 1)}
            />
          ))}
        </ul>
      )}
      {picture && (
        <Picture
          file={picture}
          among={pictures}
          small={thumbnails[picture.id] ?? ""}
          onMove={(file) => setShown(file.id)}
          onSave={() => void save(picture)}
          onClose={() => setShown(undefined)}
        />
      )}
    </div>
  );
}

function iconOf(type: string) {
  if (type.startsWith("image/")) return FileImage;
  return type.startsWith("text/") || type === "application/pdf" ? FileText : File;
}

function FileLine({
  file,
  small,
  closed,
  onLook,
  onFetched,
}: {
  file: AttachmentView;
  small?: string;
  closed: boolean;
  onLook: () => void;
  onFetched: () => void;
}) {
  const Icon = iconOf(file.media_type);
  const [fetching, setFetching] = useState(false);
  async function fetch() {
    setFetching(true);
    const done = await attempt(() => commands.fetchAttachment(file.id).then(() => true));
    setFetching(false);
    if (done) onFetched();
  }
  async function remove() {
    const done = await attempt(() => commands.delete([file.id]));
    if (done) withUndo(t("files.removed", { name: file.name }), done.operation);
  }
  return (
    <li data-file={file.name}>
      <div className="row-line">
        {small ? (
          <button type="button" className="thumbnail" title={t("files.look")} onClick={onLook}>
            <img src={small} alt={file.name} />
          </button>
        ) : (
          <span className="thumbnail">
            <Icon size={16} />
          </span>
        )}
        <div className="grow">
          <div className="cell" title={file.name}>
            <strong>{file.name}</strong>
          </div>
          <div className="small soft state">
            <span>{bytes(file.size ?? 0)}</span>
            <span>{ago(file.updated_at)}</span>
            {!file.here && <span>{t("files.away")}</span>}
          </div>
        </div>
        {!file.here && (
          <button
            type="button"
            className="button plain"
            aria-label={t("files.fetch", { name: file.name })}
            title={t("files.fetchIt")}
            disabled={fetching}
            onClick={() => void fetch()}
          >
            <CloudDownload size={16} />
          </button>
        )}
        <button
          type="button"
          className="button plain"
          aria-label={t("files.save", { name: file.name })}
          title={t("files.saveAs")}
          onClick={() => void save(file)}
        >
          <Download size={16} />
        </button>
        {!closed && (
          <button
            type="button"
            className="button plain danger"
            aria-label={t("files.remove", { name: file.name })}
            title={t("delete")}
            onClick={() => void remove()}
          >
            <Trash2 size={16} />
          </button>
        )}
      </div>
    </li>
  );
}
