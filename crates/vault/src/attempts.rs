//! Tries are slowed: from the fourth failure on, each waits twice as long as the one before. The
//! count is kept beside the vault, so that a restart does not reset it.

use crate::files::replace_file;
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

const FREE: u32 = 3;
const LONGEST: Duration = Duration::from_secs(30);

pub struct Attempts {
    path: PathBuf,
    failed: u32,
}

impl Attempts {
    /// Waits as long as earlier failures ask for.
    pub fn wait(dir: &Path) -> Self {
        let path = dir.join("attempts");
        let failed = match std::fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().unwrap_or(FREE),
            Err(_) => 0,
        };
        let since = std::fs::metadata(&path).and_then(|m| m.modified()).ok();
        let since = since.and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
        thread::sleep(pause_after(failed).saturating_sub(since));
        Self { path, failed }
    }

    /// A folder that cannot be written only loses the count.
    pub fn failed(&self, way: &str) {
        if let Some(dir) = self.path.parent() {
            crate::notes::add(dir, way);
        }
        let _ = replace_file(&self.path, (self.failed.saturating_add(1)).to_string().as_bytes());
    }

    pub fn succeeded(&self) {
        if self.failed > 0 {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn pause_after(failed: u32) -> Duration {
    match failed.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1 << over.min(5)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let seconds: Vec<u64> = [0, 2, 3, 4, 5, 8, 1000].map(|n| pause_after(n).as_secs()).to_vec();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 30, 30]);
    }
}
