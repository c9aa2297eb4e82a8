//! Was this database restored or copied? A token that changes at every opening is kept in the
//! database and, as a witness, outside of the vault's folder. Where the two do not match, what we
//! hold is a copy or an older state, and it must write under a new incarnation.

use crate::files::{private_dir, replace_file};
use serde::{Deserialize, Serialize};
use std::{
    io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// How a database relates to what this computer remembers of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incarnation {
    Same,
    /// Restored from a copy, cloned, moved, or opened on another computer.
    RestoredOrCloned,
}

/// How far the trail of the database had come when it was last looked after, and by which line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub incarnation: u64,
    pub seq: u64,
    /// In hexadecimal digits.
    pub hash: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Tokens {
    current: Option<Uuid>,
    /// Written before the database takes the token, so that a crash in between is no mismatch.
    next: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<Mark>,
}

/// The token outside of the vault.
#[derive(Debug)]
pub struct Witness {
    path: PathBuf,
}

/// What is kept of a vault outside of its folder is called by its id and its place.
pub(crate) fn name_of(vault: Uuid, vault_dir: &Path) -> String {
    let place = vault_dir.canonicalize().unwrap_or_else(|_| vault_dir.to_owned());
    let place = blake3::hash(place.as_os_str().as_encoded_bytes());
    format!("{vault}-{}", &place.to_hex()[..16])
}

impl Witness {
    /// `state` is the platform's state folder; a vault is told apart by its id and its place.
    pub fn of(state: &Path, vault: Uuid, vault_dir: &Path) -> Self {
        Self { path: state.join("incarnations").join(name_of(vault, vault_dir)) }
    }

    pub fn compare(&self, in_database: Option<Uuid>) -> Incarnation {
        let outside = self.read();
        let known = in_database.is_some() && [outside.current, outside.next].contains(&in_database);
        if known { Incarnation::Same } else { Incarnation::RestoredOrCloned }
    }

    /// Announces the token that the database is about to take.
    pub fn announce(&self, token: Uuid) -> io::Result<()> {
        self.write(&Tokens { next: Some(token), ..self.read() })
    }

    /// The database has taken the token, and its trail is so far.
    pub fn confirm(&self, token: Uuid, mark: Option<Mark>) -> io::Result<()> {
        self.write(&Tokens { current: Some(token), next: None, mark })
    }

    /// How far the trail was, as this computer remembers it.
    pub fn mark(&self) -> Option<Mark> {
        self.read().mark
    }

    pub fn set_mark(&self, mark: Mark) -> io::Result<()> {
        self.write(&Tokens { mark: Some(mark), ..self.read() })
    }

    /// The vault was moved, by us: at its new place it is known as it was.
    pub fn becomes(&self, other: &Self) -> io::Result<()> {
        std::fs::rename(&self.path, &other.path)
    }

    /// The vault is no more.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(&self.path);
    }

    fn read(&self) -> Tokens {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn write(&self, tokens: &Tokens) -> io::Result<()> {
        self.path.parent().map_or(Ok(()), private_dir)?;
        replace_file(&self.path, &serde_json::to_vec(tokens).expect("plain data serialises"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_between_the_two_writes_is_no_mismatch_and_an_old_copy_is() {
        let dir = tempfile::tempdir().expect("a folder");
        let witness = Witness::of(dir.path(), Uuid::nil(), dir.path());
        let [first, second, third] = [(); 3].map(|()| Uuid::now_v7());
        assert_eq!(witness.compare(None), Incarnation::RestoredOrCloned, "nothing is remembered");
        witness.announce(first).expect("written");
        witness.confirm(first, None).expect("written");
        assert_eq!(witness.compare(Some(first)), Incarnation::Same);
        witness.announce(second).expect("written");
        assert_eq!(witness.compare(Some(first)), Incarnation::Same, "killed before the database took it");
        assert_eq!(witness.compare(Some(second)), Incarnation::Same, "killed after");
        witness.confirm(second, None).expect("written");
        assert_eq!(witness.compare(Some(first)), Incarnation::RestoredOrCloned, "an older copy came back");
        assert_eq!(witness.compare(Some(third)), Incarnation::RestoredOrCloned);
        let elsewhere = Witness::of(dir.path(), Uuid::nil(), Path::new("/"));
        assert_eq!(
            elsewhere.compare(Some(second)),
            Incarnation::RestoredOrCloned,
            "a clone at another place"
        );
    }
}
