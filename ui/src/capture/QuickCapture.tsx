import { useCallback, useEffect, useRef, useState } from "react";
import type { LockState } from "../bindings";
import { commands, errorOf, onVault } from "../platform/tauri";
import { becomes, Meaning, useMeaning } from "../records/Meaning";
import { today } from "../shared/format";
import { t, usePrefs } from "../shared/i18n";
import { isComposing } from "../shared/keys";

/** How long what was added is told before the window goes by itself. */
const TOLD = 2500;

/** The window of one line, over whatever one is doing. Enter saves, Ctrl+Z takes it back, Escape goes. */
export function QuickCapture() {
  usePrefs();
  const [state, setState] = useState<LockState>();
  const refresh = useCallback(() => void commands.appState().then((now) => setState(now.state)), []);
  useEffect(() => {
    refresh();
    const stop = onVault((event) => {
      if (event.type === "locked") setState("locked");
      if (event.type !== "changed") refresh();
    });
    const onEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !isComposing(event)) void commands.closeCapture();
    };
    window.addEventListener("keydown", onEscape);
    window.addEventListener("focus", refresh);
    return () => {
      stop();
      window.removeEventListener("keydown", onEscape);
      window.removeEventListener("focus", refresh);
    };
  }, [refresh]);
  return (
    <main className="quick stack" data-state={state}>
      <h1 className="sr">{t("capture.title")}</h1>
      {state === "open" && <Line key="open" />}
      {state === "locked" && <Line key="locked" locked />}
      {state === "no_vault" && <Elsewhere says={t("capture.noVault")} />}
    </main>
  );
}

/** What was made of a line, and how that is taken back. */
interface Made {
  title: string;
  takeBack: () => Promise<unknown>;
}

/** Of an open vault: the record that it has become. */
async function capture(line: string): Promise<{ made: Made; said: string }> {
  const done = await commands.captureLine(line, today());
  const title = done.title || line;
  const takeBack = async () => commands.undo(done.operation);
  return { made: { title, takeBack }, said: t("capture.made", { title }) };
}

/** Of a locked one: it waits, sealed, and nothing is read. */
async function seal(line: string): Promise<{ made: Made; said: string }> {
  const done = await commands.sealLine(line, today());
  const takeBack = async () => commands.unsealLine(done.id);
  const said = t("capture.sealed", { n: done.waiting });
  return { made: { title: line, takeBack }, said };
}

function Line({ locked }: { locked?: boolean }) {
  const [line, setLine] = useState("");
  const [made, setMade] = useState<Made>();
  const [said, setSaid] = useState<{ text: string; bad?: boolean }>();
  const input = useRef<HTMLInputElement>(null);
  const busy = useRef(false);
  const wanted = line.trim();
  const meaning = useMeaning(locked ? "" : line);

  useEffect(() => {
    const focus = () => input.current?.focus();
    focus();
    window.addEventListener("focus", focus);
    return () => window.removeEventListener("focus", focus);
  }, []);
  // Nobody types any more: the screen is given back.
  useEffect(() => {
    if (!made || wanted) return;
    const timer = setTimeout(() => void leave(), TOLD);
    return () => clearTimeout(timer);
  });

  async function leave() {
    setMade(undefined);
    setSaid(undefined);
    setLine("");
    await commands.closeCapture();
  }
  async function act<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (busy.current) return;
    busy.current = true;
    void commands.touch();
    try {
      return await work();
    } catch (thrown) {
      setSaid({ text: errorOf(thrown).message, bad: true });
    } finally {
      busy.current = false;
    }
  }
  async function save() {
    if (!wanted) return leave();
    const done = await act(() => (locked ? seal : capture)(wanted));
    if (!done) return;
    setMade(done.made);
    setLine("");
    setSaid({ text: done.said });
  }
  async function takeBack() {
    if (!made || (await act(async () => [await made.takeBack()])) === undefined) return;
    setMade(undefined);
    setSaid({ text: t("capture.takenBack", { title: made.title }) });
  }

  return (
    <>
      <input
        ref={input}
        className="input big"
        id="capture"
        autoFocus
        autoComplete="off"
        spellCheck={false}
        aria-label={t("capture.hint")}
        placeholder={t("capture.hint")}
        value={line}
        onChange={(e) => {
          setLine(e.target.value);
          setSaid(undefined);
        }}
        onKeyDown={(e) => {
          if (isComposing(e.nativeEvent)) return;
          const back = e.key.toLowerCase() === "z" && (e.ctrlKey || e.metaKey) && !line && made;
          if (e.key !== "Enter" && !back) return;
          e.preventDefault();
          if (back) void takeBack();
          else void save();
        }}
      />
      <div aria-live="polite" className="quick-says stack">
        {said && (
          <p id="quick-said" className={said.bad ? "error" : ""} role={said.bad ? "alert" : undefined}>
            {said.text}
          </p>
        )}
        {meaning && wanted && <Meaning said={meaning} />}
        {!said && locked && <p id="quick-locked">{t("capture.locked")}</p>}
        {!wanted && !said && <p className="soft small">{t("capture.examples")}</p>}
      </div>
      {locked && <Unlocking />}
      <footer className="row-line soft small">
        <span>
          <kbd>Enter</kbd>{" "}
          {(wanted && becomes(meaning)) || t(made && !wanted ? "close" : locked ? "capture.seal" : "add")}
        </span>
        {made && (
          <span>
            <kbd>Ctrl Z</kbd> {t("undo")}
          </span>
        )}
        <span className="grow" />
        <span>
          <kbd>Esc</kbd> {t("close")}
        </span>
      </footer>
    </>
  );
}

/** The keyring opens it; a passphrase is asked for in the main window. */
function Unlocking() {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  async function unlock() {
    setBusy(true);
    try {
      await commands.unlockKeyring();
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
    setBusy(false);
  }
  return (
    <>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <div className="row-line wrap">
        <button
          type="button"
          className="button"
          id="quick-unlock"
          disabled={busy}
          onClick={() => void unlock()}
        >
          {busy ? t("unlock.opening") : t("unlock.keyring")}
        </button>
        <ToMain />
      </div>
    </>
  );
}

function Elsewhere({ says }: { says: string }) {
  return (
    <>
      <p>{says}</p>
      <div>
        <ToMain />
      </div>
    </>
  );
}

function ToMain() {
  return (
    <button
      type="button"
      className="button"
      id="quick-main"
      onClick={() => void commands.showMain().then(() => commands.closeCapture())}
    >
      {t("capture.openMain")}
    </button>
  );
}
