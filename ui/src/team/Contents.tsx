import { useEffect, useState } from "react";
import type { ContentsSegment, ContentsView } from "../bindings";
import { commands, errorOf } from "../platform/tauri";
import { bytes, count, date } from "../shared/format";
import { t, tOr } from "../shared/i18n";

/** What a server holds of the team, in its own words: ids without meaning, sizes, ciphertext. */
export function Contents({ name }: { name: string }) {
  const [seen, setSeen] = useState<ContentsView>();
  const [rows, setRows] = useState<ContentsSegment[]>([]);
  const [error, setError] = useState<string>();
  const [all, setAll] = useState(false);
  async function more(from: number) {
    try {
      const contents = await commands.serverContents(name, from);
      setSeen(contents);
      setAll(contents.segments.length === 0);
      setRows((known) => [...known.filter((r) => r.seq < from), ...contents.segments]);
    } catch (thrown) {
      setError(errorOf(thrown).message);
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each server
  useEffect(() => void more(1), [name]);
  if (error)
    return (
      <p className="error" role="alert">
        {error}
      </p>
    );
  if (!seen) return null;
  const { workspace } = seen;
  const last = rows.at(-1)?.seq ?? 0;
  return (
    <div className="contents">
      <p className="soft small">{t("contents.why")}</p>
      <dl className="small">
        <dt>{t("contents.team")}</dt>
        <dd className="mono">{workspace.id}</dd>
        <dt>{t("contents.holds")}</dt>
        <dd>
          {t("contents.totals", { n: count(workspace.entries), size: bytes(workspace.bytes) })}{" "}
          {t("contents.beside", {
            records: count(seen.control_records),
            keys: count(seen.wrapped_keys),
            requests: count(seen.requests),
          })}
        </dd>
        <dt>{t("contents.devices")}</dt>
        <dd>
          {seen.devices.map((d) => (
            <div key={d.device}>
              <span className="mono">{d.device}</span>{" "}
              {t("contents.deviceOf", {
                person: d.person.slice(-8),
                role: tOr(`role.${seen.roles[d.person]}`, ""),
              })}{" "}
              {d.removed && t("team.deviceOut")}{" "}
              <span className="soft">
                {t("contents.name")} <span className="mono">{d.names.slice(0, 24)}…</span>
              </span>
            </div>
          ))}
        </dd>
      </dl>
      <section className="rows" tabIndex={0} aria-label={t("contents.rows")}>
        <table className="small">
          <thead>
            <tr>
              <th scope="col">{t("contents.at")}</th>
              <th scope="col">{t("contents.device")}</th>
              <th scope="col">{t("contents.document")}</th>
              <th scope="col">{t("contents.size")}</th>
              <th scope="col">{t("contents.content")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.flatMap((row) =>
              row.entries.map((entry, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: entries have a fixed place in their segment
                <tr key={`${row.seq} ${at}`}>
                  <td>{date(new Date(row.at).toISOString())}</td>
                  <td className="mono">{row.device.slice(-8)}</td>
                  <td className="mono">{(entry.document ?? "").slice(0, 8)}</td>
                  <td className="number">{entry.kind !== "left_out" && bytes(entry.bytes ?? 0)}</td>
                  {entry.kind === "left_out" ? (
                    <td className="soft">{t("contents.leftOut", { n: count(entry.count ?? 0) })}</td>
                  ) : (
                    <td className="mono">{entry.ciphertext}…</td>
                  )}
                </tr>
              )),
            )}
          </tbody>
        </table>
      </section>
      {!all && last < workspace.segments && (
        <button type="button" className="button plain flush" onClick={() => void more(last + 1)}>
          {t("contents.more")}
        </button>
      )}
    </div>
  );
}
