//! The trail: its lines, the signatures over them, what is known of the trails of other devices.

use crate::{StorageError, team::fixed};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

/// A line of the trail and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    pub row: i64,
    pub incarnation: u64,
    pub seq: u64,
    /// Epoch milliseconds.
    pub at: i64,
    pub act: String,
    pub line: String,
}

const COLUMNS: &str = "row, incarnation, seq, at, act, line";

fn read(r: &Row<'_>) -> rusqlite::Result<LineRow> {
    Ok(LineRow {
        row: r.get(0)?,
        incarnation: r.get(1)?,
        seq: r.get(2)?,
        at: r.get(3)?,
        act: r.get(4)?,
        line: r.get(5)?,
    })
}

/// Adds a line; its row.
pub fn add(
    tx: &Transaction<'_>,
    (incarnation, seq): (u64, u64),
    at: i64,
    act: &str,
    line: &str,
) -> Result<i64, StorageError> {
    let sql = "INSERT INTO audit (incarnation, seq, at, act, line) VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.prepare_cached(sql)?.execute(params![incarnation, seq, at, act, line])?;
    Ok(tx.last_insert_rowid())
}

pub fn last(db: &Connection) -> Result<Option<LineRow>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM audit ORDER BY row DESC LIMIT 1");
    Ok(db.prepare_cached(&sql)?.query_row([], read).optional()?)
}

/// The line of a place; the last of its incarnation, where that has not come so far.
pub fn up_to(db: &Connection, incarnation: u64, seq: u64) -> Result<Option<LineRow>, StorageError> {
    let sql = "SELECT max(row) FROM audit WHERE incarnation = ?1 AND seq = 1";
    let begin: Option<i64> = db.prepare_cached(sql)?.query_row([incarnation], |r| r.get(0))?;
    let Some(begin) = begin else { return Ok(None) };
    // Each incarnation is a run of rows.
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE row <= min(?2,
           coalesce((SELECT min(row) - 1 FROM audit INDEXED BY audit_begin WHERE seq = 1 AND row > ?1), ?2))
         ORDER BY row DESC LIMIT 1"
    );
    let place = begin.saturating_add(i64::try_from(seq).unwrap_or(i64::MAX)).saturating_sub(1);
    Ok(db.prepare_cached(&sql)?.query_row([begin, place], read).optional()?)
}

/// Lines behind a row, in their order.
pub fn lines_after(db: &Connection, row: i64, limit: usize) -> Result<Vec<LineRow>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE row > ?1 ORDER BY row LIMIT ?2");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map(params![row, limit], read)?.collect::<Result<_, _>>()?)
}

/// Which lines are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub act: Option<String>,
    /// Only lines before this row.
    pub before: Option<i64>,
    /// Epoch milliseconds: from, and up to before.
    pub between: Option<(i64, i64)>,
    pub limit: usize,
}

/// The newest first.
pub fn newest(db: &Connection, wanted: &Wanted) -> Result<Vec<LineRow>, StorageError> {
    let (from, to) = wanted.between.unwrap_or((i64::MIN, i64::MAX));
    let mut before = wanted.before.unwrap_or(i64::MAX);
    let mut after = 0;
    if wanted.between.is_some() {
        before = before.min(first_at(db, to)?);
        after = first_at(db, from)?.saturating_sub(1);
    }
    // Its partial index serves an act only where the text of the query says that it is not the common one.
    let by_act = match wanted.act.as_deref() {
        None => "",
        Some("change") => "AND act = ?5",
        Some(_) => "AND act = ?5 AND act <> 'change'",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE row > ?1 AND row < ?2 AND at >= ?3 AND at < ?4 {by_act}
         ORDER BY row DESC LIMIT {}",
        wanted.limit
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = match &wanted.act {
        None => statement.query_map(params![after, before, from, to], read)?.collect::<Result<_, _>>()?,
        Some(act) => {
            statement.query_map(params![after, before, from, to, act], read)?.collect::<Result<_, _>>()?
        }
    };
    Ok(rows)
}

/// The first row that was written at a time or later, by halves: rows come in the order of time, but for a clock that
/// went back.
fn first_at(db: &Connection, at: i64) -> Result<i64, StorageError> {
    let last: i64 =
        db.prepare_cached("SELECT coalesce(max(row), 0) FROM audit")?.query_row([], |r| r.get(0))?;
    let (mut low, mut high) = (1, last + 1);
    let mut statement = db.prepare_cached("SELECT at FROM audit WHERE row >= ?1 ORDER BY row LIMIT 1")?;
    while low < high {
        let middle = low + (high - low) / 2;
        let there: Option<i64> = statement.query_row([middle], |r| r.get(0)).optional()?;
        match there.is_some_and(|there| there < at) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}

/// Unlocks among the first lines of incarnations: what a vault says of how it came to be.
pub fn first_unlocks(db: &Connection, within: u64) -> Result<Vec<LineRow>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE act = 'unlock' AND act <> 'change' AND seq <= ?1 ORDER BY row"
    );
    Ok(db.prepare_cached(&sql)?.query_map([within], read)?.collect::<Result<_, _>>()?)
}

pub fn count(db: &Connection) -> Result<u64, StorageError> {
    Ok(db.prepare_cached("SELECT coalesce(max(row), 0) FROM audit")?.query_row([], |r| r.get(0))?)
}

/// A signature over the lines up to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadRow {
    pub row: i64,
    pub at: i64,
    pub signature: [u8; 64],
}

pub fn put_head(tx: &Transaction<'_>, head: &HeadRow) -> Result<(), StorageError> {
    let sql = "INSERT OR REPLACE INTO audit_head (row, at, signature) VALUES (?1, ?2, ?3)";
    tx.prepare_cached(sql)?.execute(params![head.row, head.at, head.signature])?;
    Ok(())
}

