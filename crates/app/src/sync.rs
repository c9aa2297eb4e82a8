//! Syncing: what this device has done becomes entries of its log, the remotes get what they lack, and what
//! others have written is applied. Each step is one transaction; a sync that is cut off goes on where it was.

use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    session::{Prepared, facts, now},
    team::Team,
    views::{RemoteState, SyncReport},
};
use satchel_document::{Document, DocumentError, Heads, guarded};
use satchel_domain::{Kind, OperationId, RecordId};
use satchel_protocol::{
    Card, DeviceId, DocTag, EntryKind, Feed, Hash, Kept, Operation as WireOperation, Payload, Place,
    Position, ProtocolError, RecordKey, Role, Segment, SegmentBuilder, WrappedKey,
};
use satchel_storage::{
    Bulk, DocumentRow, Operation, StorageError, Transaction, documents, operations, projections, settings,
    team,
};
use satchel_sync::{Pulled, Reader, Remote, RemoteError, Written};
use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};
use uuid::Uuid;

/// Entries of one segment, and bytes of their chunks.
const SEGMENT: usize = 500;
const SEGMENT_BYTES: usize = 4 << 20;
/// So many entries at once are written as an import is.
const MANY: u32 = 2000;
/// Fewer entries than these are not shared among cores.
const WORTH_CORES: usize = 32;
/// In one sync the team may turn out to be another so often.
const CONTROL_MOVES: u32 = 8;
/// Milliseconds after which a sync that has sent nothing is noted all the same.
const NOTED_EVERY: i64 = 60_000;

