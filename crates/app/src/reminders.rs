//! Reminders: what is to be told now, once, and what comes next. A device tells of what is its person's; what it has told
//! of is its own affair.

use crate::{
    AppError, Session,
    error::Code,
    series::series_of,
    settings::Reminders,
    views::{ReminderView, RemindersView},
};
use jiff::{Timestamp, ToSpan, civil::DateTime, tz::TimeZone};
use satchel_domain::{
    RecordId,
    date::clock,
    remind::{self, Look, Moment, Remind},
    text::sort_key,
};
use satchel_storage::{
    Connection, StorageError,
    deals::Whose,
    reminders::{self, Remindable},
    series, settings,
};
use std::{collections::BTreeMap, sync::PoisonError};

/// Reminders of each kind that one look takes in.
const MOST: u32 = 2_000;
/// What came due earlier than so many days ago is not told of any more.
const BACK: i64 = 31;
/// What comes next is looked for so many days ahead.
const AHEAD: i64 = 7;
/// What was told of is remembered for so many days.
const REMEMBERED: i64 = 90;
/// Who hears of something later than so many minutes was away.
const AWAY: u64 = 2;
/// The look at the clock is written down at least so often, in seconds: what an end without warning costs.
const KEPT: i64 = 10 * 60;
/// What stands here was the last look at the clock of this device.
const LOOKED: &str = "reminders.looked";

/// What one look at the clock leads to.
#[derive(Debug, Default, PartialEq)]
pub struct Told {
    /// What came due since the last look.
    pub now: Vec<ReminderView>,
    /// It came due while nobody was here to tell of it.
    pub away: bool,
    /// When the next ones are due, in order.
    pub next: Vec<Timestamp>,
}

impl Session {
    /// Looks at the clock, and takes down what is told of: it is not told of again.
    pub fn remind(&self, at: Timestamp, zone: &TimeZone) -> Result<Told, AppError> {
        let now = Look::new(at, zone);
        let wanted = self.settings()?.reminders;
        let since = self.last_look()?.unwrap_or(now);
        if !wanted.on {
            self.note_look(&now, &[])?;
            return Ok(Told::default());
        }
        let all = self.reminders_of(&wanted, &now, zone)?;
        let came = |(item, moment): &&(Remindable, Moment)| {
            moment.came(&since, &now) && item.told.as_deref() != Some(moment.name().as_str())
        };
        let due: Vec<&(Remindable, Moment)> = all.iter().filter(came).collect();
        self.note_look(&now, &due)?;
        let due = once_each(due);
        let ahead = all.iter().filter(|(_, moment)| moment.is_ahead(&now));
        Ok(Told {
            away: due.iter().any(|(_, moment)| moment.minutes_ago(&now) >= AWAY),
            now: due.into_iter().map(|(item, moment)| view(item, moment, zone)).collect(),
            next: ahead.filter_map(|(_, moment)| moment.instant(zone)).collect(),
        })
    }

    /// What came due in the days before a moment and is still open, and what comes next. Nothing is taken down.
    pub fn reminders(&self, at: Timestamp, zone: &TimeZone) -> Result<RemindersView, AppError> {
        let now = Look::new(at, zone);
        let wanted = self.settings()?.reminders;
        let all = self.reminders_of(&wanted, &now, zone)?;
        let (next, due): (Vec<_>, Vec<_>) = all.iter().partition(|(_, moment)| moment.is_ahead(&now));
        let views = |list: Vec<&(Remindable, Moment)>| {
            list.into_iter().map(|(item, moment)| view(item, moment, zone)).collect()
        };
        Ok(RemindersView { on: wanted.on, due: views(once_each(due)), next: views(next) })
    }

