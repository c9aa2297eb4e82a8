//! Tells of what is due, by the notifications of the system. One timer waits for the next reminder; it looks at the clock
//! at least twice a minute too, since a timer stands still while the computer sleeps, and clocks and zones are set.

use crate::{
    commands::{Answer, Desktop, with},
    words::Words,
};
use jiff::Timestamp;
use satchel_app::{Says, Session, Told, domain::Kind, local_zone, now, views::ReminderView};
use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};
use tauri::{AppHandle, Manager, State};

/// The clock is looked at so often, whatever comes next.
const LOOK: Duration = Duration::from_secs(25);
/// Many changes one after the other are one.
const REST: Duration = Duration::from_millis(500);
/// Lines of one notification.
const LINES: usize = 5;

/// Rung when something has changed that reminders depend on.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    pub fn ring(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    fn wait(&self, time: Duration) {
        let rung = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(rung, time, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

/// A notification was clicked: what it is about is opened; without a record, the day.
#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub struct ReminderEvent {
    pub record: Option<OpenedRecord>,
}

#[derive(Clone, Debug, Serialize, Deserialize, specta::Type)]
pub struct OpenedRecord {
    pub id: satchel_app::domain::RecordId,
    pub kind: Kind,
    /// Of a meeting that comes again: which of its days.
    pub day: Option<String>,
}

/// Looks at the clock for as long as the app runs.
pub fn keep(app: AppHandle, desktop: Desktop) {
    let work = move || {
        // When the vault will have something to tell of, without what: for while it is locked.
        let mut next: Vec<Timestamp> = Vec::new();
        loop {
            match desktop.satchel.session() {
                Ok(session) => look(&app, &desktop, &session, &mut next),
                Err(_) => look_outside(&app, &desktop, &mut next),
            }
            thread::sleep(REST);
            let until = next.first().and_then(|at| Duration::try_from(at.duration_since(now())).ok());
            desktop.bell.wait(until.unwrap_or(LOOK).min(LOOK));
        }
    };
    let _ = thread::Builder::new().name("reminders".into()).spawn(work);
}

fn look(app: &AppHandle, desktop: &Desktop, session: &Session, next: &mut Vec<Timestamp>) {
    // What cannot be read or written is said where somebody works; here it is tried again.
    let Ok(told) = session.remind(now(), &local_zone()) else { return };
    let says = session.settings().map_or(Says::Nothing, |s| s.reminders.says);
    if !told.now.is_empty() {
        notify(app, notice(&told, says, desktop.words()));
    }
    *next = told.next;
}

/// The vault is locked: something is due, and nobody outside knows what.
fn look_outside(app: &AppHandle, desktop: &Desktop, next: &mut Vec<Timestamp>) {
    let at = now();
    let due = next.iter().filter(|moment| **moment <= at).count();
    next.drain(..due);
    if due > 0 {
        let words = desktop.words();
        notify(app, Notice { title: words.due_locked(), body: String::new(), record: None });
    }
}

struct Notice {
    title: String,
    body: String,
    record: Option<OpenedRecord>,
}

/// What a notification says of reminders, and no more than the settings let it.
fn notice(told: &Told, says: Says, words: Words) -> Notice {
    let count = told.now.len();
    let head = if told.away { words.while_away(count) } else { words.due(count) };
    match told.now.as_slice() {
        [one] => Notice {
            title: if says == Says::Nothing { head } else { line(one, false, words) },
            body: if says == Says::Nothing { String::new() } else { details(one, says, told.away, words) },
            record: Some(OpenedRecord { id: one.id, kind: one.kind, day: one.occurrence.clone() }),
        },
        all => {
            let shown = all.iter().take(if says == Says::Nothing { 0 } else { LINES });
            let mut lines: Vec<String> =
                shown.map(|one| line(one, says == Says::Everything, words)).collect();
            if says != Says::Nothing && count > LINES {
                lines.push(words.more(count - LINES));
            }
            Notice { title: head, body: lines.join("\n"), record: None }
        }
    }
}

