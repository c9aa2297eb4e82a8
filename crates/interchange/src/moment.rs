//! Moments and times of day as other programs write them.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use satchel_domain::date::{self, DayOrder};

/// Longer than this is no moment.
const LONGEST: usize = 64;

/// Epoch milliseconds of a moment; where the text names no zone, by the clock here. What is only a day is its noon,
/// which is the same day wherever it is read.
pub(crate) fn read(text: &str, order: DayOrder, here: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if let Ok(at) = with_colon(text).parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let (day, time) = apart(text);
    let day = date::parse(&day, order)?;
    let day = jiff::civil::Date::new(day.year?, day.month, day.day).ok()?;
    let time = match time {
        Some(time) => clock(&time)?,
        None => Time::constant(12, 0, 0, 0),
    };
    Some(here.to_timestamp(day.to_datetime(time)).ok()?.as_millisecond())
}

/// The day that a text says, and the time of it, if it says one.
pub(crate) fn apart(text: &str) -> (String, Option<String>) {
    let text = text.replace('：', ":").replace(['时', '点'], ":");
    let Some(colon) = text.find(':') else { return (text, None) };
    let head = text.get(..colon).unwrap_or_default();
    let digits = head.bytes().rev().take_while(u8::is_ascii_digit).count();
    let mut start = colon - digits;
    for part in ["上午", "下午", "晚上", "凌晨"] {
        if text.get(..start).is_some_and(|before| before.trim_end().ends_with(part)) {
            start = text.get(..start).map_or(start, |before| before.trim_end().len() - part.len());
        }
    }
    let day = text.get(..start).unwrap_or_default().trim_end_matches(['T', ' ', ',']).to_owned();
    (day, text.get(start..).map(str::to_owned))
}

/// A time of day: `14:30`, `2:30 PM`, `下午2:30`, `14:30:00`.
pub(crate) fn clock(text: &str) -> Option<Time> {
    let text = text.trim().replace('：', ":").replace(['时', '点'], ":").replace('分', "").to_lowercase();
    let late = ["pm", "p.m.", "下午", "晚上"].iter().any(|part| text.contains(part));
    let early = ["am", "a.m.", "上午", "凌晨"].iter().any(|part| text.contains(part));
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == ':').collect();
    // A fraction of a second is behind a point, which was left out with its digits joined to the seconds.
    let mut parts = digits.split(':').map(|part| part.get(..2).unwrap_or(part));
    let number =
        |part: Option<&str>| part.filter(|p| !p.is_empty()).map_or(Some(0), |p| p.parse::<i8>().ok());
    let hour = parts.next().filter(|p| !p.is_empty())?.parse::<i8>().ok()?;
    let (minute, second) = (number(parts.next())?, number(parts.next())?);
    let hour = match hour {
        12 if early => 0,
        1..=11 if late => hour + 12,
        hour => hour,
    };
    digits.contains(':').then(|| Time::new(hour, minute, second, 0).ok()).flatten()
}

/// `2024-01-22T16:14:25.000+0000`, as Salesforce writes it, with the colon that the standard asks for.
fn with_colon(text: &str) -> String {
    let (head, zone) = text.split_at_checked(text.len().saturating_sub(5)).unwrap_or((text, ""));
    let plain = zone.starts_with(['+', '-']) && zone.bytes().skip(1).all(|b| b.is_ascii_digit());
    match (plain && head.contains(':'), zone.split_at_checked(3)) {
        (true, Some((hours, minutes))) => format!("{head}{hours}:{minutes}"),
        _ => text.to_owned(),
    }
}

/// Minutes: `45`, `1:30`, `00:45:00`.
pub(crate) fn minutes(text: &str, in_seconds: bool) -> Option<f64> {
    let text = text.trim();
    let parts: Option<Vec<f64>> = text.split(':').map(|p| p.trim().parse::<f64>().ok()).collect();
    let minutes = match parts?.as_slice() {
        [one] if in_seconds => (one / 60.0).ceil(),
        [one] => *one,
        [hours, minutes] => hours * 60.0 + minutes,
        [hours, minutes, seconds] => hours * 60.0 + minutes + (seconds / 60.0).ceil(),
        _ => return None,
    };
    (minutes.is_finite() && (0.0..1e6).contains(&minutes)).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_programs_write_them() {
        let porto = TimeZone::get("Europe/Lisbon").expect("known");
        let read = |text: &str| read(text, DayOrder::DayFirst, &porto).map(date::rfc3339);
        for (text, want) in [
            ("2024-01-22T16:14:25.000+0000", "2024-01-22T16:14:25Z"),
            ("2024-01-22T16:14:25Z", "2024-01-22T16:14:25Z"),
            ("2024-07-01 14:30", "2024-07-01T13:30:00Z"),
            ("2024-07-01T14:30:05", "2024-07-01T13:30:05Z"),
            ("01.02.2024 14:30", "2024-02-01T14:30:00Z"),
            ("1/2/2024, 2:30 PM", "2024-02-01T14:30:00Z"),
            ("12/25/2024 12:05 am", "2024-12-25T00:05:00Z"),
            ("2024年2月1日 下午2:30", "2024-02-01T14:30:00Z"),
            ("2024年2月1日14时30分", "2024-02-01T14:30:00Z"),
            ("2024-02-01", "2024-02-01T12:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(want), "{text}");
        }
        for none in ["", "soon", "2024-02-31 10:00", "2024-02-01 25:00", "14:30", "--02-01", &"1".repeat(70)]
        {
            assert_eq!(read(none), None, "{none}");
        }
        assert_eq!(minutes("00:45:00", false), Some(45.0));
        assert_eq!(minutes("90", true), Some(2.0));
        assert_eq!(minutes("-5", false), None);
    }
}
