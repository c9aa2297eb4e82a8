//! What this device has done becomes entries of its log.

use super::{WORTH_CORES, apply::AROUND, feed_in, on_all_cores, row_of};
use crate::{AppError, Cancel, Progress, Session, error::Code, session::facts, team::Team};
use satchel_document::{Document, Heads, guarded};
use satchel_domain::{Kind, OperationId, RecordId};
use satchel_protocol::{
    DeviceKeys, DocTag, EntryKind, EpochKey, Payload, RecordKey, SegmentBuilder, Subject, Told, TrailHead,
    WrappedKey, limits,
};
use satchel_storage::{
    DocumentRow, StorageError, Transaction, documents,
    loose::{self, At, Loose},
    operations, settings, team,
};
use std::collections::{BTreeSet, HashMap, hash_map::Entry};
use uuid::Uuid;

/// Entries of one segment, and bytes of their chunks.
const SEGMENT: usize = 500;
pub(super) const SEGMENT_BYTES: usize = 4 << 20;

/// Which record an entry is about.
pub(super) struct About {
    pub row: i64,
    pub record: RecordId,
    pub kind: Kind,
}

/// A segment of this device in the making.
pub(super) struct Draft<'a> {
    session: &'a Session,
    epoch: &'a EpochKey,
    builder: SegmentBuilder<'a>,
    wrapped: Vec<WrappedKey>,
    /// The number of the feed here.
    feed: i64,
    /// Of the chunks in it.
    pub bytes: usize,
    /// How far the trail is: told with the next entry.
    pub trail: Option<TrailHead>,
}

impl<'a> Draft<'a> {
    pub fn begin(
        session: &'a Session,
        tx: &Transaction<'_>,
        team: &'a Team,
        keys: &'a DeviceKeys,
    ) -> Result<Self, AppError> {
        let number = loose::feed_number(tx, &session.own().0, session.incarnation)?;
        let feed = feed_in(tx, session.own(), session.incarnation)?;
        let builder = SegmentBuilder::new(session.workspace(), keys, feed);
        let (epoch, wrapped) = (team.epoch()?, Vec::new());
        Ok(Self { session, epoch, builder, wrapped, feed: number, bytes: 0, trail: None })
    }

    /// Where the next entry will stand.
    pub fn next(&self) -> At {
        At { feed: self.feed, seq: self.builder.next() }
    }

    /// Adds what has become of a record; a snapshot with what it stands for.
    pub fn add(
        &mut self,
        tx: &Transaction<'_>,
        about: &About,
        heads: Heads,
        mut payload: Payload,
        covers: Option<Vec<u8>>,
    ) -> Result<(), AppError> {
        let at = self.next();
        payload.trail = self.trail.take();
        self.bytes += payload.chunk.len();
        let record = about.record.to_string();
        let mut tags = team::docs_of(tx, &record)?.into_iter();
        let known = tags.next().map(|(tag, key)| (DocTag(tag), RecordKey::from_bytes(key)));
        let is_new = known.is_none();
        let (tag, key) = match known {
            Some(known) => known,
            None => (DocTag(*Uuid::new_v4().as_bytes()), RecordKey::generate()?),
        };
        let kind = if covers.is_some() { EntryKind::Snapshot } else { EntryKind::Change };
        if is_new {
            team::put_doc(tx, &tag.0, &record, key.as_bytes())?;
        }
        // The entry that brought the key may be lost, or left out for a snapshot.
        if is_new || kind == EntryKind::Snapshot {
            self.wrap(tag, &key)?;
        }
        let mut others = Vec::new();
        if kind == EntryKind::Snapshot {
            // What tells whose they are may be left out for it.
            for (tag, key) in tags.take(limits::TAGS - 1) {
                self.wrap(DocTag(tag), &RecordKey::from_bytes(key))?;
                others.push(DocTag(tag));
            }
        }
        if is_new || kind == EntryKind::Snapshot {
            let tags = Some(others).filter(|tags| !tags.is_empty());
            let (record, kind) = (*about.record.as_bytes(), about.kind.key().to_owned());
            payload.subject = Some(Subject { record, kind, tags });
        }
        let size = self.builder.add(kind, tag, self.epoch, &key, &payload)?;
        Ok(loose::add(tx, &Loose { at, row: about.row, heads, size: size + AROUND, covers })?)
    }

    fn wrap(&mut self, tag: DocTag, key: &RecordKey) -> Result<(), AppError> {
        self.wrapped.push(self.epoch.wrap(self.session.workspace(), tag, key)?);
        Ok(())
    }

    /// Keeps it, if there is anything in it. How many entries.
    pub fn finish(self, tx: &Transaction<'_>) -> Result<u64, AppError> {
        let Some((segment, feed)) = self.builder.finish() else { return Ok(0) };
        let row = team::SegmentRow {
            incarnation: segment.incarnation,
            first: segment.first,
            next: segment.end(),
            bytes: segment.encode(),
            keys: WrappedKey::encode_all(&self.wrapped),
        };
        team::put_segment(tx, &row)?;
        team::put_feed(tx, &row_of(&feed))?;
        Ok(segment.count())
    }
}

impl Session {
    /// Writes what this device has done since into its log, a segment at a time.
    pub(super) fn pack(
        &self,
        team: &Team,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        let keys = self.device_keys()?;
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
                let mut draft = Draft::begin(self, tx, team, &keys)?;
                draft.trail = self.trail.head(tx)?.map(crate::audit::wire_head);
                let mut packed_to = last;
                let mut read = changes_of(tx, &unsent)?;
                for u in &unsent {
                    if draft.bytes > SEGMENT_BYTES {
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
                    let about = About { row: u.row, record: changes.record, kind: changes.kind };
                    draft.add(tx, &about, heads, payload, None)?;
                }
                done += draft.finish(tx)?;
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
}

/// Up to which operation and row of it the log has everything.
pub(super) fn packed(db: &satchel_storage::Connection) -> Result<(i64, i64), StorageError> {
    let text = settings::get(db, facts::PACKED)?.unwrap_or_default();
    let pair = text.split_once(' ').and_then(|(seq, row)| Some((seq.parse().ok()?, row.parse().ok()?)));
    Ok(pair.unwrap_or((0, 0)))
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
        let parse = |id: &str| id.parse::<Uuid>().ok();
        let (chunk, heads) = self.by_operation.get(&parse(&unsent.id)?.simple().to_string())?;
        let undoes = unsent.undoes.as_deref().and_then(parse).map(|id| *id.as_bytes());
        let payload = Payload {
            chunk: chunk.clone(),
            operation: Some(Told { label: unsent.label.clone(), undoes }),
            subject: None,
            covers: None,
            trail: None,
        };
        Some((payload, heads.clone()))
    }
}
