//! The whole story in the real window, with a real Secret Service.

#![allow(clippy::unwrap_used)]

use satchel_tests::{
    browser::{Window, key},
    cli::Cli,
    server::Program,
};
use std::{
    path::Path,
    process::Stdio,
    sync::{Mutex, PoisonError},
};

#[path = "window/pictures.rs"]
mod pictures;
#[path = "window/series.rs"]
mod series;
#[path = "window/updates.rs"]
mod updates;
#[path = "window/visits.rs"]
mod visits;
#[path = "window/walk.rs"]
mod walk;

const CSV: &str = "First Name,Last Name,Company,Job Title,E-mail Address,Mobile Phone,Shoe size\n\
Ana,Ruiz,Norte SL,Buyer,ana@norte.example,+34 600 000 001,38\n\
伟,王,深圳科技有限公司,采购经理,wang@shenzhen.example,13800138000,42\n\
Zoë,Chérif,Norte SL,Director,zoe@norte.example,+33 1 23 45 67 89,39\n\
Bo,\"Broken\nBad,Mail,Acme,,not an address,,\n\
<b>Bold</b>,<script>alert(1)</script>,=1+1,,bold@x.example,,\n";

fn groups_of(window: &Window) -> Vec<String> {
    window.wait("#kit code");
    let text = window.script("return document.querySelector('#kit code').innerText");
    text.as_str().unwrap().split(['-', '\n']).map(str::to_owned).collect()
}

fn create_vault(window: &Window, name: &str) -> Vec<String> {
    window.fill("#workspace", name);
    window.fill("#person", "Ana");
    window.accessibility("welcome");
    window.picture("1-welcome");
    window.click("#create-vault");
    let groups = groups_of(window);
    assert_eq!(groups.len(), 8);
    window.accessibility("recovery kit");
    window.picture("2-kit");
    // A wrong group is noticed.
    window.fill("#kit-group-0", "AAAA");
    window.fill("#kit-group-1", "AAAA");
    window.click("#kit-done");
    window.wait("[role=alert]");
    confirm_kit(window, &groups);
    people(window);
    groups
}

/// From wherever one is to the list of people.
fn people(window: &Window) {
    // The screen may be just being drawn.
    window.until("the list of people", || {
        window.click("#nav-person");
        window.try_script("return !!document.querySelector('#grid')")?.as_bool()?.then_some(())
    });
}

fn confirm_kit(window: &Window, groups: &[String]) {
    for at in 0..2 {
        let group = window.script(&format!("return document.querySelector('#kit-group-{at}').dataset.group"));
        let group: usize = group.as_str().unwrap().parse().unwrap();
        window.fill(&format!("#kit-group-{at}"), &groups[group]);
    }
    window.click("#kit-done");
}

/// Starts the screens anew in another dress.
fn dress(window: &Window, language: &str, theme: &str) {
    // A page that goes in the middle of a script takes the answer with it: behind it, if that is in time.
    let _ = window.try_script(&format!(
        "localStorage.setItem('satchel.prefs', JSON.stringify({{ language: '{language}', theme: '{theme}', density: 'normal', zoom: 100 }})); window.before = true; setTimeout(() => location.reload(), 20)"
    ));
    window.until("the language", || {
        let now = window.try_script(
            "return (window.before ? 'before' : '') + document.documentElement.lang + document.documentElement.dataset.theme + document.readyState",
        )?;
        (now.as_str()?.starts_with(language) && now.as_str()?.ends_with(&format!("{theme}complete"))).then_some(())
    });
}

/// Without the keyring's entry, as after a reinstalled system.
fn lose_the_keyring(vault: &Path) {
    let id: serde_json::Value =
        serde_json::from_slice(&std::fs::read(vault.join("vault.json")).unwrap()).unwrap();
    let user = format!("vault {} key {}", id["vault"].as_str().unwrap(), id["generation"]);
    let cleared = std::process::Command::new("secret-tool")
        .args(["clear", "service", "Satchel", "username", &user])
        .status();
    assert!(cleared.is_ok_and(|s| s.success()), "the keyring's entry could not be removed");
}

/// One screen: one window at a time, so that pictures show it.
static SCREEN: Mutex<()> = Mutex::new(());

#[test]
fn a_rep_gets_started_and_comes_back_after_a_bad_day() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let csv = dir.path().join("contacts.csv");
    std::fs::write(&csv, CSV).unwrap();

    // First start: language, names, kit.
    let window = Window::open(&vault, &[]);
    window.wait("#workspace");
    window.script("const s = document.querySelector('#language'); s.value = 'zh'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.says("欢迎");
    window.picture("0-welcome-zh");
    window.script("const s = document.querySelector('#language'); s.value = 'en'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.says("Welcome");
    let groups = create_vault(&window, "Norte Foods");
    window.says("No people yet");
    window.accessibility("empty list");
    window.picture("3-empty");

    // A person by keyboard alone.
    window.press(&["c"]);
    window.wait("#new-first_name");
    window.accessibility("new person");
    window.type_keys("Max");
    window.fill("#new-emails", "wrong");
    window.click("#create");
    window.says("is not an e-mail address");
    window.fill("#new-emails", "max@x.example");
    window.click("#create");
    window.until("the record", || (window.text("#record-title") == "Max").then_some(()));

    // Edit in place, undo, redo.
    window.click("#value-title");
    window.fill("#edit-title", "Buyer");
    window.press(&[key::ENTER]);
    window.until("the new title", || (window.text("#value-title") == "Buyer").then_some(()));
    window.picture("4-record");
    window.accessibility("record");
    window.press(&[key::CTRL, "z"]);
    window.until("the old title", || (window.text("#value-title") == "Empty").then_some(()));
    window.press(&[key::CTRL, key::SHIFT, "z"]);
    window.until("the title again", || (window.text("#value-title") == "Buyer").then_some(()));
    // A refused value keeps the editor and says why.
    window.click("#value-birthday");
    window.fill("#edit-birthday", "soon");
    window.press(&[key::ENTER]);
    window.says("is not a date");
    window.press(&[key::ESCAPE]);
    let changes = window.text("#timeline");
    assert!(changes.contains("Ana") && changes.contains("Buyer"), "history says who and what: {changes}");

    // Trash and back.
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    window.until("one row", || (window.text("#total") == "1").then_some(()));
    window.press(&[key::DELETE]);
    window.says("No people yet");
    window.click("#nav-trash");
    window.says("Max");
    window.press(&["x"]);
    window.click("#restore");
    window.says("The trash is empty");

    // Lock: nothing is left on the screen. Unlock by the keyring.
    window.click("#nav-person");
    window.says("max@x.example");
    window.press(&[key::CTRL, "l"]);
    window.wait("#unlock-keyring");
    assert!(
        !window
            .script("return document.documentElement.outerHTML")
            .as_str()
            .unwrap()
            .contains("max@x.example")
    );
    window.accessibility("locked");
    window.picture("5-locked");
    window.click("#unlock-keyring");
    window.says("max@x.example");
    drop(window);

    // Next start: it just opens, and shows the import of the file it was started with.
    let window = Window::open(&vault, &[csv.to_str().unwrap()]);
    window.wait("#run-import");
    window.says("Import 5 rows");
    window.says("a quote is opened and not closed");
    window.picture("6-import");
    window.accessibility("import");
    window.click("#run-import");
    window.wait("#import-report");
    window.picture("7-imported");
    window.accessibility("import report");
    window.click("#nav-person");
    window.until("six people", || (window.text("#total") == "6").then_some(()));
    assert_eq!(
        window.script("return document.querySelectorAll('b, script:not([src])').length"),
        0,
        "HTML in a field is text"
    );
    window.picture("8-people");
    window.accessibility("people");

    // Three letters in any script, Enter: the record is open.
    for (typed, title) in [("王", "王伟"), ("wangw", "王伟"), ("zoe", "Zoë Chérif"), ("0001", "Ana Ruiz")]
    {
        window.press(&[key::CTRL, "k"]);
        window.fill("#palette-input", typed);
        window.until(title, || window.text("#choice-0").contains(title).then_some(()));
        if typed == "王" {
            window.picture("9-palette");
            window.accessibility("palette");
        }
        window.press(&[key::ENTER]);
        window.until(title, || (window.text("#record-title") == title).then_some(()));
    }

    // One click takes the whole import back.
    window.click("#nav-history");
    window.says("imported");
    window.accessibility("history");
    window.picture("10-history");
    window.script("[...document.querySelectorAll('#operations li')].find((l) => l.innerText.includes('imported')).querySelector('button').click()");
    window.says("Undone: imported");
    window.click("#nav-person");
    window.until("one person", || (window.text("#total") == "1").then_some(()));

    // Settings, keys, both themes, both languages.
    window.click("#nav-settings");
    window.wait("#new-passphrase");
    window.accessibility("settings");
    window.picture("11-settings");
    window.fill("#new-passphrase", "correct horse");
    window.click("#set-passphrase");
    window.says("Change the passphrase");
    window.script("document.documentElement.dataset.theme = 'dark'");
    window.accessibility("settings, dark");
    window.picture("12-settings-dark");
    window.press(&[key::ESCAPE]);
    drop(window);

    // The keyring is lost: the passphrase, then the kit, bring everything back.
    lose_the_keyring(&vault);
    let window = Window::open(&vault, &[]);
    window.wait("#unlock-error");
    window.fill("#unlock-text", "wrong");
    window.click("#unlock-submit");
    window.says("that key does not open this vault");
    window.click("#use-recovery");
    window.fill("#unlock-text", &groups.join("-"));
    window.click("#unlock-submit");
    people(&window);
    window.says("max@x.example");
    drop(window);
    // And the keyring has the key again.
    let window = Window::open(&vault, &[]);
    people(&window);
    window.says("max@x.example");
}

/// What keys do between screens: focus comes back, nothing typed is lost, the language holds.
#[test]
fn the_keyboard_keeps_its_place_in_both_languages() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.says("No people yet");
    window.click("#sample");
    window.until("the sample", || (window.text("#total") == "120").then_some(()));
    window.wait("#remove-sample");

    // From the palette and from a record the focus comes back to the list.
    let current = || window.script("return document.querySelector('.grid-row.current')?.id");
    window.press(&[key::CTRL, "k"]);
    window.wait("#palette-input");
    window.press(&[key::ESCAPE]);
    window.press(&["j"]);
    window.until("the next row", || (current() == "row-1").then_some(()));
    window.press(&[key::ENTER]);
    window.wait("#record-title");
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    window.press(&[" "]);
    window.wait("#peek");
    window.accessibility("peek");
    window.picture("14-peek");
    window.press(&[key::ESCAPE]);
    window.until("no peek", || {
        (window.script("return document.querySelector('#peek') === null") == true).then_some(())
    });
    window.wait("#grid");

    // Two views, one after the other: both stay.
    for (filter, name) in [("tags has 'vip'", "First"), ("city = 'Porto' and title is not empty", "Second")] {
        window.press(&["/"]);
        window.fill("#filter", filter);
        window.press(&[key::ENTER]);
        window.press(&[key::CTRL, "s"]);
        window.wait("[aria-label='Name of the view']");
        window.type_keys(name);
        window.press(&[key::ENTER]);
        window.says(name);
    }
    window.says("First");
    assert_eq!(window.script("return document.querySelectorAll('.chips li').length"), 2);
    window.accessibility("conditions");
    window.picture("15-conditions");
    window.script("document.querySelector('.chips button').click()");
    window.until("one condition", || {
        (window.script("return document.querySelectorAll('.chips li').length") == 1).then_some(())
    });
    window.press(&["/"]);
    window.press(&[key::ESCAPE]);
    window.press(&[key::ENTER]);
    window.until("all", || (window.text("#total") == "120").then_some(()));

    // A range, many at once, and back.
    window.press(&[key::SHIFT, key::END]);
    window.says("selected");
    window.accessibility("selection");
    window.picture("16-selection");
    window.press(&[key::ESCAPE]);

    // Chinese and dark, on every screen; what the core refuses is said in Chinese too.
    window.click("#nav-settings");
    window.wait("#new-passphrase");
    window.script("localStorage.setItem('satchel.prefs', JSON.stringify({ language: 'zh', theme: 'dark', density: 'normal', zoom: 100 })); location.reload()");
    window.says("今天");
    window.click("#nav-person");
    window.wait("#grid");
    window.accessibility("people, Chinese, dark");
    window.picture("20-people-zh-dark");
    window.press(&[key::ENTER]);
    window.wait("#record-title");
    window.click("#value-birthday");
    window.wait("#edit-birthday");
    window.press(&[key::CTRL, "a"]);
    window.type_keys("soon");
    window.press(&[key::ENTER]);
    window.says("不是日期");
    window.accessibility("record, Chinese, dark");
    window.picture("21-record-zh-dark");
    window.press(&[key::ESCAPE]);
    window.click("#value-emails");
    window.picture("22-emails-zh-dark");
    window.press(&[key::ESCAPE]);
    for (screen, picture) in [
        ("#nav-company", "23-companies-zh-dark"),
        ("#nav-import", "24-import-zh-dark"),
        ("#nav-team", "24-team-zh-dark"),
        ("#nav-history", "25-history-zh-dark"),
        ("#nav-trash", "26-trash-zh-dark"),
        ("#nav-settings", "27-settings-zh-dark"),
    ] {
        window.click(screen);
        window.wait(&format!("{screen}[aria-current]"));
        window.script_async("const done = arguments[0]; setTimeout(done, 300)");
        window.accessibility(picture);
        window.picture(picture);
    }
    window.press(&["?"]);
    window.says("快捷键");
    window.accessibility("keys, Chinese, dark");
    window.picture("28-keys-zh-dark");
    window.press(&[key::ESCAPE]);
    window.press(&["c"]);
    window.wait("#new-last_name");
    window.picture("29-new-zh-dark");
    window.press(&[key::ESCAPE]);

    // Every screen in text that is a third longer: nothing that is to be pressed is cut off, and no
    // text is in no dictionary.
    window.script("localStorage.setItem('satchel.prefs', JSON.stringify({ language: 'en', theme: 'light', density: 'normal', zoom: 100, pseudo: true })); location.reload()");
    people(&window);
    for (screen, picture) in [
        ("#nav-person", "30-people-pseudo"),
        ("#nav-company", "31-companies-pseudo"),
        ("#nav-import", "32-import-pseudo"),
        ("#nav-team", "32-team-pseudo"),
        ("#nav-history", "33-history-pseudo"),
        ("#nav-settings", "34-settings-pseudo"),
    ] {
        window.click(screen);
        window.wait(&format!("{screen}[aria-current]"));
        window.script_async("const done = arguments[0]; setTimeout(done, 300)");
        window.picture(picture);
        let cut = window.script(
            "return [...document.querySelectorAll('.button, .nav, h1, h2, label')]
               .filter((e) => e.offsetParent && !e.closest('.view') && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).display !== 'inline')
               .map((e) => e.innerText.slice(0, 60))",
        );
        assert_eq!(cut, serde_json::json!([]), "{picture}: cut off");
        let bare = window.script(
            "return [...document.querySelectorAll('.button, .nav .name, h1, h2, th, legend')]
               .map((e) => { const c = e.cloneNode(true); c.querySelectorAll('kbd, svg, .count').forEach((x) => x.remove()); return c.innerText.trim(); })
               .filter((s) => /[a-z]{3}/i.test(s) && !s.includes('⟦') && !/^(CSV|vCard|Excel|JSON|First|Second|Norte Foods)$/.test(s))",
        );
        assert_eq!(bare, serde_json::json!([]), "{picture}: in no dictionary");
    }
    window.script("localStorage.setItem('satchel.prefs', JSON.stringify({ language: 'zh', theme: 'dark', density: 'normal', zoom: 100 })); location.reload()");
    window.says("联系人");

    // One click takes the sample away, and leaves nothing in the trash either.
    window.click("#remove-sample");
    window.click("#nav-person");
    window.says("还没有");
    window.click("#nav-trash");
    window.says("回收站");
    window.until("an empty trash", || (window.text("#total") == "0").then_some(()));
    dress(&window, "en", "light");
}

