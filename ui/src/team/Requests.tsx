import { useState } from "react";
import type { RequestView } from "../bindings";
import { commands } from "../platform/tauri";
import { t, tOr } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";

/** People who hold an invitation and wait at their screens. */
export function Requests({ requests }: { requests: RequestView[] }) {
  if (requests.length === 0) return null;
  return (
    <section id="requests">
      <h2>{t("team.requests")}</h2>
      {requests.map((request) => (
        <Request key={request.request} request={request} />
      ))}
    </section>
  );
}

function Request({ request }: { request: RequestView }) {
  const [busy, setBusy] = useState(false);
  async function letIn() {
    setBusy(true);
    const done = await attempt(() => commands.approve(request.request));
    if (done) toast(t("team.letIn", { person: request.person }));
    await attempt(commands.sync);
    setBusy(false);
  }
  async function sendAway() {
    setBusy(true);
    const done = await attempt(() => commands.refuse(request.request));
    if (done) toast(t("team.sentAway", { person: request.person }));
    setBusy(false);
  }
  return (
    <div className="panel request">
      <div className="grow">
        <strong>{request.person}</strong>
        <div className="soft">
          {request.device} · {tOr(`role.${request.role}`, request.role)}
        </div>
      </div>
      <Digits code={request.check_code} />
      <div className="answer">
        <p className="soft small">{t("team.compare")}</p>
        <button
          type="button"
          className="button primary"
          data-approve
          disabled={busy}
          onClick={() => void letIn()}
        >
          {t("team.approve")}
        </button>{" "}
        <button type="button" className="button" disabled={busy} onClick={() => void sendAway()}>
          {t("team.refuse")}
        </button>
      </div>
    </div>
  );
}

/** Six digits, in two groups that are read aloud easily. */
export function Digits({ code, big }: { code: string; big?: boolean }) {
  return (
    <output className={big ? "digits big" : "digits"} aria-label={[...code].join(" ")}>
      {code.slice(0, 3)} {code.slice(3)}
    </output>
  );
}
