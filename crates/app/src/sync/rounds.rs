//! The log of rounds: what each has come to, in words, for who asks what went wrong.

use crate::{AppError, Session, error::Code, session::now, views::RoundView};
use satchel_domain::date::rfc3339;
use satchel_storage::{StorageError, rounds};

/// Signs of what went wrong that are kept.
const MOST_WORDS: usize = 500;

/// What a round with one remote has moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    pub sent: u32,
    pub received: u32,
    pub conflicts: u32,
}

impl Session {
    /// Notes a round. A disk that is full keeps nobody from syncing.
    pub(super) fn note_round(&self, remote: &str, moved: Moved, outcome: &Result<(), AppError>) {
        // Whoever stops it knows.
        if outcome.as_ref().is_err_and(|e| matches!(e.code, Code::Cancelled | Code::Locked)) {
            return;
        }
        let at = now();
        let error = outcome.as_ref().err().map(|e| e.message.chars().take(MOST_WORDS).collect());
        let round = rounds::Round {
            at,
            remote: remote.to_owned(),
            sent: moved.sent,
            received: moved.received,
            conflicts: moved.conflicts,
            error: error.unwrap_or_default(),
            times: 1,
            since: at,
        };
        // Most rounds move nothing: they ask, and write nothing.
        if self.store.read(|db| rounds::says_something(db, &round)).unwrap_or(false) {
            let _ = self.store.write_aside::<_, StorageError>(|tx| rounds::put(tx, &round));
        }
    }

    /// What the last rounds have come to, the newest first.
    pub fn sync_log(&self) -> Result<Vec<RoundView>, AppError> {
        let view = |round: rounds::Round| RoundView {
            at: rfc3339(round.at),
            remote: round.remote,
            sent: round.sent,
            received: round.received,
            conflicts: round.conflicts,
            error: Some(round.error).filter(|error| !error.is_empty()),
            times: round.times,
            since: rfc3339(round.since),
        };
        Ok(self.store.read(rounds::all)?.into_iter().map(view).collect())
    }
}
