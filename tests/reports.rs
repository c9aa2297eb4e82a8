//! Reports: exact counts and sums, and each number lists what it counts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use jiff::{ToSpan, ZonedDateTime};
use satchel_app::{ListRequest, Passphrase, Report, ReportRequest, Satchel, Unlock, domain::Kind, local_now};
use satchel_tests::{Laptop, PASSPHRASE, cli::Cli};
use serde_json::{Value, json};

/// The stages of the first pipeline by their names.
struct Stages(Vec<(String, String)>);

impl Stages {
    fn of(cli: &Cli) -> Self {
        let pipelines = cli.json(&["pipelines"]);
        let stages = pipelines["pipelines"][0]["stages"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self(stages.map(|s| (text(&s["stage"]["name"]), text(&s["stage"]["id"]))).collect())
    }

    fn id(&self, name: &str) -> &str {
        &self.0.iter().find(|(n, _)| n == name).unwrap().1
    }
}

/// A vault whose passphrase costs nothing: each command opens it anew.
fn vault() -> Cli {
    let Laptop { dir, satchel, session, .. } = Laptop::new();
    drop((satchel, session));
    Cli { dir }
}

fn new(cli: &Cli, kind: &str, fields: &[&str]) -> String {
    cli.json(&[&["new", kind], fields].concat())["id"].as_str().unwrap().to_owned()
}

/// A deal that came into its stage by going through those that are named.
fn deal(cli: &Cli, fields: &[&str], way: &[&str]) -> String {
    let id = new(cli, "deal", fields);
    for stage in way {
        cli.json(&["move", &id, stage]);
    }
    id
}

fn report(cli: &Cli, args: &[&str]) -> Value {
    let view = cli.json(&[&["report"], args].concat());
    lists_what_it_counts(cli, &view);
    view
}

fn column(view: &Value, key: &str) -> usize {
    let columns = view["columns"].as_array().unwrap();
    columns.iter().position(|c| c["key"] == key).unwrap_or_else(|| panic!("no {key} in {view}"))
}

/// The cells of some columns, row by row.
fn cells(view: &Value, keys: &[&str]) -> Vec<Vec<Value>> {
    let at: Vec<usize> = keys.iter().map(|key| column(view, key)).collect();
    let rows = view["rows"].as_array().unwrap().iter();
    rows.map(|row| at.iter().map(|at| row["cells"][at].clone()).collect()).collect()
}

fn row<'a>(view: &'a Value, first: &str) -> &'a Value {
    let rows = view["rows"].as_array().unwrap();
    rows.iter().find(|r| r["cells"][0] == first).unwrap_or_else(|| panic!("no {first} in {view}"))
}

fn money(sums: &[(i64, &str)]) -> Value {
    sums.iter().map(|(minor, currency)| json!({"minor": minor, "currency": currency})).collect()
}

/// The filter of each row, and of each of its numbers, finds just as many records.
fn lists_what_it_counts(cli: &Cli, view: &Value) {
    let kind = view["kind"].as_str().unwrap();
    let total = |filter: &str| cli.json(&["list", kind, "--limit", "1", "--where", filter])["total"].clone();
    let columns = view["columns"].as_array().unwrap();
    for row in view["rows"].as_array().unwrap().iter().chain([&view["total"]]) {
        let own = row["filter"].as_str().unwrap();
        let mut is_first = true;
        for (column, cell) in columns.iter().zip(row["cells"].as_array().unwrap()) {
            if column["type"] != "count" {
                continue;
            }
            match column["filter"].as_str() {
                Some(filter) => assert_eq!(total(&format!("{own} and {filter}")), *cell, "{column} of {row}"),
                None if is_first => assert_eq!(total(own), *cell, "{column} of {row}"),
                None => {}
            }
            is_first = false;
        }
    }
}

fn today() -> ZonedDateTime {
    ZonedDateTime::now()
}

