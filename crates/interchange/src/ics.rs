//! iCalendar (RFC 5545): events become meetings, to-dos become tasks. Components are cut apart here, with limits, and
//! parsed one by one, so that a broken one costs itself only.

use crate::{
    Cell, Column, Draft, Format, InterchangeError, OneKind, Problem, Rejected, Rows, Shape, Source, Target,
    column_of,
    encoding::{self, Detected},
    input::Input,
    limits::{CARD_BYTES, CARD_DEPTH, CARD_PROPERTIES, TIMES},
    lines::{Line, Lines},
    observe,
    recurrence::Recurrence,
};
use calcard::{
    Entry, Parser,
    common::{PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendarComponent, ICalendarComponentType, ICalendarDuration, ICalendarEntry,
        ICalendarParameterName, ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus, ICalendarValue,
    },
};
use jiff::{
    Timestamp, ZonedDateTime,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use satchel_domain::{
    Kind,
    series::{LEFT_OUT, OCCURRENCE, SERIES as SERIES_FIELD, ZONE},
    value::MAX_ITEMS,
};
use std::{
    collections::{BTreeSet, HashMap},
    io::BufRead,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Property of our own export: what kind of activity it is.
const OWN_TYPE: &str = "X-SATCHEL-TYPE";
/// And which record is one time of a series.
pub(crate) const OWN_ID: &str = "X-SATCHEL-ID";

/// When and where a file is read: what comes again is told from now on, and times without a zone are those here.
#[derive(Clone, Debug)]
pub(crate) struct Here {
    now: Timestamp,
    zone: TimeZone,
    /// What the file says elsewhere of meetings that come again.
    series: Arc<HashMap<String, Series>>,
}

/// A meeting that comes again, as the parts of the file say it.
#[derive(Clone, Debug, Default)]
struct Series {
    /// When it comes first, where it can be kept.
    start: Option<When>,
    /// The times of it that were changed or cancelled, which stand by themselves.
    changed: Vec<When>,
}

impl Here {
    fn now() -> Self {
        Self { now: Timestamp::now(), zone: TimeZone::system(), series: Arc::default() }
    }

    fn today(&self) -> Date {
        self.now.to_zoned_datetime(self.zone.clone()).date()
    }
}

pub(crate) fn open(input: &Input, encoding: Detected) -> Result<Source, InterchangeError> {
    let here = Here::now();
    let series = Arc::new(series_of(input, encoding, &here, TIMES)?);
    let here = Here { series, ..here };
    let mut source = Source {
        input: input.clone(),
        format: Format::Ics,
        encoding: encoding.name(),
        delimiter: None,
        rows: 0,
        columns: Vec::new(),
        made_by: None,
        kind: None,
        left_out: Vec::new(),
        shape: Shape::Ics(here.clone()),
    };
    let mut kinds = OneKind::default();
    let mut components = Components::open(input, encoding)?;
    while let Some(component) = components.next().map_err(input.failed())? {
        source.rows += 1;
        let Some(read) = component.ok().and_then(|text| read(&text, &here).ok()) else { continue };
        kinds.see(Some(read.kind));
        for (name, target, value) in read.cells {
            let at = column_of(&mut source.columns, &input.name(), name.to_owned(), |_| Some(target))?;
            observe(&mut source.columns, at, &value);
        }
    }
    source.kind = kinds.kind.or(Some(Kind::Activity));
    if source.rows == 0 {
        return Err(InterchangeError::NoEvents(input.name()));
    }
    Ok(source)
}

pub(crate) fn rows(input: &Input, columns: &[Column], here: &Here) -> Result<Rows, InterchangeError> {
    let encoding = encoding::detect(&input.head()?);
    let mut components = Components::open(input, encoding)?;
    let (columns, here) = (columns.to_vec(), here.clone());
    let mut number = 0;
    Ok(Box::new(std::iter::from_fn(move || {
        let component = match components.next() {
            Ok(component) => component?,
            Err(e) => {
                components.finished = true;
                Err(rejected("", format!("the file cannot be read further: {e}")))
            }
        };
        number += 1;
        let draft = component.and_then(|text| draft(&text, number, &columns, &here));
        Some(draft.map_err(|r| Rejected { number, ..r }))
    })))
}

/// The first pass: which meetings come again, and which of their times stand by themselves. Where in the file that is
/// counts for nothing.
fn series_of(
    input: &Input,
    encoding: Detected,
    here: &Here,
    most: usize,
) -> Result<HashMap<String, Series>, InterchangeError> {
    let (mut out, mut all): (HashMap<String, Series>, usize) = (HashMap::new(), 0);
    let mut components = Components::open(input, encoding)?;
    while let Some(component) = components.next().map_err(input.failed())? {
        let Ok(text) = component else { continue };
        // Most are events of one time: they are not read twice.
        if !contains_line(&text, "RRULE") && !contains_line(&text, "RECURRENCE-ID") {
            continue;
        }
        let Ok(component) = parse(&text) else { continue };
        if component.component_type != ICalendarComponentType::VEvent {
            continue;
        }
        let mut reading = Reading { component: &component, here, cells: Vec::new(), notes: Vec::new() };
        let Some(uid) = reading.text(&ICalendarProperty::Uid) else { continue };
        all += 1;
        if all > most {
            return Err(InterchangeError::TooManyTimes { path: input.name(), most });
        }
        if let Ok(Some(which)) = reading.when(&ICalendarProperty::RecurrenceId) {
            out.entry(uid).or_default().changed.push(which);
        } else if let Ok(Some(start)) = reading.when(&ICalendarProperty::Dtstart)
            && reading.kept_as(&start).is_some()
        {
            out.entry(uid).or_default().start = Some(start);
        }
    }
    Ok(out)
}

fn contains_line(text: &str, name: &str) -> bool {
    text.lines().any(|line| starts(line.as_bytes(), name))
}

fn draft(text: &str, number: u64, columns: &[Column], here: &Here) -> Result<Draft, Rejected> {
    let read = read(text, here).map_err(|message| rejected(text, message))?;
    let column = |name: &str| columns.iter().position(|c| c.name == name).unwrap_or(usize::MAX);
    let cells = read.cells.into_iter().map(|(name, target, value)| Cell {
        column: column(name),
        target: Some(target),
        value,
    });
    Ok(Draft { number, kind: Some(read.kind), cells: cells.collect(), notes: read.notes })
}

fn rejected(text: &str, message: String) -> Rejected {
    Rejected { message, text: text.chars().take(500).collect(), ..Rejected::default() }
}

/// What an event or a to-do says.
struct Reading<'a> {
    component: &'a ICalendarComponent,
    here: &'a Here,
    cells: Vec<(&'static str, Target, String)>,
    notes: Vec<Problem>,
}

/// What is left of a [`Reading`] when its component is let go.
struct Read {
    kind: Kind,
    cells: Vec<(&'static str, Target, String)>,
    notes: Vec<Problem>,
}

/// A time as it stands in the file.
#[derive(Clone, Debug)]
enum When {
    Day(Date),
    At(ZonedDateTime),
    /// By the clock of wherever one is.
    Clock(DateTime),
}

impl When {
    fn date(&self, zone: &TimeZone) -> Date {
        match self {
            When::Day(day) => *day,
            When::At(at) => at.timestamp().to_zoned_datetime(zone.clone()).date(),
            When::Clock(at) => at.date(),
        }
    }

    fn civil(&self) -> DateTime {
        match self {
            When::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
            When::At(at) => at.datetime(),
            When::Clock(at) => *at,
        }
    }

    /// The day of another time by the clock of this one.
    fn day_of(&self, said: &PartialDateTime, here: &TimeZone) -> Option<Date> {
        let zone = match self {
            When::Day(_) => None,
            When::At(at) => Some(at.time_zone()),
            When::Clock(_) => Some(here),
        };
        match (at_of(said), zone) {
            (Some(at), Some(zone)) => Some(at.timestamp().to_zoned_datetime(zone.clone()).date()),
            _ => date_of(said),
        }
    }

    /// The day of another time by the clock of this one.
    fn day_there(&self, other: &When, here: &TimeZone) -> Date {
        match (self, other) {
            (When::At(at), When::At(other)) => {
                other.timestamp().to_zoned_datetime(at.time_zone().clone()).date()
            }
            (When::Clock(_), When::At(other)) => other.timestamp().to_zoned_datetime(here.clone()).date(),
            (_, other) => other.civil().date(),
        }
    }

    /// What the zone is called whose clock counts; nothing where it is only known how far it is from Greenwich.
    fn zone_name(&self, here: &TimeZone) -> Option<String> {
        let zone = match self {
            When::At(at) if at.offset().is_zero() && at.time_zone().iana_name().is_none() => &TimeZone::UTC,
            When::At(at) => at.time_zone(),
            _ => here,
        };
        zone.iana_name().map(str::to_owned)
    }

    /// The same at another time by its own clock.
    fn moved(&self, to: DateTime) -> Option<Self> {
        Some(match self {
            When::Day(_) => When::Day(to.date()),
            When::At(at) => When::At(to.to_zoned_datetime(at.time_zone().clone()).ok()?),
            When::Clock(_) => When::Clock(to),
        })
    }

    fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            When::At(at) => Some(at.timestamp()),
            other => Some(other.civil().to_zoned_datetime(zone.clone()).ok()?.timestamp()),
        }
    }
}

fn read(text: &str, here: &Here) -> Result<Read, String> {
    let component = parse(text)?;
    let kind =
        if component.component_type == ICalendarComponentType::VTodo { Kind::Task } else { Kind::Activity };
    let mut reading = Reading { component: &component, here, cells: Vec::new(), notes: Vec::new() };
    match kind {
        Kind::Task => reading.todo()?,
        _ => reading.event()?,
    }
    Ok(Read { kind, cells: reading.cells, notes: reading.notes })
}

fn parse(text: &str) -> Result<ICalendarComponent, String> {
    let whole = format!("BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n");
    let parsed = catch_unwind(AssertUnwindSafe(|| Parser::new(&whole).entry()));
    let Ok(Entry::ICalendar(calendar)) = parsed else {
        return Err("it is damaged and cannot be read".into());
    };
    let wanted = |c: &ICalendarComponent| {
        matches!(c.component_type, ICalendarComponentType::VEvent | ICalendarComponentType::VTodo)
    };
    let found = calendar.components.into_iter().find(wanted);
    let found = found.ok_or("it is damaged and cannot be read")?;
    if found.entries.len() > CARD_PROPERTIES {
        return Err(format!("it has more than {CARD_PROPERTIES} properties, which no event has"));
    }
    Ok(found)
}

impl Reading<'_> {
    fn event(&mut self) -> Result<(), String> {
        if self.is(&ICalendarStatus::Cancelled) {
            return Err("it was cancelled; it is not imported".into());
        }
        let start = self.when(&ICalendarProperty::Dtstart)?.ok_or("it has no beginning (DTSTART)")?;
        let minutes = self.minutes(&start)?;
        let start = if self.again(&start) { start } else { self.next_of(start, false) };
        let at = start.instant(&self.here.zone).ok_or("it begins at a time that no clock shows")?;
        let own = self.text(&ICalendarProperty::Other(OWN_TYPE.into())).filter(|ty| is_activity(ty));
        self.put("TYPE", field("type"), own.clone().unwrap_or_else(|| "meeting".to_owned()));
        self.put("DTSTART", field("at"), at.to_string());
        self.one_of();
        if let Some(minutes) = minutes {
            self.put("DTEND", field("minutes"), minutes.to_string());
        }
        self.shared("text", own.is_some());
        if let Some(place) = self.text(&ICalendarProperty::Location) {
            self.put("LOCATION", field("place"), place);
        }
        Ok(())
    }

    fn todo(&mut self) -> Result<(), String> {
        let due = match self.when(&ICalendarProperty::Due)? {
            Some(due) => Some(due),
            None => self.when(&ICalendarProperty::Dtstart)?,
        };
        let completed = self.when(&ICalendarProperty::Completed)?;
        let done = completed.is_some() || self.is(&ICalendarStatus::Completed);
        if let Some(due) = due {
            let due = if done { due } else { self.next_of(due, true) };
            self.put("DUE", field("due"), due.date(&self.here.zone).to_string());
            if let Some(at) = due.instant(&self.here.zone).filter(|_| !matches!(due, When::Day(_))) {
                let clock = at.to_zoned_datetime(self.here.zone.clone()).strftime("%H:%M").to_string();
                self.put("TIME", field("due_time"), clock);
            }
        }
        if done {
            let at = completed.and_then(|at| at.instant(&self.here.zone)).unwrap_or(self.here.now);
            self.put("COMPLETED", field("done_at"), at.to_string());
        }
        let own = self.component.has_property(&ICalendarProperty::Other("X-SATCHEL-TASK".into()));
        self.shared("notes", own);
        Ok(())
    }

    /// What events and to-dos have in common.
    fn shared(&mut self, long: &str, own: bool) {
        if let Some(uid) = self.text(&ICalendarProperty::Uid) {
            // One time of what comes again has the id of the whole.
            let which = self.first(&ICalendarProperty::RecurrenceId).and_then(|e| e.values.first());
            let which = which.and_then(ICalendarValue::as_partial_date_time).and_then(stamp_of);
            let own = self.text(&ICalendarProperty::Other(OWN_ID.into())).filter(|_| which.is_some());
            let id = own.or_else(|| which.map(|which| format!("{uid}/{which}"))).unwrap_or(uid);
            self.put("UID", Target::ExternalId, id);
        }
        if let Some(summary) = self.text(&ICalendarProperty::Summary) {
            self.put("SUMMARY", field("subject"), summary);
        }
        if let Some(description) = self.text(&ICalendarProperty::Description) {
            self.put("DESCRIPTION", field(long), description);
        }
        let component = self.component;
        for entry in &component.entries {
            match &entry.name {
                ICalendarProperty::Attendee | ICalendarProperty::Organizer => self.attendee(entry),
                ICalendarProperty::Contact | ICalendarProperty::Comment | ICalendarProperty::Url if !own => {
                    let said = text_of(entry);
                    let name = if entry.name == ICalendarProperty::Url { "Link" } else { "Note" };
                    if !said.is_empty() {
                        self.put("NOTES", field(long), format!("{name}: {said}"));
                    }
                }
                ICalendarProperty::Categories => {
                    let said = text_of(entry);
                    if !said.is_empty() {
                        self.put("NOTES", field(long), format!("Categories: {said}"));
                    }
                }
                ICalendarProperty::Attach => self.note("ATTACH", "files of an event are not imported".into()),
                _ => {}
            }
        }
    }

    fn attendee(&mut self, entry: &ICalendarEntry) {
        let said = text_of(entry);
        let address = said.split_at_checked(7).filter(|(head, _)| head.eq_ignore_ascii_case("mailto:"));
        let address = address.map_or(said.as_str(), |(_, rest)| rest).trim();
        let name =
            entry.parameter(&ICalendarParameterName::Cn).and_then(|cn| cn.as_text()).unwrap_or_default();
        let whole = match (name.trim(), address) {
            ("", address) => address.to_owned(),
            (name, address) if name == address || address.is_empty() => name.to_owned(),
            (name, address) => format!("{name} <{address}>"),
        };
        if !whole.is_empty() {
            self.put("ATTENDEE", Target::Attendee, whole);
        }
    }

    /// How a meeting keeps its rule; nothing where it has none, or no words for it.
    fn kept_as(&self, start: &When) -> Option<String> {
        let component = self.component;
        let rule = rule_of(component)?;
        // Days that are named one by one are no rule.
        let more = component.has_property(&ICalendarProperty::Rdate)
            || component.properties(&ICalendarProperty::Rrule).count() > 1;
        let until = rule.until.as_ref().and_then(|said| start.day_of(said, &self.here.zone));
        let recurrence = Recurrence::new(rule, start.civil(), until).filter(|_| !more)?;
        start.zone_name(&self.here.zone)?;
        recurrence.of_meeting()
    }

    /// Keeps how often a meeting comes, and on which of its days it does not; false where that cannot be said.
    fn again(&mut self, start: &When) -> bool {
        let (Some(kept), Some(zone)) = (self.kept_as(start), start.zone_name(&self.here.zone)) else {
            return false;
        };
        let here = self.here;
        let except = self.component.properties(&ICalendarProperty::Exdate).flat_map(|e| &e.values);
        let except = except.filter_map(ICalendarValue::as_partial_date_time);
        let mut left_out: BTreeSet<Date> =
            except.filter_map(|said| start.day_of(said, &here.zone)).take(CARD_PROPERTIES).collect();
        let uid = self.text(&ICalendarProperty::Uid);
        let changed = uid.and_then(|uid| here.series.get(&uid)).map(|series| series.changed.as_slice());
        left_out.extend(changed.unwrap_or_default().iter().map(|which| start.day_there(which, &here.zone)));
        if left_out.len() > MAX_ITEMS {
            return false;
        }
        self.put("RRULE", field("repeat"), kept);
        self.put("TZID", field(ZONE), zone);
        if !left_out.is_empty() {
            let days = left_out.iter().map(Date::to_string).collect::<Vec<_>>().join(",");
            self.put("EXDATE", field(LEFT_OUT), days);
        }
        true
    }

    /// Of a time that stands by itself: which series it is of.
    fn one_of(&mut self) {
        let Some(uid) = self.text(&ICalendarProperty::Uid) else { return };
        let start = self.here.series.get(&uid).and_then(|series| series.start.clone());
        if let (Some(start), Ok(Some(which))) = (start, self.when(&ICalendarProperty::RecurrenceId)) {
            self.put("SERIES", field(SERIES_FIELD), uid);
            self.put(
                "RECURRENCE-ID",
                field(OCCURRENCE),
                start.day_there(&which, &self.here.zone).to_string(),
            );
        }
    }

    /// The next time of what comes again; a task keeps when and how often, where it has a word for it.
    fn next_of(&mut self, start: When, task: bool) -> When {
        let component = self.component;
        let Some(rule) = rule_of(component) else { return start };
        let day_of = |said: &PartialDateTime| start.day_of(said, &self.here.zone);
        let until = rule.until.as_ref().and_then(day_of);
        let except = component.properties(&ICalendarProperty::Exdate).flat_map(|e| &e.values);
        let except: Vec<Date> = except
            .filter_map(ICalendarValue::as_partial_date_time)
            .filter_map(day_of)
            .take(CARD_PROPERTIES)
            .collect();
        let Some(recurrence) = Recurrence::new(rule, start.civil(), until) else {
            self.comes_again();
            return start;
        };
        if let Some(word) = recurrence.repeat().filter(|_| task && except.is_empty()) {
            self.put("RRULE", field("repeat"), word);
            return start;
        }
        self.comes_again();
        let next = recurrence.next(self.here.today(), &except);
        next.and_then(|next| start.moved(next)).unwrap_or(start)
    }

    fn comes_again(&mut self) {
        self.note("RRULE", "it comes again in a way that cannot be kept; one time of it is imported".into());
    }

    /// How long it takes, where that is said.
    fn minutes(&mut self, start: &When) -> Result<Option<i64>, String> {
        let zone = self.here.zone.clone();
        let begins = start.instant(&zone).ok_or("it begins at a time that no clock shows")?;
        let seconds = if let Some(end) = self.when(&ICalendarProperty::Dtend)? {
            let end = end.instant(&zone).ok_or("it ends at a time that no clock shows")?;
            end.as_second() - begins.as_second()
        } else if let Some(lasts) = self.first(&ICalendarProperty::Duration).and_then(|e| e.values.first()) {
            let ICalendarValue::Duration(lasts) = lasts else {
                return Err("its DURATION cannot be read".into());
            };
            seconds_of(lasts)
        } else if matches!(start, When::Day(_)) {
            24 * 60 * 60
        } else {
            return Ok(None);
        };
        if seconds < 0 {
            self.note("DTEND", "it ends before it begins; how long it takes is left out".into());
            return Ok(None);
        }
        Ok(Some(seconds / 60).filter(|minutes| *minutes > 0))
    }

    /// A time of the component; an error where it is none.
    fn when(&mut self, property: &ICalendarProperty) -> Result<Option<When>, String> {
        let Some(entry) = self.first(property) else { return Ok(None) };
        let name = entry.name.as_str().to_owned();
        let said = entry.values.first().and_then(ICalendarValue::as_partial_date_time);
        let bad = || format!("its {name} is no date that a calendar has");
        let said = said.ok_or_else(bad)?;
        let day = date_of(said).ok_or_else(bad)?;
        if said.hour.is_none() {
            return Ok(Some(When::Day(day)));
        }
        let civil = civil_of(said).ok_or_else(bad)?;
        if said.tz_hour.is_some() {
            return at_of(said).map(|at| Some(When::At(at))).ok_or_else(bad);
        }
        let zone =
            entry.parameter(&ICalendarParameterName::Tzid).and_then(|id| id.as_text()).map(str::to_owned);
        let Some(named) = zone else { return Ok(Some(When::Clock(civil))) };
        match zone_of(&named) {
            Some(zone) => civil.to_zoned_datetime(zone).map(|at| Some(When::At(at))).map_err(|_| bad()),
            None => {
                let named: String = named.chars().take(100).collect();
                self.note(
                    "TZID",
                    format!("the time zone «{named}» is not known; its times are taken as those here"),
                );
                Ok(Some(When::Clock(civil)))
            }
        }
    }

    fn first(&self, property: &ICalendarProperty) -> Option<&ICalendarEntry> {
        self.component.property(property)
    }

    fn text(&self, property: &ICalendarProperty) -> Option<String> {
        self.first(property).map(text_of).filter(|text| !text.trim().is_empty())
    }

    fn is(&self, status: &ICalendarStatus) -> bool {
        self.component.status() == Some(status)
    }

    fn put(&mut self, name: &'static str, target: Target, value: String) {
        self.cells.push((name, target, value));
    }

    fn note(&mut self, column: &str, message: String) {
        self.notes.push(Problem { column: column.to_owned(), value: String::new(), message });
    }
}

