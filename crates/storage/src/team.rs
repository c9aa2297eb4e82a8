//! What a team's sync remembers: its control log, keys, feeds, remotes.

use crate::StorageError;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

pub(crate) fn fixed<const N: usize>(r: &Row<'_>, at: usize) -> rusqlite::Result<[u8; N]> {
    let bytes: Vec<u8> = r.get(at)?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| {
        let why = format!("{length} bytes instead of {N}");
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Blob, why.into())
    })
}

/// The records of the control log, in order.
pub fn control(db: &Connection) -> Result<Vec<Vec<u8>>, StorageError> {
    let mut statement = db.prepare_cached("SELECT bytes FROM control ORDER BY seq")?;
    Ok(statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

/// Keeps this control log instead.
pub fn set_control(tx: &Transaction<'_>, records: &[Vec<u8>]) -> Result<(), StorageError> {
    tx.execute("DELETE FROM control", [])?;
    for (seq, bytes) in (0_i64..).zip(records) {
        tx.prepare_cached("INSERT INTO control (seq, bytes) VALUES (?1, ?2)")?
            .execute(params![seq, bytes])?;
    }
    Ok(())
}

pub fn epochs(db: &Connection) -> Result<Vec<(u32, [u8; 32])>, StorageError> {
    let mut statement = db.prepare_cached("SELECT number, key FROM epoch ORDER BY number")?;
    Ok(statement.query_map([], |r| Ok((r.get(0)?, fixed(r, 1)?)))?.collect::<Result<_, _>>()?)
}

pub fn put_epoch(tx: &Transaction<'_>, number: u32, key: &[u8; 32]) -> Result<(), StorageError> {
    let sql = "INSERT INTO epoch (number, key) VALUES (?1, ?2)
               ON CONFLICT (number) DO UPDATE SET key = excluded.key";
    tx.prepare_cached(sql)?.execute(params![number, key])?;
    Ok(())
}

/// The key of a document of the log.
pub fn doc_key(db: &Connection, tag: &[u8; 16]) -> Result<Option<[u8; 32]>, StorageError> {
    let mut statement = db.prepare_cached("SELECT key FROM doc WHERE tag = ?1")?;
    Ok(statement.query_row([tag], |r| fixed(r, 0)).optional()?)
}

/// A document's tag and its key.
pub type Doc = ([u8; 16], [u8; 32]);

/// The tags of a record; it is written under the first.
pub fn docs_of(db: &Connection, record: &str) -> Result<Vec<Doc>, StorageError> {
    let mut statement = db.prepare_cached("SELECT tag, key FROM doc WHERE record = ?1 ORDER BY tag")?;
    let read = statement.query_map([record], |r| Ok((fixed(r, 0)?, fixed(r, 1)?)))?;
    Ok(read.collect::<Result<_, _>>()?)
}

/// Whose tag it is, as far as that is known.
pub fn record_of(db: &Connection, tag: &[u8; 16]) -> Result<Option<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT record FROM doc WHERE tag = ?1 AND record <> ''")?;
    Ok(statement.query_row([tag], |r| r.get(0)).optional()?)
}

/// Notes whose tag it is, where its key is known and its record is not.
pub fn name_doc(tx: &Transaction<'_>, tag: &[u8; 16], record: &str) -> Result<(), StorageError> {
    let sql = "UPDATE doc SET record = ?2 WHERE tag = ?1 AND record = ''";
    tx.prepare_cached(sql)?.execute(params![tag, record])?;
    Ok(())
}

/// Notes a document's key; of which record it is can come later.
pub fn put_doc(
    tx: &Transaction<'_>,
    tag: &[u8; 16],
    record: &str,
    key: &[u8; 32],
) -> Result<(), StorageError> {
    let sql = "INSERT INTO doc (tag, record, key) VALUES (?1, ?2, ?3) ON CONFLICT (tag)
               DO UPDATE SET record = CASE excluded.record WHEN '' THEN record ELSE excluded.record END";
    tx.prepare_cached(sql)?.execute(params![tag, record, key])?;
    Ok(())
}

/// One incarnation of a device, and how far it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedRow {
    pub device: [u8; 16],
    pub incarnation: u64,
    pub next: u64,
    pub last: [u8; 32],
}

pub fn feeds(db: &Connection) -> Result<Vec<FeedRow>, StorageError> {
    let sql = "SELECT device, incarnation, next, last FROM feed ORDER BY device, incarnation";
    let mut statement = db.prepare_cached(sql)?;
    let read = |r: &Row<'_>| {
        Ok(FeedRow { device: fixed(r, 0)?, incarnation: r.get(1)?, next: r.get(2)?, last: fixed(r, 3)? })
    };
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

