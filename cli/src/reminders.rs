//! Reminders on a terminal.

use crate::{
    run::Done,
    show::{Show, table},
    words::word,
};
use satchel_app::{Session, local_zone, moment, now, views::ReminderView};
use serde_json::json;

pub fn show(show: &Show, session: &Session, at: Option<&str>) -> Done {
    let zone = local_zone();
    let at = at.map_or_else(|| Ok(now()), |text| moment(text, &zone))?;
    let view = session.reminders(at, &zone)?;
    show.answer(&json!(view), || {
        let due = view.due.iter().map(|one| row(one, "due"));
        let rows: Vec<Vec<String>> = due.chain(view.next.iter().map(|one| row(one, "next"))).collect();
        match (view.on, rows.is_empty()) {
            (false, _) => word("reminders are off; they are set in the app").to_owned(),
            (true, true) => word("nothing to be reminded of").to_owned(),
            (true, false) => table(&["", "at", "what", "with", "id"], &rows),
        }
    });
    Ok(())
}

fn row(one: &ReminderView, state: &str) -> Vec<String> {
    let at = one.at.replace('T', " ");
    vec![word(state).to_owned(), at, one.title.clone(), one.with.clone(), one.id.to_string()]
}
