//! What is told outside of the window, and a day of visits in it.

use crate::{SCREEN, confirm_kit, dress, groups_of};
use satchel_tests::browser::{Window, key};
use serde_json::Value;
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::PoisonError,
    thread,
    time::{Duration, Instant},
};

/// A real notification daemon on the bus of the test.
struct Dunst(Child);

impl Dunst {
    fn start() -> Self {
        let quiet = || Stdio::null();
        let dunst = Command::new("dunst").stdout(quiet()).stderr(quiet()).spawn();
        let dunst = Self(dunst.expect("dunst is installed by `cargo xtask test`"));
        let started = Instant::now();
        while !ask(&["count"]).is_some_and(|count| count.contains("Waiting")) {
            assert!(started.elapsed() < Duration::from_secs(10), "dunst does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        dunst
    }

    /// What was shown so far, the latest last, once it is as many: title and text.
    fn shown(&self, count: usize, patience: Duration) -> Vec<(String, String)> {
        let started = Instant::now();
        loop {
            // Only what was closed is in the history.
            let _ = ask(&["close-all"]);
            let history: Value =
                serde_json::from_str(&ask(&["history"]).unwrap_or_default()).unwrap_or_default();
            let list = history["data"][0].as_array().cloned().unwrap_or_default();
            if list.len() >= count {
                let text = |one: &Value, key: &str| one[key]["data"].as_str().unwrap_or_default().to_owned();
                return list.iter().rev().map(|one| (text(one, "summary"), text(one, "body"))).collect();
            }
            assert!(started.elapsed() < patience, "{count} notifications: {list:#?}");
            thread::sleep(Duration::from_millis(300));
        }
    }
}

impl Drop for Dunst {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(args: &[&str]) -> Option<String> {
    let out = Command::new("dunstctl").args(args).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// A clock, so many minutes from now: a day and a time.
fn in_minutes(minutes: u32) -> String {
    let at = Command::new("date").args(["-d", &format!("+{minutes} min"), "+%Y-%m-%d %H:%M"]).output();
    String::from_utf8_lossy(&at.unwrap().stdout).trim().to_owned()
}

/// Asks the core as the screens do.
fn ask_core(window: &Window, command: &str, arguments: &str) -> Value {
    let answer = window.script_async(&format!(
        "const done = arguments[arguments.length - 1];
         window.__TAURI_INTERNALS__.invoke('plugin:satchel|{command}', {arguments}).then((v) => done({{ v }}), (e) => done({{ e }}))"
    ));
    assert!(answer["e"].is_null(), "{command}: {answer}");
    answer["v"].clone()
}

fn open_vault(vault: &Path) -> Window {
    let window = Window::open(vault, &[]);
    window.wait("#workspace");
    window.fill("#workspace", "Norte Foods");
    window.fill("#person", "Ana");
    window.click("#create-vault");
    let groups = groups_of(&window);
    confirm_kit(&window, &groups);
    window.wait("#nav-today");
    window
}

#[test]
fn reminders_are_told_by_the_desktop_once_and_without_names_while_it_is_locked() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dunst = Dunst::start();
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    let make = |subject: &str, at: &str| {
        let input = format!("{{ kind: 'task', input: {{ subject: '{subject}', remind: '{at}' }} }}");
        ask_core(&window, "create", &input)["id"].as_str().unwrap().to_owned()
    };
    make("Call <Zoe> & Bo", &in_minutes(1));
    let minute = Duration::from_secs(75);
    let first = dunst.shown(1, minute);
    assert_eq!(first[0].0, "Call <Zoe> & Bo");

    // The settings, and the field in words.
    window.click("#nav-settings");
    window.wait("#reminders");
    window.script("document.querySelector('#reminders').scrollIntoView()");
    window.accessibility("settings of reminders");
    window.picture("v1-reminders");

    // Locked: that there is something. Unlocked: what came meanwhile, together.
    let at = in_minutes(1);
    make("Send the offer", &at);
    make("Write to Bo", &at);
    thread::sleep(Duration::from_secs(2));
    window.press(&[key::CTRL, "l"]);
    window.wait("#unlock-keyring");
    let locked = dunst.shown(2, minute);
    assert_eq!(locked[1], ("A reminder is due; unlock Satchel".to_owned(), String::new()));
    window.click("#unlock-keyring");
    window.wait("#nav-today");
    let all = dunst.shown(3, Duration::from_secs(20));
    assert!(all[2].0.starts_with("2 reminders"), "{all:#?}");
    assert_eq!(all[2].1.lines().collect::<Vec<_>>(), ["Send the offer", "Write to Bo"]);
    thread::sleep(Duration::from_secs(2));
    assert_eq!(dunst.shown(3, minute).len(), 3, "never twice");
    dress(&window, "en", "light");
}
