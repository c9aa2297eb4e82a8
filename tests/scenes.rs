//! How each screen and each state worth a picture is reached.

use super::{Window, key};

/// One picture in each look.
pub struct Scene {
    /// Begins with the page of the router that it shows.
    pub name: &'static str,
    pub reach: fn(&Window),
    /// Follows from the scene before it, and leads to the next: reached even where it is not pictured.
    pub leads: bool,
}

const fn scene(name: &'static str, reach: fn(&Window)) -> Scene {
    Scene { name, reach, leads: false }
}

const fn then(name: &'static str, reach: fn(&Window)) -> Scene {
    Scene { name, reach, leads: true }
}

fn page(window: &Window, nav: &str) {
    window.click(&format!("#nav-{nav}"));
    window.wait(&format!("#nav-{nav}[aria-current]"));
}

fn list(window: &Window, kind: &str) {
    page(window, kind);
    window.wait("#grid .grid-row");
}

/// The n-th record of a list.
fn open(window: &Window, kind: &str, n: usize) {
    list(window, kind);
    for _ in 0..n {
        window.press(&["j"]);
    }
    window.press(&[key::ENTER]);
    window.wait("#record-title");
}

fn deals(window: &Window) {
    page(window, "deal");
    window.wait("#as-list");
    window.click("#as-list");
    window.wait("#grid .grid-row");
}

fn report(window: &Window, id: &str) {
    page(window, "reports");
    window.click(&format!("[data-report='{id}']"));
    window.wait("#report table");
}

/// The table of prices, with two price books that the demo does not have.
fn prices(window: &Window) {
    list(window, "product");
    window.click("#price-books");
    window.wait("#prices .grid-row");
    window.script_async(
        "const done = arguments[arguments.length - 1];
         const ask = (command, what) => window.__TAURI_INTERNALS__.invoke('plugin:satchel|' + command, what);
         (async () => {
           const { books, rows } = await ask('prices', { text: '', offset: 0, limit: 3 });
           if (books.length > 0) return done(true);
           const made = await ask('create', { kind: 'price_book', input: { name: 'Resellers', discount: 10 } });
           await ask('create', { kind: 'price_book', input: { name: 'Abroad', currency: 'USD' } });
           for (const row of rows) await ask('set_price', { product: row.product, priceBook: made.id, amount: '95.50' });
           done(true);
         })()",
    );
    window.wait("#prices .grid-head [data-book]");
}

fn settings(window: &Window, part: &str) {
    page(window, "settings");
    window.wait("#own-fields");
    window.rest();
    window.script(&format!(
        "const page = document.querySelector('.page'); const part = document.querySelector({part:?});
         page.scrollTop += part.getBoundingClientRect().top - page.getBoundingClientRect().top - 12;"
    ));
}

fn choose(window: &Window, css: &str, at: usize) {
    window.wait(&format!("{css} option:nth-of-type({})", at + 1));
    window.script(&format!(
        "const s = document.querySelector({css:?}); s.selectedIndex = {at}; s.dispatchEvent(new Event('change', {{ bubbles: true }}))"
    ));
}

fn paste(window: &Window) {
    page(window, "import");
    window.wait("#choose-file");
    window.script(
        "const data = new DataTransfer();
         data.setData('text/plain', 'Name\\tE-mail\\tPhone\\tCompany\\tShoe size\\tNext visit\\n王伟\\twang@x.example\\t13800138000\\t深圳华科技有限公司\\t42\\t2027-01-14\\nInés Prado\\tines@prado.example\\t+351 912 000 111\\tCasa Prado\\t38\\t\\nBo Bad\\tnot an address\\t\\t\\t\\t\\nTess Ward\\ttess@ward.example\\t+44 7700 900432\\tWard & Sons\\t\\tsoon\\n');
         window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))",
    );
    window.wait("#run-import");
}

