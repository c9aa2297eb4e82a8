#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

fn stamp(device: u8, at: i64) -> Stamp {
    Stamp { actor: Actor::derive(&[device; 16], 1), at, operation: format!("op-{at}") }
}

fn text(s: &str) -> Scalar {
    Scalar::Str(s.into())
}

fn made(stamp: &Stamp, registers: &Registers) -> Document {
    Document::load(&create(Kind::Person, stamp, registers).bytes).expect("loads")
}

fn person(device: u8, pairs: &[(&str, &str)]) -> Document {
    let registers = pairs.iter().map(|(k, v)| ((*k).to_owned(), text(v))).collect();
    made(&stamp(device, 1000), &registers)
}

fn set(document: &mut Document, device: u8, at: i64, path: &str, value: &str) {
    document.edit(&stamp(device, at), &vec![(path.into(), Some(text(value)))]).expect("valid");
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    let mut ana = person(1, &[("first_name", "Ana"), ("emails/aa/value", "ana@x.example")]);
    let bytes = ana.save_verified().expect("reads back");
    let again = Document::load(&bytes).expect("loads");
    assert_eq!(again.kind().expect("known"), Kind::Person);
    assert_eq!(again.registers().get("first_name"), Some(&text("Ana")));
    assert_eq!(ana.times(), (1000, 1000));
}

/// Trap 1: the same actor and number with different content wedges a document for ever.
#[test]
fn a_new_incarnation_is_a_new_actor() {
    let device = [7; 16];
    assert_ne!(Actor::derive(&device, 1), Actor::derive(&device, 2));
    assert_eq!(Actor::derive(&device, 1), Actor::derive(&device, 1));
    // What happens without it: the restored copy writes other content under the same number.
    let mut original = person(1, &[("first_name", "Ana")]);
    let mut restored = Document::load(&original.save()).expect("loads");
    set(&mut original, 1, 2000, "title", "CEO");
    set(&mut restored, 1, 2000, "title", "CTO");
    assert!(original.merge(&mut restored).is_err(), "automerge refuses a second history of one actor");
    // And with it.
    let mut restored = person(1, &[("first_name", "Ana")]);
    let reborn = Stamp { actor: Actor::derive(&[1; 16], 2), ..stamp(1, 2000) };
    restored.edit(&reborn, &vec![("title".into(), Some(text("CTO")))]).expect("valid");
    original.merge(&mut restored).expect("merges");
}

/// Trap 2: `load` starts a random actor; ours must be set at once.
#[test]
fn a_loaded_document_writes_as_its_device() {
    let mut ana = Document::load(&person(1, &[("first_name", "Ana")]).save()).expect("loads");
    set(&mut ana, 2, 2000, "title", "CEO");
    let actors: Vec<Vec<u8>> = ana.versions().into_iter().map(|v| v.actor).collect();
    assert_eq!(actors, [stamp(1, 0).actor.as_bytes().to_vec(), stamp(2, 0).actor.as_bytes().to_vec()]);
}

/// Trap 2: `load_incremental` answers `Ok` while it drops what follows a damaged chunk.
#[test]
fn a_damaged_chunk_is_refused_and_changes_nothing() {
    let mut laptop = person(1, &[("first_name", "Ana")]);
    let mut phone = Document::load(&laptop.save()).expect("loads");
    set(&mut laptop, 1, 2000, "title", "CEO");
    let chunk = laptop.doc.save_after(&phone.doc.get_heads());
    let heads = laptop.heads();
    let before = phone.heads();
    for cut in [0, 1, chunk.len() / 2, chunk.len() - 1] {
        assert!(phone.append(&chunk[..cut], &heads).is_err(), "a chunk cut at {cut} must be refused");
        assert_eq!(phone.heads(), before);
    }
    for at in 0..chunk.len() {
        let mut bad = chunk.clone();
        bad[at] ^= 0x40;
        assert!(phone.append(&bad, &heads).is_err(), "a chunk with byte {at} changed must be refused");
    }
    phone.append(&chunk, &heads).expect("the whole chunk is taken");
    assert_eq!(phone.registers(), laptop.registers());
}

