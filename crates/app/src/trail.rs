//! Writes the trail: whatever an operation writes, and whatever else is to be known of later, becomes a line of it in the
//! same transaction. What is signed, and when: `docs/format/audit.md`.

use crate::session::now;
use satchel_audit::{Act, ChainId, Facts, Head, NewEntry, Rule, Rules, SignedHead, TRASHED, Window, hash_of};
use satchel_domain::{Kind, date::rfc3339};
use satchel_protocol::{DeviceId, DeviceKeys, Hash, hex};
use satchel_storage::{
    Connection, StorageError, Transaction, Watcher,
    audit::{self, HeadRow},
    operations,
};
use satchel_vault::Mark;
use serde_json::{Map, Value, json};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// Lines after which a head is signed, whatever they say.
const SIGNED_EVERY: i64 = 64;
/// Milliseconds after which the next line is signed.
const SIGNED_WITHIN: i64 = 60_000;

/// The trail of this device, as far as this process writes it.
#[derive(Debug)]
pub(crate) struct Trail {
    device: DeviceId,
    state: Mutex<State>,
    /// Nothing is written, so that a bench can tell what it costs.
    paused: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    incarnation: u64,
    keys: Option<DeviceKeys>,
    rules: Rules,
    /// The last line that is committed; none: it has to be read.
    tip: Option<Tip>,
    /// The last line of the transaction that goes on.
    next: Option<Tip>,
    pending: Pending,
    /// Alerts wait to become records.
    due: bool,
    /// The minute that was looked at last, and its hour by the clock here.
    looked: (i64, u32),
}

#[derive(Clone, Copy, Debug)]
struct Tip {
    row: i64,
    incarnation: u64,
    seq: u64,
    hash: Hash,
    /// The last row that was signed, and when.
    signed: (i64, i64),
}

/// What the transaction that goes on has to tell.
#[derive(Debug, Default)]
struct Pending {
    operations: Vec<Touched>,
    acts: Vec<(Act, Facts)>,
    sign: bool,
}

type Counts = Vec<(Kind, u64)>;

/// What an operation has written.
#[derive(Debug)]
struct Touched {
    operation: i64,
    counts: Counts,
    /// So many of them are in the trash now.
    trashed: u64,
}

