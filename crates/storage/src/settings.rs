//! The vault's own facts and the user's settings, by key.

use crate::StorageError;
use rusqlite::{Connection, OptionalExtension, params};

pub fn get(db: &Connection, key: &str) -> Result<Option<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
    Ok(statement.query_row([key], |r| r.get(0)).optional()?)
}

pub fn put(db: &Connection, key: &str, value: &str) -> Result<(), StorageError> {
    let sql = "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    db.prepare_cached(sql)?.execute(params![key, value])?;
    Ok(())
}

pub fn remove(tx: &rusqlite::Transaction<'_>, key: &str) -> Result<(), StorageError> {
    tx.execute("DELETE FROM setting WHERE key = ?1", [key])?;
    Ok(())
}
