//! The log does not grow for ever: a record whose changes outweigh it gets a snapshot, and what snapshots stand for is left
//! out of each device's own log once all devices have read them.

use super::{
    feed_in,
    pack::{About, Draft, SEGMENT_BYTES},
};
use crate::{AppError, Cancel, Session, team::Team};
use satchel_document::{Document, guarded};
use satchel_domain::OperationId;
use satchel_protocol::{
    Covered, DeviceId, Kept, Operation as WireOperation, Payload, Position, Read, Role, Run, Segment, Told,
    WrappedKey, limits,
};
use satchel_storage::{
    Connection, StorageError, Transaction, documents,
    loose::{self, Around, At},
    operations, team,
};
use satchel_sync::{Remote, Written};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};
use uuid::Uuid;

/// So many changes get a snapshot, however small they are.
const MANY: u64 = 64;
/// Records that get one in one transaction.
const BATCH: usize = 100;
/// Entries that are left out in one go.
const LEFT_OUT: usize = 100_000;
/// Segments grow together up to so many bytes.
const JOINED: usize = 256 << 10;
/// Places that one snapshot stands for at most.
const PLACES: u64 = 1_000_000;

impl Session {
    /// Writes snapshots of the records whose changes outweigh them, where this device has written the most of these. How
    /// many.
    pub(super) fn write_snapshots(&self, team: &Team, cancel: &Cancel) -> Result<u64, AppError> {
        let writes = |device: DeviceId| {
            team.members.active(device).is_some_and(|m| team.members.role(m.person) >= Role::Member)
        };
        let is_ours = |heavy: &loose::Heavy| {
            let by = heavy.by.iter().map(|(device, count)| (*count, Reverse(DeviceId(*device))));
            let most = by.filter(|(_, device)| writes(device.0)).max();
            most.is_some_and(|(_, device)| device.0 == self.own())
        };
        let (mut after, mut written) = (0, 0);
        loop {
            self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
            let heavy = self.store.read(|db| loose::heavy(db, after, MANY, BATCH))?;
            let Some(last) = heavy.last() else { return Ok(written) };
            after = last.row;
            let rows: Vec<i64> = heavy.iter().filter(|h| is_ours(h)).map(|h| h.row).collect();
            written += self.snapshots_of(rows, team, cancel)?;
        }
    }

    /// A remote may have lost what its author cannot send again, or not for weeks: a device that was removed, that was
    /// restored and has lost it, too, or that is away. What came of it here stands for it. How many snapshots.
    pub(super) fn make_up_for(
        &self,
        team: &Team,
        remote: &dyn Remote,
        cancel: &Cancel,
    ) -> Result<u64, AppError> {
        let own = (self.own().0, self.incarnation);
        let mut feeds = self.store.read(team::feeds)?;
        feeds.retain(|feed| (feed.device, feed.incarnation) != own);
        if feeds.is_empty() {
            return Ok(0);
        }
        let there: HashMap<(DeviceId, u64), u64> =
            remote.places()?.into_iter().map(|p| ((p.device, p.incarnation), p.next)).collect();
        let mut lost = BTreeSet::new();
        for feed in &feeds {
            let next = there.get(&(DeviceId(feed.device), feed.incarnation)).copied().unwrap_or(1);
            if next < feed.next {
                let rows =
                    self.store.read(|db| loose::rows_from(db, &feed.device, feed.incarnation, next))?;
                lost.extend(rows);
            }
        }
        self.snapshots_of(lost.into_iter().collect(), team, cancel)
    }

    fn snapshots_of(&self, mut rows: Vec<i64>, team: &Team, cancel: &Cancel) -> Result<u64, AppError> {
        let keys = self.device_keys()?;
        let mut written = 0;
        rows.reverse();
        while !rows.is_empty() {
            self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
            written += self.store.write_aside::<_, AppError>(|tx| {
                let mut draft = Draft::begin(self, tx, team, &keys)?;
                while draft.bytes < SEGMENT_BYTES
                    && let Some(row) = rows.pop()
                {
                    self.write_snapshot(tx, row, &mut draft)?;
                }
                draft.finish(tx)
            })?;
        }
        Ok(written)
    }

    fn write_snapshot(&self, tx: &Transaction<'_>, row: i64, draft: &mut Draft<'_>) -> Result<(), AppError> {
        let Some(stored) = documents::by_row(tx, row)? else { return Ok(()) };
        let whole = guarded(|| {
            let mut document = Document::load(&stored.bytes)?;
            let chunk = document.save_verified()?;
            Ok::<_, AppError>((document, chunk))
        });
        // What `verify` tells of must not keep all others waiting.
        let Ok((mut document, chunk)) = whole else { return Ok(()) };
        if chunk.len() > limits::ENTRY_BYTES / 2 || document.heads() != stored.heads {
            return Ok(());
        }
        let covers = self.covers(tx, row, &mut document)?;
        let payload =
            Payload { chunk, operation: None, subject: None, covers: Some(covers.clone()), trail: None };
        // What does not hold what it stands for is none.
        if stands_for(self, tx, row, &covers, &document.hashes(), draft.next())?.is_some() {
            let about = About { row, record: stored.id, kind: stored.kind };
            draft.add(tx, &about, stored.heads, payload, Some(places_of(&covers)))?;
        }
        Ok(())
    }

