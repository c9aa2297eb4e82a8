//! Small pictures of attachments, by what the attachments are called. They can be made again at any time: no backup has
//! them, and those that were not asked for the longest make place.

use crate::StorageError;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// What a row takes beside its picture.
const ROW: usize = 128;
/// Those that were asked for so lately count as the latest: looking at a record again writes nothing.
const LATEST: u32 = 64;

#[derive(Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// Empty where it is known that there is none.
    pub jpeg: Vec<u8>,
    /// Many others were asked for since: [`used`] has something to note.
    pub is_old: bool,
}

pub fn get(db: &Connection, name: &[u8; 32]) -> Result<Option<Thumbnail>, StorageError> {
    let sql = "SELECT jpeg, used < (SELECT max(used) - ?2 FROM thumbnail) FROM thumbnail WHERE name = ?1";
    let read = |r: &rusqlite::Row<'_>| Ok(Thumbnail { jpeg: r.get(0)?, is_old: r.get(1)? });
    Ok(db.prepare_cached(sql)?.query_row(params![name, LATEST], read).optional()?)
}

/// Notes that one was asked for.
pub fn used(tx: &Transaction<'_>, name: &[u8; 32]) -> Result<(), StorageError> {
    let sql = "UPDATE thumbnail SET used = (SELECT max(used) + 1 FROM thumbnail) WHERE name = ?1";
    tx.prepare_cached(sql)?.execute([name])?;
    Ok(())
}

/// Keeps one as the latest; all together take no more than `most` bytes.
pub fn put(tx: &Transaction<'_>, name: &[u8; 32], jpeg: &[u8], most: usize) -> Result<(), StorageError> {
    let sql = "INSERT INTO thumbnail (name, used, size, jpeg)
               VALUES (?1, (SELECT coalesce(max(used), 0) + 1 FROM thumbnail), ?2, ?3) ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![name, jpeg.len() + ROW, jpeg])?;
    let sql = "DELETE FROM thumbnail WHERE used <= (SELECT max(used) FROM
                 (SELECT used, sum(size) OVER (ORDER BY used DESC) AS taken FROM thumbnail) WHERE taken > ?1)";
    tx.prepare_cached(sql)?.execute([most])?;
    Ok(())
}
