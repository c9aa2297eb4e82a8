//! How quickly the app answers, how much memory it takes and how large the database is: what was yesterday, and is today.

use super::{HealthCheck, Level, check, today};
use crate::{AppError, Session};
use satchel_storage::{StorageError, settings};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Answers that are remembered.
const REMEMBERED: usize = 2000;
/// What people feel as slow.
const SLOW: u32 = 300;
/// Fewer say nothing.
const ENOUGH: usize = 50;
const DAYS: usize = 400;
const HISTORY: &str = "health.history";

static ANSWERS: Mutex<VecDeque<u32>> = Mutex::new(VecDeque::new());

/// How a day was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Moment {
    p50_ms: u32,
    p95_ms: u32,
    memory_mb: u32,
    database_mb: u32,
}

/// Notes how long somebody waited for an answer.
pub fn note_answer(took: Duration) {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    if answers.len() >= REMEMBERED {
        answers.pop_front();
    }
    answers.push_back(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
}

/// The 50th and 95th percentile, where enough was asked.
fn percentiles() -> Option<(u32, u32)> {
    let mut all: Vec<u32> = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
    if all.len() < ENOUGH {
        return None;
    }
    all.sort_unstable();
    Some((*all.get(all.len() / 2)?, *all.get(all.len() * 95 / 100)?))
}

/// Of this process, in megabytes; where it can be seen.
fn memory() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u32>().ok()).unwrap_or_default() / 1024
}

fn history(session: &Session) -> Result<BTreeMap<u64, Moment>, AppError> {
    let text = session.store.read(|db| settings::get(db, HISTORY))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Keeps today's figures; they are written at most when they have changed.
pub fn keep(session: &Session) {
    let Some((p50_ms, p95_ms)) = percentiles() else { return };
    let Ok(mut days) = history(session) else { return };
    let database_mb = u32::try_from(session.store.size_on_disk() >> 20).unwrap_or(u32::MAX);
    let moment = Moment { p50_ms, p95_ms, memory_mb: memory(), database_mb };
    if days.insert(today(), moment) == Some(moment) {
        return;
    }
    while days.len() > DAYS {
        days.pop_first();
    }
    let text = serde_json::to_string(&days).expect("plain data serialises");
    let _ = session.store.write_aside::<_, StorageError>(|tx| settings::put(tx, HISTORY, &text));
}

pub fn check_speed(session: &Session) -> Result<HealthCheck, AppError> {
    let database = session.store.size_on_disk() >> 20;
    let month_ago = today().saturating_sub(30);
    let before = history(session)?.range(..=month_ago).next_back().map(|(_, m)| m.database_mb);
    let grown = before.map_or(String::new(), |before| {
        format!(", {} MB more than a month ago", database.saturating_sub(u64::from(before)))
    });
    Ok(match percentiles() {
        Some((p50, p95)) => check(
            "speed",
            if p95 > SLOW { Level::Warn } else { Level::Ok },
            format!("half of all answers come within {p50} ms, 95 of 100 within {p95} ms; the database has {database} MB{grown}"),
        )
        .fact("p50", p50)
        .fact("p95", p95)
        .fact("memory", memory())
        .fact("database", database),
        None => check("speed", Level::Ok, format!("the database has {database} MB{grown}")).fact("database", database),
    })
}
