import { Component, type ReactNode, useCallback, useEffect, useState } from "react";
import type { AppState } from "../bindings";
import { commands, errorOf, onOpened, onReminder, onVault } from "../platform/tauri";
import { language, t, usePrefs } from "../shared/i18n";
import { clearToasts, Toasts, toast } from "../shared/toast";
import { Unlock } from "../start/Unlock";
import { Waiting } from "../start/Waiting";
import { Welcome } from "../start/Welcome";
import { forgetRecents, openRecord } from "./data";
import { Frame } from "./Frame";
import { go } from "./router";

export function App() {
  const { capture } = usePrefs();
  // Windows of single records leave it to the main one. What is refused is said in the settings.
  useEffect(() => {
    if (!location.hash) void commands.setCaptureKeys(capture).catch(() => {});
  }, [capture]);
  const [state, setState] = useState<AppState>();
  const [lockedByHand, setLockedByHand] = useState(false);
  const [welcoming, setWelcoming] = useState(false);
  // From the first sight of a vault that waits for its team until the first sync is done.
  const [joining, setJoining] = useState(false);
  const [files, setFiles] = useState<string[]>([]);

  const refresh = useCallback(async () => {
    try {
      const next = await commands.appState();
      setState(next);
      if (next.state === "no_vault") setWelcoming(true);
      if (next.waiting) setJoining(true);
    } catch (thrown) {
      toast(errorOf(thrown).message);
    }
  }, []);

  useEffect(() => {
    const unexpected = (event: PromiseRejectionEvent) => {
      const { code, message } = errorOf(event.reason);
      if (code !== "locked") toast(t("error.unexpected", { what: message }));
    };
    window.addEventListener("unhandledrejection", unexpected);
    return () => window.removeEventListener("unhandledrejection", unexpected);
  }, []);

  useEffect(() => {
    void refresh();
    void commands.openedFiles().then(setFiles);
    const stopFiles = onOpened(setFiles);
    const stop = onVault((event) => {
      if (event.type === "changed" || event.type === "alerted") return;
      if (event.type === "locked") {
        setLockedByHand(true);
        setJoining(false);
        forgetRecents();
        clearToasts();
        // At once: nothing of a customer stays on the screen until the host has answered.
        setState((now) => now && { ...now, state: "locked" });
      }
      void refresh();
    });
    return () => {
      stop();
      stopFiles();
    };
  }, [refresh]);

  const open = state?.state === "open" && !welcoming;
  const spoken = language();
  useEffect(() => void commands.speak(spoken === "zh"), [spoken]);
  useEffect(() => {
    if (!open || joining) return;
    return onReminder((record) =>
      record ? openRecord(record.id, record.kind, record.day) : go({ page: "today" }),
    );
  }, [open, joining]);
  useEffect(() => {
    if (open && !joining && files.length > 0) {
      go({ page: "import", path: files[0] });
      setFiles([]);
    }
  }, [open, joining, files]);

  // Somebody is there: the host locks the vault when this falls silent.
  useEffect(() => {
    if (!open) return;
    let last = 0;
    const sign = () => {
      if (Date.now() - last > 10_000) {
        last = Date.now();
        void commands.touch();
      }
    };
    for (const name of ["keydown", "pointerdown", "pointermove", "wheel"])
      window.addEventListener(name, sign, { passive: true, capture: true });
    return () => {
      for (const name of ["keydown", "pointerdown", "pointermove", "wheel"])
        window.removeEventListener(name, sign, { capture: true });
    };
  }, [open]);

  return (
    // A lock clears what an error has left on the screen too.
    <Boundary key={state?.state === "locked" ? "locked" : "open"}>
      {state && welcoming && (
        <Welcome
          // What is asked first: a vault that waits for its team has another screen.
          onDone={() => void refresh().then(() => setWelcoming(false))}
        />
      )}
      {state && !welcoming && state.state === "locked" && <Unlock state={state} automatic={!lockedByHand} />}
      {open && joining && (
        <div className="start">
          <Waiting
            waiting={state.waiting}
            onDone={() => {
              setJoining(false);
              void refresh();
            }}
          />
        </div>
      )}
      {open && !joining && <Frame />}
      <Toasts />
    </Boundary>
  );
}

/** A broken screen says so and keeps the rest of the app alive. */
class Boundary extends Component<{ children: ReactNode }, { error?: Error; copied?: boolean }> {
  override state: { error?: Error; copied?: boolean } = {};

  static getDerivedStateFromError(error: Error) {
    return { error, copied: false };
  }

  override render() {
    const { error, copied } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="start">
        <main className="card stack" role="alert">
          <h1>{t("error.title")}</h1>
          <p>{t("error.safe")}</p>
          <pre className="small soft">{error.message}</pre>
          <div className="row-line">
            <button
              type="button"
              className="button primary"
              onClick={() => {
                go({ page: "list", kind: "person" });
                this.setState({ error: undefined });
              }}
            >
              {t("error.reload")}
            </button>
            <button
              type="button"
              className="button"
              id="copy-details"
              onClick={() =>
                void navigator.clipboard
                  .writeText(`${error.message}\n${error.stack ?? ""}`)
                  .then(() => this.setState({ copied: true }))
              }
            >
              <span aria-live="polite">{t(copied ? "error.copied" : "copy")}</span>
            </button>
          </div>
        </main>
      </div>
    );
  }
}