    /// What a snapshot of a record stands for: the entries that this device knows of it, and what the snapshots among them
    /// stand for; with the operations that have led to it.
    fn covers(&self, db: &Connection, row: i64, document: &mut Document) -> Result<Vec<Covered>, AppError> {
        let mut places: BTreeMap<(DeviceId, u64), Vec<u64>> = BTreeMap::new();
        for entry in loose::of_row(db, row)? {
            let (device, incarnation) = loose::feed_of(db, entry.at.feed)?;
            places.entry((DeviceId(device), incarnation)).or_default().push(entry.at.seq);
            for covered in
                entry.covers.map(|bytes| Covered::decode_all(&bytes)).transpose()?.unwrap_or_default()
            {
                let known = places.entry((covered.device, covered.incarnation)).or_default();
                known.extend(covered.places.iter().flat_map(|run| run.first..run.end()));
            }
        }
        let mut did: BTreeMap<DeviceId, Vec<WireOperation>> = BTreeMap::new();
        let mut named = HashSet::new();
        for version in guarded(|| Ok::<_, AppError>(document.versions()))? {
            let Ok(id) = version.operation.parse::<Uuid>() else { continue };
            let Some(known) = operations::get(db, OperationId(id))?.filter(|_| named.insert(id)) else {
                continue;
            };
            let device = match &known.origin {
                None => self.own(),
                Some(origin) => match satchel_protocol::from_hex(origin) {
                    Some(device) => DeviceId(device),
                    None => continue,
                },
            };
            let told = Told { label: known.label, undoes: known.undoes.map(|o| *o.0.as_bytes()) };
            did.entry(device).or_default().push(WireOperation { id: *id.as_bytes(), told });
        }
        let mut covers = Vec::with_capacity(places.len());
        for ((device, incarnation), mut places) in places {
            places.sort_unstable();
            places.dedup();
            let operations = did.remove(&device).unwrap_or_default();
            covers.push(Covered { device, incarnation, places: Run::of(places), operations });
        }
        let only = |(device, operations)| Covered { device, incarnation: 0, places: Vec::new(), operations };
        covers.extend(did.into_iter().map(only));
        Ok(covers)
    }

    /// Says how far this device has read everything, and leaves out of its log what snapshots stand for that all have read.
    /// How many entries.
    pub(super) fn leave_out(
        &self,
        team: &Team,
        remote: &dyn Remote,
        may_write: bool,
    ) -> Result<u64, AppError> {
        let positions = self.store.read(team::feeds)?.into_iter().map(|f| Position {
            device: DeviceId(f.device),
            incarnation: f.incarnation,
            next: f.next,
        });
        let read = Read::new(&self.device_keys()?, self.workspace(), positions.collect());
        remote.put_read(self.own(), &read.encode())?;
        let covered = self.store.read(|db| loose::covered(db, LEFT_OUT))?;
        if covered.is_empty() || !may_write {
            return Ok(0);
        }
        let reads = read_by_all(self, team, remote)?;
        let mut feeds: HashMap<i64, (DeviceId, u64)> = HashMap::new();
        let mut ready: Vec<loose::Covered> = Vec::with_capacity(covered.len());
        for entry in covered {
            let feed = match feeds.get(&entry.by.feed) {
                Some(feed) => *feed,
                None => {
                    let (device, incarnation) = self.store.read(|db| loose::feed_of(db, entry.by.feed))?;
                    *feeds.entry(entry.by.feed).or_insert((DeviceId(device), incarnation))
                }
            };
            if reads.get(&feed).is_some_and(|next| *next > entry.by.seq) {
                ready.push(entry);
            }
        }
        self.rewrite(&ready)
    }

