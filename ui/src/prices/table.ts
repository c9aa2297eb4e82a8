// How one moves in the table of prices: rows are products, columns the name, the own price, and the price books.

/** The head above the first row: a price book is changed there. */
export const HEAD = -1;
/** The column of the product's own price; the price books stand behind it. */
export const OWN = 1;

/** The least widths of the name, the own price and a price book; the gaps, and the padding of a row. */
const [NAME, PRICE, BOOK, GAP, PADDING] = [180, 110, 110, 12, 32];

/** How many price books have room beside the name and the own price; always one. */
export const booksThatFit = (width: number): number =>
  Math.max(1, Math.floor((width - PADDING - NAME - GAP - PRICE) / (BOOK + GAP)));

/** The first price book that is shown, so that one is among those that fit. */
export const firstShown = (first: number, fit: number, book: number): number =>
  Math.max(Math.min(first, book), book - fit + 1);

/** An amount without a currency is in that of the price that it takes the place of. */
export const inCurrency = (text: string, currency: string | undefined): string =>
  currency && /^[\d.,\s-]*\d[\d.,\s]*$/.test(text) ? `${text.trim()} ${currency}` : text.trim();

interface Cell {
  at: number;
  column: number;
}

/** Where a key leads to; nothing where it is none that moves. */
export function next(
  key: string,
  { at, column }: Cell,
  { total, last, page }: { total: number; last: number; page: number },
): Cell | undefined {
  const row = (to: number) => ({ at: Math.max(0, Math.min(total - 1, to)), column });
  const side = (to: number) => ({
    at: at === HEAD && to <= OWN ? 0 : at,
    column: Math.max(0, Math.min(last, to)),
  });
  switch (key) {
    case "ArrowDown":
      return row(at + 1);
    case "ArrowUp":
      return at <= 0 && column > OWN ? { at: HEAD, column } : row(at - 1);
    case "ArrowRight":
      return side(column + 1);
    case "ArrowLeft":
      return side(column - 1);
    case "PageDown":
      return row(at + page);
    case "PageUp":
      return row(at - page);
    case "Home":
      return row(0);
    case "End":
      return row(total - 1);
    default:
      return undefined;
  }
}
