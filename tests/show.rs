//! How few keys things take, where every action is listed, the demo, and the window of one line: in the real app.

#![allow(clippy::unwrap_used)]

use satchel_tests::{
    bin,
    browser::{Window, key},
    look::Look,
};
use std::{
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// One screen: one window at a time.
static SCREEN: Mutex<()> = Mutex::new(());

fn demo(dir: &Path) -> PathBuf {
    let vault = dir.join("vault");
    let made = Command::new(bin("satchel"))
        .args(["--quiet", "init", "--demo"])
        .env("SATCHEL_VAULT", &vault)
        .env("SATCHEL_LANG", "en")
        .status();
    assert!(made.is_ok_and(|s| s.success()), "the demo could not be made");
    vault
}

const ENGLISH: Look = Look { language: "en", theme: "light", zoom: 100 };

fn open(vault: &Path) -> Window {
    let window = Window::open(vault, &[]);
    window.wait("#nav-today");
    ENGLISH.put_on(&window);
    window
}

/// A manager of windows, without which no window has the focus, as on a desktop.
struct Manager(Child);

impl Manager {
    fn start() -> Self {
        Self(Command::new("openbox").spawn().expect("openbox is installed by `cargo xtask test`"))
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keys of the whole system, as a hand presses them.
fn xdotool(args: &[&str]) -> String {
    let out =
        Command::new("xdotool").args(args).output().expect("xdotool is installed by `cargo xtask test`");
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

#[test]
fn what_a_rep_does_all_day_takes_few_keys() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open(&demo(dir.path()));

    // Find and open.
    let found = window.keys_of(|| {
        window.press(&[key::CTRL, "k"]);
        window.wait("#palette-input");
        window.type_keys("lei");
        window.until("Leïla", || window.text("#choice-0").contains("Leïla Noor").then_some(()));
        window.press(&[key::ENTER]);
    });
    window.until("the record", || (window.text("#record-title") == "Leïla Noor").then_some(()));
    assert!(found <= 5, "{found} keys to find and open");

    // A visit with its next step.
    window.rest();
    let noted = window.keys_of(|| {
        window.press(&["2"]);
        window.until("the line has the focus", || {
            window.try_script("return document.activeElement?.id === 'log-text'")?.as_bool()?.then_some(())
        });
        window.words("Showed her the blue one");
        window.press(&[key::ENTER]);
        window.words("send the colours tomorrow");
        window.press(&[key::ENTER]);
    });
    window.wait("[data-task='send the colours']");
    window.says("Showed her the blue one");
    assert!(noted <= 3, "{noted} keys to note a visit with its next step");

    // A deal to the next stage.
    window.press(&["g", "d"]);
    window.wait("[data-card]");
    let stage = || {
        window.script(
            "return [...document.querySelectorAll('[data-card]')].find((c) => c.innerText.includes('First machine'))?.closest('[data-stage]').querySelector('strong').innerText",
        )
    };
    window.script("document.querySelector('[data-card]').focus()");
    assert_eq!(stage(), "New");
    let moved = window.keys_of(|| window.press(&[key::SHIFT, key::RIGHT]));
    window.until("the next stage", || (stage() == "Contacted").then_some(()));
    assert_eq!(moved, 1);

    // A task, and what follows it.
    window.press(&["g", "y"]);
    window.wait("#today li.current [aria-label]");
    let task = window.text("#today li.current strong");
    let done = window.keys_of(|| {
        window.press(&[" "]);
        window.wait("#next-step");
        window.words("call again in 2 weeks");
        window.press(&[key::ENTER]);
    });
    window.says(&format!("{task} is done, next step planned"));
    assert!(done <= 2, "{done} keys to finish a task and plan the next");
}

#[test]
fn every_action_is_in_the_palette_and_on_the_sheet_in_both_languages() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open(&demo(dir.path()));
    let mut counts = Vec::new();
    for language in ["en", "zh"] {
        Look { language, ..ENGLISH }.put_on(&window);
        window.press(&["?"]);
        window.wait("[data-command]");
        let sheet = window.script(
            "return [...document.querySelectorAll('[data-command] > .grow')].map((e) => e.innerText).sort()",
        );
        window.accessibility("the sheet of keys");
        window.press(&[key::ESCAPE]);
        window.gone("[data-command]");
        window.press(&[key::CTRL, "k"]);
        window.wait("#palette-input");
        window.type_keys(">");
        window.rest();
        let palette = window.script(
            "return [...document.querySelectorAll('#palette-list li > span:not(.sub)')].map((e) => e.innerText).sort()",
        );
        assert_eq!(palette, sheet, "{language}");
        let names: Vec<String> =
            sheet.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect();
        let chinese = |name: &&String| {
            name.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) || *name == "English"
        };
        let expected = if language == "zh" { names.len() } else { 1 };
        assert_eq!(names.iter().filter(chinese).count(), expected.max(1) + usize::from(language == "en"));
        counts.push(names.len());
        window.press(&[key::ESCAPE]);
    }
    assert!(counts[0] > 50 && counts[0] == counts[1], "{counts:?}");
    ENGLISH.put_on(&window);
}

#[test]
fn a_demo_says_so_and_is_left_without_a_trace() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let window = Window::open(&vault, &[]);
    window.wait("#look-around");
    ENGLISH.put_on(&window);
    window.click("#look-around");
    window.wait("#demo");
    window.says("This is a demo.");
    window.wait("#today [data-task]");
    window.accessibility("a demo");
    window.press(&[key::CTRL, "k"]);
    window.wait("#palette-input");
    window.type_keys("leave demo");
    window.rest();
    window.press(&[key::ENTER]);
    window.wait("#leave-demo-now");
    window.accessibility("leaving the demo");
    window.picture("140-leave-demo");
    window.click("#leave-demo-now");
    window.wait("#workspace");
    assert!(!vault.join("vault.json").exists());
    let left: Vec<_> = std::fs::read_dir(&vault).map(|d| d.flatten().collect()).unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
    // And a vault of one's own is made in its place.
    window.fill("#workspace", "Norte Foods");
    window.click("#create-vault");
    window.wait("#kit code");
}

