import { useRef, useState } from "react";
import { t } from "../shared/i18n";
import { isComposing, keepPlain } from "../shared/keys";

/** Why deals are lost, as far as it can be offered. */
const REASONS = ["price", "rival", "timing", "silence"] as const;

/** Asks in the place of what was chosen. Enter goes on, also without words; Escape gives up what was chosen. */
export function WhyLost({
  name,
  leaving,
  onDone,
}: {
  name: string;
  /** Whoever goes elsewhere goes on with what is typed. */
  leaving?: boolean;
  onDone: (reason: string | undefined) => void;
}) {
  const [reason, setReason] = useState("");
  const done = useRef(false);
  const finish = (reason: string | undefined) => {
    if (done.current) return;
    done.current = true;
    onDone(reason);
  };
  return (
    <>
      <label className="field why-lost">
        <span>{t("board.whyLost", { name })}</span>
        <input
          className="input"
          id="why-lost"
          autoFocus
          list="why-lost-before"
          placeholder={t("board.noReason")}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
          // Another window, say to read the letter that declined, is no elsewhere.
          onBlur={() => leaving && document.hasFocus() && finish(reason.trim())}
          onKeyDown={(e) => {
            if (isComposing(e.nativeEvent)) return;
            keepPlain(e);
            if (e.key === "Escape") finish(undefined);
            // The list of suggestions takes the Enter of a form.
            if (e.key === "Enter") {
              e.preventDefault();
              finish(reason.trim());
            }
          }}
        />
      </label>
      <datalist id="why-lost-before">
        {REASONS.map((why) => (
          <option key={why} value={t(`lost.${why}`)} />
        ))}
      </datalist>
    </>
  );
}
