import { useEffect, useState } from "react";
import { errorOf } from "../platform/tauri";

interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

let next = 1;
let show: (toast: Toast) => void = () => {};
let clear = () => {};

/** They may name customers: a locked screen has none. */
export const clearToasts = () => clear();

export function toast(text: string, action?: Toast["action"]) {
  show({ id: next++, text, action });
}

/** Runs an action; a refusal is shown, never swallowed. */
export async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    const { code, message } = errorOf(thrown);
    if (code !== "locked") toast(message);
    return undefined;
  }
}

export function Toasts() {
  const [toasts, setToasts] = useState<Toast[]>([]);
  useEffect(() => {
    show = (toast) => {
      setToasts((all) => [...all.slice(-2), toast]);
      setTimeout(() => setToasts((all) => all.filter((t) => t.id !== toast.id)), 9000);
    };
    clear = () => setToasts([]);
  }, []);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div className="toast" key={toast.id}>
          <span>{toast.text}</span>
          {toast.action && (
            <button
              type="button"
              onClick={() => {
                toast.action?.run();
                setToasts((all) => all.filter((t) => t.id !== toast.id));
              }}
            >
              {toast.action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
