//! What is in the vault, as hashes: most rows of an import are new, and a look into this set is much
//! cheaper than asking the database for each of their addresses, numbers and ids.

use crate::{AppError, Session};
use satchel_domain::{Kind, RecordId};
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
    /// Of which also the titles are known: what is recognised by an address needs none.
    titles_of: Option<Kind>,
    /// The records that rows before were, where a title recognises them: each is one row's.
    pub taken: HashSet<RecordId>,
}

impl Known {
    pub fn read(session: &Session, kind: Kind) -> Result<Self, AppError> {
        let titles_of = Some(kind).filter(|kind| !matches!(kind, Kind::Person | Kind::Company));
        let version = session.store.version();
        let mut hashes = HashSet::new();
        session.store.read(|db| {
            let mut keep = |field: &str, value: &str| {
                if hashes.len() <= MOST {
                    hashes.insert(hash(field, value));
                }
            };
            projections::for_each_identifier(db, &mut keep)?;
            titles_of.map_or(Ok(()), |kind| projections::for_each_title(db, kind, &mut keep))
        })?;
        let hashes = Some(hashes).filter(|h| h.len() <= MOST);
        Ok(Self { hashes, version, titles_of, taken: HashSet::new() })
    }

    /// Before a transaction: reads anew if somebody else has written.
    pub fn refresh(&mut self, session: &Session) -> Result<(), AppError> {
        if self.version != session.store.version() {
            let taken = std::mem::take(&mut self.taken);
            let kind = self.titles_of.unwrap_or(Kind::Person);
            *self = Self { taken, ..Self::read(session, kind)? };
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

    /// Whether records of a kind are recognised by what they are called.
    pub fn has_titles_of(&self, kind: Kind) -> bool {
        self.titles_of == Some(kind)
    }

    /// A row is this record: no other row is taken for it by its title.
    pub fn take(&mut self, id: RecordId) {
        if self.titles_of.is_some() {
            self.taken.insert(id);
        }
    }

    pub fn add_code(&mut self, sort: &str) {
        if let Some(hashes) = &mut self.hashes {
            hashes.insert(hash("code", sort));
        }
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
