import type { ReactNode } from "react";

export function Row({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div className="settings-row">
      <div>
        {label}
        {hint && <div className="soft small">{hint}</div>}
      </div>
      <div className="row-line wrap">{children}</div>
    </div>
  );
}

export function Choice<T extends string | number>({
  label,
  hint,
  value,
  options,
  onChange,
}: {
  label: string;
  hint?: string;
  value: T;
  options: [T, string][];
  onChange: (v: T) => void;
}) {
  return (
    <Row label={label} hint={hint}>
      <select
        className="input"
        aria-label={label}
        value={value}
        onChange={(e) => onChange(options.find(([v]) => String(v) === e.target.value)?.[0] ?? value)}
      >
        {options.map(([v, name]) => (
          <option key={v} value={v}>
            {name}
          </option>
        ))}
      </select>
    </Row>
  );
}
