//! Each way to tamper with a trail has its name.

use super::*;
use satchel_protocol::{Action, DeviceId, DeviceKeys, Hash, PersonId, Sealed, SignedRecord, WorkspaceId};
use serde_json::json;

const AT: &str = "2026-11-27T10:00:00Z";

fn keys(number: u8) -> DeviceKeys {
    DeviceKeys::generate(DeviceId([number; 16])).expect("random")
}

/// A device that writes a trail: a head behind every third entry.
struct Writer<'a> {
    keys: &'a DeviceKeys,
    chain: ChainId,
    seq: u64,
    last: Hash,
    lines: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(keys: &'a DeviceKeys) -> Self {
        let chain = ChainId { device: keys.id, incarnation: 7 };
        let mut writer = Self { keys, chain, seq: 0, last: Hash::NONE, lines: Vec::new() };
        writer.add(Act::Begin, json!({}));
        writer
    }

    fn add(&mut self, act: Act, facts: serde_json::Value) {
        self.seq += 1;
        let facts = facts.as_object().cloned().unwrap_or_default();
        let entry =
            NewEntry { chain: self.chain, seq: self.seq, previous: self.last, at: AT, act, facts: &facts };
        self.lines.push(entry.line());
        self.last = hash_of(&entry.line());
        if self.seq.is_multiple_of(3) {
            self.lines.push(self.head().line("head"));
        }
    }

    fn head(&self) -> SignedHead {
        Head { chain: self.chain, seq: self.seq, hash: self.last, at: 1 }.sign(self.keys)
    }

    fn changes(keys: &'a DeviceKeys, count: u64) -> Self {
        let mut writer = Self::new(keys);
        (1..count).for_each(|n| writer.add(Act::Change, json!({"records": n})));
        writer
    }
}

fn control(keys: &DeviceKeys) -> SignedRecord {
    let card = keys.card().expect("sound");
    let create = Action::Create {
        person: PersonId([1; 16]),
        names: Vec::new(),
        sealed: card.seal(b"x", &[0; 32]).expect("sealed"),
        recovery: card.receive,
        for_recovery: Sealed::seal_for(&card.receive, b"x", &[0; 32]).expect("sealed"),
        device: card,
    };
    SignedRecord::first(keys, WorkspaceId([9; 16]), create)
}

/// The lines of a file as the app writes it.
fn file(keys: &DeviceKeys, entries: &[String], control: &[SignedRecord], seen: &[SignedHead]) -> Vec<String> {
    let frame = Frame { workspace: WorkspaceId([9; 16]), keys, exported_at: AT, control, seen };
    sealed(&frame, [frame.begin(), entries.to_vec()].concat())
}

/// With an end that fits.
fn sealed(frame: &Frame<'_>, mut lines: Vec<String>) -> Vec<String> {
    let hash = blake3::hash((lines.join("\n") + "\n").as_bytes());
    lines.push(frame.end(Hash(*hash.as_bytes()), lines.len() as u64));
    lines
}

fn check(lines: &[String]) -> Checked {
    check_file((lines.join("\n") + "\n").as_bytes()).expect("read")
}

/// Why it is broken first, and where.
fn broken(lines: &[String]) -> Option<(Why, u64)> {
    check(lines).breaks.first().map(|b| (b.why, b.seq))
}

fn entry(lines: &[String], seq: u64) -> usize {
    let is = |line: &String| line.starts_with("{\"v\"") && line.contains(&format!("\"seq\":{seq},"));
    lines.iter().position(is).expect("there")
}

#[test]
fn a_whole_trail_holds_and_says_what_it_is() {
    let keys = keys(1);
    let writer = Writer::changes(&keys, 9);
    let plain = check(&file(&keys, &writer.lines, &[], &[]));
    assert!(plain.ok() && !plain.vouched, "{:?}", plain.breaks);
    assert_eq!((plain.entries, plain.heads, plain.unsigned), (9, 3, 0));
    let team = check(&file(&keys, &writer.lines, &[control(&keys)], &[writer.head()]));
    assert!(team.ok() && team.vouched, "{:?}", team.breaks);
    assert_eq!(team.key, Some(keys.card().expect("sound").sign));
}

#[test]
fn an_edited_entry_is_found_even_by_who_writes_a_new_end() {
    let keys = keys(1);
    let writer = Writer::changes(&keys, 9);
    for seq in 2..=9 {
        let mut lines = file(&keys, &writer.lines, &[], &[]);
        let at = entry(&lines, seq);
        lines[at] = lines[at].replace("\"records\"", "\"r3cords\"");
        let (why, place) = broken(&lines).expect("broken");
        assert_eq!((why, place), (Why::Edited, seq), "in the file of an export");
        let mut entries = writer.lines.clone();
        let at = entry(&entries, seq);
        entries[at] = entries[at].replace("\"records\"", "\"r3cords\"");
        assert_eq!(broken(&file(&keys, &entries, &[], &[])), Some((Why::Edited, seq)), "with a new end");
    }
}

