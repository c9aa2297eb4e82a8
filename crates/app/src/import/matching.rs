//! Is this row a record that is there? And if so, what does it add?

use super::{
    ImportOptions, Known, MatchKey, OnMatch,
    prepare::{Context, Ready},
};
use crate::{AppError, deals::reached, session::Prepared};
use satchel_document::{Changes, Document, difference, guarded};
use satchel_domain::{
    Fields, Kind, RecordId, Registers, Scalar, Value,
    merging::united,
    projection::{external_term, fields_of},
    register::{DELETED_AT, EXTERNAL_ID, external_ids},
    text::{fold, sort_key},
    value::Contact,
};
use satchel_storage::{Connection, DocumentRow, documents, duplicates, projections, projections::Namesake};

pub enum Outcome {
    Changed(Box<Prepared>),
    Unchanged,
}

/// What the row is recognised by, normalised.
fn lookups(ready: &Ready, options: &ImportOptions) -> Vec<(MatchKey, &'static str, String)> {
    let mut out = Vec::new();
    let values = |key: &str| match ready.fields.get(key) {
        Some(Value::Contacts(list)) => list.iter().map(Contact::normalised).collect(),
        _ => Vec::new(),
    };
    for key in &options.match_by {
        let (term, values) = match key {
            MatchKey::ExternalId => ("external_id", ready.external.iter().cloned().collect()),
            MatchKey::Email => ("email", values("emails")),
            // By itself, not by a value that is looked up: see `by_title`.
            MatchKey::Title => continue,
            // Extensions and short numbers are shared by many.
            MatchKey::Phone => ("phone", values("phones").into_iter().filter(|v| v.len() >= 7).collect()),
        };
        out.extend(values.into_iter().map(|v| (*key, term, v)));
    }
    out
}

/// By what later rows of a file will know a row, and by what it knows an earlier one. Of two that have an id of the other
/// program, another id is another record, whatever they share.
pub fn keys(ready: &Ready, options: &ImportOptions) -> (Vec<String>, Vec<String>) {
    let with_id = ready.external.is_some() && options.match_by.contains(&MatchKey::ExternalId);
    let (mut keys, mut shared) = (Vec::new(), Vec::new());
    for (by, term, value) in lookups(ready, options) {
        match by == MatchKey::ExternalId {
            true => keys.push(format!("{term} {value}")),
            false => shared.push(format!("{term} {value}")),
        }
    }
    if !options.match_by.is_empty() {
        keys.push(ready.derived.to_string());
    }
    if let (Some(code), true) = (code_of(ready), options.match_by.contains(&MatchKey::Title)) {
        keys.push(format!("code {code}"));
    }
    let marked = |key: &String| format!("{key}, with an id");
    let left = shared.iter().map(|key| if with_id { marked(key) } else { key.clone() });
    let sought = shared.iter().cloned().chain(shared.iter().filter(|_| !with_id).map(marked));
    (keys.iter().cloned().chain(left).collect(), keys.iter().cloned().chain(sought).collect())
}

/// What a product's code is compared by.
pub fn code_of(ready: &Ready) -> Option<String> {
    let code = ready.fields.get("code").filter(|_| ready.kind == Kind::Product)?;
    Some(sort_key(code.as_text()))
}

/// The record that the row is, if it is there; one that was merged away is the one that it was merged into.
pub fn find(
    db: &Connection,
    ready: &Ready,
    context: &Context<'_>,
    known: &Known,
) -> Result<Option<DocumentRow>, AppError> {
    let Some(found) = find_there(db, ready, context, known)? else { return Ok(None) };
    match duplicates::led_to(db, found.row)? {
        Some(into) => Ok(documents::get(db, into)?.or(Some(found))),
        None => Ok(Some(found)),
    }
}

