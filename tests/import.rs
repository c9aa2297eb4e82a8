//! Importing through the use case: what is recognised, what is updated, and that all of it can be taken back.

#![allow(clippy::unwrap_used)]

use satchel_app::{Cancel, ImportFrom, ImportOptions, ImportReport, ListRequest, OnMatch, domain::Kind};
use satchel_tests::Laptop;
use serde_json::{Value, json};
use std::path::Path;

fn import(laptop: &Laptop, path: &Path, options: &ImportOptions) -> ImportReport {
    laptop.session.import(path, options, &mut |_| {}, &Cancel::default()).unwrap()
}

fn people(laptop: &Laptop) -> Vec<Value> {
    let page =
        laptop.session.list(Kind::Person, &ListRequest { limit: 1000, ..ListRequest::default() }).unwrap();
    page.rows.iter().map(|r| serde_json::to_value(r).unwrap()).collect()
}

fn undo(laptop: &Laptop, report: &ImportReport) -> usize {
    let done = laptop.session.undo(report.operation, &mut |_| {}, &Cancel::default()).unwrap();
    done.skipped.len()
}

const FILE: &str = "First Name,Last Name,Company,E-mail Address,Phone,Hat size\nAna,Ruiz,Norte SL,ana@x.example,+34 600 000 001,7\nBo,Li,Norte SL,bo@x.example,,8\n";

#[test]
fn an_import_is_rolled_back_the_records_that_it_updated_too() {
    let laptop = Laptop::new();
    let input = json!({"first_name": "Ana", "last_name": "Ruiz", "emails": "home:ana@x.example", "title": "CEO", "tags": "old"});
    let ana = laptop.session.create(Kind::Person, input.as_object().unwrap()).unwrap().id;
    let before = laptop.session.get(ana).unwrap();
    let path = laptop.file("a.csv", FILE);
    let report = import(&laptop, &path, &ImportOptions::default());
    assert_eq!((report.created["person"], report.updated, report.created["company"]), (1, 1, 1));
    let after = laptop.session.get(ana).unwrap();
    assert_eq!(after.titles.get("company").map(String::as_str), Some("Norte SL"));
    assert_eq!(after.fields["title"], "CEO", "what the file does not know stays");
    assert_eq!(after.fields["x_hat_size"], "7");
    assert_eq!(undo(&laptop, &report), 0);
    let back = laptop.session.get(ana).unwrap();
    assert_eq!((back.fields, back.title), (before.fields, before.title));
    assert_eq!(people(&laptop).len(), 1);
    assert!(
        laptop.session.fields(Kind::Person).iter().all(|f| !f.custom),
        "the fields that it made are gone too"
    );
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
    // And the rollback itself can be taken back.
    laptop.session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(people(&laptop).len(), 2);
    assert_eq!(laptop.session.get(ana).unwrap().fields["x_hat_size"], "7");
}

#[test]
fn what_was_edited_since_the_import_stays_and_is_named() {
    let laptop = Laptop::new();
    let report = import(&laptop, &laptop.file("a.csv", FILE), &ImportOptions::default());
    let page = laptop
        .session
        .list(Kind::Person, &ListRequest { text: "bo".into(), ..ListRequest::default() })
        .unwrap();
    laptop.session.set(page.rows[0].id, json!({"title": "Buyer"}).as_object().unwrap()).unwrap();
    assert_eq!(undo(&laptop, &report), 3, "Bo, and the company and the field that he uses");
    assert_eq!(people(&laptop).len(), 1);
    assert_eq!(people(&laptop)[0]["titles"]["company"], "Norte SL");
    assert_eq!(people(&laptop)[0]["title"], "Bo Li");
}

#[test]
fn the_same_file_again_changes_nothing() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", FILE);
    import(&laptop, &path, &ImportOptions::default());
    let again = import(&laptop, &path, &ImportOptions::default());
    assert_eq!((again.unchanged, again.updated, again.created.len()), (2, 0, 0));
    let twice =
        import(&laptop, &path, &ImportOptions { on_match: OnMatch::Create, ..ImportOptions::default() });
    assert_eq!(twice.created["person"], 2);
    let skipped =
        import(&laptop, &path, &ImportOptions { on_match: OnMatch::Skip, ..ImportOptions::default() });
    assert_eq!(skipped.skipped, 2);
}

#[test]
fn a_shared_address_does_not_make_two_people_one() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", "First Name,Last Name,Email\nAna,Ruiz,info@x.example\nBo,Li,info@x.example\nAna,Ruiz-Li,info@x.example\n");
    let report = import(&laptop, &path, &ImportOptions::default());
    assert_eq!((report.created["person"], report.updated), (2, 1), "the third is the first, married");
}

