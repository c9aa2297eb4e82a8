//! When somebody wants to be reminded: ten minutes before, at eight on its day, the evening before, or at a moment of a
//! day. It is kept as it is meant, by the clock of wherever one is then.

use crate::{
    date::DayOrder,
    text::fold,
    when::{self, Words},
};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use std::fmt;

/// How a task or a meeting wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remind {
    Never,
    /// Minutes before its hour.
    Before(u32),
    /// At a time of its day, or of one so many days before; minutes since midnight.
    At {
        days: u16,
        minute: u16,
    },
    /// By the clock of wherever one is.
    On(DateTime),
}

/// Nobody is reminded earlier than so many days before.
pub const EARLIEST: u32 = 60;
const DAY: u32 = 24 * 60;
/// A longer text is no reminder.
const LONGEST: usize = 60;
/// The hour of what has only a day, where nobody has said another.
const MORNING: u16 = 9 * 60;

impl Remind {
    /// Reads a reminder as it is kept or as people say it: `10m`, `10 minutes before`, `提前10分钟`, `08:00`,
    /// `the day before at 18:00`, `2026-11-27 08:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST {
            return None;
        }
        let folded = fold(text);
        if matches!(folded.as_str(), "never" | "no" | "none" | "不提醒" | "不") {
            return Some(Remind::Never);
        }
        let words = Words::of(&folded);
        before(&words).or_else(|| at(&words)).or_else(|| on(text, &words))
    }
}

impl fmt::Display for Remind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Remind::Never => f.write_str("never"),
            Remind::Before(minutes) if minutes > 0 && minutes % DAY == 0 => write!(f, "{}d", minutes / DAY),
            Remind::Before(minutes) if minutes > 0 && minutes % 60 == 0 => write!(f, "{}h", minutes / 60),
            Remind::Before(minutes) => write!(f, "{minutes}m"),
            Remind::At { days, minute } => {
                if days > 0 {
                    write!(f, "{days}d ")?;
                }
                write!(f, "{:02}:{:02}", minute / 60, minute % 60)
            }
            Remind::On(at) => write!(f, "{}", at.strftime("%Y-%m-%d %H:%M")),
        }
    }
}

/// `10m`, `2 hours before`, `提前一天`.
fn before(words: &Words) -> Option<Remind> {
    let lead = if words.is_han(0, "提前") { 2 } else { 0 };
    let count = u32::try_from(when::number(words.peek(lead))?).ok()?;
    let unit = lead + 1 + usize::from(words.peek(lead + 1) == "个");
    let (minutes, length) = match words.peek(unit) {
        "m" | "min" | "mins" | "minute" | "minutes" => (1, 1),
        "分" => (1, if words.peek(unit + 1) == "钟" { 2 } else { 1 }),
        "h" | "hour" | "hours" => (60, 1),
        "小" if words.peek(unit + 1) == "时" => (60, 2),
        "d" | "day" | "days" | "天" => (DAY, 1),
        "w" | "week" | "weeks" | "周" => (7 * DAY, 1),
        _ => return None,
    };
    let mut end = unit + length;
    end += match words.peek(end) {
        "before" | "earlier" | "前" => 1,
        "之" | "以" if words.peek(end + 1) == "前" => 2,
        _ => 0,
    };
    let minutes = count.checked_mul(minutes).filter(|m| *m <= EARLIEST * DAY)?;
    (end == words.len()).then_some(Remind::Before(minutes))
}

/// `08:00`, `1d 18:00`, `the day before at 6pm`, `前一天18点`, `当天8点`.
fn at(words: &Words) -> Option<Remind> {
    let the = usize::from(words.peek(0) == "the");
    let (days, taken) = match (words.peek(the), words.peek(the + 1)) {
        ("day", "before") => (1, the + 2),
        (count, "d") => (when::number(count)?, 2),
        (count, "day" | "days") if words.peek(2) == "before" => (when::number(count)?, 3),
        _ if words.is_han(0, "前一天") => (1, 3),
        ("提", "前") if words.peek(3) == "天" => (when::number(words.peek(2))?, 4),
        _ if words.is_han(0, "当天") => (0, 2),
        ("on", "the") if words.peek(2) == "day" => (0, 3),
        _ => (0, 0),
    };
    let days = u16::try_from(days).ok().filter(|days| u32::from(*days) <= EARLIEST)?;
    // A day that the time names itself is none of its own.
    let any = Date::constant(2000, 1, 1);
    let said = when::parse(&words.rest(taken), any, DayOrder::DayFirst)?;
    Some(Remind::At { days, minute: said.minute.filter(|_| said.date == any)? })
}

