//! The calendar on a terminal.

use crate::{
    run::Done,
    show::{Show, table},
    words::{say, word},
};
use satchel_app::{CalendarRequest, Session, local_moment, views::CalendarItem};
use serde_json::json;

pub fn show(show: &Show, session: &Session, asked: &CalendarRequest) -> Done {
    let view = session.calendar(asked)?;
    let mut rows: Vec<[String; 6]> = view.items.iter().map(row).collect();
    rows.sort();
    show.answer(&json!(view), || match rows.is_empty() {
        true => word("nothing is planned").to_owned(),
        false => {
            let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
            let more = if view.more { say!("There is more; ask for fewer days.") } else { String::new() };
            format!("{}{more}", table(&["day", "at", "", "what", "with", "id"], &rows))
        }
    });
    Ok(())
}

/// A day, a time where it has one, and what it is.
fn row(item: &CalendarItem) -> [String; 6] {
    let (day, time) = match &item.at {
        Some(at) => local_moment(at),
        None => (item.due.clone().unwrap_or_default(), item.due_time.clone().unwrap_or_default()),
    };
    let what = if item.ty.is_empty() { item.kind.key() } else { &item.ty };
    let with: Vec<&str> = [&item.person, &item.company].into_iter().map(String::as_str).collect();
    let with = with.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ");
    // What `satchel occurrence` takes.
    let id = [Some(item.id.to_string()), item.occurrence.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    [day, time, word(what).to_owned(), item.title.clone(), with, id]
}
