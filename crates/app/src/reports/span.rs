//! The days that a report tells of, by the clock of the place where one is.

use super::{ColumnType, DaysView, Period, ReportColumn, reckon::column};
use crate::AppError;
use jiff::{ToSpan, ZonedDateTime, civil::Date};

/// A stretch of days, and the parts that a report shows of it.
pub(super) struct Span {
    from: Date,
    /// The day after the last.
    to: Date,
    pub(super) bounds: (i64, i64),
    pub(super) parts: Vec<Part>,
    weeks: bool,
}

pub(super) struct Part {
    pub(super) name: String,
    /// The first moment, and that of what comes next, in epoch milliseconds.
    pub(super) bounds: (i64, i64),
}

impl Span {
    pub(super) fn of(period: Period, now: &ZonedDateTime) -> Result<Self, AppError> {
        let beyond = |_: jiff::Error| {
            AppError::refused("the clock of this computer shows a year that no report reaches; set it right")
        };
        let today = now.date();
        let month = today.first_of_month();
        let tomorrow = today.tomorrow().map_err(beyond)?;
        let (from, to) = match period {
            Period::Month => (month, tomorrow),
            Period::LastMonth => (month.checked_sub(1.month()).map_err(beyond)?, month),
            Period::Quarter => {
                let into = i64::from((month.month() - 1) % 3);
                (month.checked_sub(into.months()).map_err(beyond)?, tomorrow)
            }
            Period::Year => (today.first_of_year(), tomorrow),
            Period::TwelveMonths => (month.checked_sub(11.months()).map_err(beyond)?, tomorrow),
        };
        let weeks = matches!(period, Period::Month | Period::LastMonth);
        let zone = now.time_zone();
        let moment = |day: Date| -> Result<i64, AppError> {
            Ok(day.to_zoned_datetime(zone.clone()).map_err(beyond)?.timestamp().as_millisecond())
        };
        let mut parts = Vec::new();
        let mut begins = from;
        while begins < to {
            let next = match weeks {
                true => begins.checked_add(i64::from(8 - begins.weekday().to_monday_one_offset()).days()),
                false => begins.first_of_month().checked_add(1.month()),
            };
            let ends = next.map_err(beyond)?.min(to);
            let name = if weeks { begins.to_string() } else { month_of(begins) };
            parts.push(Part { name, bounds: (moment(begins)?, moment(ends)?) });
            begins = ends;
        }
        Ok(Self { from, to, bounds: (moment(from)?, moment(to)?), parts, weeks })
    }

    pub(super) fn days(&self) -> DaysView {
        let last = self.to.yesterday().unwrap_or(self.to);
        DaysView { from: self.from.to_string(), to: last.to_string() }
    }

    pub(super) fn column(&self) -> ReportColumn {
        match self.weeks {
            true => column("week", ColumnType::Week, "Week from"),
            false => column("month", ColumnType::Month, "Month"),
        }
    }
}

pub(super) fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    use satchel_domain::date::rfc3339;

    fn parts(period: Period, now: &str) -> Vec<(String, String)> {
        let now: ZonedDateTime = now.parse().expect("a moment");
        let span = Span::of(period, &now).expect("a span");
        span.parts.iter().map(|p| (p.name.clone(), rfc3339(p.bounds.0))).collect()
    }

    #[test]
    fn a_period_has_its_parts_by_the_clock_of_the_place() {
        let check = |period, now: &str, first: (&str, &str), last: (&str, &str), count| {
            let all = parts(period, now);
            let pair = |(name, at): (&str, &str)| (name.to_owned(), at.to_owned());
            assert_eq!(all.first(), Some(&pair(first)), "{period:?}");
            assert_eq!(all.last(), Some(&pair(last)), "{period:?}");
            assert_eq!(all.len(), count, "{period:?}");
        };
        // Summer time ends in between.
        let berlin = "2026-11-27T01:00[Europe/Berlin]";
        let november = ("2026-11", "2026-10-31T23:00:00Z");
        check(Period::TwelveMonths, berlin, ("2025-12", "2025-11-30T23:00:00Z"), november, 12);
        check(Period::Year, berlin, ("2026-01", "2025-12-31T23:00:00Z"), november, 11);
        check(Period::Quarter, berlin, ("2026-10", "2026-09-30T22:00:00Z"), november, 2);
        // Weeks begin on Mondays; the first and the last are cut.
        let last = ("2026-11-23", "2026-11-22T23:00:00Z");
        check(Period::Month, berlin, ("2026-11-01", "2026-10-31T23:00:00Z"), last, 5);
        let october = ("2026-10-26", "2026-10-25T23:00:00Z");
        check(Period::LastMonth, berlin, ("2026-10-01", "2026-09-30T22:00:00Z"), october, 5);
        let there = ("2026-11", "2026-11-01T04:00:00Z");
        check(
            Period::TwelveMonths,
            "2026-11-26T19:00[America/New_York]",
            ("2025-12", "2025-12-01T05:00:00Z"),
            there,
            12,
        );
        check(
            Period::Quarter,
            "2026-01-01T00:30[Asia/Shanghai]",
            ("2026-01", "2025-12-31T16:00:00Z"),
            ("2026-01", "2025-12-31T16:00:00Z"),
            1,
        );
    }
}
