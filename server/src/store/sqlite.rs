//! One file. All writes go through one thread, which commits what has gathered at once: a sync of the disk
//! serves all who wait for it.

use super::{
    Appended, Behind, FeedState, LOOK, NewSegment, Replaced, Result, Row as Place, SegmentRow, Store,
    StoreError, WAITING, Waiting, Workspace, fits, page,
};
use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use satchel_protocol::{DeviceId, Hash, Kept, News, Position, WorkspaceId, WrappedKey};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    thread,
};
use tokio::sync::{Semaphore, oneshot};

/// What brings the file from each version to the next.
const STEPS: [&str; 2] = [include_str!("sqlite.sql"), include_str!("sqlite_2.sql")];
const READERS: usize = 4;
/// Writes that are committed together at most.
const GROUP: usize = 256;

/// Does its part of a transaction; what it gives back tells the waiting side how the commit went.
type Job = Box<dyn FnOnce(&Transaction<'_>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(std::result::Result<(), String>) + Send>;

pub struct Sqlite {
    /// Gone only while it is being dropped.
    jobs: Option<mpsc::SyncSender<Job>>,
    writer: Option<thread::JoinHandle<()>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
    path: PathBuf,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::Failed(error.to_string())
}

fn set_up(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -16000; PRAGMA busy_timeout = 5000;",
    )?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(())
}

impl Sqlite {
    /// Opens the file, which is made if there is none, and brings it to this version's schema.
    pub fn open(path: &Path) -> Result<Self> {
        let mut db = Connection::open(path).map_err(failed)?;
        set_up(&db).map_err(failed)?;
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let version: i64 = tx.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(failed)?;
        let schema = STEPS.len() as i64;
        let done = usize::try_from(version).unwrap_or(usize::MAX);
        let steps = STEPS.get(done..).ok_or(StoreError::Newer(version, schema))?;
        for step in steps {
            tx.execute_batch(step).map_err(failed)?;
        }
        tx.pragma_update(None, "user_version", schema).map_err(failed)?;
        tx.commit().map_err(failed)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = || -> rusqlite::Result<Connection> {
            let db = Connection::open_with_flags(path, flags)?;
            db.execute_batch(
                "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8000;",
            )?;
            Ok(db)
        };
        let readers: Vec<_> =
            (0..READERS).map(|_| reader()).collect::<rusqlite::Result<_>>().map_err(failed)?;
        let (jobs, queue) = mpsc::sync_channel(4 * GROUP);
        let writer = thread::Builder::new()
            .name("writer".into())
            .spawn(move || write_all(db, &queue))
            .map_err(|e| StoreError::Failed(e.to_string()))?;
        Ok(Self {
            jobs: Some(jobs),
            writer: Some(writer),
            readers: Arc::new(Mutex::new(readers)),
            turns: Arc::new(Semaphore::new(READERS)),
            path: path.to_owned(),
        })
    }

    async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (send, receive) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            // What fails undoes itself, and nothing of the others.
            let done = tx.execute_batch("SAVEPOINT job").and_then(|()| act(tx));
            let done = match done {
                Ok(value) => tx.execute_batch("RELEASE job").map(|()| value),
                Err(e) => tx.execute_batch("ROLLBACK TO job; RELEASE job").and(Err(e)),
            };
            Box::new(move |committed| {
                let result = match (done, committed) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Err(e), _) => Err(failed(e)),
                    (_, Err(e)) => Err(StoreError::Failed(e)),
                };
                // Who waited may have gone.
                let _ = send.send(result);
            })
        });
        let stopped = || StoreError::Unreachable("its writer has stopped".into());
        let jobs = self.jobs.clone().ok_or_else(stopped)?;
        if let Err(mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job)) = jobs.try_send(job)
        {
            let sent = tokio::task::spawn_blocking(move || jobs.send(job).is_ok()).await;
            if !sent.is_ok_and(|sent| sent) {
                return Err(stopped());
            }
        }
        receive.await.map_err(|_| stopped())?
    }

    async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| StoreError::Unreachable("it is closing".into()))?;
        let readers = self.readers.clone();
        let done = tokio::task::spawn_blocking(move || {
            let lock = || readers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let db = lock().pop().expect("there are as many readers as turns");
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(&db)));
            lock().push(db);
            drop(turn);
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        done.await.map_err(|e| StoreError::Failed(e.to_string()))?.map_err(failed)
    }
}

