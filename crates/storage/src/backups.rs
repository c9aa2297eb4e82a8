//! Which backups were made here, where they are, and when they were proven.

use crate::StorageError;
use rusqlite::{Connection, Row, Transaction, params};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// A folder or an address.
    pub target: String,
    /// Its name there.
    pub file: String,
    pub made_at: i64,
    pub records: u64,
    pub size: u64,
    pub sha256: String,
    pub verified_at: Option<i64>,
    pub drilled_at: Option<i64>,
    pub drill_ms: Option<u64>,
}

const COLUMNS: &str = "target, file, made_at, records, size, sha256, verified_at, drilled_at, drill_ms";

fn backup(r: &Row<'_>) -> rusqlite::Result<Backup> {
    Ok(Backup {
        target: r.get(0)?,
        file: r.get(1)?,
        made_at: r.get(2)?,
        records: r.get(3)?,
        size: r.get(4)?,
        sha256: r.get(5)?,
        verified_at: r.get(6)?,
        drilled_at: r.get(7)?,
        drill_ms: r.get(8)?,
    })
}

/// Notes one, or what is newly known of it.
pub fn put(tx: &Transaction<'_>, b: &Backup) -> Result<(), StorageError> {
    let sql = format!(
        "INSERT INTO backup ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (target, file) DO UPDATE SET made_at = excluded.made_at, records = excluded.records,
         size = excluded.size, sha256 = excluded.sha256, verified_at = excluded.verified_at,
         drilled_at = excluded.drilled_at, drill_ms = excluded.drill_ms"
    );
    tx.prepare_cached(&sql)?.execute(params![
        b.target,
        b.file,
        b.made_at,
        b.records,
        b.size,
        b.sha256,
        b.verified_at,
        b.drilled_at,
        b.drill_ms
    ])?;
    Ok(())
}

pub fn remove(tx: &Transaction<'_>, target: &str, file: &str) -> Result<(), StorageError> {
    tx.execute("DELETE FROM backup WHERE target = ?1 AND file = ?2", params![target, file])?;
    Ok(())
}

/// All, the newest first.
pub fn all(db: &Connection) -> Result<Vec<Backup>, StorageError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM backup ORDER BY made_at DESC, seq DESC LIMIT 10000"
    ))?;
    let rows = statement.query_map([], backup)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What the records of attachments say of their contents, those in the trash, too.
pub fn contents(db: &Connection) -> Result<Vec<String>, StorageError> {
    let mut statement = db.prepare("SELECT DISTINCT content FROM attachment WHERE content IS NOT NULL")?;
    let rows = statement.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A file on a record, in the trash or not.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    pub name: String,
    pub size: f64,
    pub record: Option<String>,
    pub content: String,
}

/// All that say what is in them, by their records and names.
pub fn files(db: &Connection) -> Result<Vec<FileRow>, StorageError> {
    let mut statement = db.prepare(
        "SELECT name, size, record, content FROM attachment WHERE content IS NOT NULL
         ORDER BY record_sort, name_sort, row",
    )?;
    let rows = statement.query_map([], |r| {
        Ok(FileRow {
            name: r.get::<_, Option<String>>(0)?.unwrap_or_default(),
            size: r.get::<_, Option<f64>>(1)?.unwrap_or_default(),
            record: r.get(2)?,
            content: r.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
