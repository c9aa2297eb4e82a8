import { pageAbout } from "../guide/pages";
import { t } from "../shared/i18n";
import { Dialog } from "../shared/ui";
import { registry } from "./registry";
import { current, go } from "./router";

/** What a page does by itself: keys of lists, records, boards, that are no command of their own. */
const HERE = [
  ["J K ↓ ↑", "keys.move"],
  ["Enter", "keys.open"],
  ["Ctrl Enter", "keys.window"],
  ["Space", "keys.peek"],
  ["X", "keys.select"],
  ["Shift ↓ · Shift ↑", "keys.range"],
  ["Ctrl A", "keys.selectAll"],
  ["F2", "keys.editCell"],
  ["→ A … Z", "keys.typeCell"],
  ["/", "keys.filter"],
  ["F · V", "keys.arrange"],
  ["Ctrl S", "keys.saveView"],
  ["C", "keys.create"],
  ["N", "prices.newBook"],
  ["E", "keys.edit"],
  ["F", "files.attach"],
  ["Ctrl V", "keys.paste"],
  ["← → · Z · Space", "keys.picture"],
  ["U", "keys.quote"],
  ["Delete", "keys.trash"],
  ["R", "keys.restore"],
  ["Shift → · Shift ←", "keys.push"],
  ["Space · M · W", "keys.task"],
  ["O", "keys.whose"],
  ["D W M A · T · [ ]", "keys.calendar"],
  ["Alt ↑ ↓ ← → · Alt Shift ↑ ↓", "keys.reschedule"],
  ["← → · Enter · N", "keys.merge"],
  ["*", "favourite.toggle"],
  ["Alt ↑ ↓ · Delete", "keys.favourite"],
  ["B", "past.open"],
  ["@", "note.mention"],
  ["Ctrl B · Ctrl I · Ctrl Shift 7 8 9", "keys.note"],
  ["Ctrl ↓ · Ctrl ↑", "keys.neighbours"],
  ["1 … 9", "keys.settleTeam"],
  ["Esc", "keys.back"],
] as const;

const shown = (keys: string) => keys.replace(/\+(?=.)/g, " ");

/** Every action there is, with its key; what has none is reached by its name. */
export function Keys({ onClose }: { onClose: () => void }) {
  const everywhere = registry.filter((c) => c.keys);
  const named = registry.filter((c) => !c.keys);
  return (
    <Dialog label={t("keys.title")} onClose={onClose} className="keys">
      <div className="body stack">
        <div className="row-line">
          <h1 className="grow">{t("keys.title")}</h1>
          <button
            type="button"
            className="button"
            id="open-guide"
            onClick={() => {
              onClose();
              go({ page: "guide", name: pageAbout(current()) });
            }}
          >
            {t("guide.title")} <kbd>F1</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("close")}
          </button>
        </div>
        <h2>{t("keys.everywhere")}</h2>
        <ul className="keys-list">
          <Row keys="Ctrl K" what={t("keys.palette")} />
          {everywhere.map((c) => (
            <Row key={c.id} id={c.id} keys={shown(c.keys ?? "")} what={t(c.label)} />
          ))}
        </ul>
        <h2>{t("keys.here")}</h2>
        <ul className="keys-list">
          {HERE.map(([keys, what]) => (
            <Row key={keys} keys={keys} what={t(what)} />
          ))}
        </ul>
        <h2>{t("keys.named")}</h2>
        <ul className="keys-list">
          {named.map((c) => (
            <Row key={c.id} id={c.id} what={t(c.label)} />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function Row({ id, keys, what }: { id?: string; keys?: string; what: string }) {
  return (
    <li data-command={id}>
      <span className="grow">{what}</span>
      {keys && <kbd>{keys}</kbd>}
    </li>
  );
}