#[test]
fn an_empty_vault_has_empty_reports() {
    let cli = vault();
    let all = cli.json(&["report"]);
    let reports = all["reports"].as_array().unwrap();
    let names: Vec<&str> = reports.iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["pipeline", "forecast", "closed", "lost", "conversion", "ageing", "activities", "people"]
    );
    for view in reports {
        let numbers = |row: &Value| {
            let cells = row["cells"].as_array().unwrap().clone();
            cells.iter().all(|c| c.is_null() || c.is_string() || *c == json!(0) || *c == json!([]))
        };
        assert!(view["rows"].as_array().unwrap().iter().all(numbers), "{view}");
        lists_what_it_counts(&cli, view);
    }
    assert_eq!(reports[2]["rows"].as_array().unwrap().len(), 12, "a month without deals has its row");
    assert_eq!(cli.refuse(&["report", "sales"]).0, 2);
    assert_eq!(cli.refuse(&["report", "--period", "ever"]).0, 2);
    assert_eq!(cli.refuse(&["report", "--pipeline", "Nowhere"]).1["code"], "not_found");
}

#[test]
fn open_deals_are_counted_by_stage_month_and_owner_and_currencies_stay_apart() {
    let cli = vault();
    let stages = Stages::of(&cli);
    let month = |n: i64| today().date().first_of_month().checked_add(n.months()).unwrap();
    let close = |n: i64| format!("close_date={}", month(n));
    deal(&cli, &["name=A", "value=1000 EUR", &close(0)], &[]);
    deal(&cli, &["name=B", "value=500 EUR", "probability=50", "owner=bo", &close(2)], &["Offer"]);
    deal(&cli, &["name=C", "value=7000 JPY", "owner=Bo", &close(2)], &["Offer"]);
    deal(&cli, &["name=D", "owner=O'Neill"], &["Offer"]);
    deal(&cli, &["name=E", "value=10 EUR", &close(-3)], &["Offer"]);
    deal(&cli, &["name=F", "value=20 EUR", &close(15)], &["Offer"]);
    deal(&cli, &["name=won", "value=9999 EUR", &close(0)], &["Won"]);
    let gone = deal(&cli, &["name=gone", "value=9999 EUR", &close(0)], &["Offer"]);
    cli.json(&["delete", &gone]);

    let view = report(&cli, &["pipeline"]);
    let keys = ["stage", "deals", "value", "weighted"];
    assert_eq!(
        cells(&view, &keys)[..3],
        [
            vec![json!("New"), json!(1), money(&[(100_000, "EUR")]), money(&[(10_000, "EUR")])],
            vec![json!("Contacted"), json!(0), money(&[]), money(&[])],
            vec![
                json!("Offer"),
                json!(5),
                money(&[(53_000, "EUR"), (7000, "JPY")]),
                money(&[(26_500, "EUR"), (3500, "JPY")]),
            ],
        ]
    );
    assert_eq!(view["total"]["cells"][1], 6);
    assert_eq!(view["days"], Value::Null);

    let view = report(&cli, &["forecast"]);
    let text = |n: i64| json!(month(n).to_string()[..7]);
    assert_eq!(
        cells(&view, &["month", "owner", "deals", "value"]),
        [
            vec![json!("earlier"), json!("Ana"), json!(1), money(&[(1000, "EUR")])],
            vec![text(0), json!("Ana"), json!(1), money(&[(100_000, "EUR")])],
            vec![text(2), json!("bo"), json!(2), money(&[(50_000, "EUR"), (7000, "JPY")])],
            vec![json!("later"), json!("Ana"), json!(1), money(&[(2000, "EUR")])],
            vec![json!(""), json!("O'Neill"), json!(1), money(&[])],
        ]
    );
    let of_bo = report(&cli, &["forecast", "--owner", "BO"]);
    assert_eq!(of_bo["total"]["cells"][2], 2);
    assert_eq!(report(&cli, &["pipeline", "--owner", "O'Neill"])["total"]["cells"][1], 1);

    // A stage that was taken away shows as long as a deal is in it.
    cli.json(&["delete", stages.id("Offer")]);
    cli.json(&["delete", stages.id("Contacted")]);
    let view = report(&cli, &["pipeline"]);
    let names: Vec<Value> = cells(&view, &["stage"]).into_iter().flatten().collect();
    assert_eq!(names, ["New", "Offer", "Negotiation"]);

    let path = cli.dir.path().join("forecast.csv");
    cli.json(&["report", "forecast", "--csv", path.to_str().unwrap()]);
    let csv = std::fs::read_to_string(&path).unwrap();
    assert!(csv.starts_with("\u{feff}\"Expected\",\"Owner\",\"Deals\",\"Value EUR\",\"Value JPY\""), "{csv}");
    assert!(
        csv.contains(&format!("\"{}\",\"bo\",\"2\",\"500.00\",\"7000\",", text(2).as_str().unwrap())),
        "{csv}"
    );
    let inside = cli.vault().join("x.csv");
    assert_eq!(cli.refuse(&["report", "people", "--csv", inside.to_str().unwrap()]).1["code"], "refused");
}