fn find_there(
    db: &Connection,
    ready: &Ready,
    context: &Context<'_>,
    known: &Known,
) -> Result<Option<DocumentRow>, AppError> {
    let options = context.options;
    if options.match_by.is_empty() || options.on_match == OnMatch::Create {
        return Ok(None);
    }
    let may_have = |id: &RecordId| known.may_have("id", &id.to_string());
    if let (Some(id), true) = (ready.named.filter(may_have), options.match_by.contains(&MatchKey::ExternalId))
        && let Some(found) = documents::get(db, id)?.filter(|d| d.kind == ready.kind)
    {
        return Ok(Some(found));
    }
    for (by, term, value) in lookups(ready, options) {
        if !known.may_have(term, &value) {
            continue;
        }
        let mut namesakes = projections::namesakes(db, ready.kind, term, &value)?;
        // Of several that have the same value, the one that is called as the row says.
        let own = own_names(ready.kind, ready);
        namesakes.sort_by_key(|there| !agree(&own, &there.names));
        for namesake in namesakes {
            if is_same(db, by, &namesake, ready, context)? {
                return Ok(documents::by_row(db, namesake.row)?);
            }
        }
    }
    // The id that another program's id gives is only for those who are to be recognised by it.
    let by_id = ready.external.is_none() || options.match_by.contains(&MatchKey::ExternalId);
    let second = (ready.by_content != ready.derived).then_some(ready.by_content);
    for id in [by_id.then_some(ready.derived), second.or((!by_id).then_some(ready.by_content))]
        .into_iter()
        .flatten()
        .filter(may_have)
    {
        if let Some(found) = documents::get(db, id)?
            && (context.trusted || id == ready.by_content || may_be_same(db, &found, ready)?)
        {
            return Ok(Some(found));
        }
    }
    match ready.kind {
        Kind::Company => namesake_company(db, ready),
        kind if known.has_titles_of(kind) && options.match_by.contains(&MatchKey::Title) => {
            by_title(db, ready, context, known)
        }
        _ => Ok(None),
    }
}

/// A record that is called the same, of the same company and of the same day; a product of the same code, or of the same
/// name. No other row of the file is it, and the program that the row is from calls it by no other id.
fn by_title(
    db: &Connection,
    ready: &Ready,
    context: &Context<'_>,
    known: &Known,
) -> Result<Option<DocumentRow>, AppError> {
    let own_code = code_of(ready);
    let text = |key: &str| match ready.fields.get(key) {
        Some(Value::DateTime(at)) => Some(at.to_string()),
        Some(Value::Date(day)) => Some(day.to_string()),
        Some(Value::Reference(id)) => Some(id.to_string()),
        _ => None,
    };
    let when = match ready.kind {
        Kind::Deal => text("close_date"),
        Kind::Task => text("due"),
        Kind::Activity => text("at"),
        _ => None,
    };
    let others_id = |row: i64| match &ready.external {
        Some(id) => projections::has_other_external_id(db, row, &external_term(&context.source_name, ""), id),
        None => Ok(false),
    };
    if let Some(code) = own_code.as_ref().filter(|code| known.may_have("code", code)) {
        for there in projections::titled(db, ready.kind, true, code)? {
            if !others_id(there.row)? {
                return Ok(documents::by_row(db, there.row)?);
            }
        }
    }
    let Some(title) = ready.title.as_ref().filter(|title| known.may_have("title", title)) else {
        return Ok(None);
    };
    for there in projections::titled(db, ready.kind, false, title)? {
        let code = there.code.as_deref().map(sort_key);
        let same = fold(&there.title) == fold(&ready.called)
            && there.company == text("company").or(ready.inferred.map(|id| id.to_string()))
            && there.when == when
            // Another code is another product.
            && (code.is_none() || own_code.is_none());
        if same && !known.taken.contains(&there.id) && !others_id(there.row)? {
            return Ok(documents::by_row(db, there.row)?);
        }
    }
    Ok(None)
}

/// Whether what a record is called does not speak against its being the row's.
fn may_be_same(db: &Connection, found: &DocumentRow, ready: &Ready) -> Result<bool, AppError> {
    let there = projections::names_of(db, found.kind, found.row)?;
    Ok(there.is_none_or(|there| agree(&own_names(found.kind, ready), &there)))
}

/// What the row's record is called, in the parts that are compared.
pub fn own_names(kind: Kind, ready: &Ready) -> [String; 2] {
    let own = |key: &str| ready.fields.get(key).map_or(String::new(), |v| fold(v.as_text()));
    match kind {
        Kind::Person => [own("first_name"), own("last_name")],
        Kind::Activity | Kind::Task => [own("subject"), String::new()],
        _ => [own("name"), String::new()],
    }
}

/// A part is the same, or one of them has no name.
fn agree(own: &[String; 2], there: &[String; 2]) -> bool {
    let there = [fold(&there[0]), fold(&there[1])];
    let nameless = |names: &[String; 2]| names.iter().all(String::is_empty);
    nameless(own) || nameless(&there) || own.iter().any(|n| !n.is_empty() && there.contains(n))
}

/// A company of the same name that is nothing but a name: people's rows have made it.
fn namesake_company(db: &Connection, ready: &Ready) -> Result<Option<DocumentRow>, AppError> {
    let Some(name) = ready.fields.get("name") else { return Ok(None) };
    let id = projections::company_called(db, &sort_key(name.as_text()))?.and_then(|id| id.parse().ok());
    let Some(row) = id.map(|id| documents::get(db, id)).transpose()?.flatten() else { return Ok(None) };
    let bare = guarded(|| {
        let registers = Document::load(&row.bytes)?.registers();
        Ok::<_, AppError>(registers.keys().all(|path| ["name", "website"].contains(&path.as_str())))
    })?;
    Ok(bare.then_some(row))
}

