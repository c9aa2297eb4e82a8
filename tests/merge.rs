//! Duplicates: found with why, merged in one step, taken back; and what becomes of that between laptops.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use satchel_app::{
    Cancel, Code, ImportOptions, ListRequest, Merge, NewField, Role, SeedLocale, SeedOptions, Session,
    domain::{FieldType, Kind, OperationId, RecordId, duplicates::Reason},
};
use satchel_tests::{
    Laptop,
    cli::Cli,
    team::{Device, agree, cases, fields, team},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn new(session: &Session, kind: Kind, input: Value) -> RecordId {
    session.create(kind, &fields(input)).unwrap().id
}

fn set(session: &Session, id: RecordId, input: Value) {
    session.set(id, &fields(input)).unwrap();
}

fn field(session: &Session, id: RecordId, key: &str) -> Value {
    session.get(id).unwrap().fields.get(key).cloned().unwrap_or_default()
}

fn is_there(session: &Session, id: RecordId) -> bool {
    session.get(id).unwrap().deleted_at.is_none()
}

fn values(session: &Session, id: RecordId, key: &str) -> Vec<String> {
    let all = field(session, id, key);
    let value = |item: &Value| item.get("value").unwrap_or(item).as_str().unwrap_or_default().to_owned();
    all.as_array().into_iter().flatten().map(value).collect()
}

fn merge(session: &Session, keep: RecordId, others: &[RecordId]) -> OperationId {
    merge_with(session, keep, others, &[]).unwrap()
}

fn merge_with(
    session: &Session,
    keep: RecordId,
    others: &[RecordId],
    chosen: &[(&str, RecordId)],
) -> Result<OperationId, satchel_app::AppError> {
    let fields = chosen.iter().map(|(key, id)| ((*key).to_owned(), *id)).collect();
    let merge = Merge { keep, others: others.to_vec(), fields };
    let written = session.merge(&merge, &mut |_| {}, &Cancel::default())?;
    assert_eq!(written.id, keep);
    Ok(written.operation.unwrap())
}

fn unmerge(session: &Session, operation: OperationId) {
    let report = session.unmerge(operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(report.skipped, []);
}

fn found(session: &Session, kind: Kind) -> Vec<(Vec<RecordId>, Vec<Reason>)> {
    let all = session.duplicates(Some(kind), &mut |_| {}, &Cancel::default()).unwrap();
    all.groups.into_iter().map(|g| (g.ids, g.reasons)).collect()
}

fn ana(session: &Session, more: Value) -> RecordId {
    let mut input = json!({"first_name": "Ana", "last_name": "Ruiz", "emails": ["ana@norte.example"]});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    new(session, Kind::Person, input)
}

#[test]
fn duplicates_are_merged_on_the_command_line() {
    let cli = Cli::new();
    let made = |args: &[&str]| cli.json(&[&["new"], args].concat())["id"].as_str().unwrap().to_owned();
    let acme = made(&["company", "name=Acme S.L.", "website=https://www.acme.example"]);
    let twin = made(&["company", "name=ACME", "website=acme.example", "industry=Pumps"]);
    let zoe =
        made(&["person", "first_name=Zoë", "last_name=Chérif", "emails=zoe@acme.example", "title=Buyer"]);
    let z = made(&[
        "person",
        "first_name=Z.",
        "last_name=Cherif",
        "emails=ZOE@acme.example",
        "title=Director",
        "phones=+34 600 000 001",
    ]);
    let bo = made(&["person", "first_name=Bo", &format!("company={twin}")]);
    let deal = made(&["deal", "name=Pump", &format!("person={z}"), &format!("company={twin}")]);

    let groups = cli.json(&["duplicates"])["groups"].as_array().unwrap().clone();
    assert_eq!(groups.len(), 2, "{groups:?}");
    let people = groups.iter().find(|g| g["ids"] == json!([zoe, z])).unwrap();
    assert_eq!(people["reasons"], json!(["same_email", "similar_name", "same_domain"]));
    assert!(people["score"].as_f64().unwrap() > 0.9);
    assert_eq!(cli.json(&["duplicates", "company"])["groups"][0]["ids"], json!([acme, twin]));

    let merged = cli.json(&["merge", &zoe, &z, "--field", &format!("title={z}")]);
    assert_eq!(merged["id"], zoe);
    let operation = merged["operation"].as_str().unwrap();
    let person = cli.json(&["get", &zoe])["fields"].clone();
    assert_eq!((&person["title"], &person["first_name"]), (&json!("Director"), &json!("Zoë")));
    assert_eq!(person["phones"][0]["value"], "+34 600 000 001");
    assert_eq!(cli.json(&["get", &deal])["fields"]["person"], zoe);
    assert_eq!(cli.json(&["get", &z])["merged_into"], zoe);
    cli.json(&["merge", &acme, &twin]);
    assert_eq!(cli.json(&["get", &bo])["fields"]["company"], acme);
    assert_eq!(cli.json(&["get", &acme])["fields"]["industry"], "Pumps");
    assert_eq!(cli.json(&["duplicates"])["groups"], json!([]));

    let undone = cli.json(&["unmerge", operation]);
    assert_eq!((&undone["undone"], &undone["skipped"]), (&json!(operation), &json!([])));
    assert_eq!(undone["records"], 3);
    assert_eq!(cli.json(&["get", &zoe])["fields"]["title"], "Buyer");
    assert_eq!(cli.json(&["get", &z])["deleted_at"], Value::Null);
    assert_eq!(cli.json(&["get", &deal])["fields"]["person"], z);

    // What cannot be is refused, and says what to do.
    let create = cli.json(&["operations", "--limit", "50"])["operations"].as_array().unwrap().last().unwrap()
        ["operation"]
        .clone();
    let (code, error) = cli.refuse(&["unmerge", create.as_str().unwrap()]);
    assert!(code == 4 && error["message"].as_str().unwrap().contains("no merge"), "{error}");
    assert_eq!(cli.refuse(&["unmerge", operation]).0, 5, "it was taken back already");
    assert_eq!(cli.refuse(&["unmerge", "nonsense"]).0, 2);
    assert_eq!(cli.refuse(&["unmerge", &zoe]).0, 5);
    assert_eq!(cli.refuse(&["merge", &zoe, &acme]).0, 4, "of another kind");
    assert_eq!(cli.refuse(&["merge", &zoe, &zoe]).0, 2);
    assert_eq!(cli.refuse(&["merge", &zoe]).0, 2);
    assert_eq!(cli.refuse(&["merge", &zoe, &z, "--field", "title"]).0, 2);
    let (code, error) = cli.refuse(&["merge", &zoe, &z, "--field", &format!("title={acme}")]);
    assert!(code == 4 && error["field"] == "title", "{error}");
    assert_eq!(cli.refuse(&["merge", &zoe, &z, "--field", &format!("shoes={z}")]).0, 4);
    cli.json(&["delete", &z]);
    let (code, error) = cli.refuse(&["merge", &zoe, &z]);
    assert!(code == 4 && error["message"].as_str().unwrap().contains("restore it first"), "{error}");
    assert_eq!(cli.refuse(&["duplicates", "task"]).0, 4);
    assert_eq!(cli.json(&["verify"])["ok"], true);

    // Not the same: said once, and not shown again.
    cli.json(&["restore", &z]);
    assert_eq!(cli.json(&["duplicates", "person"])["groups"].as_array().unwrap().len(), 1);
    assert_eq!(cli.json(&["not-same", &z, &zoe])["id"], z);
    assert_eq!(cli.json(&["duplicates", "person"])["groups"], json!([]));
    cli.json(&["undo"]);
    assert_eq!(cli.json(&["duplicates", "person"])["groups"].as_array().unwrap().len(), 1);
}

#[test]
fn everything_that_links_leads_to_the_one_that_is_kept_and_back() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let stage = session.pipelines(false).unwrap()[0].stages[0].id;
    let acme = new(session, Kind::Company, json!({"name": "Acme", "notes": "one"}));
    let twin = new(session, Kind::Company, json!({"name": "Acme Ltd", "notes": "two", "tags": ["vip"]}));
    let person = new(session, Kind::Person, json!({"first_name": "Zoe", "company": twin.to_string()}));
    let deal = |more: &str| {
        let input = json!({"name": format!("Pump{more}"), "company": twin.to_string(), "person": person.to_string(), "stage": stage.to_string()});
        new(session, Kind::Deal, input)
    };
    let (pump, again) = (deal(""), deal(" "));
    let about = json!({"company": twin.to_string(), "deal": again.to_string()});
    let mut call = about.clone();
    call["text"] = "yes".into();
    let call = new(session, Kind::Activity, call);
    let mut task = about;
    task["subject"] = "send it".into();
    let task = new(session, Kind::Task, task);
    let file = device.dir.path().join("offer.txt");
    std::fs::write(&file, "offer").unwrap();
    session.attach(twin, &file, &mut |_| {}, &Cancel::default()).unwrap();
    session.delete(&[task], &mut |_| {}, &Cancel::default()).unwrap();

    let before: Vec<Value> = device.shown();
    let one = merge(session, acme, &[twin]);
    for id in [person, pump, call, task] {
        assert_eq!(field(session, id, "company"), json!(acme.to_string()), "those in the trash too");
    }
    assert_eq!((session.attachments(acme).unwrap().len(), session.attachments(twin).unwrap().len()), (1, 0));
    assert_eq!(field(session, acme, "notes"), "one\ntwo");
    let two = merge(session, pump, &[again]);
    assert_eq!(field(session, call, "deal"), json!(pump.to_string()));
    assert_eq!(session.get(twin).unwrap().titles["merged_into"], "Acme");
    // The history says into which, by its name.
    let changes = session.history(twin).unwrap()[0].changes.clone();
    assert!(
        changes.iter().any(|c| c.field == "merged_into" && c.after_title.as_deref() == Some("Acme")),
        "{changes:?}"
    );
    unmerge(session, two);
    unmerge(session, one);
    assert_eq!(device.shown(), before);
    assert_eq!(session.attachments(twin).unwrap().len(), 1);
    // Forth again, as with any other step.
    session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert!(!is_there(session, twin) && field(session, person, "company") == json!(acme.to_string()));
    // One that is taken out of the trash by hand is one of its own again.
    session.restore(&[twin], &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(session.get(twin).unwrap().merged_into, None);
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn a_firm_with_many_people_shows_how_far_it_is_and_can_be_stopped() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let acme = new(session, Kind::Company, json!({"name": "Acme"}));
    let twin = new(session, Kind::Company, json!({"name": "Acme Ltd"}));
    let seed = SeedOptions {
        people: 1200,
        companies: 0,
        deals: 0,
        activities: 0,
        tasks: 0,
        seed: 1,
        locale: SeedLocale::En,
    };
    session.seed(seed, &mut |_| {}, &Cancel::default()).unwrap();
    let everybody = session.ids(Kind::Person, &ListRequest::default()).unwrap();
    session
        .set_many(&everybody, &fields(json!({"company": twin.to_string()})), &mut |_| {}, &Cancel::default())
        .unwrap();
    let of = |company: RecordId| {
        let request = ListRequest { filter: format!("company = '{company}'"), ..ListRequest::default() };
        session.list(Kind::Person, &request).unwrap().total
    };
    let request = Merge { keep: acme, others: vec![twin], fields: BTreeMap::new() };
    let (mut seen, cancel) = (Vec::new(), Cancel::default());
    let stopped = session.merge(
        &request,
        &mut |p| {
            seen.push((p.done, p.total));
            if p.done > 0 {
                cancel.ask();
            }
        },
        &cancel,
    );
    let error = stopped.unwrap_err();
    assert_eq!((error.code, seen.len()), (Code::Cancelled, 2));
    assert!(seen.iter().all(|(_, total)| *total == 1202), "{seen:?}");
    assert!(is_there(session, twin), "nothing is lost half-way");
    assert!(of(acme) > 0 && of(acme) + of(twin) == 1200);
    let operation = merge(session, acme, &[twin]);
    assert_eq!((of(acme), of(twin), is_there(session, twin)), (1200, 0, false));
    unmerge(session, operation);
    session.undo(error.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((of(acme), of(twin)), (0, 1200));
}

#[test]
fn whoever_was_merged_away_is_found_by_an_import() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let import = |name: &str, csv: &str| {
        let file = laptop.file(name, csv);
        let options = ImportOptions { source: Some("crm".into()), ..ImportOptions::default() };
        session.import(&file, &options, &mut |_| {}, &Cancel::default()).unwrap()
    };
    let people = "Id,First Name,Last Name,Email,Company\n7,Ana,Ruiz,ana@norte.example,Norte SL\n8,A.,Ruiz,ana@sur.example,Norte Foods\n";
    import("people.csv", people);
    let by = |name: &str, kind: Kind| {
        let rows = session.list(kind, &ListRequest::default()).unwrap().rows;
        rows.into_iter().find(|r| r.title == name).unwrap_or_else(|| panic!("{name}")).id
    };
    let (ana, twin) = (by("Ana Ruiz", Kind::Person), by("A. Ruiz", Kind::Person));
    let (norte, foods) = (by("Norte SL", Kind::Company), by("Norte Foods", Kind::Company));
    merge(session, ana, &[twin]);
    merge(session, norte, &[foods]);
    // The same file again changes nothing: each row is whom it was merged into.
    let report = import("people.csv", people);
    assert_eq!(
        (report.created.len(), is_there(session, twin), is_there(session, foods)),
        (0, false, false),
        "{report:?}"
    );
    let only = |kind: Kind| session.list(kind, &ListRequest::default()).unwrap().total;
    assert_eq!((only(Kind::Person), only(Kind::Company)), (1, 1));
    // By both ids, and with what is new of either.
    let report = import(
        "more.csv",
        "Id,First Name,Last Name,Phone,Company\n8,A.,Ruiz,+34 600 000 000,Norte Foods\n7,Ana,Ruiz,+34 600 000 001,\n9,Bo,Li,,Norte Foods\n",
    );
    assert_eq!((report.updated, &report.created), (2, &BTreeMap::from([("person".to_owned(), 1)])));
    assert_eq!(values(session, ana, "phones").len(), 2);
    assert_eq!(field(session, by("Bo Li", Kind::Person), "company"), json!(norte.to_string()));
    // A line that is captured knows it too.
    assert!(session.understand_person("Cy Vega, Norte Foods").unwrap().company_known);
    assert!(session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn two_laptops_that_merge_the_same_two_the_other_way_round_keep_one() {
    let devices = team(&[("Bo", Role::Member), ("Cy", Role::Viewer)]);
    let (first, second) = (devices[0].session(), devices[1].session());
    let one = ana(first, json!({"title": "Buyer"}));
    let other = ana(first, json!({"phones": ["+34 600 000 000"]}));
    let deal = |person: RecordId, name: &str| {
        new(first, Kind::Deal, json!({"name": name, "person": person.to_string()}))
    };
    let (pump, valve) = (deal(one, "Pump"), deal(other, "Valve"));
    agree(&devices);
    let of_first = merge(first, one, &[other]);
    merge(second, other, &[one]);
    agree(&devices);
    let kept = one.min(other);
    for device in &devices {
        let session = device.session();
        assert_eq!((is_there(session, kept), is_there(session, one.max(other))), (true, false));
        assert_eq!(
            (field(session, kept, "title"), values(session, kept, "phones").len()),
            (json!("Buyer"), 1)
        );
        for id in [pump, valve] {
            assert_eq!(field(session, id, "person"), json!(kept.to_string()), "{id}");
        }
    }
    // And both are there again when that is taken back.
    first.unmerge(of_first, &mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    assert!(is_there(second, one) && is_there(second, other));
}

#[test]
fn what_was_done_elsewhere_with_one_that_was_merged_away_is_not_lost() {
    let devices = team(&[("Bo", Role::Member)]);
    let (first, bo) = (devices[0].session(), devices[1].session());
    let kept = ana(first, json!({"title": "Buyer", "notes": "one"}));
    let gone = ana(first, json!({"title": "Director", "source": "fair", "notes": "two"}));
    agree(&devices);
    let operation = merge(first, kept, &[gone]);
    // Bo knows nothing of it: he edits, links, and merges on.
    set(
        bo,
        gone,
        json!({"title": "Head", "notes": "two, and more", "phones": ["+34 600 000 000"], "source": "web"}),
    );
    let deal = new(bo, Kind::Deal, json!({"name": "Pump", "person": gone.to_string()}));
    let last = new(bo, Kind::Task, json!({"subject": "call"}));
    agree(&devices);
    for device in &devices {
        let session = device.session();
        assert!(!is_there(session, gone));
        assert_eq!(field(session, deal, "person"), json!(kept.to_string()), "a link leads on");
        assert_eq!(
            field(session, kept, "title"),
            "Buyer",
            "of single fields the one that was kept has its own"
        );
        assert_eq!(field(session, kept, "source"), "web", "that it had from the other");
        assert_eq!(field(session, kept, "notes"), "one\ntwo, and more");
        assert_eq!(values(session, kept, "phones"), ["+34 600 000 000"]);
        assert_eq!(field(session, gone, "title"), "Head", "and there it stands as Bo has written it");
    }
    // Nobody has done that, so no Ctrl+Z means it.
    bo.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(!is_there(bo, last), "his last own step");
    // Once only: what is taken away afterwards stays away.
    set(first, kept, json!({"phones": null}));
    agree(&devices);
    set(bo, kept, json!({"department": "South"}));
    agree(&devices);
    assert_eq!(values(bo, kept, "phones"), [""; 0]);
    first.unmerge(operation, &mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    assert!(is_there(bo, gone));
}

#[test]
fn merges_of_merges_lead_to_the_last() {
    let devices = team(&[("Bo", Role::Member)]);
    let (first, bo) = (devices[0].session(), devices[1].session());
    let all: Vec<RecordId> = (0..3).map(|_| ana(first, json!({}))).collect();
    let deal = new(first, Kind::Deal, json!({"name": "Pump", "person": all[0].to_string()}));
    agree(&devices);
    merge(first, all[1], &[all[0]]);
    merge(bo, all[2], &[all[1]]);
    agree(&devices);
    for session in [first, bo] {
        assert_eq!(field(session, deal, "person"), json!(all[2].to_string()));
        assert_eq!(all.iter().map(|id| is_there(session, *id)).collect::<Vec<_>>(), [false, false, true]);
    }
}

#[test]
fn what_is_not_the_same_is_so_for_all() {
    let devices = team(&[("Bo", Role::Member)]);
    let (first, bo) = (devices[0].session(), devices[1].session());
    let one = ana(first, json!({}));
    let other = ana(first, json!({}));
    agree(&devices);
    assert_eq!(
        found(bo, Kind::Person),
        [(vec![one, other], vec![Reason::SameEmail, Reason::SameName, Reason::SameDomain])]
    );
    // Both say it at once: they say the same.
    first.not_the_same(&[one, other]).unwrap();
    bo.not_the_same(&[other, one]).unwrap();
    agree(&devices);
    assert_eq!((found(first, Kind::Person), found(bo, Kind::Person)), (vec![], vec![]));
    // Whoever is merged takes along what was said.
    let third = ana(first, json!({}));
    merge(first, third, &[other]);
    assert_eq!(found(first, Kind::Person), []);
    agree(&devices);
    let changes =
        first.history(one.min(other)).unwrap().into_iter().find(|v| v.label == "not_same").unwrap().changes;
    assert_eq!(changes[0].after_title.as_deref(), Some("Ana Ruiz"));
}

#[test]
fn a_line_asks_about_the_likeliest_first() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let office = |first: &str, last: &str, more: Value| {
        let mut input = json!({"first_name": first, "last_name": last, "phones": ["+34 910 000 000"]});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        new(session, Kind::Person, input)
    };
    let bo = office("Bo", "Li", json!({}));
    let ruiz = office("Ana", "Ruiz", json!({}));
    let mail = office("A.", "Ruiz", json!({"emails": ["ana@norte.example"]}));
    let similar = session.understand_person("Ana Ruiz, ana@norte.example, +34 910 000 000").unwrap().similar;
    assert_eq!(similar.iter().map(|hit| hit.id).collect::<Vec<_>>(), [mail, ruiz, bo]);
}

/// A hundred thousand people, five thousand of them in one firm: `cargo test … -- --ignored`.
#[test]
#[ignore = "takes minutes; its figures are in docs/bench.md"]
fn a_hundred_thousand_people_are_looked_through_in_seconds() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let seed = SeedOptions {
        people: 100_000,
        companies: 2_000,
        deals: 0,
        activities: 0,
        tasks: 0,
        seed: 1,
        locale: SeedLocale::Mixed,
    };
    session.seed(seed, &mut |_| {}, &Cancel::default()).unwrap();
    let started = std::time::Instant::now();
    let all = session.duplicates(Some(Kind::Person), &mut |_| {}, &Cancel::default()).unwrap();
    println!("people: {} groups in {:?}", all.total, started.elapsed());
    let started = std::time::Instant::now();
    let all = session.duplicates(None, &mut |_| {}, &Cancel::default()).unwrap();
    println!("all: {} groups in {:?}", all.total, started.elapsed());
    let companies = session.ids(Kind::Company, &ListRequest::default()).unwrap();
    let people = session.ids(Kind::Person, &ListRequest::default()).unwrap();
    session
        .set_many(
            &people[..5000],
            &fields(json!({"company": companies[0].to_string()})),
            &mut |_| {},
            &Cancel::default(),
        )
        .unwrap();
    let started = std::time::Instant::now();
    let operation = merge(session, companies[1], &companies[..1]);
    println!("5000 people led on in {:?}", started.elapsed());
    let started = std::time::Instant::now();
    unmerge(session, operation);
    println!("and back in {:?}", started.elapsed());
}

#[derive(Clone, Debug)]
struct Someone {
    fields: serde_json::Map<String, Value>,
}

fn someone() -> impl Strategy<Value = Someone> {
    let text = || prop::option::of("[a-zé王伟]{1,6}");
    let emails = prop::collection::vec("[ab]{1,2}@[xy]\\.example", 0..3);
    let tags = prop::collection::vec("[A-Ca-c]", 0..3);
    (text(), text(), text(), text(), emails, tags, prop::option::of("[a-z\n ]{0,12}")).prop_map(
        |(first, last, title, birthday, emails, tags, notes)| {
            let birthday = birthday.map(|b| format!("19{:02}-05-17", b.len() + 70));
            let all = json!({"first_name": first, "last_name": last, "title": title, "birthday": birthday,
                "emails": emails, "tags": tags, "notes": notes, "source": "fair"});
            Someone { fields: fields(all) }
        },
    )
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn a_merge_that_is_taken_back_leaves_every_field_as_it_was(
        people in prop::collection::vec(someone(), 2..5), chosen in prop::collection::vec((0_usize..8, 0_usize..5), 0..4)
    ) {
        let device = Device::new("Ana", None);
        let session = device.session();
        let ids: Vec<RecordId> = people.iter().map(|p| session.create(Kind::Person, &p.fields).unwrap().id).collect();
        for id in &ids {
            new(session, Kind::Task, json!({"subject": "x", "person": id.to_string()}));
        }
        let before = device.shown();
        let keys = ["first_name", "last_name", "title", "birthday", "emails", "tags", "notes", "source"];
        let chosen: Vec<(&str, RecordId)> = chosen.iter().map(|(key, at)| (keys[*key], ids[at % ids.len()])).collect();
        let operation = merge_with(session, ids[0], &ids[1..], &chosen).unwrap();
        let kept = session.get(ids[0]).unwrap();
        // Nothing is lost that was not decided.
        for person in &people {
            for email in person.fields["emails"].as_array().unwrap() {
                let there = values(session, ids[0], "emails");
                prop_assert!(chosen.iter().any(|(key, _)| *key == "emails") || there.contains(&email.as_str().unwrap().to_owned()), "{email} of {kept:?}");
            }
        }
        unmerge(session, operation);
        prop_assert_eq!(device.shown(), before);
        let sound = session.verify(&mut |_| {}).unwrap().ok;
        prop_assert!(sound);
    }
}

/// What has led from one of the two to the other leads nowhere once they are one.
#[test]
fn nobody_is_referred_by_who_he_is() {
    let device = Device::new("Ana", None);
    let session = device.session();
    let keep = session.create(Kind::Person, &fields(json!({"first_name": "Ana"}))).unwrap().id;
    let other = session.create(Kind::Person, &fields(json!({"first_name": "Ana"}))).unwrap().id;
    let field = NewField {
        kind: Kind::Person,
        label: "Referred by".into(),
        ty: FieldType::Link,
        options: Vec::new(),
        links: Some(Kind::Person),
        formula: None,
    };
    session.make_field(&field, &mut |_| {}, &Cancel::default()).unwrap();
    let key = "x_referred_by";
    for (one, two) in [(keep, other), (other, keep)] {
        session.set(one, &fields(json!({(key): two.to_string()}))).unwrap();
    }
    merge(session, keep, &[other]);
    assert!(session.get(keep).unwrap().fields.get(key).is_none());
}
