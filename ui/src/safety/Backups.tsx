import { Check, CircleAlert, Cloud, HardDrive, Laptop, ShieldCheck } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useQuery, useVersion } from "../app/data";
import type { BackupFolderView, BackupsView, DrillView, Job } from "../bindings";
import { chooseFolder, commands, errorOf, onProgress } from "../platform/tauri";
import { inWords } from "../shared/errors";
import { ago, bytes, count, date } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt, toast } from "../shared/toast";
import { Bar } from "../shared/ui";
import { nextStep, ringsOf } from "./copies";
import { kindsOf } from "./facts";
import { MissingFiles } from "./MissingFiles";

/** Backups that are shown at first. */
const SHOWN = 8;

/** Where the records are besides on this laptop, and the proof that they come back. */
export function Backups() {
  const version = useVersion();
  const [again, setAgain] = useState(0);
  const asked = useQuery(() => commands.backups(), [version, again]);
  const changed = () => setAgain((n) => n + 1);
  const data = asked.data;
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!data) return null;
  return (
    <>
      <section>
        <p className="lead">{t("backup.why")}</p>
        <Proof data={data} onChanged={changed} />
        <Rings data={data} />
      </section>
      <MissingFiles />
      <Places data={data} onChanged={changed} />
      <Kit data={data} onChanged={changed} />
      <Made data={data} />
    </>
  );
}

