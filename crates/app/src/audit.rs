//! The trail for people: its list, its check, its export, and what is known of the trails of others.

use crate::{
    AppError, Cancel, Code, Session, output,
    session::{facts as kept, now},
    trail,
    views::{TrailBreak, TrailCheck, TrailDevice, TrailEntry, TrailRestored, TrailView},
};
use satchel_audit::{
    Act, ChainId, Checked, Checker, Entry, FIRST, Facts, Frame, Head, Key, SignedHead, check_file, hash_of,
    is_trail,
};
use satchel_domain::date::rfc3339;
use satchel_protocol::{
    Card, DeviceId, DeviceKeys, Hash, Role, Signature, SignedRecord, TrailHead, from_hex, hex,
};
use satchel_storage::{
    Connection, StorageError, Store, Transaction,
    audit::{self, HeadRow, LineRow, SeenRow, Wanted},
    settings, team as stored,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufReader, Read, Seek, Write},
    path::Path,
};
use zeroize::Zeroizing;

/// Lines that are read at once.
const BATCH: usize = 2000;
/// Of a file, to see whether it is a trail.
const LOOKED_AT: u64 = 64 << 10;
/// Milliseconds.
const HOUR: i64 = 3_600_000;
const COLLEAGUE: &str = "a colleague";
const COMPUTER: &str = "this computer";

/// Gets a line, and the signature behind it.
type Visit<'a> = dyn FnMut(&LineRow, Option<SignedHead>) -> Result<(), AppError> + 'a;

/// Which lines of the trail are asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, specta::Type)]
#[serde(default)]
pub struct TrailRequest {
    pub act: Option<String>,
    /// `2026-11-27`, by the clock here.
    pub day: Option<String>,
    /// Lines before this one.
    pub before: Option<u32>,
    pub limit: u32,
}

impl Session {
    /// Tells the trail of an act that was done. What cannot be written any more is no reason to keep people from their data.
    pub(crate) fn note<const N: usize>(&self, act: Act, facts: [(&str, Value); N]) -> Result<(), AppError> {
        self.note_facts(act, trail::facts(facts))
    }

    /// What the trail costs is told by a bench; nothing else stops it (`tests/house.rs`).
    #[doc(hidden)]
    pub fn pause_trail_for_a_bench(&self, paused: bool) {
        self.trail.pause(paused);
    }

    fn note_facts(&self, act: Act, facts: Facts) -> Result<(), AppError> {
        let noted = self.store.write_aside::<_, AppError>(|tx| {
            self.trail.note(tx, act, facts);
            self.trail.sign(tx);
            Ok(())
        });
        match noted {
            Err(e) if !matches!(e.code, Code::ReadOnly | Code::DiskFull | Code::Damaged) => return Err(e),
            _ => {}
        }
        self.raise_due();
        Ok(())
    }

    /// Tells the trail that something left the vault; not where to, since folders are called as customers are.
    pub(crate) fn note_leaving<const N: usize>(
        &self,
        what: &str,
        rows: u64,
        more: [(&str, Value); N],
    ) -> Result<(), AppError> {
        let mut facts = trail::facts(more);
        facts.extend(trail::facts([("what", json!(what)), ("rows", json!(rows))]));
        self.note_facts(Act::Export, facts)
    }

    /// The newest lines first.
    pub fn trail(&self, request: &TrailRequest) -> Result<TrailView, AppError> {
        let between = request.day.as_deref().map(day).transpose()?;
        let wanted = Wanted {
            act: request.act.clone().filter(|act| !act.is_empty()),
            before: request.before.map(i64::from),
            between,
            limit: request.limit.clamp(1, 1000) as usize,
        };
        let (total, lines, signed, seen) = self.store.read::<_, StorageError>(|db| {
            let signed = audit::last_head(db)?.map_or(0, |head| head.row);
            Ok((audit::count(db)?, audit::newest(db, &wanted)?, signed, audit::seen_last(db)?))
        })?;
        let entries = self.store.read::<_, StorageError>(|db| {
            lines.iter().map(|line| Ok(entry_view(line, signed, clock_before(db, line)?))).collect()
        })?;
        Ok(TrailView {
            total: u32::try_from(total).unwrap_or(u32::MAX),
            entries,
            devices: self.trail_devices(&seen)?,
        })
    }