/// Trap 3: two devices that create the same record must not hide each other's content.
#[test]
fn two_devices_that_create_the_same_record_keep_both_contents() {
    let mut notes = Registers::new();
    notes.insert("notes".into(), Scalar::Text("from the laptop".into()));
    notes.insert("emails/aa/value".into(), text("ana@x.example"));
    let mut laptop = made(&stamp(1, 1000), &notes);
    notes.insert("notes".into(), Scalar::Text("from the phone".into()));
    notes.insert("emails/bb/value".into(), text("ana@y.example"));
    let mut phone = made(&stamp(2, 1001), &notes);
    laptop.merge(&mut phone).expect("merges");
    let merged = laptop.registers();
    assert!(merged.contains_key("emails/aa/value") && merged.contains_key("emails/bb/value"));
    let Some(Scalar::Text(text)) = merged.get("notes") else { panic!("notes are lost: {merged:?}") };
    assert!(text.contains("from the laptop") && text.contains("from the phone"), "{text}");
    assert!(laptop.conflicts().is_empty(), "equal values are no conflict: {:?}", laptop.conflicts());
}

/// Trap 4: the higher counter wins, not the later clock; both values are kept and shown.
#[test]
fn a_conflict_keeps_both_values_whatever_the_clocks_say() {
    let mut laptop = person(1, &[("first_name", "Ana")]);
    let mut phone = Document::load(&laptop.save()).expect("loads");
    set(&mut laptop, 1, 9000, "title", "CEO");
    set(&mut phone, 2, 2000, "nickname", "A");
    set(&mut phone, 2, 2001, "title", "CTO");
    laptop.merge(&mut phone).expect("merges");
    phone.merge(&mut laptop).expect("merges");
    assert_eq!(laptop.registers(), phone.registers());
    let conflicts = laptop.conflicts();
    assert_eq!(conflicts.len(), 1);
    let values: Vec<&Scalar> = conflicts[0].values.iter().map(|c| &c.value).collect();
    assert_eq!(values, [&text("CTO"), &text("CEO")], "the counter decides, not the clock");
    assert_eq!(
        laptop.registers().get("title"),
        Some(&text("CTO")),
        "the first of the list is the one that shows"
    );
    assert_eq!(conflicts[0].values[1].at, 9000);
    // Settling is an edit like any other.
    set(&mut laptop, 1, 9500, "title", "CEO");
    assert!(laptop.conflicts().is_empty() && laptop.registers().get("title") == Some(&text("CEO")));
}

/// Trap 4: deleting a map would beat an edit inside it; a cleared item keeps the concurrent edit.
#[test]
fn an_edit_inside_an_item_survives_its_removal_elsewhere() {
    let mut laptop = person(1, &[("emails/aa/value", "ana@x.example"), ("emails/aa/label", "work")]);
    let mut phone = Document::load(&laptop.save()).expect("loads");
    let gone = vec![("emails/aa/value".into(), None), ("emails/aa/label".into(), None)];
    laptop.edit(&stamp(1, 2000), &gone).expect("valid");
    set(&mut phone, 2, 2000, "emails/aa/value", "ana@new.example");
    laptop.merge(&mut phone).expect("merges");
    assert_eq!(laptop.registers().get("emails/aa/value"), Some(&text("ana@new.example")));
}

