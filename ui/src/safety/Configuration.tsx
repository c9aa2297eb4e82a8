import { CircleAlert, CircleCheck } from "lucide-react";
import { useState } from "react";
import { useQuery, useVersion } from "../app/data";
import { go, replace } from "../app/router";
import type { ConfigDifference, DriftView } from "../bindings";
import { chooseFile, chooseTarget, commands } from "../platform/tauri";
import { count, type Json } from "../shared/format";
import { t, tOr } from "../shared/i18n";
import { attempt, toast } from "../shared/toast";

/** Where each setting is changed. */
function change(key: string) {
  if (key.startsWith("backup")) replace({ page: "safety", tab: "backups" });
  else if (key.startsWith("alerts")) replace({ page: "safety", tab: "alerts" });
  else if (key.startsWith("drills")) replace({ page: "safety", tab: "incidents" });
  else go({ page: "settings" });
}

function shown(value: Json): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return t(value ? "config.yes" : "config.no");
  if (typeof value === "number") return count(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How the vault is set up beside what is recommended, and as one file. */
export function Configuration() {
  return (
    <>
      <Drift />
      <AsFile />
    </>
  );
}

function Drift() {
  const version = useVersion();
  const asked = useQuery(() => commands.configDrift(), [version]);
  if (asked.error) return <p className="notice bad">{asked.error}</p>;
  if (!asked.data) return null;
  const drifted = asked.data.filter((point) => !point.ok);
  const sorted = [...drifted, ...asked.data.filter((point) => point.ok)];
  return (
    <section>
      <p className="lead" role="status" id="drift">
        {drifted.length === 0 ? t("config.none") : t("config.drifted", { n: count(drifted.length) })}
      </p>
      <ul className="plain-list">
        {sorted.map((point) => (
          <Point key={point.key} point={point} />
        ))}
      </ul>
    </section>
  );
}

function Point({ point }: { point: DriftView }) {
  const Icon = point.ok ? CircleCheck : CircleAlert;
  const name = tOr(`config.key.${point.key}`, point.key);
  const recommended = point.recommended === "true" ? t("config.yes") : point.recommended;
  return (
    <li className="row-line">
      <Icon
        size={16}
        className={point.ok ? "good" : "warn"}
        role="img"
        aria-label={t(point.ok ? "config.asRecommended" : "config.otherwise")}
      />
      <span className="grow">{name}</span>
      <span className="soft small">{t("config.now", { now: shown(point.now), recommended })}</span>
      {!point.ok && (
        <button
          type="button"
          className="button"
          aria-label={t("config.changeOf", { what: name })}
          onClick={() => change(point.key)}
        >
          {t("config.change")}
        </button>
      )}
    </li>
  );
}

function AsFile() {
  const [path, setPath] = useState<string>();
  const [differences, setDifferences] = useState<ConfigDifference[]>();
  async function save() {
    const to = await chooseTarget(`${t("config.file")}.json`);
    if (to && (await attempt(async () => (await commands.exportConfig(to)) ?? true)))
      toast(t("incident.saved", { path: to }));
  }
  async function compare(chosen: string | null) {
    if (!chosen) return;
    const found = await attempt(() => commands.compareConfig(chosen));
    if (!found) return;
    setPath(chosen);
    setDifferences(found);
  }
  async function restore(from: string | null) {
    const done = await attempt(() => commands.restoreConfig(from));
    if (!done) return;
    setDifferences(undefined);
    setPath(undefined);
    toast(t("config.restored", { n: count(done.changed.length) }), {
      label: t("config.takeBack"),
      run: () => void restore(null),
    });
  }
  return (
    <section>
      <h2>{t("config.asFile")}</h2>
      <p className="soft">{t("config.asFileHint")}</p>
      <div className="row-line">
        <button type="button" className="button" id="config-export" onClick={() => void save()}>
          {t("config.export")}
        </button>
        <button
          type="button"
          className="button"
          id="config-compare"
          onClick={() => void chooseFile("JSON", ["json"]).then(compare)}
        >
          {t("config.compare")}
        </button>
      </div>
      {differences && path && (
        <>
          <p role="status">
            {differences.length === 0
              ? t("config.same")
              : t("config.differences", { n: count(differences.length) })}
          </p>
          {differences.length > 0 && (
            <>
              <Differences differences={differences} />
              <button
                type="button"
                className="button primary"
                id="config-restore"
                onClick={() => void restore(path)}
              >
                {t("config.restore")}
              </button>
            </>
          )}
        </>
      )}
    </section>
  );
}

function Differences({ differences }: { differences: ConfigDifference[] }) {
  return (
    <table className="trail" id="config-differences">
      <thead>
        <tr>
          <th scope="col">{t("config.what")}</th>
          <th scope="col">{t("config.here")}</th>
          <th scope="col">{t("config.there")}</th>
        </tr>
      </thead>
      <tbody>
        {differences.map((d) => (
          <tr key={d.key}>
            <td>{d.label ? `${d.label} (${d.key.split(".").at(-1)})` : tOr(`config.key.${d.key}`, d.key)}</td>
            <td>{shown(d.here)}</td>
            <td>{shown(d.there)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
