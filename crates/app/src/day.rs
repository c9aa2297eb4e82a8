//! What was done with somebody, what is to be done next, and what a day asks of one.

use crate::{
    AppError, Session,
    error::Code,
    lists::row_view,
    records::FieldInput,
    session::now,
    views::{BirthdayView, DayView, MomentView, RowView, WhenView, Written},
};
use jiff::{ToSpan, civil::Date};
use satchel_domain::{Kind, RecordId, Scalar, date::rfc3339, note, when};
use satchel_storage::{Connection, StorageError, deals, documents, lists};
use serde::Deserialize;

/// Lines of one section of a day.
const LINES: u32 = 200;
/// So many days ahead birthdays are told.
const AHEAD: i64 = 7;

/// What somebody has done, and what comes next.
#[derive(Clone, Debug, Deserialize, specta::Type)]
pub struct Logged {
    /// A person, a company or a deal.
    pub about: RecordId,
    /// `call`, `visit`, `meeting`, `message`, `mail` or `note`.
    #[serde(rename = "type")]
    pub ty: String,
    pub text: String,
    #[serde(default)]
    pub outcome: String,
    /// «send the offer fri 10»; nothing where it is empty.
    #[serde(default)]
    pub next: String,
    /// What day it is where one is: `2026-11-27`.
    pub today: String,
}

