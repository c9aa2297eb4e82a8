//! The changes that are the same on every device: a fixed actor, time 0, no dependencies.

use automerge::{
    ActorId, AutoCommit, AutomergeError, Change, ObjType, ROOT,
    transaction::{CommitOptions, Transactable},
};
use satchel_domain::Kind;
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

/// The register that says what a record is.
pub const KIND: &str = "_kind";

/// Each of these changes has one operation, and its number is this.
pub const ONLY_OP: u64 = 1;

/// The changes by name: every new record begins with some of them.
static KEPT: LazyLock<RwLock<HashMap<String, Arc<Change>>>> = LazyLock::new(RwLock::default);
const MAX_KEPT: usize = 256;

/// The change that says of which kind the record is.
pub fn kind_change(kind: Kind) -> Arc<Change> {
    kept(&format!("kind {kind}"), || first_change("kind", |doc| doc.put(ROOT, KIND, kind.key())))
}

/// The change that makes the text object under `path`.
pub fn text_change(path: &str) -> Arc<Change> {
    kept(&format!("text {path}"), || {
        first_change(path, |doc| doc.put_object(ROOT, path, ObjType::Text).map(|_| ()))
    })
}

fn kept(name: &str, make: impl FnOnce() -> Change) -> Arc<Change> {
    if let Some(change) = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(name) {
        return change.clone();
    }
    let change = Arc::new(make());
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < MAX_KEPT {
        kept.insert(name.to_owned(), change.clone());
    }
    change
}

fn first_change(name: &str, write: impl FnOnce(&mut AutoCommit) -> Result<(), AutomergeError>) -> Change {
    let mut doc = AutoCommit::new().with_actor(fixed_actor(name));
    write(&mut doc).expect("an empty document takes its first write");
    doc.commit_with(CommitOptions::default().with_time(0));
    doc.get_last_local_change().expect("the change was just made")
}

fn fixed_actor(name: &str) -> ActorId {
    let mut hasher = blake3::Hasher::new_derive_key("satchel 2026 first change");
    hasher.update(name.as_bytes());
    let mut actor = [0; 16];
    hasher.finalize_xof().fill(&mut actor);
    ActorId::from(actor)
}
