//! Days that are over, as people say them: `last tuesday`, `3 days ago`, `上周二`.

use super::{LONGEST, Reader, When, number, parse, weekday, weekday_han, words};
use crate::{date::DayOrder, text::fold};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

/// Reads a text that is a day in the past, or today, and nothing else; a time of day may stand behind it.
pub fn past(text: &str, today: Date, order: DayOrder) -> Option<When> {
    if text.len() > LONGEST {
        return None;
    }
    let folded = fold(text);
    let words = words(&folded);
    let mut reader = Reader { words: &words, today, order };
    if let Some(date) = reader.gone() {
        let minute = match reader.words.is_empty() {
            true => None,
            false => Some(reader.time(true)?),
        };
        return (reader.words.is_empty() && date.year() > 0).then_some(When { date, minute });
    }
    let found = parse(text, today, order)?;
    if found.date <= today {
        return Some(found);
    }
    // «5 march», said in February, was last year's; what names its year or counts forward is not over.
    let date = found.date.checked_sub(1.year()).ok()?;
    let names_year = words.iter().any(|word| word == &found.date.year().to_string());
    let counts = ["in", "later", "from", "next", "this", "tomorrow", "end", "后", "明", "下", "本", "底"];
    let forward = names_year || words.iter().any(|word| counts.contains(&word.as_str()));
    (!forward && date <= today && date.day() == found.date.day()).then_some(When { date, ..found })
}

impl Reader<'_> {
    fn gone(&mut self) -> Option<Date> {
        while matches!(self.peek(0), "on" | "the") {
            self.words = self.words.get(1..)?;
        }
        let (first, second, third) = (self.peek(0), self.peek(1), self.peek(2));
        match (first, second, third) {
            ("today", ..) => return self.took(1, Some(self.today)),
            ("yesterday", ..) => return self.took(1, self.later(-1, "day")),
            ("day", "before", "yesterday") => return self.took(3, self.later(-2, "day")),
            ("last", unit @ ("week" | "month" | "year"), _) => return self.took(2, self.later(-1, unit)),
            ("last", day, _) if weekday(day).is_some() => {
                return self.took(2, weekday(day).and_then(|d| self.before(d)));
            }
            (day, ..) if weekday(day).is_some() => {
                return self.took(1, weekday(day).and_then(|d| self.before(d)));
            }
            (count, unit, "ago") if number(count).is_some() => {
                let date = number(count).and_then(|n| self.later(-n, unit));
                return self.took(3, date);
            }
            _ => {}
        }
        for (text, days) in [("今天", 0), ("昨天", -1), ("大前天", -3), ("前天", -2)] {
            if self.is_han(text) {
                return self.took(text.chars().count(), self.later(days, "day"));
            }
        }
        for (text, unit) in [("上个月", "month"), ("上月", "month"), ("去年", "year")] {
            if self.is_han(text) {
                return self.took(text.chars().count(), self.later(-1, unit));
            }
        }
        self.weeks_before().or_else(|| self.counted_back())
    }

    /// 上周, 上周二, 上上周二, 周二
    fn weeks_before(&mut self) -> Option<Date> {
        let mut at = 0;
        while self.peek(at) == "上" {
            at += 1;
        }
        let begins = at + usize::from(at > 0 && self.peek(at) == "个");
        let length = match (self.peek(begins), self.peek(begins + 1)) {
            ("周", _) => 1,
            ("星", "期") | ("礼", "拜") => 2,
            _ => return None,
        };
        let back = i64::try_from(at).ok()?;
        match weekday_han(self.peek(begins + length)) {
            Some(day) if at > 0 => self.took(begins + length + 1, self.of_week(-back, day)),
            Some(day) => self.took(begins + length + 1, self.before(day)),
            None if at > 0 => self.took(begins + length, self.later(-back, "week")),
            None => None,
        }
    }

    /// 三天前, 两周前, 2个月前
    fn counted_back(&mut self) -> Option<Date> {
        let count = number(self.peek(0))?;
        let measure = 1 + usize::from(self.peek(1) == "个");
        let (unit, length) = match (self.peek(measure), self.peek(measure + 1)) {
            ("天" | "日", _) => ("day", 1),
            ("周", _) => ("week", 1),
            ("星", "期") | ("礼", "拜") => ("week", 2),
            ("月", _) => ("month", 1),
            ("年", _) => ("year", 1),
            _ => return None,
        };
        let at = measure + length;
        let behind = at + usize::from(self.peek(at) == "以");
        (self.peek(behind) == "前").then_some(())?;
        let date = self.later(-count, unit);
        self.took(behind + 1, date)
    }

    /// The last day of that name that is not today.
    fn before(&self, day: Weekday) -> Option<Date> {
        self.today.nth_weekday(-1, day).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_are_over_are_read_as_they_are_said() {
        let today = Date::new(2026, 11, 27).expect("a Friday");
        let read = |text: &str| match past(text, today, DayOrder::DayFirst) {
            Some(when) => format!("{} {}", when.day(), when.time().unwrap_or_default()).trim().to_owned(),
            None => "-".into(),
        };
        for (text, expected) in [
            ("today", "2026-11-27"),
            ("yesterday 14:30", "2026-11-26 14:30"),
            ("last tuesday", "2026-11-24"),
            ("Tuesday", "2026-11-24"),
            ("fri", "2026-11-20"),
            ("last week", "2026-11-20"),
            ("last month", "2026-10-27"),
            ("3 days ago", "2026-11-24"),
            ("two weeks ago at 9", "2026-11-13 09:00"),
            ("day before yesterday", "2026-11-25"),
            ("2026-11-01", "2026-11-01"),
            ("1.11.2026 8:15", "2026-11-01 08:15"),
            ("5 march", "2026-03-05"),
            ("5 december", "2025-12-05"),
            ("昨天", "2026-11-26"),
            ("前天下午3点", "2026-11-25 15:00"),
            ("上周二", "2026-11-17"),
            ("周二", "2026-11-24"),
            ("上个月", "2026-10-27"),
            ("三天前", "2026-11-24"),
            ("两周前", "2026-11-13"),
            ("12月5日", "2025-12-05"),
            ("tomorrow", "-"),
            ("in 2 weeks", "-"),
            ("下周三", "-"),
            ("2027-01-01", "-"),
            ("soon", "-"),
            ("", "-"),
            ("99999999 days ago", "-"),
            ("9999 years ago", "-"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        let _ = past(&"上".repeat(1000), today, DayOrder::DayFirst);
    }
}