    /// All that this person may be told of, in the order in which it comes.
    fn reminders_of(
        &self,
        wanted: &Reminders,
        now: &Look,
        zone: &TimeZone,
    ) -> Result<Vec<(Remindable, Moment)>, AppError> {
        let (first, last) = (
            now.wall.checked_sub(BACK.days()).map_err(|_| no_time())?,
            now.wall.checked_add(AHEAD.days()).map_err(|_| no_time())?,
        );
        let earliest = Moment::Wall(first).instant(zone).ok_or_else(no_time)?;
        let owner = sort_key(&self.person);
        let far = last.date().checked_add(i64::from(remind::EARLIEST).days()).map_err(|_| no_time())?;
        let (from, to, far) = (first.date().to_string(), last.date().to_string(), far.to_string());
        let asked = reminders::Asked {
            owner: &owner,
            days: (&from, &to),
            far: &far,
            from: earliest.as_millisecond(),
            limit: MOST,
        };
        let (begins, ends) =
            (earliest.as_millisecond(), Moment::Wall(last).instant(zone).ok_or_else(no_time)?);
        let ends = ends.as_millisecond().saturating_add(i64::from(remind::EARLIEST) * 86_400_000);
        let items = self.store.glance::<_, StorageError>(|db| {
            let mut items = reminders::remindable(db, asked)?;
            items.extend(times_of_series(db, (begins, ends), &owner)?);
            Ok(items)
        })?;
        let usual = minutes(&wanted.at);
        let mut out: Vec<(DateTime, Remindable, Moment)> = Vec::new();
        for item in items {
            let Some(moment) = moment_of(&item, usual, zone) else { continue };
            let wall = moment.wall(zone);
            if (first..=last).contains(&wall) {
                out.push((wall, item, moment));
            }
        }
        out.sort_by_key(|(wall, item, _)| (*wall, item.id));
        Ok(out.into_iter().map(|(_, item, moment)| (item, moment)).collect())
    }

    /// The last look at the clock, also that of an earlier run.
    fn last_look(&self) -> Result<Option<Look>, AppError> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner).map(|(look, _)| look);
        match looked {
            Some(look) => Ok(Some(look)),
            None => Ok(self.store.glance(|db| settings::get(db, LOOKED))?.and_then(|text| read_look(&text))),
        }
    }

    fn note_look(&self, now: &Look, due: &[&(Remindable, Moment)]) -> Result<(), AppError> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = looked.map(|(_, kept)| kept);
        let fresh = kept.is_some_and(|kept| (0..KEPT).contains(&now.at.duration_since(kept).as_secs()));
        if fresh && due.is_empty() {
            *looked = kept.map(|kept| (*now, kept));
            return Ok(());
        }
        self.keep_look(now, due)?;
        *looked = Some((*now, now.at));
        Ok(())
    }

    fn keep_look(&self, now: &Look, due: &[&(Remindable, Moment)]) -> Result<(), AppError> {
        let before = now.wall.date().checked_sub(REMEMBERED.days()).map_err(|_| no_time())?;
        self.store.write_aside::<_, StorageError>(|tx| {
            settings::put(tx, LOOKED, &format!("{} {}", now.wall, now.at))?;
            due.iter().try_for_each(|(item, moment)| {
                reminders::tell(tx, item.id, item.occurrence.as_deref(), &moment.name())
            })?;
            reminders::forget(tx, &before.to_string())
        })?;
        Ok(())
    }

    /// On closing: the next run goes on from here.
    pub(crate) fn keep_last_look(&self) {
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be written is an older look: what was told of is known all the same.
        if let Some((look, kept)) = looked
            && look.at != kept
        {
            let _ = self.keep_look(&look, &[]);
        }
    }
}