/// What somebody sees who has no vault yet, and one with nothing in it.
pub const BEGINNING: &[Scene] = &[
    then("begin-welcome", |w| {
        w.wait("#workspace");
    }),
    then("begin-join", |w| {
        w.click("#join-team");
        w.wait("#join-link");
        w.fill("#join-link", "satchel-invite:nonsense");
        w.press(&[key::TAB]);
    }),
    then("begin-kit", |w| {
        w.script("window.before = true; setTimeout(() => location.reload(), 20)");
        w.until("the welcome", || {
            w.try_script("return !window.before && !!document.querySelector('#workspace')")?
                .as_bool()?
                .then_some(())
        });
        w.fill("#workspace", "Norte Foods");
        w.fill("#person", "Ana");
        w.click("#create-vault");
        w.wait("#kit code");
    }),
    then("begin-kit-wrong", |w| {
        w.fill("#kit-group-0", "AAAA");
        w.fill("#kit-group-1", "AAAA");
        w.click("#kit-done");
        w.wait("[role=alert]");
    }),
    then("empty-today", |w| {
        for at in 0..2 {
            let group = "const i = document.querySelector('#kit-group-N'); return document.querySelector('#kit code').innerText.split(/[-\\n]/)[i.dataset.group]".replace('N', &at.to_string());
            let group = w.script(&group);
            w.fill(&format!("#kit-group-{at}"), group.as_str().unwrap());
        }
        w.click("#kit-done");
        w.wait("#nav-today");
    }),
    then("empty-person", |w| page(w, "person")),
    then("empty-company", |w| page(w, "company")),
    then("empty-board", |w| page(w, "deal")),
    then("empty-task", |w| page(w, "task")),
    then("empty-activity", |w| page(w, "activity")),
    then("empty-quote", |w| page(w, "quote")),
    then("empty-product", |w| page(w, "product")),
    then("empty-calendar", |w| page(w, "calendar")),
    then("empty-reports", |w| page(w, "reports")),
    then("empty-templates", |w| page(w, "templates")),
    then("empty-duplicates", |w| page(w, "duplicates")),
    then("empty-history", |w| page(w, "history")),
    then("empty-trash", |w| page(w, "trash")),
];

