//! A record as an automerge document: create, edit, merge, conflicts, history, revert. No I/O, no
//! clock: who writes and when comes in as a [`Stamp`].
//!
//! The document is flat: each register of `domain::register` is one key of the root map, and long
//! text is an automerge text object under its key. Every object, and the record's kind, is made by
//! a change that is the same on every device (fixed actor, time 0), so that devices which create
//! the same record never hide each other's content.

mod base;
mod create;
mod revert;
#[cfg(test)]
mod tests;
mod unfold;

use automerge::{
    ActorId, AutoCommit, ChangeHash, ObjType, ROOT, ReadDoc, ScalarValue, ValueRef,
    transaction::{CommitOptions, Transactable},
};
use satchel_domain::{Kind, Registers, Scalar, register};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

pub use create::{NewDocument, create, fits};
pub use revert::{Revert, fields_that_differ};
pub use unfold::{MAX_OPERATIONS, MAX_UNFOLDED};

/// The largest document that is decoded, in bytes.
pub const MAX_BYTES: usize = 16 << 20;

/// So many values of a conflict are told: nobody looks at more, and each is compared with each.
const MAX_CLAIMS: usize = 100;

/// Changes of so many bytes are appended to a document before it is saved whole again.
const APPENDED: usize = 2048;
/// The product of the lengths of two texts that are still compared letter by letter.
const MOST_COMPARED: usize = 4_000_000;

/// The hashes of a document's latest changes; together they name a version.
pub type Heads = Vec<[u8; 32]>;

/// Register changes: a new value, or `None` to clear.
pub type Changes = Vec<(String, Option<Scalar>)>;

/// Who writes, when, and as part of which operation.
#[derive(Clone, Debug)]
pub struct Stamp {
    pub actor: Actor,
    /// Epoch milliseconds.
    pub at: i64,
    /// The operation's id, kept as the change's message so that other devices can group by it.
    pub operation: String,
}

/// One incarnation of one device; no two writers ever share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor([u8; 16]);

impl Actor {
    /// A restored or copied database must take a new incarnation before it writes: automerge
    /// refuses for ever a second, different change of the same actor and number.
    pub fn derive(device: &[u8; 16], incarnation: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("satchel 2026 document actor");
        hasher.update(device);
        hasher.update(&incarnation.to_be_bytes());
        let mut actor = [0; 16];
        hasher.finalize_xof().fill(&mut actor);
        Self(actor)
    }

    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("the document is {0} bytes long; at most {MAX_BYTES} are read")]
    TooLarge(usize),
    #[error("with this change the record would be {0} bytes long; at most {MAX_BYTES} fit")]
    Grown(usize),
    #[error("the document unfolds to more than {MAX_OPERATIONS} operations, which no record has")]
    Unfolds,
    #[error(
        "with this change the record would hold more than {MAX_OPERATIONS} single changes; make a new record and copy into it what is still needed"
    )]
    Overgrown,
    #[error("the document is damaged: {0}")]
    Damaged(String),
    #[error("the document says of no kind that this version knows: {0:?}")]
    UnknownKind(Option<String>),
    #[error("changes that these follow are not here yet")]
    Incomplete,
    #[error("automerge refused a write: {0}")]
    Refused(#[from] automerge::AutomergeError),
}

/// Two or more values that concurrent edits have left in one register.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub path: String,
    /// The first is the one that shows.
    pub values: Vec<Claim>,
}

/// One value of a conflict, by whom and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    pub value: Scalar,
    pub actor: Vec<u8>,
    pub at: i64,
}

/// A version in a document's own history: what one operation of one device has made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub actor: Vec<u8>,
    pub at: i64,
    pub operation: String,
    /// Empty: the operation has made the record.
    pub before: Heads,
    pub after: Heads,
}

#[derive(Clone, Debug)]
pub struct Document {
    doc: AutoCommit,
}

/// Runs automerge on what came from outside: crafted bytes can make it panic, on reading as on loading.
pub fn guarded<T, E: From<DocumentError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(DocumentError::Damaged("it cannot be decoded".into()).into()))
}

