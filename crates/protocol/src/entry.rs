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
    #[n(3)]
    content: Content,
}

/// A user's action, as other devices tell of it in a record's history. When it was says its id, a UUIDv7.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Operation {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    #[n(1)]
    pub told: Told,
}

/// What others are told of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Told {
    #[n(0)]
    pub label: String,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub undoes: Option<[u8; 16]>,
}

/// Whose history an entry goes on with.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Subject {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub record: [u8; 16],
    /// A kind that is not known is kept all the same.
    #[n(1)]
    pub kind: String,
    /// Other tags that it has, where two devices have made it: a snapshot stands for what began under them, too.
    #[n(2)]
    pub tags: Option<Vec<DocTag>>,
}

/// What only the team sees of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Payload {
    /// automerge chunks; the changes name their operation by its id.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub chunk: Vec<u8>,
    /// What has led to a change; a snapshot names all that did with whose they were.
    #[n(1)]
    pub operation: Option<Told>,
    /// Of the first entry under a tag, and of each snapshot: all others are about the same.
    #[n(2)]
    pub subject: Option<Subject>,
    /// Of a snapshot: whose entries it stands for.
    #[n(3)]
    pub covers: Option<Vec<Covered>>,
    /// How far the trail of its device was: of one entry of a segment.
    #[n(4)]
    pub trail: Option<TrailHead>,
}

/// A place in the trail of a device, signed as `docs/format/audit.md` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TrailHead {
    #[n(0)]
    pub incarnation: u64,
    #[n(1)]
    pub seq: u64,
    #[n(2)]
    pub hash: Hash,
    /// Epoch milliseconds.
    #[n(3)]
    pub at: i64,
    #[n(4)]
    pub signature: Signature,
}

impl Payload {
    /// Decodes what was decrypted: who belongs to the team may still write anything.
    pub fn decode(plaintext: &[u8]) -> Result<Self> {
        decode(plaintext, limits::ENTRY_BYTES)
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

/// Entries of one feed that a snapshot stands for, and the operations that they were parts of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Covered {
    #[n(0)]
    pub device: DeviceId,
    #[n(1)]
    pub incarnation: u64,
    #[n(2)]
    pub places: Vec<Run>,
    #[n(3)]
    pub operations: Vec<Operation>,
}

impl Covered {
    pub fn encode_all(all: &[Self]) -> Vec<u8> {
        encode(&all)
    }

    pub fn decode_all(bytes: &[u8]) -> Result<Vec<Self>> {
        decode(bytes, limits::ENTRY_BYTES)
    }
}

/// Places of a feed that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Run {
    #[n(0)]
    pub first: u64,
    #[n(1)]
    pub count: u64,
}

impl Run {
    /// The runs of places in order.
    pub fn of(places: impl IntoIterator<Item = u64>) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for seq in places {
            match runs.last_mut() {
                Some(run) if run.end() == seq => run.count += 1,
                _ => runs.push(Self { first: seq, count: 1 }),
            }
        }
        runs
    }

    /// The place behind it.
    pub fn end(self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

/// Everything that is signed and authenticated of an entry, whether it travels with it or with its
/// segment.
#[derive(Encode)]
struct Header {
    #[n(0)]
    version: u8,
    #[n(1)]
    workspace: WorkspaceId,
    #[n(2)]
    place: Place,
    #[n(3)]
    previous: Hash,
    #[n(4)]
    kind: EntryKind,
    #[n(5)]
    tag: DocTag,
    #[n(6)]
    epoch: u32,
}

impl Entry {
    fn header(&self, segment: &Segment, place: Place, previous: Hash) -> Vec<u8> {
        encode(&Header {
            version: VERSION,
            workspace: segment.workspace,
            place,
            previous,
            kind: self.kind,
            tag: self.tag,
            epoch: self.epoch,
        })
    }

    fn hash(&self, header: &[u8]) -> Hash {
        let Content { salt, commitment, ciphertext } = &self.content;
        Hash::of("satchel 2026 entry", &[header, salt, &commitment.0, ciphertext].concat())
    }

    /// What nobody but the team can read.
    pub fn ciphertext(&self) -> &[u8] {
        &self.content.ciphertext
    }
}

/// What stands in a segment: an entry, or a run of entries that are left out because snapshots hold what they did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Entry(Entry),
    Elided {
        count: u64,
        /// The hash of the last of them: the chain goes on from there.
        last: Hash,
    },
}

/// Stands where the kind of an entry does.
const ELIDED: u8 = 3;

impl<C> Encode<C> for Item {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> std::result::Result<(), minicbor::encode::Error<W::Error>> {
        match self {
            Self::Entry(entry) => entry.encode(e, ctx),
            Self::Elided { count, last } => last.encode(e.array(3)?.u8(ELIDED)?.u64(*count)?, ctx),
        }
    }
}