fn field(key: &str) -> Target {
    Target::Field(key.to_owned())
}

fn is_activity(ty: &str) -> bool {
    satchel_domain::catalogue::ACTIVITIES.contains(&ty)
}

fn rule_of(component: &ICalendarComponent) -> Option<&ICalendarRecurrenceRule> {
    match component.property(&ICalendarProperty::Rrule)?.values.first()? {
        ICalendarValue::RecurrenceRule(rule) => Some(rule),
        _ => None,
    }
}

fn text_of(entry: &ICalendarEntry) -> String {
    entry.values.iter().filter_map(ICalendarValue::as_text).collect::<Vec<_>>().join(", ")
}

fn seconds_of(lasts: &ICalendarDuration) -> i64 {
    let days = i64::from(lasts.weeks) * 7 + i64::from(lasts.days);
    let seconds = ((days * 24 + i64::from(lasts.hours)) * 60 + i64::from(lasts.minutes)) * 60
        + i64::from(lasts.seconds);
    if lasts.neg { -seconds } else { seconds }
}

fn date_of(said: &PartialDateTime) -> Option<Date> {
    let small = |n: u8| i8::try_from(n).ok();
    Date::new(i16::try_from(said.year?).ok()?, small(said.month?)?, small(said.day?)?).ok()
}

