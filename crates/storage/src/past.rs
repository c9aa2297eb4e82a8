//! What a list has to look at to show how it was.

use crate::{StorageError, documents::parsed};
use rusqlite::{Connection, params};
use satchel_domain::{Kind, RecordId};

/// The records that are today what they were then: row, and what sorts them.
pub fn unchanged(db: &Connection, kind: Kind, at: i64) -> Result<Vec<(i64, String)>, StorageError> {
    let sql = format!("SELECT row, sort FROM {kind} WHERE updated_at <= ?1 AND deleted_at IS NULL");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map([at], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// The records that something was written to since then, those in the trash too.
pub fn changed(db: &Connection, kind: Kind, at: i64) -> Result<Vec<RecordId>, StorageError> {
    let sql = format!("SELECT id FROM {kind} WHERE updated_at > ?1 ORDER BY row");
    let mut statement = db.prepare_cached(&sql)?;
    Ok(statement.query_map(params![at], |r| parsed(r, 0))?.collect::<Result<_, _>>()?)
}
