//! What the database shows of a record: its columns, its search text, its lookup terms. Derived
//! from the registers alone, so that it can be rebuilt at any time and comes out the same.

use crate::{
    catalogue::{Catalogue, Derived, Field, FieldType, Kind, Search},
    formula,
    money::Money,
    name::Name,
    note, phone,
    place::{self, Place},
    quote,
    register::{self, Registers, Scalar},
    series,
    text::{fold, segment, sort_key, spelled},
    value::{Fields, Value},
};
use serde_json::{Map, Value as Json, json};

/// The term that says which record a note mentions.
pub const MENTION: &str = "mention";

/// A cell of a projection's row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

/// A column that a field has in its kind's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// SQLite's STRICT type.
    pub ty: &'static str,
}

/// The columns of a built-in field. Custom fields share one JSON column.
pub fn columns(field: &Field) -> Vec<Column> {
    let column = |name: String, ty| Column { name, ty };
    let key = field.key.clone();
    match field.ty {
        FieldType::Number => vec![column(key, "REAL")],
        FieldType::YesNo | FieldType::DateTime => vec![column(key, "INTEGER")],
        FieldType::Money => vec![column(key.clone(), "INTEGER"), column(format!("{key}_currency"), "TEXT")],
        FieldType::Text | FieldType::Choice | FieldType::Url if field.sorted => {
            vec![column(key.clone(), "TEXT"), column(format!("{key}_sort"), "TEXT")]
        }
        _ => vec![column(key, "TEXT")],
    }
}

/// A record as the database shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    /// What the record is called.
    pub title: String,
    /// Sorts lists by name.
    pub sort: String,
    pub deleted_at: Option<i64>,
    /// In the order of [`columns`] over the kind's built-in fields.
    pub cells: Vec<Cell>,
    /// Custom fields as JSON.
    pub custom: Json,
    pub search: SearchText,
    /// Exact lookups: (field, normalised value).
    pub terms: Vec<(&'static str, String)>,
}

/// The three columns of the search index, folded and segmented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchText {
    pub name: String,
    pub contact: String,
    pub body: String,
}

/// Reads the known fields out of the registers.
pub fn fields_of(kind: Kind, registers: &Registers, catalogue: &Catalogue) -> Fields {
    let read = |field: &Field| Some((field.key.clone(), Value::from_registers(field, registers)?));
    let mut fields: Fields = catalogue.fields(kind).iter().filter_map(read).collect();
    for field in catalogue.fields(kind) {
        let Some(derived) = &field.derived else { continue };
        fields.remove(&field.key);
        let value = derive(derived, &fields);
        fields.extend(value.map(|value| (field.key.clone(), value)));
    }
    // What depends on the day is no part of what is kept.
    formula::work_out(kind, &mut fields, catalogue, None);
    fields
}

/// What a field follows to from the others; none where they do not say.
fn derive(derived: &Derived, fields: &Fields) -> Option<Value> {
    match derived {
        Derived::QuoteNet | Derived::QuoteTotal => {
            let sums = quote::totals_of(fields).ok()?;
            let minor = if *derived == Derived::QuoteNet { sums.net } else { sums.total };
            Some(Value::Money(Money { minor, currency: sums.currency }))
        }
        Derived::SeriesEnds => series::ends(fields).map(Value::DateTime),
        Derived::Formula(_) => None,
    }
}

/// What a record of this kind is called.
pub fn title(kind: Kind, fields: &Fields) -> String {
    let text = |key: &str| fields.get(key).map_or("", Value::as_text);
    let title = match kind {
        Kind::Person => person_name(fields).display(),
        Kind::Company
        | Kind::Deal
        | Kind::Pipeline
        | Kind::Stage
        | Kind::Attachment
        | Kind::Product
        | Kind::PriceBook
        | Kind::Letterhead
        | Kind::Template => text("name").to_owned(),
        Kind::Price => fields.get("price").map(Value::to_text).unwrap_or_default(),
        Kind::Quote => [text("number"), text("name")].join(" ").trim().to_owned(),
        Kind::Activity | Kind::Task => match text("subject") {
            "" => first_line(&note::plain(text("text"))),
            subject => subject.to_owned(),
        },
        Kind::CustomField => text("label").to_owned(),
        Kind::Alert => text("rule").to_owned(),
        Kind::Incident => text("name").to_owned(),
        Kind::Training => text("person").to_owned(),
    };
    if !title.is_empty() {
        return title;
    }
    // A record without a name is called by what is known.
    let fallback = || match fields.get("nickname").or(fields.get("emails")).or(fields.get("phones")) {
        Some(Value::Contacts(list)) => list.first().map(|c| c.value.clone()),
        Some(other) => Some(other.to_text()),
        None => None,
    };
    fallback().unwrap_or_default()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(80).collect()
}

fn person_name(fields: &Fields) -> Name<'_> {
    let text = |key: &str| fields.get(key).map_or("", Value::as_text);
    Name {
        first: text("first_name"),
        middle: text("middle_name"),
        last: text("last_name"),
        language: text("name_language"),
    }
}

