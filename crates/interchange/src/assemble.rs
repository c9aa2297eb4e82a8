//! A row with its mapping becomes checked fields. What cannot be read is named, and kept in the notes.

use crate::{AddressPart, Column, DatePart, Draft, Mapping, Target};
use satchel_domain::{
    Catalogue, Fields, Kind, Value,
    catalogue::custom_key,
    name,
    value::{Address, Contact, Habits, MAX_LONG_TEXT, clean},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is wrong with a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub column: String,
    pub value: String,
    pub message: String,
}

/// The company that a person's row names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompanyDraft {
    pub name: String,
    pub website: String,
}

/// A row, ready to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assembled {
    pub fields: Fields,
    pub company: Option<CompanyDraft>,
    /// The column that names the company by another program's id, and the id.
    pub company_id: Option<(String, String)>,
    pub external_id: Option<String>,
    pub problems: Vec<Problem>,
}

#[derive(Default)]
struct Building<'a> {
    out: Assembled,
    full_name: String,
    contacts: BTreeMap<&'static str, Vec<(String, String, &'a str)>>,
    slots: BTreeMap<(&'static str, u8), (String, String, &'a str)>,
    addresses: BTreeMap<String, Vec<(AddressPart, String)>>,
    dates: BTreeMap<String, [String; 3]>,
    left_over: Vec<(String, String)>,
}

pub fn assemble(
    draft: &Draft,
    columns: &[Column],
    mapping: &Mapping,
    catalogue: &Catalogue,
    habits: &Habits,
) -> Assembled {
    let mut building = Building::default();
    building.out.problems.clone_from(&draft.notes);
    let kind = mapping.kind;
    for cell in &draft.cells {
        let column = columns.get(cell.column).map_or("", |c| c.name.as_str());
        let mapped = mapping.targets.get(cell.column);
        let target = match (mapped, &cell.target) {
            (Some((chosen, crate::mapping::How::Chosen)), _) => chosen,
            (_, Some(own)) => own,
            (Some((guessed, _)), None) => guessed,
            (None, None) => &Target::Skip,
        };
        place(&mut building, kind, column, target, &cell.value, catalogue, habits);
    }
    finish(building, kind, catalogue, habits)
}

fn place<'a>(
    b: &mut Building<'a>,
    kind: Kind,
    column: &'a str,
    target: &Target,
    value: &str,
    catalogue: &Catalogue,
    habits: &Habits,
) {
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    match target {
        Target::Skip => {}
        Target::Field(key) => field(b, kind, column, key, value, catalogue, habits),
        Target::Json(key) => json(b, kind, column, key, value, catalogue, habits),
        Target::Custom { label, .. } => field(b, kind, column, &custom_key(label), value, catalogue, habits),
        Target::FullName => b.full_name = clean(value, false),
        Target::Contact { field, label } => {
            b.contacts.entry(list(field)).or_default().push((label.clone(), value.to_owned(), column))
        }
        Target::ContactSlot { field, slot, is_label } => {
            let entry = b.slots.entry((list(field), *slot)).or_default();
            entry.2 = column;
            if *is_label {
                entry.0 = value.trim_start_matches("* ").to_lowercase();
            } else {
                entry.1 = value.to_owned();
            }
        }
        Target::Address { label, part } => {
            b.addresses.entry(label.clone()).or_default().push((*part, value.to_owned()))
        }
        Target::AddressSlot { slot, part } => {
            b.addresses.entry(format!("#{slot}")).or_default().push((*part, value.to_owned()))
        }
        Target::DatePart { field, part } => {
            let at = match part {
                DatePart::Year => 0,
                DatePart::Month => 1,
                DatePart::Day => 2,
            };
            if let Some(slot) = b.dates.entry(field.clone()).or_default().get_mut(at) {
                value.clone_into(slot);
            }
        }
        Target::CompanyName => {
            b.out.company.get_or_insert_default().name = clean(value, false).chars().take(500).collect()
        }
        Target::CompanyWebsite => {
            b.out.company.get_or_insert_default().website = clean(value, false).chars().take(500).collect()
        }
        Target::CompanyId => {
            b.out.company_id = Some((column.to_owned(), clean(value, false).chars().take(200).collect()))
        }
        Target::ExternalId => b.out.external_id = Some(clean(value, false).chars().take(200).collect()),
    }
}

