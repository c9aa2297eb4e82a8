//! Is this row a record that is there? And if so, what does it add?

use super::{
    ImportOptions, MatchKey, OnMatch,
    prepare::{Context, Ready},
};
use crate::{AppError, Session, session::Prepared};
use satchel_document::{Changes, Document, difference};
use satchel_domain::{
    Fields, Registers, Value,
    projection::fields_of,
    register::{DELETED_AT, EXTERNAL_ID},
    text::fold,
    value::{Address, Contact},
};
use satchel_storage::{Connection, DocumentRow, documents, projections};

pub enum Outcome {
    Changed(Box<Prepared>),
    Unchanged,
}

/// What the row is recognised by, normalised: (lookup, value).
fn lookups(ready: &Ready, options: &ImportOptions) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let values = |key: &str| match ready.fields.get(key) {
        Some(Value::Contacts(list)) => list.iter().map(Contact::normalised).collect(),
        _ => Vec::new(),
    };
    for key in &options.match_by {
        match key {
            MatchKey::ExternalId => out.extend(ready.external.iter().map(|e| ("external_id", e.clone()))),
            MatchKey::Email => out.extend(values("emails").into_iter().map(|v| ("email", v))),
            // Extensions and short numbers are shared by many.
            MatchKey::Phone => {
                out.extend(values("phones").into_iter().filter(|v| v.len() >= 7).map(|v| ("phone", v)))
            }
        }
    }
    out
}

pub fn keys(ready: &Ready, options: &ImportOptions) -> Vec<String> {
    let mut keys: Vec<String> =
        lookups(ready, options).into_iter().map(|(f, v)| format!("{f} {v}")).collect();
    if !options.match_by.is_empty() {
        keys.push(ready.derived.to_string());
    }
    keys
}

/// The record that the row is, if it is there.
pub fn find(
    db: &Connection,
    session: &Session,
    ready: &Ready,
    options: &ImportOptions,
) -> Result<Option<DocumentRow>, AppError> {
    if options.match_by.is_empty() || options.on_match == OnMatch::Create {
        return Ok(None);
    }
    for (field, value) in lookups(ready, options) {
        for row in projections::with_term(db, field, &value)? {
            let Some(found) = documents::by_row(db, row)? else { continue };
            if is_same(session, &found, ready, field == "external_id")? {
                return Ok(Some(found));
            }
        }
    }
    Ok(documents::get(db, ready.derived)?)
}

/// The same other id is the same record. An e-mail or a phone can be shared: then a part of the
/// name must agree too, unless one has none.
fn is_same(session: &Session, found: &DocumentRow, ready: &Ready, by_id: bool) -> Result<bool, AppError> {
    let kind = ready.prepared.as_ref().map_or(found.kind, |p| p.kind);
    if found.kind != kind {
        return Ok(false);
    }
    if by_id {
        return Ok(true);
    }
    let registers = Document::load(&found.bytes)?.registers();
    if registers.contains_key(DELETED_AT) {
        return Ok(false);
    }
    let there = fields_of(kind, &registers, &session.catalogue());
    let names = |fields: &Fields| -> Vec<String> {
        let of = |key: &&str| fields.get(*key).map(|v| fold(v.as_text())).filter(|s| !s.is_empty());
        ["first_name", "last_name", "name"].iter().filter_map(of).collect()
    };
    let (a, b) = (names(&there), names(&ready.fields));
    Ok(a.is_empty() || b.is_empty() || a.iter().any(|n| b.contains(n)))
}

/// Adds what the row knows to the record: single fields take the row's value, lists grow.
pub fn merge(row: DocumentRow, ready: &Ready, context: &Context<'_>) -> Result<Outcome, AppError> {
    let mut document = Document::load(&row.bytes)?;
    let registers = document.registers();
    let there = fields_of(row.kind, &registers, &context.catalogue);
    let changes = changes(&there, &registers, ready);
    if changes.is_empty() || !document.edit(&context.stamp, &changes)? {
        return Ok(Outcome::Unchanged);
    }
    let prepared = Prepared::of(row.id, row.heads, &mut document, &context.catalogue)?;
    Ok(Outcome::Changed(Box::new(prepared)))
}

fn changes(there: &Fields, registers: &Registers, ready: &Ready) -> Changes {
    let mut out = Changes::new();
    if registers.contains_key(DELETED_AT) {
        out.push((DELETED_AT.to_owned(), None));
    }
    for (key, new) in &ready.fields {
        let joined = match (there.get(key), new) {
            (Some(Value::Contacts(old)), Value::Contacts(new)) => join_contacts(old, new),
            (Some(Value::Addresses(old)), Value::Addresses(new)) => join_addresses(old, new),
            (Some(Value::Tags(old)), Value::Tags(new)) => {
                let added = new.iter().filter(|t| !old.iter().any(|o| fold(o) == fold(t)));
                Value::Tags(old.iter().chain(added).cloned().collect())
            }
            (Some(Value::LongText(old)), Value::LongText(new)) if old.contains(new.as_str()) => {
                Value::LongText(old.clone())
            }
            (Some(Value::LongText(old)), Value::LongText(new)) => Value::LongText(format!("{old}\n{new}")),
            _ => new.clone(),
        };
        let mut wanted = Registers::new();
        joined.to_registers(key, &mut wanted);
        out.extend(difference(key, registers, &wanted));
    }
    let own = ready
        .registers
        .iter()
        .filter(|(path, value)| path.starts_with(EXTERNAL_ID) && registers.get(*path) != Some(value));
    out.extend(own.map(|(path, value)| (path.clone(), Some(value.clone()))));
    out
}

fn join_contacts(old: &[Contact], new: &[Contact]) -> Value {
    let mut all = old.to_vec();
    for item in new {
        if !all.iter().any(|o| o.normalised() == item.normalised()) {
            all.push(Contact { primary: false, ..item.clone() });
        }
    }
    Value::Contacts(all)
}

fn join_addresses(old: &[Address], new: &[Address]) -> Value {
    let mut all = old.to_vec();
    for item in new {
        if !all.iter().any(|o| o.id == item.id || fold(&o.line()) == fold(&item.line())) {
            all.push(item.clone());
        }
    }
    Value::Addresses(all)
}
