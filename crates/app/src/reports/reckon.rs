//! How each report is reckoned.

use super::{
    ColumnType, MoneyView, Report, ReportCell, ReportColumn, ReportRequest, ReportRow, ReportView,
    span::{Span, month_of},
};
use crate::AppError;
use jiff::{ToSpan, ZonedDateTime, civil::Date};
use satchel_domain::{Kind, RecordId, catalogue::ACTIVITIES, date::rfc3339, text::sort_key};
use satchel_storage::{
    Connection, deals,
    reports::{self, Among, Sum},
};
use std::collections::BTreeMap;

/// A pipeline with its stages in their order.
struct Group {
    id: Option<RecordId>,
    name: String,
    stages: Vec<deals::Stage>,
}

impl Group {
    fn ids(&self, is: impl Fn(&deals::Stage) -> bool) -> impl Iterator<Item = RecordId> {
        self.stages.iter().filter(move |s| is(s)).map(|s| s.id)
    }
}

fn is_open(stage: &deals::Stage) -> bool {
    stage.outcome == "open"
}

/// One report in the making.
pub(super) struct Reporter<'a> {
    db: &'a Connection,
    groups: Vec<Group>,
    owner: Option<&'a str>,
    /// As it sorts.
    owner_sort: Option<String>,
    now: &'a ZonedDateTime,
    span: Span,
}

/// Deals that are counted together.
#[derive(Default)]
struct Tally {
    count: u64,
    /// By currency: the value, and what of it may be expected.
    sums: BTreeMap<String, (i64, i64)>,
}

impl Tally {
    fn add(&mut self, sum: &Sum) {
        self.count += sum.count;
        let Some(currency) = &sum.currency else { return };
        let (minor, weighted) = self.sums.entry(currency.clone()).or_default();
        *minor = minor.saturating_add(sum.minor);
        *weighted = weighted.saturating_add(sum.weighted);
    }

    fn count(&self) -> ReportCell {
        ReportCell::Count(self.count)
    }

    fn money(&self, of: impl Fn(&(i64, i64)) -> i64) -> ReportCell {
        let sums = self.sums.iter();
        let mut sums: Vec<MoneyView> =
            sums.map(|(currency, sum)| MoneyView { minor: of(sum), currency: currency.clone() }).collect();
        sums.sort_by_key(|sum| std::cmp::Reverse(sum.minor));
        ReportCell::Money(sums)
    }

    fn value(&self) -> ReportCell {
        self.money(|sum| sum.0)
    }

    fn weighted(&self) -> ReportCell {
        self.money(|sum| sum.1)
    }
}

impl<'a> Reporter<'a> {
    pub(super) fn new(
        db: &'a Connection,
        request: &'a ReportRequest,
        now: &'a ZonedDateTime,
    ) -> Result<Self, AppError> {
        let mut stages = deals::stages(db)?;
        let mut groups = Vec::new();
        for (id, name) in deals::pipelines(db)? {
            let (own, others) = stages.into_iter().partition(|s| s.pipeline == Some(id));
            stages = others;
            groups.push(Group { id: Some(id), name, stages: own });
        }
        // Of a pipeline that was taken away, or is not here yet.
        if !stages.is_empty() {
            groups.push(Group { id: None, name: String::new(), stages });
        }
        if let Some(wanted) = request.pipeline {
            groups.retain(|group| group.id == Some(wanted));
            if groups.is_empty() {
                return Err(AppError::not_found("pipeline", wanted));
            }
        }
        let owner = request.owner.as_deref();
        let span = Span::of(request.period, now)?;
        Ok(Self { db, groups, owner, owner_sort: owner.map(sort_key), now, span })
    }

    fn ids(&self, is: impl Fn(&deals::Stage) -> bool + Copy) -> Vec<RecordId> {
        self.groups.iter().flat_map(|group| group.ids(is)).collect()
    }

    fn among<'b>(&'b self, stages: &'b [RecordId]) -> Among<'b> {
        Among { stages, owner: self.owner_sort.as_deref() }
    }

