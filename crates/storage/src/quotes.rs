//! What quotes ask of each other, of their deal and of the prices.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, OptionalExtension, Row, params};
use satchel_domain::{RecordId, money::Money, text::sort_key};
use std::collections::HashMap;

/// The numbers that begin so, of all quotes, those in the trash included: a number is given once.
pub fn numbers(db: &Connection, prefix: &str) -> Result<Vec<String>, StorageError> {
    let (from, sql) =
        (sort_key(prefix), "SELECT number FROM quote WHERE number_sort >= ?1 AND number_sort < ?2");
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params![from, format!("{from}\u{10ffff}")], |r| r.get(0))?;
    let mut numbers: Vec<String> = rows.collect::<Result<_, _>>()?;
    numbers.retain(|number| number.starts_with(prefix));
    Ok(numbers)
}

/// A quote as its deal sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub id: RecordId,
    pub status: String,
    pub date: Option<String>,
    pub number: String,
    pub net: Option<Money>,
}

const OFFER: &str =
    "SELECT id, coalesce(status, 'draft'), date, coalesce(number, ''), net, net_currency FROM quote";

fn offer(r: &Row<'_>) -> rusqlite::Result<Offer> {
    let (minor, currency) = (r.get::<_, Option<i64>>(4)?, r.get::<_, Option<String>>(5)?);
    Ok(Offer {
        id: parsed(r, 0)?,
        status: r.get(1)?,
        date: r.get(2)?,
        number: r.get(3)?,
        net: minor.zip(currency).map(|(minor, currency)| Money { minor, currency }),
    })
}

/// The quotes that were written for a deal.
pub fn of_deal(db: &Connection, deal: RecordId) -> Result<Vec<Offer>, StorageError> {
    let mut statement = db.prepare_cached(&format!("{OFFER} WHERE deal = ?1 AND deleted_at IS NULL"))?;
    Ok(statement.query_map([deal.to_string()], offer)?.collect::<Result<_, _>>()?)
}

/// The deal of a quote, what the quote says of it, and whether it is in the trash.
pub fn of_row(db: &Connection, row: i64) -> Result<Option<(RecordId, Offer, bool)>, StorageError> {
    let mut links = db.prepare_cached("SELECT deal, deleted_at IS NOT NULL FROM quote WHERE row = ?1")?;
    let link = |r: &Row<'_>| Ok((r.get::<_, Option<String>>(0)?, r.get(1)?));
    let Some((Some(deal), gone)) = links.query_row([row], link).optional()? else { return Ok(None) };
    let Ok(deal) = deal.parse() else { return Ok(None) };
    let mut statement = db.prepare_cached(&format!("{OFFER} WHERE row = ?1"))?;
    Ok(Some((deal, statement.query_row([row], offer)?, gone)))
}

/// What a product costs in each price book that says so.
pub fn prices_of(db: &Connection, product: RecordId) -> Result<HashMap<RecordId, Money>, StorageError> {
    let sql =
        "SELECT price_book, price, price_currency FROM price WHERE product = ?1 AND price_book IS NOT NULL
               AND price IS NOT NULL AND deleted_at IS NULL ORDER BY updated_at DESC, id";
    let mut statement = db.prepare_cached(sql)?;
    let mut found = statement.query([product.to_string()])?;
    let mut prices = HashMap::new();
    while let Some(r) = found.next()? {
        // The first counts, as in `price_in`.
        if let Ok(book) = r.get::<_, String>(0)?.parse() {
            prices.entry(book).or_insert(Money { minor: r.get(1)?, currency: r.get(2)? });
        }
    }
    Ok(prices)
}

/// The records that say what a product costs in a price book; the first counts.
pub fn price_records(
    db: &Connection,
    price_book: RecordId,
    product: RecordId,
) -> Result<Vec<RecordId>, StorageError> {
    let sql = "SELECT id FROM price WHERE price_book = ?1 AND product = ?2 AND price IS NOT NULL
               AND deleted_at IS NULL ORDER BY updated_at DESC, id";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params![price_book.to_string(), product.to_string()], |r| parsed(r, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The currency that most prices of a price book are in.
pub fn currency_in(db: &Connection, price_book: RecordId) -> Result<Option<String>, StorageError> {
    let sql =
        "SELECT price_currency FROM price WHERE price_book = ?1 AND price IS NOT NULL AND deleted_at IS NULL
               GROUP BY price_currency ORDER BY count(*) DESC, price_currency LIMIT 1";
    Ok(db.prepare_cached(sql)?.query_row([price_book.to_string()], |r| r.get(0)).optional()?)
}

/// What a product costs in a price book, where that says so.
pub fn price_in(
    db: &Connection,
    price_book: RecordId,
    product: RecordId,
) -> Result<Option<Money>, StorageError> {
    let sql = "SELECT price, price_currency FROM price WHERE price_book = ?1 AND product = ?2
               AND price IS NOT NULL AND deleted_at IS NULL ORDER BY updated_at DESC, id LIMIT 1";
    let mut statement = db.prepare_cached(sql)?;
    let money = |r: &Row<'_>| Ok(Money { minor: r.get(0)?, currency: r.get(1)? });
    Ok(statement.query_row(params![price_book.to_string(), product.to_string()], money).optional()?)
}
