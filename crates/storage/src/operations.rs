//! Operations: what was done, by whom, and which version each touched record had before and after.

use crate::{
    StorageError,
    documents::{heads_from_bytes, heads_to_bytes, parsed},
};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, Transaction, params};
use satchel_domain::{Kind, OperationId, RecordId};

#[derive(Debug, Clone)]
pub struct Operation {
    pub seq: i64,
    pub id: OperationId,
    /// `create`, `edit`, `delete`, `restore`, `import`, `seed`, `undo`, `redo`.
    pub label: String,
    /// JSON of the label's own shape.
    pub detail: String,
    /// Epoch milliseconds.
    pub at: i64,
    pub person: String,
    pub device: String,
    pub records: u64,
    /// False while a long operation runs, and for ever if it was killed.
    pub finished: bool,
    pub undoes: Option<OperationId>,
    pub undone_by: Option<OperationId>,
    /// The device that it came from; none: this one.
    pub origin: Option<String>,
}

/// One record of an operation.
#[derive(Debug, Clone)]
pub struct Touched {
    pub row: i64,
    pub id: RecordId,
    pub before: Vec<[u8; 32]>,
    pub after: Vec<[u8; 32]>,
}

const COLUMNS: &str =
    "seq, id, label, detail, at, person, device, records, finished, undoes, undone_by, origin";

fn read(r: &SqlRow<'_>) -> rusqlite::Result<Operation> {
    let optional = |at: usize| -> rusqlite::Result<Option<OperationId>> {
        Ok(r.get::<_, Option<String>>(at)?.and_then(|text| text.parse().ok()))
    };
    Ok(Operation {
        seq: r.get(0)?,
        id: parsed(r, 1)?,
        label: r.get(2)?,
        detail: r.get(3)?,
        at: r.get(4)?,
        person: r.get(5)?,
        device: r.get(6)?,
        records: r.get(7)?,
        finished: r.get(8)?,
        undoes: optional(9)?,
        undone_by: optional(10)?,
        origin: r.get(11)?,
    })
}

/// Writes an operation's head; the sequence number it has.
pub fn begin(tx: &Transaction<'_>, operation: &Operation) -> Result<i64, StorageError> {
    let sql =
        "INSERT INTO operation (id, label, detail, at, person, device, records, finished, undoes, undone_by, origin)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let o = operation;
    let undoes = o.undoes.map(|id| id.to_string());
    let undone_by = o.undone_by.map(|id| id.to_string());
    tx.prepare_cached(sql)?.execute(params![
        o.id.to_string(),
        o.label,
        o.detail,
        o.at,
        o.person,
        o.device,
        o.records,
        o.finished,
        undoes,
        undone_by,
        o.origin
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Closes an operation; how many records it has touched.
pub fn finish(tx: &Transaction<'_>, seq: i64, detail: &str) -> Result<u64, StorageError> {
    let sql = "UPDATE operation SET finished = 1, detail = ?2 WHERE seq = ?1";
    tx.prepare_cached(sql)?.execute(params![seq, detail])?;
    count(tx, seq)
}

/// Calls an operation something else.
pub fn rename(tx: &Transaction<'_>, seq: i64, label: &str) -> Result<(), StorageError> {
    tx.prepare_cached("UPDATE operation SET label = ?2 WHERE seq = ?1")?.execute(params![seq, label])?;
    Ok(())
}

/// Takes away the head of an operation that came to nothing.
pub fn discard(tx: &Transaction<'_>, seq: i64) -> Result<(), StorageError> {
    tx.prepare_cached("DELETE FROM operation_record WHERE operation = ?1")?.execute([seq])?;
    tx.prepare_cached("DELETE FROM operation WHERE seq = ?1")?.execute([seq])?;
    // The next operation may get this number again.
    crate::search::forget_from(tx, seq)
}

/// Notes how many records an operation has touched so far.
pub fn count(tx: &Transaction<'_>, seq: i64) -> Result<u64, StorageError> {
    let sql = "UPDATE operation SET records = (SELECT count(*) FROM operation_record WHERE operation = ?1)
                 + (row IS NOT NULL)
               WHERE seq = ?1 RETURNING records";
    Ok(tx.prepare_cached(sql)?.query_row([seq], |r| r.get(0))?)
}

/// Whether an operation has touched a record.
pub fn has_touched(db: &Connection, seq: i64, row: i64) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM operation_record WHERE operation = ?1 AND row = ?2
               UNION ALL SELECT 1 FROM operation WHERE seq = ?1 AND row = ?2";
    Ok(db.prepare_cached(sql)?.exists(params![seq, row])?)
}

/// Adds a touched record; a second touch by the same operation keeps the first `before`. The only one
/// of its operation stays in the operation's own row.
pub fn touch(
    tx: &Transaction<'_>,
    seq: i64,
    row: i64,
    alone: bool,
    before: &[[u8; 32]],
    after: &[[u8; 32]],
) -> Result<(), StorageError> {
    let (before, after) = (heads_to_bytes(before), heads_to_bytes(after));
    if alone {
        let sql = "UPDATE operation SET row = ?2, before = ?3, after = ?4 WHERE seq = ?1";
        tx.prepare_cached(sql)?.execute(params![seq, row, before, after])?;
        return Ok(());
    }
    // In two steps: an upsert opens a savepoint, at which FTS5 writes out what it has collected.
    let sql =
        "INSERT OR IGNORE INTO operation_record (operation, row, before, after) VALUES (?1, ?2, ?3, ?4)";
    if tx.prepare_cached(sql)?.execute(params![seq, row, before, after])? == 0 {
        let sql = "UPDATE operation_record SET after = ?3 WHERE operation = ?1 AND row = ?2";
        tx.prepare_cached(sql)?.execute(params![seq, row, after])?;
    }
    Ok(())
}

/// Marks an operation as taken back by another, or as standing again.
pub fn mark_undone(
    tx: &Transaction<'_>,
    id: OperationId,
    by: Option<OperationId>,
) -> Result<(), StorageError> {
    let sql = "UPDATE operation SET undone_by = ?2 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id.to_string(), by.map(|b| b.to_string())])?;
    Ok(())
}

pub fn get(db: &Connection, id: OperationId) -> Result<Option<Operation>, StorageError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM operation WHERE id = ?1"))?;
    Ok(statement.query_row([id.to_string()], read).optional()?)
}

/// The newest first.
pub fn latest(db: &Connection, limit: usize) -> Result<Vec<Operation>, StorageError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM operation ORDER BY seq DESC LIMIT ?1"))?;
    Ok(statement.query_map([limit], read)?.collect::<Result<_, _>>()?)
}

