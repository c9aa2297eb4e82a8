//! The log: each device's entries, one behind the other, in signed segments.

use crate::{
    Card, DeviceId, DeviceKeys, DocTag, EpochKey, Hash, ProtocolError, RecordKey, Result, Signature, VERSION,
    WorkspaceId, limits,
    seal::{Content, ContentKeys},
    wire::{decode, encode},
};
use minicbor::{Decode, Encode};

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Place {
    #[n(0)]
    pub device: DeviceId,
    #[n(1)]
    pub incarnation: u64,
    /// From 1, without gaps.
    #[n(2)]
    pub seq: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum EntryKind {
    /// Changes of a document, behind those that others have.
    #[n(0)]
    Change,
    /// A whole document: what it holds need not be kept besides.
    #[n(1)]
    Snapshot,
    /// The document is erased; its keys are destroyed.
    #[n(2)]
    Tombstone,
}

/// What the server sees of an entry, beside its place.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    #[n(0)]
    pub kind: EntryKind,
    #[n(1)]
    pub tag: DocTag,
    #[n(2)]
    pub epoch: u32,
    /// The document's version once this is applied.
    #[n(3)]
    pub heads: Vec<Hash>,
    #[cbor(n(4), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(5)]
    commitment: Hash,
    #[cbor(n(6), with = "minicbor::bytes")]
    ciphertext: Vec<u8>,
}

/// A user's action, as other devices name it in a record's history.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Operation {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    #[n(1)]
    pub label: String,
    /// Epoch milliseconds by the device's clock; nothing is ordered by it.
    #[n(2)]
    pub at: i64,
    #[cbor(n(3), with = "minicbor::bytes")]
    pub undoes: Option<[u8; 16]>,
}

/// What only the team sees of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Payload {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub record: [u8; 16],
    /// Of the record; a kind that is not known is kept all the same.
    #[n(1)]
    pub kind: String,
    /// automerge chunks.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub chunk: Vec<u8>,
    #[n(3)]
    pub operation: Operation,
}

/// Everything that is signed and authenticated of an entry, whether it travels with it or with its
/// segment.
#[derive(Encode)]
struct Header<'a> {
    #[n(0)]
    version: u8,
    #[n(1)]
    workspace: WorkspaceId,
    #[n(2)]
    place: Place,
    #[n(3)]
    previous: Hash,
    #[n(4)]
    control: Hash,
    #[n(5)]
    seen: Hash,
    #[n(6)]
    kind: EntryKind,
    #[n(7)]
    tag: DocTag,
    #[n(8)]
    epoch: u32,
    #[n(9)]
    heads: &'a [Hash],
}

impl Entry {
    fn header(&self, segment: &Segment, place: Place, previous: Hash) -> Vec<u8> {
        encode(&Header {
            version: VERSION,
            workspace: segment.workspace,
            place,
            previous,
            control: segment.control,
            seen: segment.seen,
            kind: self.kind,
            tag: self.tag,
            epoch: self.epoch,
            heads: &self.heads,
        })
    }

    fn hash(&self, header: &[u8]) -> Hash {
        let parts = [header, &self.nonce, &self.commitment.0, &self.ciphertext].concat();
        Hash::of("satchel 2026 entry", &parts)
    }

    /// What nobody but the team can read.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    fn content(&self) -> Content {
        Content { nonce: self.nonce, ciphertext: self.ciphertext.clone(), commitment: self.commitment }
    }
}

/// Entries of one device, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Segment {
    #[n(0)]
    version: u8,
    #[n(1)]
    pub workspace: WorkspaceId,
    #[n(2)]
    pub device: DeviceId,
    #[n(3)]
    pub incarnation: u64,
    /// The place of the first entry.
    #[n(4)]
    pub first: u64,
    /// The hash of the entry before the first.
    #[n(5)]
    pub previous: Hash,
    /// The head of the control log that the device knew.
    #[n(6)]
    pub control: Hash,
    /// A digest of what the device had seen of the others.
    #[n(7)]
    pub seen: Hash,
    #[n(8)]
    pub entries: Vec<Entry>,
    #[n(9)]
    signature: Signature,
}

