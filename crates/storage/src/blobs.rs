//! Which pieces of attachments this vault has; they themselves lie beside the database.

use crate::StorageError;
use crate::team::fixed;
use rusqlite::{Connection, Transaction, params};

/// Notes a piece that is here; once.
pub fn add(tx: &Transaction<'_>, name: &[u8; 32], size: usize) -> Result<(), StorageError> {
    let sql = "INSERT INTO blob (name, size) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![name, size])?;
    Ok(())
}

/// Those behind a number, in the order in which they came.
pub fn after(db: &Connection, seq: i64, limit: usize) -> Result<Vec<(i64, [u8; 32])>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT seq, name FROM blob WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let read = statement.query_map(params![seq, limit], |r| Ok((r.get(0)?, fixed(r, 1)?)))?;
    Ok(read.collect::<Result<_, _>>()?)
}

/// How many there are behind a number.
pub fn count_after(db: &Connection, seq: i64) -> Result<u64, StorageError> {
    Ok(db.prepare_cached("SELECT count(*) FROM blob WHERE seq > ?1")?.query_row([seq], |r| r.get(0))?)
}

/// Forgets pieces that are not here any more.
pub fn remove(tx: &Transaction<'_>, names: &[[u8; 32]]) -> Result<(), StorageError> {
    let mut statement = tx.prepare_cached("DELETE FROM blob WHERE name = ?1")?;
    names.iter().try_for_each(|name| Ok(statement.execute([name.as_slice()]).map(drop)?))
}
