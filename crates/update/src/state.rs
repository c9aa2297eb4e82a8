//! What the host remembers between starts, in a file that belongs to no vault.

use crate::{
    files,
    manifest::{Channel, Package, Release},
};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// At most one look by itself in this time.
const LOOK_EVERY: i64 = 86_400_000;
const FILE: &str = "look.json";

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Whether it looks by itself: not before somebody has allowed it.
    pub looking: bool,
    pub channel: Channel,
    /// The last try, in milliseconds since 1970.
    pub looked_at: Option<i64>,
    /// Why the last try came to nothing.
    pub trouble: Option<String>,
    /// When the newest list was published that was read: an older one is somebody's old copy.
    pub listed_at: Option<i64>,
    pub found: Option<Release>,
    pub staged: Option<Staged>,
    /// A version that was taken back.
    pub failed: Option<Version>,
}

/// A package that is on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    pub version: Version,
    pub package: Package,
    pub file: PathBuf,
}

/// What a look has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Newer(Version),
}

impl State {
    /// What is in the host's folder of updates.
    pub fn read(folder: &Path) -> Self {
        files::read_note(&folder.join(FILE)).unwrap_or_default()
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), crate::UpdateError> {
        files::write_note(&folder.join(FILE), self)
    }

    /// A clock that has gone back asks again.
    pub fn is_due(&self, now: i64) -> bool {
        self.looking && self.looked_at.is_none_or(|at| !(0..LOOK_EVERY).contains(&(now - at)))
    }

    /// What was found is only of use while it is newer than what runs.
    pub fn newer(&self, running: &Version) -> Option<&Release> {
        self.found.as_ref().filter(|found| found.version.cmp_precedence(running).is_gt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_once_a_day_and_not_at_all_when_that_is_off() {
        let day = LOOK_EVERY;
        let mut state = State::default();
        assert!(!state.is_due(0), "nobody has allowed it");
        state.looking = true;
        assert!(state.is_due(0), "it has never looked");
        state.looked_at = Some(5 * day);
        assert!(!state.is_due(6 * day - 1));
        assert!(state.is_due(6 * day));
        assert!(state.is_due(4 * day), "a wrong clock is no reason never to look again");
        state.looking = false;
        assert!(!state.is_due(9 * day));
    }

    #[test]
    fn a_damaged_file_is_none() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join(FILE), "{\"looking\": 7").expect("written");
        assert_eq!(State::read(dir.path()), State::default());
    }
}
