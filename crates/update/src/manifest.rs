//! The list of versions: one file per channel, as Tauri's updater reads it, with a few more fields and signed as a whole.

use crate::{UpdateError, limits};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which versions one wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename = "UpdateChannel", rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Stable,
    /// Before everybody else.
    Early,
}

impl Channel {
    /// The name in the manifest, and of its file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Early => "early",
        }
    }
}

/// What is new, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename = "ReleaseNotes")]
pub struct Notes {
    pub en: String,
    pub zh: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub url: String,
    pub signature: String,
    pub size: u64,
}

/// A version that is newer than the one that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub version: Version,
    pub notes: Notes,
    pub published: Option<String>,
    /// None for this kind of installation.
    pub package: Option<Package>,
}

/// What a list says to who runs a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// In milliseconds since 1970.
    pub published: Option<i64>,
    /// Nothing, where what runs is as new.
    pub release: Option<Release>,
}

#[derive(Deserialize)]
struct Manifest {
    version: String,
    channel: String,
    #[serde(default)]
    notes: String,
    #[serde(default)]
    notes_zh: String,
    #[serde(default)]
    pub_date: Option<String>,
    #[serde(default)]
    platforms: BTreeMap<String, Package>,
}

/// What the bytes of a manifest offer to who runs `running`. Their signature is checked before.
pub fn read(
    bytes: &[u8],
    channel: Channel,
    running: &Version,
    target: Option<&str>,
) -> Result<List, UpdateError> {
    let malformed = |why: String| UpdateError::Malformed(plain(&why, 200));
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|e| malformed(e.to_string()))?;
    if manifest.channel != channel.name() {
        return Err(UpdateError::OtherChannel(plain(&manifest.channel, 40)));
    }
    let version: Version =
        manifest.version.trim_start_matches('v').parse().map_err(|_| malformed(manifest.version.clone()))?;
    let published = manifest.pub_date.map(|at| at.parse::<jiff::Timestamp>().map_err(|_| malformed(at)));
    let published = published.transpose()?;
    let said = published.map(|at| at.as_millisecond());
    // By the rules of versions: what is built otherwise is not newer for that.
    if version.cmp_precedence(running).is_le() {
        return Ok(List { published: said, release: None });
    }
    let package = target.and_then(|target| manifest.platforms.get(target)).cloned();
    if package.as_ref().is_some_and(|package| package.size > limits::PACKAGE_BYTES) {
        return Err(UpdateError::TooLarge("the new version", limits::PACKAGE_BYTES));
    }
    let notes = Notes {
        en: plain(&manifest.notes, limits::NOTES_CHARS),
        zh: plain(&manifest.notes_zh, limits::NOTES_CHARS),
    };
    let release = Release { version, notes, published: published.map(|at| at.to_string()), package };
    Ok(List { published: said, release: Some(release) })
}

/// It is shown: lines of text, and nothing that moves them about.
fn plain(text: &str, most: usize) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).take(most).collect()
}