fn line(one: &ReminderView, with: bool, words: Words) -> String {
    let title = if one.title.is_empty() { words.due(1) } else { one.title.clone() };
    let with = Some(&one.with).filter(|name| with && !name.is_empty());
    with.map_or(title.clone(), |name| format!("{title} · {name}"))
}

/// When it is, and with whom.
fn details(one: &ReminderView, says: Says, away: bool, words: Words) -> String {
    let when = [one.day.as_deref(), one.time.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let with = if says == Says::Everything { one.with.as_str() } else { "" };
    let missed = if away { words.while_away(1) } else { String::new() };
    let parts = [when.as_str(), with, missed.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Shows it; whoever clicks it comes to what it is about.
fn notify(app: &AppHandle, notice: Notice) {
    let app = app.clone();
    let show = move || {
        let mut shown = notify_rust::Notification::new();
        shown.appname("Satchel").summary(&notice.title).body(&plain(&notice.body)).icon("satchel");
        shown.action("default", "Satchel");
        // A desktop without notifications: the day shows all the same what is due.
        let Ok(handle) = shown.show() else { return };
        handle.wait_for_action(|action| {
            if action == "default" {
                open(&app, notice.record);
            }
        });
    };
    let _ = thread::Builder::new().name("notification".into()).spawn(show);
}

/// Desktops read some HTML in a body: a name is text.
fn plain(text: &str) -> String {
    let marked = cfg!(target_os = "linux");
    if marked {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

fn open(app: &AppHandle, record: Option<OpenedRecord>) {
    if let Some(window) = app.get_webview_window("main") {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
    let _ = tauri_specta::Event::emit(&ReminderEvent { record }, app);
}

/// The language of the screen: what is told outside of it is in the same.
#[tauri::command]
#[specta::specta]
pub async fn speak(desktop: State<'_, Desktop>, chinese: bool) -> Answer<()> {
    desktop.speak(chinese);
    Ok(())
}

/// What is due and open, and what comes next.
#[tauri::command]
#[specta::specta]
pub async fn reminders(desktop: State<'_, Desktop>) -> Answer<satchel_app::views::RemindersView> {
    with(&desktop, |s| s.reminders(now(), &local_zone())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(titles: &[&str], away: bool) -> Told {
        let one = |title: &&str| ReminderView {
            id: "01890000-0000-7000-8000-000000000000".parse().expect("an id"),
            kind: Kind::Task,
            title: (*title).to_owned(),
            with: "Zoe, Acme".into(),
            at: "2026-11-27T09:20".into(),
            day: Some("2026-11-27".into()),
            time: Some("09:30".into()),
            told: false,
            occurrence: None,
        };
        Told { now: titles.iter().map(one).collect(), away, next: Vec::new() }
    }

    #[test]
    fn a_notification_says_no_more_than_it_may() {
        let says = |titles: &[&str], away, says| {
            let notice = notice(&told(titles, away), says, Words { chinese: false });
            format!("{}|{}", notice.title, notice.body)
        };
        assert_eq!(says(&["Call"], false, Says::Nothing), "A reminder is due|");
        assert_eq!(says(&["Call"], false, Says::Title), "Call|2026-11-27 09:30");
        assert_eq!(says(&["Call"], false, Says::Everything), "Call|2026-11-27 09:30\nZoe, Acme");
        assert_eq!(
            says(&["Call", "Write"], true, Says::Title),
            "2 reminders while you were away|Call\nWrite"
        );
        assert_eq!(says(&["Call", "Write"], true, Says::Nothing), "2 reminders while you were away|");
        let many = says(&["a", "b", "c", "d", "e", "f", "g"], false, Says::Everything);
        assert_eq!(many.lines().last(), Some("and 2 more"));
        let chinese = notice(&told(&["打电话", "写信"], true), Says::Title, Words { chinese: true });
        assert_eq!(
            (chinese.title.as_str(), chinese.body.as_str()),
            ("您离开期间有 2 条提醒", "打电话\n写信")
        );
    }

    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(plain("<b>A & B</b>").contains('<'), !cfg!(target_os = "linux"));
    }
}
