//! Activities and tasks as iCalendar (RFC 5545), for other calendars.

use crate::export::{escape, fold_line};
use satchel_domain::{
    note,
    repeat::{MEANT, Repeat},
};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A record as it is listed.
pub struct Listed<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub fields: &'a Map<String, Json>,
    /// What the records are called that it links to, by field.
    pub titles: &'a BTreeMap<String, String>,
    /// Epoch milliseconds.
    pub updated_at: i64,
}

impl Listed<'_> {
    fn text(&self, key: &str) -> &str {
        self.fields.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    /// Of whom or what it is, for who reads it elsewhere.
    fn contact(&self) -> String {
        let names = ["person", "company"].iter().filter_map(|key| self.titles.get(*key));
        names.map(|name| escape(name)).collect::<Vec<_>>().join("\\, ")
    }

    fn component(&self, name: &str, lines: &[(&str, String)]) -> String {
        let mut all = vec![
            format!("BEGIN:{name}"),
            format!("UID:{}", self.id),
            format!("DTSTAMP:{}", utc(&satchel_domain::date::rfc3339(self.updated_at))),
        ];
        let said = lines.iter().filter(|(_, value)| !value.is_empty());
        all.extend(said.map(|(property, value)| format!("{property}:{value}")));
        all.push(format!("END:{name}"));
        all.iter().map(|line| fold_line(line)).collect()
    }
}

/// An activity as an event; nothing where it has no time, or is a note.
pub fn event_of(listed: &Listed<'_>) -> Option<String> {
    let (at, ty) = (listed.text("at"), listed.text("type"));
    if at.is_empty() || ty == "note" {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let minutes =
        listed.fields.get("minutes").and_then(Json::as_f64).unwrap_or_default().clamp(0.0, 1e6) as u64;
    let lasts = if minutes > 0 { format!("PT{minutes}M") } else { String::new() };
    Some(listed.component(
        "VEVENT",
        &[
            ("DTSTART", utc(at)),
            ("DURATION", lasts),
            ("SUMMARY", escape(listed.title)),
            ("LOCATION", escape(listed.text("place"))),
            ("DESCRIPTION", escape(&note::plain(listed.text("text")))),
            ("CONTACT", listed.contact()),
            ("X-SATCHEL-TYPE", escape(ty)),
        ],
    ))
}

/// A task as a to-do: its hour is that of wherever one is.
pub fn todo_of(listed: &Listed<'_>) -> String {
    let day = listed.text("due").replace('-', "");
    let (due, value) = match (day.is_empty(), listed.text("due_time")) {
        (true, _) => ("DUE", String::new()),
        (_, "") => ("DUE;VALUE=DATE", day),
        (_, time) => ("DUE", format!("{day}T{}00", time.replace(':', ""))),
    };
    // Other calendars reckon from when it is due: what was moved names the day that it is meant for.
    let again = Repeat::parse(listed.text("repeat")).map(|repeat| match listed.text(MEANT).parse() {
        Ok(meant) => repeat.pinned(meant).rrule(),
        Err(_) => listed.text("due").parse().map_or(repeat.clone(), |due| repeat.due_on(due)).rrule(),
    });
    let done = listed.text("done_at");
    // What is done does not come again: what comes after it is a task of its own.
    let again = again.filter(|_| done.is_empty() && !value.is_empty()).unwrap_or_default();
    listed.component(
        "VTODO",
        &[
            (due, value),
            ("RRULE", again),
            ("STATUS", if done.is_empty() { "NEEDS-ACTION" } else { "COMPLETED" }.to_owned()),
            ("COMPLETED", if done.is_empty() { String::new() } else { utc(done) }),
            ("SUMMARY", escape(listed.title)),
            ("DESCRIPTION", escape(&note::plain(listed.text("notes")))),
            ("CONTACT", listed.contact()),
            ("X-SATCHEL-TASK", "1".to_owned()),
        ],
    )
}

/// `20260131T120000Z` of an RFC 3339 time; what is shorter than a second is left out.
fn utc(at: &str) -> String {
    let digits: String =
        at.chars().filter(char::is_ascii_alphanumeric).take("20260131T120000".len()).collect();
    format!("{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_was_moved_names_its_own_day() {
        let rule = |repeat: &str| {
            let fields = serde_json::json!({"due": "2026-12-18", "meant": "2026-12-15", "repeat": repeat});
            let fields = fields.as_object().expect("an object").clone();
            let (titles, updated_at) = (BTreeMap::new(), 0);
            let listed = Listed { id: "1", title: "Renew", fields: &fields, titles: &titles, updated_at };
            todo_of(&listed).lines().find(|line| line.starts_with("RRULE")).map(str::to_owned)
        };
        assert_eq!(rule("month").as_deref(), Some("RRULE:FREQ=MONTHLY;BYMONTHDAY=15"));
        assert_eq!(rule("two_weeks").as_deref(), Some("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"));
    }

    #[test]
    fn a_yearly_task_of_the_last_of_february_comes_once_a_year() {
        let rule = |due: &str| {
            let fields = serde_json::json!({"due": due, "repeat": "FREQ=YEARLY;BYMONTHDAY=29"});
            let fields = fields.as_object().expect("an object").clone();
            let (titles, updated_at) = (BTreeMap::new(), 0);
            let listed = Listed { id: "1", title: "Renew", fields: &fields, titles: &titles, updated_at };
            todo_of(&listed).lines().find(|line| line.starts_with("RRULE")).map(str::to_owned)
        };
        assert_eq!(rule("2027-02-28").as_deref(), Some("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"));
        assert_eq!(rule("2027-03-01").as_deref(), Some("RRULE:FREQ=YEARLY"));
    }
}
