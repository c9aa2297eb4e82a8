//! What the records say together: each report is a table of plain data, and each of its rows says which records it counts.

mod reckon;
mod span;
mod table;

use crate::{AppError, Session, error::Code, output};
use jiff::ZonedDateTime;
use reckon::Reporter;
use satchel_domain::{Kind, RecordId};
use satchel_storage::reports;
use serde::{Deserialize, Serialize};
use std::{path::Path, str::FromStr};

/// What there is to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// Open deals by their stage.
    Pipeline,
    /// Open deals by the month in which they are expected.
    Forecast,
    /// Deals that were won and lost.
    Closed,
    /// Why deals were lost.
    Lost,
    /// How far deals have come.
    Conversion,
    /// How long open deals have been where they are.
    Ageing,
    /// What was done, by whom.
    Activities,
    /// New people.
    People,
}

impl Report {
    pub const ALL: [Report; 8] = [
        Report::Pipeline,
        Report::Forecast,
        Report::Closed,
        Report::Lost,
        Report::Conversion,
        Report::Ageing,
        Report::Activities,
        Report::People,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Report::Pipeline => "pipeline",
            Report::Forecast => "forecast",
            Report::Closed => "closed",
            Report::Lost => "lost",
            Report::Conversion => "conversion",
            Report::Ageing => "ageing",
            Report::Activities => "activities",
            Report::People => "people",
        }
    }
}

impl FromStr for Report {
    type Err = AppError;
    fn from_str(text: &str) -> Result<Self, AppError> {
        let found = Report::ALL.into_iter().find(|r| r.key() == text.trim().to_ascii_lowercase());
        found.ok_or_else(|| unknown("report", text, &Report::ALL.map(Report::key)))
    }
}

/// Up to and with today, except for the last month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Month,
    LastMonth,
    Quarter,
    Year,
    /// This month and the eleven before it.
    #[default]
    TwelveMonths,
}

impl Period {
    pub const ALL: [Period; 5] =
        [Period::Month, Period::LastMonth, Period::Quarter, Period::Year, Period::TwelveMonths];

    pub const fn key(self) -> &'static str {
        match self {
            Period::Month => "month",
            Period::LastMonth => "last-month",
            Period::Quarter => "quarter",
            Period::Year => "year",
            Period::TwelveMonths => "twelve-months",
        }
    }
}

impl FromStr for Period {
    type Err = AppError;
    fn from_str(text: &str) -> Result<Self, AppError> {
        let key = text.trim().to_ascii_lowercase().replace('_', "-");
        let found = Period::ALL.into_iter().find(|p| p.key() == key);
        found.ok_or_else(|| unknown("period", text, &Period::ALL.map(Period::key)))
    }
}

fn unknown(what: &str, text: &str, known: &[&str]) -> AppError {
    AppError::new(Code::Usage, format!("there is no {what} «{text}»; take one of {}", known.join(", ")))
}

/// What is looked at; without a pipeline all of them, without an owner everybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct ReportRequest {
    pub period: Period,
    pub pipeline: Option<RecordId>,
    pub owner: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ReportView {
    pub id: Report,
    /// What its rows count.
    pub kind: Kind,
    /// The days that it tells of; nothing: it tells how things stand now.
    pub days: Option<DaysView>,
    pub columns: Vec<ReportColumn>,
    pub rows: Vec<ReportRow>,
    pub total: Option<ReportRow>,
}

/// The first and the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct DaysView {
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ReportColumn {
    pub key: String,
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// In English; screens translate by the key.
    pub label: String,
    /// What else is true of the records that its cells count.
    pub filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    Text,
    /// `2026-11`; or `earlier`, `later`, or nothing.
    Month,
    /// The day that a week begins with: `2026-11-23`.
    Week,
    Count,
    Money,
    Percent,
    Days,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
pub struct ReportRow {
    pub cells: Vec<ReportCell>,
    /// Lists the records that it counts.
    pub filter: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, specta::Type)]
#[serde(untagged)]
pub enum ReportCell {
    /// There is nothing to reckon it from.
    Nothing,
    Text(String),
    Count(#[specta(type = u32)] u64),
    Number(f64),
    /// Currency by currency, the largest first.
    Money(Vec<MoneyView>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, specta::Type)]
pub struct MoneyView {
    #[specta(type = f64)]
    pub minor: i64,
    pub currency: String,
}

impl Session {
    /// A report, as things are at a moment by the clock of this computer.
    pub fn report(
        &self,
        id: Report,
        request: &ReportRequest,
        now: &ZonedDateTime,
    ) -> Result<ReportView, AppError> {
        self.store.glance(|db| {
            let reporter = Reporter::new(db, request, now)?;
            match id {
                Report::Pipeline => reporter.pipeline(),
                Report::Forecast => reporter.forecast(),
                Report::Closed => reporter.closed(),
                Report::Lost => reporter.lost(),
                Report::Conversion => reporter.conversion(),
                Report::Ageing => reporter.ageing(),
                Report::Activities => reporter.activities(),
                Report::People => reporter.people(),
            }
        })
    }

    /// Writes a report as CSV; `labels` are its columns in the reader's language.
    pub fn save_report(&self, view: &ReportView, labels: &[String], path: &Path) -> Result<(), AppError> {
        output::write_private(&self.vault(), path, table::csv(view, labels).as_bytes())?;
        self.note_leaving("report", view.rows.len() as u64, [("report", view.id.key().into())])
    }

    /// Who has deals or has done something.
    pub fn report_owners(&self) -> Result<Vec<String>, AppError> {
        Ok(self.store.glance(reports::owners)?)
    }
}

/// The moment now, by the clock of this computer.
pub fn local_now() -> ZonedDateTime {
    ZonedDateTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood_and_unknown_ones_named() {
        assert_eq!("Last_Month".parse::<Period>().ok(), Some(Period::LastMonth));
        assert_eq!("ageing".parse::<Report>().ok(), Some(Report::Ageing));
        assert!("sales".parse::<Report>().is_err_and(|e| e.message.contains("pipeline, forecast")));
    }
}