/// Cells that were copied in a spreadsheet.
#[test]
fn a_pasted_table_is_imported() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.click("#nav-import");
    window.says("press Ctrl+V here");
    window.accessibility("import");
    window.script(
        "const data = new DataTransfer();
         data.setData('text/plain', 'Name\\tE-mail\\tPhone\\n王伟\\twang@x.example\\t13800138000\\nAna Ruiz\\tana@x.example\\t');
         window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))",
    );
    window.says("Pasted table");
    window.wait("#run-import");
    window.picture("19-pasted");
    window.click("#run-import");
    window.gone("#run-import");
    window.click("#nav-person");
    window.until("two people", || (window.text("#total") == "2").then_some(()));
}

/// What is typed is kept where it is refused, and where one walks away from it.
#[test]
fn nothing_typed_is_lost() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    for name in ["Ana", "Bo"] {
        window.press(&["c"]);
        window.fill("#new-first_name", name);
        // Twice: one record all the same.
        window.press(&[key::ENTER]);
        window.press(&[key::ENTER]);
        window.until(name, || (window.text("#record-title") == name).then_some(()));
        window.press(&[key::ESCAPE]);
        window.wait("#grid");
    }
    window.until("two people", || (window.text("#total") == "2").then_some(()));
    // A refused value stays, with its reason, while the next field is edited.
    window.press(&[key::ENTER]);
    window.wait("#record-title");
    window.click("#value-birthday");
    window.wait("#edit-birthday");
    window.type_keys("soon");
    window.click("#value-title");
    window.wait("#edit-title");
    window.says("is not a date");
    window.wait("#edit-birthday");
    // Walking on to the next record saves what was typed.
    window.fill("#edit-title", "Buyer");
    let title = window.text("#record-title");
    window.script("document.querySelector('[aria-label=\"Previous record\"]:not([disabled])').click()");
    window.until("the other record", || (window.text("#record-title") != title).then_some(()));
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    window.says("Buyer");
    window.press(&[key::CTRL, "k"]);
    window.fill("#palette-input", "Buyer");
    window.until(&title, || window.text("#choice-0").contains(&title).then_some(()));
    window.press(&[key::ENTER]);
    window.until("what was typed", || (window.text("#value-title") == "Buyer").then_some(()));
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    // In a cell of the list letters replace what it holds; Tab saves and goes on to the next.
    let cells = || {
        window.script(
            "return [...document.querySelectorAll('.grid-row.current .cell')].map((c) => c.innerText)",
        )
    };
    window.press(&[key::RIGHT]);
    window.press(&[key::RIGHT]);
    window.type_keys("x");
    window.wait(".grid-row .cell input.input");
    window.type_keys("ylem");
    window.press(&[key::TAB]);
    // Typed at once, while the cell before is still being saved.
    window.type_keys("wrong");
    window.press(&[key::ENTER]);
    window.says("«wrong» is not an e-mail address");
    window.press(&[key::CTRL, "a"]);
    window.type_keys("cell@x.example");
    window.press(&[key::TAB]);
    window.wait("[data-key=phones] input.input");
    window.press(&[key::ESCAPE]);
    window.until("the cells", || {
        let cells = cells();
        (cells[2] == "xylem" && cells[3] == "cell@x.example").then_some(())
    });
    window.picture("18-cells");
    window.press(&[key::CTRL, "z"]);
    window.until("the address taken back", || (cells()[3] == "").then_some(()));
    // Back in the first column letters are commands again.
    window.press(&[key::ESCAPE]);
    // Both at once: tags are added, what the records have besides stays; and a window of its own.
    window.press(&[key::CTRL, "a"]);
    window.says("2 selected");
    window.script("const s = document.querySelector('.bulk select'); s.value = '+tags'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.wait("[aria-label='New value']");
    window.fill("[aria-label='New value']", "vip, north");
    window.picture("17-bulk");
    window.press(&[key::ENTER]);
    window.says("2 records");
    window.press(&[key::ESCAPE]);
    window.press(&[key::CTRL, key::ENTER]);
    window.until("a second window", || (window.windows() == 2).then_some(()));
}

#[test]
fn a_long_list_scrolls_and_opens() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let satchel = |args: &[&str]| {
        let mut command = std::process::Command::new(satchel_tests::bin("satchel"));
        let out = command.args(args).env("SATCHEL_VAULT", &vault).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    satchel(&["init", "--name", "Big", "--kit", dir.path().join("kit.txt").to_str().unwrap()]);
    satchel(&["seed", "--people", "20000", "--companies", "500"]);
    let window = Window::open(&vault, &[]);
    people(&window);
    window.until("all rows", || (window.text("#total") == "20,000").then_some(()));
    // Flings: after each, the rows that are seen are there.
    for part in [0.5, 0.99, 0.1, 0.75] {
        window.script(&format!(
            "const b = document.querySelector('.grid-body'); b.scrollTop = b.scrollHeight * {part}"
        ));
        window.script_async(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))",
        );
        window.until("rows after a fling", || {
            let names = window.script(
                "const list = document.querySelector('.grid-body').getBoundingClientRect();
                 return [...document.querySelectorAll('.grid-row .cell.name')].filter((c) => {
                   const at = c.getBoundingClientRect();
                   return c.innerText.trim() && at.top >= list.top && at.bottom <= list.bottom;
                 }).length",
            );
            (names.as_i64()? > 10).then_some(())
        });
    }
    assert!(
        window.script("return document.querySelectorAll('.grid-row').length").as_i64().unwrap() < 80,
        "only what is seen is drawn"
    );
    // Back from a record, the list is where it was.
    let before = window.script("return document.querySelector('.grid-body').scrollTop").as_f64().unwrap();
    window.until("a row to open", || {
        let opened = window.script(
            "const row = [...document.querySelectorAll('.grid-row')].find((r) => r.innerText.trim());
             row?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
             return row !== undefined",
        );
        opened.as_bool().filter(|opened| *opened)
    });
    window.wait("#record-title");
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    window.until("the same place", || {
        let now = window.script("return document.querySelector('.grid-body').scrollTop").as_f64()?;
        ((now - before).abs() < 2000.0).then_some(())
    });
    window.picture("13-many");
}