pub fn feed(db: &Connection, device: &[u8; 16], incarnation: u64) -> Result<Option<FeedRow>, StorageError> {
    Ok(feeds(db)?.into_iter().find(|f| f.device == *device && f.incarnation == incarnation))
}

pub fn put_feed(tx: &Transaction<'_>, feed: &FeedRow) -> Result<(), StorageError> {
    let number = crate::loose::feed_number(tx, &feed.device, feed.incarnation)?;
    let sql = "UPDATE feed SET next = ?2, last = ?3 WHERE number = ?1";
    tx.prepare_cached(sql)?.execute(params![number, feed.next, feed.last])?;
    crate::loose::passed(tx, number, feed.next)
}

/// A segment that this device has written, and the wrapped keys that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRow {
    pub incarnation: u64,
    pub first: u64,
    pub next: u64,
    pub bytes: Vec<u8>,
    pub keys: Vec<u8>,
}

pub fn put_segment(tx: &Transaction<'_>, segment: &SegmentRow) -> Result<(), StorageError> {
    let sql = "INSERT INTO segment (incarnation, first, next, bytes, keys) VALUES (?1, ?2, ?3, ?4, ?5)";
    let s = segment;
    tx.prepare_cached(sql)?.execute(params![s.incarnation, s.first, s.next, s.bytes, s.keys])?;
    Ok(())
}

/// Where a segment of this device stands, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentPlace {
    pub incarnation: u64,
    pub first: u64,
    pub next: u64,
    pub size: u64,
}

/// All segments of this device.
pub fn segments(db: &Connection) -> Result<Vec<SegmentPlace>, StorageError> {
    let sql = "SELECT incarnation, first, next, length(bytes) FROM segment ORDER BY incarnation, first";
    let mut statement = db.prepare_cached(sql)?;
    let read = |r: &Row<'_>| {
        Ok(SegmentPlace { incarnation: r.get(0)?, first: r.get(1)?, next: r.get(2)?, size: r.get(3)? })
    };
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

pub fn segment(db: &Connection, incarnation: u64, first: u64) -> Result<Option<SegmentRow>, StorageError> {
    let sql =
        "SELECT incarnation, first, next, bytes, keys FROM segment WHERE incarnation = ?1 AND first = ?2";
    let mut statement = db.prepare_cached(sql)?;
    let read = |r: &Row<'_>| {
        Ok(SegmentRow {
            incarnation: r.get(0)?,
            first: r.get(1)?,
            next: r.get(2)?,
            bytes: r.get(3)?,
            keys: r.get(4)?,
        })
    };
    Ok(statement.query_row(params![incarnation, first], read).optional()?)
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRow {
    pub name: String,
    pub address: String,
    pub sent: u64,
    pub synced_at: Option<i64>,
    /// Up to which its segments are those that were written anew.
    pub generation: u64,
    /// When it was last looked at what may be left out.
    pub tended_at: Option<i64>,
    /// Up to which it has the pieces of attachments.
    pub blobs: i64,
}

/// A remote that has nothing yet.
impl Default for RemoteRow {
    fn default() -> Self {
        Self {
            name: String::new(),
            address: String::new(),
            sent: 1,
            synced_at: None,
            generation: 0,
            tended_at: None,
            blobs: 0,
        }
    }
}

pub fn remotes(db: &Connection) -> Result<Vec<RemoteRow>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT name, address, sent, synced_at, generation, tended_at, blobs FROM remote ORDER BY name",
    )?;
    let read = |r: &Row<'_>| {
        Ok(RemoteRow {
            name: r.get(0)?,
            address: r.get(1)?,
            sent: r.get(2)?,
            synced_at: r.get(3)?,
            generation: r.get(4)?,
            tended_at: r.get(5)?,
            blobs: r.get(6)?,
        })
    };
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

