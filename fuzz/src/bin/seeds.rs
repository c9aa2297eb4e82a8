//! Writes seeds of the formats that nobody types, made by the product itself, into $SATCHEL_SEEDS/TARGET, from where
//! `cargo xtask fuzz --merge` takes them. A target by its looks: what is built for coverage runs only so.
#![no_main]

use rust_xlsxwriter::Workbook;
use satchel_audit::{Act, ChainId, Frame, Head, NewEntry, hash_of};
use satchel_document::{Actor, Document, Stamp, create};
use satchel_domain::{Kind, Registers, Scalar};
use satchel_fuzz::without_checksums;
use satchel_protocol::{
    Action, BlobKey, Covered, DeviceId, DeviceKeys, DocTag, EntryKind, EpochKey, Feed, Hash, Invitation,
    Kept, Manifest, Membership, News, Operation, Payload, PersonId, Position, Read, RecordKey, Request, Role,
    Run, Sealed, SegmentBuilder, Signature, SignedRecord, Subject, Told, TrailHead, WorkspaceId, encode_all,
    encode_names, encode_positions,
};
use satchel_vault::{Cost, Keyring, NewVault};
use std::{io::Read as _, path::Path};

const WORKSPACE: WorkspaceId = WorkspaceId([0; 16]);
const DEVICE: DeviceId = DeviceId([1; 16]);

libfuzzer_sys::fuzz_target!(init: make(), |_data: &[u8]| {});

fn make() {
    let folder = std::env::var("SATCHEL_SEEDS").expect("SATCHEL_SEEDS names a folder");
    let mut count = 0;
    let mut put = |target: &str, bytes: Vec<u8>| {
        let dir = Path::new(&folder).join(target);
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join(format!("made-{count:03}")), bytes).expect("written");
        count += 1;
    };
    team(&mut put);
    trail(&mut put);
    documents(&mut put);
    workbook(&mut put);
    vault(&mut put);
    std::process::exit(0);
}

