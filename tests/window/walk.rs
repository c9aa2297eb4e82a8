//! What docs/ux.md expects of the screens, walked through by keys.

use crate::{
    SCREEN, dress,
    visits::{ask_core, open_vault},
};
use satchel_tests::browser::{Window, key};
use std::sync::PoisonError;

/// A record of a kind, by fields as the page would give them.
fn make(window: &Window, kind: &str, input: &str) -> String {
    let made = ask_core(window, "create", &format!("{{ kind: '{kind}', input: {{ {input} }} }}"));
    made["id"].as_str().unwrap().to_owned()
}

fn field(window: &Window, id: &str, key: &str) -> String {
    let got = ask_core(window, "get", &format!("{{ id: '{id}' }}"));
    got["titles"][key].as_str().or(got["fields"][key].as_str()).unwrap_or_default().to_owned()
}

fn has_focus(window: &Window, css: &str) {
    window.until(&format!("{css} has the focus"), || {
        let script = format!("return document.activeElement === document.querySelector({css:?})");
        window.try_script(&script)?.as_bool()?.then_some(())
    });
}

/// By the palette, as somebody does who knows what it is called.
fn by_name(window: &Window, name: &str) {
    window.press(&[key::CTRL, "k"]);
    window.fill("#palette-input", &format!(">{name}"));
    window.wait("#choice-0");
    window.press(&[key::ENTER]);
    window.gone("#palette-input");
}

#[test]
fn a_deal_that_is_lost_asks_why_wherever_its_stage_is_set() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    window.wait("#nav-today");
    let deals: Vec<String> = ["Pumps", "Service", "Spare parts"]
        .iter()
        .map(|name| make(&window, "deal", &format!("name: '{name}'")))
        .collect();
    let is = |id: &str, stage: &str, reason: &str| {
        window.until(&format!("{stage}, «{reason}»"), || {
            (field(&window, id, "stage") == stage && field(&window, id, "lost_reason") == reason)
                .then_some(())
        });
    };

    // In the cell of its list: a letter chooses the stage, and the question stands in its row.
    by_name(&window, "Deals as a table");
    window.wait("#row-2");
    window.script("document.querySelector('#grid').focus()");
    window.press(&[key::RIGHT]);
    window.press(&[key::RIGHT]);
    window.press(&["l"]);
    window.wait("#edit-stage");
    window.press(&[key::ENTER]);
    window.wait("#why-lost");
    has_focus(&window, "#why-lost");
    window.accessibility("a deal that is lost, in its cell");
    window.picture("w1-lost-cell");
    // What Escape gives up is given up whole.
    window.press(&[key::ESCAPE]);
    window.gone("#why-lost");
    is(&deals[0], "New", "");
    window.press(&["l"]);
    window.wait("#edit-stage");
    window.press(&[key::ENTER]);
    window.wait("#why-lost");
    window.type_keys("Too dear");
    window.press(&[key::ENTER]);
    is(&deals[0], "Lost", "Too dear");
    // One step back takes both.
    window.press(&[key::CTRL, "z"]);
    is(&deals[0], "New", "");

    // Several at once, by name: beside the stage. In the first column letters are commands again.
    window.press(&[key::ESCAPE]);
    window.press(&[key::HOME]);
    window.press(&["x"]);
    window.press(&[key::DOWN]);
    window.press(&["x"]);
    by_name(&window, "Set the stage of a deal");
    window.wait("#bulk-stage");
    has_focus(&window, "#bulk-stage");
    assert_eq!(window.script("return !!document.querySelector('#bulk-why-lost')"), false);
    window.press(&["l"]);
    window.wait("#bulk-why-lost");
    window.fill("#bulk-why-lost", "Closed down");
    window.accessibility("several deals that are lost");
    window.picture("w2-lost-bulk");
    window.press(&[key::ENTER]);
    let lost = || deals.iter().filter(|id| field(&window, id, "lost_reason") == "Closed down").count();
    window.until("two are lost", || (lost() == 2).then_some(()));
    window.press(&[key::ESCAPE]);
    window.press(&[key::CTRL, "z"]);
    window.until("and one step takes both back", || {
        deals.iter().all(|id| field(&window, id, "stage") == "New").then_some(())
    });

    // On its own page; Enter alone goes on without a reason.
    dress(&window, "zh", "dark");
    window.wait("#nav-deal");
    let open = || {
        window.press(&[key::CTRL, "k"]);
        window.fill("#palette-input", "Service");
        window.until("the deal", || window.text("#choice-0").contains("Service").then_some(()));
        window.press(&[key::ENTER]);
        window.wait("#value-stage");
    };
    open();
    by_name(&window, "设置商机阶段");
    window.wait("#edit-stage");
    window.press(&[key::END]);
    window.press(&[key::ENTER]);
    window.wait("#why-lost");
    has_focus(&window, "#why-lost");
    window.says("Service为什么丢单？");
    window.accessibility("a deal that is lost, on its page, Chinese, dark");
    window.picture("w3-lost-page-zh-dark");
    window.press(&[key::ENTER]);
    is(&deals[1], "Lost", "");
    window.press(&[key::CTRL, "z"]);
    is(&deals[1], "New", "");
    // Whoever goes on to another field goes on with what is typed.
    window.click("#value-stage");
    window.wait("#edit-stage");
    window.press(&[key::END]);
    window.press(&[key::ENTER]);
    window.wait("#why-lost");
    window.type_keys("Rival");
    window.click("#value-name");
    is(&deals[1], "Lost", "Rival");
    let told = window.text("#timeline");
    assert!(
        told.contains("Rival") && !told.contains("In this stage since") && !told.contains("Rank"),
        "{told}"
    );
    dress(&window, "en", "light");
}

