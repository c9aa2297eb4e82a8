//! From a key to the frame that shows what it does, in the real window; and what the whole app takes of memory.

use crate::browser::Window;
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

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
pub fn memory(root: u32) -> (f64, f64) {
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
pub fn started(name: &str, environment: &str) -> Option<(u32, f64)> {
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

/// From a key to the frame that shows what it does, in ms: the middle, and the 95th percentile. `act`,
/// `done` and `back` are JavaScript: what is pressed, when it is there, and how to go back.
pub fn reaction(window: &Window, times: u32, act: &str, done: &str, back: &str) -> (f64, f64) {
    // A few at once: a script may take half a minute, and no longer.
    let some = (0..times).step_by(3).map(|from| (from, times.min(from + 3)));
    let mut times: Vec<f64> = some.flat_map(|part| reactions(window, part, act, done, back)).collect();
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[(times.len() * 95 / 100).min(times.len() - 1)])
}

fn reactions(window: &Window, (from, to): (u32, u32), act: &str, done: &str, back: &str) -> Vec<f64> {
    let seen = window.script_async(&format!(
        "const finish = arguments[arguments.length - 1];
         const key = (key, more = {{}}) => (document.activeElement ?? document.body).dispatchEvent(
           new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true, ...more }}));
         const type = (text) => {{
           const input = document.activeElement;
           Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, text);
           input.dispatchEvent(new Event('input', {{ bubbles: true }}));
         }};
         const $ = (css) => document.querySelector(css);
         const frame = () => new Promise((r) => requestAnimationFrame(r));
         const pause = (ms) => new Promise((r) => setTimeout(r, ms));
         (async () => {{
           const times = [];
           for (let n = {from}; n < {to}; n++) {{
             const before = {{ title: $('#record-title')?.innerText }};
             await frame();
             window.from = performance.now();
             const act = async () => {{ {act} }};
             await act();
             for (let tries = 0; tries < 600 && !({done}); tries++) await frame();
             await frame();
             times.push({done} ? performance.now() - window.from : 10000);
             const back = async () => {{ {back} }};
             await back();
             await pause(120);
           }}
           finish(times);
         }})()"
    ));
    seen.as_array().unwrap().iter().filter_map(Value::as_f64).collect()
}