#[test]
fn what_was_won_and_lost_counts_in_the_month_of_the_place() {
    let cli = vault();
    let closed = |name: &str, value: &str, stage: &str, at: &str, why: &str| {
        let id = deal(&cli, &[&format!("name={name}"), &format!("value={value}")], &[]);
        cli.json(&["move", &id, stage, "--reason", why]);
        cli.json(&["set", &id, &format!("closed_at={at}")]);
    };
    let first = today().date().first_of_month();
    let before = first.yesterday().unwrap();
    closed("A", "100 EUR", "Won", &format!("{before}T12:00:00Z"), "");
    closed("B", "200 EUR", "Lost", &format!("{before}T13:00:00Z"), "Price");
    closed("C", "5 USD", "Lost", &format!("{before}T13:00:00Z"), "price");
    closed("D", "50 EUR", "Lost", &format!("{before}T14:00:00Z"), "");
    // It is the first of the month in London, and the last of the one before in New York.
    closed("E", "70 EUR", "Won", &format!("{first}T02:00:00Z"), "");
    let month = |day: jiff::civil::Date| day.to_string()[..7].to_owned();
    let won_in = |zone: &str, month: &str| {
        let mut command = cli.command(&["--json", "report", "closed"]);
        let out = command.env("TZ", zone).output().unwrap();
        let view: Value = serde_json::from_slice(&out.stdout).unwrap();
        row(&view, month)["cells"][column(&view, "won")].clone()
    };
    assert_eq!((won_in("UTC", &month(first)), won_in("UTC", &month(before))), (json!(1), json!(1)));
    let new_york = "America/New_York";
    assert_eq!((won_in(new_york, &month(first)), won_in(new_york, &month(before))), (json!(0), json!(2)));

    let view = report(&cli, &["closed"]);
    let total = &view["total"]["cells"];
    assert_eq!((&total[1], &total[2], &total[3]), (&json!(2), &money(&[(17_000, "EUR")]), &json!(3)));
    assert_eq!((&total[4], &total[5]), (&money(&[(25_000, "EUR"), (500, "USD")]), &json!(40.0)));
    assert_eq!(report(&cli, &["closed", "--period", "last-month"])["columns"][0]["type"], "week");

    let view = report(&cli, &["lost"]);
    assert_eq!(
        cells(&view, &["deals", "value", "share"]),
        [
            vec![json!(2), money(&[(20_000, "EUR"), (500, "USD")]), json!(66.7)],
            vec![json!(1), money(&[(5000, "EUR")]), json!(33.3)],
        ]
    );
    let reasons: Vec<Value> = cells(&view, &["reason"]).into_iter().flatten().collect();
    assert!(reasons[0].as_str().unwrap().eq_ignore_ascii_case("price") && reasons[1] == "", "{reasons:?}");
}