    /// The records that all of these are true of, and that are the owner's.
    fn filter(&self, parts: &[String]) -> String {
        let owner = self.owner.map(|owner| is("owner", owner));
        let parts: Vec<&str> =
            parts.iter().chain(&owner).map(String::as_str).filter(|p| !p.is_empty()).collect();
        parts.join(" and ")
    }

    /// Which pipeline a row tells of is said where there are several.
    fn of_stage(&self, group: &Group, stage: &deals::Stage) -> Vec<ReportCell> {
        let pipeline = (self.groups.len() > 1).then(|| ReportCell::Text(group.name.clone()));
        pipeline.into_iter().chain([ReportCell::Text(stage.name.clone())]).collect()
    }

    fn stage_columns(&self) -> Vec<ReportColumn> {
        let pipeline = (self.groups.len() > 1).then(|| column("pipeline", ColumnType::Text, "Pipeline"));
        pipeline.into_iter().chain([column("stage", ColumnType::Text, "Stage")]).collect()
    }

    /// The stages that are shown: those that are there, and those in which something still is.
    fn shown(
        &self,
        is: impl Fn(&deals::Stage) -> bool + Copy,
        holds: impl Fn(RecordId) -> bool + Copy,
    ) -> impl Iterator<Item = (&Group, &deals::Stage)> {
        let all = self.groups.iter().flat_map(|group| group.stages.iter().map(move |stage| (group, stage)));
        all.filter(move |(_, stage)| is(stage) && (!stage.gone || holds(stage.id)))
    }

    pub(super) fn pipeline(&self) -> Result<ReportView, AppError> {
        let open = self.ids(is_open);
        let mut tallies: BTreeMap<RecordId, Tally> = BTreeMap::new();
        let mut all = Tally::default();
        for (stage, sum) in reports::by_stage(self.db, &self.among(&open))? {
            tallies.entry(stage).or_default().add(&sum);
            all.add(&sum);
        }
        let none = Tally::default();
        let row = |(group, stage): (&Group, &deals::Stage)| {
            let tally = tallies.get(&stage.id).unwrap_or(&none);
            let mut cells = self.of_stage(group, stage);
            cells.extend([tally.count(), tally.value(), tally.weighted()]);
            ReportRow { cells, filter: self.filter(&[one_of(&[stage.id])]) }
        };
        let rows = self.shown(is_open, |id| tallies.contains_key(&id)).map(row).collect();
        let columns = [self.stage_columns(), worth()].concat();
        let total =
            total(&columns, [all.count(), all.value(), all.weighted()], self.filter(&[one_of(&open)]));
        Ok(ReportView { id: Report::Pipeline, kind: Kind::Deal, days: None, columns, rows, total })
    }

    pub(super) fn forecast(&self) -> Result<ReportView, AppError> {
        let open = self.ids(is_open);
        let first = self.now.date().first_of_month();
        let months: Vec<Date> = (0..=FORECAST).filter_map(|n| first.checked_add(n.months()).ok()).collect();
        let texts: Vec<String> = months.iter().map(|m| month_of(*m)).collect();
        // Earlier, month by month, later, and without a date: in this order.
        let place = |month: Option<&String>| match month {
            None => months.len() + 1,
            Some(month) => texts.iter().rposition(|text| text <= month).map_or(0, |at| at + 1),
        };
        let mut tallies: BTreeMap<(usize, String), (Option<String>, Tally)> = BTreeMap::new();
        let mut all = Tally::default();
        // Who is written in two ways is called the same in all months.
        let mut called: BTreeMap<String, Option<String>> = BTreeMap::new();
        for expected in reports::expected(self.db, &self.among(&open))? {
            let owner_sort = sort_key(expected.owner.as_deref().unwrap_or_default());
            let owner = called.entry(owner_sort.clone()).or_insert(expected.owner).clone();
            let key = (place(expected.month.as_ref()), owner_sort);
            let (_, tally) = tallies.entry(key).or_insert_with(|| (owner, Tally::default()));
            tally.add(&expected.sum);
            all.add(&expected.sum);
        }
        let row = |((place, _), (owner, tally)): (&(usize, String), &(Option<String>, Tally))| {
            let begins = place.checked_sub(1).and_then(|at| months.get(at));
            let ends = months.get(*place);
            let (name, when) = match (begins, ends) {
                (None, Some(first)) => ("earlier".into(), format!("close_date < '{first}'")),
                (Some(from), None) => ("later".into(), format!("close_date >= '{from}'")),
                (Some(from), Some(to)) => {
                    (month_of(*from), format!("close_date >= '{from}' and close_date < '{to}'"))
                }
                (None, None) => (String::new(), "close_date is empty".into()),
            };
            let whose = if self.owner.is_some() { String::new() } else { said("owner", owner.as_deref()) };
            let owner = ReportCell::Text(owner.clone().unwrap_or_default());
            let cells = vec![ReportCell::Text(name), owner, tally.count(), tally.value(), tally.weighted()];
            ReportRow { cells, filter: self.filter(&[one_of(&open), when, whose]) }
        };
        let rows = tallies.iter().map(row).collect();
        let heads =
            vec![column("month", ColumnType::Month, "Expected"), column("owner", ColumnType::Text, "Owner")];
        let columns = [heads, worth()].concat();
        let total =
            total(&columns, [all.count(), all.value(), all.weighted()], self.filter(&[one_of(&open)]));
        Ok(ReportView { id: Report::Forecast, kind: Kind::Deal, days: None, columns, rows, total })
    }

