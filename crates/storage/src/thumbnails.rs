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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SqlCipherKey, Store};

    #[test]
    fn those_that_were_not_asked_for_make_place() {
        let dir = tempfile::tempdir().expect("a folder");
        let key = SqlCipherKey::new(format!("x'{}'", "07".repeat(32)));
        let store = Store::create(&dir.path().join("test.db"), &key).expect("made");
        let name = |n: u8| [n; 32];
        let most = 100 * (1000 + ROW);
        let put = |n: u8| {
            let done = store.write_if_free::<StorageError>(|tx| put(tx, &name(n), &[n; 1000], most));
            assert_eq!(done.expect("kept"), Some(()));
        };
        let kept = |n: u8| store.read(|db| get(db, &name(n))).expect("read");
        (0..100).for_each(put);
        assert!(kept(0).expect("all have place").is_old && !kept(99).expect("here").is_old);
        // Asked for again, the first is the latest; the second goes.
        store.write_if_free::<StorageError>(|tx| used(tx, &name(0))).expect("noted");
        assert!(!kept(0).expect("still here").is_old);
        put(100);
        assert_eq!((kept(0).is_some(), kept(1)), (true, None));
        (101..200).for_each(put);
        let (count, size): (u32, usize) = store
            .read::<_, StorageError>(|db| {
                Ok(db.query_row("SELECT count(*), sum(size) FROM thumbnail", [], |r| {
                    Ok((r.get(0)?, r.get(1)?))
                })?)
            })
            .expect("counted");
        assert!(count == 100 && size <= most, "{count} of {size} bytes");
        // The same again changes nothing.
        put(150);
        assert!(kept(101).is_some());
    }
}