/// A day with its year, and the time of day.
fn on(text: &str, words: &Words) -> Option<Remind> {
    let has_year =
        (0..words.len()).any(|at| words.peek(at).len() == 4 && words.peek(at).parse::<i16>().is_ok());
    let said = when::parse(text, Date::constant(2000, 1, 1), DayOrder::DayFirst).filter(|_| has_year)?;
    let minute = said.minute?;
    Some(Remind::On(clock_of(said.date, minute)?))
}

fn clock_of(day: Date, minute: u16) -> Option<DateTime> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    DateTime::new(day.year(), day.month(), day.day(), hour, minute, 0, 0).ok()
}

/// When somebody is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When the clock of wherever one is shows it.
    Wall(DateTime),
    /// At one moment everywhere.
    Fixed(Timestamp),
}

/// Of a task: `hour` is that of any clock; `usual` is when one is told of what says nothing, if at all.
pub fn of_task(
    remind: Option<Remind>,
    due: Option<Date>,
    hour: Option<u16>,
    usual: Option<u16>,
) -> Option<Moment> {
    let wall = match remind {
        Some(Remind::Never) => None,
        Some(Remind::On(at)) => Some(at),
        Some(Remind::At { days, minute }) => clock_of(due?.checked_sub(i64::from(days).days()).ok()?, minute),
        Some(Remind::Before(minutes)) => {
            let hour = hour.or(usual).unwrap_or(MORNING);
            clock_of(due?, hour)?.checked_sub(i64::from(minutes).minutes()).ok()
        }
        None => clock_of(due?, usual.map(|usual| hour.unwrap_or(usual))?),
    };
    wall.map(Moment::Wall)
}

/// Of a meeting, which is a moment itself.
pub fn of_meeting(remind: Remind, at: Timestamp, zone: &TimeZone) -> Option<Moment> {
    match remind {
        Remind::Never => None,
        Remind::On(at) => Some(Moment::Wall(at)),
        Remind::Before(minutes) => at.checked_sub(i64::from(minutes).minutes()).ok().map(Moment::Fixed),
        Remind::At { days, minute } => {
            let day = at.to_zoned_datetime(zone.clone()).date().checked_sub(i64::from(days).days()).ok()?;
            clock_of(day, minute).map(Moment::Wall)
        }
    }
}

/// What the clock showed when somebody looked at it, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub wall: DateTime,
    pub at: Timestamp,
}

impl Look {
    pub fn new(at: Timestamp, zone: &TimeZone) -> Self {
        Self { wall: at.to_zoned_datetime(zone.clone()).datetime(), at }
    }
}

impl Moment {
    /// Whether it came between two looks. After a clock was set back, or on a journey to the west, nothing comes until
    /// the clock shows what it has not shown before, or again: whoever was told is known by [`Moment::name`].
    pub fn came(&self, since: &Look, now: &Look) -> bool {
        match self {
            Moment::Wall(wall) => since.wall < *wall && *wall <= now.wall,
            Moment::Fixed(at) => since.at < *at && *at <= now.at,
        }
    }

    /// Whether it is still to come.
    pub fn is_ahead(&self, now: &Look) -> bool {
        match self {
            Moment::Wall(wall) => *wall > now.wall,
            Moment::Fixed(at) => *at > now.at,
        }
    }

    /// How many minutes ago it was; none where it is to come.
    pub fn minutes_ago(&self, now: &Look) -> u64 {
        let seconds = match self {
            Moment::Wall(wall) => now.wall.duration_since(*wall).as_secs(),
            Moment::Fixed(at) => now.at.duration_since(*at).as_secs(),
        };
        u64::try_from(seconds / 60).unwrap_or(0)
    }