#[test]
fn a_line_is_captured_from_wherever_one_is() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let _manager = Manager::start();
    let dir = tempfile::tempdir().unwrap();
    let window = open(&demo(dir.path()));
    let active = || xdotool(&["getactivewindow", "getwindowname"]);
    let main = window.until("the main window has the focus", || {
        let id = xdotool(&["getactivewindow"]);
        (!id.is_empty()).then_some(id)
    });
    // The main window is out of the way.
    xdotool(&["windowminimize", &main]);
    let shortcut = || {
        window.until("the window of one line", || {
            xdotool(&["key", "ctrl+alt+space"]);
            std::thread::sleep(std::time::Duration::from_millis(400));
            let shown = xdotool(&["search", "--onlyvisible", "--name", "^Satchel capture$"]);
            (!shown.is_empty()).then_some(())
        });
    };
    shortcut();
    window.switch_to(".quick");
    window.wait("#capture");
    ENGLISH.put_on(&window);
    window.until("it has the focus", || (active() == "Satchel capture").then_some(()));
    // Typed by hand: the focus is in its line.
    xdotool(&["type", "--delay", "30", "Zoe Cherif, Sur SL, zoe.cherif@miramar.example"]);
    window.wait("#similar");
    window.says("There may be this person already");
    window.says("Sur SL · new");
    window.accessibility("the window of one line");
    window.picture("141-quick");
    xdotool(&["key", "Return"]);
    window.wait("#quick-said");
    window.says("Zoe Cherif is added.");
    // Right after, it is taken back.
    xdotool(&["key", "ctrl+z"]);
    window.says("Zoe Cherif is taken back.");

    // A company, and something to do with somebody.
    let line = |text: &str| window.fill("#capture", text);
    line("Norte Foods GmbH, +49 30 123456");
    window.says("Add the company");
    line("call Leïla fri 10 about the price");
    window.says("call Leïla about the price");
    window.until("whom it concerns", || window.text(".quick table").contains("Leïla Noor").then_some(()));
    window.picture("142-quick-task");
    window.press(&[key::ENTER]);
    window.says("call Leïla about the price is added.");
    // It goes by itself.
    window.until("it has gone", || {
        xdotool(&["search", "--onlyvisible", "--name", "^Satchel capture$"]).is_empty().then_some(())
    });

    // Locked, a line is sealed, and nothing of before is left in it.
    window.switch_to("#root > :not(.quick)");
    window.script_async("const done = arguments[arguments.length - 1]; window.__TAURI_INTERNALS__.invoke('plugin:satchel|lock').then(done)");
    shortcut();
    window.switch_to(".quick");
    window.wait("#quick-locked");
    window.accessibility("the window of one line, locked");
    window.picture("143-quick-locked");
    let seal = || {
        window.fill("#capture", "Sealed Person, sealed@miramar.example");
        window.press(&[key::ENTER]);
        window.says("Sealed. It waits for you to unlock.");
    };
    seal();
    window.picture("143-quick-sealed");
    let meant = window.script("return !!document.querySelector('.quick table')");
    assert_eq!(meant, false, "of a locked vault nothing is known");
    window.press(&[key::CTRL, "z"]);
    window.says("Sealed Person, sealed@miramar.example is taken back.");
    seal();
    // It opens by the keyring, too.
    window.click("#quick-unlock");
    window.wait(".quick[data-state=open] #capture");
    window.switch_to("#root > :not(.quick)");
    window.wait("#inbox li");
    window.says("Taken while Satchel was locked");
    let lines = window.script("return document.querySelectorAll('#inbox li').length");
    assert_eq!(lines, 1, "what was taken back is not there");
    window.accessibility("what was taken while it was locked");
    window.picture("143-inbox");
    window.click("#inbox li .button:not(.grow)");
    window.gone("#inbox");
    window.switch_to(".quick");
    Look { language: "zh", theme: "dark", zoom: 100 }.put_on(&window);
    window.fill("#capture", "周五10点给Leïla打电话谈价格");
    window.says("添加任务");
    window.accessibility("the window of one line, Chinese, dark");
    window.picture("144-quick-zh-dark");
    window.press(&[key::ESCAPE]);
    window.until("it has gone", || {
        xdotool(&["search", "--onlyvisible", "--name", "^Satchel capture$"]).is_empty().then_some(())
    });
    // The focus goes back to the window that had it.
    xdotool(&["windowactivate", &main]);
    window.until("the main window has the focus", || (active() == "Satchel").then_some(()));
    let pressed = Instant::now();
    xdotool(&["key", "ctrl+alt+space"]);
    while active() != "Satchel capture" && pressed.elapsed() < Duration::from_secs(5) {}
    let took = pressed.elapsed();
    eprintln!(
        "from the key of the system until the line has the focus: {} ms (asked: 300)",
        took.as_millis()
    );
    assert!(took < Duration::from_secs(2), "{took:?}");
    window.press(&[key::ESCAPE]);
    window.until("the focus has gone back", || (active() == "Satchel").then_some(()));
    window.switch_to("#root > :not(.quick)");
    ENGLISH.put_on(&window);
}

