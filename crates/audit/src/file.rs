//! The exported file, and whether a trail is what was signed. The first key of a line says what it is.

use crate::{
    ChainId, Entry, Head, SignedHead, VERSION,
    entry::{Facts, hash_of},
    limits,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use satchel_protocol::{
    Card, DeviceId, DeviceKeys, Hash, Membership, Signature, SignedRecord, WorkspaceId, from_hex, hex,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    io::{self, BufRead},
};

const SEAL: &str = "satchel audit file 1";

/// Why a trail does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    CutStart,
    CutEnd,
    /// Lines are missing in between.
    Missing,
    Edited,
    Reordered,
    /// A line of another device.
    Spliced,
    ForgedSignature,
    /// Signed by a key that nobody vouches for.
    ForeignKey,
    /// It was further once.
    RolledBack,
    Malformed,
    NotText,
    TooLarge,
    Newer,
}

impl Why {
    pub const fn key(self) -> &'static str {
        match self {
            Why::CutStart => "cut_start",
            Why::CutEnd => "cut_end",
            Why::Missing => "missing",
            Why::Edited => "edited",
            Why::Reordered => "reordered",
            Why::Spliced => "spliced",
            Why::ForgedSignature => "forged_signature",
            Why::ForeignKey => "foreign_key",
            Why::RolledBack => "rolled_back",
            Why::Malformed => "malformed",
            Why::NotText => "not_text",
            Why::TooLarge => "too_large",
            Why::Newer => "newer",
        }
    }
}

/// A place where it does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    pub chain: Option<ChainId>,
    /// Of the entry; 0 before the first.
    pub seq: u64,
    pub why: Why,
    pub detail: String,
}

/// A vault was made of a backup: what its trail had come to since is in no trail but that of before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    pub at: String,
    /// When the backup was made.
    pub made_at: String,
    /// So many entries of before are known to others.
    pub missing: u64,
}

/// What a check has found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    pub entries: u64,
    /// The times of the first and the last entry.
    pub first: Option<String>,
    pub last: Option<String>,
    /// The first ones, in the order of the trail.
    pub breaks: Vec<Break>,
    /// Which says why entries are missing that others know of.
    pub restored: Vec<Restored>,
    pub heads: u64,
    /// Entries behind the last signature.
    pub unsigned: u64,
    /// How often the clock went back, by more than a minute.
    pub clock_back: u64,
    /// Whether the team's log says whose keys have signed.
    pub vouched: bool,
    /// The workspace, as the file says.
    pub workspace: String,
    /// The device that has written it, and the key that it is signed with.
    pub device: Option<DeviceId>,
    pub key: Option<[u8; 32]>,
}

impl Checked {
    pub fn ok(&self) -> bool {
        self.breaks.is_empty()
    }
}

/// The public key of a device.
#[derive(Clone, Debug)]
pub struct Key(Card);

impl Key {
    pub fn of(card: Card) -> Self {
        Self(card)
    }

    /// A key for signatures alone.
    fn new(device: DeviceId, sign: [u8; 32]) -> Self {
        Self(Card { id: device, sign, receive: [0; 32] })
    }
}

/// What stands around the entries in a file.
pub struct Frame<'a> {
    pub workspace: WorkspaceId,
    pub keys: &'a DeviceKeys,
    pub exported_at: &'a str,
    /// The team's log.
    pub control: &'a [SignedRecord],
    /// Heads of this device that others have seen.
    pub seen: &'a [SignedHead],
}

