//! Dates as people write them: `fri 10`, `in 2 weeks`, `15.12.`, `下周三下午3点`. The caller says what day it is.

mod past;

use crate::{date::DayOrder, text::fold};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};

pub use past::past;

/// A day, and the time of day where one was said. By the clock of wherever one is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    pub date: Date,
    /// Minutes since midnight.
    pub minute: Option<u16>,
}

impl When {
    /// `2026-05-31`, as the field of a task has it.
    pub fn day(&self) -> String {
        self.date.to_string()
    }

    /// `09:30`.
    pub fn time(&self) -> Option<String> {
        self.minute.map(|m| format!("{:02}:{:02}", m / 60, m % 60))
    }
}

/// A longer text is no date.
const LONGEST: usize = 60;
/// Words of the longest date: «the day after tomorrow at 10 am».
const WORDS: usize = 8;

/// Reads a text that is a date and nothing else.
pub fn parse(text: &str, today: Date, order: DayOrder) -> Option<When> {
    if text.len() > LONGEST {
        return None;
    }
    let folded = fold(text);
    let words = words(&folded);
    let mut reader = Reader { words: &words, today, order };
    let mut date = None;
    let mut minute = None;
    while !reader.words.is_empty() {
        if date.is_none()
            && let Some(found) = reader.date()
        {
            date = Some(found);
        } else if minute.is_none()
            && let Some(found) = reader.time(date.is_some())
        {
            minute = Some(found);
        } else {
            return None;
        }
    }
    // A time alone is today's, or tomorrow's.
    let date = date.or(minute.map(|_| today))?;
    Some(When { date, minute })
}

/// Takes a date off the end, or the beginning, of what somebody has written: «send the offer fri 10».
pub fn take(text: &str, today: Date, order: DayOrder) -> (String, Option<When>) {
    take_off(text, |part, _| parse(part, today, order))
}

/// Where in a text a part of it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// At its end, or apart from what follows by a colon.
    Apart,
    /// Before other words.
    Before,
}

/// Takes off the end, or the beginning, of a text the longest part that can be read.
pub(crate) fn take_off<T>(text: &str, read: impl Fn(&str, Stands) -> Option<T>) -> (String, Option<T>) {
    let text = text.trim();
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    // Where a word begins; in Chinese that is anywhere.
    let begins = |at: usize| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let behind = text.get(at..).and_then(|t| t.chars().next());
        match (before, behind) {
            (Some(before), Some(behind)) => before.is_whitespace() || is_han(before) || is_han(behind),
            _ => true,
        }
    };
    let mark = |c: char| c.is_whitespace() || ",;:，、；：-–—".contains(c);
    let cut = |from: usize, to: usize| {
        let part = text.get(from..to)?.trim_matches(mark);
        (!part.is_empty() && part.split_whitespace().count() <= WORDS).then_some(part)
    };
    let rest = |a: &str, b: &str| format!("{a} {b}").trim_matches(mark).to_owned();
    // The longest that is one.
    for at in ends.iter().copied().filter(|at| begins(*at)) {
        if let Some(found) = cut(at, text.len()).and_then(|part| read(part, Stands::Apart)) {
            return (rest(text.get(..at).unwrap_or_default(), ""), Some(found));
        }
    }
    for at in ends.iter().rev().copied().filter(|at| begins(*at)) {
        let colon = text.get(..at).is_some_and(|part| part.trim_end().ends_with([':', '：']));
        let stands = if colon { Stands::Apart } else { Stands::Before };
        if let Some(found) = cut(0, at).and_then(|part| read(part, stands)) {
            return (rest("", text.get(at..).unwrap_or_default()), Some(found));
        }
    }
    (text.to_owned(), None)
}

pub(crate) fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Words, numbers and single Chinese characters.
fn words(folded: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in folded.chars() {
        let joins = match c {
            c if c.is_ascii_digit() => last.is_ascii_digit(),
            c if is_han(c) => false,
            c if c.is_alphabetic() => last.is_alphabetic() && !is_han(last),
            _ => false,
        };
        match out.last_mut() {
            Some(word) if joins => word.push(c),
            _ if c.is_whitespace() || c == ',' || c == '，' => {}
            _ => out.push(c.to_string()),
        }
        last = c;
    }
    out
}

/// What somebody says, word by word; nothing behind the last.
pub(crate) struct Words(Vec<String>);

