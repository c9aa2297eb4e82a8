//! The trail of what was done on a device: entries, their chain, the signed heads, the exported file and its check;
//! and the rules by which an act is unusual. No clock, no database. `docs/format/audit.md` says the same for others.
//!
//! An entry is one line of JSON. The hash of a line is BLAKE3 of its bytes, and each names that of the line before it.

mod entry;
mod file;
mod head;
mod rules;
#[cfg(test)]
mod tests;

pub use entry::{Act, ChainId, Entry, FIRST, Facts, NewEntry, RESTORED, hash_of};
pub use file::{Break, Checked, Checker, Frame, Key, Restored, Why, check_file, is_trail};
pub use head::{Head, SignedHead};
pub use rules::{BadRule, Judged, Rule, Rules, TRASHED, Window};

/// The version of the lines and of the file.
pub const VERSION: u32 = 1;

/// What is over them is refused before it is looked into.
pub mod limits {
    /// A line with a record of the team's log.
    pub const LINE_BYTES: usize = 2 << 20;
    pub const ENTRY_BYTES: usize = 64 << 10;
    pub const LINES: u64 = 20_000_000;
    pub const CONTROL_RECORDS: usize = 5_000;
    /// Heads that others have seen.
    pub const SEEN: usize = 1_000_000;
    /// Places where it does not hold that are told one by one.
    pub const BREAKS: usize = 20;
}