/// The team's page: a place, an invitation, the digits, a conflict, a removal.
#[test]
fn a_team_meets_and_settles_what_two_have_edited() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let shared = dir.path().join("Team");
    std::fs::create_dir(&shared).unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["c"]);
    window.wait("#new-first_name");
    window.type_keys("Zoe");
    window.click("#create");
    window.wait("#value-title");

    // Nobody to meet yet: what it is for, and one field.
    window.press(&["g"]);
    window.press(&["t"]);
    window.wait("#remote-address");
    window.accessibility("team, empty");
    window.picture("40-team-empty");
    window.fill("#remote-address", dir.path().join("elsewhere").to_str().unwrap());
    window.click("#connect");
    window.says("is not there");
    window.fill("#remote-address", shared.to_str().unwrap());
    window.click("#connect");
    window.says("Connected");
    window.says("None: no field was edited");

    // An invitation, as link and for a camera.
    window.wait("#make-link");
    window.accessibility("team");
    window.picture("41-team");
    window.click("#make-link");
    window.wait("#invitation");
    let link = window.script("return document.querySelector('#invitation').value");
    let link = link.as_str().unwrap().to_owned();
    assert!(link.starts_with("satchel://join#"), "{link}");
    window.accessibility("invitation");
    window.picture("42-invitation");

    // Somebody asks: both see the same digits.
    let bo = Cli::bare();
    let joining = bo
        .command(&["--json", "join", &link, "--person", "Bo Lindqvist", "--device", "Bo's laptop"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let digits = window.text("#requests .digits");
    window.accessibility("request to join");
    window.wait("#status-requests");
    window.picture("43-request");
    window.script("document.documentElement.dataset.theme = 'dark'");
    window.accessibility("request to join, dark");
    window.picture("43-request-dark");
    window.script("document.documentElement.dataset.theme = 'light'");
    window.click("[data-approve]");
    let joined = joining.wait_with_output().unwrap();
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    let joined: serde_json::Value = serde_json::from_slice(&joined.stdout).unwrap();
    assert_eq!(joined["check_code"], digits.replace(' ', ""));
    window.gone("#requests");
    window.says("Bo's laptop");

    // Both edit one field without knowing of each other.
    let id = bo.json(&["list", "person"])["rows"][0]["id"].as_str().unwrap().to_owned();
    bo.json(&["set", &id, "title=Director"]);
    window.click("#nav-person");
    window.wait("#grid");
    window.press(&[key::ENTER]);
    window.click("#value-title");
    window.fill("#edit-title", "Buyer");
    window.press(&[key::ENTER]);
    window.until("the title", || (window.text("#value-title") == "Buyer").then_some(()));
    bo.json(&["sync"]);
    window.wait("#status-conflicts");
    window.click("#status-conflicts");
    window.says("Director");
    window.accessibility("conflict");
    window.picture("44-conflict");
    for (language, theme, at) in [("zh", "dark", "45"), ("zh", "light", "46"), ("en", "dark", "47")] {
        dress(&window, language, theme);
        window.wait("#nav-team");
        window.click("#nav-team");
        window.wait("#conflicts .panel");
        window.wait("#people .member:nth-of-type(2)");
        window.accessibility(&format!("team, {language}, {theme}"));
        window.picture(&format!("{at}-team-{language}-{theme}"));
    }
    dress(&window, "en", "light");
    window.resize(1024, 640);
    window.click("#nav-team");
    window.wait("#conflicts .panel");
    window.picture("48-team-small");

    // Settled by the value that is not shown, and taken back.
    let other = window.script(
        "const all = [...document.querySelectorAll('#conflicts li')]; const other = all.find((l) => !l.querySelector('.tag')); other.querySelector('button').id = 'keep-other'; return other.querySelector('.claim').innerText.trim()",
    );
    window.click("#keep-other");
    window.says("None: no field was edited");
    let title = || bo.json(&["get", &id])["fields"]["title"].clone();
    window.until("the other's side", || {
        bo.json(&["sync"]);
        (title() == other && bo.json(&["conflicts"])["conflicts"].as_array()?.is_empty()).then_some(())
    });
    window.picture("49-settled");
    window.click(".toast button");
    window.until("taken back", || {
        bo.json(&["sync"]);
        (title() != other).then_some(())
    });

    // The role, and who is out stays out.
    window.script("const s = document.querySelector('#people select'); s.value = 'viewer'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.says("Bo Lindqvist: Viewer");
    window.script("const b = [...document.querySelectorAll('#people .member')].find((m) => m.innerText.includes('Bo Lind')).querySelector('button[aria-expanded]'); b.scrollIntoView(); b.click()");
    window.wait("[data-remove]");
    window.accessibility("removal");
    window.picture("50-removal");
    window.click("[data-remove]");
    window.says("is out of the team");
    let (code, _) = bo.refuse(&["sync"]);
    assert_eq!(code, 4, "removed");

    // Not reachable for a while: said at the place, and in the status bar.
    let away = dir.path().join("Away");
    std::fs::rename(&shared, &away).unwrap();
    window.says("Not reachable now");
    window.says("Offline: saved on this device");
    window.script("document.querySelector('#remotes').scrollIntoView({ block: 'center' })");
    window.accessibility("not reachable");
    window.picture("51-away");
    std::fs::rename(&away, &shared).unwrap();
    window.says("Connected");

    // Disconnected, and by one click connected again.
    window.script("document.querySelector('#remotes button').scrollIntoView()");
    window.click("#remotes button");
    window.wait("#remote-address");
    window.says("Team is disconnected");
    window.picture("52-disconnected");
    window.script("[...document.querySelectorAll('.toast')].find((t) => t.innerText.includes('is disconnected')).querySelector('button').click()");
    window.says("Connected");
}

/// A new computer: a link, the kit, six digits; closed and opened again in between.
#[test]
fn a_newcomer_waits_for_the_team_across_starts() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let ana = Cli::new();
    let shared = ana.dir.path().join("Team");
    std::fs::create_dir(&shared).unwrap();
    ana.json(&["remote", "add", shared.to_str().unwrap()]);
    ana.json(&["seed", "--people", "300", "--companies", "20"]);
    ana.json(&["sync"]);
    let link = ana.json(&["invite", "--role", "member"])["link"].as_str().unwrap().to_owned();

    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let window = Window::open(&vault, &[]);
    window.wait("#join-team");
    dress(&window, "zh", "dark");
    window.click("#join-team");
    window.wait("#join-link");
    window.accessibility("join, Chinese, dark");
    window.picture("59-join-zh-dark");
    dress(&window, "en", "light");
    window.click("#join-team");
    window.wait("#join-link");
    window.fill("#join-link", "https://satchel.example/");
    window.says("this is no invitation");
    window.accessibility("join, refused");
    window.picture("60-join-refused");
    // The folder is called otherwise on this computer.
    let here = dir.path().join("Norte shared");
    std::fs::rename(&shared, &here).unwrap();
    window.fill("#join-link", &link);
    window.says("is not there");
    window.accessibility("join, no folder");
    window.picture("61-join-elsewhere");
    window.fill("#join-address", here.to_str().unwrap());
    window.says("The team is here");
    window.fill("#join-person", "Bo");
    window.fill("#join-device", "Bo's laptop");
    window.accessibility("join");
    window.picture("62-join");
    window.click("#join");
    let groups = groups_of(&window);
    confirm_kit(&window, &groups);
    let digits = window.text("#waiting .digits");
    window.accessibility("waiting");
    window.picture("63-waiting");
    dress(&window, "zh", "dark");
    window.wait("#waiting .digits");
    window.accessibility("waiting, Chinese, dark");
    window.picture("64-waiting-zh-dark");
    drop(window);

    // Another day: the same digits still wait.
    let window = Window::open(&vault, &[]);
    window.until("the same digits", || (window.text("#waiting .digits") == digits).then_some(()));
    dress(&window, "en", "light");
    std::os::unix::fs::symlink(&here, &shared).unwrap();
    let asked = ana.json(&["requests"]);
    assert_eq!(asked["requests"].as_array().unwrap().len(), 1, "it has asked once: {asked}");
    assert_eq!(ana.json(&["approve"])["check_code"], digits.replace(' ', ""));
    people(&window);
    window.says("Acme");
    window.until("all records", || (window.text("#total") == "300").then_some(()));
    window.accessibility("joined");
    window.picture("65-joined");
}

/// Two windows and a server that is away for a while: what one writes, the other shows.
#[test]
fn two_windows_meet_at_a_server() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut server = Program::start();
    let dir = tempfile::tempdir().unwrap();
    let ana = Window::open(&dir.path().join("ana"), &[]);
    ana.wait("#workspace");
    // Another test may have left another language.
    dress(&ana, "en", "light");
    ana.wait("#workspace");
    create_vault(&ana, "Norte Foods");
    ana.click("#nav-team");
    ana.wait("#remote-address");
    ana.fill("#remote-address", server.setup.split('#').next().unwrap());
    ana.click("#connect");
    ana.says("#setup=");
    ana.fill("#remote-address", &server.setup);
    ana.click("#connect");
    ana.says("Connected");
    ana.click("#make-link");
    ana.wait("#invitation");
    let link = ana.script("return document.querySelector('#invitation').value");
    let link = link.as_str().unwrap().to_owned();

    let bo = Window::open(&dir.path().join("bo"), &[]);
    bo.click("#join-team");
    bo.fill("#join-link", &link);
    bo.says("Your role: Member");
    bo.fill("#join-person", "Bo");
    bo.fill("#join-device", "Bo's laptop");
    bo.click("#join");
    let groups = groups_of(&bo);
    confirm_kit(&bo, &groups);
    let digits = bo.text("#waiting .digits");
    ana.until("the same digits", || (ana.text("#requests .digits") == digits).then_some(()));
    ana.click("[data-approve]");
    people(&bo);

    // An edit in one appears in the other, without a key.
    ana.click("#nav-person");
    ana.press(&["c"]);
    ana.wait("#new-first_name");
    ana.type_keys("Zoe");
    ana.click("#create");
    ana.wait("#value-title");
    bo.says("Zoe");
    bo.until("the list's turn", || {
        bo.script("return !!document.activeElement.closest('#grid')").as_bool().filter(|focused| *focused)
    });
    bo.press(&[key::ENTER]);
    bo.wait("#value-title");
    let edit = |window: &Window, field: &str, text: &str| {
        window.click(&format!("#value-{field}"));
        window.wait(&format!("#edit-{field}"));
        window.press(&[key::CTRL, "a"]);
        window.type_keys(text);
        window.press(&[key::ENTER]);
        let value = format!("#value-{field}");
        window.until(field, || (window.text(&value) == text).then_some(()));
    };
    edit(&ana, "title", "Director");
    bo.until("Ana's edit", || (bo.text("#value-title") == "Director").then_some(()));
    a_file_is_with_both(&ana, &bo, dir.path());

    // The server is away: both go on, and are told what waits; then both have everything.
    server.kill();
    ana.click("#value-birthday");
    ana.wait("#edit-birthday");
    ana.type_keys("1980-05-17");
    ana.press(&[key::ENTER]);
    ana.until("the birthday", || ana.text("#value-birthday").contains("1980").then_some(()));
    edit(&bo, "title", "Head of purchasing");
    ana.says("waiting");
    ana.click("#nav-team");
    ana.says("Not reachable now");
    ana.accessibility("server away");
    ana.picture("70-server-away");
    server.again();
    ana.says("Connected");
    bo.until("what Ana wrote meanwhile", || bo.text("#value-birthday").contains("1980").then_some(()));
    let ana_has = || {
        ana.script("return document.querySelector('#status-team')?.innerText ?? ''")
            .as_str()
            .map(str::to_owned)
    };
    ana.until("nothing waits", || ana_has().filter(|text| text.contains("Synced")).map(|_| ()));

    // What the server sees; on a screen of her own.
    drop(bo);
    ana.script(
        "[...document.querySelectorAll('#remotes button')].find((b) => b.ariaExpanded === 'false').click()",
    );
    ana.wait(".contents tbody tr");
    ana.accessibility("what the server sees");
    ana.picture("71-contents");
    let shown = ana.script("return document.querySelector('.contents').innerText");
    for secret in ["Zoe", "Director", "1980", "Bo's laptop"] {
        assert!(!shown.as_str().unwrap().contains(secret), "{secret}");
    }
    dress(&ana, "zh", "dark");
    ana.wait("#nav-team");
    ana.click("#nav-team");
    ana.wait("#remotes");
    ana.script(
        "[...document.querySelectorAll('#remotes button')].find((b) => b.ariaExpanded === 'false').click()",
    );
    ana.wait(".contents tbody tr");
    ana.accessibility("what the server sees, Chinese, dark");
    ana.picture("72-contents-zh-dark");
    ana.click("#nav-person");
    ana.wait("#grid");
    ana.press(&[key::ENTER]);
    ana.until("what Bo wrote meanwhile", || (ana.text("#value-title") == "Head of purchasing").then_some(()));
    dress(&ana, "en", "light");
}

/// What one attaches to the record that both have open, the other sees, and fetches when it is wanted.
fn a_file_is_with_both(ana: &Window, bo: &Window, dir: &Path) {
    let (offer, saved) = (dir.join("Offer, page 1.pdf"), dir.join("saved.pdf"));
    let bytes: Vec<u8> = (0_u32..3_000_000).flat_map(|n| n.to_le_bytes()).take(3_000_000).collect();
    std::fs::write(&offer, &bytes).unwrap();
    // The dialogs of the system are not the page's: what they would answer is given to the commands.
    let invoke = |window: &Window, command: &str, args: &str| {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const ask = (name, args) => window.__TAURI_INTERNALS__.invoke('plugin:satchel|' + name, args);
             const request = {{ filter: '', text: '', sort: '', trash: false, offset: 0, limit: 1 }};
             ask('list', {{ kind: 'person', request }})
               .then((page) => ask('attachments', {{ record: page.rows[0].id }}).then((files) => [page.rows[0].id, files]))
               .then(([record, files]) => ask('{command}', {args}))
               .then(() => done('done'), (e) => done(JSON.stringify(e)));"
        );
        assert_eq!(window.script_async(&script), "done");
    };
    ana.wait("#files");
    ana.picture("73-no-files");
    invoke(ana, "attach", &format!("{{ record, path: {:?} }}", offer.display().to_string()));
    for window in [ana, bo] {
        window.wait("[data-file='Offer, page 1.pdf']");
    }
    let line = bo.text("[data-file]");
    assert!(line.contains("3 MB") && line.contains("not on this computer yet"), "{line}");
    bo.accessibility("a file of a colleague");
    bo.picture("74-file-away");
    bo.click("[aria-label='Fetch Offer, page 1.pdf']");
    bo.until("the file", || (!bo.text("[data-file]").contains("not on this computer yet")).then_some(()));
    invoke(bo, "save_attachment", &format!("{{ id: files[0].id, path: {:?} }}", saved.display().to_string()));
    assert!(std::fs::read(&saved).unwrap() == bytes);
    // Taken away by one, it is away for both; and back by one key.
    bo.click("[data-file] .danger");
    ana.until("no file", || {
        ana.script("return !document.querySelector('[data-file]')").as_bool()?.then_some(())
    });
    bo.press(&[key::CTRL, "z"]);
    ana.wait("[data-file]");
    ana.picture("75-file");
}