/** The last proof, and the two buttons that matter. */
function Proof({ data, onChanged }: { data: BackupsView; onChanged: () => void }) {
  const [busy, setBusy] = useState<"backup" | "drill">();
  const [error, setError] = useState<string>();
  const [drill, setDrill] = useState<DrillView>();
  const proven = data.backups.find((b) => b.drilled_at);
  const work = useWork(!!busy);
  async function run(what: "backup" | "drill") {
    setBusy(what);
    setError(undefined);
    setDrill(undefined);
    try {
      if (what === "backup") {
        const made = await commands.backUp(null);
        toast(t("backup.done", { n: count(made.records), size: bytes(made.size) }));
      } else {
        setDrill(await commands.drill(null, null));
      }
    } catch (thrown) {
      const { code, message } = errorOf(thrown);
      if (code !== "cancelled") setError(message);
    }
    setBusy(undefined);
    onChanged();
  }
  return (
    <div className="proof">
      <p id="last-proof" role="status">
        {proven?.drilled_at ? (
          <>
            <ShieldCheck size={16} className="good" />{" "}
            {t("backup.lastProof", {
              at: date(proven.drilled_at),
              n: count(proven.records),
              s: seconds(proven.drill_seconds ?? 0),
            })}
          </>
        ) : (
          <>
            <CircleAlert size={16} className="warn" />{" "}
            {t(data.backups.length ? "backup.noProof" : "backup.none")}
          </>
        )}
      </p>
      <div className="row-line wrap">
        <button
          type="button"
          className="button primary"
          id="back-up"
          disabled={!!busy}
          onClick={() => void run("backup")}
        >
          {t(busy === "backup" ? "backup.making" : "backup.now")}
        </button>
        <button
          type="button"
          className="button"
          id="drill"
          disabled={!!busy || !data.backups.some((b) => b.there)}
          onClick={() => void run("drill")}
        >
          {t(busy === "drill" ? "backup.proving" : "backup.prove")}
        </button>
        {work}
      </div>
      {drill && (
        <div className="notice small" id="drill-result" role="status">
          <div className="row-line">
            <ShieldCheck size={16} className="good" />
            <strong>{t("backup.proved", { n: count(drill.records), s: seconds(drill.seconds ?? 0) })}</strong>
          </div>
          <p className="soft">
            {t("backup.provedKinds", {
              kinds: kindsOf(Object.fromEntries(drill.kinds.map((k) => [k.kind, k.records]))),
            })}
          </p>
        </div>
      )}
      {error && (
        <p className="notice bad small" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

const seconds = (s: number) => (s < 10 ? s.toFixed(1) : count(Math.round(s)));

/** Progress past a second, with a way to stop. */
export function useWork(busy: boolean, of: Job = "backup") {
  const [late, setLate] = useState(false);
  const [part, setPart] = useState<{ done: number; total?: number }>();
  useEffect(
    () =>
      onProgress((n, total, job) => job === of && setPart({ done: n, total: total > 0 ? total : undefined })),
    [of],
  );
  useEffect(() => {
    setLate(false);
    setPart(undefined);
    if (!busy) return;
    const timer = setTimeout(() => setLate(true), 1000);
    return () => clearTimeout(timer);
  }, [busy]);
  if (!late) return null;
  return (
    <>
      <div className="short">
        <Bar {...part} />
      </div>
      <button type="button" className="button plain" onClick={() => void commands.cancel(of)}>
        {t("cancel")}
      </button>
    </>
  );
}

/** Three copies, on two media, one in another building: as a picture. */
function Rings({ data }: { data: BackupsView }) {
  const rings = ringsOf(data);
  const icons = { here: Laptop, disk: HardDrive, away: Cloud };
  const missing = nextStep(rings);
  return (
    <figure className="rings" aria-label={t("backup.rule")}>
      {rings.map((ring) => {
        const Icon = icons[ring.id];
        return (
          <div key={ring.id} className={ring.ok ? "ring ok" : "ring"}>
            <Icon size={22} aria-hidden="true" />
            <strong>{t(`backup.${ring.id}`)}</strong>
            <span className={ring.ok ? "good small" : "warn small"}>
              {ring.ok ? <Check size={13} /> : <CircleAlert size={13} />}{" "}
              {ring.last ? ago(ring.last) : t(ring.ok ? "backup.live" : "backup.missing")}
            </span>
          </div>
        );
      })}
      <figcaption className="soft small">{t(missing ? `backup.next.${missing}` : "backup.whole")}</figcaption>
    </figure>
  );
}

function Places({ data, onChanged }: { data: BackupsView; onChanged: () => void }) {
  const [bucket, setBucket] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  async function add(target: Parameters<typeof commands.addBackupTarget>[0]) {
    setBusy(true);
    setError(undefined);
    try {
      await commands.addBackupTarget(target);
      setBucket(false);
      toast(t("backup.placeAdded"));
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
    setBusy(false);
    onChanged();
  }
  async function folder() {
    const address = await chooseFolder();
    // One that is there already keeps what is known of it.
    const away = data.places.some((place) => place.address === address && place.away);
    if (address) await add({ ...EMPTY, address, away });
  }
  return (
    <section>
      <h2>{t("backup.places")}</h2>
      <ul className="plain-list" id="backup-places">
        {data.places.map((place) => (
          <Place key={place.address} place={place} onChanged={onChanged} />
        ))}
      </ul>
      {bucket ? (
        <Bucket busy={busy} onAdd={(target) => void add(target)} onClose={() => setBucket(false)} />
      ) : (
        <div className="row-line wrap">
          <button
            type="button"
            className="button"
            id="add-folder"
            disabled={busy}
            onClick={() => void folder()}
          >
            {t(busy ? "backup.making" : "backup.addFolder")}
          </button>
          <button
            type="button"
            className="button plain"
            id="add-bucket"
            disabled={busy}
            onClick={() => setBucket(true)}
          >
            {t("backup.addBucket")}
          </button>
        </div>
      )}
      {error && (
        <p className="notice bad small" role="alert">
          {error}
        </p>
      )}
      <KeepThem data={data} onChanged={onChanged} />
    </section>
  );
}

function Place({ place, onChanged }: { place: BackupFolderView; onChanged: () => void }) {
  const Icon = place.served || place.away ? Cloud : place.own ? Laptop : HardDrive;
  async function remove() {
    const gone = await attempt(() => commands.removeBackupTarget(place.address));
    if (gone === undefined) return;
    toast(t("backup.placeRemoved"));
    onChanged();
  }
  return (
    <li>
      <div className="row-line">
        <Icon size={16} aria-hidden="true" />
        <div className="grow">
          <strong>{place.own ? t("backup.own") : place.address}</strong>
          <div className="small state">
            {place.late || place.trouble ? (
              <span className="warn">
                <CircleAlert size={13} />{" "}
                {place.last ? t("backup.since", { ago: ago(place.last) }) : t("backup.never")}
              </span>
            ) : (
              <span className={place.last ? "good" : "soft"}>
                {place.last ? <Check size={13} /> : null}{" "}
                {place.last ? t("backup.at", { ago: ago(place.last) }) : t("backup.never")}
              </span>
            )}
          </div>
          {place.trouble && <div className="small soft">{inWords(place.trouble)}</div>}
          {place.same_disk && <div className="small soft">{t("backup.ownHint")}</div>}
        </div>
        {!place.own && (
          <button
            type="button"
            className="button plain flush-right"
            aria-label={t("backup.removeOf", { name: place.address })}
            onClick={() => void remove()}
          >
            {t("backup.remove")}
          </button>
        )}
      </div>
    </li>
  );
}

const EMPTY = { address: "", away: false, endpoint: "", region: "", key_id: "", secret: "" };
const BUCKET = ["address", "endpoint", "region", "key_id", "secret"] as const;

function Bucket({
  busy,
  onAdd,
  onClose,
}: {
  busy: boolean;
  onAdd: (target: typeof EMPTY) => void;
  onClose: () => void;
}) {
  const [target, setTarget] = useState({ ...EMPTY, away: true });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!isComposing(event.nativeEvent)) onAdd({ ...target, address: target.address.trim() });
  }
  return (
    <form className="stack" onSubmit={submit}>
      {BUCKET.map((key) => (
        <label key={key} className="field">
          <span>{t(`backup.bucket.${key}`)}</span>
          <input
            className="input"
            id={`bucket-${key}`}
            type={key === "secret" ? "password" : "text"}
            placeholder={key === "address" ? "s3://…" : ""}
            required={key === "address"}
            autoFocus={key === "address"}
            autoComplete="off"
            spellCheck={false}
            value={target[key]}
            onChange={(e) => setTarget({ ...target, [key]: e.target.value })}
          />
        </label>
      ))}
      <div className="row-line">
        <button type="submit" className="button primary" disabled={busy}>
          {t(busy ? "backup.making" : "backup.add")}
        </button>
        <button type="button" className="button plain" onClick={onClose}>
          {t("cancel")}
        </button>
      </div>
    </form>
  );
}

const SPANS = ["days", "weeks", "months"] as const;

/** How many are kept. */
function KeepThem({ data, onChanged }: { data: BackupsView; onChanged: () => void }) {
  const { automatic, keep } = data;
  async function set(automatic: boolean, next: typeof keep) {
    if ((await attempt(() => commands.keepBackups(automatic, next))) !== undefined) onChanged();
  }
  return (
    <div className="stack">
      <label className="row-line">
        <input
          type="checkbox"
          id="backup-automatic"
          checked={automatic}
          onChange={(e) => void set(e.target.checked, keep)}
        />
        {t("backup.automatic")}
      </label>
      <div className="row-line wrap small">
        <span className="soft">{t("backup.keep")}</span>
        {SPANS.map((span) => (
          <label key={span} className="row-line">
            <input
              className="input narrow-input"
              id={`keep-${span}`}
              type="number"
              min={span === "days" ? 1 : 0}
              max={1000}
              key={keep[span]}
              defaultValue={keep[span]}
              onBlur={(e) => {
                const n = e.target.valueAsNumber;
                if (Number.isInteger(n) && n !== keep[span]) void set(automatic, { ...keep, [span]: n });
              }}
            />
            {t(`backup.${span}`)}
          </label>
        ))}
      </div>
    </div>
  );
}

/** Twice a year the paper kit is to open a backup: before it must. */
function Kit({ data, onChanged }: { data: BackupsView; onChanged: () => void }) {
  const [open, setOpen] = useState(false);
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const { last, due } = data.kit_drill;
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent)) return;
    setBusy(true);
    setError(undefined);
    try {
      await commands.drill(null, code);
      setCode("");
      setOpen(false);
      toast(t("backup.kitProved"));
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
    setBusy(false);
    onChanged();
  }
  return (
    <section>
      <h2>{t("backup.kit")}</h2>
      <p className={due ? "notice" : "lead"}>
        {due && <CircleAlert size={14} className="warn" />}{" "}
        {last ? t("backup.kitLast", { at: date(last) }) : t("backup.kitNever")} {t("backup.kitWhy")}
      </p>
      {open ? (
        <form className="stack" onSubmit={(e) => void submit(e)}>
          <input
            className="input"
            id="kit-code"
            aria-label={t("unlock.code")}
            placeholder="XXXX-XXXX-…"
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={code}
            onChange={(e) => setCode(e.target.value)}
          />
          {error && (
            <p className="error" role="alert">
              {error}
            </p>
          )}
          <div className="row-line">
            <button type="submit" className="button primary" id="kit-drill" disabled={busy || !code.trim()}>
              {t(busy ? "backup.proving" : "backup.kitOpen")}
            </button>
            <button type="button" className="button plain" onClick={() => setOpen(false)}>
              {t("cancel")}
            </button>
          </div>
        </form>
      ) : (
        <button
          type="button"
          className="button"
          id="kit-begin"
          disabled={!data.backups.some((b) => b.there)}
          onClick={() => setOpen(true)}
        >
          {t("backup.kitBegin")}
        </button>
      )}
    </section>
  );
}

/** The newest backups, each with its proof. */
function Made({ data }: { data: BackupsView }) {
  const [shown, setShown] = useState(SHOWN);
  if (data.backups.length === 0) return null;
  return (
    <section>
      <h2>{t("backup.made")}</h2>
      <table className="plain" id="backups">
        <thead>
          <tr>
            <th>{t("backup.when")}</th>
            <th className="number">{t("backup.records")}</th>
            <th className="number">{t("backup.size")}</th>
            <th>{t("backup.state")}</th>
            <th>{t("backup.file")}</th>
          </tr>
        </thead>
        <tbody>
          {data.backups.slice(0, shown).map((b) => (
            <tr key={b.file}>
              <td>{date(b.made_at)}</td>
              <td className="number">{count(b.records)}</td>
              <td className="number">{bytes(b.size)}</td>
              <td>{t(!b.there ? "backup.gone" : b.drilled_at ? "backup.proven" : "backup.readBack")}</td>
              <td className="soft small cell" title={b.file}>
                {b.file}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.backups.length > shown && (
        <button type="button" className="button plain flush" onClick={() => setShown(shown + 50)}>
          {t("backup.more")}
        </button>
      )}
    </section>
  );
}
