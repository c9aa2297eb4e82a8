//! What the records of a list come to.

use crate::{
    args::Totals,
    show::{Show, table},
};
use satchel_app::{
    AppError, ListGroup, ListRequest, ListSum, Session,
    domain::{FieldType, Kind, money::Money},
};
use serde_json::{Value as Json, json};

pub fn totals(show: &Show, session: &Session, args: Totals) -> Result<(), AppError> {
    let kind: Kind = args.kind.parse()?;
    let request = ListRequest { filter: args.filter, ..ListRequest::default() };
    let sums = match args.sum.is_empty() {
        true => {
            session.fields(kind).into_iter().filter(|f| f.ty == FieldType::Money).map(|f| f.key).collect()
        }
        false => args.sum,
    };
    let by = args.by.as_deref();
    let is_day = session.fields(kind).iter().any(|f| Some(f.key.as_str()) == by && f.ty == FieldType::Date);
    let groups = session.groups(kind, &request, by, &sums)?;
    let answer = groups.iter().map(|group| {
        let value = value_of(group, by, is_day);
        let mut answer = json!({"value": value, "count": group.count, "sums": group.sums});
        if let (Some(within), Json::Object(answer)) = (&group.within, &mut answer) {
            answer.insert("within".to_owned(), json!(within));
        }
        answer
    });
    show.answer(&json!({"groups": answer.collect::<Vec<_>>()}), || {
        let rows: Vec<Vec<String>> = groups.iter().map(|group| line(group, by, is_day)).collect();
        table(&[by.unwrap_or_default(), "", ""], &rows)
    });
    Ok(())
}

/// What all of a group have in the field; of a link what that is called, of a day its month.
fn value_of(group: &ListGroup, by: Option<&str>, is_day: bool) -> Json {
    let (Some(by), Some(row)) = (by, &group.of) else { return Json::Null };
    if let Some(title) = row.titles.get(by) {
        return json!(title);
    }
    match row.fields.get(by) {
        Some(Json::String(text)) if is_day => json!(text.get(..7)),
        other => other.cloned().unwrap_or_default(),
    }
}

fn line(group: &ListGroup, by: Option<&str>, is_day: bool) -> Vec<String> {
    let value = match value_of(group, by, is_day) {
        Json::String(text) => text,
        Json::Null => "—".to_owned(),
        other => other.to_string(),
    };
    let value = match &group.within {
        Some(within) => format!("{within} · {value}"),
        None => value,
    };
    let sums = group.sums.iter().map(|sum| format!("{} {}", sum.field, amount(sum))).collect::<Vec<_>>();
    vec![value, group.count.to_string(), sums.join(", ")]
}

#[allow(clippy::cast_possible_truncation)]
fn amount(sum: &ListSum) -> String {
    match &sum.currency {
        Some(currency) => Money { minor: sum.sum as i64, currency: currency.clone() }.to_string(),
        None => sum.sum.to_string(),
    }
}