impl Words {
    pub fn of(folded: &str) -> Self {
        Self(words(folded))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn peek(&self, at: usize) -> &str {
        self.0.get(at).map_or("", String::as_str)
    }

    /// Chinese text that stands there, character by character.
    pub fn is_han(&self, at: usize, expected: &str) -> bool {
        expected.chars().enumerate().all(|(n, c)| self.peek(at + n).chars().eq([c]))
    }

    /// What stands from there on, as a text that comes to the same words.
    pub fn rest(&self, at: usize) -> String {
        self.0.get(at..).unwrap_or_default().join(" ")
    }
}

const DAYS: [(&str, &str, char); 7] = [
    ("mon", "monday", '一'),
    ("tue", "tuesday", '二'),
    ("wed", "wednesday", '三'),
    ("thu", "thursday", '四'),
    ("fri", "friday", '五'),
    ("sat", "saturday", '六'),
    ("sun", "sunday", '日'),
];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

pub(crate) fn weekday(word: &str) -> Option<Weekday> {
    let at = DAYS.iter().position(|(short, long, _)| {
        word == *short || word == *long || (word.len() > 3 && long.starts_with(word))
    })?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

pub(crate) fn weekday_han(word: &str) -> Option<Weekday> {
    let c = word.chars().next()?;
    let at = DAYS.iter().position(|(.., han)| *han == c).or((c == '天').then_some(6))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

pub(crate) fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|m| word.len() >= 3 && m.starts_with(word))?;
    i8::try_from(at + 1).ok()
}

pub(crate) fn number(word: &str) -> Option<i64> {
    let few = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let named = few.iter().position(|n| *n == word).or(matches!(word, "a" | "an").then_some(1));
    let han =
        "〇一二三四五六七八九十".chars().position(|c| word.chars().eq([c])).or((word == "两").then_some(2));
    let read = word.parse().ok().filter(|n| *n < 10_000);
    read.or_else(|| i64::try_from(named.or(han)?).ok())
}

struct Reader<'a> {
    words: &'a [String],
    today: Date,
    order: DayOrder,
}

