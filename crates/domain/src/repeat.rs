//! How often something comes again: `every second tue`, `monthly on the 15th`, `每周二和周四`. It is kept as a rule of
//! RFC 5545 (3.3.10), or by the one word that the simplest have.

use crate::{
    date::DayOrder,
    text::fold,
    when::{self, Stands, When, Words},
};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use std::fmt;

/// A rule by which the next day follows from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    pub every: u16,
    pub unit: Unit,
    /// Of weeks: on these days, in the order of the week; none: on that of the last time.
    pub days: Vec<Weekday>,
    /// Of months, and of years: on this day; nothing: on that of the last time.
    pub on: Option<On>,
    /// Reckoned from the day on which it was done, not on which it was due.
    pub from_done: bool,
    pub until: Option<Date>,
    /// So many times, this one included.
    pub count: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Day,
    Week,
    Month,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Of a month that is shorter it is the last; -1 is always that.
    Day(i8),
    /// The second Tuesday; -1: the last one.
    Nth(i8, Weekday),
}

/// The field of a task that was moved: the day that it is meant for, from which the next follows.
pub const MEANT: &str = "meant";

/// A longer text is no rule.
const LONGEST: usize = 120;
/// Nothing comes again after more units than these.
const MOST: u16 = 999;
/// Steps that are gone through for the next day: daily, that is more than two hundred years.
const STEPS: i64 = 100_000;
/// Nobody looks at more days of what comes again at once.
const MOST_DAYS: i64 = 1_000;
/// The 29th of February in the rules of other calendars.
const LEAP_DAY: &str = "BYMONTH=2;BYMONTHDAY=-1";
const CODES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const WORKDAYS: [Weekday; 5] =
    [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

impl Repeat {
    pub fn of(every: u16, unit: Unit) -> Self {
        Self { every, unit, days: Vec::new(), on: None, from_done: false, until: None, count: None }
    }

    /// Reads a rule as it is kept, or as people say it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        kept(text).or_else(|| {
            let words = Words::of(&fold(text));
            let (repeat, taken) = said(&words)?;
            (taken == words.len()).then_some(repeat)
        })
    }

    /// The next day behind the one for which it was meant, whenever it was due, and behind today, however often it was left
    /// out.
    pub fn next(&self, due: Option<Date>, today: Date) -> Option<Date> {
        let start = if self.from_done { today } else { due.unwrap_or(today) };
        let (rule, last) = (self.due_on(start), start.max(today));
        // Put off into another month, its day in that one may still be to come.
        let monthly = self.unit == Unit::Month && self.on.is_some() && self.every == 1;
        let from = i64::from(!monthly || self.from_done);
        let next = match (self.unit, self.days.is_empty()) {
            (Unit::Week, false) => rule.next_weekday(start, last),
            _ => (from..STEPS).map_while(|n| rule.step(start, n)).find(|day| *day > last),
        };
        next.filter(|day| self.until.is_none_or(|until| *day <= until) && self.count.is_none_or(|n| n > 1))
    }

    /// What is kept with the next one: one time less, and the day that it was meant for, which a short month hides.
    pub fn after(&self, due: Option<Date>) -> Self {
        let mut next = due.map_or_else(|| self.clone(), |due| self.due_on(due));
        next.count = self.count.map(|n| n.saturating_sub(1));
        let hidden = due.filter(|due| match self.unit {
            Unit::Month => due.day() > 28,
            Unit::Year => due.month() == 2 && due.day() == 29,
            _ => false,
        });
        if next.on.is_none() && !self.from_done {
            next.on = hidden.map(|due| On::Day(due.day()));
        }
        next
    }

    /// As it goes on from a day: the 29th of February that was put off into another month is that one's day.
    pub fn due_on(&self, day: Date) -> Self {
        let on = self.on.filter(|_| !self.is_leap_day() || day.month() == 2);
        Self { on, ..self.clone() }
    }

    fn is_leap_day(&self) -> bool {
        self.unit == Unit::Year && self.on == Some(On::Day(29))
    }

    /// The first day: of those that it names, behind today.
    pub fn first(&self, today: Date) -> Option<Date> {
        let one = Self { every: 1, from_done: false, until: None, count: None, ..self.clone() };
        match (self.unit, self.days.is_empty(), self.on) {
            // The day of a month may still be to come in this one.
            (Unit::Month, _, Some(_)) => {
                let this = self.of_month(today.first_of_month()).filter(|day| *day > today);
                this.or_else(|| one.next(Some(today), today))
            }
            (Unit::Week, false, _) => one.next(Some(today), today),
            (Unit::Day, ..) => today.tomorrow().ok(),
            _ => self.next(Some(today), today),
        }
    }

    /// The days from one to another on which it comes that began on `start`, in order. Where in its course the first of
    /// them stands is reckoned, not walked to: what began long ago costs no more.
    pub fn days(&self, start: Date, from: Date, to: Date) -> impl Iterator<Item = Date> {
        let (rule, first) = (self.due_on(start), self.index(start, from));
        let day = move |n: i64| rule.occurrence(start, n).filter(|day| *day <= to);
        (first..first.saturating_add(MOST_DAYS)).map_while(day)
    }

    /// The n-th day of what began on `start`, the first is 0; nothing where it is over by then.
    pub fn occurrence(&self, start: Date, n: i64) -> Option<Date> {
        if self.count.is_some_and(|count| n >= i64::from(count)) {
            return None;
        }
        let day = match (self.unit, i64::try_from(self.days.len()).unwrap_or(0)) {
            (Unit::Week, days @ 1..) => {
                let n = n.checked_add(self.before_start(start))?;
                let monday = monday_of(start)?.checked_add(weeks(n / days, self.every)?).ok()?;
                let named = self.days.get(usize::try_from(n % days).ok()?)?;
                monday.checked_add(i64::from(named.to_monday_zero_offset()).days()).ok()?
            }
            _ => self.step(start, n.checked_add(self.before_start(start))?)?,
        };
        (self.until.is_none_or(|until| day <= until)).then_some(day)
    }

    /// How many days come before one, of what began on `start`.
    pub fn index(&self, start: Date, day: Date) -> i64 {
        let endless = Self { until: None, count: None, ..self.due_on(start) };
        let every = i64::from(self.every.max(1));
        let gone = days_between(start, day);
        let months = |d: Date| i64::from(d.year()) * 12 + i64::from(d.month());
        let guess = match self.unit {
            Unit::Day => gone / every,
            Unit::Week if self.days.is_empty() => gone / (7 * every),
            Unit::Week => gone / (7 * every) * i64::try_from(self.days.len()).unwrap_or(1),
            Unit::Month => (months(day) - months(start)) / every,
            Unit::Year => i64::from(day.year() - start.year()) / every,
        };
        // The guess is out by the days of a week, or by one.
        let mut n = (guess - 8).max(0);
        while endless.occurrence(start, n).is_some_and(|there| there < day) {
            n += 1;
        }
        match self.count {
            Some(count) => n.min(i64::from(count)),
            None => n,
        }
    }

    /// Whether it comes on a day.
    pub fn comes_on(&self, start: Date, day: Date) -> bool {
        self.days(start, day, day).next().is_some()
    }

    /// Days of its first week or month that were over when it began.
    fn before_start(&self, start: Date) -> i64 {
        match self.unit {
            Unit::Week => {
                let over =
                    |day: &&Weekday| day.to_monday_zero_offset() < start.weekday().to_monday_zero_offset();
                i64::try_from(self.days.iter().filter(over).count()).unwrap_or(0)
            }
            _ => i64::from(self.step(start, 0).is_some_and(|first| first < start)),
        }
    }

    /// The same until the day before another.
    pub fn ending_before(&self, day: Date) -> Self {
        Self { until: day.yesterday().ok(), count: None, ..self.clone() }
    }

    /// What is left of it from a day on, where it began on `start`.
    pub fn from_day(&self, start: Date, day: Date) -> Self {
        let gone = u32::try_from(self.index(start, day)).unwrap_or(u32::MAX);
        let count = self.count.map(|count| count.saturating_sub(gone).max(1));
        // The day that a short month hides.
        let hidden = match self.unit {
            Unit::Month => start.day() > 28,
            Unit::Year => start.month() == 2 && start.day() == 29,
            _ => false,
        };
        let on = self.on.or(hidden.then(|| On::Day(start.day())));
        Self { count, on, ..self.due_on(start) }
    }

    /// Of the days that it names, the nearest to one. A rule that names none follows its first day.
    pub fn nearest(&self, near: Date) -> Date {
        let month = |n: i64| self.of_month(near.first_of_month().checked_add(n.months()).ok()?);
        let named = (-1..=1).filter_map(month).min_by_key(|day| days_between(near, *day).abs());
        named.filter(|_| self.unit == Unit::Month).unwrap_or(near)
    }

    /// The same where one of its days is another one: a Tuesday becomes a Wednesday, the 15th the 16th.
    pub fn moved(&self, from: Date, to: Date) -> Self {
        let shift = i64::from(to.weekday().to_monday_zero_offset() - from.weekday().to_monday_zero_offset());
        let weekday = |day: &Weekday| {
            let offset = (i64::from(day.to_monday_zero_offset()) + shift).rem_euclid(7);
            i8::try_from(offset).ok().and_then(|n| Weekday::from_monday_zero_offset(n).ok()).unwrap_or(*day)
        };
        let days = in_order(self.days.iter().map(weekday).collect());
        let on = match self.on {
            _ if from == to => self.on,
            Some(On::Nth(..)) => Some(On::Nth((to.day() - 1) / 7 + 1, to.weekday())),
            Some(On::Day(_)) if self.unit == Unit::Month => Some(On::Day(to.day())),
            _ => None,
        };
        Self { days, on, ..self.clone() }
    }

    fn step(&self, start: Date, n: i64) -> Option<Date> {
        let n = n.checked_mul(i64::from(self.every)).filter(|n| *n < self.unit.most())?;
        match self.unit {
            Unit::Day => start.checked_add(n.days()).ok(),
            Unit::Week => start.checked_add(n.weeks()).ok(),
            // From where it began, so that the 31st stays the 31st.
            Unit::Month => match self.on {
                None => start.checked_add(n.months()).ok(),
                Some(_) => self.of_month(start.first_of_month().checked_add(n.months()).ok()?),
            },
            Unit::Year => match self.on {
                None => start.checked_add(n.years()).ok(),
                Some(_) => self.of_month(start.first_of_month().checked_add(n.years()).ok()?),
            },
        }
    }

    /// Its day in the month that begins so.
    fn of_month(&self, first: Date) -> Option<Date> {
        match self.on? {
            On::Day(-1) => Some(first.last_of_month()),
            On::Day(day) => Date::new(first.year(), first.month(), day.min(first.days_in_month())).ok(),
            // A month without a fifth one has its last.
            On::Nth(nth, day) => {
                let last = || first.nth_weekday_of_month(-1, day).ok();
                first.nth_weekday_of_month(nth, day).ok().or_else(last)
            }
        }
    }

    /// Of weeks that are so far apart, reckoned from that of the start.
    fn next_weekday(&self, start: Date, last: Date) -> Option<Date> {
        let monday =
            |day: Date| day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok();
        let first = monday(start)?;
        let gone = i64::from(first.until(monday(last)?).ok()?.get_days()) / 7;
        let every = i64::from(self.every);
        let weeks =
            (gone / every..=gone / every + 1).filter_map(|n| first.checked_add((n * every).weeks()).ok());
        let offset = |day: &Weekday| i64::from(day.to_monday_zero_offset()).days();
        weeks
            .flat_map(|week| self.days.iter().filter_map(move |day| week.checked_add(offset(day)).ok()))
            .find(|day| *day > last)
    }

    /// The same with its day named: for who reckons from another than the one that it is meant for, or clips no month.
    pub fn pinned(&self, meant: Date) -> Self {
        let mut pinned = self.due_on(meant);
        match self.unit {
            Unit::Week if self.days.is_empty() => pinned.days = vec![meant.weekday()],
            Unit::Month if self.on.is_none() => pinned.on = Some(On::Day(meant.day())),
            _ => {}
        }
        pinned
    }

    /// The rule of a meeting that began on a day, for other calendars: what comes on the last day of a short month does so
    /// there too. Without its end.
    pub fn rrule_of(&self, start: Date) -> String {
        let mut rule = Self { until: None, count: None, ..self.due_on(start) };
        match (rule.unit, rule.on) {
            (Unit::Month, None) if start.day() > 28 => rule.on = Some(On::Day(start.day())),
            (Unit::Year, None) if start.month() == 2 && start.day() == 29 => rule.on = Some(On::Day(29)),
            (Unit::Month, Some(On::Nth(5, day))) => rule.on = Some(On::Nth(-1, day)),
            _ => {}
        }
        match (rule.unit, rule.on) {
            (Unit::Month, Some(On::Day(day @ 29..=30))) => {
                let days: Vec<String> = (28..=day).map(|n| n.to_string()).collect();
                let plain = Self { on: None, ..rule.clone() }.rrule();
                format!("{plain};BYMONTHDAY={};BYSETPOS=-1", days.join(","))
            }
            _ => rule.rrule(),
        }
    }

    /// The rule for other calendars, which clip no month.
    pub fn rrule(&self) -> String {
        let mut parts = vec![format!("FREQ={}", self.unit.frequency())];
        if self.every > 1 {
            parts.push(format!("INTERVAL={}", self.every));
        }
        if !self.days.is_empty() {
            parts.push(format!(
                "BYDAY={}",
                self.days.iter().map(|day| code(*day)).collect::<Vec<_>>().join(",")
            ));
        }
        match self.on {
            // Without its month it would be a day of each.
            Some(_) if self.is_leap_day() => parts.push(LEAP_DAY.to_owned()),
            Some(On::Day(31)) => parts.push("BYMONTHDAY=-1".to_owned()),
            Some(On::Day(day)) => parts.push(format!("BYMONTHDAY={day}")),
            Some(On::Nth(nth, day)) => parts.push(format!("BYDAY={nth}{}", code(day))),
            None => {}
        }
        parts.extend(self.until.map(|until| format!("UNTIL={}", until.strftime("%Y%m%d"))));
        parts.extend(self.count.map(|count| format!("COUNT={count}")));
        parts.join(";")
    }
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.days.is_empty()
            && self.on.is_none()
            && !self.from_done
            && self.until.is_none()
            && self.count.is_none();
        let word = WORDS.iter().find(|(_, every, unit)| plain && (*every, *unit) == (self.every, self.unit));
        if let Some((word, ..)) = word {
            return f.write_str(word);
        }
        // As other calendars have it, but for the 29th of February, and for the 31st, which is another day in a short month.
        let rule = self.rrule();
        match self.on {
            Some(_) if self.is_leap_day() => f.write_str(&rule.replace(LEAP_DAY, "BYMONTHDAY=29"))?,
            Some(On::Day(31)) => f.write_str(&rule.replace("BYMONTHDAY=-1", "BYMONTHDAY=31"))?,
            _ => f.write_str(&rule)?,
        }
        if self.from_done { f.write_str(";FROM=DONE") } else { Ok(()) }
    }
}

