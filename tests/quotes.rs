//! Products, price books and quotes: sums, numbers, versions, and deals that follow them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Cancel, Role, Session,
    domain::{Kind, RecordId},
    views::PaperLanguage,
};
use satchel_tests::team::{Device, agree, fields, team};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn set(session: &Session, id: RecordId, input: Value) {
    session.set(id, &fields(input)).unwrap();
}

fn field(session: &Session, id: RecordId, key: &str) -> Value {
    session.get(id).unwrap().fields.get(key).cloned().unwrap_or_default()
}

fn eur(minor: i64) -> Value {
    json!({"minor": minor, "currency": "EUR"})
}

fn undo(session: &Session) {
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
}

#[test]
fn a_quote_takes_prices_from_products_and_the_deal_follows_it() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let book = new(session, Kind::PriceBook, json!({"name": "Resellers", "discount": 10}));
    let pump = new(
        session,
        Kind::Product,
        json!({"name": "Pump", "code": "P-1", "price": "120 EUR", "unit": "piece", "tax": 21, "description": "40 l/min"}),
    );
    let seal = new(session, Kind::Product, json!({"name": "Seal", "price": "9.99 EUR", "tax": 21}));
    new(
        session,
        Kind::Price,
        json!({"price_book": book.to_string(), "product": seal.to_string(), "price": "8 EUR"}),
    );
    let acme = new(session, Kind::Company, json!({"name": "Acme", "price_book": book.to_string()}));
    let deal =
        new(session, Kind::Deal, json!({"name": "Pumps", "company": acme.to_string(), "value": "5000 EUR"}));
    let lines = json!([
        {"product": pump.to_string(), "quantity": 3},
        {"product": seal.to_string(), "quantity": "2,5", "discount": "5%"},
        {"name": "Installation", "unit_price": "200 EUR"},
    ]);
    let quote = new(session, Kind::Quote, json!({"deal": deal.to_string(), "lines": lines}));
    let view = session.get(quote).unwrap();
    assert_eq!(view.titles["company"], "Acme", "as the deal has it");
    assert_eq!(view.fields["name"], "Pumps");
    assert_eq!(view.fields["status"], "draft");
    let number = view.fields["number"].as_str().unwrap();
    assert!(number.ends_with("-001") && number.starts_with("20"), "{number}");
    assert!(view.fields["date"].as_str() < view.fields["valid_until"].as_str());
    // 3 x 108.00, 2.5 x 8.00 less 5 %, 200.00: ten percent off in the book, 8.00 by its own price.
    let sums = session.quote(quote).unwrap().sums.unwrap();
    assert_eq!(sums.lines, [32_400, 1_900, 20_000]);
    assert_eq!(
        (sums.net, sums.taxes[0].base, sums.taxes[0].tax, sums.total),
        (54_300, 34_300, 7_203, 61_503)
    );
    assert_eq!((view.fields["net"].clone(), view.fields["total"].clone()), (eur(54_300), eur(61_503)));
    assert_eq!(field(session, deal, "value"), eur(54_300));

    // What was offered stays, whatever the price list says later.
    set(session, pump, json!({"price": "150 EUR"}));
    assert_eq!(field(session, quote, "net"), eur(54_300));
    set(session, quote, json!({"discount": 10}));
    assert_eq!((field(session, quote, "net"), field(session, deal, "value")), (eur(48_870), eur(48_870)));
    undo(session);
    assert_eq!(
        (field(session, quote, "net"), field(session, deal, "value")),
        (eur(54_300), eur(54_300)),
        "both"
    );

    // Lists sort and filter by what it comes to.
    let request = |filter: &str| satchel_app::ListRequest { filter: filter.into(), ..Default::default() };
    let listed = |filter: &str| session.list(Kind::Quote, &request(filter)).unwrap().total;
    assert_eq!((listed("net > 500"), listed("total > 700"), listed("company = 'Acme'")), (1, 0, 1));
    assert!(session.search("pump", None, 10).unwrap().iter().any(|hit| hit.id == quote), "by its lines");

    // A new version: what was accepted counts, and a declined one does not.
    set(session, quote, json!({"status": "sent"}));
    let second = session.revise_quote(quote).unwrap().id;
    assert_eq!(field(session, second, "number"), format!("{number}/2"));
    assert_eq!(field(session, quote, "status"), "superseded");
    set(session, second, json!({"lines": [{"name": "All in one", "unit_price": "600 EUR", "tax": 21}]}));
    assert_eq!(field(session, deal, "value"), eur(60_000));
    set(session, second, json!({"status": "accepted"}));
    assert!(field(session, second, "decided_at").is_string());
    let third = session.revise_quote(second).unwrap().id;
    assert_eq!(field(session, third, "number"), format!("{number}/3"));
    assert_eq!(field(session, second, "status"), "accepted", "it was promised");
    set(session, third, json!({"discount": 50}));
    assert_eq!(field(session, deal, "value"), eur(60_000), "only what was accepted counts");
    set(session, third, json!({"status": "declined", "declined_reason": "too late"}));
    assert!(field(session, third, "decided_at").is_string());
    set(session, third, json!({"status": "draft"}));
    assert_eq!(field(session, third, "decided_at"), Value::Null);
    assert_eq!(field(session, third, "declined_reason"), Value::Null);
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn what_is_wrong_with_a_quote_is_said() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let refused = |input: Value| session.create(Kind::Quote, &fields(input)).unwrap_err();
    let error = refused(json!({"lines": [
        {"name": "a", "unit_price": "1 EUR"}, {"name": "b", "unit_price": "1 USD"},
    ]}));
    assert!(error.message.contains("EUR and USD"), "{}", error.message);
    assert_eq!(error.field.as_deref(), Some("lines"));
    let yen = json!([{"name": "a", "unit_price": "7"}, {"name": "b", "unit_price": "8 JPY"}]);
    let quote = new(session, Kind::Quote, json!({ "lines": yen }));
    assert_eq!(
        field(session, quote, "net"),
        json!({"minor": 15, "currency": "JPY"}),
        "a bare number is the others'"
    );
    for lines in [
        json!([{"name": "a", "unit_price": "1 QQQ"}]),
        json!([{"name": "a", "quantity": "many"}]),
        json!([{"name": "a", "tax": 101}]),
        json!([{"name": "a", "quantity": 0.123_456}]),
        json!("three pumps"),
        json!([3]),
        Value::Array(vec![json!({"name": "x"}); 501]),
    ] {
        refused(json!({ "lines": lines }));
    }
    let missing = json!([{"product": "0198a000-0000-7000-8000-000000000000"}]);
    assert!(refused(json!({ "lines": missing })).message.contains("product"));
    assert!(refused(json!({"net": "5 EUR"})).message.contains("calculated"));
    assert!(refused(json!({"status": "maybe"})).message.contains("accepted"));
    let empty = new(session, Kind::Quote, json!({"name": "Nothing yet"}));
    let error = session.set(empty, &fields(json!({"status": "sent"}))).unwrap_err();
    assert!(error.message.contains("no line with a price"), "{}", error.message);
    assert_eq!(session.quote(empty).unwrap().sums, None);
    // Undone, its number is not given again.
    undo(session);
    let next = new(session, Kind::Quote, json!({"name": "Next"}));
    assert!(field(session, next, "number").as_str().unwrap().ends_with("-003"));
}

