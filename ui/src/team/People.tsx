import { useEffect, useRef, useState } from "react";
import type { DeviceView, MemberView } from "../bindings";
import { commands } from "../platform/tauri";
import { ago } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";
import { Avatar } from "../shared/ui";
import { ROLES, rank } from "./team";

/** Everybody with their devices; those who are out stand last. */
export function People({ people, own }: { people: MemberView[]; own: string }) {
  const isOut = (m: MemberView) => m.devices.every((d) => d.revoked);
  const sorted = [...people].sort(
    (a, b) => Number(isOut(a)) - Number(isOut(b)) || rank(b.role) - rank(a.role),
  );
  return (
    <section id="people">
      <h2>{t("team.people")}</h2>
      {sorted.map((m) => (
        <Person key={m.id} member={m} own={own} out={isOut(m)} />
      ))}
    </section>
  );
}

function Person({ member, own, out }: { member: MemberView; own: string; out: boolean }) {
  /** What would be removed: a device's id, or the person's. */
  const [removing, setRemoving] = useState<string>();
  const [busy, setBusy] = useState(false);
  const me = member.devices.some((d) => d.this);
  // As `Membership::act` has it: owners everybody, admins those below them, all their own devices.
  const below = own === "owner" || (own === "admin" && rank(member.role) < rank("admin"));
  const roles = ROLES.filter((r) => own === "owner" || rank(r) < rank("admin"));
  const live = member.devices.filter((d) => !d.revoked);
  const sure = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (removing) sure.current?.scrollIntoView({ block: "nearest" });
  }, [removing]);
  const named = live.find((d) => d.id === removing);

  async function change(role: string) {
    const before = member.role;
    const set = (to: string) =>
      attempt(async () => {
        await commands.changeRole(member.id, to);
        await commands.sync();
        return true;
      });
    if (await set(role))
      toast(t("team.changed", { person: member.person, role: tOr(`role.${role}`, role) }), {
        label: t("undo"),
        run: () => void set(before),
      });
  }
  async function remove(whom: string) {
    setBusy(true);
    const done = await attempt(async () => {
      await commands.revoke(whom);
      await commands.sync();
      return true;
    });
    if (done) toast(t("team.removed", { name: named?.name ?? member.person }));
    setRemoving(undefined);
    setBusy(false);
  }
  return (
    <div className="member">
      <Avatar id={member.id} title={member.person} />
      <div className="grow">
        <div className="row-line">
          <strong>{member.person}</strong>
          {me && <span className="tag">{t("team.you")}</span>}
          <span className="grow" />
          {out ? (
            <span className="soft">{t("team.out")}</span>
          ) : below && !me ? (
            <>
              <select
                className="input"
                aria-label={t("team.roleOf", { person: member.person })}
                value={member.role}
                onChange={(e) => void change(e.target.value)}
              >
                {roles.map((r) => (
                  <option key={r} value={r}>
                    {t(`role.${r}`)}
                  </option>
                ))}
              </select>
              <button
                type="button"
                className="button plain flush-right"
                aria-expanded={removing === member.id}
                aria-label={t("team.removeOf", { name: member.person })}
                onClick={() => setRemoving(removing === member.id ? undefined : member.id)}
              >
                {t("remove")}
              </button>
            </>
          ) : (
            <span className="soft">{tOr(`role.${member.role}`, member.role)}</span>
          )}
        </div>
        <ul className="plain-list devices">
          {member.devices.map((device) => (
            <Device
              key={device.id}
              device={device}
              // With the last device the person goes.
              onRemove={
                !device.this && !device.revoked && live.length > 1 && (below || me)
                  ? () => setRemoving(removing === device.id ? undefined : device.id)
                  : undefined
              }
            />
          ))}
        </ul>
        {removing && (
          <div className="notice bad sure" ref={sure}>
            <p>
              {t(named ? "team.removeDeviceWhat" : "team.removeWhat", { name: named?.name ?? member.person })}
            </p>
            <div className="row-line">
              <button
                type="button"
                className="button danger"
                data-remove
                disabled={busy}
                onClick={() => void remove(removing)}
              >
                {t("team.removeSure", { name: named?.name ?? member.person })}
              </button>
              <button type="button" className="button plain" onClick={() => setRemoving(undefined)}>
                {t("cancel")}
              </button>
            </div>
          </div>
        )}
      </div>
    </div>
  );
}

function Device({ device, onRemove }: { device: DeviceView; onRemove?: () => void }) {
  const heard = device.last_seen ? t("team.heard", { ago: ago(device.last_seen) }) : t("team.notHeard");
  return (
    <li className="row-line small soft">
      <span>{device.name}</span>
      <span aria-hidden="true">·</span>
      <span>{device.this ? t("team.thisDevice") : device.revoked ? t("team.deviceOut") : heard}</span>
      {onRemove && (
        <button
          type="button"
          className="button plain small"
          aria-label={t("team.removeOf", { name: device.name })}
          onClick={onRemove}
        >
          {t("remove")}
        </button>
      )}
    </li>
  );
}
