//! Price books: what products cost in each of them, and how that is changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    AppError, Cancel, Code, Role, Session,
    domain::{Kind, RecordId},
    views::PriceRow,
};
use satchel_tests::{
    cli::Cli,
    team::{Device, agree, fields, team},
};
use serde_json::{Value, json};

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn undo(session: &Session) {
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
}

fn refused(result: Result<satchel_app::views::Written, AppError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.code, Code::Refused, "{error:?}");
    error.message
}

/// A product's prices in a book: what was agreed, and what it costs otherwise.
fn cell(session: &Session, product: RecordId, book: RecordId) -> (Option<String>, Option<String>) {
    let row: PriceRow =
        session.prices("", 0, 1000).unwrap().rows.into_iter().find(|row| row.product == product).unwrap();
    let said = |price: Option<&satchel_app::MoneyView>| price.map(|p| format!("{} {}", p.minor, p.currency));
    (said(row.prices.get(&book.to_string())), said(row.otherwise.get(&book.to_string())))
}

fn prices_kept(session: &Session) -> u32 {
    session.list(Kind::Price, &satchel_app::ListRequest::default()).unwrap().total
}

#[test]
fn what_a_product_costs_in_a_book_is_written_cleared_and_taken_back() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let book = new(session, Kind::PriceBook, json!({"name": "Resellers", "currency": "eur", "discount": 10}));
    let pump = new(session, Kind::Product, json!({"name": "Pump", "code": "P-1", "price": "120 EUR"}));
    new(session, Kind::Product, json!({"name": "Gift"}));
    assert_eq!(session.price_books().unwrap()[0].currency, "EUR");
    assert_eq!(cell(session, pump, book), (None, Some("10800 EUR".into())), "less ten percent");

    let set = |amount: Value| session.set_price(pump, book, &amount);
    let written = set(json!("99.5")).unwrap();
    assert_eq!(cell(session, pump, book), (Some("9950 EUR".into()), None), "in the currency of the book");
    assert_eq!(session.operations(1).unwrap()[0].operation, written.operation.unwrap(), "one operation");
    assert_eq!(session.operations(1).unwrap()[0].label, "price");
    assert_eq!(set(json!("99.50 EUR")).unwrap().operation, None, "nothing has changed");
    set(json!("80")).unwrap();
    assert_eq!(cell(session, pump, book).0.unwrap(), "8000 EUR");
    undo(session);
    assert_eq!(cell(session, pump, book).0.unwrap(), "9950 EUR");
    set(json!("")).unwrap();
    assert_eq!((cell(session, pump, book).0, prices_kept(session)), (None, 0));
    undo(session);
    assert_eq!(cell(session, pump, book).0.unwrap(), "9950 EUR");
    set(Value::Null).unwrap();
    set(json!("70")).unwrap();
    assert_eq!((cell(session, pump, book).0.unwrap(), prices_kept(session)), ("7000 EUR".into(), 1));
    undo(session);
    assert_eq!(cell(session, pump, book).0, None);

    // A quote takes what the table shows.
    set(json!("70")).unwrap();
    assert_eq!(session.offer(pump, Some(book)).unwrap().unit_price.unwrap().minor, 7000);

    // What is refused says why, and changes nothing.
    assert!(refused(set(json!("much"))).contains("is not an amount"));
    assert!(refused(set(json!("70 USD"))).contains("prices of «Resellers» are in EUR"));
    assert_eq!(cell(session, pump, book).0.unwrap(), "7000 EUR");
    assert_eq!(session.set_price(book, book, &json!("1")).unwrap_err().code, Code::NotFound);
    assert_eq!(session.set_price(pump, pump, &json!("1")).unwrap_err().code, Code::NotFound);
    let told = |input: Value| session.create(Kind::PriceBook, &fields(input));
    assert!(refused(told(json!({"name": "x", "currency": "coins"}))).contains("is no currency"));
    assert!(refused(told(json!({"name": "x", "discount": 101}))).contains("between 0 and 100"));
    assert!(refused(session.set(book, &fields(json!({"currency": "XXX"})))).contains("is no currency"));
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn without_a_currency_of_its_own_the_first_price_of_a_book_decides() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let book = new(session, Kind::PriceBook, json!({"name": "Abroad"}));
    let pump = new(session, Kind::Product, json!({"name": "Pump"}));
    let seal = new(session, Kind::Product, json!({"name": "Seal"}));
    assert_eq!(session.price_books().unwrap()[0].currency, session.settings().unwrap().currency);
    session.set_price(pump, book, &json!("100 USD")).unwrap();
    assert_eq!(session.price_books().unwrap()[0].currency, "USD");
    session.set_price(seal, book, &json!("5")).unwrap();
    assert_eq!(cell(session, seal, book).0.unwrap(), "500 USD");
    assert!(refused(session.set_price(seal, book, &json!("5 CNY"))).contains("are in USD"));
    session.set(book, &fields(json!({"currency": "jpy"}))).unwrap();
    session.set_price(seal, book, &json!("500")).unwrap();
    assert_eq!(cell(session, seal, book).0.unwrap(), "500 JPY");
}