    fn rewrite(&self, ready: &[loose::Covered]) -> Result<u64, AppError> {
        let keys = self.device_keys()?;
        let generation = self.store.read(loose::generation)? + 1;
        let mut rest = ready;
        while let Some(first) = rest.first() {
            let done = self.store.write_aside::<_, AppError>(|tx| {
                let held = loose::segment_around(tx, first.incarnation, first.at.seq, Around::Holding)?;
                let end = held.as_ref().map_or(first.at.seq + 1, |s| s.next);
                let here = rest.iter().take_while(|c| c.at.feed == first.at.feed && c.at.seq < end);
                let here: Vec<At> = here.map(|c| c.at).collect();
                if let Some(mut row) = held {
                    let places: HashSet<u64> = here.iter().map(|at| at.seq).collect();
                    let mut segment =
                        Segment::decode(self.workspace(), &row.bytes)?.without(|seq| places.contains(&seq));
                    for around in [Around::EndingAt, Around::BeginningAt] {
                        let seq = if around == Around::EndingAt { segment.first } else { segment.end() };
                        let Some(other) = loose::segment_around(tx, row.incarnation, seq, around)? else {
                            continue;
                        };
                        if other.bytes.len() + row.bytes.len() > JOINED {
                            continue;
                        }
                        let next = Segment::decode(self.workspace(), &other.bytes)?;
                        let joined = match around {
                            Around::EndingAt => next.join(&segment, &keys),
                            _ => segment.join(&next, &keys),
                        };
                        if let Some(joined) = joined {
                            segment = joined;
                            row.keys = WrappedKey::join(&[row.keys, other.keys]);
                        }
                    }
                    let (first, next, bytes) = (segment.first, segment.end(), segment.encode());
                    loose::put_over(tx, &team::SegmentRow { first, next, bytes, ..row }, generation)?;
                }
                // Without its segment it is in a log that this copy of the vault has not written.
                for at in &here {
                    loose::left_out(tx, *at)?;
                }
                Ok(here.len())
            })?;
            rest = rest.get(done..).unwrap_or_default();
        }
        Ok(ready.len() as u64)
    }

    /// Gives a remote the segments that were written anew; up to which generation it has them then.
    pub(super) fn push_rewritten(
        &self,
        row: &team::RemoteRow,
        remote: &dyn Remote,
        cancel: &Cancel,
    ) -> Result<u64, AppError> {
        let (generation, rewritten) = self.store.read::<_, StorageError>(|db| {
            Ok((loose::generation(db)?, loose::rewritten(db, row.generation)?))
        })?;
        for place in rewritten {
            self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
            let segment = self.store.read(|db| team::segment(db, place.incarnation, place.first))?;
            let Some(segment) = segment else { continue };
            let written = Written {
                incarnation: place.incarnation,
                first: place.first,
                next: place.next,
                size: place.size,
            };
            remote.replace(self.own(), written, Kept { segment: segment.bytes, keys: segment.keys })?;
        }
        Ok(generation)
    }
}

/// How far all active devices have read each feed; nothing of a feed that one of them has not begun.
fn read_by_all(
    session: &Session,
    team: &Team,
    remote: &dyn Remote,
) -> Result<BTreeMap<(DeviceId, u64), u64>, AppError> {
    let mut said: HashMap<DeviceId, BTreeMap<(DeviceId, u64), u64>> = HashMap::new();
    for bytes in remote.reads()? {
        // What is not signed by whom it names says nothing.
        let Ok(read) = Read::decode(&bytes) else { continue };
        let Some(member) = team.members.active(read.device) else { continue };
        if read.verify(session.workspace(), &member.card).is_err() {
            continue;
        }
        let known = said.entry(read.device).or_default();
        for p in read.positions {
            let next = known.entry((p.device, p.incarnation)).or_default();
            *next = p.next.max(*next);
        }
    }
    let mut all: Option<BTreeMap<(DeviceId, u64), u64>> = None;
    for member in team.members.active_devices() {
        let read = said.remove(&member.card.id).unwrap_or_default();
        all = Some(match all {
            None => read,
            Some(all) => {
                let both = |(feed, next): ((DeviceId, u64), u64)| Some((feed, next.min(*read.get(&feed)?)));
                all.into_iter().filter_map(both).collect()
            }
        });
    }
    Ok(all.unwrap_or_default())
}

/// What is kept of what a snapshot stands for.
pub(super) fn places_of(covers: &[Covered]) -> Vec<u8> {
    let places: Vec<Covered> = covers
        .iter()
        .filter(|c| !c.places.is_empty())
        .map(|c| Covered { operations: Vec::new(), ..c.clone() })
        .collect();
    Covered::encode_all(&places)
}