/// Trap 5: bytes from outside never take the process down.
#[test]
fn mutated_documents_are_refused_or_read_but_never_panic() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut ana = person(1, &[("first_name", "Ana"), ("emails/aa/value", "ana@x.example")]);
    for at in 0..20 {
        set(&mut ana, 1, 2000 + at, "title", &format!("title {at}"));
    }
    let bytes = ana.save();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..4000 {
        let mut bad = bytes.clone();
        for _ in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at = usize::try_from(random % bad.len() as u64).expect("fits");
            bad[at] = (random >> 32) as u8;
        }
        // A valid checksum gets the bytes past the first check, as an attacker's would.
        fix_checksum(&mut bad);
        if let Ok(mut document) = Document::load(&bad) {
            let _: Result<_, DocumentError> = guarded(|| Ok((document.registers(), document.heads())));
        }
    }
    let _ = std::panic::take_hook();
}

fn fix_checksum(chunk: &mut [u8]) {
    use sha2::Digest as _;
    let Some(rest) = chunk.get(8..) else { return };
    let hash = sha2::Sha256::digest(rest);
    chunk[4..8].copy_from_slice(&hash[..4]);
}

/// Trap 6: what was deleted stays in the saved bytes; erasure must destroy the document.
#[test]
fn a_cleared_value_is_still_in_the_bytes() {
    let mut ana = person(1, &[("title", "Canary4711")]);
    ana.edit(&stamp(1, 2000), &vec![("title".into(), None)]).expect("valid");
    let contains = |bytes: &[u8]| bytes.windows(10).any(|w| w == b"Canary4711");
    assert!(contains(&ana.doc.save_nocompress()));
}

#[test]
fn a_schema_from_the_future_survives_an_edit() {
    let mut newer = person(2, &[("first_name", "Ana"), ("hologram/zz/depth", "7")]);
    let mut older = Document::load(&newer.save()).expect("loads");
    set(&mut older, 1, 2000, "first_name", "Anna");
    assert_eq!(older.registers().get("hologram/zz/depth"), Some(&text("7")));
}

#[test]
fn an_undo_leaves_what_was_edited_since() {
    let mut ana = person(1, &[("title", "CEO"), ("nickname", "A")]);
    let before = ana.heads();
    let changes = vec![("title".into(), Some(text("CTO"))), ("nickname".into(), Some(text("B")))];
    ana.edit(&stamp(1, 2000), &changes).expect("valid");
    let after = ana.heads();
    set(&mut ana, 2, 3000, "nickname", "C");
    let plan = ana.plan_revert(&before, &after, 4000);
    assert_eq!(plan.changes, [("title".to_owned(), Some(text("CEO")))]);
    assert_eq!(plan.skipped, ["nickname"]);
}

#[test]
fn undoing_a_creation_takes_the_record_away_unless_it_was_edited() {
    let mut ana = person(1, &[("title", "CEO")]);
    let after = ana.heads();
    let plan = ana.plan_revert(&Heads::new(), &after, 4000);
    assert_eq!(plan.changes, [(register::DELETED_AT.to_owned(), Some(Scalar::Int(4000)))]);
    set(&mut ana, 1, 3000, "title", "CTO");
    let plan = ana.plan_revert(&Heads::new(), &after, 4000);
    assert_eq!((plan.changes.len(), plan.skipped), (0, vec!["title".to_owned()]));
}

