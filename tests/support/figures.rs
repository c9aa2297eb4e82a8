//! What the benches measure with.

use satchel_app::{Session, domain::RecordId};
use serde_json::json;
use std::time::{Duration, Instant};

/// `--name NUMBER` of the command line.
pub fn argument(name: &str, default: usize) -> usize {
    let args: Vec<String> = std::env::args().collect();
    args.iter().position(|a| a == name).and_then(|at| args.get(at + 1)?.parse().ok()).unwrap_or(default)
}

pub fn ms(d: Duration) -> f64 {
    d.as_secs_f64() * 1000.0
}

/// In milliseconds.
pub fn percentile(times: &mut [Duration], quantile: usize) -> f64 {
    times.sort();
    ms(times[(times.len() * quantile / 100).min(times.len() - 1)])
}

/// How long an edit takes without the trail and with it, turn by turn, of each record once: sorted.
pub fn edits_without_and_with_trail(session: &Session, ids: &[RecordId]) -> (Vec<Duration>, Vec<Duration>) {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for (n, id) in ids.iter().enumerate() {
        let paused = n % 2 == 0;
        session.pause_trail_for_a_bench(paused);
        let started = Instant::now();
        session.set(*id, json!({"title": format!("Turn {n}")}).as_object().expect("fields")).expect("saved");
        if paused { &mut without } else { &mut with }.push(started.elapsed());
    }
    session.pause_trail_for_a_bench(false);
    without.sort();
    with.sort();
    (without, with)
}

/// Peak resident memory of a process, in MB.
pub fn peak_memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// For the table of `cargo xtask torture`: how often something was tried, and how often it went wrong.
pub fn tell(what: &str, tried: u64, wrong: usize) {
    let Some(path) = std::env::var_os("SATCHEL_FIGURES") else { return };
    let line = format!("{what}\t{tried}\t{wrong}\n");
    let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
}