    pub(super) fn closed(&self) -> Result<ReportView, AppError> {
        let (won, lost) = (self.ids(|s| s.outcome == "won"), self.ids(|s| s.outcome == "lost"));
        let both = [won.as_slice(), lost.as_slice()].concat();
        let tally = |bounds| -> Result<[Tally; 2], AppError> {
            let [mut of_won, mut of_lost] = <[Tally; 2]>::default();
            for (stage, sum) in reports::closed(self.db, &self.among(&both), bounds)? {
                if won.contains(&stage) { &mut of_won } else { &mut of_lost }.add(&sum);
            }
            Ok([of_won, of_lost])
        };
        let cells = |[won, lost]: [Tally; 2]| {
            let rate = percent(won.count, won.count + lost.count);
            [won.count(), won.value(), lost.count(), lost.value(), rate]
        };
        let mut rows = Vec::new();
        for part in &self.span.parts {
            let mut row = vec![ReportCell::Text(part.name.clone())];
            row.extend(cells(tally(part.bounds)?));
            let filter = self.filter(&[one_of(&both), between("closed_at", part.bounds)]);
            rows.push(ReportRow { cells: row, filter });
        }
        let columns = vec![
            self.span.column(),
            of("won", ColumnType::Count, "Won", one_of(&won)),
            of("won_value", ColumnType::Money, "Won, value", one_of(&won)),
            of("lost", ColumnType::Count, "Lost", one_of(&lost)),
            of("lost_value", ColumnType::Money, "Lost, value", one_of(&lost)),
            column("rate", ColumnType::Percent, "Won, share"),
        ];
        let filter = self.filter(&[one_of(&both), between("closed_at", self.span.bounds)]);
        let total = total(&columns, cells(tally(self.span.bounds)?), filter);
        let days = Some(self.span.days());
        Ok(ReportView { id: Report::Closed, kind: Kind::Deal, days, columns, rows, total })
    }

    pub(super) fn lost(&self) -> Result<ReportView, AppError> {
        let lost = self.ids(|s| s.outcome == "lost");
        let mut tallies: BTreeMap<String, (Option<String>, Tally)> = BTreeMap::new();
        let mut all = Tally::default();
        for (reason, sum) in reports::reasons(self.db, &self.among(&lost), self.span.bounds)? {
            let key = sort_key(reason.as_deref().unwrap_or_default());
            tallies.entry(key).or_insert_with(|| (reason, Tally::default())).1.add(&sum);
            all.add(&sum);
        }
        let when = between("closed_at", self.span.bounds);
        let row = |(reason, tally): &(Option<String>, Tally)| {
            let cells = vec![
                ReportCell::Text(reason.clone().unwrap_or_default()),
                tally.count(),
                tally.value(),
                percent(tally.count, all.count),
            ];
            let why = said("lost_reason", reason.as_deref());
            ReportRow { cells, filter: self.filter(&[one_of(&lost), when.clone(), why]) }
        };
        let mut reasons: Vec<_> = tallies.into_values().collect();
        reasons.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
        let rows = reasons.iter().map(row).collect();
        let columns = vec![
            column("reason", ColumnType::Text, "Reason"),
            column("deals", ColumnType::Count, "Deals"),
            column("value", ColumnType::Money, "Value"),
            column("share", ColumnType::Percent, "Share"),
        ];
        let filter = self.filter(&[one_of(&lost), when.clone()]);
        let total = total(&columns, [all.count(), all.value(), percent(all.count, all.count)], filter);
        let days = Some(self.span.days());
        Ok(ReportView { id: Report::Lost, kind: Kind::Deal, days, columns, rows, total })
    }