#[test]
fn reps_who_are_offline_never_give_a_number_twice() {
    let devices = team(&[("Bo", Role::Member), ("Cy", Role::Member)]);
    let mut numbers = BTreeSet::new();
    let mut quotes = Vec::new();
    for device in &devices {
        let session = device.session();
        for _ in 0..3 {
            let quote = new(
                session,
                Kind::Quote,
                json!({"name": "x", "lines": [{"name": "a", "unit_price": "1 EUR"}]}),
            );
            numbers.insert(field(session, quote, "number").as_str().unwrap().to_owned());
            quotes.push(quote);
        }
    }
    assert_eq!(numbers.len(), 9);
    agree(&devices);
    // Two revise one quote at once, and one adds a line while another gives a discount.
    let (ana, bo) = (devices[0].session(), devices[1].session());
    let versions = [ana.revise_quote(quotes[0]).unwrap().id, bo.revise_quote(quotes[0]).unwrap().id];
    ana.set(quotes[1], &fields(json!({"discount": 50}))).unwrap();
    let lines = json!([{"name": "a", "unit_price": "1 EUR"}, {"name": "b", "unit_price": "3 EUR"}]);
    bo.set(quotes[1], &fields(json!({ "lines": lines }))).unwrap();
    // And two lay a line of another currency into one.
    let euros = json!([{"name": "a", "unit_price": "1 EUR"}, {"name": "e", "unit_price": "1 EUR"}]);
    let dollars = json!([{"name": "d", "unit_price": "1 USD"}]);
    ana.set(quotes[2], &fields(json!({ "lines": euros }))).unwrap();
    bo.set(quotes[2], &fields(json!({ "lines": dollars }))).unwrap();
    agree(&devices);
    for session in [&ana, &bo] {
        let given: BTreeSet<String> =
            versions.iter().map(|id| field(session, *id, "number").to_string()).collect();
        assert_eq!(given.len(), 2);
        assert_eq!(field(session, quotes[1], "net"), eur(200), "half of both lines");
        let view = session.quote(quotes[2]).unwrap();
        assert!(view.sums.is_none() && view.problem.unwrap().contains("USD"));
        assert!(session.set(quotes[2], &fields(json!({"status": "sent"}))).is_err());
        assert!(session.verify(&mut |_| {}).unwrap().ok);
    }
}

