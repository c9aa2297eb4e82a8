//! The records' documents, and what a write puts beside each: projection, terms, index.

use crate::{StorageError, projections};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, Transaction, params};
use satchel_domain::{Kind, Projection, RecordId};

/// A stored document.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    pub row: i64,
    pub id: RecordId,
    pub kind: Kind,
    pub heads: Vec<[u8; 32]>,
    pub bytes: Vec<u8>,
    /// How many of the bytes, the last ones, were appended to a whole document.
    pub appended: usize,
}

/// Everything that is written for one record.
#[derive(Debug)]
pub struct Put<'a> {
    pub id: RecordId,
    /// The row that it has; none yet if it is new.
    pub row: Option<i64>,
    /// The only record of its operation: the search index takes it over later, see `search::pending`.
    pub alone: bool,
    pub kind: Kind,
    pub heads: &'a [[u8; 32]],
    pub bytes: &'a [u8],
    pub appended: usize,
    pub created_at: i64,
    pub updated_at: i64,
    pub projection: &'a Projection,
    pub conflicts: &'a [String],
}

const COLUMNS: &str = "row, id, kind, heads, bytes, appended";

fn read(r: &SqlRow<'_>) -> rusqlite::Result<DocumentRow> {
    let heads: Vec<u8> = r.get(3)?;
    Ok(DocumentRow {
        row: r.get(0)?,
        id: parsed(r, 1)?,
        kind: parsed(r, 2)?,
        heads: heads_from_bytes(&heads),
        bytes: r.get(4)?,
        appended: r.get(5)?,
    })
}

pub(crate) fn parsed<T: std::str::FromStr>(r: &SqlRow<'_>, at: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = r.get(at)?;
    text.parse()
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(e)))
}

pub fn heads_to_bytes(heads: &[[u8; 32]]) -> Vec<u8> {
    heads.concat()
}

pub fn heads_from_bytes(bytes: &[u8]) -> Vec<[u8; 32]> {
    bytes.chunks_exact(32).filter_map(|c| c.try_into().ok()).collect()
}

pub fn get(db: &Connection, id: RecordId) -> Result<Option<DocumentRow>, StorageError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM document WHERE id = ?1"))?;
    Ok(statement.query_row([id.to_string()], read).optional()?)
}

pub fn by_row(db: &Connection, row: i64) -> Result<Option<DocumentRow>, StorageError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM document WHERE row = ?1"))?;
    Ok(statement.query_row([row], read).optional()?)
}

/// The same from a database of any version, for rescue.
pub fn by_row_of_any_version(db: &Connection, row: i64) -> Result<Option<DocumentRow>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT row, id, kind, heads, bytes, 0 FROM document WHERE row = ?1")?;
    Ok(statement.query_row([row], read).optional()?)
}

