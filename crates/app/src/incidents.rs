//! When something has happened: an incident follows a playbook step by step, on all laptops of the team at once. Who took
//! which step and when is the history of its record; nothing is kept twice. A drill is an incident that harms nothing.

mod draft;
mod drills;
mod paper;

pub use draft::Recipient;
pub use drills::{DrillPlan, DrillsView, DueDrill};

use crate::{
    AppError, Cancel, Code, Session,
    session::now,
    views::{TrailEntry, VersionView, Written},
};
use satchel_document::{Changes, difference};
use satchel_domain::{
    Kind, RecordId, Registers, Value,
    date::{instant, rfc3339},
    playbook::{Action, NOTIFY_WITHIN_HOURS, PLAYBOOKS, Playbook, Said, Step},
};
use satchel_storage::{ListQuery, StorageError, lists};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The newest that are shown.
const SHOWN: usize = 500;
const MOST_NOTE: usize = 4_000;
const MOST_NOTES: usize = 200_000;
const MINUTE: i64 = 60_000;
/// Clocks may differ by as much.
const SKEW: i64 = 5 * MINUTE;
/// So long before it was known, what was done is looked through.
const BEFORE: i64 = 30 * 24 * 60 * MINUTE;
const LINES: u32 = 300;
/// What tells who saw what.
const SEEING: [&str; 8] = [
    "unlock",
    "failed_unlocks",
    "export",
    "attachment",
    "mail_merge",
    "membership",
    "begin",
    "contradiction",
];

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct SaidView {
    pub en: String,
    pub zh: String,
}

