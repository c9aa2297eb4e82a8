//! What comes again (RFC 5545, 3.3.10), as far as people's calendars use it: by days, weeks, months and years, on named
//! days. What is rarer is not guessed at.

use calcard::icalendar::{ICalendarDay, ICalendarFrequency, ICalendarRecurrenceRule, ICalendarWeekday};
use jiff::{
    ToSpan,
    civil::{Date, DateTime, Weekday},
};
use satchel_domain::repeat::{On, Repeat, Unit};

/// Days that are looked through for the next time: more than eleven years.
const DAYS: usize = 4_100;

/// Days before those that are gone through where times are counted: more than a hundred years.
const DAYS_COUNTED: usize = 40_000;

/// A rule whose days can be told.
#[derive(Debug)]
pub(crate) struct Recurrence {
    rule: ICalendarRecurrenceRule,
    start: DateTime,
    interval: i64,
    until: Option<Date>,
    /// On this day of the month; on the last one of a month that is shorter.
    clipped: Option<i8>,
}

impl Recurrence {
    /// Nothing where the rule asks for more than is understood here. `until`: the last day, by the clock of the start.
    pub fn new(rule: &ICalendarRecurrenceRule, start: DateTime, until: Option<Date>) -> Option<Self> {
        let mut rule = rule.clone();
        let clipped = plainly(&mut rule);
        let rare = !rule.bysecond.is_empty()
            || !rule.byminute.is_empty()
            || !rule.byhour.is_empty()
            || !rule.byyearday.is_empty()
            || !rule.byweekno.is_empty()
            || !rule.bysetpos.is_empty()
            || rule.rscale.is_some()
            || rule.bymonth.iter().any(|month| month.is_leap());
        // More than there are is of no calendar; each day is compared with all of them.
        let many = rule.byday.len() > 400 || rule.bymonthday.len() > 62 || rule.bymonth.len() > 12;
        let known = matches!(
            rule.freq,
            ICalendarFrequency::Daily
                | ICalendarFrequency::Weekly
                | ICalendarFrequency::Monthly
                | ICalendarFrequency::Yearly
        );
        let numbered = rule.byday.iter().any(|day| day.ordwk.is_some());
        // «The third Friday» is one of a month: of a year only where the month is named.
        let of_year = rule.freq == ICalendarFrequency::Yearly && rule.bymonth.is_empty();
        let told = !numbered
            || matches!(rule.freq, ICalendarFrequency::Monthly | ICalendarFrequency::Yearly) && !of_year;
        if rare || many || !known || !told {
            return None;
        }
        let interval = i64::from(rule.interval.unwrap_or(1).max(1));
        Some(Self { rule, start, interval, until, clipped })
    }

