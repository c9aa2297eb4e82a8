//! What the benches measure with.

use std::time::Duration;

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

/// Peak resident memory of a process, in MB.
pub fn peak_memory(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