    /// What was done of these acts, from and up to before a time; the newest first.
    pub(crate) fn trail_of(
        &self,
        acts: &[&str],
        between: (i64, i64),
        limit: u32,
    ) -> Result<Vec<TrailEntry>, AppError> {
        let mut lines = self.store.read::<_, StorageError>(|db| {
            let mut lines = Vec::new();
            for act in acts {
                let limit = limit as usize;
                let wanted =
                    Wanted { act: Some((*act).to_owned()), before: None, between: Some(between), limit };
                lines.extend(audit::newest(db, &wanted)?);
            }
            Ok(lines)
        })?;
        lines.sort_by_key(|line| std::cmp::Reverse(line.row));
        lines.truncate(limit as usize);
        let signed = self.store.read(audit::last_head)?.map_or(0, |head| head.row);
        self.store
            .read::<_, StorageError>(|db| {
                lines.iter().map(|line| Ok(entry_view(line, signed, clock_before(db, line)?))).collect()
            })
            .map_err(AppError::from)
    }

    /// How far the trails of the team's devices were when they were last heard of; who is no admin sees his own.
    fn trail_devices(&self, seen: &[SeenRow]) -> Result<Vec<TrailDevice>, AppError> {
        let all = self.is_admin()?;
        let team = self.store.read(crate::team::Team::read)?;
        let view = |row: &SeenRow| {
            let id = DeviceId(row.device);
            let (person, name) = team.as_ref().map(|team| team.names(id)).unwrap_or_default();
            TrailDevice {
                device: hex(&row.device),
                person,
                name,
                incarnation: row.incarnation.to_string(),
                entries: u32::try_from(row.seq).unwrap_or(u32::MAX),
                at: rfc3339(row.at),
                hash: hex(&row.hash),
            }
        };
        Ok(seen.iter().filter(|row| all || row.device == self.own().0).map(view).collect())
    }

    /// Whether this person answers for the team; without a team everybody does for himself.
    pub(crate) fn is_admin(&self) -> Result<bool, AppError> {
        let team = self.store.read(crate::team::Team::read)?;
        Ok(team.is_none_or(|team| {
            team.members.active(self.own()).is_some_and(|m| team.members.role(m.person) >= Role::Admin)
        }))
    }

    pub(crate) fn is_viewer(&self) -> Result<bool, AppError> {
        let team = self.store.read(crate::team::Team::read)?;
        let own = |team: &crate::team::Team| team.members.active(self.own()).map(|m| m.person);
        Ok(team.is_some_and(|team| own(&team).is_none_or(|p| team.members.role(p) < Role::Member)))
    }

    /// Whether the trail is what was signed, and what this computer and the team remember of it. The health page
    /// remembers what came of it.
    pub fn verify_trail(&self) -> Result<TrailCheck, AppError> {
        self.verify_trail_until(&Cancel::default())
    }

    pub(crate) fn verify_trail_until(&self, cancel: &Cancel) -> Result<TrailCheck, AppError> {
        let keys = self.trail_keys()?;
        let mut last = None;
        let checked = self.store.read::<_, AppError>(|db| {
            let mut checker = Checker::new(keys);
            for seen in audit::seen_of(db, &self.own().0)? {
                checker.expect_signed(&signed_of(&seen), COLLEAGUE);
            }
            if let Some(mark) = self.trail_mark() {
                checker.expect(&mark, COMPUTER);
            }
            self.each_line(db, 0, cancel, &mut |row, head| {
                last = Some(KnownLine::of(row));
                check_line(&mut checker, row, head);
                Ok(())
            })?;
            let mut found = checker.finish();
            found.vouched = !stored::control(db)?.is_empty();
            found.workspace = hex(&self.workspace().0);
            Ok(found)
        })?;
        let view = check_view(&checked);
        self.note_trail_check(&view, last);
        Ok(view)
    }

