//! Price books as a table: what products cost in each of them.

use crate::{
    AppError, Cancel, ListRequest, Session,
    lists::row_view,
    quotes::reduced,
    records::{Values, out_of_trash, registers_of},
    reports::MoneyView,
    session::now,
    views::{PriceBookView, PriceRow, PriceTable, RowView, Written},
};
use satchel_document::{Changes, difference};
use satchel_domain::{
    Field, Kind, RecordId, Registers, Scalar, Value,
    filter::{Filter, Op},
    money::{Money, is_currency},
    register::DELETED_AT,
    value::Habits,
};
use satchel_storage::{ListQuery, documents, lists, quotes};
use serde_json::Value as Json;
use std::collections::HashMap;

/// More books than these are no table that somebody reads.
const MOST_BOOKS: u32 = 200;
const MOST_ROWS: usize = 1000;

impl Session {
    /// The price books in the order of their names, with the currency that their prices are in.
    pub fn price_books(&self) -> Result<Vec<PriceBookView>, AppError> {
        let request = ListRequest { limit: MOST_BOOKS, ..ListRequest::default() };
        let usual = self.habits()?.currency;
        let view = |row: RowView| {
            let currency = self.currency_of(row.id, &row.fields)?.unwrap_or_else(|| usual.clone());
            let discount = row.fields.get("discount").and_then(Json::as_f64).unwrap_or_default();
            Ok(PriceBookView { id: row.id, name: row.title, currency, discount })
        };
        self.list(Kind::PriceBook, &request)?.rows.into_iter().map(view).collect()
    }

    /// Products whose name or code contains a text, in the order of their names, with what they cost.
    pub fn prices(&self, text: &str, offset: u32, limit: u32) -> Result<PriceTable, AppError> {
        let text = text.trim();
        let contains = |field: &str| Filter::Compare {
            field: field.to_owned(),
            op: Op::Contains,
            value: text.to_owned(),
        };
        let filter = (!text.is_empty()).then(|| Filter::Or(vec![contains("name"), contains("code")]));
        let order = self.order_of(&ListQuery { filter, ..ListQuery::all(Kind::Product) })?;
        let books = self.price_books()?;
        let from = (offset as usize).min(order.len());
        let to = from.saturating_add((limit as usize).min(MOST_ROWS)).min(order.len());
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, AppError>(|db| {
            let page = order.get(from..to).unwrap_or_default();
            let rows = lists::page(db, &catalogue, Kind::Product, page)?.into_iter().map(row_view);
            rows.map(|row| Ok((quotes::prices_of(db, row.id)?, row))).collect::<Result<Vec<_>, AppError>>()
        })?;
        let rows = rows.into_iter().map(|(agreed, row)| price_row(row, &agreed, &books)).collect();
        Ok(PriceTable { total: u32::try_from(order.len()).unwrap_or(u32::MAX), books, rows })
    }

    /// Writes what a product costs in a price book, or that it costs there what it always does.
    pub fn set_price(&self, product: RecordId, book: RecordId, amount: &Json) -> Result<Written, AppError> {
        self.standing(product, Kind::Product)?;
        let price = self.amount_in(book, amount)?;
        let known = self.store.read(|db| quotes::price_records(db, book, product))?;
        // Two who price the same product at once write one record.
        let own = self.derive_id(&["price", &book.to_string(), &product.to_string()]);
        let at = now();
        let away = |now: &Registers| match now.contains_key(DELETED_AT) {
            true => Changes::new(),
            false => vec![(DELETED_AT.to_owned(), Some(Scalar::Int(at)))],
        };
        let (nothing, never) = (&mut |_| {}, Cancel::default());
        let Some(price) = price else {
            let written = self.write_registers(&known, "price", &away, nothing, &never)?;
            return Ok(Written { id: known.first().copied().unwrap_or(own), operation: written.operation });
        };
        let values = Values::from([
            ("price_book".to_owned(), Some(Value::Reference(book))),
            ("product".to_owned(), Some(Value::Reference(product))),
            ("price".to_owned(), Some(Value::Money(price))),
        ]);
        let wanted = registers_of(&values);
        let known = match known.is_empty() && self.store.read(|db| documents::exists(db, own))? {
            true => vec![own],
            false => known,
        };
        let Some(first) = known.first().copied() else {
            let operation = self.together("price", &[(own, Kind::Price, wanted)], &[])?;
            return Ok(Written { id: own, operation: Some(operation) });
        };
        // Another price of the same would come to light once this one is cleared.
        let plan = |id: RecordId, now: &Registers| match id == first {
            true => {
                let fields = values.keys().flat_map(|key| difference(key, now, &wanted));
                out_of_trash(now).into_iter().chain(fields).collect()
            }
            false => away(now),
        };
        let written = self.write_each(self.operation("price"), &known, &plan, nothing, &never)?;
        Ok(Written { id: first, operation: written.operation })
    }