/// Rows behind `after`, for work that walks all documents. They themselves are read one by one, so
/// that a damaged page costs only those on it.
pub fn rows_after(db: &Connection, after: i64, limit: usize) -> Result<Vec<i64>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT row FROM document NOT INDEXED WHERE row > ?1 ORDER BY row LIMIT ?2")?;
    Ok(statement.query_map(params![after, limit], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

/// The rows of a kind, by its documents; for where nothing is derived yet.
pub fn rows_of(db: &Connection, kind: Kind) -> Result<Vec<i64>, StorageError> {
    let mut statement = db.prepare_cached("SELECT row FROM document WHERE kind = ?1 ORDER BY row")?;
    Ok(statement.query_map([kind.key()], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

/// The highest row in a table that has a record's row in each of its own.
pub fn last_row_in(db: &Connection, table: &str) -> Result<Option<i64>, StorageError> {
    Ok(db.query_row(&format!("SELECT max(row) FROM {table}"), [], |r| r.get(0))?)
}

/// Whose row it is, without its document.
pub fn id_of(db: &Connection, row: i64) -> Result<Option<RecordId>, StorageError> {
    let mut statement = db.prepare_cached("SELECT id FROM document WHERE row = ?1")?;
    Ok(statement.query_row([row], |r| parsed(r, 0)).optional()?)
}

/// A record's row and kind, without its document.
pub fn find(db: &Connection, id: RecordId) -> Result<Option<(i64, Kind)>, StorageError> {
    let mut statement = db.prepare_cached("SELECT row, kind FROM document WHERE id = ?1")?;
    Ok(statement.query_row([id.to_string()], |r| Ok((r.get(0)?, parsed(r, 1)?))).optional()?)
}

/// The version of a record that is stored; none if there is no such record.
pub fn heads(db: &Connection, id: RecordId) -> Result<Vec<[u8; 32]>, StorageError> {
    let mut statement = db.prepare_cached("SELECT heads FROM document WHERE id = ?1")?;
    let heads: Option<Vec<u8>> = statement.query_row([id.to_string()], |r| r.get(0)).optional()?;
    Ok(heads_from_bytes(&heads.unwrap_or_default()))
}

pub fn exists(db: &Connection, id: RecordId) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached("SELECT 1 FROM document WHERE id = ?1")?;
    Ok(statement.exists([id.to_string()])?)
}

/// Records of a kind that both of these operations have touched and no other has, that nobody refers to, and that
/// have never left this computer.
pub fn touched_only_by(
    db: &Connection,
    kind: Kind,
    operation: i64,
    undo: i64,
) -> Result<Vec<i64>, StorageError> {
    let sql = format!(
        "SELECT d.row FROM operation_record r JOIN document d ON d.row = r.row
         WHERE r.operation = ?1 AND d.kind = ?3
         AND EXISTS (SELECT 1 FROM operation_record u WHERE u.row = r.row AND u.operation = ?2)
         AND r.row NOT IN (SELECT row FROM operation_record WHERE operation NOT IN (?1, ?2))
         AND r.row NOT IN (SELECT row FROM operation WHERE row IS NOT NULL)
         AND NOT EXISTS (SELECT 1 FROM doc WHERE doc.record = d.id) AND {}",
        crate::projections::unlinked("d.id")
    );
    let mut statement = db.prepare(&sql)?;
    let rows = statement.query_map(params![operation, undo, kind.key()], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes a record away for good, with its history, which is that of these operations. Only for what
/// has never left this computer.
pub fn purge(tx: &Transaction<'_>, row: i64, kind: Kind, operations: [i64; 2]) -> Result<(), StorageError> {
    crate::search::replace(tx, row, None)?;
    for sql in [
        format!("DELETE FROM {kind} WHERE row = ?1"),
        "DELETE FROM term WHERE row = ?1".to_owned(),
        "DELETE FROM conflict WHERE row = ?1".to_owned(),
        "DELETE FROM document WHERE row = ?1".to_owned(),
    ] {
        tx.prepare_cached(&sql)?.execute([row])?;
    }
    let sql = "DELETE FROM operation_record WHERE operation IN (?2, ?3) AND row = ?1";
    tx.prepare_cached(sql)?.execute(params![row, operations[0], operations[1]])?;
    Ok(())
}

/// Writes a record, new or changed. The row it has.
pub fn put(tx: &Transaction<'_>, put: &Put<'_>) -> Result<i64, StorageError> {
    let heads = heads_to_bytes(put.heads);
    let row = match put.row {
        Some(row) => {
            let sql = "UPDATE document SET heads = ?2, bytes = ?3, appended = ?4 WHERE row = ?1";
            tx.prepare_cached(sql)?.execute(params![row, heads, put.bytes, put.appended])?;
            row
        }
        None => {
            let sql = "INSERT INTO document (id, kind, heads, bytes) VALUES (?1, ?2, ?3, ?4)";
            tx.prepare_cached(sql)?.execute(params![put.id.to_string(), put.kind.key(), heads, put.bytes])?;
            tx.last_insert_rowid()
        }
    };
    projections::write(tx, row, put, put.row.is_some())?;
    Ok(row)
}
