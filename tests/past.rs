//! Time travel through the real command line: lists as they were, what differs, and going back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{
    Cancel, PastRequest, Restore, SeedLocale, SeedOptions, Session,
    domain::{Kind, RecordId},
    views::PastState,
};
use satchel_tests::{
    cli::Cli,
    team::{Device, fields},
};
use serde_json::{Value, json};
use std::{thread, time::Duration};

fn new(cli: &Cli, kind: &str, fields: &[&str]) -> String {
    cli.json(&[&["new", kind], fields].concat())["id"].as_str().unwrap().to_owned()
}

/// A time that nothing is written at.
fn moment() -> String {
    thread::sleep(Duration::from_millis(5));
    let at = jiff::Timestamp::now().to_string();
    thread::sleep(Duration::from_millis(5));
    at
}

fn states(page: &Value) -> Vec<(&str, &str)> {
    let rows = page["rows"].as_array().unwrap();
    rows.iter().map(|r| (r["record"]["title"].as_str().unwrap(), r["state"].as_str().unwrap())).collect()
}

#[test]
fn a_list_is_shown_as_it_was_and_brought_back() {
    let cli = Cli::new();
    let ana = new(&cli, "person", &["first_name=Ana", "title=Buyer"]);
    let bo = new(&cli, "person", &["first_name=Bo"]);
    let cy = new(&cli, "person", &["first_name=Cy"]);
    let before = cli.json(&["list", "person"]);
    let then = moment();
    cli.json(&["set", &ana, "first_name=Anna", "title=Director"]);
    cli.json(&["delete", &bo]);
    let dee = new(&cli, "person", &["first_name=Dee"]);

    let page = cli.json(&["list", "person", "--at", &then]);
    assert_eq!(states(&page), [("Ana", "changed"), ("Bo", "deleted"), ("Cy", "same")]);
    assert_eq!(page["counts"], json!({"same": 1, "changed": 1, "deleted": 1, "made": 1}));
    assert_eq!(page["rows"][0]["record"]["fields"]["title"], "Buyer");
    let differ: Vec<&str> =
        page["rows"][0]["changes"].as_array().unwrap().iter().map(|c| c["field"].as_str().unwrap()).collect();
    assert_eq!(differ, ["first_name", "title"]);
    assert_eq!(cli.json(&["get", &ana, "--at", &then])["fields"]["first_name"], "Ana");
    assert_eq!(cli.json(&["list", "person", "--at", "yesterday"])["total"], 0, "nobody was there");

    // One field, some records, a whole kind; each can be taken back.
    let field = cli.json(&["restore-as-of", &then, &ana, "--field", "title"]);
    assert_eq!((field["records"].as_i64(), field["changed"].as_i64()), (Some(1), Some(1)));
    let now = cli.json(&["get", &ana])["fields"].clone();
    assert_eq!((&now["title"], &now["first_name"]), (&json!("Buyer"), &json!("Anna")));
    let some = cli.json(&["restore-as-of", &then, &bo, &dee]);
    assert_eq!((some["records"].as_i64(), some["revived"].as_i64()), (Some(1), Some(1)));
    assert_eq!(some["skipped"][0]["why"], "it was made later", "a record that is named does not go");
    cli.json(&["undo"]);
    assert!(cli.json(&["get", &bo])["deleted_at"].is_string(), "taken back");
    let dry = cli.json(&["restore-as-of", &then, "--kind", "person", "--dry-run"]);
    assert_eq!((dry["records"].as_i64(), &dry["operation"]), (Some(2), &Value::Null));
    cli.json(&["restore-as-of", &then, "--kind", "person"]);
    let titles = |list: &Value| -> Vec<String> {
        list["rows"].as_array().unwrap().iter().map(|r| r["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        titles(&cli.json(&["list", "person"])),
        ["Ana", "Bo", "Cy", "Dee"],
        "what was made since stays"
    );

    // The whole book: what was made since goes to the trash, and the search knows it.
    let book = cli.json(&["restore-as-of", &then]);
    assert_eq!((book["records"].as_i64(), book["trashed"].as_i64()), (Some(1), Some(1)));
    assert_eq!(
        cli.json(&["list", "person"])["rows"],
        before["rows"]
            .clone()
            .as_array()
            .map(|rows| {
                let mut rows = rows.clone();
                for (row, now) in
                    rows.iter_mut().zip(cli.json(&["list", "person"])["rows"].as_array().unwrap())
                {
                    row["updated_at"] = now["updated_at"].clone();
                }
                json!(rows)
            })
            .unwrap()
    );
    assert!(cli.json(&["search", "dee"])["hits"].as_array().unwrap().is_empty());
    assert_eq!(cli.json(&["restore-as-of", &then])["operation"], Value::Null, "it is so already");
    cli.json(&["undo"]);
    assert_eq!(titles(&cli.json(&["list", "person"])), ["Ana", "Bo", "Cy", "Dee"]);
    assert_eq!(cli.json(&["verify"])["ok"], true);
    let _ = cy;
}

#[test]
fn what_is_no_time_is_refused() {
    let cli = Cli::new();
    for time in ["soon", "tomorrow", "2999-01-01T00:00:00Z", ""] {
        assert_eq!(cli.refuse(&["list", "person", "--at", time]).0, 4, "{time}");
        assert_eq!(cli.refuse(&["restore-as-of", time]).0, 4, "{time}");
    }
    assert_eq!(cli.refuse(&["restore-as-of", "yesterday", "--kind", "person", "--field", "nose"]).0, 4);
    assert_eq!(cli.refuse(&["restore-as-of", "yesterday", "--field", "title"]).0, 2);
}

#[test]
fn what_belongs_together_goes_back_together() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let acme = session.create(Kind::Company, &fields(json!({"name": "Acme"}))).unwrap().id;
    let stages = session.pipelines(false).unwrap()[0].stages.clone();
    let deal = session
        .create(Kind::Deal, &fields(json!({"name": "Pump", "company": acme.to_string(), "value": "100 EUR"})))
        .unwrap()
        .id;
    let then = moment();
    session.move_deal(deal, stages[2].id, (None, None), None).unwrap();
    session.delete(&[acme, deal], &mut |_| {}, &Cancel::default()).unwrap();
    session.create(Kind::Task, &fields(json!({"subject": "Late"}))).unwrap();
    let whole = Restore { at: then, ..Restore::default() };
    let report = session.restore_as_of(&whole, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((report.revived, report.trashed), (2, 1));
    let view = session.get(deal).unwrap();
    assert_eq!((view.deleted_at, view.titles["stage"].as_str()), (None, stages[0].name.as_str()));
    assert_eq!(view.titles["company"], "Acme");
    session.undo(report.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(session.get(deal).unwrap().deleted_at.is_some());
}

#[test]
fn what_tells_of_what_was_done_does_not_go_back() {
    let cli = Cli::new();
    new(&cli, "person", &["first_name=Ana"]);
    let then = moment();
    let opened = cli.json(&["incident", "open", "ransomware"]);
    let id = opened["incident"]["id"].as_str().unwrap();
    cli.json(&["restore-as-of", &then]);
    assert_eq!(cli.json(&["incident", "show", id])["incident"]["id"], id);
    assert_eq!(cli.refuse(&["restore-as-of", &then, id]).0, 4);
    assert_eq!(cli.refuse(&["restore-as-of", &then, "--kind", "training"]).0, 4);
}

#[test]
fn what_two_have_written_is_there_at_its_time() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let id = session.create(Kind::Person, &fields(json!({"first_name": "Ana"}))).unwrap().id;
    let mut moments = vec![moment()];
    for n in 0..5 {
        session.set(id, &fields(json!({"title": format!("Title {n}")}))).unwrap();
        moments.push(moment());
    }
    for (n, at) in moments.iter().enumerate().skip(1) {
        let page = past(session, at, None);
        assert_eq!(page[0].1, format!("Title {}", n - 1));
    }
}

fn past(session: &Session, at: &str, state: Option<PastState>) -> Vec<(RecordId, String)> {
    let request = PastRequest {
        kind: Kind::Person,
        at: at.into(),
        state,
        text: String::new(),
        filter: String::new(),
        offset: 0,
        limit: 1000,
    };
    let page = session.list_at(&request, &mut |_| {}, &Cancel::default()).unwrap();
    let title = |fields: &serde_json::Map<String, Value>| {
        fields.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    page.rows.iter().map(|row| (row.record.id, title(&row.record.fields))).collect()
}

#[test]
fn many_go_back_in_batches_and_can_be_stopped() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let seed = SeedOptions {
        people: 3000,
        companies: 10,
        deals: 0,
        activities: 0,
        tasks: 0,
        seed: 1,
        locale: SeedLocale::En,
    };
    session.seed(seed, &mut |_| {}, &Cancel::default()).unwrap();
    let then = moment();
    let all = session.ids(Kind::Person, &Default::default()).unwrap();
    session.set_many(&all, &fields(json!({"source": "Fair"})), &mut |_| {}, &Cancel::default()).unwrap();
    let restore = Restore { at: then.clone(), kind: Some(Kind::Person), ..Restore::default() };
    let stopped = Cancel::default();
    stopped.ask();
    assert!(session.restore_as_of(&restore, &mut |_| {}, &stopped).is_err());
    let mut signs = 0;
    let report = session.restore_as_of(&restore, &mut |_| signs += 1, &Cancel::default()).unwrap();
    assert_eq!(report.records, 3000);
    assert!(signs >= 6, "it says how far it has come: {signs}");
    assert!(past(session, &then, Some(PastState::Changed)).is_empty(), "all are as they were");
}

/// `cargo test -p satchel-tests --test past -- --ignored --nocapture` prints the figures of docs/bench.md.
#[test]
#[ignore = "minutes"]
fn figures_of_the_past() {
    for people in [10_000, 100_000] {
        let device = Device::new("Ana", None);
        let session = device.session();
        let seed = SeedOptions {
            people,
            companies: 100,
            deals: 0,
            activities: 0,
            tasks: 0,
            seed: 1,
            locale: SeedLocale::Mixed,
        };
        session.seed(seed, &mut |_| {}, &Cancel::default()).unwrap();
        let all = session.ids(Kind::Person, &Default::default()).unwrap();
        for some in [all.len() / 100, all.len()] {
            let then = moment();
            let wanted = fields(json!({"source": format!("Fair {some}")}));
            session.set_many(&all[..some], &wanted, &mut |_| {}, &Cancel::default()).unwrap();
            let timed = |what: &str, work: &dyn Fn()| {
                let started = std::time::Instant::now();
                work();
                eprintln!("{people} people, {some} changed since: {what} {:.2?}", started.elapsed());
            };
            timed("first page", &|| drop(past(session, &then, Some(PastState::Changed))));
            timed("next page", &|| drop(past(session, &then, None)));
            let restore = Restore { at: then.clone(), kind: Some(Kind::Person), ..Restore::default() };
            let preview = Restore { dry_run: true, ..restore.clone() };
            timed("preview", &|| drop(session.restore_as_of(&preview, &mut |_| {}, &Cancel::default())));
            timed("going back", &|| {
                let report = session.restore_as_of(&restore, &mut |_| {}, &Cancel::default()).unwrap();
                assert_eq!(report.records as usize, some);
            });
            timed("taking that back", &|| drop(session.undo(None, &mut |_| {}, &Cancel::default()).unwrap()));
        }
    }
}

const PORTO: &str = r#"addresses=[{"city":"Porto"}]"#;
const LYON: &str = r#"addresses=[{"city":"Lyon"}]"#;

#[test]
fn a_filter_finds_what_it_found_then() {
    let cli = Cli::new();
    let ana = new(&cli, "person", &["first_name=Ana", PORTO, "tags=vip"]);
    let bo = new(&cli, "person", &["first_name=Bo", PORTO]);
    new(&cli, "person", &["first_name=Cy", LYON]);
    new(&cli, "person", &["first_name=Di", PORTO, "tags=vip"]);
    let then = moment();
    cli.json(&["set", &ana, LYON, "tags="]);
    cli.json(&["delete", &bo]);
    new(&cli, "person", &["first_name=Ed", PORTO]);
    let at = |filter: &str| cli.json(&["list", "person", "--at", &then, "--where", filter]);

    let porto = at("city = 'Porto'");
    assert_eq!(states(&porto), [("Ana", "changed"), ("Bo", "deleted"), ("Di", "same")]);
    assert_eq!(
        porto["counts"],
        json!({"same": 1, "changed": 1, "deleted": 1, "made": 1}),
        "Ed is there since"
    );
    assert_eq!(states(&at("city = 'Lyon'")), [("Cy", "same")], "Ana is there today, and was not then");
    assert_eq!(states(&at("tags has 'vip' and not first_name = 'Di'")), [("Ana", "changed")]);
    assert_eq!(states(&at("tags is empty")), [("Bo", "deleted"), ("Cy", "same")]);
    let written = format!("updated_at > '{then}'");
    assert!(states(&at(&written)).is_empty(), "nothing had been written behind that time yet");
    // The same reader shows today again.
    for _ in 0..8 {
        let today = cli.json(&["list", "person", "--where", "city = 'Porto'"]);
        assert_eq!(today["total"], 2, "{today}");
    }

    // Only what the filter found goes back.
    let restore = |dry: &[&str]| {
        let all = ["restore-as-of", &then, "--kind", "person", "--where", "tags has 'vip'"];
        cli.json(&[&all, dry].concat())
    };
    assert_eq!(restore(&["--dry-run"])["records"], 1);
    assert_eq!(restore(&[])["changed"], 1);
    assert_eq!(cli.json(&["get", &ana])["fields"]["addresses"][0]["city"], "Porto");
    assert!(cli.json(&["get", &bo])["deleted_at"].is_string());

    for (filter, says) in
        [("quiet = 'yes'", "today alone"), ("nose = '1'", "nose"), ("city =", "not understood")]
    {
        let kind = if filter.starts_with("quiet") { "deal" } else { "person" };
        let (code, said) = cli.refuse(&["list", kind, "--at", &then, "--where", filter]);
        assert_eq!(code, 4, "{filter}");
        assert!(said.to_string().contains(says), "{said}");
    }
    assert_eq!(cli.refuse(&["restore-as-of", &then, "--where", "city = 'Porto'"]).0, 2);
    assert_eq!(cli.json(&["verify"])["ok"], true);
}

/// What a link leads to is called as it is today, also where it leads to the same kind.
#[test]
fn a_filter_of_the_past_follows_links_within_its_kind() {
    let cli = Cli::new();
    cli.json(&["fields", "person", "--add", "Mentor", "--type", "reference", "--to", "person"]);
    let bo = new(&cli, "person", &["first_name=Bo"]);
    let ana = new(&cli, "person", &["first_name=Ana", &format!("x_mentor={bo}")]);
    let then = moment();
    cli.json(&["set", &ana, "x_mentor="]);
    let page = cli.json(&["list", "person", "--at", &then, "--where", "x_mentor = 'Bo'"]);
    assert_eq!(states(&page), [("Ana", "changed")]);
}
