//! Dates with or without a year: birthdays are often known without one.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A day, `2024-05-01`, or a day of any year, `--05-01` (the form of RFC 6350).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    pub year: Option<i16>,
    pub month: i8,
    pub day: i8,
}

impl PartialDate {
    pub fn new(year: Option<i16>, month: i8, day: i8) -> Option<Self> {
        // Without a year, 29 February is a day: check against a leap year.
        jiff::civil::Date::new(year.unwrap_or(2000), month, day).ok()?;
        Some(Self { year, month, day })
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            Some(year) => write!(f, "{year:04}-{:02}-{:02}", self.month, self.day),
            None => write!(f, "--{:02}-{:02}", self.month, self.day),
        }
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for PartialDate {
    type Error = NotADate;
    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

#[derive(Debug, thiserror::Error, PartialEq)]
#[error("not a date; write 2024-05-31, or --05-31 without the year")]
pub struct NotADate;

/// Which number stands first in a date like 03/04/2020.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrder {
    DayFirst,
    MonthFirst,
}

impl FromStr for PartialDate {
    type Err = NotADate;
    fn from_str(text: &str) -> Result<Self, NotADate> {
        parse(text, DayOrder::DayFirst).ok_or(NotADate)
    }
}

/// Reads the notations that other programs write. `order` settles 03/04/2020; a number over 12
/// settles itself.
pub fn parse(text: &str, order: DayOrder) -> Option<PartialDate> {
    let text = text.trim();
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    // RFC 6350 without a year: --0501, --05-01.
    if let Some(rest) = text.strip_prefix("--") {
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let month = digits.get(0..2)?.parse().ok()?;
        let day = digits.get(2..4)?.parse().ok()?;
        return PartialDate::new(None, month, day);
    }
    // A time behind the date is not ours: `1985-04-12T00:00:00Z`, `1985-04-12 00:00`.
    let head = text.split(['T', ' ']).next().unwrap_or(text);
    if head.len() == 8 && head.bytes().all(|b| b.is_ascii_digit()) {
        return PartialDate::new(
            head.get(0..4)?.parse().ok(),
            head.get(4..6)?.parse().ok()?,
            head.get(6..8)?.parse().ok()?,
        );
    }
    named(text).or_else(|| numeric(text, order))
}

/// A time of day as a clock shows it, `09:30`, with or without its zero.
pub fn clock(text: &str) -> Option<String> {
    let (hour, minute) = text.trim().split_once([':', '：', '.'])?;
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| -> Option<i8> {
        let plain = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    let time = jiff::civil::Time::new(number(hour, 1..=2)?, number(minute, 2..=2)?, 0, 0).ok()?;
    Some(format!("{:02}:{:02}", time.hour(), time.minute()))
}

/// Epoch milliseconds of `2026-01-01` (midnight UTC) or of an RFC 3339 time.
pub fn instant(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_millisecond());
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_millisecond())
}

/// RFC 3339 of epoch milliseconds.
pub fn rfc3339(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |t| t.to_string())
}

fn numeric(text: &str, order: DayOrder) -> Option<PartialDate> {
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).take(3).collect();
    let value = |part: &str| part.parse::<i16>().ok();
    match numbers.as_slice() {
        // Apple writes 1604 for "no year".
        [y, m, d] if y.len() == 4 => {
            let year = value(y).filter(|year| *year != 1604);
            PartialDate::new(year, i8::try_from(value(m)?).ok()?, i8::try_from(value(d)?).ok()?)
        }
        [a, b, y] if y.len() == 4 || y.len() == 2 => {
            let (a, b) = (i8::try_from(value(a)?).ok()?, i8::try_from(value(b)?).ok()?);
            let year = match (value(y)?, y.len()) {
                (short, 2) if short < 30 => 2000 + short,
                (short, 2) => 1900 + short,
                (year, _) => year,
            };
            let day_first = a > 12 || (b <= 12 && order == DayOrder::DayFirst);
            let (day, month) = if day_first { (a, b) } else { (b, a) };
            PartialDate::new(Some(year), month, day)
        }
        [m, d] if text.contains('月') => PartialDate::new(None, m.parse().ok()?, d.parse().ok()?),
        [a, b] => {
            let (a, b) = (a.parse::<i8>().ok()?, b.parse::<i8>().ok()?);
            let day_first = a > 12 || (b <= 12 && order == DayOrder::DayFirst);
            PartialDate::new(None, if day_first { b } else { a }, if day_first { a } else { b })
        }
        _ => None,
    }
}

fn named(text: &str) -> Option<PartialDate> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let mut month = None;
    let mut numbers = Vec::new();
    for word in words {
        let lower = word.to_lowercase();
        if let Some(at) = MONTHS.iter().position(|m| lower.starts_with(m)) {
            month = i8::try_from(at + 1).ok();
        } else if let Ok(number) = lower.trim_end_matches(|c: char| c.is_alphabetic()).parse::<i16>() {
            numbers.push(number);
        }
    }
    let month = month?;
    let day = numbers.iter().copied().find(|n| (1..=31).contains(n))?;
    let year = numbers.iter().copied().find(|n| *n > 31);
    PartialDate::new(year, month, i8::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notations_of_other_programs_are_read() {
        let check = |text: &str, want: &str| {
            let got = parse(text, DayOrder::MonthFirst).map(|d| d.to_string());
            assert_eq!(got.as_deref(), Some(want), "{text}");
        };
        check("1985-04-12", "1985-04-12");
        check("19850412", "1985-04-12");
        check("1985-04-12T00:00:00Z", "1985-04-12");
        check("--0412", "--04-12");
        check("--04-12", "--04-12");
        check("1604-04-12", "--04-12");
        check("4/12/1985", "1985-04-12");
        check("31/12/1985", "1985-12-31");
        check("12.4.85", "1985-12-04");
        check("12 April 1985", "1985-04-12");
        check("Apr 12", "--04-12");
        check("1985年4月12日", "1985-04-12");
        check("4月12日", "--04-12");
        assert_eq!(
            parse("12.04.1985", DayOrder::DayFirst).map(|d| d.to_string()).as_deref(),
            Some("1985-04-12")
        );
    }

    #[test]
    fn a_time_of_day_is_one_that_a_clock_shows() {
        let all = ["9:30", "09:30", "9.30", "23:59", "00:00", " 7：05 "].map(clock);
        let want = ["09:30", "09:30", "09:30", "23:59", "00:00", "07:05"];
        assert_eq!(all.each_ref().map(|t| t.as_deref().unwrap_or_default()), want);
        for text in ["", "24:00", "9:60", "9:3", "nine", "-1:30", "+9:30", "9:30 pm", "٩:٣٠", "009:30"] {
            assert_eq!(clock(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "soon", "2023-02-30", "--13-01", "99/99/9999", "0"] {
            assert_eq!(parse(text, DayOrder::DayFirst), None, "{text}");
        }
    }
}