impl Drop for Sqlite {
    /// What was asked is written; then the file is closed.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write_all(mut db: Connection, queue: &mpsc::Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let mut answers = Vec::new();
        let done = db.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|tx| {
            answers.push(first(&tx));
            while answers.len() < GROUP {
                let Ok(next) = queue.try_recv() else { break };
                answers.push(next(&tx));
            }
            tx.commit()
        });
        let done = done.map_err(|e| e.to_string());
        if let Err(e) = &done {
            tracing::error!(error = %e, "a commit failed");
        }
        answers.into_iter().for_each(|answer| answer(done.clone()));
    }
}

fn fixed<const N: usize>(r: &Row<'_>, at: usize) -> rusqlite::Result<[u8; N]> {
    r.get::<_, Vec<u8>>(at)?.try_into().map_err(|bytes: Vec<u8>| {
        let why = format!("{} bytes instead of {N}", bytes.len());
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Blob, why.into())
    })
}

const WORKSPACE: &str = "SELECT id, head, control, entries, bytes, created_at, written_at FROM workspace";

fn workspace(r: &Row<'_>) -> rusqlite::Result<Workspace> {
    Ok(Workspace {
        id: WorkspaceId(fixed(r, 0)?),
        head: r.get(1)?,
        control: r.get(2)?,
        entries: r.get(3)?,
        bytes: r.get(4)?,
        created_at: r.get(5)?,
        written_at: r.get(6)?,
    })
}

fn append(tx: &Transaction<'_>, s: &NewSegment) -> rusqlite::Result<Appended> {
    let state = feed(tx, s.workspace, s.device, s.incarnation)?;
    if state.unwrap_or(FeedState::NEW) != s.before {
        return Ok(Appended::Moved);
    }
    let entries = s.after.next - s.before.next;
    let sql =
        "UPDATE workspace SET head = head + 1, entries = entries + ?2, bytes = bytes + ?3, written_at = ?4
               WHERE id = ?1 AND bytes + ?3 <= ?5 RETURNING head";
    let seq: Option<u64> = tx
        .prepare_cached(sql)?
        .query_row(params![s.workspace.0, entries, s.size, s.at, s.quota], |r| r.get(0))
        .optional()?;
    let Some(seq) = seq else { return Ok(Appended::Full) };
    put_segment(tx, s, seq)?;
    put_keys(tx, s, seq)?;
    put_feed(tx, s)?;
    Ok(Appended::Yes(seq))
}

fn put_segment(tx: &Transaction<'_>, s: &NewSegment, seq: u64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO segment (workspace, seq, device, incarnation, first, next, last, at, size, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    tx.prepare_cached(sql)?.execute(params![
        s.workspace.0,
        seq,
        s.device.0,
        s.incarnation,
        s.before.next,
        s.after.next,
        s.after.last.0,
        s.at,
        s.size,
        s.bytes,
    ])?;
    Ok(())
}

fn put_keys(tx: &Transaction<'_>, s: &NewSegment, seq: u64) -> rusqlite::Result<()> {
    for key in &s.keys {
        let bytes = WrappedKey::encode_all(std::slice::from_ref(key));
        let sql = "INSERT INTO doc_key (workspace, tag, epoch, seq, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT DO NOTHING";
        tx.prepare_cached(sql)?.execute(params![s.workspace.0, key.tag.0, key.epoch, seq, bytes])?;
    }
    Ok(())
}

fn put_feed(tx: &Transaction<'_>, s: &NewSegment) -> rusqlite::Result<()> {
    let sql = "INSERT INTO feed (workspace, device, incarnation, next, last) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (workspace, device, incarnation)
               DO UPDATE SET next = excluded.next, last = excluded.last";
    tx.prepare_cached(sql)?.execute(params![
        s.workspace.0,
        s.device.0,
        s.incarnation,
        s.after.next,
        s.after.last.0
    ])?;
    Ok(())
}