    /// Of the deals that were made in the period: how many have come to each stage, or to a later one.
    pub(super) fn conversion(&self) -> Result<ReportView, AppError> {
        let every = self.ids(|_| true);
        let ways = reports::ways(self.db, &self.among(&every), self.span.bounds)?;
        let made = between("created_at", self.span.bounds);
        let (mut rows, mut all) = (Vec::new(), 0);
        for group in &self.groups {
            let own: Vec<&reports::Way> =
                ways.iter().filter(|way| group.stages.iter().any(|s| s.id == way.stage)).collect();
            let count = own.iter().map(|way| way.count).sum::<u64>();
            all += count;
            // Who has lost a deal has come no further by it.
            let path: Vec<&deals::Stage> = group.stages.iter().filter(|s| s.outcome != "lost").collect();
            let mut before = count;
            for (at, stage) in path.iter().enumerate() {
                let onwards: Vec<RecordId> = path.iter().skip(at).map(|s| s.id).collect();
                let came = own.iter().filter(|way| way.reached.iter().any(|id| onwards.contains(id)));
                let came = came.map(|way| way.count).sum::<u64>();
                if stage.gone && !own.iter().any(|way| way.stage == stage.id) {
                    continue;
                }
                let mut cells = self.of_stage(group, stage);
                cells.extend([ReportCell::Count(came), percent(came, before), percent(came, count)]);
                let pipeline = match self.groups.len() {
                    1 => String::new(),
                    _ => one_of(&group.ids(|_| true).collect::<Vec<_>>()),
                };
                let filter = self.filter(&[made.clone(), pipeline, came_to(&onwards)]);
                rows.push(ReportRow { cells, filter });
                before = came;
            }
        }
        let numbers = vec![
            column("reached", ColumnType::Count, "Came so far"),
            column("of_previous", ColumnType::Percent, "Of those before"),
            column("of_all", ColumnType::Percent, "Of all"),
        ];
        let columns = [self.stage_columns(), numbers].concat();
        let filter = self.filter(&[made.clone(), one_of(&every)]);
        let cells = [ReportCell::Count(all), ReportCell::Nothing, ReportCell::Nothing];
        let total = total(&columns, cells, filter);
        let days = Some(self.span.days());
        Ok(ReportView { id: Report::Conversion, kind: Kind::Deal, days, columns, rows, total })
    }

