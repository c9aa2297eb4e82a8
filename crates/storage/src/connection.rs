//! Opening a connection: the key, the pragmas, the checks that this build is fit to hold secrets.

use crate::{StorageError, allocator};
use rusqlite::{Connection, OpenFlags, config::DbConfig, functions::FunctionFlags, limits::Limit};
use satchel_domain::money::Money;
use std::path::Path;
use zeroize::Zeroizing;

/// A raw SQLCipher key in the form `x'…'`.
pub type SqlCipherKey = Zeroizing<String>;

/// Older SQLite can corrupt a database when a WAL is reset.
pub const SQLCIPHER_NEEDED: (u32, u32, u32) = (3, 51, 3);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Create,
    Write,
    Read,
    /// Reads a file that is not trusted, or on a disk that cannot be written.
    Rescue,
}

/// (SQLCipher, SQLite) versions of this build.
pub fn versions() -> Result<(String, String), StorageError> {
    allocator::install();
    let db = Connection::open_in_memory()?;
    let cipher: Option<String> = db.pragma_query_value(None, "cipher_version", |r| r.get(0)).ok();
    let cipher = cipher.ok_or_else(|| StorageError::UnsafeBuild("SQLCipher is not linked".into()))?;
    Ok((cipher, rusqlite::version().to_owned()))
}

/// Refuses to run on a SQLite that leaks or corrupts.
pub fn check_build() -> Result<(), StorageError> {
    versions()?;
    let (a, b, c) = SQLCIPHER_NEEDED;
    if rusqlite::version_number() < i32::try_from(a * 1_000_000 + b * 1000 + c).unwrap_or(i32::MAX) {
        let version = rusqlite::version();
        return Err(StorageError::UnsafeBuild(format!("SQLite {version} is older than {a}.{b}.{c}")));
    }
    let db = Connection::open_in_memory()?;
    let options: Vec<String> =
        db.prepare("PRAGMA compile_options")?.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    if !options.iter().any(|o| o == "TEMP_STORE=3") {
        return Err(StorageError::UnsafeBuild("temporary files would be written in plaintext".into()));
    }
    Ok(())
}

pub(crate) fn open(path: &Path, key: &SqlCipherKey, mode: Mode) -> Result<Connection, StorageError> {
    allocator::install();
    let flags = match mode {
        Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Read | Mode::Rescue => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    if mode != Mode::Create && !path.exists() {
        return Err(StorageError::Missing(path.display().to_string()));
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match mode {
        // In a folder that cannot be written SQLite finds no place for its index of the log. A
        // database without a log needs none.
        Mode::Rescue if !has_log(path) => {
            Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)?
        }
        // A vault has one process: the index of its log is kept in memory. As a file it would be mapped, and a page of that file
        // that the disk cannot read would end the program. Readers share the index of the writer.
        #[cfg(unix)]
        Mode::Create | Mode::Write => Connection::open_with_flags_and_vfs(path, flags, c"unix-excl")?,
        _ => Connection::open_with_flags(path, flags)?,
    };
    // Its own log on stderr names pages; what is wrong is said by our errors.
    let _ = db.execute_batch("PRAGMA cipher_log_level = NONE");
    set_key(&db, key)?;
    if mode == Mode::Rescue {
        // A file that is shorter than its first page says is read as far as it goes.
        db.execute_batch("PRAGMA writable_schema = ON")?;
    }
    // The first read proves the key; SQLCipher answers «not a database» to a wrong one.
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0))?;
    db.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 10000;",
    )?;
    match mode {
        Mode::Create | Mode::Write => db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
             PRAGMA cache_size = -96000; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 67108864;",
        )?,
        Mode::Read | Mode::Rescue => db.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16000;")?,
    }
    // Without it SQLite plans a statement anew for every value that is bound to it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, 64 << 20)?;
    db.set_prepared_statement_cache_capacity(64);
    add_functions(&db)?;
    Ok(db)
}

fn has_log(path: &Path) -> bool {
    has_beside(path, "-wal")
}

/// Whether there may be something to be taken back of a write that was cut off.
pub(crate) fn has_journal(path: &Path) -> bool {
    has_beside(path, "-journal")
}

fn has_beside(path: &Path, ending: &str) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    std::fs::metadata(name).is_ok_and(|m| m.len() > 0)
}

/// The file's name as a URI that says that nobody changes it.
fn immutable(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Whether the last statement on this connection has met a page that is not what was written.
pub(crate) fn met_damage(db: &Connection) -> bool {
    // SAFETY: the handle is open for as long as the connection is borrowed.
    #[allow(unsafe_code)]
    let code = unsafe { rusqlite::ffi::sqlite3_errcode(db.handle()) };
    matches!(code & 0xff, rusqlite::ffi::SQLITE_CORRUPT | rusqlite::ffi::SQLITE_NOTADB)
}

/// Whether a connection can still be used: SQLCipher gives one up on which a page could not be read, once and for all.
pub(crate) fn answers(db: &Connection) -> bool {
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)).is_ok()
}

/// `PRAGMA key` would leave the key in a string of rusqlite's that nobody wipes.
fn set_key(db: &Connection, key: &SqlCipherKey) -> Result<(), StorageError> {
    let length = i32::try_from(key.len()).unwrap_or(0);
    // SAFETY: the handle is open, and the key's bytes live for the length of the call.
    #[allow(unsafe_code)]
    let answer = unsafe { rusqlite::ffi::sqlite3_key(db.handle(), key.as_ptr().cast(), length) };
    if answer == rusqlite::ffi::SQLITE_OK {
        Ok(())
    } else {
        Err(StorageError::UnsafeBuild("SQLCipher does not take the key".into()))
    }
}

fn add_functions(db: &Connection) -> Result<(), StorageError> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("fold", 1, flags, |context| {
        let text: Option<&str> =
            context.get_raw(0).as_str_or_null().map_err(|e| rusqlite::Error::UserFunctionError(e.into()))?;
        Ok(text.map(satchel_domain::text::fold))
    })?;
    db.create_scalar_function("amount", 2, flags, |context| {
        let minor: Option<i64> = context.get(0)?;
        let currency: Option<String> = context.get(1)?;
        Ok(minor.zip(currency).map(|(minor, currency)| Money { minor, currency }.amount()))
    })?;
    Ok(())
}