impl Frame<'_> {
    /// The lines before the entries.
    pub fn begin(&self) -> Vec<String> {
        let device = hex(&self.keys.id.0);
        let mut lines = vec![json_line(
            "satchel_audit",
            &json!(VERSION),
            &[
                ("workspace", json!(hex(&self.workspace.0))),
                ("device", json!(device)),
                ("exported_at", json!(self.exported_at)),
            ],
        )];
        lines.extend(
            self.control
                .iter()
                .map(|r| json_line("control", &json!(BASE64_STANDARD.encode(r.encode())), &[])),
        );
        if let (true, Ok(card)) = (self.control.is_empty(), self.keys.card()) {
            lines.push(json_line("key", &json!(hex(&card.sign)), &[("device", json!(device))]));
        }
        lines.extend(self.seen.iter().map(|head| head.line("seen")));
        lines
    }

    /// The last line: signs the hash of all bytes before it.
    pub fn end(&self, hash: Hash, lines: u64) -> String {
        let signature = self.keys.sign(SEAL, &hash.0);
        json_line(
            "end",
            &json!(hex(&hash.0)),
            &[("lines", json!(lines)), ("signature", json!(hex(&signature.0)))],
        )
    }
}

/// One object, this key first.
fn json_line(key: &str, value: &Value, others: &[(&str, Value)]) -> String {
    let mut out = format!("{{{}:{value}", json!(key));
    for (key, value) in others {
        out.push_str(&format!(",{}:{value}", json!(key)));
    }
    out.push('}');
    out
}

#[derive(Clone, Copy)]
struct Place {
    chain: ChainId,
    seq: u64,
    hash: Hash,
}

