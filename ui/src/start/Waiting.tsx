import { type FormEvent, useEffect, useRef, useState } from "react";
import type { WaitingView } from "../bindings";
import { commands, errorOf, onProgress } from "../platform/tauri";
import { count, date } from "../shared/format";
import { t } from "../shared/i18n";
import { toast } from "../shared/toast";
import { Bar } from "../shared/ui";
import { Digits } from "../team/Requests";
import { InvitationField, type Invited } from "./Join";
import { Brand } from "./Welcome";

const BETWEEN_LOOKS = 2000;

/** A vault that is not let in yet: the digits, until somebody has compared them; then the first sync. */
export function Waiting({ waiting, onDone }: { waiting: WaitingView | null; onDone: () => void }) {
  const [asked, setAsked] = useState(waiting?.asked);
  const [welcome, setWelcome] = useState(false);
  const [error, setError] = useState<string>();
  const [again, setAgain] = useState(false);
  const [received, setReceived] = useState(0);
  const done = useRef(onDone);
  done.current = onDone;
  // Once in, there is nothing more to be asked.
  if (waiting?.asked && waiting.asked !== asked) setAsked(waiting.asked);

  const waits = !!asked && !welcome;
  const expired = !!asked && new Date(asked.expires_at).getTime() < Date.now();
  useEffect(() => {
    if (!waits) return;
    let timer: ReturnType<typeof setTimeout>;
    let current = true;
    const look = async () => {
      try {
        const isIn = await commands.isWelcome();
        if (!current) return;
        setError(undefined);
        if (isIn) return setWelcome(true);
      } catch (thrown) {
        const { code, message } = errorOf(thrown);
        if (!current || code === "locked") return;
        setError(message);
      }
      timer = setTimeout(look, BETWEEN_LOOKS);
    };
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [waits]);

  useEffect(() => {
    if (!welcome) return;
    const stop = onProgress((n, _total, job) => job === "sync" && setReceived((now) => Math.max(now, n)));
    void commands
      .sync()
      // What is missing comes with the next sync; the status bar says so.
      .catch((thrown) => toast(errorOf(thrown).message))
      .then(() => done.current());
    return stop;
  }, [welcome]);

  if (welcome)
    return (
      <main className="card stack" id="first-sync">
        <Brand />
        <h1>{t("wait.in")}</h1>
        <p className="soft">
          {received > 0 ? t("wait.received", { n: count(received) }) : t("wait.fetching")}
        </p>
        <Bar />
      </main>
    );
  return (
    <main className="card stack" id="waiting">
      <Brand />
      <div>
        <h1>{t("wait.title")}</h1>
        <p className="soft">{t(expired ? "wait.expired" : asked ? "wait.hint" : "wait.lost")}</p>
      </div>
      {asked && !expired && !again && (
        <>
          <Digits code={asked.check_code} big />
          <p className="soft small center">
            {t("wait.until", { at: date(asked.expires_at), place: asked.address })}
          </p>
        </>
      )}
      {error && (
        <p className="notice bad" role="alert">
          {error}
        </p>
      )}
      {asked && !expired && !again ? (
        <div>
          <button type="button" className="button plain flush" id="ask-again" onClick={() => setAgain(true)}>
            {t("wait.other")}
          </button>
        </div>
      ) : (
        <AskAgain onAsked={() => setAgain(false)} onClose={again ? () => setAgain(false) : undefined} />
      )}
    </main>
  );
}

/** With another link, or in another folder. */
function AskAgain({ onAsked, onClose }: { onAsked: () => void; onClose?: () => void }) {
  const [invited, setInvited] = useState<Invited>();
  const [error, setError] = useState<string>();
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!invited) return;
    try {
      await commands.askAgain(invited.link, invited.address);
      onAsked();
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
  }
  return (
    <form className="stack" onSubmit={(e) => void submit(e)}>
      <InvitationField onChange={setInvited} />
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <div className="row-line">
        <button type="submit" className="button primary big" disabled={!invited}>
          {t("join.ask")}
        </button>
        {onClose && (
          <button type="button" className="button plain big" onClick={onClose}>
            {t("cancel")}
          </button>
        )}
      </div>
    </form>
  );
}
