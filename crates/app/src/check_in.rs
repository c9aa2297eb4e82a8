//! «I am here»: a visit that is noted when it begins, and finished when one leaves.

use crate::{
    AppError, Session,
    records::{FieldInput, read_input, registers_of},
    series::Which,
    session::now,
    views::{RowView, Written},
};
use satchel_document::Changes;
use satchel_domain::{Kind, RecordId, Scalar, date::rfc3339, text::sort_key};
use satchel_storage::visits;
use serde::Deserialize;

/// Nobody is longer at one visit: who forgets to leave has left at some time, nobody knows when.
const LONGEST: i64 = 12 * 60;

/// The end of a visit: what came of it, and what comes next.
#[derive(Clone, Debug, Default, Deserialize, specta::Type)]
#[serde(default)]
pub struct CheckOut {
    pub text: String,
    pub outcome: String,
    /// «send the offer fri 10»; nothing where it is empty.
    pub next: String,
    /// The task that is done with it.
    pub task: Option<RecordId>,
    /// What day it is where one is: `2026-11-27`.
    pub today: String,
}

impl Session {
    /// Begins a visit: with a person, a company or a deal, or as a task or a planned meeting says. `place`: as it is
    /// typed; nothing: where the record is, if that is written down.
    pub fn check_in(&self, about: RecordId, place: Option<&str>) -> Result<Written, AppError> {
        if let Some(open) = self.here()? {
            let whom = ["company", "person"].iter().find_map(|key| open.titles.get(*key));
            let whom = whom.unwrap_or(&open.title);
            return Err(AppError::refused(format!("you are still at «{whom}»; check out there first")));
        }
        let view = self.get(about)?;
        if view.deleted_at.is_some() {
            return Err(AppError::refused("it is in the trash; restore it first"));
        }
        let at = now();
        let place = self.place_in_words(about, place)?;
        let owner = view.fields.get("owner").and_then(|owner| owner.as_str()).unwrap_or_default();
        // A meeting of somebody else stays his: one's own visit is noted beside it.
        let is_own = owner.is_empty() || sort_key(owner) == sort_key(&self.person);
        let again = view.kind == Kind::Activity && view.fields.contains_key("repeat");
        let of_now = if again && is_own { self.occurrence_now(about, at)? } else { None };
        if let Some(day) = of_now {
            let mut input = arrived(at, place.filter(|_| !view.fields.contains_key("place")));
            input.insert("owner".to_owned(), self.person.clone().into());
            return self.change_as("check_in", about, &day, Which::This, &input);
        }
        if view.kind == Kind::Activity && is_own && !again {
            if view.fields.contains_key("arrived_at") {
                return Err(AppError::refused("this visit has been begun already; note another one"));
            }
            let mut changes: Changes = vec![
                ("arrived_at".to_owned(), Some(Scalar::Int(at))),
                ("at".to_owned(), Some(Scalar::Int(at))),
            ];
            if owner.is_empty() {
                changes.push(("owner".to_owned(), Some(Scalar::Str(self.person.clone()))));
            }
            let says_where = view.fields.contains_key("place");
            changes.extend(place.filter(|_| !says_where).map(|p| ("place".to_owned(), Some(Scalar::Str(p)))));
            let operation = self.together("check_in", &[], &[(about, changes)])?;
            return Ok(Written { id: about, operation: Some(operation) });
        }
        let mut input = self.whom(&view.fields, view.kind, about)?;
        input.insert("type".to_owned(), "visit".into());
        let planned = matches!(view.kind, Kind::Task | Kind::Activity);
        let subject = view.fields.get("subject").filter(|_| planned);
        input.extend(subject.map(|subject| ("subject".to_owned(), subject.clone())));
        input.extend(arrived(at, place));
        let activity = self.prepared_by(Kind::Activity, &input)?;
        let id = activity.0;
        let operation = self.together("check_in", &[activity], &[])?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// The visit that one is at; the one that was begun last.
    pub fn here(&self) -> Result<Option<RowView>, AppError> {
        let owner = sort_key(&self.person);
        self.store.glance::<_, AppError>(|db| match visits::open(db, &owner)?.first() {
            Some(row) => Ok(self.view_of(db, Kind::Activity, *row)?),
            None => Ok(None),
        })
    }

    /// Ends a visit: how long it took, what came of it, and the task that follows, as one step.
    pub fn check_out(&self, id: RecordId, out: &CheckOut) -> Result<Written, AppError> {
        let view = self.get(id)?;
        let arrived = view.fields.get("arrived_at").and_then(|at| at.as_str()).and_then(|at| at.parse().ok());
        let arrived = arrived.map(|at: jiff::Timestamp| at.as_millisecond());
        let Some(arrived) = arrived.filter(|_| view.kind == Kind::Activity && view.deleted_at.is_none())
        else {
            return Err(AppError::refused("nobody has checked in there; note the visit instead"));
        };
        if view.fields.contains_key("left_at") {
            return Ok(Written { id, operation: None });
        }
        let left = now().max(arrived);
        let lasted = (left - arrived + 30_000) / 60_000;
        let mut input = FieldInput::new();
        input.insert("left_at".to_owned(), rfc3339(left).into());
        if (1..=LONGEST).contains(&lasted) {
            input.insert("minutes".to_owned(), lasted.into());
        }
        for (key, said) in [("text", out.text.trim()), ("outcome", out.outcome.trim())] {
            // What was written down before the visit stays.
            let before = view.fields.get(key).and_then(|v| v.as_str()).unwrap_or_default();
            let between = if key == "text" { "\n" } else { "; " };
            let parts = [before, said].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
            if !said.is_empty() {
                input.insert(key.to_owned(), parts.join(between).into());
            }
        }
        let links = self.whom(&view.fields, view.kind, id)?;
        let title = if out.text.trim().is_empty() { &view.title } else { &out.text };
        let mut made = Vec::from_iter(self.next_step(&out.next, title, links, &out.today)?);
        let written = read_input(Kind::Activity, &input, &self.catalogue(), &self.habits()?)?;
        let changes = registers_of(&written).into_iter().map(|(path, value)| (path, Some(value))).collect();
        let mut edited: Vec<(RecordId, Changes)> = vec![(id, changes)];
        if let Some(task) = out.task {
            let (done, follow) = self.finishing(&self.task(task)?, &out.today)?;
            edited.push((task, done));
            made.extend(follow);
        }
        let operation = self.together("check_out", &made, &edited)?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// Whom a record leads to, for another that is about the same.
    fn whom(
        &self,
        fields: &serde_json::Map<String, serde_json::Value>,
        kind: Kind,
        id: RecordId,
    ) -> Result<FieldInput, AppError> {
        if !matches!(kind, Kind::Task | Kind::Activity) {
            return self.links_of(id);
        }
        let keys = ["company", "person", "deal"];
        let links = keys.iter().filter_map(|key| Some(((*key).to_owned(), fields.get(*key)?.clone())));
        let links: FieldInput = links.collect();
        match links.is_empty() && kind == Kind::Task {
            true => {
                Err(AppError::refused("this task leads to nobody; name a person or a company in it first"))
            }
            false => Ok(links),
        }
    }

    fn place_in_words(&self, about: RecordId, typed: Option<&str>) -> Result<Option<String>, AppError> {
        if let Some(typed) = typed {
            return Ok(Some(typed.trim().to_owned()).filter(|place| !place.is_empty()));
        }
        self.store.glance::<_, AppError>(|db| {
            let Some(row) = self.row_of(db, about)? else { return Ok(None) };
            let own = |row: &RowView| row.fields.get("location").and_then(|l| l.as_str()).map(str::to_owned);
            if let Some(own) = own(&row) {
                return Ok(Some(own));
            }
            for key in ["company", "person"] {
                let Some(id) = row.fields.get(key).and_then(|l| l.as_str()?.parse().ok()) else { continue };
                if let Some(own) = self.row_of(db, id)?.as_ref().and_then(own) {
                    return Ok(Some(own));
                }
            }
            Ok(None)
        })
    }
}

/// What is written of somebody's arrival.
fn arrived(at: i64, place: Option<String>) -> FieldInput {
    let times = ["at", "arrived_at"].map(|key| (key.to_owned(), rfc3339(at).into()));
    times.into_iter().chain(place.map(|place| ("place".to_owned(), place.into()))).collect()
}
