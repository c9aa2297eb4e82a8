//! The visits of a day: who is seen in which order, and who else is on the way.

use crate::{
    AppError, Session,
    day::day,
    error::Code,
    lists::row_view,
    records::FieldInput,
    reminders::minutes,
    series,
    session::now,
    views::{Lacks, RowView, StopView, VisitsView, WhySeen, Written},
};
use satchel_document::Changes;
use satchel_domain::{
    Kind, RecordId, Scalar,
    date::{instant, rfc3339},
    place::{self, How, Place},
    route::{self, Day},
    series::OCCURRENCE,
    text::sort_key,
    value::Address,
};
use satchel_storage::{Connection, StorageError, deals::Whose, documents, lists, visits};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Stops of one day, and those that are offered besides.
const STOPS: usize = route::MOST;
const OFFERED: usize = 12;
/// Lines that are looked through for them.
const LINES: u32 = 200;
/// Who is nearer to one of the stops is on the way, in kilometres.
const NEAR: f64 = 15.0;
/// Neighbours in one cell of the map, in all, and those whose dealings are looked at.
const IN_CELL: u32 = 200;
const NEIGHBOURS: usize = 3_000;
const LOOKED_AT: usize = 150;
/// Places of a zone from which another is guessed.
const SAMPLES: u32 = 25;
/// Days after which a customer has not been visited for long.
const LONG: i64 = 60;
/// Minutes for a visit that says nothing.
const USUAL: u16 = 30;

/// The visits of which day, and how they are to be ordered.
#[derive(Clone, Debug, Default, Deserialize, specta::Type)]
#[serde(default)]
pub struct VisitsRequest {
    /// `2026-11-27`, and when it begins and ends where one is, in epoch milliseconds.
    pub day: String,
    #[specta(type = f64)]
    pub begins: i64,
    #[specta(type = f64)]
    pub ends: i64,
    /// Where it begins: `41.1496, -8.6109`; nothing: as in the settings, else at the first stop.
    pub from: Option<String>,
    /// When: `09:00`.
    pub starts: Option<String>,
    /// The stops in an order that somebody has chosen; those that are not named come last. Empty: a sensible one.
    pub order: Vec<RecordId>,
    /// Whom one sees besides: companies, people, and tasks of other days.
    pub added: Vec<RecordId>,
    /// Tasks give up their hours for a shorter way.
    pub again: bool,
}

impl VisitsRequest {
    /// A day by the clock of this computer; nothing: today.
    pub fn of_day(text: Option<&str>) -> Result<Self, AppError> {
        let (today, _) = crate::local_day();
        let text = text.map_or(today, str::to_owned);
        let asked = crate::CalendarRequest::of_days(&text, 1, None)?;
        Ok(Self { day: asked.from, begins: asked.begins, ends: asked.ends, ..Self::default() })
    }
}

/// A stop before it is put in order.
struct Candidate {
    view: StopView,
    place: Option<Place>,
    at: Option<u16>,
    minutes: u16,
}

