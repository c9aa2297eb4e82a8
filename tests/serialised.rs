//! What is written to disk, or sent to a screen or a script, has the shape that is recorded here: an
//! older version must read it, or a script depends on it.

#![allow(clippy::unwrap_used)]

use satchel_app::{
    Cancel, Event, ExportFormat, ExportOptions, ImportOptions, ListRequest, Settings,
    domain::{Catalogue, FieldType, Kind, RecordId, filter},
    rejects_csv,
};
use satchel_tests::Laptop;
use serde_json::{Value, json};

/// What differs from run to run is named by its sort.
fn masked(value: Value) -> Value {
    match value {
        Value::String(s) if s.parse::<RecordId>().is_ok() => json!("[id]"),
        Value::String(s) if s.starts_with("AGE-SECRET") || s.starts_with("age1") => json!("[age key]"),
        Value::String(s) if s.starts_with("-----BEGIN AGE") => json!("[age armour]"),
        Value::String(s) if s.len() >= 32 && s.bytes().all(|b| b.is_ascii_hexdigit()) => json!("[hex]"),
        Value::String(s) if s.len() >= 20 && s.ends_with('Z') && s.contains('T') => json!("[time]"),
        Value::String(s) if s.starts_with("/tmp/") => json!("[path]"),
        Value::Array(list) => list.into_iter().map(masked).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(k, v)| (k, masked(v))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other,
    }
}

const CSV: &str = "Id,First Name,Last Name,Company,Email,Shoe size\n7,Ana,Ruiz,Norte SL,ana@norte.example,38\n\
8,Bo,\"Broken,Acme,bo@x.example,40\n,,,,,\n9,Zoë,Chérif,Norte SL,not an address,39\n";

#[test]
fn vault_json() {
    let laptop = Laptop::new();
    let bytes = std::fs::read(laptop.dir.path().join("vault/vault.json")).unwrap();
    insta::assert_json_snapshot!(masked(serde_json::from_slice(&bytes).unwrap()));
}

#[test]
fn settings_and_events() {
    let settings = Settings { region: "ES".into(), currency: "EUR".into(), ..Settings::default() };
    let id: RecordId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let alerted = Event::Alerted { rules: vec!["deletions".into()] };
    let events = [Event::Changed { records: vec![id] }, Event::Locked, Event::Unlocked, alerted];
    insta::assert_json_snapshot!(json!({"settings": settings, "events": events}));
}

#[test]
fn what_an_import_is_asked_and_answers() {
    let laptop = Laptop::new();
    let file = laptop.file("people.csv", CSV);
    let options = ImportOptions::default();
    let report = laptop.session.import(&file, &options, &mut |_| {}, &Cancel::default()).unwrap();
    let columns: Vec<&str> = report.columns.iter().map(|c| c.name.as_str()).collect();
    let rejects = rejects_csv(&columns, &report.rejects);
    insta::assert_json_snapshot!(masked(json!({"options": options, "report": report, "rejects": rejects})));
}

#[test]
fn exports() {
    let laptop = Laptop::new();
    let person = json!({
        "first_name": "伟", "last_name": "王", "emails": [{"label": "work", "value": "wang@x.example"}],
        "phones": ["+34 600 000 000"], "birthday": "--04-12", "tags": ["vip"], "notes": "=1+1\nsecond line",
        "addresses": [{"label": "work", "city": "Porto", "street": "Main 1"}], "source": "fair",
    });
    laptop.session.create(Kind::Person, person.as_object().unwrap()).unwrap();
    let company =
        json!({"name": "Norte; SL", "industry": "Food", "employees": 12, "annual_revenue": "1250 EUR"});
    laptop.session.create(Kind::Company, company.as_object().unwrap()).unwrap();
    let mut all = serde_json::Map::new();
    for kind in Kind::BROWSED {
        for format in [ExportFormat::Csv, ExportFormat::Json, ExportFormat::Vcard] {
            if format == ExportFormat::Vcard && !matches!(kind, Kind::Person | Kind::Company) {
                continue;
            }
            let out = laptop.dir.path().join("export");
            let request = ListRequest::default();
            laptop
                .session
                .export(
                    &ExportOptions { kinds: vec![kind], format, out: out.clone(), request },
                    &mut |_| {},
                    &Cancel::default(),
                )
                .unwrap();
            let text = std::fs::read_to_string(&out).unwrap();
            std::fs::remove_file(&out).unwrap();
            let value = match format {
                ExportFormat::Json => masked(serde_json::from_str(&text).unwrap()),
                // The ids differ from run to run.
                _ => text
                    .lines()
                    .map(|l| match l.split_once(',') {
                        Some((id, rest)) if id.parse::<RecordId>().is_ok() => format!("[id],{rest}"),
                        _ if l.starts_with("UID:") => "UID:[id]".to_owned(),
                        _ => l.to_owned(),
                    })
                    .collect(),
            };
            all.insert(format!("{kind} {format:?}"), value);
        }
    }
    insta::assert_json_snapshot!(all);
}

#[test]
fn filters_and_custom_fields() {
    let parsed =
        filter::parse("not (city = 'Porto' or tags has 'vip') and employees >= 10 and notes is empty");
    let mut catalogue = Catalogue::default();
    let field = satchel_app::domain::Field::custom("x_size", FieldType::Choice, "Size", vec!["S".into()]);
    catalogue.extend(Kind::Person, field);
    insta::assert_debug_snapshot!((parsed, catalogue.field(Kind::Person, "x_size")));
}
