//! What others have written becomes part of the records.

use super::{WORTH_CORES, feed_in, on_all_cores, row_of};
use crate::{AppError, Session, error::Code, session::Prepared, team::Team};
use satchel_document::{self as document, Announced, Document, DocumentError, Heads, guarded};
use satchel_domain::{Kind, OperationId, RecordId};
use satchel_protocol::{
    Card, Covered, DeviceId, DocTag, EntryKind, Item, Operation as WireOperation, Payload, Place,
    ProtocolError, RecordKey, Segment, Subject, Told, WrappedKey,
};
use satchel_storage::{
    DocumentRow, Operation, Transaction, documents,
    loose::{self, At, Loose},
    operations, team,
};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// What an entry takes in the log beside its ciphertext, about.
pub(super) const AROUND: usize = 150;

impl Session {
    /// The documents that begin in a segment, decrypted, read and projected on all cores: what of a first
    /// sync does not need the database. What is not made ready here is done one by one.
    pub(super) fn ready(&self, team: &Team, segment: &Segment, keys: &[u8]) -> Vec<Option<Ready>> {
        let member = team.members.devices.get(&segment.device);
        let signed = member.is_some_and(|m| segment.verify(&m.card).is_ok());
        let Ok(wrapped) = WrappedKey::decode_all(keys) else { return Vec::new() };
        if segment.items.len() < WORTH_CORES || !signed {
            return Vec::new();
        }
        let keys: HashMap<DocTag, RecordKey> = wrapped
            .iter()
            .filter_map(|w| Some((w.tag, team.epochs.get(&w.epoch)?.unwrap(self.workspace(), w).ok()?)))
            .collect();
        let (chain, catalogue) = (segment.chain(), self.catalogue());
        on_all_cores(segment.items.len(), |at| {
            let entry = segment.items.get(at)?.entry().filter(|e| e.kind == EntryKind::Change)?;
            let payload =
                segment.open(at, &chain, team.epochs.get(&entry.epoch)?, keys.get(&entry.tag)?).ok()?;
            let subject = payload.subject.as_ref()?;
            let mut document = guarded(|| Document::begin(&payload.chunk)).ok()?;
            let id = RecordId::from_bytes(subject.record);
            let announced = Announced { heads: document.heads(), operation: document.last_operation()? };
            let prepared = Prepared::received(id, &mut document, &payload.chunk, &catalogue).ok()?;
            (document.kind().ok()?.key() == subject.kind).then_some(Ready { payload, announced, prepared })
        })
    }

