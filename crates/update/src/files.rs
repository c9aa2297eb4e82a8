//! Files of the host that belong to no vault: whole or not at all, for their owner only.

use crate::UpdateError;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

const NOTE_BYTES: u64 = 1 << 20;

pub fn make_folder(path: &Path) -> Result<(), UpdateError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(UpdateError::io(path))
}

/// Beside the goal, so that it can be moved there in one step.
pub fn part_of(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    path.with_file_name(name)
}

pub fn new_file(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Moves what is written into its place; a power cut leaves the one or the other.
pub fn put_in_place(part: &Path, goal: &Path) -> Result<(), UpdateError> {
    fs::rename(part, goal).map_err(UpdateError::io(goal))?;
    #[cfg(unix)]
    if let Some(folder) = goal.parent() {
        // Some network drives know no such call.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

pub fn write_note<T: Serialize>(path: &Path, note: &T) -> Result<(), UpdateError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let part = part_of(path);
    let bytes = serde_json::to_vec_pretty(note).expect("plain data serialises");
    let written = new_file(&part).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    });
    written.map_err(UpdateError::io(&part))?;
    put_in_place(&part, path)
}

/// Nothing where there is none; what cannot be read is none, too: it is made anew.
pub fn read_note<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(NOTE_BYTES).read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

pub fn hash_of(path: &Path) -> Result<String, UpdateError> {
    let io = UpdateError::io(path);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(&io)?).map_err(&io)?;
    Ok(hasher.finalize().to_hex().to_string())
}