impl Reader<'_> {
    fn peek(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// Takes so many words, if the value could be made of them.
    fn took<T>(&mut self, count: usize, value: Option<T>) -> Option<T> {
        let value = value?;
        self.words = self.words.get(count..)?;
        Some(value)
    }

    /// Whether these stand next, each a word.
    fn is(&self, expected: &[&str]) -> bool {
        expected.iter().enumerate().all(|(at, word)| self.peek(at) == *word)
    }

    /// Chinese text that stands next, character by character.
    fn is_han(&self, expected: &str) -> bool {
        expected.chars().enumerate().all(|(at, c)| self.peek(at).chars().eq([c]))
    }

    fn later(&self, count: i64, unit: &str) -> Option<Date> {
        let span = match unit {
            "day" | "days" | "d" => count.days(),
            "week" | "weeks" | "w" => count.weeks(),
            "month" | "months" => count.months(),
            "year" | "years" => count.years(),
            _ => return None,
        };
        self.today.checked_add(span).ok()
    }

    /// That day of a week: this one, or one so many weeks later. Weeks begin with Monday.
    fn of_week(&self, weeks: i64, day: Weekday) -> Option<Date> {
        let back = i64::from(self.today.weekday().to_monday_zero_offset());
        let monday = self.today.checked_sub(back.days()).ok()?.checked_add(weeks.weeks()).ok()?;
        monday.checked_add(i64::from(day.to_monday_zero_offset()).days()).ok()
    }

    /// The next day of that name that is not today.
    fn coming(&self, day: Weekday) -> Option<Date> {
        self.today.nth_weekday(1, day).ok()
    }

    fn end_of_month(&self) -> Option<Date> {
        Some(self.today.last_of_month())
    }

    /// A day of a month, of this year or the next one that is not over.
    fn month_day(&self, year: Option<i16>, month: i8, day: i8) -> Option<Date> {
        if let Some(year) = year {
            return Date::new(year, month, day).ok();
        }
        let this = self.today.year();
        (this..this + 5).filter_map(|year| Date::new(year, month, day).ok()).find(|date| *date >= self.today)
    }

    fn date(&mut self) -> Option<Date> {
        while matches!(self.peek(0), "on" | "the" | "by") {
            self.words = self.words.get(1..)?;
        }
        self.english().or_else(|| self.chinese()).or_else(|| self.numeric())
    }

    fn english(&mut self) -> Option<Date> {
        let (first, second, third) = (self.peek(0), self.peek(1), self.peek(2));
        match (first, second, third) {
            ("today", ..) => self.took(1, Some(self.today)),
            ("tomorrow" | "tmr" | "tom", ..) => self.took(1, self.later(1, "day")),
            ("day", "after", "tomorrow") => self.took(3, self.later(2, "day")),
            ("next", "week", _) => self.took(2, self.of_week(1, Weekday::Monday)),
            ("next", "month", _) => {
                let next = self.later(1, "month").map(Date::first_of_month);
                self.took(2, next)
            }
            ("next", "year", _) => {
                let next = Date::new(self.today.year() + 1, 1, 1).ok();
                self.took(2, next)
            }
            ("next", day, _) if weekday(day).is_some() => {
                self.took(2, weekday(day).and_then(|d| self.of_week(1, d)))
            }
            ("this", day, _) if weekday(day).is_some() => {
                self.took(2, weekday(day).and_then(|d| self.of_week(0, d)))
            }
            ("end", "of", "month") => self.took(3, self.end_of_month()),
            ("eom", ..) => self.took(1, self.end_of_month()),
            ("end", "of", "week") => self.took(3, self.of_week(0, Weekday::Friday)),
            ("in", count, unit) => {
                let count = number(count)?;
                let date = self.later(count, unit);
                self.took(3, date)
            }
            (count, unit, "later" | "from") if number(count).is_some() && self.later(1, unit).is_some() => {
                let now = usize::from(third == "from" && self.peek(3) == "now");
                let date = number(count).and_then(|n| self.later(n, unit));
                self.took(3 + now, date)
            }
            (day, ..) if weekday(day).is_some() => self.took(1, weekday(day).and_then(|d| self.coming(d))),
            (name, day, _) if month(name).is_some() && number(day).is_some() => {
                let skip = usize::from(matches!(third, "st" | "nd" | "rd" | "th"));
                let year = self.peek(2 + skip).parse().ok().filter(|y| (1000..=9999).contains(y));
                let day = i8::try_from(number(day)?).ok()?;
                let date = self.month_day(year, month(name)?, day);
                self.took(2 + skip + usize::from(year.is_some()), date)
            }
            (day, ..) if number(day).is_some() => {
                let skip = usize::from(matches!(second, "st" | "nd" | "rd" | "th" | "."));
                let of = usize::from(self.peek(1 + skip) == "of");
                let name = month(self.peek(1 + skip + of))?;
                let at = 2 + skip + of;
                let year = self.peek(at).parse().ok().filter(|y| (1000..=9999).contains(y));
                let day = i8::try_from(number(day)?).ok()?;
                let date = self.month_day(year, name, day);
                self.took(at + usize::from(year.is_some()), date)
            }
            _ => None,
        }
    }

    fn chinese(&mut self) -> Option<Date> {
        for (text, days) in [("今天", 0), ("明天", 1), ("大后天", 3), ("后天", 2)] {
            if self.is_han(text) {
                return self.took(text.chars().count(), self.later(days, "day"));
            }
        }
        if self.is_han("月底") {
            return self.took(2, self.end_of_month());
        }
        if self.is_han("下个月") || self.is_han("下月") {
            let next = self.later(1, "month").map(Date::first_of_month);
            return self.took(if self.is_han("下月") { 2 } else { 3 }, next);
        }
        // 三天后, 两周后, 2个月后
        if let Some(count) = number(self.peek(0)) {
            let measure = 1 + usize::from(self.peek(1) == "个");
            let (unit, length) = match (self.peek(measure), self.peek(measure + 1)) {
                ("天" | "日", _) => ("day", 1),
                ("周", _) => ("week", 1),
                ("星", "期") | ("礼", "拜") => ("week", 2),
                ("月", _) => ("month", 1),
                ("年", _) => ("year", 1),
                _ => ("", 0),
            };
            let behind = measure + length;
            if length > 0 && matches!(self.peek(behind), "后" | "以") {
                let behind = behind + usize::from(self.peek(behind) == "以") + 1;
                return self.took(behind, self.later(count, unit));
            }
        }
        // 周三, 下周三, 下下周三, 本周五, 星期天
        let mut at = 0;
        while self.peek(at) == "下" {
            at += 1;
        }
        let this = at == 0 && matches!(self.peek(0), "本" | "这");
        let begins = at + usize::from(this) + usize::from(self.peek(at + usize::from(this)) == "个");
        let length = match (self.peek(begins), self.peek(begins + 1)) {
            ("周", _) => 1,
            ("星", "期") | ("礼", "拜") => 2,
            _ => 0,
        };
        if length > 0 {
            let day = weekday_han(self.peek(begins + length));
            let weeks = i64::try_from(at).ok()?;
            return match day {
                Some(day) if at > 0 || this => self.took(begins + length + 1, self.of_week(weeks, day)),
                Some(day) => self.took(begins + length + 1, self.coming(day)),
                None if at > 0 => self.took(begins + length, self.of_week(weeks, Weekday::Monday)),
                None => None,
            };
        }
        // 2026年12月5日, 12月5号, 5号
        let year: Option<i16> = self.peek(0).parse().ok().filter(|_| self.peek(1) == "年");
        let at = if year.is_some() { 2 } else { 0 };
        if self.peek(at + 1) == "月" {
            let (month, day) = (number(self.peek(at))?, number(self.peek(at + 2))?);
            let date = self.month_day(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
            let mark = usize::from(matches!(self.peek(at + 3), "日" | "号"));
            return self.took(at + 3 + mark, date);
        }
        if self.peek(1) == "号" {
            let day = i8::try_from(number(self.peek(0))?).ok()?;
            return self.took(2, self.day_of_month(day));
        }
        None
    }

    /// The next day of that number.
    fn day_of_month(&self, day: i8) -> Option<Date> {
        let first = self.today.first_of_month();
        let months = (0..12_i64).filter_map(|n| first.checked_add(n.months()).ok());
        let mut days = months.filter_map(|m| Date::new(m.year(), m.month(), day).ok());
        days.find(|date| *date >= self.today)
    }

    fn numeric(&mut self) -> Option<Date> {
        let (mark, is_number) = (self.peek(1), |at: usize| self.peek(at).bytes().all(|b| b.is_ascii_digit()));
        if !is_number(0) || !is_number(2) || !matches!(mark, "-" | "." | "/") {
            return None;
        }
        let part = |at: usize| self.peek(at).parse::<i16>().ok();
        let whole = self.peek(3) == mark && is_number(4) && !self.peek(4).is_empty();
        let small = |n: i16| i8::try_from(n).ok();
        if self.peek(0).len() == 4 {
            let date = Date::new(part(0)?, small(part(2)?)?, small(part(4)?)?).ok();
            return self.took(5, date.filter(|_| whole));
        }
        let day_first = match (part(0)?, part(2)?) {
            (first, _) if first > 12 => true,
            (_, second) if second > 12 => false,
            // 15.12. is a day and a month wherever it is written so.
            _ => mark == "." || self.order == DayOrder::DayFirst,
        };
        let (day, month) = if day_first { (part(0)?, part(2)?) } else { (part(2)?, part(0)?) };
        let year = part(4).filter(|_| whole).map(|y| if y < 100 { 2000 + y } else { y });
        let date = self.month_day(year, small(month)?, small(day)?);
        let dot = usize::from(!whole && mark == "." && self.peek(3) == ".");
        self.took(if whole { 5 } else { 3 + dot }, date)
    }

    /// `bare`: a number alone is an hour.
    fn time(&mut self, bare: bool) -> Option<u16> {
        let said = self.peek(0) == "at" || self.peek(0) == "@";
        if said {
            self.words = self.words.get(1..)?;
        }
        let mut at = 0;
        let part = match (self.peek(0), self.peek(1)) {
            ("上", "午") | ("早", "上") => Some(0),
            ("中", "午") => Some(12),
            ("下", "午") | ("晚", "上") => Some(12),
            _ => None,
        };
        at += if part.is_some() { 2 } else { 0 };
        if part == Some(12) && self.peek(0) == "中" && number(self.peek(2)).is_none() {
            return self.took(2, Some(720));
        }
        if self.is(&["noon"]) {
            return self.took(1, Some(720));
        }
        let mut hour = u16::try_from(number(self.peek(at))?).ok().filter(|h| *h <= 24)?;
        // 十一点, 十二点
        if self.peek(at) == "十" && matches!(self.peek(at + 1), "一" | "二") {
            hour += u16::try_from(number(self.peek(at + 1))?).ok()?;
            at += 1;
        }
        at += 1;
        let mut minute = 0;
        let mut marked = said || bare || part.is_some();
        match self.peek(at) {
            ":" | "：" | "h" | "点" | "时" => {
                marked = true;
                at += 1;
                if self.peek(at) == "半" {
                    (minute, at) = (30, at + 1);
                } else if let Some(m) =
                    self.peek(at).parse().ok().filter(|m| *m < 60 && self.peek(at).len() == 2)
                {
                    (minute, at) = (m, at + 1);
                    at += usize::from(self.peek(at) == "分");
                }
            }
            _ => {}
        }
        let half = match self.peek(at) {
            "am" | "a" => Some(0),
            "pm" | "p" => Some(12),
            _ => None,
        };
        if half.is_some() {
            (marked, at) = (true, at + 1);
        }
        match half.or(part) {
            Some(12) if hour < 12 => hour += 12,
            Some(0) if hour == 12 => hour = 0,
            _ => {}
        }
        let value = (marked && hour * 60 + minute < 24 * 60).then_some(hour * 60 + minute);
        self.took(at, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Friday.
    fn today() -> Date {
        Date::new(2026, 11, 27).expect("a day")
    }

    fn read(text: &str) -> String {
        match parse(text, today(), DayOrder::DayFirst) {
            Some(when) => format!("{} {}", when.day(), when.time().unwrap_or_default()).trim().to_owned(),
            None => "-".into(),
        }
    }

    #[test]
    fn dates_are_read_as_they_are_said() {
        for (text, expected) in [
            ("today", "2026-11-27"),
            ("Tomorrow at 9", "2026-11-28 09:00"),
            ("day after tomorrow", "2026-11-29"),
            ("fri 10", "2026-12-04 10:00"),
            ("Mon 14:30", "2026-11-30 14:30"),
            ("wednesday 3pm", "2026-12-02 15:00"),
            ("next tue", "2026-12-01"),
            ("this sunday", "2026-11-29"),
            ("in 2 weeks", "2026-12-11"),
            ("in a month", "2026-12-27"),
            ("3 days later", "2026-11-30"),
            ("2 weeks from now 9am", "2026-12-11 09:00"),
            ("next week", "2026-11-30"),
            ("next month", "2026-12-01"),
            ("end of month", "2026-11-30"),
            ("dec 5", "2026-12-05"),
            ("5 december 2027", "2027-12-05"),
            ("3rd of march", "2027-03-03"),
            ("15.12.", "2026-12-15"),
            ("1.2.2027 8:15", "2027-02-01 08:15"),
            ("2026-12-24", "2026-12-24"),
            ("4/12", "2026-12-04"),
            ("12pm", "2026-11-27 12:00"),
            ("今天", "2026-11-27"),
            ("明天上午10点", "2026-11-28 10:00"),
            ("下周三", "2026-12-02"),
            ("下周三下午3点半", "2026-12-02 15:30"),
            ("周五10:30", "2026-12-04 10:30"),
            ("本周日", "2026-11-29"),
            ("星期天", "2026-11-29"),
            ("两周后", "2026-12-11"),
            ("3个月后", "2027-02-27"),
            ("12月5号晚上8点", "2026-12-05 20:00"),
            ("5号", "2026-12-05"),
            ("月底", "2026-11-30"),
            ("2027年1月2日", "2027-01-02"),
            ("十一点", "2026-11-27 11:00"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "10",
            "2026",
            "the",
            "march",
            "31.2.",
            "2026-02-30",
            "fri 25",
            "fri 10:75",
            "in 99999999 years",
            "monkey",
            "下",
            "周",
            "32号",
            "13月1日",
            "call Ana",
            "next",
            "at",
            "fri fri",
        ] {
            assert_eq!(read(text), "-", "{text}");
        }
        let _ = parse(&"下".repeat(1000), today(), DayOrder::DayFirst);
    }

    #[test]
    fn a_date_is_taken_off_what_was_written() {
        let taken = |text: &str| {
            let (rest, when) = take(text, today(), DayOrder::DayFirst);
            (rest, when.map(|w| format!("{} {}", w.day(), w.time().unwrap_or_default()).trim().to_owned()))
        };
        let some = |rest: &str, when: &str| (rest.to_owned(), Some(when.to_owned()));
        assert_eq!(taken("send the offer fri 10"), some("send the offer", "2026-12-04 10:00"));
        assert_eq!(taken("call back in 2 weeks"), some("call back", "2026-12-11"));
        assert_eq!(taken("tomorrow: bring samples"), some("bring samples", "2026-11-28"));
        assert_eq!(taken("下周三打电话"), some("打电话", "2026-12-02"));
        assert_eq!(taken("寄样品，明天上午10点"), some("寄样品", "2026-11-28 10:00"));
        assert_eq!(taken("ask Mr. March for 10 pieces"), ("ask Mr. March for 10 pieces".to_owned(), None));
        assert_eq!(taken("fri"), some("", "2026-12-04"));
        assert_eq!(taken(""), (String::new(), None));
    }
}