impl<'b, C> Decode<'b, C> for Item {
    fn decode(
        d: &mut minicbor::Decoder<'b>,
        ctx: &mut C,
    ) -> std::result::Result<Self, minicbor::decode::Error> {
        let mut ahead = d.probe();
        if ahead.array()? != Some(3) || ahead.u8()? != ELIDED {
            return Ok(Self::Entry(Entry::decode(d, ctx)?));
        }
        d.array()?;
        d.u8()?;
        Ok(Self::Elided { count: d.u64()?, last: Hash::decode(d, ctx)? })
    }
}

impl Item {
    fn count(&self) -> u64 {
        match self {
            Self::Entry(_) => 1,
            Self::Elided { count, .. } => *count,
        }
    }

    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Elided { .. } => None,
        }
    }
}

/// Where an item of a segment stands in its feed, and the hashes before it and behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub seq: u64,
    pub count: u64,
    pub previous: Hash,
    pub hash: Hash,
}

impl Link {
    /// The place behind it.
    pub fn end(&self) -> u64 {
        self.seq + self.count
    }
}

/// Entries of one device, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Segment {
    #[n(0)]
    version: u8,
    /// Does not travel: it is that of wherever the segment was found, and signed.
    #[cbor(skip)]
    workspace: WorkspaceId,
    #[n(1)]
    pub device: DeviceId,
    #[n(2)]
    pub incarnation: u64,
    /// The place of the first entry.
    #[n(3)]
    pub first: u64,
    /// The hash of the entry before the first.
    #[n(4)]
    pub previous: Hash,
    #[n(5)]
    pub items: Vec<Item>,
    #[n(6)]
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
    /// Decodes what came from outside, found where a workspace keeps its log. Nothing of it is to be believed before
    /// [`Feed::accept`].
    pub fn decode(workspace: WorkspaceId, bytes: &[u8]) -> Result<Self> {
        if let Some(version) = version_of(bytes).filter(|v| *v > VERSION) {
            return Err(ProtocolError::Newer(version));
        }
        let segment = Segment { workspace, ..decode(bytes, limits::SEGMENT_BYTES)? };
        let bad = |what: &str| Err(ProtocolError::Malformed(what.to_owned()));
        if segment.version != VERSION {
            return bad("its version is no version");
        }
        if segment.items.is_empty() || segment.items.len() > limits::ENTRIES {
            return bad("it has no entries, or too many");
        }
        let end = segment.items.iter().try_fold(segment.first, |end, item| end.checked_add(item.count()));
        if segment.first == 0 || end.is_none_or(|end| i64::try_from(end).is_err()) {
            return bad("its place is no place");
        }
        let sound = |item: &Item| match item {
            Item::Entry(e) => e.ciphertext().len() <= limits::ENTRY_BYTES,
            Item::Elided { count, .. } => *count > 0,
        };
        match segment.items.iter().all(sound) {
            true => Ok(segment),
            false => bad("an entry is out of its limits"),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// How many places of the feed it takes.
    pub fn count(&self) -> u64 {
        self.items.iter().map(Item::count).sum()
    }

    /// The place behind its last entry.
    pub fn end(&self) -> u64 {
        self.first + self.count()
    }

    /// The entries that are there.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.items.iter().filter_map(Item::entry)
    }

    fn place(&self, seq: u64) -> Place {
        Place { device: self.device, incarnation: self.incarnation, seq }
    }

    /// Where each item stands, with the hashes around it.
    pub fn chain(&self) -> Vec<Link> {
        let (mut seq, mut previous) = (self.first, self.previous);
        let links = self.items.iter().map(|item| {
            let hash = match item {
                Item::Entry(entry) => entry.hash(&entry.header(self, self.place(seq), previous)),
                Item::Elided { last, .. } => *last,
            };
            let link = Link { seq, count: item.count(), previous, hash };
            (seq, previous) = (link.end(), hash);
            link
        });
        links.collect()
    }

    fn statement(&self, last: Hash) -> Vec<u8> {
        encode(&Statement {
            workspace: self.workspace,
            device: self.device,
            incarnation: self.incarnation,
            first: self.first,
            count: self.count(),
            previous: self.previous,
            last,
        })
    }

    /// Whether the device has signed it. That it follows what is known of its feed is said by [`Feed::accept`].
    pub fn verify(&self, card: &Card) -> Result<()> {
        let chain = self.chain();
        let last = chain.last().ok_or(ProtocolError::Gap("it has no entries"))?;
        card.verify(SEGMENT, &self.statement(last.hash), &self.signature)
    }

    /// Opens an entry that a feed has accepted; `chain` is that of this segment.
    pub fn open(&self, at: usize, chain: &[Link], epoch: &EpochKey, record: &RecordKey) -> Result<Payload> {
        let entry = self.items.get(at).and_then(Item::entry);
        let entry = entry.ok_or(ProtocolError::Gap("there is no such entry"))?;
        if epoch.epoch != entry.epoch {
            return Err(ProtocolError::CannotDecrypt);
        }
        let link = chain.get(at).ok_or(ProtocolError::Gap("the chain is not that of the segment"))?;
        let about = entry.header(self, self.place(link.seq), link.previous);
        let keys = ContentKeys { workspace: self.workspace, tag: entry.tag, epoch, record };
        Payload::decode(&keys.open(&about, &entry.content)?)
    }

    /// Leaves out the entries at these places. It says and is signed as before.
    #[must_use]
    pub fn without(&self, covered: impl Fn(u64) -> bool) -> Self {
        let mut items: Vec<Item> = Vec::with_capacity(self.items.len());
        for (item, link) in self.items.iter().zip(self.chain()) {
            let left_out = match item {
                Item::Entry(_) => covered(link.seq),
                Item::Elided { .. } => true,
            };
            match (items.last_mut(), left_out) {
                (Some(Item::Elided { count, last }), true) => {
                    (*count, *last) = (*count + link.count, link.hash);
                }
                (_, true) => items.push(Item::Elided { count: link.count, last: link.hash }),
                (_, false) => items.push(item.clone()),
            }
        }
        Self { items, ..self.clone() }
    }

    /// One segment of this device instead of two, where one follows the other.
    pub fn join(&self, next: &Self, keys: &DeviceKeys) -> Option<Self> {
        let last = self.chain().last()?.hash;
        let follows = (self.workspace, self.device, self.incarnation, self.end(), last)
            == (next.workspace, next.device, next.incarnation, next.first, next.previous);
        if !follows {
            return None;
        }
        let items = self.items.iter().chain(&next.items).cloned().collect();
        let mut joined = Self { items, ..self.clone() }.without(|_| false);
        let last = joined.chain().last()?.hash;
        joined.signature = keys.sign(SEGMENT, &joined.statement(last));
        Some(joined)
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

    /// Checks a segment against the device's key and what is known. The items that are new, by their position in
    /// it; none if all are known. The feed goes on only if everything is right.
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
        segment.verify(card)?;
        let chain = segment.chain();
        if segment.first > self.next {
            return Err(ProtocolError::Gap("entries before it are missing"));
        }
        // Where a run was left out in between, nothing can be compared: what it says is signed all the same.
        let here = |link: &Link| match self.next {
            next if link.seq == next => Some(link.previous),
            next if link.end() == next => Some(link.hash),
            _ => None,
        };
        if chain.iter().find_map(here).is_some_and(|hash| hash != self.last) {
            return Err(ProtocolError::Fork("a device has written its log in two ways"));
        }
        let (Some(new), Some(last)) = (chain.iter().position(|link| link.end() > self.next), chain.last())
        else {
            return Ok(chain.len()..chain.len());
        };
        self.next = segment.end();
        self.last = last.hash;
        Ok(new..chain.len())
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
    pub fn new(workspace: WorkspaceId, keys: &'a DeviceKeys, feed: Feed) -> Self {
        let segment = Segment {
            version: VERSION,
            workspace,
            device: feed.device,
            incarnation: feed.incarnation,
            first: feed.next,
            previous: feed.last,
            items: Vec::new(),
            signature: Signature([0; 64]),
        };
        Self { keys, feed, segment }
    }

    /// How long its ciphertext is.
    pub fn add(
        &mut self,
        kind: EntryKind,
        tag: DocTag,
        epoch: &EpochKey,
        record: &RecordKey,
        payload: &Payload,
    ) -> Result<usize> {
        let mut entry = Entry { kind, tag, epoch: epoch.epoch, content: Content::default() };
        let place = self.segment.place(self.feed.next);
        let about = entry.header(&self.segment, place, self.feed.last);
        let keys = ContentKeys { workspace: self.segment.workspace, tag, epoch, record };
        entry.content = keys.seal(&about, &payload.encode())?;
        self.feed.last = entry.hash(&about);
        self.feed.next += 1;
        let size = entry.ciphertext().len();
        self.segment.items.push(Item::Entry(entry));
        Ok(size)
    }

    /// The place of the entry that comes next.
    pub fn next(&self) -> u64 {
        self.feed.next
    }

    pub fn len(&self) -> usize {
        self.segment.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.segment.items.is_empty()
    }

    /// Signs it; nothing if it has no entries. The feed stands behind it then.
    pub fn finish(mut self) -> Option<(Segment, Feed)> {
        if self.segment.items.is_empty() {
            return None;
        }
        let statement = self.segment.statement(self.feed.last);
        self.segment.signature = self.keys.sign(SEGMENT, &statement);
        Some((self.segment, self.feed))
    }
}