/// What a customer reads, in either language, and how the firm looks on it.
#[test]
fn a_quote_is_a_paper_of_the_firm() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let address =
        json!([{"street": "Calle Mayor 3", "city": "Vigo", "postal_code": "36201", "country": "ES"}]);
    let acme = new(session, Kind::Company, json!({"name": "Acme 上海", "addresses": address}));
    let ada = new(session, Kind::Person, json!({"first_name": "Ada", "last_name": "Wu"}));
    session
        .set_letterhead(&fields(json!({"name": "Norte Foods SL", "address": "Rúa do Sol 1\nLugo",
            "footer": "IBAN ES00 1234", "terms": "Paid in 30 days.", "accent": "#225588"})))
        .unwrap();
    let lines = json!([
        {"name": "Pump", "description": "40 l/min", "quantity": 3, "unit": "piece", "unit_price": "1234.50 EUR",
         "discount": 5, "tax": 21},
        {"name": "安装", "unit_price": "200 EUR"},
    ]);
    let quote = new(
        session,
        Kind::Quote,
        json!({"company": acme.to_string(), "person": ada.to_string(), "name": "Pumps", "lines": lines,
            "discount": 10, "date": "2026-11-27", "valid_until": "2026-12-27"}),
    );
    let text = |path: &std::path::Path| {
        let text = pdf_extract::extract_text(path).unwrap();
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>()
    };
    let english = at("a.pdf");
    session.write_quote_pdf(quote, PaperLanguage::En, &english).unwrap();
    let number = field(session, quote, "number");
    let read = text(&english);
    for said in [
        number.as_str().unwrap(),
        "NorteFoodsSL",
        "RúadoSol1",
        "IBANES001234",
        "Paidin30days.",
        "Acme上海",
        "AdaWu",
        "CalleMayor3",
        "36201Vigo",
        "27November2026",
        "27December2026",
        "Pump",
        "40l/min",
        "3piece",
        "€1,234.50",
        "安装",
        "Subtotal",
        "Discount10%",
        "−€371.83",
        "Tax21%",
        "€664.97",
        "€4,011.47",
    ] {
        assert!(read.contains(said), "«{said}» is not in {read}");
    }
    let chinese = at("b.pdf");
    session.write_quote_pdf(quote, PaperLanguage::Zh, &chinese).unwrap();
    for said in ["报价单", "2026年11月27日", "小计", "税21%", "合计"] {
        assert!(text(&chinese).contains(said), "«{said}» is not in it");
    }

    // A logo is looked at before it is taken, and the last one counts.
    let plain = std::fs::read(&english).unwrap();
    std::fs::write(at("logo.png"), b"no picture").unwrap();
    let refused = session.set_logo(&at("logo.png")).unwrap_err();
    assert!(refused.message.contains("save it as PNG or JPEG"), "{refused:?}");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../icons/icon.png"), at("logo.png")).unwrap();
    session.set_logo(&at("logo.png")).unwrap();
    session.write_quote_pdf(quote, PaperLanguage::En, &english).unwrap();
    assert!(std::fs::read(&english).unwrap().len() > plain.len() + 500, "the picture is in it");
    undo(session);
    session.write_quote_pdf(quote, PaperLanguage::En, &english).unwrap();
    assert_eq!(std::fs::read(&english).unwrap(), plain, "the same quote is the same paper");

    let empty = new(session, Kind::Quote, json!({"name": "Nothing"}));
    let refused = session.write_quote_pdf(empty, PaperLanguage::En, &at("c.pdf")).unwrap_err();
    assert!(refused.message.contains("line"), "{refused:?}");
    assert!(!at("c.pdf").exists());
    assert!(session.write_quote_pdf(acme, PaperLanguage::En, &at("c.pdf")).is_err(), "no quote");
}

