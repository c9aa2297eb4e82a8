//! Syncing: what this device has done becomes entries of its log, the remotes get what they lack, and what
//! others have written is applied. Each step is one transaction; a sync that is cut off goes on where it was.

mod apply;
mod compact;
mod pack;
mod rounds;

use crate::{
    AppError, Cancel, Progress, Session,
    error::Code,
    session::now,
    team::Team,
    views::{RemoteState, SyncReport},
};
use apply::Ready;
use pack::packed;
use rounds::Moved;
use satchel_domain::RecordId;
use satchel_protocol::{DeviceId, Feed, Hash, Kept, Place, Position, Role, Segment};
use satchel_storage::{Bulk, StorageError, blobs, projections, team};
use satchel_sync::{Pulled, Reader, Remote, RemoteError, Written};
use std::collections::BTreeSet;

/// So many entries at once are written as an import is.
const MANY: u32 = 2000;
/// Fewer entries than these are not shared among cores.
const WORTH_CORES: usize = 32;
/// In one sync the team may turn out to be another so often.
const CONTROL_MOVES: u32 = 8;
/// Milliseconds after which a sync that has sent nothing is noted all the same.
const NOTED_EVERY: i64 = 60_000;
/// Milliseconds between two looks at what may be left out of the log.
const TENDED_EVERY: i64 = 3_600_000;

/// Whether so long has passed; a clock that was put back must not make it last for years.
fn is_over(last: i64, now: i64, span: i64) -> bool {
    !(0..=span).contains(&(now - last))
}

impl Session {
    /// One round with every remote.
    pub fn sync(&self, progress: &mut dyn FnMut(Progress), cancel: &Cancel) -> Result<SyncReport, AppError> {
        self.sync_some(&|_| true, false, progress, cancel)
    }

