import { useState } from "react";
import { pageAbout } from "../guide/pages";
import { en, type Key } from "../shared/en";
import { t } from "../shared/i18n";
import { Dialog } from "../shared/ui";
import { zh } from "../shared/zh";
import { EVERYWHERE, keysFrom } from "./pageKeys";
import { registry } from "./registry";
import { current, go } from "./router";

interface Line {
  id?: string;
  keys?: string;
  what: Key;
}

const shown = (keys: string) => keys.replace(/\+(?=.)/g, " ");

/** Is a line meant by what somebody looks for: its words in either language, or its key? */
export function isMeant({ keys, what }: Line, wanted: string): boolean {
  const words = wanted.trim().toLowerCase().split(/\s+/);
  const said = `${en[what]} ${zh[what]} ${t(what)} ${keys ?? ""}`.toLowerCase();
  return words.every((word) => said.includes(word));
}

/** Every action there is, with its key: first those of the screen that one is on. */
export function Keys({ onClose }: { onClose: () => void }) {
  const [wanted, setWanted] = useState("");
  const { here, elsewhere } = keysFrom(current());
  const commands = registry.map((c): Line => ({ id: c.id, keys: c.keys && shown(c.keys), what: c.label }));
  const sections: [string, Key, Line[]][] = [
    ["on-screen", "keys.onScreen", here],
    ["everywhere", "keys.everywhere", [...EVERYWHERE, ...commands.filter((c) => c.keys)]],
    ["elsewhere", here.length > 0 ? "keys.elsewhere" : "keys.here", elsewhere],
    ["by-name", "keys.named", commands.filter((c) => !c.keys)],
  ];
  const found = sections
    .map(([id, title, lines]) => ({ id, title, lines: lines.filter((line) => isMeant(line, wanted)) }))
    .filter(({ lines }) => lines.length > 0);
  return (
    <Dialog label={t("keys.title")} onClose={onClose} className="keys">
      <div className="body stack">
        <div className="row-line">
          <h1 className="grow">{t("keys.title")}</h1>
          <input
            className="input short"
            id="find-key"
            type="search"
            aria-label={t("keys.find")}
            placeholder={t("keys.find")}
            value={wanted}
            onChange={(e) => setWanted(e.target.value)}
          />
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
        {found.map(({ id, title, lines }) => (
          <section key={id} id={`keys-${id}`}>
            <h2>{t(title)}</h2>
            <ul className="keys-list">
              {lines.map((line) => (
                <li key={line.id ?? `${line.keys} ${line.what}`} data-command={line.id}>
                  <span className="grow">{t(line.what)}</span>
                  {line.keys && <kbd>{line.keys}</kbd>}
                </li>
              ))}
            </ul>
          </section>
        ))}
        {found.length === 0 && (
          <p className="soft" role="status">
            {t("palette.nothing")}
          </p>
        )}
      </div>
    </Dialog>
  );
}