fn any_changes() -> impl Strategy<Value = Changes> {
    let path = prop::sample::select(vec![
        "first_name",
        "title",
        "emails/aa/value",
        "emails/aa/label",
        "tags/t1",
        "notes",
    ]);
    let change = (path, prop::option::of("[a-z王]{1,6}")).prop_map(|(path, value)| {
        let scalar = value.map(|v| if path == "notes" { Scalar::Text(v) } else { Scalar::Str(v) });
        (path.to_owned(), scalar)
    });
    prop::collection::vec(change, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn devices_converge_in_any_order(edits in prop::collection::vec((0..3usize, any_changes()), 1..16), order in 0..6usize) {
        let mut first = person(9, &[("first_name", "Ana")]);
        let mut devices: Vec<Document> = (0..3).map(|_| Document::load(&first.save()).unwrap()).collect();
        for (at, (device, changes)) in edits.iter().enumerate() {
            let stamp = stamp(u8::try_from(*device).unwrap(), 2000 + i64::try_from(at).unwrap());
            devices[*device].edit(&stamp, changes).unwrap();
        }
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut merged: Vec<Document> = Vec::new();
        for order in [orders[order], orders[5 - order]] {
            let mut all = Document::load(&devices[order[0]].save()).unwrap();
            for other in &order[1..] {
                let mut other = Document::load(&devices[*other].save()).unwrap();
                all.merge(&mut other).unwrap();
                all.merge(&mut other).unwrap();
            }
            merged.push(all);
        }
        let (heads, registers) = (merged[0].heads(), merged[0].registers());
        prop_assert_eq!(&heads, &merged[1].heads());
        prop_assert_eq!(&registers, &merged[1].registers());
        prop_assert!(merged[0].save_verified().is_ok());
    }

    #[test]
    fn undo_gives_back_what_was(changes in any_changes(), start in any_changes()) {
        let mut ana = person(1, &[("first_name", "Ana")]);
        ana.edit(&stamp(1, 1500), &start).unwrap();
        let (before, was) = (ana.heads(), ana.registers());
        ana.edit(&stamp(1, 2000), &changes).unwrap();
        let (after, became) = (ana.heads(), ana.registers());
        let undo = ana.plan_revert(&before, &after, 3000);
        prop_assert!(undo.skipped.is_empty());
        ana.edit(&stamp(1, 3000), &undo.changes).unwrap();
        prop_assert_eq!(ana.registers(), was);
        let undone = ana.heads();
        let redo = ana.plan_revert(&after, &undone, 4000);
        ana.edit(&stamp(1, 4000), &redo.changes).unwrap();
        prop_assert_eq!(ana.registers(), became);
    }
}

#[test]
fn the_base_is_the_same_on_every_device() {
    let mut hashes: Vec<String> = Vec::new();
    for kind in Kind::ALL {
        hashes.push(format!("{kind} {}", base::kind_change(kind).hash()));
    }
    let change = base::text_change("notes");
    hashes.push(format!("notes {}", change.hash()));
    // These are part of the format: a changed hash means that old and new versions no longer converge.
    assert_eq!(hashes, EXPECTED_BASES);
}

const EXPECTED_BASES: [&str; 19] = [
    "person 127a1aeeebf0b011c589f118c459924b218f22fb83b17bbb386ce259a0d939b9",
    "company 508c028496e153a6cd1d626e0d79e65175dd2b71d042810bb074fa3b551ccca8",
    "deal 2bcb40861e4d14317224e36458010d7313a2c34b8f1069b70d291cf895977a1a",
    "pipeline 265487c58598c6784e0edf5aaa123f1c9459af9502843aa61de21c1676a3fcae",
    "stage 27cd9c761732e7bde2db4e9438162bee84f392fbac905bbeca22fe87e9960c1d",
    "activity ec223be386773d5449ed1aa2f1b8d51fe652dc2b3de28477238eae54df054c9e",
    "task d3c5efbcb12ef044955fc5f6cbdeb8400d23b8d6b4cfd9cdf0113e3f569e08c2",
    "product 7e69b51d515e8539c86ec779ad3425182cddc9634b3e2f22235e77be817e9f1b",
    "price_book ca07726b174ce077ddf270afd74a146b59c6ba3a68ce232d626f74aa561f3727",
    "price 752c5567bd078bcc3483c0af61f6a4c8fa95acbb9e5f44e56ee2159046a5cdf2",
    "quote 9d8472b50ccdf51e59ee42ab6434b120c9886668c3842f86a2528fb1746314da",
    "letterhead c35afe6ede99578fa785e46c1fbdb22abbd48b42a6dbda55584701587072d1f1",
    "template 41f7705a375869af02cc06de1f312f7c75f2c66187d8b5f8cbf5011a7e12f850",
    "custom_field 9b9087ed75cfe9c0869604a3badc8fabe83f6fbccdb008cbef9a2637826fc477",
    "attachment a4d57b0c6ec3a7cc5bd8af117452811f99564ca2fd786bc9abc6c0a172c19dc8",
    "alert 3f9be8926452116484cd9e7ff62d277d4b44c2226bc0b73d24aa8fcf5cdc9134",
    "incident 88795619b46307707a76a48a3916b1ac52bcca257d2f6f714f50dd0795d35e28",
    "training a6d93f2912c4106675bf27b6c40cbf0d8915351b5f387b6858989f89d21228b3",
    "notes 08856b2809cc0cea58862b5209fd5d04bf18e699e2106b5638b74e62465580bc",
];

/// Taking in an object's first change must not close the writer's own change early.
#[test]
fn every_change_has_its_stamp_wherever_the_text_stands() {
    let mut registers = Registers::new();
    registers.insert("first_name".into(), text("Ana"));
    registers.insert("notes".into(), Scalar::Text("one".into()));
    registers.insert("title".into(), text("CEO"));
    let mut ana = made(&stamp(1, 1000), &registers);
    let stamps =
        |ana: &mut Document| ana.versions().into_iter().map(|v| (v.at, v.operation)).collect::<Vec<_>>();
    assert_eq!(stamps(&mut ana), [(1000, "op-1000".to_owned())]);
    let changes = vec![
        ("first_name".into(), Some(text("Anna"))),
        ("x_story".into(), Some(Scalar::Text("long".into()))),
        ("title".into(), None),
    ];
    ana.edit(&stamp(1, 2000), &changes).expect("valid");
    assert_eq!(stamps(&mut ana), [(1000, "op-1000".to_owned()), (2000, "op-2000".to_owned())]);
    let unstamped = ana.doc.get_changes_meta(&[]).iter().filter(|c| c.timestamp == 0).count();
    assert_eq!(unstamped, 3, "the kind and two texts, and nothing else");
}

/// A long text that becomes another is written at once, and says the same to all; a word in it is an edit of that word.
#[test]
fn a_long_text_is_replaced_without_comparing_every_letter() {
    let text = |letter: &str| Some(Scalar::Text(letter.repeat(100_000)));
    let stamp = |operation: String| Stamp { actor: Actor::derive(&[1; 16], 1), at: 1, operation };
    let registers = [("notes".to_owned(), Scalar::Text("王a".repeat(50_000)))].into_iter().collect();
    let mut document =
        Document::load(&create(Kind::Person, &stamp("01".into()), &registers).bytes).expect("loads");
    for (n, letters) in ["b", "中文", "c"].iter().enumerate() {
        let changes: Changes = [("notes".to_owned(), text(letters))].into_iter().collect();
        document.edit(&stamp(format!("0{}", n + 2)), &changes).expect("written");
        assert_eq!(document.registers().get("notes").cloned(), text(letters));
    }
}

/// The same record by automerge's own transactions.
fn by_transaction(stamp: &Stamp, registers: &Registers) -> Document {
    let mut doc = AutoCommit::new().with_actor(stamp.actor.into());
    let texts = registers.iter().filter(|(_, s)| matches!(s, Scalar::Text(_)));
    let first =
        std::iter::once(base::kind_change(Kind::Person)).chain(texts.map(|(p, _)| base::text_change(p)));
    doc.apply_changes(first.map(|c| c.as_ref().clone())).expect("applies");
    let mut document = Document { doc };
    for (path, scalar) in registers {
        match scalar {
            Scalar::Text(text) => {
                let object = document.text_object(path).expect("reads").expect("made");
                document.doc.splice_text(&object, 0, 0, text).expect("fits");
            }
            other => document.doc.put(ROOT, path.as_str(), to_automerge(other)).expect("fits"),
        }
    }
    document.commit(stamp);
    document
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<bool>().prop_map(Scalar::Flag),
        any::<i64>().prop_map(Scalar::Int),
        (-1e9..1e9f64).prop_map(Scalar::Number),
        ".{0,40}".prop_map(Scalar::Str),
        "[a-z王伟🎒\\n]{0,60}".prop_map(Scalar::Text),
    ]
}

