//! The flat form in which a record's document holds it: one register per scalar.
//!
//! A plain field is the register `first_name`; an item of a field with several values is
//! `emails/3f2a…/value`, `emails/3f2a…/label`, and so on. Nothing is nested, so two devices that
//! create the same record, or the same item, never hide each other's content (see ADR 0004).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one register holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    Flag(bool),
    Int(i64),
    Number(f64),
    Str(String),
    /// Long text that merges by character.
    Text(String),
}

impl Scalar {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Scalar::Str(s) | Scalar::Text(s) => Some(s),
            _ => None,
        }
    }
}

/// All registers of a record, by path.
pub type Registers = BTreeMap<String, Scalar>;

/// The field that a register belongs to.
pub fn field_of(path: &str) -> &str {
    path.split_once('/').map_or(path, |(field, _)| field)
}

/// When the record was put in the trash, in epoch milliseconds. Names that begin with `_` are
/// the record's own and never a field's.
pub const DELETED_AT: &str = "_deleted_at";
/// The id that another program knows this record by.
pub const EXTERNAL_ID: &str = "_external_id";
/// The record that this one was merged into, and went to the trash for.
pub const MERGED_INTO: &str = "_merged_into";
/// When what was written to it elsewhere, without knowing of that, was carried over to the other.
pub const CARRIED: &str = "_carried";
/// Records that somebody has said this one is not: a register for each, `_not_same/ID`.
pub const NOT_SAME: &str = "_not_same";
/// Behind a source: one more of its ids, where two of its records were merged.
const ONE_MORE: char = '\u{1f}';

/// The ids that other programs know a record by: (source, id).
pub fn external_ids(registers: &Registers) -> impl Iterator<Item = (&str, &str)> {
    of_field(registers, EXTERNAL_ID).filter_map(|(sub, scalar)| {
        let source = sub.split(ONE_MORE).next().unwrap_or_default();
        Some((source, scalar.as_str()?))
    })
}

/// Where another program's id is kept on a record that may have one of that program already.
pub fn external_path(registers: &Registers, source: &str, id: &str) -> String {
    let first = format!("{EXTERNAL_ID}/{source}");
    match registers.get(&first) {
        Some(other) if other.as_str() != Some(id) => {
            format!("{first}{ONE_MORE}{}", crate::value::item_id(id))
        }
        _ => first,
    }
}

/// The registers of one field, as a list of sub-paths (empty for a plain field).
pub fn of_field<'a>(registers: &'a Registers, field: &'a str) -> impl Iterator<Item = (&'a str, &'a Scalar)> {
    registers.range(field.to_owned()..).take_while(move |(path, _)| path.starts_with(field)).filter_map(
        move |(path, scalar)| {
            let rest = &path[field.len()..];
            match rest.strip_prefix('/') {
                Some(sub) => Some((sub, scalar)),
                None if rest.is_empty() => Some(("", scalar)),
                None => None,
            }
        },
    )
}
