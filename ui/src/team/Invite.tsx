import { useState } from "react";
import type { InvitationAnswer } from "../bindings";
import { commands } from "../platform/tauri";
import { date } from "../shared/format";
import { type Key, t } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";
import { rank } from "./team";

/** A link for one person. */
export function Invite({ own }: { own: string }) {
  const [role, setRole] = useState("member");
  const [days, setDays] = useState(7);
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<InvitationAnswer>();
  async function make() {
    setBusy(true);
    setMade(await attempt(() => commands.invite(role, days)));
    setBusy(false);
  }
  async function copy(link: string) {
    const done = await attempt(() => navigator.clipboard.writeText(link).then(() => true));
    if (done) toast(t("copied"));
  }
  return (
    <section id="invite">
      <h2>{t("team.invite")}</h2>
      {made ? (
        <div className="panel invitation">
          <img alt={t("team.qr")} src={`data:image/svg+xml;utf8,${encodeURIComponent(made.qr)}`} />
          <div className="stack grow">
            <p>{t("team.send", { role: t(`role.${role}` as Key), at: date(made.expires_at) })}</p>
            <input
              className="input"
              id="invitation"
              readOnly
              aria-label={t("team.link")}
              value={made.link}
              onFocus={(e) => e.target.select()}
            />
            <div className="row-line">
              <button
                type="button"
                className="button primary"
                id="copy-link"
                onClick={() => void copy(made.link)}
              >
                {t("team.copy")}
              </button>
              <button type="button" className="button plain" onClick={() => setMade(undefined)}>
                {t("team.inviteAnother")}
              </button>
            </div>
          </div>
        </div>
      ) : (
        <>
          <fieldset className="plain roles">
            <legend className="sr">{t("team.role")}</legend>
            {["member", "admin", "viewer"]
              .filter((r) => rank(r) <= rank(own))
              .map((r) => (
                <label key={r}>
                  <input
                    type="radio"
                    name="role"
                    value={r}
                    checked={role === r}
                    onChange={() => setRole(r)}
                  />
                  <span>
                    <strong>{t(`role.${r}` as Key)}</strong>
                    <span className="soft">{t(`role.${r}.may` as Key)}</span>
                  </span>
                </label>
              ))}
          </fieldset>
          <div className="row-line">
            <label className="row-line">
              <span className="soft">{t("team.valid")}</span>
              <select className="input" value={days} onChange={(e) => setDays(Number(e.target.value))}>
                {[1, 7].map((n) => (
                  <option key={n} value={n}>
                    {t("team.days", { n })}
                  </option>
                ))}
              </select>
            </label>
            <button
              type="button"
              className="button primary"
              id="make-link"
              disabled={busy}
              onClick={() => void make()}
            >
              {t("team.makeLink")}
            </button>
          </div>
        </>
      )}
    </section>
  );
}
