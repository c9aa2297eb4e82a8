//! What wants to be told of, and what this device has told of already. Each question is answered from an index over what
//! is open.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use satchel_domain::{Kind, RecordId};

/// An open task, or a meeting, as far as its reminder asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Remindable {
    pub id: RecordId,
    pub kind: Kind,
    pub called: String,
    pub person: String,
    pub company: String,
    pub remind: Option<String>,
    /// Of a task.
    pub due: Option<String>,
    pub due_time: Option<String>,
    /// Of a meeting: epoch milliseconds.
    pub at: Option<i64>,
    /// The moment that was told of last: see [`tell`].
    pub told: Option<String>,
    /// Of what comes again: which of its days it is.
    pub occurrence: Option<String>,
}

/// What is asked for: of whom, from when on.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// As a list sorts it.
    pub owner: &'a str,
    /// Tasks that say nothing of a reminder: from one day to another.
    pub days: (&'a str, &'a str),
    /// The last day of what may be told of long before.
    pub far: &'a str,
    /// Meetings: not before, in epoch milliseconds.
    pub from: i64,
    /// Of each kind at most.
    pub limit: u32,
}

const COLUMNS: &str = "t.id, t.called,
     (SELECT c.called FROM document d JOIN person c ON c.row = d.row WHERE d.id = t.person),
     (SELECT c.called FROM document d JOIN company c ON c.row = d.row WHERE d.id = t.company),
     t.remind, (SELECT s.value FROM setting s WHERE s.key = 'told.' || t.id)";
const MINE: &str = "t.deleted_at IS NULL AND (t.owner_sort = ?1 OR t.owner IS NULL)";

/// Tasks that are due in these days and say nothing of a reminder.
fn plain_sql() -> String {
    format!(
        "SELECT {COLUMNS}, t.due, t.due_time FROM task t INDEXED BY task_by_due
         WHERE t.due >= ?2 AND t.due <= ?3 AND t.done_at IS NULL AND t.remind IS NULL AND {MINE}
         ORDER BY t.due DESC LIMIT ?4"
    )
}

/// Those that say when: by their day, or at a moment of its own.
fn asking_sql() -> String {
    format!(
        "SELECT {COLUMNS}, t.due, t.due_time FROM task t INDEXED BY task_remind
         WHERE t.remind IS NOT NULL AND t.done_at IS NULL AND {MINE}
         AND (t.due BETWEEN ?2 AND ?3 OR substr(t.remind, 5, 1) = '-') ORDER BY t.due DESC LIMIT ?4"
    )
}

fn meetings_sql() -> String {
    format!(
        "SELECT {COLUMNS}, t.at FROM activity t INDEXED BY activity_remind
         WHERE t.remind IS NOT NULL AND t.at >= ?2 AND t.repeat IS NULL AND {MINE} ORDER BY t.at LIMIT ?3"
    )
}

/// What may want to be told of.
pub fn remindable(db: &Connection, asked: Asked<'_>) -> Result<Vec<Remindable>, StorageError> {
    let mut out = Vec::new();
    let task = |r: &Row<'_>| Ok(Remindable { due: r.get(6)?, due_time: r.get(7)?, ..common(r, Kind::Task)? });
    let mut plain = db.prepare_cached(&plain_sql())?;
    let (from, to) = asked.days;
    for row in plain.query_map(params![asked.owner, from, to, asked.limit], task)? {
        out.push(row?);
    }
    let mut asking = db.prepare_cached(&asking_sql())?;
    for row in asking.query_map(params![asked.owner, from, asked.far, asked.limit], task)? {
        out.push(row?);
    }
    let mut meetings = db.prepare_cached(&meetings_sql())?;
    let meeting = |r: &Row<'_>| Ok(Remindable { at: r.get(6)?, ..common(r, Kind::Activity)? });
    for row in meetings.query_map(params![asked.owner, asked.from, asked.limit], meeting)? {
        out.push(row?);
    }
    Ok(out)
}