/// The number of the newest operation.
pub fn last(db: &Connection) -> Result<i64, StorageError> {
    Ok(db.prepare_cached("SELECT coalesce(max(seq), 0) FROM operation")?.query_row([], |r| r.get(0))?)
}

/// What an operation is called: its id and its label.
pub fn named(db: &Connection, seq: i64) -> Result<(String, String), StorageError> {
    let sql = "SELECT id, label FROM operation WHERE seq = ?1";
    Ok(db.prepare_cached(sql)?.query_row([seq], |r| Ok((r.get(0)?, r.get(1)?)))?)
}

/// What the app itself does after a sync: nobody has done it, so nobody means it with Ctrl+Z.
const BY_ITSELF: &str = "('mend', 'alert', 'alert_seen')";

/// What an undo without a name takes back: the newest that is no undo itself and stands.
pub fn standing(db: &Connection, skip: &[OperationId]) -> Result<Option<Operation>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM operation WHERE undoes IS NULL AND undone_by IS NULL AND origin IS NULL
         AND label NOT IN {BY_ITSELF} ORDER BY seq DESC LIMIT ?1"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows: Vec<Operation> = statement.query_map([skip.len() + 1], read)?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().find(|o| !skip.contains(&o.id)))
}

/// What a redo takes back: the newest undo that stands, unless something else was done since.
pub fn last_undo(db: &Connection) -> Result<Option<Operation>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM operation WHERE label = 'undo' AND undone_by IS NULL AND origin IS NULL
         AND seq > (SELECT coalesce(max(seq), 0) FROM operation WHERE undoes IS NULL AND origin IS NULL AND label NOT IN {BY_ITSELF})
         ORDER BY seq DESC LIMIT 1"
    );
    Ok(db.prepare_cached(&sql)?.query_row([], read).optional()?)
}

/// An undo of this operation that was stopped half-way.
pub fn unfinished_undo(db: &Connection, of: OperationId) -> Result<Option<Operation>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM operation WHERE undoes = ?1 AND finished = 0 AND undone_by IS NULL LIMIT 1"
    );
    Ok(db.prepare_cached(&sql)?.query_row([of.to_string()], read).optional()?)
}

pub fn with_label(db: &Connection, label: &str) -> Result<Vec<Operation>, StorageError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM operation WHERE label = ?1 ORDER BY seq DESC"))?;
    let rows = statement.query_map([label], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An operation's records of some kinds before the row `before`, the last first.
pub fn touched(
    db: &Connection,
    seq: i64,
    kinds: &[Kind],
    before: i64,
    limit: usize,
) -> Result<Vec<Touched>, StorageError> {
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    let sql = format!(
        "SELECT r.row, d.id, r.before, r.after FROM (
           SELECT row, before, after FROM operation_record WHERE operation = ?1
           UNION ALL SELECT row, before, after FROM operation WHERE seq = ?1 AND row IS NOT NULL) r
         JOIN document d ON d.row = r.row
         WHERE r.row < ?2 AND d.kind IN ({}) ORDER BY r.row DESC LIMIT ?3",
        kinds.join(", ")
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params![seq, before, limit], |r| {
        let (before, after): (Vec<u8>, Vec<u8>) = (r.get(2)?, r.get(3)?);
        Ok(Touched {
            row: r.get(0)?,
            id: parsed(r, 1)?,
            before: heads_from_bytes(&before),
            after: heads_from_bytes(&after),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The only record of an operation that has one.
pub fn only_row(db: &Connection, seq: i64) -> Result<Option<i64>, StorageError> {
    let sql = "SELECT coalesce(row, (SELECT row FROM operation_record WHERE operation = ?1 LIMIT 1))
               FROM operation WHERE seq = ?1";
    Ok(db.prepare_cached(sql)?.query_row([seq], |r| r.get(0)).optional()?.flatten())
}

/// The latest moment that any of the last operations names.
pub fn latest_moment(db: &Connection) -> Result<Option<i64>, StorageError> {
    let sql = "SELECT max(at) FROM (SELECT at FROM operation ORDER BY seq DESC LIMIT 1000)";
    Ok(db.query_row(sql, [], |r| r.get(0))?)
}
