//! From a row to a record that is ready to be written, on any thread.

use super::{
    links::Found,
    stages::{Placed, Stages},
};
use crate::{
    AppError, ImportOptions, OnMatch, Session, capture::company_named, series::zone_here, session::Prepared,
};
use satchel_document::Stamp;
use satchel_domain::{
    Catalogue, Fields, Kind, RecordId, Registers, Scalar, Value,
    catalogue::REACHED,
    projection::{external_term, title},
    register::EXTERNAL_ID,
    series::{SERIES, ZONE},
    text::{fold, sort_key},
    value::{Contact, Habits},
};
use satchel_interchange::{Assembled, Draft, Mapping, Problem, Source, assemble, done, outcome};
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
    /// What rows have named, and what was found for it.
    pub found: Arc<Mutex<HashMap<String, Found>>>,
    /// Companies by the domains of their websites, once somebody has asked.
    pub domains: Arc<Mutex<Option<Domains>>>,
    pub stages: Arc<Stages>,
    /// The members of the team, by their names.
    pub owners: Arc<HashMap<String, String>>,
    /// The file says whose its records are, or that they are nobody's.
    pub owned: bool,
}

/// None where several companies have one.
pub type Domains = HashMap<String, Option<RecordId>>;

/// A row, checked and laid out.
pub struct Ready {
    pub number: u64,
    pub kind: Kind,
    pub fields: Fields,
    /// What it is called, as lists show it and as they sort by it.
    pub called: String,
    pub title: Option<String>,
    /// What a record gets that has no value there.
    pub soft: Fields,
    /// The company of whom it is with, or of what it is about: of a new record only.
    pub inferred: Option<RecordId>,
    pub placed: Option<Placed>,
    /// What else it refers to, for the preview.
    pub about: Vec<String>,
    /// Why no record is made of it.
    pub refused: Option<String>,
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
        let (mut about, inferred) = self.links(&mut row, kind)?;
        // A row that has an id of ours says itself that there is none.
        let ours = row.external_id.as_ref().is_some_and(|id| id.parse::<RecordId>().is_ok());
        let inferred = inferred.filter(|_| !ours);
        self.attendees(&mut row, kind)?;
        self.series(&mut row)?;
        let soft = self.ended(&mut row, kind);
        let mut refused = row.refused.take();
        let mut placed = None;
        if kind == Kind::Deal && !row.fields.is_empty() {
            match self.placed(&mut row)? {
                Ok(found) => placed = Some(found),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        if refused.is_none() && !row.fields.is_empty() {
            refused = nameless(kind, &row.fields);
        }
        if let Some(Value::Text(owner)) = row.fields.get_mut("owner")
            && let Some(member) = self.owners.get(&fold(owner))
        {
            member.clone_into(owner);
        }
        let mut registers = Registers::new();
        for (key, value) in &row.fields {
            value.to_registers(key, &mut registers);
        }
        let is_empty = registers.is_empty();
        if !is_empty {
            // Only of a new one: what is there already keeps what it has.
            self.complete_row(kind, draft.number, &row.fields, &soft, placed, &mut registers);
            if let Some(company) = inferred {
                Value::Reference(company).to_registers("company", &mut registers);
            }
        }
        if let Some(stage) = placed.and_then(|placed| self.stages.get(placed.stage)) {
            about.push(stage.name.clone());
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
        let prepared = match dry || is_empty || refused.is_some() {
            true => None,
            false => Some(Prepared::new_record(id, kind, &self.stamp, &registers, &self.catalogue)),
        };
        let called = match kind {
            Kind::Person | Kind::Company => String::new(),
            _ => title(kind, &row.fields),
        };
        Ok(Ready {
            number: draft.number,
            kind,
            named: row.external_id.as_ref().and_then(|id| id.parse().ok()),
            title: Some(sort_key(&called)).filter(|title| !title.is_empty()),
            called,
            soft,
            inferred,
            placed,
            about,
            cells: if is_empty || refused.is_some() { cells(draft, self.source) } else { Vec::new() },
            refused,
            fields: row.fields,
            registers,
            external,
            derived,
            by_content,
            prepared,
            company,
            problems: row.problems,
        })
    }

    /// Which record the series is that a row names by the id of the file: one that is here, or the one that its own row
    /// becomes.
    fn series(&self, row: &mut Assembled) -> Result<(), AppError> {
        let Some(Value::Text(uid)) = row.fields.remove(SERIES) else { return Ok(()) };
        let known = self.session.store.read::<_, AppError>(|db| {
            let ours = uid.parse().ok().map(|id| documents::find(db, id).map(|found| found.map(|_| id)));
            if let Some(id) = ours.transpose()?.flatten() {
                return Ok(Some(id));
            }
            let there = projections::with_term(db, "external_id", &external_term(&self.source_name, &uid))?;
            let first = there.first().map(|there| documents::by_row(db, *there)).transpose()?.flatten();
            Ok(first.map(|row| row.id))
        })?;
        let derived = || self.session.derive_id(&["import", &self.source_name, Kind::Activity.key(), &uid]);
        let id = known.unwrap_or_else(derived);
        row.fields.insert(SERIES.to_owned(), Value::Text(id.to_string()));
        Ok(())
    }

    /// What the status of a task says, where no time does.
    fn ended(&self, row: &mut Assembled, kind: Kind) -> Fields {
        let mut soft = Fields::new();
        let Some((column, word)) = row.status.take_if(|_| kind == Kind::Task) else { return soft };
        match done(&word) {
            Some(true) if !row.fields.contains_key("done_at") => {
                let due = row.fields.get("due").and_then(noon).filter(|at| *at < self.stamp.at);
                soft.insert("done_at".into(), Value::DateTime(due.unwrap_or(self.stamp.at)));
            }
            Some(_) => {}
            // Deferred, waiting for somebody: it is open, and says why.
            None => row.note(kind, &self.catalogue, &format!("{column}: {word}")),
        }
        soft
    }

    /// Where the row's deal goes, or why it cannot.
    fn placed(&self, row: &mut Assembled) -> Result<Result<Placed, String>, AppError> {
        let named = row.links.remove("stage").unwrap_or_default();
        let by_id = self.stage_by_id(&named.id)?;
        let said = match row.status.take() {
            Some((column, word)) => match outcome(&word) {
                Some(outcome) => Some(outcome),
                None => {
                    let why = format!("«{word}» is neither open, won nor lost");
                    row.leads_nowhere(Kind::Deal, &self.catalogue, &column, &word, &why);
                    None
                }
            },
            None => None,
        };
        let placed = self.stages.place(&row.pipeline, (by_id, &named.name), said);
        let stage = placed.as_ref().ok().and_then(|placed| self.stages.get(placed.stage));
        match stage.map(|stage| stage.outcome.as_str()) {
            // A deal that is not over was not closed.
            Some("open") => drop(row.fields.remove("closed_at")),
            // The day by which others expect it is, of one that is over, when it was.
            Some(_) if !row.fields.contains_key("closed_at") => {
                let day = row.fields.get("close_date").and_then(noon).filter(|at| *at < self.stamp.at);
                row.fields.extend(day.map(|at| ("closed_at".to_owned(), Value::DateTime(at))));
            }
            _ => {}
        }
        Ok(placed)
    }

    /// What a new record has that its row does not say.
    fn complete_row(
        &self,
        kind: Kind,
        number: u64,
        said: &Fields,
        soft: &Fields,
        placed: Option<Placed>,
        registers: &mut Registers,
    ) {
        let mut default = |key: &str, value: Value| {
            if !said.contains_key(key) {
                value.to_registers(key, registers);
            }
        };
        if matches!(kind, Kind::Deal | Kind::Activity | Kind::Task) && !self.owned {
            default("owner", Value::Text(self.session.person.clone()));
        }
        if kind == Kind::Activity {
            default("type", Value::Text(self.mapping.usual.to_owned()));
            if said.contains_key("repeat") {
                default(ZONE, Value::Text(zone_here()));
            }
        }
        for (key, value) in soft {
            default(key, value.clone());
        }
        let Some(stage) = placed.and_then(|placed| self.stages.get(placed.stage)) else { return };
        let over = (stage.outcome != "open").then_some(Value::DateTime(self.stamp.at));
        let since = said.get("closed_at").cloned().unwrap_or(Value::DateTime(self.stamp.at));
        default("stage", Value::Reference(stage.id));
        default("stage_at", since);
        default("rank", Value::Text(self.stages.rank(stage.id, number)));
        default(REACHED, Value::Tags(vec![stage.id.to_string()]));
        if let Some(over) = over {
            default("closed_at", over);
        }
    }

    /// Who takes part: the first who is known here is whom the meeting is with; all are named in its text.
    fn attendees(&self, row: &mut Assembled, kind: Kind) -> Result<(), AppError> {
        if row.attendees.is_empty() || !matches!(kind, Kind::Activity | Kind::Task) {
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
        row.note(kind, &self.catalogue, &format!("With: {}", names.join(", ")));
        Ok(())
    }

    /// The record's company: one that is there, or one to be made under an id that every device derives.
    fn company(&self, row: &mut Assembled, kind: Kind) -> Result<Option<Company>, AppError> {
        if self.catalogue.field(kind, "company").is_none() {
            return Ok(None);
        }
        if let Some((column, id)) = row.company_id.take() {
            match self.company_by_id(&id)? {
                Some(company) => {
                    row.fields.insert("company".into(), Value::Reference(company));
                    return Ok(None);
                }
                // Its table was not imported (yet): the id stays with the record.
                None if row.company.is_none() => row.note(kind, &self.catalogue, &format!("{column}: {id}")),
                None => {}
            }
        }
        let Some(company) = row.company.take() else { return Ok(None) };
        let key = sort_key(&company.name);
        if kind != Kind::Person && !company.website.is_empty() && (key.is_empty() || self.company_id(&key)?.1)
        {
            match self.company_by_website(&company.website)? {
                Some(id) => {
                    row.fields.insert("company".into(), Value::Reference(id));
                    return Ok(None);
                }
                None if key.is_empty() => {
                    let (column, why) = (row.company_column.clone(), "no company here has this website");
                    row.leads_nowhere(kind, &self.catalogue, &column, &company.website, why);
                    return Ok(None);
                }
                None => {}
            }
        }
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

/// What a record has to be called by.
fn nameless(kind: Kind, fields: &Fields) -> Option<String> {
    let (any, needs): (&[&str], &str) = match kind {
        Kind::Deal => (&["name"], "a deal needs a name"),
        Kind::Product => (&["name"], "a product needs a name"),
        Kind::Task => (&["subject"], "a task needs a subject"),
        Kind::Activity => {
            (&["subject", "text", "at", "outcome"], "an activity needs a subject, a text or a time")
        }
        _ => return None,
    };
    let none = any.iter().all(|key| !fields.contains_key(*key));
    none.then(|| format!("{needs}; choose the column that has it"))
}

/// The noon of a day, here.
fn noon(day: &Value) -> Option<i64> {
    let Value::Date(day) = day else { return None };
    let day = jiff::civil::Date::new(day.year?, day.month, day.day).ok()?;
    Some(jiff::tz::TimeZone::system().to_timestamp(day.at(12, 0, 0, 0)).ok()?.as_millisecond())
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
