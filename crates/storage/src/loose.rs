//! Which entries of the team's log stand for themselves, and which a snapshot stands for.

use crate::{
    StorageError,
    documents::heads_from_bytes,
    team::{SegmentPlace, SegmentRow, fixed},
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

/// An entry: the number of its feed here, and its place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub feed: i64,
    pub seq: u64,
}

/// An entry that no snapshot stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loose {
    pub at: At,
    pub row: i64,
    /// Changes that whatever stands for it must hold.
    pub heads: Vec<[u8; 32]>,
    /// About what it takes in the log.
    pub size: usize,
    /// What it stands for itself, if it is a snapshot.
    pub covers: Option<Vec<u8>>,
}

/// The number of a feed here, which is known from now on.
pub fn feed_number(tx: &Transaction<'_>, device: &[u8; 16], incarnation: u64) -> Result<i64, StorageError> {
    let sql = "SELECT number FROM feed WHERE device = ?1 AND incarnation = ?2";
    let known = tx.prepare_cached(sql)?.query_row(params![device, incarnation], |r| r.get(0)).optional()?;
    if let Some(number) = known {
        return Ok(number);
    }
    let sql = "INSERT INTO feed (device, incarnation, next, last, number)
               SELECT ?1, ?2, 1, zeroblob(32), coalesce(max(number), 0) + 1 FROM feed RETURNING number";
    Ok(tx.prepare_cached(sql)?.query_row(params![device, incarnation], |r| r.get(0))?)
}

/// Which feed has a number: its device and incarnation.
pub fn feed_of(db: &Connection, number: i64) -> Result<([u8; 16], u64), StorageError> {
    let mut statement = db.prepare_cached("SELECT device, incarnation FROM feed WHERE number = ?1")?;
    Ok(statement.query_row([number], |r| Ok((fixed(r, 0)?, r.get(1)?)))?)
}

pub fn add(tx: &Transaction<'_>, entry: &Loose) -> Result<(), StorageError> {
    let sql = "INSERT INTO loose (feed, seq, row, heads, size, covers) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT DO NOTHING";
    let (e, heads) = (entry, entry.heads.concat());
    tx.prepare_cached(sql)?.execute(params![e.at.feed, e.at.seq, e.row, heads, e.size, e.covers])?;
    Ok(())
}

/// The records that entries of a feed from a place on are of, as far as no snapshot stands for these.
pub fn rows_from(
    db: &Connection,
    device: &[u8; 16],
    incarnation: u64,
    place: u64,
) -> Result<Vec<i64>, StorageError> {
    let sql = "SELECT DISTINCT l.row FROM feed f JOIN loose l ON l.feed = f.number
               WHERE f.device = ?1 AND f.incarnation = ?2 AND l.seq >= ?3 AND l.by_feed IS NULL ORDER BY l.row";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(params![device, incarnation, place], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those of a record, and those in a stretch of a feed whose record it may not be.
pub fn of_row(db: &Connection, row: i64) -> Result<Vec<Loose>, StorageError> {
    let sql = "SELECT feed, seq, row, heads, size, covers FROM loose WHERE row = ?1 AND by_feed IS NULL
               ORDER BY feed, seq";
    let mut statement = db.prepare_cached(sql)?;
    let read = statement.query_map([row], |r| {
        let heads: Vec<u8> = r.get(3)?;
        Ok(Loose {
            at: At { feed: r.get(0)?, seq: r.get(1)? },
            row: r.get(2)?,
            heads: heads_from_bytes(&heads),
            size: r.get(4)?,
            covers: r.get(5)?,
        })
    })?;
    Ok(read.collect::<Result<_, _>>()?)
}

/// Whether a stretch of a feed has an entry of another record that stands for itself.
pub fn has_others(
    db: &Connection,
    feed: i64,
    (first, end): (u64, u64),
    row: i64,
) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM loose WHERE feed = ?1 AND seq >= ?2 AND seq < ?3 AND row <> ?4";
    Ok(db.prepare_cached(sql)?.exists(params![feed, first, end, row])?)
}

/// A snapshot stands for an entry from now on. Whose log it is in leaves it out later; others may forget it.
pub fn cover(tx: &Transaction<'_>, entry: At, own: bool, by: At) -> Result<(), StorageError> {
    match own {
        true => {
            let sql = "UPDATE loose SET by_feed = ?3, by_seq = ?4 WHERE feed = ?1 AND seq = ?2";
            tx.prepare_cached(sql)?.execute(params![entry.feed, entry.seq, by.feed, by.seq])?
        }
        false => {
            let sql = "DELETE FROM loose WHERE feed = ?1 AND seq = ?2";
            tx.prepare_cached(sql)?.execute(params![entry.feed, entry.seq])?
        }
    };
    Ok(())
}

/// Notes that an entry which is not here yet may come left out. False if that is known.
pub fn expect(tx: &Transaction<'_>, entry: At) -> Result<bool, StorageError> {
    let sql = "INSERT INTO covered (feed, seq) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(tx.prepare_cached(sql)?.execute(params![entry.feed, entry.seq])? > 0)
}

/// Whether all entries of a stretch may come left out.
pub fn expected(db: &Connection, feed: i64, (first, end): (u64, u64)) -> Result<bool, StorageError> {
    let sql = "SELECT count(*) FROM covered WHERE feed = ?1 AND seq >= ?2 AND seq < ?3";
    let known: u64 = db.prepare_cached(sql)?.query_row(params![feed, first, end], |r| r.get(0))?;
    Ok(known == end.saturating_sub(first))
}