pub fn last_head(db: &Connection) -> Result<Option<HeadRow>, StorageError> {
    let sql = "SELECT row, at, signature FROM audit_head ORDER BY row DESC LIMIT 1";
    Ok(db.prepare_cached(sql)?.query_row([], read_head).optional()?)
}

/// Signatures over rows between two, in their order.
pub fn heads_between(db: &Connection, after: i64, to: i64) -> Result<Vec<HeadRow>, StorageError> {
    let sql = "SELECT row, at, signature FROM audit_head WHERE row > ?1 AND row <= ?2 ORDER BY row";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([after, to], read_head)?.collect::<Result<_, _>>()?)
}

fn read_head(r: &Row<'_>) -> rusqlite::Result<HeadRow> {
    Ok(HeadRow { row: r.get(0)?, at: r.get(1)?, signature: fixed(r, 2)? })
}

/// How far a trail was when it was heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenRow {
    pub device: [u8; 16],
    pub incarnation: u64,
    pub seq: u64,
    pub hash: [u8; 32],
    pub at: i64,
    pub signature: [u8; 64],
}

const SEEN: &str = "device, incarnation, seq, hash, at, signature";

fn read_seen(r: &Row<'_>) -> rusqlite::Result<SeenRow> {
    Ok(SeenRow {
        device: fixed(r, 0)?,
        incarnation: r.get(1)?,
        seq: r.get(2)?,
        hash: fixed(r, 3)?,
        at: r.get(4)?,
        signature: fixed(r, 5)?,
    })
}

/// Milliseconds within which the last of a trail stands for those before it.
const THINNED: i64 = 3_600_000;

/// Keeps what was heard; of an hour the last.
pub fn see(tx: &Transaction<'_>, seen: &SeenRow) -> Result<(), StorageError> {
    let s = seen;
    let sql = "DELETE FROM audit_seen WHERE device = ?1 AND incarnation = ?2 AND seq < ?3 AND at > ?4
               AND seq = (SELECT max(seq) FROM audit_seen WHERE device = ?1 AND incarnation = ?2)";
    tx.prepare_cached(sql)?.execute(params![s.device, s.incarnation, s.seq, s.at - THINNED])?;
    let sql = format!("INSERT OR IGNORE INTO audit_seen ({SEEN}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    tx.prepare_cached(&sql)?.execute(params![s.device, s.incarnation, s.seq, s.hash, s.at, s.signature])?;
    Ok(())
}

/// The furthest that was heard of a trail.
pub fn furthest(
    db: &Connection,
    device: &[u8; 16],
    incarnation: u64,
) -> Result<Option<SeenRow>, StorageError> {
    let sql = format!(
        "SELECT {SEEN} FROM audit_seen WHERE device = ?1 AND incarnation = ?2 ORDER BY seq DESC LIMIT 1"
    );
    Ok(db.prepare_cached(&sql)?.query_row(params![device, incarnation], read_seen).optional()?)
}

/// All that was heard of a device.
pub fn seen_of(db: &Connection, device: &[u8; 16]) -> Result<Vec<SeenRow>, StorageError> {
    let sql = format!("SELECT {SEEN} FROM audit_seen WHERE device = ?1 ORDER BY incarnation, seq");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map([device], read_seen)?.collect::<Result<_, _>>()?)
}

/// The last that was heard of each incarnation of each device.
pub fn seen_last(db: &Connection) -> Result<Vec<SeenRow>, StorageError> {
    let sql = format!(
        "SELECT {SEEN} FROM audit_seen s WHERE seq = (SELECT max(seq) FROM audit_seen
           WHERE device = s.device AND incarnation = s.incarnation) ORDER BY device, at"
    );
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map([], read_seen)?.collect::<Result<_, _>>()?)
}

/// What has added up for a rule: since when, how many, and whether it was told.
pub fn window(db: &Connection, rule: &str) -> Result<Option<(i64, u64, bool)>, StorageError> {
    let sql = "SELECT since, count, told FROM alert_window WHERE rule = ?1";
    let read = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?, r.get(2)?));
    Ok(db.prepare_cached(sql)?.query_row([rule], read).optional()?)
}

pub fn put_window(
    tx: &Transaction<'_>,
    rule: &str,
    (since, count, told): (i64, u64, bool),
) -> Result<(), StorageError> {
    let sql = "UPDATE alert_window SET since = ?2, count = ?3, told = ?4 WHERE rule = ?1";
    if tx.prepare_cached(sql)?.execute(params![rule, since, count, told])? == 0 {
        let sql = "INSERT INTO alert_window (rule, since, count, told) VALUES (?1, ?2, ?3, ?4)";
        tx.prepare_cached(sql)?.execute(params![rule, since, count, told])?;
    }
    Ok(())
}

/// Notes an alert that is to become a record.
pub fn put_due(tx: &Transaction<'_>, alert: &str) -> Result<(), StorageError> {
    tx.prepare_cached("INSERT INTO alert_due (alert) VALUES (?1)")?.execute([alert])?;
    Ok(())
}

pub fn due(db: &Connection) -> Result<Vec<(i64, String)>, StorageError> {
    let mut statement = db.prepare_cached("SELECT row, alert FROM alert_due ORDER BY row")?;
    Ok(statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

pub fn done(tx: &Transaction<'_>, row: i64) -> Result<(), StorageError> {
    tx.prepare_cached("DELETE FROM alert_due WHERE row = ?1")?.execute([row])?;
    Ok(())
}