fn feed(
    db: &Connection,
    id: WorkspaceId,
    device: DeviceId,
    incarnation: u64,
) -> rusqlite::Result<Option<FeedState>> {
    let sql = "SELECT next, last FROM feed WHERE workspace = ?1 AND device = ?2 AND incarnation = ?3";
    let read = |r: &Row<'_>| Ok(FeedState { next: r.get(0)?, last: Hash(fixed(r, 1)?) });
    db.prepare_cached(sql)?.query_row(params![id.0, device.0, incarnation], read).optional()
}

fn replace(tx: &Transaction<'_>, s: &NewSegment) -> rusqlite::Result<Replaced> {
    let sql = "SELECT seq, first, next, last, size FROM segment
               WHERE workspace = ?1 AND device = ?2 AND incarnation = ?3 AND first >= ?4 AND first < ?5 ORDER BY first";
    let place = |r: &Row<'_>| {
        let last = Hash(fixed(r, 3)?);
        Ok(Place { seq: r.get(0)?, first: r.get(1)?, next: r.get(2)?, last, size: r.get(4)? })
    };
    let span = params![s.workspace.0, s.device.0, s.incarnation, s.before.next, s.after.next];
    let rows: Vec<Place> =
        tx.prepare_cached(sql)?.query_map(span, place)?.collect::<rusqlite::Result<_>>()?;
    let end = feed(tx, s.workspace, s.device, s.incarnation)?.unwrap_or(FeedState::NEW);
    let Some(to) = rows.iter().map(|r| r.seq).min().filter(|_| fits(&rows, end, s)) else {
        return Ok(Replaced::No);
    };
    let old: u64 = rows.iter().map(|r| r.size).sum();
    let more = s.after.next.saturating_sub(end.next);
    let sql = "UPDATE workspace SET bytes = bytes + ?2 - ?3, entries = entries + ?4, written_at = ?5
               WHERE id = ?1 AND (?2 < ?3 OR bytes + ?2 - ?3 <= ?6)";
    let counted =
        tx.prepare_cached(sql)?.execute(params![s.workspace.0, s.size, old, more, s.at, s.quota])?;
    if counted == 0 {
        return Ok(Replaced::Full);
    }
    for row in &rows {
        let values = params![s.workspace.0, row.seq, to];
        tx.prepare_cached("UPDATE doc_key SET seq = ?3 WHERE workspace = ?1 AND seq = ?2")?
            .execute(values)?;
        let gone = params![s.workspace.0, row.seq];
        tx.prepare_cached("DELETE FROM segment WHERE workspace = ?1 AND seq = ?2")?.execute(gone)?;
    }
    put_segment(tx, s, to)?;
    put_keys(tx, s, to)?;
    if more > 0 {
        put_feed(tx, s)?;
    }
    Ok(Replaced::Yes)
}

fn feeds(db: &Connection, id: WorkspaceId) -> rusqlite::Result<Vec<Position>> {
    let sql = "SELECT device, incarnation, next FROM feed WHERE workspace = ?1 ORDER BY device, incarnation";
    let read = |r: &Row<'_>| {
        Ok(Position { device: DeviceId(fixed(r, 0)?), incarnation: r.get(1)?, next: r.get(2)? })
    };
    db.prepare_cached(sql)?.query_map([id.0], read)?.collect()
}

