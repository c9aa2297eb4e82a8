//! One error for the edge: a code that callers act on, and words that say what to do.

use satchel_domain::{catalogue::UnknownKind, filter::FilterError};
use satchel_storage::StorageError;
use satchel_vault::VaultError;
use serde::{Deserialize, Serialize};

#[cfg(unix)]
const EIO: i32 = 5;
/// `ERROR_IO_DEVICE`.
#[cfg(not(unix))]
const EIO: i32 = 1117;

/// What a caller may act on. The command line turns them into exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    Internal,
    Usage,
    Locked,
    WrongKey,
    Keyring,
    NoVault,
    InUse,
    Newer,
    Damaged,
    DiskFull,
    ReadOnly,
    Refused,
    NotFound,
    Cancelled,
    NothingToUndo,
    /// A conflict, or somebody who asks to join: a person decides.
    NeedsDecision,
    /// A remote cannot be reached; what was to be sent stays queued.
    Unreachable,
}

#[derive(Clone, Debug, thiserror::Error, Serialize, specta::Type)]
#[error("{message}")]
pub struct AppError {
    pub code: Code,
    /// What happened and what to do.
    pub message: String,
    /// The field that was refused, where one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was done before it failed, and can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<satchel_domain::OperationId>,
}

impl AppError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, operation: None }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Code::Refused, message)
    }

    pub(crate) fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} {id}"))
    }

    pub(crate) fn of_field(field: &str, error: &dyn std::error::Error) -> Self {
        Self { field: Some(field.to_owned()), ..Self::refused(format!("{field}: {error}")) }
    }
}

impl From<StorageError> for AppError {
    fn from(error: StorageError) -> Self {
        let code = match &error {
            StorageError::Damaged(_)
            | StorageError::LogDamaged(_)
            | StorageError::Missing(_)
            | StorageError::Unfit(_) => Code::Damaged,
            StorageError::Newer { .. } => Code::Newer,
            StorageError::DiskFull => Code::DiskFull,
            StorageError::ReadOnly => Code::ReadOnly,
            StorageError::UnknownField(_) | StorageError::Daily(_) | StorageError::BadOperand { .. } => {
                Code::Refused
            }
            StorageError::NotOpened(_) => Code::ReadOnly,
            StorageError::Io(io) => return Self::from_io(io, error.to_string()),
            StorageError::DiskFails(_)
            | StorageError::BadCopy(_)
            | StorageError::UnsafeBuild(_)
            | StorageError::Sql(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl From<VaultError> for AppError {
    fn from(error: VaultError) -> Self {
        let code = match &error {
            VaultError::Missing(_) => Code::NoVault,
            VaultError::Occupied(_) | VaultError::LastWayIn | VaultError::EmptyPassphrase => Code::Refused,
            VaultError::Newer { .. } => Code::Newer,
            VaultError::Damaged { .. } => Code::Damaged,
            VaultError::InUse { .. } => Code::InUse,
            VaultError::WrongKey => Code::WrongKey,
            VaultError::Keyring(_) => Code::Keyring,
            VaultError::Io { source, .. } => return Self::from_io(source, error.to_string()),
            VaultError::Random(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

impl AppError {
    pub(crate) fn from_io(source: &std::io::Error, message: String) -> Self {
        use std::io::ErrorKind;
        let code = match source.kind() {
            ErrorKind::StorageFull => Code::DiskFull,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Code::ReadOnly,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Code::Refused,
            _ => Code::Internal,
        };
        let advice = match source.kind() {
            ErrorKind::NotFound => "; check the name and the folder",
            ErrorKind::PermissionDenied => {
                "; you have no permission for it: choose another place, or ask its owner"
            }
            ErrorKind::ReadOnlyFilesystem => "; the disk cannot be written: choose another place",
            ErrorKind::StorageFull => "; free some space and try again",
            ErrorKind::IsADirectory => "; name a file",
            // What a disk answers that is breaking.
            _ if source.raw_os_error() == Some(EIO) => {
                "; the disk could not be read or written: look after it, make a backup on another one, and try again"
            }
            _ => "",
        };
        Self::new(code, format!("{message}{advice}"))
    }

    pub(crate) fn io(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::from_io(&source, format!("{path}: {source}"))
    }
}

impl From<satchel_document::DocumentError> for AppError {
    fn from(error: satchel_document::DocumentError) -> Self {
        match error {
            satchel_document::DocumentError::Grown(_) => {
                return Self::refused(format!("{error}. Shorten it; nothing was changed"));
            }
            satchel_document::DocumentError::Overgrown => {
                return Self::refused(format!("{error}. Nothing was changed"));
            }
            _ => {}
        }
        Self::new(
            Code::Damaged,
            format!("a record cannot be read: {error}. The others are not affected; run `satchel verify`"),
        )
    }
}

/// A file that is being written; its name is added where it is known.
impl From<std::io::Error> for AppError {
    fn from(source: std::io::Error) -> Self {
        Self::from_io(&source, format!("the file cannot be written: {source}"))
    }
}

impl From<FilterError> for AppError {
    fn from(error: FilterError) -> Self {
        Self::refused(error.to_string())
    }
}

impl From<UnknownKind> for AppError {
    fn from(error: UnknownKind) -> Self {
        Self::new(Code::Usage, error.to_string())
    }
}

impl From<satchel_interchange::InterchangeError> for AppError {
    fn from(error: satchel_interchange::InterchangeError) -> Self {
        match error {
            satchel_interchange::InterchangeError::Io { ref path, ref source } => {
                Self::from_io(source, format!("{}: {source}", path.display()))
            }
            other => Self::refused(other.to_string()),
        }
    }
}