#[test]
fn deals_are_followed_from_stage_to_stage() {
    let cli = vault();
    deal(&cli, &["name=still new"], &[]);
    deal(&cli, &["name=lost at the offer"], &["Contacted", "Offer", "Lost"]);
    deal(&cli, &["name=straight to the offer"], &["Offer"]);
    deal(&cli, &["name=back again"], &["Negotiation", "New"]);
    deal(&cli, &["name=won"], &["Offer", "Won"]);
    let taken_back = deal(&cli, &["name=moved by mistake"], &["Negotiation"]);
    cli.json(&["undo"]);
    let view = report(&cli, &["conversion"]);
    assert_eq!(
        cells(&view, &["stage", "reached", "of_previous", "of_all"]),
        [
            vec![json!("New"), json!(6), json!(100.0), json!(100.0)],
            vec![json!("Contacted"), json!(4), json!(66.7), json!(66.7)],
            vec![json!("Offer"), json!(4), json!(100.0), json!(66.7)],
            vec![json!("Negotiation"), json!(2), json!(50.0), json!(33.3)],
            vec![json!("Won"), json!(1), json!(50.0), json!(16.7)],
        ]
    );
    assert_eq!(view["total"]["cells"][1], 6);
    // What only reports read is no field of anybody, and nothing of a record's history.
    assert!(!cli.json(&["fields", "deal"]).to_string().contains("reached"));
    let (got, history) = (cli.json(&["get", &taken_back]), cli.json(&["history", &taken_back]));
    assert!(!got.to_string().contains("reached") && !history.to_string().contains("reached"), "{history}");
    assert_eq!(cli.refuse(&["set", &taken_back, "reached=x"]).1["code"], "refused");
    assert_eq!(cli.json(&["verify"])["ok"], true);
}

