//! The changes that are the same on every device: a fixed actor, time 0, no dependencies.

use automerge::{
    ActorId, AutoCommit, Change, ObjType, ROOT,
    transaction::{CommitOptions, Transactable},
};
use satchel_domain::Kind;
use std::{
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

/// The register that says what a record is.
pub const KIND: &str = "_kind";

/// Empty records by kind and texts: an import makes many alike.
static BASES: LazyLock<RwLock<HashMap<(Kind, String), AutoCommit>>> = LazyLock::new(RwLock::default);
const KEPT: usize = 64;

/// An empty record of this kind that holds these texts.
pub fn document(kind: Kind, texts: &[&str]) -> AutoCommit {
    let key = (kind, texts.join("\n"));
    if let Some(base) = BASES.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return base.clone();
    }
    let mut base = first_change("kind", |doc| doc.put(ROOT, KIND, kind.key()));
    base.apply_changes(texts.iter().map(|path| text_change(path))).expect("changes without dependencies fit");
    let mut bases = BASES.write().unwrap_or_else(PoisonError::into_inner);
    if bases.len() < KEPT {
        bases.insert(key, base.clone());
    }
    base
}

/// The change that makes the text object under `path`.
pub fn text_change(path: &str) -> Change {
    let mut doc = first_change(path, |doc| doc.put_object(ROOT, path, ObjType::Text).map(|_| ()));
    doc.get_last_local_change().expect("the change was just made")
}

fn first_change<T>(
    name: &str,
    write: impl FnOnce(&mut AutoCommit) -> Result<T, automerge::AutomergeError>,
) -> AutoCommit {
    let mut doc = AutoCommit::new().with_actor(fixed_actor(name));
    write(&mut doc).expect("an empty document takes its first write");
    doc.commit_with(CommitOptions::default().with_time(0));
    doc
}

fn fixed_actor(name: &str) -> ActorId {
    let mut hasher = blake3::Hasher::new_derive_key("satchel 2026 first change");
    hasher.update(name.as_bytes());
    let mut actor = [0; 16];
    hasher.finalize_xof().fill(&mut actor);
    ActorId::from(actor)
}
