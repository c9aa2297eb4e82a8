// The lines of a quote as the core takes and gives them.

export interface QuoteLine {
  id?: string;
  product?: string;
  name: string;
  description?: string;
  unit?: string;
  /** As it is, or as it was typed. */
  quantity: number | string;
  unit_price?: { minor: number; currency: string } | string | null;
  discount?: number | string;
  tax?: number | string;
}

/** A line that is no product's. Its id is its own, so that two who add one at once add two. */
export const blankLine = (name: string): QuoteLine => ({ id: newId(), name, quantity: 1 });

export const newId = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 16);

export function moved<T>(list: T[], at: number, by: number): T[] {
  const rest = list.filter((_, n) => n !== at);
  return [...rest.slice(0, at + by), ...list.slice(at, at + 1), ...rest.slice(at + by)];
}

export const percent = (n: number | string): string => `${n} %`;