/// A feed is known up to a place: nothing before it is awaited any more.
pub fn passed(tx: &Transaction<'_>, feed: i64, next: u64) -> Result<(), StorageError> {
    tx.prepare_cached("DELETE FROM covered WHERE feed = ?1 AND seq < ?2")?.execute(params![feed, next])?;
    Ok(())
}

/// A record whose changes outweigh it, behind a row: its row, and which device has written how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heavy {
    pub row: i64,
    pub by: Vec<([u8; 16], u64)>,
}

/// Records with so many changes that a snapshot is less, or with at least `many`, behind a row.
pub fn heavy(db: &Connection, after: i64, many: u64, limit: usize) -> Result<Vec<Heavy>, StorageError> {
    // The first entry of a record is what its changes are weighed against, until there is a snapshot.
    let sql = "SELECT l.row FROM (
                 SELECT row, count(*) - 1 AS changes,
                   sum(size) - coalesce(max(CASE WHEN covers IS NOT NULL THEN size END), max(size)) AS weight
                 FROM loose INDEXED BY loose_by_row WHERE by_feed IS NULL AND row > ?1 GROUP BY row
                 HAVING changes >= 2) l
               JOIN document d ON d.row = l.row
               WHERE l.changes >= ?2 OR l.weight > length(d.bytes) ORDER BY l.row LIMIT ?3";
    let rows: Vec<i64> = db
        .prepare_cached(sql)?
        .query_map(params![after, many, limit], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    let sql = "SELECT f.device, count(*) FROM loose l JOIN feed f ON f.number = l.feed
               WHERE l.row = ?1 AND l.by_feed IS NULL GROUP BY f.device";
    let mut statement = db.prepare_cached(sql)?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let by = statement.query_map([row], |r| Ok((fixed(r, 0)?, r.get(1)?)))?;
        out.push(Heavy { row, by: by.collect::<Result<_, _>>()? });
    }
    Ok(out)
}

/// An entry of this device that a snapshot stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    pub incarnation: u64,
    pub at: At,
    pub by: At,
}

/// Entries of this device that snapshots stand for, in order.
pub fn covered(db: &Connection, limit: usize) -> Result<Vec<Covered>, StorageError> {
    let sql = "SELECT f.incarnation, l.feed, l.seq, l.by_feed, l.by_seq FROM loose l JOIN feed f ON f.number = l.feed
               WHERE l.by_feed IS NOT NULL ORDER BY l.feed, l.seq LIMIT ?1";
    let mut statement = db.prepare_cached(sql)?;
    let read = statement.query_map([limit], |r| {
        Ok(Covered {
            incarnation: r.get(0)?,
            at: At { feed: r.get(1)?, seq: r.get(2)? },
            by: At { feed: r.get(3)?, seq: r.get(4)? },
        })
    })?;
    Ok(read.collect::<Result<_, _>>()?)
}

/// It is left out of the log.
pub fn left_out(tx: &Transaction<'_>, entry: At) -> Result<(), StorageError> {
    tx.prepare_cached("DELETE FROM loose WHERE feed = ?1 AND seq = ?2")?
        .execute(params![entry.feed, entry.seq])?;
    Ok(())
}

/// The segment of this device that a place is in, the one before it or the one behind it.
pub fn segment_around(
    db: &Connection,
    incarnation: u64,
    seq: u64,
    which: Around,
) -> Result<Option<SegmentRow>, StorageError> {
    let sql = match which {
        Around::Holding => "first <= ?2 AND next > ?2 ORDER BY first DESC",
        Around::EndingAt => "next = ?2",
        Around::BeginningAt => "first = ?2",
    };
    let sql = format!(
        "SELECT incarnation, first, next, bytes, keys FROM segment WHERE incarnation = ?1 AND {sql} LIMIT 1"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let read = |r: &rusqlite::Row<'_>| {
        Ok(SegmentRow {
            incarnation: r.get(0)?,
            first: r.get(1)?,
            next: r.get(2)?,
            bytes: r.get(3)?,
            keys: r.get(4)?,
        })
    };
    Ok(statement.query_row(params![incarnation, seq], read).optional()?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    Holding,
    EndingAt,
    BeginningAt,
}

/// Keeps a segment instead of those between its ends, as of a generation.
pub fn put_over(tx: &Transaction<'_>, segment: &SegmentRow, generation: u64) -> Result<(), StorageError> {
    let s = segment;
    let sql = "DELETE FROM segment WHERE incarnation = ?1 AND first >= ?2 AND first < ?3";
    tx.prepare_cached(sql)?.execute(params![s.incarnation, s.first, s.next])?;
    let sql = "INSERT INTO segment (incarnation, first, next, bytes, keys, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.prepare_cached(sql)?.execute(params![s.incarnation, s.first, s.next, s.bytes, s.keys, generation])?;
    Ok(())
}

/// The last generation of this device's segments.
pub fn generation(db: &Connection) -> Result<u64, StorageError> {
    Ok(db.prepare_cached("SELECT coalesce(max(generation), 0) FROM segment")?.query_row([], |r| r.get(0))?)
}

/// Segments that were written anew since a generation.
pub fn rewritten(db: &Connection, since: u64) -> Result<Vec<SegmentPlace>, StorageError> {
    let sql = "SELECT incarnation, first, next, length(bytes) FROM segment WHERE generation > ?1
               ORDER BY incarnation, first";
    let mut statement = db.prepare_cached(sql)?;
    let read = |r: &rusqlite::Row<'_>| {
        Ok(SegmentPlace { incarnation: r.get(0)?, first: r.get(1)?, next: r.get(2)?, size: r.get(3)? })
    };
    Ok(statement.query_map([since], read)?.collect::<Result<_, _>>()?)
}
