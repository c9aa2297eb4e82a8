//! By which an act is unusual: data with thresholds, and one step for each act.

use crate::{Act, Facts};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The fact of an operation that says how many records it has put into the trash.
pub const TRASHED: &str = "trashed";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Many records leave the vault at once.
    BulkExport,
    /// Many records go to the trash, or are erased, within an hour.
    Deletions,
    /// Many records are changed at night, within an hour.
    NightEdits,
    /// Somebody has tried wrong keys.
    FailedUnlocks,
    /// A device that was not known writes, or a copy of this one.
    UnknownDevice,
    /// Nothing was heard of a colleague's device for long.
    Silent,
    /// A trail is not what was remembered of it.
    Trail,
}

impl Rule {
    pub const ALL: [Rule; 7] = [
        Rule::BulkExport,
        Rule::Deletions,
        Rule::NightEdits,
        Rule::FailedUnlocks,
        Rule::UnknownDevice,
        Rule::Silent,
        Rule::Trail,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Rule::BulkExport => "bulk_export",
            Rule::Deletions => "deletions",
            Rule::NightEdits => "night_edits",
            Rule::FailedUnlocks => "failed_unlocks",
            Rule::UnknownDevice => "unknown_device",
            Rule::Silent => "silent",
            Rule::Trail => "trail",
        }
    }
}

/// From where on; 0 turns a rule off. A trail that contradicts itself is always told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
pub struct Rules {
    /// Records in one export.
    pub bulk_export: u32,
    /// Records within an hour.
    pub deletions: u32,
    /// Records within an hour of the night.
    pub night_edits: u32,
    /// The hours of the clock between which it is night.
    pub night_from: u32,
    pub night_to: u32,
    pub failed_unlocks: u32,
    /// 0 or 1.
    pub unknown_device: u32,
    /// Days.
    pub silent: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            bulk_export: 500,
            deletions: 100,
            night_edits: 200,
            night_from: 22,
            night_to: 6,
            failed_unlocks: 5,
            unknown_device: 1,
            silent: 14,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    #[error(
        "there is no threshold «{0}»; there are bulk_export, deletions, night_edits, night_from, night_to, failed_unlocks, unknown_device and silent"
    )]
    Unknown(String),
    #[error("«{0}» is no threshold: write deletions=100, a whole number; 0 turns the rule off")]
    NoNumber(String),
    #[error("an hour is between 0 and 23")]
    NoHour,
}

impl Rules {
    /// As they are kept; a threshold that was not known then has its default.
    pub fn read(text: &str) -> Self {
        let mut all = serde_json::to_value(Self::default()).unwrap_or_default();
        let kept = serde_json::from_str(text).unwrap_or_default();
        if let (Some(all), Value::Object(kept)) = (all.as_object_mut(), kept) {
            all.extend(kept);
        }
        serde_json::from_value(all).unwrap_or_default()
    }

    /// By `deletions=50`.
    pub fn set(&mut self, text: &str) -> Result<(), BadRule> {
        let (key, value) = text.split_once('=').ok_or_else(|| BadRule::NoNumber(text.to_owned()))?;
        let value: u32 = value.trim().parse().map_err(|_| BadRule::NoNumber(text.to_owned()))?;
        let place = match key.trim() {
            "bulk_export" => &mut self.bulk_export,
            "deletions" => &mut self.deletions,
            "night_edits" => &mut self.night_edits,
            "night_from" => &mut self.night_from,
            "night_to" => &mut self.night_to,
            "failed_unlocks" => &mut self.failed_unlocks,
            "unknown_device" => &mut self.unknown_device,
            "silent" => &mut self.silent,
            other => return Err(BadRule::Unknown(other.to_owned())),
        };
        *place = value;
        self.check()
    }

    pub fn check(&self) -> Result<(), BadRule> {
        if self.night_from > 23 || self.night_to > 23 { Err(BadRule::NoHour) } else { Ok(()) }
    }

    fn is_night(&self, hour: u32) -> bool {
        match self.night_from <= self.night_to {
            true => (self.night_from..self.night_to).contains(&hour),
            false => hour >= self.night_from || hour < self.night_to,
        }
    }

    /// Which rule an act counts for, by how much, and how many are too many; `hour` is that of the clock here.
    pub fn judge(&self, act: Act, facts: &Facts, hour: u32) -> Option<Judged> {
        let of = |key: &str| facts.get(key).and_then(Value::as_u64).unwrap_or_default();
        let judged =
            |rule, count, most: u32, windowed| Judged { rule, count, most: u64::from(most), windowed };
        let found = match act {
            Act::Export => judged(Rule::BulkExport, of("rows"), self.bulk_export, false),
            Act::Delete | Act::Erase => judged(Rule::Deletions, of("records"), self.deletions, true),
            // Going back, or taking an import back, is a deletion by another name.
            _ if of(TRASHED) > 0 => judged(Rule::Deletions, of(TRASHED), self.deletions, true),
            // Sample data is nobody's.
            Act::Import if facts.get("label").is_some_and(|label| label == "seed") => return None,
            Act::Change | Act::Bulk | Act::Merge | Act::Restore | Act::Undo | Act::Import
                if self.is_night(hour) =>
            {
                judged(Rule::NightEdits, of("records"), self.night_edits, true)
            }
            Act::FailedUnlocks => judged(Rule::FailedUnlocks, of("count"), self.failed_unlocks, false),
            // It was emptied: this computer remembers lines, and there is none.
            Act::Begin if facts.contains_key("witnessed") && !facts.contains_key("after") => {
                judged(Rule::Trail, 1, 1, false)
            }
            Act::Begin if facts.contains_key("after") => {
                judged(Rule::UnknownDevice, 1, self.unknown_device, false)
            }
            Act::Membership
                if facts.get("change") == Some(&Value::from("added"))
                    && facts.get("watched") == Some(&Value::from(true)) =>
            {
                judged(Rule::UnknownDevice, 1, self.unknown_device, false)
            }
            Act::Contradiction => judged(Rule::Trail, 1, 1, false),
            _ => return None,
        };
        (found.most > 0 && found.count > 0).then_some(found)
    }
}

/// What an act means for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    pub rule: Rule,
    pub count: u64,
    pub most: u64,
    /// Whether it adds up within an hour.
    pub windowed: bool,
}

/// What has added up for a rule within the hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Epoch milliseconds of the first.
    pub since: i64,
    pub count: u64,
    pub told: bool,
}

impl Window {
    const LENGTH: i64 = 3_600_000;

    /// Adds an act; how many there are now, if that is to be told: once an hour.
    pub fn add(&mut self, judged: &Judged, at: i64) -> Option<u64> {
        if !judged.windowed {
            return (judged.count >= judged.most).then_some(judged.count);
        }
        // A clock that went back begins anew, too.
        if !(self.since..self.since.saturating_add(Self::LENGTH)).contains(&at) {
            *self = Self { since: at, count: 0, told: false };
        }
        self.count = self.count.saturating_add(judged.count);
        let tell = self.count >= judged.most && !self.told;
        self.told |= tell;
        tell.then_some(self.count)
    }
}