/// What a clock shows; none where no clock does.
fn civil_of(said: &PartialDateTime) -> Option<DateTime> {
    let small = |n: Option<u8>| i8::try_from(n.unwrap_or(0)).ok();
    // A leap second is the last of its minute.
    let second = said.second.map(|second| second.min(59));
    let time = jiff::civil::Time::new(small(Some(said.hour?))?, small(said.minute)?, small(second)?, 0);
    Some(date_of(said)?.to_datetime(time.ok()?))
}

/// A time that says how far its clock is from that of Greenwich; none of another.
fn at_of(said: &PartialDateTime) -> Option<ZonedDateTime> {
    let ahead = (i32::from(said.tz_hour?) * 60 + i32::from(said.tz_minute.unwrap_or(0))) * 60;
    let offset = jiff::tz::Offset::from_seconds(if said.tz_minus { -ahead } else { ahead }).ok()?;
    civil_of(said)?.to_zoned_datetime(offset.to_time_zone()).ok()
}

/// Names one time of what comes again.
fn stamp_of(said: &PartialDateTime) -> Option<String> {
    let time = said.hour.map(|hour| format!("T{hour:02}{:02}", said.minute.unwrap_or(0))).unwrap_or_default();
    Some(format!("{}{time}", date_of(said)?))
}