fn team(put: &mut impl FnMut(&str, Vec<u8>)) {
    let keys = DeviceKeys::generate(DEVICE).expect("keys");
    let other = DeviceKeys::generate(DeviceId([2; 16])).expect("keys");
    let (card, second) = (keys.card().expect("a card"), other.card().expect("a card"));
    let sealed = || Sealed::seal_for(&[9; 32], b"info", b"secret").expect("sealed");
    let epoch = EpochKey::from_bytes(1, [9; 32]);
    let names = epoch.seal_names(WORKSPACE, b"Ana\0laptop").expect("sealed");
    let create = Action::Create {
        device: card.clone(),
        person: PersonId([1; 16]),
        names: names.clone(),
        sealed: card.seal(b"info", b"secret").expect("sealed"),
        recovery: [9; 32],
        for_recovery: sealed(),
    };
    let first = SignedRecord::first(&keys, WORKSPACE, create);
    let mut members = Membership::begin(&first).expect("begun");
    let add = Action::Add {
        device: second,
        person: PersonId([2; 16]),
        role: Role::Member,
        names,
        welcome: sealed(),
    };
    let mut log = vec![first.clone()];
    for action in [
        add,
        Action::Change { person: PersonId([2; 16]), role: Role::Viewer, pins: Vec::new() },
        Action::Remove {
            devices: vec![DeviceId([2; 16])],
            pins: Vec::new(),
            epoch: 2,
            sealed: vec![sealed()],
            for_recovery: sealed(),
            previous: vec![1; 56],
        },
    ] {
        let record = members.write(&keys, action);
        members.apply(&record).expect("allowed");
        put("control", record.encode());
        log.push(record);
    }
    put("control", first.encode());
    put("control", encode_all(log.iter().map(SignedRecord::encode).collect()));

    let payloads = [
        Payload {
            chunk: b"changes".to_vec(),
            operation: Some(Told { label: "edit".into(), undoes: Some([3; 16]) }),
            subject: Some(Subject {
                record: [4; 16],
                kind: "person".into(),
                tags: Some(vec![DocTag([5; 16])]),
            }),
            covers: None,
            trail: Some(TrailHead {
                incarnation: 7,
                seq: 3,
                hash: Hash([1; 32]),
                at: 1,
                signature: Signature([2; 64]),
            }),
        },
        Payload {
            chunk: b"all".to_vec(),
            operation: None,
            subject: Some(Subject { record: [4; 16], kind: "person".into(), tags: None }),
            covers: Some(vec![Covered {
                device: DEVICE,
                incarnation: 7,
                places: vec![Run { first: 1, count: 3 }],
                operations: vec![Operation {
                    id: [3; 16],
                    told: Told { label: "edit".into(), undoes: None },
                }],
            }]),
            trail: None,
        },
    ];
    let mut builder = SegmentBuilder::new(WORKSPACE, &keys, Feed::new(DEVICE, 7));
    let record = RecordKey::from_bytes([6; 32]);
    for (payload, kind) in payloads.iter().zip([EntryKind::Change, EntryKind::Snapshot]) {
        put("payload", payload.encode());
        builder.add(kind, DocTag([5; 16]), &epoch, &record, payload).expect("added");
    }
    let (segment, _) = builder.finish().expect("a segment");
    put("segment", segment.encode());
    put("segment", segment.without(|seq| seq == 1).encode());
    put("segment", segment.without(|_| true).encode());
    put("payload", Covered::encode_all(payloads[1].covers.as_deref().unwrap_or_default()));
    let manifest = Manifest { size: 5, hash: Hash([1; 32]), pieces: vec![Hash([2; 32])] };
    put("payload", manifest.encode());
    put("payload", satchel_protocol::pad(b"a text"));
    put(
        "sealed",
        BlobKey::of(b"the team's secret", Hash::NONE).seal_manifest(WorkspaceId([7; 16]), &manifest),
    );

    let wrapped = epoch.wrap(WORKSPACE, DocTag([5; 16]), &record).expect("wrapped");
    let kept = Kept { segment: segment.encode(), keys: satchel_protocol::WrappedKey::encode_all(&[wrapped]) };
    let positions = vec![Position { device: DEVICE, incarnation: 7, next: 3 }];
    put("answers", kept.keys.clone());
    put("answers", kept.encode());
    put("answers", encode_positions(&positions));
    put("answers", encode_names(&[Hash([1; 32]), Hash([2; 32])]));
    put("answers", Read::new(&keys, WORKSPACE, positions.clone()).encode());
    put("answers", encode_all(vec![b"one".to_vec(), Vec::new()]));
    let news = News { head: 3, control: 1, more: true, segments: vec![kept], own: positions };
    put("answers", news.encode());

    let invitation = Invitation::new(WORKSPACE, first.hash(), Role::Member, 1, "lan:00").expect("invited");
    let request = Request { device: card, person: "Ana".into(), name: "laptop".into() };
    put("payload", request.encode());
    put("joining", invitation.to_link().into_bytes());
    put("joining", invitation.seal(&request).expect("sealed").encode());
    put("joining", invitation.pass().authorization().into_bytes());
    put("joining", keys.authorize(WORKSPACE, 1, ("GET", "/", b"")).into_bytes());

    let hex = satchel_protocol::hex;
    let file = |path: String, bytes: &[u8]| [path.as_bytes(), b"\n", bytes, b"\n"].concat();
    let mut folder = file("WORKSPACE".into(), b"first");
    folder.extend(file("control/00000001-0123456789abcdef.record".into(), b"record"));
    folder.extend(file("requests/0123456789abcdef.request".into(), b"request"));
    folder.extend(file(format!("read/{}-0123456789abcdef.read", hex(&DEVICE.0)), b"read"));
    put("folder", folder);
    let name = format!("log/{}/0000000000000007/0000000001-0000000003-0123456789abcdef", hex(&DEVICE.0));
    put("folder", file(format!("{name}.segment"), &segment.encode()));
    put("folder", file(format!("{name}.keys"), b"keys"));
}