#[test]
fn what_is_cut_is_missed() {
    let keys = keys(1);
    let lines = file(&keys, &Writer::changes(&keys, 9).lines, &[], &[]);
    let without = |gone: &[u64]| -> Vec<String> {
        let gone: Vec<usize> = gone.iter().map(|seq| entry(&lines, *seq)).collect();
        (0..).zip(&lines).filter(|(at, _)| !gone.contains(at)).map(|(_, line)| line.clone()).collect()
    };
    assert_eq!(broken(&without(&[1])), Some((Why::CutStart, 2)));
    assert_eq!(broken(&without(&[5])), Some((Why::Missing, 5)));
    assert_eq!(broken(&without(&[9])), Some((Why::CutEnd, 9)), "its signature is still there");
    assert_eq!(broken(&lines[..lines.len() - 1]), Some((Why::CutEnd, 10)), "the end of the file");
    assert_eq!(broken(&lines[..lines.len() - 4]), Some((Why::CutEnd, 8)));
    assert_eq!(broken(&lines[1..]), Some((Why::CutStart, 0)), "the first line");
    let text = lines.join("\n");
    let cut = check_file(&text.as_bytes()[..text.len() - 20]).expect("read");
    assert_eq!(cut.breaks[0].why, Why::CutEnd, "in the middle of a line");
}

#[test]
fn what_is_moved_is_called_so() {
    let keys = keys(1);
    let mut lines = file(&keys, &Writer::changes(&keys, 9).lines, &[], &[]);
    let (a, b) = (entry(&lines, 4), entry(&lines, 5));
    lines.swap(a, b);
    let whys: Vec<Why> = check(&lines).breaks.iter().map(|b| b.why).collect();
    assert!(whys.contains(&Why::Reordered), "{whys:?}");
    let head = lines.iter().position(|l| l.starts_with("{\"head\"")).expect("one");
    let mut lines = file(&keys, &Writer::changes(&keys, 9).lines, &[], &[]);
    let moved = lines.remove(head);
    lines.insert(head + 2, moved);
    assert_eq!(broken(&lines), Some((Why::Reordered, 3)), "a signature elsewhere");
}

#[test]
fn lines_of_two_devices_are_not_one_trail() {
    let (ours, theirs) = (keys(1), keys(2));
    let (mine, other) = (Writer::changes(&ours, 6), Writer::changes(&theirs, 6));
    let mut spliced = mine.lines.clone();
    spliced.insert(4, other.lines[4].clone());
    assert_eq!(broken(&file(&ours, &spliced, &[], &[])).map(|b| b.0), Some(Why::Spliced));
    let whole = file(&ours, &other.lines, &[], &[]);
    assert_eq!(broken(&whole).map(|b| b.0), Some(Why::Spliced), "a trail under another device's name");
}

#[test]
fn a_signature_counts_by_the_key_that_is_vouched_for() {
    let (ours, foreign) = (keys(1), keys(1));
    let writer = Writer::changes(&foreign, 6);
    let forged = file(&foreign, &writer.lines, &[control(&ours)], &[]);
    assert_eq!(broken(&forged).map(|b| b.0), Some(Why::ForgedSignature), "who has not the device's key");
    let stranger = keys(3);
    let lines = file(&stranger, &Writer::changes(&stranger, 6).lines, &[control(&ours)], &[]);
    assert_eq!(broken(&lines).map(|b| b.0), Some(Why::ForeignKey), "a device that the team does not know");
    let mut lines = file(&ours, &Writer::changes(&ours, 6).lines, &[], &[]);
    let head = lines.iter().position(|l| l.starts_with("{\"head\"")).expect("one");
    let at = lines[head].find("\"signature\":\"").expect("there") + 13;
    let other = if lines[head].as_bytes()[at] == b'0' { "1" } else { "0" };
    lines[head].replace_range(at..=at, other);
    assert_eq!(broken(&lines), Some((Why::ForgedSignature, 3)));
}