impl Session {
    /// One round with every remote.
    pub fn sync(&self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<SyncReport, AppError> {
        self.sync_some(&|_| true, progress, cancel)
    }

    /// One round with the remotes of these names.
    pub(crate) fn sync_some(
        &self,
        which: &dyn Fn(&str) -> bool,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<SyncReport, AppError> {
        self.team()?;
        let mut report = SyncReport::default();
        for remote in self.store.read(team::remotes)?.into_iter().filter(|r| which(&r.name)) {
            let outcome = self.sync_with(&remote, &mut report, progress, cancel);
            report.remotes.push(RemoteState {
                name: remote.name,
                head: match outcome.is_ok() {
                    true => self.own_feed()?.next - 1,
                    false => remote.sent - 1,
                },
                ok: outcome.is_ok(),
                reached: outcome.as_ref().err().is_none_or(|e| e.code != Code::Unreachable),
                error: outcome.as_ref().err().map(|e| e.message.clone()),
                code: outcome.as_ref().err().map(|e| e.code),
            });
            match outcome {
                Err(e) if !matches!(e.code, Code::Unreachable | Code::Refused | Code::Newer) => {
                    return Err(e);
                }
                _ => {}
            }
        }
        report.pending = u32::try_from(self.pending()?).unwrap_or(u32::MAX);
        report.conflicts = u32::try_from(self.store.read(projections::conflicts)?).unwrap_or(u32::MAX);
        report.quarantined = u32::try_from(self.store.read(team::quarantined)?).unwrap_or(u32::MAX);
        if report.pulled > 0 {
            self.refresh_catalogue()?;
        }
        if report.pulled > 0 || report.pushed > 0 {
            self.tell(Vec::new());
        }
        Ok(report)
    }

    fn sync_with(
        &self,
        remote: &team::RemoteRow,
        report: &mut SyncReport,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        for _ in 0..CONTROL_MOVES {
            if self.round(remote, report, progress, cancel)? != Pulled::ControlMoved {
                return Ok(());
            }
        }
        Err(AppError::new(
            Code::Unreachable,
            format!("{} says again and again that the team has changed; it is tried again", remote.name),
        ))
    }

    /// Gives and takes, as the team is now; to be done again if it turns out to be another.
    fn round(
        &self,
        remote: &team::RemoteRow,
        report: &mut SyncReport,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<Pulled, AppError> {
        let open = self.remote(&remote.address)?;
        let team = self.follow_control(&*open)?;
        self.push_control(&team, &*open)?;
        let role = team.members.active(self.own()).map(|m| team.members.role(m.person));
        // What a viewer writes would not count; it must not begin to with another role later on.
        let may_write = role.is_some_and(|role| role >= Role::Member);
        if may_write {
            self.pack(&team, progress, cancel)?;
            report.pushed += self.push(&*open, cancel)?;
        }
        let mut reading = Reading {
            session: self,
            team: team.clone(),
            pulled: 0,
            fields: false,
            trouble: None,
            waiting: BTreeSet::new(),
            bulk: None,
            failed: None,
            progress,
            cancel,
        };
        let pulled = reading.all_of(&*open);
        let (count, fields, trouble) = (reading.pulled, reading.fields, reading.trouble.take());
        if fields {
            // Records that were here before may have values for them.
            self.rebuild(&mut |_| {})?;
        }
        report.pulled += count;
        if pulled? == Pulled::ControlMoved {
            return Ok(Pulled::ControlMoved);
        }
        if may_write && open.is_answerable() {
            // What it turned out to have lost.
            report.pushed += self.push(&*open, cancel)?;
        }
        // What a viewer's device has packed before is not sent by that.
        let sent = if may_write { self.own_feed()?.next } else { remote.sent };
        let at = now();
        if sent != remote.sent || remote.synced_at.is_none_or(|last| at - last > NOTED_EVERY) {
            let row = team::RemoteRow { sent, synced_at: Some(at), ..remote.clone() };
            self.store.write_aside::<_, StorageError>(|tx| team::put_remote(tx, &row))?;
        }
        if let Some((device, why)) = trouble.filter(|_| open.is_answerable()) {
            let (person, device) = team.names(device);
            return Err(AppError::refused(format!(
                "{} gives of «{device}» ({person}) what cannot be right: {why}. All else is here; tell who runs it",
                remote.name
            )));
        }
        match role {
            None => {
                Err(AppError::refused("this device was removed from the team; what it changes stays here"))
            }
            Some(_) if !may_write && self.pending()? > 0 => Err(AppError::refused(
                "your role is viewer: what you change stays here until an admin gives you another role",
            )),
            Some(_) => Ok(Pulled::All),
        }
    }

    /// Operations that are not in the log yet, and entries that a remote lacks.
    pub(crate) fn pending(&self) -> Result<u64, AppError> {
        self.store.read::<_, AppError>(|db| {
            let (seq, _) = packed(db)?;
            let operations = team::operations_after(db, seq)?;
            let next = feed_in(db, self.own(), self.incarnation)?.next;
            let lacking = team::remotes(db)?.iter().map(|r| next.saturating_sub(r.sent)).max().unwrap_or(0);
            Ok(operations + lacking)
        })
    }

    fn own_feed(&self) -> Result<Feed, AppError> {
        Ok(self.store.read(|db| feed_in(db, self.own(), self.incarnation))?)
    }

    /// Writes what this device has done since into its log, a segment at a time.
    fn pack(&self, team: &Team, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<(), AppError> {
        let keys = self.device_keys()?;
        let epoch = team.epoch()?;
        let mut done = 0;
        loop {
            self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
            let running = self.running();
            let more = self.store.write_aside::<_, AppError>(|tx| {
                let mut unsent = team::unsent(tx, packed(tx)?, SEGMENT)?;
                // What is still being written comes when it is done, and so does all behind it.
                let ready = unsent
                    .iter()
                    .position(|u| u.id.parse::<OperationId>().is_ok_and(|id| running.contains(&id)));
                unsent.truncate(ready.unwrap_or(unsent.len()));
                let Some(last) = unsent.last().map(|u| (u.seq, u.row)) else {
                    // Operations that have touched nothing have nothing to send.
                    if ready.is_none() && running.is_empty() {
                        let all = (operations::last(tx)?, i64::MAX);
                        if packed(tx)? < all {
                            settings::put(tx, facts::PACKED, &format!("{} {}", all.0, all.1))?;
                        }
                    }
                    return Ok(false);
                };
                let feed = feed_in(tx, self.own(), self.incarnation)?;
                let seen = seen(&team::feeds(tx)?);
                let mut builder = SegmentBuilder::new(self.workspace(), &keys, feed, team.members.head, seen);
                let (mut wrapped, mut bytes, mut packed_to) = (Vec::new(), 0, last);
                let mut read = changes_of(tx, &unsent)?;
                for u in &unsent {
                    if bytes > SEGMENT_BYTES {
                        break;
                    }
                    packed_to = (u.seq, u.row);
                    let changes = match read.entry(u.row) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(free) => {
                            let Some(row) = documents::by_row(tx, u.row)? else { continue };
                            match Changes::of(&row) {
                                // What `verify` tells of must not keep all others waiting.
                                Err(e) if e.code == Code::Damaged => continue,
                                changes => free.insert(changes?),
                            }
                        }
                    };
                    let Some((payload, heads)) = changes.payload(u) else { continue };
                    bytes += payload.chunk.len();
                    let record = changes.record.to_string();
                    let (tag, key) = match team::doc_of(tx, &record)? {
                        Some((tag, key)) => (DocTag(tag), RecordKey::from_bytes(key)),
                        None => {
                            let (tag, key) = (DocTag(*Uuid::new_v4().as_bytes()), RecordKey::generate()?);
                            team::put_doc(tx, &tag.0, &record, key.as_bytes())?;
                            wrapped.push(epoch.wrap(self.workspace(), tag, &key)?);
                            (tag, key)
                        }
                    };
                    let heads = heads.into_iter().map(Hash).collect();
                    builder.add(EntryKind::Change, tag, heads, epoch, &key, &payload)?;
                }
                if let Some((segment, feed)) = builder.finish() {
                    let row = team::SegmentRow {
                        incarnation: self.incarnation,
                        first: segment.first,
                        next: segment.end(),
                        bytes: segment.encode(),
                        keys: WrappedKey::encode_all(&wrapped),
                    };
                    done += segment.entries.len() as u64;
                    team::put_segment(tx, &row)?;
                    team::put_feed(tx, &row_of(&feed))?;
                }
                settings::put(tx, facts::PACKED, &format!("{} {}", packed_to.0, packed_to.1))?;
                Ok(true)
            })?;
            progress(Progress { done, total: 0 });
            if !more {
                return Ok(());
            }
        }
    }

    /// An operation goes on that was thought to be over: the log takes it up again from its beginning.
    pub(crate) fn pack_again(&self, seq: i64) -> Result<(), AppError> {
        self.store.write_aside::<_, AppError>(|tx| {
            if packed(tx)?.0 >= seq {
                settings::put(tx, facts::PACKED, &format!("{} {}", seq - 1, i64::MAX))?;
            }
            Ok(())
        })
    }

    /// Gives a remote the segments of this device that it does not have, or has no more. How many entries.
    fn push(&self, remote: &dyn Remote, cancel: &Cancel) -> Result<u32, AppError> {
        let written = self.store.read(team::segments)?.into_iter().map(|s| Written {
            incarnation: s.incarnation,
            first: s.first,
            next: s.next,
            size: s.size,
        });
        let written: Vec<Written> = written.collect();
        let mut pushed = 0;
        let mut tries = 0;
        'again: loop {
            for lacking in remote.lacking(self.own(), &written)? {
                self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
                let segment = self.store.read(|db| team::segment(db, lacking.incarnation, lacking.first))?;
                let Some(segment) = segment else { continue };
                let kept = Kept { segment: segment.bytes, keys: segment.keys };
                match remote.push(self.own(), lacking, kept) {
                    Ok(()) => pushed += u32::try_from(lacking.next - lacking.first).unwrap_or(u32::MAX),
                    // It has become an older copy of itself: from where it is.
                    Err(RemoteError::Behind(_)) if tries == 0 => {
                        tries += 1;
                        continue 'again;
                    }
                    Err(e) => return Err(e.into()),
                }
            }
            return Ok(pushed);
        }
    }

    /// The documents that begin in a segment, decrypted, read and projected on all cores: what of a first
    /// sync does not need the database. What is not made ready here is done one by one.
    fn ready(&self, team: &Team, card: &Card, segment: &Segment, keys: &[u8]) -> Vec<Option<Ready>> {
        let count = segment.entries.len();
        let signed = self.store.read(|db| feed_in(db, segment.device, segment.incarnation));
        let signed = signed.is_ok_and(|mut feed| feed.accept(self.workspace(), card, segment).is_ok());
        let Ok(wrapped) = WrappedKey::decode_all(keys) else { return Vec::new() };
        if count < WORTH_CORES || !signed {
            return Vec::new();
        }
        let keys: HashMap<DocTag, RecordKey> = wrapped
            .iter()
            .filter_map(|w| Some((w.tag, team.epochs.get(&w.epoch)?.unwrap(self.workspace(), w).ok()?)))
            .collect();
        let (chain, catalogue) = (segment.chain(), self.catalogue());
        let one = |at: usize| -> Option<Ready> {
            let entry = segment.entries.get(at)?;
            let payload =
                segment.open(at, &chain, team.epochs.get(&entry.epoch)?, keys.get(&entry.tag)?).ok()?;
            let heads = entry.heads.iter().map(|h| h.0).collect();
            let mut document = guarded(|| Document::begin(&payload.chunk, &heads)).ok()?;
            let kind: Kind = payload.kind.parse().ok()?;
            let id = RecordId::from_bytes(payload.record);
            let prepared = Prepared::received(id, &mut document, &payload.chunk, &catalogue).ok()?;
            (document.kind().ok()? == kind).then_some(Ready { payload, prepared })
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let part = count.div_ceil(cores);
        std::thread::scope(|scope| {
            let parts: Vec<_> = (0..count)
                .step_by(part)
                .map(|from| {
                    scope.spawn(move || (from..(from + part).min(count)).map(one).collect::<Vec<_>>())
                })
                .collect();
            // A part that has panicked is done one by one, where a panic is caught entry by entry.
            parts
                .into_iter()
                .enumerate()
                .flat_map(|(n, done)| {
                    let size = part.min(count - n * part);
                    done.join().unwrap_or_else(|_| (0..size).map(|_| None).collect())
                })
                .collect()
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

    /// Applies a segment up to the first entry that has to wait. How many entries.
    fn apply(&self, team: &Team, card: &Card, segment: &Segment, keys: &[u8]) -> Result<Applied, AppError> {
        let chain = segment.chain();
        let names = team.names(segment.device);
        let mut ready = self.ready(team, card, segment, keys);
        self.store.write::<_, AppError>(|tx| {
            let mut feed = feed_in(tx, segment.device, segment.incarnation)?;
            let new = match feed.accept(self.workspace(), card, segment) {
                Ok(new) => new,
                Err(e @ ProtocolError::Fork(_)) => {
                    team::quarantine(tx, &row_of(&feed), segment.first, &e.to_string(), &[])?;
                    return Ok(Applied::default());
                }
                // Not written by whom it names, or it comes too early.
                Err(e) => return Ok(Applied { trouble: Some(e.to_string()), ..Applied::default() }),
            };
            self.take_keys(tx, team, keys)?;
            let mut incoming = Incoming {
                session: self,
                names: &names,
                device: segment.device,
                seqs: BTreeMap::new(),
                last: None,
            };
            let (mut done, mut to) = (Applied::default(), None);
            for at in new {
                let seq = segment.first + at as u64;
                let place = Place { device: segment.device, incarnation: segment.incarnation, seq };
                if !team.members.counts(place) {
                    done.waits = true;
                    break;
                }
                let Some(entry) = segment.entries.get(at) else { break };
                // Without its keys it waits: they may be with a segment of another device.
                let (Some(epoch), Some(key)) =
                    (team.epochs.get(&entry.epoch), team::doc_key(tx, &entry.tag.0)?)
                else {
                    done.waits = true;
                    break;
                };
                let row = row_of(&feed);
                let ready = ready.get_mut(at).and_then(Option::take);
                let (payload, prepared) = match ready {
                    Some(ready) => (Ok(ready.payload), Some(ready.prepared)),
                    None => (segment.open(at, &chain, epoch, &RecordKey::from_bytes(key)), None),
                };
                match payload {
                    Err(e) => team::quarantine(tx, &row, seq, &e.to_string(), &[])?,
                    Ok(payload) => {
                        let heads = entry.heads.iter().map(|h| h.0).collect();
                        match incoming.apply(tx, &payload, &heads, prepared)? {
                            Taken::Yes => {
                                done.new_field |= payload.kind == Kind::CustomField.key();
                                let record = Uuid::from_bytes(payload.record).to_string();
                                team::put_doc(tx, &entry.tag.0, &record, &key)?;
                            }
                            Taken::Wait => {
                                done.waits = true;
                                break;
                            }
                            Taken::No(why) => team::quarantine(tx, &row, seq, &why, &payload.chunk)?,
                        }
                    }
                }
                done.entries += 1;
                to = chain.get(at).copied().map(|hash| (seq + 1, hash));
                // What comes behind is read with the new field.
                if done.new_field {
                    break;
                }
            }
            incoming.close(tx)?;
            if let Some((next, last)) = to {
                let feed = team::FeedRow { next, last: last.0, ..row_of(&feed) };
                team::put_feed(tx, &feed)?;
            }
            Ok(done)
        })
    }

    /// A digest of all records and their versions: two devices that have it in common have everything in
    /// common.
    pub fn fingerprint(&self) -> Result<String, AppError> {
        let versions = self.store.read(team::versions)?;
        let mut hasher = blake3::Hasher::new();
        for (id, heads) in versions {
            hasher.update(id.as_bytes());
            hasher.update(&heads);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Records that hold two values somewhere, field by field.
    pub fn conflicts(&self) -> Result<Vec<crate::views::ConflictOf>, AppError> {
        let mut out = Vec::new();
        for id in self.store.read(team::conflicting)? {
            let Ok(id) = id.parse::<RecordId>() else { continue };
            let view = self.get(id)?;
            out.extend(view.conflicts.into_iter().map(|c| crate::views::ConflictOf {
                id,
                kind: view.kind,
                field: c.field,
                values: c.values,
            }));
        }
        Ok(out)
    }

    /// Settles a conflict for one of its values, by the number that `conflicts` shows.
    pub fn settle(&self, id: RecordId, field: &str, value: usize) -> Result<crate::views::Written, AppError> {
        let view = self.get(id)?;
        let conflict = view.conflicts.into_iter().find(|c| c.field == field);
        let conflict = conflict
            .ok_or_else(|| AppError::new(Code::NotFound, format!("{field} of {id} is in no conflict")))?;
        let count = conflict.values.len();
        let value = conflict.values.into_iter().nth(value).ok_or_else(|| {
            AppError::new(
                Code::NotFound,
                format!("the values are numbered from 0 to {}", count.saturating_sub(1)),
            )
        })?;
        self.write_whole(id, field, &value.value)
    }
}

/// What has become of a segment.
#[derive(Default)]
struct Applied {
    entries: u32,
    /// A custom field was among them: what comes behind is read with it.
    new_field: bool,
    /// Not all of it could be taken yet.
    waits: bool,
    /// Why what came behind was not taken, where it should have been.
    trouble: Option<String>,
}

/// Applies what a remote has, as far as it goes.
struct Reading<'a> {
    session: &'a Session,
    team: Team,
    pulled: u32,
    /// Whether a custom field has come.
    fields: bool,
    trouble: Option<(DeviceId, String)>,
    /// Feeds that wait for something: what comes behind waits, too.
    waiting: BTreeSet<(DeviceId, u64)>,
    /// Where much has come, as with a first sync.
    bulk: Option<Bulk<'a>>,
    failed: Option<AppError>,
    progress: &'a mut dyn FnMut(Progress),
    cancel: &'a Cancel,
}

impl Reading<'_> {
    /// Again while something comes: an entry may follow one of another device that was not here yet.
    fn all_of(&mut self, remote: &dyn Remote) -> Result<Pulled, AppError> {
        loop {
            let before = self.pulled;
            self.trouble = None;
            self.waiting.clear();
            let pulled = remote.pull(self)?;
            match self.failed.take() {
                Some(e) => return Err(e),
                None if pulled == Pulled::All && self.pulled > before => {}
                None => return Ok(pulled),
            }
        }
    }

    fn try_known(&self) -> Result<Vec<Position>, AppError> {
        self.session.go_on(self.cancel, "the sync was stopped; it goes on the next time")?;
        let session = self.session;
        let mut known: Vec<Position> = session
            .store
            .read(team::feeds)?
            .into_iter()
            .map(|f| Position { device: DeviceId(f.device), incarnation: f.incarnation, next: f.next })
            .collect();
        // Nothing more counts of who was removed.
        for place in &mut known {
            let next = Place { device: place.device, incarnation: place.incarnation, seq: place.next };
            let gone = self.team.members.devices.get(&place.device).is_some_and(|m| m.removed);
            if gone && !self.team.members.counts(next) {
                place.next = i64::MAX.unsigned_abs();
            }
        }
        // What this very copy writes does not come from outside.
        known.retain(|p| (p.device, p.incarnation) != (session.own(), session.incarnation));
        let (device, incarnation) = (session.own(), session.incarnation);
        known.push(Position { device, incarnation, next: i64::MAX.unsigned_abs() });
        Ok(known)
    }

    fn try_take(&mut self, segment: &Segment, keys: &[u8]) -> Result<(), AppError> {
        let card = self.team.members.devices.get(&segment.device).map(|m| m.card.clone());
        let Some(card) = card else { return Ok(()) };
        let feed = (segment.device, segment.incarnation);
        if self.waiting.contains(&feed) {
            return Ok(());
        }
        loop {
            let applied = self.session.apply(&self.team, &card, segment, keys)?;
            self.pulled += applied.entries;
            if self.trouble.is_none() {
                // What comes behind it can only be missing.
                self.trouble = applied.trouble.map(|why| (segment.device, why));
            }
            if applied.waits {
                self.waiting.insert(feed);
            }
            if !applied.new_field {
                break;
            }
            self.session.refresh_catalogue()?;
            self.fields = true;
        }
        if self.pulled > MANY && self.bulk.is_none() {
            self.bulk = Some(self.session.store.bulk());
        }
        (self.progress)(Progress { done: u64::from(self.pulled), total: 0 });
        Ok(())
    }

    fn keep<T>(&mut self, result: Result<T, AppError>) -> Option<T> {
        result.map_err(|e| self.failed = Some(e)).ok()
    }
}

impl Reader for Reading<'_> {
    fn known(&mut self) -> Option<Vec<Position>> {
        let known = self.try_known();
        self.keep(known)
    }

    fn take(&mut self, segment: &Segment, keys: &[u8]) -> Option<()> {
        let taken = self.try_take(segment, keys);
        self.keep(taken)
    }
}

/// Up to which operation and row of it the log has everything.
fn packed(db: &satchel_storage::Connection) -> Result<(i64, i64), StorageError> {
    let text = settings::get(db, facts::PACKED)?.unwrap_or_default();
    let pair = text.split_once(' ').and_then(|(seq, row)| Some((seq.parse().ok()?, row.parse().ok()?)));
    Ok(pair.unwrap_or((0, 0)))
}

/// How far a feed is known here.
fn feed_in(
    db: &satchel_storage::Connection,
    device: DeviceId,
    incarnation: u64,
) -> Result<Feed, StorageError> {
    Ok(match team::feed(db, &device.0, incarnation)? {
        Some(row) => Feed { device, incarnation, next: row.next, last: Hash(row.last) },
        None => Feed::new(device, incarnation),
    })
}

fn row_of(feed: &Feed) -> team::FeedRow {
    team::FeedRow { device: feed.device.0, incarnation: feed.incarnation, next: feed.next, last: feed.last.0 }
}

/// A digest of what this device has seen of all.
fn seen(feeds: &[team::FeedRow]) -> Hash {
    let mut bytes = Vec::new();
    for feed in feeds {
        bytes.extend(feed.device);
        bytes.extend(feed.incarnation.to_be_bytes());
        bytes.extend(feed.next.to_be_bytes());
        bytes.extend(feed.last);
    }
    Hash::of("satchel 2026 seen", &bytes)
}

/// Does the same for each, shared among the cores; nothing where that is nothing, or has panicked.
fn on_all_cores<R: Send>(count: usize, one: impl Fn(usize) -> Option<R> + Sync) -> Vec<Option<R>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let part = count.div_ceil(cores).max(1);
    let one = &one;
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..count)
            .step_by(part)
            .map(|from| {
                let size = part.min(count - from);
                (size, scope.spawn(move || (from..from + size).map(one).collect::<Vec<_>>()))
            })
            .collect();
        let done = |(size, part): (usize, std::thread::ScopedJoinHandle<'_, Vec<Option<R>>>)| {
            part.join().unwrap_or_else(|_| (0..size).map(|_| None).collect())
        };
        parts.into_iter().flat_map(done).collect()
    })
}

/// What has become of the documents that many operations have touched. What is not here is read one by one.
fn changes_of(
    db: &satchel_storage::Connection,
    unsent: &[team::Unsent],
) -> Result<HashMap<i64, Changes>, StorageError> {
    let rows: BTreeSet<i64> = unsent.iter().map(|u| u.row).collect();
    if rows.len() < WORTH_CORES {
        return Ok(HashMap::new());
    }
    let mut stored = Vec::with_capacity(rows.len());
    for row in rows {
        stored.extend(documents::by_row(db, row)?);
    }
    let changes = on_all_cores(stored.len(), |at| {
        let row = stored.get(at)?;
        Some((row.row, Changes::of(row).ok()?))
    });
    Ok(changes.into_iter().flatten().collect())
}

/// An entry that begins a document, ready to be written.
struct Ready {
    payload: Payload,
    prepared: Prepared,
}

/// What the operations of this device have made of a record, by their names in its document.
struct Changes {
    record: RecordId,
    kind: Kind,
    by_operation: HashMap<String, (Vec<u8>, Heads)>,
}

impl Changes {
    fn of(row: &DocumentRow) -> Result<Self, AppError> {
        let mut document = Document::load(&row.bytes)?;
        let by_operation = guarded(|| Ok::<_, AppError>(document.changes_by_operation()))?;
        Ok(Self { record: row.id, kind: row.kind, by_operation })
    }