impl Unit {
    /// Behind so many no calendar goes.
    fn most(self) -> i64 {
        match self {
            Unit::Day => 4_000_000,
            Unit::Week => 600_000,
            Unit::Month => 130_000,
            Unit::Year => 12_000,
        }
    }

    fn frequency(self) -> &'static str {
        match self {
            Unit::Day => "DAILY",
            Unit::Week => "WEEKLY",
            Unit::Month => "MONTHLY",
            Unit::Year => "YEARLY",
        }
    }
}

/// The words that the simplest have been kept as.
const WORDS: [(&str, u16, Unit); 5] = [
    ("day", 1, Unit::Day),
    ("week", 1, Unit::Week),
    ("two_weeks", 2, Unit::Week),
    ("month", 1, Unit::Month),
    ("year", 1, Unit::Year),
];

fn code(day: Weekday) -> &'static str {
    CODES.get(usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)).copied().unwrap_or("MO")
}

fn coded(text: &str) -> Option<Weekday> {
    let at = CODES.iter().position(|code| *code == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// A rule as it is kept.
fn kept(text: &str) -> Option<Repeat> {
    if let Some((_, every, unit)) = WORDS.iter().find(|(word, ..)| *word == text) {
        return Some(Repeat::of(*every, *unit));
    }
    let units = [Unit::Day, Unit::Week, Unit::Month, Unit::Year];
    let mut repeat = None;
    for part in text.split(';') {
        let (name, value) = part.split_once('=')?;
        if name == "FREQ" && repeat.is_none() {
            let unit = units.into_iter().find(|unit| unit.frequency() == value)?;
            repeat = Some(Repeat::of(1, unit));
            continue;
        }
        let repeat = repeat.as_mut()?;
        match name {
            "INTERVAL" => repeat.every = value.parse().ok().filter(|n| (1..=MOST).contains(n))?,
            "COUNT" => repeat.count = Some(value.parse().ok().filter(|n| (1..10_000).contains(n))?),
            "UNTIL" => repeat.until = Some(Date::strptime("%Y%m%d", value.get(..8)?).ok()?),
            "FROM" if value == "DONE" => repeat.from_done = true,
            "BYMONTHDAY" if matches!(repeat.unit, Unit::Month | Unit::Year) => {
                let day: i8 = value.parse().ok().filter(|n| *n == -1 || (1..=31).contains(n))?;
                repeat.on = Some(On::Day(day));
            }
            "BYDAY" if repeat.unit == Unit::Week => {
                let days: Option<Vec<Weekday>> = value.split(',').map(coded).collect();
                repeat.days = in_order(days?);
            }
            "BYDAY" if repeat.unit == Unit::Month => {
                let (nth, day) = value.split_at_checked(value.len().checked_sub(2)?)?;
                let nth: i8 = nth.parse().ok().filter(|n| *n == -1 || (1..=5).contains(n))?;
                repeat.on = Some(On::Nth(nth, coded(day)?));
            }
            _ => return None,
        }
    }
    repeat
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

fn monday_of(day: Date) -> Option<Date> {
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok()
}

fn weeks(n: i64, every: u16) -> Option<jiff::Span> {
    Some(n.checked_mul(i64::from(every)).filter(|n| *n < Unit::Week.most())?.weeks())
}

fn in_order(mut days: Vec<Weekday>) -> Vec<Weekday> {
    days.sort_by_key(|day| day.to_monday_zero_offset());
    days.dedup();
    days
}

/// Takes how often something comes again off what somebody has written, with its day or hour: «report every fri 10».
pub fn take(text: &str, today: Date, order: DayOrder) -> (String, Option<(Repeat, When)>) {
    when::take_off(text, |part, stands| with_when(part, stands, today, order))
}

/// A rule, and the day and hour of the first time: `every second tue 10`, `每周二上午10点`.
pub(crate) fn with_when(text: &str, stands: Stands, today: Date, order: DayOrder) -> Option<(Repeat, When)> {
    if text.len() > LONGEST {
        return None;
    }
    let words = Words::of(&fold(text));
    let (repeat, taken) = said(&words)?;
    let rest = words.rest(taken);
    let said = when::parse(&rest, today, order);
    let named = match rest.is_empty() {
        true => None,
        // A number alone is an hour here: a day was said.
        false => Some(said.or_else(|| when::parse(&format!("at {rest}"), today, order))?),
    };
    let date = named.filter(|when| when.date != today).map(|when| when.date);
    // «monthly report», «weekly 2 pages», 每月报告: what is written says how often it comes, and not this text. Before other
    // words it counts only with a day or an hour.
    let names_a_day = said.is_some() || date.is_some() || !repeat.days.is_empty() || repeat.on.is_some();
    if !names_a_day && stands == Stands::Before {
        return None;
    }
    let date = date.or_else(|| repeat.first(today))?;
    Some((repeat, When { date, minute: named.and_then(|when| when.minute) }))
}

/// The rule that words begin with, and how many of them it takes.
fn said(words: &Words) -> Option<(Repeat, usize)> {
    let (mut repeat, mut at) = english(words).or_else(|| chinese(words))?;
    loop {
        let behind = ending(words, at, &mut repeat);
        if behind == at {
            return Some((repeat, at));
        }
        at = behind;
    }
}

/// Whether a text begins by saying how often something comes: «monthly report», 每月报告.
pub(crate) fn begins(text: &str) -> bool {
    let words = Words::of(&fold(text));
    said(&words).is_some()
}

fn unit_of(word: &str) -> Option<Unit> {
    match word {
        "day" | "days" => Some(Unit::Day),
        "week" | "weeks" => Some(Unit::Week),
        "month" | "months" => Some(Unit::Month),
        "year" | "years" => Some(Unit::Year),
        _ => None,
    }
}

fn nth_of(word: &str) -> Option<i8> {
    let all = ["first", "second", "third", "fourth", "fifth"];
    let named = all.iter().position(|nth| *nth == word).and_then(|n| i8::try_from(n + 1).ok());
    named.or((word == "last").then_some(-1))
}

/// `1st`, `2nd`, as two words.
fn ordinal(words: &Words, at: usize) -> Option<(i8, usize)> {
    let number = words.peek(at).parse::<i8>().ok().filter(|n| (1..=31).contains(n));
    match number {
        Some(n) if matches!(words.peek(at + 1), "st" | "nd" | "rd" | "th") => Some((n, 2)),
        Some(n) => Some((n, 1)),
        None => Some((nth_of(words.peek(at))?, 1)),
    }
}

fn adverb(word: &str) -> Option<(u16, Unit)> {
    match word {
        "daily" => Some((1, Unit::Day)),
        "weekly" => Some((1, Unit::Week)),
        "fortnightly" | "biweekly" => Some((2, Unit::Week)),
        "monthly" => Some((1, Unit::Month)),
        "quarterly" => Some((3, Unit::Month)),
        "yearly" | "annually" => Some((1, Unit::Year)),
        _ => None,
    }
}

fn english(words: &Words) -> Option<(Repeat, usize)> {
    let named = adverb(words.peek(0)).map(|(every, unit)| (Repeat::of(every, unit), 1));
    let mut found = match words.peek(0) {
        _ if named.is_some() => named,
        "weekdays" | "workdays" => Some((on_days(1, WORKDAYS.to_vec()), 1)),
        "every" | "each" => every(words),
        // «the second tuesday of every month»
        _ => return monthly_named(words, usize::from(words.peek(0) == "the")),
    }?;
    // «every week on mon and thu», «monthly on the 15th»
    let mut at = found.1;
    at += usize::from(words.peek(at) == "on");
    at += usize::from(words.peek(at) == "the");
    match found.0.unit {
        Unit::Week if found.0.days.is_empty() => {
            if let Some((days, behind)) = weekdays(words, at) {
                found = (on_days(found.0.every, days), behind);
            }
        }
        Unit::Month if at > found.1 => {
            if let Some((on, behind)) = day_of_month(words, at) {
                found.0.on = Some(on);
                found.1 = behind;
            }
        }
        _ => {}
    }
    Some(found)
}

/// What stands behind «every».
fn every(words: &Words) -> Option<(Repeat, usize)> {
    let (count, at) = match words.peek(1) {
        "other" | "second" => (2, 2),
        "third" => (3, 2),
        "fourth" => (4, 2),
        word => match when::number(word).filter(|_| !matches!(word, "a" | "an")) {
            Some(n) => (u16::try_from(n).ok().filter(|n| (1..=MOST).contains(n))?, 2),
            None => (1, 1),
        },
    };
    match words.peek(at) {
        "weekday" | "workday" if count == 1 => return Some((on_days(1, WORKDAYS.to_vec()), at + 1)),
        "quarter" | "quarters" => return Some((Repeat::of(count.checked_mul(3)?, Unit::Month), at + 1)),
        "fortnight" if count == 1 => return Some((Repeat::of(2, Unit::Week), at + 1)),
        _ => {}
    }
    if let Some(unit) = unit_of(words.peek(at)) {
        return Some((Repeat::of(count, unit), at + 1));
    }
    // «every last friday of the month», and «every second tuesday of the month», which is no other one.
    if let Some(found) = monthly_named(words, 1) {
        return Some(found);
    }
    let (days, behind) = weekdays(words, at)?;
    Some((on_days(count, days), behind))
}

fn on_days(every: u16, days: Vec<Weekday>) -> Repeat {
    Repeat { days: in_order(days), ..Repeat::of(every, Unit::Week) }
}

/// «second tuesday of the month», «15th of every month».
fn monthly_named(words: &Words, at: usize) -> Option<(Repeat, usize)> {
    let (on, mut end) = day_of_month(words, at)?;
    if words.peek(end) != "of" {
        return None;
    }
    end += 1;
    end += usize::from(matches!(words.peek(end), "the" | "every" | "each"));
    let on_it = Repeat { on: Some(on), ..Repeat::of(1, Unit::Month) };
    (words.peek(end) == "month").then_some((on_it, end + 1))
}

/// «15th», «last day», «second tuesday».
fn day_of_month(words: &Words, at: usize) -> Option<(On, usize)> {
    let (n, length) = ordinal(words, at)?;
    let end = at + length;
    if let Some(day) = when::weekday(words.peek(end)).filter(|_| n <= 5) {
        return Some((On::Nth(n, day), end + 1));
    }
    let named = nth_of(words.peek(at)).is_some();
    match words.peek(end) {
        "day" => Some((On::Day(n), end + 1)),
        _ if named => None,
        _ => Some((On::Day(n), end)),
    }
}

/// «mon», «tuesday and thursday», «mon, wed, fri»: commas are no words.
fn weekdays(words: &Words, mut at: usize) -> Option<(Vec<Weekday>, usize)> {
    let mut days = Vec::new();
    loop {
        let joined = at + usize::from(!days.is_empty() && matches!(words.peek(at), "and" | "&"));
        let plural = words.peek(joined).strip_suffix('s').unwrap_or(words.peek(joined));
        match when::weekday(words.peek(joined)).or_else(|| when::weekday(plural)) {
            Some(day) if days.len() < 7 => days.push(day),
            _ => break,
        }
        at = joined + 1;
    }
    (!days.is_empty()).then_some((days, at))
}

fn chinese(words: &Words) -> Option<(Repeat, usize)> {
    if words.is_han(0, "工作日") {
        return Some((on_days(1, WORKDAYS.to_vec()), 3));
    }
    if words.peek(0) != "每" {
        return None;
    }
    // 每个工作日, 每隔一周, 每两周, 每3个月, 每季度
    let skips = words.peek(1) == "隔";
    let mut at = 1 + usize::from(skips);
    let count = when::number(words.peek(at));
    at += usize::from(count.is_some());
    let count = count.unwrap_or(1) + i64::from(skips);
    let count = u16::try_from(count).ok().filter(|n| (1..=MOST).contains(n))?;
    at += usize::from(words.peek(at) == "个");
    if words.is_han(at, "工作日") {
        return Some((on_days(1, WORKDAYS.to_vec()), at + 3));
    }
    if words.is_han(at, "季度") {
        return Some((Repeat::of(count.checked_mul(3)?, Unit::Month), at + 2));
    }
    let (unit, length) = match words.peek(at) {
        "天" | "日" => (Unit::Day, 1),
        "周" => (Unit::Week, 1),
        "星" if words.peek(at + 1) == "期" => (Unit::Week, 2),
        "礼" if words.peek(at + 1) == "拜" => (Unit::Week, 2),
        "月" => (Unit::Month, 1),
        "年" => (Unit::Year, 1),
        _ => return None,
    };
    at += length;
    match unit {
        Unit::Week => {
            // 每2周的周二
            let lead = at + usize::from(words.peek(at) == "的");
            let named = lead + week_han(words, lead);
            let from = if when::weekday_han(words.peek(named)).is_some() { named } else { at };
            let (days, behind) = weekdays_han(words, from);
            Some((on_days(count, days), behind))
        }
        Unit::Month => {
            let (on, behind) = day_of_month_han(words, at).map_or((None, at), |(on, at)| (Some(on), at));
            Some((Repeat { on, ..Repeat::of(count, unit) }, behind))
        }
        _ => Some((Repeat::of(count, unit), at)),
    }
}

/// How many words «week» takes in Chinese.
fn week_han(words: &Words, at: usize) -> usize {
    match (words.peek(at), words.peek(at + 1)) {
        ("周", _) => 1,
        ("星", "期") | ("礼", "拜") => 2,
        _ => 0,
    }
}

/// 二, 二和周四, 一三五, 二、四
fn weekdays_han(words: &Words, mut at: usize) -> (Vec<Weekday>, usize) {
    let mut days = Vec::new();
    loop {
        let mut to = at;
        if !days.is_empty() {
            to += usize::from(matches!(words.peek(to), "和" | "、" | "及" | "与"));
            to += usize::from(words.peek(to) == "每");
            to += week_han(words, to);
        }
        // 每周三点: the hour three, and no Wednesday.
        let hour = matches!(words.peek(to + 1), "点" | "时" | ":");
        match when::weekday_han(words.peek(to)).filter(|_| !hour && days.len() < 7) {
            Some(day) => days.push(day),
            None => return (days, at),
        }
        at = to + 1;
    }
}

/// 15号, 最后一天, 第二个周二, 最后一个周五
fn day_of_month_han(words: &Words, at: usize) -> Option<(On, usize)> {
    if words.is_han(at, "最后一天") {
        return Some((On::Day(-1), at + 4));
    }
    if words.is_han(at, "底") {
        return Some((On::Day(-1), at + 1));
    }
    let (nth, mut end) = match () {
        () if words.is_han(at, "最后一个") => (-1, at + 4),
        () if words.peek(at) == "第" => (i8::try_from(when::number(words.peek(at + 1))?).ok()?, at + 2),
        () => {
            let day = i8::try_from(when::number(words.peek(at))?).ok().filter(|n| (1..=31).contains(n))?;
            return matches!(words.peek(at + 1), "号" | "日").then_some((On::Day(day), at + 2));
        }
    };
    end += usize::from(words.peek(end) == "个");
    let named = end + week_han(words, end);
    if named == end {
        return None;
    }
    end = named;
    let day = when::weekday_han(words.peek(end)).filter(|_| nth == -1 || (1..=5).contains(&nth))?;
    Some((On::Nth(nth, day), end + 1))
}

/// «until 2027-12-31», «10 times», «after it is done», and the same in Chinese; how far it comes.
fn ending(words: &Words, at: usize, repeat: &mut Repeat) -> usize {
    let begins = at + usize::from(matches!(words.peek(at), "," | "，" | "、" | "for"));
    let from = match words.peek(begins) {
        "until" | "till" => Some(begins + 1),
        _ if words.is_han(begins, "直到") => Some(begins + 2),
        "到" | "至" => Some(begins + 1),
        _ => None,
    };
    if let (Some(from), None) = (from, repeat.until) {
        // The longest that is a day with its year: nobody says what day it is here.
        for end in (from + 1..=words.len().min(from + 8)).rev() {
            let day = (from..end).map(|n| words.peek(n)).collect::<Vec<_>>().join(" ");
            let has_year =
                (from..end).any(|n| words.peek(n).len() == 4 && words.peek(n).parse::<u16>().is_ok());
            let read = when::parse(&day, Date::constant(2000, 1, 1), DayOrder::DayFirst);
            if let Some(read) = read.filter(|read| has_year && read.minute.is_none()) {
                repeat.until = Some(read.date);
                return end + usize::from(words.is_han(end, "为止")) * 2;
            }
        }
        return at;
    }
    let counted = begins + usize::from(words.peek(begins) == "共");
    if let (Some(count), None) = (when::number(words.peek(counted)), repeat.count) {
        let length = usize::from(matches!(words.peek(counted + 1), "times" | "time" | "次"));
        if let Some(count) = u32::try_from(count).ok().filter(|n| *n > 0 && length > 0) {
            repeat.count = Some(count);
            return counted + 2;
        }
    }
    if !repeat.from_done {
        let length = match words.peek(begins) {
            "after" if matches!(words.peek(begins + 1), "done" | "completion") => 2,
            "after" if words.rest(begins).starts_with("after it is done") => 4,
            _ if words.is_han(begins, "完成后") => 3,
            _ => 0,
        };
        repeat.from_done = length > 0;
        return if length > 0 { begins + length } else { at };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Friday.
    fn today() -> Date {
        Date::constant(2026, 11, 27)
    }

    fn read(text: &str) -> String {
        Repeat::parse(text).map_or("-".to_owned(), |repeat| repeat.to_string())
    }

    #[test]
    fn rules_are_read_as_they_are_said() {
        for (text, kept) in [
            ("every day", "day"),
            ("Daily", "day"),
            ("every 3 days", "FREQ=DAILY;INTERVAL=3"),
            ("every week", "week"),
            ("every other week", "two_weeks"),
            ("every two weeks", "two_weeks"),
            ("fortnightly", "two_weeks"),
            ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("every tue", "FREQ=WEEKLY;BYDAY=TU"),
            ("every second tue", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
            ("every Thursday and Tuesday", "FREQ=WEEKLY;BYDAY=TU,TH"),
            ("every mon, wed, fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
            ("every 2 weeks on mon", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"),
            ("weekly on mondays", "FREQ=WEEKLY;BYDAY=MO"),
            ("monthly", "month"),
            ("every 3 months", "FREQ=MONTHLY;INTERVAL=3"),
            ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
            ("monthly on the 15th", "FREQ=MONTHLY;BYMONTHDAY=15"),
            ("every month on the last day", "FREQ=MONTHLY;BYMONTHDAY=-1"),
            ("every month on the second tuesday", "FREQ=MONTHLY;BYDAY=2TU"),
            ("every second tuesday of the month", "FREQ=MONTHLY;BYDAY=2TU"),
            ("the last friday of every month", "FREQ=MONTHLY;BYDAY=-1FR"),
            ("15th of every month", "FREQ=MONTHLY;BYMONTHDAY=15"),
            ("every year", "year"),
            ("every week until 2027-06-30", "FREQ=WEEKLY;UNTIL=20270630"),
            ("every tue until 30.6.2027", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630"),
            ("daily for 10 times", "FREQ=DAILY;COUNT=10"),
            ("every month, 3 times", "FREQ=MONTHLY;COUNT=3"),
            ("every 2 weeks after it is done", "FREQ=WEEKLY;INTERVAL=2;FROM=DONE"),
            ("every week after done, 3 times", "FREQ=WEEKLY;COUNT=3;FROM=DONE"),
            ("每天", "day"),
            ("每周", "week"),
            ("每两周", "two_weeks"),
            ("每隔一周", "two_weeks"),
            ("每周二", "FREQ=WEEKLY;BYDAY=TU"),
            ("每周二和周四", "FREQ=WEEKLY;BYDAY=TU,TH"),
            ("每周一、三、五", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
            ("每两周的", "-"),
            ("每星期天", "FREQ=WEEKLY;BYDAY=SU"),
            ("每2周周二", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
            ("每2周的周二和周四", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
            // As the screens say it.
            ("every 2 weeks on Tuesday and Thursday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
            ("every Tuesday until 2027-06-30", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20270630"),
            ("every 3 months on the 15th", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15"),
            ("every month on the last Friday, 3 times", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"),
            ("every 2 days after it is done", "FREQ=DAILY;INTERVAL=2;FROM=DONE"),
            ("每3个月15号，直到2027-06-30", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15;UNTIL=20270630"),
            ("每3个月，共2次，完成后", "FREQ=MONTHLY;INTERVAL=3;COUNT=2;FROM=DONE"),
            ("每个工作日", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("每月", "month"),
            ("每3个月", "FREQ=MONTHLY;INTERVAL=3"),
            ("每季度", "FREQ=MONTHLY;INTERVAL=3"),
            ("每月15号", "FREQ=MONTHLY;BYMONTHDAY=15"),
            ("每月最后一天", "FREQ=MONTHLY;BYMONTHDAY=-1"),
            ("每月第二个周二", "FREQ=MONTHLY;BYDAY=2TU"),
            ("每月最后一个周五", "FREQ=MONTHLY;BYDAY=-1FR"),
            ("每年", "year"),
            ("每周，直到2027年6月30日", "FREQ=WEEKLY;UNTIL=20270630"),
            ("每天，共10次", "FREQ=DAILY;COUNT=10"),
            ("每两周，完成后", "FREQ=WEEKLY;INTERVAL=2;FROM=DONE"),
        ] {
            assert_eq!(read(text), kept, "{text}");
            if kept != "-" {
                assert_eq!(read(kept), kept, "what is kept is read again");
            }
        }
        for text in [
            "",
            "tue",
            "every",
            "every 0 days",
            "every 1000 days",
            "sometimes",
            "every day at the office",
            "每",
            "每人",
            "FREQ=HOURLY",
            "FREQ=DAILY;BYDAY=MO",
            "FREQ=MONTHLY;BYDAY=6MO",
            "INTERVAL=2",
            "every week until soon",
            "FREQ=WEEKLY;COUNT=0",
            "monthly on the 32th",
            "the 15th",
        ] {
            assert_eq!(read(text), "-", "{text}");
        }
        assert_eq!(Repeat::parse(&"every ".repeat(100)), None);
    }

    #[test]
    fn the_next_day_follows_from_the_rule() {
        let next = |rule: &str, due: &str| {
            let due = due.parse().ok();
            Repeat::parse(rule).expect(rule).next(due, today()).map(|day| day.to_string()).unwrap_or_default()
        };
        for (rule, due, expected) in [
            ("week", "2026-11-27", "2026-12-04"),
            ("week", "2026-10-01", "2026-12-03"),
            ("day", "", "2026-11-28"),
            ("month", "2026-10-31", "2026-11-30"),
            ("year", "2024-02-29", "2027-02-28"),
            ("every mon and thu", "2026-11-26", "2026-11-30"),
            ("every mon and thu", "2026-11-30", "2026-12-03"),
            ("weekdays", "2026-11-27", "2026-11-30"),
            ("every second tue", "2026-11-24", "2026-12-08"),
            ("every second tue", "2026-11-17", "2026-12-01"),
            ("every second tue", "2026-10-06", "2026-12-01"),
            ("every 3 days", "2026-11-26", "2026-11-29"),
            ("monthly on the 15th", "2026-11-15", "2026-12-15"),
            ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-11-30", "2026-12-31"),
            ("FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31", "2027-02-28"),
            ("every month on the last day", "2026-11-30", "2026-12-31"),
            // Put off over the end of the month.
            ("every month on the last day", "2026-12-01", "2026-12-31"),
            ("monthly on the 15th", "2026-12-02", "2026-12-15"),
            ("every month on the second tuesday", "2026-12-01", "2026-12-08"),
            ("every 3 months on the 15th", "2026-12-02", "2027-03-15"),
            ("monthly on the 15th after done", "2026-11-02", "2026-12-15"),
            ("every month on the second tuesday", "2026-11-10", "2026-12-08"),
            ("FREQ=MONTHLY;BYDAY=5MO", "2026-11-30", "2026-12-28"),
            ("FREQ=YEARLY;BYMONTHDAY=29", "2027-02-28", "2028-02-29"),
            ("FREQ=YEARLY;BYMONTHDAY=29", "2027-03-01", "2028-03-01"),
            // Done late, it is reckoned from then.
            ("every week after done", "2026-11-02", "2026-12-04"),
            ("week", "2026-11-02", "2026-11-30"),
            ("every week until 2026-12-03", "2026-11-27", ""),
            ("every week until 2026-12-04", "2026-11-27", "2026-12-04"),
            ("every week, 1 time", "2026-11-27", ""),
            ("every week, 2 times", "2026-11-27", "2026-12-04"),
        ] {
            assert_eq!(next(rule, due), expected, "{rule}, {due}");
        }
    }

    #[test]
    fn what_is_moved_and_done_early_or_late_keeps_the_day_of_its_rule() {
        let date = |text: &str| text.parse::<Date>().expect("a day");
        // Meant for a day, and done on another: the next one, once.
        for (rule, meant, done, expected) in [
            ("monthly on the 15th", "2026-12-15", "2026-12-10", "2027-01-15"),
            ("monthly on the 15th", "2026-12-15", "2026-12-15", "2027-01-15"),
            ("monthly on the 15th", "2026-12-15", "2026-12-20", "2027-01-15"),
            ("month", "2026-12-15", "2026-12-10", "2027-01-15"),
            ("month", "2026-12-15", "2026-12-18", "2027-01-15"),
            ("month", "2026-12-31", "2026-12-28", "2027-01-31"),
            ("FREQ=MONTHLY;BYMONTHDAY=31", "2027-02-28", "2027-02-20", "2027-03-31"),
            ("FREQ=MONTHLY;BYMONTHDAY=31", "2028-02-29", "2028-03-02", "2028-03-31"),
            ("every month on the last day", "2026-11-30", "2026-12-01", "2026-12-31"),
            ("every month on the second tuesday", "2026-12-08", "2026-12-04", "2027-01-12"),
            ("every 3 months on the 15th", "2026-12-15", "2026-11-30", "2027-03-15"),
            ("week", "2026-12-01", "2026-12-03", "2026-12-08"),
            ("two_weeks", "2026-12-01", "2026-12-09", "2026-12-15"),
            ("every mon and thu", "2026-12-03", "2026-12-02", "2026-12-07"),
            ("every mon and thu", "2026-12-03", "2026-12-04", "2026-12-07"),
            ("every second tue", "2026-12-01", "2026-11-27", "2026-12-15"),
            ("every second tue", "2026-12-01", "2026-12-07", "2026-12-15"),
            ("every 3 days", "2026-11-29", "2026-11-28", "2026-12-02"),
            ("year", "2027-02-28", "2027-02-20", "2028-02-28"),
            ("FREQ=YEARLY;BYMONTHDAY=29", "2027-02-28", "2027-03-03", "2028-02-29"),
            // From the day on which it is done, that is the one that counts.
            ("every week after done", "2026-12-01", "2026-12-03", "2026-12-10"),
        ] {
            let repeat = Repeat::parse(rule).expect(rule);
            let next = repeat.next(Some(date(meant)), date(done)).map(|day| day.to_string());
            assert_eq!(next.as_deref(), Some(expected), "{rule}, meant {meant}, done {done}");
        }
    }

    #[test]
    fn a_rule_names_the_day_that_it_is_meant_for() {
        let pinned = |rule: &str, meant: &str| {
            Repeat::parse(rule).expect(rule).pinned(meant.parse().expect("a day")).rrule()
        };
        assert_eq!(pinned("month", "2026-12-15"), "FREQ=MONTHLY;BYMONTHDAY=15");
        assert_eq!(pinned("month", "2026-12-31"), "FREQ=MONTHLY;BYMONTHDAY=-1");
        assert_eq!(pinned("week", "2026-12-15"), "FREQ=WEEKLY;BYDAY=TU");
        assert_eq!(pinned("every month on the second tuesday", "2026-12-08"), "FREQ=MONTHLY;BYDAY=2TU");
        assert_eq!(pinned("day", "2026-12-08"), "FREQ=DAILY");
    }

    #[test]
    fn a_short_month_and_a_count_are_remembered() {
        let mut due: Date = "2026-12-31".parse().expect("a day");
        let mut repeat = Repeat::parse("month").expect("a rule");
        let mut days = Vec::new();
        for _ in 0..4 {
            let next = repeat.next(Some(due), due).expect("one more");
            repeat = repeat.after(Some(due));
            due = next;
            days.push(due.to_string());
        }
        assert_eq!(days, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]);
        let mut repeat = Repeat::parse("every day, 3 times").expect("a rule");
        let mut times = 1;
        while repeat.next(Some(due), due).is_some() {
            repeat = repeat.after(Some(due));
            times += 1;
        }
        assert_eq!(times, 3);
    }

    #[test]
    fn the_last_of_february_is_no_day_of_every_month() {
        let rule = Repeat::parse("year").expect("a rule").after(Some(Date::constant(2028, 2, 29)));
        assert_eq!(rule.to_string(), "FREQ=YEARLY;BYMONTHDAY=29");
        assert_eq!(Repeat::parse(&rule.to_string()), Some(rule.clone()));
        assert_eq!(rule.rrule(), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1");
        assert_eq!(rule.due_on(Date::constant(2029, 2, 28)), rule);
        assert_eq!(rule.due_on(Date::constant(2029, 3, 1)).rrule(), "FREQ=YEARLY");
        assert_eq!(rule.after(Some(Date::constant(2029, 3, 1))).to_string(), "year");
    }

    #[test]
    fn a_rule_is_taken_off_what_was_written() {
        let taken = |text: &str| {
            let (rest, found) = take(text, today(), DayOrder::DayFirst);
            let found = found.map(|(rule, when)| {
                format!("{rule} {} {}", when.day(), when.time().unwrap_or_default()).trim().to_owned()
            });
            (rest, found.unwrap_or_default())
        };
        let pair = |rest: &str, found: &str| (rest.to_owned(), found.to_owned());
        assert_eq!(
            taken("send the report every fri 10"),
            pair("send the report", "FREQ=WEEKLY;BYDAY=FR 2026-12-04 10:00")
        );
        assert_eq!(
            taken("call Zoe every second tue"),
            pair("call Zoe", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU 2026-12-01")
        );
        assert_eq!(taken("every day: look at the news"), pair("look at the news", "day 2026-11-28"));
        assert_eq!(
            taken("count the stock every month from 1.12."),
            pair("count the stock every month from 1.12.", "")
        );
        assert_eq!(taken("count the stock every month 1.12."), pair("count the stock", "month 2026-12-01"));
        assert_eq!(
            taken("monthly on the 30th pay rent"),
            pair("pay rent", "FREQ=MONTHLY;BYMONTHDAY=30 2026-11-30")
        );
        assert_eq!(taken("每周二上午10点打电话"), pair("打电话", "FREQ=WEEKLY;BYDAY=TU 2026-12-01 10:00"));
        assert_eq!(taken("打电话每月15号"), pair("打电话", "FREQ=MONTHLY;BYMONTHDAY=15 2026-12-15"));
        // How often a report comes is no rule of the task.
        for text in
            ["monthly report fri 10", "weekly report", "Quarterly numbers to Ana", "monthly 3 reports"]
        {
            assert_eq!(taken(text), pair(text, ""), "{text}");
        }
        for text in [
            "每月报告给老板",
            "每周例会",
            "每天看新闻",
            "每3个月报告",
            "每年体检",
            "every day call Ana",
            "every two weeks report",
            "每月3报告",
        ] {
            assert_eq!(taken(text), pair(text, ""), "{text}");
        }
        assert_eq!(taken("每月报告给老板 周五"), pair("每月报告给老板 周五", ""));
        // With a day, an hour, apart or at the end it is one.
        for (text, rest, found) in [
            ("每周五报告给老板", "报告给老板", "FREQ=WEEKLY;BYDAY=FR 2026-12-04"),
            ("每月15号报告", "报告", "FREQ=MONTHLY;BYMONTHDAY=15 2026-12-15"),
            ("每天9点看新闻", "看新闻", "day 2026-11-28 09:00"),
            ("每月：报告", "报告", "month 2026-12-27"),
            ("给老板报告每月", "给老板报告", "month 2026-12-27"),
            ("报告 每两周", "报告", "two_weeks 2026-12-11"),
            ("every day 10:30 call Ana", "call Ana", "day 2026-11-28 10:30"),
            ("call Ana every day", "call Ana", "day 2026-11-28"),
        ] {
            assert_eq!(taken(text), pair(rest, found), "{text}");
        }
        assert_eq!(taken("Monthly: report"), pair("report", "month 2026-12-27"));
        assert_eq!(taken("weekly mon report"), pair("report", "FREQ=WEEKLY;BYDAY=MO 2026-11-30"));
        assert_eq!(taken("daily at 9 look at the news"), pair("look at the news", "day 2026-11-28 09:00"));
        assert_eq!(taken("report monthly"), pair("report", "month 2026-12-27"));
        assert_eq!(taken("ask for every detail"), pair("ask for every detail", ""));
        assert_eq!(taken("meet the second tuesday team"), pair("meet the second tuesday team", ""));
    }

    /// Whether a rule comes on a day, by what it says alone.
    fn falls(rule: &Repeat, start: Date, day: Date) -> bool {
        let gone = |unit: i64| unit >= 0 && unit % i64::from(rule.every) == 0;
        let months = i64::from(day.year() - start.year()) * 12 + i64::from(day.month() - start.month());
        let clipped = |wanted: i8| day.day() == wanted.min(day.days_in_month());
        let named = |on: Option<On>| match on {
            None => clipped(start.day()),
            Some(On::Day(-1)) => day.day() == day.days_in_month(),
            Some(On::Day(n)) => clipped(n),
            Some(On::Nth(n, weekday)) => {
                let last = day.day() + 7 > day.days_in_month();
                let nth = (day.day() - 1) / 7 + 1;
                day.weekday() == weekday && (nth == n || last && (n == -1 || n > nth))
            }
        };
        day >= start
            && match rule.unit {
                Unit::Day => gone(days_between(start, day)),
                Unit::Week if rule.days.is_empty() => {
                    days_between(start, day) % 7 == 0 && gone(days_between(start, day) / 7)
                }
                Unit::Week => {
                    let (a, b) = (monday_of(start).expect("a day"), monday_of(day).expect("a day"));
                    gone(days_between(a, b) / 7) && rule.days.contains(&day.weekday())
                }
                Unit::Month => gone(months) && named(rule.on),
                Unit::Year => day.month() == start.month() && gone(months / 12) && named(rule.on),
            }
    }

    fn walked(rule: &Repeat, start: Date, from: Date, to: Date) -> Vec<Date> {
        let rule = rule.due_on(start);
        let (mut day, mut out, mut n) = (start, Vec::new(), 0);
        while day <= to {
            if falls(&rule, start, day) {
                n += 1;
                let over =
                    rule.count.is_some_and(|count| n > count) || rule.until.is_some_and(|last| day > last);
                if day >= from && !over {
                    out.push(day);
                }
            }
            day = day.tomorrow().expect("a day");
        }
        out
    }

    proptest::proptest! {
        #[test]
        fn days_are_those_that_a_walk_comes_by(
            unit in 0_usize..4,
            every in 1_u16..6,
            days in proptest::collection::vec(0_i8..7, 0..4),
            on in 0_usize..8,
            begins in 0_i64..1_500,
            from in -40_i64..2_500,
            length in 0_i64..400,
            end in 0_usize..3,
            many in 1_u32..60,
        ) {
            let unit = [Unit::Day, Unit::Week, Unit::Month, Unit::Year].get(unit).copied().expect("one of four");
            let mut rule = Repeat::of(every, unit);
            if unit == Unit::Week {
                rule.days = in_order(days.iter().filter_map(|n| Weekday::from_monday_zero_offset(*n).ok()).collect());
            }
            let ons = [
                None, Some(On::Day(-1)), Some(On::Day(31)), Some(On::Day(15)), Some(On::Day(30)),
                Some(On::Nth(2, Weekday::Tuesday)), Some(On::Nth(-1, Weekday::Friday)), Some(On::Nth(5, Weekday::Monday)),
            ];
            if unit == Unit::Month {
                rule.on = ons.get(on).copied().flatten();
            }
            let start = Date::constant(2024, 1, 1).checked_add(begins.days()).expect("a day");
            let from = start.checked_add(from.days()).expect("a day");
            let to = from.checked_add(length.days()).expect("a day");
            match end {
                1 => rule.count = Some(many),
                2 => rule.until = start.checked_add((i64::from(many) * 20).days()).ok(),
                _ => {}
            }
            let found: Vec<Date> = rule.days(start, from, to).collect();
            proptest::prop_assert_eq!(&found, &walked(&rule, start, from, to));
            // What is split in two comes on the same days.
            if let Some(day) = found.first() {
                let (before, after) = (rule.ending_before(*day), rule.from_day(start, *day));
                let mut both = walked(&before, start, start, to);
                both.extend(after.days(*day, *day, to));
                proptest::prop_assert!(both == walked(&rule, start, start, to), "{rule} split on {day}");
            }
        }
    }

    #[test]
    fn a_rule_costs_the_same_whenever_it_began() {
        let began = std::time::Instant::now();
        let start = Date::constant(1, 1, 1);
        for rule in
            ["day", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "month", "year", "FREQ=DAILY;COUNT=9999"]
        {
            let rule = Repeat::parse(rule).expect("a rule");
            for _ in 0..1_000 {
                let days = rule.days(start, Date::constant(9998, 1, 1), Date::constant(9998, 1, 31)).count();
                assert!(days <= 31);
            }
        }
        let took = began.elapsed();
        assert!(took.as_millis() < 2_000, "5,000 looks over 9,998 years: {took:?}");
        let all = Repeat::of(1, Unit::Day).days(start, start, Date::constant(9999, 12, 31)).count();
        assert_eq!(all, 1_000, "and nobody gets more of it at once");
    }

    #[test]
    fn a_rule_follows_the_day_that_one_of_its_days_is_moved_to() {
        let moved = |rule: &str, from: &str, to: &str| {
            let rule = Repeat::parse(rule).expect("a rule");
            rule.moved(from.parse().expect("a day"), to.parse().expect("a day")).to_string()
        };
        assert_eq!(moved("week", "2026-11-30", "2026-12-01"), "week", "it follows its first day");
        assert_eq!(moved("every mon and wed", "2026-11-30", "2026-12-01"), "FREQ=WEEKLY;BYDAY=TU,TH");
        assert_eq!(moved("every mon", "2026-11-30", "2026-11-29"), "FREQ=WEEKLY;BYDAY=SU");
        assert_eq!(moved("monthly on the 15th", "2026-12-15", "2026-12-16"), "FREQ=MONTHLY;BYMONTHDAY=16");
        assert_eq!(
            moved("second tuesday of the month", "2026-12-08", "2026-12-17"),
            "FREQ=MONTHLY;BYDAY=3TH"
        );
        assert_eq!(moved("monthly on the 15th", "2026-12-15", "2026-12-15"), "FREQ=MONTHLY;BYMONTHDAY=15");
    }

    #[test]
    fn other_calendars_are_told_of_short_months() {
        let said = |rule: &str, start: &str| {
            Repeat::parse(rule).expect("a rule").rrule_of(start.parse().expect("a day"))
        };
        assert_eq!(said("month", "2026-12-15"), "FREQ=MONTHLY");
        assert_eq!(said("month", "2026-12-30"), "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1");
        assert_eq!(said("month", "2026-12-31"), "FREQ=MONTHLY;BYMONTHDAY=-1");
        assert_eq!(said("FREQ=MONTHLY;BYDAY=5MO;COUNT=3", "2026-11-30"), "FREQ=MONTHLY;BYDAY=-1MO");
        assert_eq!(said("year", "2028-02-29"), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1");
        assert_eq!(said("every mon and wed until 2027-06-30", "2026-11-30"), "FREQ=WEEKLY;BYDAY=MO,WE");
    }
}