#[test]
fn a_preview_writes_nothing_and_says_what_the_import_then_does() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", format!("{FILE}Max,\"open\nEve,Wu,,not mail,,\n"));
    let status = laptop.session.status().unwrap();
    let preview = laptop
        .session
        .preview_import(&path, &ImportOptions::default(), &mut |_| {}, &Cancel::default())
        .unwrap();
    assert_eq!(laptop.session.status().unwrap(), status);
    let done = import(&laptop, &path, &ImportOptions::default());
    assert_eq!((&preview.created, preview.rejected, preview.rows), (&done.created, done.rejected, done.rows));
    assert_eq!(preview.errors, done.errors);
    assert_eq!(done.rejected, 1);
    let eve = people(&laptop).into_iter().find(|p| p["title"] == "Eve Wu").unwrap();
    assert_eq!(eve["fields"]["notes"], "E-mail Address: not mail", "what could not be read is kept");
}

#[test]
fn a_mapping_that_is_corrected_is_followed() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", "Wer,Was,Wo\nAna Ruiz,ana@x.example,Porto\n");
    let mapping = [("Wer", "full_name"), ("Was", "emails.work"), ("Wo", "addresses.work.city")];
    let mapping = mapping.into_iter().map(|(c, t)| (c.to_owned(), t.to_owned())).collect();
    import(&laptop, &path, &ImportOptions { mapping, ..ImportOptions::default() });
    let ana = people(&laptop).remove(0);
    assert_eq!(
        (ana["fields"]["last_name"].as_str(), ana["fields"]["addresses"][0]["city"].as_str()),
        (Some("Ruiz"), Some("Porto"))
    );
    let mapping = [("Wer".to_owned(), "addresses.moon.crater".to_owned())].into_iter().collect();
    let wrong = ImportOptions { mapping, ..ImportOptions::default() };
    assert!(laptop.session.import(&path, &wrong, &mut |_| {}, &Cancel::default()).is_err());
}

#[test]
fn a_stopped_import_can_be_rolled_back() {
    let laptop = Laptop::new();
    let mut file = String::from("First Name,Email\n");
    for n in 0..3000 {
        file.push_str(&format!("Person{n},p{n}@x.example\n"));
    }
    let path = laptop.file("a.csv", file);
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let outcome = laptop.session.import(
        &path,
        &ImportOptions::default(),
        &mut |p| {
            if p.done >= 1000 {
                stop.ask()
            }
        },
        &cancel,
    );
    assert!(outcome.is_err());
    let some = people(&laptop).len();
    assert!(some >= 1000, "{some}");
    let import = laptop.session.imports().unwrap().remove(0);
    laptop.session.undo(Some(import.operation), &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(people(&laptop).len(), 0);
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
}

#[test]
fn two_laptops_that_import_one_file_derive_the_same_records_within_a_workspace() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", FILE);
    let first = import(&laptop, &path, &ImportOptions::default());
    let ids = |l: &Laptop| people(l).iter().map(|p| p["id"].clone()).collect::<Vec<_>>();
    let before = ids(&laptop);
    undo(&laptop, &first);
    import(&laptop, &path, &ImportOptions::default());
    assert_eq!(ids(&laptop), before, "the ids come from the workspace and the rows");
}

