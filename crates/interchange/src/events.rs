//! Activities and tasks as iCalendar (RFC 5545), for other calendars.

use crate::{
    export::{escape, fold_line},
    ics::OWN_ID,
    zones::component_of,
};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
};
use satchel_domain::{
    note,
    repeat::{MEANT, Repeat},
    series::Series,
};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A record as it is listed.
pub struct Listed<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub fields: &'a Map<String, Json>,
    /// What the records are called that it links to, by field.
    pub titles: &'a BTreeMap<String, String>,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

impl Listed<'_> {
    fn text(&self, key: &str) -> &str {
        self.fields.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    /// Of whom or what it is, for who reads it elsewhere.
    fn contact(&self) -> String {
        let names = ["person", "company"].iter().filter_map(|key| self.titles.get(*key));
        names.map(|name| escape(name)).collect::<Vec<_>>().join("\\, ")
    }

    fn component(&self, name: &str, id: &str, lines: &[(&str, String)]) -> String {
        let mut all = vec![
            format!("BEGIN:{name}"),
            format!("UID:{id}"),
            format!("DTSTAMP:{}", utc(&satchel_domain::date::rfc3339(self.updated_at))),
        ];
        let said = lines.iter().filter(|(_, value)| !value.is_empty());
        all.extend(said.map(|(property, value)| format!("{property}:{value}")));
        all.push(format!("END:{name}"));
        all.iter().map(|line| fold_line(line)).collect()
    }
}

/// What a meeting is among its times.
#[derive(Debug, Default)]
pub enum Again {
    #[default]
    Once,
    /// It comes again; on these days it is a record of its own.
    Series { series: Series, own: Vec<Date> },
    /// It is one time of a series that comes by the clock of that one, and was meant for this day.
    One { id: String, series: Series, day: Date },
}

impl Again {
    fn series(&self) -> Option<&Series> {
        match self {
            Again::Once => None,
            Again::Series { series, .. } | Again::One { series, .. } => Some(series),
        }
    }

    /// The properties that say so, for what begins at a moment.
    fn lines(&self, at: &str) -> Vec<(String, String)> {
        let Some(series) = self.series() else { return vec![("DTSTART".to_owned(), utc(at))] };
        match self {
            Again::Series { own, .. } => {
                let start = series.start();
                let left_out = series.except().iter().filter(|day| !own.contains(day));
                let left_out: Vec<String> =
                    left_out.filter_map(|day| stamp(series, day.to_datetime(start.time()))).collect();
                let mut rule = vec![series.rule().rrule_of(start.date())];
                rule.extend(series.rule().until.and_then(|day| until(series, day)));
                rule.extend(series.rule().count.map(|count| format!("COUNT={count}")));
                vec![
                    (named("DTSTART", series), stamp(series, start).unwrap_or_default()),
                    ("RRULE".to_owned(), rule.join(";")),
                    (named("EXDATE", series), left_out.join(",")),
                ]
            }
            Again::One { day, .. } => {
                let meant = stamp(series, day.to_datetime(series.start().time()));
                let at = at.parse::<Timestamp>().ok();
                let at = at.map(|at| at.to_zoned_datetime(series.zone().clone()).datetime());
                vec![
                    (named("DTSTART", series), at.and_then(|at| stamp(series, at)).unwrap_or_default()),
                    (named("RECURRENCE-ID", series), meant.unwrap_or_default()),
                ]
            }
            Again::Once => Vec::new(),
        }
    }
}

/// The zone by whose clock it is told, which the file must say besides, and the day from which on.
pub fn zone_of_event(again: &Again) -> Option<(String, String)> {
    let series = again.series()?;
    let name = series.zone().iana_name().filter(|name| *name != "UTC")?;
    Some((name.to_owned(), component_of(name, series.start().date())?))
}

/// A property with the name of its zone, where that is not Greenwich.
fn named(property: &str, series: &Series) -> String {
    match series.zone().iana_name() {
        Some(name) if name != "UTC" => format!("{property};TZID={name}"),
        _ => property.to_owned(),
    }
}

/// What the clock of a series shows, as its zone is named; without a name by Greenwich.
fn stamp(series: &Series, at: DateTime) -> Option<String> {
    match series.zone().iana_name() {
        Some(name) if name != "UTC" => Some(at.strftime("%Y%m%dT%H%M%S").to_string()),
        _ => Some(utc(&at.to_zoned_datetime(series.zone().clone()).ok()?.timestamp().to_string())),
    }
}

/// The end of a rule: the last moment of its last day.
fn until(series: &Series, day: Date) -> Option<String> {
    let last = day.to_datetime(Time::constant(23, 59, 59, 0));
    Some(format!(
        "UNTIL={}",
        utc(&last.to_zoned_datetime(series.zone().clone()).ok()?.timestamp().to_string())
    ))
}

