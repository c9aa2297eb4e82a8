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
pub(crate) fn ask_core(window: &Window, command: &str, arguments: &str) -> Value {
    let answer = window.script_async(&format!(
        "const done = arguments[arguments.length - 1];
         window.__TAURI_INTERNALS__.invoke('plugin:satchel|{command}', {arguments}).then((v) => done({{ v }}), (e) => done({{ e }}))"
    ));
    assert!(answer["e"].is_null(), "{command}: {answer}");
    answer["v"].clone()
}

pub(crate) fn open_vault(vault: &Path) -> Window {
    let window = Window::open(vault, &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
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

#[test]
fn a_day_of_visits_is_planned_and_made_by_keys() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    let day = in_minutes(0)[..10].to_owned();
    let make = |kind: &str, input: &str| {
        let made = ask_core(&window, "create", &format!("{{ kind: '{kind}', input: {{ {input} }} }}"));
        made["id"].as_str().unwrap().to_owned()
    };
    let firm = |name: &str, location: &str| {
        make(
            "company",
            &format!(
                "name: '{name}', location: '{location}', addresses: [{{ street: 'Rua do Ouro 7', city: 'Porto' }}]"
            ),
        )
    };
    for (name, location) in
        [("Quinta do Sol", "41.18, -8.64"), ("Norte SL", "41.16, -8.62"), ("深圳科技", "41.21, -8.66")]
    {
        let id = firm(name, location);
        make("task", &format!("subject: 'See {name}', due: '{day}', company: '{id}'"));
    }
    let near = firm("Casa Verde", "41.165, -8.60");
    make("deal", &format!("name: 'Pumps', company: '{near}'"));
    let lost = make("company", "name: 'Nowhere Ltd'");
    make("task", &format!("subject: 'Find Nowhere', due: '{day}', company: '{lost}'"));

    window.press(&["g"]);
    window.press(&["v"]);
    window.wait("#stops li:nth-child(3)");
    window.wait("#unplaced li");
    window.says("Lacks an address or a location.");
    window.wait("#suggested [data-stop='Casa Verde']");
    // Where the day begins decides the order.
    window.fill("#start", "41.15, -8.60");
    window.press(&[key::ENTER]);
    let order = || {
        let script =
            "return [...document.querySelectorAll('#stops li')].map((l) => l.dataset.stop).join(', ')";
        window.script(script).as_str().unwrap_or_default().to_owned()
    };
    window.until("the shortest way", || {
        (order() == "See Norte SL, See Quinta do Sol, See 深圳科技").then_some(())
    });
    window.accessibility("visits");
    window.picture("v2-visits");
    // Another order by keys, and back to the short one.
    window.press(&[key::ALT, key::DOWN]);
    window.until("another order", || {
        (order() == "See Quinta do Sol, See Norte SL, See 深圳科技").then_some(())
    });
    window.press(&["o"]);
    window.until("the short one", || {
        (order() == "See Norte SL, See Quinta do Sol, See 深圳科技").then_some(())
    });
    // Who is on the way is taken along; the plan is saved in one step.
    for _ in 0..4 {
        window.press(&["j"]);
    }
    window
        .until("the neighbour", || (window.text("#visits li.current").contains("Casa Verde")).then_some(()));
    window.press(&["a"]);
    window.until("four stops", || order().contains("Casa Verde").then_some(()));
    window.press(&["s"]);
    window.says("4 stops planned");
    window.until("a task of its own", || order().contains("Visit Casa Verde").then_some(()));
    // «I am here» at the first, until one leaves.
    for _ in 0..8 {
        window.press(&["k"]);
    }
    let first = order().split(", ").next().unwrap_or_default().to_owned();
    window.press(&["h"]);
    window.wait("#leave");
    window.accessibility("at a visit");
    window.picture("v3-here");
    window.click("#leave");
    window.wait("#left-text");
    window.type_keys("Likes it");
    window.fill("#left-next", "send the offer every second tue 10");
    window.says("every 2 weeks on Tuesday");
    window.accessibility("the end of a visit");
    window.picture("v4-leave");
    window.press(&[key::ENTER]);
    window.gone("#leave");
    window.until("its task is done with it", || (!order().contains(&first)).then_some(()));
    // In Chinese and dark; how often something comes again, and its reminder, in words.
    dress(&window, "zh", "dark");
    window.wait("#nav-visits");
    window.click("#nav-visits");
    window.wait("#stops li");
    window.accessibility("visits, Chinese, dark");
    window.picture("v5-visits-zh-dark");
    window.press(&[key::CTRL, "k"]);
    window.fill("#palette-input", "send the offer");
    window.until("the task", || window.text("#choice-0").contains("send the offer").then_some(()));
    window.press(&[key::ENTER]);
    window.until("the words", || window.text("#value-repeat").contains("每2周的周二").then_some(()));
    window.click("#value-repeat");
    window.wait("#edit-repeat");
    // As somebody types over it: to clear it first would leave it.
    window.script(
        "const field = document.querySelector('#edit-repeat');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, '每月最后一个周五');
         field.dispatchEvent(new Event('input', { bubbles: true }))",
    );
    window.press(&[key::ENTER]);
    window.until("other words", || window.text("#value-repeat").contains("每月最后一个周五").then_some(()));
    window.click("#value-remind");
    window.fill("#edit-remind", "前一天下午6点");
    window.press(&[key::ENTER]);
    window.until("a reminder", || window.text("#value-remind").contains("前一天 18:00").then_some(()));
    window.accessibility("a task that comes again");
    window.picture("v6-task-zh");
    dress(&window, "en", "light");
}

/// Whose day it is, by a key; the choice is kept.
#[test]
fn a_day_is_shown_of_whom_one_chooses() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    let today = window.script("return new Date().toLocaleDateString('sv')");
    for (subject, owner) in [("Call Zoe", "Ana"), ("Write to Norte", "Bo")] {
        let input =
            format!("{{ kind: 'task', input: {{ subject: '{subject}', due: {today}, owner: '{owner}' }} }}");
        ask_core(&window, "create", &input);
    }
    let shown = |window: &Window, wanted: &[&str]| {
        let script = "return [...document.querySelectorAll('[data-task]')].map((e) => e.dataset.task).sort()";
        window.until("the tasks of whom was chosen", || {
            let tasks = window.try_script(script)?;
            (tasks == serde_json::json!(wanted)).then_some(())
        });
    };
    let choose = |window: &Window, whose: &str| {
        window.script(&format!(
            "const e = document.querySelector('#whose-day'); e.value = '{whose}';
             e.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        ));
    };
    window.press(&["g"]);
    window.press(&["y"]);
    window.wait("#whose-day");
    // Who is alone sees everything.
    shown(&window, &["Call Zoe", "Write to Norte"]);
    window.press(&["o"]);
    window.until("the choice", || {
        window.try_script("return document.activeElement.id === 'whose-day'")?.as_bool()?.then_some(())
    });
    window.press(&[key::ESCAPE]);
    choose(&window, "mine");
    shown(&window, &["Call Zoe"]);
    window.accessibility("today, mine");
    window.picture("t1-whose-day");
    window.press(&["g"]);
    window.press(&["p"]);
    window.wait("#grid, .empty");
    window.press(&["g"]);
    window.press(&["y"]);
    shown(&window, &["Call Zoe"]);
    // The words of how often stay in what it is called.
    window.press(&["q"]);
    window.wait("#capture");
    window.fill("#capture", "每月报告给老板 周五");
    window.until("what was understood", || {
        window
            .try_script(
                "return document.querySelector('[role=dialog] table')?.innerText.includes('每月报告给老板')",
            )?
            .as_bool()?
            .then_some(())
    });
    window.picture("t2-monthly-report");
    window.press(&[key::ESCAPE]);
    dress(&window, "zh", "dark");
    window.wait("#whose-day");
    window.picture("t3-whose-day-zh-dark");
    dress(&window, "en", "light");
}