/// A business in the middle of its work.
pub const DEMO: &[Scene] = &[
    scene("today", |w| {
        w.wait("#today");
    }),
    scene("today-next-step", |w| {
        w.wait("#today [data-task]");
        w.press(&[" "]);
        w.wait("#next-step");
        w.type_keys("call again in 2 weeks");
    }),
    scene("today-palette", |w| {
        w.press(&[key::CTRL, "k"]);
        w.wait("#palette-input");
    }),
    scene("today-palette-found", |w| {
        w.press(&[key::CTRL, "k"]);
        w.wait("#palette-input");
        w.type_keys("an");
        w.wait("#choice-2");
    }),
    scene("today-palette-nothing", |w| {
        w.press(&[key::CTRL, "k"]);
        w.wait("#palette-input");
        w.type_keys("zzzzqq");
    }),
    scene("today-keys", |w| {
        w.press(&["?"]);
        w.wait("[role=dialog]");
    }),
    scene("today-capture", |w| {
        w.press(&["q"]);
        w.wait("#capture");
        let known = w.script_async("const done = arguments[arguments.length - 1]; window.__TAURI_INTERNALS__.invoke('plugin:satchel|list', { kind: 'person', request: { filter: '', text: '', sort: '', trash: false, offset: 0, limit: 1 } }).then((page) => done(page.rows[0].title))");
        w.type_keys(&format!("{}, Sur SL, zoe@sur.example, +34 600 000 000", known.as_str().unwrap()));
        w.wait("#similar");
    }),
    scene("list-people", |w| list(w, "person")),
    scene("list-people-peek", |w| {
        list(w, "person");
        w.press(&["j"]);
        w.press(&[" "]);
        w.wait("#peek");
    }),
    scene("list-people-selected", |w| {
        list(w, "person");
        w.press(&["x"]);
        w.press(&["j"]);
        w.press(&["x"]);
        w.wait(".bulk");
    }),
    scene("list-people-cell", |w| {
        list(w, "person");
        w.press(&[key::RIGHT]);
        w.press(&[key::RIGHT]);
        w.press(&[key::F2]);
        w.wait(".grid-row input.input");
    }),
    scene("list-people-filter", |w| {
        list(w, "person");
        w.press(&["f"]);
        w.wait("#add-condition");
        w.click("#add-condition");
    }),
    scene("list-people-options", |w| {
        list(w, "person");
        w.press(&["v"]);
        w.wait("#group-by");
    }),
    scene("list-people-conditions", |w| {
        list(w, "person");
        w.fill("#filter", "title is not empty and notes is empty");
        w.press(&[key::ENTER]);
        w.wait(".chips li");
    }),
    scene("list-people-none", |w| {
        list(w, "person");
        w.fill("#filter", "zzzzqq");
        w.press(&[key::ENTER]);
        w.wait(".split .empty");
    }),
    scene("list-people-wrong", |w| {
        list(w, "person");
        w.fill("#filter", "created_at > 'soon' and title = ");
        w.press(&[key::ENTER]);
    }),
    scene("list-person-new", |w| {
        list(w, "person");
        w.press(&["c"]);
        w.wait("#new-emails");
        w.fill("#new-emails", "wrong");
        w.click("#create");
        w.wait("[role=alert]");
    }),
    scene("list-companies", |w| list(w, "company")),
    scene("list-deals", deals),
    scene("list-deal-new", |w| {
        page(w, "deal");
        w.wait("#board");
        w.press(&["c"]);
        w.wait("#new-name");
    }),
    scene("list-tasks", |w| list(w, "task")),
    scene("list-activities", |w| list(w, "activity")),
    scene("list-quotes", |w| list(w, "quote")),
    scene("list-products", |w| list(w, "product")),
    scene("record-person", |w| open(w, "person", 1)),
    scene("record-person-noting", |w| {
        open(w, "person", 1);
        w.rest();
        w.press(&["2"]);
        w.wait("#log-text");
        w.type_keys("Showed the samples");
        w.press(&[key::ENTER]);
        w.type_keys("send the offer fri 10");
    }),
    scene("record-person-editing", |w| {
        open(w, "person", 1);
        w.click("#value-emails");
        w.wait("[id^=edit-emails]");
    }),
    scene("record-person-all", |w| {
        open(w, "person", 1);
        w.click("#all-fields");
    }),
    scene("record-person-letter", |w| {
        open(w, "person", 1);
        w.rest();
        w.press(&["w"]);
        w.wait("#letter-template");
        choose(w, "#letter-template", 1);
    }),
    scene("record-person-merge", |w| {
        open(w, "person", 1);
        w.rest();
        w.press(&["m"]);
        w.wait("#merge-with");
        w.type_keys("a");
    }),
    scene("record-company", |w| open(w, "company", 1)),
    scene("record-deal", |w| {
        deals(w);
        w.press(&[key::ENTER]);
        w.wait("#record-title");
    }),
    scene("record-task", |w| open(w, "task", 0)),
    scene("record-activity", |w| open(w, "activity", 2)),
    scene("record-quote", |w| open(w, "quote", 0)),
    scene("record-product", |w| open(w, "product", 0)),
    scene("list-people-letters", |w| {
        list(w, "person");
        w.press(&["x"]);
        w.press(&["j"]);
        w.press(&["x"]);
        w.press(&["w"]);
        w.wait("#merge-preview, #letter-template");
    }),
    scene("board", |w| {
        page(w, "deal");
        w.wait("[data-card]");
    }),
    scene("board-lifted", |w| {
        page(w, "deal");
        w.wait("[data-card]");
        w.script("document.querySelector('[data-card]').focus()");
        w.press(&[" "]);
        w.press(&[key::RIGHT]);
    }),
    scene("board-lost", |w| {
        page(w, "deal");
        w.wait("[data-card]");
        w.script(
            "const s = document.querySelectorAll('[data-stage]')[3]; s.querySelector('[data-card]').focus()",
        );
        w.press(&[key::SHIFT, key::RIGHT]);
        w.rest();
        w.press(&[key::SHIFT, key::RIGHT]);
        w.wait("#why-lost");
    }),
    scene("calendar", |w| {
        page(w, "calendar");
        w.wait("#hours");
    }),
    scene("calendar-day", |w| {
        page(w, "calendar");
        w.press(&["d"]);
    }),
    scene("calendar-month", |w| {
        page(w, "calendar");
        w.press(&["m"]);
        w.wait("#month");
    }),
    scene("calendar-agenda", |w| {
        page(w, "calendar");
        w.press(&["a"]);
        w.wait("#agenda");
    }),
    scene("calendar-plan", |w| {
        page(w, "calendar");
        w.wait("#hours");
        w.press(&["c"]);
        w.wait("#plan-subject");
        w.type_keys("Show the new grinder");
    }),
    scene("reports", |w| {
        page(w, "reports");
        w.wait("#reports [data-report]");
    }),
    scene("reports-pipeline", |w| report(w, "pipeline")),
    scene("reports-closed", |w| report(w, "closed")),
    scene("reports-conversion", |w| report(w, "conversion")),
    scene("reports-lost", |w| report(w, "lost")),
    scene("reports-activities", |w| report(w, "activities")),
    scene("reports-people", |w| report(w, "people")),
    scene("list-within", |w| {
        report(w, "closed");
        w.click("#report tfoot td button");
        w.wait("#within");
    }),
    scene("prices", prices),
    scene("prices-editing", |w| {
        prices(w);
        w.script("document.querySelector('#prices').focus()");
        w.press(&[key::HOME]);
        w.press(&[key::RIGHT]);
        w.press(&[key::RIGHT]);
        w.press(&[key::F2]);
        w.wait("#prices input");
    }),
    scene("prices-book", |w| {
        prices(w);
        w.press(&["n"]);
        w.wait("#book-name");
    }),
    scene("templates", |w| {
        page(w, "templates");
        w.wait("#template-preview .letter");
    }),
    scene("team", |w| {
        page(w, "team");
        w.wait("#team");
    }),
    scene("team-connect-wrong", |w| {
        page(w, "team");
        w.wait("#remote-address");
        w.fill("#remote-address", "http://127.0.0.1:9/#setup=x");
        w.click("#connect");
        w.wait("#remote-error");
    }),
    scene("import", |w| {
        page(w, "import");
        w.wait("#choose-file");
    }),
    scene("import-preview", paste),
    scene("import-report", |w| {
        paste(w);
        w.click("#run-import");
        w.wait("#import-report");
    }),
    scene("duplicates", |w| {
        page(w, "duplicates");
        w.wait("#compare, .empty");
    }),
    scene("history", |w| {
        page(w, "history");
        w.wait("#operations");
    }),
    scene("list-trash", |w| {
        list(w, "task");
        w.press(&[key::DELETE]);
        w.rest();
        page(w, "trash");
        w.script("[...document.querySelectorAll('.head .button.plain')][3].click()");
        w.wait("#grid .grid-row");
    }),
    scene("settings", |w| {
        page(w, "settings");
        w.wait("#own-fields");
    }),
    scene("settings-security", |w| settings(w, "#new-passphrase")),
    scene("settings-fields", |w| settings(w, "#own-fields")),
    scene("settings-pipelines", |w| settings(w, "#pipelines")),
    scene("settings-letterhead", |w| settings(w, "#letterhead")),
    scene("settings-data", |w| settings(w, "#export-all")),
    scene("list-deals-grouped", |w| {
        deals(w);
        w.press(&["v"]);
        choose(w, "#group-by", 3);
        w.press(&[key::ESCAPE]);
        w.wait(".group-head");
    }),
];

pub const LOCKED: &[Scene] = &[
    scene("locked", |w| {
        w.press(&[key::CTRL, "l"]);
        w.wait("#unlock-keyring");
    }),
    then("locked-wrong", |w| {
        w.fill("#unlock-text", "AAAA-AAAA");
        w.click("#unlock-submit");
        w.wait("#unlock-error");
    }),
];