/// One office without a server: the window hosts, a colleague joins it, and then hosts in turn.
#[test]
fn a_window_hosts_for_its_office() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let ana = Window::open(&dir.path().join("ana"), &[]);
    ana.wait("#workspace");
    dress(&ana, "en", "light");
    ana.wait("#workspace");
    create_vault(&ana, "Norte Foods");
    ana.click("#nav-team");
    ana.wait("#host-office");
    ana.accessibility("not hosting");
    ana.picture("80-office-off");
    // By keyboard.
    ana.script("document.querySelector('#host-office').focus()");
    ana.press(&[" "]);
    ana.says("Colleagues find this computer by themselves");
    ana.says("relay on this computer");
    ana.accessibility("hosting");
    ana.picture("81-office-hosting");
    ana.click("#make-link");
    ana.wait("#invitation");
    let link = ana.script("return document.querySelector('#invitation').value");

    let bo = Cli::bare();
    let join = ["--json", "join", link.as_str().unwrap(), "--person", "Bo", "--device", "Bo's laptop"];
    let mut joining = bo.command(&[&join[..], &["--wait", "60s"]].concat());
    let joining = joining.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    ana.wait("[data-approve]");
    ana.click("[data-approve]");
    let joined = joining.wait_with_output().unwrap();
    assert!(joined.status.success(), "{}", String::from_utf8_lossy(&joined.stderr));
    bo.json(&["new", "person", "first_name=Zoe"]);
    assert_eq!(bo.json(&["sync"])["pending"], 0);
    ana.click("#nav-person");
    ana.says("Zoe");
    // Locked, it goes on: what it carries is sealed.
    ana.press(&[key::CTRL, "l"]);
    ana.wait("#unlock-keyring");
    bo.json(&["new", "person", "first_name=Yan"]);
    assert_eq!(bo.json(&["sync"])["pending"], 0);
    ana.click("#unlock-keyring");
    ana.wait("#nav-person");
    ana.says("Yan");

    // Bo's turn.
    ana.click("#nav-team");
    ana.wait("#host-office");
    ana.click("#host-office");
    ana.until("the relay is gone", || {
        ana.script("return !document.body.innerText.includes('relay on this computer')")
            .as_bool()?
            .then_some(())
    });
    let mut relay = bo.command(&["relay", "--listen", "127.0.0.1:0"]);
    let mut relay = relay.stdout(Stdio::null()).spawn().unwrap();
    ana.says("Found in this network: Bo's laptop, of Bo");
    ana.accessibility("found in the network");
    ana.picture("82-office-found");
    dress(&ana, "zh", "dark");
    ana.wait("#nav-team");
    ana.click("#nav-team");
    ana.wait("[data-found]");
    ana.accessibility("found in the network, Chinese, dark");
    ana.picture("83-office-found-zh-dark");
    ana.click("[data-found]");
    ana.says("此网络中的中继");
    ana.says("已连接");
    ana.click("#host-office");
    ana.says("同事会自动找到本机");
    ana.accessibility("hosting and connected, Chinese, dark");
    ana.picture("84-office-both-zh-dark");
    dress(&ana, "en", "light");
    let _ = relay.kill();
    let _ = relay.wait();
}

/// A day of a rep: what is asked first, a visit noted in three keys, a deal moved by one, a task done with what follows.
#[test]
fn a_rep_has_a_day() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    // The day of a new vault says how to begin.
    window.press(&["g", "y"]);
    window.wait("#sample");
    window.picture("90-today-empty");
    people(&window);
    window.press(&["c"]);
    window.wait("#new-first_name");
    window.type_keys("Zoe");
    window.press(&[key::TAB]);
    window.type_keys("Chérif");
    window.press(&[key::ENTER]);
    window.wait("#log-text");

    // A visit and what comes next: a number, the words, Enter, the words, Enter.
    window.until("the line has the focus", || {
        window.press(&["2"]);
        window.try_script("return document.activeElement?.id === 'log-text'")?.as_bool()?.then_some(())
    });
    window.type_keys("Showed the samples, she likes the blue ones");
    window.press(&[key::ENTER]);
    window.type_keys("send the offer tomorrow 10");
    window.says("→ send the offer");
    window.accessibility("noting a visit");
    window.picture("91-noting");
    window.press(&[key::ENTER]);
    window.wait("[data-task='send the offer']");
    window.says("Showed the samples");
    window.says("Visit noted, next step planned");
    window.accessibility("a person with a timeline");
    window.picture("92-timeline");
    // One step back takes both, and forth brings both.
    window.press(&[key::CTRL, "z"]);
    window.until("nothing noted", || {
        window.script("return !document.querySelector('[data-task]')").as_bool()?.then_some(())
    });
    window.press(&[key::CTRL, key::SHIFT, "z"]);
    window.wait("[data-task='send the offer']");

    // Deals: made, moved by one key, dragged, lost with a reason.
    window.press(&["g", "d"]);
    window.wait("#board");
    for (name, value) in
        [("Blue pumps", "12500 EUR"), ("Spare parts", "800 EUR"), ("Service, three years", "4200 EUR")]
    {
        window.press(&["c"]);
        window.wait("#new-name");
        window.type_keys(name);
        window.press(&[key::TAB]);
        window.press(&[key::TAB]);
        window.type_keys(value);
        window.press(&[key::TAB]);
        window.type_keys("in 3 weeks");
        window.press(&[key::ENTER]);
        window.until(name, || (window.text("#record-title") == name).then_some(()));
        window.press(&[key::ESCAPE]);
        window.wait("#board");
    }
    let stage_of = |name: &str| {
        let script = format!(
            "return [...document.querySelectorAll('[data-card]')].find((c) => c.innerText.includes('{name}'))?.closest('[data-stage]').querySelector('strong').innerText"
        );
        window.script(&script).as_str().map(str::to_owned)
    };
    window.until("three cards", || (stage_of("Service, three years")? == "New").then_some(()));
    window.says("€17,500");
    window.accessibility("the board");
    window.picture("93-board");
    window.script("document.querySelector('[data-card]').focus()");
    window.press(&[key::SHIFT, key::RIGHT]);
    window.until("moved by one key", || (stage_of("Blue pumps")? == "Contacted").then_some(()));
    // Lifted, carried, put down.
    window.press(&[" ", key::RIGHT]);
    window.says("Blue pumps over Offer");
    window.press(&[" "]);
    window.until("carried by keys", || (stage_of("Blue pumps")? == "Offer").then_some(()));
    window.drag("[data-card]", "[data-stage]:nth-of-type(6) .cards");
    window.wait("#why-lost");
    window.picture("94-why-lost");
    window.type_keys("Price");
    window.press(&[key::ENTER]);
    window.until("dragged", || (stage_of("Spare parts")? == "Lost").then_some(()));
    window.press(&[key::CTRL, "z"]);
    window.until("and back", || (stage_of("Spare parts")? == "New").then_some(()));
    window.click("#as-list");
    window.wait("#grid");
    window.says("Spare parts");
    window.accessibility("deals as a table");
    window.picture("95-deals");

    // A task is done, and what follows is planned: two keys and the words.
    window.press(&["g", "o"]);
    window.wait("#grid");
    window.press(&["c"]);
    window.wait("#new-subject");
    window.type_keys("Call about the blue ones");
    window.press(&[key::TAB]);
    window.type_keys("today");
    window.press(&[key::ENTER]);
    window.until("the task", || (window.text("#record-title") == "Call about the blue ones").then_some(()));
    window.press(&["g", "y"]);
    window.wait("[data-task='Call about the blue ones']");
    window.accessibility("a day");
    window.picture("96-today");
    window.press(&[" "]);
    window.wait("#next-step");
    window.type_keys("ask for the order in 2 weeks");
    window.says("→ ask for the order");
    window.accessibility("what follows a task");
    window.picture("97-next-step");
    window.press(&[key::ENTER]);
    window.says("Call about the blue ones is done, next step planned");
    window.says("Nothing is due today");
    window.press(&[key::CTRL, "z"]);
    window.wait("[data-task='Call about the blue ones']");
    // Put off by one key.
    window.press(&["m"]);
    window.says("Nothing is due today");

    // A line becomes a person; who is known already is shown before Enter.
    window.press(&["q"]);
    window.wait("#capture");
    window.type_keys("Zoe Chérif, Sur SL, zoe@sur.example");
    window.wait("#similar");
    window.accessibility("quick capture");
    window.picture("9b-capture");
    window.press(&[key::ENTER]);
    window.until("the captured one", || window.text(".head").contains("Sur SL").then_some(()));
    window.press(&["g", "y"]);

    dress(&window, "zh", "dark");
    window.wait("#today");
    window.says("今天没有到期的事");
    window.picture("98-today-zh-dark");
    window.click("#nav-deal");
    window.wait("[data-card]");
    window.accessibility("the board, Chinese, dark");
    window.picture("99-board-zh-dark");
    people(&window);
    window.press(&[key::ENTER]);
    window.wait("[data-task='send the offer']");
    window.accessibility("a person with a timeline, Chinese, dark");
    window.picture("9a-timeline-zh-dark");
    dress(&window, "en", "light");
}

/// Products down, price books across: cells are written by keys, refusals stay open, and each edit is taken back alone.
#[test]
fn prices_are_written_in_a_table() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.until("the page", || {
        window.press(&["g"]);
        window.press(&["b"]);
        window
            .try_script("return document.body.innerText.includes('No products yet')")?
            .as_bool()?
            .then_some(())
    });
    window.accessibility("prices, empty");
    window.press(&["c"]);
    window.wait("#new-name");
    for text in ["Blue pump", "P-1", "120 EUR"] {
        window.type_keys(text);
        window.press(&[key::TAB]);
    }
    window.click("#create");
    window.wait("#prices .grid-row");
    window.says("No price book yet");
    window.script_async(
        "const done = arguments[arguments.length - 1];
         const make = (n) => window.__TAURI_INTERNALS__.invoke('plugin:satchel|create', { kind: 'product', input: { name: 'Seal ' + String(n).padStart(3, '0'), price: n + ' EUR' } });
         (async () => { for (let n = 1; n <= 150; n++) await make(n); done(true); })()",
    );
    window.until("all products", || (window.text("#total") == "151").then_some(()));
    for (name, currency, discount) in [("Resellers", "EUR", "10"), ("Abroad", "usd", "")] {
        window.press(&["n"]);
        window.wait("#book-name");
        window.type_keys(name);
        window.press(&[key::TAB]);
        window.type_keys(currency);
        window.press(&[key::TAB]);
        window.type_keys(discount);
        window.press(&[key::ENTER]);
        window.gone("#book-name");
        window.says(name);
    }
    window.until("both books", || {
        window
            .script("return document.querySelectorAll('#prices .grid-head [data-book]').length === 2")
            .as_bool()?
            .then_some(())
    });
    // By name: Abroad, Resellers.
    let cell = |row: u32, column: u32| {
        window
            .script(&format!("return document.querySelector('#price-{row}-{column}')?.innerText ?? ''"))
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let shows = |row: u32, column: u32, text: &str| {
        window.until(text, || cell(row, column).contains(text).then_some(()));
    };
    window.script("document.querySelector('#prices').focus()");
    shows(0, 1, "€120.00");
    shows(0, 3, "€108.00");
    window.press(&[key::RIGHT]);
    window.press(&[key::RIGHT]);
    window.wait("#price-0-2.active");
    // Typing replaces, Tab goes on, and what is refused stays open and says why.
    window.type_keys("99");
    window.press(&[key::TAB]);
    window.wait("#price-0-3 input:focus");
    shows(0, 2, "$99.00");
    window.press(&[key::CTRL, "a"]);
    window.type_keys("7 USD");
    window.press(&[key::ENTER]);
    window.says("prices of «Resellers» are in EUR");
    window.wait("#price-0-3 input[aria-invalid='true']:focus");
    window.accessibility("a price is refused");
    window.picture("118-price-refused");
    window.press(&[key::CTRL, "a"]);
    window.type_keys("95.5");
    window.press(&[key::ENTER]);
    shows(0, 3, "€95.50");
    // F2 opens, Escape reverts.
    window.press(&[key::F2]);
    window.wait("#price-0-3 input:focus");
    window.type_keys("1");
    window.press(&[key::ESCAPE]);
    window.gone("#price-0-3 input");
    shows(0, 3, "€95.50");
    // Each is an operation of its own.
    window.press(&[key::CTRL, "z"]);
    shows(0, 3, "€108.00");
    shows(0, 2, "$99.00");
    window.press(&[key::CTRL, "z"]);
    shows(0, 2, "€120.00");
    window.press(&[key::LEFT]);
    window.press(&[key::LEFT]);
    window.wait("#price-0-1.active");
    window.type_keys("130");
    window.press(&[key::ENTER]);
    shows(0, 3, "€117.00");
    window.press(&[key::RIGHT]);
    window.wait("#price-0-2.active");
    window.type_keys("88");
    window.press(&[key::ENTER]);
    shows(0, 2, "$88.00");
    window.press(&[key::DELETE]);
    shows(0, 2, "€130.00");
    // The head of a column is a cell as well, and changes its price book.
    window.press(&[key::UP]);
    window.wait("#price-head-2.active");
    window.press(&[key::ENTER]);
    window.wait("#delete-book");
    window.accessibility("a price book");
    window.press(&[key::ESCAPE]);
    window.gone("#delete-book");
    // Only what is in sight is drawn, and the end is a key away.
    window.press(&[key::END]);
    window.wait("#price-150-2.active");
    window.says("Seal 150");
    let drawn = window.script("return document.querySelectorAll('#prices .grid-row').length");
    assert!(drawn.as_u64().unwrap() < 80, "{drawn}");
    window.press(&["/"]);
    window.type_keys("seal 04");
    window.until("ten", || (window.text("#total") == "10").then_some(()));
    window.accessibility("prices");
    window.picture("119-prices");
    dress(&window, "zh", "dark");
    window.until("Chinese", || {
        window.press(&["g"]);
        window.press(&["b"]);
        window.try_script("return document.body.innerText.includes('新建价格表')")?.as_bool()?.then_some(())
    });
    window.wait("#prices .grid-row");
    window.accessibility("prices, Chinese, dark");
    window.picture("120-prices-zh-dark");
    // The next test begins as this one did.
    dress(&window, "en", "light");
}

