//! What stands in the calendar between two days. Each question is answered from an index.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, OptionalExtension, Row, params};
use satchel_domain::{Kind, RecordId, text::sort_key};

/// An activity or a task, as far as a calendar shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: RecordId,
    pub kind: Kind,
    pub called: String,
    pub person: String,
    pub company: String,
    pub owner: String,
    /// Of an activity: `meeting`, `visit`, `call`, …
    pub ty: String,
    /// Epoch milliseconds.
    pub at: Option<i64>,
    pub minutes: u32,
    pub place: String,
    /// Of a task: `2026-11-27`, and `09:30` by the clock of wherever one is then.
    pub due: Option<String>,
    pub due_time: Option<String>,
    pub done: bool,
    /// How often it comes again.
    pub repeat: String,
}

/// Whose entries, and how many of them at most.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Nothing: everybody's.
    pub owner: Option<&'a str>,
    pub limit: u32,
}

/// Nothing longer than a day shows on the days behind its first.
pub const LONGEST: i64 = 24 * 60 * 60_000;

/// What the names of a person and a company are read from.
const NAMES: &str = "(SELECT c.called FROM document d JOIN person c ON c.row = d.row WHERE d.id = t.person),
     (SELECT c.called FROM document d JOIN company c ON c.row = d.row WHERE d.id = t.company)";

/// Of one person it is read kind by kind from the index of reports, which knows whose it is.
fn activities_sql(one_owner: bool) -> String {
    let whose = if one_owner {
        "activity t INDEXED BY activity_report WHERE t.owner_sort = ?5
         AND t.type_sort IN ('call', 'mail', 'meeting', 'message', 'visit')"
    } else {
        "activity t INDEXED BY activity_by_at WHERE ?5 = ''"
    };
    // A message or a mail that was noted when it was written is no appointment.
    format!(
        "SELECT t.id, t.called, {NAMES}, t.owner, t.type, t.at, t.minutes, t.place
         FROM {whose} AND t.at >= ?1 AND t.at < ?3 AND t.deleted_at IS NULL AND t.repeat IS NULL
         AND (t.at >= ?2 OR t.at + coalesce(t.minutes, 0) * 60000 > ?2)
         AND (t.type IN ('call', 'meeting', 'visit')
           OR (t.type IN ('mail', 'message') AND t.at > t.created_at + 60000))
         ORDER BY t.at, t.row LIMIT ?4"
    )
}

/// Calls, visits and meetings from one moment to another, but for those that come again, in order; those that still go on at the first included.
pub fn activities(
    db: &Connection,
    (from, to): (i64, i64),
    asked: Asked<'_>,
) -> Result<Vec<Entry>, StorageError> {
    let mut statement = db.prepare_cached(&activities_sql(asked.owner.is_some()))?;
    let owner = asked.owner.map(sort_key).unwrap_or_default();
    let rows = statement
        .query_map(params![from.saturating_sub(LONGEST), from, to, asked.limit, owner], activity_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The activity of a row, whenever it is.
pub fn activity(db: &Connection, row: i64) -> Result<Option<Entry>, StorageError> {
    let sql = format!(
        "SELECT t.id, t.called, {NAMES}, t.owner, t.type, t.at, t.minutes, t.place, t.repeat FROM activity t WHERE t.row = ?1"
    );
    let read = |r: &Row<'_>| Ok(Entry { repeat: text(r, 9)?, ..activity_of(r)? });
    Ok(db.prepare_cached(&sql)?.query_row([row], read).optional()?)
}

fn activity_of(r: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        ty: text(r, 5)?,
        at: r.get(6)?,
        minutes: minutes(r.get(7)?),
        place: text(r, 8)?,
        ..entry(r, Kind::Activity)?
    })
}

fn tasks_sql() -> String {
    format!(
        "SELECT t.id, t.called, {NAMES}, t.owner, t.due, t.due_time, t.done_at IS NOT NULL, t.repeat
         FROM task t INDEXED BY task_by_due WHERE t.due >= ?1 AND t.due < ?2 AND t.deleted_at IS NULL
         AND (?4 = '' OR t.owner_sort = ?4)
         ORDER BY t.due, t.due_time IS NOT NULL, t.due_time, t.row LIMIT ?3"
    )
}

