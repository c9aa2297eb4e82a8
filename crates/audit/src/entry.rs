//! One line of the trail.

use crate::VERSION;
use satchel_protocol::{DeviceId, Hash, from_hex, hex};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an act says of itself: counts, kinds, ids of operations. Never what a customer is called or what is known of one.
pub type Facts = Map<String, Value>;

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $key:literal),* $(,)?) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Act {
            $($(#[$doc])* $name),*
        }

        impl Act {
            pub const ALL: &'static [Act] = &[$(Act::$name),*];

            pub const fn key(self) -> &'static str {
                match self {
                    $(Act::$name => $key),*
                }
            }
        }
    };
}

acts! {
    /// A device, or an incarnation of it, begins to write.
    Begin = "begin",
    Unlock = "unlock",
    Lock = "lock",
    /// Told by a file outside of the vault, that anybody could have written.
    FailedUnlocks = "failed_unlocks",
    Change = "change",
    /// Many records at once.
    Bulk = "bulk",
    Delete = "delete",
    Erase = "erase",
    Restore = "restore",
    Undo = "undo",
    Import = "import",
    Merge = "merge",
    /// What others have changed was applied.
    Received = "received",
    Export = "export",
    Attachment = "attachment",
    /// Everything, sealed for those who may read it.
    Backup = "backup",
    /// A backup was restored into a scratch folder, and was whole.
    Drill = "drill",
    MailMerge = "mail_merge",
    Membership = "membership",
    Remote = "remote",
    Settings = "settings",
    Keys = "keys",
    Kit = "kit",
    Api = "api",
    Damaged = "damaged",
    /// The trail is not what was remembered of it elsewhere.
    Contradiction = "contradiction",
    Alert = "alert",
    /// An incident or a drill was opened or closed, or its report left the vault.
    Incident = "incident",
    /// A new version of the program was put in place, or the one from before was put back.
    Update = "update",
}

impl Act {
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.key() == key)
    }

    /// Of an operation, by its label and how many records it has touched.
    pub fn of_operation(label: &str, records: u64) -> Self {
        match label {
            "delete" => Act::Delete,
            "erase" => Act::Erase,
            "restore" => Act::Restore,
            "undo" | "redo" => Act::Undo,
            "import" | "seed" => Act::Import,
            "merge" => Act::Merge,
            "incident_open" | "incident_close" => Act::Incident,
            _ if records >= Self::MANY => Act::Bulk,
            _ => Act::Change,
        }
    }

    /// From so many records on a change is one of many.
    pub const MANY: u64 = 20;
}

/// The way in which a vault is unlocked first that was made of a backup.
pub const RESTORED: &str = "restored";

/// It stands behind the beginning, and the alert that this may lead to.
pub const FIRST: u64 = 3;

/// One incarnation of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    pub device: DeviceId,
    pub incarnation: u64,
}

/// A line as it is read. Whatever else it says is not looked at, and is hashed with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    pub v: u32,
    device: String,
    incarnation: String,
    /// From 1, without gaps, within the incarnation.
    pub seq: u64,
    previous: String,
    /// RFC 3339 by the clock of the device, which nobody has to believe.
    pub at: String,
    pub act: String,
    #[serde(default)]
    pub facts: Facts,
}

impl Entry {
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    pub fn chain(&self) -> Option<ChainId> {
        Some(ChainId {
            device: DeviceId(from_hex(&self.device)?),
            incarnation: self.incarnation.parse().ok()?,
        })
    }

    /// Whether a vault says here, among the first things that its incarnation says, that it was made of a backup.
    pub fn is_restored(&self) -> bool {
        let way = self.facts.get("way").and_then(serde_json::Value::as_str);
        self.seq <= FIRST && self.act == Act::Unlock.key() && way == Some(RESTORED)
    }

    pub fn previous(&self) -> Option<Hash> {
        from_hex(&self.previous).map(Hash)
    }
}

/// A line that is to be written.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    pub chain: ChainId,
    pub seq: u64,
    pub previous: Hash,
    pub at: &'a str,
    pub act: Act,
    pub facts: &'a Facts,
}

#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    device: String,
    incarnation: String,
    seq: u64,
    previous: String,
    at: &'a str,
    act: &'a str,
    facts: &'a Facts,
}

impl NewEntry<'_> {
    pub fn line(&self) -> String {
        let line = Line {
            v: VERSION,
            device: hex(&self.chain.device.0),
            incarnation: self.chain.incarnation.to_string(),
            seq: self.seq,
            previous: hex(&self.previous.0),
            at: self.at,
            act: self.act.key(),
            facts: self.facts,
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

/// BLAKE3 of a line without its end.
pub fn hash_of(line: &str) -> Hash {
    Hash(*blake3::hash(line.as_bytes()).as_bytes())
}
