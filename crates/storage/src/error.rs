//! What can go wrong with the database, each in words that say what is safe and what to do.

use rusqlite::{Error as Sql, ErrorCode};

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error(
        "the database is damaged, or it is no database of this vault ({0}). Nothing was repaired or overwritten. Copy the folder away; then `satchel rescue --out FILE` saves what can still be read, or put a copy of the folder from before in its place"
    )]
    Damaged(String),
    #[error(
        "the database was written by a newer version of Satchel (schema {found}, this one knows {known}); update Satchel. Nothing was changed"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "the disk is full; what was saved before is safe, and nothing was half-changed. Free some space and try again"
    )]
    DiskFull,
    #[error(
        "the vault's folder cannot be written (read-only disk or missing permission); nothing was changed. Make it writable, or copy the folder to another disk; `satchel rescue --out FILE` reads it where it is"
    )]
    ReadOnly,
    #[error(
        "the database file is missing: {0}. Restore it from a backup, or look for it where the vault was moved from"
    )]
    Missing(String),
    #[error(
        "the database file cannot be opened ({0}); look whether it is a file, who may read it, and whether the disk is full or read-only"
    )]
    NotOpened(String),
    #[error("the backup does not fit together ({0}); use another one")]
    Unfit(String),
    #[error("this build is not safe to use: {0}")]
    UnsafeBuild(String),
    #[error("field «{0}» is unknown here; see `satchel fields`")]
    UnknownField(String),
    #[error(
        "«{0}» depends on the day: it is worked out where it is shown, and lists cannot be filtered or sorted by it"
    )]
    Daily(String),
    #[error("«{value}» cannot be compared with {field}: {expected}")]
    BadOperand { field: String, value: String, expected: &'static str },
    #[error("database: {0}")]
    Sql(Sql),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl From<Sql> for StorageError {
    fn from(error: Sql) -> Self {
        // The index of the log finds no room: not even reading works without it.
        if error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen) => Self::NotOpened(error.to_string()),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            _ => Self::Sql(error),
        }
    }
}
