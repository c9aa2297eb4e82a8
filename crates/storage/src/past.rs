//! What a list has to look at to show how it was.

use crate::{ListQuery, StorageError, documents, documents::parsed, lists, projections};
use rusqlite::{Connection, params};
use satchel_domain::{Catalogue, Kind, RecordId, projection::Projection};
use std::collections::HashSet;

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

/// What tables would show of a record as it was.
#[derive(Debug)]
pub struct AsOf {
    pub row: i64,
    pub id: RecordId,
    pub created_at: i64,
    pub updated_at: i64,
    pub projection: Projection,
}

/// The rows of those records that a query finds as they were. They stand in tables of this connection that nobody else
/// sees, by the names of the real ones, so that a filter means what it means of today; what they link to is that of today.
pub fn found(
    db: &Connection,
    catalogue: &Catalogue,
    query: &ListQuery,
    records: &[AsOf],
) -> Result<HashSet<i64>, StorageError> {
    let kind = query.kind;
    let _shadow = Shadow::over(db, kind)?;
    for record in records {
        let put = documents::Put {
            id: record.id,
            row: Some(record.row),
            alone: true,
            kind,
            heads: &[],
            bytes: &[],
            appended: 0,
            created_at: record.created_at,
            updated_at: record.updated_at,
            projection: &record.projection,
            conflicts: &[],
        };
        projections::show(db, record.row, &put, false)?;
    }
    Ok(lists::rows(db, catalogue, query)?.into_iter().collect())
}

/// Empty tables before the real ones, as long as it lives. The file is open for reading alone: nothing but these can be
/// written.
struct Shadow<'a> {
    db: &'a Connection,
    kind: Kind,
}

impl<'a> Shadow<'a> {
    fn over(db: &'a Connection, kind: Kind) -> Result<Self, StorageError> {
        db.execute_batch("PRAGMA query_only = OFF")?;
        let shadow = Self { db, kind };
        db.execute_batch(&format!(
            "CREATE TEMP TABLE {kind} AS SELECT * FROM main.{kind} WHERE 0;
             CREATE TEMP TABLE term AS SELECT * FROM main.term WHERE 0;
             CREATE INDEX temp.term_of_then ON term (row, field);"
        ))?;
        Ok(shadow)
    }
}

impl Drop for Shadow<'_> {
    fn drop(&mut self) {
        let kind = self.kind;
        let _ = self.db.execute_batch(&format!(
            "DROP TABLE IF EXISTS temp.{kind}; DROP TABLE IF EXISTS temp.term; PRAGMA query_only = ON;"
        ));
    }
}