fn trail(put: &mut impl FnMut(&str, Vec<u8>)) {
    let keys = DeviceKeys::generate(DEVICE).expect("keys");
    let chain = ChainId { device: DEVICE, incarnation: 7 };
    let facts = serde_json::Map::from_iter([("records".to_owned(), 2.into())]);
    let (mut previous, mut lines, mut seen) = (Hash::NONE, Vec::new(), None);
    for (seq, act) in (1..).zip([Act::Begin, Act::Unlock, Act::Delete]) {
        let entry = NewEntry { chain, seq, previous, at: "2026-11-27T10:00:00Z", act, facts: &facts };
        lines.push(entry.line());
        previous = hash_of(&entry.line());
        let head = Head { chain, seq, hash: previous, at: 1 }.sign(&keys);
        lines.push(head.line("head"));
        seen = Some(head);
    }
    let seen: Vec<_> = seen.into_iter().collect();
    let at = "2026-11-27T10:00:00Z";
    let frame = Frame { workspace: WORKSPACE, keys: &keys, exported_at: at, control: &[], seen: &seen };
    let mut all = [frame.begin(), lines].concat();
    let hash = hash_of(&(all.join("\n") + "\n"));
    all.push(frame.end(hash, all.len() as u64));
    put("audit", (all.join("\n") + "\n").into_bytes());
    put("audit", all.concat().into_bytes());
}

fn documents(put: &mut impl FnMut(&str, Vec<u8>)) {
    let stamp = |at: i64| Stamp { actor: Actor::derive(&[1; 16], 1), at, operation: format!("{at:032x}") };
    let registers = Registers::from([
        ("first_name".to_owned(), Scalar::Str("Ana".into())),
        ("emails/0011/value".to_owned(), Scalar::Str("ana@x.example".into())),
        ("salary".to_owned(), Scalar::Number(1.5)),
        ("active".to_owned(), Scalar::Flag(true)),
        ("count".to_owned(), Scalar::Int(3)),
        ("notes".to_owned(), Scalar::Text("a note".into())),
    ]);
    let marked = |bytes: &[u8]| [&[1], without_checksums(bytes).as_slice()].concat();
    let new = create(Kind::Person, &stamp(1), &registers);
    put("document", marked(&new.bytes));
    let mut document = Document::load(&new.bytes).expect("loads");
    let mut heads = document.heads();
    for (at, text) in (2..).zip(["a longer note", "another", ""]) {
        let changes = vec![
            ("notes".to_owned(), Some(Scalar::Text(text.repeat(40)))),
            ("first_name".to_owned(), Some(Scalar::Str(text.into())).filter(|_| !text.is_empty())),
        ];
        document.edit(&stamp(at), &changes).expect("edited");
        let (whole, _) = document.save_onto(Vec::new(), 0, &heads).expect("saved");
        put("document", marked(&whole));
        heads = document.heads();
    }
    put("document", marked(&document.save()));
    for (operation, (chunk, _)) in document.changes_by_operation() {
        let _ = operation;
        put("document", marked(&chunk));
    }
    put("document", [&[0], new.bytes.as_slice()].concat());
}

fn workbook(put: &mut impl FnMut(&str, Vec<u8>)) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, text) in (0..).zip(["First Name", "Mobile Phone", "Birthday", "Active"]) {
        sheet.write_string(0, column, text).expect("written");
    }
    sheet.write_string(1, 0, "Ana").expect("written");
    sheet.write_number(1, 1, 34_600_000_000_f64).expect("written");
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_number_with_format(1, 2, 31_000.0, &date).expect("written");
    sheet.write_boolean(1, 3, true).expect("written");
    let whole = book.save_to_buffer().expect("a workbook");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&whole)).expect("a zip");
    let mut parts = Vec::new();
    for name in [
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
    ] {
        archive.by_name(name).expect("a part").read_to_end(&mut parts).expect("read");
        parts.push(0);
    }
    put("workbook", parts);
    put("workbook", whole);
}

fn vault(put: &mut impl FnMut(&str, Vec<u8>)) {
    let dir = tempfile::tempdir().expect("a folder");
    let cost = Cost { memory_kib: 8, passes: 1 };
    let passphrase = satchel_vault::Passphrase::new("a passphrase").expect("some");
    let (new, recovery) = NewVault::prepare(dir.path(), Some(&passphrase), cost).expect("prepared");
    let code = recovery.text().to_string();
    new.commit(Keyring::Off).expect("made");
    let json = std::fs::read(dir.path().join("vault.json")).expect("there");
    put("vault", [code.as_bytes(), b"\n", &json].concat());
}
