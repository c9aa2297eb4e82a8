//! New versions of the program: found, checked, put in place of the old one, and taken back when they do not start.
//! No window, no vault; `docs/format/update.md` says what is read and what is sent.

mod error;
mod fetch;
mod files;
mod manifest;
mod program;
mod signature;
mod state;
#[cfg(all(test, unix))]
mod tests;
mod trial;
mod updates;

pub use error::UpdateError;
pub use manifest::{Channel, Notes, Package, Release};
pub use program::{Installed, SELF_CHECK, self_check};
pub use semver::Version;
pub use signature::Key;
pub use state::{Found, Staged, State};
pub use trial::{Begin, Came, Outcome, WentBack};
pub use updates::{Source, Updates};

/// What is over them is refused before it is looked into.
pub mod limits {
    pub const MANIFEST_BYTES: u64 = 256 << 10;
    pub const SIGNATURE_BYTES: u64 = 4 << 10;
    pub const PACKAGE_BYTES: u64 = 512 << 20;
    pub const NOTES_CHARS: usize = 20_000;
    pub const REDIRECTS: usize = 5;
}
