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