impl Document {
    /// Decodes a saved document. Trust nothing: size limit, checksum, panics caught.
    pub fn load(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > MAX_BYTES {
            return Err(DocumentError::TooLarge(bytes.len()));
        }
        unfold::check(bytes)?;
        guarded(|| {
            let doc = AutoCommit::load(bytes).map_err(|e| match e {
                automerge::AutomergeError::MissingDeps => DocumentError::Incomplete,
                e => DocumentError::Damaged(e.to_string()),
            })?;
            Ok(Self { doc })
        })
    }

    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }

    /// Saves, loads what was saved, and compares: nothing old may be dropped before this succeeds.
    pub fn save_verified(&mut self) -> Result<Vec<u8>, DocumentError> {
        let bytes = self.save();
        if bytes.len() > MAX_BYTES {
            return Err(DocumentError::Grown(bytes.len()));
        }
        let mut again = Self::load(&bytes).map_err(overgrown)?;
        if again.heads() != self.heads() || again.registers() != self.registers() {
            return Err(DocumentError::Damaged("what was saved does not read back as it was".into()));
        }
        Ok(bytes)
    }

    /// What is to be stored of a document that was read from these chunks: they themselves, where it has read
    /// all of them and writes them again as they are.
    pub fn save_received(&mut self, chunks: &[u8]) -> Result<Vec<u8>, DocumentError> {
        if !fills(chunks) {
            return self.save_verified();
        }
        let changes: Vec<u8> =
            self.doc.get_changes(&[]).iter().flat_map(|c| c.raw_bytes()).copied().collect();
        self.leads_to_heads(&changes, &[])?;
        Ok(chunks.to_vec())
    }

    /// Automerge keeps what it has read, not the bytes that said it, but the name of a change is the hash of its bytes:
    /// one that was encoded in a way of its own would come back from the store as another change.
    fn leads_to_heads(&mut self, changes: &[u8], from: &[ChangeHash]) -> Result<(), DocumentError> {
        let written = announced(changes)?.heads;
        match self.doc.get_heads().iter().all(|head| from.contains(head) || written.contains(&head.0)) {
            true => Ok(()),
            false => Err(DocumentError::Damaged("it is not encoded as automerge encodes it".into())),
        }
    }

    /// What is to be stored, and how much of it was appended: what the document has beyond `heads` behind
    /// what is stored of it, or all of it anew once that has grown.
    pub fn save_onto(
        &mut self,
        mut bytes: Vec<u8>,
        appended: usize,
        heads: &Heads,
    ) -> Result<(Vec<u8>, usize), DocumentError> {
        let heads: Vec<ChangeHash> = heads.iter().map(|h| ChangeHash(*h)).collect();
        let chunk = self.doc.save_after(&heads);
        let (whole, appended) = (bytes.len().saturating_sub(appended), appended + chunk.len());
        if appended > whole.max(APPENDED) {
            return Ok((self.save_verified()?, 0));
        }
        self.leads_to_heads(&chunk, &heads)?;
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            return Err(DocumentError::Grown(bytes.len()));
        }
        unfold::check(&bytes).map_err(overgrown)?;
        Ok((bytes, appended))
    }

    pub fn kind(&self) -> Result<Kind, DocumentError> {
        let kind = match self.doc.get(ROOT, base::KIND)? {
            Some((automerge::Value::Scalar(s), _)) => s.as_str().map(str::to_owned),
            _ => None,
        };
        let known = kind.as_deref().and_then(|k| Kind::ALL.into_iter().find(|known| known.key() == k));
        known.ok_or(DocumentError::UnknownKind(kind))
    }

    pub fn heads(&mut self) -> Heads {
        let mut heads: Heads = self.doc.get_heads().iter().map(|h| h.0).collect();
        heads.sort();
        heads
    }

    pub fn registers(&self) -> Registers {
        let read = |(path, value, object): (String, ValueRef<'_>, automerge::ObjId)| {
            let scalar = self.scalar(value, &object, None)?;
            Some((path, scalar))
        };
        let items = self.doc.map_range(ROOT, ..);
        items
            .filter_map(|i| read((i.key.to_string(), i.value.clone(), i.id())))
            .filter(|(p, _)| p != base::KIND)
            .collect()
    }

    /// The registers as they were at a version; no heads means: before the record was.
    pub fn registers_at(&self, heads: &Heads) -> Registers {
        if heads.is_empty() {
            return Registers::new();
        }
        let heads: Vec<ChangeHash> = heads.iter().map(|h| ChangeHash(*h)).collect();
        let items = self.doc.map_range_at(ROOT, .., &heads);
        let read = items.filter_map(|i| {
            let scalar = self.scalar(i.value.clone(), &i.id(), Some(&heads))?;
            Some((i.key.to_string(), scalar))
        });
        read.filter(|(path, _)| path != base::KIND).collect()
    }

    fn scalar(
        &self,
        value: ValueRef<'_>,
        object: &automerge::ObjId,
        at: Option<&[ChangeHash]>,
    ) -> Option<Scalar> {
        match value {
            ValueRef::Object(ObjType::Text) => {
                let text = match at {
                    Some(heads) => self.doc.text_at(object, heads),
                    None => self.doc.text(object),
                };
                text.ok().filter(|t| !t.is_empty()).map(Scalar::Text)
            }
            ValueRef::Object(_) => None,
            ValueRef::Scalar(scalar) => from_automerge(&ScalarValue::from(scalar)),
        }
    }

    /// Writes single registers; what already has the value is not written. True if anything changed.
    pub fn edit(&mut self, stamp: &Stamp, changes: &Changes) -> Result<bool, DocumentError> {
        self.doc.set_actor(stamp.actor.into());
        // Objects first: taking in their changes closes what has been written so far, without its stamp.
        for (path, value) in changes {
            if matches!(value, Some(Scalar::Text(_))) && self.text_object(path)?.is_none() {
                self.ensure_text(path)?;
            }
        }
        let mut changed = false;
        for (path, value) in changes {
            // Written although it is the value that shows, where another device says otherwise: that
            // settles it.
            let values = self.doc.get_all(ROOT, path.as_str())?;
            if values.len() < 2 && self.register(path)? == *value {
                continue;
            }
            changed = true;
            match (value, self.text_object(path)?) {
                (Some(Scalar::Text(text)), object) => {
                    let object = object.ok_or_else(|| missing(path))?;
                    self.write_text(&object, text)?;
                }
                (Some(other), _) => self.doc.put(ROOT, path.as_str(), to_automerge(other))?,
                // An object is emptied, never deleted: deleting beats a concurrent edit inside it.
                (None, Some(object)) => self.doc.update_text(&object, "")?,
                (None, None) => self.doc.delete(ROOT, path.as_str())?,
            }
        }
        self.commit(stamp);
        Ok(changed)
    }

    /// Writes what differs between two texts. Where that is much, it is replaced as a whole: finding the fewest edits costs
    /// the product of both.
    fn write_text(&mut self, object: &automerge::ObjId, new: &str) -> Result<(), DocumentError> {
        let old = self.doc.text(object)?;
        let same = old.chars().zip(new.chars()).take_while(|(a, b)| a == b);
        let (begin, kept) = same.fold((0, 0), |(chars, bytes), (c, _)| (chars + 1, bytes + c.len_utf8()));
        let (old_rest, new_rest) = (old.get(kept..).unwrap_or_default(), new.get(kept..).unwrap_or_default());
        let same = old_rest.chars().rev().zip(new_rest.chars().rev()).take_while(|(a, b)| a == b);
        let end: usize = same.map(|(c, _)| c.len_utf8()).sum();
        let middle = |rest: &str| rest.get(..rest.len() - end).unwrap_or_default().to_owned();
        let (gone, come) = (middle(old_rest), middle(new_rest));
        let (removed, added) = (gone.chars().count(), come.chars().count());
        if removed.saturating_mul(added) <= MOST_COMPARED {
            return Ok(self.doc.update_text(object, new)?);
        }
        let removed = isize::try_from(removed).unwrap_or(isize::MAX);
        Ok(self.doc.splice_text(object, begin, removed, &come)?)
    }

    /// One register, as [`Document::registers`] has it.
    fn register(&self, path: &str) -> Result<Option<Scalar>, DocumentError> {
        Ok(match self.doc.get(ROOT, path)? {
            Some((automerge::Value::Object(ObjType::Text), object)) => {
                Some(self.doc.text(&object)?).filter(|t| !t.is_empty()).map(Scalar::Text)
            }
            Some((automerge::Value::Scalar(scalar), _)) => from_automerge(&scalar),
            _ => None,
        })
    }

    fn text_object(&self, path: &str) -> Result<Option<automerge::ObjId>, DocumentError> {
        let found = self.doc.get(ROOT, path)?;
        Ok(found
            .and_then(|(value, id)| matches!(value, automerge::Value::Object(ObjType::Text)).then_some(id)))
    }

    /// The text object under `path`, made by a change that is the same on every device.
    fn ensure_text(&mut self, path: &str) -> Result<(), DocumentError> {
        Ok(self.doc.apply_changes([base::text_change(path).as_ref().clone()])?)
    }

    fn commit(&mut self, stamp: &Stamp) {
        let options = CommitOptions::default().with_time(stamp.at).with_message(stamp.operation.clone());
        self.doc.commit_with(options);
    }

    /// Takes over what another copy of this record has and we have not.
    pub fn merge(&mut self, other: &mut Document) -> Result<(), DocumentError> {
        let (ours, theirs) = (self.kind()?, other.kind()?);
        if ours != theirs {
            return Err(DocumentError::Damaged(format!("a {theirs} cannot be merged into a {ours}")));
        }
        guarded(|| {
            self.doc.merge(&mut other.doc)?;
            Ok(())
        })
    }

    /// Appends authenticated chunks one by one. `load_incremental` answers `Ok` while it drops what
    /// follows a damaged chunk, so the heads that the chunks themselves lead to must be there then.
    pub fn append(&mut self, chunk: &[u8], heads_after: &Heads) -> Result<(), DocumentError> {
        if chunk.len() > MAX_BYTES {
            return Err(DocumentError::TooLarge(chunk.len()));
        }
        unfold::check(chunk)?;
        let mut next = self.clone();
        guarded(|| {
            next.doc.load_incremental(chunk)?;
            Ok::<_, DocumentError>(())
        })?;
        let have = next.hashes();
        if !heads_after.iter().all(|head| have.contains(head)) {
            return Err(DocumentError::Incomplete);
        }
        *self = next;
        Ok(())
    }

    /// A document that another device begins, from authenticated chunks, read to their very end.
    pub fn begin(chunk: &[u8]) -> Result<Self, DocumentError> {
        if !fills(chunk) {
            return Err(DocumentError::Damaged("something else stands behind it".into()));
        }
        let document = Self::load(chunk)?;
        match document.doc.get_missing_deps(&[]).is_empty() {
            true => Ok(document),
            false => Err(DocumentError::Incomplete),
        }
    }

    /// What each operation has written, as chunks for other devices, and the version it has led to. The first
    /// changes that it stands on go with it: they are the same everywhere.
    pub fn changes_by_operation(&mut self) -> HashMap<String, (Vec<u8>, Heads)> {
        let changes = self.doc.get_changes(&[]);
        let first: HashMap<ChangeHash, &automerge::Change> =
            changes.iter().filter(|c| c.timestamp() == 0).map(|c| (c.hash(), c)).collect();
        let mut all: HashMap<String, (Vec<ChangeHash>, Vec<u8>, Heads)> = HashMap::new();
        for change in &changes {
            let Some(operation) = change.message().filter(|_| change.timestamp() != 0) else { continue };
            let (bases, chunk, heads) = all.entry(operation.to_owned()).or_default();
            let new = change.deps().iter().filter(|dep| first.contains_key(dep) && !bases.contains(dep));
            let new: Vec<ChangeHash> = new.copied().collect();
            bases.extend(new);
            chunk.extend_from_slice(change.raw_bytes());
            *heads = vec![change.hash().0];
        }
        let whole = |(operation, (bases, chunk, heads)): (String, (Vec<ChangeHash>, Vec<u8>, Heads))| {
            let bases = bases.iter().filter_map(|base| first.get(base)).flat_map(|c| c.raw_bytes());
            (operation, (bases.copied().chain(chunk).collect(), heads))
        };
        all.into_iter().map(whole).collect()
    }

    /// Registers that hold more than one value. Equal values are no conflict.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let conflicted: Vec<String> =
            self.doc.map_range(ROOT, ..).filter(|i| i.conflict).map(|i| i.key.to_string()).collect();
        conflicted.into_iter().filter_map(|path| self.conflict(path)).collect()
    }

    fn conflict(&self, path: String) -> Option<Conflict> {
        let mut values: Vec<Claim> = Vec::new();
        // automerge lists the winner last.
        for (value, id) in self.doc.get_all(ROOT, path.as_str()).ok()?.into_iter().rev() {
            let automerge::Value::Scalar(scalar) = value else { continue };
            let Some(value) = from_automerge(&scalar) else { continue };
            if values.iter().any(|v| v.value == value) {
                continue;
            }
            if values.len() == MAX_CLAIMS {
                break;
            }
            let change =
                self.doc.hash_for_opid(&id).and_then(|hash| ReadDoc::get_change_by_hash(&self.doc, &hash));
            let (actor, at) =
                change.map_or((Vec::new(), 0), |c| (c.actor_id().to_bytes().to_vec(), c.timestamp()));
            values.push(Claim { value, actor, at });
        }
        (values.len() > 1).then_some(Conflict { path, values })
    }

    /// The document's versions in order, the base left out.
    pub fn versions(&mut self) -> Vec<Version> {
        let metas = self.doc.get_changes_meta(&[]);
        let (base, written): (Vec<_>, Vec<_>) = metas.into_iter().partition(|c| c.timestamp == 0);
        let base: HashSet<ChangeHash> = base.into_iter().map(|c| c.hash).collect();
        let mut versions: Vec<Version> = Vec::with_capacity(written.len());
        let mut known: HashMap<(&[u8], &str), usize> = HashMap::new();
        for change in &written {
            let actor = change.actor.to_bytes();
            let operation = change.message.as_deref().unwrap_or_default();
            let after = vec![change.hash.0];
            match known.get(&(actor, operation)).and_then(|at| versions.get_mut(*at)) {
                // An operation may write a record more than once.
                Some(version) if !operation.is_empty() => version.after = after,
                _ => {
                    known.insert((actor, operation), versions.len());
                    let deps = change.deps.iter().filter(|d| !base.contains(d));
                    let mut before: Heads = deps.map(|d| d.0).collect();
                    before.sort_unstable();
                    versions.push(Version {
                        actor: actor.to_vec(),
                        at: change.timestamp,
                        operation: operation.to_owned(),
                        before,
                        after,
                    });
                }
            }
        }
        versions
    }

    /// The version at a time: all that was written until then, on whatever device. Empty: the record was not there yet.
    pub fn heads_at(&mut self, at: i64) -> Heads {
        let metas = self.doc.get_changes_meta(&[]);
        let there = || metas.iter().filter(|c| c.timestamp != 0 && c.timestamp <= at);
        let followed: HashSet<ChangeHash> = there().flat_map(|c| c.deps.iter().copied()).collect();
        let mut heads: Heads = there().filter(|c| !followed.contains(&c.hash)).map(|c| c.hash.0).collect();
        heads.sort_unstable();
        heads
    }

    /// The operation that has written it last.
    pub fn last_operation(&mut self) -> Option<String> {
        let last = self.doc.get_changes_meta(&[]).into_iter().next_back()?;
        last.message.map(|m| m.to_string())
    }

    /// The hashes of all changes that it holds.
    pub fn hashes(&mut self) -> HashSet<[u8; 32]> {
        self.doc.get_changes_meta(&[]).iter().map(|c| c.hash.0).collect()
    }

    /// When the record was made and last changed, in epoch milliseconds.
    pub fn times(&mut self) -> (i64, i64) {
        self.times_until(i64::MAX)
    }

    /// The same as of a time.
    pub fn times_until(&mut self, at: i64) -> (i64, i64) {
        let metas = self.doc.get_changes_meta(&[]);
        let times = metas.iter().map(|c| c.timestamp).filter(|t| *t != 0 && *t <= at);
        (times.clone().min().unwrap_or(0), times.max().unwrap_or(0))
    }

    /// What would take an operation back: see [`Revert`].
    pub fn plan_revert(&mut self, before: &Heads, after: &Heads, now: i64) -> Revert {
        let current = self.registers();
        let at_after = if *after == self.heads() { current.clone() } else { self.registers_at(after) };
        revert::plan(&self.registers_at(before), &at_after, &current, before.is_empty(), now)
    }
}

