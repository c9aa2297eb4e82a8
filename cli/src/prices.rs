//! What products cost in each price book.

use crate::{
    show::{Show, table},
    words::word,
};
use satchel_app::{
    AppError, MoneyView, Session,
    domain::money::Money,
    views::{PriceBookView, PriceRow},
};
use serde_json::{Value as Json, json};

pub fn prices(show: &Show, session: &Session, book: Option<&str>) -> Result<(), AppError> {
    let only = book.map(|name| session.price_book_named(name)).transpose()?;
    let (mut books, mut rows): (Vec<PriceBookView>, Vec<PriceRow>) = (session.price_books()?, Vec::new());
    books.retain(|book| only.is_none_or(|id| book.id == id));
    loop {
        let offset = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let page = session.prices("", offset, 1000)?;
        let more = !page.rows.is_empty();
        rows.extend(page.rows);
        if !more || rows.len() >= page.total as usize {
            break;
        }
    }
    let row = |row: &PriceRow| {
        let own = books.iter().filter_map(|book| {
            let id = book.id.to_string();
            row.prices.get(&id).map(|price| (id, json!(price)))
        });
        let prices: serde_json::Map<String, Json> = own.collect();
        json!({"product": row.product, "name": row.name, "code": row.code, "price": row.price, "prices": prices})
    };
    let answer = json!({"books": books, "rows": rows.iter().map(row).collect::<Vec<_>>()});
    show.answer(&answer, || {
        let mut head = vec![word("product").to_owned(), word("price").to_owned()];
        head.extend(books.iter().map(|book| format!("{} ({})", book.name, book.currency)));
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let lines: Vec<Vec<String>> = rows.iter().map(|row| line(row, &books)).collect();
        table(&head, &lines)
    });
    Ok(())
}

/// A product in a table; in parentheses what it costs where the book says nothing.
fn line(row: &PriceRow, books: &[PriceBookView]) -> Vec<String> {
    let mut cells = vec![row.name.clone(), row.price.as_ref().map(amount).unwrap_or_default()];
    cells.extend(books.iter().map(|book| {
        let id = book.id.to_string();
        let otherwise = || row.otherwise.get(&id).map(|price| format!("({})", amount(price)));
        row.prices.get(&id).map(amount).or_else(otherwise).unwrap_or_default()
    }));
    cells
}

fn amount(price: &MoneyView) -> String {
    Money { minor: price.minor, currency: price.currency.clone() }.to_string()
}

pub fn set(show: &Show, session: &Session, product: &str, book: &str, amount: &str) -> Result<(), AppError> {
    let (product, book) = (session.product_named(product)?, session.price_book_named(book)?);
    let amount = if amount == "-" { Json::Null } else { json!(amount) };
    let written = session.set_price(product, book, &amount)?;
    show.answer(&json!(written), || written.id.to_string());
    Ok(())
}
