import type { FieldView, ListGroup, ListSum } from "../bindings";
import { type Json, labelOf, money, show } from "../shared/format";
import { t } from "../shared/i18n";

/** What fields come to, as `Value €1,200 · $300`. */
export function sumsText(sums: ListSum[], fields: FieldView[]): string {
  const parts = fields.flatMap((field) => {
    const own = sums.filter((sum) => sum.field === field.key);
    if (own.length === 0) return [];
    const amounts = own.map((sum) =>
      sum.currency ? money({ minor: sum.sum, currency: sum.currency } as Json) : show(field, sum.sum),
    );
    return [`${labelOf(field)} ${amounts.join(" · ")}`];
  });
  return parts.join("   ");
}

/** The sums of all groups, field by field and currency by currency. */
export function together(groups: ListGroup[]): ListSum[] {
  const all = new Map<string, ListSum>();
  for (const sum of groups.flatMap((group) => group.sums)) {
    const key = `${sum.field} ${sum.currency ?? ""}`;
    all.set(key, { ...sum, sum: (all.get(key)?.sum ?? 0) + (sum.sum ?? 0) });
  }
  return [...all.values()];
}

/** Under a list: what its columns of money come to. */
export function ListSums({ groups, fields }: { groups: ListGroup[]; fields: FieldView[] }) {
  const text = sumsText(together(groups), fields);
  if (!text) return null;
  return (
    <p className="list-sums" id="sums" aria-live="polite">
      <span className="soft">{t("list.sums")}</span> {text}
    </p>
  );
}
