//! `vault.json`, and files that are replaced whole or not at all.

use crate::{FORMAT, Slot, VaultError};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};
use uuid::Uuid;

pub const VAULT_JSON: &str = "vault.json";
const MAX_BYTES: u64 = 1 << 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VaultFile {
    pub format: u32,
    pub vault: Uuid,
    /// Counts the vault key's rotations; names the database and the keyring entry.
    pub generation: u32,
    /// The generation before, whose database is removed once the new one has been opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
    /// Tells the vault's key from others without opening the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    pub slots: Vec<Slot>,
}

impl VaultFile {
    pub fn database(&self) -> String {
        Self::database_of(self.generation)
    }

    pub fn database_of(generation: u32) -> String {
        format!("satchel-{generation}.db")
    }

    pub fn read(dir: &Path) -> Result<Self, VaultError> {
        let path = dir.join(VAULT_JSON);
        let damaged = |why: String| VaultError::Damaged { path: path.clone(), why };
        let meta = match fs::metadata(&path) {
            Ok(meta) => meta,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(VaultError::Missing(dir.to_owned()));
            }
            Err(source) => return Err(VaultError::Io { path, source }),
        };
        if meta.len() > MAX_BYTES {
            return Err(damaged(format!("{} bytes long", meta.len())));
        }
        let bytes = fs::read(&path).map_err(|source| VaultError::Io { path: path.clone(), source })?;
        // The format first: a newer file need not have the shape that we know.
        let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        let format = json.get("format").and_then(serde_json::Value::as_u64);
        match format.and_then(|f| u32::try_from(f).ok()) {
            Some(found) if found > FORMAT => return Err(VaultError::Newer { found }),
            Some(_) => {}
            None => return Err(damaged("it names no format".into())),
        }
        serde_json::from_value(json).map_err(|e| damaged(e.to_string()))
    }
}

/// Replaces a file so that a crash leaves the old or the new content, never a mixture. The file is
/// readable by its owner only.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let written = private_file(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    match path.parent() {
        // A name alone is in the current folder.
        Some(parent) if parent.as_os_str().is_empty() => sync_dir(Path::new(".")),
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}

/// A new file that only its owner can read; one that a crash has left under this name goes.
pub fn private_file(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes renames in a folder survive a power cut. Windows has no such call and needs none.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes a folder that only its owner can enter.
pub fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
