//! The calendar: meetings, visits, calls and tasks between two days.

use crate::{
    AppError, Session,
    day::day,
    error::Code,
    series::{self, Time},
    views::{CalendarItem, CalendarView},
};
use jiff::{ToSpan, tz::TimeZone};
use satchel_domain::{date::rfc3339, text::sort_key};
use satchel_storage::{
    Connection,
    calendar::{self, Asked, Entry},
    deals::Whose,
};
use serde::Deserialize;
use std::collections::HashMap;

/// Entries of each kind that one look at the calendar shows.
const MOST: u32 = 2000;
/// Days that one look shows: six weeks are a month, with what stands beside it.
const DAYS: i32 = 62;

/// What of the calendar is asked.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct CalendarRequest {
    /// The first day, and the one after the last: `2026-11-27`.
    pub from: String,
    pub to: String,
    /// When these begin where one is, in epoch milliseconds.
    #[specta(type = f64)]
    pub begins: i64,
    #[specta(type = f64)]
    pub ends: i64,
    /// Nothing: everybody's.
    pub owner: Option<String>,
}

impl CalendarRequest {
    /// Some days from one on, by the clock of this computer.
    pub fn of_days(from: &str, days: u32, owner: Option<String>) -> Result<Self, AppError> {
        Self::of_days_in(from, days, owner, &TimeZone::system())
    }

    fn of_days_in(from: &str, days: u32, owner: Option<String>, zone: &TimeZone) -> Result<Self, AppError> {
        let first = day(from)?;
        let last = first.checked_add(i64::from(days).days()).map_err(|_| too_far(from))?;
        // Where clocks are put forward at midnight, a day begins later.
        let begins = |day: jiff::civil::Date| -> Result<i64, AppError> {
            let midnight = day.to_zoned_datetime(zone.clone()).map_err(|_| too_far(from))?;
            Ok(midnight.timestamp().as_millisecond())
        };
        let (from, to) = (first.to_string(), last.to_string());
        Ok(Self { from, to, begins: begins(first)?, ends: begins(last)?, owner })
    }
}

impl Session {
    /// What stands in the calendar: tasks by their day, all else by its moment; each kind in order.
    pub fn calendar(&self, asked: &CalendarRequest) -> Result<CalendarView, AppError> {
        let (from, to) = (day(&asked.from)?, day(&asked.to)?);
        let days = (to - from).get_days();
        if !(1..=DAYS).contains(&days) || asked.begins >= asked.ends {
            return Err(AppError::new(Code::Usage, format!("a calendar shows from 1 to {DAYS} days")));
        }
        let limits = Asked { owner: asked.owner.as_deref().filter(|o| !o.is_empty()), limit: MOST };
        self.store.glance::<_, AppError>(|db| {
            let tasks = calendar::tasks(db, (&asked.from, &asked.to), limits)?;
            let activities = calendar::activities(db, (asked.begins, asked.ends), limits)?;
            let owner = limits.owner.map(sort_key);
            let whose = owner.as_deref().map_or(Whose::Everybody, Whose::Of);
            let mut times = series::times(db, (asked.begins, asked.ends), calendar::LONGEST, whose)?;
            let more = tasks.len() >= MOST as usize || activities.len() + times.len() >= MOST as usize;
            times.truncate(MOST as usize);
            let mut activities: Vec<CalendarItem> = activities.into_iter().map(item).collect();
            activities.extend(times_of(db, times)?);
            activities.sort_by(|a, b| a.at.cmp(&b.at));
            Ok(CalendarView { items: tasks.into_iter().map(item).chain(activities).collect(), more })
        })
    }
}

/// What comes again, at each of these times.
fn times_of(db: &Connection, times: Vec<Time>) -> Result<Vec<CalendarItem>, AppError> {
    let mut known: HashMap<i64, Option<Entry>> = HashMap::new();
    let mut out = Vec::with_capacity(times.len());
    for time in times {
        let row = time.kept.row;
        let entry = match known.get(&row) {
            Some(entry) => entry.clone(),
            None => known.entry(row).or_insert(calendar::activity(db, row)?).clone(),
        };
        out.extend(entry.map(|entry| CalendarItem {
            occurrence: Some(time.day.to_string()),
            ..item(Entry { at: Some(time.at.as_millisecond()), ..entry })
        }));
    }
    Ok(out)
}

/// The day and the time of day that a moment has where one is.
pub fn local_moment(at: &str) -> (String, String) {
    let Ok(at) = at.parse::<jiff::Timestamp>() else { return Default::default() };
    let here = at.to_zoned_datetime(TimeZone::system());
    (here.date().to_string(), here.strftime("%H:%M").to_string())
}

fn item(entry: Entry) -> CalendarItem {
    CalendarItem {
        id: entry.id,
        kind: entry.kind,
        title: entry.called,
        ty: entry.ty,
        at: entry.at.map(rfc3339),
        minutes: entry.minutes,
        due: entry.due,
        due_time: entry.due_time,
        done: entry.done,
        repeat: entry.repeat,
        occurrence: None,
        person: entry.person,
        company: entry.company,
        place: entry.place,
        owner: entry.owner,
    }
}

fn too_far(day: &str) -> AppError {
    AppError::new(Code::Usage, format!("{day} is too far away for a calendar"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_as_long_as_its_clock_says() {
        let hours = |zone: &str, from: &str| {
            let zone = TimeZone::get(zone).unwrap();
            let asked = CalendarRequest::of_days_in(from, 1, None, &zone).unwrap();
            (asked.ends - asked.begins) / 3_600_000
        };
        assert_eq!(hours("Europe/Madrid", "2026-11-27"), 24);
        assert_eq!(hours("Europe/Madrid", "2026-03-29"), 23, "clocks are put forward");
        assert_eq!(hours("Europe/Madrid", "2026-10-25"), 25, "and back");
        assert_eq!(hours("America/Asuncion", "2024-10-06"), 23, "at midnight itself");
        assert!(CalendarRequest::of_days("2026-02-30", 7, None).is_err());
        assert!(CalendarRequest::of_days("9999-12-30", 7, None).is_err());
    }
}
