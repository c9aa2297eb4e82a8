//! What has changed, told to whoever listens: screens refresh by these and by nothing else.

use satchel_domain::RecordId;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Records were written; an empty list means: many.
    Changed {
        records: Vec<RecordId>,
    },
    /// The vault was locked; everything shown must go.
    Locked,
    Unlocked,
    /// Something unusual was done, here or on a device of the team: which rules it met.
    Alerted {
        rules: Vec<String>,
    },
}

type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// The listeners of one app.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Vec<Listener>>>);

impl Events {
    pub fn listen(&self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    pub(crate) fn send(&self, event: &Event) {
        for listener in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(event);
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}