#[test]
fn a_trail_that_was_rolled_back_is_told_by_who_remembers() {
    let keys = keys(1);
    let (long, short) = (Writer::changes(&keys, 9), Writer::changes(&keys, 6));
    let lines = file(&keys, &short.lines, &[], &[long.head()]);
    assert_eq!(broken(&lines), Some((Why::RolledBack, 7)), "a colleague has seen more");
    let mut other = Writer::changes(&keys, 8);
    other.add(Act::Export, json!({}));
    let lines = file(&keys, &other.lines, &[], &[long.head()]);
    assert_eq!(broken(&lines), Some((Why::Edited, 9)), "a colleague has seen another");
    // The device itself says that it was further once.
    let mut told = Writer::changes(&keys, 6);
    told.chain.incarnation = 8;
    told.seq = 0;
    told.add(Act::Begin, json!({"after": {}, "witnessed": {"incarnation": "7", "seq": 9}, "found": 6}));
    (0..2).for_each(|_| told.add(Act::Change, json!({})));
    let checked = check(&file(&keys, &told.lines, &[], &[]));
    let first = checked.breaks.first().expect("broken");
    assert_eq!((first.why, first.seq, first.chain.map(|c| c.incarnation)), (Why::RolledBack, 7, Some(7)));
    assert_eq!(checked.breaks.len(), 1, "and nothing else: {:?}", checked.breaks);
}

#[test]
fn what_is_no_trail_is_refused_by_name() {
    let why = |bytes: &[u8]| check_file(bytes).expect("read").breaks.first().map(|b| b.why);
    assert_eq!(why(b""), Some(Why::Malformed));
    assert_eq!(why(b"\n"), Some(Why::Malformed));
    assert_eq!(why(b"PK\x03\x04"), Some(Why::Malformed));
    assert_eq!(why(b"\xff\xfe\n"), Some(Why::NotText));
    assert_eq!(why(b"{\"satchel_audit\":2}\n"), Some(Why::Newer));
    assert_eq!(why(b"{\"satchel_audit\":1}\n"), Some(Why::CutEnd));
    assert_eq!(why(&vec![b'a'; limits::LINE_BYTES + 2]), Some(Why::TooLarge));
    let long =
        format!("{{\"satchel_audit\":1}}\n{{\"v\":1,\"x\":\"{}\"}}\n", "a".repeat(limits::ENTRY_BYTES));
    assert_eq!(why(long.as_bytes()), Some(Why::TooLarge));
    let last = Writer::new(&keys(1)).lines[0].replace("\"seq\":1,", &format!("\"seq\":{},", u64::MAX));
    let end = format!("{{\"satchel_audit\":1}}\n{last}\n{last}\n");
    assert_eq!(why(end.as_bytes()), Some(Why::CutStart), "and no number runs over");
    let deep = format!("{{\"satchel_audit\":1}}\n{{\"v\":{}", "[".repeat(60_000));
    assert_eq!(why(deep.as_bytes()), Some(Why::Malformed));
}

/// Goes on as another incarnation, which says first how it was opened.
fn again(writer: &mut Writer<'_>, incarnation: u64, way: &str) {
    (writer.chain.incarnation, writer.seq) = (incarnation, 0);
    writer.add(Act::Begin, json!({"after": {}}));
    writer.add(Act::Alert, json!({"rule": "unknown_device"}));
    writer.add(Act::Unlock, json!({"way": way, "made_at": AT}));
}

#[test]
fn a_backup_that_was_restored_explains_what_others_know_of_before_and_nothing_else() {
    let keys = keys(1);
    let check = |way: &str, known: &[(u64, u64, i64)]| {
        let mut writer = Writer::changes(&keys, 4);
        again(&mut writer, 8, way);
        let mut checker = Checker::new([Key::of(keys.card().expect("sound"))]);
        for (incarnation, seq, at) in known {
            let chain = ChainId { incarnation: *incarnation, ..writer.chain };
            let head = Head { chain, seq: *seq, hash: Hash([9; 32]), at: *at };
            checker.expect_signed(&head.sign(&keys), "a colleague");
        }
        writer.lines.iter().filter(|line| line.contains("previous")).for_each(|line| checker.entry(line));
        checker.finish()
    };
    let then = 1_795_737_600_000;
    let found = check(RESTORED, &[(7, 9, then)]);
    assert!(found.ok(), "{found:?}");
    assert_eq!(found.restored, [Restored { at: AT.into(), made_at: AT.into(), missing: 5 }]);
    assert!(check("passphrase", &[]).restored.is_empty());
    let rolled_back = |found: Checked| found.breaks.iter().any(|b| b.why == Why::RolledBack);
    assert!(rolled_back(check("passphrase", &[(7, 9, then)])), "a copy is no restored backup");
    assert!(rolled_back(check(RESTORED, &[(8, 9, then)])), "what was written since");
    // An incarnation between, of which the backup knows nothing: a vault of an earlier restore.
    assert_eq!(check(RESTORED, &[(6, 9, then)]).restored[0].missing, 9);
    assert!(rolled_back(check(RESTORED, &[(6, 9, then + 86_400_000)])), "it wrote after the restore");
    assert!(rolled_back(check(RESTORED, &[(6, 9, 0)])), "this computer knows it as its own");
}