proptest! {
    #[test]
    fn a_new_record_is_what_automerge_itself_would_make(
        registers in prop::collection::btree_map("[a-z]{1,8}(/[0-9a-f]{2}/[a-z]{1,5})?", scalar(), 0..12)
    ) {
        let stamp = stamp(1, 1000);
        let ours = create(Kind::Person, &stamp, &registers);
        let mut theirs = by_transaction(&stamp, &registers);
        prop_assert_eq!(&ours.heads, &theirs.heads());
        let mut loaded = Document::load(&ours.bytes).expect("loads");
        prop_assert_eq!(loaded.heads(), ours.heads);
        prop_assert_eq!(loaded.registers(), theirs.registers());
        prop_assert_eq!(loaded.save(), theirs.save());
    }
}

#[test]
fn a_text_object_is_the_only_thing_that_its_change_makes() {
    let change = base::text_change("notes");
    let ops = change.decode().operations;
    assert_eq!(change.start_op().get(), base::ONLY_OP);
    assert!(matches!(ops.as_slice(), [op] if op.obj_type() == Some(ObjType::Text)));
}

/// Edits are appended until they outweigh the document; then it is saved whole, and is the same.
#[test]
fn edits_are_appended_and_now_and_then_the_whole_is_saved() {
    let mut ana = person(1, &[("first_name", "Ana")]);
    let (mut bytes, mut appended, mut heads) = (ana.save(), 0, ana.heads());
    let (mut most, mut wholes) = (0, 0);
    for n in 0..60 {
        let mut again = Document::load(&bytes).expect("loads");
        set(&mut again, 1, 2000 + n, "title", &format!("Title {n}"));
        let before = bytes.clone();
        (bytes, appended) = again.save_onto(bytes, appended, &heads).expect("saved");
        match appended {
            0 => wholes += 1,
            _ => assert!(bytes.starts_with(&before), "nothing that was stored is touched"),
        }
        heads = again.heads();
        let mut read = Document::load(&bytes).expect("loads");
        assert_eq!((read.heads(), read.registers()), (heads.clone(), again.registers()));
        assert_eq!(read.versions().len(), usize::try_from(n).expect("small") + 2);
        most = most.max(appended);
    }
    assert!(wholes > 1 && most <= APPENDED, "{wholes} times whole, {most} bytes appended");
    // A power cut in the middle of a page would be seen by the cipher; were it not, then here.
    set(&mut ana, 2, 9000, "title", "CEO");
    let (whole, _) =
        ana.save_onto(person(1, &[("first_name", "Ana")]).save(), 0, &Heads::new()).expect("saved");
    for cut in 1..40 {
        let short = whole.get(..whole.len() - cut).expect("long enough");
        let read = Document::load(short).map(|mut d| d.heads());
        assert!(read.is_err() || read.expect("read") != ana.heads(), "{cut} bytes short");
    }
}

