//! What the server keeps, behind one trait: SQLite where one machine is enough, PostgreSQL where it is not.
//! `tests/server.rs` runs one suite against both.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::Postgres;
pub use sqlite::Sqlite;

use async_trait::async_trait;
use satchel_protocol::{DeviceId, Hash, News, Position, WorkspaceId, WrappedKey};

/// Bytes of segments in one answer.
pub const PAGE: usize = 4 << 20;
/// Segments of one feed that are looked at for one answer.
pub const LOOK: usize = 256;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    #[error("the store failed: {0}")]
    Failed(String),
    #[error("the store was written by a newer satchel-server (schema {0}, this one knows {1}); update it")]
    Newer(i64, i64),
    #[error("the store is damaged: {0}")]
    Damaged(&'static str),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// A workspace in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    /// Segments so far: the number of the last.
    pub head: u64,
    /// Goes up with every change of the control log, and with every request to join.
    pub control: u64,
    pub entries: u64,
    /// Of segments and keys.
    pub bytes: u64,
    /// Epoch milliseconds.
    pub created_at: i64,
    pub written_at: i64,
}

/// How far a feed is, and the hash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedState {
    pub next: u64,
    pub last: Hash,
}

impl FeedState {
    pub const NEW: Self = Self { next: 1, last: Hash::NONE };
}

/// A segment that was checked, to come behind a feed.
#[derive(Clone, Debug)]
pub struct NewSegment {
    pub workspace: WorkspaceId,
    pub device: DeviceId,
    pub incarnation: u64,
    pub before: FeedState,
    pub after: FeedState,
    pub bytes: Vec<u8>,
    pub keys: Vec<WrappedKey>,
    /// Of the segment and the keys.
    pub size: u64,
    pub at: i64,
    /// The workspace may hold so many bytes.
    pub quota: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Its number in the workspace.
    Yes(u64),
    /// The feed was not where it was thought to be.
    Moved,
    Full,
}

/// What has become of a segment that is to stand where others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    Yes,
    /// It does not fit over what is there.
    No,
    Full,
}

/// A row of a feed that a segment is to stand for.
struct Row {
    seq: u64,
    first: u64,
    next: u64,
    last: Hash,
    size: u64,
}

/// Whether a segment fits over these rows, and ends as they do or goes on behind the feed's end; it must take less
/// room, or tell more.
fn fits(rows: &[Row], feed: FeedState, new: &NewSegment) -> bool {
    let (Some(start), Some(end)) = (rows.first(), rows.last()) else { return false };
    let whole = rows.windows(2).all(|two| two[0].next == two[1].first);
    let ends = match end.next == new.after.next {
        true => end.last == new.after.last && new.size < rows.iter().map(|r| r.size).sum(),
        false => end.next == feed.next && feed.next < new.after.next,
    };
    whole && start.first == new.before.next && ends
}

/// A request to join, as it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A segment without what is in it, for the page that shows what the server has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    pub seq: u64,
    pub device: DeviceId,
    pub incarnation: u64,
    pub first: u64,
    pub next: u64,
    pub last: Hash,
    pub at: i64,
    pub bytes: Vec<u8>,
}