fn news(db: &Connection, id: WorkspaceId, asks: DeviceId, known: &[Position]) -> rusqlite::Result<News> {
    let known: BTreeMap<(DeviceId, u64), u64> =
        known.iter().map(|p| ((p.device, p.incarnation), p.next)).collect();
    let (head, control) = db
        .prepare_cached("SELECT head, control FROM workspace WHERE id = ?1")?
        .query_row([id.0], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let (mut behind, mut own) = (Vec::new(), Vec::new());
    for feed in feeds(db, id)? {
        own.extend((feed.device == asks).then_some(feed));
        let next = known.get(&(feed.device, feed.incarnation)).copied().unwrap_or(1);
        if feed.next <= next {
            continue;
        }
        // The segment that holds the place may begin before it.
        let sql = "SELECT seq, size FROM segment WHERE workspace = ?1 AND device = ?2 AND incarnation = ?3
                   AND first >= coalesce((SELECT max(first) FROM segment WHERE workspace = ?1 AND device = ?2
                     AND incarnation = ?3 AND first <= ?4), ?4)
                   ORDER BY first LIMIT ?5";
        let seqs: Vec<(u64, usize)> = db
            .prepare_cached(sql)?
            .query_map(params![id.0, feed.device.0, feed.incarnation, next, LOOK], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        behind.push(Behind { more: seqs.len() == LOOK, seqs });
    }
    let (chosen, more) = page(behind);
    let mut segments = Vec::with_capacity(chosen.len());
    for seq in chosen {
        let segment = db
            .prepare_cached("SELECT bytes FROM segment WHERE workspace = ?1 AND seq = ?2")?
            .query_row(params![id.0, seq], |r| r.get(0))?;
        let keys: Vec<Vec<u8>> = db
            .prepare_cached(
                "SELECT bytes FROM doc_key INDEXED BY doc_key_seq WHERE workspace = ?1 AND seq = ?2",
            )?
            .query_map(params![id.0, seq], |r| r.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        segments.push(Kept { segment, keys: WrappedKey::join(&keys) });
    }
    Ok(News { head, control, more, segments, own })
}

#[async_trait]
impl Store for Sqlite {
    async fn ready(&self) -> Result<()> {
        self.read(|db| db.query_row("SELECT 1", [], |_| Ok(()))).await
    }

    async fn keep(&self, key: &str, value: &str) -> Result<String> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [&key, &value],
            )?;
            tx.query_row("SELECT value FROM meta WHERE key = ?1", [&key], |r| r.get(0))
        })
        .await
    }

    async fn workspaces(&self) -> Result<Vec<Workspace>> {
        self.read(|db| db.prepare(&format!("{WORKSPACE} ORDER BY id"))?.query_map([], workspace)?.collect())
            .await
    }

    async fn workspace(&self, id: WorkspaceId) -> Result<Option<Workspace>> {
        let sql = format!("{WORKSPACE} WHERE id = ?1");
        self.read(move |db| db.prepare_cached(&sql)?.query_row([id.0], workspace).optional()).await
    }

    async fn create(&self, id: WorkspaceId, first: &[u8], at: i64) -> Result<bool> {
        let first = first.to_owned();
        self.write(move |tx| {
            let sql = "INSERT INTO workspace (id, head, control, entries, bytes, created_at, written_at)
                       VALUES (?1, 0, 1, 0, 0, ?2, ?2) ON CONFLICT DO NOTHING";
            let new = tx.execute(sql, params![id.0, at])? > 0;
            if new {
                let sql = "INSERT INTO control (workspace, seq, bytes) VALUES (?1, 0, ?2)";
                tx.execute(sql, params![id.0, first])?;
            }
            Ok(new)
        })
        .await
    }

    async fn control(&self, id: WorkspaceId) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM control WHERE workspace = ?1 ORDER BY seq";
        self.read(move |db| db.prepare_cached(sql)?.query_map([id.0], |r| r.get(0))?.collect()).await
    }

    async fn set_control(
        &self,
        id: WorkspaceId,
        version: u64,
        from: u64,
        records: &[Vec<u8>],
    ) -> Result<bool> {
        let records = records.to_owned();
        self.write(move |tx| {
            let sql = "UPDATE workspace SET control = control + 1 WHERE id = ?1 AND control = ?2";
            if tx.execute(sql, params![id.0, version])? == 0 {
                return Ok(false);
            }
            tx.execute("DELETE FROM control WHERE workspace = ?1 AND seq >= ?2", params![id.0, from])?;
            for (seq, bytes) in (from..).zip(&records) {
                let sql = "INSERT INTO control (workspace, seq, bytes) VALUES (?1, ?2, ?3)";
                tx.execute(sql, params![id.0, seq, bytes])?;
            }
            Ok(true)
        })
        .await
    }

    async fn feeds(&self, id: WorkspaceId) -> Result<Vec<Position>> {
        self.read(move |db| feeds(db, id)).await
    }

    async fn feed(&self, id: WorkspaceId, device: DeviceId, incarnation: u64) -> Result<Option<FeedState>> {
        self.read(move |db| feed(db, id, device, incarnation)).await
    }

    async fn segment_with(&self, id: WorkspaceId, place: Position) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT next, bytes FROM segment WHERE workspace = ?1 AND device = ?2 AND incarnation = ?3
                   AND first <= ?4 ORDER BY first DESC LIMIT 1";
        self.read(move |db| {
            let values = params![id.0, place.device.0, place.incarnation, place.next];
            let read = |r: &Row<'_>| Ok((r.get::<_, u64>(0)?, r.get(1)?));
            let found = db.prepare_cached(sql)?.query_row(values, read).optional()?;
            Ok(found.filter(|(next, _)| *next > place.next).map(|(_, bytes)| bytes))
        })
        .await
    }

    async fn append(&self, segment: NewSegment) -> Result<Appended> {
        self.write(move |tx| append(tx, &segment)).await
    }

    async fn replace(&self, segment: NewSegment) -> Result<Replaced> {
        self.write(move |tx| replace(tx, &segment)).await
    }

    async fn put_read(&self, id: WorkspaceId, device: DeviceId, read: &[u8]) -> Result<()> {
        let read = read.to_owned();
        self.write(move |tx| {
            let sql = "INSERT INTO has_read (workspace, device, bytes) VALUES (?1, ?2, ?3)
                       ON CONFLICT (workspace, device) DO UPDATE SET bytes = excluded.bytes";
            tx.prepare_cached(sql)?.execute(params![id.0, device.0, read]).map(|_| ())
        })
        .await
    }

    async fn reads(&self, id: WorkspaceId) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT bytes FROM has_read WHERE workspace = ?1 ORDER BY device";
        self.read(move |db| db.prepare_cached(sql)?.query_map([id.0], |r| r.get(0))?.collect()).await
    }

    async fn put_blob(&self, id: WorkspaceId, name: Hash, size: u64, at: i64, quota: u64) -> Result<bool> {
        self.write(move |tx| {
            let sql = "SELECT 1 FROM blob WHERE workspace = ?1 AND name = ?2";
            if tx.prepare_cached(sql)?.exists(params![id.0, name.0])? {
                return Ok(true);
            }
            let sql =
                "UPDATE workspace SET bytes = bytes + ?2, written_at = ?3 WHERE id = ?1 AND bytes + ?2 <= ?4";
            if tx.prepare_cached(sql)?.execute(params![id.0, size, at, quota])? == 0 {
                return Ok(false);
            }
            let sql = "INSERT INTO blob (workspace, name, size, at) VALUES (?1, ?2, ?3, ?4)";
            tx.prepare_cached(sql)?.execute(params![id.0, name.0, size, at]).map(|_| true)
        })
        .await
    }

    async fn lacking_blobs(&self, id: WorkspaceId, names: Vec<Hash>) -> Result<Vec<Hash>> {
        let sql = "SELECT 1 FROM blob WHERE workspace = ?1 AND name = ?2";
        self.read(move |db| {
            let mut lacking = Vec::new();
            for name in names {
                if !db.prepare_cached(sql)?.exists(params![id.0, name.0])? {
                    lacking.push(name);
                }
            }
            Ok(lacking)
        })
        .await
    }

    async fn blobs(&self, id: WorkspaceId, after: Hash, limit: usize) -> Result<Vec<Hash>> {
        let sql = "SELECT name FROM blob WHERE workspace = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
        self.read(move |db| {
            let read = |r: &Row<'_>| Ok(Hash(fixed(r, 0)?));
            db.prepare_cached(sql)?.query_map(params![id.0, after.0, limit], read)?.collect()
        })
        .await
    }

    async fn blob_total(&self, id: WorkspaceId) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), coalesce(sum(size), 0) FROM blob WHERE workspace = ?1";
        self.read(move |db| db.query_row(sql, [id.0], |r| Ok((r.get(0)?, r.get(1)?)))).await
    }

    async fn news(&self, id: WorkspaceId, asks: DeviceId, known: Vec<Position>) -> Result<News> {
        self.read(move |db| {
            // One moment of the store.
            let tx = db.unchecked_transaction()?;
            news(&tx, id, asks, &known)
        })
        .await
    }

    async fn segments(&self, id: WorkspaceId, from: u64, limit: usize) -> Result<Vec<SegmentRow>> {
        let sql = "SELECT seq, device, incarnation, first, next, last, at, bytes FROM segment
                   WHERE workspace = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3";
        self.read(move |db| {
            let read = |r: &Row<'_>| {
                Ok(SegmentRow {
                    seq: r.get(0)?,
                    device: DeviceId(fixed(r, 1)?),
                    incarnation: r.get(2)?,
                    first: r.get(3)?,
                    next: r.get(4)?,
                    last: Hash(fixed(r, 5)?),
                    at: r.get(6)?,
                    bytes: r.get(7)?,
                })
            };
            db.prepare_cached(sql)?.query_map(params![id.0, from, limit], read)?.collect()
        })
        .await
    }

    async fn key_count(&self, id: WorkspaceId) -> Result<u64> {
        let sql = "SELECT count(*) FROM doc_key WHERE workspace = ?1";
        self.read(move |db| db.query_row(sql, [id.0], |r| r.get(0))).await
    }

    async fn put_invitation(&self, id: WorkspaceId, pass: Hash, expires_at: i64, now: i64) -> Result<()> {
        self.write(move |tx| {
            let expired = params![id.0, now];
            tx.execute(
                "DELETE FROM request WHERE workspace = ?1 AND pass IN (
                   SELECT pass FROM invitation WHERE workspace = ?1 AND expires_at <= ?2)",
                expired,
            )?;
            tx.execute(
                "DELETE FROM invitation WHERE workspace = ?1 AND expires_at <= ?2",
                params![id.0, now],
            )?;
            let sql = "INSERT INTO invitation (workspace, pass, expires_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO NOTHING";
            tx.execute(sql, params![id.0, pass.0, expires_at]).map(|_| ())
        })
        .await
    }

    async fn invited(&self, id: WorkspaceId, pass: Hash, now: i64) -> Result<bool> {
        let sql = "SELECT 1 FROM invitation WHERE workspace = ?1 AND pass = ?2 AND expires_at > ?3";
        self.read(move |db| db.prepare_cached(sql)?.exists(params![id.0, pass.0, now])).await
    }

    async fn put_request(&self, id: WorkspaceId, pass: Hash, request: Waiting, at: i64) -> Result<()> {
        self.write(move |tx| {
            let sql = "INSERT INTO request (workspace, name, pass, at, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT DO NOTHING";
            if tx.execute(sql, params![id.0, request.name, pass.0, at, request.bytes])? == 0 {
                return Ok(());
            }
            let sql = "DELETE FROM request WHERE workspace = ?1 AND pass = ?2 AND name NOT IN (
                         SELECT name FROM request WHERE workspace = ?1 AND pass = ?2
                         ORDER BY at DESC, name LIMIT ?3)";
            tx.execute(sql, params![id.0, pass.0, WAITING])?;
            tx.execute("UPDATE workspace SET control = control + 1 WHERE id = ?1", [id.0]).map(|_| ())
        })
        .await
    }

    async fn requests(&self, id: WorkspaceId) -> Result<Vec<Waiting>> {
        let sql = "SELECT name, bytes FROM request WHERE workspace = ?1 ORDER BY at, name LIMIT 1000";
        self.read(move |db| {
            let read = |r: &Row<'_>| Ok(Waiting { name: r.get(0)?, bytes: r.get(1)? });
            db.prepare_cached(sql)?.query_map([id.0], read)?.collect()
        })
        .await
    }

    async fn remove_request(&self, id: WorkspaceId, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.write(move |tx| {
            let sql = "DELETE FROM request WHERE workspace = ?1 AND name = ?2";
            tx.execute(sql, params![id.0, name]).map(|_| ())
        })
        .await
    }

    async fn backup(&self, to: &Path) -> Result<()> {
        let (from, to) = (self.path.clone(), to.display().to_string());
        let copied = tokio::task::spawn_blocking(move || {
            // Not a reader of ours: those may write nothing, not even elsewhere.
            Connection::open(from)?.execute("VACUUM INTO ?1", [&to]).map(|_| ())
        });
        copied.await.map_err(|e| StoreError::Failed(e.to_string()))?.map_err(failed)
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        self.read(|db| {
            let mut said: Vec<String> = db
                .prepare("PRAGMA integrity_check")?
                .query_map([], |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            said.retain(|line| line != "ok");
            let lost: u64 =
                db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |r| r.get(0))?;
            if lost > 0 {
                said.push(format!("{lost} rows belong to no workspace"));
            }
            Ok(said)
        })
        .await
    }
}