/// A quote from a deal: a product by its letters, a line of one's own, sums, and the deal that follows.
#[test]
fn a_quote_is_made() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.until("the products", || {
        window.press(&["g"]);
        window.press(&["s"]);
        window
            .try_script("return document.body.innerText.includes('No products yet')")?
            .as_bool()?
            .then_some(())
    });
    window.accessibility("products, empty");
    for (name, code, price) in [("Blue pump", "P-1", "120 EUR"), ("Seal set", "S-9", "9.99 EUR")] {
        window.press(&["c"]);
        window.wait("#new-name");
        for text in [name, code, price, "piece", "21"] {
            window.type_keys(text);
            window.press(&[key::TAB]);
        }
        window.click("#create");
        window.until(name, || (window.text("#record-title") == name).then_some(()));
        window.press(&[key::ESCAPE]);
        window.wait("#grid");
    }
    window.picture("110-products");
    window.press(&["g"]);
    window.press(&["d"]);
    window.wait("#board");
    window.press(&["c"]);
    window.wait("#new-name");
    window.type_keys("Pumps for Acme");
    window.press(&[key::ENTER]);
    window.until("the deal", || (window.text("#record-title") == "Pumps for Acme").then_some(()));
    window.says("Nothing offered yet");
    window.press(&["u"]);
    window.wait("#quote-lines");

    // A product in three letters; what is typed is a line of its own otherwise.
    window.click("#add-line");
    window.type_keys("blu");
    window.says("P-1");
    window.accessibility("a line is added");
    window.picture("111-adding");
    window.press(&[key::ENTER]);
    window.wait("#quote-lines tbody tr");
    window.until("an empty line again", || {
        window.script("return document.querySelector('#add-line').value === ''").as_bool()?.then_some(())
    });
    window.type_keys("Installation");
    window.says("as a line of its own");
    window.press(&[key::ENTER]);
    window.wait("#quote-lines tbody tr:nth-of-type(2)");
    let cell = |row: u8, label: &str, text: &str| {
        window.click(&format!("#quote-lines tbody tr:nth-of-type({row}) [aria-label='{label}']"));
        window.press(&[key::CTRL, "a"]);
        window.type_keys(text);
        window.press(&[key::ENTER]);
    };
    cell(1, "Quantity", "3");
    window.says("€435.60");
    cell(2, "Price", "200");
    cell(1, "Discount", "10");
    // 324.00 and 200.00, with 68.04 of tax.
    window.says("€592.04");
    window.accessibility("a quote");
    window.picture("112-quote");
    cell(2, "Price", "two hundred");
    window.says("is not an amount");
    // What was refused stays to be mended; Escape gives it up, and the page stays.
    window.wait("#quote-lines tbody tr:nth-of-type(2) [aria-invalid='true']:focus");
    window.press(&[key::ESCAPE]);
    window.gone("#quote-lines [aria-invalid='true']");
    window.click("#quote-sent");
    window.wait("#quote-actions .status.sent");
    window.click("#quote-accepted");
    window.wait("#quote-actions .status.accepted");
    window.gone("#add-line");
    window.picture("113-accepted");
    window.press(&[key::ESCAPE]);
    window.until("the deal", || (window.text("#record-title") == "Pumps for Acme").then_some(()));
    window.until("its value", || window.text("#value-value").contains("524").then_some(()));
    window.wait("#quotes-of .nav");
    window.accessibility("a deal with a quote");
    window.picture("114-deal");

    // In Chinese and dark, with a new version.
    dress(&window, "zh", "dark");
    window.wait("#nav-quote");
    window.click("#nav-quote");
    window.wait("#grid");
    window.accessibility("quotes, Chinese, dark");
    window.picture("115-quotes-zh-dark");
    window.press(&[key::ENTER]);
    window.wait("#quote-revise");
    window.click("#quote-revise");
    window.wait("#add-line");
    window.until("the second", || window.text("#record-title").contains("/2").then_some(()));
    window.accessibility("a quote, Chinese, dark");
    window.picture("116-quote-zh-dark");
    window.resize(1024, 640);
    window.until("no line is cut", || {
        window.script("const pane = document.querySelector('#quote-lines'); return pane.querySelector('table').offsetWidth <= pane.offsetWidth")
            .as_bool()?.then_some(())
    });
    window.picture("117-quote-small");
    window.press(&[key::CTRL, ","]);
    window.wait("#letterhead-name");
    window.fill("#letterhead-name", "北方食品有限公司");
    window.press(&[key::TAB]);
    window.says("已保存");
    window.script("document.querySelector('#letterhead').scrollIntoView()");
    window.accessibility("letterhead, Chinese, dark");
    window.picture("118-letterhead-zh-dark");
    dress(&window, "en", "light");
}

const TWICE: &str = "First Name,Last Name,Company,Job Title,E-mail Address,Mobile Phone,Notes,Labels\n\
Ana,Ruiz,Norte SL,Buyer,ana@norte.example,+34 600 000 001,Likes the blue ones,vip\n\
A.,Ruiz,Norte Foods,Head of purchasing,a.ruiz@norte.example,+34 600 000 001,Back from leave in May,\"vip,food\"\n\
伟,王,深圳科技有限公司,采购经理,wang@shenzhen.example,+86 13800138000,,\n\
Wei,Wang,Shenzhen Keji Ltd,Buyer,wei@mail.example,+86 138 0013 8000,,\n\
Jon,Smith,Acme,,jon@acme.example,,,\n\
John,Smith,Acme,Director,,,,\n\
Zoë,Chérif,Acme,Director,zoe@acme.example,,,\n";

/// Two that are one become one by keys alone: from the list of what may be, from two that were selected, and by name.
#[test]
fn two_that_are_one_become_one() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let (vault, csv) = (dir.path().join("vault"), dir.path().join("twice.csv"));
    std::fs::write(&csv, TWICE).unwrap();
    let window = Window::open(&vault, &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["g", "u"]);
    window.says("No duplicates");
    window.accessibility("no duplicates");
    drop(window);
    let window = Window::open(&vault, &[csv.to_str().unwrap()]);
    window.wait("#run-import");
    window.click("#run-import");
    window.wait("#import-report");

    window.press(&["g", "u"]);
    window.wait("#compare");
    window.until("three groups", || (window.text("#total") == "3").then_some(()));
    window.says("same phone");
    window.accessibility("duplicates");
    window.picture("b0-duplicates");
    let taken = |field: &str| {
        let script = format!(
            "return document.querySelector('[data-field={field}] [aria-checked=true]')?.innerText ?? ''"
        );
        window.script(&script).as_str().unwrap_or_default().to_owned()
    };
    // Whichever comes first of the two that are as likely: to the one called Ruiz.
    let about = |name: &str| window.text(".groups [aria-current=true]").contains(name);
    // Enter does nothing before they are side by side.
    let side_by_side = |name: &str| {
        window.until(name, || (about(name) && window.text("#compare .names").contains(name)).then_some(()));
    };
    window.until("the two called Ruiz", || {
        if about("Ruiz") {
            return Some(());
        }
        window.press(&["j"]);
        None
    });
    window.until("whose title", || (taken("title") == "Buyer").then_some(()));
    while window.script("return document.activeElement.closest('[data-field]')?.dataset.field ?? ''")
        != "title"
    {
        window.press(&[key::DOWN]);
    }
    window.press(&[key::RIGHT]);
    window.until("the other title", || (taken("title") == "Head of purchasing").then_some(()));
    assert!(
        taken("emails").contains("ana@norte.example") && taken("emails").contains("a.ruiz@norte.example")
    );
    window.accessibility("a choice");
    window.picture("b1-choice");
    window.press(&[key::ENTER]);
    window.says("2 merged into Ana Ruiz");
    window.until("two are left", || (window.text("#total") == "2").then_some(()));
    window.press(&[key::CTRL, "z"]);
    window.until("and three again", || (window.text("#total") == "3").then_some(()));
    side_by_side("Ruiz");
    window.press(&[key::ENTER]);
    window.until("merged once more", || (window.text("#total") == "2").then_some(()));
    window.until("the two called Smith", || {
        if about("Smith") {
            return Some(());
        }
        window.press(&["j"]);
        None
    });
    side_by_side("Smith");
    window.press(&["n"]);
    window.says("Noted: not the same");
    window.until("one is left", || (window.text("#total") == "1").then_some(()));

    // Companies: the same name in two scripts.
    window.script(
        "[...document.querySelectorAll('.head .button')].find((b) => b.innerText === 'Companies').click()",
    );
    side_by_side("Shenzhen Keji");
    window.press(&[key::ENTER]);
    window.says("No duplicates");

    // Two that were selected in the list, and one that is named on the page of the other.
    people(&window);
    window.press(&["x", key::DOWN]);
    window.press(&["x"]);
    window.wait("#merge-selected");
    window.accessibility("two are selected");
    window.press(&["m"]);
    window.wait("#compare .choice");
    window.picture("b2-selected");
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    window.press(&[key::END, key::ENTER]);
    window.wait("#record-title");
    window.press(&["m"]);
    window.wait("#merge-with");
    window.type_keys("zoe");
    window.wait("#merge-0");
    window.accessibility("merge with");
    window.picture("b3-merge-with");
    window.press(&[key::ENTER]);
    window.wait("#compare");
    window.press(&[key::DOWN, key::UP, key::RIGHT, key::LEFT]);
    window.press(&[key::ENTER]);
    window.wait("#record-title");
    window.click("#nav-trash");
    window.says("Chérif");

    dress(&window, "zh", "dark");
    window.wait("#today");
    window.press(&["g", "u"]);
    window.wait("#compare");
    window.says("电话相同");
    window.accessibility("duplicates, Chinese, dark");
    window.picture("b4-duplicates-zh-dark");
    dress(&window, "en", "light");
}

/// Reports in both languages: a chart opens with its table, a number lists what it counts, and the way back is a key.
#[test]
fn a_rep_reads_reports() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["g", "r"]);
    window.says("Nothing to report yet");
    window.accessibility("no reports yet");
    window.picture("100-reports-empty");
    window.press(&["g", "y"]);
    window.click("#sample");
    window.says("120 people");
    window.press(&["g", "r"]);
    window.wait("#reports [data-report='people']");
    window.says("open deals");
    let charts = window.script("return document.querySelectorAll('#reports [role=img]').length");
    assert_eq!(charts, 8, "each report has its chart");
    window.accessibility("reports");
    window.picture("101-reports");

    // One of them: its table, and the records behind a number.
    window.click("[data-report='closed']");
    window.wait("#report table");
    window.accessibility("a report");
    window.picture("102-closed");
    let won = window.script("return document.querySelector('#report tfoot td button').innerText");
    window.click("#report tfoot td button");
    window.wait("#within");
    window.until("as many as were counted", || (won.as_str()? == window.text("#total")).then_some(()));
    window.accessibility("a list of what a report counts");
    window.picture("103-within");
    window.press(&[key::ESCAPE]);
    window.wait("#report table");
    window.press(&[key::ESCAPE]);
    window.wait("#reports");
    for (at, report) in ["forecast", "ageing", "conversion", "pipeline"].iter().enumerate() {
        window.click(&format!("[data-report='{report}']"));
        window.wait("#report table");
        window.accessibility(report);
        window.picture(&format!("{}-{report}", 104 + at));
        window.click("#all-reports");
        window.wait("#reports");
    }
    // By keys alone: the palette knows each report, arrows walk its rows, Enter lists.
    window.press(&[key::CTRL, "k"]);
    window.wait("#palette-input");
    window.type_keys("new people");
    window.press(&[key::ENTER]);
    window.wait("#report table");
    window.press(&[key::DOWN, key::ENTER]);
    window.wait("#within");

    dress(&window, "zh", "dark");
    window.wait("#nav-reports");
    window.click("#nav-reports");
    window.says("各阶段商机");
    window.wait("#reports [data-report='people']");
    window.accessibility("reports in Chinese, dark");
    window.picture("108-reports-zh-dark");
    window.click("[data-report='activities']");
    window.wait("#report table");
    window.accessibility("a report in Chinese, dark");
    window.picture("109-activities-zh-dark");
    dress(&window, "en", "light");
}

