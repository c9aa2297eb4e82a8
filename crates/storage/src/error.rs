//! What can go wrong with the database, each in words that say what is safe and what to do.

use rusqlite::{Error as Sql, ErrorCode};

#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error(
        "the database is damaged, or it is no database of this vault ({0}). It was opened for reading only and not changed: copy the folder away, then run `satchel rescue` or restore a backup"
    )]
    Damaged(String),
    #[error(
        "the database was written by a newer version of Satchel (schema {found}, this one knows {known}); update Satchel. Nothing was changed"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "the disk is full; what was saved before is safe, this change was not made. Free some space and try again"
    )]
    DiskFull,
    #[error(
        "the vault's folder cannot be written (read-only disk or missing permission); nothing was changed"
    )]
    ReadOnly,
    #[error(
        "the database file is missing: {0}. Restore it from a backup, or look for it where the vault was moved from"
    )]
    Missing(String),
    #[error("this build is not safe to use: {0}")]
    UnsafeBuild(String),
    #[error("field «{0}» is unknown here; see `satchel fields`")]
    UnknownField(String),
    #[error("«{value}» cannot be compared with {field}: {expected}")]
    BadOperand { field: String, value: String, expected: &'static str },
    #[error("database: {0}")]
    Sql(Sql),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl From<Sql> for StorageError {
    fn from(error: Sql) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged(error.to_string()),
            _ => Self::Sql(error),
        }
    }
}