#[test]
fn two_pipelines_are_told_apart() {
    let cli = vault();
    Stages::of(&cli);
    let second = new(&cli, "pipeline", &["name=Service", "rank=z"]);
    let stage = |name: &str, rank: &str| {
        let fields = [format!("name={name}"), format!("pipeline={second}"), format!("rank={rank}")];
        new(&cli, "stage", &fields.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // Without an outcome it is open.
    let (asked, done) = (stage("Asked", "a"), stage("Done", "b"));
    cli.json(&["set", &done, "outcome=won"]);
    new(&cli, "deal", &["name=A", "value=1 EUR"]);
    let b = new(&cli, "deal", &["name=B", "value=2 EUR", &format!("stage={asked}")]);
    for name in ["pipeline", "forecast", "closed", "lost", "conversion", "ageing"] {
        report(&cli, &[name]);
        report(&cli, &[name, "--pipeline", "Service"]);
    }
    let rows = cells(&report(&cli, &["pipeline"]), &["pipeline", "stage", "deals"]);
    assert_eq!(rows.first(), Some(&vec![json!("Sales"), json!("New"), json!(1)]));
    assert_eq!(rows.last(), Some(&vec![json!("Service"), json!("Asked"), json!(1)]));
    let of_service = report(&cli, &["pipeline", "--pipeline", &second]);
    assert_eq!(cells(&of_service, &["stage", "deals"]), [vec![json!("Asked"), json!(1)]]);
    cli.json(&["set", &b, &format!("stage={done}")]);
    assert_eq!(report(&cli, &["closed", "--pipeline", "Service"])["total"]["cells"][1], 1);
}

#[test]
fn deals_that_were_left_alone_are_old_quiet_and_late() {
    let cli = vault();
    let days = |n: i64| today().checked_sub((n * 24).hours()).unwrap().timestamp();
    let aged = |name: &str, n: i64, fields: &[&str]| {
        let id = deal(&cli, &[&[format!("name={name}").as_str()], fields].concat(), &[]);
        cli.json(&["set", &id, &format!("stage_at={}", days(n))]);
        id
    };
    aged("fresh", 2, &[]);
    aged("late", 10, &["close_date=2020-01-01"]);
    aged("quiet", 40, &[]);
    let spoken = aged("spoken of", 100, &[]);
    cli.json(&["log", &spoken, "She calls back", "--type", "call"]);
    let view = report(&cli, &["ageing"]);
    let keys = ["deals", "in_stage", "days_7", "days_30", "days_90", "days_more", "quiet", "late"];
    let want = [json!(4), json!(38.0), json!(1), json!(1), json!(1), json!(1), json!(1), json!(1)];
    assert_eq!(cells(&view, &keys)[0], want);
    let listed = |filter: &str| {
        let rows = cli.json(&["list", "deal", "--where", filter]);
        let rows = rows["rows"].as_array().unwrap().iter();
        rows.map(|r| r["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("quiet = yes"), ["quiet"]);
    assert_eq!(listed("quiet = no and name contains 'sp'"), ["spoken of"]);
}

#[test]
fn what_was_done_is_counted_by_who_has_done_it() {
    let cli = vault();
    let zoe = new(&cli, "person", &["first_name=Zoe"]);
    for ty in ["call", "call", "visit"] {
        cli.json(&["log", &zoe, "said", "--type", ty]);
    }
    let later = today().checked_add(48.hours()).unwrap().timestamp();
    new(&cli, "activity", &["subject=planned", "type=visit", &format!("at={later}")]);
    new(&cli, "activity", &["subject=old", "type=call", "at=2001-01-01T00:00:00Z"]);
    new(&cli, "activity", &["subject=of Bo", "type=note", "owner=Bo"]);
    let view = report(&cli, &["activities"]);
    assert_eq!(
        cells(&view, &["owner", "all", "call", "visit", "note"]),
        [
            vec![json!("Ana"), json!(3), json!(2), json!(1), json!(0)],
            vec![json!("Bo"), json!(1), json!(0), json!(0), json!(1)],
        ]
    );
    assert_eq!(report(&cli, &["activities", "--owner", "Bo"])["total"]["cells"][1], 1);
    let view = report(&cli, &["people", "--period", "month"]);
    assert_eq!(view["total"]["cells"][1], 1);
}

#[test]
fn a_demo_has_something_to_report() {
    let cli = vault();
    cli.json(&[
        "seed",
        "--people",
        "120",
        "--companies",
        "24",
        "--deals",
        "60",
        "--activities",
        "200",
        "--seed",
        "7",
    ]);
    for view in cli.json(&["report"])["reports"].as_array().unwrap() {
        lists_what_it_counts(&cli, view);
        let full = view["rows"].as_array().unwrap().iter().filter(|row| {
            let cells = row["cells"].as_array().unwrap();
            cells.iter().any(|cell| cell.as_f64().is_some_and(|n| n > 0.0))
        });
        assert!(full.count() >= 3, "a chart of {} would be bare: {view}", view["id"]);
    }
}

/// In the vault that `SATCHEL_LARGE` names: `seed --people 100000 --companies 5000 --deals 50000 --activities 400000`.
#[test]
#[ignore = "needs a large vault"]
fn reports_of_a_large_vault_are_quick() {
    let satchel = Satchel::new(std::path::Path::new(&std::env::var("SATCHEL_LARGE").unwrap()), "A test");
    let passphrase = std::env::var("SATCHEL_PASSPHRASE").unwrap_or(PASSPHRASE.into());
    let unlock = Unlock::Passphrase(Passphrase::new(&passphrase).unwrap());
    let session = satchel.unlock(unlock, satchel_app::Keyring::Off).unwrap();
    let timed = |what: &str, work: &dyn Fn() -> usize| {
        let (started, first) = (std::time::Instant::now(), work());
        let cold = started.elapsed();
        let best = (0..5).map(|_| {
            let started = std::time::Instant::now();
            work();
            started.elapsed()
        });
        println!("{what:36} {first:>7} rows, first {cold:>10.1?}, then {:>10.1?}", best.min().unwrap());
    };
    for id in Report::ALL {
        for owner in [None, Some("Bo Lind".to_owned())] {
            let request = ReportRequest { owner, ..ReportRequest::default() };
            let what = format!("{} {}", id.key(), request.owner.as_deref().unwrap_or_default());
            timed(&what, &|| session.report(id, &request, &local_now()).unwrap().rows.len());
        }
    }
    timed("owners", &|| session.report_owners().unwrap().len());
    let (today, bounds) = satchel_app::local_day();
    timed("today", &|| session.day(&today, bounds, &satchel_app::Whose::Everybody).unwrap().quiet.len());
    for id in Report::ALL {
        let view = session.report(id, &ReportRequest::default(), &local_now()).unwrap();
        let filter = view.rows.iter().rev().nth(1).unwrap().filter.clone();
        list(&session, view.kind, &filter, &format!("list of {}", id.key()));
    }
    list(&session, Kind::Deal, "quiet = yes", "list of quiet deals");
}

fn list(session: &satchel_app::Session, kind: Kind, filter: &str, what: &str) {
    let sort = if kind == Kind::Activity { "-at" } else { "" };
    let request = ListRequest { filter: filter.to_owned(), sort: sort.to_owned(), ..ListRequest::default() };
    let started = std::time::Instant::now();
    let total = session.list(kind, &request).unwrap().total;
    println!("{what:36} {total:>7} rows, first {:>10.1?}", started.elapsed());
}