#[test]
fn the_format_never_changes() {
    let facts = json!({"records": 2, "kinds": {"person": 2}}).as_object().cloned().expect("one");
    let chain = ChainId { device: DeviceId([0xab; 16]), incarnation: 12 };
    let entry = NewEntry { chain, seq: 3, previous: Hash([1; 32]), at: AT, act: Act::Delete, facts: &facts };
    let line = entry.line();
    let (device, previous) = ("ab".repeat(16), "01".repeat(32));
    assert_eq!(
        line,
        format!(
            r#"{{"v":1,"device":"{device}","incarnation":"12","seq":3,"previous":"{previous}","at":"{AT}","act":"delete","facts":{{"kinds":{{"person":2}},"records":2}}}}"#
        )
    );
    let read = Entry::parse(&line).expect("an entry");
    assert_eq!((read.chain(), read.seq, read.previous()), (Some(chain), 3, Some(Hash([1; 32]))));
    for act in Act::ALL {
        assert_eq!(Act::from_key(act.key()), Some(*act));
    }
}

fn judge(rules: &Rules, act: Act, facts: serde_json::Value, hour: u32) -> Option<(Rule, u64)> {
    rules.judge(act, facts.as_object().expect("facts"), hour).map(|j| (j.rule, j.count))
}

#[test]
fn each_rule_meets_its_act_and_can_be_turned_off() {
    let rules = Rules::default();
    let day = |act, facts| judge(&rules, act, facts, 12);
    assert_eq!(day(Act::Export, json!({"rows": 9})), Some((Rule::BulkExport, 9)));
    assert_eq!(day(Act::Delete, json!({"records": 2})), Some((Rule::Deletions, 2)));
    assert_eq!(day(Act::Change, json!({"records": 2})), None, "by day");
    assert_eq!(judge(&rules, Act::Change, json!({"records": 2}), 23), Some((Rule::NightEdits, 2)));
    assert_eq!(judge(&rules, Act::Bulk, json!({"records": 2}), 5), Some((Rule::NightEdits, 2)));
    assert_eq!(judge(&rules, Act::Bulk, json!({"records": 2}), 6), None, "the night is over");
    assert_eq!(judge(&rules, Act::Import, json!({"records": 2}), 23), Some((Rule::NightEdits, 2)));
    assert_eq!(judge(&rules, Act::Import, json!({"records": 2, "label": "seed"}), 23), None);
    assert_eq!(day(Act::FailedUnlocks, json!({"count": 6})), Some((Rule::FailedUnlocks, 6)));
    assert_eq!(day(Act::Begin, json!({})), None, "a new vault");
    assert_eq!(day(Act::Begin, json!({"after": {}})), Some((Rule::UnknownDevice, 1)));
    assert_eq!(day(Act::Membership, json!({"change": "added", "watched": false})), None);
    assert_eq!(
        day(Act::Membership, json!({"change": "added", "watched": true})),
        Some((Rule::UnknownDevice, 1))
    );
    assert_eq!(day(Act::Contradiction, json!({})), Some((Rule::Trail, 1)));
    let mut off = Rules::default();
    for key in ["bulk_export", "deletions", "night_edits", "failed_unlocks", "unknown_device"] {
        off.set(&format!("{key}=0")).expect("a threshold");
    }
    assert_eq!(judge(&off, Act::Export, json!({"rows": 9}), 12), None);
    assert_eq!(judge(&off, Act::Contradiction, json!({}), 12), Some((Rule::Trail, 1)), "never");
    assert_eq!(Rules::read(r#"{"deletions":7}"#), Rules { deletions: 7, ..Rules::default() });
    assert_eq!(Rules::read("rubbish"), Rules::default());
    assert!(off.set("night_from=24").is_err() && off.set("x=1").is_err() && off.set("silent=few").is_err());
}

#[test]
fn what_adds_up_within_an_hour_is_told_once() {
    let judged = |count| Judged { rule: Rule::Deletions, count, most: 100, windowed: true };
    let mut window = Window::default();
    let hour = 3_600_000;
    assert_eq!(window.add(&judged(60), hour), None);
    assert_eq!(window.add(&judged(39), hour + 10), None);
    assert_eq!(window.add(&judged(1), hour + 20), Some(100));
    assert_eq!(window.add(&judged(500), hour + 30), None, "once an hour");
    assert_eq!(window.add(&judged(99), 3 * hour), None, "another hour");
    assert_eq!(window.add(&judged(1), hour), None, "the clock went back: it begins anew");
    assert_eq!(window.add(&judged(u64::MAX), hour + 1), Some(u64::MAX));
    let export = Judged { rule: Rule::BulkExport, count: 7, most: 7, windowed: false };
    assert_eq!((window.add(&export, 1), window.add(&export, 2)), (Some(7), Some(7)), "each by itself");
}
