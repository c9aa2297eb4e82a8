//! Where a team's log is kept between its devices: a folder that something else carries (Dropbox, Nextcloud,
//! Syncthing, a NAS, a stick), a server, or a relay in the same network. The vault's database is never put into either.

mod folder;
pub mod lan;
mod server;

pub use folder::Folder;
pub use lan::{Announcement, LanAddress};
pub use server::{Server, ServerAddress};

use satchel_protocol::{DeviceId, Hash, Kept, Pass, Position, Segment};
use std::{any::Any, path::PathBuf, sync::Arc};

#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("{0} is not there; is the disk connected, or the folder still being fetched?")]
    Away(PathBuf),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "{0} is no folder of this team: its marker is missing. Wait until it is fetched, or name another"
    )]
    NoMarker(PathBuf),
    #[error("{0} belongs to another team")]
    Other(String),
    #[error("«{0}» is no address of a server; it begins with https:// or http://")]
    BadAddress(String),
    #[error("the server {0} cannot be reached: {1}")]
    Unreachable(String, String),
    #[error(
        "the relay of this office, {0}, was not found: is that computer on, with Satchel open, and in the same network?"
    )]
    NotInNetwork(String),
    #[error("the server {0} does not know this team; add it with the address that the server has printed")]
    NotRegistered(String),
    #[error(
        "the server {0} registers a team only with the whole address that it has printed, #setup=… included"
    )]
    Setup(String),
    #[error("the server {0} refuses this device: {1}")]
    Refused(String, String),
    #[error("the server {0} has another log of this device than this device itself; tell who runs it")]
    Fork(String),
    #[error("the server {0} has lost a part of what it had; it is sent again")]
    Behind(String),
    #[error("somebody else has changed the team at the server {0} at this moment; do it again")]
    Overtaken(String),
    #[error("this piece of an attachment is not there")]
    NoPiece,
    #[error("the server {0} is full; ask who runs it for more room")]
    Full(String),
    #[error("what the server {0} says is no answer: {1}")]
    Nonsense(String, String),
    #[error("the server {0} has what a newer version of Satchel has written; update Satchel to read it")]
    Newer(String),
    #[error(
        "this Satchel is too old for the server {0}, which asks for {1} or newer; update it. You can go on working: what you change is kept and sent afterwards"
    )]
    TooOld(String, String),
}

/// Whether an address is that of a server, or of a relay in the same network; else it is a folder.
pub fn is_served(address: &str) -> bool {
    address.contains("://") || address.starts_with("lan:")
}

pub type Result<T> = std::result::Result<T, RemoteError>;

/// A segment that this device has written, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub incarnation: u64,
    pub first: u64,
    pub next: u64,
    pub size: u64,
}

/// Who takes what a remote has. Nothing instead of an answer: stop.
pub trait Reader {
    /// How far each feed is known; one that is not named begins at 1.
    fn known(&mut self) -> Option<Vec<Position>>;
    /// A segment that holds something unknown, and the wrapped keys that came with it. Whether what comes behind it in
    /// its feed is of use. `next`: what is likely to come then.
    fn take(&mut self, this: (&Segment, &[u8]), next: Option<(&Segment, &[u8])>) -> Option<bool>;
}

/// How a pull has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    All,
    /// The reader wanted no more.
    Stopped,
    /// The control log has changed meanwhile: follow it first, then pull again.
    ControlMoved,
}

/// A place where the log is kept. It is believed nothing: what counts is what is inside.
pub trait Remote: std::fmt::Debug + Send + Sync {
    /// The first control record. Without it nothing is read or written: absence never means that all was
    /// deleted.
    fn first_record(&self) -> Result<Option<Vec<u8>>>;
    /// Makes it the place of a team.
    fn begin(&self, first: &[u8]) -> Result<()>;
    /// Refuses to go on unless it is the place of this team.
    fn check(&self, first: &[u8]) -> Result<()>;
    /// Forgets what it remembers of the control log: what is asked next is as it is now.
    fn refresh(&self);
    /// The control records behind the first, as they are there: in any order, and with others beside them.
    fn control(&self) -> Result<Vec<Vec<u8>>>;
    fn put_control(&self, seq: u64, record: &[u8]) -> Result<()>;

    /// Lets somebody ask who was invited.
    fn invite(&self, pass: &Pass, expires_at: i64) -> Result<()>;
    /// Requests to join, by names.
    fn requests(&self) -> Result<Vec<(String, Vec<u8>)>>;
    fn put_request(&self, request: &[u8]) -> Result<()>;
    /// Takes away a request that was answered.
    fn remove_request(&self, name: &str);

    /// Whether one that it does not lack is as it was pushed; a remote that checks what it keeps says yes.
    fn is_whole(&self, _: DeviceId, _: Written, _: &Kept) -> Result<bool> {
        Ok(true)
    }

    /// Which of a device's segments are not there, or are there no more.
    fn lacking(&self, device: DeviceId, written: &[Written]) -> Result<Vec<Written>>;
    fn push(&self, device: DeviceId, written: Written, kept: Kept) -> Result<()>;
    /// How far each feed is there without a gap.
    fn places(&self) -> Result<Vec<Position>>;
    /// Gives a segment instead of those that are there of its places: it says the same in less.
    fn replace(&self, device: DeviceId, written: Written, kept: Kept) -> Result<()>;
    /// Keeps how far this device has read everything; see [`satchel_protocol::Read`].
    fn put_read(&self, device: DeviceId, read: &[u8]) -> Result<()>;
    /// What all devices have said of that.
    fn reads(&self) -> Result<Vec<Vec<u8>>>;
    /// Which pieces of attachments are not there.
    fn lacking_blobs(&self, names: &[Hash]) -> Result<Vec<Hash>>;
    fn put_blob(&self, name: Hash, bytes: &[u8]) -> Result<()>;
    /// A piece, as it is there: what it is called tells whether it is right.
    fn blob(&self, name: Hash) -> Result<Option<Vec<u8>>>;
    /// Whether it has checked what it gives: then what does not fit is its fault, not that of a copy that is
    /// still on its way.
    fn is_answerable(&self) -> bool;
    /// Hands over what the reader does not know, each feed in order and each segment once.
    fn pull(&self, reader: &mut dyn Reader) -> Result<Pulled>;

    /// Calls `heard` whenever there may be something new, until what it gives is dropped.
    fn listen(self: Arc<Self>, heard: Arc<dyn Fn() + Send + Sync>) -> Box<dyn Any + Send>;
}

/// As files and requests are called.
fn short_name(bytes: &[u8]) -> String {
    Hash::of("satchel 2026 file in a folder", bytes).to_string().chars().take(16).collect()
}