/// A meeting that comes again, without when that is.
pub fn of_series(db: &Connection, row: i64) -> Result<Option<Remindable>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM activity t WHERE t.row = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_row([row], |r| common(r, Kind::Activity)).optional()?)
}

/// Which days of what comes again were told of here, and which moments that was.
pub fn told_days(db: &Connection, id: RecordId) -> Result<Vec<(String, String)>, StorageError> {
    let sql = "SELECT substr(key, length(?1) + 1), value FROM setting WHERE key > ?1 AND key < ?2";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement
        .query_map([format!("told.{id}@"), format!("told.{id}A")], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn common(r: &Row<'_>, kind: Kind) -> rusqlite::Result<Remindable> {
    Ok(Remindable {
        id: parsed(r, 0)?,
        kind,
        called: r.get(1)?,
        person: r.get::<_, Option<String>>(2)?.unwrap_or_default(),
        company: r.get::<_, Option<String>>(3)?.unwrap_or_default(),
        remind: r.get(4)?,
        told: r.get(5)?,
        due: None,
        due_time: None,
        at: None,
        occurrence: None,
    })
}

/// Notes which moment of a record was told of here, or of one day of what comes again. The name of a moment begins with
/// its day.
pub fn tell(
    tx: &Transaction<'_>,
    id: RecordId,
    occurrence: Option<&str>,
    moment: &str,
) -> Result<(), StorageError> {
    let which = occurrence.map(|day| format!("@{day}")).unwrap_or_default();
    crate::settings::put(tx, &format!("told.{id}{which}"), moment)
}

/// Forgets what was told of before a day.
pub fn forget(tx: &Transaction<'_>, before: &str) -> Result<(), StorageError> {
    let sql = "DELETE FROM setting WHERE key >= 'told.' AND key < 'told/' AND value < ?1";
    tx.prepare_cached(sql)?.execute([before])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_are_found_by_indices_of_what_is_open() {
        let (_dir, store) = crate::tests::empty();
        store
            .read::<_, StorageError>(|db| {
                for (sql, index) in [
                    (plain_sql(), "USING INDEX task_by_due (due>? AND due<?)"),
                    (asking_sql(), "USING INDEX task_remind"),
                    (meetings_sql(), "USING INDEX activity_remind (at>?)"),
                ] {
                    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                    let bound = vec![rusqlite::types::Null; statement.parameter_count()];
                    let plan: Vec<String> = statement
                        .query_map(rusqlite::params_from_iter(bound), |r| r.get(3))?
                        .collect::<Result<_, _>>()?;
                    assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
                    assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
                }
                Ok(())
            })
            .expect("read");
    }

    /// `cargo test -p satchel-storage reminders -- --ignored --nocapture` prints what it takes.
    #[test]
    #[ignore = "makes 100,000 tasks"]
    fn a_look_at_many_tasks_is_quick() {
        let (_dir, store) = crate::tests::empty();
        let made = store.write::<_, StorageError>(|tx| {
            tx.execute_batch(
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
                 INSERT INTO document (row, id, kind, heads, bytes)
                 SELECT n, printf('00000000-0000-7000-8000-%012x', n), 'task', x'', x'' FROM n;
                 INSERT INTO task (row, id, created_at, updated_at, called, sort, due, owner, owner_sort, remind)
                 SELECT row, id, 0, 0, 'Write ' || row, 'write', date(row * 300, 'unixepoch'), 'P' || (row % 10),
                   'p' || (row % 10), iif(row % 20, NULL, '10m') FROM document;",
            )?;
            Ok(())
        });
        made.expect("written");
        let days = ("1970-06-01", "1970-07-08");
        let asked = Asked { owner: "p1", days, far: "1970-09-06", from: 0, limit: 2000 };
        let started = std::time::Instant::now();
        let found = store.read(|db| remindable(db, asked)).expect("read").len();
        let took = started.elapsed();
        eprintln!("{found} of 100,000 tasks in {took:?}");
        assert!(took.as_millis() < 100, "{took:?}");
    }
}