impl Session {
    /// Notes an activity and, where one is named, the task that follows from it: one step to undo.
    pub fn log(&self, logged: &Logged) -> Result<Written, AppError> {
        let links = self.links_of(logged.about)?;
        let mut input = links.clone();
        let texts = [("type", &logged.ty), ("text", &logged.text), ("outcome", &logged.outcome)];
        let said = texts.into_iter().filter(|(_, text)| !text.trim().is_empty());
        input.extend(said.map(|(key, text)| (key.to_owned(), text.as_str().into())));
        if logged.text.trim().is_empty() && logged.outcome.trim().is_empty() && logged.next.trim().is_empty()
        {
            return Err(AppError::refused("say in a word what was done, or what comes next"));
        }
        let activity = self.prepared_by(Kind::Activity, &input)?;
        let mut made = vec![activity];
        let next = self.understand(&logged.next, &logged.today)?;
        if next.date.is_some() || !next.text.is_empty() {
            let title = if next.text.is_empty() {
                note::plain(&logged.text).lines().next().unwrap_or_default().to_owned()
            } else {
                next.text
            };
            let mut task = links;
            task.insert("subject".to_owned(), title.chars().take(200).collect::<String>().into());
            // Without a day it is for tomorrow: a next step is never lost among those without one.
            let tomorrow = || Some(day(&logged.today).ok()?.tomorrow().ok()?.to_string());
            let due = next.date.or_else(tomorrow).unwrap_or_default();
            task.insert("due".to_owned(), due.into());
            task.extend(next.time.map(|time| ("due_time".to_owned(), time.into())));
            made.push(self.prepared_by(Kind::Task, &task)?);
        }
        let id = made.first().map(|(id, ..)| *id).unwrap_or(logged.about);
        let operation = self.together("log", &made, &[])?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// Whom what is done with a record concerns: its person, company and deal.
    pub(crate) fn links_of(&self, about: RecordId) -> Result<FieldInput, AppError> {
        let view = self.get(about)?;
        let mut links = match view.kind {
            Kind::Person | Kind::Company | Kind::Deal => {
                FieldInput::from_iter([(view.kind.key().to_owned(), about.to_string().into())])
            }
            Kind::Quote => FieldInput::new(),
            kind => return Err(AppError::refused(format!("nothing is noted on a {kind}"))),
        };
        for key in ["company", "person", "deal"] {
            if let Some(id) = view.fields.get(key).filter(|v| v.is_string()) {
                links.entry(key.to_owned()).or_insert_with(|| id.clone());
            }
        }
        Ok(links)
    }

    /// Takes the date off what somebody writes, as it is understood on a day.
    pub fn understand(&self, text: &str, today: &str) -> Result<WhenView, AppError> {
        let order = self.habits()?.day_order;
        let (text, when) = when::take(text, day(today)?, order);
        Ok(WhenView { text, date: when.map(|w| w.day()), time: when.and_then(|w| w.time()) })
    }

    /// Marks a task as done; one that comes again is there anew, and `next` is what follows from it.
    pub fn finish_task(&self, id: RecordId, next: &str, today: &str) -> Result<Written, AppError> {
        let view = self.get(id)?;
        if view.kind != Kind::Task {
            return Err(AppError::not_found("task", id));
        }
        if view.fields.contains_key("done_at") {
            return Ok(Written { id, operation: None });
        }
        let mut made = Vec::new();
        let mut follow =
            |title: &str, due: String, time: Option<String>, again: bool| -> Result<(), AppError> {
                let keep = |key: &&str| again || !matches!(*key, "notes" | "repeat");
                let keys = ["company", "person", "deal", "owner", "notes", "repeat"];
                let mut input = FieldInput::new();
                for key in keys.iter().filter(|key| keep(key)) {
                    input.extend(view.fields.get(*key).map(|v| ((*key).to_owned(), v.clone())));
                }
                input.insert("subject".to_owned(), title.into());
                input.insert("due".to_owned(), due.into());
                input.extend(time.map(|time| ("due_time".to_owned(), time.into())));
                made.push(self.prepared_by(Kind::Task, &input)?);
                Ok(())
            };
        let text = |key: &str| view.fields.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        if let Some(due) = again(text("repeat"), text("due"), day(today)?) {
            let time = Some(text("due_time").to_owned()).filter(|t| !t.is_empty());
            follow(&view.title, due.to_string(), time, true)?;
        }
        let said = self.understand(next, today)?;
        if said.date.is_some() || !said.text.is_empty() {
            let title = if said.text.is_empty() { &view.title } else { &said.text };
            let tomorrow = || Some(day(today).ok()?.tomorrow().ok()?.to_string());
            follow(title, said.date.or_else(tomorrow).unwrap_or_default(), said.time, false)?;
        }
        let done = vec![("done_at".to_owned(), Some(Scalar::Int(now())))];
        let operation = self.together("finish", &made, &[(id, done)])?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// What has happened with a person, a company or a deal, and is to: the latest first.
    pub fn timeline(&self, id: RecordId, limit: u32) -> Result<Vec<MomentView>, AppError> {
        let catalogue = self.catalogue();
        self.store.glance::<_, AppError>(|db| {
            let (_, kind) = documents::find(db, id)?.ok_or_else(|| AppError::not_found("record", id))?;
            if !matches!(kind, Kind::Person | Kind::Company | Kind::Deal) {
                return Ok(Vec::new());
            }
            let mut out = Vec::new();
            for (kind, row, at) in deals::timeline(db, kind.key(), id, limit.clamp(1, 1000))? {
                let Ok(kind) = kind.parse::<Kind>() else { continue };
                let row = lists::one(db, &catalogue, kind, row)?;
                out.extend(row.map(|row| MomentView { record: row_view(row), at: rfc3339(at) }));
            }
            Ok(out)
        })
    }

    /// What a day asks: `from` and `to` are its first and its last moment where one is, in epoch milliseconds.
    pub fn day(&self, today: &str, (from, to): (i64, i64)) -> Result<DayView, AppError> {
        let date = day(today)?;
        let days: Vec<Date> = (0..AHEAD).filter_map(|n| date.checked_add(n.days()).ok()).collect();
        let names: Vec<String> = days.iter().map(|d| format!("{:02}-{:02}", d.month(), d.day())).collect();
        let catalogue = self.catalogue();
        self.store.glance::<_, AppError>(|db| {
            let one = |db: &Connection, kind: Kind, row: i64| -> Result<Option<RowView>, StorageError> {
                Ok(lists::one(db, &catalogue, kind, row)?.map(row_view))
            };
            let mut view = DayView::default();
            for row in deals::due(db, today, LINES)? {
                let Some(task) = one(db, Kind::Task, row)? else { continue };
                let is_today = task.fields.get("due").and_then(|d| d.as_str()) == Some(today);
                if is_today { &mut view.due } else { &mut view.overdue }.push(task);
            }
            for row in deals::between(db, from, to, LINES)? {
                view.agenda.extend(one(db, Kind::Activity, row)?.filter(|a| {
                    let ty = a.fields.get("type").and_then(|t| t.as_str()).unwrap_or_default();
                    ty != "note"
                }));
            }
            for (row, late) in deals::neglected(db, today, now(), LINES)? {
                let Some(deal) = one(db, Kind::Deal, row)? else { continue };
                if late { &mut view.late } else { &mut view.quiet }.push(deal);
            }
            for (row, on) in deals::birthdays(db, &names, LINES)? {
                let on = names.iter().position(|n| *n == on).and_then(|at| days.get(at));
                if let (Some(person), Some(on)) = (one(db, Kind::Person, row)?, on) {
                    view.birthdays.push(BirthdayView { person, on: on.to_string() });
                }
            }
            Ok(view)
        })
    }
}

/// What day it is by the clock of this computer, with its first and its last moment.
pub fn local_day() -> (String, (i64, i64)) {
    let now = jiff::ZonedDateTime::now();
    let begins = now.start_of_day().unwrap_or_else(|_| now.clone());
    let ends = begins.tomorrow().and_then(|t| t.start_of_day()).unwrap_or_else(|_| now.clone());
    let millis = |at: &jiff::ZonedDateTime| at.timestamp().as_millisecond();
    (now.date().to_string(), (millis(&begins), millis(&ends)))
}

/// When something that comes again is due next: behind today, however often it was left out.
fn again(repeat: &str, due: &str, today: Date) -> Option<Date> {
    let start = due.parse::<Date>().unwrap_or(today);
    let step = |n: i64| match repeat {
        "day" => Some(n.days()),
        "week" => Some(n.weeks()),
        "two_weeks" => Some((2 * n).weeks()),
        "month" => Some(n.months()),
        "year" => Some(n.years()),
        _ => None,
    };
    // From where it began, so that the 31st stays the 31st.
    (1..100_000).map_while(|n| start.checked_add(step(n)?).ok()).find(|date| *date > today)
}

pub(crate) fn day(text: &str) -> Result<Date, AppError> {
    text.parse().map_err(|_| AppError::new(Code::Usage, format!("{text} is no day; write 2026-11-27")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_keeps_its_day() {
        let today: Date = "2026-11-27".parse().unwrap();
        let next = |repeat: &str, due: &str| again(repeat, due, today).map(|d| d.to_string());
        assert_eq!(next("week", "2026-11-27").as_deref(), Some("2026-12-04"));
        assert_eq!(next("week", "2026-10-01").as_deref(), Some("2026-12-03"), "left out for weeks");
        assert_eq!(next("month", "2026-10-31").as_deref(), Some("2026-11-30"));
        assert_eq!(next("day", "").as_deref(), Some("2026-11-28"));
        assert_eq!(next("year", "2024-02-29").as_deref(), Some("2027-02-28"));
        assert_eq!(next("", "2026-11-27"), None);
        assert_eq!(next("never", "2026-11-27"), None);
    }
}
