//! What can go wrong with the database, each in words that say what is safe and what to do.

use rusqlite::{Error as Sql, ErrorCode};

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error(
        "the database is damaged, or it is no database of this vault ({0}). Nothing was repaired or overwritten. Copy the folder away; then `satchel rescue --out FILE` saves what can still be read, or put a copy of the folder from before in its place"
    )]
    Damaged(String),
    #[error(
        "the log of the last changes is damaged ({0}-wal), and some that were saved are behind the damage. Nothing was repaired or overwritten. Copy the folder away; then restore a backup, let `satchel rescue --out FILE` save what can still be read, or move that file away to go on without the changes in it"
    )]
    LogDamaged(String),
    #[error(
        "the database was written by a newer version of Satchel (schema {found}, this one knows {known}); update Satchel. Nothing was changed"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "the disk is full; what was saved before is safe, and nothing was half-changed. Free some space and try again"
    )]
    DiskFull,
    #[error(
        "the disk could not be read or written ({0}); what was saved before is as it was. Look after the disk, make a backup on another one, and try again"
    )]
    DiskFails(String),
    #[error(
        "the copy does not hold what was written to it ({0}): the disk may be failing. The vault is as it was, and the copy is removed. Look after the disk, make a backup on another one, and try again"
    )]
    BadCopy(String),
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
        let code = error.sqlite_error().map_or(0, |e| e.extended_code);
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen) => Self::NotOpened(format!("error {code}")),
            Some(ErrorCode::NotADatabase) => Self::Damaged("its first page cannot be read".into()),
            Some(ErrorCode::DatabaseCorrupt) => {
                Self::Damaged("a page cannot be read, or is not as it was written".into())
            }
            Some(ErrorCode::Unknown) if error.to_string().starts_with("no such ") => {
                Self::Damaged("its tables cannot be read".into())
            }
            Some(ErrorCode::SystemIoFailure) => Self::DiskFails(format!("error {code}")),
            _ => Self::Sql(error),
        }
    }
}
