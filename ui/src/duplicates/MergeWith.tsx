import { useEffect, useState } from "react";
import { useQuery, useRested } from "../app/data";
import { go } from "../app/router";
import type { Kind } from "../bindings";
import { commands } from "../platform/tauri";
import { t } from "../shared/i18n";
import { isComposing } from "../shared/keys";
import { Dialog } from "../shared/ui";

/** Asks which other record is the same as this one. */
export function MergeWith({
  id,
  kind,
  title,
  onClose,
}: {
  id: string;
  kind: Kind;
  title: string;
  onClose: () => void;
}) {
  // Most are called the same, or nearly.
  const [text, setText] = useState(title);
  const [at, setAt] = useState(0);
  const wanted = text.trim();
  const rested = useRested(wanted);
  const found = useQuery(async () => (rested ? commands.search(rested, kind, 12) : []), [rested, kind]).data;
  const hits = found?.filter((hit) => hit.id !== id) ?? [];
  const answered = found !== undefined && rested === wanted;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another answer begins at its top
  useEffect(() => setAt(0), [rested]);
  const choose = (other: string | undefined) => {
    if (!other) return;
    onClose();
    go({ page: "duplicates", kind, ids: [id, other] });
  };
  return (
    <Dialog label={t("merge.with")} onClose={onClose} className="palette">
      <p className="soft ask">{t("merge.withHint", { title })}</p>
      <input
        className="input"
        id="merge-with"
        autoFocus
        role="combobox"
        aria-expanded={hits.length > 0}
        aria-controls="merge-list"
        aria-activedescendant={hits.length > 0 ? `merge-${at}` : undefined}
        aria-label={t("merge.withHint", { title })}
        value={text}
        onFocus={(e) => e.target.select()}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (isComposing(e.nativeEvent)) return;
          if (e.key === "ArrowDown") setAt((n) => Math.min(hits.length - 1, n + 1));
          else if (e.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
          else if (e.key === "Enter" && answered) choose(hits[at]?.id);
          else return;
          e.preventDefault();
        }}
      />
      <ul id="merge-list" role="listbox" aria-label={t("merge.with")}>
        {hits.map((hit, n) => (
          <li
            key={hit.id}
            id={`merge-${n}`}
            role="option"
            aria-selected={n === at}
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => choose(hit.id)}
          >
            {hit.title} <span className="sub">{hit.subtitle}</span>
          </li>
        ))}
      </ul>
      {answered && hits.length === 0 && <p className="soft none">{t("merge.nobody")}</p>}
    </Dialog>
  );
}