    /// What a text says of an amount in a price book; nothing where it is empty.
    fn amount_in(&self, book: RecordId, amount: &Json) -> Result<Option<Money>, AppError> {
        let view = self.standing(book, Kind::PriceBook)?;
        let currency = self.currency_of(book, &view.fields)?;
        let usual = self.habits()?;
        let habits = Habits { currency: currency.clone().unwrap_or(usual.currency.clone()), ..usual };
        let refused =
            |message: String| AppError { field: Some("price".to_owned()), ..AppError::refused(message) };
        let catalogue = self.catalogue();
        let field: &Field = catalogue.field(Kind::Price, "price").expect("prices have a field of that name");
        let read = Value::from_json(field, amount, &habits).map_err(|e| refused(e.to_string()))?;
        let Some(Value::Money(money)) = read else { return Ok(None) };
        match currency.filter(|currency| *currency != money.currency) {
            Some(currency) => Err(refused(format!(
                "prices of «{}» are in {currency}; write the amount in {currency}, or make a price book for {}",
                view.title, money.currency
            ))),
            None => Ok(Some(money)),
        }
    }

    /// The currency of a price book: its own, or that of the prices in it. Without either the first price decides.
    fn currency_of(
        &self,
        book: RecordId,
        fields: &serde_json::Map<String, Json>,
    ) -> Result<Option<String>, AppError> {
        match fields.get("currency").and_then(Json::as_str) {
            Some(own) => Ok(Some(own.to_owned())),
            None => Ok(self.store.read(|db| quotes::currency_in(db, book))?),
        }
    }

    fn standing(&self, id: RecordId, kind: Kind) -> Result<crate::views::RecordView, AppError> {
        let view = self.get(id).ok().filter(|view| view.kind == kind && view.deleted_at.is_none());
        view.ok_or_else(|| AppError::not_found(kind.key(), id))
    }

    /// A product by its id, its code or its name, for who types it.
    pub fn product_named(&self, name: &str) -> Result<RecordId, AppError> {
        self.named_so(Kind::Product, &["code", "name"], name)
    }

    pub fn price_book_named(&self, name: &str) -> Result<RecordId, AppError> {
        self.named_so(Kind::PriceBook, &["name"], name)
    }

    fn named_so(&self, kind: Kind, fields: &[&str], name: &str) -> Result<RecordId, AppError> {
        if let Ok(id) = name.parse() {
            return Ok(id);
        }
        // A code is more than a name: one that is a product's code is that product.
        for field in fields {
            let equal = Filter::Compare { field: (*field).to_owned(), op: Op::Eq, value: name.to_owned() };
            let order = self.order_of(&ListQuery { filter: Some(equal), ..ListQuery::all(kind) })?;
            match order.as_slice() {
                [] => {}
                [row] => {
                    let id = self.store.read(|db| documents::id_of(db, *row))?;
                    return id.ok_or_else(|| AppError::not_found(kind.key(), name));
                }
                _ => {
                    return Err(AppError::refused(format!(
                        "more than one {kind} is called «{name}»; name it by its id"
                    )));
                }
            }
        }
        Err(AppError::not_found(kind.key(), name))
    }

    /// What a price book may be told.
    pub(crate) fn check_price_book(values: &mut Values) -> Result<(), AppError> {
        let refuse = |key: &str, message: String| {
            Err(AppError { field: Some(key.to_owned()), ..AppError::refused(message) })
        };
        if let Some(Some(Value::Text(currency))) = values.get_mut("currency") {
            *currency = currency.to_ascii_uppercase();
            if !is_currency(currency) {
                return refuse(
                    "currency",
                    format!("{currency} is no currency; write a code such as EUR, USD or CNY"),
                );
            }
        }
        match values.get("discount") {
            Some(Some(Value::Number(n))) if !(0.0..=100.0).contains(n) => {
                refuse("discount", "expected a percentage between 0 and 100".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn price_row(row: RowView, agreed: &HashMap<RecordId, Money>, books: &[PriceBookView]) -> PriceRow {
    let text = |key: &str| row.fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let own: Option<Money> =
        row.fields.get("price").and_then(|price| serde_json::from_value(price.clone()).ok());
    let shown = |money: Money| MoneyView { minor: money.minor, currency: money.currency };
    let (mut prices, mut otherwise) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    for book in books {
        if let Some(price) = agreed.get(&book.id) {
            prices.insert(book.id.to_string(), shown(price.clone()));
        } else if let Some(price) = reduced(own.clone(), percent(book.discount)) {
            otherwise.insert(book.id.to_string(), shown(price));
        }
    }
    PriceRow {
        product: row.id,
        code: text("code"),
        retired: row.fields.get("retired").and_then(Json::as_bool).unwrap_or(false),
        price: own.map(shown),
        prices,
        otherwise,
        name: row.title,
    }
}

fn percent(number: f64) -> rust_decimal::Decimal {
    rust_decimal::Decimal::try_from(number).map(|n| n.round_dp(4)).unwrap_or_default()
}
