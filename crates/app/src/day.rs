//! What was done with somebody, what is to be done next, and what a day asks of one.

use crate::{
    AppError, Session,
    error::Code,
    lists::row_view,
    records::{FieldInput, Values},
    series,
    session::now,
    views::{BirthdayView, DayView, MomentView, RecordView, RowView, WhenView, Written},
};
use jiff::{ToSpan, civil::Date};
use satchel_document::Changes;
use satchel_domain::{
    Kind, RecordId, Registers, Scalar,
    date::{instant, rfc3339},
    note,
    remind::Remind,
    repeat::{self, MEANT, Repeat},
    text::sort_key,
    when,
};
use satchel_storage::{Connection, StorageError, deals, documents, lists};
use serde::Deserialize;

/// A record before it is made.
pub(crate) type New = (RecordId, Kind, Registers);

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

/// Whose day is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// With what belongs to nobody: on every device that is one's own affair.
    Mine,
    Everybody,
    Of(String),
}

impl Whose {
    /// `mine`, `all`, or what somebody is called.
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "mine" => Whose::Mine,
            "" | "all" => Whose::Everybody,
            name => Whose::Of(name.to_owned()),
        }
    }
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
        let noted = note::plain(&logged.text);
        let title = if noted.trim().is_empty() { logged.outcome.as_str() } else { &noted };
        made.extend(self.next_step(&logged.next, title, links, &logged.today)?);
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

    /// The task that comes next, where one is named: «send the offer fri 10», «call every second tue». Without words it is
    /// called as what it follows from.
    pub(crate) fn next_step(
        &self,
        next: &str,
        title: &str,
        links: FieldInput,
        today: &str,
    ) -> Result<Option<New>, AppError> {
        let said = self.understand(next, today)?;
        if said.date.is_none() && said.text.is_empty() {
            return Ok(None);
        }
        let title = if said.text.is_empty() { title.lines().next().unwrap_or_default() } else { &said.text };
        let mut task = links;
        task.insert("subject".to_owned(), title.chars().take(200).collect::<String>().into());
        // Without a day it is for tomorrow: a next step is never lost among those without one.
        let tomorrow = || Some(day(today).ok()?.tomorrow().ok()?.to_string());
        task.insert("due".to_owned(), said.date.or_else(tomorrow).unwrap_or_default().into());
        task.extend(said.time.map(|time| ("due_time".to_owned(), time.into())));
        task.extend(said.repeat.map(|repeat| ("repeat".to_owned(), repeat.into())));
        Ok(Some(self.prepared_by(Kind::Task, &task)?))
    }

    /// Takes the date off what somebody writes, and how often it comes again, as they are understood on a day.
    pub fn understand(&self, text: &str, today: &str) -> Result<WhenView, AppError> {
        let (order, today) = (self.habits()?.day_order, day(today)?);
        let (rest, again) = repeat::take(text, today, order);
        if let Some((repeat, when)) = again {
            let repeat = Some(repeat.to_string());
            return Ok(WhenView { text: rest, date: Some(when.day()), time: when.time(), repeat });
        }
        let (text, when) = when::take(text, today, order);
        let (date, time) = (when.map(|w| w.day()), when.and_then(|w| w.time()));
        Ok(WhenView { text, date, time, repeat: None })
    }

    /// Marks a task as done; one that comes again is there anew, and `next` is what follows from it.
    pub fn finish_task(&self, id: RecordId, next: &str, today: &str) -> Result<Written, AppError> {
        let view = self.task(id)?;
        let (done, follow) = self.finishing(&view, today)?;
        if done.is_empty() {
            return Ok(Written { id, operation: None });
        }
        let links = kept(&view, &["company", "person", "deal", "owner"]);
        let mut made = Vec::from_iter(follow);
        made.extend(self.next_step(next, &view.title, links, today)?);
        let operation = self.together("finish", &made, &[(id, done)])?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// What marks a task as done, nothing where it is, and the task that takes its place where it comes again.
    pub(crate) fn finishing(
        &self,
        view: &RecordView,
        today: &str,
    ) -> Result<(Changes, Option<New>), AppError> {
        if view.fields.contains_key("done_at") {
            return Ok((Changes::new(), None));
        }
        let done = vec![("done_at".to_owned(), Some(Scalar::Int(now())))];
        let Some((due, repeat)) = self.again(view, day(today)?)? else { return Ok((done, None)) };
        let mut input = kept(view, &["company", "person", "deal", "owner", "notes", "due_time"]);
        input.insert("subject".to_owned(), view.title.clone().into());
        input.insert("due".to_owned(), due.to_string().into());
        input.insert("repeat".to_owned(), repeat.to_string().into());
        // One at a moment of its own has been, or will be, told of.
        let remind = text(view, "remind");
        if Remind::parse(remind).is_some_and(|remind| !matches!(remind, Remind::On(_))) {
            input.insert("remind".to_owned(), remind.into());
        }
        Ok((done, Some(self.prepared_by(Kind::Task, &input)?)))
    }

    /// Leaves one time out of a task that comes again: it is due the next time.
    pub fn skip_task(&self, id: RecordId, today: &str) -> Result<Written, AppError> {
        let view = self.task(id)?;
        if view.fields.contains_key("done_at") || text(&view, "repeat").is_empty() {
            return Err(AppError::refused("only a task that is open and comes again can be skipped"));
        }
        let from = day(text(&view, "due")).unwrap_or(day(today)?).max(day(today)?);
        let Some((due, repeat)) = self.again(&view, from)? else {
            return Err(AppError::refused("this was its last time; mark it as done, or delete it"));
        };
        let set = |key: &str, value: String| (key.to_owned(), Some(Scalar::Str(value)));
        let meant = (MEANT.to_owned(), None);
        let changes = vec![set("due", due.to_string()), set("repeat", repeat.to_string()), meant];
        let operation = self.together("skip", &[], &[(id, changes)])?;
        Ok(Written { id, operation: Some(operation) })
    }

    /// When something that comes again is due next, behind a day, and what is kept of how often. It follows from the day for
    /// which it is meant, wherever it was moved to.
    fn again(&self, view: &RecordView, behind: Date) -> Result<Option<(Date, Repeat)>, AppError> {
        let Some(repeat) = Repeat::parse(text(view, "repeat")) else { return Ok(None) };
        let registers = self.store.glance(|db| Ok::<_, AppError>(self.load(db, view.id)?.1.registers()))?;
        let meant = registers.get(MEANT).and_then(Scalar::as_str).unwrap_or_else(|| text(view, "due"));
        let meant = meant.parse().ok();
        Ok(repeat.next(meant, behind).map(|next| (next, repeat.after(meant))))
    }

    pub(crate) fn task(&self, id: RecordId) -> Result<RecordView, AppError> {
        let view = self.get(id)?;
        match view.kind {
            Kind::Task => Ok(view),
            _ => Err(AppError::not_found("task", id)),
        }
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
                out.extend(row.map(|row| (at, MomentView { record: row_view(row), at: rfc3339(at) })));
            }
            // What comes again stands where it comes next.
            for time in series::nearest_with(db, kind, id, now())? {
                let (row, at) = (lists::one(db, &catalogue, Kind::Activity, time.kept.row)?, time.at);
                let view =
                    row.map(|row| MomentView { record: series::row_at(row, &time), at: at.to_string() });
                out.extend(view.map(|view| (at.as_millisecond(), view)));
            }
            out.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            Ok(out.into_iter().map(|(_, view)| view).collect())
        })
    }

    /// What a day asks: `from` and `to` are its first and its last moment where one is, in epoch milliseconds.
    pub fn day(&self, today: &str, moments: (i64, i64), whose: &Whose) -> Result<DayView, AppError> {
        let date = day(today)?;
        let owner = match whose {
            Whose::Of(name) => sort_key(name),
            _ => sort_key(&self.person),
        };
        let whose = match whose {
            Whose::Mine => deals::Whose::Mine(&owner),
            Whose::Everybody => deals::Whose::Everybody,
            Whose::Of(_) => deals::Whose::Of(&owner),
        };
        let days: Vec<Date> = (0..AHEAD).filter_map(|n| date.checked_add(n.days()).ok()).collect();
        let names: Vec<String> = days.iter().map(|d| format!("{:02}-{:02}", d.month(), d.day())).collect();
        let catalogue = self.catalogue();
        self.store.glance::<_, AppError>(|db| {
            let one = |db: &Connection, kind: Kind, row: i64| -> Result<Option<RowView>, StorageError> {
                Ok(lists::one(db, &catalogue, kind, row)?.map(row_view))
            };
            let mut view = DayView::default();
            for row in deals::due(db, today, whose, LINES)? {
                let Some(task) = one(db, Kind::Task, row)? else { continue };
                let is_today = task.fields.get("due").and_then(|d| d.as_str()) == Some(today);
                if is_today { &mut view.due } else { &mut view.overdue }.push(task);
            }
            for row in deals::between(db, moments, whose, LINES)? {
                view.agenda.extend(one(db, Kind::Activity, row)?.filter(|a| {
                    let ty = a.fields.get("type").and_then(|t| t.as_str()).unwrap_or_default();
                    ty != "note"
                }));
            }
            for time in series::times(db, moments, 0, whose)?.into_iter().take(LINES as usize) {
                let row = lists::one(db, &catalogue, Kind::Activity, time.kept.row)?;
                view.agenda.extend(row.map(|row| series::row_at(row, &time)));
            }
            view.agenda.sort_by_key(|a| a.fields.get("at").and_then(|at| instant(at.as_str()?)));
            for (row, late) in deals::neglected(db, today, now(), whose, LINES)? {
                let Some(deal) = one(db, Kind::Deal, row)? else { continue };
                if late { &mut view.late } else { &mut view.quiet }.push(deal);
            }
            for (row, on) in deals::birthdays(db, &names, whose, LINES)? {
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

/// What is kept of a task that comes again when it is moved: the day for which it is meant, until it is back on that, or comes
/// by another rule.
pub(crate) fn meant(kind: Kind, now: &Registers, values: &Values, wanted: &Registers) -> Changes {
    let becomes = |key: &str| values.contains_key(key) && now.get(key) != wanted.get(key);
    if kind != Kind::Task || !(becomes("due") || becomes("repeat")) {
        return Changes::new();
    }
    let comes = now.contains_key("repeat") && !becomes("repeat");
    let meant =
        now.get(MEANT).or_else(|| now.get("due")).filter(|day| comes && wanted.get("due") != Some(*day));
    match meant == now.get(MEANT) {
        true => Changes::new(),
        false => vec![(MEANT.to_owned(), meant.cloned())],
    }
}

fn text<'a>(view: &'a RecordView, key: &str) -> &'a str {
    view.fields.get(key).and_then(|v| v.as_str()).unwrap_or_default()
}

/// Some fields of a record, for another.
fn kept(view: &RecordView, keys: &[&str]) -> FieldInput {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), view.fields.get(*key)?.clone()))).collect()
}

pub(crate) fn day(text: &str) -> Result<Date, AppError> {
    text.parse().map_err(|_| AppError::new(Code::Usage, format!("{text} is no day; write 2026-11-27")))
}
