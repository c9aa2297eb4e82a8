//! The open database: one writer, several readers.

use crate::{
    StorageError,
    connection::{self, Mode, SqlCipherKey},
    log, schema, search, settings,
};
use rusqlite::{Connection, InterruptHandle, Transaction, TransactionBehavior, params};
use satchel_domain::Kind;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const READERS: usize = 3;
/// A short read waits so long for a writer before it goes over a connection of its own.
const GLANCE: Duration = Duration::from_millis(30);
/// Rows that [`Store::warm`] reads before it lets others have the writer.
const WARMED_AT_ONCE: u32 = 1000;
/// Pages of the search index that one transaction of [`Store::tidy`] writes.
const MERGED_AT_ONCE: u32 = 256;
/// Closing may take this much longer to leave a tidy index behind.
const TIDY_ON_CLOSING: Duration = Duration::from_millis(100);

/// One line of an integrity check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    pub detail: String,
}

/// Told of every transaction that writes: what it adds is part of it.
pub trait Watcher: Send + Sync {
    fn begins(&self);
    /// The last that is done in it.
    fn ends(&self, tx: &Transaction<'_>) -> Result<(), StorageError>;
    fn committed(&self);
}

pub struct Store {
    path: PathBuf,
    writer: Option<Mutex<Connection>>,
    readers: Mutex<Vec<Connection>>,
    returned: Condvar,
    /// Counts writes, so that what was read can be known to be stale.
    version: AtomicU64,
    /// A damaged page was met: nothing is written any more, so that what is left stays as it is.
    damaged: AtomicBool,
    /// The disk has failed to give a page: each connection is asked before it is used.
    ill: AtomicBool,
    /// Before then all pages are not read once more to see whether it was only the disk.
    look_again: Mutex<Option<Instant>>,
    /// Opens another connection where one has met a page that cannot be read: SQLCipher answers nothing more on it.
    key: SqlCipherKey,
    /// Of the connections that may read for long, by number.
    interrupts: Mutex<BTreeMap<u64, InterruptHandle>>,
    watcher: OnceLock<Box<dyn Watcher>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Makes a new database. The file must not exist.
    pub fn create(path: &Path, key: &SqlCipherKey) -> Result<Self, StorageError> {
        connection::check_build()?;
        new_private_file(path)?;
        let mut writer = connection::open(path, key, Mode::Create)?;
        schema::migrate(&mut writer)?;
        let tx = writer.transaction()?;
        schema::make_projections(&tx)?;
        tx.commit()?;
        Self::over(path, key, writer)
    }

