//! Deals, activities, tasks and products out of tables: what their columns mean, what their rows refer to, and that they
//! are found again.

#![allow(clippy::unwrap_used)]

use satchel_app::{
    Cancel, ExportFormat, ExportOptions, ImportOptions, ImportReport, ListRequest, OnMatch, domain::Kind,
};
use satchel_tests::Laptop;
use serde_json::{Value, json};
use std::path::Path;

fn preview(laptop: &Laptop, path: &Path, options: &ImportOptions) -> ImportReport {
    laptop.session.preview_import(path, options, &mut |_| {}, &Cancel::default()).unwrap()
}

/// Imports, and says that the preview had the same numbers.
fn import(laptop: &Laptop, path: &Path, options: &ImportOptions) -> ImportReport {
    let before = preview(laptop, path, options);
    let done = laptop.session.import(path, options, &mut |_| {}, &Cancel::default()).unwrap();
    let numbers = |r: &ImportReport| (r.created.clone(), r.updated, r.unchanged, r.skipped, r.rejected);
    assert_eq!(numbers(&before), numbers(&done), "{:?}", done.errors);
    assert_eq!(before.errors, done.errors);
    done
}

fn all(laptop: &Laptop, kind: Kind) -> Vec<Value> {
    let request = ListRequest { limit: 1000, ..ListRequest::default() };
    let page = laptop.session.list(kind, &request).unwrap();
    page.rows.iter().map(|r| serde_json::to_value(r).unwrap()).collect()
}

fn called<'a>(all: &'a [Value], title: &str) -> &'a Value {
    all.iter().find(|r| r["title"] == title).unwrap_or_else(|| panic!("no {title} in {all:#?}"))
}

fn causes(report: &ImportReport) -> Vec<String> {
    report.errors.iter().map(|e| format!("{}: {}", e.row, e.message)).collect()
}

fn add(laptop: &Laptop, kind: Kind, fields: Value) -> String {
    laptop.session.create(kind, fields.as_object().unwrap()).unwrap().id.to_string()
}

const DEALS: &str = "Deal Name,Company Name,Contact Email,Deal Stage,Amount,Currency,Close Date,Probability,Deal Owner,Priority
Pumps,Norte SL,ana@norte.example,Offer,\"1.234,56 €\",,31/12/2026,40%,ana,high
Valves,Norte SL,,Negotiation,\"12,000\",cny,2027-01-15,,Bo Li,
Pipes,Sur SA,nobody@x.example,Won,12 000 kr,SEK,2026-03-01,,,low
";

