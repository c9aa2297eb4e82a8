//! A meeting that comes again, from its planning to its last time.

use crate::{SCREEN, create_vault, dress};
use satchel_tests::browser::{Window, key};
use std::sync::PoisonError;

const TEAM: &str = "[data-title='Team']";

/// On which day of the screen it stands; nothing where it does not.
fn day_of(window: &Window) -> Option<String> {
    let script =
        "return document.querySelector(\"[data-title='Team']\")?.closest('[data-day]').dataset.day ?? ''";
    window.try_script(script)?.as_str().map(str::to_owned)
}

/// Wednesday of a week from this one on, whatever day it is; `more`: so many days behind that.
fn wednesday(week: i64, more: i64) -> String {
    let today = jiff::ZonedDateTime::now().date();
    let monday = i64::from(today.weekday().to_monday_zero_offset());
    today.checked_add(jiff::Span::new().days(2 - monday + 7 * week + more)).unwrap().to_string()
}

fn stands(window: &Window, what: &str, day: &str) {
    window.until(what, || (day_of(window)? == day).then_some(()));
}

fn open(window: &Window) {
    window.script(&format!("document.querySelector(\"{TEAM}\").focus()"));
    window.press(&[key::ENTER]);
    window.until("the meeting", || (window.text("#record-title") == "Team").then_some(()));
    window.wait("#series");
}

#[test]
fn a_meeting_comes_every_week_until_it_does_no_more() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["g", "k"]);
    window.wait("#hours");

    // Planned by keys alone.
    window.press(&["c"]);
    window.wait("#plan-subject");
    window.type_keys("Team");
    window.press(&[key::TAB]);
    window.press(&[key::CTRL, "a"]);
    window.type_keys(&format!("{} 10:00", wednesday(0, 0)));
    window.fill("#plan-repeat", "every week");
    window.accessibility("planning what comes again");
    window.picture("c1-plan-again");
    window.click("#plan-subject");
    window.press(&[key::ENTER]);
    window.gone("#plan-subject");
    stands(&window, "this week", &wednesday(0, 0));

    // A week later it is there again; moved, it is that one alone.
    window.press(&["]"]);
    stands(&window, "the next week", &wednesday(1, 0));
    window.script(&format!("document.querySelector(\"{TEAM}\").focus()"));
    window.press(&[key::ALT, key::RIGHT]);
    stands(&window, "a day later", &wednesday(1, 1));
    window.says("this one only");
    window.until("the focus stays with it", || {
        window.script("return document.activeElement?.dataset.title").as_str()?.eq("Team").then_some(())
    });
    window.press(&["]"]);
    stands(&window, "another week later", &wednesday(2, 0));
    window.accessibility("a week of a series");
    window.picture("c2-week-again");

    // One time, opened: which series it is of, and which times are meant.
    open(&window);
    window.says("Comes every week");
    window.accessibility("one time of a meeting");
    window.picture("c3-one-time");
    window.press(&[key::DELETE]);
    window.wait("#which-times");
    window.accessibility("which times");
    window.picture("c4-which-times");
    window.press(&[key::ESCAPE]);
    window.gone("#which-times");
    window.press(&[key::DELETE]);
    window.wait("#which-times");
    window.press(&["2"]);
    window.wait("#hours");
    stands(&window, "no more", "");
    window.press(&["]"]);
    stands(&window, "nor later", "");
    window.press(&["["]);
    window.press(&["["]);
    stands(&window, "the one that was moved", &wednesday(1, 1));
    window.press(&[key::CTRL, "z"]);
    window.press(&["]"]);
    stands(&window, "back by one step", &wednesday(2, 0));

    // Another subject for all of them, by the third key.
    open(&window);
    window.click("#value-subject");
    window.wait("#edit-subject");
    window.press(&[key::CTRL, "a"]);
    window.type_keys("Team");
    window.press(&[key::ENTER]);
    window.click("#value-minutes");
    window.wait("#edit-minutes");
    window.press(&[key::CTRL, "a"]);
    window.type_keys("45");
    window.press(&[key::ENTER]);
    window.wait("#which-times");
    window.press(&["3"]);
    window.gone("#which-times");
    window.until("longer", || (window.text("#value-minutes") == "45").then_some(()));
    window.until("the history tells of days", || {
        let said = window.text("#timeline");
        (said.contains("left this and all later times out") && !said.contains('[')).then_some(())
    });
    window.click("#whole-series");
    window.until("the series", || (window.text("#value-repeat") == "every week").then_some(()));
    window.picture("c5-series");

    window.resize(1024, 640);
    dress(&window, "zh", "dark");
    window.click("#nav-calendar");
    window.click("#view-month");
    window.wait("#month");
    window.accessibility("a month of a series, Chinese, dark, small");
    window.picture("c6-month-zh-dark");
    window.click("#view-week");
    window.wait(TEAM);
    open(&window);
    window.picture("c7-one-time-zh-dark");
    window.press(&[key::DELETE]);
    window.wait("#which-times");
    window.picture("c8-which-times-zh-dark");
    window.press(&[key::ESCAPE]);
    dress(&window, "en", "light");
}