fn list(field: &str) -> &'static str {
    if field == "phones" { "phones" } else { "emails" }
}

fn field(
    b: &mut Building<'_>,
    kind: Kind,
    column: &str,
    key: &str,
    value: &str,
    catalogue: &Catalogue,
    habits: &Habits,
) {
    let Some(field) = catalogue.field(kind, key) else {
        b.left_over.push((column.to_owned(), value.to_owned()));
        return;
    };
    // Tags are separated as other programs do: ` ::: ` (Google), `;`, `,`.
    let separated;
    let text = if field.ty == satchel_domain::FieldType::Tags {
        separated = value.replace(":::", ",").replace("* ", "");
        separated.as_str()
    } else {
        value
    };
    match Value::from_text(field, text, habits) {
        Ok(Some(read)) => {
            b.out.fields.insert(key.to_owned(), read);
        }
        Ok(None) => {}
        Err(e) => problem(b, column, value, &e.to_string()),
    }
}

fn json(
    b: &mut Building<'_>,
    kind: Kind,
    column: &str,
    key: &str,
    value: &str,
    catalogue: &Catalogue,
    habits: &Habits,
) {
    let read = serde_json::from_str(value).ok().zip(catalogue.field(kind, key));
    let Some((json, field)) = read else {
        b.left_over.push((column.to_owned(), value.to_owned()));
        return;
    };
    match Value::from_json(field, &json, habits) {
        Ok(Some(read)) => {
            b.out.fields.insert(key.to_owned(), read);
        }
        Ok(None) => {}
        Err(e) => problem(b, column, value, &e.to_string()),
    }
}

/// The value stays with the record, in its notes, so that nothing is lost.
fn problem(b: &mut Building<'_>, column: &str, value: &str, message: &str) {
    let shown: String = value.chars().take(200).collect();
    b.out.problems.push(Problem {
        column: column.to_owned(),
        value: shown,
        message: format!("{message}; the value was kept in the notes"),
    });
    b.left_over.push((column.to_owned(), value.to_owned()));
}

fn finish(mut b: Building<'_>, kind: Kind, catalogue: &Catalogue, habits: &Habits) -> Assembled {
    names(&mut b, kind);
    let slots = std::mem::take(&mut b.slots);
    for ((list, _), (label, value, column)) in slots {
        b.contacts.entry(list).or_default().push((label, value, column));
    }
    contacts(&mut b, kind, catalogue, habits);
    addresses(&mut b, kind, catalogue);
    for (key, [year, month, day]) in std::mem::take(&mut b.dates) {
        let two = |s: &str| format!("{s:0>2}");
        let text = match year.as_str() {
            "" | "0" => format!("--{}-{}", two(&month), two(&day)),
            year => format!("{year}-{}-{}", two(&month), two(&day)),
        };
        if !month.is_empty() && !day.is_empty() {
            field(&mut b, kind, &key, &key, &text, catalogue, habits);
        }
    }
    if b.out.company.as_ref().is_some_and(|c| c.name.is_empty()) {
        b.out.company = None;
    }
    keep_left_over(&mut b, kind, catalogue);
    b.out
}

/// A whole name is used only where its parts are not known.
fn names(b: &mut Building<'_>, kind: Kind) {
    let full = std::mem::take(&mut b.full_name);
    if full.is_empty() {
        return;
    }
    if kind == Kind::Company {
        b.out.fields.entry("name".into()).or_insert(Value::Text(full));
        return;
    }
    if b.out.fields.contains_key("first_name") || b.out.fields.contains_key("last_name") {
        return;
    }
    let (first, last) = name::split(&full);
    for (key, part) in [("first_name", first), ("last_name", last)] {
        if !part.is_empty() {
            b.out.fields.insert(key.to_owned(), Value::Text(part));
        }
    }
}

