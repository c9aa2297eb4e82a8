import { useEffect, useRef, useState } from "react";
import { recentRecords } from "../app/data";
import type { Hit, Kind } from "../bindings";
import { commands } from "../platform/tauri";
import { browsed, KINDS } from "../records/kinds";
import { t } from "../shared/i18n";
import { attempt } from "../shared/toast";
import { type Edit, mentionAt, mentionOf } from "./marks";

type Field = HTMLTextAreaElement | HTMLInputElement;

/** Who and what notes are about. */
const MENTIONED = new Set<Kind>(["person", "company", "deal", "quote"]);
const SHOWN = 6;

/** Types for somebody, so that the field's own undo knows of it. */
export function type(field: Field, edit: Edit) {
  field.focus();
  field.setSelectionRange(edit.from, edit.to);
  const done = edit.text
    ? document.execCommand("insertText", false, edit.text)
    : document.execCommand("delete");
  if (!done) {
    field.setRangeText(edit.text, edit.from, edit.to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (edit.select) field.setSelectionRange(...edit.select);
}

/** The list of records that opens behind an `@`. */
export function useMentioning(field: React.RefObject<Field | null>, id: string) {
  const [asked, setAsked] = useState<{ from: number; name: string }>();
  const [found, setFound] = useState<{ for?: string; hits: Hit[] }>({ hits: [] });
  const [at, setAt] = useState(0);
  const name = asked?.name.trim();
  useEffect(() => {
    if (name === undefined) return;
    let current = true;
    const recent = recentRecords().map((r) => ({ ...r, subtitle: "" }));
    const asking = name ? attempt(() => commands.search(name, null, 24)) : Promise.resolve(recent);
    void asking.then((all) => {
      if (!current) return;
      const hits = (all ?? []).filter((hit) => MENTIONED.has(hit.kind)).slice(0, SHOWN);
      setFound({ for: name, hits });
      setAt(0);
    });
    return () => {
      current = false;
    };
  }, [name]);
  const answered = found.for === name;
  // The last answer stays while the next is on its way.
  const shown = asked ? found.hits : [];
  const entered = useRef(false);
  // Enter was quicker than the answer: it means the first of what is found.
  useEffect(() => {
    if (!entered.current || !answered) return;
    entered.current = false;
    take(shown[0]);
  });

  /** After each change of the text, and of where the cursor is. */
  function look() {
    const now = field.current;
    const cursor = now?.selectionStart ?? 0;
    const found = now && cursor === now.selectionEnd ? mentionAt(now.value, cursor) : undefined;
    // An Enter that waits for an answer meant what was typed before.
    if (found?.name !== asked?.name) entered.current = false;
    setAsked((before) => (before?.from === found?.from && before?.name === found?.name ? before : found));
  }
  function take(hit: Hit | undefined) {
    const now = field.current;
    if (!now || !asked || !hit) return;
    type(now, { from: asked.from, to: now.selectionStart ?? 0, text: `${mentionOf(hit.title, hit.id)} ` });
    setAsked(undefined);
  }
  /** Whether a key was meant for the list. */
  function keys(event: React.KeyboardEvent): boolean {
    if (!asked || (shown.length === 0 && event.key !== "Escape")) return false;
    if (event.key === "ArrowDown") setAt((n) => Math.min(shown.length - 1, n + 1));
    else if (event.key === "ArrowUp") setAt((n) => Math.max(0, n - 1));
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
      if (answered) take(shown[at]);
      else entered.current = true;
    } else if (event.key === "Escape") {
      if (shown.length === 0) return false;
      setAsked(undefined);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
  const open = shown.length > 0;
  const list = open && (
    <ul className="mention-list" id={`${id}-mentions`} role="listbox" aria-label={t("note.mention")}>
      {shown.map((hit, n) => {
        const { icon: Icon } = KINDS[browsed(hit.kind)];
        return (
          <li
            key={hit.id}
            id={`${id}-mention-${n}`}
            role="option"
            aria-selected={n === at}
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => take(hit)}
          >
            <Icon size={14} aria-hidden="true" />
            <span className="cell">{hit.title}</span>
            <span className="soft small cell">{hit.subtitle}</span>
          </li>
        );
      })}
    </ul>
  );
  const aria = {
    "aria-autocomplete": "list" as const,
    "aria-controls": open ? `${id}-mentions` : undefined,
    "aria-activedescendant": open ? `${id}-mention-${at}` : undefined,
  };
  return { look, keys, list, aria };
}
