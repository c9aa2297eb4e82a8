//! The encrypted database: open, migrations, one file per table, projections, full-text index.
//!
//! One writer and a few read-only connections over SQLCipher in WAL mode. A write is one
//! transaction: document, projection, index, operation. Nothing here decodes a document; what the
//! tables show of it comes in as a `Projection`.

mod allocator;
pub mod audit;
pub mod backups;
pub mod blobs;
pub mod calendar;
mod connection;
pub mod deals;
pub mod documents;
pub mod dump;
pub mod duplicates;
pub mod error;
pub mod lists;
mod log;
pub mod loose;
pub mod mentions;
pub mod operations;
pub mod past;
pub mod projections;
pub mod quotes;
pub mod reminders;
pub mod reports;
pub mod rounds;
mod schema;
pub mod search;
pub mod series;
pub mod settings;
mod store;
pub mod team;
#[cfg(test)]
mod tests;
pub mod thumbnails;
pub mod visits;

pub use connection::{SqlCipherKey, versions as connection_versions};
pub use documents::{DocumentRow, Put};
pub use error::StorageError;
pub use lists::{ListQuery, Row};
pub use operations::{Operation, Touched};
pub use rusqlite::{Connection, Transaction};
pub use schema::{SCHEMA_VERSION, projection_version};
pub use store::{Bulk, Check, Store, Watcher, scratch};
