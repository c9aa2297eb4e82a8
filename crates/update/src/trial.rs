//! A new version is on trial until it has opened a vault. Two starts that came to nothing are enough: the third gives the old
//! one back. A state and what changes it; the file, the clock and the programs are [`crate::Updates`]'.

use semver::Version;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Starts that may come to nothing.
const STARTS: u32 = 2;
/// What is kept of why.
const REPORTS: usize = 10;
const REPORT_CHARS: usize = 2_000;
/// How long the program from before is kept when the new one runs.
const KEPT_FOR: i64 = 14 * 86_400_000;

/// The note that the host has of the last update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Note {
    Trying(Trial),
    /// It runs; one can go back for a while all the same.
    Good(Trial),
    WentBack(WentBack),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    pub from: Version,
    pub to: Version,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Of the vault, made before.
    pub backup: Option<PathBuf>,
    /// The program that was replaced, and where it was.
    pub kept: PathBuf,
    pub hash: String,
    pub program: PathBuf,
    pub starts: u32,
    pub reports: Vec<String>,
}

/// What a person is told when the old version is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WentBack {
    pub from: Version,
    pub to: Version,
    pub at: i64,
    pub backup: Option<PathBuf>,
    pub reports: Vec<String>,
    /// Somebody wanted it so; the new version has run.
    pub by_hand: bool,
    /// The trail knows of it.
    pub told: bool,
    /// Where the vault is that the newer version had changed, once a backup has its place.
    pub aside: Option<PathBuf>,
}

/// What a start begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    Go,
    /// The old version is in its place again: it is to be started instead of this one.
    GoneBack(PathBuf),
}

/// What a note says to the version that starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on, with this note from now on.
    Go(Option<Note>),
    GoBack(Trial),
}

/// How far a start came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// The page has asked for its first words.
    pub shown: bool,
    /// A vault could not be opened, and not for want of a key.
    pub failed: bool,
}

/// How a start ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A vault was opened.
    Opened,
    /// Somebody has left before that.
    Left(Came),
    Failed(String),
}

impl Note {
    pub fn starting(self, running: &Version) -> Next {
        match self {
            // Another version runs: it was installed by hand, or it never came to the change.
            Self::Trying(trial) if trial.to != *running => Next::Go(None),
            Self::Trying(trial) if trial.starts >= STARTS => Next::GoBack(trial),
            Self::Trying(trial) => Next::Go(Some(Self::Trying(Trial { starts: trial.starts + 1, ..trial }))),
            note @ (Self::Good(_) | Self::WentBack(_)) => Next::Go(Some(note)),
        }
    }

    pub fn after(self, outcome: Outcome) -> Self {
        let Self::Trying(mut trial) = self else { return self };
        match outcome {
            Outcome::Opened => return Self::Good(trial),
            // Somebody who only looked, or did not know the passphrase, says nothing of the program.
            Outcome::Left(Came { shown: true, failed: false }) => {
                trial.starts = trial.starts.saturating_sub(1);
            }
            Outcome::Left(_) => {}
            Outcome::Failed(why) => trial.report(&why),
        }
        Self::Trying(trial)
    }

    /// Where one can go back to from what runs; also before it has run.
    pub fn way_back(self, running: &Version) -> Option<Trial> {
        match self {
            Self::Trying(trial) if trial.to == *running || trial.from == *running => Some(trial),
            Self::Good(trial) if trial.to == *running => Some(trial),
            _ => None,
        }
    }
}

impl Trial {
    /// What was kept is of no use any more to who runs a version.
    pub fn is_over(&self, running: &Version, now: i64) -> bool {
        self.to != *running || now - self.at >= KEPT_FOR
    }

    pub fn report(&mut self, why: &str) {
        let why: String = why.chars().filter(|c| *c == '\n' || !c.is_control()).take(REPORT_CHARS).collect();
        self.reports.push(format!("{} start {}: {why}", self.to, self.starts));
        let over = self.reports.len().saturating_sub(REPORTS);
        self.reports.drain(..over);
    }

    pub fn gone_back(self, at: i64) -> WentBack {
        WentBack {
            from: self.from,
            to: self.to,
            at,
            backup: self.backup,
            reports: self.reports,
            by_hand: false,
            told: false,
            aside: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    fn trial() -> Trial {
        Trial {
            from: version("0.1.0"),
            to: version("0.2.0"),
            at: 1,
            backup: None,
            kept: "kept".into(),
            hash: String::new(),
            program: "program".into(),
            starts: 0,
            reports: Vec::new(),
        }
    }

    fn start(note: Note) -> Note {
        match note.starting(&version("0.2.0")) {
            Next::Go(Some(note)) => note,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_starts_that_come_to_nothing_are_enough() {
        let once = start(Note::Trying(trial()));
        let twice = start(once.after(Outcome::Left(Came::default())));
        let Next::GoBack(trial) = twice.starting(&version("0.2.0")) else { panic!("the third start") };
        assert_eq!(trial.gone_back(7).from, version("0.1.0"));
    }

    #[test]
    fn who_does_not_unlock_says_nothing_of_the_program() {
        let mut note = Note::Trying(trial());
        for _ in 0..20 {
            note = start(note).after(Outcome::Left(Came { shown: true, failed: false }));
        }
        // A vault that cannot be opened does.
        let failing = Came { shown: true, failed: true };
        for _ in 0..2 {
            note = start(note).after(Outcome::Failed("the vault is damaged".into()));
            note = note.after(Outcome::Left(failing));
        }
        let Next::GoBack(trial) = note.starting(&version("0.2.0")) else { panic!("it failed twice") };
        assert_eq!(trial.reports.len(), 2);
    }

    #[test]
    fn an_opened_vault_ends_the_trial() {
        let good = start(Note::Trying(trial())).after(Outcome::Opened);
        let Note::Good(trial) = &good else { panic!("{good:?}") };
        assert!(
            !trial.is_over(&version("0.2.0"), KEPT_FOR) && trial.is_over(&version("0.2.0"), KEPT_FOR + 1)
        );
        assert!(trial.is_over(&version("0.3.0"), 2), "another version runs");
        // Whatever comes then is no trial.
        let after = good.clone().after(Outcome::Failed("later".into()));
        assert_eq!(after.starting(&version("0.2.0")), Next::Go(Some(good)));
    }

    #[test]
    fn another_version_is_not_on_trial() {
        for running in ["0.1.0", "0.3.0"] {
            assert_eq!(Note::Trying(trial()).starting(&version(running)), Next::Go(None));
        }
    }

    proptest! {
        /// Whatever happens, the old version comes back after two bad starts in all, and never while none was bad.
        #[test]
        fn no_good_start_goes_back(bad in proptest::collection::vec(any::<bool>(), 0..12)) {
            let mut note = Note::Trying(trial());
            let mut count = 0;
            for bad in bad {
                match note.clone().starting(&version("0.2.0")) {
                    Next::GoBack(_) => { prop_assert!(count >= 2); return Ok(()); }
                    Next::Go(next) => note = next.expect("still on trial"),
                }
                prop_assert!(count < 2);
                count += u32::from(bad);
                note = note.after(Outcome::Left(Came { shown: !bad, failed: false }));
            }
        }
    }
}