/// By its name in the zone database, or as Outlook and others call it.
fn zone_of(named: &str) -> Option<TimeZone> {
    let known = TimeZone::get(named).ok();
    known.or_else(|| {
        let other = catch_unwind(AssertUnwindSafe(|| named.parse::<Tz>().ok().and_then(|tz| tz.name())));
        TimeZone::get(&other.ok().flatten()?).ok()
    })
}

/// Cuts a file into its events and to-dos.
struct Components {
    lines: Lines<Box<dyn BufRead + Send>>,
    encoding: Detected,
    /// The first line of the next, where the one before it was cut off.
    begun: Option<Vec<u8>>,
    finished: bool,
}

impl Components {
    fn open(input: &Input, encoding: Detected) -> Result<Self, InterchangeError> {
        let head = input.head()?;
        let carriage_returns = !head.contains(&b'\n') && head.contains(&b'\r');
        let lines = Lines::new(encoding::reader(input, encoding)?, carriage_returns);
        Ok(Self { lines, encoding, begun: None, finished: false })
    }

    fn next(&mut self) -> std::io::Result<Option<Result<String, Rejected>>> {
        if self.finished {
            return Ok(None);
        }
        let mut bytes: Vec<u8> = Vec::new();
        // Inside of an event: how it ends, and how deep in what is inside of it, alarms above all, which are left out.
        let (mut end, mut depth, mut deepest, mut too_long) = (None, 0_usize, 0, false);
        if let Some(line) = self.begun.take() {
            end = end_of(&line);
            push(&mut bytes, &line);
        }
        while let Some(line) = self.lines.next()? {
            let (line, whole) = match line {
                Line::Whole(line) => (line, true),
                Line::TooLong(line) => (line, false),
            };
            let Some(own) = end else {
                end = end_of(&line);
                if end.is_some() {
                    push(&mut bytes, &line);
                }
                continue;
            };
            // Neither is ever inside of another.
            if end_of(&line).is_some() {
                self.begun = Some(line);
                return Ok(Some(Err(self.cut_off(&bytes))));
            }
            if is_line(&line, "END:VCALENDAR") {
                return Ok(Some(Err(self.cut_off(&bytes))));
            }
            let ends = is_line(&line, own);
            if !ends && starts(&line, "BEGIN:") {
                depth += 1;
                deepest = deepest.max(depth);
                continue;
            }
            if !ends && (depth > 0 || starts(&line, "END:")) {
                depth = depth.saturating_sub(usize::from(starts(&line, "END:")));
                continue;
            }
            too_long |= !whole || bytes.len() + line.len() > CARD_BYTES;
            if bytes.len() + line.len() <= CARD_BYTES {
                push(&mut bytes, &line);
            }
            if ends {
                let text = self.encoding.decode_record(&bytes).0;
                return Ok(Some(match (deepest > CARD_DEPTH, too_long) {
                    (true, _) => {
                        Err(rejected(&text, format!("what is in it is nested more than {CARD_DEPTH} deep")))
                    }
                    (_, true) => Err(rejected(
                        &text,
                        format!("it is larger than {} MB, or one of its lines than 1 MB", CARD_BYTES >> 20),
                    )),
                    _ => Ok(text),
                }));
            }
        }
        self.finished = true;
        Ok(end.map(|_| Err(self.cut_off(&bytes))))
    }

