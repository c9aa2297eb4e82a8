//! A meeting that comes again: on which days, and at which moments. Its hour is that of the place where it was made: it
//! stays the same when clocks there are put forward or back, and for who has travelled it is another.

use crate::{
    repeat::Repeat,
    value::{Fields, Value},
};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use std::collections::BTreeSet;

/// The field with the name of the place whose hour counts: `Europe/Madrid`.
pub const ZONE: &str = "zone";
/// The field with the days on which it does not come: because it was taken away there, or is a record of its own.
pub const LEFT_OUT: &str = "left_out";
/// Of such a record: the series that it is of, and the day that it was meant for.
pub const SERIES: &str = "series";
pub const OCCURRENCE: &str = "occurrence";
/// The field that says behind which moment nothing comes any more: for looking it up, a little later than it is.
pub const ENDS: &str = "ends";
/// What is kept besides of what comes again.
pub const OF_SERIES: [&str; 4] = [ZONE, LEFT_OUT, SERIES, OCCURRENCE];
/// What comes again.
pub const COME_AGAIN: [&str; 3] = ["call", "meeting", "visit"];

/// Days at the most that a rule leaves out one behind the other, and is still looked at.
const STEPS: usize = 5_000;

#[derive(Clone, Debug)]
pub struct Series {
    rule: Repeat,
    start: DateTime,
    zone: TimeZone,
    except: BTreeSet<Date>,
}

impl Series {
    pub fn new(rule: Repeat, at: Timestamp, zone: TimeZone, except: impl IntoIterator<Item = Date>) -> Self {
        let start = at.to_zoned_datetime(zone.clone()).datetime();
        Self { rule, start, zone, except: except.into_iter().collect() }
    }

    pub fn rule(&self) -> &Repeat {
        &self.rule
    }

    /// What the clock of its place shows when it comes first.
    pub fn start(&self) -> DateTime {
        self.start
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub fn except(&self) -> &BTreeSet<Date> {
        &self.except
    }

    /// When it comes on one of its days; where clocks leave the hour out, as much later as they are put forward.
    pub fn moment(&self, day: Date) -> Option<Timestamp> {
        let at = day.to_datetime(self.start.time());
        Some(at.to_zoned_datetime(self.zone.clone()).ok()?.timestamp())
    }

    /// Whether it comes on a day, by its rule; it may be left out there.
    pub fn is_meant_for(&self, day: Date) -> bool {
        self.rule.comes_on(self.start.date(), day)
    }

    /// Whether it comes on a day.
    pub fn comes_on(&self, day: Date) -> bool {
        self.is_meant_for(day) && !self.except.contains(&day)
    }

    /// The days, and the moments, from one moment to another.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Vec<(Date, Timestamp)> {
        let day = |at: Timestamp| at.to_zoned_datetime(self.zone.clone()).date();
        let (first, last) = (day(from), day(to));
        let days = self.rule.days(self.start.date(), first, last).filter(|day| !self.except.contains(day));
        let moments = days.filter_map(|day| Some((day, self.moment(day)?)));
        moments.filter(|(_, at)| (from..to).contains(at)).collect()
    }

    /// The first time that is not before a moment.
    pub fn next(&self, from: Timestamp) -> Option<(Date, Timestamp)> {
        let start = self.start.date();
        let first = from.to_zoned_datetime(self.zone.clone()).date();
        let rule = self.rule.due_on(start);
        let n = rule.index(start, first);
        let days = (n..).take(STEPS).map_while(|n| rule.occurrence(start, n));
        let mut there = days.filter(|day| !self.except.contains(day));
        there.find_map(|day| self.moment(day).filter(|at| *at >= from).map(|at| (day, at)))
    }

    /// The last time that is not behind a moment.
    pub fn last(&self, to: Timestamp) -> Option<(Date, Timestamp)> {
        let start = self.start.date();
        let behind = to.to_zoned_datetime(self.zone.clone()).date().tomorrow().ok()?;
        let rule = self.rule.due_on(start);
        let over = rule.until.and_then(|until| until.tomorrow().ok());
        let n = rule.index(start, over.map_or(behind, |over| over.min(behind)));
        let days = (0..n).rev().take(STEPS).filter_map(|n| rule.occurrence(start, n));
        let mut there = days.filter(|day| !self.except.contains(day));
        there.find_map(|day| self.moment(day).filter(|at| *at <= to).map(|at| (day, at)))
    }
}