#[test]
fn the_sheet_shows_the_keys_of_the_screen_first() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    window.wait("#nav-today");
    make(&window, "task", "subject: 'Call Zoe'");
    let first = || {
        window.press(&["?"]);
        window.wait(".keys-list");
        let script = "return document.querySelector('.keys-list').closest('section').innerText";
        window.script(script).as_str().unwrap().to_owned()
    };
    for (letter, page, own, other) in [
        ("y", "#today", "Today: whose day", "Lift the card"),
        ("d", "#board", "Lift the card", "Today: whose"),
    ] {
        window.press(&["g"]);
        window.press(&[letter]);
        window.wait(page);
        let keys = first();
        assert!(keys.starts_with("On this screen") && keys.contains(own) && !keys.contains(other), "{keys}");
        if letter == "d" {
            window.accessibility("the sheet of a board");
            window.picture("w4-keys-board");
        }
        window.press(&[key::ESCAPE]);
        window.gone(".keys-list");
    }
    // It is looked through in either language.
    first();
    window.fill("#find-key", "撤销");
    window.until("undo alone", || {
        let shown = window.try_script(
            "return [...document.querySelectorAll('.keys-list li')].map((l) => l.innerText).join('|')",
        )?;
        let shown = shown.as_str()?.to_owned();
        (shown.contains("Undo") && shown.contains("Ctrl Z") && !shown.contains("Lift")).then_some(())
    });
    window.press(&[key::ESCAPE]);
    window.gone(".keys-list");
    // A page without keys of its own shows them all.
    window.click("#nav-settings");
    window.wait("#nav-settings[aria-current]");
    assert!(!first().starts_with("On this screen"));
    window.press(&[key::ESCAPE]);
    dress(&window, "zh", "dark");
    window.wait("#nav-deal");
    window.click("#nav-deal");
    window.wait("#board");
    assert!(first().starts_with("本屏幕"));
    window.accessibility("the sheet of a board, Chinese, dark");
    window.picture("w5-keys-board-zh-dark");
    window.press(&[key::ESCAPE]);
    dress(&window, "en", "light");
}

#[test]
fn the_log_of_syncs_says_what_went_wrong() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let shared = dir.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    window.wait("#nav-today");
    ask_core(&window, "add_remote", &format!("{{ address: '{}' }}", shared.display()));
    make(&window, "person", "first_name: 'Zoe'");
    ask_core(&window, "sync", "{}");
    std::fs::rename(&shared, dir.path().join("elsewhere")).unwrap();
    for _ in 0..2 {
        ask_core(&window, "sync", "{}");
    }
    by_name(&window, "Log of syncs");
    window.wait("#sync-rounds li");
    has_focus(&window, "#sync-log");
    window.says("sent, 0 received");
    let lines = || window.script("return document.querySelectorAll('#sync-rounds li').length").as_u64();
    assert!(lines() > Some(1));
    window.accessibility("the log of syncs");
    window.picture("w6-sync-log");
    window.click("#sync-log-filter button:nth-of-type(2)");
    window.until("what went wrong alone", || (lines() == Some(1)).then_some(()));
    window.says("times, since");
    dress(&window, "zh", "dark");
    window.wait("#nav-team");
    by_name(&window, "同步日志");
    window.wait("#sync-rounds li");
    window.accessibility("the log of syncs, Chinese, dark");
    window.picture("w7-sync-log-zh-dark");
    dress(&window, "en", "light");
}