/// Takes note of what a snapshot stands for: what is here is forgotten, what is not may come left out. Whether there was
/// any of the latter; nothing at all if it does not hold what it says.
pub(super) fn stands_for(
    session: &Session,
    tx: &Transaction<'_>,
    row: i64,
    covers: &[Covered],
    holds: &HashSet<[u8; 32]>,
    by: At,
) -> Result<Option<bool>, AppError> {
    let count = covers.iter().flat_map(|c| &c.places).map(|run| run.count);
    if count.fold(0_u64, u64::saturating_add) > PLACES {
        return Ok(None);
    }
    let mut places: HashMap<i64, (DeviceId, HashSet<u64>)> = HashMap::new();
    let mut awaited = Vec::new();
    for covered in covers.iter().filter(|c| !c.places.is_empty()) {
        let feed = loose::feed_number(tx, &covered.device.0, covered.incarnation)?;
        let next = feed_in(tx, covered.device, covered.incarnation)?.next;
        let own = (covered.device, covered.incarnation) == (session.own(), session.incarnation);
        for run in &covered.places {
            if loose::has_others(tx, feed, (run.first, run.end()), row)? || (own && run.end() > next) {
                return Ok(None);
            }
            awaited.extend((run.first.max(next)..run.end()).map(|seq| At { feed, seq }));
        }
        let here = covered.places.iter().flat_map(|run| run.first..run.end());
        places.entry(feed).or_insert((covered.device, HashSet::new())).1.extend(here);
    }
    let entries = loose::of_row(tx, row)?;
    let entries: Vec<(&loose::Loose, DeviceId)> = entries
        .iter()
        .filter(|entry| entry.at != by)
        .filter_map(|entry| {
            let (device, places) = places.get(&entry.at.feed)?;
            places.contains(&entry.at.seq).then_some((entry, *device))
        })
        .collect();
    if entries.iter().any(|(entry, _)| !entry.heads.iter().all(|head| holds.contains(head))) {
        return Ok(None);
    }
    for (entry, device) in entries {
        loose::cover(tx, entry.at, device == session.own(), by)?;
    }
    let mut new = false;
    for at in awaited {
        new |= loose::expect(tx, at)?;
    }
    Ok(Some(new))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Cost, CreateVault, Keyring, Passphrase, Satchel};
    use satchel_domain::Kind;
    use serde_json::json;

    /// A member whose snapshots say more than they hold could make others forget what somebody has done.
    #[test]
    fn a_snapshot_stands_only_for_what_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let shared = dir.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        let satchel = Satchel::new(&dir.path().join("vault"), "A test");
        let session = satchel
            .create(CreateVault {
                workspace: "Norte".into(),
                person: "Ana".into(),
                device: "laptop".into(),
                passphrase: Some(Passphrase::new("correct horse").unwrap()),
                keyring: Keyring::Off,
                cost: Cost { memory_kib: 64, passes: 1 },
                joins: None,
            })
            .unwrap()
            .session;
        session.add_remote(&shared.display().to_string()).unwrap();
        let person = |name: &str| {
            let fields = json!({ "first_name": name });
            session.create(Kind::Person, fields.as_object().unwrap()).unwrap().id
        };
        let (zoe, _bo) = (person("Zoe"), person("Bo"));
        session.set(zoe, json!({"title": "Buyer"}).as_object().unwrap()).unwrap();
        session.sync(&mut |_| {}, &Cancel::default()).unwrap();
        let stored = session.store.read(|db| documents::get(db, zoe)).unwrap().unwrap();
        let all = Document::load(&stored.bytes).unwrap().hashes();
        let covering = |device: DeviceId, first: u64, count: u64| Covered {
            device,
            incarnation: session.incarnation,
            places: vec![Run { first, count }],
            operations: Vec::new(),
        };
        let (own, by) = (session.own(), At { feed: 1, seq: 4 });
        let attempt = |covers: &[Covered], holds: &HashSet<[u8; 32]>| {
            let said = session
                .store
                .write_aside::<_, AppError>(|tx| stands_for(&session, tx, stored.row, covers, holds, by));
            (said.unwrap(), session.store.read(|db| loose::of_row(db, stored.row)).unwrap().len())
        };
        // Its entries are the first and the third of the log.
        assert_eq!(attempt(&[covering(own, 1, 1), covering(own, 3, 1)], &HashSet::new()), (None, 2));
        assert_eq!(
            attempt(&[covering(own, 1, 3)], &all),
            (None, 2),
            "another record's entry is between them"
        );
        assert_eq!(attempt(&[covering(own, 3, 2)], &all), (None, 2), "an entry that is not written yet");
        assert_eq!(attempt(&[covering(DeviceId([9; 16]), 1, u64::MAX)], &all), (None, 2), "everything");
        let honest = [covering(own, 1, 1), covering(own, 3, 1)];
        assert_eq!(attempt(&honest, &all), (Some(false), 0));
        // What another has done and is not here yet may come left out.
        assert_eq!(attempt(&[covering(DeviceId([9; 16]), 5, 2)], &all), (Some(true), 0));
        let feed =
            session.store.write_aside(|tx| loose::feed_number(tx, &[9; 16], session.incarnation)).unwrap();
        let expected = |from, to| session.store.read(|db| loose::expected(db, feed, (from, to))).unwrap();
        assert!(expected(5, 7) && !expected(4, 7) && !expected(5, 8));
    }
}