    /// Whether what was written behind a line holds: the last line then. None: all of the trail has to be looked at.
    pub(crate) fn trail_behind(
        &self,
        known: &KnownLine,
        cancel: &Cancel,
    ) -> Result<Option<KnownLine>, AppError> {
        let keys = self.trail_keys()?;
        self.store.read::<_, AppError>(|db| {
            let line = audit::lines_after(db, known.row - 1, 1)?.into_iter().next();
            let Some(line) = line.filter(|line| KnownLine::of(line) == *known) else { return Ok(None) };
            let seen = audit::seen_of(db, &self.own().0)?;
            let remembered = seen.iter().map(|seen| signed_of(seen).head).chain(self.trail_mark());
            for head in remembered {
                if !is_in_trail(db, &head)? && !was_restored(db, &head)? {
                    return Ok(None);
                }
            }
            let mut checker = Checker::behind(keys, &self.head_at(&line, 0));
            let mut last = known.clone();
            self.each_line(db, known.row, cancel, &mut |row, head| {
                last = KnownLine::of(row);
                check_line(&mut checker, row, head);
                Ok(())
            })?;
            Ok(checker.finish().ok().then_some(last))
        })
    }

    /// How far the trail was, as this computer remembers it outside of the database.
    fn trail_mark(&self) -> Option<Head> {
        let mark = self.token.as_ref().and_then(|(witness, _)| witness.mark())?;
        let chain = ChainId { device: self.own(), incarnation: mark.incarnation };
        Some(Head { chain, seq: mark.seq, hash: Hash(from_hex(&mark.hash)?), at: 0 })
    }

    /// Shows each line behind a row, with the signature behind it if there is one.
    fn each_line(
        &self,
        db: &Connection,
        mut after: i64,
        cancel: &Cancel,
        visit: &mut Visit<'_>,
    ) -> Result<(), AppError> {
        loop {
            let lines = audit::lines_after(db, after, BATCH)?;
            let Some(last) = lines.last().map(|line| line.row) else { return Ok(()) };
            let heads = audit::heads_between(db, after, last)?;
            let mut heads = heads.iter().peekable();
            for line in &lines {
                self.go_on(cancel, "the check was stopped; nothing was changed")?;
                let head = heads.next_if(|head| head.row == line.row);
                visit(line, head.map(|head| self.head_of(line, head)))?;
            }
            after = last;
        }
    }

    fn head_at(&self, line: &LineRow, at: i64) -> Head {
        let chain = ChainId { device: self.own(), incarnation: line.incarnation };
        Head { chain, seq: line.seq, hash: hash_of(&line.line), at }
    }

    fn head_of(&self, line: &LineRow, head: &HeadRow) -> SignedHead {
        SignedHead { head: self.head_at(line, head.at), signature: Signature(head.signature) }
    }

    fn trail_keys(&self) -> Result<Vec<Key>, AppError> {
        let mut cards: Vec<Card> = vec![self.device_keys()?.card()?];
        if let Some(team) = self.store.read(crate::team::Team::read)? {
            cards.extend(team.members.devices.into_values().map(|m| m.card).filter(|c| c.id != self.own()));
        }
        Ok(cards.into_iter().map(Key::of).collect())
    }