/// An activity as an event; nothing where it has no time, or is a note.
pub fn event_of(listed: &Listed<'_>, again: &Again) -> Option<String> {
    let (at, ty) = (listed.text("at"), listed.text("type"));
    if at.is_empty() || ty == "note" {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let minutes =
        listed.fields.get("minutes").and_then(Json::as_f64).unwrap_or_default().clamp(0.0, 1e6) as u64;
    let lasts = if minutes > 0 { format!("PT{minutes}M") } else { String::new() };
    let when = again.lines(at);
    let mut lines: Vec<(&str, String)> =
        when.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    lines.extend([
        ("DURATION", lasts),
        ("SUMMARY", escape(listed.title)),
        ("LOCATION", escape(listed.text("place"))),
        ("DESCRIPTION", escape(&note::plain(listed.text("text")))),
        ("CONTACT", listed.contact()),
        ("X-SATCHEL-TYPE", escape(ty)),
    ]);
    // All times of a series have its id; this one is found again by its own.
    let Again::One { id, .. } = again else { return Some(listed.component("VEVENT", listed.id, &lines)) };
    lines.push((OWN_ID, listed.id.to_owned()));
    Some(listed.component("VEVENT", id, &lines))
}

/// A task as a to-do: its hour is that of wherever one is.
pub fn todo_of(listed: &Listed<'_>) -> String {
    let day = listed.text("due").replace('-', "");
    let (due, value) = match (day.is_empty(), listed.text("due_time")) {
        (true, _) => ("DUE", String::new()),
        (_, "") => ("DUE;VALUE=DATE", day),
        (_, time) => ("DUE", format!("{day}T{}00", time.replace(':', ""))),
    };
    // Other calendars reckon from when it is due: what was moved names the day that it is meant for.
    let again = Repeat::parse(listed.text("repeat")).map(|repeat| match listed.text(MEANT).parse() {
        Ok(meant) => repeat.pinned(meant).rrule(),
        Err(_) => listed.text("due").parse().map_or(repeat.clone(), |due| repeat.due_on(due)).rrule(),
    });
    let done = listed.text("done_at");
    // What is done does not come again: what comes after it is a task of its own.
    let again = again.filter(|_| done.is_empty() && !value.is_empty()).unwrap_or_default();
    listed.component(
        "VTODO",
        listed.id,
        &[
            (due, value),
            ("RRULE", again),
            ("STATUS", if done.is_empty() { "NEEDS-ACTION" } else { "COMPLETED" }.to_owned()),
            ("COMPLETED", if done.is_empty() { String::new() } else { utc(done) }),
            ("SUMMARY", escape(listed.title)),
            ("DESCRIPTION", escape(&note::plain(listed.text("notes")))),
            ("CONTACT", listed.contact()),
            ("X-SATCHEL-TASK", "1".to_owned()),
        ],
    )
}

/// `20260131T120000Z` of an RFC 3339 time; what is shorter than a second is left out.
fn utc(at: &str) -> String {
    let digits: String =
        at.chars().filter(char::is_ascii_alphanumeric).take("20260131T120000".len()).collect();
    format!("{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_was_moved_names_its_own_day() {
        let rule = |repeat: &str| {
            let fields = serde_json::json!({"due": "2026-12-18", "meant": "2026-12-15", "repeat": repeat});
            let fields = fields.as_object().expect("an object").clone();
            let (titles, updated_at) = (BTreeMap::new(), 0);
            let listed = Listed { id: "1", title: "Renew", fields: &fields, titles: &titles, updated_at };
            todo_of(&listed).lines().find(|line| line.starts_with("RRULE")).map(str::to_owned)
        };
        assert_eq!(rule("month").as_deref(), Some("RRULE:FREQ=MONTHLY;BYMONTHDAY=15"));
        assert_eq!(rule("two_weeks").as_deref(), Some("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"));
    }

    #[test]
    fn a_yearly_task_of_the_last_of_february_comes_once_a_year() {
        let rule = |due: &str| {
            let fields = serde_json::json!({"due": due, "repeat": "FREQ=YEARLY;BYMONTHDAY=29"});
            let fields = fields.as_object().expect("an object").clone();
            let (titles, updated_at) = (BTreeMap::new(), 0);
            let listed = Listed { id: "1", title: "Renew", fields: &fields, titles: &titles, updated_at };
            todo_of(&listed).lines().find(|line| line.starts_with("RRULE")).map(str::to_owned)
        };
        assert_eq!(rule("2027-02-28").as_deref(), Some("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"));
        assert_eq!(rule("2027-03-01").as_deref(), Some("RRULE:FREQ=YEARLY"));
    }
}