/// A picture that no longer can be a logo keeps no customer waiting.
#[test]
fn a_quote_goes_without_a_logo_that_cannot_be_read() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let lines = json!([{"name": "Pump", "unit_price": "200 EUR"}]);
    let quote = new(session, Kind::Quote, json!({ "lines": lines }));
    session.set_letterhead(&fields(json!({"name": "Norte Foods SL"}))).unwrap();
    let write = || session.write_quote_pdf(quote, PaperLanguage::En, &at("q.pdf")).unwrap();
    assert_eq!(write().notices, [], "nothing is missed where there is no logo");
    let plain = std::fs::read(at("q.pdf")).unwrap();
    // As another version may have put it there: this one looks at a logo before it takes it.
    let logo = |name: &str, bytes: &[u8]| {
        std::fs::write(at(name), bytes).unwrap();
        let id = session.attach(acme, &at(name), &mut |_| {}, &Cancel::default()).unwrap().id;
        set(session, id, json!({"record": session.letterhead_id().to_string()}));
        id
    };
    let picture = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../icons/icon.png")).unwrap();
    let mut wide = picture.clone();
    wide[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let mut broken = picture.clone();
    broken.truncate(picture.len() / 2);
    for (name, bytes, why) in [
        ("none.png", b"no picture".to_vec(), "neither PNG nor JPEG"),
        ("wide.png", wide, "pixels"),
        ("broken.png", broken, "cannot be read"),
        ("large.png", [picture.clone(), vec![0; 2_100_000]].concat(), "larger than"),
    ] {
        let id = logo(name, &bytes);
        let written = write();
        let [notice] = written.notices.as_slice() else { panic!("{name}: {:?}", written.notices) };
        assert_eq!(notice.left_out, name);
        assert!(notice.why.contains(why), "{name}: {}", notice.why);
        assert_eq!(std::fs::read(at("q.pdf")).unwrap(), plain, "{name}: as without one");
        assert_eq!(written.bytes as usize, plain.len());
        put_away(session, &[id]);
    }
    let id = logo("good.png", &picture);
    assert_eq!(write().notices, []);
    assert!(std::fs::read(at("q.pdf")).unwrap().len() > plain.len() + 500, "the picture is in it");

    // Its pieces are gone, or have not come yet.
    let blobs = device.dir.path().join("vault/blobs");
    std::fs::rename(&blobs, at("blobs")).unwrap();
    std::fs::create_dir(&blobs).unwrap();
    let written = write();
    assert_eq!(written.notices[0].left_out, "good.png");
    assert!(written.notices[0].why.contains("not all of this file is here yet"), "{:?}", written.notices);
    let draft = satchel_app::Letter {
        about: quote,
        name: "Ada".into(),
        address: "ada@x.example".into(),
        subject: "Your quote".into(),
        body: "Here it is.".into(),
        quote: Some((quote, PaperLanguage::En)),
    };
    let written = session.write_draft(&draft, &at("x.eml")).unwrap();
    assert_eq!(written.notices.len(), 1, "a letter says it, too");
    put_away(session, &[id]);
    assert_eq!(write().notices, []);

    // What is wrong with the quote is still refused.
    let refused = session.write_quote_pdf(acme, PaperLanguage::En, &at("q.pdf"));
    assert!(refused.is_err());
}