    /// Writes the trail as one file that can be checked without the vault.
    pub fn export_trail(&self, path: &Path) -> Result<TrailCheck, AppError> {
        output::check(&self.vault(), path)?;
        let lines = self.store.read(audit::count)?;
        self.note(Act::Export, [("what", json!("trail")), ("lines", json!(lines))])?;
        let keys = self.device_keys()?;
        let io = AppError::io(path);
        self.store.read::<_, AppError>(|db| {
            let control = stored::control(db)?;
            let control: Vec<SignedRecord> =
                control.iter().filter_map(|bytes| SignedRecord::decode(bytes).ok()).collect();
            let seen: Vec<SignedHead> = audit::seen_of(db, &self.own().0)?.iter().map(signed_of).collect();
            let at = rfc3339(now());
            let (workspace, control, seen) = (self.workspace(), &control[..], &seen[..]);
            let frame = Frame { workspace, keys: &keys, exported_at: &at, control, seen };
            output::write_whole(path, |out| {
                let (mut hasher, mut count) = (blake3::Hasher::new(), 0);
                let mut put = |line: &str| -> Result<(), AppError> {
                    count += 1;
                    hasher.update(line.as_bytes()).update(b"\n");
                    out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(&io)
                };
                frame.begin().iter().try_for_each(|line| put(line))?;
                self.each_line(db, 0, &Cancel::default(), &mut |line, head| {
                    put(&line.line)?;
                    head.map_or(Ok(()), |head| put(&head.line("head")))
                })?;
                let end = frame.end(Hash(*hasher.finalize().as_bytes()), count);
                out.write_all(end.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(&io)
            })
        })?;
        self.remember_trail();
        verify_trail_file(path)
    }

    /// Notes outside of the database how far the trail is.
    pub(crate) fn remember_trail(&self) {
        // What cannot be written now is written when the vault is closed.
        let _ = self.token.as_ref().zip(self.trail.mark()).map(|((witness, _), mark)| witness.set_mark(mark));
    }

    /// A colleague's device says how far its trail is.
    pub(crate) fn see_trail(
        &self,
        tx: &Transaction<'_>,
        card: &Card,
        told: &TrailHead,
    ) -> Result<(), AppError> {
        let chain = ChainId { device: card.id, incarnation: told.incarnation };
        let head = Head { chain, seq: told.seq, hash: told.hash, at: told.at };
        let signed = SignedHead { head, signature: told.signature };
        let fits = |n: u64| i64::try_from(n).is_ok();
        if !signed.verify(card) || !fits(told.seq) || !fits(told.incarnation) {
            return self.contradicted(tx, &head, "forged", 0);
        }
        let known = audit::furthest(tx, &card.id.0, told.incarnation)?;
        match known {
            Some(known) if known.seq > told.seq => self.contradicted(tx, &head, "rolled_back", known.seq)?,
            Some(known) if known.seq == told.seq && known.hash != told.hash.0 => {
                self.contradicted(tx, &head, "forked", known.seq)?;
            }
            _ => {}
        }
        if card.id == self.own() && known.is_none() && !is_in_trail(tx, &head)? && !was_restored(tx, &head)? {
            let there = audit::up_to(tx, told.incarnation, told.seq)?;
            self.contradicted(tx, &head, "rolled_back", there.map_or(0, |row| row.seq))?;
        }
        Ok(audit::see(tx, &seen_of(&signed))?)
    }

    /// Once an hour of a device: one that contradicts itself with each entry must not fill the trail.
    fn contradicted(&self, tx: &Transaction<'_>, head: &Head, how: &str, known: u64) -> Result<(), AppError> {
        let (rule, at) = (format!("trail:{}", hex(&head.chain.device.0)), now());
        if audit::window(tx, &rule)?.is_some_and(|(since, ..)| (0..HOUR).contains(&(at - since))) {
            return Ok(());
        }
        audit::put_window(tx, &rule, (at, 1, true))?;
        let facts = trail::facts([
            ("device", json!(hex(&head.chain.device.0))),
            ("incarnation", json!(head.chain.incarnation.to_string())),
            ("seq", json!(head.seq)),
            ("how", json!(how)),
            ("known", json!(known)),
        ]);
        self.trail.note(tx, Act::Contradiction, facts);
        Ok(())
    }
}

/// A line of the trail that was looked at, to be known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownLine {
    row: i64,
    hash: String,
}