impl From<Said> for SaidView {
    fn from(said: Said) -> Self {
        Self { en: said.en.to_owned(), zh: said.zh.to_owned() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct PlaybookView {
    pub id: String,
    pub title: SaidView,
    pub when: SaidView,
    pub steps: Vec<PlaybookStepView>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct PlaybookStepView {
    pub id: String,
    pub action: Action,
    /// A drill may do it.
    pub harmless: bool,
    pub title: SaidView,
    pub why: SaidView,
}

/// What happened, and which way is gone.
#[derive(Clone, Debug, Default, Serialize, Deserialize, specta::Type)]
#[serde(default)]
pub struct OpenIncident {
    pub playbook: String,
    pub title: String,
    pub drill: bool,
}

/// What is said of an incident besides its steps; what is not named stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, specta::Type)]
#[serde(default)]
pub struct IncidentChange {
    pub title: Option<String>,
    /// When it came to be known: RFC 3339.
    pub known_at: Option<String>,
    pub affected: Option<String>,
    /// Is added to the notes.
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct IncidentLine {
    pub id: RecordId,
    pub playbook: String,
    pub title: String,
    pub drill: bool,
    pub opened_at: String,
    pub known_at: String,
    pub closed_at: Option<String>,
    /// From opening to closing.
    pub seconds: Option<u32>,
    pub steps: u32,
    pub done: u32,
    /// Others are told until then; nothing where nobody is, or was told.
    pub notify_by: Option<String>,
    /// Minutes until then; below zero it is late.
    pub minutes_left: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct IncidentView {
    pub incident: IncidentLine,
    pub affected: String,
    pub notes: String,
    pub steps: Vec<StepState>,
    /// The oldest first.
    pub timeline: Vec<TimelineEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct StepState {
    pub id: String,
    pub done: bool,
    pub by: String,
    pub at: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    Opened,
    Done,
    Undone,
    Note,
    Said,
    Closed,
    Reopened,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct TimelineEntry {
    pub at: String,
    pub by: String,
    pub device: String,
    pub what: Happened,
    /// The step's id, or the field that was said.
    pub about: String,
    pub text: String,
}

pub fn playbooks() -> Vec<PlaybookView> {
    PLAYBOOKS.iter().map(playbook_view).collect()
}

/// The playbook that fits what was unusual.
pub fn playbook_for(rule: &str) -> &'static str {
    satchel_domain::playbook::fitting(rule)
}

fn playbook_view(playbook: &Playbook) -> PlaybookView {
    let step = |step: &Step| PlaybookStepView {
        id: step.id.to_owned(),
        action: step.action,
        harmless: step.action.is_harmless(),
        title: step.title.into(),
        why: step.why.into(),
    };
    PlaybookView {
        id: playbook.id.to_owned(),
        title: playbook.title.into(),
        when: playbook.when.into(),
        steps: playbook.steps.iter().map(step).collect(),
    }
}

/// The playbook of an incident; one that a newer version has begun has none here.
fn steps_of(playbook: &str) -> &'static [Step] {
    Playbook::of(playbook).map_or(&[], |playbook| playbook.steps)
}

impl Session {
    pub fn open_incident(&self, open: &OpenIncident) -> Result<Written, AppError> {
        let Some(playbook) = Playbook::of(&open.playbook) else {
            let known: Vec<&str> = PLAYBOOKS.iter().map(|p| p.id).collect();
            let message = format!("there is no playbook «{}»; there are {}", open.playbook, known.join(", "));
            return Err(AppError::new(Code::NotFound, message));
        };
        self.may_write_safety()?;
        let title = match open.title.trim() {
            "" => playbook.title.en,
            title => within("title", title, 200)?,
        };
        let at = now();
        let mut registers = Registers::new();
        for (key, value) in [
            ("playbook", Value::Text(playbook.id.to_owned())),
            ("name", Value::Text(title.to_owned())),
            ("drill", Value::YesNo(open.drill)),
            ("opened_at", Value::DateTime(at)),
            ("known_at", Value::DateTime(at)),
        ] {
            value.to_registers(key, &mut registers);
        }
        self.create_as("incident_open", Kind::Incident, &registers)
    }

    /// What a viewer writes is sent nowhere: his colleagues would not know.
    pub(crate) fn may_write_safety(&self) -> Result<(), AppError> {
        match self.is_viewer()? {
            true => Err(AppError::refused(
                "you may read this team's records, and not write; tell the owner or an admin of the team at once",
            )),
            false => Ok(()),
        }
    }

    /// The newest first.
    pub fn incidents(&self) -> Result<Vec<IncidentLine>, AppError> {
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, StorageError>(|db| {
            let query =
                ListQuery { sort: vec![("opened_at".into(), true)], ..ListQuery::all(Kind::Incident) };
            let mut found = lists::rows(db, &catalogue, &query)?;
            found.truncate(SHOWN);
            lists::page(db, &catalogue, Kind::Incident, &found)
        })?;
        Ok(rows.iter().map(|row| line(row.id, &row.fields)).collect())
    }

    pub fn incident(&self, id: RecordId) -> Result<IncidentView, AppError> {
        let fields = self.incident_fields(id)?;
        let versions = self.history(id)?;
        let incident = line(id, &fields);
        let timeline = timeline(&versions);
        let done = list(&fields, "done");
        let step = |step: &Step| {
            let last = timeline.iter().rev().find(|e| e.what == Happened::Done && e.about == step.id);
            let done = done.iter().any(|id| id == step.id);
            let last = last.filter(|_| done);
            StepState {
                id: step.id.to_owned(),
                done,
                by: last.map(|e| e.by.clone()).unwrap_or_default(),
                at: last.map(|e| e.at.clone()),
            }
        };
        Ok(IncidentView {
            affected: text(&fields, "affected"),
            notes: text(&fields, "notes"),
            steps: steps_of(&incident.playbook).iter().map(step).collect(),
            incident,
            timeline,
        })
    }

    fn incident_fields(&self, id: RecordId) -> Result<Map<String, Json>, AppError> {
        let view = self.get(id).ok().filter(|view| view.kind == Kind::Incident && view.deleted_at.is_none());
        view.map(|view| view.fields).ok_or_else(|| AppError::not_found("incident", id))
    }

    /// Says that a step was taken, or that it was not; with what there is to say of it.
    pub fn incident_step(
        &self,
        id: RecordId,
        step: &str,
        done: bool,
        note: &str,
    ) -> Result<IncidentView, AppError> {
        let playbook = text(&self.incident_fields(id)?, "playbook");
        let steps = steps_of(&playbook);
        if !steps.iter().any(|known| known.id == step) {
            let known: Vec<&str> = steps.iter().map(|step| step.id).collect();
            let message = format!("«{playbook}» has no step «{step}»; it has {}", known.join(", "));
            return Err(AppError::new(Code::NotFound, message));
        }
        let note = within("note", note.trim(), MOST_NOTE)?;
        self.write_incident(id, "incident_step", &|now| {
            let mut steps = tags(self, "done", now);
            steps.retain(|id| id != step);
            if done {
                steps.push(step.to_owned());
            }
            let mut wanted = noted(self, now, note);
            Value::Tags(steps).to_registers("done", &mut wanted);
            let ticked = difference("done", now, &wanted);
            ticked
                .into_iter()
                .chain(if note.is_empty() { Changes::new() } else { difference("notes", now, &wanted) })
                .collect()
        })
    }

    pub fn change_incident(&self, id: RecordId, change: &IncidentChange) -> Result<IncidentView, AppError> {
        self.incident_fields(id)?;
        let mut wanted = Registers::new();
        let mut touched = Vec::new();
        let mut put = |key: &'static str, value: Value| {
            value.to_registers(key, &mut wanted);
            touched.push(key);
        };
        if let Some(title) = &change.title {
            let title = within("title", title.trim(), 200)?;
            if title.is_empty() {
                return Err(AppError::refused("an incident needs a title; nothing was changed"));
            }
            put("name", Value::Text(title.to_owned()));
        }
        if let Some(known) = &change.known_at {
            let wrong = || {
                AppError::new(Code::Usage, format!("«{known}» is no time; write it as 2026-11-27T14:30:00Z"))
            };
            let at = instant(known).ok_or_else(wrong)?;
            if at > now() + SKEW {
                return Err(AppError::refused(
                    "it cannot come to be known in the future; nothing was changed",
                ));
            }
            put("known_at", Value::DateTime(at));
        }
        if let Some(affected) = &change.affected {
            put("affected", Value::LongText(within("affected", affected.trim(), MOST_NOTE)?.to_owned()));
        }
        let note = within("note", change.note.as_deref().unwrap_or_default().trim(), MOST_NOTE)?;
        self.write_incident(id, "incident", &|now| {
            let said = touched.iter().flat_map(|key| difference(key, now, &wanted));
            let noted = noted(self, now, note);
            said.chain(if note.is_empty() { Changes::new() } else { difference("notes", now, &noted) })
                .collect()
        })
    }

    /// Closes it, or opens it again.
    pub fn close_incident(&self, id: RecordId, closed: bool) -> Result<IncidentView, AppError> {
        self.incident_fields(id)?;
        let at = now();
        self.write_incident(id, "incident_close", &|now| {
            let mut wanted = Registers::new();
            match (closed, now.contains_key("closed_at")) {
                // When it was closed first is when it was closed.
                (true, true) => return Changes::new(),
                (true, false) => Value::DateTime(at).to_registers("closed_at", &mut wanted),
                (false, _) => {}
            }
            difference("closed_at", now, &wanted)
        })
    }

    fn write_incident(
        &self,
        id: RecordId,
        label: &str,
        plan: &(dyn Fn(&Registers) -> Changes + Sync),
    ) -> Result<IncidentView, AppError> {
        self.may_write_safety()?;
        self.write_registers(&[id], label, plan, &mut |_| {}, &Cancel::default())?;
        self.incident(id)
    }

    /// What this device's trail tells of the time: who unlocked, what left the vault, which devices came.
    pub fn who_saw(&self, id: RecordId) -> Result<Vec<TrailEntry>, AppError> {
        let fields = self.incident_fields(id)?;
        let known = moment(&fields, "known_at").unwrap_or_else(now);
        let until = moment(&fields, "closed_at").unwrap_or_else(now).max(known) + MINUTE;
        self.trail_of(&SEEING, (known - BEFORE, until), LINES)
    }
}

/// A text that fits.
fn within<'a>(what: &str, text: &'a str, most: usize) -> Result<&'a str, AppError> {
    match text.chars().count() {
        n if n > most => Err(AppError::refused(format!(
            "the {what} has {n} characters; at most {most} fit. Shorten it; nothing was changed"
        ))),
        _ => Ok(text),
    }
}

fn field(session: &Session, key: &str, now: &Registers) -> Option<Value> {
    session.catalogue().field(Kind::Incident, key).and_then(|field| Value::from_registers(field, now))
}

fn tags(session: &Session, key: &str, now: &Registers) -> Vec<String> {
    match field(session, key, now) {
        Some(Value::Tags(tags)) => tags,
        _ => Vec::new(),
    }
}

/// The notes with one more; the oldest go where there is no room.
fn noted(session: &Session, now: &Registers, note: &str) -> Registers {
    let before = match field(session, "notes", now) {
        Some(Value::LongText(text)) => text,
        _ => String::new(),
    };
    let all = if before.is_empty() { note.to_owned() } else { format!("{before}\n{note}") };
    let over = all.chars().count().saturating_sub(MOST_NOTES);
    let mut registers = Registers::new();
    Value::LongText(all.chars().skip(over).collect()).to_registers("notes", &mut registers);
    registers
}

fn text(fields: &Map<String, Json>, key: &str) -> String {
    fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn moment(fields: &Map<String, Json>, key: &str) -> Option<i64> {
    fields.get(key).and_then(Json::as_str).and_then(instant)
}

fn list(fields: &Map<String, Json>, key: &str) -> Vec<String> {
    fields.get(key).and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default()
}

fn line(id: RecordId, fields: &Map<String, Json>) -> IncidentLine {
    let playbook = text(fields, "playbook");
    let steps = steps_of(&playbook);
    let done = list(fields, "done");
    let opened = moment(fields, "opened_at").unwrap_or_default();
    let known = moment(fields, "known_at").unwrap_or(opened);
    let closed = moment(fields, "closed_at");
    let notifying = Playbook::of(&playbook).and_then(Playbook::notifying);
    let waits = closed.is_none() && notifying.is_some_and(|step| !done.iter().any(|id| id == step.id));
    let within = NOTIFY_WITHIN_HOURS * 60 * MINUTE;
    // Where a clock was set back, there is not more time than there ever was.
    let left = (known + within - now()).min(within) / MINUTE;
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    IncidentLine {
        id,
        title: text(fields, "name"),
        drill: fields.get("drill").and_then(Json::as_bool).unwrap_or_default(),
        opened_at: rfc3339(opened),
        known_at: rfc3339(known),
        closed_at: closed.map(rfc3339),
        seconds: closed.map(|at| u32::try_from((at - opened).max(0) / 1000).unwrap_or(u32::MAX)),
        steps: small(steps.len()),
        done: small(steps.iter().filter(|step| done.iter().any(|id| id == step.id)).count()),
        notify_by: waits.then(|| rfc3339(known + within)),
        minutes_left: waits.then(|| i32::try_from(left).unwrap_or(i32::MIN)),
        playbook,
    }
}

/// What was done, from the versions of the record.
fn timeline(versions: &[VersionView]) -> Vec<TimelineEntry> {
    let mut out = Vec::new();
    for version in versions.iter().rev() {
        let mut tell = |what, about: &str, text: String| {
            out.push(TimelineEntry {
                at: version.at.clone(),
                by: version.by.clone(),
                device: version.device.clone(),
                what,
                about: about.to_owned(),
                text,
            });
        };
        if version.changes.iter().any(|c| c.field == "opened_at" && c.before.is_null()) {
            tell(Happened::Opened, "", String::new());
            continue;
        }
        for change in &version.changes {
            let said = |json: &Json| json.as_str().unwrap_or_default().to_owned();
            match change.field.as_str() {
                "done" => {
                    let ids =
                        |json: &Json| serde_json::from_value::<Vec<String>>(json.clone()).unwrap_or_default();
                    let (before, after) = (ids(&change.before), ids(&change.after));
                    after
                        .iter()
                        .filter(|id| !before.contains(id))
                        .for_each(|id| tell(Happened::Done, id, String::new()));
                    before
                        .iter()
                        .filter(|id| !after.contains(id))
                        .for_each(|id| tell(Happened::Undone, id, String::new()));
                }
                "notes" => {
                    let (before, after) = (said(&change.before), said(&change.after));
                    let added = after.strip_prefix(&before).unwrap_or(&after).trim().to_owned();
                    tell(Happened::Note, "", added);
                }
                "closed_at" if change.after.is_null() => tell(Happened::Reopened, "", String::new()),
                "closed_at" => tell(Happened::Closed, "", String::new()),
                field => tell(Happened::Said, field, said(&change.after)),
            }
        }
    }
    out
}