pub fn put_remote(tx: &Transaction<'_>, remote: &RemoteRow) -> Result<(), StorageError> {
    let sql = "INSERT INTO remote (name, address, sent, synced_at, generation, tended_at, blobs)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (name) DO UPDATE SET sent = excluded.sent, synced_at = excluded.synced_at,
                 generation = excluded.generation, tended_at = excluded.tended_at,
                 blobs = excluded.blobs";
    let r = remote;
    let values = params![r.name, r.address, r.sent, r.synced_at, r.generation, r.tended_at, r.blobs];
    tx.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// False if there was none.
pub fn remove_remote(tx: &Transaction<'_>, name: &str) -> Result<bool, StorageError> {
    Ok(tx.prepare_cached("DELETE FROM remote WHERE name = ?1")?.execute([name])? > 0)
}

pub fn put_invitation(tx: &Transaction<'_>, id: &[u8; 32], link: &str) -> Result<(), StorageError> {
    tx.prepare_cached("INSERT INTO invitation (id, link) VALUES (?1, ?2)")?.execute(params![id, link])?;
    Ok(())
}

/// The links of the invitations that nobody has used.
pub fn invitations(db: &Connection) -> Result<Vec<String>, StorageError> {
    let mut statement = db.prepare_cached("SELECT link FROM invitation WHERE used = 0")?;
    Ok(statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
}

pub fn use_invitation(tx: &Transaction<'_>, id: &[u8; 32]) -> Result<(), StorageError> {
    tx.prepare_cached("UPDATE invitation SET used = 1 WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Sets an entry aside that cannot be applied.
pub fn quarantine(
    tx: &Transaction<'_>,
    feed: &FeedRow,
    seq: u64,
    why: &str,
    chunk: &[u8],
) -> Result<(), StorageError> {
    let sql = "INSERT INTO quarantine (device, incarnation, seq, why, chunk) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![feed.device, feed.incarnation, seq, why, chunk])?;
    Ok(())
}

pub fn quarantined(db: &Connection) -> Result<u64, StorageError> {
    Ok(db.prepare_cached("SELECT count(*) FROM quarantine")?.query_row([], |r| r.get(0))?)
}

/// Which entries were set aside, and why: device, incarnation, place.
pub fn set_aside(db: &Connection, limit: usize) -> Result<Vec<(FeedRow, String)>, StorageError> {
    let sql =
        "SELECT device, incarnation, seq, why FROM quarantine ORDER BY device, incarnation, seq LIMIT ?1";
    let mut statement = db.prepare_cached(sql)?;
    let read = |r: &Row<'_>| {
        let at = FeedRow { device: fixed(r, 0)?, incarnation: r.get(1)?, next: r.get(2)?, last: [0; 32] };
        Ok((at, r.get(3)?))
    };
    Ok(statement.query_map([limit], read)?.collect::<Result<_, _>>()?)
}

/// A record that an operation of this device has touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    pub seq: i64,
    pub row: i64,
    pub id: String,
    pub label: String,
    pub undoes: Option<String>,
}

/// What this device has done behind an operation and a row of it, in order.
pub fn unsent(db: &Connection, after: (i64, i64), limit: usize) -> Result<Vec<Unsent>, StorageError> {
    let sql = "SELECT o.seq, t.row, o.id, o.label, o.undoes FROM operation o JOIN (
                 SELECT seq AS operation, row FROM operation WHERE seq >= ?1 AND row IS NOT NULL
                 UNION ALL SELECT operation, row FROM operation_record WHERE operation >= ?1) t ON t.operation = o.seq
               WHERE o.origin IS NULL AND (o.seq > ?1 OR t.row > ?2) ORDER BY o.seq, t.row LIMIT ?3";
    let mut statement = db.prepare_cached(sql)?;
    let read = |r: &Row<'_>| {
        Ok(Unsent { seq: r.get(0)?, row: r.get(1)?, id: r.get(2)?, label: r.get(3)?, undoes: r.get(4)? })
    };
    Ok(statement.query_map(params![after.0, after.1, limit], read)?.collect::<Result<_, _>>()?)
}

/// Operations of this device behind one.
pub fn operations_after(db: &Connection, seq: i64) -> Result<u64, StorageError> {
    let sql = "SELECT count(*) FROM operation WHERE seq > ?1 AND origin IS NULL";
    Ok(db.prepare_cached(sql)?.query_row([seq], |r| r.get(0))?)
}

/// When each other device did last what is known of it, by its own clock. As `origin` names them.
pub fn last_heard(db: &Connection) -> Result<std::collections::HashMap<String, i64>, StorageError> {
    let sql = "SELECT origin, max(at) FROM operation WHERE origin IS NOT NULL GROUP BY origin";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Bytes of all records, and of this device's log.
pub fn sizes(db: &Connection) -> Result<(u64, u64), StorageError> {
    let sql = "SELECT (SELECT coalesce(sum(length(bytes)), 0) FROM document),
                 (SELECT coalesce(sum(length(bytes) + length(keys)), 0) FROM segment)";
    Ok(db.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?)))?)
}

/// All records by their ids, with the versions that are stored.
pub fn versions(db: &Connection) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
    let mut statement = db.prepare("SELECT id, heads FROM document ORDER BY id")?;
    Ok(statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// The records that hold more than one value somewhere.
pub fn conflicting(db: &Connection) -> Result<Vec<String>, StorageError> {
    let sql =
        "SELECT DISTINCT d.id FROM conflict c JOIN document d ON d.row = c.row ORDER BY d.id LIMIT 1000";
    let mut statement = db.prepare_cached(sql)?;
    Ok(statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
}
