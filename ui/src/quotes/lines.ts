// The lines of a quote as the core takes and gives them.

import { moved } from "../shared/order";

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

/** The lines with one of them in another place; as they are where there is no such line or no such place. */
export function movedLine<T extends { id?: string }>(lines: T[], id: string | undefined, by: number): T[] {
  const line = lines.find((one) => one.id === id);
  return (line && moved(lines, line, by)) ?? lines;
}

export const percent = (n: number | string): string => `${n} %`;
