//! Meetings that come again. A series is one record, which says how often; when it comes is reckoned for the days that
//! are asked for. A time of it that is changed is a record of its own, under an id that every device derives, and its day
//! is left out of the series in the same step.

use crate::{
    AppError, Session,
    day::day,
    error::Code,
    lists::row_view,
    records::{FieldInput, Values, out_of_trash, read_input, registers_of},
    session::now,
    views::{RecordView, RowView, SeriesView, Written},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use satchel_document::{Changes, difference};
use satchel_domain::{
    Kind, RecordId, Registers, Scalar, Value,
    register::{self, DELETED_AT},
    repeat::Repeat,
    series::{COME_AGAIN, LEFT_OUT, OCCURRENCE, SERIES, Series, ZONE, read_days},
};
use satchel_interchange::Again;
use satchel_storage::{
    Connection, StorageError,
    deals::Whose,
    documents, lists,
    series::{self, Kept},
};
use serde::Deserialize;
use std::{collections::BTreeSet, str::FromStr};

/// Series that one look takes in.
const MOST: u32 = 2_000;
/// Whoever arrives so much earlier or later is at that time of it, in milliseconds.
const NEAR: i64 = 12 * 3_600_000;
/// Series with one customer that are looked at.
const WITH_ONE: u32 = 200;

/// Which times of a series are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    This,
    /// This and all that come later.
    Later,
    All,
}

impl FromStr for Which {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self, AppError> {
        match text {
            "this" => Ok(Which::This),
            "later" => Ok(Which::Later),
            "all" => Ok(Which::All),
            _ => Err(AppError::new(Code::Usage, format!("{text} is none of this, later and all"))),
        }
    }
}

/// One time of a series.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    pub kept: Kept,
    /// The day that it is meant for, where the series is at home.
    pub day: Date,
    pub at: Timestamp,
}

/// The times of series from one moment to another, in order; those that still go on at the first are among them where
/// `before` is how long that may be, in milliseconds.
pub(crate) fn times(
    db: &Connection,
    (from, to): (i64, i64),
    before: i64,
    whose: Whose<'_>,
) -> Result<Vec<Time>, StorageError> {
    let (first, last) = (moment(from.saturating_sub(before)), moment(to));
    let mut out = Vec::new();
    for kept in series::between(db, (from.saturating_sub(before), to), whose, MOST)? {
        let Some(series) = series_of(&kept) else { continue };
        for (day, at) in series.between(first, last) {
            #[allow(clippy::cast_possible_truncation)]
            let lasts = (kept.minutes.unwrap_or_default().clamp(0.0, 1e6) as i64) * 60_000;
            if at.as_millisecond() >= from || at.as_millisecond() + lasts > from {
                out.push(Time { kept: kept.clone(), day, at });
            }
        }
    }
    out.sort_by_key(|time| (time.at, time.kept.row));
    Ok(out)
}

/// The last times up to a moment, and the next ones behind it, of series with somebody.
pub(crate) fn last_with(
    db: &Connection,
    kind: Kind,
    id: RecordId,
    now: i64,
) -> Result<Option<Time>, StorageError> {
    let all = series::with(db, kind, id, WITH_ONE)?.into_iter();
    let last = all.filter_map(|kept| {
        let (day, at) = series_of(&kept)?.last(moment(now))?;
        Some(Time { kept, day, at })
    });
    Ok(last.max_by_key(|time| time.at))
}

/// Of each series with somebody the next time, or the last one where it is over.
pub(crate) fn nearest_with(
    db: &Connection,
    kind: Kind,
    id: RecordId,
    now: i64,
) -> Result<Vec<Time>, StorageError> {
    let all = series::with(db, kind, id, WITH_ONE)?.into_iter();
    let near = all.filter_map(|kept| {
        let series = series_of(&kept)?;
        let (day, at) = series.next(moment(now)).or_else(|| series.last(moment(now)))?;
        Some(Time { kept, day, at })
    });
    Ok(near.collect())
}

pub(crate) fn series_of(kept: &Kept) -> Option<Series> {
    let rule = Repeat::parse(&kept.repeat)?;
    let at = Timestamp::from_millisecond(kept.at).ok()?;
    let left_out: Vec<String> =
        kept.left_out.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let zone = zone_of(kept.zone.as_deref());
    Some(Series::new(rule, at, zone, read_days(left_out.iter().map(String::as_str))))
}