/// What the signature says: these places, and by the chain of hashes all that stands in them.
#[derive(Encode)]
struct Statement {
    #[n(0)]
    workspace: WorkspaceId,
    #[n(1)]
    device: DeviceId,
    #[n(2)]
    incarnation: u64,
    #[n(3)]
    first: u64,
    #[n(4)]
    count: u64,
    #[n(5)]
    previous: Hash,
    #[n(6)]
    last: Hash,
}

const SEGMENT: &str = "satchel segment 1";

impl Segment {
    /// Decodes what came from outside. Nothing of it is to be believed before [`Feed::accept`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if let Some(version) = version_of(bytes).filter(|v| *v > VERSION) {
            return Err(ProtocolError::Newer(version));
        }
        let segment: Segment = decode(bytes, limits::SEGMENT_BYTES)?;
        let bad = |what: &str| Err(ProtocolError::Malformed(what.to_owned()));
        if segment.version != VERSION {
            return bad("its version is no version");
        }
        if segment.entries.is_empty() || segment.entries.len() > limits::ENTRIES {
            return bad("it has no entries, or too many");
        }
        if segment.first == 0 || segment.first.checked_add(segment.entries.len() as u64).is_none() {
            return bad("its place is no place");
        }
        let sound = |e: &Entry| {
            e.heads.len() <= limits::HEADS
                && e.ciphertext.len() <= limits::ENTRY_BYTES
                && e.heads.windows(2).all(|two| two[0] < two[1])
        };
        match segment.entries.iter().all(sound) {
            true => Ok(segment),
            false => bad("an entry is out of its limits"),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// The place behind its last entry.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn place(&self, at: usize) -> Place {
        Place { device: self.device, incarnation: self.incarnation, seq: self.first + at as u64 }
    }

    /// The hashes of all entries, in order.
    pub fn chain(&self) -> Vec<Hash> {
        let mut previous = self.previous;
        let hashes = self.entries.iter().enumerate().map(|(at, entry)| {
            previous = entry.hash(&entry.header(self, self.place(at), previous));
            previous
        });
        hashes.collect()
    }

    fn statement(&self, last: Hash) -> Vec<u8> {
        encode(&Statement {
            workspace: self.workspace,
            device: self.device,
            incarnation: self.incarnation,
            first: self.first,
            count: self.entries.len() as u64,
            previous: self.previous,
            last,
        })
    }

    /// Opens an entry that a feed has accepted; `chain` is that of this segment.
    pub fn open(&self, at: usize, chain: &[Hash], epoch: &EpochKey, record: &RecordKey) -> Result<Payload> {
        let entry = self.entries.get(at).ok_or(ProtocolError::Gap("there is no such entry"))?;
        if epoch.epoch != entry.epoch {
            return Err(ProtocolError::CannotDecrypt);
        }
        let previous = match at {
            0 => self.previous,
            _ => *chain.get(at - 1).ok_or(ProtocolError::Gap("the chain is not that of the segment"))?,
        };
        let about = entry.header(self, self.place(at), previous);
        let keys = ContentKeys { workspace: self.workspace, tag: entry.tag, epoch, record };
        let plaintext = keys.open(&about, &entry.content())?;
        decode(&plaintext, limits::ENTRY_BYTES)
    }
}

/// The version stands first, whatever comes after it.
fn version_of(bytes: &[u8]) -> Option<u8> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u8().ok()
}

/// What is known of one incarnation of a device: how far, and the hash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    pub device: DeviceId,
    pub incarnation: u64,
    /// The place that comes next, from 1.
    pub next: u64,
    pub last: Hash,
}

