//! What devices of a team say to each other through a server or a folder that can read nothing: wire types
//! and their cryptography. No I/O, no clock. `docs/format/sync.md` says the same for a second client.
//!
//! Everything is CBOR in arrays, its fields numbered. What is signed is signed as the bytes that
//! travel, and decoded only after its signature holds.

mod blob;
mod control;
mod device;
mod entry;
mod invite;
mod seal;
mod served;
#[cfg(test)]
mod tests;
mod wire;

pub use blob::{
    BlobKey, Content as BlobContent, FileHash, Manifest, PIECE, decode_names, encode_names, piece_name,
};
pub use control::{Action, Member, Membership, Pin, Record, Role, SignedRecord};
pub use device::{Card, DeviceKeys};
pub use entry::{
    Covered, Entry, EntryKind, Feed, Item, Link, Operation, Payload, Place, Run, Segment, SegmentBuilder,
    Subject, Told, TrailHead,
};
pub use invite::{Invitation, Request, SealedRequest, check_code};
pub use seal::{EpochKey, RecordKey, Sealed, WrappedKey, open_previous, pad, seal_previous, unpad};
pub use served::{
    Authorization, Claim, Kept, News, Pass, Position, Read, decode_all, decode_positions, encode_all,
    encode_positions,
};
pub use wire::{DeviceId, DocTag, Hash, PersonId, Signature, WorkspaceId, from_hex, hex};

/// The version of everything on the wire. What has another is refused with a word on updating.
pub const VERSION: u8 = 1;

/// Limits for what comes from outside; what is over them is refused before it is looked into.
pub mod limits {
    pub const SEGMENT_BYTES: usize = 32 << 20;
    pub const ENTRIES: usize = 10_000;
    /// Of one record, where several devices have made it.
    pub const TAGS: usize = 16;
    pub const ENTRY_BYTES: usize = 17 << 20;
    pub const RECORD_BYTES: usize = 1 << 20;
    pub const DEVICES: usize = 10_000;
    /// Forks of a control log that are followed to their ends.
    pub const FORKS: usize = 64;
    pub const NAME_BYTES: usize = 1000;
    pub const LINK_BYTES: usize = 8 << 10;
    /// A piece of an attachment, encrypted.
    pub const PIECE_BYTES: usize = (1 << 20) + 64;
    pub const ATTACHMENT_BYTES: u64 = 1 << 30;
    /// What a server gives in one answer.
    pub const NEWS_BYTES: usize = 96 << 20;
    /// Segments, records or requests in one answer.
    pub const PARTS: usize = 1 << 20;
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProtocolError {
    #[error("it is larger than {0} bytes, which nothing of its kind is")]
    TooLarge(usize),
    #[error("it is damaged or no part of Satchel: {0}")]
    Malformed(String),
    #[error(
        "it was written by a newer version of Satchel (format {0}, this one knows {VERSION}); update Satchel"
    )]
    Newer(u8),
    #[error("its signature is not that of the device that it names")]
    BadSignature,
    #[error("it cannot be decrypted with the team's key")]
    CannotDecrypt,
    #[error("it belongs to another workspace")]
    OtherWorkspace,
    #[error("it does not follow what is known: {0}")]
    Gap(&'static str),
    #[error("two different things claim the same place: {0}")]
    Fork(&'static str),
    #[error("its author may not do this: {0}")]
    NotAllowed(&'static str),
    #[error("the system gives no random numbers")]
    NoRandomness,
}

pub type Result<T> = std::result::Result<T, ProtocolError>;
