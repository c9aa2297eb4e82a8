//! What is in the vault, as hashes: most rows of an import are new, and a look into this set is much
//! cheaper than asking the database for each of their addresses, numbers and ids.

use crate::{AppError, Session};
use satchel_storage::projections;
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// More identifiers than these are not kept in memory (16 bytes each): the database is asked.
const MOST: usize = 3_000_000;

pub struct Known {
    /// Nothing: too many.
    hashes: Option<HashSet<u64>>,
    /// Of the store, when the set was right.
    version: u64,
}

impl Known {
    pub fn read(session: &Session) -> Result<Self, AppError> {
        let version = session.store.version();
        let mut hashes = HashSet::new();
        session.store.read(|db| {
            projections::for_each_identifier(db, &mut |field, value| {
                if hashes.len() <= MOST {
                    hashes.insert(hash(field, value));
                }
            })
        })?;
        Ok(Self { hashes: Some(hashes).filter(|h| h.len() <= MOST), version })
    }

    /// Before a transaction: reads anew if somebody else has written.
    pub fn refresh(&mut self, session: &Session) -> Result<(), AppError> {
        if self.version != session.store.version() {
            *self = Self::read(session)?;
        }
        Ok(())
    }

    /// After a transaction of our own.
    pub fn written(&mut self) {
        self.version += 1;
    }

    pub fn may_have(&self, field: &str, value: &str) -> bool {
        self.hashes.as_ref().is_none_or(|hashes| hashes.contains(&hash(field, value)))
    }

    pub fn add<'a>(&mut self, id: &str, terms: impl Iterator<Item = (&'a str, &'a str)>) {
        if let Some(hashes) = &mut self.hashes {
            hashes.insert(hash("id", id));
            hashes.extend(terms.map(|(field, value)| hash(field, value)));
        }
    }
}

fn hash(field: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (field, value).hash(&mut hasher);
    hasher.finish()
}