/// Which columns, in which groups, under which conditions: without the mouse, and as it was at the next start.
#[test]
fn a_list_is_arranged() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let vault = dir.path().join("vault");
    let window = Window::open(&vault, &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.wait("#sample");
    window.click("#sample");
    people(&window);
    window.wait("#grid .grid-row");
    window.click("#nav-deal");
    window.wait("#board");
    window.click("#as-list");
    window.wait("#grid .grid-row");
    window.until("what they come to", || window.text("#sums").contains('€').then_some(()));

    window.press(&["v"]);
    window.wait("#group-by");
    window.accessibility("columns of a list");
    window.picture("130-columns");
    window.script(
        "const select = document.querySelector('#group-by'); Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(select, 'owner'); select.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    window.wait(".group-head");
    let column = |name: &str| {
        window.script(&format!(
            "[...document.querySelectorAll('#columns label')].find((l) => l.innerText.trim() === '{name}').querySelector('input').click()"
        ));
    };
    column("Next step");
    column("Source");
    column("Changed");
    window.press(&[key::ESCAPE]);
    window.gone("#columns");
    window.until("the columns", || {
        let heads = window.text("#grid .grid-head");
        (heads.contains("Source") && !heads.contains("Changed")).then_some(())
    });
    window.accessibility("a list in groups");
    window.picture("131-groups");
    // The first row stands under the head of its group, and keys walk from row to row.
    window.press(&[key::END]);
    window.wait(".grid-row.current");
    window.press(&[key::HOME]);
    window.until("the head above it", || {
        let top = window.script("return document.querySelector('#grid .grid-body').scrollTop");
        (top.as_f64() == Some(0.0)).then_some(())
    });

    window.press(&["f"]);
    window.wait("#add-condition");
    window.accessibility("a filter is built");
    window.script(
        "const set = (e, v) => { Object.getOwnPropertyDescriptor(e.constructor.prototype, 'value').set.call(e, v); e.dispatchEvent(new Event('change', { bubbles: true })) }; const [field] = document.querySelectorAll('.condition select'); set(field, 'value');",
    );
    window.until("its comparisons", || {
        window.script("const all = document.querySelectorAll('.condition select'); const set = (e, v) => { Object.getOwnPropertyDescriptor(e.constructor.prototype, 'value').set.call(e, v); e.dispatchEvent(new Event('change', { bubbles: true })) }; set(all[1], '>'); return all[1].value === '>'").as_bool()?.then_some(())
    });
    window.click(".condition input");
    window.type_keys("5000");
    window.picture("132-filter");
    window.press(&[key::ENTER]);
    window.gone("#add-condition");
    window.until("the condition", || {
        let filter = window.script("return document.querySelector('#filter').value");
        (filter.as_str() == Some("value > '5000'")).then_some(())
    });
    window.picture("133-filtered");
    drop(window);

    // As it was, in Chinese and dark.
    let window = Window::open(&vault, &[]);
    window.wait("#today");
    dress(&window, "zh", "dark");
    window.wait("#nav-deal");
    window.click("#nav-deal");
    window.wait("#as-list");
    window.click("#as-list");
    window.wait(".group-head");
    window.accessibility("a list in groups, Chinese, dark");
    window.picture("134-groups-zh-dark");
    window.press(&["v"]);
    window.wait("#usual");
    window.picture("135-columns-zh-dark");
    window.click("#usual");
    window.gone(".group-head");
    window.press(&[key::ESCAPE]);
    dress(&window, "en", "light");
}

/// A week is planned by keys and by mouse, in both languages and both dresses; what is moved is one step back.
#[test]
fn a_week_is_planned() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["g", "k"]);
    window.wait("#hours");
    window.accessibility("an empty week");
    let item = |title: &str| format!("[data-title='{title}']");
    let day_of = |title: &str| {
        let script = format!(
            "return document.querySelector(\"[data-title='{title}']\")?.closest('[data-day]').dataset.day"
        );
        window.try_script(&script)?.as_str().map(str::to_owned)
    };
    let plan = |what: &str, subject: &str, when: &str| {
        window.press(&["c"]);
        window.wait("#plan-subject");
        window.click(&format!("#plan-{what}"));
        window.fill("#plan-subject", subject);
        window.fill("#plan-when", when);
        window.click("#plan-subject");
        window.press(&[key::ENTER]);
        window.gone("#plan-subject");
    };
    // Wednesday of this week, whatever day it is.
    let day = |n: i64| {
        let today = jiff::ZonedDateTime::now().date();
        let monday = i64::from(today.weekday().to_monday_zero_offset());
        today.checked_add(jiff::Span::new().days(n - monday)).unwrap().to_string()
    };
    plan("visit", "Show samples", &format!("{} 10:00", day(2)));
    window.says("Show samples is planned");
    window.wait(&item("Show samples"));
    plan("meeting", "Offer", &format!("{} 10:30", day(2)));
    plan("call", "Ring Zoe", &format!("{} 14:00", day(3)));
    plan("task", "Write the offer", &day(2));
    window.until("all four", || {
        let all = window.script("return document.querySelectorAll('[data-item]').length");
        (all.as_u64()? == 4).then_some(())
    });
    // What cannot be a day keeps the dialog and says why.
    window.press(&["c"]);
    window.wait("#plan-subject");
    window.accessibility("planning");
    window.fill("#plan-subject", "Never");
    window.fill("#plan-when", "2026-02-30 10:00");
    window.click("#plan-add");
    window.wait("[role=alert]");
    window.picture("b1-plan");
    window.press(&[key::ESCAPE]);
    window.gone("#plan-subject");
    // Those that overlap stand side by side.
    let overlap = window.script(
        "const [a, b] = ['Show samples', 'Offer'].map((t) => document.querySelector(`[data-title='${t}']`).getBoundingClientRect());
         return a.right <= b.left + 2 || b.right <= a.left + 2",
    );
    assert_eq!(overlap.as_bool(), Some(true));
    window.accessibility("a week");
    window.picture("b2-week");

    // By keys: to another day, later, longer; each is one step back.
    window.script("document.querySelector(\"[data-title='Ring Zoe']\").focus()");
    window.press(&[key::ALT, key::RIGHT]);
    window.until("a day later", || (day_of("Ring Zoe")? == day(4)).then_some(()));
    let label = |title: &str| {
        let script = format!("return document.querySelector(\"[data-title='{title}']\")?.textContent ?? ''");
        window.script(&script).as_str().unwrap_or_default().to_owned()
    };
    window.press(&[key::ALT, key::DOWN]);
    window.until("a quarter later", || label("Ring Zoe").contains(":15").then_some(()));
    window.until("the focus stays with it", || {
        window.script("return document.activeElement?.dataset.title").as_str()?.eq("Ring Zoe").then_some(())
    });
    window.press(&[key::CTRL, "z"]);
    window.until("back by one step", || label("Ring Zoe").contains(":00").then_some(()));
    // By mouse: onto another day.
    window.drag(&item("Write the offer"), &format!(".day-head[data-day='{}']", day(0)));
    window.until("dragged", || (day_of("Write the offer")? == day(0)).then_some(()));
    // An empty place is clicked: there something is planned.
    window.click(&format!(".hours-day[data-day='{}']", day(5)));
    window.wait("#plan-when");
    let when = window.script("return document.querySelector('#plan-when').value");
    assert!(when.as_str().is_some_and(|w| w.starts_with(&day(5))), "{when}");
    window.press(&[key::ESCAPE]);
    window.gone("#plan-when");

    // The other views, and a record and back.
    window.press(&["m"]);
    window.wait("#month");
    window.says("Show samples");
    window.accessibility("a month");
    window.picture("b3-month");
    window.press(&["]"]);
    window.press(&["t"]);
    window.press(&["a"]);
    window.until("the agenda or nothing", || {
        window.try_script("return !!document.querySelector('#agenda, .lead')")?.as_bool()?.then_some(())
    });
    window.accessibility("an agenda");
    window.press(&["d"]);
    window.wait(".hours.one");
    window.accessibility("a day by its hours");
    window.press(&["w"]);
    window.wait(&item("Offer"));
    window.script("document.querySelector(\"[data-title='Offer']\").focus()");
    window.press(&[key::ENTER]);
    window.until("the meeting", || (window.text("#record-title") == "Offer").then_some(()));
    // Whom it can be given to is offered.
    window.click("#value-owner");
    window.until("colleagues", || {
        window
            .try_script("return document.querySelector('#offered option')?.value === 'Ana'")?
            .as_bool()?
            .then_some(())
    });
    window.press(&[key::CTRL, "a"]);
    window.type_keys("Bo");
    window.press(&[key::ENTER]);
    window.until("given away", || (window.text("#value-owner") == "Bo").then_some(()));
    window.press(&[key::ESCAPE]);
    window.wait("#hours");
    // Of one person only.
    window.wait("#whose");
    window.script("const s = document.querySelector('#whose'); s.value = 'Bo'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.until("Bo's alone", || {
        let all = window.script(
            "return [...document.querySelectorAll('[data-item]')].map((e) => e.dataset.title).join()",
        );
        (all.as_str()? == "Offer").then_some(())
    });

    window.resize(1024, 640);
    dress(&window, "zh", "dark");
    window.click("#nav-calendar");
    window.wait(&item("Offer"));
    window.accessibility("a week, Chinese, dark, small");
    window.picture("b4-week-zh-dark");
    window.click("#view-month");
    window.wait("#month");
    window.accessibility("a month, Chinese, dark, small");
    window.picture("b5-month-zh-dark");
    dress(&window, "en", "light");
}

