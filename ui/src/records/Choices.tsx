import { useRef, useState } from "react";
import type { Json } from "../shared/format";
import { t } from "../shared/i18n";
import { isComposing, keepPlain } from "../shared/keys";

/** One of several. Enter and leaving take what is shown, Escape gives up. */
export function Choices<Value = Json>({
  id,
  label,
  options,
  value,
  first,
  always,
  onSave,
  onCancel,
}: {
  id: string;
  label: string;
  options: [string, Value][];
  value: Value | undefined;
  /** The option that it begins at, if not at its value. */
  first?: number;
  /** There is no «none». */
  always?: boolean;
  onSave: (value: Value) => void;
  onCancel: () => void;
}) {
  const before = options.findIndex(([, v]) => v === value);
  const [at, setAt] = useState(first ?? before);
  // Arrows walk over the options: only Enter, or leaving, takes one. A click takes it at once.
  const walking = useRef(false);
  const take = (n: number) => (n === before ? onCancel() : onSave((options[n]?.[1] ?? null) as Value));
  return (
    <select
      className="input"
      id={id}
      autoFocus
      aria-label={label}
      value={at}
      onBlur={() => take(at)}
      onKeyDown={(e) => {
        if (isComposing(e.nativeEvent)) return;
        keepPlain(e);
        if (e.key === "Escape") {
          setAt(before);
          onCancel();
        } else if (e.key === "Enter") {
          e.preventDefault();
          take(at);
        } else walking.current = true;
      }}
      onPointerDown={() => {
        walking.current = false;
      }}
      onChange={(e) => {
        const n = Number(e.target.value);
        setAt(n);
        if (!walking.current) take(n);
      }}
    >
      {!(always && before >= 0) && <option value={-1}>{t("none")}</option>}
      {options.map(([label], n) => (
        <option key={label} value={n}>
          {label}
        </option>
      ))}
    </select>
  );
}
