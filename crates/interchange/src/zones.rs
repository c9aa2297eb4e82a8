//! A time zone as other calendars want it told (RFC 5545, 3.6.5): how far its clock is from that of Greenwich, and when
//! that changes.

use crate::export::fold_line;
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Weekday},
    tz::{Offset, TimeZone},
};

/// Years for which each change is told, where they follow no rule.
const YEARS: i64 = 10;
const CODES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A change of clocks: what the clock showed before, and how far it was from Greenwich then and is afterwards.
struct Change {
    clock: DateTime,
    before: Offset,
    after: Offset,
}

/// The component of a zone, for what begins on a day; nothing for one that is not known.
pub(crate) fn component_of(name: &str, begins: Date) -> Option<String> {
    let zone = TimeZone::get(name).ok()?;
    let from = begins.first_of_year().to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
    let mut lines = vec!["BEGIN:VTIMEZONE".to_owned(), format!("TZID:{name}")];
    let changes = changes(&zone, from);
    let stands = zone.to_offset(from);
    // What the clock shows from the beginning, until the first of them.
    observance(
        &mut lines,
        (stands, stands),
        begins.first_of_year().to_datetime(jiff::civil::Time::midnight()),
        None,
    );
    let yearly = [0, 1].map(|at| yearly(&changes, at));
    for (at, change) in changes.iter().enumerate() {
        let rule = yearly.get(at).cloned().flatten();
        // Two that come every year say all that follow.
        if at >= 2 && yearly.iter().all(Option::is_some) {
            break;
        }
        observance(&mut lines, (change.before, change.after), change.clock, rule);
    }
    lines.push("END:VTIMEZONE".to_owned());
    Some(lines.iter().map(|line| fold_line(line)).collect())
}

fn changes(zone: &TimeZone, from: Timestamp) -> Vec<Change> {
    let until = from.checked_add((YEARS * 366 * 24).hours()).unwrap_or(Timestamp::MAX);
    let mut before = zone.to_offset(from);
    let mut out = Vec::new();
    for there in zone.following(from).take_while(|there| there.timestamp() < until) {
        let after = there.offset();
        if after != before {
            out.push(Change { clock: before.to_datetime(there.timestamp()), before, after });
        }
        before = after;
    }
    out
}

/// On which day of the year a change comes, where it and every second one after it do.
fn yearly(changes: &[Change], at: usize) -> Option<String> {
    let first = changes.get(at)?;
    let all: Vec<&Change> = changes.iter().skip(at).step_by(2).collect();
    let same = |c: &&Change| {
        (c.clock.month(), c.clock.time(), c.before, c.after)
            == (first.clock.month(), first.clock.time(), first.before, first.after)
            && c.clock.date().weekday() == first.clock.date().weekday()
    };
    let each_year = all.windows(2).all(|pair| match pair {
        [a, b] => b.clock.year() - a.clock.year() == 1,
        _ => true,
    });
    if all.len() < 5 || !all.iter().all(same) || !each_year {
        return None;
    }
    let nth = |c: &Change| (c.clock.day() - 1) / 7 + 1;
    let last = |c: &Change| c.clock.day() + 7 > c.clock.date().days_in_month();
    let which = match () {
        () if all.iter().all(|c| last(c)) => -1,
        () if all.iter().all(|c| nth(c) == nth(first)) => nth(first),
        () => return None,
    };
    let day = code(first.clock.date().weekday());
    Some(format!("FREQ=YEARLY;BYMONTH={};BYDAY={which}{day}", first.clock.month()))
}

fn observance(
    lines: &mut Vec<String>,
    (before, after): (Offset, Offset),
    clock: DateTime,
    rule: Option<String>,
) {
    let name = if after > before { "DAYLIGHT" } else { "STANDARD" };
    lines.push(format!("BEGIN:{name}"));
    lines.push(format!("DTSTART:{}", clock.strftime("%Y%m%dT%H%M%S")));
    lines.extend(rule.map(|rule| format!("RRULE:{rule}")));
    lines.push(format!("TZOFFSETFROM:{}", written(before)));
    lines.push(format!("TZOFFSETTO:{}", written(after)));
    lines.push(format!("END:{name}"));
}

fn written(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn code(day: Weekday) -> &'static str {
    CODES.get(usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)).copied().unwrap_or("MO")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_says_when_its_clocks_change() {
        let madrid = component_of("Europe/Madrid", Date::constant(2026, 3, 9)).expect("a zone");
        let lines: Vec<&str> = madrid.lines().collect();
        assert_eq!(
            lines,
            [
                "BEGIN:VTIMEZONE",
                "TZID:Europe/Madrid",
                "BEGIN:STANDARD",
                "DTSTART:20260101T000000",
                "TZOFFSETFROM:+0100",
                "TZOFFSETTO:+0100",
                "END:STANDARD",
                "BEGIN:DAYLIGHT",
                "DTSTART:20260329T020000",
                "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
                "TZOFFSETFROM:+0100",
                "TZOFFSETTO:+0200",
                "END:DAYLIGHT",
                "BEGIN:STANDARD",
                "DTSTART:20261025T030000",
                "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
                "TZOFFSETFROM:+0200",
                "TZOFFSETTO:+0100",
                "END:STANDARD",
                "END:VTIMEZONE",
            ]
        );
        let new_york = component_of("America/New_York", Date::constant(2026, 3, 9)).expect("a zone");
        assert!(new_york.contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"), "{new_york}");
        let shanghai = component_of("Asia/Shanghai", Date::constant(2026, 3, 9)).expect("a zone");
        assert_eq!(shanghai.matches("BEGIN:").count(), 2, "no clock is changed there: {shanghai}");
        // Where they follow the moon, each change is told.
        let rabat = component_of("Africa/Casablanca", Date::constant(2026, 3, 9)).expect("a zone");
        assert!(!rabat.contains("RRULE") && rabat.matches("BEGIN:").count() > 10, "{rabat}");
        assert_eq!(component_of("Nowhere/At_All", Date::constant(2026, 3, 9)), None);
    }
}