impl KnownLine {
    fn of(line: &LineRow) -> Self {
        Self { row: line.row, hash: hex(&hash_of(&line.line).0) }
    }
}

fn check_line(checker: &mut Checker, row: &LineRow, head: Option<SignedHead>) {
    checker.entry(&row.line);
    if !is_shown_as_written(row) {
        checker.differs("the table shows something else than the entry");
    }
    if let Some(head) = head {
        checker.head(&head);
    }
}

/// Whether the trail has the entry that somebody remembers.
fn is_in_trail(db: &Connection, head: &Head) -> Result<bool, StorageError> {
    let there = audit::up_to(db, head.chain.incarnation, head.seq)?;
    Ok(there.is_some_and(|row| row.seq == head.seq && hash_of(&row.line) == head.hash))
}

/// Whether the trail lacks an entry because a backup was restored since, as [`Checker`] says it of the whole.
fn was_restored(db: &Connection, head: &Head) -> Result<bool, StorageError> {
    let says_so = |row: &LineRow| Entry::parse(&row.line).is_some_and(|entry| entry.is_restored());
    Ok(match audit::up_to(db, head.chain.incarnation, head.seq)? {
        Some(last) if last.seq < head.seq => {
            let next = audit::lines_after(db, last.row, usize::try_from(FIRST).unwrap_or_default())?;
            let begun = next.first().map(|row| row.incarnation);
            next.iter().any(|row| Some(row.incarnation) == begun && says_so(row))
        }
        Some(_) => false,
        None => {
            let mut unlocks = audit::first_unlocks(db, FIRST)?.into_iter();
            head.at > 0 && unlocks.any(|row| says_so(&row) && row.at >= head.at)
        }
    })
}

/// Whether an exported trail holds, without any vault.
pub fn verify_trail_file(path: &Path) -> Result<TrailCheck, AppError> {
    let io = AppError::io(path);
    let mut file = File::open(path).map_err(&io)?;
    let mut begin = Vec::new();
    (&mut file).take(LOOKED_AT).read_to_end(&mut begin).map_err(&io)?;
    if !is_trail(&begin) {
        return Err(AppError::refused(format!(
            "{} is no exported audit trail; choose a file that was written by: satchel audit export",
            path.display()
        )));
    }
    file.rewind().map_err(&io)?;
    Ok(check_view(&check_file(BufReader::new(file)).map_err(&io)?))
}

/// The device's keys at an opening, made if there are none yet; none where they cannot be kept.
pub(crate) fn signing_keys(store: &Store) -> Option<DeviceKeys> {
    let read = |db: &Connection| -> Result<_, StorageError> {
        let device = settings::get(db, kept::DEVICE)?;
        Ok((device, settings::get(db, kept::SIGN)?.zip(settings::get(db, kept::RECEIVE)?)))
    };
    let (device, pair) = store.read(read).ok()?;
    let device = DeviceId(*device?.parse::<uuid::Uuid>().ok()?.as_bytes());
    if let Some((sign, receive)) = pair {
        let part = |text: &str| from_hex(text).map(Zeroizing::new);
        return DeviceKeys::from_secrets(device, part(&sign)?, part(&receive)?).ok();
    }
    let keys = DeviceKeys::generate(device).ok()?;
    let (sign, receive) = keys.secrets();
    let put = |tx: &Transaction<'_>| {
        settings::put(tx, kept::SIGN, &hex(sign.as_slice()))?;
        settings::put(tx, kept::RECEIVE, &hex(receive.as_slice()))
    };
    store.write_aside::<_, StorageError>(put).ok()?;
    Some(keys)
}

pub(crate) fn wire_head(signed: SignedHead) -> TrailHead {
    let SignedHead { head, signature } = signed;
    TrailHead { incarnation: head.chain.incarnation, seq: head.seq, hash: head.hash, at: head.at, signature }
}