    pub(super) fn ageing(&self) -> Result<ReportView, AppError> {
        let open = self.ids(is_open);
        let now = self.now.timestamp().as_millisecond();
        let today = self.now.date().to_string();
        let steps = STEPS.map(|days| now - days * DAY);
        let ages = reports::ages(self.db, &self.among(&open), steps, (now, &today))?;
        let cells = |ages: &[&reports::Age]| -> Vec<ReportCell> {
            let sum = |of: &dyn Fn(&reports::Age) -> u64| ages.iter().map(|age| of(age)).sum::<u64>();
            let count = sum(&|age| age.count);
            let days =
                |of: &dyn Fn(&reports::Age) -> f64| mean(ages.iter().map(|age| of(age)).sum::<f64>(), count);
            let mut cells =
                vec![ReportCell::Count(count), days(&|age| age.in_stage), days(&|age| age.since_made)];
            for step in 0..=STEPS.len() {
                cells.push(ReportCell::Count(sum(&|age| age.steps.get(step).copied().unwrap_or(0))));
            }
            cells.extend([ReportCell::Count(sum(&|age| age.quiet)), ReportCell::Count(sum(&|age| age.late))]);
            cells
        };
        let row = |(group, stage): (&Group, &deals::Stage)| {
            let own: Vec<&reports::Age> = ages.iter().filter(|age| age.stage == stage.id).collect();
            let mut row = self.of_stage(group, stage);
            row.extend(cells(&own));
            ReportRow { cells: row, filter: self.filter(&[one_of(&[stage.id])]) }
        };
        let rows = self.shown(is_open, |id| ages.iter().any(|age| age.stage == id)).map(row).collect();
        let mut numbers = vec![
            column("deals", ColumnType::Count, "Deals"),
            column("in_stage", ColumnType::Days, "Days in stage"),
            column("since_made", ColumnType::Days, "Days since made"),
        ];
        let [week, month, quarter] = steps.map(rfc3339);
        for (key, label, filter) in [
            ("days_7", "Up to 7 days", format!("stage_at >= '{week}'")),
            ("days_30", "8 to 30", format!("stage_at < '{week}' and stage_at >= '{month}'")),
            ("days_90", "31 to 90", format!("stage_at < '{month}' and stage_at >= '{quarter}'")),
            ("days_more", "Over 90", format!("stage_at < '{quarter}'")),
            ("quiet", "Quiet", "quiet = yes".to_owned()),
            ("late", "Past close date", format!("close_date < '{today}'")),
        ] {
            numbers.push(of(key, ColumnType::Count, label, filter));
        }
        let columns = [self.stage_columns(), numbers].concat();
        let all = cells(&ages.iter().collect::<Vec<_>>());
        let total = total(&columns, all, self.filter(&[one_of(&open)]));
        Ok(ReportView { id: Report::Ageing, kind: Kind::Deal, days: None, columns, rows, total })
    }

    pub(super) fn activities(&self) -> Result<ReportView, AppError> {
        // What is planned for later is not done yet.
        let (from, to) = self.span.bounds;
        let bounds = (from, to.min(self.now.timestamp().as_millisecond()));
        let mut counts: BTreeMap<String, (Option<String>, BTreeMap<String, u64>)> = BTreeMap::new();
        for done in reports::done(self.db, self.owner_sort.as_deref(), bounds)? {
            let key = sort_key(done.owner.as_deref().unwrap_or_default());
            let (_, types) = counts.entry(key).or_insert_with(|| (done.owner, BTreeMap::new()));
            *types.entry(done.ty.unwrap_or_default()).or_default() += done.count;
        }
        let cells = |types: &BTreeMap<String, u64>| -> Vec<ReportCell> {
            let of_type = ACTIVITIES.iter().map(|ty| types.get(*ty).copied().unwrap_or(0));
            [types.values().sum()].into_iter().chain(of_type).map(ReportCell::Count).collect()
        };
        let when = between("at", bounds);
        let mut all: BTreeMap<String, u64> = BTreeMap::new();
        let mut reps: Vec<&(Option<String>, BTreeMap<String, u64>)> = counts.values().collect();
        reps.sort_by_key(|(_, types)| std::cmp::Reverse(types.values().sum::<u64>()));
        let mut rows = Vec::new();
        for (owner, types) in reps {
            for (ty, count) in types {
                *all.entry(ty.clone()).or_default() += count;
            }
            let mut row = vec![ReportCell::Text(owner.clone().unwrap_or_default())];
            row.extend(cells(types));
            let whose = if self.owner.is_some() { String::new() } else { said("owner", owner.as_deref()) };
            rows.push(ReportRow { cells: row, filter: self.filter(&[when.clone(), whose]) });
        }
        let mut columns =
            vec![column("owner", ColumnType::Text, "Owner"), column("all", ColumnType::Count, "All")];
        for (ty, label) in ACTIVITIES.iter().zip(TYPES) {
            columns.push(of(ty, ColumnType::Count, label, is("type", ty)));
        }
        let total = total(&columns, cells(&all), self.filter(&[when]));
        let days = Some(self.span.days());
        Ok(ReportView { id: Report::Activities, kind: Kind::Activity, days, columns, rows, total })
    }