pub fn project(kind: Kind, registers: &Registers, catalogue: &Catalogue) -> Projection {
    let fields = fields_of(kind, registers, catalogue);
    let title = title(kind, &fields);
    let sorted = match kind {
        Kind::Person => person_name(&fields).sorted(),
        _ => String::new(),
    };
    let mut out = Projection {
        sort: sort_key(if sorted.is_empty() { &title } else { &sorted }),
        deleted_at: match registers.get(register::DELETED_AT) {
            Some(Scalar::Int(at)) => Some(*at),
            _ => None,
        },
        ..Projection::default()
    };
    let mut custom = Map::new();
    // What was said about somebody must not come before who is called so.
    let told = matches!(kind, Kind::Activity | Kind::Task);
    let mut names = if told { Vec::new() } else { vec![title.clone()] };
    for field in catalogue.fields(kind) {
        let value = fields.get(&field.key);
        if field.custom {
            custom.extend(value.map(|v| (field.key.clone(), v.to_json())));
        } else {
            cells(field, value, &mut out.cells);
        }
        let Some(value) = value else { continue };
        index(field, value, &mut out.search, &mut names);
        terms(field, value, &mut out.terms);
    }
    out.terms.extend(register::external_ids(registers).map(|(s, id)| ("external_id", external_term(s, id))));
    out.terms.extend(placed(&fields));
    let apart = register::of_field(registers, register::NOT_SAME);
    out.terms.extend(apart.map(|(id, _)| ("not_same", id.to_owned())));
    let into = registers.get(register::MERGED_INTO).and_then(Scalar::as_str);
    out.terms.extend(into.filter(|_| out.deleted_at.is_some()).map(|id| ("merged_into", id.to_owned())));
    out.search.name = search_name(&names);
    out.custom = Json::Object(custom);
    out.title = title;
    out.terms.sort();
    out.terms.dedup();
    out
}

/// What finds those nearby: the cell of the map, and what its address has in common with others.
fn placed(fields: &Fields) -> Vec<(&'static str, String)> {
    let Some(place) = fields.get("location").and_then(|l| Place::parse(l.as_text())) else {
        return Vec::new();
    };
    let address = match fields.get("addresses") {
        Some(Value::Addresses(list)) => list.first(),
        _ => None,
    };
    let zones = address.map(place::zones).unwrap_or_default();
    let zones = zones.into_iter().map(|zone| ("zone", zone.key));
    zones.chain([("cell", place.cell())]).collect()
}

/// The term that finds a record by another program's id.
pub fn external_term(source: &str, id: &str) -> String {
    format!("{source}\u{1f}{id}")
}

/// Each word of the names once, and their pinyin.
fn search_name(names: &[String]) -> String {
    let mut out = String::new();
    for name in names {
        let folded = segment(&fold(name));
        if !out.contains(&folded) {
            push(&mut out, &folded);
            push(&mut out, &spelled(name));
        }
    }
    out
}

fn push(out: &mut String, words: &str) {
    if !words.is_empty() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(words);
    }
}

fn cells(field: &Field, value: Option<&Value>, out: &mut Vec<Cell>) {
    let Some(value) = value else {
        out.extend(columns(field).iter().map(|_| Cell::Null));
        return;
    };
    match value {
        Value::Text(s) => {
            out.push(Cell::Text(s.clone()));
            if field.sorted {
                out.push(Cell::Text(sort_key(s)));
            }
        }
        Value::LongText(s) => out.push(Cell::Text(s.clone())),
        Value::Number(n) => out.push(Cell::Real(*n)),
        Value::YesNo(b) => out.push(Cell::Int(i64::from(*b))),
        Value::Money(m) => {
            out.push(Cell::Int(m.minor));
            out.push(Cell::Text(m.currency.clone()));
        }
        Value::Date(d) => out.push(Cell::Text(d.to_string())),
        Value::DateTime(at) => out.push(Cell::Int(*at)),
        Value::Reference(id) => out.push(Cell::Text(id.to_string())),
        Value::Tags(_) | Value::Contacts(_) | Value::Addresses(_) | Value::Lines(_) => {
            out.push(Cell::Text(value.to_json().to_string()))
        }
    }
}

/// The value of a field from its cells, the inverse of what [`project`] writes.
pub fn value_of_cells(field: &Field, cells: &[Cell]) -> Json {
    match (field.ty, cells) {
        (_, [Cell::Null, ..]) | (_, []) => Json::Null,
        (FieldType::Money, [Cell::Int(minor), Cell::Text(currency)]) => {
            json!({"minor": minor, "currency": currency})
        }
        (FieldType::YesNo, [Cell::Int(n), ..]) => json!(*n != 0),
        (FieldType::DateTime, [Cell::Int(at), ..]) => json!(crate::date::rfc3339(*at)),
        (FieldType::Number, [Cell::Real(n), ..]) => Value::Number(*n).to_json(),
        (
            FieldType::Tags
            | FieldType::MultiChoice
            | FieldType::Emails
            | FieldType::Phones
            | FieldType::Addresses
            | FieldType::Lines,
            [Cell::Text(s), ..],
        ) => serde_json::from_str(s).unwrap_or(Json::Null),
        (_, [Cell::Text(s), ..]) => json!(s),
        (_, [Cell::Int(n), ..]) => json!(n),
        (_, [Cell::Real(n), ..]) => json!(n),
    }
}