impl Session {
    /// The stops of a day in order, those without a place, and who else may be seen.
    pub fn visits(&self, asked: &VisitsRequest) -> Result<VisitsView, AppError> {
        day(&asked.day)?;
        let from = self.day_begins_at(asked)?;
        let starts = asked.starts.as_deref().unwrap_or("09:00");
        let begins = minutes(starts)
            .ok_or_else(|| AppError::new(Code::Usage, format!("{starts} is no time of day; write 09:00")))?;
        let mut all = self.candidates(asked, over_before(asked, begins, now()))?;
        all.truncate(2 * STOPS);
        let (placed, unplaced): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.place.is_some());
        let day = Day { from, begins };
        let stops: Vec<route::Stop> = placed.iter().filter_map(stop).collect();
        let order = match asked.order.is_empty() {
            true => day.order(&stops),
            false => chosen(&placed, &asked.order),
        };
        let legs = day.legs(&stops, &order);
        let mut placed: Vec<Option<Candidate>> = placed.into_iter().map(Some).collect();
        let mut view = VisitsView {
            kilometres: legs.iter().map(|leg| leg.kilometres).sum(),
            from: from.map(|place| place.to_string()),
            more: stops.len() > STOPS,
            ..VisitsView::default()
        };
        for leg in &legs {
            let Some(mut one) = placed.get_mut(leg.stop).and_then(Option::take) else { continue };
            one.view.arrives = hour(leg.arrives);
            one.view.kilometres = Some(leg.kilometres);
            one.view.late = leg.late;
            view.stops.push(one.view);
        }
        view.unplaced = unplaced.into_iter().map(|one| one.view).collect();
        view.suggested = self.suggested(asked, from, &view)?;
        Ok(view)
    }

    /// Writes the hours of a plan into its tasks, and makes tasks of whom one sees besides: one step to undo. `subject` is
    /// what such a task is called, with the name in the place of `{}`.
    pub fn plan_visits(&self, asked: &VisitsRequest, subject: &str) -> Result<Written, AppError> {
        let view = self.visits(asked)?;
        let mut made = Vec::new();
        let mut edited: Vec<(RecordId, Changes)> = Vec::new();
        let text = |text: &str| Some(Scalar::Str(text.to_owned()));
        for stop in view.stops.iter().chain(&view.unplaced) {
            match stop.kind {
                Kind::Task => {
                    let mut changes = Changes::new();
                    if stop.day.as_deref() != Some(asked.day.as_str()) {
                        changes.push(("due".to_owned(), text(&asked.day)));
                    }
                    if let Some(arrives) =
                        stop.arrives.as_deref().filter(|at| !stop.fixed && stop.time.as_deref() != Some(at))
                    {
                        changes.push(("due_time".to_owned(), text(arrives)));
                    }
                    if !changes.is_empty() {
                        edited.push((stop.id, changes));
                    }
                }
                Kind::Company | Kind::Person => {
                    let mut input: FieldInput = self.links_of(stop.id)?;
                    let name: String = stop.title.chars().take(150).collect();
                    input.insert("subject".to_owned(), subject.replacen("{}", &name, 1).into());
                    input.insert("due".to_owned(), asked.day.clone().into());
                    input.extend(stop.arrives.clone().map(|at| ("due_time".to_owned(), at.into())));
                    made.push(self.prepared_by(Kind::Task, &input)?);
                }
                _ => {}
            }
        }
        let first = made.first().map(|(id, ..)| *id).or_else(|| edited.first().map(|(id, _)| *id));
        let Some(id) = first else {
            let any = view.stops.first().map(|stop| stop.id);
            let none = || AppError::refused("there is nothing to plan on that day; add somebody to see");
            return Ok(Written { id: any.ok_or_else(none)?, operation: None });
        };
        let operation = self.together("plan", &made, &edited)?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// Where a record is, as far as it is known, for a map that somebody asks for.
    pub fn place_of(&self, id: RecordId) -> Result<Place, AppError> {
        let found = self.store.glance::<_, AppError>(|db| {
            let row = self.row_of(db, id)?.ok_or_else(|| AppError::not_found("record", id))?;
            Ok(self.where_is(db, &row)?.0.map(|(place, _)| place))
        })?;
        found.ok_or_else(|| {
            AppError::refused("it is not known where this is; write down its latitude and longitude")
        })
    }

    fn day_begins_at(&self, asked: &VisitsRequest) -> Result<Option<Place>, AppError> {
        let text = match &asked.from {
            Some(text) => text.clone(),
            None => self.settings()?.start,
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        let bad = || AppError {
            field: Some("from".to_owned()),
            ..AppError::new(
                Code::Usage,
                format!("{} is no place; write latitude, longitude such as 41.1496, -8.6109", text.trim()),
            )
        };
        Place::parse(&text).map(Some).ok_or_else(bad)
    }

    /// What stands on the day, is not over and leads to somebody, and whom one has added.
    fn candidates(&self, asked: &VisitsRequest, over_before: i64) -> Result<Vec<Candidate>, AppError> {
        let owner = sort_key(&self.person);
        self.store.glance::<_, AppError>(|db| {
            let mut rows: Vec<RowView> = Vec::new();
            for row in visits::planned(db, &owner, (asked.begins, asked.ends), LINES)? {
                let activity = self.view_of(db, Kind::Activity, row)?;
                rows.extend(activity);
            }
            for time in series::times(db, (asked.begins, asked.ends), 0, Whose::Mine(&owner))? {
                if time.kept.ty != "call"
                    && let Some(row) = lists::one(db, &self.catalogue(), Kind::Activity, time.kept.row)?
                {
                    rows.push(series::row_at(row, &time));
                }
            }
            rows.retain(|activity| ends(activity) >= over_before);
            rows.sort_by_key(|row| row.fields.get("at").and_then(|at| instant(at.as_str()?)));
            for row in visits::to_do(db, &owner, (&asked.day, &asked.day), LINES)? {
                let task = self.view_of(db, Kind::Task, row)?;
                rows.extend(task.filter(|task| about(task).is_some()));
            }
            let known: BTreeSet<RecordId> = rows.iter().map(|row| row.id).collect();
            let mut added: BTreeSet<RecordId> = BTreeSet::new();
            for id in asked.added.iter().filter(|id| !known.contains(id)).take(STOPS) {
                if added.insert(*id) {
                    rows.extend(self.row_of(db, *id)?.filter(|row| row.deleted_at.is_none()));
                }
            }
            rows.into_iter().map(|row| self.candidate(db, asked, row)).collect()
        })
    }

    fn candidate(&self, db: &Connection, asked: &VisitsRequest, row: RowView) -> Result<Candidate, AppError> {
        let text = |key: &str| row.fields.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        let time = match row.kind {
            Kind::Activity => text("at").map(|at| crate::local_moment(&at).1),
            _ => text("due_time").filter(|_| text("due").as_deref() == Some(asked.day.as_str())),
        };
        let fixed = row.kind == Kind::Activity || (row.kind == Kind::Task && !asked.again);
        let at = time
            .as_deref()
            .and_then(minutes)
            .filter(|_| fixed && (asked.order.is_empty() || row.kind == Kind::Activity));
        let (whom, whom_title) = about(&row).unwrap_or((row.id, row.title.clone()));
        let whom_row = self.row_of(db, whom)?;
        let (found, address) = match &whom_row {
            Some(whom) => self.where_is(db, whom)?,
            None => (None, String::new()),
        };
        let lacks = match (&found, whom_row.is_some() && whom != row.id || row.kind != Kind::Activity) {
            (Some(_), _) => None,
            (None, false) => Some(Lacks::Whom),
            (None, true) if address.is_empty() => Some(Lacks::Address),
            (None, true) => Some(Lacks::Place),
        };
        let names: BTreeSet<&String> = ["person", "company"]
            .iter()
            .filter_map(|key| row.titles.get(*key))
            .filter(|t| **t != row.title)
            .collect();
        let lasts = lasts(&row);
        let view = StopView {
            id: row.id,
            kind: row.kind,
            title: row.title.clone(),
            ty: text("type").unwrap_or_default(),
            whom: Some(whom).filter(|_| whom_row.is_some()),
            whom_kind: whom_row.as_ref().map(|whom| whom.kind),
            whom_title: if whom_row.is_some() { whom_title } else { String::new() },
            with: names.into_iter().cloned().collect::<Vec<_>>().join(", "),
            address,
            place: found.map(|(place, _)| place.to_string()),
            how: found.map(|(_, how)| how),
            lacks,
            fixed: at.is_some(),
            day: text("due").or_else(|| text(OCCURRENCE).filter(|_| row.fields.contains_key("repeat"))),
            time,
            minutes: u32::from(lasts),
            arrives: None,
            late: 0,
            kilometres: None,
            reasons: Vec::new(),
            last_visit: None,
            open_deals: 0,
        };
        Ok(Candidate { view, place: found.map(|(place, _)| place), at, minutes: lasts })
    }

    /// Where somebody is, and the address in a line.
    fn where_is(&self, db: &Connection, row: &RowView) -> Result<(Option<(Place, How)>, String), AppError> {
        let (found, address) = self.own_place(db, row)?;
        // Somebody who says nothing is where the firm is.
        let firm = row.fields.get("company").and_then(|c| c.as_str()).and_then(|c| c.parse().ok());
        match (found, row.kind, firm) {
            (None, Kind::Person, Some(firm)) => {
                let Some(firm) = self.row_of(db, firm)? else { return Ok((None, address)) };
                let (place, of_firm) = self.own_place(db, &firm)?;
                Ok((place, if address.is_empty() { of_firm } else { address }))
            }
            (found, ..) => Ok((found, address)),
        }
    }

    fn own_place(&self, db: &Connection, row: &RowView) -> Result<(Option<(Place, How)>, String), AppError> {
        let addresses = row.fields.get("addresses").cloned().unwrap_or_default();
        let addresses: Vec<Address> = serde_json::from_value(addresses).unwrap_or_default();
        let line = addresses.first().map(Address::line).unwrap_or_default();
        let own = row.fields.get("location").and_then(|l| l.as_str()).and_then(Place::parse);
        if let Some(own) = own {
            return Ok((Some((own, How::Own)), line));
        }
        for zone in addresses.first().map(place::zones).unwrap_or_default() {
            let there = visits::in_zone(db, &zone.key, SAMPLES)?;
            let places: Vec<Place> = there.iter().filter_map(|text| Place::parse(text)).collect();
            if let Some(middle) = Place::middle(&places) {
                return Ok((Some((middle, zone.how)), line));
            }
        }
        Ok((None, line))
    }

    /// Customers on the way who have not been seen for long, with whom a deal is open or something is to be done, and
    /// tasks with somebody that are overdue.
    fn suggested(
        &self,
        asked: &VisitsRequest,
        from: Option<Place>,
        planned: &VisitsView,
    ) -> Result<Vec<StopView>, AppError> {
        let places: Vec<Place> = planned
            .stops
            .iter()
            .filter_map(|stop| Place::parse(stop.place.as_deref()?))
            .chain(from)
            .collect();
        let all = planned.stops.iter().chain(&planned.unplaced);
        let seen: BTreeSet<RecordId> =
            all.clone().flat_map(|stop| [Some(stop.id), stop.whom]).flatten().collect();
        let cells: BTreeSet<String> = places.iter().flat_map(|place| place.cells_around(NEAR)).collect();
        let owner = sort_key(&self.person);
        self.store.glance::<_, AppError>(|db| {
            let mut out = self.overdue(db, asked, &seen)?;
            let taken: BTreeSet<RecordId> = out.iter().filter_map(|stop| stop.whom).chain(seen).collect();
            let mut near: Vec<(f64, visits::Neighbour)> = Vec::new();
            for cell in &cells {
                for one in visits::in_cell(db, cell, &owner, IN_CELL)? {
                    let Some(place) = Place::parse(&one.location).filter(|_| !taken.contains(&one.id)) else {
                        continue;
                    };
                    let far = places.iter().map(|p| p.kilometres(&place)).fold(f64::INFINITY, f64::min);
                    if far <= NEAR {
                        near.push((far, one));
                    }
                }
                if near.len() >= NEIGHBOURS {
                    break;
                }
            }
            near.sort_by(|a, b| {
                (a.0, a.1.id).partial_cmp(&(b.0, b.1.id)).unwrap_or(std::cmp::Ordering::Equal)
            });
            let mut offered = Vec::new();
            for (far, one) in near.into_iter().take(LOOKED_AT) {
                offered.extend(self.neighbour(db, asked, far, &one)?);
            }
            // Who has more reasons first, then who is nearer; the sort keeps that.
            offered.sort_by_key(|stop: &StopView| std::cmp::Reverse(stop.reasons.len()));
            out.extend(offered);
            out.truncate(OFFERED);
            Ok(out)
        })
    }

    fn overdue(
        &self,
        db: &Connection,
        asked: &VisitsRequest,
        seen: &BTreeSet<RecordId>,
    ) -> Result<Vec<StopView>, AppError> {
        let owner = sort_key(&self.person);
        let mut whom: BTreeSet<RecordId> = BTreeSet::new();
        let mut out = Vec::new();
        let before = day(&asked.day)?.yesterday().map(|day| day.to_string()).unwrap_or_default();
        for row in visits::to_do(db, &owner, ("", &before), LINES)? {
            let Some(task) = self.view_of(db, Kind::Task, row)? else { continue };
            let Some((about, _)) = about(&task) else { continue };
            if seen.contains(&task.id) || seen.contains(&about) || !whom.insert(about) {
                continue;
            }
            let mut stop = self.candidate(db, asked, task)?.view;
            stop.reasons = vec![WhySeen::FollowUp];
            out.push(stop);
            if out.len() >= OFFERED / 2 {
                break;
            }
        }
        Ok(out)
    }

    /// A neighbour, where something speaks for seeing him.
    fn neighbour(
        &self,
        db: &Connection,
        asked: &VisitsRequest,
        far: f64,
        one: &visits::Neighbour,
    ) -> Result<Option<StopView>, AppError> {
        let by = asked.ends.min(now());
        let mut known = visits::contact(db, one.kind, one.id, &asked.day, by)?;
        let met = series::last_with(db, one.kind, one.id, by)?.filter(|time| time.kept.ty != "call");
        known.last_visit = known.last_visit.max(met.map(|time| time.at.as_millisecond()));
        // Whoever was seen on that day need not be seen again.
        if known.last_visit.is_some_and(|at| at >= asked.begins) {
            return Ok(None);
        }
        let long_ago = asked.begins.saturating_sub(LONG * 86_400_000);
        let mut reasons = Vec::new();
        if known.follow_up {
            reasons.push(WhySeen::FollowUp);
        }
        if known.open_deals > 0 {
            reasons.push(WhySeen::OpenDeal);
        }
        if known.last_visit.is_none_or(|at| at < long_ago) {
            reasons.push(WhySeen::LongAgo);
        }
        if reasons.is_empty() {
            return Ok(None);
        }
        let Some(row) = self.row_of(db, one.id)? else { return Ok(None) };
        let view = self.candidate(db, asked, row)?.view;
        let last_visit = known.last_visit.map(rfc3339);
        Ok(Some(StopView {
            reasons,
            last_visit,
            kilometres: Some(far),
            open_deals: known.open_deals,
            ..view
        }))
    }

    pub(crate) fn view_of(
        &self,
        db: &Connection,
        kind: Kind,
        row: i64,
    ) -> Result<Option<RowView>, StorageError> {
        Ok(lists::one(db, &self.catalogue(), kind, row)?.map(row_view))
    }

    pub(crate) fn row_of(&self, db: &Connection, id: RecordId) -> Result<Option<RowView>, StorageError> {
        match documents::find(db, id)? {
            Some((row, kind)) => self.view_of(db, kind, row),
            None => Ok(None),
        }
    }
}

/// What ends before this moment is over: today that is when the rest begins, and never later than now.
fn over_before(asked: &VisitsRequest, begins: u16, now: i64) -> i64 {
    match (asked.begins..asked.ends).contains(&now) {
        true => asked.begins.saturating_add(i64::from(begins) * 60_000).min(now),
        false => asked.begins,
    }
}

/// When an activity ends, in epoch milliseconds.
fn ends(row: &RowView) -> i64 {
    let at = row.fields.get("at").and_then(|at| at.as_str()).and_then(|at| at.parse().ok());
    let at = at.map_or(i64::MAX, |at: jiff::Timestamp| at.as_millisecond());
    at.saturating_add(i64::from(lasts(row)) * 60_000)
}

/// Minutes that a stop takes.
fn lasts(row: &RowView) -> u16 {
    let said = row.fields.get("minutes").and_then(|m| m.as_f64()).unwrap_or_default();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let said = said.clamp(0.0, 720.0) as u16;
    if said == 0 { USUAL } else { said }
}

/// Whom a task or a meeting is about: the firm, else the person.
fn about(row: &RowView) -> Option<(RecordId, String)> {
    if matches!(row.kind, Kind::Company | Kind::Person) {
        return None;
    }
    let named = |key: &str| {
        let id = row.fields.get(key)?.as_str()?.parse().ok()?;
        Some((id, row.titles.get(key).cloned().unwrap_or_default()))
    };
    named("company").or_else(|| named("person"))
}

fn stop(one: &Candidate) -> Option<route::Stop> {
    Some(route::Stop { place: one.place?, at: one.at, minutes: one.minutes })
}

/// The places of the stops in the order that somebody has chosen; others behind.
fn chosen(all: &[Candidate], order: &[RecordId]) -> Vec<usize> {
    let place = |at: &usize| {
        let id = all.get(*at).map(|one| one.view.id);
        order.iter().position(|named| Some(*named) == id).unwrap_or(order.len())
    };
    let mut out: Vec<usize> = (0..all.len()).collect();
    out.sort_by_key(place);
    out
}

fn hour(minutes: u32) -> Option<String> {
    (minutes < 24 * 60).then(|| format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_today_is_no_stop() {
        const HOUR: i64 = 3_600_000;
        let asked = VisitsRequest { begins: 24 * HOUR, ends: 48 * HOUR, ..VisitsRequest::default() };
        let before = |begins: u16, now: i64| over_before(&asked, begins * 60, now * HOUR) / HOUR - 24;
        assert_eq!(before(15, 24 + 16), 15);
        assert_eq!(before(9, 24 + 8), 8, "a meeting at eight is still to come at eight");
        assert_eq!(before(9, 12), 0, "of another day nothing is over");
        assert_eq!(before(9, 60), 0);
    }
}
