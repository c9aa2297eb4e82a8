import { useQuery, useVersion } from "../app/data";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { Avatar } from "../shared/ui";
import { Facts } from "./Facts";

/** The record beside its list; the list keeps the focus. */
export function Peek({ id, onOpen }: { id: string | undefined; onOpen: () => void }) {
  const version = useVersion();
  const record = useQuery(() => (id ? commands.get(id) : Promise.resolve(undefined)), [id, version]).data;
  // The last one stays until the next is there: nothing flickers while one walks down the list.
  if (!record || !id) return <aside className="peek" aria-label={t("keys.peek")} />;
  return (
    <aside className="peek" aria-label={t("keys.peek")} id="peek">
      <div className="row-line">
        <Avatar id={record.id} title={record.title} big />
        <div className="grow">
          <h1>{record.title}</h1>
          <span className="soft">{record.titles.company}</span>
        </div>
        <button type="button" className="button" onClick={onOpen}>
          {t("open")}
        </button>
      </div>
      <Facts key={record.id} record={record} compact />
    </aside>
  );
}