/// Answers the system's own dialog for a file or a folder.
fn answer_dialog(window: &Window, path: &Path) {
    let active = || xdotool(&["getactivewindow", "getwindowname"]);
    let open = || !active().is_empty() && active() != "Satchel";
    window.until("the system's dialog", || open().then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(400));
    // The first sign opens the line for a path, which takes a moment.
    xdotool(&["type", "/"]);
    std::thread::sleep(std::time::Duration::from_millis(600));
    xdotool(&["key", "ctrl+a"]);
    xdotool(&["type", "--delay", "15", path.to_str().unwrap()]);
    std::thread::sleep(std::time::Duration::from_millis(400));
    window.until("it is answered", || {
        xdotool(&["key", "Return"]);
        std::thread::sleep(std::time::Duration::from_millis(600));
        (!open()).then_some(())
    });
}

#[test]
fn what_is_exported_and_what_was_rejected_goes_where_one_says() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let _manager = Manager::start();
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("people.csv");
    std::fs::write(
        &csv,
        "First Name,E-mail Address,Birthday\nAna,ana@x.example,1985-04-12\nBo,bo@x.example,soon\nCy,\"cy\n",
    )
    .unwrap();
    let vault = demo(dir.path());
    let window = Window::open(&vault, &[csv.to_str().unwrap()]);
    window.wait("#run-import");
    ENGLISH.put_on(&window);
    window.wait("#nav-today");
    // The look has started the page anew: the file is chosen again.
    window.script("document.querySelector('#nav-import').click()");
    let out = dir.path().join("everything");
    std::fs::create_dir(&out).unwrap();
    window.press(&[key::CTRL, key::SHIFT, "e"]);
    answer_dialog(&window, &out);
    window.until("the files", || {
        let names = std::fs::read_dir(&out).ok()?.flatten().map(|e| e.path());
        let ends: std::collections::BTreeSet<String> =
            names.filter_map(|p| Some(p.extension()?.to_str()?.to_owned())).collect();
        ["csv", "ics", "json", "vcf", "xlsx"].iter().all(|e| ends.contains(*e)).then_some(())
    });
    window.says("everything");

    drop(window);
    let window = Window::open(&vault, &[csv.to_str().unwrap()]);
    window.wait("#run-import");
    window.click("#run-import");
    window.wait("#import-report");
    window.wait("#save-rejects");
    let rejects = dir.path().join("rejects.csv");
    window.click("#save-rejects");
    answer_dialog(&window, &rejects);
    window.until("the rows", || std::fs::read_to_string(&rejects).ok()?.contains("cy").then_some(()));
}
