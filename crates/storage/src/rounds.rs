//! What rounds with remotes have come to: a log of this device, of bounded length.

use crate::StorageError;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

/// Rounds that are kept.
pub const KEPT: u32 = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// When it was, the last time if it was several times the same.
    pub at: i64,
    pub remote: String,
    pub sent: u32,
    pub received: u32,
    pub conflicts: u32,
    /// Empty where nothing went wrong.
    pub error: String,
    pub times: u32,
    pub since: i64,
}

const COLUMNS: &str = "at, remote, sent, received, conflicts, error, times, since";

fn round(r: &Row<'_>) -> rusqlite::Result<Round> {
    Ok(Round {
        at: r.get(0)?,
        remote: r.get(1)?,
        sent: r.get(2)?,
        received: r.get(3)?,
        conflicts: r.get(4)?,
        error: r.get(5)?,
        times: r.get(6)?,
        since: r.get(7)?,
    })
}

/// Whether something would be said by noting it: it moved something, went wrong, or went well again.
pub fn says_something(db: &Connection, it: &Round) -> Result<bool, StorageError> {
    let moved = it.sent > 0 || it.received > 0 || it.conflicts > 0 || !it.error.is_empty();
    Ok(moved || last_of(db, &it.remote)?.is_some_and(|(_, error)| !error.is_empty()))
}

fn last_of(db: &Connection, remote: &str) -> Result<Option<(i64, String)>, StorageError> {
    let sql = "SELECT row, error FROM sync_round WHERE remote = ?1 ORDER BY row DESC LIMIT 1";
    Ok(db.prepare_cached(sql)?.query_row([remote], |r| Ok((r.get(0)?, r.get(1)?))).optional()?)
}

/// Notes a round. What goes wrong again for the same reason is one line that counts.
pub fn put(tx: &Transaction<'_>, it: &Round) -> Result<(), StorageError> {
    let moved = it.sent > 0 || it.received > 0 || it.conflicts > 0;
    if let Some((row, error)) = last_of(tx, &it.remote)?
        && !moved
        && !it.error.is_empty()
        && error == it.error
    {
        let sql = "UPDATE sync_round SET at = ?2, times = times + 1 WHERE row = ?1";
        tx.prepare_cached(sql)?.execute(params![row, it.at])?;
        return Ok(());
    }
    let sql = format!("INSERT INTO sync_round ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    tx.prepare_cached(&sql)?.execute(params![
        it.at,
        it.remote,
        it.sent,
        it.received,
        it.conflicts,
        it.error,
        it.times,
        it.since
    ])?;
    let sql = "DELETE FROM sync_round WHERE row <= (SELECT max(row) FROM sync_round) - ?1";
    tx.prepare_cached(sql)?.execute([KEPT])?;
    Ok(())
}

/// All that are kept, the newest first.
pub fn all(db: &Connection) -> Result<Vec<Round>, StorageError> {
    let mut statement =
        db.prepare_cached(&format!("SELECT {COLUMNS} FROM sync_round ORDER BY at DESC, row DESC"))?;
    Ok(statement.query_map([], round)?.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Connection {
        crate::allocator::install();
        let mut db = Connection::open_in_memory().expect("a database");
        crate::schema::migrate(&mut db).expect("migrated");
        db
    }

    fn note(db: &mut Connection, at: i64, remote: &str, sent: u32, error: &str) {
        let it = Round {
            at,
            remote: remote.into(),
            sent,
            received: 0,
            conflicts: 0,
            error: error.into(),
            times: 1,
            since: at,
        };
        let tx = db.transaction().expect("begun");
        if says_something(&tx, &it).expect("read") {
            put(&tx, &it).expect("noted");
        }
        tx.commit().expect("committed");
    }

    fn lines(db: &Connection) -> Vec<String> {
        let line = |r: Round| format!("{} {} {} «{}» {}", r.at, r.remote, r.sent, r.error, r.times);
        all(db).expect("read").into_iter().map(line).collect()
    }

    #[test]
    fn a_round_is_noted_where_it_says_something_and_the_same_trouble_counts() {
        let mut db = base();
        note(&mut db, 1, "office", 0, "");
        note(&mut db, 2, "office", 3, "");
        note(&mut db, 3, "office", 0, "away");
        note(&mut db, 4, "folder", 0, "");
        note(&mut db, 5, "office", 0, "away");
        note(&mut db, 6, "office", 0, "full");
        note(&mut db, 7, "office", 0, "");
        note(&mut db, 8, "office", 0, "");
        assert_eq!(
            lines(&db),
            ["7 office 0 «» 1", "6 office 0 «full» 1", "5 office 0 «away» 2", "2 office 3 «» 1"]
        );
        assert_eq!(all(&db).expect("read")[2].since, 3);
    }

    #[test]
    fn no_more_are_kept_than_so_many() {
        let mut db = base();
        for at in 0..i64::from(KEPT) + 40 {
            note(&mut db, at, "office", 1, "");
        }
        let kept = all(&db).expect("read");
        assert_eq!((kept.len(), kept.last().map(|r| r.at)), (KEPT as usize, Some(40)));
    }
}