    pub fn open(path: &Path, key: &SqlCipherKey) -> Result<Self, StorageError> {
        connection::check_build()?;
        // Before SQLite sees it: the first write would go over what is left of it.
        if log::is_damaged(path)? {
            return Err(StorageError::LogDamaged(path.display().to_string()));
        }
        // Nobody else has the vault open: what is left of the index of its log is made anew, in memory.
        forget_index(path);
        // For reading first: what is no vault's database must stay as it is. But one that was cut off in the middle of a
        // write without a log, such as the one that begins the log, has to be put right before anybody can read it.
        let first = match connection::open(path, key, Mode::Read) {
            Err(StorageError::ReadOnly) if connection::has_journal(path) => {
                connection::open(path, key, Mode::Write)
            }
            first => first,
        };
        let found = schema::version(&first?)?;
        if found == 0 {
            return Err(StorageError::Damaged("it is empty".into()));
        }
        let mut writer = connection::open(path, key, Mode::Write)?;
        forget_index(path);
        if found < schema::SCHEMA_VERSION {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".before-schema-{}", schema::SCHEMA_VERSION));
            export(&writer, Path::new(&name), key)?;
        }
        if found == schema::SCHEMA_VERSION {
            forget_older_copies(path);
        }
        schema::migrate(&mut writer)?;
        Self::over(path, key, writer)
    }

    fn over(path: &Path, key: &SqlCipherKey, writer: Connection) -> Result<Self, StorageError> {
        let readers: Vec<Connection> =
            (0..READERS).map(|_| connection::open(path, key, Mode::Read)).collect::<Result<_, _>>()?;
        Ok(Self::of(path, key, Some(Mutex::new(writer)), readers))
    }

    fn of(
        path: &Path,
        key: &SqlCipherKey,
        writer: Option<Mutex<Connection>>,
        readers: Vec<Connection>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            writer,
            interrupts: Mutex::new((0..).zip(readers.iter().map(Connection::get_interrupt_handle)).collect()),
            readers: Mutex::new(readers),
            returned: Condvar::new(),
            version: AtomicU64::new(0),
            damaged: AtomicBool::new(false),
            ill: AtomicBool::new(false),
            look_again: Mutex::default(),
            key: key.clone(),
            watcher: OnceLock::new(),
        }
    }

    /// Makes reads that are going on end with an error.
    pub fn interrupt_reads(&self) {
        self.interrupts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .for_each(InterruptHandle::interrupt);
    }

    /// Opens a file that may be damaged, for reading only: nothing is migrated, repaired or written.
    pub fn open_for_rescue(path: &Path, key: &SqlCipherKey) -> Result<Self, StorageError> {
        let reader = connection::open(path, key, Mode::Rescue)?;
        match schema::version(&reader)? {
            0 => return Err(StorageError::Damaged("it is empty".into())),
            found if found > schema::SCHEMA_VERSION => {
                return Err(StorageError::Newer { found, known: schema::SCHEMA_VERSION });
            }
            _ => {}
        }
        Ok(Self::of(path, key, None, vec![reader]))
    }

    /// Rises with every transaction, one that was rolled back too: no two have the same number.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// One transaction. An error, or a panic, rolls all of it back.
    pub fn write<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.lock_writer()?;
        // Dropped after the transaction and before the lock.
        let _rise = Rise(&self.version);
        self.transact(&mut writer, work)
    }

    /// One transaction that changes no record: what was read stays right.
    pub fn write_aside<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = self.lock_writer()?;
        self.transact(&mut writer, work)
    }

    fn lock_writer(&self) -> Result<MutexGuard<'_, Connection>, StorageError> {
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        // A panic in another writer has rolled its transaction back: the connection is sound.
        Ok(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn transact<T, E: From<StorageError>>(
        &self,
        writer: &mut Connection,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.refuse_if_damaged()?;
        if self.ill.load(Ordering::Acquire) {
            self.renew(writer, Mode::Write)?;
        }
        let out = self.attempt(writer, work);
        self.told(out, writer, Mode::Write)
    }

    fn attempt<T, E: From<StorageError>>(
        &self,
        writer: &mut Connection,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let tx =
            writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StorageError::from)?;
        let watcher = self.watcher.get();
        watcher.inspect(|w| w.begins());
        let out = work(&tx).inspect_err(|_| self.note_damage(&tx))?;
        if let Some(watcher) = watcher {
            watcher.ends(&tx).inspect_err(|_| self.note_damage(&tx))?;
        }
        tx.commit().map_err(StorageError::from)?;
        watcher.inspect(|w| w.committed());
        Ok(out)
    }

    /// Takes another connection in the place of one that answers nothing more.
    fn renew(&self, connection: &mut Connection, mode: Mode) -> Result<(), StorageError> {
        if !connection::answers(connection) {
            *connection = connection::open(&self.path, &self.key, mode)?;
        }
        Ok(())
    }

    /// What follows from an error for the connection that it was met on, and for what is said of it.
    fn told<T, E: From<StorageError>>(
        &self,
        out: Result<T, E>,
        connection: &mut Connection,
        mode: Mode,
    ) -> Result<T, E> {
        if out.is_ok() || self.writer.is_none() {
            return out;
        }
        let only_the_disk = self.is_damaged() && self.was_only_the_disk();
        // Where the disk still fails, whoever comes next tries it.
        if (mode == Mode::Read || !self.is_damaged()) && self.renew(connection, mode).is_err() {
            self.ill.store(true, Ordering::Release);
        }
        match only_the_disk {
            true => Err(StorageError::DiskFails("a page, which it gives again".into()).into()),
            false => out,
        }
    }

    /// To SQLCipher a page that the disk does not give looks as one that was changed. All are read once more, over another
    /// connection: where each is what was written, work goes on. Not again and again: it takes a while.
    fn was_only_the_disk(&self) -> bool {
        let mut look_again = self.look_again.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        if look_again.is_some_and(|then| started < then) {
            return false;
        }
        let checks = connection::open(&self.path, &self.key, Mode::Read).and_then(|db| check(&db));
        let sound = checks.is_ok_and(|checks| checks.iter().all(|check| check.ok));
        *look_again = Some(Instant::now() + started.elapsed() * 4);
        if sound {
            self.ill.store(true, Ordering::Release);
            self.damaged.store(false, Ordering::Release);
        }
        sound
    }

    /// Whether the disk has failed to give a page since the vault was opened.
    pub fn met_a_failing_disk(&self) -> bool {
        self.ill.load(Ordering::Acquire)
    }

    /// Who is told of each transaction from now on; the first one stays.
    pub fn watch(&self, watcher: Box<dyn Watcher>) {
        let _ = self.watcher.set(watcher);
    }

    /// Whether a damaged page was met.
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Reads a consistent state while writes go on.
    pub fn read<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = loop {
            match readers.pop() {
                Some(reader) => break reader,
                None => readers = self.returned.wait(readers).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(readers);
        let mut guard = Returned { store: self, reader: Some(reader) };
        let reader = guard.reader.as_mut().expect("the reader was just put there");
        if self.ill.load(Ordering::Acquire) {
            self.renew(reader, Mode::Read)?;
        }
        let tx = reader.unchecked_transaction().map_err(StorageError::from)?;
        let out = work(&tx).inspect_err(|_| self.note_damage(&tx));
        drop(tx);
        self.told(out, reader, Mode::Read)
    }

    /// The writer's connection, if it becomes free in time.
    fn writer_within(&self, patience: Duration) -> Option<MutexGuard<'_, Connection>> {
        let writer = self.writer.as_ref()?;
        let until = Instant::now() + patience;
        loop {
            match writer.try_lock() {
                Ok(writer) => return Some(writer),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() > until => return None,
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// A short read, on the writer's connection while nobody writes: its pages stay in memory over a
    /// write, those of a reader do not.
    pub fn glance<T, E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        // A short write is worth waiting for: a reader would have to decrypt all of it again.
        let Some(mut writer) = self.writer_within(GLANCE) else { return self.read(work) };
        if self.damaged.load(Ordering::Acquire) || self.ill.load(Ordering::Acquire) {
            drop(writer);
            return self.read(work);
        }
        let tx = writer.unchecked_transaction().map_err(StorageError::from)?;
        let out = work(&tx).inspect_err(|_| self.note_damage(&tx));
        drop(tx);
        self.told(out, &mut writer, Mode::Write)
    }

    /// Reads a table into the writer's memory, a slice at a time, so that nobody waits for long.
    pub fn warm(&self, kind: Kind, go_on: &dyn Fn() -> bool) -> Result<(), StorageError> {
        let mut after = 0;
        while go_on() {
            let sql = format!(
                "SELECT max(row), count(custom) FROM
                 (SELECT row, custom FROM {kind} NOT INDEXED WHERE row > ?1 ORDER BY row LIMIT {WARMED_AT_ONCE})"
            );
            let last: Option<i64> = self.glance::<_, StorageError>(|db| {
                Ok(db.prepare_cached(&sql)?.query_row([after], |r| r.get(0))?)
            })?;
            let Some(last) = last else { break };
            after = last;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn note_damage(&self, db: &Connection) {
        if connection::met_damage(db) {
            self.damaged.store(true, Ordering::Release);
        }
    }

    /// For the length of a bulk write: pages stay in memory, and the log is folded in rarely.
    pub fn bulk(&self) -> Bulk<'_> {
        // Each row refers to the document that was written just before it: nothing to look up.
        self.tune(
            "PRAGMA cache_size = -120000; PRAGMA wal_autocheckpoint = 60000; PRAGMA foreign_keys = OFF;",
        );
        Bulk { store: self }
    }

    /// Only speed depends on it: a refusal is no error.
    fn tune(&self, pragmas: &str) {
        if let Some(writer) = &self.writer {
            let _ = writer.lock().unwrap_or_else(PoisonError::into_inner).execute_batch(pragmas);
        }
    }

    /// Merges what writes have added to the search index, the smallest first, for about `time`. True once
    /// there is nothing left to do.
    pub fn tidy(&self, time: Duration) -> Result<bool, StorageError> {
        let started = Instant::now();
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        // Not by `write`: no record changes, so what was read stays right.
        let step = || {
            let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            self.refuse_if_damaged()?;
            let merged = search::merge(&writer, MERGED_AT_ONCE).inspect_err(|_| self.note_damage(&writer));
            self.told(merged, &mut writer, Mode::Write)
        };
        while started.elapsed() < time {
            if step()? {
                return Ok(true);
            }
            // Whoever waits for the writer comes first.
            std::thread::sleep(Duration::from_millis(3));
        }
        Ok(false)
    }

    /// Writes what is derived, where no longer write goes on: `None` otherwise. No record changes.
    pub fn write_if_free<E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), E>,
    ) -> Result<Option<()>, E> {
        let Some(mut writer) = self.writer_within(Duration::from_millis(50)) else { return Ok(None) };
        self.transact(&mut writer, work).map(Some)
    }

    fn refuse_if_damaged(&self) -> Result<(), StorageError> {
        match self.is_damaged() && !self.was_only_the_disk() {
            true => Err(StorageError::Damaged("a damaged page was met; nothing is written before the vault was locked and opened again, which tells whether it was only the disk".into())),
            false => Ok(()),
        }
    }

    pub fn projections_are_current(&self) -> Result<bool, StorageError> {
        self.read(|db| {
            Ok(settings::get(db, "projection")?.as_deref() == Some(schema::projection_version().as_str()))
        })
    }

    /// Empties the projections; the caller fills them again from the documents.
    pub fn reset_projections(tx: &Transaction<'_>) -> Result<(), StorageError> {
        schema::make_projections(tx)
    }

    /// A complete, verified copy under another key, for a rotation or before a migration.
    pub fn export(&self, path: &Path, key: &SqlCipherKey) -> Result<(), StorageError> {
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        let _nobody_writes = writer.lock().unwrap_or_else(PoisonError::into_inner);
        // On a connection of its own: a copy that a failing disk does not let go of stays with it.
        export(&connection::open(&self.path, &self.key, Mode::Write)?, path, key)
    }

    /// One state of everything, while writes go on, for a backup.
    pub fn dump<E: From<StorageError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), E>,
    ) -> Result<(), E> {
        // On a connection of its own: it reads for long, and others wait for the readers.
        let own = connection::open(&self.path, &self.key, Mode::Read)?;
        let tx = own.unchecked_transaction().map_err(StorageError::from)?;
        work(&tx).inspect_err(|_| self.note_damage(&tx))
    }

    /// The ciphers' and SQLite's own integrity checks.
    pub fn check(&self) -> Result<Vec<Check>, StorageError> {
        match self.writer {
            // On a connection of its own, for what is on the disk counts; and FTS5 would compare the index
            // with what this connection remembers of it.
            Some(_) => {
                // A page that a checkpoint was cut off from writing is whole in the log; the cipher's check reads the
                // file alone.
                let _ = self.checkpoint();
                let own = connection::open(&self.path, &self.key, Mode::Read)?;
                let interrupts = || self.interrupts.lock().unwrap_or_else(PoisonError::into_inner);
                let number = {
                    let mut all = interrupts();
                    let number = all.keys().next_back().map_or(0, |last| last + 1);
                    all.insert(number, own.get_interrupt_handle());
                    number
                };
                let checks = check(&own);
                interrupts().remove(&number);
                let checks = checks?;
                // Nothing more is written onto a file that does not hold together.
                if checks.iter().any(|check| !check.ok && check.name == "cipher_integrity") {
                    self.damaged.store(true, Ordering::Release);
                }
                Ok(checks)
            }
            None => self.read(check),
        }
    }

    pub fn size_on_disk(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |m| m.len())
    }

    /// Moves everything from the log into the database and leaves no deleted text in either.
    pub fn checkpoint(&self) -> Result<(), StorageError> {
        let writer = self.writer.as_ref().ok_or(StorageError::ReadOnly)?;
        let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// The schema as one text.
    pub fn schema(&self) -> Result<String, StorageError> {
        self.read(schema::dump)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The last connection to go removes the log, and only the writer can.
        self.readers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        let _ = self.tidy(TIDY_ON_CLOSING);
        // Closing works without it; the log would only be longer at the next start. A damaged file stays
        // as it is.
        if self.refuse_if_damaged().is_ok() {
            let _ = self.checkpoint();
        }
    }
}