    /// When the clock of a place shows it; where clocks leave it out, as much later as they are put forward.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Moment::Wall(wall) => Some(wall.to_zoned_datetime(zone.clone()).ok()?.timestamp()),
            Moment::Fixed(at) => Some(*at),
        }
    }

    /// What the clock of a place shows then.
    pub fn wall(&self, zone: &TimeZone) -> DateTime {
        match self {
            Moment::Wall(wall) => *wall,
            Moment::Fixed(at) => at.to_zoned_datetime(zone.clone()).datetime(),
        }
    }

    /// Tells one moment of a record from its others; the same wherever one is. Begins with its day.
    pub fn name(&self) -> String {
        match self {
            Moment::Wall(wall) => wall.to_string(),
            Moment::Fixed(at) => at.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(text: &str) -> String {
        Remind::parse(text).map_or("-".to_owned(), |remind| remind.to_string())
    }

    #[test]
    fn reminders_are_read_as_they_are_said() {
        for (text, kept) in [
            ("10m", "10m"),
            ("10 minutes before", "10m"),
            ("0 minutes before", "0m"),
            ("90 min", "90m"),
            ("2 hours before", "2h"),
            ("an hour before", "1h"),
            ("1 day before", "1d"),
            ("a week before", "7d"),
            ("提前10分钟", "10m"),
            ("提前一小时", "1h"),
            ("提前2个小时", "2h"),
            ("两天前", "2d"),
            ("08:00", "08:00"),
            ("at 8", "08:00"),
            ("6pm", "18:00"),
            ("1d 18:00", "1d 18:00"),
            ("The day before at 18:00", "1d 18:00"),
            ("2 days before at 9am", "2d 09:00"),
            ("前一天18点", "1d 18:00"),
            ("前一天下午6点", "1d 18:00"),
            ("提前2天 09:00", "2d 09:00"),
            ("当天 08:00", "08:00"),
            ("提前0分钟", "0m"),
            ("当天早上8点", "08:00"),
            ("2026-11-27 08:00", "2026-11-27 08:00"),
            ("5 december 2027 9am", "2027-12-05 09:00"),
            ("2027年1月2日上午9点", "2027-01-02 09:00"),
            ("never", "never"),
            ("不提醒", "never"),
        ] {
            assert_eq!(read(text), kept, "{text}");
            assert_eq!(read(kept), kept, "what is kept is read again");
        }
        for text in
            ["", "10", "soon", "8", "61d", "-5m", "25:00", "fri 10", "10m tomorrow", "10 apples before"]
        {
            assert_eq!(read(text), "-", "{text}");
        }
        assert_eq!(Remind::parse(&"前".repeat(1000)), None);
    }

    fn wall(text: &str) -> DateTime {
        text.parse().expect("a moment")
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    #[test]
    fn a_task_is_told_of_as_it_says() {
        let due = Some(Date::constant(2026, 11, 27));
        let of = |remind: &str, hour: Option<u16>, usual: Option<u16>| {
            of_task(Remind::parse(remind), due, hour, usual).map(|m| m.name())
        };
        let (usual, hour) = (Some(9 * 60), Some(14 * 60 + 30));
        assert_eq!(of("", None, usual).as_deref(), Some("2026-11-27T09:00:00"));
        assert_eq!(of("", hour, usual).as_deref(), Some("2026-11-27T14:30:00"));
        assert_eq!(of("", hour, None), None, "nobody has asked");
        assert_eq!(of("10m", hour, None).as_deref(), Some("2026-11-27T14:20:00"));
        assert_eq!(of("1d", None, usual).as_deref(), Some("2026-11-26T09:00:00"));
        assert_eq!(of("1d 18:00", hour, usual).as_deref(), Some("2026-11-26T18:00:00"));
        assert_eq!(of("2026-11-20 08:00", hour, usual).as_deref(), Some("2026-11-20T08:00:00"));
        assert_eq!(of("never", hour, usual), None);
        assert_eq!(of_task(None, None, hour, usual), None, "what has no day is never due");
        let at: Timestamp = "2026-11-27T08:30:00Z".parse().expect("a moment");
        let of = |remind: &str| of_meeting(Remind::parse(remind)?, at, &zone("Asia/Shanghai"));
        assert_eq!(of("10m").map(|m| m.name()).as_deref(), Some("2026-11-27T08:20:00Z"));
        assert_eq!(of("08:00").map(|m| m.name()).as_deref(), Some("2026-11-27T08:00:00"), "of its day there");
    }

    /// Somebody who looks at the clock now and then, and is told.
    struct Rep {
        since: Look,
        told: BTreeMap<&'static str, String>,
    }

    impl Rep {
        fn at(time: &str, place: &str) -> Self {
            Self { since: look(time, place), told: BTreeMap::new() }
        }

        fn looks(&mut self, time: &str, place: &str, all: &[(&'static str, Moment)]) -> Vec<&'static str> {
            let now = look(time, place);
            let new = |(name, moment): &&(&'static str, Moment)| {
                moment.came(&self.since, &now) && self.told.get(name) != Some(&moment.name())
            };
            let due: Vec<_> = all.iter().filter(new).copied().collect();
            self.since = now;
            self.told.extend(due.iter().map(|(name, moment)| (*name, moment.name())));
            due.into_iter().map(|(name, _)| name).collect()
        }
    }

    fn look(time: &str, place: &str) -> Look {
        Look::new(time.parse().expect("a moment"), &zone(place))
    }

    fn walls(all: &[(&'static str, &str)]) -> Vec<(&'static str, Moment)> {
        all.iter().map(|(name, at)| (*name, Moment::Wall(wall(at)))).collect()
    }

    const MADRID: &str = "Europe/Madrid";

    #[test]
    fn a_night_tells_of_all_that_came_once() {
        let all = walls(&[("a", "2026-11-27T01:00"), ("b", "2026-11-27T02:00"), ("c", "2026-11-27T03:00")]);
        let mut rep = Rep::at("2026-11-26T22:00:00Z", MADRID);
        assert_eq!(rep.looks("2026-11-27T07:00:00Z", MADRID, &all), ["a", "b", "c"]);
        assert!(rep.looks("2026-11-27T07:01:00Z", MADRID, &all).is_empty(), "never twice");
        // One that was finished meanwhile is not among them; a new one that was over when it was made is not told of.
        let more = walls(&[("c", "2026-11-27T03:00"), ("made", "2026-11-27T07:30")]);
        assert!(rep.looks("2026-11-27T07:02:00Z", MADRID, &more).is_empty());
    }

    #[test]
    fn hours_that_clocks_leave_out_or_show_twice_are_told_of_once() {
        // 29 March 2026: 02:00 is 03:00. 25 October: 03:00 is 02:00 again.
        let spring = walls(&[("skipped", "2026-03-29T02:30")]);
        let mut rep = Rep::at("2026-03-29T00:59:00Z", MADRID);
        assert_eq!(rep.looks("2026-03-29T01:00:00Z", MADRID, &spring), ["skipped"]);
        let skipped = Moment::Wall(wall("2026-03-29T02:30"));
        assert_eq!(
            skipped.instant(&zone(MADRID)).map(|t| t.to_string()).as_deref(),
            Some("2026-03-29T01:30:00Z")
        );
        let autumn = walls(&[("twice", "2026-10-25T02:30")]);
        let mut rep = Rep::at("2026-10-25T00:29:00Z", MADRID);
        assert_eq!(rep.looks("2026-10-25T00:30:00Z", MADRID, &autumn), ["twice"]);
        for minute in ["00:59", "01:00", "01:29", "01:30", "01:31", "02:30"] {
            let time = format!("2026-10-25T{minute}:00Z");
            assert!(rep.looks(&time, MADRID, &autumn).is_empty(), "{minute}");
        }
    }

    #[test]
    fn a_journey_east_tells_of_what_it_leapt_over() {
        let meeting = Moment::Fixed("2026-11-27T07:00:00Z".parse().expect("a moment"));
        let mut all = walls(&[("breakfast", "2026-11-27T12:00"), ("evening", "2026-11-27T20:00")]);
        all.push(("meeting", meeting));
        let mut rep = Rep::at("2026-11-27T06:59:00Z", MADRID);
        assert_eq!(rep.looks("2026-11-27T07:01:00Z", MADRID, &all), ["meeting"]);
        // Landed in Shanghai, where it is past three.
        assert_eq!(rep.looks("2026-11-27T07:02:00Z", "Asia/Shanghai", &all), ["breakfast"]);
        assert_eq!(rep.looks("2026-11-27T12:00:00Z", "Asia/Shanghai", &all), ["evening"]);
    }

    #[test]
    fn a_journey_west_tells_of_nothing_again() {
        let mut all = walls(&[("morning", "2026-11-27T09:00")]);
        let mut rep = Rep::at("2026-11-27T00:59:00Z", "Asia/Shanghai");
        assert_eq!(rep.looks("2026-11-27T01:00:00Z", "Asia/Shanghai", &all), ["morning"]);
        assert!(
            rep.looks("2026-11-27T10:00:00Z", "America/New_York", &all).is_empty(),
            "five in the morning"
        );
        // What is new is told of when the clock there shows it, though it was shown before elsewhere.
        all.push(("new", Moment::Wall(wall("2026-11-27T09:00"))));
        assert_eq!(rep.looks("2026-11-27T14:00:00Z", "America/New_York", &all), ["new"]);
    }

    #[test]
    fn a_clock_that_is_set_back_tells_of_nothing_again() {
        let meeting = Moment::Fixed("2026-11-27T09:00:00Z".parse().expect("a moment"));
        let all = [("task", Moment::Wall(wall("2026-11-27T10:00"))), ("meeting", meeting)];
        let mut rep = Rep::at("2026-11-27T08:59:00Z", MADRID);
        assert_eq!(rep.looks("2026-11-27T09:00:00Z", MADRID, &all), ["task", "meeting"]);
        assert!(rep.looks("2026-11-27T07:00:00Z", MADRID, &all).is_empty());
        assert!(rep.looks("2026-11-27T09:30:00Z", MADRID, &all).is_empty());
    }

    #[test]
    fn what_is_moved_is_told_of_anew() {
        let mut rep = Rep::at("2026-11-27T08:00:00Z", MADRID);
        assert_eq!(rep.looks("2026-11-27T09:00:00Z", MADRID, &walls(&[("a", "2026-11-27T10:00")])), ["a"]);
        let moved = walls(&[("a", "2026-11-27T11:00")]);
        assert_eq!(rep.looks("2026-11-27T10:00:00Z", MADRID, &moved), ["a"]);
    }
}
