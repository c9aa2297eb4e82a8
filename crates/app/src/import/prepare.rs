//! From a row to a record that is ready to be written, on any thread.

use crate::{AppError, ImportOptions, OnMatch, Session, capture::company_named, session::Prepared};
use satchel_document::Stamp;
use satchel_domain::{
    Catalogue, Fields, Kind, RecordId, Registers, Scalar, Value,
    projection::external_term,
    register::EXTERNAL_ID,
    text::sort_key,
    value::{Contact, Habits, MAX_LONG_TEXT},
};
use satchel_interchange::{Assembled, Draft, Mapping, Problem, Source, assemble};
use satchel_storage::{documents, duplicates, lists, projections};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// People of one meeting who are looked for.
const ATTENDEES: usize = 100;

/// What all rows of one import share, on every thread.
#[derive(Clone)]
pub struct Context<'a> {
    pub session: &'a Session,
    pub source: &'a Source,
    pub mapping: &'a Mapping,
    pub options: &'a ImportOptions,
    pub catalogue: Arc<Catalogue>,
    pub habits: Habits,
    /// Whose external ids the file has.
    pub source_name: String,
    pub stamp: Stamp,
    /// The ids of `source_name` are that program's own; those of just any table may be anybody's.
    pub trusted: bool,
    /// Companies by the name that was looked up: the id, and whether there was none.
    pub companies: Arc<Mutex<HashMap<String, (RecordId, bool)>>>,
}

/// A row, checked and laid out.
pub struct Ready {
    pub number: u64,
    pub kind: Kind,
    pub fields: Fields,
    pub registers: Registers,
    /// Looks up the record by the other program's id.
    pub external: Option<String>,
    /// The record that the row names by our own id, as our exports do.
    pub named: Option<RecordId>,
    /// The id that any device derives for this row.
    pub derived: RecordId,
    /// The id that any device derives from all that the row says.
    pub by_content: RecordId,
    /// The row's cells, where nothing of them became a field.
    pub cells: Vec<String>,
    pub prepared: Option<Prepared>,
    pub company: Option<Company>,
    pub problems: Vec<Problem>,
}

pub struct Company {
    pub name: String,
    pub website: String,
    pub id: RecordId,
    /// There was none of this name: the first row that is written makes it.
    pub is_new: bool,
}

impl Company {
    pub fn registers(&self) -> Registers {
        let mut registers = Registers::new();
        Value::Text(self.name.clone()).to_registers("name", &mut registers);
        if !self.website.is_empty() {
            Value::Text(self.website.clone()).to_registers("website", &mut registers);
        }
        registers
    }
}

impl<'a> Context<'a> {
    pub fn ready(&self, draft: &Draft, dry: bool) -> Result<Ready, AppError> {
        let kind = self.mapping.kind_of(draft);
        let mut row = assemble(draft, &self.source.columns, self.mapping, &self.catalogue, &self.habits);
        let company = self.company(&mut row, kind)?;
        self.attendees(&mut row, kind)?;
        let mut registers = Registers::new();
        for (key, value) in &row.fields {
            value.to_registers(key, &mut registers);
        }
        let is_empty = registers.is_empty();
        if matches!(kind, Kind::Activity | Kind::Task) && !is_empty && !registers.contains_key("owner") {
            // Only of a new one: who has it already keeps it.
            Value::Text(self.session.person.clone()).to_registers("owner", &mut registers);
        }
        let external = row.external_id.as_ref().map(|id| {
            registers.insert(format!("{EXTERNAL_ID}/{}", self.source_name), Scalar::Str(id.clone()));
            external_term(&self.source_name, id)
        });
        let by_content =
            self.session.derive_id(&["import row", &self.source_name, kind.key(), &content(draft)]);
        let derived = match &row.external_id {
            Some(id) => self.session.derive_id(&["import", &self.source_name, kind.key(), id]),
            None => by_content,
        };
        if is_empty {
            registers.clear();
        }
        // A record of its own for each row, where nothing is to be recognised.
        let fresh = self.options.on_match == OnMatch::Create || self.options.match_by.is_empty();
        let id = if fresh { RecordId(Uuid::now_v7()) } else { derived };
        satchel_document::fits(&registers)?;
        let prepared = match dry || is_empty {
            true => None,
            false => Some(Prepared::new_record(id, kind, &self.stamp, &registers, &self.catalogue)),
        };
        Ok(Ready {
            number: draft.number,
            kind,
            named: row.external_id.as_ref().and_then(|id| id.parse().ok()),
            fields: row.fields,
            registers,
            external,
            derived,
            by_content,
            cells: if is_empty { cells(draft, self.source) } else { Vec::new() },
            prepared,
            company,
            problems: row.problems,
        })
    }