/// Changes that lead from one set of registers to another, for one field.
pub fn difference(field: &str, now: &Registers, want: &Registers) -> Changes {
    let paths: BTreeSet<String> = [now, want]
        .into_iter()
        .flat_map(|r| r.keys())
        .filter(|p| register::field_of(p) == field)
        .cloned()
        .collect();
    let changed = paths.into_iter().filter(|p| now.get(p) != want.get(p));
    changed.map(|p| (p.clone(), want.get(&p).cloned())).collect()
}

/// Nobody's fault but that of what is being written.
fn overgrown(error: DocumentError) -> DocumentError {
    match error {
        DocumentError::Unfolds => DocumentError::Overgrown,
        error => error,
    }
}

fn missing(path: &str) -> DocumentError {
    DocumentError::Damaged(format!("the text «{path}» is missing"))
}

fn to_automerge(scalar: &Scalar) -> ScalarValue {
    match scalar {
        Scalar::Flag(b) => ScalarValue::Boolean(*b),
        Scalar::Int(n) => ScalarValue::Int(*n),
        Scalar::Number(n) => ScalarValue::F64(*n),
        Scalar::Str(s) | Scalar::Text(s) => ScalarValue::Str(s.as_str().into()),
    }
}

fn from_automerge(scalar: &ScalarValue) -> Option<Scalar> {
    match scalar {
        ScalarValue::Boolean(b) => Some(Scalar::Flag(*b)),
        ScalarValue::Int(n) => Some(Scalar::Int(*n)),
        ScalarValue::F64(n) => Some(Scalar::Number(*n)),
        ScalarValue::Str(s) => Some(Scalar::Str(s.to_string())),
        _ => None,
    }
}