/// What one operation has made of a record, whoever wrote at the same time.
#[test]
fn a_version_says_what_its_operation_changed() {
    let mut ana = person(1, &[("first_name", "Ana")]);
    let mut other = Document::load(&ana.save()).expect("loads");
    set(&mut ana, 1, 2000, "title", "CEO");
    set(&mut other, 2, 2001, "first_name", "Anna");
    ana.merge(&mut other).expect("merges");
    set(&mut ana, 1, 3000, "title", "CTO");
    let versions = ana.versions();
    let changed: Vec<std::collections::BTreeSet<String>> = versions
        .iter()
        .map(|v| fields_that_differ(&ana.registers_at(&v.before), &ana.registers_at(&v.after)))
        .collect();
    assert!(versions.first().is_some_and(|v| v.before.is_empty()), "the first has made it");
    let mut changed: Vec<&str> = changed.iter().map(|c| c.first().map_or("", String::as_str)).collect();
    assert_eq!(changed.pop(), Some("title"), "after the merge");
    changed.sort_unstable();
    assert_eq!(changed, ["first_name", "first_name", "title"]);
}

/// What another device has sent is stored as it came, but only where automerge has read all of it.
#[test]
fn what_was_received_is_stored_as_it_came() {
    let mut ana = person(1, &[("first_name", "Zoe")]);
    set(&mut ana, 1, 2000, "title", "Buyer");
    let mut changes = ana.changes_by_operation();
    assert_eq!(changes.len(), 2, "making it, and the edit: {:?}", changes.keys());
    let whole = ana.save();
    assert!(fills(&whole));
    for cut in 1..whole.len() {
        assert!(!fills(&whole[..cut]), "{cut}");
    }
    assert!(!fills(&[]) && !fills(&[whole.as_slice(), b"rest"].concat()));
    let (chunk, heads) = changes.remove("op-1000").expect("made by it");
    assert_eq!(announced(&chunk).expect("reads"), Announced { heads, operation: "op-1000".into() });
    assert!(
        announced(&chunk[..chunk.len() - 1]).is_err() && announced(&[&chunk[..], b"junk"].concat()).is_err()
    );
    let mut read = Document::begin(&chunk).expect("all of it");
    assert_eq!(read.save_received(&chunk).expect("stored"), chunk);
    let behind = [chunk.as_slice(), b"junk"].concat();
    let mut stored = Document::load(&read.save_received(&behind).expect("stored")).expect("loads");
    assert_eq!(stored.heads(), read.heads());
    assert_eq!(stored.registers(), read.registers());
    let (edit, heads) = changes.remove("op-2000").expect("the edit");
    assert_eq!(announced(&edit).expect("reads").heads, heads);
    assert!(Document::begin(&[&chunk[..], b"junk"].concat()).is_err());
    let alone = Document::begin(&edit);
    assert!(matches!(alone, Err(DocumentError::Incomplete)), "it waits for what it stands on: {alone:?}");
    stored.append(&edit, &heads).expect("follows");
    assert_eq!(stored.heads(), ana.heads());
}

