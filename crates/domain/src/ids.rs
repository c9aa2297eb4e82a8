//! Ids are newtypes over UUIDs, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, specta::Type)]
        #[serde(transparent)]
        #[specta(transparent)]
        pub struct $name(#[specta(type = String)] pub Uuid);

        impl $name {
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.trim().parse().map(Self)
            }
        }
    };
}

id!(
    /// One record, and so one document.
    RecordId
);
id!(
    /// One user action, undoable as a whole.
    OperationId
);

impl OperationId {
    /// When it was made, in epoch milliseconds by the clock of its device; 0 if the id does not say so.
    pub fn at(self) -> i64 {
        let time = self.0.get_timestamp().filter(|_| self.0.get_version_num() == 7).map(|t| t.to_unix());
        time.and_then(|(s, ns)| i64::try_from(s * 1000 + u64::from(ns / 1_000_000)).ok()).unwrap_or(0)
    }
}
id!(
    /// One installation of Satchel on one computer.
    DeviceId
);
id!(
    /// One team's book of records.
    WorkspaceId
);