fn index(field: &Field, value: &Value, search: &mut SearchText, names: &mut Vec<String>) {
    let out = match field.search {
        Search::No => return,
        Search::Name => return names.push(value.to_text()),
        Search::Contact => &mut search.contact,
        Search::Body => &mut search.body,
    };
    match (field.ty, value) {
        (FieldType::Phones, Value::Contacts(list)) => {
            for item in list {
                push(out, &phone::search_words(&item.value, item.e164.as_deref()));
            }
        }
        (_, Value::LongText(text)) if field.note => push(out, &segment(&fold(&note::plain(text)))),
        _ => push(out, &segment(&fold(&value.to_text()))),
    }
}

fn terms(field: &Field, value: &Value, out: &mut Vec<(&'static str, String)>) {
    match (field.ty, value) {
        (FieldType::Emails, Value::Contacts(list)) => {
            out.extend(list.iter().map(|c| ("email", c.normalised())))
        }
        (FieldType::Phones, Value::Contacts(list)) => {
            out.extend(list.iter().map(|c| ("phone", c.normalised())))
        }
        (FieldType::Tags, Value::Tags(list)) if field.indexed => {
            out.extend(list.iter().map(|t| ("tags", fold(t))))
        }
        (FieldType::Addresses, Value::Addresses(list)) => {
            for address in list {
                let parts = [
                    ("city", &address.city),
                    ("region", &address.region),
                    ("country", &address.country),
                    ("postal_code", &address.postal_code),
                ];
                out.extend(parts.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (*k, fold(v))));
            }
        }
        (_, Value::LongText(text)) if field.note => {
            out.extend(note::mentions(text).iter().map(|id| (MENTION, id.to_string())))
        }
        (FieldType::Link, Value::Reference(id)) if field.custom => out.push(("reference", id.to_string())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Habits;

    fn person(pairs: &[(&str, &str)]) -> Projection {
        let catalogue = Catalogue::default();
        let mut registers = Registers::new();
        for (key, text) in pairs {
            let field = catalogue.field(Kind::Person, key).expect("declared");
            let habits = Habits { region: Some("GB".into()), ..Habits::default() };
            let value = Value::from_text(field, text, &habits).expect("valid").expect("some");
            value.to_registers(key, &mut registers);
        }
        project(Kind::Person, &registers, &catalogue)
    }

    #[test]
    fn a_chinese_person_is_found_by_characters_and_pinyin() {
        let p = person(&[("first_name", "伟"), ("last_name", "王"), ("notes", "深圳客户")]);
        assert_eq!(p.title, "王伟");
        assert_eq!(p.search.name, "王 伟 wang wei wangwei ww");
        assert_eq!(p.search.body, "深 圳 客 户");
        assert_eq!(p.sort, "wang 王wei 伟");
    }

    #[test]
    fn a_person_without_a_name_is_called_by_what_is_known() {
        assert_eq!(person(&[("emails", "ana@x.example")]).title, "ana@x.example");
        assert_eq!(person(&[]).title, "");
    }

    #[test]
    fn a_note_is_found_by_what_it_says_and_by_whom_it_mentions() {
        let id = "0192a3b4-0000-7000-8000-000000000001";
        let p = person(&[("first_name", "Bo"), ("notes", &format!("**Knows** [Zoë](satchel:{id}) well"))]);
        assert_eq!(p.search.body, "knows zoe well");
        assert_eq!(p.terms, [(MENTION, id.to_owned())]);
    }

    #[test]
    fn an_activity_is_called_by_its_first_line_without_marks() {
        let catalogue = Catalogue::default();
        let said = Scalar::Text("## *Met* [Ana](satchel:0192a3b4-0000-7000-8000-000000000001)\nmore".into());
        let registers = Registers::from([("text".to_owned(), said)]);
        assert_eq!(project(Kind::Activity, &registers, &catalogue).title, "Met Ana");
    }

    #[test]
    fn terms_are_normalised() {
        let p = person(&[("emails", "Ana@X.example"), ("phones", "020 7946 0018"), ("tags", "VIP")]);
        assert_eq!(
            p.terms,
            [
                ("email", "ana@x.example".to_owned()),
                ("phone", "+442079460018".to_owned()),
                ("tags", "vip".to_owned())
            ]
        );
    }

    #[test]
    fn there_is_a_cell_for_each_column() {
        let catalogue = Catalogue::default();
        for kind in Kind::ALL {
            let want: usize = catalogue.fields(kind).iter().map(|f| columns(f).len()).sum();
            assert_eq!(project(kind, &Registers::new(), &catalogue).cells.len(), want);
        }
    }
}