/// From an empty list of templates to letters that have left, one and many, and one that has come.
#[test]
fn a_letter_is_written() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    // What the system would start for a link says what it was given.
    let (programs, opened) = (dir.path().join("bin"), dir.path().join("opened"));
    std::fs::create_dir(&programs).unwrap();
    let program = programs.join("xdg-open");
    std::fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> '{}'\n", opened.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let window = Window::open_among(&programs, &dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["c"]);
    window.wait("#new-first_name");
    for text in ["Zoë", "Chérif", "zoe@norte.example", "+34 600 000 001"] {
        window.type_keys(text);
        window.press(&[key::TAB]);
    }
    window.click("#create");
    window.until("Zoë", || (window.text("#record-title") == "Zoë Chérif").then_some(()));
    let was_opened = |what: &str| {
        window.until(what, || {
            std::fs::read_to_string(&opened).unwrap_or_default().contains(what).then_some(())
        });
    };
    window.press(&["t"]);
    was_opened("tel:+34600000001");

    // A template, seen as it goes to somebody while it is written.
    window.press(&["g", "e"]);
    window.says("No templates yet");
    window.accessibility("no templates");
    window.picture("120-templates-empty");
    window.press(&["c"]);
    window.wait("#template-subject");
    let write = |css: &str, text: &str| {
        window.click(css);
        window.press(&[key::CTRL, "a"]);
        window.type_keys(text);
    };
    write("#template-name", "Offer");
    write("#template-subject", "Your offer, {{first_name|hello}}");
    write("#template-body", "Dear {{name}}, {{company.name}} {{titel}}");
    window.says("No such field: titel");
    window.says("Without a value: Company · Name");
    window.says("Your offer, Zoë");
    window.accessibility("a template");
    window.picture("121-template");
    write("#template-subject", "Your offer, {{first_name|hello}}");
    write("#template-body", "Dear {{name}}, {{title}} ");
    window.script("const s = document.querySelector('#template-insert'); s.value = '{{me}}'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.until("my name", || window.text("#template-preview").contains("{{title}} Ana").then_some(()));
    window.script("document.activeElement.blur()");
    window.says("Offer");
    // What was written is saved by now.
    window.until("the saved text", || {
        let list = "const done = arguments[arguments.length - 1]; window.__TAURI_INTERNALS__.invoke('plugin:satchel|list', { kind: 'template', request: { filter: '', text: '', sort: '', trash: false, offset: 0, limit: 1 } }).then((page) => done(page.rows[0].fields.body))";
        window.script_async(list).as_str()?.contains("{{me}}").then_some(())
    });
    window.press(&[key::CTRL, "z"]);
    window.until("the text before", || {
        window
            .script("return document.querySelector('#template-body').value.includes('titel')")
            .as_bool()?
            .then_some(())
    });
    window.press(&[key::CTRL, key::SHIFT, "z"]);
    window.until("the text again", || {
        window
            .script("return document.querySelector('#template-body').value.includes('{{me}}')")
            .as_bool()?
            .then_some(())
    });

    // Nothing leaves with a hole; filled, it opens in the mail program, and is noted by one key.
    people(&window);
    window.press(&[key::ENTER]);
    window.wait("#write");
    window.press(&["w"]);
    window.wait("#letter-template option:nth-of-type(2)");
    window.script("const s = document.querySelector('#letter-template'); s.selectedIndex = 1; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.says("Without a value: Job title");
    window.wait("#letter-send:disabled");
    window.accessibility("a letter that lacks something");
    window.picture("122-letter-missing");
    window.fill("#letter-body", "Dear Zoë, yours & mine\n");
    window.wait("#letter-send:enabled");
    window.picture("123-letter");
    window.click("#letter-body");
    window.press(&[key::CTRL, key::SHIFT, key::ENTER]);
    was_opened(
        "mailto:zoe@norte.example?subject=Your%20offer%2C%20Zo%C3%AB&body=Dear%20Zo%C3%AB%2C%20yours%20%26%20mine",
    );
    window.gone("#write-letter");
    window.until("the letter in the timeline", || {
        window.text("#moments").contains("Your offer, Zoë").then_some(())
    });
    window.picture("124-noted");

    // What the dialogs of the system would answer is given to the commands.
    let ask = |command: &str, args: &str| {
        window.script_async(&format!(
            "const done = arguments[arguments.length - 1];
             const ask = (name, args) => window.__TAURI_INTERNALS__.invoke('plugin:satchel|' + name, args);
             const one = (kind) => ask('list', {{ kind, request: {{ filter: '', text: '', sort: '', trash: false, offset: 0, limit: 1 }} }}).then((page) => page.rows[0].id);
             Promise.all([one('person'), one('template')])
               .then(([person, template]) => ask('{command}', {args}))
               .then((answer) => done(answer ?? 'done'), (e) => done(e.message));"
        ))
    };
    let reply = dir.path().join("reply.eml");
    std::fs::write(&reply, "Message-ID: <1@x>\nFrom: zoe@norte.example\nTo: ana@x.example\nSubject: Re: Your offer\nDate: Fri, 27 Nov 2026 09:30:00 +0100\n\nAgreed.").unwrap();
    let logged = ask("log_mail", &format!("{{ record: person, path: {reply:?} }}"));
    assert_eq!((logged["known"].as_bool(), logged["direction"].as_str()), (Some(false), Some("in")));
    window.until("the reply in the timeline", || window.text("#moments").contains("Agreed.").then_some(()));
    let draft = dir.path().join("a.eml");
    let letter =
        "{ about: person, name: '', address: 'zoe@norte.example', subject: 's', body: 'b', quote: null }";
    let refused = ask("open_draft", &format!("{{ path: {reply:?} }}"));
    assert!(refused.as_str().unwrap().contains("just written"), "{refused}");
    let saved = ask("save_draft", &format!("{{ letter: {letter}, path: {draft:?} }}"));
    assert_eq!(saved["notices"].as_array().map(Vec::len), Some(0), "{saved}");
    assert_eq!(ask("open_draft", &format!("{{ path: {draft:?} }}")), "done");
    was_opened("a.eml");
    assert!(ask("dial", "{ number: 'https://x.example' }").as_str().unwrap().contains("no number"));

    // To many, in Chinese and dark.
    dress(&window, "zh", "dark");
    people(&window);
    window.press(&[key::CTRL, "a"]);
    window.wait("#write-selected");
    window.press(&["w"]);
    window.wait("#merge-preview");
    window.says("第一位");
    window.accessibility("one letter to many, Chinese, dark");
    window.picture("125-merge-zh-dark");
    window.press(&[key::ESCAPE]);
    let merged =
        ask("merge_mail", &format!("{{ template, people: [person], folder: {:?}, log: false }}", dir.path()));
    assert_eq!(merged["left_out"][0]["why"], "missing");
    window.press(&[key::ESCAPE]);
    window.press(&["g", "e"]);
    window.wait("#template-preview .letter");
    window.accessibility("a template, Chinese, dark");
    window.picture("126-template-zh-dark");
    window.resize(1024, 640);
    window.picture("127-template-small");
    dress(&window, "en", "light");
}

#[test]
fn fields_are_made() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    let choose = |id: &str, value: &str| {
        // As a person does who types the first letters.
        window.script(&format!(
            "const s = document.querySelector('#{id}');
             Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(s, '{value}');
             s.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ));
    };
    // The palette leads there, in either language's words.
    window.press(&[key::CTRL, "k"]);
    window.wait("#palette-input");
    window.type_keys("own fields");
    window.press(&[key::ENTER]);
    window.wait("#own-fields");
    window.says("have no fields of your own yet");
    window.accessibility("own fields, none");
    let add = |label: &str, ty: &str, more: &dyn Fn()| {
        window.fill("#field-label", label);
        choose("field-type", ty);
        more();
        window.click("#add-field");
        let key = format!("x_{}", label.to_lowercase());
        window.wait(&format!("[data-field='{key}']"));
    };
    add("Size", "number", &|| {});
    add("Likes", "multi_choice", &|| window.fill("#field-options", "tea, coffee, wine"));
    add("Mentor", "link", &|| {});
    add("Twice", "formula", &|| window.fill("#field-formula", "Size * 2"));
    window.says("= x_size * 2");
    // What is not understood says where.
    window.fill("#field-label", "Bad");
    choose("field-type", "formula");
    window.fill("#field-formula", "Size *");
    window.click("#add-field");
    window.says("not understood at position 6");
    window.accessibility("own fields");
    window.picture("130-fields");
    // By keys: up by one, and the options of a choice.
    window.script("document.querySelector(\"[data-field='x_twice'] button[aria-expanded]\").focus()");
    window.press(&[key::ALT, key::UP]);
    window.until("the formula is before the reference", || {
        let order = window.script(
            "return [...document.querySelectorAll('.own-list > li')].map((l) => l.dataset.field).join(' ')",
        );
        (order.as_str()? == "x_size x_likes x_twice x_mentor").then_some(())
    });
    window.click("[data-field='x_likes'] button[aria-expanded]");
    window.wait("#field-x_likes-label");
    window.accessibility("a field's details");
    window.picture("131-field-details");
    window.fill("[data-field='x_likes'] fieldset input[aria-label='Option 1']", "chai");
    window.click("#field-x_likes-save");
    window.says("chai, coffee, wine");

    // On a form and a list at once.
    people(&window);
    window.press(&["c"]);
    window.wait("#new-first_name");
    window.type_keys("Ana");
    window.press(&[key::ENTER]);
    window.until("the person", || (window.text("#record-title") == "Ana").then_some(()));
    window.says("Size is empty");
    window.click("#value-x_size");
    window.wait("#edit-x_size");
    window.type_keys("21");
    window.press(&[key::ENTER]);
    window.until("the formula", || (window.text("#value-x_twice") == "42").then_some(()));
    window.click("#value-x_likes");
    window.wait("#edit-x_likes");
    window.accessibility("a multiple choice");
    window.press(&[" "]);
    window.press(&[key::ENTER]);
    window.until("the choice", || (window.text("#value-x_likes") == "chai").then_some(()));
    window.accessibility("own fields of a person");
    window.picture("132-person");
    window.press(&[key::ESCAPE]);
    window.wait("#grid");
    window.says("Twice");
    window.says("42");
    window.picture("133-list");

    // A stage is taken away with a deal in it, and the deal goes elsewhere.
    window.press(&["g"]);
    window.press(&["d"]);
    window.wait("#board");
    window.press(&["c"]);
    window.wait("#new-name");
    window.type_keys("Pump");
    window.press(&[key::ENTER]);
    window.until("the deal", || (window.text("#record-title") == "Pump").then_some(()));
    dress(&window, "zh", "dark");
    window.wait("#nav-settings");
    window.press(&[key::CTRL, "k"]);
    window.wait("#palette-input");
    window.type_keys("guandao");
    window.press(&[key::ENTER]);
    window.wait(".stages tr[data-step]");
    window.until("the part of the settings", || {
        window.try_script("return document.activeElement.id === 'pipelines'")?.as_bool()?.then_some(())
    });
    window.accessibility("pipelines in Chinese, dark");
    window.script("document.querySelector('#pipelines').scrollIntoView()");
    window.picture("134-pipelines-zh-dark");
    window.click(".stages tr[data-step]:first-child button:last-of-type");
    window.click("#nav-deal");
    window.wait("#board");
    window.says("该阶段已被删除");
    window.accessibility("a board with a removed stage");
    window.picture("135-removed-stage");
    let to = window.script("return document.querySelector('#board header select').options[1].value");
    window.script(&format!(
        "const s = document.querySelector('#board header select');
         Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(s, '{}');
         s.dispatchEvent(new Event('change', {{ bubbles: true }}));",
        to.as_str().unwrap()
    ));
    window.until("the button can be pressed", || {
        window
            .try_script("return !document.querySelector('#board header button').disabled")?
            .as_bool()?
            .then_some(())
    });
    window.click("#board header button");
    window.says("已把 1 个商机移到");
    window.until("the column is gone", || {
        (!window.try_script("return !!document.querySelector('#board header select')")?.as_bool()?)
            .then_some(())
    });
    dress(&window, "en", "light");
}

/// What is unusual is told, seen, and on record; and the record is checked on the spot.
#[test]
fn an_alert_is_told_and_the_trail_is_read() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["g", "l"]);
    window.click("#tab-alerts");
    window.says("Nothing unusual");
    window.accessibility("no alerts yet");
    window.picture("200-alerts-empty");
    // A threshold of one's own is taken when the field is left.
    window.fill("#rule-deletions", "50");
    window.press(&[key::ESCAPE]);
    window.press(&["g", "y"]);
    window.click("#sample");
    window.says("120 people");
    people(&window);
    window.press(&[key::CTRL, "a"]);
    window.says("120 selected");
    window.press(&[key::DELETE]);
    window.says("Alert: many deletions");
    window.wait("#status-alerts");
    window.click("#status-alerts");
    window.says("120 records were deleted within an hour");
    window.accessibility("an alert");
    window.picture("201-alert");
    window.click("#alerts li .button:not(.plain)");
    window.says("seen by Ana");
    window.gone("#status-alerts");

    window.press(&["g", "l"]);
    window.click("#tab-alerts");
    window.press(&[key::RIGHT]);
    window.wait("#trail tbody tr");
    window.says("People 120");
    window.click("#verify-trail");
    window.says("The trail is whole");
    window.accessibility("the trail");
    window.picture("202-trail");
    window.script("const s = document.querySelector('#trail-act'); s.value = 'unlock'; s.dispatchEvent(new Event('change', { bubbles: true }))");
    window.until("one line", || {
        let lines = window.try_script("return document.querySelectorAll('#trail tbody tr').length")?;
        (lines.as_u64()? == 1).then_some(())
    });
    for (language, theme, at) in [("zh", "dark", "203"), ("zh", "light", "205"), ("en", "dark", "207")] {
        dress(&window, language, theme);
        window.wait("#nav-safety");
        window.click("#nav-safety");
        window.click("#tab-alerts");
        window.wait("#alerts li");
        window.accessibility(&format!("alerts, {language}, {theme}"));
        window.picture(&format!("{at}-alerts-{language}-{theme}"));
        window.click("#tab-trail");
        window.wait("#trail tbody tr");
        window.accessibility(&format!("trail, {language}, {theme}"));
        window.picture(&format!("{at}-trail-{language}-{theme}"));
    }
    dress(&window, "en", "light");
    window.resize(1024, 640);
    window.click("#nav-safety");
    window.click("#tab-trail");
    window.wait("#trail tbody tr");
    window.picture("209-trail-small");
    dress(&window, "en", "light");
}

