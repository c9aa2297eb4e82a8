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
/// The same bytes once more: whatever happens to one file of a disk, the ways in are in another.
pub(crate) const VAULT_COPY: &str = "vault.copy.json";
const MAX_BYTES: u64 = 1 << 20;
/// As many digits as a sum has.
const NO_SUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

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
    /// BLAKE3 of the file with zeros in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
}

impl VaultFile {
    pub fn database(&self) -> String {
        Self::database_of(self.generation)
    }

    pub fn database_of(generation: u32) -> String {
        format!("satchel-{generation}.db")
    }

    /// Where the file is damaged, its copy counts.
    pub fn read(dir: &Path) -> Result<Self, VaultError> {
        match Self::read_one(&dir.join(VAULT_JSON)) {
            Err(broken @ (VaultError::Damaged { .. } | VaultError::Io { .. })) => {
                Self::read_one(&dir.join(VAULT_COPY)).map_err(|_| broken)
            }
            read => read,
        }
    }

    fn read_one(path: &Path) -> Result<Self, VaultError> {
        let damaged = |why: String| VaultError::Damaged { path: path.to_owned(), why };
        let io = |source| VaultError::Io { path: path.to_owned(), source };
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(VaultError::Missing(path.parent().unwrap_or(Path::new("")).to_owned()));
            }
            Err(source) => return Err(io(source)),
        };
        if meta.len() > MAX_BYTES {
            return Err(damaged(format!("{} bytes long", meta.len())));
        }
        let bytes = fs::read(path).map_err(io)?;
        let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        let sum = json.get("sum").and_then(serde_json::Value::as_str);
        if sum.is_some_and(|sum| sum_without(&bytes, sum) != sum) {
            return Err(damaged("it is not as it was written".into()));
        }
        // The format first: a newer file need not have the shape that we know.
        let format = json.get("format").and_then(serde_json::Value::as_u64);
        match format.and_then(|f| u32::try_from(f).ok()) {
            Some(found) if found > FORMAT => return Err(VaultError::Newer { found }),
            Some(_) => {}
            None => return Err(damaged("it names no format".into())),
        }
        serde_json::from_value(json).map_err(|e| damaged(e.to_string()))
    }

    /// Writes the file, then its copy.
    pub fn write(&self, dir: &Path) -> Result<(), VaultError> {
        let path = dir.join(VAULT_JSON);
        let bytes = self.bytes();
        replace_file(&path, &bytes).map_err(|source| VaultError::Io { path, source })?;
        let copy = dir.join(VAULT_COPY);
        if replace_file(&copy, &bytes).is_err() {
            // Rather none than one by which a passphrase of before opens the vault; it is made at the next opening.
            let _ = fs::remove_file(copy);
        }
        Ok(())
    }

    /// Whether both say the same.
    pub fn is(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }

    fn bytes(&self) -> Vec<u8> {
        let file = Self { sum: Some(NO_SUM.to_owned()), ..self.clone() };
        let text = serde_json::to_string_pretty(&file).expect("plain data serialises");
        let sum = blake3::hash(text.as_bytes()).to_hex();
        text.replacen(&format!("\"{NO_SUM}\""), &format!("\"{sum}\""), 1).into_bytes()
    }

    /// Puts the one of the two right that is not as it was written; true where it was the file itself. Only under the
    /// lock, and where it cannot be written the other one still counts.
    pub fn mend(dir: &Path) -> bool {
        let (file, copy) = (dir.join(VAULT_JSON), dir.join(VAULT_COPY));
        let bytes = |path: &Path| fs::read(path).unwrap_or_default();
        match (Self::read_one(&file), Self::read_one(&copy)) {
            (Ok(_), _) if bytes(&file) != bytes(&copy) => {
                let _ = replace_file(&copy, &bytes(&file));
                false
            }
            (Err(VaultError::Damaged { .. } | VaultError::Io { .. }), Ok(_)) => {
                let _ = replace_file(&file, &bytes(&copy));
                true
            }
            _ => false,
        }
    }
}

/// What the sum in a file must be.
fn sum_without(bytes: &[u8], sum: &str) -> String {
    let text = String::from_utf8_lossy(bytes).replacen(&format!("\"{sum}\""), &format!("\"{NO_SUM}\""), 1);
    blake3::hash(text.as_bytes()).to_hex().to_string()
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

/// Removes a database that is nobody's, with its log.
pub fn remove_database(path: &Path) {
    for end in ["-journal", "-wal", "-shm", ""] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        let _ = fs::remove_file(name);
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

/// Makes a folder that only its owner can enter, and those above it that are missing; their names survive a power cut.
pub fn private_dir(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    for above in missing.iter().filter_map(|folder| folder.parent()) {
        // Some network drives know no such call.
        let _ = sync_dir(if above.as_os_str().is_empty() { Path::new(".") } else { above });
    }
    Ok(())
}