/// Files that other programs wrote; `SATCHEL_SAMPLES` names their folder.
#[test]
fn the_files_of_other_programs_are_understood() {
    let Some(samples) = std::env::var_os("SATCHEL_SAMPLES").map(std::path::PathBuf::from) else {
        println!("SATCHEL_SAMPLES is not set: only our own fixtures are read");
        return;
    };
    let preview = |path: &Path| {
        let laptop = Laptop::new();
        laptop
            .session
            .preview_import(path, &ImportOptions::default(), &mut |_| {}, &Cancel::default())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    // Whole files: every row becomes a record.
    for (file, rows, preset) in [
        ("atomic-crm/contacts.csv", 500, None),
        ("atomic-crm/contacts_export.csv", 2, None),
        ("salesforce-workshop/Account.csv", 22, Some("Salesforce")),
        ("salesforce-workshop/Contact.csv", 102, Some("Salesforce")),
        ("ez-vcard/John_Doe_ANDROID.vcf", 6, None),
        ("ez-vcard/John_Doe_GMAIL.vcf", 1, None),
        ("ez-vcard/John_Doe_IPHONE.vcf", 1, Some("Apple")),
        ("ez-vcard/John_Doe_MS_OUTLOOK.vcf", 1, Some("Outlook")),
        ("ez-vcard/gmail-list.vcf", 3, None),
        ("ez-vcard/rfc6350-example.vcf", 1, None),
    ] {
        let report = preview(&samples.join(file));
        assert_eq!((report.rows, report.rejected, report.preset.as_deref()), (rows, 0, preset), "{file}");
        assert!(report.preview.iter().all(|p| !p.title.is_empty()), "{file}: {:?}", report.preview);
    }
    // Header lines: a row of our own under each; the columns that every program has must be found.
    for (file, preset) in [
        ("google-contacts-2024-labeled.csv", Some("Google")),
        ("google-contacts-as-outlook-csv.csv", Some("Outlook")),
        ("hubspot-contacts-all-properties-2023-02-21.csv", Some("HubSpot")),
        ("linkedin-connections.csv", Some("LinkedIn")),
        ("outlook.com-live-people.csv", Some("Outlook.com")),
        ("pipedrive-official-sample-import.csv", Some("Pipedrive")),
        ("salesforce-data-export-contact.csv", Some("Salesforce")),
    ] {
        let text = std::fs::read_to_string(samples.join("headers").join(file)).unwrap();
        let laptop = Laptop::new();
        let width = text.trim_end().lines().last().unwrap().split(',').count();
        let path = laptop.file(file, format!("{}\n{}\n", text.trim_end(), vec!["1"; width].join(",")));
        let report = laptop
            .session
            .preview_import(&path, &ImportOptions::default(), &mut |_| {}, &Cancel::default())
            .unwrap();
        assert_eq!(report.preset.as_deref(), preset, "{file}");
        let targets: Vec<&str> = report.columns.iter().map(|c| c.target.as_str()).collect();
        assert!(targets.contains(&"first_name") && targets.contains(&"last_name"), "{file}: {targets:?}");
        assert!(targets.iter().any(|t| t.starts_with("emails")), "{file}: {targets:?}");
    }
    // 52 sets of headers of Outlook, Thunderbird, Windows Mail and Yahoo, in many languages.
    let sets = std::fs::read_to_string(samples.join("headers/zimbra-known-csv-headers.tsv")).unwrap();
    let mut poor = Vec::new();
    for line in sets.lines().filter(|l| !l.starts_with('#')) {
        let mut parts = line.split('\t');
        let (format, language, headers) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let headers: Vec<String> =
            headers.split('|').map(|h| format!("\"{}\"", h.replace('"', "\"\""))).collect();
        let laptop = Laptop::new();
        let row = vec!["1"; headers.len()].join(",");
        let path = laptop.file("a.csv", format!("{}\n{row}\n", headers.join(",")));
        let report = laptop
            .session
            .preview_import(&path, &ImportOptions::default(), &mut |_| {}, &Cancel::default())
            .unwrap();
        let has = |what: &str| report.columns.iter().any(|c| c.target.starts_with(what));
        let missing: Vec<&str> =
            ["first_name", "emails", "phones", "addresses"].into_iter().filter(|w| !has(w)).collect();
        // That one set has six headers, none of a telephone or an address.
        let is_short = language == "hi" && format.starts_with("thunderbird");
        if !missing.is_empty() && !is_short {
            poor.push(format!("{format} {language}: {missing:?}"));
        }
    }
    assert!(poor.is_empty(), "{poor:#?}");
}

#[test]
fn what_a_later_import_uses_stays_when_the_earlier_one_is_rolled_back() {
    let laptop = Laptop::new();
    let first = import(&laptop, &laptop.file("a.csv", FILE), &ImportOptions::default());
    let second = "First Name,Last Name,Company,E-mail Address,Hat size\nCy,Oz,Norte SL,cy@x.example,9\n";
    import(&laptop, &laptop.file("b.csv", second), &ImportOptions::default());
    assert_eq!(undo(&laptop, &first), 2, "the company and the field");
    let left = people(&laptop);
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0]["titles"]["company"].as_str(), left[0]["fields"]["x_hat_size"].as_str()),
        (Some("Norte SL"), Some("9"))
    );
}

#[test]
fn an_undo_that_is_undone_leaves_things_as_if_neither_had_been() {
    let laptop = Laptop::new();
    let report = import(&laptop, &laptop.file("a.csv", FILE), &ImportOptions::default());
    let session = &laptop.session;
    let take_back = |id| session.undo(id, &mut |_| {}, &Cancel::default()).unwrap().operation;
    for _ in 0..3 {
        let undo = take_back(report.operation);
        assert_eq!(people(&laptop).len(), 0);
        take_back(Some(undo));
        assert_eq!(people(&laptop).len(), 2);
        let import = session.imports().unwrap().remove(0);
        assert!(!import.undone, "it stands again, and can be taken back again");
    }
    take_back(None);
    assert_eq!(people(&laptop).len(), 0, "a plain undo finds it too");
}