#[test]
fn prices_that_were_written_twice_are_one_once_they_are_changed() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let book = new(session, Kind::PriceBook, json!({"name": "A"}));
    let pump = new(session, Kind::Product, json!({"name": "Pump", "price": "9 EUR"}));
    for amount in ["1 EUR", "2 EUR"] {
        let input = json!({"price_book": book.to_string(), "product": pump.to_string(), "price": amount});
        new(session, Kind::Price, input);
    }
    session.set_price(pump, book, &json!("3")).unwrap();
    assert_eq!((cell(session, pump, book).0.unwrap(), prices_kept(session)), ("300 EUR".into(), 1));
    session.set_price(pump, book, &json!("")).unwrap();
    assert_eq!(cell(session, pump, book), (None, Some("900 EUR".into())), "none comes to light");
    undo(session);
    undo(session);
    assert_eq!(prices_kept(session), 2);
}

/// Two who price the same product without a network have one price, and a conflict that is told.
#[test]
fn two_who_price_a_product_at_once_have_one_price() {
    let devices = team(&[("Bo", Role::Member)]);
    let (a, b) = (devices[0].session(), devices[1].session());
    let pump = new(a, Kind::Product, json!({"name": "Pump"}));
    let book = new(a, Kind::PriceBook, json!({"name": "A", "currency": "EUR"}));
    agree(&devices);
    a.set_price(pump, book, &json!("1")).unwrap();
    b.set_price(pump, book, &json!("2")).unwrap();
    agree(&devices);
    assert_eq!(cell(a, pump, book), cell(b, pump, book));
    assert_eq!((prices_kept(a), prices_kept(b)), (1, 1));
}

#[test]
fn products_are_found_by_name_or_code_and_come_in_pages() {
    let device = Device::new("Ana", None);
    let session = device.session();
    for n in 0..30 {
        new(session, Kind::Product, json!({"name": format!("Pump {n:02}"), "code": format!("X-{n}")}));
    }
    let seal = new(session, Kind::Product, json!({"name": "Seal's", "code": "pump-seal", "retired": true}));
    let table = |text: &str, offset, limit| session.prices(text, offset, limit).unwrap();
    let page = table("", 10, 5);
    assert_eq!((page.total, page.rows.len(), page.rows[0].name.as_str()), (31, 5, "Pump 10"));
    assert_eq!(table("PUMP", 0, 100).total, 31);
    let found = table("seal's", 0, 100);
    assert_eq!((found.total, found.rows[0].product, found.rows[0].retired), (1, seal, true));
    assert_eq!((table("nothing", 0, 100).total, table("", 100, 100).rows.len()), (0, 0));
    assert_eq!(session.product_named("pump-seal").unwrap(), seal);
    assert_eq!(session.product_named(&seal.to_string()).unwrap(), seal);
    assert_eq!(session.product_named("nobody").unwrap_err().code, Code::NotFound);
    new(session, Kind::Product, json!({"name": "Pump 01"}));
    assert_eq!(session.product_named("Pump 01").unwrap_err().code, Code::Refused, "which of the two?");
}

#[test]
fn scripts_read_and_write_prices() {
    let cli = Cli::new();
    let id = |answer: Value| answer["id"].as_str().unwrap().to_owned();
    let pump = id(cli.json(&["new", "product", "name=Pump", "code=P-1", "price=120 EUR"]));
    let book = id(cli.json(&["new", "price_book", "name=Resellers", "currency=EUR", "discount=10"]));
    let other = id(cli.json(&["new", "price_book", "name=Abroad", "currency=USD"]));
    let written = cli.json(&["price", "P-1", "resellers", "99.50"]);
    assert!(written["operation"].is_string());
    cli.json(&["price", &pump, &other, "130 USD"]);
    let all = cli.json(&["prices"]);
    assert_eq!(
        all["books"],
        json!([
            {"id": other, "name": "Abroad", "currency": "USD", "discount": 0.0},
            {"id": book, "name": "Resellers", "currency": "EUR", "discount": 10.0},
        ])
    );
    let eur = |minor: i64| json!({"minor": minor, "currency": "EUR"});
    let usd = json!({"minor": 13_000, "currency": "USD"});
    assert_eq!(
        all["rows"],
        json!([{"product": pump, "name": "Pump", "code": "P-1", "price": eur(12_000),
            "prices": {(book.clone()): eur(9_950), (other.clone()): usd}}])
    );
    let one = cli.json(&["prices", "--book", "Resellers"]);
    assert_eq!(
        (one["books"].as_array().unwrap().len(), &one["rows"][0]["prices"]),
        (1, &json!({(book): eur(9_950)}))
    );
    cli.json(&["price", "Pump", "Resellers", "-"]);
    assert_eq!(cli.json(&["prices", "--book", "Resellers"])["rows"][0]["prices"], json!({}));
    let table = String::from_utf8(cli.run(&["prices"]).stdout).unwrap();
    assert!(table.contains("Resellers (EUR)") && table.contains("(108.00 EUR)"), "{table}");
    assert_eq!(cli.refuse(&["price", "P-1", "Resellers", "7 USD"]).0, 4);
    assert_eq!(cli.refuse(&["price", "P-2", "Resellers", "7"]).0, 5);
    assert_eq!(cli.refuse(&["prices", "--book", "Nobody"]).0, 5);
}
