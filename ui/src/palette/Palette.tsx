import { CornerDownLeft } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { openRecord, recentRecords } from "../app/data";
import { chose, matching } from "../app/registry";
import type { Hit } from "../bindings";
import { commands } from "../platform/tauri";
import { type Browsed, browsed, KINDS } from "../records/kinds";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog } from "../shared/ui";

interface Choice {
  id: string;
  icon: Browsed | "command";
  title: string;
  subtitle: string;
  run: () => void;
}

function Icon({ of }: { of: Choice["icon"] }) {
  const Shown = of === "command" ? CornerDownLeft : KINDS[of].icon;
  return <Shown size={16} />;
}

/** Everything by name: records, then commands. `>` asks for commands only. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ for: string; hits: Hit[] }>({ for: "", hits: [] });
  const [at, setAt] = useState(0);
  const entered = useRef(false);
  const list = useRef<HTMLUListElement>(null);
  const onlyCommands = text.startsWith(">");
  const wanted = text.replace(/^>/, "").trim();

  const asks = wanted !== "" && !onlyCommands;
  useEffect(() => {
    if (!asks) return;
    let current = true;
    void attempt(() => commands.search(wanted, null, 12)).then((hits) => {
      if (!current || !hits) return;
      setFound({ for: wanted, hits });
      setAt(0);
    });
    return () => {
      current = false;
    };
  }, [wanted, asks]);
  const answered = !asks || found.for === wanted;
  // The last answer stays while the next is on its way.
  const hits = asks ? found.hits : [];

  const records: Hit[] =
    wanted || onlyCommands ? hits : recentRecords().map((r) => ({ ...r, subtitle: t("palette.recent") }));
  const choices: Choice[] = [
    ...records.map(
      (hit): Choice => ({
        id: hit.id,
        icon: browsed(hit.kind),
        title: hit.title,
        subtitle: hit.subtitle,
        run: () => openRecord(hit.id, hit.kind),
      }),
    ),
    ...matching(wanted)
      .slice(0, onlyCommands || !wanted ? undefined : 4)
      .map(
        (c): Choice => ({
          id: c.id,
          icon: "command",
          title: t(c.label),
          subtitle: c.keys ?? "",
          run: () => {
            chose(c.id);
            c.run();
          },
        }),
      ),
  ];

  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);

  // Enter was quicker than the answer: it means the first of what is found.
  useEffect(() => {
    if (!entered.current || !answered) return;
    entered.current = false;
    choose(choices[0]);
  });

  const choose = (choice: Choice | undefined) => {
    if (!choice) return;
    onClose();
    choice.run();
  };

  return (
    <Dialog label={t("keys.palette")} onClose={onClose} className="palette">
      <input
        id="palette-input"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={choices[at] ? `choice-${at}` : undefined}
        aria-label={t("palette.placeholder")}
        placeholder={t("palette.placeholder")}
        value={text}
        onChange={(e) => {
          // An Enter that waits for an answer meant what was typed before.
          entered.current = false;
          setText(e.target.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          if (isComposing(e.nativeEvent)) return;
          if (e.key === "ArrowDown") setAt((n) => Math.min(choices.length - 1, n + 1));
          else if (e.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
          else if (e.key === "Enter" && answered) choose(choices[at]);
          else if (e.key === "Enter") entered.current = true;
          else return;
          e.preventDefault();
        }}
      />
      <ul id="palette-list" role="listbox" aria-label={t("palette.commands")} ref={list}>
        {choices.map((choice, n) => (
          <li
            key={choice.id}
            id={`choice-${n}`}
            role="option"
            aria-selected={n === at}
            onClick={() => choose(choice)}
            onMouseMove={() => setAt(n)}
          >
            <Icon of={choice.icon} />
            <span>{choice.title}</span>
            <span className="sub grow">{choice.icon === "command" ? "" : choice.subtitle}</span>
            {choice.icon === "command" && choice.subtitle && <kbd>{choice.subtitle}</kbd>}
          </li>
        ))}
        {choices.length === 0 && (
          <li role="option" aria-selected="false" className="soft">
            {t("palette.nothing")}
          </li>
        )}
      </ul>
    </Dialog>
  );
}
