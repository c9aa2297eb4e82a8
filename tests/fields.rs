//! Fields of the user's own of all types, formulas, and pipelines: through the command line, and on several laptops.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Cancel, FieldChange, ListRequest, NewField, OptionChange, Role, SeedLocale, SeedOptions, Session,
    domain::{FieldType, Kind, RecordId},
};
use satchel_tests::{
    cli::Cli,
    team::{Device, agree, fields, team},
};
use serde_json::{Value, json};

fn new(cli: &Cli, args: &[&str]) -> String {
    cli.json(&[&["new"], args].concat())["id"].as_str().unwrap().to_owned()
}

fn total(cli: &Cli, filter: &str) -> u64 {
    cli.json(&["list", "person", "--where", filter])["total"].as_u64().unwrap()
}

fn message(cli: &Cli, args: &[&str]) -> String {
    let (code, error) = cli.refuse(args);
    assert_eq!(code, 4, "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn every_type_is_listed_filtered_exported_and_imported() {
    let cli = Cli::new();
    let add = |label: &str, more: &[&str]| {
        cli.json(&[&["fields", "person", "--add", label], more].concat());
    };
    add("Motto", &[]);
    add("Story", &["--type", "long_text"]);
    add("Size", &["--type", "number"]);
    add("Budget", &["--type", "money"]);
    add("Since", &["--type", "date"]);
    add("Seen", &["--type", "date_time"]);
    add("Keen", &["--type", "yes_no"]);
    add("Tier", &["--type", "choice", "--options", "gold,silver,bronze"]);
    add("Likes", &["--type", "multiple_choice", "--options", "tea,coffee,wine"]);
    add("Page", &["--type", "link"]);
    add("Mentor", &["--type", "reference", "--to", "person"]);
    let bo = new(&cli, &["person", "first_name=Bo"]);
    let mentor = format!("x_mentor={bo}");
    let ana = new(
        &cli,
        &[
            "person",
            "first_name=Ana",
            "x_motto=Onwards",
            "x_story=one\ntwo",
            "x_size=38.5",
            "x_budget=1250 USD",
            "x_since=2024-05-31",
            "x_seen=2026-01-02T03:04:05Z",
            "x_keen=yes",
            "x_tier=GOLD",
            "x_likes=wine, Tea",
            "x_page=https://a.example",
            &mentor,
        ],
    );
    let got = cli.json(&["get", &ana]);
    assert_eq!(got["fields"]["x_likes"], json!(["tea", "wine"]), "in the order of the options");
    assert_eq!(got["fields"]["x_tier"], "gold");
    assert_eq!(got["titles"]["x_mentor"], "Bo");
    for filter in [
        "x_motto starts 'on'",
        "x_story contains 'two'",
        "x_size > 38",
        "x_budget >= '1250 USD'",
        "x_since < '2025-01-01'",
        "x_seen > '2026-01-01' and x_seen < '2026-01-03'",
        "x_keen = yes",
        "x_tier = 'Gold'",
        "x_likes has 'wine'",
        "x_page contains 'a.example'",
        "x_mentor = 'Bo'",
        "Mentor is not empty",
    ] {
        assert_eq!(total(&cli, filter), 1, "{filter}");
    }
    assert_eq!(total(&cli, "x_likes has 'coffee' or x_seen > '2027-01-01' or x_mentor = 'Ana'"), 0);
    let first = |sort: &str| cli.json(&["list", "person", "--sort", sort])["rows"][0]["title"].clone();
    for sort in ["x_seen", "-x_mentor", "x_tier", "x_likes"] {
        assert_eq!(first(sort), "Ana", "{sort}: what has none comes last");
    }
    assert_eq!(cli.json(&["search", "coffee"])["hits"], json!([]));
    assert_eq!(cli.json(&["search", "wine"])["hits"][0]["title"], "Ana");

    // What is refused says what to write.
    assert!(
        message(&cli, &["set", &ana, "x_likes=tea,milk"]).contains("«milk» is none of: tea, coffee, wine")
    );
    assert!(
        message(&cli, &["set", &ana, "x_budget=5 XYZ"])
            .contains("«XYZ» is no currency; write a code such as EUR")
    );
    assert!(message(&cli, &["new", "deal", "name=A", "value=100 QQQ"]).contains("no currency"));
    let (code, _) = cli.refuse(&["set", &ana, "x_mentor=00000000-0000-7000-8000-000000000000"]);
    assert_eq!(code, 5, "a reference leads to a record that is there");
    assert_eq!(cli.json(&["verify"])["ok"], true);

    // Out, and in again elsewhere.
    for (format, name) in [("csv", "p.csv"), ("xlsx", "p.xlsx"), ("json", "p.json")] {
        cli.json(&["export", "person", "--format", format, "--out", name]);
        let other = Cli::new();
        for (label, ty, options) in
            [("Size", "number", ""), ("Likes", "multi_choice", "tea,coffee,wine"), ("Budget", "money", "")]
        {
            let mut args = vec!["fields", "person", "--add", label, "--type", ty];
            if !options.is_empty() {
                args.extend(["--options", options]);
            }
            other.json(&args);
        }
        let report = other.json(&["import", cli.dir.path().join(name).to_str().unwrap()]);
        assert_eq!(report["errors"], json!([]), "{format}");
        let rows = other.json(&["list", "person", "--where", "x_size = 38.5"])["rows"].clone();
        assert_eq!(rows[0]["fields"]["x_likes"], json!(["tea", "wine"]), "{format}");
        assert_eq!(rows[0]["fields"]["x_budget"]["minor"], 125_000, "{format}");
        assert_eq!(rows[0]["fields"]["x_tier"], "gold", "{format}");
    }
}

#[test]
fn options_are_renamed_on_all_records_and_retired_without_loss() {
    let cli = Cli::new();
    cli.json(&[
        "fields",
        "person",
        "--add",
        "Likes",
        "--type",
        "multi_choice",
        "--options",
        "tea,coffee,wine",
    ]);
    cli.json(&["fields", "person", "--add", "Tier", "--type", "choice", "--options", "A,B"]);
    let ana = new(&cli, &["person", "first_name=Ana", "x_likes=tea,coffee", "x_tier=B"]);
    let field = |key: &str| cli.json(&["get", &ana])["fields"][key].clone();

    cli.json(&["fields", "person", "--change", "x_tier", "--rename", "B=Beta"]);
    assert_eq!(field("x_tier"), "Beta");
    assert_eq!(total(&cli, "x_tier = 'Beta'"), 1, "lists follow");
    assert_eq!(cli.json(&["search", "beta"])["hits"][0]["title"], "Ana", "the search too");
    cli.json(&["set", &ana, "x_tier=b"]);
    assert_eq!(field("x_tier"), "Beta", "who writes the old name means the new one");
    cli.json(&["undo"]);
    cli.json(&["fields", "person", "--change", "x_tier", "--rename", "Beta=B"]);
    assert_eq!(field("x_tier"), "B", "and back");

    cli.json(&["fields", "person", "--change", "x_likes", "--options", "wine,coffee,tea", "--retire", "tea"]);
    assert_eq!(field("x_likes"), json!(["coffee", "tea"]), "records keep it");
    cli.json(&["set", &ana, "x_likes=tea,coffee"]);
    assert!(
        message(&cli, &["set", &ana, "x_likes=milk"]).contains("none of: wine, coffee"),
        "it is not offered"
    );
    assert!(
        message(&cli, &["fields", "person", "--change", "x_likes", "--rename", "wine=Coffee"])
            .contains("already")
    );

    cli.json(&[
        "fields",
        "person",
        "--change",
        "x_likes",
        "--label",
        "Drinks",
        "--hide",
        "--privacy",
        "business",
    ]);
    let fields = cli.json(&["fields", "person"])["fields"].clone();
    let drinks = fields.as_array().unwrap().iter().find(|f| f["key"] == "x_likes").unwrap().clone();
    assert_eq!(
        (&drinks["label"], &drinks["shelved"], &drinks["privacy"]),
        (&json!("Drinks"), &json!(true), &json!("business"))
    );
    cli.json(&["fields", "person", "--order", "x_tier,x_likes"]);
    // What is exported under the new name comes back into the same field.
    cli.json(&["fields", "person", "--add", "Twice", "--formula", "Tier & Tier"]);
    cli.json(&["export", "person", "--format", "csv", "--out", "p.csv"]);
    let report = cli.json(&["import", "p.csv"]);
    assert_eq!(
        (&report["errors"], &report["unchanged"], &report["updated"]),
        (&json!([]), &json!(1), &json!(0)),
        "{report:#}"
    );
    assert_eq!(
        cli.json(&["fields", "person", "--remove", "x_twice"])["fields"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["custom"] == true)
            .count(),
        2,
        "no field was made for what there is"
    );
    // The old name is free, and the new field is another.
    cli.json(&["fields", "person", "--add", "Likes"]);
    cli.json(&["set", &ana, "x_likes_2=everything"]);
    assert_eq!(field("x_likes"), json!(["coffee", "tea"]));
    let keys: Vec<Value> = cli.json(&["fields", "person"])["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["custom"] == true)
        .map(|f| f["key"].clone())
        .collect();
    assert_eq!(keys, ["x_tier", "x_likes", "x_likes_2"]);
    assert_eq!(cli.json(&["verify"])["ok"], true);
}

#[test]
fn a_view_whose_field_was_deleted_lists_without_it() {
    let cli = Cli::new();
    cli.json(&["fields", "person", "--add", "Size", "--type", "number"]);
    new(&cli, &["person", "first_name=Ana", "x_size=38"]);
    new(&cli, &["person", "first_name=Bo"]);
    let view = ["list", "person", "--where", "x_size > 30 and name != 'Bo'", "--sort", "-x_size,first_name"];
    assert_eq!(cli.json(&view)["total"], 1);
    cli.json(&["fields", "person", "--remove", "x_size"]);
    assert!(message(&cli, &view).contains("x_size"), "who types it learns that it is not there");
    let lenient = cli.json(&[&view[..], &["--lenient"]].concat());
    assert_eq!(lenient["left_out"], json!(["x_size > '30'", "-x_size"]));
    assert_eq!((lenient["total"].as_u64(), &lenient["rows"][0]["title"]), (Some(1), &json!("Ana")));
    cli.json(&["undo"]);
    assert_eq!(cli.json(&view)["total"], 1, "it comes back with its values");

    new(&cli, &["deal", "name=Pump"]);
    let lenient = cli.json(&["list", "deal", "--where", "stage = 'Somewhere'", "--lenient"]);
    assert_eq!((&lenient["left_out"], &lenient["total"]), (&json!(["stage = 'Somewhere'"]), &json!(1)));
}

#[test]
fn formulas_are_worked_out_listed_and_follow() {
    let cli = Cli::new();
    cli.json(&["fields", "deal", "--add", "Cost", "--type", "money"]);
    cli.json(&["fields", "deal", "--add", "Margin", "--formula", "value - Cost"]);
    cli.json(&["fields", "deal", "--add", "Share", "--formula", "round(Margin / value * 100)"]);
    cli.json(&["fields", "deal", "--add", "Age", "--formula", "today() - close_date"]);
    let deal = |name: &str, value: &str, cost: &str| {
        new(&cli, &["deal", &format!("name={name}"), &format!("value={value}"), &format!("x_cost={cost}")])
    };
    let pump = deal("Pump", "1000 EUR", "800 EUR");
    let valve = deal("Valve", "1000 EUR", "300 EUR");
    let seal = deal("Seal", "1000 EUR", "1 USD");
    let get = |id: &str| cli.json(&["get", id]);
    assert_eq!(get(&pump)["fields"]["x_margin"], json!({"minor": 20_000, "currency": "EUR"}));
    assert_eq!(get(&pump)["fields"]["x_share"], 20);
    let reasons = get(&seal)["reasons"].clone();
    assert_eq!(reasons["x_margin"], json!({"code": "currencies", "left": "EUR", "right": "USD"}));
    assert_eq!(reasons["x_age"], json!({"code": "empty", "field": "close_date"}));
    let rows = cli.json(&["list", "deal", "--where", "x_share > 10", "--sort", "-x_margin"]);
    assert_eq!((rows["total"].as_u64(), &rows["rows"][0]["title"]), (Some(2), &json!("Valve")));

    // An edit, and another formula.
    cli.json(&["set", &pump, "x_cost=100 EUR"]);
    assert_eq!(get(&pump)["fields"]["x_share"], 90);
    cli.json(&["fields", "deal", "--change", "x_margin", "--formula", "value * 0.5"]);
    let first = cli.json(&["list", "deal", "--sort", "-x_share"]);
    assert_eq!(first["rows"][0]["fields"]["x_share"], 50, "records that nobody has touched follow");
    assert_eq!(get(&seal)["fields"]["x_share"], 50);
    cli.json(&["undo"]);
    assert_eq!(get(&valve)["fields"]["x_share"], 70);
    assert_eq!(cli.json(&["list", "deal", "--where", "x_share = 70"])["total"], 1);

    // By the day: shown and exported, never kept.
    cli.json(&["set", &pump, "close_date=2000-01-01"]);
    assert!(get(&pump)["fields"]["x_age"].as_i64().unwrap() > 9000);
    assert!(
        cli.json(&["list", "deal", "--where", "name = 'Pump'"])["rows"][0]["fields"]["x_age"].is_number()
    );
    assert!(message(&cli, &["list", "deal", "--where", "x_age > 3"]).contains("depends on the day"));
    cli.json(&["export", "deal", "--format", "csv", "--out", "d.csv"]);
    let csv = std::fs::read_to_string(cli.dir.path().join("d.csv")).unwrap();
    assert!(csv.contains("Margin") && csv.contains("900.00 EUR") && csv.contains("Age"), "{csv}");

    // A formula can be taken back, whatever it comes to.
    cli.json(&["fields", "deal", "--add", "Twice", "--formula", "value * 2"]);
    assert_eq!(get(&seal)["fields"]["x_twice"]["minor"], 200_000);
    assert_eq!(cli.json(&["undo"])["skipped"], json!([]));
    assert_eq!(get(&seal)["fields"]["x_twice"], Value::Null);

    // What cannot be.
    let refused = |args: &[&str]| message(&cli, &[&["fields", "deal"], args].concat());
    assert!(refused(&["--change", "x_margin", "--formula", "value - x_margin"]).contains("refer to itself"));
    assert!(
        refused(&["--change", "x_margin", "--formula", "value * Share / 100"]).contains("refer to itself")
    );
    assert!(refused(&["--change", "x_margin", "--formula", "name & '!'"]).contains("comes to text"));
    assert!(
        refused(&["--add", "Bad", "--formula", "value +"])
            .contains("at position 7: expected a field or a value")
    );
    assert!(refused(&["--add", "Bad", "--formula", "Bad + 1"]).contains("no field «Bad»"));
    assert!(message(&cli, &["set", &pump, "x_margin=1 EUR"]).contains("calculated"));
    // Without what it reads it says so.
    cli.json(&["fields", "deal", "--remove", "x_cost"]);
    assert_eq!(get(&pump)["reasons"]["x_margin"], json!({"code": "gone", "field": "x_cost"}));
    assert_eq!(cli.json(&["list", "deal", "--where", "x_share is not empty"])["total"], 0);
    assert_eq!(cli.json(&["verify"])["ok"], true);
}

fn made(session: &Session, label: &str, ty: FieldType, formula: Option<&str>) {
    let field = NewField {
        kind: Kind::Person,
        label: label.into(),
        ty,
        options: if ty == FieldType::MultiChoice { vec!["tea".into(), "wine".into()] } else { vec![] },
        links: (ty == FieldType::Link).then_some(Kind::Person),
        formula: formula.map(str::to_owned),
    };
    session.make_field(&field, &mut |_| {}, &Cancel::default()).unwrap();
}

fn person(session: &Session, input: Value) -> RecordId {
    session.create(Kind::Person, &fields(input)).unwrap().id
}

fn field(session: &Session, id: RecordId, key: &str) -> Value {
    session.get(id).unwrap().fields.get(key).cloned().unwrap_or_default()
}

fn change(session: &Session, key: &str, change: FieldChange) {
    session.change_field(Kind::Person, key, &change, &mut |_| {}, &Cancel::default()).unwrap();
}

fn formula(text: &str) -> FieldChange {
    FieldChange { formula: Some(text.into()), ..FieldChange::default() }
}

#[test]
fn two_laptops_choose_rename_and_refer_at_once() {
    let devices = team(&[("Bo", Role::Member)]);
    let (a, b) = (devices[0].session(), devices[1].session());
    made(a, "Likes", FieldType::MultiChoice, None);
    made(a, "Mentor", FieldType::Link, None);
    let (ana, bo, cy) = (
        person(a, json!({"first_name": "Ana"})),
        person(a, json!({"first_name": "Bo"})),
        person(a, json!({"first_name": "Cy"})),
    );
    a.set(ana, &fields(json!({"x_mentor": bo.to_string()}))).unwrap();
    agree(&devices);

    // One chooses while the other does, and an option is renamed meanwhile.
    a.set(ana, &fields(json!({"x_likes": ["tea"]}))).unwrap();
    b.set(ana, &fields(json!({"x_likes": ["wine"]}))).unwrap();
    let renamed = [("tea", "chai"), ("wine", "wine")].map(|(was, now)| OptionChange {
        was: Some(was.into()),
        now: now.into(),
        retired: false,
    });
    change(b, "x_likes", FieldChange { options: Some(renamed.to_vec()), ..FieldChange::default() });
    agree(&devices);
    for session in [a, b] {
        assert_eq!(field(session, ana, "x_likes"), json!(["chai", "wine"]));
        let hits = session.search("chai", None, 5).unwrap();
        assert_eq!(hits.len(), 1, "what was written before under the old name is found by the new one");
    }

    // Who is referred to is merged away elsewhere.
    let merge = satchel_app::Merge { keep: cy, others: vec![bo], fields: Default::default() };
    a.merge(&merge, &mut |_| {}, &Cancel::default()).unwrap();
    b.set(cy, &fields(json!({"x_mentor": bo.to_string()}))).unwrap();
    agree(&devices);
    for session in [a, b] {
        assert_eq!(field(session, ana, "x_mentor"), json!(cy.to_string()));
        assert_eq!(
            field(session, cy, "x_mentor"),
            json!(cy.to_string()),
            "what knew nothing of it is mended"
        );
        assert!(session.verify(&mut |_| {}).unwrap().ok);
    }
}

#[test]
fn formulas_that_come_to_refer_to_each_other_say_so() {
    let devices = team(&[("Bo", Role::Member)]);
    let (a, b) = (devices[0].session(), devices[1].session());
    made(a, "Size", FieldType::Number, None);
    made(a, "One", FieldType::Number, Some("Size * 2"));
    made(a, "Two", FieldType::Number, Some("Size * 3"));
    let ana = person(a, json!({"first_name": "Ana", "x_size": 5}));
    agree(&devices);
    assert_eq!(field(b, ana, "x_one"), 10);
    change(a, "x_one", formula("Two + 1"));
    change(b, "x_two", formula("One + 1"));
    agree(&devices);
    for session in [a, b] {
        let view = session.get(ana).unwrap();
        assert!(!view.fields.contains_key("x_one") && !view.fields.contains_key("x_two"));
        assert_eq!(serde_json::json!(view.reasons["x_one"]), json!({"code": "itself"}));
        assert!(session.verify(&mut |_| {}).unwrap().ok, "lists show what the documents say");
    }
    change(b, "x_two", formula("Size"));
    agree(&devices);
    assert_eq!((field(a, ana, "x_one"), field(b, ana, "x_one")), (json!(6), json!(6)));
    assert!(a.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn pipelines_are_set_up_and_nothing_in_them_is_lost() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let stages = || session.pipelines(false).unwrap()[0].stages.clone();
    let (sales, offer) = (session.pipelines(false).unwrap()[0].id, stages()[2].id);
    let set = |id: RecordId, input: Value| session.set(id, &fields(input));
    set(offer, json!({"name": "Quoted", "probability": 60, "rot_days": 7})).unwrap();
    let quoted = stages()[2].clone();
    assert_eq!((quoted.name.as_str(), quoted.probability, quoted.rot_days), ("Quoted", 60.0, Some(7.0)));
    assert!(set(offer, json!({"probability": 120})).is_err());
    let mut order: Vec<RecordId> = stages().iter().map(|s| s.id).collect();
    order.swap(0, 1);
    session.order_steps(&order).unwrap();
    assert_eq!(stages().iter().map(|s| s.id).collect::<Vec<_>>(), order);

    let deal =
        session.create(Kind::Deal, &fields(json!({"name": "Pump", "stage": offer.to_string()}))).unwrap().id;
    let refused = set(offer, json!({"outcome": "won"})).unwrap_err();
    assert!(refused.message.contains("1 deals are in «Quoted»"), "{}", refused.message);

    // Another pipeline, which goes with a deal in it.
    assert!(session.remove_step(sales).unwrap_err().message.contains("one pipeline must stay"));
    let partners = session.add_pipeline("Partners", false).unwrap().id;
    let first = session.pipelines(false).unwrap()[1].stages[0].id;
    session.move_deal(deal, first, (None, None), None).unwrap();
    session.remove_step(partners).unwrap();
    let all = session.pipelines(false).unwrap();
    assert_eq!((all.len(), all[1].gone), (2, true), "it shows as long as deals are in it");
    let board = session.board(partners).unwrap();
    assert_eq!((board.columns.len(), board.columns[0].stage.gone, board.columns[0].count), (1, true, 1));
    let moved = session.empty_stage(first, offer, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(moved.count, 1);
    assert_eq!(session.pipelines(false).unwrap().len(), 1);
    assert!(
        session.empty_stage(offer, first, &mut |_| {}, &Cancel::default()).is_err(),
        "not into one that is gone"
    );
    session.undo(moved.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(session.pipelines(false).unwrap().len(), 2);
    for stage in stages().iter().filter(|s| s.outcome == "open").skip(1) {
        session.remove_step(stage.id).unwrap();
    }
    let last = stages().iter().find(|s| s.outcome == "open").unwrap().id;
    assert!(session.remove_step(last).unwrap_err().message.contains("one open stage must stay"));
}

#[test]
fn a_stage_that_is_removed_while_deals_are_moved_into_it_keeps_them_in_sight() {
    let devices = team(&[("Bo", Role::Member)]);
    let (a, b) = (devices[0].session(), devices[1].session());
    let pipeline = a.pipelines(false).unwrap()[0].clone();
    let (first, offer) = (pipeline.stages[0].id, pipeline.stages[2].id);
    let deals: Vec<RecordId> = ["Pump", "Valve"]
        .iter()
        .map(|name| a.create(Kind::Deal, &fields(json!({"name": name, "value": "10 EUR"}))).unwrap().id)
        .collect();
    agree(&devices);
    a.remove_step(offer).unwrap();
    for deal in &deals {
        b.move_deal(*deal, offer, (None, None), None).unwrap();
    }
    agree(&devices);
    for session in [a, b] {
        let board = session.board(pipeline.id).unwrap();
        let gone = board.columns.iter().find(|c| c.stage.gone).expect("deals are in it");
        assert_eq!((gone.stage.id, gone.count, gone.cards.len(), gone.sums[0].minor), (offer, 2, 2, 2000));
    }
    // All of them elsewhere, at one stroke, and back again.
    let moved = a.empty_stage(offer, first, &mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    let gone = |session: &Session| session.board(pipeline.id).unwrap().columns.iter().any(|c| c.stage.gone);
    assert!(!gone(a) && !gone(b));
    assert_eq!(field(b, deals[0], "stage"), json!(first.to_string()));
    a.undo(moved.operation, &mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    assert!(gone(a) && gone(b));
}

#[test]
fn working_out_that_is_stopped_goes_on_at_the_next_opening() {
    let mut device = Device::new("Ana", None);
    let options = SeedOptions {
        people: 1_300,
        companies: 10,
        deals: 0,
        activities: 0,
        tasks: 0,
        seed: 7,
        locale: SeedLocale::Mixed,
    };
    device.session().seed(options, &mut |_| {}, &Cancel::default()).unwrap();
    let cancel = Cancel::default();
    let field = NewField {
        kind: Kind::Person,
        label: "Loud".into(),
        ty: FieldType::Text,
        options: vec![],
        links: None,
        formula: Some("first_name & '!'".into()),
    };
    let mut batches = 0;
    let stopped = device.session().make_field(
        &field,
        &mut |_| {
            batches += 1;
            cancel.ask();
        },
        &cancel,
    );
    assert!(stopped.is_err() && batches == 1, "{stopped:?}");
    let with = |device: &Device| {
        let request = ListRequest { filter: "x_loud contains '!'".into(), ..ListRequest::default() };
        device.session().list(Kind::Person, &request).unwrap().total
    };
    assert!((1..1_300).contains(&with(&device)), "a batch is done, and no more");
    assert!(!device.session().verify(&mut |_| {}).unwrap().ok);
    device.reopen();
    assert_eq!(with(&device), 1_300);
    assert!(device.session().verify(&mut |_| {}).unwrap().ok);
}

/// Names that change places would mix up who has chosen what; other letters are the same name.
#[test]
fn options_do_not_take_each_others_names() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let field = NewField {
        kind: Kind::Person,
        label: "Letter".into(),
        ty: FieldType::Choice,
        options: ["A", "B"].map(str::to_owned).to_vec(),
        links: None,
        formula: None,
    };
    session.make_field(&field, &mut |_| {}, &Cancel::default()).unwrap();
    let key = "x_letter";
    let of = |letter: &str| {
        session.create(Kind::Person, &fields(json!({"first_name": letter, (key): letter}))).unwrap().id
    };
    let field = |id| session.get(id).unwrap().fields[key].clone();
    let (a, b) = (of("A"), of("B"));
    let change = |pairs: &[(&str, &str)]| {
        let options = pairs.iter().map(|(was, now)| OptionChange {
            was: Some((*was).to_owned()),
            now: (*now).to_owned(),
            retired: false,
        });
        let change = FieldChange { options: Some(options.collect()), ..Default::default() };
        session.change_field(Kind::Person, key, &change, &mut |_| {}, &Cancel::default())
    };
    assert!(change(&[("A", "B"), ("B", "C")]).unwrap_err().message.contains("until now"));
    assert!(change(&[("A", "B"), ("B", "A")]).is_err());
    assert_eq!((field(a), field(b)), (json!("A"), json!("B")));
    change(&[("A", "a"), ("B", "C")]).unwrap();
    assert_eq!((field(a), field(b)), (json!("a"), json!("C")));
}

/// Deals that come to a stage together stand as they were, one behind the other.
#[test]
fn deals_that_are_moved_together_keep_their_order() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let deals: Vec<RecordId> = ["a", "b", "c"]
        .map(|name| session.create(Kind::Deal, &fields(json!({"name": name}))).unwrap().id)
        .to_vec();
    let stages = session.pipelines(false).unwrap().remove(0).stages;
    let input = json!({"stage": stages[1].id.to_string()});
    session.set_many(&deals, &fields(input), &mut |_| {}, &Cancel::default()).unwrap();
    let ranks: Vec<String> = deals
        .iter()
        .map(|id| session.get(*id).unwrap().fields["rank"].as_str().unwrap().to_owned())
        .collect();
    assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
}
