//! What a rep does all day, from the key to the frame that shows it, in the real window on a vault of full size; beside it the same on a
//! vault of a hundred, and a frame that shows nothing. `cargo xtask bench ui`.

#![allow(clippy::unwrap_used)]

use satchel_tests::{
    PASSPHRASE, bin,
    browser::Window,
    reaction::{memory, reaction, started},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const FULL: [(&str, &str); 4] =
    [("--people", "100000"), ("--companies", "20000"), ("--deals", "50000"), ("--activities", "400000")];
const SMALL: [(&str, &str); 4] =
    [("--people", "100"), ("--companies", "20"), ("--deals", "50"), ("--activities", "400")];
/// What was asked of each, at the 95th percentile.
const GOAL: f64 = 100.0;
/// Cards on a board that are drawn at once.
const CARDS: usize = 2000;

/// What is pressed, when its answer is on the screen, and how to go back: JavaScript.
struct Step {
    name: &'static str,
    /// Once, before it is measured.
    from: &'static str,
    act: &'static str,
    done: &'static str,
    back: &'static str,
}

const TO_LIST: &str =
    "$('#nav-company').click(); await pause(400); $('#nav-person').click(); await pause(900);";

const STEPS: [Step; 15] = [
    Step { name: "a frame that shows nothing", from: "", act: "", done: "true", back: "" },
    Step {
        name: "open the list of people",
        from: "$('#nav-company').click(); await pause(900);",
        act: "$('#nav-person').click()",
        done: "$('h1')?.innerText === 'People' && $('#row-0')?.innerText.trim()",
        back: "$('#nav-company').click(); await pause(400)",
    },
    Step {
        name: "scroll by a hundred rows",
        from: TO_LIST,
        act: "window.at = (window.at ?? 0) + 3600; const b = $('.grid-body'); b.scrollTop = window.at % Math.max(1, b.scrollHeight - 900)",
        done: "[...document.querySelectorAll('.grid-row')].some((r) => { const y = r.getBoundingClientRect().top - $('.grid-body').getBoundingClientRect().top; return y >= 0 && y < 60 && r.innerText.trim(); })",
        back: "",
    },
    Step {
        name: "filter",
        from: TO_LIST,
        act: "$('#filter').focus(); window.was = $('#total').innerText; type(n % 2 ? \"city = 'Porto'\" : \"tags has 'vip'\")",
        done: "$('#total').innerText && $('#total').innerText !== window.was",
        back: "type(''); await pause(500)",
    },
    Step {
        name: "another order",
        from: TO_LIST,
        act: "window.was = $('#row-0')?.innerText; $('[data-sort=title]').click()",
        done: "$('#row-0')?.innerText.trim() && $('#row-0').innerText !== window.was",
        back: "await pause(300)",
    },
    Step {
        name: "the next row",
        from: "$('[data-sort=name]')?.click(); await pause(900); $('.grid-body').scrollTop = 0; $('#grid').focus()",
        act: "key('j')",
        done: "true",
        back: "",
    },
    Step {
        name: "open a record",
        from: TO_LIST,
        act: "$('#grid').focus(); key('Enter')",
        done: "$('#record-title')?.innerText",
        back: "key('Escape'); await pause(400); $('#grid')?.focus(); key('j')",
    },
    Step {
        name: "the next record",
        from: "$('#grid').focus(); key('Enter'); await pause(900);",
        act: "key('ArrowDown', { ctrlKey: true })",
        done: "$('#record-title')?.innerText && $('#record-title').innerText !== before.title",
        back: "await pause(200)",
    },
    Step {
        name: "note a visit",
        from: "",
        act: "key('2'); await frame(); await frame(); $('#log-text').focus(); window.said = `Visit ${n} ${Math.random()}`; type(window.said); await frame(); key('Enter'); await frame(); window.from = performance.now(); key('Enter')",
        done: "$('#moments')?.innerText.includes(window.said)",
        back: "await pause(300)",
    },
    Step {
        name: "the palette opens",
        from: TO_LIST,
        act: "key('k', { ctrlKey: true })",
        done: "$('#palette-input')",
        back: "key('Escape')",
    },
    Step {
        name: "a letter in the palette",
        from: "key('k', { ctrlKey: true }); await pause(200);",
        act: "window.was = $('#palette-list').innerText; type(['ana', 'mar', 'wang', '李', 'tho', 'zo', '3812'][n % 7] + (n > 6 ? 'a' : ''))",
        done: "$('#palette-list').innerText !== window.was",
        back: "type(''); await pause(250)",
    },
    Step {
        name: "Today",
        from: "key('Escape'); await pause(300); $('#nav-company').click(); await pause(600);",
        act: "$('#nav-today').click()",
        done: "$('#today')",
        back: "$('#nav-company').click(); await pause(400)",
    },
    Step {
        name: "a week of the calendar",
        from: "$('#nav-company').click(); await pause(600);",
        act: "$('#nav-calendar').click()",
        done: "$('#hours [data-item]')",
        back: "$('#nav-company').click(); await pause(400)",
    },
    Step {
        name: "all reports",
        from: "$('#nav-company').click(); await pause(600);",
        act: "$('#nav-reports').click()",
        done: "$('#reports [data-report]')",
        back: "$('#nav-company').click(); await pause(400)",
    },
    Step {
        name: "a deal to the next stage",
        from: "$('#nav-deal').click(); await pause(2500);
               for (let n = 0; n < 30 && document.querySelectorAll('[data-card]').length < CARDS; n++) { const more = $('.cards > .button'); if (!more) break; more.click(); await pause(400); }",
        act: "const card = document.querySelectorAll('[data-stage]')[n % 2].querySelector('[data-card]'); window.card = card.dataset.card; window.stage = card.closest('[data-stage]').dataset.stage; card.focus(); await frame(); window.from = performance.now(); key('ArrowRight', { shiftKey: true })",
        done: "$(`[data-card=\"${window.card}\"]`)?.closest('[data-stage]').dataset.stage !== window.stage",
        back: "await pause(700)",
    },
];

fn satchel(vault: &Path, args: &[&str]) {
    let mut command = Command::new(bin("satchel"));
    command.args(args).env("SATCHEL_VAULT", vault).env("SATCHEL_PASSPHRASE", PASSPHRASE);
    assert!(command.status().is_ok_and(|s| s.success()), "{args:?}");
}

/// Made once, and kept outside of the clone: it takes minutes.
fn vault(dir: &Path, name: &str, size: &[(&str, &str)]) -> PathBuf {
    let (vault, done) = (dir.join(name), dir.join(format!("{name}.done")));
    if !done.exists() {
        let _ = std::fs::remove_dir_all(&vault);
        std::fs::create_dir_all(dir).unwrap();
        let kit = dir.join(format!("{name}-{}.kit", std::process::id()));
        satchel(&vault, &["--quiet", "init", "--name", "Full size", "--kit", kit.to_str().unwrap()]);
        let size: Vec<&str> = size.iter().flat_map(|(flag, n)| [*flag, *n]).collect();
        satchel(&vault, &[&["--quiet", "seed"], &size[..]].concat());
        std::fs::write(done, "").unwrap();
    }
    vault
}

struct Measured {
    steps: Vec<(f64, f64)>,
    memory: (f64, f64),
    cards: u64,
    frames: f64,
}

fn measure(vault: &Path, times: u32) -> Measured {
    let window = Window::open(vault, &[]);
    window.fill("#unlock-text", PASSPHRASE);
    window.click("#unlock-submit");
    // A debug build on a busy machine takes its time.
    for _ in 0..180 {
        if window
            .try_script("return !!document.querySelector('#nav-person')")
            .is_some_and(|there| there == true)
        {
            break;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    window.wait("#nav-person");
    window.script("localStorage.setItem('satchel.prefs', JSON.stringify({ language: 'en', theme: 'light' })); window.dispatchEvent(new StorageEvent('storage', { key: 'satchel.prefs' }))");
    // What is read into memory behind an unlock.
    std::thread::sleep(std::time::Duration::from_secs(8));
    let mut steps = Vec::new();
    for step in &STEPS {
        let _ = reaction(&window, 1, "", "true", &step.from.replace("CARDS", &CARDS.to_string()));
        let (middle, p95) = reaction(&window, times, step.act, step.done, step.back);
        eprintln!("{:<36} {middle:>8.1} {p95:>8.1}", step.name);
        steps.push((middle, p95));
    }
    let cards = window.script("return document.querySelectorAll('[data-card]').length").as_u64().unwrap_or(0);
    let frames = board_frames(&window);
    let (pid, _) = started("satchel-desktop", vault.to_str().unwrap()).expect("it runs");
    Measured { steps, memory: memory(pid), cards, frames }
}

/// Frames a second while a column of the board is scrolled.
fn board_frames(window: &Window) -> f64 {
    let seen = window.script_async(
        "const done = arguments[arguments.length - 1];
         const column = document.querySelector('.cards'); let n = 0; const from = performance.now();
         const step = () => { if (n++ >= 120) return done(n * 1000 / (performance.now() - from)); column.scrollTop += 60; requestAnimationFrame(step); };
         requestAnimationFrame(step);",
    );
    seen.as_f64().unwrap_or_default()
}

fn main() {
    let home = PathBuf::from(std::env::var_os("SATCHEL_BENCH_VAULTS").expect("where the vaults are kept"));
    let full = vault(&home, "full", &FULL);
    let small = vault(&home, "small", &SMALL);
    let (full, small) = (measure(&full, 12), measure(&small, 12));
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!(
        "\n{build} build; 100,000 people, 20,000 companies, 50,000 deals, 400,000 activities; ms from the key to the frame\n"
    );
    println!("{:<36} {:>9} {:>9} {:>11} {:>11}", "", "middle", "p95", "of 100: mid", "of 100: p95");
    for (step, ((middle, p95), (small_middle, small_p95))) in
        STEPS.iter().zip(full.steps.iter().zip(&small.steps))
    {
        let missed = if *p95 > GOAL { " MISSED" } else { "" };
        println!("{:<36} {middle:>9.1} {p95:>9.1} {small_middle:>11.1} {small_p95:>11.1}{missed}", step.name);
    }
    println!("\ncards that are drawn on the board   {:>9}           {:>11}", full.cards, small.cards);
    println!("the board scrolls, frames a second  {:>9.1}           {:>11.1}", full.frames, small.frames);
    println!("memory of the whole app, PSS, MB    {:>9.1}           {:>11.1}", full.memory.1, small.memory.1);
    println!("the same with what is shared, MB    {:>9.1}           {:>11.1}", full.memory.0, small.memory.0);
}