/// One that is not known here, or was not said, is that of this computer.
fn zone_of(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system)
}

/// What the place of this computer is called.
pub(crate) fn zone_here() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// Behind the end of all calendars it is that.
fn moment(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The row of a series as it is at one of its times: `occurrence` says which.
pub(crate) fn row_at(mut row: satchel_storage::Row, time: &Time) -> RowView {
    row.fields.insert("at".to_owned(), time.at.to_string().into());
    row.fields.insert(OCCURRENCE.to_owned(), time.day.to_string().into());
    row_view(row)
}

/// Refuses what no meeting does: to come again from the day on which it was done, or as a note.
pub(crate) fn check(values: &Values) -> Result<(), AppError> {
    let text = |key: &str| values.get(key).and_then(Option::as_ref).map_or("", Value::as_text);
    let Some(rule) = Repeat::parse(text("repeat")) else { return Ok(()) };
    let refused = |why: &str| AppError { field: Some("repeat".to_owned()), ..AppError::refused(why) };
    if rule.from_done {
        return Err(refused(
            "a meeting comes again from its own day; only a task does from the day on which it was done",
        ));
    }
    if !text("type").is_empty() && !COME_AGAIN.contains(&text("type")) {
        return Err(no_such_kind());
    }
    Ok(())
}

fn no_such_kind() -> AppError {
    AppError {
        field: Some("repeat".to_owned()),
        ..AppError::refused("only calls, meetings and visits come again")
    }
}

/// What is written besides where a meeting comes to come again, or such a one is moved: where its hour counts, and that it
/// begins on a day on which it comes.
pub(crate) fn settled(now: &Registers, wanted: &Registers, values: &Values) -> Changes {
    let becomes = |key: &str| if values.contains_key(key) { wanted.get(key) } else { now.get(key) };
    if !values.contains_key("repeat") && !values.contains_key("at") {
        return Changes::new();
    }
    let Some(rule) = becomes("repeat").and_then(|r| Repeat::parse(r.as_str()?)) else {
        return Changes::new();
    };
    let Some(Scalar::Int(at)) = becomes("at") else { return Changes::new() };
    let mut out = Changes::new();
    let named = now.get(ZONE).and_then(Scalar::as_str).map_or_else(zone_here, str::to_owned);
    if !now.contains_key(ZONE) {
        out.push((ZONE.to_owned(), Some(Scalar::Str(named.clone()))));
    }
    let begins = series_from(rule, *at, &named, &BTreeSet::new()).and_then(|series| begin(&series));
    if let Some(begins) = begins.filter(|begins| begins != at) {
        out.push(("at".to_owned(), Some(Scalar::Int(begins))));
    }
    out
}

fn series_from(rule: Repeat, at: i64, zone: &str, left_out: &BTreeSet<Date>) -> Option<Series> {
    let at = Timestamp::from_millisecond(at).ok()?;
    Some(Series::new(rule, at, zone_of(Some(zone)), left_out.iter().copied()))
}

/// When it comes first, by its rule.
fn begin(series: &Series) -> Option<i64> {
    let start = series.start().date();
    let first = series.rule().due_on(start).occurrence(start, 0)?;
    Some(series.moment(first)?.as_millisecond())
}

/// A series as its document says.
struct Whole {
    id: RecordId,
    registers: Registers,
    series: Series,
}

impl Whole {
    /// All that its times have in common.
    fn common(&self) -> Registers {
        let own = ["at", "repeat", ZONE, LEFT_OUT, SERIES, OCCURRENCE, "arrived_at", "left_at", "outcome"];
        let common = self.registers.iter().filter(|(path, _)| {
            let field = register::field_of(path);
            !path.starts_with('_') && !own.contains(&field)
        });
        common.map(|(path, value)| (path.clone(), value.clone())).collect()
    }

    /// What leaves a day out.
    fn without(&self, day: Date) -> Changes {
        let mut wanted = Registers::new();
        Value::Tags(vec![day.to_string()]).to_registers(LEFT_OUT, &mut wanted);
        wanted.into_iter().map(|(path, value)| (path, Some(value))).collect()
    }

    /// Whether nothing comes before a day.
    fn begins_with(&self, day: Date) -> bool {
        self.series.rule().index(self.series.start().date(), day) == 0
    }

    /// What it is when a time of it is moved: the rule, the first moment, and the days that are left out.
    fn moved(
        &self,
        rule: &Repeat,
        start: Date,
        (day, to): (Date, Timestamp),
    ) -> Option<(Repeat, Timestamp, BTreeSet<Date>)> {
        let zone = self.series.zone();
        let there = to.to_zoned_datetime(zone.clone()).datetime();
        let by = day.until(there.date()).ok()?;
        let rule = rule.moved(day, there.date());
        let shifted = |day: Date| Some(rule.nearest(day.checked_add(by).ok()?));
        let start = shifted(start)?.to_datetime(there.time());
        let left_out = self.series.except().iter().filter_map(|day| shifted(*day)).collect();
        Some((rule, start.to_zoned_datetime(zone.clone()).ok()?.timestamp(), left_out))
    }
}

/// Records that are made, and edits of others, for one step.
#[derive(Default)]
struct Step {
    made: Vec<(RecordId, Kind, Registers)>,
    edited: Vec<(RecordId, Changes)>,
}

impl Session {
    /// The same of records that are there: a note does not come to come again, nor what comes again to be a note.
    pub(crate) fn check_kinds(&self, ids: &[RecordId], values: &Values) -> Result<(), AppError> {
        let becomes = values.get("type").map(|ty| ty.as_ref().map_or("", Value::as_text));
        let repeats = values.get("repeat").map(Option::is_some);
        if becomes.is_some_and(|ty| COME_AGAIN.contains(&ty)) || becomes.is_none() && repeats != Some(true) {
            return Ok(());
        }
        self.store.glance::<_, AppError>(|db| {
            for id in ids {
                let Some((ty, again)) = series::kind_of(db, *id)? else { continue };
                if repeats.unwrap_or(again) && !COME_AGAIN.contains(&becomes.unwrap_or(&ty)) {
                    return Err(no_such_kind());
                }
            }
            Ok(())
        })
    }

    /// One time of a series, as a record reads. Where it has become one of its own, that.
    pub fn occurrence(&self, id: RecordId, on: &str) -> Result<RecordView, AppError> {
        let (whole, on) = (self.whole(id)?, day(on)?);
        if !whole.series.comes_on(on) {
            let own = self.own_id(id, on);
            let found = self.store.glance(|db| documents::find(db, own))?;
            return match found {
                Some(_) => self.get(own),
                None => Err(never_on(on)),
            };
        }
        let mut view = self.get(id)?;
        let at = whole.series.moment(on).ok_or_else(|| never_on(on))?;
        view.fields.insert("at".to_owned(), at.to_string().into());
        view.series = Some(SeriesView {
            id,
            day: on.to_string(),
            repeat: whole.series.rule().to_string(),
            title: view.title.clone(),
            own: false,
        });
        Ok(view)
    }

    /// Which series a record is a changed time of.
    pub(crate) fn series_of_record(
        &self,
        db: &Connection,
        registers: &Registers,
    ) -> Result<Option<SeriesView>, AppError> {
        let text = |key: &str| registers.get(key).and_then(Scalar::as_str);
        let (Some(series), Some(day)) = (text(SERIES).and_then(|id| id.parse().ok()), text(OCCURRENCE))
        else {
            return Ok(None);
        };
        let Some(kept) = series::one(db, series)? else { return Ok(None) };
        let title = lists::title(db, Kind::Activity, kept.row)?.unwrap_or_default();
        Ok(Some(SeriesView { id: series, day: day.to_owned(), repeat: kept.repeat, title, own: true }))
    }

    /// Changes one time of a series, that and all later ones, or all: one step to undo.
    pub fn change_occurrence(
        &self,
        id: RecordId,
        on: &str,
        which: Which,
        input: &FieldInput,
    ) -> Result<Written, AppError> {
        self.change_as("edit", id, on, which, input)
    }

    /// The day of the time that is nearest to a moment, within half a day.
    pub(crate) fn occurrence_now(&self, id: RecordId, at: i64) -> Result<Option<String>, AppError> {
        let series = self.whole(id)?.series;
        let there = series.between(moment(at - NEAR), moment(at + NEAR));
        let nearest = there.into_iter().min_by_key(|(_, time)| (time.as_millisecond() - at).abs());
        Ok(nearest.map(|(day, _)| day.to_string()))
    }

    /// The same as an action of another name.
    pub(crate) fn change_as(
        &self,
        label: &str,
        id: RecordId,
        on: &str,
        which: Which,
        input: &FieldInput,
    ) -> Result<Written, AppError> {
        let (whole, on) = (self.whole(id)?, day(on)?);
        let values = read_input(Kind::Activity, input, &self.catalogue(), &self.habits()?)?;
        check(&values)?;
        if !whole.series.comes_on(on) {
            return Err(never_on(on));
        }
        let which = if which == Which::Later && whole.begins_with(on) { Which::All } else { which };
        if which != Which::This {
            self.check_kinds(&[id], &values)?;
        }
        let mut step = Step::default();
        let written = match which {
            Which::This => self.change_one(&whole, on, &values, &mut step)?,
            Which::Later => self.change_later(&whole, on, &values, &mut step)?,
            Which::All => change_all(&whole, on, &values, &mut step)?,
        };
        self.store.glance(|db| self.check_references(db, Kind::Activity, &registers_of(&values)))?;
        let operation = self.together(label, &step.made, &step.edited)?;
        Ok(Written { id: written, operation: Some(operation) })
    }

    /// Takes away one time of a series, that and all later ones, or all: one step to undo. What has been of it, and is a
    /// record of its own, stays.
    pub fn remove_occurrence(&self, id: RecordId, on: &str, which: Which) -> Result<Written, AppError> {
        let (whole, on) = (self.whole(id)?, day(on)?);
        if !whole.series.comes_on(on) {
            return Err(never_on(on));
        }
        let which = if which == Which::Later && whole.begins_with(on) { Which::All } else { which };
        let trash = || vec![(DELETED_AT.to_owned(), Some(Scalar::Int(now())))];
        let own = self.store.glance(|db| series::own(db, id))?;
        let mut step = Step::default();
        let gone: Vec<RecordId> = match which {
            Which::This => {
                step.edited.push((id, whole.without(on)));
                Vec::new()
            }
            Which::Later => {
                let rule = whole.series.rule().ending_before(on).to_string();
                step.edited.push((id, vec![("repeat".to_owned(), Some(Scalar::Str(rule)))]));
                let later = |day: &str| day.parse::<Date>().is_ok_and(|day| day >= on);
                own.into_iter().filter(|(_, day, _)| later(day)).map(|(id, ..)| id).collect()
            }
            Which::All => {
                step.edited.push((id, trash()));
                own.into_iter()
                    .filter(|(.., at)| at.is_some_and(|at| at > now()))
                    .map(|(id, ..)| id)
                    .collect()
            }
        };
        step.edited.extend(gone.into_iter().map(|id| (id, trash())));
        let label = match which {
            Which::This => "skip",
            Which::Later => "skip_later",
            Which::All => "delete",
        };
        let operation = self.together(label, &[], &step.edited)?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// What a meeting is among its times, for other calendars.
    pub(crate) fn again_of(&self, db: &Connection, row: &satchel_storage::Row) -> Result<Again, AppError> {
        let text = |key: &str| row.fields.get(key).and_then(|value| value.as_str());
        if text("repeat").is_some() {
            let Some(series) = series::one(db, row.id)?.as_ref().and_then(series_of) else {
                return Ok(Again::Once);
            };
            let own = series::own(db, row.id)?;
            return Ok(Again::Series {
                series,
                own: read_days(own.iter().map(|(_, day, _)| day.as_str())).into_iter().collect(),
            });
        }
        let (Some(id), Some(day)) = (text(SERIES), text(OCCURRENCE).and_then(|day| day.parse().ok())) else {
            return Ok(Again::Once);
        };
        let kept = id.parse().ok().map(|id| series::one(db, id)).transpose()?.flatten();
        // A series that is in the trash, or comes on other days now, says nothing of this one.
        let gone = |kept: &Kept| {
            lists::one(db, &self.catalogue(), Kind::Activity, kept.row)
                .map(|row| row.is_none_or(|row| row.deleted_at.is_some()))
        };
        let Some(kept) = kept else { return Ok(Again::Once) };
        match (gone(&kept)?, series_of(&kept)) {
            (false, Some(series)) if series.is_meant_for(day) => {
                Ok(Again::One { id: id.to_owned(), series, day })
            }
            _ => Ok(Again::Once),
        }
    }

    /// The id of a time that is a record of its own: two who change the same one have one.
    pub(crate) fn own_id(&self, series: RecordId, day: Date) -> RecordId {
        self.derive_id(&["occurrence", &series.to_string(), &day.to_string()])
    }

    fn whole(&self, id: RecordId) -> Result<Whole, AppError> {
        let (kept, registers) = self.store.glance::<_, AppError>(|db| {
            let kept =
                series::one(db, id)?.ok_or_else(|| AppError::not_found("meeting that comes again", id))?;
            Ok((kept, self.load(db, id)?.1.registers()))
        })?;
        if registers.contains_key(DELETED_AT) {
            return Err(AppError::refused("it is in the trash; restore it first"));
        }
        let series = series_of(&kept).ok_or_else(|| {
            AppError::refused("how often it comes again cannot be read by this version; update Satchel")
        })?;
        Ok(Whole { id, registers, series })
    }

    /// One time becomes a record of its own.
    fn change_one(
        &self,
        whole: &Whole,
        on: Date,
        values: &Values,
        step: &mut Step,
    ) -> Result<RecordId, AppError> {
        if values.contains_key("repeat") {
            return Err(AppError {
                field: Some("repeat".to_owned()),
                ..AppError::refused("how often it comes again is changed from that day on, or for all")
            });
        }
        let own = self.own_id(whole.id, on);
        let at = whole.series.moment(on).ok_or_else(|| never_on(on))?;
        let mut plain = whole.common();
        plain.insert("at".to_owned(), Scalar::Int(at.as_millisecond()));
        plain.insert(SERIES.to_owned(), Scalar::Str(whole.id.to_string()));
        plain.insert(OCCURRENCE.to_owned(), Scalar::Str(on.to_string()));
        let mut wanted = plain.clone();
        overlay(&mut wanted, values);
        self.make(own, plain, &wanted, step)?;
        step.edited.push((whole.id, whole.without(on)));
        Ok(own)
    }

    /// The series ends before a day, and another goes on from it.
    fn change_later(
        &self,
        whole: &Whole,
        on: Date,
        values: &Values,
        step: &mut Step,
    ) -> Result<RecordId, AppError> {
        let start = whole.series.start().date();
        let ended = whole.series.rule().due_on(start).ending_before(on);
        step.edited.push((whole.id, vec![("repeat".to_owned(), Some(Scalar::Str(ended.to_string())))]));
        let next = self.derive_id(&["later", &whole.id.to_string(), &on.to_string()]);
        let rest = whole.series.rule().from_day(start, on);
        let at = whole.series.moment(on).ok_or_else(|| never_on(on))?;
        let mut plain = whole.common();
        let zone = whole.registers.get(ZONE).cloned().unwrap_or_else(|| Scalar::Str(zone_here()));
        plain.insert(ZONE.to_owned(), zone);
        let mut wanted = plain.clone();
        overlay(&mut wanted, values);
        course(whole, (rest.clone(), on), (on, at), values, &mut wanted)?;
        course(whole, (rest, on), (on, at), &Values::new(), &mut plain)?;
        self.make(next, plain, &wanted, step)?;
        // What had become of later times belongs to the series that they are of now.
        for (own, day, _) in self.store.glance(|db| series::own(db, whole.id))? {
            if day.parse::<Date>().is_ok_and(|day| day > on) {
                step.edited.push((own, vec![(SERIES.to_owned(), Some(Scalar::Str(next.to_string())))]));
            }
        }
        Ok(next)
    }

    /// A new record as it follows from its series, and then what is said of it: of two who make the same one, what each
    /// has said counts, and not what the other has left as it was. Where there is one of this id, from before it was taken
    /// back, that becomes it again.
    fn make(
        &self,
        id: RecordId,
        plain: Registers,
        wanted: &Registers,
        step: &mut Step,
    ) -> Result<(), AppError> {
        let there = self.store.glance::<_, AppError>(|db| match documents::find(db, id)? {
            Some(_) => Ok(Some(self.load(db, id)?.1.registers())),
            None => Ok(None),
        })?;
        satchel_document::fits(wanted)?;
        let before = there.as_ref().unwrap_or(&plain);
        let fields = before.keys().chain(wanted.keys()).map(|path| register::field_of(path));
        let fields: BTreeSet<&str> = fields.filter(|field| !field.starts_with('_')).collect();
        let mut changes: Changes =
            fields.iter().flat_map(|field| difference(field, before, wanted)).collect();
        changes.extend(out_of_trash(before));
        step.edited.push((id, changes));
        if there.is_none() {
            step.made.push((id, Kind::Activity, plain));
        }
        Ok(())
    }
}

/// All times: what is said of one of them is said of the series.
fn change_all(whole: &Whole, on: Date, values: &Values, step: &mut Step) -> Result<RecordId, AppError> {
    let mut wanted = whole.registers.clone();
    overlay(&mut wanted, values);
    wanted.retain(|path, _| !["at", LEFT_OUT].contains(&register::field_of(path)));
    let (rule, start) = (whole.series.rule().clone(), whole.series.start().date());
    let at = whole.series.moment(start).ok_or_else(|| never_on(on))?;
    course(whole, (rule, start), (on, at), values, &mut wanted)?;
    let keys = values.keys().map(String::as_str).chain(["at", "repeat", ZONE, LEFT_OUT]);
    let keys: BTreeSet<&str> = keys.collect();
    let changes = keys.iter().flat_map(|key| difference(key, &whole.registers, &wanted)).collect();
    step.edited.push((whole.id, changes));
    Ok(whole.id)
}

/// How a series goes on with new values: when it begins, by which rule, and without which days.
fn course(
    whole: &Whole,
    (rule, start): (Repeat, Date),
    (on, at): (Date, Timestamp),
    values: &Values,
    wanted: &mut Registers,
) -> Result<(), AppError> {
    let to = match values.get("at") {
        Some(Some(Value::DateTime(to))) => Timestamp::from_millisecond(*to).ok(),
        Some(None) => {
            return Err(AppError {
                field: Some("at".to_owned()),
                ..AppError::refused("a meeting that comes again needs a day and an hour")
            });
        }
        _ => None,
    };
    let plain = || Some((rule.clone(), at, whole.series.except().clone()));
    let (mut rule, mut at, mut left_out) = match to {
        Some(to) => whole.moved(&rule, start, (on, to)),
        None => plain(),
    }
    .ok_or_else(|| AppError::refused("that is too far away for a calendar"))?;
    if let Some(new) = values.get("repeat") {
        match new.as_ref().and_then(|new| Repeat::parse(new.as_text())) {
            Some(new) => rule = new,
            None => {
                // Once, and no more.
                wanted.retain(|path, _| !["repeat", ZONE, LEFT_OUT].contains(&register::field_of(path)));
                wanted.insert("at".to_owned(), Scalar::Int(at.as_millisecond()));
                return Ok(());
            }
        }
    }
    let zone = whole.series.zone();
    let series = Series::new(rule.clone(), at, zone.clone(), []);
    if let Some(first) = begin(&series) {
        at = moment(first);
    }
    let begins = at.to_zoned_datetime(zone.clone()).date();
    left_out.retain(|day| *day >= begins);
    wanted.insert("at".to_owned(), Scalar::Int(at.as_millisecond()));
    wanted.insert("repeat".to_owned(), Scalar::Str(rule.to_string()));
    Value::Tags(left_out.iter().map(Date::to_string).collect()).to_registers(LEFT_OUT, wanted);
    Ok(())
}

/// Puts new values over what there is.
fn overlay(registers: &mut Registers, values: &Values) {
    registers.retain(|path, _| !values.contains_key(register::field_of(path)));
    registers.extend(registers_of(values));
}

fn never_on(day: Date) -> AppError {
    AppError::refused(format!("this meeting does not come on {day}; look in the calendar when it does"))
}