/// How many pixels of the page's own the window is wide: fewer, the larger the text is.
fn width(window: &Window) -> f64 {
    window.script("return window.innerWidth").as_f64().unwrap()
}

#[test]
fn text_grows_and_shrinks_by_keys_within_its_limits() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    window.wait("#nav-today");
    let usual = width(&window);
    let becomes = |percent: f64| {
        window.until(&format!("{percent} %"), || {
            let now = window.try_script("return window.innerWidth")?.as_f64()?;
            ((now - usual * 100.0 / percent).abs() < 4.0).then_some(())
        });
    };
    window.press(&[key::CTRL, "="]);
    becomes(110.0);
    // Also while something is typed, and over a dialog.
    window.press(&["?"]);
    window.wait("#find-key");
    window.press(&[key::CTRL, "="]);
    becomes(120.0);
    window.press(&[key::ESCAPE]);
    for _ in 0..10 {
        window.press(&[key::CTRL, "="]);
    }
    becomes(200.0);
    window.accessibility("today at 200 %");
    window.picture("w8-zoom-200");
    for _ in 0..14 {
        window.press(&[key::CTRL, "-"]);
    }
    becomes(80.0);
    window.press(&[key::CTRL, "0"]);
    becomes(100.0);
}

/// How bright the middle of the screen is, from 0 to 1.
fn brightness() -> Option<f64> {
    let args =
        ["-window", "root", "-crop", "200x200+540+300", "+repage", "-colorspace", "gray", "-depth", "8"];
    let out = std::process::Command::new("import").args(args).args(["-resize", "1x1!", "gray:-"]).output();
    out.ok()?.stdout.first().map(|level| f64::from(*level) / 255.0)
}

/// A page in a driver's hands forgets its look: what is seen here is the ground that the window has before the page draws.
#[test]
fn a_window_begins_on_the_ground_of_the_last_look() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    // The host has to hear of a look before the window goes.
    let leave = |window: Window, theme: &str| {
        dress(&window, "en", theme);
        window.wait("#nav-today");
        std::thread::sleep(std::time::Duration::from_millis(700));
    };
    let begins = |next: &str| {
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|threads| {
            let looking = threads.spawn(|| {
                let over = || stop.load(std::sync::atomic::Ordering::Relaxed);
                // Without a window the screen is black.
                std::iter::repeat_with(|| brightness().unwrap_or_default())
                    .find(|level| *level > 0.03 || over())
                    .unwrap_or_default()
            });
            let window = Window::open(&vault, &[]);
            window.wait("#nav-today");
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            let first = looking.join().unwrap();
            leave(window, next);
            first
        })
    };
    leave(open_vault(&vault), "light");
    let light = begins("dark");
    assert!(light > 0.9, "a light window began {light} bright");
    let dark = begins("light");
    assert!(dark < 0.3, "a dark window began {dark} bright");
}

#[test]
fn whoever_is_looked_for_is_among_the_first_three() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    window.wait("#nav-today");
    make(
        &window,
        "person",
        "last_name: '王', first_name: '伟', phones: [{ label: 'mobile', value: '13800138642' }], emails: [{ label: 'work', value: 'wei.w@keji.example' }]",
    );
    for n in 0..12 {
        let input = format!(
            "last_name: '王', first_name: '{}', phones: [{{ label: 'mobile', value: '1390013{n:04}' }}]",
            ["芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰"][n]
        );
        make(&window, "person", &input);
    }
    for typed in ["王伟", "wangwei", "ww", "8642", "keji"] {
        window.press(&[key::CTRL, "k"]);
        window.fill("#palette-input", typed);
        window.until(&format!("王伟 by «{typed}»"), || {
            let first = window.try_script(
                "return [...document.querySelectorAll('#palette-list li')].slice(0, 3).map((l) => l.innerText).join('|')",
            )?;
            first.as_str()?.contains("王伟").then_some(())
        });
        window.press(&[key::ESCAPE]);
        window.gone("#palette-input");
    }
}