    /// Nothing if the operation has changed nothing in the document.
    fn payload(&self, unsent: &team::Unsent) -> Option<(Payload, Heads)> {
        let parse = |id: &str| id.parse::<Uuid>().ok().map(|id| *id.as_bytes());
        let operation = parse(&unsent.id)?;
        let message = Uuid::from_bytes(operation).simple().to_string();
        let (chunk, heads) = self.by_operation.get(&message)?;
        let payload = Payload {
            record: *self.record.as_bytes(),
            kind: self.kind.key().to_owned(),
            chunk: chunk.clone(),
            operation: WireOperation {
                id: operation,
                label: unsent.label.clone(),
                at: unsent.at,
                undoes: unsent.undoes.as_deref().and_then(parse),
            },
        };
        Some((payload, heads.clone()))
    }
}

enum Taken {
    Yes,
    /// Changes that these follow are not here yet.
    Wait,
    No(String),
}

/// Entries of one device on their way into the vault.
struct Incoming<'a> {
    session: &'a Session,
    names: &'a (String, String),
    device: DeviceId,
    /// The numbers of their operations here.
    seqs: BTreeMap<[u8; 16], i64>,
    /// The document that was written last: many entries of one come together.
    last: Option<(RecordId, Document)>,
}

impl Incoming<'_> {
    fn apply(
        &mut self,
        tx: &Transaction<'_>,
        payload: &Payload,
        heads: &Vec<[u8; 32]>,
        ready: Option<Prepared>,
    ) -> Result<Taken, AppError> {
        let Ok(kind) = payload.kind.parse::<Kind>() else {
            return Ok(Taken::No(format!("a kind that this version does not know: {}", payload.kind)));
        };
        let id = RecordId::from_bytes(payload.record);
        let stored = documents::get(tx, id)?;
        if let (None, Some(prepared)) = (&stored, ready) {
            return self.put(tx, &payload.operation, &prepared);
        }
        let catalogue = self.session.catalogue();
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
                None => Document::begin(&payload.chunk, heads),
            }
        });
        let mut document = match merged {
            Ok(document) => document,
            Err(DocumentError::Incomplete) => return Ok(Taken::Wait),
            Err(e) => return Ok(Taken::No(e.to_string())),
        };
        if stored.as_ref().is_some_and(|row| row.kind != kind) || document.kind().ok() != Some(kind) {
            return Ok(Taken::No("it says of another kind than the record is".into()));
        }
        let prepared = match stored {
            Some(row) if row.heads == document.heads() => return Ok(Taken::Yes),
            Some(row) => Prepared::of(row, &mut document, &catalogue),
            None => Prepared::received(id, &mut document, &payload.chunk, &catalogue),
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(e) if e.code == Code::Damaged => return Ok(Taken::No(e.message)),
            Err(e) => return Err(e),
        };
        let taken = self.put(tx, &payload.operation, &prepared)?;
        self.last = Some((id, document));
        Ok(taken)
    }

    fn put(
        &mut self,
        tx: &Transaction<'_>,
        operation: &WireOperation,
        prepared: &Prepared,
    ) -> Result<Taken, AppError> {
        let Some(seq) = self.operation(tx, operation)? else {
            return Ok(Taken::No("it claims an operation of another device".into()));
        };
        self.session.put(tx, seq, prepared)?;
        Ok(Taken::Yes)
    }

    /// The operation as it is called here, made when its first record comes; nothing if it is another's.
    fn operation(&mut self, tx: &Transaction<'_>, wire: &WireOperation) -> Result<Option<i64>, AppError> {
        if let Some(seq) = self.seqs.get(&wire.id) {
            return Ok(Some(*seq));
        }
        let id = OperationId(Uuid::from_bytes(wire.id));
        let device = self.device.to_string();
        let seq = match operations::get(tx, id)? {
            Some(known) => {
                // Our own comes back where the vault is an older copy of itself.
                let own = known.origin.is_none() && self.device == self.session.own();
                if !own && known.origin.as_deref() != Some(device.as_str()) {
                    return Ok(None);
                }
                known.seq
            }
            None => {
                let operation = Operation {
                    seq: 0,
                    id,
                    label: wire.label.chars().filter(|c| !c.is_control()).take(40).collect(),
                    detail: "{}".to_owned(),
                    at: wire.at,
                    person: self.names.0.clone(),
                    device: self.names.1.clone(),
                    records: 0,
                    finished: true,
                    undoes: wire.undoes.map(|id| OperationId(Uuid::from_bytes(id))),
                    undone_by: None,
                    origin: Some(device),
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
