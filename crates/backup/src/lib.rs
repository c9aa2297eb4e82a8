//! A backup as a file: an age file that holds a tar archive, compressed by zstd (docs/format/backup.md). Knows no
//! record and no database: tables come and go as parts of bytes.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Part, open_age, read};
pub use write::{Writer, seal_age};

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, io};

/// The newest layout that this version reads.
pub const FORMAT: u32 = 1;
/// How the name of such a file ends.
pub const EXTENSION: &str = "satchelbackup";

const ABOUT: &str = "about.json";
const MANIFEST: &str = "manifest.json";
/// How to open it, in each backup and beside them all: names neither a firm nor a customer.
pub const README: &str = "README.txt";
pub const README_TEXT: &str = include_str!("README.txt");
/// No part of a table is larger: a value in it has at most 64 MiB.
const MOST_BYTES: u64 = 160 << 20;
/// Of `about.json` and `manifest.json`.
const MOST_JSON: u64 = 4 << 20;
/// Of all parts together; a zstd bomb ends here.
const MOST_OF_ALL: u64 = 1 << 40;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("this is no backup of Satchel; choose a file that ends in .{EXTENSION}")]
    NotABackup,
    #[error(
        "this key does not open the backup; use the recovery kit or the passphrase that the vault had when it was made"
    )]
    WrongKey,
    #[error(
        "the backup is cut short: it was not written to its end, or a part of it is missing; use another one"
    )]
    Cut,
    #[error(
        "the backup is not what was written: it was cut short or changed ({0}); use another one, and look after the disk that it lay on"
    )]
    Altered(String),
    #[error(
        "the backup was made by a newer version of Satchel (format {found}, this one reads up to {known}); update Satchel"
    )]
    Newer { found: u32, known: u32 },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whose backup it is: the first thing in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub format: u32,
    /// Of the program that has written it.
    pub version: String,
    /// Of the tables.
    pub schema: u32,
    pub vault: String,
    pub workspace: String,
    pub workspace_id: String,
    pub device: String,
    pub device_id: String,
    /// RFC 3339.
    pub made_at: String,
    /// What a restored vault is opened with; the vault's own matter.
    pub ways: serde_json::Value,
    /// The folder beside the backup with the files on records; none is said by versions before 2026-11-28.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attachments: String,
}

/// How much there is of something, and a hash of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub count: u64,
    pub hash: String,
}

/// What must be in the backup: the last thing in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Rows of each table, and the BLAKE3 hash of its parts.
    pub tables: BTreeMap<String, Amount>,
    /// Records of each kind, in the trash or not, and the hash of their ids and versions.
    pub records: BTreeMap<String, Amount>,
    /// Files on records: those in the folder beside the backup, and their bytes.
    pub attachments: u64,
    pub attachment_bytes: u64,
    /// Files on records that were not on the device.
    pub attachments_elsewhere: u64,
}

impl Manifest {
    /// How many records there are of all kinds.
    pub fn total(&self) -> u64 {
        self.records.values().map(|amount| amount.count).sum()
    }
}