/// Each call is one transaction, and durable when it returns.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Whether it answers.
    async fn ready(&self) -> Result<()>;
    /// Something to keep for the whole server: what is there already, or `value`, which is there then.
    async fn keep(&self, key: &str, value: &str) -> Result<String>;

    async fn workspaces(&self) -> Result<Vec<Workspace>>;
    async fn workspace(&self, id: WorkspaceId) -> Result<Option<Workspace>>;
    /// False if it is there.
    async fn create(&self, id: WorkspaceId, first: &[u8], at: i64) -> Result<bool>;
    async fn control(&self, id: WorkspaceId) -> Result<Vec<Vec<u8>>>;
    /// Replaces the control log from a place on, if its number is still `version`.
    async fn set_control(
        &self,
        id: WorkspaceId,
        version: u64,
        from: u64,
        records: &[Vec<u8>],
    ) -> Result<bool>;

    async fn feeds(&self, id: WorkspaceId) -> Result<Vec<Position>>;
    async fn feed(&self, id: WorkspaceId, device: DeviceId, incarnation: u64) -> Result<Option<FeedState>>;
    /// The segment that a place of a feed is in.
    async fn segment_with(&self, id: WorkspaceId, place: Position) -> Result<Option<Vec<u8>>>;
    async fn append(&self, segment: NewSegment) -> Result<Appended>;
    /// Puts a segment where those stand that it tells of, with its keys beside theirs.
    async fn replace(&self, segment: NewSegment) -> Result<Replaced>;

    /// Keeps how far a device says to have read everything.
    async fn put_read(&self, id: WorkspaceId, device: DeviceId, read: &[u8]) -> Result<()>;
    async fn reads(&self, id: WorkspaceId) -> Result<Vec<Vec<u8>>>;

    /// Notes that a blob is there, if there is room for it.
    async fn put_blob(&self, id: WorkspaceId, name: Hash, size: u64, at: i64, quota: u64) -> Result<bool>;
    /// Which of these are not there.
    async fn lacking_blobs(&self, id: WorkspaceId, names: Vec<Hash>) -> Result<Vec<Hash>>;
    /// The blobs behind a name, in order.
    async fn blobs(&self, id: WorkspaceId, after: Hash, limit: usize) -> Result<Vec<Hash>>;
    /// How many there are, and their bytes.
    async fn blob_total(&self, id: WorkspaceId) -> Result<(u64, u64)>;
    /// The segments behind these positions, in the order in which they came, up to a page; and how far the
    /// feeds of the device that asks are.
    async fn news(&self, id: WorkspaceId, asks: DeviceId, known: Vec<Position>) -> Result<News>;
    /// Segments from a number on, without their order of feeds.
    async fn segments(&self, id: WorkspaceId, from: u64, limit: usize) -> Result<Vec<SegmentRow>>;
    async fn key_count(&self, id: WorkspaceId) -> Result<u64>;

    /// Keeps an invitation; those that have expired go, with their requests.
    async fn put_invitation(&self, id: WorkspaceId, pass: Hash, expires_at: i64, now: i64) -> Result<()>;
    async fn invited(&self, id: WorkspaceId, pass: Hash, now: i64) -> Result<bool>;
    /// Keeps a request; of one invitation only the last few.
    async fn put_request(&self, id: WorkspaceId, pass: Hash, request: Waiting, at: i64) -> Result<()>;
    async fn requests(&self, id: WorkspaceId) -> Result<Vec<Waiting>>;
    async fn remove_request(&self, id: WorkspaceId, name: &str) -> Result<()>;

    /// A copy of everything, made while others write.
    async fn backup(&self, to: &std::path::Path) -> Result<()>;
    /// What the store's engine says of its own files; nothing if all is well.
    async fn integrity(&self) -> Result<Vec<String>>;
}

/// Requests that wait for one invitation.
const WAITING: usize = 8;

/// What a feed has behind a position: number in the workspace, and size.
struct Behind {
    seqs: Vec<(u64, usize)>,
    /// Whether it was cut.
    more: bool,
}

/// Which segments to give: in order, without jumping over one that was not looked at, up to a page.
fn page(feeds: Vec<Behind>) -> (Vec<u64>, bool) {
    let end = feeds.iter().filter(|f| f.more).filter_map(|f| f.seqs.last()).map(|(seq, _)| *seq).min();
    let mut more = end.is_some();
    let mut all: Vec<(u64, usize)> = feeds.into_iter().flat_map(|f| f.seqs).collect();
    all.sort_unstable();
    if let Some(end) = end {
        all.retain(|(seq, _)| *seq <= end);
    }
    let (mut chosen, mut size) = (Vec::new(), 0);
    for (seq, bytes) in all {
        if size + bytes > PAGE && !chosen.is_empty() {
            more = true;
            break;
        }
        size += bytes;
        chosen.push(seq);
    }
    (chosen, more)
}