#[test]
fn a_list_is_worked_through_by_keys() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = open_vault(&dir.path().join("vault"));
    dress(&window, "en", "light");
    window.wait("#nav-today");
    for name in ["Ana", "Bea", "Cleo", "Dora", "Edda"] {
        make(&window, "person", &format!("first_name: '{name}', title: 'Buyer'"));
    }
    make(&window, "person", "first_name: 'Fee', title: 'Director'");
    window.press(&["g"]);
    window.press(&["p"]);
    window.wait("#row-5");

    // A filter goes condition by condition; the count is live.
    window.press(&["/"]);
    has_focus(&window, "#filter");
    window.type_keys("title = 'Buyer' and first_name != 'Bea'");
    window.until("four of them", || (window.text("#total") == "4").then_some(()));
    window.press(&[key::BACKSPACE]);
    window.until("five of them", || (window.text("#total") == "5").then_some(()));
    window.press(&[key::ENTER]);
    has_focus(&window, "#grid");

    // A peek follows the list, which keeps the focus.
    window.press(&[" "]);
    window.until("the first", || window.text("#peek h1").contains("Ana").then_some(()));
    window.press(&[key::DOWN]);
    window.until("the next", || window.text("#peek h1").contains("Bea").then_some(()));
    has_focus(&window, "#grid");
    window.press(&[" "]);
    window.gone("#peek");

    // The bar of what is selected moves nothing.
    let place = || window.script("return document.querySelector('#row-1').getBoundingClientRect().top");
    let before = place();
    window.press(&["x"]);
    window.wait(".bulk");
    assert_eq!(place(), before, "the rows stay where they are");
    window.press(&[key::CTRL, "a"]);
    window.until("all that match", || window.text(".bulk").contains("5 selected").then_some(()));
    window.press(&[key::ESCAPE]);
    window.gone(".bulk");

    // From record to record in the filtered list, which says where one is.
    window.press(&[key::ENTER]);
    window.until("the record", || (window.text("#record-title") == "Bea").then_some(()));
    window.says("2 of 5");
    window.press(&[key::CTRL, key::DOWN]);
    window.until("the next record", || (window.text("#record-title") == "Cleo").then_some(()));
    window.press(&["j"]);
    window.until("and the next", || (window.text("#record-title") == "Dora").then_some(()));
    window.says("4 of 5");
    window.press(&[key::CTRL, key::UP]);
    window.until("and back", || (window.text("#record-title") == "Cleo").then_some(()));
    // What goes to the trash comes back by a click, for eight seconds at least.
    window.press(&[key::DELETE]);
    window.wait(".toast button");
    std::thread::sleep(std::time::Duration::from_secs(8));
    window.click(".toast button");
    window.until("five again", || (window.text("#total") == "5").then_some(()));
}

#[test]
fn what_was_taken_while_it_was_locked_is_shown_with_a_way_back() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let window = open_vault(&vault);
    dress(&window, "en", "light");
    window.wait("#nav-today");
    let take = |lines: &[&str]| {
        window.press(&[key::CTRL, "l"]);
        window.wait("#unlock-keyring");
        for line in lines {
            ask_core(&window, "seal_line", &format!("{{ line: '{line}', today: '2026-11-28' }}"));
        }
    };
    take(&["Zoe Cherif, Norte SL", "call Zoe fri 10", "Changed Byhand"]);
    let last = std::fs::read_dir(vault.join("inbox")).unwrap().flatten().map(|e| e.path()).max().unwrap();
    std::fs::write(&last, "age-encryption.org/v1").unwrap();
    window.click("#unlock-keyring");
    window.wait("#inbox li:nth-child(2)");
    window.says("call Zoe");
    window.says("A file could not be opened");
    window.accessibility("what was taken while it was locked");
    window.picture("w9-inbox");
    // Each by itself.
    window.click("#inbox li:nth-child(2) .button:not(.grow)");
    window.gone("#inbox li:nth-child(2)");
    window.click("#inbox li .grow");
    window.until("the record", || (window.text("#record-title") == "Zoe Cherif").then_some(()));
    window.click("#inbox-close");
    window.gone("#inbox");
    dress(&window, "zh", "dark");
    window.wait("#nav-today");
    take(&["给Zoe打电话"]);
    window.click("#unlock-keyring");
    window.wait("#inbox li");
    window.says("锁定期间录入");
    window.accessibility("what was taken while it was locked, Chinese, dark");
    window.picture("w10-inbox-zh-dark");
    dress(&window, "en", "light");
}

/// The same days once more, where there is no network at all but this computer's own, which drives the window.
#[test]
fn a_day_goes_without_a_network() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let out = std::process::Command::new("unshare")
        .args(["--map-current-user", "--keep-caps", "--net"])
        .args(["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "a_rep_has_a_day", "a_quote_is_made", "--test-threads=1"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success() && said.contains("2 passed"),
        "{said}{}",
        String::from_utf8_lossy(&out.stderr)
    );
}