    fn take_keys(&self, tx: &Transaction<'_>, team: &Team, bytes: &[u8]) -> Result<(), AppError> {
        let Ok(wrapped) = WrappedKey::decode_all(bytes) else { return Ok(()) };
        for wrapped in wrapped {
            let key = team.epochs.get(&wrapped.epoch).map(|e| e.unwrap(self.workspace(), &wrapped));
            if let Some(Ok(key)) = key {
                team::put_doc(tx, &wrapped.tag.0, "", key.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Applies a segment up to the first entry that has to wait, and of what comes behind the snapshots: they stand on
    /// nothing. `ahead`: its feed waits already.
    pub(super) fn apply(
        &self,
        team: &Team,
        card: &Card,
        (segment, keys): (&Segment, &[u8]),
        mut ready: Vec<Option<Ready>>,
        ahead: bool,
    ) -> Result<Applied, AppError> {
        let chain = segment.chain();
        let names = team.names(segment.device);
        self.store.write::<_, AppError>(|tx| {
            let before = feed_in(tx, segment.device, segment.incarnation)?;
            let mut feed = before;
            let new = match ahead {
                true => segment.verify(card).map(|()| 0..chain.len()),
                false => feed.accept(self.workspace(), card, segment),
            };
            let new = match new {
                Ok(new) => new,
                Err(e @ ProtocolError::Fork(_)) => {
                    team::quarantine(tx, &row_of(&feed), segment.first, &e.to_string(), &[])?;
                    return Ok(Applied::default());
                }
                // Not written by whom it names, or it comes too early.
                Err(e) => return Ok(Applied { trouble: Some(e.to_string()), ..Applied::default() }),
            };
            self.take_keys(tx, team, keys)?;
            let number = loose::feed_number(tx, &segment.device.0, segment.incarnation)?;
            let mut incoming = Incoming {
                session: self,
                team,
                names: &names,
                device: segment.device,
                seqs: BTreeMap::new(),
                last: None,
            };
            let mut done = Applied { more: true, waits: ahead, ..Applied::default() };
            let mut to = None;
            for at in new {
                let (Some(item), Some(link)) = (segment.items.get(at), chain.get(at)) else { break };
                let (seq, behind) = (link.seq, (link.end(), link.hash));
                let Item::Entry(entry) = item else {
                    let awaited = (seq.max(before.next), link.end());
                    if !done.waits && loose::expected(tx, number, awaited)? {
                        to = Some(behind);
                        done.moved = true;
                    } else {
                        done.waits = true;
                        done.left_out = true;
                    }
                    continue;
                };
                if done.waits && entry.kind != EntryKind::Snapshot {
                    continue;
                }
                let place = Place { device: segment.device, incarnation: segment.incarnation, seq };
                if !team.members.counts(place) {
                    (done.waits, done.more) = (true, false);
                    break;
                }
                // Without its keys it waits: they may be with a segment of another device.
                let (Some(epoch), Some(key)) =
                    (team.epochs.get(&entry.epoch), team::doc_key(tx, &entry.tag.0)?)
                else {
                    done.waits = true;
                    continue;
                };
                let row = row_of(&feed);
                let ready = ready.get_mut(at).and_then(Option::take);
                let (payload, ready) = match ready {
                    Some(ready) => (Ok(ready.payload), Some((ready.announced, ready.prepared))),
                    None => (segment.open(at, &chain, epoch, &RecordKey::from_bytes(key)), None),
                };
                let trail = payload.as_ref().ok().and_then(|payload| payload.trail);
                match payload {
                    // What comes too early is looked at again.
                    Err(_) if done.waits => continue,
                    Err(e) => team::quarantine(tx, &row, seq, &e.to_string(), &[])?,
                    Ok(payload) => {
                        // Whose tag it is tells the first entry under it, or a snapshot that stands for that.
                        let known = team::record_of(tx, &entry.tag.0)?;
                        let said = payload.subject.as_ref().map(|s| Uuid::from_bytes(s.record).to_string());
                        let differs = known.is_some() && said.is_some() && known != said;
                        let Some(record) = known.or(said) else {
                            done.waits = true;
                            continue;
                        };
                        let here = Loose {
                            at: At { feed: number, seq },
                            row: 0,
                            heads: Vec::new(),
                            size: entry.ciphertext().len() + AROUND,
                            covers: None,
                        };
                        let taken = match record.parse() {
                            Ok(id) if !differs => {
                                incoming.apply(tx, id, &payload, entry.kind, ready, here)?
                            }
                            _ => Taken::No("its document is another record's".into()),
                        };
                        if payload.subject.is_some() && !matches!(taken, Taken::Wait | Taken::Lie(_)) {
                            team::put_doc(tx, &entry.tag.0, &record, &key)?;
                        }
                        match taken {
                            Taken::Yes { new, kind } => {
                                done.new_field |= new && kind == Kind::CustomField;
                                done.moved |= new || !done.waits;
                            }
                            Taken::Wait => {
                                done.waits = true;
                                continue;
                            }
                            Taken::Lie(why) => {
                                done.trouble = done.trouble.or(Some(why));
                                done.waits = true;
                                continue;
                            }
                            Taken::No(_) if done.waits => continue,
                            Taken::No(why) => team::quarantine(tx, &row, seq, &why, &payload.chunk)?,
                        }
                    }
                }
                if !done.waits {
                    if let Some(trail) = &trail {
                        self.see_trail(tx, card, trail)?;
                    }
                    done.entries += 1;
                    done.moved = true;
                    to = Some(behind);
                }
                // What comes behind is read with the new field.
                if done.new_field {
                    break;
                }
            }
            incoming.close(tx)?;
            self.trail.received(tx, segment.device, done.entries);
            if let Some((next, last)) = to {
                let feed = team::FeedRow { next, last: last.0, ..row_of(&feed) };
                team::put_feed(tx, &feed)?;
            }
            Ok(done)
        })
    }
}

/// What has become of a segment.
#[derive(Default)]
pub(super) struct Applied {
    pub entries: u32,
    /// A custom field was among them: what comes behind is read with it.
    pub new_field: bool,
    /// Not all of it could be taken yet.
    pub waits: bool,
    /// It waits where entries are left out, for the snapshots that stand for them.
    pub left_out: bool,
    /// What comes behind it in its feed is of use.
    pub more: bool,
    /// Something has come of it.
    pub moved: bool,
    /// Why what came behind was not taken, where it should have been.
    pub trouble: Option<String>,
}

/// An entry that begins a document, ready to be written.
pub(super) struct Ready {
    payload: Payload,
    announced: Announced,
    prepared: Prepared,
}

enum Taken {
    /// Whether anything of it was unknown.
    Yes {
        new: bool,
        kind: Kind,
    },
    /// Changes that these follow are not here yet.
    Wait,
    No(String),
    /// It cannot be true: nothing of its feed is taken from there on.
    Lie(String),
}

/// A document with what an entry has brought.
enum Merged {
    Known(DocumentRow, Document),
    New(Box<Prepared>, Document),
    Not(Taken),
}

/// Entries of one device on their way into the vault.
struct Incoming<'a> {
    session: &'a Session,
    team: &'a Team,
    names: &'a (String, String),
    device: DeviceId,
    /// The numbers of their operations here.
    seqs: BTreeMap<[u8; 16], i64>,
    /// The document that was written last: many entries of one come together.
    last: Option<(RecordId, Document)>,
}

impl Incoming<'_> {
    /// `here`: where the entry stands.
    fn apply(
        &mut self,
        tx: &Transaction<'_>,
        id: RecordId,
        payload: &Payload,
        kind: EntryKind,
        ready: Option<(Announced, Prepared)>,
        here: Loose,
    ) -> Result<Taken, AppError> {
        match (kind, &payload.operation, &payload.covers, &payload.subject) {
            (EntryKind::Change, Some(told), None, _) => self.change(tx, id, payload, told, ready, here),
            (EntryKind::Snapshot, None, Some(covers), Some(subject)) => {
                self.snapshot(tx, id, payload, subject, covers, here)
            }
            _ => Ok(Taken::No("an entry of a kind that this version does not know".into())),
        }
    }

    fn change(
        &mut self,
        tx: &Transaction<'_>,
        id: RecordId,
        payload: &Payload,
        told: &Told,
        ready: Option<(Announced, Prepared)>,
        here: Loose,
    ) -> Result<Taken, AppError> {
        let (announced, prepared) = match ready {
            Some((announced, prepared)) => (announced, Some(prepared)),
            None => match document::announced(&payload.chunk) {
                Ok(announced) => (announced, None),
                Err(e) => return Ok(Taken::No(e.to_string())),
            },
        };
        let Ok(operation) = announced.operation.parse::<Uuid>() else {
            return Ok(Taken::No("its changes are of no operation".into()));
        };
        let operation = WireOperation { id: *operation.as_bytes(), told: told.clone() };
        let heads = announced.heads;
        let stored = documents::get(tx, id)?;
        let (row, kind, document) = match (stored, prepared) {
            (None, Some(prepared)) => match self.put(tx, &operation, &prepared)? {
                Some(row) => (row, prepared.kind, None),
                None => return Ok(not_its_own()),
            },
            (stored, _) => match self.merge(id, payload, &heads, stored)? {
                Merged::Not(taken) => return Ok(taken),
                Merged::Known(row, document) => {
                    self.last = Some((id, document));
                    loose::add(tx, &Loose { row: row.row, heads, ..here })?;
                    return Ok(Taken::Yes { new: false, kind: row.kind });
                }
                Merged::New(prepared, document) => match self.put(tx, &operation, &prepared)? {
                    Some(row) => (row, prepared.kind, Some(document)),
                    None => return Ok(not_its_own()),
                },
            },
        };
        self.last = document.map(|document| (id, document));
        loose::add(tx, &Loose { row, heads, ..here })?;
        Ok(Taken::Yes { new: true, kind })
    }

    /// The document with what the entry holds; nothing new if all of it is known.
    fn merge(
        &mut self,
        id: RecordId,
        payload: &Payload,
        heads: &Heads,
        stored: Option<DocumentRow>,
    ) -> Result<Merged, AppError> {
        let no = |why: String| Ok(Merged::Not(Taken::No(why)));
        let said = payload.subject.as_ref().map(|s| s.kind.as_str());
        if let Some(said) = said.filter(|kind| !Kind::ALL.iter().any(|k| k.key() == *kind)) {
            return no(format!("a kind that this version does not know: {said}"));
        }
        let last = self.last.take().filter(|(last, _)| *last == id).map(|(_, document)| document);
        let merged = guarded(|| -> Result<_, DocumentError> {
            match &stored {
                Some(row) => {
                    let last = last.map(|mut document| (document.heads(), document));
                    let mut document = match last {
                        Some((heads, document)) if heads == row.heads => document,
                        _ => Document::load(&row.bytes)?,
                    };
                    document.append(&payload.chunk, heads)?;
                    Ok(document)
                }
                None => Document::begin(&payload.chunk),
            }
        });
        let mut document = match merged {
            Ok(document) => document,
            Err(DocumentError::Incomplete) => return Ok(Merged::Not(Taken::Wait)),
            Err(e) => return no(e.to_string()),
        };
        let kind = document.kind().ok();
        if stored.as_ref().is_some_and(|row| Some(row.kind) != kind)
            || kind.is_none_or(|kind| said.is_some_and(|said| said != kind.key()))
        {
            return no("it says of another kind than the record is".into());
        }
        let catalogue = self.session.catalogue();
        let prepared = match stored {
            Some(row) if row.heads == document.heads() => return Ok(Merged::Known(row, document)),
            Some(row) => Prepared::of(row, &mut document, &catalogue),
            None => Prepared::received(id, &mut document, &payload.chunk, &catalogue),
        };
        match prepared {
            Ok(prepared) => Ok(Merged::New(Box::new(prepared), document)),
            Err(e) if e.code == Code::Damaged => no(e.message),
            Err(e) => Err(e),
        }
    }

    /// The row that the record has; nothing if the operation is another's.
    fn put(
        &mut self,
        tx: &Transaction<'_>,
        operation: &WireOperation,
        prepared: &Prepared,
    ) -> Result<Option<i64>, AppError> {
        let Some(seq) = self.operation(tx, operation, self.device)? else { return Ok(None) };
        self.session.put(tx, seq, prepared).map(Some)
    }

    /// A whole document, and which entries need not be kept beside it.
    fn snapshot(
        &mut self,
        tx: &Transaction<'_>,
        id: RecordId,
        payload: &Payload,
        subject: &Subject,
        covers: &[Covered],
        here: Loose,
    ) -> Result<Taken, AppError> {
        // What it holds itself counts, not what is here beside it.
        let (heads, holds) = match guarded(|| Document::begin(&payload.chunk)) {
            Ok(mut whole) => (whole.heads(), whole.hashes()),
            Err(DocumentError::Incomplete) => {
                return Ok(Taken::No("it does not hold all of its record".into()));
            }
            Err(e) => return Ok(Taken::No(e.to_string())),
        };
        let stored = documents::get(tx, id)?;
        let (row, kind, new) = match self.merge(id, payload, &heads, stored)? {
            Merged::Not(taken) => return Ok(taken),
            Merged::Known(row, _) => (row.row, row.kind, false),
            Merged::New(prepared, mut document) => {
                let row = self.session.put_document(tx, &prepared)?;
                self.past(tx, row, covers, &mut document)?;
                (row, prepared.kind, true)
            }
        };
        match super::compact::stands_for(self.session, tx, row, covers, &holds, here.at)? {
            None => Ok(Taken::Lie("a snapshot stands for what it does not hold".into())),
            Some(awaited) => {
                let covers = Some(super::compact::places_of(covers));
                loose::add(tx, &Loose { row, heads, covers, ..here })?;
                for tag in subject.tags.iter().flatten() {
                    team::name_doc(tx, &tag.0, &id.to_string())?;
                }
                Ok(Taken::Yes { new: new || awaited, kind })
            }
        }
    }

    /// The operations that have led to a snapshot, as far as they are not known here.
    fn past(
        &mut self,
        tx: &Transaction<'_>,
        row: i64,
        covers: &[Covered],
        document: &mut Document,
    ) -> Result<(), AppError> {
        let mut named: HashMap<String, (&WireOperation, DeviceId)> = HashMap::new();
        for covered in covers {
            for operation in &covered.operations {
                let message = Uuid::from_bytes(operation.id).simple().to_string();
                named.insert(message, (operation, covered.device));
            }
        }
        for version in guarded(|| Ok::<_, AppError>(document.versions()))? {
            let Some((operation, device)) = named.get(&version.operation) else { continue };
            let Some(seq) = self.operation(tx, operation, *device)? else { continue };
            if !operations::has_touched(tx, seq, row)? {
                operations::touch(tx, seq, row, false, &version.before, &version.after)?;
            }
        }
        Ok(())
    }

    /// The operation of a device as it is called here, made when its first record comes; nothing if it is another's.
    fn operation(
        &mut self,
        tx: &Transaction<'_>,
        wire: &WireOperation,
        device: DeviceId,
    ) -> Result<Option<i64>, AppError> {
        if let Some(seq) = self.seqs.get(&wire.id) {
            return Ok(Some(*seq));
        }
        let id = OperationId(Uuid::from_bytes(wire.id));
        let origin = device.to_string();
        let seq = match operations::get(tx, id)? {
            Some(known) => {
                // Our own comes back where the vault is an older copy of itself.
                let own = known.origin.is_none() && device == self.session.own();
                if !own && known.origin.as_deref() != Some(origin.as_str()) {
                    return Ok(None);
                }
                known.seq
            }
            None => {
                let names = if device == self.device { self.names.clone() } else { self.team.names(device) };
                let operation = Operation {
                    seq: 0,
                    id,
                    label: wire.told.label.chars().filter(|c| !c.is_control()).take(40).collect(),
                    detail: "{}".to_owned(),
                    at: id.at(),
                    person: names.0,
                    device: names.1,
                    records: 0,
                    finished: true,
                    undoes: wire.told.undoes.map(|id| OperationId(Uuid::from_bytes(id))),
                    undone_by: None,
                    origin: Some(origin),
                };
                let seq = operations::begin(tx, &operation)?;
                if let Some(undone) = operation.undoes {
                    operations::mark_undone(tx, undone, Some(id))?;
                }
                seq
            }
        };
        self.seqs.insert(wire.id, seq);
        Ok(Some(seq))
    }

    fn close(&self, tx: &Transaction<'_>) -> Result<(), AppError> {
        for seq in self.seqs.values() {
            operations::count(tx, *seq)?;
        }
        Ok(())
    }
}

fn not_its_own() -> Taken {
    Taken::No("it claims an operation of another device".into())
}
