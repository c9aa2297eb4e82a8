//! Reports as files.

use super::{ColumnType, MoneyView, ReportCell, ReportView};
use satchel_domain::money::Money;
use satchel_interchange::spreadsheet_safe;
use std::collections::BTreeSet;

/// A report as a table for spreadsheets: a column for each currency, no sums.
pub(super) fn csv(view: &ReportView, labels: &[String]) -> String {
    let currencies: Vec<BTreeSet<&str>> = (0..view.columns.len())
        .map(|at| {
            let cells = view.rows.iter().filter_map(|row| row.cells.get(at));
            cells.flat_map(|cell| money_of(cell).iter().map(|sum| sum.currency.as_str())).collect()
        })
        .collect();
    let line = |cells: Vec<String>| {
        let quoted = cells.iter().map(|cell| format!("\"{}\"", spreadsheet_safe(cell).replace('"', "\"\"")));
        quoted.collect::<Vec<_>>().join(",") + "\r\n"
    };
    let mut head = Vec::new();
    for ((at, column), currencies) in view.columns.iter().enumerate().zip(&currencies) {
        let label = labels.get(at).unwrap_or(&column.label);
        match column.ty {
            ColumnType::Money => head.extend(currencies.iter().map(|currency| format!("{label} {currency}"))),
            _ => head.push(label.clone()),
        }
    }
    // The mark tells Excel that the file is UTF-8.
    let mut out = String::from("\u{feff}");
    out.push_str(&line(head));
    for row in &view.rows {
        let mut cells = Vec::new();
        for (cell, currencies) in row.cells.iter().zip(&currencies) {
            match cell {
                ReportCell::Money(sums) => cells.extend(currencies.iter().map(|currency| {
                    let sum = sums.iter().find(|sum| sum.currency == *currency);
                    sum.map_or_else(String::new, amount)
                })),
                ReportCell::Nothing => cells.push(String::new()),
                ReportCell::Text(text) => cells.push(text.clone()),
                ReportCell::Count(count) => cells.push(count.to_string()),
                ReportCell::Number(number) => cells.push(number.to_string()),
            }
        }
        out.push_str(&line(cells));
    }
    out
}

fn money_of(cell: &ReportCell) -> &[MoneyView] {
    match cell {
        ReportCell::Money(sums) => sums,
        _ => &[],
    }
}

/// As a number: `1250.00`.
fn amount(sum: &MoneyView) -> String {
    let money = Money { minor: sum.minor, currency: sum.currency.clone() }.to_string();
    money.split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::reports::{Report, ReportRow, reckon::column};
    use satchel_domain::Kind;

    #[test]
    fn a_table_for_spreadsheets_has_a_column_for_each_currency_and_runs_nothing() {
        let money = |sums: &[(i64, &str)]| {
            let view =
                |(minor, currency): &(i64, &str)| MoneyView { minor: *minor, currency: (*currency).into() };
            ReportCell::Money(sums.iter().map(view).collect())
        };
        let row = |name: &str, value| ReportRow {
            cells: vec![ReportCell::Text(name.into()), value, ReportCell::Nothing],
            filter: String::new(),
        };
        let view = ReportView {
            id: Report::Lost,
            kind: Kind::Deal,
            days: None,
            columns: vec![
                column("reason", ColumnType::Text, "Reason"),
                column("value", ColumnType::Money, "Value"),
                column("share", ColumnType::Percent, "Share"),
            ],
            rows: vec![
                row("=1+1", money(&[(125_050, "EUR")])),
                row("\"so\"", money(&[(-7, "JPY"), (0, "EUR")])),
            ],
            total: None,
        };
        let want = "\u{feff}\"Reason\",\"Value EUR\",\"Value JPY\",\"Share\"\r\n\"'=1+1\",\"1250.50\",\"\",\"\"\r\n\"\"\"so\"\"\",\"0.00\",\"-7\",\"\"\r\n";
        assert_eq!(csv(&view, &[]), want);
        assert!(csv(&view, &["原因".into()]).starts_with("\u{feff}\"原因\",\"Value EUR\""));
    }
}