/// Goes along a trail, line by line.
#[derive(Default)]
pub struct Checker {
    found: Checked,
    keys: BTreeMap<DeviceId, Key>,
    /// What is to be at a place, and who says so.
    expected: HashMap<(ChainId, u64), (Hash, &'static str)>,
    /// The furthest place that is expected of each chain, who says so, and since when.
    furthest: BTreeMap<ChainId, (u64, &'static str, i64)>,
    reached: BTreeMap<ChainId, u64>,
    /// The chain that ended where each restored vault began.
    cut: Vec<Option<ChainId>>,
    /// The chain before this one.
    former: Option<ChainId>,
    now: Option<Place>,
    last_at: Option<i64>,
    /// Places that were passed over: should they come later, they were moved.
    skipped: Vec<(ChainId, std::ops::Range<u64>)>,
}

impl Checker {
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Self {
        let keys = keys.into_iter().map(|key| (key.0.id, key)).collect();
        Self { keys, ..Self::default() }
    }

    /// Goes on behind an entry up to which the trail is known to hold.
    pub fn behind(keys: impl IntoIterator<Item = Key>, last: &Head) -> Self {
        let mut checker = Self::new(keys);
        checker.now = Some(Place { chain: last.chain, seq: last.seq, hash: last.hash });
        checker.reached.insert(last.chain, last.seq);
        checker
    }

    /// A place that is known of elsewhere, such as from outside of the database.
    pub fn expect(&mut self, head: &Head, by: &'static str) {
        if self.expected.len() >= limits::SEEN {
            return;
        }
        self.expected.insert((head.chain, head.seq), (head.hash, by));
        let furthest = self.furthest.entry(head.chain).or_insert((head.seq, by, head.at));
        if head.seq > furthest.0 {
            *furthest = (head.seq, by, head.at);
        }
    }

    /// The same, if its own signature holds.
    pub fn expect_signed(&mut self, head: &SignedHead, by: &'static str) {
        match self.holds(head) {
            Ok(()) => self.expect(&head.head, by),
            Err(why) => self.broken(Some(head.head.chain), head.head.seq, why, "of what others have seen"),
        }
    }

    pub fn entry(&mut self, line: &str) {
        if line.len() > limits::ENTRY_BYTES {
            return self.broken_here(Why::TooLarge, "an entry is longer than any is");
        }
        let parsed = Entry::parse(line).and_then(|entry| {
            let chain = entry.chain()?;
            Some((entry, chain))
        });
        let Some((entry, chain)) = parsed else {
            return self.broken_here(Why::Malformed, "a line is no entry");
        };
        if entry.v > VERSION {
            return self.broken_here(Why::Newer, "an entry of a newer version; update Satchel");
        }
        let Some(previous) = entry.previous() else {
            return self.broken_here(Why::Malformed, "a line names no line before it");
        };
        self.follow(chain, entry.seq, previous);
        self.confessed(&entry, chain);
        self.restored(&entry, chain);
        let hash = hash_of(line);
        match self.expected.get(&(chain, entry.seq)) {
            Some((known, by)) if *known != hash => {
                let detail = format!("{by} knows another entry in this place");
                self.broken(Some(chain), entry.seq, Why::Edited, &detail);
            }
            _ => {}
        }
        self.now = Some(Place { chain, seq: entry.seq, hash });
        let reached = self.reached.entry(chain).or_default();
        *reached = entry.seq.max(*reached);
        self.found.entries += 1;
        self.found.unsigned += 1;
        self.tick(&entry.at);
        self.found.first.get_or_insert_with(|| entry.at.clone());
        self.found.last = Some(entry.at);
    }

    fn follow(&mut self, chain: ChainId, seq: u64, previous: Hash) {
        let moved = self.skipped.iter().any(|(of, places)| *of == chain && places.contains(&seq));
        if moved {
            return self.broken(Some(chain), seq, Why::Reordered, "it stands behind what came after it");
        }
        let Some(now) = self.now else {
            return match seq {
                1 => {}
                _ => self.broken(Some(chain), seq, Why::CutStart, "the entries before it are missing"),
            };
        };
        if chain.device != now.chain.device {
            return self.broken(Some(chain), seq, Why::Spliced, "an entry of another device");
        }
        let next = if chain == now.chain { now.seq.saturating_add(1) } else { 1 };
        if seq > next {
            // Of what comes behind the breaks that are told nothing is told, and nothing looked up.
            if self.found.breaks.len() < limits::BREAKS {
                self.skipped.push((chain, next..seq));
            }
            let detail = format!("{} entries before it are missing", seq - next);
            return self.broken(Some(chain), next, Why::Missing, &detail);
        }
        if seq < next {
            return self.broken(Some(chain), seq, Why::Reordered, "it stands behind what came after it");
        }
        match (previous == now.hash, chain == now.chain) {
            (true, _) => {}
            (false, true) => self.broken(
                Some(chain),
                now.seq,
                Why::Edited,
                "this entry is not the one that the next one follows",
            ),
            (false, false) => self.broken(
                Some(now.chain),
                now.seq.saturating_add(1),
                Why::CutEnd,
                "the incarnation that comes next follows another entry",
            ),
        }
    }

    /// What the trail itself says to be missing: this device has noticed that it was further once.
    fn confessed(&mut self, entry: &Entry, chain: ChainId) {
        let number = |of: &Facts, key: &str| of.get(key).and_then(Value::as_u64).unwrap_or_default();
        let part = |key: &str| entry.facts.get(key).and_then(Value::as_object);
        let Some(witnessed) = part("witnessed") else { return };
        let incarnation = text(witnessed, "incarnation").parse().unwrap_or(chain.incarnation);
        let of = ChainId { incarnation, ..chain };
        let (was, is) = (number(witnessed, "seq"), number(&entry.facts, "found"));
        match is < was {
            true => {
                let detail = format!("this device remembers {} entries more, up to {was}", was - is);
                self.broken(Some(of), is.saturating_add(1), Why::RolledBack, &detail);
            }
            false => self.broken(Some(of), was, Why::Edited, "this device remembers another entry here"),
        }
    }

    /// What a vault of a backup says first.
    fn restored(&mut self, entry: &Entry, chain: ChainId) {
        if let Some(now) = self.now.filter(|now| now.chain != chain) {
            self.former = Some(now.chain);
        }
        if !entry.is_restored() || self.found.restored.len() >= limits::BREAKS {
            return;
        }
        self.cut.push(self.former);
        self.found.restored.push(Restored {
            at: entry.at.clone(),
            made_at: text(&entry.facts, "made_at").to_owned(),
            missing: 0,
        });
    }

    /// The restored vault on whose account a chain is not as far as others know it to have been: the one that came next, or for
    /// a chain that is not in the trail at all, one that was made later. What this computer itself remembers of its vault no
    /// backup explains.
    fn explained(&mut self, chain: ChainId, at: i64) -> Option<&mut Restored> {
        let there = self.reached.contains_key(&chain);
        let places = self.cut.iter().zip(&mut self.found.restored);
        places
            .filter(|(cut, restored)| match there {
                true => **cut == Some(chain),
                false => at > 0 && seconds(&restored.at).is_some_and(|restored| restored >= at / 1000),
            })
            .map(|(_, restored)| restored)
            .next()
    }

    pub fn head(&mut self, signed: &SignedHead) {
        let head = &signed.head;
        if let Err(why) = self.holds(signed) {
            return self.broken(Some(head.chain), head.seq, why, "the signature of a head");
        }
        match self.now {
            Some(now) if now.chain == head.chain && now.seq == head.seq => {
                if now.hash != head.hash {
                    let detail = "it is not the entry that was signed";
                    self.broken(Some(head.chain), head.seq, Why::Edited, detail);
                }
                self.found.heads += 1;
                self.found.unsigned = 0;
                self.found.key = self.keys.get(&head.chain.device).map(|key| key.0.sign);
            }
            _ => {
                let reached = self.reached.get(&head.chain).copied().unwrap_or_default();
                let (why, detail) = match head.seq > reached {
                    true => (Why::CutEnd, "it was signed, and is missing"),
                    false => (Why::Reordered, "its signature stands elsewhere"),
                };
                self.broken(Some(head.chain), head.seq, why, detail);
            }
        }
    }

    /// What stands beside the last entry is not what it says.
    pub fn differs(&mut self, detail: &str) {
        let (chain, seq) = self.now.map_or((None, 0), |now| (Some(now.chain), now.seq));
        self.broken(chain, seq, Why::Edited, detail);
    }

    /// What is known of elsewhere must have come by now.
    pub fn finish(mut self) -> Checked {
        let behind: Vec<_> = self
            .furthest
            .iter()
            .map(|(chain, (seq, by, at))| {
                (*chain, self.reached.get(chain).copied().unwrap_or(0), *seq, *by, *at)
            })
            .filter(|(_, reached, seq, ..)| reached < seq)
            .collect();
        for (chain, reached, seq, by, at) in behind {
            if let Some(restored) = self.explained(chain, at) {
                restored.missing = restored.missing.saturating_add(seq - reached);
                continue;
            }
            let detail = format!("{by} knows {} entries more, up to {seq}", seq - reached);
            self.broken(Some(chain), reached.saturating_add(1), Why::RolledBack, &detail);
        }
        self.found
    }

    fn holds(&self, head: &SignedHead) -> Result<(), Why> {
        let key = self.keys.get(&head.head.chain.device).ok_or(Why::ForeignKey)?;
        if head.verify(&key.0) { Ok(()) } else { Err(Why::ForgedSignature) }
    }

    fn tick(&mut self, at: &str) {
        let Some(at) = milliseconds(at) else { return };
        if self.last_at.is_some_and(|last| at < last - 60_000) {
            self.found.clock_back += 1;
        }
        self.last_at = Some(at);
    }

    fn broken_here(&mut self, why: Why, detail: &str) {
        let (chain, seq) = self.now.map_or((None, 0), |now| (Some(now.chain), now.seq.saturating_add(1)));
        self.broken(chain, seq, why, detail);
    }

    fn broken(&mut self, chain: Option<ChainId>, seq: u64, why: Why, detail: &str) {
        if self.found.breaks.len() < limits::BREAKS {
            self.found.breaks.push(Break { chain, seq, why, detail: detail.to_owned() });
        }
    }
}

/// Of `2026-11-27T10:33:03.123Z`: the days since an epoch of its own in milliseconds, enough to compare.
fn milliseconds(at: &str) -> Option<i64> {
    let part = |from: usize, to: usize| at.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let (year, month) = if month > 2 { (year, month) } else { (year - 1, month + 12) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// Seconds since 1970.
fn seconds(at: &str) -> Option<i64> {
    Some((milliseconds(at)? - milliseconds("1970-01-01T00:00:00Z")?) / 1000)
}

/// What the lines of a trail begin with.
const KINDS: [&str; 7] = ["satchel_audit", "v", "head", "control", "key", "seen", "end"];

/// Whether what a file begins with looks like a trail, be it damaged.
pub fn is_trail(begin: &[u8]) -> bool {
    let text = String::from_utf8_lossy(begin);
    text.lines().any(|line| {
        let first = line.strip_prefix("{\"").and_then(|rest| rest.split_once("\":"));
        first.is_some_and(|(first, _)| KINDS.contains(&first))
    })
}

/// Checks a file without any vault.
pub fn check_file(input: impl BufRead) -> io::Result<Checked> {
    FileCheck::default().all(input)
}

#[derive(Default)]
struct FileCheck {
    checker: Checker,
    members: Option<Membership>,
    controls: usize,
    read_keys: bool,
    hasher: blake3::Hasher,
    lines: u64,
    begun: bool,
    ended: bool,
}

impl FileCheck {
    fn all(mut self, mut input: impl BufRead) -> io::Result<Checked> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = limits::LINE_BYTES as u64 + 1;
            let read = io::Read::take(&mut input, limit).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            if read > limits::LINE_BYTES || self.lines >= limits::LINES {
                self.checker.broken_here(Why::TooLarge, "it is larger than any trail is");
                return Ok(self.checker.found);
            }
            if !self.line(&line) {
                return Ok(self.checker.found);
            }
        }
        if !self.ended && self.begun {
            self.checker.broken_here(Why::CutEnd, "the end of the file is missing");
        }
        if !self.begun && self.checker.found.ok() {
            self.checker.broken_here(Why::Malformed, "this is no exported trail");
        }
        let vouched = self.members.is_some();
        let mut found = self.checker.finish();
        found.vouched = vouched;
        Ok(found)
    }

    /// False where reading on makes no sense.
    fn line(&mut self, bytes: &[u8]) -> bool {
        let (text, whole) = match bytes.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (bytes, false),
        };
        let Ok(text) = std::str::from_utf8(text) else {
            self.checker.broken_here(Why::NotText, "a line is no UTF-8");
            return false;
        };
        if self.ended {
            self.checker.broken_here(Why::Malformed, "something stands behind the end");
            return false;
        }
        let first = text.strip_prefix("{\"").and_then(|rest| rest.split('"').next()).unwrap_or_default();
        if !self.begun && first != "satchel_audit" {
            self.checker.broken_here(
                match first {
                    "v" | "head" | "control" | "key" | "seen" | "end" => Why::CutStart,
                    _ => Why::Malformed,
                },
                "the first line of an exported trail is not there",
            );
            if first.is_empty() {
                return false;
            }
            self.begun = true;
        }
        // Once, behind the last record.
        if first != "control" && std::mem::take(&mut self.read_keys) {
            let members = self.members.iter().flat_map(|m| m.devices.values());
            self.checker.keys = members.map(|m| (m.card.id, Key::of(m.card.clone()))).collect();
        }
        if first == "v" {
            self.checker.entry(text);
            self.of_one_device();
        } else {
            let Ok(Value::Object(object)) = serde_json::from_str(text) else {
                let why = if whole { Why::Malformed } else { Why::CutEnd };
                self.checker.broken_here(why, "a line is cut off or no JSON");
                return whole && self.count(bytes);
            };
            if !self.known(first, object) {
                return false;
            }
        }
        self.count(bytes)
    }

    fn count(&mut self, bytes: &[u8]) -> bool {
        if !self.ended {
            self.hasher.update(bytes);
            self.lines += 1;
        }
        true
    }

    /// The entries must be those of the device that the file is about.
    fn of_one_device(&mut self) {
        let found = &self.checker.found;
        let (Some(device), Some(now), true) = (found.device, self.checker.now, found.entries == 1) else {
            return;
        };
        if now.chain.device != device {
            self.checker.broken(Some(now.chain), now.seq, Why::Spliced, "an entry of another device");
        }
    }

    fn known(&mut self, first: &str, mut object: Facts) -> bool {
        match first {
            "satchel_audit" => self.begin(&object),
            "control" => self.control(&object),
            "key" => self.key(&object),
            "head" | "seen" => {
                match (object.remove(first).and_then(SignedHead::of), first) {
                    (Some(head), "head") => self.checker.head(&head),
                    (Some(head), _) => self.checker.expect_signed(&head, "a colleague"),
                    (None, _) => self.checker.broken_here(Why::Malformed, "a head is none"),
                }
                true
            }
            "end" => {
                self.end(&object);
                true
            }
            _ => {
                self.checker.broken_here(Why::Malformed, "a line of a kind that there is not");
                true
            }
        }
    }

    fn begin(&mut self, object: &Facts) -> bool {
        if self.begun {
            self.checker.broken_here(Why::Malformed, "the first line comes twice");
            return true;
        }
        self.begun = true;
        let version = object.get("satchel_audit").and_then(Value::as_u64);
        if version != Some(u64::from(VERSION)) {
            let why =
                if version.is_some_and(|v| v > u64::from(VERSION)) { Why::Newer } else { Why::Malformed };
            self.checker.broken_here(why, "a file of another version; update Satchel");
            return false;
        }
        let found = &mut self.checker.found;
        found.workspace = text(object, "workspace").to_owned();
        found.device = from_hex(text(object, "device")).map(DeviceId);
        true
    }

    fn control(&mut self, object: &Facts) -> bool {
        self.controls += 1;
        if self.controls > limits::CONTROL_RECORDS {
            self.checker.broken_here(Why::TooLarge, "the team's log is longer than any is");
            return false;
        }
        let record = BASE64_STANDARD.decode(text(object, "control")).ok();
        let record = record.and_then(|bytes| SignedRecord::decode(&bytes).ok());
        let followed = record.is_some_and(|record| match &mut self.members {
            Some(members) => members.apply(&record).is_ok(),
            None => {
                self.members = Membership::begin(&record).ok();
                self.members.is_some()
            }
        });
        if !followed {
            self.checker.broken_here(Why::ForeignKey, "the team's log in the file does not hold");
        }
        self.read_keys = true;
        followed
    }

    /// A vault without a team vouches for itself.
    fn key(&mut self, object: &Facts) -> bool {
        let device = from_hex(text(object, "device")).map(DeviceId);
        match (device.zip(from_hex(text(object, "key"))), &self.members) {
            (Some((device, key)), None) => {
                self.checker.keys.insert(device, Key::new(device, key));
            }
            _ => self.checker.broken_here(Why::ForeignKey, "a key that the team's log does not vouch for"),
        }
        true
    }

    fn end(&mut self, object: &Facts) {
        self.ended = true;
        let hash = Hash(*self.hasher.finalize().as_bytes());
        let key = self.checker.found.device.and_then(|device| self.checker.keys.get(&device));
        self.checker.found.key = self.checker.found.key.or(key.map(|key| key.0.sign));
        let signature = from_hex(text(object, "signature")).map(Signature);
        let said = from_hex(text(object, "end")).map(Hash);
        let broken = match (key, signature, said) {
            (None, ..) => Some((Why::ForeignKey, "nobody vouches for the key of the end")),
            (Some(key), Some(signature), Some(said)) => {
                if key.0.verify(SEAL, &said.0, &signature).is_err() {
                    Some((Why::ForgedSignature, "the signature of the end"))
                } else if object.get("lines").and_then(Value::as_u64).is_none_or(|n| n > self.lines) {
                    Some((Why::Missing, "there were more lines when it was signed"))
                } else if said != hash {
                    Some((Why::Edited, "the file is not the one that was signed"))
                } else {
                    None
                }
            }
            _ => Some((Why::Malformed, "the end of the file is none")),
        };
        // Where the trail itself says where, that is said first.
        if let Some((why, detail)) = broken.filter(|_| self.checker.found.ok()) {
            self.checker.broken_here(why, detail);
        }
    }
}

fn text<'a>(object: &'a Facts, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}