/// Meetings that come again and want to be told of, at each of their times.
fn times_of_series(
    db: &Connection,
    bounds: (i64, i64),
    owner: &str,
) -> Result<Vec<Remindable>, StorageError> {
    let mut out = Vec::new();
    for kept in series::between(db, bounds, Whose::Mine(owner), MOST)? {
        // At a moment of its own it is told of once: what was typed is no time of a series.
        let remind = kept.remind.as_deref().and_then(Remind::parse);
        let (Some(_), Some(series)) =
            (remind.filter(|r| !matches!(r, Remind::On(_) | Remind::Never)), series_of(&kept))
        else {
            continue;
        };
        let at = |millis| Timestamp::from_millisecond(millis).ok();
        let (Some(from), Some(to)) = (at(bounds.0), at(bounds.1)) else { continue };
        let (Some(item), times) = (reminders::of_series(db, kept.row)?, series.between(from, to)) else {
            continue;
        };
        let told: BTreeMap<String, String> = reminders::told_days(db, kept.id)?.into_iter().collect();
        out.extend(times.into_iter().map(|(day, at)| {
            let day = day.to_string();
            Remindable {
                at: Some(at.as_millisecond()),
                told: told.get(&day).cloned(),
                occurrence: Some(day),
                ..item.clone()
            }
        }));
    }
    Ok(out)
}

/// Of what comes again and came several times while nobody was here, one is told of the last.
fn once_each(due: Vec<&(Remindable, Moment)>) -> Vec<&(Remindable, Moment)> {
    let last: BTreeMap<RecordId, usize> =
        due.iter().enumerate().map(|(at, (item, _))| (item.id, at)).collect();
    let is_last = |(at, (item, _)): &(usize, &(Remindable, Moment))| last.get(&item.id) == Some(at);
    due.into_iter().enumerate().filter(is_last).map(|(_, one)| one).collect()
}

/// The clock of this computer.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Where this computer is. Another zone is known a few minutes after it was set.
pub fn local_zone() -> TimeZone {
    TimeZone::system()
}

/// A moment as somebody gives it: RFC 3339, or by the clock of a place.
pub fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, AppError> {
    let text = text.trim();
    let by_clock = || Some(text.parse::<DateTime>().ok()?.to_zoned_datetime(zone.clone()).ok()?.timestamp());
    text.parse::<Timestamp>().ok().or_else(by_clock).ok_or_else(|| {
        AppError::new(Code::Usage, format!("{text} is no moment; write 2026-11-27T09:00, or with Z in UTC"))
    })
}

fn moment_of(item: &Remindable, usual: Option<u16>, zone: &TimeZone) -> Option<Moment> {
    // What another device has written and cannot be read here counts as nothing said.
    let remind = item.remind.as_deref().and_then(Remind::parse);
    match item.at {
        Some(at) => remind::of_meeting(remind?, Timestamp::from_millisecond(at).ok()?, zone),
        None => {
            let due = item.due.as_deref().and_then(|due| due.parse().ok());
            remind::of_task(remind, due, item.due_time.as_deref().and_then(minutes), usual)
        }
    }
}

/// `09:30` in minutes since midnight; nothing where it is no time.
pub(crate) fn minutes(text: &str) -> Option<u16> {
    let text = clock(text)?;
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?)
}

fn view(item: &Remindable, moment: &Moment, zone: &TimeZone) -> ReminderView {
    let with: Vec<&str> =
        [&item.person, &item.company].into_iter().map(String::as_str).filter(|n| !n.is_empty()).collect();
    let starts = item.at.and_then(|at| Timestamp::from_millisecond(at).ok()).map(Moment::Fixed);
    ReminderView {
        id: item.id,
        kind: item.kind,
        title: item.called.clone(),
        with: with.join(", "),
        at: moment.wall(zone).strftime("%Y-%m-%dT%H:%M").to_string(),
        day: starts.map_or_else(|| item.due.clone(), |m| Some(m.wall(zone).date().to_string())),
        time: starts
            .map_or_else(|| item.due_time.clone(), |m| Some(m.wall(zone).strftime("%H:%M").to_string())),
        told: item.told.as_deref() == Some(moment.name().as_str()),
        occurrence: item.occurrence.clone(),
    }
}

fn read_look(text: &str) -> Option<Look> {
    let (wall, at) = text.split_once(' ')?;
    Some(Look { wall: wall.parse().ok()?, at: at.parse().ok()? })
}

fn no_time() -> AppError {
    AppError::new(Code::Usage, "the clock of this computer is too far off for reminders; set it right")
}