fn signed_of(row: &SeenRow) -> SignedHead {
    let chain = ChainId { device: DeviceId(row.device), incarnation: row.incarnation };
    let head = Head { chain, seq: row.seq, hash: Hash(row.hash), at: row.at };
    SignedHead { head, signature: Signature(row.signature) }
}

fn seen_of(signed: &SignedHead) -> SeenRow {
    let SignedHead { head, signature } = signed;
    SeenRow {
        device: head.chain.device.0,
        incarnation: head.chain.incarnation,
        seq: head.seq,
        hash: head.hash.0,
        at: head.at,
        signature: signature.0,
    }
}

/// Where a day begins and ends here.
fn day(text: &str) -> Result<(i64, i64), AppError> {
    let wrong = || AppError::new(Code::Usage, format!("«{text}» is no day; write it as 2026-11-27"));
    let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let zone = jiff::tz::TimeZone::system();
    let begins = |date: jiff::civil::Date| {
        date.to_zoned_datetime(zone.clone()).map(|at| at.timestamp().as_millisecond()).map_err(|_| wrong())
    };
    Ok((begins(date)?, begins(date.tomorrow().map_err(|_| wrong())?)?))
}

/// Whether the clock had gone back, by more than a minute, when a line was written.
fn clock_before(db: &Connection, line: &LineRow) -> Result<bool, StorageError> {
    let before = audit::lines_after(db, line.row - 2, 1)?;
    Ok(before.first().is_some_and(|before| before.row < line.row && line.at < before.at - 60_000))
}

fn entry_view(line: &LineRow, signed: i64, clock_back: bool) -> TrailEntry {
    let entry = Entry::parse(&line.line);
    let chain = entry.as_ref().and_then(Entry::chain);
    TrailEntry {
        row: u32::try_from(line.row).unwrap_or(u32::MAX),
        device: chain.map(|chain| hex(&chain.device.0)).unwrap_or_default(),
        incarnation: line.incarnation.to_string(),
        seq: u32::try_from(line.seq).unwrap_or(u32::MAX),
        at: rfc3339(line.at),
        act: entry.as_ref().map(|e| e.act.clone()).unwrap_or_default(),
        facts: Value::Object(entry.map(|e| e.facts).unwrap_or_default()),
        signed: line.row <= signed,
        clock_back,
    }
}

/// Whether the columns that lists and searches go by are what the line says.
fn is_shown_as_written(row: &LineRow) -> bool {
    Entry::parse(&row.line).is_some_and(|said| {
        let incarnation = said.chain().map(|chain| chain.incarnation);
        (said.act.as_str(), said.seq) == (row.act.as_str(), row.seq)
            && said.at == rfc3339(row.at)
            && incarnation == Some(row.incarnation)
    })
}

fn check_view(checked: &Checked) -> TrailCheck {
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let breaks: Vec<TrailBreak> = checked
        .breaks
        .iter()
        .map(|b| TrailBreak {
            device: b.chain.map(|chain| hex(&chain.device.0)).unwrap_or_default(),
            incarnation: b.chain.map(|chain| chain.incarnation.to_string()).unwrap_or_default(),
            seq: small(b.seq),
            why: b.why.key().to_owned(),
            detail: b.detail.clone(),
        })
        .collect();
    TrailCheck {
        ok: checked.ok(),
        entries: small(checked.entries),
        first: checked.first.clone(),
        last: checked.last.clone(),
        broken_at: breaks.first().map(|b| b.seq),
        breaks,
        restored: checked
            .restored
            .iter()
            .map(|r| TrailRestored {
                at: r.at.clone(),
                made_at: r.made_at.clone(),
                missing: small(r.missing),
            })
            .collect(),
        signatures: small(checked.heads),
        unsigned: small(checked.unsigned),
        clock_back: small(checked.clock_back),
        vouched: checked.vouched,
        workspace: checked.workspace.clone(),
        key: checked.key.map(|key| hex(&key)).unwrap_or_default(),
    }
}