    fn cut_off(&self, bytes: &[u8]) -> Rejected {
        rejected(&self.encoding.decode_record(bytes).0, "it is cut off: its END is missing".into())
    }
}

/// The line with which an event or a to-do ends; none where a line begins neither.
fn end_of(line: &[u8]) -> Option<&'static str> {
    let lines = [("BEGIN:VEVENT", "END:VEVENT"), ("BEGIN:VTODO", "END:VTODO")];
    lines.into_iter().find(|(begin, _)| is_line(line, begin)).map(|(_, end)| end)
}

fn push(bytes: &mut Vec<u8>, line: &[u8]) {
    bytes.extend_from_slice(line);
    bytes.extend_from_slice(b"\r\n");
}

fn starts(line: &[u8], with: &str) -> bool {
    line.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()))
}

fn is_line(line: &[u8], wanted: &str) -> bool {
    line.trim_ascii_end().eq_ignore_ascii_case(wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        Here {
            now: "2026-11-27T08:00:00Z".parse().unwrap(),
            zone: TimeZone::get("Europe/Madrid").unwrap(),
            series: Arc::default(),
        }
    }

    fn read_lines(component: &str, lines: &str) -> Result<Read, String> {
        read(&format!("BEGIN:{component}\r\n{}\r\nEND:{component}\r\n", lines.replace('\n', "\r\n")), &here())
    }

    /// The values that come of a field.
    fn all(read: &Read, key: &str) -> String {
        let wanted = |target: &Target| target.to_string() == key;
        let cells = read.cells.iter().filter(|(_, target, _)| wanted(target));
        cells.map(|(.., value)| value.as_str()).collect::<Vec<_>>().join(" | ")
    }

    fn event(lines: &str, key: &str) -> String {
        match read_lines("VEVENT", lines) {
            Ok(read) => all(&read, key),
            Err(message) => message,
        }
    }

    /// When it comes next, of what is not kept as it comes.
    fn next_at(lines: &str) -> String {
        let text = format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", lines.replace('\n', "\r\n"));
        let (component, here) = (parse(&text).unwrap(), here());
        let mut reading =
            Reading { component: &component, here: &here, cells: Vec::new(), notes: Vec::new() };
        let start = reading.when(&ICalendarProperty::Dtstart).unwrap().unwrap();
        reading.next_of(start, false).instant(&here.zone).unwrap().to_string()
    }

    #[test]
    fn times_are_those_of_their_zones() {
        for (start, at) in [
            ("DTSTART:20261201T090000Z", "2026-12-01T09:00:00Z"),
            ("DTSTART;TZID=Europe/Berlin:20261201T090000", "2026-12-01T08:00:00Z"),
            ("DTSTART;TZID=\"W. Europe Standard Time\":20260701T090000", "2026-07-01T07:00:00Z"),
            ("DTSTART;TZID=China Standard Time:20261201T090000", "2026-12-01T01:00:00Z"),
            ("DTSTART;TZID=America/New_York:20261201T090000", "2026-12-01T14:00:00Z"),
            // Floating, and with a zone that nobody knows: those here.
            ("DTSTART:20261201T090000", "2026-12-01T08:00:00Z"),
            ("DTSTART;TZID=Mars/Olympus:20261201T090000", "2026-12-01T08:00:00Z"),
            ("DTSTART;VALUE=DATE:20261201", "2026-11-30T23:00:00Z"),
            // Skipped when clocks are put forward, and a leap second.
            ("DTSTART;TZID=Europe/Madrid:20270328T023000", "2027-03-28T01:30:00Z"),
            ("DTSTART:20261231T235960Z", "2026-12-31T23:59:59Z"),
        ] {
            assert_eq!(event(start, "at"), at, "{start}");
        }
        let unknown = read_lines("VEVENT", "DTSTART;TZID=Mars/Olympus:20261201T090000").unwrap();
        assert!(unknown.notes.iter().any(|n| n.message.contains("Mars/Olympus")), "it is said");
    }

    #[test]
    fn what_is_no_date_is_named() {
        for lines in [
            "DTSTART:20260230T090000Z",
            "DTSTART:20261301",
            "DTSTART:20261201T250000",
            "DTSTART:soon",
            "DTSTART:",
        ] {
            let said = event(lines, "at");
            assert!(said.contains("DTSTART"), "{lines}: {said}");
        }
        assert_eq!(event("SUMMARY:x", "at"), "it has no beginning (DTSTART)");
        assert_eq!(
            event("DTSTART:20261201T090000Z\nSTATUS:CANCELLED", "at"),
            "it was cancelled; it is not imported"
        );
    }

    #[test]
    fn an_event_is_as_long_as_it_says() {
        let minutes = |more: &str| event(&format!("DTSTART:20261201T090000Z\n{more}"), "minutes");
        assert_eq!(minutes("DTEND:20261201T094500Z"), "45");
        assert_eq!(minutes("DURATION:PT1H30M"), "90");
        assert_eq!(minutes("DURATION:P1D"), "1440");
        assert_eq!(minutes("DTEND:20261201T080000Z"), "", "before it begins");
        assert_eq!(minutes("DURATION:-PT1H"), "");
        assert_eq!(minutes("SUMMARY:x"), "");
        assert_eq!(event("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261203", "minutes"), "2880");
        assert_eq!(event("DTSTART;VALUE=DATE:20261201", "minutes"), "1440");
    }

    #[test]
    fn what_comes_again_is_there_the_next_time() {
        let next = |start: &str, rule: &str| next_at(&format!("DTSTART:{start}\n{rule}"));
        // Today is Friday, 27 November.
        assert_eq!(next("20200106T090000Z", "RRULE:FREQ=WEEKLY"), "2026-11-30T09:00:00Z");
        assert_eq!(next("20200106T090000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,SA"), "2026-11-28T09:00:00Z");
        assert_eq!(next("20261123T090000Z", "RRULE:FREQ=WEEKLY;INTERVAL=2"), "2026-12-07T09:00:00Z");
        assert_eq!(next("20200131T090000Z", "RRULE:FREQ=MONTHLY"), "2026-12-31T09:00:00Z");
        assert_eq!(next("20200110T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=2TU"), "2026-12-08T09:00:00Z");
        assert_eq!(next("20200110T090000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"), "2026-11-30T09:00:00Z");
        assert_eq!(next("20200229T090000Z", "RRULE:FREQ=YEARLY"), "2028-02-29T09:00:00Z");
        assert_eq!(next("20261201T090000Z", "RRULE:FREQ=DAILY"), "2026-12-01T09:00:00Z", "it has not begun");
        let except = "RRULE:FREQ=DAILY\nEXDATE:20261127T090000Z,20261128T090000Z";
        assert_eq!(next("20200101T090000Z", except), "2026-11-29T09:00:00Z");
        // Over, counted out, or of a kind that is not guessed at: the first time.
        assert_eq!(
            next("20200101T090000Z", "RRULE:FREQ=DAILY;UNTIL=20200601T000000Z"),
            "2020-01-01T09:00:00Z"
        );
        assert_eq!(next("20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=2"), "2026-11-24T09:00:00Z");
        assert_eq!(next("20261124T090000Z", "RRULE:FREQ=DAILY;COUNT=5"), "2026-11-27T09:00:00Z");
        assert_eq!(next("20200101T090000Z", "RRULE:FREQ=SECONDLY"), "2020-01-01T09:00:00Z");
        assert_eq!(
            next("20200101T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"),
            "2020-01-01T09:00:00Z"
        );
        // As Outlook says the first Monday.
        let first = next("20200106T090000Z", "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1");
        assert_eq!(first, "2026-12-07T09:00:00Z");
        // By the clock of its zone, whichever side of the change of clocks.
        let berlin = "DTSTART;TZID=Europe/Berlin:20260706T090000\nRRULE:FREQ=WEEKLY";
        assert_eq!(next_at(berlin), "2026-11-30T08:00:00Z");
    }

    #[test]
    fn times_are_counted_from_long_ago() {
        let next = |start: &str, rule: &str| next_at(&format!("DTSTART:{start}T090000Z\nRRULE:{rule}"));
        assert_eq!(next("20100110", "FREQ=YEARLY;COUNT=30"), "2027-01-10T09:00:00Z");
        assert_eq!(
            next("20100110", "FREQ=YEARLY;COUNT=17"),
            "2010-01-10T09:00:00Z",
            "the last was in January"
        );
        assert_eq!(next("19300228", "FREQ=YEARLY;COUNT=100"), "2027-02-28T09:00:00Z");
        assert_eq!(next("18000110", "FREQ=YEARLY;COUNT=999"), "1800-01-10T09:00:00Z", "too long ago");
    }

    #[test]
    fn a_rule_that_names_more_than_there_is_is_not_looked_through() {
        let next = |part: &str, named: &str, times: usize| {
            let rule = format!("RRULE:FREQ=MONTHLY;{part}={}", vec![named; times].join(","));
            next_at(&format!("DTSTART:20200106T090000Z\n{rule}"))
        };
        for (part, named, most, at) in [
            ("BYDAY", "2MO", 400, "2026-12-14T09:00:00Z"),
            ("BYMONTHDAY", "6", 62, "2026-12-06T09:00:00Z"),
            ("BYMONTH", "12", 12, "2026-12-06T09:00:00Z"),
        ] {
            assert_eq!(next(part, named, most), at, "{part}");
            assert_eq!(next(part, named, most + 1), "2020-01-06T09:00:00Z", "{part}");
        }
    }

    #[test]
    fn what_comes_again_ends_and_is_left_out_by_the_clock_of_its_zone() {
        let next = |start: &str, rule: &str| next_at(&format!("DTSTART{start}\nRRULE:{rule}"));
        // Until the evening of the 27th, of which nothing is held.
        assert_eq!(
            next(
                ";TZID=America/New_York:20261102T090000",
                "FREQ=DAILY;UNTIL=20261128T045959Z\nEXDATE;TZID=America/New_York:20261127T090000"
            ),
            "2026-11-02T14:00:00Z"
        );
        let weekly = "FREQ=WEEKLY;UNTIL=20261201T220000Z";
        assert_eq!(next(";TZID=Asia/Shanghai:20261125T060000", weekly), "2026-12-01T22:00:00Z");
        let except = "FREQ=DAILY\nEXDATE:20261126T220000Z";
        assert_eq!(next(";TZID=Asia/Shanghai:20261101T060000", except), "2026-11-27T22:00:00Z");
        // Without a zone that of here; a day is the one that is named.
        assert_eq!(next(":20261101T003000", "FREQ=DAILY\nEXDATE:20261126T233000Z"), "2026-11-27T23:30:00Z");
        let days = "FREQ=WEEKLY;UNTIL=20261203T235959Z\nEXDATE;VALUE=DATE:20261127";
        assert_eq!(next(";VALUE=DATE:20261106", days), "2026-11-05T23:00:00Z");
    }

    #[test]
    fn a_meeting_keeps_how_often_it_comes() {
        for (start, rule, kept, zone) in [
            ("DTSTART;TZID=Europe/Berlin:20200106T090000", "FREQ=WEEKLY;BYDAY=MO", "week", "Europe/Berlin"),
            (
                "DTSTART:20200106T090000Z",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
                "UTC",
            ),
            ("DTSTART:20200106T090000", "FREQ=DAILY;COUNT=5", "FREQ=DAILY;COUNT=5", "Europe/Madrid"),
            (
                "DTSTART:20200106T090000",
                "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                "Europe/Madrid",
            ),
            ("DTSTART;VALUE=DATE:20200115", "FREQ=MONTHLY", "month", "Europe/Madrid"),
            (
                "DTSTART;TZID=W. Europe Standard Time:20200114T090000",
                "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2",
                "FREQ=MONTHLY;BYDAY=2TU",
                "Europe/Berlin",
            ),
            (
                "DTSTART:20200130T090000",
                "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
                "FREQ=MONTHLY;BYMONTHDAY=30",
                "Europe/Madrid",
            ),
            (
                "DTSTART:20200229T090000",
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
                "FREQ=YEARLY;BYMONTHDAY=29",
                "Europe/Madrid",
            ),
            (
                "DTSTART;TZID=America/New_York:20261102T090000",
                "FREQ=DAILY;UNTIL=20261128T045959Z",
                "FREQ=DAILY;UNTIL=20261127",
                "America/New_York",
            ),
        ] {
            let read = read_lines("VEVENT", &format!("{start}\nRRULE:{rule}")).unwrap();
            assert_eq!(
                (all(&read, "repeat"), all(&read, "zone")),
                (kept.to_owned(), zone.to_owned()),
                "{rule}"
            );
            assert!(read.notes.is_empty(), "{rule}");
        }
        let except = "DTSTART;TZID=Europe/Berlin:20200106T003000\nRRULE:FREQ=WEEKLY\nEXDATE:20200112T233000Z,20200119T233000Z";
        assert_eq!(event(except, "left_out"), "2020-01-13,2020-01-20", "by the clock of its zone");
        assert_eq!(event(except, "at"), "2020-01-05T23:30:00Z", "when it came first");
    }

    #[test]
    fn what_would_come_on_other_days_is_no_rule_of_a_meeting() {
        for (start, rule) in [
            ("20200131T090000Z", "FREQ=MONTHLY"),
            ("20200130T090000Z", "FREQ=MONTHLY;BYMONTHDAY=30"),
            ("20200130T090000Z", "FREQ=MONTHLY;BYDAY=5TH"),
            ("20200229T090000Z", "FREQ=YEARLY"),
            ("20200107T090000Z", "FREQ=WEEKLY;BYDAY=MO"),
            ("20200106T090000Z", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"),
            ("20200106T090000Z", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"),
            ("20200106T090000Z", "FREQ=HOURLY"),
            ("20200106T090000Z", "FREQ=WEEKLY\nRDATE:20200108T090000Z"),
            ("20200106T090000Z", "FREQ=WEEKLY\nRRULE:FREQ=MONTHLY"),
            ("20200106T090000+0100", "FREQ=WEEKLY"),
        ] {
            let Ok(read) = read_lines("VEVENT", &format!("DTSTART:{start}\nRRULE:{rule}")) else { continue };
            assert_eq!(all(&read, "repeat"), "", "{rule}");
            assert_eq!(read.notes.len(), 1, "{rule}: what is lost is said");
        }
        let days: Vec<String> = (0..300)
            .map(|n| {
                format!(
                    "{}T090000Z",
                    Date::constant(2020, 1, 1).checked_add(jiff::ToSpan::days(n)).unwrap().strftime("%Y%m%d")
                )
            })
            .collect();
        let many = format!("DTSTART:20200101T090000Z\nRRULE:FREQ=DAILY\nEXDATE:{}", days.join(","));
        assert_eq!(event(&many, "repeat"), "", "more is left out than a meeting can hold");
    }

    #[test]
    fn a_file_of_more_changed_times_than_are_held_is_refused() {
        let one = "BEGIN:VEVENT\r\nUID:a\r\nRECURRENCE-ID:20260101T090000Z\r\nDTSTART:20260101T100000Z\r\nEND:VEVENT\r\n";
        let bytes = format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", one.repeat(5)).into_bytes();
        let input = Input::Memory { name: "many.ics".into(), bytes: bytes.into() };
        let encoding = encoding::detect(&input.head().unwrap());
        let read = |most| series_of(&input, encoding, &here(), most);
        assert_eq!(read(5).unwrap().get("a").map(|series| series.changed.len()), Some(5));
        assert!(matches!(read(4), Err(InterchangeError::TooManyTimes { most: 4, .. })));
    }

    #[test]
    fn a_to_do_is_a_task() {
        let todo = |lines: &str, key: &str| all(&read_lines("VTODO", lines).unwrap(), key);
        let due = |value: &str| (todo(value, "due"), todo(value, "due_time"));
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(due("DUE;VALUE=DATE:20261201"), pair("2026-12-01", ""));
        assert_eq!(due("DUE:20261201T093000"), pair("2026-12-01", "09:30"));
        assert_eq!(due("DUE:20261201T233000Z"), pair("2026-12-02", "00:30"), "the day that it is here");
        assert_eq!(todo("SUMMARY:x\nCOMPLETED:20261101T100000Z", "done_at"), "2026-11-01T10:00:00Z");
        assert_eq!(todo("STATUS:COMPLETED", "done_at"), "2026-11-27T08:00:00Z");
        for (rule, word) in [
            ("FREQ=DAILY", "day"),
            ("FREQ=WEEKLY;BYDAY=TU", "week"),
            ("FREQ=WEEKLY;INTERVAL=2", "two_weeks"),
            ("FREQ=MONTHLY;BYMONTHDAY=1", "month"),
            ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=1", "year"),
            ("FREQ=WEEKLY;BYDAY=WE,TU", "FREQ=WEEKLY;BYDAY=TU,WE"),
            ("FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY;COUNT=3"),
            ("FREQ=WEEKLY;UNTIL=20270630", "FREQ=WEEKLY;UNTIL=20270630"),
            ("FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;INTERVAL=3"),
            ("FREQ=MONTHLY;BYDAY=1TU", "FREQ=MONTHLY;BYDAY=1TU"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYMONTHDAY=-1"),
            ("FREQ=MONTHLY;BYMONTHDAY=1,15", ""),
            ("FREQ=MONTHLY;BYDAY=-2TU", ""),
            ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,TU", ""),
            ("FREQ=YEARLY;BYMONTH=11,12;BYMONTHDAY=1", ""),
        ] {
            let read = read_lines("VTODO", &format!("DUE;VALUE=DATE:20261201\nRRULE:{rule}")).unwrap();
            assert_eq!(all(&read, "repeat"), word, "{rule}");
            assert_eq!(read.notes.is_empty(), !word.is_empty(), "{rule}: what is lost is said");
        }
    }

    #[test]
    fn a_task_that_comes_again_stays_due_as_it_was() {
        let todo = |lines: &str, key: &str| all(&read_lines("VTODO", lines).unwrap(), key);
        // Today is 27 November.
        let overdue = "DUE:20261105T093000\nRRULE:FREQ=WEEKLY";
        assert_eq!((todo(overdue, "due"), todo(overdue, "repeat")), ("2026-11-05".into(), "week".into()));
        assert_eq!(todo(overdue, "due_time"), "09:30");
        // What a task has no words for is there the next time.
        let twice = "DUE;VALUE=DATE:20261101\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1,15";
        assert_eq!(todo(twice, "due"), "2026-12-01");
        for done in ["STATUS:COMPLETED", "COMPLETED:20261106T100000Z"] {
            let lines = format!("DUE;VALUE=DATE:20261105\nRRULE:FREQ=MONTHLY;BYMONTHDAY=5,20\n{done}");
            assert_eq!(todo(&lines, "due"), "2026-11-05", "{done}");
        }
    }

    #[test]
    fn attendees_and_what_has_no_field_are_kept() {
        let lines = "UID:a@x\nDTSTART:20261201T090000Z\nSUMMARY:Off\\, and on\nDESCRIPTION:one\\ntwo\n\
            ATTENDEE;CN=Zoe Ruiz;PARTSTAT=ACCEPTED:mailto:zoe@x.example\nORGANIZER:MAILTO:bo@x.example\n\
            CATEGORIES:a,b\nURL:https://x.example/1\nBEGIN:VALARM\nDESCRIPTION:alarm\nEND:VALARM";
        let read = read_lines(
            "VEVENT",
            &lines.replace("BEGIN:VALARM\nDESCRIPTION:alarm\nEND:VALARM", "LOCATION:Porto"),
        )
        .unwrap();
        assert_eq!(all(&read, "subject"), "Off, and on");
        assert_eq!(all(&read, "text"), "one\ntwo | Categories: a, b | Link: https://x.example/1");
        assert_eq!(all(&read, "attendee"), "Zoe Ruiz <zoe@x.example> | bo@x.example");
        assert_eq!((all(&read, "place"), all(&read, "external_id")), ("Porto".into(), "a@x".into()));
        let once = event("UID:a@x\nRECURRENCE-ID:20261208T090000Z\nDTSTART:20261209T090000Z", "external_id");
        assert_eq!(once, "a@x/2026-12-08T0900");
    }

    #[test]
    fn an_event_that_is_cut_off_takes_no_other_with_it() {
        let one = "BEGIN:VEVENT\r\nDTSTART:20261201T090000Z\r\nSUMMARY:one\r\n";
        let two = "BEGIN:VTODO\r\nSUMMARY:two\r\nEND:VTODO\r\n";
        for (cut, rows) in [
            ("", ["cut off", "two"].as_slice()),
            ("BEGIN:VALARM\r\nTRIGGER:-PT5M\r\n", &["cut off", "two"]),
            ("END:VALARM\r\nEND:VTODO\r\n", &["cut off", "two"]),
            ("END:VALARM\r\nEND:VEVENT\r\n", &["one", "two"]),
            ("BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VEVENT\r\n", &["one", "two"]),
            ("END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n", &["cut off", "two"]),
            (one, &["cut off", "cut off", "two"]),
        ] {
            let file = format!("BEGIN:VCALENDAR\r\n{one}{cut}{two}END:VCALENDAR\r\n");
            let source = Source::of_bytes("a.ics", file.into_bytes(), None).unwrap();
            let read = source.rows().unwrap().map(|row| match row {
                Ok(draft) => {
                    draft.cells.into_iter().find(|c| c.target == Some(field("subject"))).unwrap().value
                }
                Err(rejected) if rejected.message == "it is cut off: its END is missing" => {
                    assert!(rejected.text.starts_with("BEGIN:VEVENT"), "{}", rejected.text);
                    "cut off".to_owned()
                }
                Err(rejected) => rejected.message,
            });
            assert_eq!(read.collect::<Vec<_>>(), rows, "{cut}");
        }
        let last = format!("BEGIN:VCALENDAR\r\n{two}{one}END:VCALENDAR\r\n");
        let source = Source::of_bytes("a.ics", last.into_bytes(), None).unwrap();
        assert_eq!(source.rows, 2, "the end of the calendar is the end of what is in it");
    }

    #[test]
    fn a_broken_event_costs_itself_only() {
        let file = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART:20261201T090000Z\r\n\
            SUMMARY:one\r\nBEGIN:VALARM\r\nSUMMARY:alarm\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:no\r\nEND:VEVENT\r\n\
            begin:vtodo\r\nSUMMARY:two\r\nend:vtodo\r\nBEGIN:VEVENT\r\nSUMMARY:cut off";
        let source = Source::of_bytes("a.ics", file.as_bytes().to_vec(), None).unwrap();
        assert_eq!((source.rows, source.format, source.kind), (4, Format::Ics, Some(Kind::Activity)));
        let rows: Vec<String> = source
            .rows()
            .unwrap()
            .map(|row| match row {
                Ok(draft) => {
                    draft.cells.iter().find(|c| c.target == Some(field("subject"))).unwrap().value.clone()
                }
                Err(rejected) => format!("{}: {}", rejected.number, rejected.message),
            })
            .collect();
        assert_eq!(
            rows,
            [
                "one",
                "2: its DTSTART is no date that a calendar has",
                "two",
                "4: it is cut off: its END is missing"
            ]
        );
        let empty = Source::of_bytes("a.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_vec(), None);
        assert!(matches!(empty, Err(InterchangeError::NoEvents(_))));
    }
}