fn contacts(b: &mut Building<'_>, kind: Kind, catalogue: &Catalogue, habits: &Habits) {
    for (list, items) in std::mem::take(&mut b.contacts) {
        if catalogue.field(kind, list).is_none() {
            continue;
        }
        let mut read: Vec<Contact> = Vec::new();
        for (label, value, column) in items {
            // Google writes several in one cell: `a@x ::: b@x`.
            for part in split_values(&value, list) {
                let item = match list {
                    "phones" => Contact::phone(&label, part, habits.region.as_deref()),
                    _ => Contact::email(&label, part),
                };
                match item {
                    Ok(item) => read.push(item),
                    Err(e) => problem(b, column, part, &e.to_string()),
                }
            }
        }
        match Value::contacts(read) {
            Ok(value) if !value.is_empty() => {
                b.out.fields.insert(list.to_owned(), value);
            }
            Ok(_) => {}
            Err(e) => b.out.problems.push(Problem {
                column: list.to_owned(),
                value: String::new(),
                message: e.to_string(),
            }),
        }
    }
}

fn split_values<'v>(value: &'v str, list: &str) -> Vec<&'v str> {
    let parts: Vec<&str> = if value.contains(":::") {
        value.split(":::").collect()
    } else if list == "emails" {
        value.split([';', ',', ' ']).collect()
    } else {
        value.split(';').collect()
    };
    let parts: Vec<&str> = parts.into_iter().map(str::trim).filter(|p| !p.is_empty()).collect();
    // «ana at x» is one bad value, not three.
    if list == "emails" && !parts.iter().all(|p| p.contains('@')) { vec![value.trim()] } else { parts }
}

fn addresses(b: &mut Building<'_>, kind: Kind, catalogue: &Catalogue) {
    let mut list = Vec::new();
    for (label, parts) in std::mem::take(&mut b.addresses) {
        let mut address = Address {
            label: if label.starts_with('#') { String::new() } else { label },
            ..Address::default()
        };
        let get = |wanted: AddressPart| parts.iter().find(|(p, _)| *p == wanted).map(|(_, v)| v.as_str());
        let street = [AddressPart::Street, AddressPart::Street2, AddressPart::Street3, AddressPart::PoBox];
        let lines: Vec<&str> = street.into_iter().filter_map(get).collect();
        address.street = lines.join("\n");
        let plain = [
            ("city", AddressPart::City),
            ("region", AddressPart::Region),
            ("postal_code", AddressPart::PostalCode),
            ("country", AddressPart::Country),
        ];
        for (name, part) in plain {
            address.set(name, get(part).unwrap_or_default().to_owned());
        }
        if let Some(label) = get(AddressPart::Label) {
            address.label = label.trim_start_matches("* ").to_lowercase();
        }
        let empty = address.street.is_empty()
            && address.city.is_empty()
            && address.postal_code.is_empty()
            && address.country.is_empty();
        if let Some(whole) = get(AddressPart::Whole).filter(|_| empty) {
            address.street = whole.to_owned();
        }
        list.push(address);
    }
    if list.is_empty() || catalogue.field(kind, "addresses").is_none() {
        return;
    }
    match Value::addresses(list) {
        Ok(value) if !value.is_empty() => {
            b.out.fields.insert("addresses".into(), value);
        }
        Ok(_) => {}
        Err(e) => b.out.problems.push(Problem {
            column: "addresses".into(),
            value: String::new(),
            message: e.to_string(),
        }),
    }
}

fn keep_left_over(b: &mut Building<'_>, kind: Kind, catalogue: &Catalogue) {
    if b.left_over.is_empty() || catalogue.field(kind, "notes").is_none() {
        return;
    }
    let mut notes = b.out.fields.get("notes").map_or(String::new(), |v| v.as_text().to_owned());
    for (column, value) in &b.left_over {
        if !notes.is_empty() {
            notes.push('\n');
        }
        notes.push_str(&format!("{column}: {}", clean(value, true)));
    }
    let notes: String = notes.chars().take(MAX_LONG_TEXT).collect();
    b.out.fields.insert("notes".into(), Value::LongText(notes));
}