    pub(super) fn people(&self) -> Result<ReportView, AppError> {
        let (mut rows, mut all) = (Vec::new(), 0);
        for part in &self.span.parts {
            let count = reports::added(self.db, self.owner_sort.as_deref(), part.bounds)?;
            all += count;
            let cells = vec![ReportCell::Text(part.name.clone()), ReportCell::Count(count)];
            rows.push(ReportRow { cells, filter: self.filter(&[between("created_at", part.bounds)]) });
        }
        let columns = vec![self.span.column(), column("people", ColumnType::Count, "New people")];
        let filter = self.filter(&[between("created_at", self.span.bounds)]);
        let total = total(&columns, [ReportCell::Count(all)], filter);
        let days = Some(self.span.days());
        Ok(ReportView { id: Report::People, kind: Kind::Person, days, columns, rows, total })
    }
}

const DAY: i64 = 86_400_000;
/// Days after which a deal counts as longer in its stage.
const STEPS: [i64; 3] = [7, 30, 90];
/// Months that a forecast shows one by one.
const FORECAST: i64 = 12;
/// What [`ACTIVITIES`] are called where there are several.
const TYPES: [&str; 6] = ["Calls", "Visits", "Meetings", "Messages", "E-mails", "Notes"];

pub(super) fn column(key: &str, ty: ColumnType, label: &str) -> ReportColumn {
    ReportColumn { key: key.to_owned(), ty, label: label.to_owned(), filter: None }
}

/// A column of only some of the records of a row.
fn of(key: &str, ty: ColumnType, label: &str, filter: String) -> ReportColumn {
    ReportColumn { filter: Some(filter), ..column(key, ty, label) }
}

fn worth() -> Vec<ReportColumn> {
    vec![
        column("deals", ColumnType::Count, "Deals"),
        column("value", ColumnType::Money, "Value"),
        column("weighted", ColumnType::Money, "Weighted"),
    ]
}

/// The last row: what names a row is empty in it.
fn total(
    columns: &[ReportColumn],
    numbers: impl IntoIterator<Item = ReportCell>,
    filter: String,
) -> Option<ReportRow> {
    let named =
        columns.iter().filter(|c| matches!(c.ty, ColumnType::Text | ColumnType::Month | ColumnType::Week));
    Some(ReportRow { cells: named.map(|_| ReportCell::Nothing).chain(numbers).collect(), filter })
}

/// With one decimal.
#[allow(clippy::cast_precision_loss)]
fn percent(part: u64, of: u64) -> ReportCell {
    match of {
        0 => ReportCell::Nothing,
        of => ReportCell::Number((part as f64 * 1000.0 / of as f64).round() / 10.0),
    }
}

/// Milliseconds of several together as days of each, with one decimal.
#[allow(clippy::cast_precision_loss)]
fn mean(millis: f64, count: u64) -> ReportCell {
    match count {
        0 => ReportCell::Nothing,
        count => ReportCell::Number((millis / count as f64 / DAY as f64 * 10.0).round() / 10.0),
    }
}

/// A condition of a filter.
fn is(field: &str, text: &str) -> String {
    format!("{field} = '{}'", text.replace('\'', "''"))
}

fn said(field: &str, text: Option<&str>) -> String {
    text.map_or_else(|| format!("{field} is empty"), |text| is(field, text))
}

fn between(field: &str, (from, to): (i64, i64)) -> String {
    format!("{field} >= '{}' and {field} < '{}'", rfc3339(from), rfc3339(to))
}

fn any(conditions: Vec<String>) -> String {
    match conditions.as_slice() {
        // No deal is in none of no stages.
        [] => "stage is empty and not stage is empty".to_owned(),
        [one] => one.clone(),
        _ => format!("({})", conditions.join(" or ")),
    }
}

fn one_of(stages: &[RecordId]) -> String {
    any(stages.iter().map(|id| format!("stage = '{id}'")).collect())
}

/// What came before deals remembered their stages is told by where they are.
fn came_to(stages: &[RecordId]) -> String {
    any(stages.iter().flat_map(|id| [format!("stage = '{id}'"), format!("reached has '{id}'")]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_quoted_and_shares_of_nothing_are_none() {
        assert_eq!(is("owner", "O'Neill"), "owner = 'O''Neill'");
        assert_eq!(percent(1, 3), ReportCell::Number(33.3));
        assert_eq!(percent(0, 0), ReportCell::Nothing);
    }
}
