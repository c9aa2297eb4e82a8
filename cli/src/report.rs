//! Reports, as tables.

use crate::{
    args::ReportArgs,
    run::Done,
    show::{Show, table},
    words::{is_chinese, say, word},
};
use satchel_app::{
    AppError, Code, ColumnType, MoneyView, Report, ReportCell, ReportRequest, ReportRow, ReportView, Session,
    domain::{RecordId, money::Money},
    local_now,
};
use serde_json::json;

pub fn report(show: &Show, session: &Session, args: &ReportArgs) -> Done {
    let pipeline = args.pipeline.as_deref().map(|name| pipeline(session, name)).transpose()?;
    let request = ReportRequest { period: args.period.parse()?, pipeline, owner: args.owner.clone() };
    let now = local_now();
    let Some(name) = &args.name else {
        let all = Report::ALL.into_iter().map(|id| session.report(id, &request, &now));
        let all = all.collect::<Result<Vec<ReportView>, AppError>>()?;
        show.answer(&json!({ "reports": all }), || all.iter().map(in_words).collect::<Vec<_>>().join("\n"));
        return Ok(());
    };
    let view = session.report(name.parse()?, &request, &now)?;
    if let Some(path) = &args.csv {
        let labels: Vec<String> = view.columns.iter().map(|c| word(&c.label).to_owned()).collect();
        session.save_report(&view, &labels, path)?;
        show.note(&say!("written to {}", path.display()));
    }
    show.answer(&json!(view), || in_words(&view));
    Ok(())
}

/// By its id, or as it is called.
fn pipeline(session: &Session, name: &str) -> Result<RecordId, AppError> {
    let all = session.pipelines(is_chinese())?;
    let found: Vec<RecordId> =
        all.iter().filter(|p| p.id.to_string() == name || p.name == name).map(|p| p.id).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        _ => Err(AppError::new(
            Code::NotFound,
            format!("there is no one pipeline «{name}»; see `satchel pipelines`, and name it by its id"),
        )),
    }
}

fn in_words(view: &ReportView) -> String {
    let title = match view.id {
        Report::Pipeline => word("Pipeline by stage"),
        Report::Forecast => word("Forecast"),
        Report::Closed => word("Won and lost"),
        Report::Lost => word("Why deals are lost"),
        Report::Conversion => word("How far new deals come"),
        Report::Ageing => word("Age of open deals"),
        Report::Activities => word("Activities by rep"),
        Report::People => word("New people"),
    };
    let days = view.days.as_ref().map_or(String::new(), |days| format!(" · {} – {}", days.from, days.to));
    let head: Vec<&str> = view.columns.iter().map(|c| c.label.as_str()).collect();
    let line = |row: &ReportRow| -> Vec<String> {
        let cells = row.cells.iter().zip(&view.columns);
        cells.map(|(cell, column)| cell_in_words(cell, &column.key, column.ty)).collect()
    };
    let mut rows: Vec<Vec<String>> = view.rows.iter().map(line).collect();
    rows.extend(view.total.iter().map(|total| {
        let mut cells = line(total);
        if let Some(first) = cells.first_mut() {
            *first = word("All").to_owned();
        }
        cells
    }));
    format!("{title}{days}\n{}", table(&head, &rows))
}

fn cell_in_words(cell: &ReportCell, key: &str, ty: ColumnType) -> String {
    match cell {
        ReportCell::Nothing => String::new(),
        ReportCell::Text(text) => match (text.as_str(), key) {
            ("", "owner") => word("nobody").to_owned(),
            ("", "reason") => word("no reason given").to_owned(),
            ("", "month") => word("no date").to_owned(),
            ("earlier" | "later", "month") => word(text).to_owned(),
            _ => text.clone(),
        },
        ReportCell::Count(count) => count.to_string(),
        ReportCell::Number(number) if ty == ColumnType::Percent => format!("{number} %"),
        ReportCell::Number(number) => number.to_string(),
        ReportCell::Money(sums) => sums.iter().map(in_figures).collect::<Vec<_>>().join(", "),
    }
}

fn in_figures(sum: &MoneyView) -> String {
    Money { minor: sum.minor, currency: sum.currency.clone() }.to_string()
}