#[test]
fn of_very_many_values_in_conflict_only_some_are_told() {
    let base = person(1, &[("title", "CEO")]);
    let mut all = base.clone();
    for n in 0..u8::try_from(MAX_CLAIMS).expect("few") + 20 {
        let mut other = base.clone();
        set(&mut other, n + 2, 2000, "title", &format!("title {n}"));
        all.merge(&mut other).expect("merges");
    }
    assert_eq!(all.conflicts()[0].values.len(), MAX_CLAIMS);
}

#[test]
fn a_time_has_what_was_written_until_then_on_whatever_device() {
    let mut laptop = person(1, &[("first_name", "Ana")]);
    let mut phone = Document::load(&laptop.save()).expect("loads");
    set(&mut laptop, 1, 2000, "title", "CEO");
    set(&mut phone, 2, 2500, "city", "Porto");
    laptop.merge(&mut phone).expect("merges");
    set(&mut laptop, 1, 3000, "title", "Director");
    let mut at = |time: i64| {
        let heads = laptop.heads_at(time);
        let registers = laptop.registers_at(&heads);
        let get = |key: &str| registers.get(key).and_then(Scalar::as_str).unwrap_or("-").to_owned();
        [get("first_name"), get("title"), get("city")].join(" ")
    };
    let made = 1000;
    assert_eq!(at(made - 1), "- - -", "it was not there yet");
    assert_eq!(at(made), "Ana - -");
    assert_eq!(at(2000), "Ana CEO -");
    assert_eq!(at(2999), "Ana CEO Porto", "what two have written side by side");
    assert_eq!(at(i64::MAX), "Ana Director Porto");
}