impl Feed {
    pub fn new(device: DeviceId, incarnation: u64) -> Self {
        Self { device, incarnation, next: 1, last: Hash::NONE }
    }

    /// Checks a segment against the device's key and what is known. The entries that are new, by their
    /// position in it; none if all are known. The feed goes on only if everything is right.
    pub fn accept(
        &mut self,
        workspace: WorkspaceId,
        card: &Card,
        segment: &Segment,
    ) -> Result<std::ops::Range<usize>> {
        if segment.workspace != workspace {
            return Err(ProtocolError::OtherWorkspace);
        }
        if segment.device != self.device || segment.incarnation != self.incarnation || card.id != self.device
        {
            return Err(ProtocolError::NotAllowed("it is of another device"));
        }
        let chain = segment.chain();
        let last = *chain.last().ok_or(ProtocolError::Gap("it has no entries"))?;
        card.verify(SEGMENT, &segment.statement(last), &segment.signature)?;
        if segment.first > self.next {
            return Err(ProtocolError::Gap("entries before it are missing"));
        }
        let known =
            usize::try_from(self.next - segment.first).map_err(|_| ProtocolError::Gap("too far back"))?;
        if known > chain.len() {
            return Ok(chain.len()..chain.len());
        }
        let before = match known {
            0 => segment.previous,
            _ => chain[known - 1],
        };
        if before != self.last {
            return Err(ProtocolError::Fork("a device has written its log in two ways"));
        }
        self.next = segment.end();
        self.last = last;
        Ok(known..chain.len())
    }
}

/// Makes a segment of this device.
pub struct SegmentBuilder<'a> {
    keys: &'a DeviceKeys,
    feed: Feed,
    segment: Segment,
}

impl std::fmt::Debug for SegmentBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentBuilder").field("feed", &self.feed).finish_non_exhaustive()
    }
}

impl<'a> SegmentBuilder<'a> {
    /// `control`: the head of the control log; `seen`: a digest of the others' feeds.
    pub fn new(workspace: WorkspaceId, keys: &'a DeviceKeys, feed: Feed, control: Hash, seen: Hash) -> Self {
        let segment = Segment {
            version: VERSION,
            workspace,
            device: feed.device,
            incarnation: feed.incarnation,
            first: feed.next,
            previous: feed.last,
            control,
            seen,
            entries: Vec::new(),
            signature: Signature([0; 64]),
        };
        Self { keys, feed, segment }
    }

    pub fn add(
        &mut self,
        kind: EntryKind,
        tag: DocTag,
        heads: Vec<Hash>,
        epoch: &EpochKey,
        record: &RecordKey,
        payload: &Payload,
    ) -> Result<()> {
        let mut heads = heads;
        heads.sort_unstable();
        heads.dedup();
        let mut entry = Entry {
            kind,
            tag,
            epoch: epoch.epoch,
            heads,
            nonce: [0; 24],
            commitment: Hash::NONE,
            ciphertext: Vec::new(),
        };
        let place = self.segment.place(self.segment.entries.len());
        let about = entry.header(&self.segment, place, self.feed.last);
        let keys = ContentKeys { workspace: self.segment.workspace, tag, epoch, record };
        let content = keys.seal(&about, &encode(payload))?;
        (entry.nonce, entry.commitment, entry.ciphertext) =
            (content.nonce, content.commitment, content.ciphertext);
        self.feed.last = entry.hash(&about);
        self.feed.next += 1;
        self.segment.entries.push(entry);
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.segment.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.segment.entries.is_empty()
    }

    /// Signs it; nothing if it has no entries. The feed stands behind it then.
    pub fn finish(mut self) -> Option<(Segment, Feed)> {
        if self.segment.entries.is_empty() {
            return None;
        }
        let statement = self.segment.statement(self.feed.last);
        self.segment.signature = self.keys.sign(SEGMENT, &statement);
        Some((self.segment, self.feed))
    }
}
