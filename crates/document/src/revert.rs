//! Taking an operation back. One mechanism serves undo, redo and the rollback of imports: every
//! field that the operation changed gets its earlier value again, unless it was edited since.

use crate::Changes;
use satchel_domain::{
    Registers, Scalar,
    register::{self, field_of},
    series::LEFT_OUT,
};
use std::collections::BTreeSet;

/// The plan: what to write, and what to leave because somebody has edited it since.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revert {
    pub changes: Changes,
    /// Fields that were edited since.
    pub skipped: Vec<String>,
}

pub fn plan(before: &Registers, after: &Registers, now: &Registers, created: bool, at: i64) -> Revert {
    let edited = fields_that_differ(after, now);
    if created {
        // The operation made the record: take it away, unless it has become somebody's work.
        let skipped: Vec<String> = edited.into_iter().filter(|f| f != register::DELETED_AT).collect();
        let gone = now.contains_key(register::DELETED_AT);
        let changes = match skipped.is_empty() && !gone {
            true => vec![(register::DELETED_AT.to_owned(), Some(Scalar::Int(at)))],
            false => Vec::new(),
        };
        return Revert { changes, skipped };
    }
    let mut out = Revert::default();
    let edited = parts_that_differ(after, now);
    for part in parts_that_differ(before, after) {
        let mut there = crate::difference(field_of(part), now, before);
        there.retain(|(path, _)| part_of(path) == part);
        if there.is_empty() {
            continue;
        }
        if edited.contains(part) {
            out.skipped.push(field_of(part).to_owned());
        } else {
            out.changes.extend(there);
        }
    }
    out.skipped.dedup();
    out
}

/// What is taken back as one: a field; but each day that a meeting is left out on is an act of its own.
fn part_of(path: &str) -> &str {
    match field_of(path) {
        LEFT_OUT => path,
        field => field,
    }
}

fn parts_that_differ<'a>(a: &'a Registers, b: &'a Registers) -> BTreeSet<&'a str> {
    let paths = a.keys().chain(b.keys()).filter(|p| a.get(*p) != b.get(*p));
    paths.map(|path| part_of(path)).collect()
}

/// The fields whose registers are not the same in both.
pub fn fields_that_differ(a: &Registers, b: &Registers) -> BTreeSet<String> {
    let paths = a.keys().chain(b.keys()).filter(|p| a.get(*p) != b.get(*p));
    paths.map(|p| register::field_of(p).to_owned()).collect()
}
