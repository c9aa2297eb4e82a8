import { type RefObject, useRef } from "react";
import { t } from "../shared/i18n";
import { isComposing, keepPlain, nameOf } from "../shared/keys";
import { continued, listed, marked } from "./marks";
import { type, useMentioning } from "./mentioning";

interface Props {
  id: string;
  label: string;
  text: string;
  invalid?: boolean;
  describedBy?: string;
  onChange: (text: string) => void;
  onSave: () => void;
  onCancel: () => void;
  onLeave: () => void;
}

const marks: Record<string, (text: string, from: number, to: number) => ReturnType<typeof marked>> = {
  "Ctrl+b": (text, from, to) => marked(text, from, to, "**"),
  "Ctrl+i": (text, from, to) => marked(text, from, to, "*"),
  "Ctrl+Shift+7": (text, from, to) => listed(text, from, to, "1."),
  "Ctrl+Shift+8": (text, from, to) => listed(text, from, to, "-"),
  "Ctrl+Shift+9": (text, from, to) => listed(text, from, to, "- [ ]"),
};

/** With Shift a digit is another sign, and another one on each keyboard: the place of the key counts. */
const nameOfKey = (event: KeyboardEvent) => {
  const digit = event.shiftKey && /^Digit(\d)$/.exec(event.code)?.[1];
  return digit && (event.ctrlKey || event.metaKey) ? `Ctrl+Shift+${digit}` : nameOf(event);
};

/** A note while it is written: `@` mentions a record, Ctrl+Enter saves. */
export function NoteInput(props: Props) {
  const { id, text } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const mentioning = useMentioning(field as RefObject<HTMLTextAreaElement | null>, id);
  function keys(event: React.KeyboardEvent<HTMLTextAreaElement>) {
    if (isComposing(event.nativeEvent)) return;
    if (mentioning.keys(event)) return;
    keepPlain(event);
    const at = event.currentTarget;
    const [from, to] = [at.selectionStart, at.selectionEnd];
    const mark = marks[nameOfKey(event.nativeEvent)];
    const next = event.key === "Enter" && !event.shiftKey && from === to && continued(text, from);
    if (event.key === "Escape") props.onCancel();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) props.onSave();
    else if (mark) type(at, mark(text, from, to));
    else if (next) type(at, next);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return (
    <div className="note-input">
      <textarea
        ref={field}
        id={id}
        className="input"
        autoFocus
        rows={Math.min(16, Math.max(5, text.split("\n").length + 1))}
        aria-label={props.label}
        aria-invalid={props.invalid}
        aria-describedby={props.describedBy}
        {...mentioning.aria}
        value={text}
        onChange={(e) => {
          props.onChange(e.target.value);
          mentioning.look();
        }}
        onSelect={mentioning.look}
        onKeyDown={keys}
        onBlur={props.onLeave}
      />
      {mentioning.list}
      <p className="soft small hint">{t("note.hint")}</p>
    </div>
  );
}