#[test]
fn a_stopped_undo_goes_on_and_is_redone_as_a_whole() {
    let laptop = Laptop::new();
    let rows: String = (0..5000).map(|n| format!("P{n},x{n}@x.example\n")).collect();
    let path = laptop.file("a.csv", format!("First Name,E-mail\n{rows}"));
    let report = import(&laptop, &path, &ImportOptions::default());
    let cancel = Cancel::default();
    let stopped = laptop.session.undo(report.operation, &mut |_| cancel.ask(), &cancel).unwrap_err();
    assert_eq!(stopped.code, satchel_app::Code::Cancelled);
    let left = laptop.session.status().unwrap().records["person"];
    assert!(left > 0 && left < 5000, "{left}");
    undo(&laptop, &report);
    assert_eq!(laptop.session.status().unwrap().records["person"], 0);
    laptop.session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(laptop.session.status().unwrap().records["person"], 5000);
}

/// An undo that was cut off, then taken back, leaves the next undo and redo whole.
#[test]
fn an_undo_after_a_redo_of_half_an_undo_can_be_redone() {
    let laptop = Laptop::new();
    let mut csv = String::from("First Name,E-mail Address\n");
    for n in 0..6000 {
        csv.push_str(&format!("P{n},p{n}@x.example\n"));
    }
    let report = import(&laptop, &laptop.file("big.csv", csv), &ImportOptions::default());
    let session = &laptop.session;
    let there = || session.list(Kind::Person, &ListRequest::default()).unwrap().total;
    let cancel = Cancel::default();
    let stop = cancel.clone();
    let stopped = session.undo(
        report.operation,
        &mut |p| {
            if p.done > 1000 {
                stop.ask();
            }
        },
        &cancel,
    );
    assert!(stopped.is_err());
    assert!(there() > 0 && there() < 6000, "{}", there());
    session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(there(), 6000);
    session.undo(report.operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(there(), 0);
    session.redo(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(there(), 6000);
}

#[test]
fn many_records_with_one_telephone_number_are_told_apart() {
    let laptop = Laptop::new();
    let file = |title: &str| {
        let rows: String = (0..80).map(|n| format!("Ana{n},Ruiz,+34 600 000 001,{title}\n")).collect();
        format!("First Name,Last Name,Phone,Job Title\n{rows}")
    };
    import(&laptop, &laptop.file("a.csv", file("Buyer")), &ImportOptions::default());
    let again = import(&laptop, &laptop.file("b.csv", file("CEO")), &ImportOptions::default());
    assert_eq!((again.updated, again.created.len(), people(&laptop).len()), (80, 0, 80));
    // Another id of the same program is another person, whatever else is the same.
    let twins =
        "Id,First Name,Last Name,Phone\nA1,Leslie,Ryan,+34 600 000 002\nA2,Patricia,Ryan,+34 600 000 002\n";
    let report = import(&laptop, &laptop.file("c.csv", twins), &ImportOptions::default());
    assert_eq!(report.created["person"], 2);
}

#[test]
fn a_skipping_import_brings_back_what_was_rolled_back() {
    let laptop = Laptop::new();
    let path = laptop.file("a.csv", FILE);
    let skip = ImportOptions { on_match: satchel_app::OnMatch::Skip, ..ImportOptions::default() };
    undo(&laptop, &import(&laptop, &path, &skip));
    assert_eq!(people(&laptop).len(), 0);
    import(&laptop, &path, &skip);
    assert_eq!(people(&laptop).len(), 2);
    assert_eq!(import(&laptop, &path, &skip).skipped, 2);
}

#[test]
fn nothing_of_two_columns_for_one_field_is_lost() {
    let laptop = Laptop::new();
    let card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana Ruiz\nURL:https://a.example\nURL:https://b.example\nURL:https://c.example\nIMPP:x\nIMPP:y\nIMPP:z\nEND:VCARD\n";
    import(&laptop, &laptop.file("a.vcf", card), &ImportOptions::default());
    let all = people(&laptop)[0].to_string();
    for part in ["a.example", "b.example", "c.example", "\"x\"", "\"y\"", "\"z\""] {
        assert!(all.contains(part), "{part} is lost: {all}");
    }
}

#[test]
fn every_export_comes_back_as_it_was() {
    let laptop = Laptop::new();
    import(
        &laptop,
        &laptop.file(
            "a.csv",
            FILE.replace("Hat size", "Zodiac")
                .replace("Phone", "Hobby,Phone")
                .replace("+34", "chess,+34")
                .replace("example,,8", "example,go,,8"),
        ),
        &ImportOptions::default(),
    );
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok, "whatever the order of new fields");
    use satchel_app::ExportFormat;
    for format in [ExportFormat::Csv, ExportFormat::Xlsx, ExportFormat::Json, ExportFormat::Vcard] {
        let out = laptop.dir.path().join(format!("{format:?}"));
        let options = satchel_app::ExportOptions {
            kinds: vec![Kind::Person, Kind::Company],
            format,
            out: out.clone(),
            request: ListRequest::default(),
        };
        let files = laptop.session.export(&options, &mut |_| {}, &Cancel::default()).unwrap();
        let fields = |laptop: &Laptop| -> Vec<serde_json::Value> {
            people(laptop)
                .into_iter()
                .map(|mut p| {
                    p["fields"]["company"].take();
                    p["fields"].take()
                })
                .collect()
        };
        let other = Laptop::new();
        for file in &files {
            // Into the same vault: everything is recognised.
            let same = import(&laptop, std::path::Path::new(&file.path), &ImportOptions::default());
            assert_eq!(
                (same.created.len(), same.updated),
                (0, 0),
                "{format:?} {}: {:?}",
                file.path,
                same.errors
            );
            import(&other, std::path::Path::new(&file.path), &ImportOptions::default());
        }
        let companies = |l: &Laptop| {
            l.session
                .list(Kind::Company, &ListRequest::default())
                .unwrap()
                .rows
                .iter()
                .map(|r| r.title.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(companies(&other), companies(&laptop), "{format:?}");
        assert_eq!(fields(&other), fields(&laptop), "{format:?}");
    }
}

#[test]
fn what_was_copied_out_of_a_spreadsheet_is_a_table() {
    let laptop = Laptop::new();
    let pasted = "Name\tE-mail\tPhone\n王伟\twang@x.example\t13800138000\nAna \"La\" Ruiz\tana@x.example\t\n";
    let from = ImportFrom::Pasted(pasted.to_owned());
    let report = laptop
        .session
        .import(from.clone(), &ImportOptions::default(), &mut |_| {}, &Cancel::default())
        .unwrap();
    assert_eq!((report.created["person"], report.rejected), (2, 0), "{:?}", report.errors);
    let again =
        laptop.session.import(from, &ImportOptions::default(), &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((again.created.len(), again.unchanged), (0, 2));
    let card = ImportFrom::Pasted("BEGIN:VCARD\nVERSION:4.0\nFN:Bo Li\nN:Li;Bo;;;\nEND:VCARD\n".to_owned());
    let report =
        laptop.session.import(card, &ImportOptions::default(), &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!((report.format.as_str(), report.created["person"]), ("vcard", 1));
    let nothing = ImportFrom::Pasted("  \n".to_owned());
    let refused = laptop.session.import(nothing, &ImportOptions::default(), &mut |_| {}, &Cancel::default());
    assert!(refused.is_err());
}

#[test]
fn birthdays_are_written_for_a_calendar() {
    let laptop = Laptop::new();
    for (name, birthday) in [("Ana", "1985-04-12"), ("Bo", "--02-29"), ("Cy", "")] {
        let mut fields = serde_json::json!({ "first_name": name });
        if !birthday.is_empty() {
            fields["birthday"] = birthday.into();
        }
        laptop.session.create(Kind::Person, fields.as_object().unwrap()).unwrap();
    }
    let out = laptop.dir.path().join("birthdays.ics");
    let options = |kinds: &[Kind]| satchel_app::ExportOptions {
        kinds: kinds.to_vec(),
        format: satchel_app::ExportFormat::Ics,
        out: out.clone(),
        request: ListRequest::default(),
    };
    let files = laptop.session.export(&options(&[Kind::Person]), &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(files[0].rows, 2);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    for part in [
        "DTSTART;VALUE=DATE:19850412\r\n",
        "DTSTART;VALUE=DATE:19720229\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1\r\n",
        "SUMMARY:Ana 🎂\r\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(text.matches("DTSTAMP:20").count(), 2);
    assert!(
        laptop.session.export(&options(&[Kind::Company]), &mut |_| {}, &Cancel::default()).is_err(),
        "a company has no birthday"
    );
}