/// The health of a vault, its backups, the proof; and another laptop that is made of one by the paper kit.
#[test]
fn what_is_backed_up_comes_back() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    let groups = create_vault(&window, "Norte Foods");
    window.press(&["c"]);
    window.wait("#new-first_name");
    window.type_keys("Zoe");
    window.click("#create");
    window.wait("#value-title");

    window.press(&["g", "l"]);
    window.wait("[data-mend=back_up]");
    window.says("There is no backup.");
    window.accessibility("health");
    window.picture("210-health");
    window.click("[data-mend=back_up]");
    window.says("on this computer’s disk only");
    window.click("#tab-backups");
    window.says("No backup has been proven yet");
    window.accessibility("backups");
    window.picture("211-backups");
    window.click("#drill");
    window.says("Last proven restore");
    window.says("the same versions as were backed up");
    // The paper kit, with a slip first.
    window.click("#kit-begin");
    window.fill("#kit-code", &groups[..7].join("-"));
    window.click("#kit-drill");
    window.wait("[role=alert]");
    window.fill("#kit-code", &groups.join("-"));
    window.click("#kit-drill");
    window.says("Last tried");
    window.accessibility("backups, proven");
    window.picture("212-backups-proven");
    let file = window.script("return document.querySelector('#backups td[title]').title");
    for (language, theme, at) in [("zh", "dark", "213"), ("zh", "light", "215"), ("en", "dark", "217")] {
        dress(&window, language, theme);
        window.wait("#nav-safety");
        window.click("#nav-safety");
        window.wait("#health-all");
        window.accessibility(&format!("health, {language}, {theme}"));
        window.picture(&format!("{at}-health-{language}-{theme}"));
        window.click("#tab-backups");
        window.wait("#backups");
        window.accessibility(&format!("backups, {language}, {theme}"));
        window.picture(&format!("{at}-backups-{language}-{theme}"));
    }
    dress(&window, "en", "light");
    window.resize(1024, 640);
    window.click("#nav-safety");
    window.click("#tab-backups");
    window.wait("#backups");
    window.picture("219-backups-small");
    drop(window);

    let other = Window::open(&dir.path().join("new"), &[]);
    other.wait("#workspace");
    other.click("#restore-backup");
    other.accessibility("restore");
    other.picture("220-restore");
    other.fill("#restore-file", file.as_str().unwrap());
    other.fill("#restore-key", "not the passphrase");
    other.click("#restore");
    other.wait("[role=alert]");
    other.fill("#restore-key", &groups.join("-"));
    other.click("#restore");
    people(&other);
    other.says("Zoe");
}

/// Notes that mention, favourites at hand, a list as it was, and the guide.
#[test]
fn a_rep_writes_notes_and_looks_back() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    let person = |first: &str, last: &str| {
        people(&window);
        window.press(&["c"]);
        window.wait("#new-first_name");
        window.type_keys(first);
        window.press(&[key::TAB]);
        window.type_keys(last);
        window.press(&[key::ENTER]);
        let shown = format!("return document.querySelector('#record-title')?.innerText === '{first} {last}'");
        window.until("the page of a person", || window.script(&shown).as_bool()?.then_some(()));
    };
    person("Zoe", "Chérif");
    person("Ana", "Ruiz");

    // A note: marks by keys, a mention by its first letters.
    window.click("#value-notes");
    window.wait("#edit-notes");
    window.press(&[key::CTRL, "b"]);
    window.type_keys("Met");
    window.press(&[key::RIGHT]);
    window.press(&[key::RIGHT]);
    window.type_keys(" @zoe");
    window.wait(".mention-list [role=option]");
    window.accessibility("mentioning somebody");
    window.picture("140-mentioning");
    window.press(&[key::ENTER]);
    window.type_keys("at https://norte.example/fair");
    window.press(&[key::ENTER]);
    window.press(&[key::ENTER]);
    window.press(&[key::CTRL, key::SHIFT, "9"]);
    window.type_keys("send <b>samples</b>");
    window.press(&[key::ENTER]);
    window.type_keys("call again");
    window.press(&[key::CTRL, key::ENTER]);
    window.wait(".written .mention");
    window.wait(".written strong");
    assert_eq!(window.text(".written .mention"), "Zoe Chérif");
    assert_eq!(window.script("return document.querySelectorAll('.written .todo').length").as_u64(), Some(2));
    assert_eq!(window.text(".written .todo").trim(), "send <b>samples</b>", "what is no Markdown is text");
    assert_eq!(window.script("return document.querySelectorAll('.written b, .written a').length"), 0);
    window.accessibility("a note");
    window.picture("141-note");
    // What was said is a note, too.
    window.press(&["6"]);
    window.type_keys("Asked for @che");
    window.wait(".mention-list [role=option]");
    window.press(&[key::ENTER]);
    window.press(&[key::CTRL, key::ENTER]);
    window.until("what was said", || window.text("#moments").contains("Asked for").then_some(()));
    window.click(".written .mention");
    window.wait("#mentioned-in");
    window.until("who mentions her", || {
        let said = window.text("#mentioned-in");
        (said.contains("Ana Ruiz") && said.contains("Asked for Zoe")).then_some(())
    });
    window.accessibility("mentioned in");
    window.picture("142-mentioned-in");

    // At hand: a record and a list, in an order of one's own.
    window.press(&["*"]);
    window.wait("#favourites");
    people(&window);
    window.press(&["*"]);
    let favourites =
        "return [...document.querySelectorAll('#favourites button')].map((b) => b.innerText.trim()).join()";
    let are = |wanted: &str| {
        window.until(wanted, || (window.script(favourites).as_str()? == wanted).then_some(()));
    };
    are("Zoe Chérif,People");
    window.script("document.querySelectorAll('#favourites button')[1].focus()");
    window.press(&[key::ALT, key::UP]);
    are("People,Zoe Chérif");
    window.drag("#favourites button:nth-of-type(1)", "#favourites button:nth-of-type(2)");
    are("Zoe Chérif,People");
    window.script("document.querySelectorAll('#favourites button')[0].focus()");
    window.press(&[key::DELETE]);
    are("People");
    window.click(".toast:last-child button");
    are("Zoe Chérif,People");
    window.accessibility("favourites");
    window.picture("143-favourites");
    window.click("#favourites button:nth-of-type(1)");
    window.until("her page", || (window.text("#record-title") == "Zoe Chérif").then_some(()));

    // A list as it was.
    let then = window.script("return new Date().toISOString()");
    std::thread::sleep(std::time::Duration::from_millis(20));
    window.press(&[key::DELETE]);
    window.wait("#nav-trash .count");
    people(&window);
    window.press(&["b"]);
    window.wait("#past-when");
    window.fill("#past-when", "tomorrow");
    window.press(&[key::ENTER]);
    window.wait("#past-error");
    window.fill("#past-when", then.as_str().unwrap());
    window.press(&[key::ENTER]);
    window.wait("#past-rows tr.deleted");
    window.says("This is the past");
    window.accessibility("a list as it was");
    window.picture("144-past");
    window.press(&["/"]);
    window.fill("#past-filter", "first_name = 'Zoe'");
    let rows = || window.script("return document.querySelectorAll('#past-rows tbody tr').length");
    window.until("only she", || (rows() == 1).then_some(()));
    window.press(&[key::ENTER]);
    window.press(&["f"]);
    window.wait(".filter-builder .condition");
    window.picture("144-past-filter");
    window.press(&[key::ESCAPE]);
    window.press(&["j", "x"]);
    window.press(&["r"]);
    window.wait("#restore-now");
    window.says("1 deleted record comes back");
    window.accessibility("going back");
    window.picture("145-going-back");
    window.click("#restore-now");
    window.until("nobody is missing", || {
        window.script("return !document.querySelector('#past-rows tr.deleted')").as_bool()?.then_some(())
    });
    window.click("#restore-book");
    window.wait("#restore-now");
    window.press(&[key::ESCAPE]);

    // The guide, at the page of the screen; and what a search finds in it.
    window.press(&[key::F1]);
    window.wait("#guide-past[aria-current=page]");
    window.says("Going back");
    window.accessibility("the guide");
    window.picture("146-guide");
    window.press(&["/"]);
    window.type_keys("mention pinyin");
    window.says("1 place");
    window.picture("147-guide-search");
    dress(&window, "zh", "dark");
    window.click("#guide-here");
    window.says("使用指南");
    window.click("#guide-notes");
    window.says("提及记录");
    window.accessibility("the guide in Chinese");
    window.picture("148-guide-zh");
    window.press(&["b"]);
    people(&window);
    window.fill("#filter", "first_name = 'Zoe'");
    window.press(&[key::ENTER]);
    window.press(&["b"]);
    window.fill("#past-when", then.as_str().unwrap());
    window.press(&[key::ENTER]);
    window.wait("#past-rows");
    assert_eq!(window.script("return document.querySelector('#past-filter').value"), "first_name = 'Zoe'");
    window.until("filtered as the list was", || (rows() == 1).then_some(()));
    window.accessibility("the past in Chinese");
    window.picture("149-past-zh");
    people(&window);
    window.click("#favourites button:nth-of-type(1)");
    window.wait("#mentioned-in");
    window.click("#mentioned-in button:last-child");
    window.wait(".note");
    window.accessibility("a note in Chinese");
    window.picture("150-note-zh");
    dress(&window, "en", "light");
}

/// On a bad day: what happened is chosen, each step is a button, and what was done is on record; a drill harms nothing.
#[test]
fn an_incident_is_gone_through_and_staff_take_the_tour() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let window = Window::open(&dir.path().join("vault"), &[]);
    window.wait("#workspace");
    dress(&window, "en", "light");
    window.wait("#workspace");
    create_vault(&window, "Norte Foods");
    window.press(&["g", "y"]);
    window.click("#sample");
    window.says("120 people");
    window.press(&["g", "x"]);
    window.says("What has happened?");
    window.accessibility("the chooser");
    window.picture("220-playbooks");
    window.click("[data-playbook=lost_laptop]");
    window.says("72 hours left");
    window.wait("#status-clock");
    window.click("[data-step=write_down] button");
    window.wait("[data-step=write_down] textarea");
    window.type_keys("In the train, seat 41");
    window.click("[data-step=write_down] form button");
    window.says("Noted: In the train, seat 41");
    window.click("[data-step=who_saw] button");
    window.wait("[data-step=who_saw] .scroll td");
    window.click("[data-step=notify] button");
    window.until("the draft", || {
        let text = window.try_script("return document.querySelector('#draft')?.value ?? ''")?;
        text.as_str()?.contains("Lost or stolen laptop").then_some(())
    });
    window.accessibility("an incident");
    window.picture("221-incident");
    window.press(&[key::ESCAPE]);
    window.click("#nav-today");
    window.wait("#today-clock");
    window.picture("222-today-clock");
    window.click("#today-clock button");
    window.click("#step-notify");
    window.gone("#incident-clock");
    window.click("#incident-close");
    window.says("Open it again");
    window.click("#incident-back");
    window.wait("#incidents li");
    // A drill changes nothing, and is timed.
    window.click("[data-drill=lost_laptop]");
    window.says("This is a drill");
    window.click("[data-step=renew_kit] button");
    window.says("A drill changes nothing");
    window.wait("[data-step=renew_kit].done");
    window.click("#incident-close");
    window.says("Open it again");
    window.click("#incident-back");
    window.says("took ");

    window.click("#tab-staff");
    window.click("#tour-begin");
    window.says("Page 1 of 7");
    window.accessibility("the tour");
    window.picture("223-tour");
    for _ in 0..6 {
        window.press(&[key::RIGHT]);
    }
    window.says("Page 7 of 7");
    window.click("#tour-next");
    window.wait("#training input:checked");
    window.click("#tab-configuration");
    window.says("Places for backups on other disks");
    window.accessibility("the configuration");
    for (language, theme, at) in
        [("zh", "dark", "225"), ("zh", "light", "226"), ("en", "dark", "227"), ("en", "light", "228")]
    {
        dress(&window, language, theme);
        window.wait("#nav-safety");
        window.click("#nav-safety");
        for (tab, there) in
            [("incidents", "#drills li"), ("staff", "#training"), ("configuration", "#config-export")]
        {
            window.click(&format!("#tab-{tab}"));
            window.wait(there);
            window.accessibility(&format!("{tab}, {language}, {theme}"));
            window.picture(&format!("{at}-{tab}-{language}-{theme}"));
        }
        window.click("#tab-incidents");
        window.click("#incidents li:last-child button");
        window.wait("#steps");
        window.accessibility(&format!("an incident, {language}, {theme}"));
        window.picture(&format!("{at}-incident-{language}-{theme}"));
    }
    dress(&window, "en", "light");
}
