import { ChevronLeft, ChevronRight, Package, Plus } from "lucide-react";
import { type FormEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { openRecord, useRested, useVersion } from "../app/data";
import { ui } from "../app/registry";
import { withUndo } from "../app/undo";
import type { PriceBookView, PriceRow } from "../bindings";
import { commands, errorOf } from "../platform/tauri";
import { CellEditor, Line, Spacer, useRowHeight, useRows } from "../records/Grid";
import type { Browsed } from "../records/kinds";
import { count, money, moneyInput } from "../shared/format";
import { t } from "../shared/i18n";
import { going, isComposing, useKeys } from "../shared/keys";
import { attempt } from "../shared/toast";
import { Dialog, Empty, Field } from "../shared/ui";
import { booksThatFit, firstShown, HEAD, inCurrency, next, OWN } from "./table";

type Amount = { minor: number | null; currency: string };

const input = (amount?: Amount | null) => (amount ? moneyInput({ ...amount, minor: amount.minor ?? 0 }) : "");
const shown = (amount: Amount) => money({ ...amount, minor: amount.minor ?? 0 });

/** Products down, price books across: what each costs where, written in place. */
export function PricesPage({ onCreate }: { onCreate: (kind: Browsed) => void }) {
  const version = useVersion();
  const [text, setText] = useState("");
  const rested = useRested(text);
  const [books, setBooks] = useState<PriceBookView[]>();
  const ask = useCallback(
    async (offset: number, limit: number) => {
      const page = await commands.prices(rested, offset, limit);
      setBooks((now) => (JSON.stringify(now) === JSON.stringify(page.books) ? now : page.books));
      return page;
    },
    [rested],
  );
  const rows = useRows<PriceRow>(`prices ${rested}`, version, ask);
  const total = rows.total ?? 0;
  const all = books ?? [];
  const root = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const filter = useRef<HTMLInputElement>(null);
  const [at, setAt] = useState(0);
  const [column, setColumn] = useState(0);
  const [first, setFirst] = useState(0);
  const [top, setTop] = useState(0);
  const [size, setSize] = useState({ height: 600, width: 1000 });
  /** The product whose cell is edited, wherever the table moves it. */
  const [editing, setEditing] = useState<string>();
  const [typed, setTyped] = useState<string>();
  /** The price book that is being made, or changed. */
  const [dialog, setDialog] = useState<"new" | PriceBookView>();
  const rowHeight = useRowHeight();

  useLayoutEffect(() => {
    const element = body.current;
    if (!element) return;
    const measure = () => setSize({ height: element.clientHeight, width: element.clientWidth });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    ui.priceBook = () => setDialog("new");
    return () => {
      ui.priceBook = undefined;
    };
  }, []);
  // Another question: its answer begins at the top.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever it is asked for something else
  useEffect(() => {
    setAt(0);
    setEditing(undefined);
  }, [rested]);
  useEffect(() => {
    if (rows.total !== undefined && at >= rows.total) setAt(Math.max(0, rows.total - 1));
  }, [rows.total, at]);
  // The first product is there: whoever has come here wants to move in the table.
  const isThere = total > 0;
  useEffect(() => {
    const focused = document.activeElement;
    if (isThere && (focused === document.body || focused?.closest("nav"))) root.current?.focus();
  }, [isThere]);

  const fit = booksThatFit(size.width);
  const from = Math.min(first, Math.max(0, all.length - fit));
  const visibleBooks = all.slice(from, from + fit);
  const last = OWN + all.length;
  useEffect(() => {
    if (column > last) setColumn(last);
  }, [column, last]);

  const firstRow = Math.max(0, Math.floor(top / rowHeight) - 4);
  const lastRow = Math.min(total, Math.ceil((top + size.height) / rowHeight) + 8);
  const visible = Array.from({ length: Math.max(0, lastRow - firstRow) }, (_, n) => firstRow + n);
  // What is edited stays drawn when it is scrolled out of sight.
  if (editing !== undefined && at >= 0 && at < total && !visible.includes(at)) visible.push(at);
  useEffect(() => {
    for (let n = firstRow; n < lastRow; n += 30) rows.load(Math.floor(n / 60));
    if (lastRow > 0) rows.load(Math.floor((lastRow - 1) / 60));
  });
  useEffect(() => {
    const element = body.current;
    if (!element || at < 0) return;
    const y = at * rowHeight;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = y + rowHeight - element.clientHeight;
  }, [at, rowHeight]);

  const move = (to: { at: number; column: number }) => {
    setAt(to.at);
    setColumn(to.column);
    if (to.column > OWN) setFirst(firstShown(from, fit, to.column - OWN - 1));
  };
  const edit = (product: string | undefined, begun?: string) => {
    setTyped(begun);
    setEditing(product);
  };
  const page = Math.max(1, Math.floor(size.height / rowHeight) - 1);
  const bookAt = all[column - OWN - 1];
  const row = at >= 0 ? rows.row(at) : undefined;

  const write = (of: PriceRow, book: PriceBookView | undefined, to: string) =>
    book
      ? commands.setPrice(of.product, book.id, to)
      : commands.setFields(of.product, { price: inCurrency(to, of.price?.currency) || null });
  const said = (of: PriceRow, book: PriceBookView | undefined) =>
    book
      ? t("prices.changed", { product: of.name || "—", book: book.name })
      : t("record.changed", { title: of.name || t("prices.own") });
  async function clear(of: PriceRow) {
    const written = await attempt(() => write(of, bookAt, ""));
    if (written?.operation) withUndo(said(of, bookAt), written.operation);
  }

  const keys = (event: React.KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    // The letter behind G says where to.
    if (event.key.length === 1 && going.now()) return;
    const inCell = row && column >= OWN;
    if (isComposing(event.nativeEvent)) {
      // The input method goes on in the cell's own input.
      if (inCell) flushSync(() => edit(row.product, ""));
      return;
    }
    const to = next(event.key, { at, column }, { total, last, page });
    if (to) move(to);
    else if (inCell && event.key.length === 1 && !" /?".includes(event.key)) edit(row.product, event.key);
    else if (inCell && (event.key === "Enter" || event.key === "F2")) edit(row.product);
    else if (inCell && event.key === "Delete" && !event.repeat) void clear(row);
    else if (at === HEAD && event.key === "Enter" && bookAt) setDialog(bookAt);
    else if (row && (event.key === "Enter" || event.key === "F2")) openRecord(row.product, "product");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useKeys({
    "/": () => filter.current?.focus(),
    n: () => setDialog("new"),
    ArrowDown: () => root.current?.focus(),
  });

  const template = `minmax(180px, 2fr) 110px${" minmax(110px, 1fr)".repeat(visibleBooks.length)}`;
  const active = (n: number, c: number) => (n === at && c === column ? "active" : "");

  const cell = (of: PriceRow, n: number, c: number, book?: PriceBookView) => {
    const amount = book ? of.prices[book.id] : of.price;
    const otherwise = book && of.otherwise[book.id];
    return (
      <span
        key={book?.id ?? "own"}
        role="gridcell"
        id={`price-${n}-${c}`}
        aria-colindex={c + 1}
        className={`cell right ${active(n, c)}`}
        data-book={book?.id ?? ""}
        onClick={() => move({ at: n, column: c })}
        onDoubleClick={() => {
          move({ at: n, column: c });
          edit(of.product);
        }}
      >
        {of.product === editing && n === at && c === column ? (
          <CellEditor
            key={c}
            text={input(amount)}
            label={`${of.name}: ${book?.name ?? t("prices.own")}`}
            said={said(of, book)}
            save={(to) => write(of, book, to)}
            typed={typed}
            onDone={(step, early) => {
              const to = c + step;
              const goesOn = step !== 0 && to >= OWN && to <= last;
              if (goesOn) move({ at: n, column: to });
              edit(goesOn ? of.product : undefined, early);
              if (!goesOn) root.current?.focus();
            }}
          />
        ) : amount ? (
          shown(amount)
        ) : (
          otherwise && (
            <span className="otherwise">
              {shown(otherwise)} <span className="sr">{t("prices.otherwise")}</span>
            </span>
          )
        )}
      </span>
    );
  };

  return (
    <>
      <div className="head">
        <h1>{t("prices.title")}</h1>
        <span className="count" aria-live="polite" id="total">
          {rows.total === undefined ? "" : count(rows.total)}
        </span>
        <span className="grow" />
        <button type="button" className="button" id="new-product" onClick={() => onCreate("product")}>
          <Package size={15} /> {t("new.product")} <kbd>C</kbd>
        </button>
        <button type="button" className="button primary" id="new-book" onClick={() => setDialog("new")}>
          <Plus size={15} /> {t("prices.newBook")} <kbd>N</kbd>
        </button>
      </div>
      <div className="tools">
        <input
          ref={filter}
          id="filter"
          className="input grow"
          type="search"
          aria-label={t("prices.filter")}
          placeholder={t("prices.filter")}
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={(e) => {
            if (isComposing(e.nativeEvent)) return;
            if (e.key !== "Escape" && e.key !== "Enter" && e.key !== "ArrowDown") return;
            e.preventDefault();
            e.stopPropagation();
            if (e.key === "Escape" && text) setText("");
            else root.current?.focus();
          }}
        />
        {all.length > fit && (
          <span className="row-line">
            <button
              type="button"
              className="button"
              aria-label={t("prices.before")}
              disabled={from === 0}
              onClick={() => setFirst(Math.max(0, from - fit))}
            >
              <ChevronLeft size={15} />
            </button>
            <span className="soft">
              {from + 1}–{from + visibleBooks.length} / {all.length}
            </span>
            <button
              type="button"
              className="button"
              aria-label={t("prices.after")}
              disabled={from + fit >= all.length}
              onClick={() => setFirst(from + fit)}
            >
              <ChevronRight size={15} />
            </button>
          </span>
        )}
      </div>
      <div className="split">
        <div
          ref={root}
          className="grid"
          role="grid"
          id="prices"
          tabIndex={0}
          hidden={rows.total === 0 && !rows.error}
          aria-label={t("prices.title")}
          aria-rowcount={total + 1}
          aria-colcount={last + 1}
          aria-activedescendant={
            at === HEAD ? `price-head-${column}` : visible.includes(at) ? `price-${at}-${column}` : undefined
          }
          onKeyDown={keys}
        >
          {rows.error && (
            <div role="row">
              <div role="gridcell" className="notice bad">
                <p role="alert">{rows.error}</p>
              </div>
            </div>
          )}
          <div role="rowgroup">
            <Line className="grid-head" template={template} role="row" rowIndex={1}>
              <span role="columnheader" aria-colindex={1}>
                {t("list.name")}
              </span>
              <span role="columnheader" aria-colindex={2} className="right">
                {t("prices.own")}
              </span>
              {visibleBooks.map((book, n) => {
                const c = OWN + 1 + from + n;
                return (
                  <span
                    key={book.id}
                    role="columnheader"
                    id={`price-head-${c}`}
                    aria-colindex={c + 1}
                    className={`cell right ${active(HEAD, c)}`}
                  >
                    <button type="button" tabIndex={-1} data-book={book.id} onClick={() => setDialog(book)}>
                      {book.name}{" "}
                      <span className="soft">
                        {book.currency}
                        {book.discount ? ` ${t("prices.off", { percent: book.discount })}` : ""}
                      </span>
                    </button>
                  </span>
                );
              })}
            </Line>
          </div>
          <div
            className="grid-body"
            ref={body}
            role="rowgroup"
            tabIndex={-1}
            onScroll={(e) => setTop(e.currentTarget.scrollTop)}
          >
            <Spacer height={total * rowHeight} />
            {visible.map((n) => {
              const of = rows.row(n);
              return (
                <Line
                  key={n}
                  className={n === at ? "grid-row current" : "grid-row"}
                  template={template}
                  role="row"
                  rowIndex={n + 2}
                  y={n * rowHeight}
                  onClick={() => editing === undefined && root.current?.focus()}
                >
                  <span
                    role="gridcell"
                    id={`price-${n}-0`}
                    aria-colindex={1}
                    className={`cell name ${active(n, 0)}`}
                    onClick={() => move({ at: n, column: 0 })}
                    onDoubleClick={() => of && openRecord(of.product, "product")}
                  >
                    {of ? (
                      <span>
                        {of.name || "—"}{" "}
                        <span className="soft small">
                          {of.code} {of.retired ? t("field.retired") : ""}
                        </span>
                      </span>
                    ) : (
                      <i className="skeleton" />
                    )}
                  </span>
                  {of && cell(of, n, OWN)}
                  {of && visibleBooks.map((book, b) => cell(of, n, OWN + 1 + from + b, book))}
                </Line>
              );
            })}
          </div>
        </div>
        {rows.total === 0 && (
          <Empty
            icon={<Package size={28} />}
            title={t(rested ? "list.noMatch" : "empty.product")}
            hint={t(rested ? "list.noMatchHint" : "empty.productHint")}
          >
            <button type="button" className="button primary" onClick={() => onCreate("product")}>
              <Plus size={15} /> {t("new.product")} <kbd>C</kbd>
            </button>
          </Empty>
        )}
      </div>
      {total > 0 && (
        <p className="soft small" id="prices-hint">
          {t(books && books.length === 0 ? "prices.noBooks" : "prices.hint")}
        </p>
      )}
      {dialog && (
        <PriceBook book={dialog === "new" ? undefined : dialog} onClose={() => setDialog(undefined)} />
      )}
    </>
  );
}

/** A price book: what it is called, the currency of its prices, and what is off the rest. */
function PriceBook({ book, onClose }: { book?: PriceBookView; onClose: () => void }) {
  const [name, setName] = useState(book?.name ?? "");
  const [currency, setCurrency] = useState(book?.currency ?? "");
  const [discount, setDiscount] = useState(book?.discount ? String(book.discount) : "");
  const [error, setError] = useState<{ message: string; field?: string | null }>();
  const busy = useRef(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isComposing(event.nativeEvent) || busy.current) return;
    if (!name.trim()) return setError({ message: t("record.missing"), field: "name" });
    const values = { name, currency: currency.trim() || null, discount: discount.trim() || null };
    busy.current = true;
    try {
      const written = book
        ? await commands.setFields(book.id, values)
        : await commands.create("price_book", values);
      onClose();
      const text = book ? t("record.changed", { title: name }) : t("prices.bookMade", { name });
      withUndo(text, written.operation);
    } catch (thrown) {
      setError(errorOf(thrown));
    } finally {
      busy.current = false;
    }
  }
  async function remove() {
    if (!book) return;
    const done = await attempt(() => commands.delete([book.id]));
    if (!done) return;
    onClose();
    withUndo(`${book.name}: ${t("op.delete")}`, done.operation);
  }
  const title = t(book ? "prices.editBook" : "prices.newBook");
  return (
    <Dialog label={title} onClose={onClose}>
      <form className="body stack" onSubmit={(e) => void submit(e)}>
        <h1>{title}</h1>
        <Field label={t("list.name")}>
          <input
            className="input"
            id="book-name"
            autoFocus
            aria-invalid={error?.field === "name"}
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        </Field>
        <Field label={t("prices.currency")}>
          <input
            className="input"
            id="book-currency"
            placeholder="EUR"
            aria-invalid={error?.field === "currency"}
            value={currency}
            onChange={(e) => setCurrency(e.target.value)}
          />
        </Field>
        <Field label={t("prices.discount")}>
          <input
            className="input"
            id="book-discount"
            inputMode="decimal"
            aria-invalid={error?.field === "discount"}
            value={discount}
            onChange={(e) => setDiscount(e.target.value)}
          />
        </Field>
        {error && (
          <p className="error" role="alert">
            {error.message}
          </p>
        )}
        <div className="row-line">
          <button type="submit" className="button primary" id="save-book">
            {t(book ? "save" : "add")} <kbd>Enter</kbd>
          </button>
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          {book && (
            <button type="button" className="button danger" id="delete-book" onClick={() => void remove()}>
              {t("delete")}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
