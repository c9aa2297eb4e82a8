import { ChevronLeft, ChevronRight, Download, X, ZoomIn } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useQuery } from "../app/data";
import type { AttachmentView } from "../bindings";
import { commands } from "../platform/tauri";
import { bytes, count, date } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing, nameOf } from "../shared/keys";
import { Dialog } from "../shared/ui";

/** As many pixels as the core gives. */
const ALL = 2 ** 32 - 1;

/** A picture by itself, and the way to those beside it. Space looks and looks away, as in the system's own file manager. */
export function Picture({
  file,
  among,
  small,
  onMove,
  onSave,
  onClose,
}: {
  file: AttachmentView;
  among: AttachmentView[];
  /** Its small picture: what is shown until the large one is there. */
  small: string;
  onMove: (file: AttachmentView) => void;
  onSave: () => void;
  onClose: () => void;
}) {
  const stage = useRef<HTMLDivElement>(null);
  const [zoomed, setZoomed] = useState(false);
  // What fills the window, whatever becomes of the window meanwhile.
  const [enough] = useState(() =>
    Math.ceil(Math.max(window.innerWidth, window.innerHeight) * window.devicePixelRatio),
  );
  const most = zoomed ? ALL : enough;
  const asked = useQuery(
    async () => ({ id: file.id, ...(await commands.picture(file.id, most)) }),
    [file.id, most],
  );
  const large = asked.data?.id === file.id ? asked.data : undefined;
  const made = useQuery(async () => (await commands.history(file.id)).at(-1), [file.id]).data;
  const at = among.findIndex((f) => f.id === file.id);

  function move(by: number) {
    const next = among[(at + by + among.length) % among.length];
    if (!next) return;
    setZoomed(false);
    onMove(next);
  }
  useEffect(() => stage.current?.focus(), []);
  // A picture that is larger than the window is looked at from its middle.
  useEffect(() => {
    const on = stage.current;
    if (!zoomed || !on || !large) return;
    on.scrollTo((on.scrollWidth - on.clientWidth) / 2, (on.scrollHeight - on.clientHeight) / 2);
  }, [zoomed, large]);

  function press(event: React.KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    const key = nameOf(event.nativeEvent);
    const onStage = event.target === stage.current;
    if (key === "z") setZoomed(!zoomed);
    // Enlarged, the arrows move over it.
    else if (key === "ArrowLeft" && !(zoomed && onStage)) move(-1);
    else if (key === "ArrowRight" && !(zoomed && onStage)) move(1);
    else if (key === "Space" && onStage) onClose();
    else return;
    event.preventDefault();
  }

  return (
    <Dialog label={file.name} onClose={onClose} className="picture">
      <div className="body" id="picture" onKeyDown={press}>
        <div className="row-line">
          <div className="grow">
            <h1 className="cell">{file.name}</h1>
            <div className="small soft state">
              <span>{bytes(file.size ?? 0)}</span>
              {large && (
                <span>{t("picture.size", { width: count(large.width), height: count(large.height) })}</span>
              )}
              {made && <span>{t("picture.by", { who: made.by, when: date(made.at) })}</span>}
            </div>
          </div>
          {among.length > 1 && (
            <>
              <span className="soft small" aria-live="polite">
                {t("picture.position", { n: at + 1, total: among.length })}
              </span>
              <button
                type="button"
                className="button plain"
                aria-label={t("picture.previous")}
                title={`${t("picture.previous")} (←)`}
                onClick={() => move(-1)}
              >
                <ChevronLeft size={16} />
              </button>
              <button
                type="button"
                className="button plain"
                aria-label={t("picture.next")}
                title={`${t("picture.next")} (→)`}
                onClick={() => move(1)}
              >
                <ChevronRight size={16} />
              </button>
            </>
          )}
          <button
            type="button"
            className="button plain"
            id="picture-zoom"
            aria-label={t("picture.zoom")}
            title={`${t("picture.zoom")} (Z)`}
            aria-pressed={zoomed}
            onClick={() => setZoomed(!zoomed)}
          >
            <ZoomIn size={16} />
          </button>
          <button
            type="button"
            className="button plain"
            aria-label={t("files.save", { name: file.name })}
            title={t("files.saveAs")}
            onClick={onSave}
          >
            <Download size={16} />
          </button>
          <button
            type="button"
            className="button plain"
            aria-label={t("close")}
            title={`${t("close")} (Esc)`}
            onClick={onClose}
          >
            <X size={16} />
          </button>
        </div>
        {/* What scrolls has to be reached by keys. */}
        <div
          ref={stage}
          className={`stage ${zoomed ? "zoomed" : ""}`}
          role="group"
          aria-label={file.name}
          tabIndex={0}
        >
          {asked.error && !large ? (
            <p className="soft">{asked.error}</p>
          ) : (
            <img
              key={file.id}
              className={large ? undefined : "coming"}
              src={large?.url ?? small}
              alt={file.name}
              width={zoomed && large ? large.width / window.devicePixelRatio : undefined}
            />
          )}
        </div>
      </div>
    </Dialog>
  );
}