/// The tasks that are due from one day up to another, which is not one of them.
pub fn tasks(
    db: &Connection,
    (from, to): (&str, &str),
    asked: Asked<'_>,
) -> Result<Vec<Entry>, StorageError> {
    let mut statement = db.prepare_cached(&tasks_sql())?;
    let owner = asked.owner.map(sort_key).unwrap_or_default();
    let rows = statement.query_map(params![from, to, asked.limit, owner], |r| {
        Ok(Entry {
            due: r.get(5)?,
            due_time: r.get(6)?,
            done: r.get(7)?,
            repeat: text(r, 8)?,
            ..entry(r, Kind::Task)?
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn entry(r: &Row<'_>, kind: Kind) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: parsed(r, 0)?,
        kind,
        called: r.get(1)?,
        person: text(r, 2)?,
        company: text(r, 3)?,
        owner: text(r, 4)?,
        ty: String::new(),
        at: None,
        minutes: 0,
        place: String::new(),
        due: None,
        due_time: None,
        done: false,
        repeat: String::new(),
    })
}

/// What somebody has typed may be below nothing, or without end.
fn minutes(typed: Option<f64>) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = typed.unwrap_or_default().clamp(0.0, 100_000.0).round() as u32;
    whole
}

fn text(r: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    Ok(r.get::<_, Option<String>>(at)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, crate::Store) {
        let dir = tempfile::tempdir().unwrap();
        let key = crate::SqlCipherKey::new(format!("x'{}'", "ab".repeat(32)));
        let store = crate::Store::create(&dir.path().join("v.db"), &key).unwrap();
        (dir, store)
    }

    #[test]
    fn each_question_is_answered_from_an_index() {
        let (_dir, store) = store();
        store
            .read::<_, StorageError>(|db| {
                for (sql, index) in [
                    (activities_sql(false), "activity_by_at (at>? AND at<?)"),
                    (
                        activities_sql(true),
                        "activity_report (owner_sort=? AND type_sort=? AND at>? AND at<?)",
                    ),
                    (tasks_sql(), "task_by_due (due>? AND due<?)"),
                ] {
                    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                    let bound = vec![rusqlite::types::Null; statement.parameter_count()];
                    let plan: Vec<String> = statement
                        .query_map(rusqlite::params_from_iter(bound), |r| r.get(3))?
                        .collect::<Result<_, _>>()?;
                    assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
                    assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:#?}");
                }
                Ok(())
            })
            .unwrap();
    }

    /// `cargo test -p satchel-storage calendar -- --ignored --nocapture` prints what it takes.
    #[test]
    #[ignore = "makes 400,000 activities and 100,000 tasks"]
    fn a_month_of_many_is_quick() {
        const DAY: i64 = 86_400_000;
        let (_dir, store) = store();
        let made = store.write::<_, StorageError>(|tx| {
            tx.execute_batch(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500000)
                 INSERT INTO document (row, id, kind, heads, bytes)
                 SELECT n, printf('00000000-0000-7000-8000-%012x', n), iif(n % 5, 'activity', 'task'), x'', x'' FROM n;
                 INSERT INTO activity (row, id, created_at, updated_at, called, sort, type, type_sort, at, minutes, owner, owner_sort)
                 SELECT row, id, 0, 0, 'Call ' || row, 'call', ty, ty, row * 1000 * 80, 30, 'P' || (row % 4), 'p' || (row % 4)
                 FROM (SELECT row, id, CASE row % 6 WHEN 0 THEN 'call' WHEN 1 THEN 'visit' WHEN 2 THEN 'meeting'
                   WHEN 3 THEN 'note' WHEN 4 THEN 'mail' ELSE 'message' END AS ty FROM document WHERE kind = 'activity');
                 INSERT INTO task (row, id, created_at, updated_at, called, sort, due, owner, owner_sort)
                 SELECT row, id, 0, 0, 'Write ' || row, 'write', date(row * 80, 'unixepoch'), 'P' || (row % 4), 'p' || (row % 4)
                 FROM document WHERE kind = 'task';",
            )?;
            Ok(())
        });
        made.unwrap();
        for (name, days) in [("week", 7), ("month", 42)] {
            for owner in [None, Some("P1")] {
                let asked = Asked { owner, limit: 2000 };
                let started = std::time::Instant::now();
                let (from, to) = (200 * DAY, (200 + days) * DAY);
                let found = store
                    .read::<_, StorageError>(|db| {
                        let tasks = tasks(
                            db,
                            ("1970-07-20", if days == 7 { "1970-07-27" } else { "1970-08-31" }),
                            asked,
                        )?;
                        Ok((tasks.len(), activities(db, (from, to), asked)?.len()))
                    })
                    .unwrap();
                let took = started.elapsed();
                eprintln!("{name}, {}: {found:?} in {took:?}", owner.unwrap_or("everybody"));
                assert!(took.as_millis() < 100, "{name}: {took:?}");
            }
        }
    }
}
