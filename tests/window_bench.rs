//! The figures of the release window: from start to first paint and to the first list, its memory,
//! and how it scrolls 100,000 rows. The baseline is WebKit's own MiniBrowser with an empty page.

#![allow(clippy::unwrap_used)]

use satchel_tests::{
    browser::Window,
    reaction::{memory, reaction, started},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Epoch milliseconds of the first paint of what is on the page.
fn first_paint(window: &Window) -> f64 {
    window.until("the first paint", || {
        let at = window.script(
            "const paint = performance.getEntriesByName('first-contentful-paint')[0];
             return paint ? performance.timeOrigin + paint.startTime : null",
        );
        at.as_f64()
    })
}

/// MiniBrowser with a page of one word: start to first paint in ms, and its memory.
fn baseline(dir: &Path) -> Option<(f64, (f64, f64))> {
    let browser = Path::new("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser");
    browser.exists().then_some(())?;
    let page = dir.join("page.html");
    std::fs::write(&page, "<title>page</title><p>Satchel").ok()?;
    let window = Window::open_program(browser, dir, &["--automation"]);
    window.go(&format!("file://{}", page.display()));
    let paint = first_paint(&window);
    let (pid, start) = started("MiniBrowser", dir.to_str()?)?;
    Some((paint - start, memory(pid)))
}

struct Frames {
    per_second: f64,
    late: f64,
    blank: f64,
}

/// Wheels down for a while: frames per second, the share of frames that were late, and the share of
/// frames with a row that shows nothing.
fn scroll(window: &Window, pixels: u32, frames: u32) -> Frames {
    let seen = window.script_async(&format!(
        "const done = arguments[arguments.length - 1];
         const body = document.querySelector('.grid-body');
         const times = []; let blank = 0; let n = 0;
         const step = (now) => {{
           times.push(now);
           const box = body.getBoundingClientRect();
           const shown = [...document.querySelectorAll('.grid-row')].filter((r) => {{
             const at = r.getBoundingClientRect();
             return at.bottom > box.top + 1 && at.top < box.bottom - 1;
           }});
           const rows = Math.floor(box.height / (shown[0]?.getBoundingClientRect().height ?? 36));
           if (n > 0 && (shown.length < rows - 1 || shown.some((r) => !r.innerText.trim()))) blank++;
           if (n++ >= {frames}) return done({{ times, blank }});
           body.scrollTop += {pixels};
           requestAnimationFrame(step);
         }};
         requestAnimationFrame(step);"
    ));
    let times: Vec<f64> = seen["times"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let gaps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    let total: f64 = gaps.iter().sum();
    Frames {
        per_second: gaps.len() as f64 * 1000.0 / total,
        late: gaps.iter().filter(|g| **g > 25.0).count() as f64 / gaps.len() as f64,
        blank: seen["blank"].as_f64().unwrap() / f64::from(frames),
    }
}

fn satchel(vault: &Path, args: &[&str]) {
    let out = Command::new(satchel_tests::bin("satchel")).args(args).env("SATCHEL_VAULT", vault).output();
    let out = out.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// What a rep does all day, each beside what UX asks for.
fn reactions(window: &Window) {
    window.script(
        "document.querySelector('.grid-body').scrollTop = 0; document.querySelector('#grid').focus()",
    );
    println!("\nfrom a key to the frame that shows it, 100,000 people\n");
    println!("{:<44} {:>10} {:>10} {:>10}", "", "middle", "p95", "asked p95");
    let home = "key('Escape'); await pause(150); $('#grid')?.focus()";
    for (name, asked, act, done, back) in [
        ("the next row", 100.0, "key('j')", "true", ""),
        ("select a row: the bar appears", 100.0, "key('x')", "$('.bulk')", "key('Escape')"),
        ("the palette opens", 50.0, "key('k', { ctrlKey: true })", "$('#palette-input')", home),
        ("peek", 80.0, "key(' ')", "$('#peek')?.innerText.trim()", "key('Escape')"),
        ("open a record", 100.0, "key('Enter')", "$('#record-title')?.innerText", home),
        (
            "save a cell of the list",
            100.0,
            "key('ArrowRight'); key('ArrowRight'); await frame(); key('F2'); await frame(); await frame();
             type(`T${n} ${Math.random()}`); await frame(); window.wanted = document.activeElement.value;
             window.from = performance.now(); key('Enter')",
            "!$('.grid-row .cell input.input') && [...document.querySelectorAll('.grid-row.current .cell')].some((c) => c.innerText === window.wanted)",
            "key('Escape'); await pause(100); $('#grid').focus()",
        ),
        (
            "another order of the list",
            100.0,
            "window.was = $('#row-0')?.innerText; $('[data-sort=title]').click()",
            "$('#row-0')?.innerText.trim() && $('#row-0').innerText !== window.was",
            "$('#grid').focus()",
        ),
    ] {
        let (middle, p95) = reaction(window, 20, act, done, back);
        println!("{name:<44} {middle:>10.1} {p95:>10.1} {asked:>10.0} ms");
    }
    window.script("document.querySelector('#grid').focus()");
    let (_, once) = reaction(window, 1, "key('l', { ctrlKey: true })", "!$('#grid')", "");
    println!("{:<44} {:>10} {once:>10.1} {:>10} ms", "lock: nothing of the records is left", "", 200);
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let vault: PathBuf = dir.path().join("vault");
    satchel(&vault, &["init", "--name", "Big", "--kit", dir.path().join("kit.txt").to_str().unwrap()]);
    satchel(&vault, &["seed", "--people", "100000", "--companies", "3000"]);

    // Twice: the first start reads the program from disk.
    let mut figures = Vec::new();
    for _ in 0..3 {
        let window = Window::open(&vault, &[]);
        let (pid, start) = started("satchel-desktop", vault.to_str().unwrap()).expect("it runs");
        let paint = first_paint(&window) - start;
        let listed = window.until("the list", || {
            let at = window.script(
                "return document.querySelector('#total')?.innerText === '100,000' ? Date.now() : null",
            );
            at.as_f64()
        }) - start;
        let memory = memory(pid);
        let slow = scroll(&window, 120, 180);
        let fling = scroll(&window, 400, 120);
        figures.push((paint, listed, memory, slow, fling));
        if figures.len() == 3 {
            reactions(&window);
        }
    }
    let (paint, listed, memory, slow, fling) = figures.pop().unwrap();
    let (base_paint, base_memory) = baseline(dir.path()).unwrap_or_default();
    println!("\nthe release window, 100,000 people; the baseline is MiniBrowser with one word\n");
    println!("{:<44} {:>10} {:>10}", "", "ours", "baseline");
    let mut lines = Vec::new();
    for (name, ours, base, unit) in [
        ("start to first paint", paint, base_paint, "ms"),
        ("start to the first list (driver included)", listed, 0.0, "ms"),
        ("memory of all its processes, shared in full", memory.0, base_memory.0, "MB"),
        ("memory of all its processes, by share", memory.1, base_memory.1, "MB"),
        ("wheel: frames per second", slow.per_second, 60.0, ""),
        ("wheel: late frames (goal: under 10 %)", slow.late * 100.0, 0.0, "%"),
        ("wheel: frames with an empty row", slow.blank * 100.0, 0.0, "%"),
        ("fling: frames per second", fling.per_second, 60.0, ""),
        ("fling: frames with an empty row", fling.blank * 100.0, 0.0, "%"),
    ] {
        let shown = if base == 0.0 { "-".to_owned() } else { format!("{base:.1}") };
        println!("{name:<44} {ours:>10.1} {shown:>10} {unit}");
        lines.push(json!({"name": name, "ours": ours, "baseline": base, "unit": unit}));
    }
    if let Some(path) = std::env::var_os("SATCHEL_BENCH_OUT") {
        std::fs::write(path, serde_json::to_vec_pretty(&json!({ "lines": lines })).unwrap()).unwrap();
    }
}