#[test]
fn scripts_and_people_are_told_which_logo_is_left_out() {
    let cli = satchel_tests::cli::Cli::new();
    let id = |answer: Value| answer["id"].as_str().unwrap().to_owned();
    let acme = id(cli.json(&["new", "company", "name=Acme"]));
    let quote = id(cli.json(&["new", "quote", r#"lines=[{"name":"Pump","unit_price":"200 EUR"}]"#]));
    let letterhead = id(cli.json(&["letterhead", "name=Norte"]));
    std::fs::write(cli.dir.path().join("logo.png"), b"no picture").unwrap();
    let logo = id(cli.json(&["attach", &acme, "logo.png"]));
    cli.json(&["set", &logo, &format!("record={letterhead}")]);
    let written = cli.json(&["quote", "pdf", &quote, "--out", "q.pdf"]);
    assert_eq!(written["notices"][0]["left_out"], "logo.png");
    assert!(written["notices"][0]["why"].as_str().unwrap().contains("neither PNG nor JPEG"));
    assert_eq!(written["file"], "q.pdf");
    let out = cli.run(&["quote", "pdf", &quote, "--out", "p.pdf"]);
    assert!(out.status.success());
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(said.starts_with("logo.png was left out: the logo cannot be read"), "{said}");
    let out =
        cli.command(&["quote", "pdf", &quote, "--out", "z.pdf"]).env("SATCHEL_LANG", "zh").output().unwrap();
    assert!(String::from_utf8(out.stderr).unwrap().starts_with("未放入 logo.png"));
}

fn put_away(session: &Session, ids: &[RecordId]) {
    session.delete(ids, &mut |_| {}, &Cancel::default()).unwrap();
}

/// The value of a deal is what its quotes say when one of them says something else, and a person's word otherwise.
#[test]
fn a_deal_follows_its_quotes_and_nothing_else() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let deal = new(session, Kind::Deal, json!({"name": "Pumps"}));
    let offer = |deal: RecordId, amount: &str| {
        let lines = json!([{"name": "All in one", "unit_price": amount}]);
        new(session, Kind::Quote, json!({"deal": deal.to_string(), "lines": lines}))
    };
    let (first, second) = (offer(deal, "100 EUR"), offer(deal, "200 EUR"));
    let value = |deal| field(session, deal, "value");
    assert_eq!(value(deal), eur(20_000));
    set(session, deal, json!({"value": "50000 EUR"}));
    set(session, second, json!({"notes": "wants blue ones"}));
    assert_eq!(value(deal), eur(5_000_000), "a note changes no value");

    // Several at once: what stands when all of them are changed counts.
    let third = offer(deal, "300 EUR");
    assert_eq!(value(deal), eur(30_000));
    let both = fields(json!({"status": "declined"}));
    session.set_many(&[second, third], &both, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(value(deal), eur(10_000), "the only one that stands");
    let revised = session.revise_quote(third).unwrap().id;
    assert_eq!(value(deal), eur(30_000), "it is offered again");
    put_away(session, &[revised]);
    assert_eq!(value(deal), eur(10_000));
    undo(session);
    assert_eq!(value(deal), eur(30_000));

    // A quote that was for another deal.
    let other = new(session, Kind::Deal, json!({"name": "Seals"}));
    set(session, revised, json!({"deal": other.to_string()}));
    assert_eq!((value(deal), value(other)), (eur(10_000), eur(30_000)));
    put_away(session, &[first, revised]);
    assert_eq!(value(deal), eur(10_000), "with no quote left it stays");
    session.restore(&[first], &mut |_| {}, &Cancel::default()).unwrap();
    set(session, first, json!({"deal": null}));
    assert_eq!(value(deal), eur(10_000));
}

/// More than a batch, and more than a thousand: one operation all the same, and each deal follows its quotes.
#[test]
fn thousands_of_quotes_are_put_away_at_once() {
    const DEALS: usize = 10;
    const QUOTES: usize = 2500;
    let device = Device::new("Ana", None);
    let session = device.session();
    let deals: Vec<RecordId> = (0..DEALS).map(|_| new(session, Kind::Deal, json!({"name": "d"}))).collect();
    let offer = |deal: RecordId, amount: &str, date: &str| {
        let lines = json!([{"name": "All in one", "unit_price": amount}]);
        let input = json!({"deal": deal.to_string(), "lines": lines, "date": date, "number": "n"});
        new(session, Kind::Quote, input)
    };
    // What stands when the others are gone.
    for deal in &deals {
        offer(*deal, "7 EUR", "2026-01-01");
    }
    let many: Vec<RecordId> = (0..QUOTES).map(|n| offer(deals[n % DEALS], "100 EUR", "2026-02-01")).collect();
    let values = || deals.iter().map(|deal| field(session, *deal, "value")).collect::<Vec<_>>();
    assert_eq!(values(), vec![eur(10_000); DEALS]);
    let total = || session.list(Kind::Quote, &satchel_app::ListRequest::default()).unwrap().total as usize;

    let begun = std::time::Instant::now();
    let written = session.delete(&many, &mut |_| {}, &Cancel::default()).unwrap();
    println!("{QUOTES} quotes put away in {:?}", begun.elapsed());
    assert_eq!((written.count as usize, total()), (QUOTES, DEALS));
    assert_eq!(values(), vec![eur(700); DEALS], "as the quotes say that are left");
    // An alert may tell of it besides.
    let made = session.operations(10).unwrap();
    let made: Vec<_> = made.iter().filter(|o| o.label == "delete").map(|o| o.operation).collect();
    assert_eq!(made, [written.operation.unwrap()], "one operation");
    let take_back = |operation| session.undo(operation, &mut |_| {}, &Cancel::default()).unwrap();
    take_back(written.operation);
    assert_eq!((total(), values()), (QUOTES + DEALS, vec![eur(10_000); DEALS]));

    // Stopped after the first batch: the deals that are done have what their quotes say, the others what they had.
    let stop = Cancel::default();
    let mut stop_at_second = |p: satchel_app::Progress| {
        if p.done > 0 {
            stop.ask();
        }
    };
    let by_deal: Vec<RecordId> =
        (0..DEALS).flat_map(|d| many.iter().skip(d).step_by(DEALS).copied()).collect();
    let error = session.delete(&by_deal, &mut stop_at_second, &stop).unwrap_err();
    assert!(error.operation.is_some(), "{error:?}");
    let left = |deal: &RecordId| {
        let filter = format!("deal = '{deal}'");
        session.list(Kind::Quote, &satchel_app::ListRequest { filter, ..Default::default() }).unwrap().total
    };
    for deal in &deals {
        let expected = if left(deal) == 1 { eur(700) } else { eur(10_000) };
        assert_eq!(field(session, *deal, "value"), expected);
    }
    assert!(deals.iter().any(|deal| left(deal) == 1) && deals.iter().any(|deal| left(deal) > 1));
    take_back(error.operation);
    assert_eq!((total(), values()), (QUOTES + DEALS, vec![eur(10_000); DEALS]));

    // Changing thousands is one operation as well.
    let declined = fields(json!({"status": "declined"}));
    let written = session.set_many(&many, &declined, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((written.count as usize, values()), (QUOTES, vec![eur(700); DEALS]));
    take_back(written.operation);
    assert_eq!(values(), vec![eur(10_000); DEALS]);
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn what_was_said_of_a_line_stays_said() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let pump = new(
        session,
        Kind::Product,
        json!({"name": "Pump", "price": "100 EUR", "unit": "piece", "tax": 21, "description": "40 l/min"}),
    );
    let line = |more: Value| {
        let mut line = json!({"product": pump.to_string()});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let quote = new(session, Kind::Quote, json!({"lines": [line]}));
        (field(session, quote, "lines")[0].clone(), session.quote(quote).unwrap().sums.unwrap().total)
    };
    assert_eq!(line(json!({})).1, 12_100);
    assert_eq!(line(json!({"tax": 0})).1, 10_000, "for an export");
    assert_eq!(line(json!({"tax": 10})).1, 11_000);
    assert_eq!(line(json!({"unit_price": "50 EUR"})).1, 6_050, "another price, the same tax");
    let (said, _) = line(json!({"description": "60 l/min", "unit": "box"}));
    assert_eq!((said["description"].as_str(), said["unit"].as_str()), (Some("60 l/min"), Some("box")));
    // What is in the trash is not offered.
    let book = new(session, Kind::PriceBook, json!({"name": "Resellers", "discount": 10}));
    assert_eq!(session.offer(pump, Some(book)).unwrap().unit_price.unwrap().minor, 9_000);
    put_away(session, &[book]);
    assert_eq!(session.offer(pump, Some(book)).unwrap().unit_price.unwrap().minor, 10_000);
    put_away(session, &[pump]);
    assert!(session.offer(pump, None).is_err());
}

#[test]
fn numbers_of_ones_own_keep_their_strokes() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let offer = |number: &str| {
        let lines = json!([{"name": "All in one", "unit_price": "1 EUR"}]);
        new(session, Kind::Quote, json!({"number": number, "lines": lines}))
    };
    let (quote, _) = (offer("2026/015"), offer("2026/040"));
    let second = session.revise_quote(quote).unwrap().id;
    let number = field(session, second, "number");
    assert!(number.as_str().unwrap().starts_with("2026/015/2"), "{number}");
    let third = session.revise_quote(second).unwrap().id;
    assert!(field(session, third, "number").as_str().unwrap().starts_with("2026/015/3"));
    // A number that nobody can count on from.
    let own = new(session, Kind::Quote, json!({"name": "x"}));
    let given = field(session, own, "number").as_str().unwrap().to_owned();
    offer(&format!("{}4294967295", given.trim_end_matches("001")));
    let next = new(session, Kind::Quote, json!({"name": "y"}));
    assert!(field(session, next, "number").as_str().unwrap().ends_with("-002"));
    set(session, quote, json!({"number": null}));
    let renamed = session.revise_quote(quote).unwrap().id;
    assert!(field(session, renamed, "number").as_str().unwrap().contains("-003/"), "one of ours");
}

#[test]
fn a_letterhead_that_was_taken_back_says_nothing() {
    let device = Device::new("Ana", None);
    let session = device.session();
    session.set_letterhead(&fields(json!({"name": "Norte", "tax": 21}))).unwrap();
    undo(session);
    assert!(session.letterhead().unwrap().is_empty());
    session.set_letterhead(&fields(json!({"name": "Sur"}))).unwrap();
    assert_eq!(session.letterhead().unwrap()["name"], "Sur");
    undo(session);
    assert!(session.letterhead().unwrap().is_empty());
}