#[test]
fn deals_come_with_their_companies_people_and_stages() {
    let laptop = Laptop::new();
    let ana = add(
        &laptop,
        Kind::Person,
        json!({"first_name": "Ana", "last_name": "Ruiz", "emails": "work:ana@norte.example"}),
    );
    let report = import(&laptop, &laptop.file("deals.csv", DEALS), &ImportOptions::default());
    assert_eq!(report.kind, "deal");
    assert_eq!(report.because, ["Deal Name", "Deal Stage", "Close Date", "Probability", "Deal Owner"]);
    assert_eq!(
        (report.created["deal"], report.created["company"], report.rejected),
        (3, 2, 0),
        "{:?}",
        report.errors
    );
    let deals = all(&laptop, Kind::Deal);
    let pumps = called(&deals, "Pumps");
    assert_eq!(pumps["fields"]["value"], json!({"minor": 123_456, "currency": "EUR"}));
    assert_eq!(
        (pumps["titles"]["company"].as_str(), pumps["titles"]["stage"].as_str()),
        (Some("Norte SL"), Some("Offer"))
    );
    assert_eq!(pumps["fields"]["person"], json!(ana));
    assert_eq!(
        (&pumps["fields"]["close_date"], &pumps["fields"]["probability"]),
        (&json!("2026-12-31"), &json!(40))
    );
    assert_eq!(pumps["fields"]["owner"], "Ana", "as the team writes the name");
    assert_eq!(pumps["fields"]["x_priority"], "high", "what has no field gets one");
    assert_eq!(called(&deals, "Valves")["fields"]["value"], json!({"minor": 1_200_000, "currency": "CNY"}));
    let pipes = called(&deals, "Pipes");
    assert_eq!(pipes["fields"]["value"], json!({"minor": 1_200_000, "currency": "SEK"}));
    assert!(pipes["fields"]["closed_at"].as_str().unwrap().starts_with("2026-03-01"), "{pipes}");
    assert!(pipes["fields"]["owner"].is_null(), "the file says that it is nobody's");
    assert_eq!(pipes["fields"]["notes"], "Contact Email: nobody@x.example");
    assert_eq!(
        causes(&report),
        [
            "3: nobody here has the address «nobody@x.example»; import the people first; the value was put into the notes"
        ]
    );
    assert_eq!(all(&laptop, Kind::Person).len(), 1, "nobody is made up");
    let again = import(&laptop, &laptop.file("deals.csv", DEALS), &ImportOptions::default());
    assert_eq!((again.unchanged, again.updated, again.created.len()), (3, 0, 0));
    laptop.session.undo(report.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((all(&laptop, Kind::Deal).len(), all(&laptop, Kind::Company).len()), (0, 0));
    assert!(laptop.session.fields(Kind::Deal).iter().all(|f| !f.custom));
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn a_preview_writes_nothing() {
    let laptop = Laptop::new();
    let before = laptop.session.operations(100).unwrap().len();
    let shown = preview(&laptop, &laptop.file("deals.csv", DEALS), &ImportOptions::default());
    assert_eq!((shown.created["deal"], shown.rejected), (3, 0), "{:?}", shown.errors);
    assert_eq!(laptop.session.operations(100).unwrap().len(), before);
    for kind in Kind::ALL {
        assert!(all(&laptop, kind).is_empty(), "{kind}");
    }
}

#[test]
fn what_is_wrong_with_a_deal_is_said_by_its_cause() {
    let laptop = Laptop::new();
    laptop.session.pipelines(false).unwrap();
    laptop.session.add_pipeline("Service", false).unwrap();
    let service = laptop.session.pipelines(false).unwrap().remove(1);
    laptop.session.add_stage(service.id, "Repair", 30.0).unwrap();
    for (first, last) in [("Ana", "Ruiz Gómez"), ("Bo", "Li"), ("Bo", "Li")] {
        add(&laptop, Kind::Person, json!({"first_name": first, "last_name": last}));
    }
    let nines = "9".repeat(40);
    let file = format!(
        "Deal Name,Pipeline,Stage,Value,Currency,Expected close,Contact person\n\
         A,Sales,Repair,1,,,\nB,Sales,Moon,1,,,\nC,Moon,New,1,,,\nD,,Repair,1,,,\nE,,New,1,XQQ,,\n\
         F,,New,12 ZZZ,,,\nG,,New,{nines},,2026-02-31,\nH,,Closed Won,1,,,\n,,New,1,,,\nI,Service,,1,,,Bo Li\n\
         J,,,1,,,Ana Ruiz Gómez\nK,,,10 EUR,USD,,\n"
    );
    let report = import(&laptop, &laptop.file("a.csv", file), &ImportOptions::default());
    assert_eq!((report.created["deal"], report.rejected), (5, 7), "{:#?}", causes(&report));
    let said = causes(&report);
    for (row, part) in [
        (1, "the stage «Repair» is one of the pipeline «Service», not of «Sales»"),
        (2, "there is no stage called «Moon»"),
        (3, "there is no pipeline called «Moon»"),
        (5, "«XQQ» is no currency"),
        (6, "«ZZZ» is no currency"),
        (7, "is not an amount"),
        (7, "«2026-02-31» is not a date"),
        (9, "a deal needs a name"),
        (10, "several are called «Bo Li»"),
        (12, "the amount is in «EUR», and its currency is said to be «USD»"),
    ] {
        let wanted = |line: &&String| line.starts_with(&format!("{row}: ")) && line.contains(part);
        assert_eq!(said.iter().filter(wanted).count(), 1, "{row} {part}: {said:#?}");
    }
    assert_eq!(said.len(), 10, "{said:#?}");
    let deals = all(&laptop, Kind::Deal);
    let stage = |title: &str| called(&deals, title)["titles"]["stage"].as_str().unwrap().to_owned();
    assert_eq!(
        (stage("D"), stage("H"), stage("I"), stage("J")),
        ("Repair".into(), "Won".into(), "New".into(), "New".into())
    );
    assert!(called(&deals, "I")["fields"]["person"].is_null());
    assert_eq!(called(&deals, "J")["titles"]["person"], "Ana Ruiz Gómez");
    assert!(called(&deals, "G")["fields"]["notes"].as_str().unwrap().contains(&nines), "nothing is lost");
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn a_deal_that_moves_in_the_file_moves_here_and_one_that_does_not_stays() {
    let laptop = Laptop::new();
    let file = |status: &str, reason: &str| {
        format!(
            "ID,Opportunity Name,Account Name,Expected Close Date,Deal Status,Loss Reason\n7,Pumps,Norte SL,2030-01-01,{status},{reason}\n"
        )
    };
    let path = |text: String| laptop.file("a.csv", text);
    import(&laptop, &path(file("Open", "")), &ImportOptions::default());
    let deal = || all(&laptop, Kind::Deal).remove(0);
    let id: satchel_app::domain::RecordId = deal()["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(deal()["titles"]["stage"], "New");
    let offer = laptop.session.pipelines(false).unwrap()[0].stages[2].id;
    laptop.session.move_deal(id, offer, (None, None), None).unwrap();
    let same = import(&laptop, &path(file("Open", "")), &ImportOptions::default());
    assert_eq!(
        (same.unchanged, deal()["titles"]["stage"].as_str()),
        (1, Some("Offer")),
        "a status moves nothing that has it"
    );
    let lost = import(&laptop, &path(file("Lost", "price")), &ImportOptions::default());
    assert_eq!((lost.updated, deal()["titles"]["stage"].as_str()), (1, Some("Lost")));
    assert_eq!(deal()["fields"]["lost_reason"], "price");
    assert!(deal()["fields"]["closed_at"].is_string());
    laptop.session.undo(lost.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(
        (deal()["titles"]["stage"].as_str(), deal()["fields"]["closed_at"].is_null()),
        (Some("Offer"), true)
    );
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn activities_and_tasks_say_what_they_are_about() {
    let laptop = Laptop::new();
    let norte =
        add(&laptop, Kind::Company, json!({"name": "Norte SL", "website": "https://www.norte.example"}));
    add(&laptop, Kind::Deal, json!({"name": "Pumps", "company": norte}));
    add(&laptop, Kind::Person, json!({"first_name": "伟", "last_name": "王", "company": norte}));
    let activities = "跟进主题,跟进方式,跟进时间,公司,联系人,跟进内容,通话时长,商机\n\
        报价,电话,2026年3月1日 下午2:30,Norte SL,王伟,谈了价格,0:15,Pumps\n拜访,上门拜访,2026-03-02,,王伟,,,\n";
    let report = import(&laptop, &laptop.file("a.csv", activities), &ImportOptions::default());
    assert_eq!(
        (report.kind.as_str(), report.created["activity"], report.errors.len()),
        ("activity", 2, 0),
        "{:?}",
        report.errors
    );
    let there = all(&laptop, Kind::Activity);
    let call = called(&there, "报价");
    assert_eq!((&call["fields"]["type"], &call["fields"]["minutes"]), (&json!("call"), &json!(15)));
    assert_eq!((&call["titles"]["deal"], &call["titles"]["person"]), (&json!("Pumps"), &json!("王伟")));
    let visit = called(&there, "拜访");
    assert_eq!(
        (&visit["fields"]["type"], &visit["titles"]["company"]),
        (&json!("visit"), &json!("Norte SL")),
        "the person's"
    );
    let tasks = "Task Name,Due Date,Task Status,Company Domain Name,Deal Name,Notes\n\
        Call back,2026-03-05 09:30,Completed,norte.example,Pumps,soon\nSend offer,5/3/2026,Deferred,moon.example,Nothing,\nNo day,2026-13-45,Open,,,\n";
    let report = import(&laptop, &laptop.file("t.csv", tasks), &ImportOptions::default());
    assert_eq!(
        (report.kind.as_str(), report.created["task"], report.created.get("company")),
        ("task", 3, None)
    );
    let there = all(&laptop, Kind::Task);
    let back = called(&there, "Call back");
    assert_eq!(
        (&back["fields"]["due"], &back["fields"]["due_time"]),
        (&json!("2026-03-05"), &json!("09:30"))
    );
    assert!(back["fields"]["done_at"].as_str().unwrap().starts_with("2026-03-05"));
    assert_eq!(back["titles"]["company"], "Norte SL");
    let send = called(&there, "Send offer");
    assert!(send["fields"]["done_at"].is_null());
    let notes = send["fields"]["notes"].as_str().unwrap();
    for kept in ["moon.example", "Deal Name: Nothing", "Task Status: Deferred"] {
        assert!(notes.contains(kept), "{kept} in {notes}");
    }
    assert_eq!(called(&there, "No day")["fields"]["notes"], "Due Date: 2026-13-45");
    let again = import(&laptop, &laptop.file("t.csv", tasks), &ImportOptions::default());
    assert_eq!((again.unchanged, again.updated, again.created.len()), (3, 0, 0));
    // Another table of the same tasks: they are found by what they are called, whose they are and when.
    let other = "Subject,Due Date,Account Name,Assigned To\nCall back,2026-03-05,Norte SL,Bo\nCall back,2026-03-06,Norte SL,Bo\n";
    let found = import(&laptop, &laptop.file("o.csv", other), &ImportOptions::default());
    assert_eq!((found.kind.as_str(), found.updated, found.created["task"]), ("task", 1, 1));
    let none = ImportOptions { match_by: Vec::new(), ..ImportOptions::default() };
    assert_eq!(import(&laptop, &laptop.file("o.csv", other), &none).created["task"], 2);
}

#[test]
fn products_are_found_by_their_codes_then_by_their_names() {
    let laptop = Laptop::new();
    let prices = "Product name,SKU,Unit price,Unit,Tax (%),Active\nPump,P-1,\"1,250.00\",pcs,21%,yes\nValve,,12,pcs,,no\nPump,P-2,99,pcs,,yes\n";
    let report = import(&laptop, &laptop.file("a.csv", prices), &ImportOptions::default());
    assert_eq!(
        (report.kind.as_str(), report.created["product"], report.rejected),
        ("product", 3, 0),
        "{:?}",
        report.errors
    );
    let there = all(&laptop, Kind::Product);
    assert_eq!(called(&there, "Valve")["fields"]["retired"], json!(true));
    let other = "Product,Product Code,Price,Currency\nBig pump,p-1,1300,USD\nVALVE,,13,USD\nPump,P-3,1,USD\n";
    let report = import(&laptop, &laptop.file("b.csv", other), &ImportOptions::default());
    assert_eq!((report.updated, report.created["product"]), (2, 1), "{:?}", report.errors);
    let there = all(&laptop, Kind::Product);
    assert_eq!(called(&there, "Big pump")["fields"]["price"], json!({"minor": 130_000, "currency": "USD"}));
    let skip = ImportOptions { on_match: OnMatch::Skip, ..ImportOptions::default() };
    assert_eq!(import(&laptop, &laptop.file("b.csv", other), &skip).skipped, 3);
}

#[test]
fn a_kind_that_was_guessed_can_be_corrected() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", "Subject,Date,Account Name,Notes\nLunch,2026-03-01,Norte SL,nice\n");
    for (kind, key) in [(Kind::Activity, "at"), (Kind::Task, "due")] {
        let options = ImportOptions { kind: Some(kind), ..ImportOptions::default() };
        let report = preview(&laptop, &path, &options);
        assert_eq!((report.kind.as_str(), report.because.len()), (kind.key(), 0));
        assert!(report.columns.iter().any(|c| c.target == key), "{:?}", report.columns);
    }
    let quote = ImportOptions { kind: Some(Kind::Quote), ..ImportOptions::default() };
    assert!(laptop.session.preview_import(&path, &quote, &mut |_| {}, &Cancel::default()).is_err());
    let people =
        laptop.file("p.csv", "First Name,Email,Deal Name,Close Date\nAna,a@x.example,Pumps,2026-01-01\n");
    assert_eq!(
        preview(&laptop, &people, &ImportOptions::default()).kind,
        "person",
        "people with a deal are people"
    );
}

/// What comes out goes in again as it was: into the same vault, where nothing changes, and into another.
#[test]
fn every_kind_comes_back_as_it_was_exported() {
    let laptop = Laptop::new();
    let set_up = |laptop: &Laptop| {
        laptop.session.pipelines(false).unwrap();
        laptop.session.add_pipeline("Service", false).unwrap();
        let mentor = json!({"kind": "deal", "label": "Mentor", "type": "link", "links": "person"});
        let mentor = serde_json::from_value(mentor).unwrap();
        laptop.session.make_field(&mentor, &mut |_| {}, &Cancel::default()).unwrap();
    };
    set_up(&laptop);
    let norte = add(&laptop, Kind::Company, json!({"name": "Norte, \"SL\""}));
    let people: Vec<String> = (0..2)
        .map(|_| add(&laptop, Kind::Person, json!({"first_name": "Bo", "last_name": "Li", "company": norte})))
        .collect();
    let stages: Vec<_> =
        laptop.session.pipelines(false).unwrap().into_iter().flat_map(|p| p.stages).map(|s| s.id).collect();
    for (n, stage) in stages.iter().enumerate() {
        let person = &people[n % 2];
        let deal = add(
            &laptop,
            Kind::Deal,
            json!({
                "name": format!("=Deal {n}"), "company": norte, "person": person, "stage": stage, "value": {"minor": 1_234_500 + n, "currency": "JPY"},
                "close_date": "2027-02-28", "probability": 12.5, "notes": "a\nb; \"c\"", "tags": ["x y", "z"], "x_mentor": people[1],
            }),
        );
        add(
            &laptop,
            Kind::Activity,
            json!({"type": "mail", "direction": "out", "subject": "Same", "at": format!("2026-05-0{}T07:08:09.123Z", n % 9 + 1), "minutes": n, "deal": deal, "person": person, "company": norte, "outcome": "-1 ok", "text": "# T\n- a"}),
        );
        add(
            &laptop,
            Kind::Task,
            json!({"subject": "Same", "due": "2026-05-01", "due_time": "09:05", "repeat": "every second tue", "remind": "10m", "deal": deal, "done_at": if n % 2 == 0 { json!(null) } else { json!("2026-05-01T10:00:00Z") }}),
        );
        add(
            &laptop,
            Kind::Product,
            json!({"name": "Same", "code": format!("00{n}"), "price": "1.5 EUR", "tax": 7.7, "retired": n % 2 == 0, "unit": "m²"}),
        );
    }
    let kinds = [Kind::Company, Kind::Person, Kind::Deal, Kind::Activity, Kind::Task, Kind::Product];
    let plain = |laptop: &Laptop, kind: Kind| -> Vec<String> {
        let mut rows: Vec<String> = all(laptop, kind)
            .into_iter()
            .map(|mut row| {
                for link in ["company", "person", "deal", "stage", "x_mentor"] {
                    row["fields"][link].take();
                }
                // What comes next is read from the tasks, which come after the deals.
                row["titles"]["next_step"].take();
                format!("{} {} {}", row["title"], row["titles"], row["fields"])
            })
            .collect();
        rows.sort();
        rows
    };
    for format in [ExportFormat::Csv, ExportFormat::Xlsx] {
        let other = Laptop::new();
        set_up(&other);
        for kind in kinds {
            let out = laptop.dir.path().join(format!("{kind}.{format:?}"));
            let options = ExportOptions {
                kinds: vec![kind],
                format,
                out: out.clone(),
                request: ListRequest::default(),
            };
            laptop.session.export(&options, &mut |_| {}, &Cancel::default()).unwrap();
            let same = import(&laptop, &out, &ImportOptions::default());
            assert_eq!(same.kind, kind.key(), "guessed");
            assert_eq!(
                (same.created.len(), same.updated, same.errors.len()),
                (0, 0, 0),
                "{format:?} {kind} {:?}",
                same.errors
            );
            let there = import(&other, &out, &ImportOptions::default());
            assert_eq!(there.errors, [], "{format:?} {kind}");
            assert_eq!(plain(&other, kind), plain(&laptop, kind), "{format:?} {kind}");
            assert_eq!(import(&other, &out, &ImportOptions::default()).updated, 0);
        }
        assert!(other.session.verify(&mut |_| {}).unwrap().ok);
    }
}

/// Files that other programs wrote; `SATCHEL_SAMPLES` names their folder.
#[test]
fn the_deals_and_tasks_of_salesforce_are_understood() {
    let Some(samples) = std::env::var_os("SATCHEL_SAMPLES").map(std::path::PathBuf::from) else { return };
    let laptop = Laptop::new();
    let folder = samples.join("salesforce-workshop");
    for file in ["Account.csv", "Contact.csv"] {
        import(&laptop, &folder.join(file), &ImportOptions::default());
    }
    let deals = preview(&laptop, &folder.join("Opportunity.csv"), &ImportOptions::default());
    assert_eq!((deals.kind.as_str(), deals.rows), ("deal", 50));
    assert!(
        deals.errors.iter().all(|e| e.message.starts_with("there is no stage called")),
        "{:?}",
        deals.errors.first()
    );
    let tasks = import(&laptop, &folder.join("Task.csv"), &ImportOptions::default());
    assert_eq!(
        (tasks.kind.as_str(), tasks.created["task"], tasks.rejected),
        ("task", 75, 0),
        "{:?}",
        tasks.errors.first()
    );
    let linked = all(&laptop, Kind::Task).iter().filter(|t| t["fields"]["person"].is_string()).count();
    assert!(linked > 50, "{linked}");
}