/// Behind which moment nothing comes any more, in epoch milliseconds: the same wherever one reckons, so up to two days
/// late. None where there is no end, or nothing that comes again.
pub fn ends(fields: &Fields) -> Option<i64> {
    let rule = Repeat::parse(fields.get("repeat")?.as_text())?;
    let Value::DateTime(at) = fields.get("at")? else { return None };
    // No clock is further ahead than this day.
    let start =
        Timestamp::from_millisecond(*at).ok()?.to_zoned_datetime(TimeZone::UTC).date().tomorrow().ok()?;
    let last = match (rule.until, rule.count) {
        (Some(until), None) => until,
        (until, Some(count)) => {
            let endless = Repeat { until: None, ..rule.due_on(start) };
            let last = endless.occurrence(start, i64::from(count) - 1)?;
            until.map_or(last, |until| until.min(last))
        }
        (None, None) => return None,
    };
    let over = last.checked_add(2.days()).ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(over.timestamp().as_millisecond())
}

/// What is written of a day.
pub fn read_days<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<Date> {
    texts.into_iter().filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rule: &str, at: &str, zone: &str, except: &[&str]) -> Series {
        let zone = TimeZone::get(zone).expect("a zone");
        let at = at.parse().expect("a moment");
        Series::new(Repeat::parse(rule).expect("a rule"), at, zone, read_days(except.iter().copied()))
    }

    fn said(found: &[(Date, Timestamp)]) -> Vec<String> {
        found.iter().map(|(day, at)| format!("{day} {at}")).collect()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn a_meeting_keeps_the_hour_of_its_place() {
        // At nine in Madrid, where clocks are put forward on the 29th of March.
        let one = series("week", "2026-03-16T08:00:00Z", "Europe/Madrid", &["2026-03-23"]);
        let found = one.between(at("2026-03-01T00:00:00Z"), at("2026-04-08T00:00:00Z"));
        assert_eq!(
            said(&found),
            [
                "2026-03-16 2026-03-16T08:00:00Z",
                "2026-03-30 2026-03-30T07:00:00Z",
                "2026-04-06 2026-04-06T07:00:00Z"
            ]
        );
        let one = series("week", "2026-03-16T01:00:00Z", "Asia/Shanghai", &[]);
        let found = one.between(at("2026-03-20T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        assert_eq!(said(&found), ["2026-03-23 2026-03-23T01:00:00Z", "2026-03-30 2026-03-30T01:00:00Z"]);
        // An hour that the clocks leave out, and one that they show twice.
        let one = series("day", "2026-03-27T01:30:00Z", "Europe/Madrid", &[]);
        assert_eq!(
            one.moment(Date::constant(2026, 3, 29)),
            Some(at("2026-03-29T01:30:00Z")),
            "at half past three"
        );
        assert_eq!(
            one.moment(Date::constant(2026, 10, 25)),
            Some(at("2026-10-25T00:30:00Z")),
            "the first of the two"
        );
    }

    #[test]
    fn the_next_and_the_last_time_are_found_behind_what_is_left_out() {
        let one = series("FREQ=WEEKLY;COUNT=4", "2026-11-02T09:00:00Z", "UTC", &["2026-11-09", "2026-11-23"]);
        let day = |found: Option<(Date, Timestamp)>| found.map(|(day, _)| day.to_string());
        assert_eq!(day(one.next(at("2026-11-02T09:00:00Z"))).as_deref(), Some("2026-11-02"));
        assert_eq!(day(one.next(at("2026-11-02T09:00:01Z"))).as_deref(), Some("2026-11-16"));
        assert_eq!(one.next(at("2026-11-16T09:00:01Z")), None);
        assert_eq!(day(one.last(at("2027-11-16T09:00:01Z"))).as_deref(), Some("2026-11-16"));
        assert_eq!(day(one.last(at("2026-11-16T08:59:00Z"))).as_deref(), Some("2026-11-02"));
        assert_eq!(one.last(at("2026-11-01T08:59:00Z")), None);
        assert!(one.comes_on(Date::constant(2026, 11, 16)) && !one.comes_on(Date::constant(2026, 11, 23)));
        assert!(!one.is_meant_for(Date::constant(2026, 11, 30)), "it was the fifth");
    }

    #[test]
    fn nothing_comes_behind_its_end_wherever_one_reckons() {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "Europe/Madrid"] {
            for rule in
                ["FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5", "FREQ=DAILY;UNTIL=20261220", "FREQ=MONTHLY;COUNT=3"]
            {
                for begins in ["2026-11-30T10:30:00Z", "2026-12-01T00:30:00Z", "2026-11-30T23:30:00Z"] {
                    let one = series(rule, begins, zone, &[]);
                    let fields = Fields::from([
                        ("repeat".to_owned(), Value::Text(rule.to_owned())),
                        ("at".to_owned(), Value::DateTime(at(begins).as_millisecond())),
                    ]);
                    let ends = ends(&fields).expect("an end");
                    let (_, last) = one.last(at("2030-01-01T00:00:00Z")).expect("a time");
                    assert!(last.as_millisecond() < ends, "{zone} {rule} {begins}: {last}");
                    assert!(ends - last.as_millisecond() < 9 * 86_400_000, "{zone} {rule} {begins}: {last}");
                }
            }
        }
    }
}
