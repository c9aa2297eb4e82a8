import { useState } from "react";
import { commands, errorOf } from "../platform/tauri";
import { t, usePrefs } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { prefs, USUAL_CAPTURE } from "../shared/prefs";

/** The keys of the whole system that open the capture window: pressed, not written. */
export function CaptureKeys() {
  const { capture } = usePrefs();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<string>();
  async function choose(keys: string) {
    setAsking(false);
    try {
      await commands.setCaptureKeys(keys);
      setError(undefined);
      prefs.set({ capture: keys });
    } catch (thrown) {
      setError(errorOf(thrown).message);
      // What was there before is listened to again.
      void commands.setCaptureKeys(capture).catch(() => {});
    }
  }
  return (
    <div className="settings-row">
      <div id="capture-keys-label">
        {t("capture.keys")}
        <div className="soft small">{t("capture.keysHint")}</div>
        {error && (
          <p className="error small" role="alert">
            {error}
          </p>
        )}
      </div>
      <div className="row-line wrap">
        <button
          type="button"
          className="button"
          id="capture-keys"
          aria-describedby="capture-keys-label"
          aria-pressed={asking}
          onClick={() => setAsking(true)}
          onBlur={() => setAsking(false)}
          onKeyDown={(e) => {
            if (!asking || isComposing(e.nativeEvent) || e.key === "Tab") return;
            e.preventDefault();
            e.stopPropagation();
            if (e.key === "Escape") return setAsking(false);
            const keys = combination(e.nativeEvent);
            if (keys) void choose(keys);
          }}
        >
          {asking ? (
            t("capture.press")
          ) : capture ? (
            <kbd>{capture.replaceAll("+", " ")}</kbd>
          ) : (
            t("capture.off")
          )}
        </button>
        {capture ? (
          <button type="button" className="button plain" id="capture-off" onClick={() => void choose("")}>
            {t("capture.turnOff")}
          </button>
        ) : (
          <button type="button" className="button plain" onClick={() => void choose(USUAL_CAPTURE)}>
            {t("capture.turnOn")}
          </button>
        )}
      </div>
    </div>
  );
}

/** `Ctrl+Alt+Space`; nothing while only Ctrl, Alt or Shift is held, or neither Ctrl nor Alt is. */
export function combination(
  event: Pick<KeyboardEvent, "ctrlKey" | "altKey" | "shiftKey" | "code">,
): string | undefined {
  const key = /^(Key([A-Z])|Digit([0-9])|(F[0-9]{1,2}|Space))$/.exec(event.code);
  if (!key || (!event.ctrlKey && !event.altKey)) return undefined;
  const held = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift"];
  return [...held.filter(Boolean), key[2] ?? key[3] ?? key[4]].join("+");
}