    /// The first time that is not before a day; nothing where it is over, or too far away to be looked for.
    pub fn next(&self, from: Date, except: &[Date]) -> Option<DateTime> {
        // Who counts the times has to go through them from the first.
        let counted = self.rule.count;
        let mut day = if counted.is_some() { self.start.date() } else { self.start.date().max(from) };
        let before = usize::try_from(days_between(day, from)).unwrap_or(0);
        if before > DAYS_COUNTED {
            return None;
        }
        let mut times = 0;
        for _ in 0..before + DAYS {
            if self.until.is_some_and(|until| day > until) {
                return None;
            }
            if self.falls_on(day) {
                times += 1;
                if counted.is_some_and(|most| times > most) {
                    return None;
                }
                if day >= from && !except.contains(&day) {
                    return Some(day.to_datetime(self.start.time()));
                }
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// Whether it comes on a day, whatever ends it.
    pub fn falls_on(&self, day: Date) -> bool {
        let (start, rule) = (self.start.date(), &self.rule);
        let every = |gone: i64| gone >= 0 && gone % self.interval == 0;
        let months = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        let on_period = match rule.freq {
            ICalendarFrequency::Daily => every(days_between(start, day)),
            ICalendarFrequency::Weekly => {
                let first = if rule.wkst == Some(ICalendarWeekday::Sunday) {
                    Weekday::Sunday
                } else {
                    Weekday::Monday
                };
                let week =
                    |day: Date| day.checked_sub(i64::from(day.weekday().since(first)).days()).unwrap_or(day);
                every(days_between(week(start), week(day)) / 7)
            }
            ICalendarFrequency::Monthly => every(months(day) - months(start)),
            _ => every(i64::from(day.year() - start.year())),
        };
        on_period && day >= start && self.is_named(day)
    }

    /// Whether a day is one of those that the rule names; where it names none, those like the first.
    fn is_named(&self, day: Date) -> bool {
        let (start, rule) = (self.start.date(), &self.rule);
        if let Some(wanted) = self.clipped {
            return day.day() == wanted.min(day.days_in_month());
        }
        let names_days = !rule.byday.is_empty() || !rule.bymonthday.is_empty();
        let month = rule.bymonth.iter().any(|m| i64::from(m.month()) == i64::from(day.month()));
        let like_first = match rule.freq {
            ICalendarFrequency::Daily => true,
            ICalendarFrequency::Weekly => names_days || day.weekday() == start.weekday(),
            ICalendarFrequency::Monthly => names_days || day.day() == start.day(),
            _ => {
                (names_days || day.day() == start.day())
                    && (!rule.bymonth.is_empty() || names_days || day.month() == start.month())
            }
        };
        let back = i16::from(day.day()) - i16::from(day.days_in_month()) - 1;
        let of_month = |n: &i8| i16::from(*n) == i16::from(day.day()) || i16::from(*n) == back;
        like_first
            && (rule.bymonth.is_empty() || month)
            && (rule.bymonthday.is_empty() || rule.bymonthday.iter().any(of_month))
            && (rule.byday.is_empty() || rule.byday.iter().any(|named| is_weekday(named, day)))
    }

    /// How a meeting keeps it; nothing where it would come on other days than the rule says: other calendars leave out
    /// what a short month does not have, and here it comes on the last day.
    pub fn of_meeting(&self) -> Option<String> {
        let (start, rule) = (self.start.date(), &self.rule);
        let month = rule.freq == ICalendarFrequency::Monthly;
        let late = |day: i8| day > 28;
        let hidden = match rule.bymonthday.as_slice() {
            _ if self.clipped.is_some() => false,
            [] => rule.byday.is_empty() && late(start.day()),
            days => days.iter().any(|day| late(*day)),
        };
        let fifth = rule.byday.iter().any(|day| day.ordwk.is_some_and(|n| !(-1..=4).contains(&n)));
        let leap = rule.freq == ICalendarFrequency::Yearly && start.month() == 2 && start.day() == 29;
        let kept = self.repeat().filter(|_| !(month && (hidden || fifth)) && self.falls_on(start));
        kept.filter(|_| !leap || rule.bymonthday == [-1])
    }

    /// How a task keeps it; nothing where it has no words for it.
    pub fn repeat(&self) -> Option<String> {
        let (start, rule) = (self.start.date(), &self.rule);
        let unit = match rule.freq {
            ICalendarFrequency::Daily => Unit::Day,
            ICalendarFrequency::Weekly => Unit::Week,
            ICalendarFrequency::Monthly => Unit::Month,
            _ => Unit::Year,
        };
        let own_day = rule.bymonthday.iter().all(|n| i16::from(*n) == i16::from(start.day()));
        let own_month = rule.bymonth.iter().all(|m| i64::from(m.month()) == i64::from(start.month()));
        let mut repeat = Repeat::of(u16::try_from(self.interval).ok()?, unit);
        (repeat.until, repeat.count) = (self.until, rule.count);
        let plain = rule.byday.is_empty() && rule.bymonthday.is_empty() && rule.bymonth.is_empty();
        match (unit, rule.byday.as_slice(), rule.bymonthday.as_slice()) {
            _ if self.clipped.is_some() => repeat.on = self.clipped.map(On::Day),
            _ if plain => {}
            // Each working day.
            (Unit::Day, days, []) if rule.bymonth.is_empty() && self.interval == 1 => {
                repeat.unit = Unit::Week;
                repeat.days = weekdays(days);
            }
            // The last of February.
            (Unit::Year, [], [-1]) if start.month() == 2 && start.day() == 29 && own_month => {
                repeat.on = Some(On::Day(29));
            }
            (Unit::Week, days, []) if rule.bymonth.is_empty() => {
                // Weeks that begin with Sunday are other ones.
                if self.interval > 1 && rule.wkst == Some(ICalendarWeekday::Sunday) {
                    return None;
                }
                let days = weekdays(days);
                repeat.days = if days == [start.weekday()] { Vec::new() } else { days };
            }
            (Unit::Month, [], [_]) if own_day && rule.bymonth.is_empty() => {}
            (Unit::Month, [], [day]) if rule.bymonth.is_empty() => {
                repeat.on = Some(On::Day(*day));
            }
            (Unit::Month, [day], []) if rule.bymonth.is_empty() => {
                repeat.on = Some(On::Nth(i8::try_from(day.ordwk?).ok()?, weekday(day.weekday)));
            }
            (Unit::Year, [], _) if own_day && own_month => {}
            _ => return None,
        }
        Some(repeat.to_string()).filter(|kept| Repeat::parse(kept).is_some())
    }
}

fn weekdays(days: &[ICalendarDay]) -> Vec<Weekday> {
    let mut days: Vec<Weekday> = days.iter().map(|day| weekday(day.weekday)).collect();
    days.sort_by_key(|day| day.to_monday_zero_offset());
    days.dedup();
    days
}

/// Says in a plain way what some calendars say by a place in a set: Outlook's «the second of the Tuesdays», and our own
/// «the last of these that a month has», which is this day of the month, or its last.
fn plainly(rule: &mut ICalendarRecurrenceRule) -> Option<i8> {
    if rule.freq != ICalendarFrequency::Monthly || !rule.bymonth.is_empty() {
        return None;
    }
    match (rule.byday.as_mut_slice(), rule.bymonthday.as_slice(), rule.bysetpos.as_slice()) {
        ([day], [], [nth]) if day.ordwk.is_none() && (-1..=5).contains(nth) && *nth != 0 => {
            day.ordwk = i16::try_from(*nth).ok();
            rule.bysetpos.clear();
            None
        }
        ([], [28, rest @ ..], [-1]) if rest == [29] || rest == [29, 30] => {
            let day = rest.last().copied();
            rule.bysetpos.clear();
            day
        }
        _ => None,
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

fn weekday(day: ICalendarWeekday) -> Weekday {
    match day {
        ICalendarWeekday::Sunday => Weekday::Sunday,
        ICalendarWeekday::Monday => Weekday::Monday,
        ICalendarWeekday::Tuesday => Weekday::Tuesday,
        ICalendarWeekday::Wednesday => Weekday::Wednesday,
        ICalendarWeekday::Thursday => Weekday::Thursday,
        ICalendarWeekday::Friday => Weekday::Friday,
        ICalendarWeekday::Saturday => Weekday::Saturday,
    }
}

/// Whether a day is, say, the second Tuesday of its month, or any Tuesday.
fn is_weekday(named: &ICalendarDay, day: Date) -> bool {
    let nth = |n: i16| i8::try_from(n).ok().and_then(|n| day.nth_weekday_of_month(n, day.weekday()).ok());
    day.weekday() == weekday(named.weekday) && named.ordwk.is_none_or(|n| nth(n) == Some(day))
}