/// An empty database in memory, to derive projections in and compare them.
pub fn scratch() -> Result<Connection, StorageError> {
    crate::allocator::install();
    let mut db = Connection::open_in_memory()?;
    db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;")?;
    schema::migrate(&mut db)?;
    let tx = db.transaction()?;
    schema::make_projections(&tx)?;
    tx.commit()?;
    Ok(db)
}

/// Ends the bulk write when dropped.
pub struct Bulk<'a> {
    store: &'a Store,
}

impl Drop for Bulk<'_> {
    fn drop(&mut self) {
        self.store
            .tune("PRAGMA cache_size = -96000; PRAGMA wal_autocheckpoint = 2000; PRAGMA foreign_keys = ON; PRAGMA shrink_memory;");
    }
}

struct Rise<'a>(&'a AtomicU64);

impl Drop for Rise<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

struct Returned<'a> {
    store: &'a Store,
    reader: Option<Connection>,
}

impl Drop for Returned<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.store.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            self.store.returned.notify_one();
        }
    }
}

fn check(db: &Connection) -> Result<Vec<Check>, StorageError> {
    let lines = |sql: &str| -> Result<Vec<String>, StorageError> {
        let mut statement = db.prepare(sql)?;
        let rows = statement.query_map([], |r| r.get::<_, String>(0))?.take(20);
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let cipher = lines("PRAGMA cipher_integrity_check")?;
    let sqlite = lines("PRAGMA integrity_check(20)").unwrap_or_else(|e| vec![e.to_string()]);
    let keys = db.prepare("PRAGMA foreign_key_check")?.query_map([], |_| Ok(()))?.count();
    let sound = |lines: &[String]| lines.is_empty() || lines == ["ok"];
    let detail = |lines: &[String]| if sound(lines) { "sound".to_owned() } else { lines.join("; ") };
    Ok(vec![
        Check { name: "cipher_integrity", ok: sound(&cipher), detail: detail(&cipher) },
        Check { name: "sqlite_integrity", ok: sound(&sqlite), detail: detail(&sqlite) },
        Check { name: "foreign_keys", ok: keys == 0, detail: format!("{keys} broken") },
    ])
}

/// Copies into a new file, reads it back, and makes it survive a power cut. On any error the new
/// file is removed and the old one is as it was.
fn export(db: &Connection, path: &Path, key: &SqlCipherKey) -> Result<(), StorageError> {
    let _ = std::fs::remove_file(path);
    let done = export_into(db, path, key).and_then(|()| verify_copy(db, path, key));
    if done.is_err() {
        let _ = std::fs::remove_file(path);
    }
    done
}

fn export_into(db: &Connection, path: &Path, key: &SqlCipherKey) -> Result<(), StorageError> {
    new_private_file(path)?;
    let path_text = path.to_str().ok_or_else(|| std::io::Error::other("the folder's name is not Unicode"))?;
    db.execute("ATTACH DATABASE ?1 AS copy KEY ?2", params![path_text, key.as_str()])?;
    // A copy that fails is removed, and one that is whole is synced below.
    db.execute_batch("PRAGMA copy.journal_mode = OFF; PRAGMA copy.synchronous = OFF;")?;
    let copied = (|| -> Result<(), StorageError> {
        db.query_row("SELECT sqlcipher_export('copy')", [], |_| Ok(())).map_err(of_export)?;
        db.pragma_update(Some("copy"), "user_version", schema::version(db)?)?;
        Ok(())
    })();
    let detached = db.execute_batch("DETACH DATABASE copy");
    copied?;
    detached?;
    std::fs::File::open(path)?.sync_all()?;
    // Its name too: what names it next must not outlive it in a power cut.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The function hands on what went wrong in words only.
fn of_export(error: rusqlite::Error) -> StorageError {
    let words = error.to_string();
    match StorageError::from(error) {
        StorageError::Sql(_) if words.contains("disk is full") => StorageError::DiskFull,
        StorageError::Sql(_) if words.contains("disk I/O error") => {
            StorageError::DiskFails("the copy".into())
        }
        StorageError::Sql(_) if words.contains("malformed") => {
            StorageError::Damaged("a page cannot be read, or is not as it was written".into())
        }
        StorageError::Sql(_) if words.contains("readonly") => StorageError::ReadOnly,
        other => other,
    }
}

/// Removes the file of an index that programs of before have left, or a reader that was there before the writer.
fn forget_index(path: &Path) {
    if cfg!(unix) {
        let mut name = path.as_os_str().to_owned();
        name.push("-shm");
        let _ = std::fs::remove_file(name);
    }
}

/// The copies that migrations have left: once the vault opens as it is, they are only another place where
/// everything can be read, under a key that a rotation would not change.
fn forget_older_copies(path: &Path) {
    let Some(entries) = path.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().contains(".db.before-schema-") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// An empty file that only its owner can read; SQLite gives its log the same permissions.
pub(crate) fn new_private_file(path: &Path) -> Result<(), StorageError> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

/// A copy counts only if it opens, is sound, and has as many rows in every table.
fn verify_copy(db: &Connection, path: &Path, key: &SqlCipherKey) -> Result<(), StorageError> {
    let copy = connection::open(path, key, Mode::Rescue)?;
    if let Some(broken) = check(&copy)?.into_iter().find(|c| !c.ok) {
        return Err(StorageError::BadCopy(format!("{}: {}", broken.name, broken.detail)));
    }
    let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let tables: Vec<String> = tables.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    for table in tables {
        let count = |db: &Connection| {
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get::<_, i64>(0))
        };
        if count(db)? != count(&copy)? {
            return Err(StorageError::BadCopy(format!("{table} is incomplete")));
        }
    }
    Ok(())
}