impl From<Actor> for ActorId {
    fn from(actor: Actor) -> Self {
        ActorId::from(actor.0)
    }
}

/// Whether these are chunks to their very end: automerge reads as far as it can, and says nothing of the rest.
fn fills(bytes: &[u8]) -> bool {
    !bytes.is_empty() && chunks(bytes).all(|chunk| chunk.is_some())
}

/// The chunks one by one; nothing where something else stands, and that is the last then.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (chunk, behind) = length_of_chunk(rest).and_then(|n| rest.split_at_checked(n)).unzip();
        rest = behind.unwrap_or_default();
        Some(chunk)
    })
}

fn length_of_chunk(bytes: &[u8]) -> Option<usize> {
    const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
    // Magic, checksum, kind; the length of what follows, seven bits at a time.
    let (_, behind) = bytes.split_at_checked(9).filter(|(head, _)| head.starts_with(&MAGIC))?;
    let digits = behind.iter().take(5).position(|b| b & 0x80 == 0)? + 1;
    let length = behind.iter().take(digits).rev().fold(0_usize, |n, b| n << 7 | usize::from(b & 0x7f));
    Some(9 + digits + length)
}

/// What changes from another device say of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The version that they lead to.
    pub heads: Heads,
    /// The operation that they are a part of.
    pub operation: String,
}

/// Reads chunks of changes, without what they follow.
pub fn announced(bytes: &[u8]) -> Result<Announced, DocumentError> {
    if bytes.len() > MAX_BYTES {
        return Err(DocumentError::TooLarge(bytes.len()));
    }
    unfold::check(bytes)?;
    guarded(|| {
        let (mut heads, mut operation) = (BTreeSet::new(), String::new());
        for chunk in chunks(bytes) {
            let chunk = chunk.ok_or_else(|| DocumentError::Damaged("something else stands in it".into()))?;
            let change = automerge::Change::from_bytes(chunk.to_vec())
                .map_err(|e| DocumentError::Damaged(e.to_string()))?;
            for dep in change.deps() {
                heads.remove(&dep.0);
            }
            heads.insert(change.hash().0);
            operation = change.message().map(ToString::to_string).unwrap_or_default();
        }
        Ok(Announced { heads: heads.into_iter().collect(), operation })
    })
}
