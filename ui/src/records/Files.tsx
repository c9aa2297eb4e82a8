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

/** The files on a record: dropped on the page, or chosen; fetched when somebody wants one. A letter that a mail program has
 *  saved is noted, where letters are. */
export function Files({ record, letters, closed }: { record: string; letters?: boolean; closed: boolean }) {
  const version = useVersion();
  const files = useQuery(() => commands.attachments(record), [record, version]).data ?? [];
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

  useEffect(() => {
    if (closed) return;
    ui.take = (paths) => void add(paths);
    return () => {
      ui.take = undefined;
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
            <FileLine key={file.id} file={file} closed={closed} />
          ))}
        </ul>
      )}
    </div>
  );
}

function iconOf(type: string) {
  if (type.startsWith("image/")) return FileImage;
  return type.startsWith("text/") || type === "application/pdf" ? FileText : File;
}

function FileLine({ file, closed }: { file: AttachmentView; closed: boolean }) {
  const Icon = iconOf(file.media_type);
  async function save() {
    const target = await chooseTarget(file.name);
    if (!target) return;
    // Nothing is an answer, too.
    const done = await attempt(() => commands.saveAttachment(file.id, target).then(() => true));
    if (done) toast(t("files.saved", { path: target }));
  }
  async function remove() {
    const done = await attempt(() => commands.delete([file.id]));
    if (done) withUndo(t("files.removed", { name: file.name }), done.operation);
  }
  return (
    <li data-file={file.name}>
      <div className="row-line">
        <Icon size={16} />
        <div className="grow">
          <div className="cell" title={file.name}>
            <strong>{file.name}</strong>
          </div>
          <div className="small soft state">
            <span>{bytes(file.size ?? 0)}</span>
            <span>{ago(file.updated_at)}</span>
            {!file.here && (
              <span>
                <CloudDownload size={13} /> {t("files.away")}
              </span>
            )}
          </div>
        </div>
        <button
          type="button"
          className="button plain"
          aria-label={t("files.save", { name: file.name })}
          title={t("files.saveAs")}
          onClick={() => void save()}
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