    /// Who takes part: the first who is known here is whom the meeting is with; all are named in its text.
    fn attendees(&self, row: &mut Assembled, kind: Kind) -> Result<(), AppError> {
        let long = match kind {
            Kind::Activity => "text",
            Kind::Task => "notes",
            _ => return Ok(()),
        };
        if row.attendees.is_empty() {
            return Ok(());
        }
        let known = self.session.store.read::<_, AppError>(|db| {
            for named in row.attendees.iter().take(ATTENDEES) {
                let Ok(address) = Contact::email("", named) else { continue };
                for there in projections::with_term(db, "email", &address.normalised())? {
                    let Some(person) = lists::one(db, &self.catalogue, Kind::Person, there)? else {
                        continue;
                    };
                    if person.deleted_at.is_none() {
                        return Ok(Some(person));
                    }
                }
            }
            Ok(None)
        })?;
        if let Some(person) = known {
            let company =
                person.fields.get("company").and_then(|c| c.as_str()).and_then(|id| id.parse().ok());
            row.fields.extend(company.map(|id| ("company".to_owned(), Value::Reference(id))));
            row.fields.insert("person".to_owned(), Value::Reference(person.id));
        }
        let mut names = row.attendees.clone();
        names.dedup();
        let who = format!("With: {}", names.join(", "));
        let text = row.fields.get(long).map_or(String::new(), |text| format!("{}\n", text.as_text()));
        let whole: String = format!("{text}{who}").chars().take(MAX_LONG_TEXT).collect();
        row.fields.insert(long.to_owned(), Value::LongText(whole));
        Ok(())
    }

    /// The person's company: one that is there, or one to be made under an id that every device derives.
    fn company(&self, row: &mut Assembled, kind: Kind) -> Result<Option<Company>, AppError> {
        if kind != Kind::Person {
            return Ok(None);
        }
        if let Some((column, id)) = row.company_id.take() {
            let found = self.session.store.read::<_, AppError>(|db| {
                let rows = projections::with_term(db, "external_id", &external_term(&self.source_name, &id))?;
                for row in rows {
                    if let Some(found) = documents::by_row(db, row)?.filter(|d| d.kind == Kind::Company) {
                        return Ok(Some(found.id));
                    }
                }
                Ok(None)
            })?;
            match found {
                Some(company) => {
                    row.fields.insert("company".into(), Value::Reference(company));
                    return Ok(None);
                }
                // Its table was not imported (yet): the id stays with the person.
                None if row.company.is_none() => {
                    let notes =
                        row.fields.get("notes").map_or(String::new(), |v| format!("{}\n", v.as_text()));
                    row.fields.insert("notes".into(), Value::LongText(format!("{notes}{column}: {id}")));
                }
                None => {}
            }
        }
        let Some(company) = row.company.take() else { return Ok(None) };
        let key = sort_key(&company.name);
        let (id, is_new) = self.company_id(&key)?;
        row.fields.insert("company".into(), Value::Reference(id));
        Ok(Some(Company { name: company.name, website: company.website, id, is_new }))
    }

    fn company_id(&self, key: &str) -> Result<(RecordId, bool), AppError> {
        if let Some(known) = self.companies.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(*known);
        }
        let derived = self.session.derive_id(&["company", key]);
        let found = self.session.store.read::<_, AppError>(|db| match company_named(db, key)? {
            Some(id) => Ok(Some(id)),
            // It has had another name, and was merged into another.
            None => match documents::find(db, derived)? {
                Some((row, _)) => Ok(duplicates::led_to(db, row)?),
                None => Ok(None),
            },
        })?;
        let entry = found.map_or((derived, true), |id| (id, false));
        let mut companies = self.companies.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*companies.entry(key.to_owned()).or_insert(entry))
    }
}

/// The values of a row in the order of the file's columns.
pub fn cells(draft: &Draft, source: &Source) -> Vec<String> {
    let mut cells = vec![String::new(); source.columns.len()];
    for cell in &draft.cells {
        if let Some(slot) = cells.get_mut(cell.column) {
            slot.clone_from(&cell.value);
        }
    }
    cells
}

/// A row's content in a fixed order: the same row of the same file is the same record.
fn content(draft: &Draft) -> String {
    let mut cells: Vec<String> =
        draft.cells.iter().map(|c| format!("{}\u{1f}{}", c.column, c.value)).collect();
    cells.sort();
    cells.join("\u{1e}")
}
