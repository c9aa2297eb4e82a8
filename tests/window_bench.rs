//! The figures of the release window: from start to first paint and to the first list, its memory,
//! and how it scrolls 100,000 rows. The baseline is WebKit's own MiniBrowser with an empty page.

#![allow(clippy::unwrap_used)]

use satchel_tests::browser::Window;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0
}

/// A process and all that it started.
fn family(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        at += 1;
        let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { continue };
        for thread in threads.flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            all.extend(children.split_whitespace().filter_map(|p| p.parse::<u32>().ok()));
        }
    }
    all
}

/// Resident memory in MB, of which shared pages count in full and by their share.
fn memory(root: u32) -> (f64, f64) {
    let mut sums = (0.0, 0.0);
    for pid in family(root) {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let kb = |name: &str| {
            let line = rollup.lines().find(|l| l.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0)
        };
        sums = (sums.0 + kb("Rss:") / 1024.0, sums.1 + kb("Pss:") / 1024.0);
    }
    sums
}

/// When a process of this name, with this in its environment, was seen first.
fn started(name: &str, environment: &str) -> Option<(u32, f64)> {
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let command = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        // The kernel keeps 15 characters of a name.
        if !command.trim().is_empty() && name.starts_with(command.trim()) {
            let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            if String::from_utf8_lossy(&environ).contains(environment) {
                let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
                let ticks: f64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
                let uptime: f64 =
                    std::fs::read_to_string("/proc/uptime").ok()?.split(' ').next()?.parse().ok()?;
                return Some((pid, now_ms() - uptime * 1000.0 + ticks * 10.0));
            }
        }
    }
    None
}

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
