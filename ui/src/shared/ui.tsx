import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { t } from "./i18n";
import { isComposing, isTyping } from "./keys";
import { colourOf, hueOf, TAG } from "./tags";

/** Initials on a hue of the record's own. */
export function Avatar({ id, title, big }: { id: string; title: string; big?: boolean }) {
  const ref = useRef<HTMLSpanElement>(null);
  const hue = Number.parseInt(id.replaceAll("-", "").slice(-6), 16) % 360;
  useLayoutEffect(() => {
    ref.current?.style.setProperty("background", `oklch(var(--avatar-l, 0.86) 0.05 ${hue})`);
    ref.current?.style.setProperty("color", `oklch(0.3 0.06 ${hue})`);
  }, [hue]);
  return (
    <span ref={ref} className={big ? "avatar big" : "avatar"} aria-hidden="true">
      {big ? initials(title) : [...initials(title)].slice(/^[\u3400-\u9fff]/.test(title) ? -1 : 0).join("")}
    </span>
  );
}

/** A tag on a hue of its own. */
export function Tag({ name }: { name: string }) {
  const ref = useRef<HTMLSpanElement>(null);
  const hue = hueOf(name);
  useLayoutEffect(() => {
    ref.current?.style.setProperty("background", colourOf(TAG.ground, hue));
    ref.current?.style.setProperty("color", colourOf(TAG.ink, hue));
  }, [hue]);
  return (
    <span ref={ref} className="tag">
      {name}
    </span>
  );
}

export function initials(title: string): string {
  const words = title.match(/[\p{L}\p{N}][^\s<>]*/gu) ?? [];
  if (words.length === 0) return "?";
  if (/^[\u3400-\u9fff]/.test(title)) return [...title].slice(-2).join("");
  const first = [...(words[0] ?? "")][0] ?? "";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** A modal layer: focus stays inside and goes back where it was; Escape closes. */
export function Dialog({
  label,
  onClose,
  children,
  className,
  changed,
}: {
  label: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
  /** It holds what somebody has written: Escape first leaves the field only, and a click beside it does nothing. */
  changed?: boolean;
}) {
  const ref = useRef<HTMLDivElement>(null);
  // Before anything in the dialog takes the focus.
  const [before] = useState(() => document.activeElement);
  const close = useRef(onClose);
  close.current = () => {
    const field = document.activeElement;
    if (changed && isTyping(field)) (field as HTMLElement).blur();
    else onClose();
  };
  useEffect(() => {
    const focusable = () =>
      [
        ...(ref.current?.querySelectorAll<HTMLElement>("input,button,select,textarea,[tabindex='0']") ?? []),
      ].filter((e) => !e.hasAttribute("disabled"));
    if (!ref.current?.contains(document.activeElement)) focusable()[0]?.focus();
    const listen = (event: KeyboardEvent) => {
      const open = document.querySelectorAll("[aria-modal='true']");
      if (isComposing(event) || open[open.length - 1] !== ref.current) return;
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        close.current();
      } else if (event.key === "Tab") {
        const all = focusable();
        const at = all.indexOf(document.activeElement as HTMLElement);
        const to = event.shiftKey ? at - 1 : at + 1;
        if (to < 0 || to >= all.length) {
          event.preventDefault();
          all[event.shiftKey ? all.length - 1 : 0]?.focus();
        }
      }
    };
    window.addEventListener("keydown", listen, true);
    return () => {
      window.removeEventListener("keydown", listen, true);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [before]);
  return (
    <div className="veil" onMouseDown={(e) => e.target === e.currentTarget && !changed && onClose()}>
      <div
        ref={ref}
        className={`dialog ${className ?? ""}`}
        role="dialog"
        aria-modal="true"
        aria-label={label}
      >
        {children}
      </div>
    </div>
  );
}

/** How far work has come; without numbers, that it goes on. */
export function Bar({ done = 0, total }: { done?: number; total?: number }) {
  const ref = useRef<HTMLElement>(null);
  const part = total ? Math.min(1, done / total) : 0;
  const open = total === undefined;
  useEffect(() => {
    if (!open) ref.current?.style.setProperty("transform", `scaleX(${part})`);
  }, [part, open]);
  return (
    <div
      className={open ? "bar open" : "bar"}
      role="progressbar"
      aria-label={t("progress")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={open ? undefined : Math.round(part * 100)}
    >
      <i ref={ref} />
    </div>
  );
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className="field">
      <span>{label}</span>
      {children}
      {hint && <span className="soft small">{hint}</span>}
    </label>
  );
}

export function Empty({
  icon,
  title,
  hint,
  children,
}: {
  icon: ReactNode;
  title: string;
  hint: string;
  children?: ReactNode;
}) {
  return (
    <div className="empty">
      <div className="faint">{icon}</div>
      <h2>{title}</h2>
      <p className="soft">{hint}</p>
      <div className="row-line wrap">{children}</div>
    </div>
  );
}