/// Facts by their names.
pub(crate) fn facts<const N: usize>(facts: [(&str, Value); N]) -> Facts {
    facts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Told of each transaction.
pub(crate) struct Watching(pub Arc<Trail>);

impl Watcher for Watching {
    fn begins(&self) {
        let mut state = self.0.state();
        state.pending = Pending::default();
        // Nobody has said what has become of it.
        if state.next.take().is_some() {
            state.tip = None;
        }
    }

    fn ends(&self, tx: &Transaction<'_>) -> Result<(), StorageError> {
        self.0.write(tx)
    }

    fn committed(&self) {
        let mut state = self.0.state();
        if let Some(next) = state.next.take() {
            state.tip = Some(next);
        }
    }
}

impl Trail {
    pub fn new(device: DeviceId) -> Self {
        Self { device, state: Mutex::default(), paused: AtomicBool::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this incarnation writes, and these keys sign.
    pub fn begin(&self, incarnation: u64, keys: Option<DeviceKeys>, rules: Rules) {
        let mut state = self.state();
        (state.incarnation, state.keys, state.rules, state.due) = (incarnation, keys, rules, true);
    }

    pub fn set_rules(&self, rules: Rules) {
        self.state().rules = rules;
    }

    pub fn rules(&self) -> Rules {
        self.state().rules.clone()
    }

    /// A record was written by an operation, in the transaction that goes on.
    pub fn touched(&self, operation: i64, kind: Kind, in_trash: bool) {
        let mut state = self.state();
        let operations = &mut state.pending.operations;
        let trashed = u64::from(in_trash);
        match operations.iter_mut().rev().find(|touched| touched.operation == operation) {
            Some(touched) => {
                add(&mut touched.counts, kind, 1);
                touched.trashed += trashed;
            }
            None => operations.push(Touched { operation, counts: vec![(kind, 1)], trashed }),
        }
    }

    /// All that was written in this transaction is what a colleague's device has done.
    pub fn received(&self, _tx: &Transaction<'_>, from: DeviceId, entries: u32) {
        let mut state = self.state();
        let mut counts = Counts::new();
        for touched in std::mem::take(&mut state.pending.operations) {
            touched.counts.into_iter().for_each(|(kind, count)| add(&mut counts, kind, count));
        }
        if entries > 0 {
            let (records, kinds) = counted(&counts);
            let facts = facts([
                ("from", json!(hex(&from.0))),
                ("entries", json!(entries)),
                ("records", json!(records)),
                ("kinds", kinds),
            ]);
            state.pending.acts.push((Act::Received, facts));
        }
    }

    /// Adds an act to the transaction that goes on.
    pub fn note(&self, _tx: &Transaction<'_>, act: Act, facts: Facts) {
        self.state().pending.acts.push((act, facts));
    }

    /// What the transaction that goes on writes is signed.
    pub fn sign(&self, _tx: &Transaction<'_>) {
        self.state().pending.sign = true;
    }

    /// Signs the last line now; nothing without a line or a key.
    pub fn head(&self, tx: &Transaction<'_>) -> Result<Option<SignedHead>, StorageError> {
        let mut state = self.state();
        let Some(tip) = state.last(tx)? else { return Ok(None) };
        self.sign_at(&mut state, tx, tip)
    }

    /// Whether alerts wait to become records; asked once.
    pub fn take_due(&self) -> bool {
        std::mem::take(&mut self.state().due)
    }

    pub fn still_due(&self) {
        self.state().due = true;
    }

    /// How far it is, to be remembered outside of the database.
    pub fn mark(&self) -> Option<Mark> {
        let tip = self.state().tip?;
        Some(Mark { incarnation: tip.incarnation, seq: tip.seq, hash: hex(&tip.hash.0) })
    }

    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    fn write(&self, tx: &Transaction<'_>) -> Result<(), StorageError> {
        if self.paused.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut state = self.state();
        let pending = std::mem::take(&mut state.pending);
        if pending.operations.is_empty() && pending.acts.is_empty() && !pending.sign {
            return Ok(());
        }
        for touched in &pending.operations {
            let (id, label) = operations::named(tx, touched.operation)?;
            let (records, kinds) = counted(&touched.counts);
            let act = Act::of_operation(&label, records);
            let mut facts = facts([
                ("operation", json!(id)),
                ("label", json!(label)),
                ("records", json!(records)),
                ("kinds", kinds),
            ]);
            if touched.trashed > 0 && !matches!(act, Act::Delete | Act::Merge) {
                facts.insert(TRASHED.to_owned(), json!(touched.trashed));
            }
            self.add(&mut state, tx, act, &facts)?;
        }
        for (act, facts) in &pending.acts {
            self.add(&mut state, tx, *act, facts)?;
        }
        let Some(tip) = state.last(tx)? else { return Ok(()) };
        let unsigned = tip.row - tip.signed.0;
        let late = now() - tip.signed.1 > SIGNED_WITHIN;
        if unsigned > 0 && (pending.sign || late || unsigned >= SIGNED_EVERY) {
            self.sign_at(&mut state, tx, tip)?;
        }
        Ok(())
    }

    fn add(
        &self,
        state: &mut State,
        tx: &Transaction<'_>,
        act: Act,
        facts: &Facts,
    ) -> Result<(), StorageError> {
        let at = now();
        let last = state.last(tx)?;
        if act != Act::Begin && last.is_none_or(|tip| tip.incarnation != state.incarnation) {
            self.line(state, tx, at, Act::Begin, &begins(last))?;
        }
        self.line(state, tx, at, act, facts)?;
        let hour = state.hour(at);
        let Some(judged) = state.rules.judge(act, facts, hour) else { return Ok(()) };
        let known = match judged.windowed {
            true => audit::window(tx, judged.rule.key())?.unwrap_or_default(),
            false => Default::default(),
        };
        let mut window = Window { since: known.0, count: known.1, told: known.2 };
        let told = window.add(&judged, at);
        if judged.windowed {
            audit::put_window(tx, judged.rule.key(), (window.since, window.count, window.told))?;
        }
        let subject = ["subject", "device"].iter().find_map(|key| facts.get(*key)?.as_str());
        match told {
            Some(count) => self.tell(state, tx, judged.rule, (count, judged.most), subject),
            None => Ok(()),
        }
    }

    /// An alert that no act of this device has led to.
    pub fn alert(
        &self,
        tx: &Transaction<'_>,
        rule: Rule,
        counts: (u64, u64),
        subject: &str,
    ) -> Result<(), StorageError> {
        self.tell(&mut self.state(), tx, rule, counts, Some(subject))
    }

    fn tell(
        &self,
        state: &mut State,
        tx: &Transaction<'_>,
        rule: Rule,
        (count, most): (u64, u64),
        subject: Option<&str>,
    ) -> Result<(), StorageError> {
        let at = now();
        let mut facts = facts([("rule", json!(rule.key())), ("count", json!(count)), ("most", json!(most))]);
        facts.extend(subject.map(|subject| ("subject".to_owned(), json!(subject))));
        self.line(state, tx, at, Act::Alert, &facts)?;
        let place = state.last(tx)?.map_or((0, 0), |tip| (tip.incarnation, tip.seq));
        facts.insert("at".to_owned(), json!(at));
        facts.insert("incarnation".to_owned(), json!(place.0.to_string()));
        facts.insert("entry".to_owned(), json!(place.1));
        state.due = true;
        audit::put_due(tx, &Value::Object(facts).to_string())
    }

    fn line(
        &self,
        state: &mut State,
        tx: &Transaction<'_>,
        at: i64,
        act: Act,
        facts: &Facts,
    ) -> Result<(), StorageError> {
        let last = state.last(tx)?;
        let seq = last.filter(|tip| tip.incarnation == state.incarnation).map_or(1, |tip| tip.seq + 1);
        let entry = NewEntry {
            chain: ChainId { device: self.device, incarnation: state.incarnation },
            seq,
            previous: last.map_or(Hash::NONE, |tip| tip.hash),
            at: &rfc3339(at),
            act,
            facts,
        };
        let line = entry.line();
        let row = audit::add(tx, (state.incarnation, seq), at, act.key(), &line)?;
        let signed = last.map_or((0, 0), |tip| tip.signed);
        state.next = Some(Tip { row, incarnation: state.incarnation, seq, hash: hash_of(&line), signed });
        Ok(())
    }

    fn sign_at(
        &self,
        state: &mut State,
        tx: &Transaction<'_>,
        tip: Tip,
    ) -> Result<Option<SignedHead>, StorageError> {
        let at = now();
        let chain = ChainId { device: self.device, incarnation: tip.incarnation };
        let head = Head { chain, seq: tip.seq, hash: tip.hash, at };
        let Some(signed) = state.keys.as_ref().map(|keys| head.sign(keys)) else { return Ok(None) };
        audit::put_head(tx, &HeadRow { row: tip.row, at, signature: signed.signature.0 })?;
        state.next = Some(Tip { signed: (tip.row, at), ..tip });
        Ok(Some(signed))
    }
}

impl State {
    /// Which hour it is here; a zone's rules are asked once a minute.
    fn hour(&mut self, at: i64) -> u32 {
        let minute = at / 60_000;
        if self.looked.0 != minute {
            let hour = jiff::ZonedDateTime::now().hour();
            self.looked = (minute, u32::try_from(hour).unwrap_or_default());
        }
        self.looked.1
    }

    /// The last line, as the transaction that goes on sees it.
    fn last(&mut self, db: &Connection) -> Result<Option<Tip>, StorageError> {
        if let Some(tip) = self.next.or(self.tip) {
            return Ok(Some(tip));
        }
        let Some(row) = audit::last(db)? else { return Ok(None) };
        let signed = audit::last_head(db)?.map_or((0, 0), |head| (head.row, head.at));
        let tip = Tip {
            row: row.row,
            incarnation: row.incarnation,
            seq: row.seq,
            hash: hash_of(&row.line),
            signed,
        };
        self.tip = Some(tip);
        Ok(Some(tip))
    }
}

/// What an incarnation says first: the one that it comes after, if there is one.
fn begins(last: Option<Tip>) -> Facts {
    let after = last.map(|tip| json!({"incarnation": tip.incarnation.to_string(), "seq": tip.seq}));
    after.map(|after| ("after".to_owned(), after)).into_iter().collect()
}

/// What the trail is told at an opening: what this computer remembers of it, and what was noted while no key was at hand.
pub(crate) fn since_last(
    db: &Connection,
    incarnation: u64,
    mark: Option<Mark>,
    notes: &[satchel_vault::notes::Note],
) -> Result<Vec<(Act, Facts)>, StorageError> {
    let mut acts = Vec::new();
    let last = audit::last(db)?;
    let there = match &mark {
        Some(mark) => audit::up_to(db, mark.incarnation, mark.seq)?,
        None => None,
    };
    let as_remembered = |mark: &Mark| {
        there.as_ref().is_some_and(|row| row.seq == mark.seq && hex(&hash_of(&row.line).0) == mark.hash)
    };
    let contradicted = mark.filter(|mark| !as_remembered(mark)).map(|mark| {
        let witnessed =
            json!({"incarnation": mark.incarnation.to_string(), "seq": mark.seq, "hash": mark.hash});
        facts([("witnessed", witnessed), ("found", json!(there.as_ref().map_or(0, |row| row.seq)))])
    });
    match (&last, contradicted) {
        (Some(last), lost) if last.incarnation != incarnation => {
            let mut facts: Map<String, Value> = lost.unwrap_or_default();
            let after = json!({"incarnation": last.incarnation.to_string(), "seq": last.seq});
            facts.insert("after".to_owned(), after);
            acts.push((Act::Begin, facts));
        }
        (None, Some(lost)) => acts.push((Act::Begin, lost)),
        (_, Some(lost)) => acts.push((Act::Contradiction, lost)),
        _ => {}
    }
    let damaged = notes.iter().filter(|n| n.what == "damaged");
    let tries: Vec<_> = notes.iter().filter(|n| n.what != "damaged").collect();
    if let (Some(first), Some(last)) = (tries.first(), tries.last()) {
        let by = |way: &str| tries.iter().filter(|n| n.what == way).count();
        acts.push((
            Act::FailedUnlocks,
            facts([
                ("count", json!(tries.len())),
                ("first", json!(rfc3339(first.at))),
                ("last", json!(rfc3339(last.at))),
                ("passphrase", json!(by("passphrase"))),
                ("recovery", json!(by("recovery"))),
            ]),
        ));
    }
    acts.extend(damaged.map(|n| (Act::Damaged, facts([("noticed", json!(rfc3339(n.at)))]))));
    Ok(acts)
}

fn add(counts: &mut Counts, kind: Kind, count: u64) {
    match counts.iter_mut().find(|(of, _)| *of == kind) {
        Some((_, known)) => *known += count,
        None => counts.push((kind, count)),
    }
}

fn counted(counts: &Counts) -> (u64, Value) {
    let kinds: Facts = counts.iter().map(|(kind, n)| (kind.key().to_owned(), json!(n))).collect();
    (counts.iter().map(|(_, n)| n).sum(), Value::Object(kinds))
}
