import { useEffect, useState, useSyncExternalStore } from "react";
import type { NoteView } from "../bindings";
import { commands, onVault } from "../platform/tauri";

/** What is asked for in the same moment is one question: a timeline has hundreds of notes. */
const AT_ONCE = 200;
interface Question {
  text: string;
  answer: (note: NoteView | undefined) => void;
}
let waiting: Question[] = [];

function give(questions: Question[], notes: NoteView[]) {
  for (const [n, one] of questions.entries()) one.answer(notes[n]);
}

function askAll() {
  const all = waiting;
  waiting = [];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const part = all.slice(from, from + AT_ONCE);
    commands.readNotes(part.map((one) => one.text)).then(
      (notes) => give(part, notes),
      // They stay as they were typed.
      () => give(part, []),
    );
  }
}

function readNote(text: string): Promise<NoteView | undefined> {
  return new Promise((answer) => {
    if (waiting.length === 0) setTimeout(askAll);
    waiting.push({ text, answer });
  });
}

// All notes of a screen hear of a change by one listener.
let version = 0;
const listeners = new Set<() => void>();
let stop: (() => void) | undefined;

function listen(listener: () => void) {
  listeners.add(listener);
  stop ??= onVault((event) => {
    if (event.type !== "changed") return;
    version++;
    for (const each of listeners) each();
  });
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
}

/** What a note says, with what it mentions as that is called now; nothing until it is known. */
export function useNote(text: string): NoteView | undefined {
  const now = useSyncExternalStore(listen, () => version);
  const [read, setRead] = useState<{ text: string; note?: NoteView }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change what is mentioned may be called otherwise
  useEffect(() => {
    let current = true;
    void readNote(text).then((note) => current && setRead({ text, note }));
    return () => {
      current = false;
    };
  }, [text, now]);
  return read?.text === text ? read.note : undefined;
}
