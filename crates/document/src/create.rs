//! New records. A change is laid out directly instead of by automerge's transactions, which keep an
//! index of operations for edits that never come: an import makes a hundred thousand of these.

use crate::{DocumentError, Heads, MAX_BYTES, Stamp, base, to_automerge, unfold};
use automerge::{
    ActorId, Change, ChangeHash, ExpandedChange, ScalarValue,
    legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec},
};
use satchel_domain::{Kind, Registers, Scalar};
use std::num::NonZeroU64;

/// A new record, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    pub bytes: Vec<u8>,
    pub heads: Heads,
}

/// Whether a new record with these registers can be read again.
pub fn fits(registers: &Registers) -> Result<(), DocumentError> {
    let (mut operations, mut bytes) = (registers.len(), 0);
    for scalar in registers.values() {
        bytes += scalar.as_str().map_or(0, str::len);
        if let Scalar::Text(text) = scalar {
            operations += text.chars().count();
        }
    }
    if operations as u64 >= unfold::MAX_OPERATIONS {
        return Err(DocumentError::Overgrown);
    }
    // Beside the texts there is little.
    if bytes > MAX_BYTES / 2 {
        return Err(DocumentError::Grown(bytes));
    }
    Ok(())
}

/// A new record with these registers: the changes that are the same everywhere, then its own. Byte
/// for byte the change that automerge would make of the same writes.
pub fn create(kind: Kind, stamp: &Stamp, registers: &Registers) -> NewDocument {
    let mut first = vec![base::kind_change(kind)];
    let mut own = Own { actor: stamp.actor.into(), next: base::ONLY_OP + 1, ops: Vec::new() };
    for (path, scalar) in registers {
        if let Scalar::Text(text) = scalar {
            let object = base::text_change(path);
            own.text(&object, text);
            first.push(object);
        } else {
            own.put(path, to_automerge(scalar));
        }
    }
    let mut deps: Vec<ChangeHash> = first.iter().map(|c| c.hash()).collect();
    deps.sort_unstable();
    let mut bytes: Vec<u8> = first.iter().flat_map(|c| c.raw_bytes()).copied().collect();
    if own.ops.is_empty() {
        return NewDocument { bytes, heads: deps.iter().map(|h| h.0).collect() };
    }
    let change = own.into_change(stamp, deps);
    bytes.extend_from_slice(change.raw_bytes());
    NewDocument { bytes, heads: vec![change.hash().0] }
}

/// The operations of the record's own first change.
struct Own {
    actor: ActorId,
    next: u64,
    ops: Vec<Op>,
}

impl Own {
    fn push(&mut self, action: OpType, obj: ObjectId, key: Key, insert: bool) {
        self.ops.push(Op { action, obj, key, pred: SortedVec::new(), insert });
        self.next += 1;
    }

    fn put(&mut self, path: &str, value: ScalarValue) {
        self.push(OpType::Put(value), ObjectId::Root, Key::Map(path.into()), false);
    }

    /// Each character stands behind the one before.
    fn text(&mut self, object: &Change, text: &str) {
        let object = ObjectId::Id(OpId::new(base::ONLY_OP, object.actor_id()));
        let mut after = ElementId::Head;
        for c in text.chars() {
            let this = ElementId::Id(OpId::new(self.next, &self.actor));
            self.push(OpType::Put(ScalarValue::from(c)), object.clone(), after.into_key(), true);
            after = this;
        }
    }

    fn into_change(self, stamp: &Stamp, deps: Vec<ChangeHash>) -> Change {
        Change::from(ExpandedChange {
            operations: self.ops,
            actor_id: self.actor,
            hash: None,
            seq: 1,
            start_op: NonZeroU64::MIN.saturating_add(base::ONLY_OP),
            time: stamp.at,
            message: Some(stamp.operation.clone()),
            deps,
            extra_bytes: Vec::new(),
            author: None,
        })
    }
}
