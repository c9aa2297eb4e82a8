//! Who has gone through what everybody learns: a record for each person and version, so that the whole team has it.

use crate::{
    AppError, Cancel, Code, SaidView, Session,
    session::{facts, now},
};
use satchel_document::{Changes, difference};
use satchel_domain::{
    Kind, RecordId, Registers, Value,
    date::{instant, rfc3339},
    training::{self, AGAIN_AFTER_DAYS, TOUR, VERSION},
};
use satchel_storage::{ListQuery, StorageError, lists, settings};
use serde::Serialize;
use serde_json::Value as Json;

const DAY: i64 = 86_400_000;
const SHOWN: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum TrainingState {
    Open,
    Done,
    /// It is a year ago.
    Again,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct ItemState {
    pub id: String,
    pub text: SaidView,
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct TrainingView {
    pub person: String,
    pub role: String,
    /// It is one's own.
    pub me: bool,
    pub state: TrainingState,
    pub done_at: Option<String>,
    pub items: Vec<ItemState>,
    #[serde(skip)]
    #[specta(skip)]
    member: String,
    #[serde(skip)]
    #[specta(skip)]
    record: Option<RecordId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct TourPageView {
    pub title: SaidView,
    pub text: SaidView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct StaffView {
    /// Oneself first.
    pub people: Vec<TrainingView>,
    pub tour: Vec<TourPageView>,
    /// Those who may not write keep their own on their computer; an admin notes it for them.
    pub kept_here_only: bool,
    /// One may note what others have done.
    pub admin: bool,
}

struct Kept {
    id: RecordId,
    person: String,
    member: String,
    items: Vec<String>,
    done_at: Option<i64>,
}

impl Session {
    pub fn staff(&self) -> Result<StaffView, AppError> {
        let kept = self.trainings()?;
        let mut people: Vec<TrainingView> =
            self.learners()?.into_iter().map(|learner| training(learner, &kept)).collect();
        people.sort_by(|a, b| b.me.cmp(&a.me).then_with(|| a.person.cmp(&b.person)));
        let page = |page: &training::Page| TourPageView { title: page.title.into(), text: page.text.into() };
        Ok(StaffView {
            people,
            tour: TOUR.iter().map(page).collect(),
            kept_here_only: self.is_viewer()?,
            admin: self.is_admin()?,
        })
    }

    /// Who learns: the members of the team, or oneself: (member, person, role, oneself).
    fn learners(&self) -> Result<Vec<(String, String, String, bool)>, AppError> {
        let own = self.store.read(|db| settings::get(db, facts::PERSON_ID))?;
        let members = match own {
            Some(_) => self.members().unwrap_or_default(),
            None => Vec::new(),
        };
        let there = members.into_iter().filter(|m| m.devices.iter().any(|d| !d.revoked));
        let mut all: Vec<_> = there
            .map(|m| {
                let me = m.devices.iter().any(|d| d.this);
                (m.id.replace('-', ""), m.person, m.role, me)
            })
            .collect();
        if !all.iter().any(|(.., me)| *me) {
            all.push((own.unwrap_or_default(), self.person.clone(), "owner".to_owned(), true));
        }
        Ok(all)
    }

    fn trainings(&self) -> Result<Vec<Kept>, AppError> {
        let catalogue = self.catalogue();
        let rows = self.store.glance::<_, StorageError>(|db| {
            let query = ListQuery { sort: vec![("done_at".into(), true)], ..ListQuery::all(Kind::Training) };
            let mut found = lists::rows(db, &catalogue, &query)?;
            found.truncate(SHOWN);
            lists::page(db, &catalogue, Kind::Training, &found)
        })?;
        let kept = rows.iter().map(|row| {
            let text = |key: &str| row.fields.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
            let version = row.fields.get("version").and_then(Json::as_f64).unwrap_or_default();
            let items = row.fields.get("items").cloned().unwrap_or_default();
            let kept = Kept {
                id: row.id,
                person: text("person"),
                member: text("member"),
                items: serde_json::from_value(items).unwrap_or_default(),
                done_at: instant(&text("done_at")),
            };
            (version as u32 == VERSION).then_some(kept)
        });
        Ok(kept.flatten().collect())
    }

    /// Notes what one has gone through; an admin may note it of somebody else.
    pub fn mark_training(&self, items: &[String], of: Option<&str>) -> Result<StaffView, AppError> {
        let view = self.staff()?;
        let found = match of {
            None => view.people.iter().find(|one| one.me),
            Some(name) => view.people.iter().find(|one| one.person.eq_ignore_ascii_case(name)),
        };
        let Some(one) = found else {
            return Err(AppError::not_found("member", of.unwrap_or_default()));
        };
        if !one.me && !view.admin {
            return Err(AppError::refused("an admin of the team notes what others have gone through"));
        }
        if let Some(unknown) = items.iter().find(|id| !one.items.iter().any(|item| item.id == **id)) {
            let known: Vec<&str> = one.items.iter().map(|item| item.id.as_str()).collect();
            let message =
                format!("there is no item «{unknown}» for this role; there are {}", known.join(", "));
            return Err(AppError::new(Code::NotFound, message));
        }
        let again = one.state == TrainingState::Again;
        let kept = one.items.iter().filter(|item| item.done && !again).map(|item| item.id.clone());
        let mut all: Vec<String> = kept.collect();
        all.extend(items.iter().filter(|id| !all.contains(id)).cloned().collect::<Vec<_>>());
        let whole = one.items.iter().all(|item| all.contains(&item.id));
        let mut wanted = Registers::new();
        Value::Tags(all).to_registers("items", &mut wanted);
        if whole {
            let at = one.done_at.as_deref().and_then(instant).filter(|_| one.state == TrainingState::Done);
            Value::DateTime(at.unwrap_or_else(now)).to_registers("done_at", &mut wanted);
        }
        self.write_training(one, wanted)?;
        self.staff()
    }

    fn write_training(&self, one: &TrainingView, mut wanted: Registers) -> Result<(), AppError> {
        if let Some(id) = one.record {
            let plan = |now: &Registers| {
                ["items", "done_at"].iter().flat_map(|key| difference(key, now, &wanted)).collect::<Changes>()
            };
            return self.write_registers(&[id], "training", &plan, &mut |_| {}, &Cancel::default()).map(drop);
        }
        for (key, value) in [
            ("person", Value::Text(one.person.clone())),
            ("member", Value::Text(one.member.clone())),
            ("version", Value::Number(f64::from(VERSION))),
        ] {
            value.to_registers(key, &mut wanted);
        }
        let whose = if one.member.is_empty() { &one.person } else { &one.member };
        let id = self.derive_id(&["training", whose, &VERSION.to_string()]);
        match self.kind_of(id) {
            // It is in the trash: somebody has taken it back.
            Ok(_) => {
                let plan = |now: &Registers| {
                    let mut changes = crate::records::out_of_trash(now);
                    changes.extend(["items", "done_at"].iter().flat_map(|key| difference(key, now, &wanted)));
                    changes
                };
                self.write_registers(&[id], "training", &plan, &mut |_| {}, &Cancel::default()).map(drop)
            }
            Err(_) => self.together("training", &[(id, Kind::Training, wanted)], &[]).map(drop),
        }
    }
}

fn training((member, person, role, me): (String, String, String, bool), kept: &[Kept]) -> TrainingView {
    // One who was alone when he began had no team that knows him.
    let own = |k: &&Kept| k.member == member || me && k.member.is_empty() && k.person == person;
    let kept = kept.iter().find(own);
    let late = |at: i64| now() - at > AGAIN_AFTER_DAYS * DAY;
    let items: Vec<ItemState> = training::items(&role)
        .iter()
        .map(|item| ItemState {
            id: item.id.to_owned(),
            text: item.text.into(),
            done: kept.is_some_and(|k| k.items.iter().any(|id| id == item.id)),
        })
        .collect();
    let done_at = kept.and_then(|k| k.done_at);
    let whole = items.iter().all(|item| item.done);
    TrainingView {
        state: match done_at {
            Some(at) if whole && late(at) => TrainingState::Again,
            Some(_) if whole => TrainingState::Done,
            _ => TrainingState::Open,
        },
        done_at: done_at.filter(|_| whole).map(rfc3339),
        record: kept.map(|k| k.id),
        items,
        person,
        role,
        me,
        member,
    }
}