    /// The same, and what snapshots stand for is left out of the log now.
    pub fn compact(
        &self,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<SyncReport, AppError> {
        self.sync_some(&|_| true, true, progress, cancel)
    }

    /// One round with the remotes of these names.
    pub(crate) fn sync_some(
        &self,
        which: &dyn Fn(&str) -> bool,
        tend: bool,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<SyncReport, AppError> {
        self.team()?;
        let mut report = SyncReport::default();
        for remote in self.store.read(team::remotes)?.into_iter().filter(|r| which(&r.name)) {
            let (pushed, pulled) = (report.pushed, report.pulled);
            let conflicts = self.store.read(projections::conflicts)?;
            let outcome = self.sync_with(&remote, tend, &mut report, progress, cancel);
            let conflicts = self.store.read(projections::conflicts)?.saturating_sub(conflicts);
            let moved = Moved {
                sent: report.pushed - pushed,
                received: report.pulled - pulled,
                conflicts: u32::try_from(conflicts).unwrap_or(u32::MAX),
            };
            self.note_round(&remote.name, moved, &outcome);
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
            self.renew(progress, cancel)?;
        }
        if report.pulled > 0 || report.pushed > 0 {
            self.tell(Vec::new());
        }
        self.after_sync(report.pulled > 0)?;
        Ok(report)
    }

    fn sync_with(
        &self,
        remote: &team::RemoteRow,
        tend: bool,
        report: &mut SyncReport,
        progress: &mut dyn FnMut(Progress),
        cancel: &Cancel,
    ) -> Result<(), AppError> {
        for _ in 0..CONTROL_MOVES {
            if self.round(remote, tend, report, progress, cancel)? != Pulled::ControlMoved {
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
        tend: bool,
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
        let at = now();
        let tend = tend || remote.tended_at.is_none_or(|last| is_over(last, at, TENDED_EVERY));
        if may_write {
            self.pack(&team, progress, cancel)?;
            if tend {
                report.snapshots += self.write_snapshots(&team, cancel)?;
            }
            report.pushed += self.push(&*open, cancel)?;
            // A server checks what it keeps by itself.
            if tend && !open.is_answerable() {
                self.push_damaged(&*open, cancel)?;
            }
        }
        let mut reading = Reading {
            session: self,
            team: team.clone(),
            pulled: 0,
            gone: 0,
            total: 0,
            fields: false,
            trouble: None,
            moved: false,
            waiting: BTreeSet::new(),
            lacks: None,
            ready: None,
            bulk: None,
            failed: None,
            progress,
            cancel,
        };
        // It costs a question, and what comes of a minute is soon here.
        if remote.synced_at.is_none_or(|last| is_over(last, at, NOTED_EVERY)) {
            reading.total = reading.expected(&*open)?;
        }
        let pulled = reading.all_of(&*open);
        let (count, fields) = (reading.pulled, reading.fields);
        let trouble = reading.trouble.take().or_else(|| {
            let why = "entries are left out, and what stands for them is not there";
            reading.lacks.take().map(|device| (device, why.to_owned()))
        });
        if fields {
            // Records that were here before may have values for them.
            self.rebuild(&mut |_| {})?;
        }
        report.pulled += count;
        if count > 0 && may_write {
            self.mend_merges()?;
        }
        if pulled? == Pulled::ControlMoved {
            return Ok(Pulled::ControlMoved);
        }
        if may_write && tend {
            report.snapshots += self.make_up_for(&team, &*open, cancel)?;
        }
        if may_write && (tend || open.is_answerable()) {
            // What it turned out to have lost.
            report.pushed += self.push(&*open, cancel)?;
        }
        // What a viewer's device has packed before is not sent by that.
        let sent = if may_write { self.own_feed()?.next } else { remote.sent };
        let mut row = team::RemoteRow { sent, synced_at: Some(at), ..remote.clone() };
        if role.is_some() && tend {
            report.left_out += self.leave_out(&team, &*open, may_write)?;
            row.tended_at = Some(at);
        }
        if may_write {
            row.generation = self.push_rewritten(remote, &*open, cancel)?;
            // A remote may have lost some: what is here of all is offered now and then.
            row.blobs = self.give_pieces(remote, &*open, tend, cancel)?;
        }
        let noted = (row.sent, row.tended_at, row.generation, row.blobs)
            == (remote.sent, remote.tended_at, remote.generation, remote.blobs);
        if !noted || remote.synced_at.is_none_or(|last| is_over(last, at, NOTED_EVERY)) {
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
            let blobs = team::remotes(db)?.iter().map(|r| r.blobs).min().unwrap_or(0);
            Ok(operations + lacking + blobs::count_after(db, blobs)?)
        })
    }

    fn own_feed(&self) -> Result<Feed, AppError> {
        Ok(self.store.read(|db| feed_in(db, self.own(), self.incarnation))?)
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

    /// Writes again what is not as it was written there any more: nobody else has it.
    fn push_damaged(&self, remote: &dyn Remote, cancel: &Cancel) -> Result<(), AppError> {
        for at in self.store.read(team::segments)? {
            self.go_on(cancel, "the sync was stopped; it goes on the next time")?;
            let segment = self.store.read(|db| team::segment(db, at.incarnation, at.first))?;
            let Some(segment) = segment else { continue };
            let written =
                Written { incarnation: at.incarnation, first: at.first, next: at.next, size: at.size };
            let kept = Kept { segment: segment.bytes, keys: segment.keys };
            if !remote.is_whole(self.own(), written, &kept)? {
                remote.push(self.own(), written, kept)?;
            }
        }
        Ok(())
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

    /// What the records take, and what this device's log of them takes, in bytes.
    pub fn sizes(&self) -> Result<(u64, u64), AppError> {
        Ok(self.store.read(team::sizes)?)
    }

    /// Why entries of others were set aside, as one line for each.
    pub fn set_aside(&self) -> Result<Vec<String>, AppError> {
        let team = self.team()?;
        let all = self.store.read(|db| team::set_aside(db, 100))?;
        let line = |(at, why): (team::FeedRow, String)| {
            let (person, device) = team.names(DeviceId(at.device));
            format!("{device} ({person}), entry {}: {why}", at.next)
        };
        Ok(all.into_iter().map(line).collect())
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

/// Entries of a device and incarnation, from where to where.
type Stretch = (DeviceId, u64, u64, u64);

/// Applies what a remote has, as far as it goes.
struct Reading<'a> {
    session: &'a Session,
    team: Team,
    pulled: u32,
    /// So many places of feeds were gone through, of about so many; 0: nobody has asked.
    gone: u64,
    total: u64,
    /// Whether a custom field has come.
    fields: bool,
    trouble: Option<(DeviceId, String)>,
    /// Whether anything has come of the pull that is going on.
    moved: bool,
    /// Feeds that wait for something: of what comes behind only the snapshots are taken.
    waiting: BTreeSet<(DeviceId, u64)>,
    /// A device whose feed waits where entries are left out.
    lacks: Option<DeviceId>,
    /// What comes next, made ready.
    ready: Option<(Stretch, Vec<Option<Ready>>)>,
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
            self.moved = false;
            (self.trouble, self.lacks) = (None, None);
            self.waiting.clear();
            let pulled = remote.pull(self)?;
            match self.failed.take() {
                Some(e) => return Err(e),
                None if pulled == Pulled::All && self.moved => {}
                None => return Ok(pulled),
            }
        }
    }

    /// How many places of feeds the remote has that are not known here.
    fn expected(&self, remote: &dyn Remote) -> Result<u64, AppError> {
        let known = self.try_known()?;
        let missing = |there: Position| {
            let same = |k: &&Position| (k.device, k.incarnation) == (there.device, there.incarnation);
            there.next.saturating_sub(known.iter().find(same).map_or(1, |k| k.next))
        };
        Ok(remote.places()?.into_iter().map(missing).fold(0, u64::saturating_add))
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

    fn try_take(
        &mut self,
        (segment, keys): (&Segment, &[u8]),
        next: Option<(&Segment, &[u8])>,
    ) -> Result<bool, AppError> {
        let card = |segment: &Segment| self.team.members.devices.get(&segment.device).map(|m| &m.card);
        let Some(card) = card(segment).cloned() else { return Ok(false) };
        let feed = (segment.device, segment.incarnation);
        let begins = |segment: &Segment| (segment.device, segment.incarnation, segment.first, segment.end());
        let mut ready = self.ready.take().filter(|(of, _)| *of == begins(segment)).map(|(_, ready)| ready);
        let more = loop {
            let ahead = self.waiting.contains(&feed);
            let (session, team) = (self.session, &self.team);
            let now = match ready.take() {
                _ if ahead => Vec::new(),
                Some(ready) => ready,
                None => session.ready(team, segment, keys),
            };
            // While one is written the next is made ready.
            let (applied, then) = std::thread::scope(|scope| {
                let next = next.filter(|_| !ahead && self.ready.is_none());
                let then = next
                    .map(|(next, keys)| scope.spawn(move || (begins(next), session.ready(team, next, keys))));
                let applied = session.apply(team, &card, (segment, keys), now, ahead);
                (applied, then.and_then(|then| then.join().ok()))
            });
            let applied = applied?;
            // A field of the user's own changes how it is read.
            self.ready = then.filter(|_| !applied.new_field);
            self.pulled += applied.entries;
            self.moved |= applied.moved;
            if self.trouble.is_none() {
                // What comes behind it can only be missing.
                self.trouble = applied.trouble.map(|why| (segment.device, why));
            }
            if applied.left_out && !ahead {
                self.lacks = self.lacks.or(Some(segment.device));
            }
            if applied.waits {
                self.waiting.insert(feed);
            }
            if !applied.new_field {
                break applied.more;
            }
            let before = self.session.catalogue().shape();
            self.session.refresh_catalogue()?;
            self.fields |= self.session.catalogue().shape() != before;
        };
        if self.pulled > MANY && self.bulk.is_none() {
            self.bulk = Some(self.session.store.bulk());
        }
        self.gone += segment.end() - segment.first;
        // What is gone through twice is not twice as much.
        let done = if self.total == 0 { u64::from(self.pulled) } else { self.gone.min(self.total) };
        (self.progress)(Progress { done, total: self.total });
        Ok(more)
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

    fn take(&mut self, this: (&Segment, &[u8]), next: Option<(&Segment, &[u8])>) -> Option<bool> {
        let taken = self.try_take(this, next);
        self.keep(taken)
    }
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