/// The same other id is the same record, and another other id another one. An e-mail can be shared:
/// then a part of the name must agree too. A phone is shared by whole families and offices: then no
/// part of the name may disagree.
fn is_same(
    db: &Connection,
    by: MatchKey,
    there: &Namesake,
    ready: &Ready,
    context: &Context<'_>,
) -> Result<bool, AppError> {
    let own = own_names(ready.kind, ready);
    if by == MatchKey::ExternalId {
        return Ok(context.trusted || agree(&own, &there.names));
    }
    let differs = |id: &String| {
        projections::has_other_external_id(db, there.row, &external_term(&context.source_name, ""), id)
    };
    if there.deleted || ready.external.as_ref().map(differs).transpose()?.unwrap_or(false) {
        return Ok(false);
    }
    if !agree(&own, &there.names) {
        return Ok(false);
    }
    let there = [fold(&there.names[0]), fold(&there.names[1])];
    let nameless = |names: &[String; 2]| names.iter().all(String::is_empty);
    if by != MatchKey::Phone || nameless(&own) || nameless(&there) {
        return Ok(true);
    }
    let known = own.iter().zip(&there).filter(|(a, b)| !a.is_empty() && !b.is_empty());
    Ok(known.clone().count() > 0 && known.clone().all(|(a, b)| a == b))
}

/// Whether a record is in the trash.
pub fn is_deleted(row: &DocumentRow) -> Result<bool, AppError> {
    guarded(|| Ok(Document::load(&row.bytes)?.registers().contains_key(DELETED_AT)))
}

/// Adds what the row knows to the record: single fields take the row's value, lists grow.
pub fn merge(row: DocumentRow, ready: &Ready, context: &Context<'_>) -> Result<Outcome, AppError> {
    guarded(|| {
        let mut document = Document::load(&row.bytes)?;
        let registers = document.registers();
        let there = fields_of(row.kind, &registers, &context.catalogue);
        let mut changes = changes(&there, &registers, ready);
        changes.extend(moved(&there, &registers, ready, context));
        if ready.named == Some(row.id) {
            // Our own id is no other program's.
            changes.retain(|(path, _)| !path.starts_with(EXTERNAL_ID));
        }
        if changes.is_empty() || !document.edit(&context.stamp, &changes)? {
            return Ok(Outcome::Unchanged);
        }
        let prepared = Prepared::of(row, &mut document, &context.catalogue)?;
        Ok(Outcome::Changed(Box::new(prepared)))
    })
}

/// What a deal is told by the stage that the row puts it into, as when somebody moves it.
fn moved(there: &Fields, registers: &Registers, ready: &Ready, context: &Context<'_>) -> Changes {
    let Some(placed) = &ready.placed else { return Changes::new() };
    let now_in = there.get("stage").and_then(Value::as_reference);
    let Some(stage) = context.stages.next(placed, now_in).filter(|stage| Some(stage.id) != now_in) else {
        return Changes::new();
    };
    let mut wanted = Registers::new();
    Value::Reference(stage.id).to_registers("stage", &mut wanted);
    let mut out = difference("stage", registers, &wanted);
    out.extend(reached(Kind::Deal, registers, &wanted));
    for (key, value) in placed.told(stage, &ready.fields, context.stamp.at) {
        let mut wanted = Registers::new();
        if let Some(value) = value {
            value.to_registers(key, &mut wanted);
        }
        out.extend(difference(key, registers, &wanted));
    }
    out
}

fn changes(there: &Fields, registers: &Registers, ready: &Ready) -> Changes {
    let mut out = Changes::new();
    out.extend(crate::records::out_of_trash(registers));
    let soft = ready.soft.iter().filter(|(key, _)| !there.contains_key(*key));
    for (key, new) in ready.fields.iter().chain(soft) {
        let joined = match (there.get(key), new) {
            (Some(old), Value::Contacts(_) | Value::Addresses(_) | Value::Tags(_) | Value::LongText(_)) => {
                united(old, new)
            }
            _ => new.clone(),
        };
        let mut wanted = Registers::new();
        joined.to_registers(key, &mut wanted);
        out.extend(difference(key, registers, &wanted));
    }
    for (source, id) in external_ids(&ready.registers) {
        if !external_ids(registers).any(|known| known == (source, id)) {
            out.push((format!("{EXTERNAL_ID}/{source}"), Some(Scalar::Str(id.to_owned()))));
        }
    }
    out
}
