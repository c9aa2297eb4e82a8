#![allow(clippy::indexing_slicing)]

use super::*;
use expect_test::expect;
use proptest::prelude::*;
use std::{path::Path, sync::LazyLock};
use zeroize::Zeroizing;

const WORKSPACE: WorkspaceId = WorkspaceId([7; 16]);

/// A device whose keys are the same in every run.
fn keys(n: u8) -> DeviceKeys {
    let secret = |of: u8| Zeroizing::new([of; 32]);
    DeviceKeys::from_secrets(DeviceId([n; 16]), secret(n), secret(n + 100)).expect("keys")
}

fn person(n: u8) -> PersonId {
    PersonId([n; 16])
}

fn epoch(n: u32) -> EpochKey {
    EpochKey::from_bytes(n, [u8::try_from(n).expect("small"); 32])
}

fn genesis(keys: &DeviceKeys) -> SignedRecord {
    let card = keys.card().expect("a card");
    let recovery = self::keys(99).card().expect("a card").receive;
    let create = Action::Create {
        person: person(keys.id.0[0]),
        names: epoch(1).seal_names(WORKSPACE, b"Ana / laptop").expect("sealed"),
        sealed: card.seal(b"epoch", epoch(1).as_bytes()).expect("sealed"),
        recovery,
        for_recovery: Sealed::seal_for(&recovery, b"epoch", epoch(1).as_bytes()).expect("sealed"),
        device: card,
    };
    SignedRecord::first(keys, WORKSPACE, create)
}

fn add(team: &Membership, by: &DeviceKeys, n: u8, role: Role) -> SignedRecord {
    add_device_of(team, by, n, n, role)
}

fn add_device_of(team: &Membership, by: &DeviceKeys, n: u8, whose: u8, role: Role) -> SignedRecord {
    let card = keys(n).card().expect("a card");
    let welcome = card.seal(b"welcome", epoch(1).as_bytes()).expect("sealed");
    let names = vec![n];
    team.write(by, Action::Add { device: card, person: person(whose), role, names, welcome })
}

fn remove(team: &Membership, by: &DeviceKeys, devices: &[u8], pins: Vec<Pin>) -> SignedRecord {
    let devices: Vec<DeviceId> = devices.iter().map(|n| DeviceId([*n; 16])).collect();
    let stay = team.active_devices().filter(|m| !devices.contains(&m.card.id));
    let (old, new) = (epoch(team.epoch), epoch(team.epoch + 1));
    let sealed = stay.map(|m| m.card.seal(b"epoch", new.as_bytes()).expect("sealed")).collect();
    let for_recovery = Sealed::seal_for(&team.recovery, b"epoch", new.as_bytes()).expect("sealed");
    let previous = seal_previous(WORKSPACE, &new, &old).expect("sealed");
    team.write(by, Action::Remove { devices, pins, epoch: new.epoch, sealed, for_recovery, previous })
}

fn change(team: &Membership, by: &DeviceKeys, n: u8, role: Role, pins: Vec<Pin>) -> SignedRecord {
    team.write(by, Action::Change { person: person(n), role, pins })
}

/// An owner (1), an admin (2), a member (3) and a viewer (4), each with one device.
fn team() -> Membership {
    let owner = keys(1);
    let mut team = Membership::begin(&genesis(&owner)).expect("begins");
    for (n, role) in [(2, Role::Admin), (3, Role::Member), (4, Role::Viewer)] {
        team.apply(&add(&team, &owner, n, role)).expect("added");
    }
    team
}

fn place(n: u8, seq: u64) -> Place {
    Place { device: DeviceId([n; 16]), incarnation: 1, seq }
}

fn pin(n: u8, seq: u64) -> Pin {
    Pin { device: DeviceId([n; 16]), incarnation: 1, seq }
}

fn payload(text: &str) -> Payload {
    Payload {
        chunk: text.as_bytes().to_vec(),
        operation: Some(Told { label: "edit".into(), undoes: None }),
        subject: Some(Subject { record: [5; 16], kind: "person".into(), tags: None }),
        covers: None,
        trail: None,
    }
}

/// A segment of these texts behind a feed, and the feed behind it.
fn segment(keys: &DeviceKeys, feed: Feed, texts: &[&str]) -> (Segment, Feed) {
    let mut builder = SegmentBuilder::new(WORKSPACE, keys, feed);
    for text in texts {
        let record = RecordKey::from_bytes([9; 32]);
        builder.add(EntryKind::Change, DocTag([8; 16]), &epoch(1), &record, &payload(text)).expect("added");
    }
    builder.finish().expect("not empty")
}

fn open(segment: &Segment, at: usize) -> Result<String> {
    let payload = segment.open(at, &segment.chain(), &epoch(1), &RecordKey::from_bytes([9; 32]))?;
    Ok(String::from_utf8(payload.chunk).expect("text"))
}

#[test]
fn what_one_device_writes_another_reads() {
    let ana = keys(1);
    let card = ana.card().expect("a card");
    let (first, feed) = segment(&ana, Feed::new(ana.id, 1), &["one", "two"]);
    let (second, _) = segment(&ana, feed, &["three"]);
    let mut seen = Feed::new(ana.id, 1);
    for (sent, texts) in [(&first, vec!["one", "two"]), (&second, vec!["three"])] {
        let received = Segment::decode(WORKSPACE, &sent.encode()).expect("decodes");
        assert_eq!(&received, sent);
        let new = seen.accept(WORKSPACE, &card, &received).expect("accepted");
        let read: Vec<String> = new.map(|at| open(&received, at).expect("opens")).collect();
        assert_eq!(read, texts);
    }
    // Again: nothing is new, and nothing is wrong.
    assert!(seen.accept(WORKSPACE, &card, &first).expect("known").is_empty());
    assert!(seen.accept(WORKSPACE, &card, &second).expect("known").is_empty());
    assert_eq!(seen.next, 4);
}

#[test]
fn a_feed_has_no_gaps_and_no_forks() {
    let ana = keys(1);
    let card = ana.card().expect("a card");
    let start = Feed::new(ana.id, 1);
    let (first, behind) = segment(&ana, start, &["one"]);
    let (second, _) = segment(&ana, behind, &["two"]);
    let mut seen = start;
    assert!(matches!(seen.accept(WORKSPACE, &card, &second), Err(ProtocolError::Gap(_))));
    assert_eq!(seen, start, "nothing is taken of what is refused");
    seen.accept(WORKSPACE, &card, &first).expect("accepted");
    // The same place, written again: by a copy of the device that did not know that it is one.
    let (other, other_behind) = segment(&ana, start, &["another one"]);
    assert!(matches!(seen.accept(WORKSPACE, &card, &other), Err(ProtocolError::Fork(_))));
    let (on_the_other, _) = segment(&ana, other_behind, &["two"]);
    assert!(matches!(seen.accept(WORKSPACE, &card, &on_the_other), Err(ProtocolError::Fork(_))));
    // A segment that begins before what is known goes on behind it.
    let (both, _) = {
        let mut builder = SegmentBuilder::new(WORKSPACE, &ana, start);
        let record = RecordKey::from_bytes([9; 32]);
        for text in ["one", "two"] {
            builder
                .add(EntryKind::Change, DocTag([8; 16]), &epoch(1), &record, &payload(text))
                .expect("added");
        }
        builder.finish().expect("not empty")
    };
    // Its first entry is encrypted anew, so it is another: that is a fork, too.
    assert!(matches!(seen.accept(WORKSPACE, &card, &both), Err(ProtocolError::Fork(_))));
    seen.accept(WORKSPACE, &card, &second).expect("the true one goes on");
}

#[test]
fn a_segment_counts_only_for_its_own_device_and_workspace() {
    let (ana, bo) = (keys(1), keys(2));
    let (sent, _) = segment(&ana, Feed::new(ana.id, 1), &["one"]);
    let card = ana.card().expect("a card");
    let mut feed = Feed::new(ana.id, 1);
    let other = WorkspaceId([1; 16]);
    assert_eq!(feed.accept(other, &card, &sent), Err(ProtocolError::OtherWorkspace));
    assert!(feed.accept(WORKSPACE, &bo.card().expect("a card"), &sent).is_err());
    assert!(Feed::new(ana.id, 2).accept(WORKSPACE, &card, &sent).is_err(), "another incarnation");
    assert!(Feed::new(bo.id, 1).accept(WORKSPACE, &card, &sent).is_err(), "another device's feed");
    // Bo signs what he says is Ana's.
    let forged = Card { sign: bo.card().expect("a card").sign, ..card.clone() };
    assert_eq!(feed.accept(WORKSPACE, &forged, &sent), Err(ProtocolError::BadSignature));
    feed.accept(WORKSPACE, &card, &sent).expect("accepted");
}

#[test]
fn content_opens_with_its_own_keys_only() {
    let ana = keys(1);
    let (sent, _) = segment(&ana, Feed::new(ana.id, 1), &["one", "two"]);
    let record = RecordKey::from_bytes([9; 32]);
    assert_eq!(open(&sent, 0).expect("opens"), "one");
    assert_eq!(
        sent.open(0, &sent.chain(), &epoch(1), &RecordKey::from_bytes([1; 32])),
        Err(ProtocolError::CannotDecrypt)
    );
    assert_eq!(sent.open(0, &sent.chain(), &epoch(2), &record), Err(ProtocolError::CannotDecrypt));
    let other_key = EpochKey::from_bytes(1, [77; 32]);
    assert_eq!(sent.open(0, &sent.chain(), &other_key, &record), Err(ProtocolError::CannotDecrypt));
    assert!(sent.open(2, &sent.chain(), &epoch(1), &record).is_err());
    // An entry that is moved to another place, or said of another document, does not open.
    let mut moved = sent.clone();
    moved.items.swap(0, 1);
    assert_eq!(moved.open(0, &moved.chain(), &epoch(1), &record), Err(ProtocolError::CannotDecrypt));
    let mut renamed = sent;
    let Item::Entry(entry) = &mut renamed.items[0] else { panic!("an entry") };
    entry.tag = DocTag([1; 16]);
    assert_eq!(renamed.open(0, &renamed.chain(), &epoch(1), &record), Err(ProtocolError::CannotDecrypt));
}

/// What snapshots stand for is left out; the rest is as it was, and what is there is what was signed.
#[test]
fn a_feed_is_the_same_without_what_was_left_out() {
    let ana = keys(1);
    let card = ana.card().expect("a card");
    let start = Feed::new(ana.id, 1);
    let (first, behind) = segment(&ana, start, &["one", "two", "three", "four"]);
    let (second, end) = segment(&ana, behind, &["five"]);
    let short = first.without(|seq| seq == 2 || seq == 3);
    assert_eq!((short.count(), short.items.len(), short.entries().count()), (4, 3, 2));
    assert!(short.encode().len() < first.encode().len());
    assert_eq!(Segment::decode(WORKSPACE, &short.encode()).expect("decodes"), short);
    let mut seen = start;
    assert_eq!(seen.accept(WORKSPACE, &card, &short), Ok(0..3));
    assert_eq!((open(&short, 0), open(&short, 2)), (Ok("one".into()), Ok("four".into())));
    assert!(open(&short, 1).is_err());
    assert_eq!(seen.accept(WORKSPACE, &card, &second), Ok(0..1));
    assert_eq!(seen, end);
    // All of it left out, and what follows, become one; its signature is new.
    let none = first.without(|_| true);
    assert_eq!(none.items, [Item::Elided { count: 4, last: behind.last }]);
    let joined = none.join(&second, &ana).expect("joins");
    assert_eq!((joined.first, joined.end()), (1, 6));
    assert_eq!(open(&joined, 1), Ok("five".into()));
    assert!(second.join(&first, &ana).is_none(), "not in this order");
    let mut seen = start;
    assert_eq!(seen.accept(WORKSPACE, &card, &joined), Ok(0..2));
    assert_eq!(seen, end);
    // Who knows a part of the run goes on behind it; who knows the end finds another end.
    let mut within = Feed { next: 3, last: Hash([1; 32]), ..start };
    assert_eq!(within.accept(WORKSPACE, &card, &joined), Ok(0..2));
    let mut other = Feed { next: 5, last: Hash([1; 32]), ..start };
    assert!(matches!(other.accept(WORKSPACE, &card, &joined), Err(ProtocolError::Fork(_))));
    // What it stands for cannot be changed by who carries it.
    let mut forged = joined.clone();
    forged.items[0] = Item::Elided { count: 4, last: Hash([2; 32]) };
    assert!(start.clone().accept(WORKSPACE, &card, &forged).is_err());
    let mut forged = joined;
    forged.items[0] = Item::Elided { count: 3, last: behind.last };
    assert_eq!(start.clone().accept(WORKSPACE, &card, &forged), Err(ProtocolError::BadSignature));
    let mut endless = first;
    endless.items = vec![Item::Elided { count: u64::MAX, last: behind.last }; 2];
    assert!(Segment::decode(WORKSPACE, &endless.encode()).is_err());
}

#[test]
fn a_word_of_what_was_read_is_ones_own() {
    let (ana, bo) = (keys(1), keys(2));
    let positions = vec![Position { device: bo.id, incarnation: 3, next: 7 }];
    let read = Read::new(&ana, WORKSPACE, positions);
    let sent = Read::decode(&read.encode()).expect("decodes");
    sent.verify(WORKSPACE, &ana.card().expect("a card")).expect("hers");
    assert!(sent.verify(WORKSPACE, &bo.card().expect("a card")).is_err());
    assert!(sent.verify(WorkspaceId([1; 16]), &ana.card().expect("a card")).is_err());
    let mut more = sent;
    more.positions[0].next = 9;
    assert_eq!(more.verify(WORKSPACE, &ana.card().expect("a card")), Err(ProtocolError::BadSignature));
}

#[test]
fn an_attachment_is_the_same_pieces_everywhere_and_opens_nowhere_else() {
    let file = |bytes: &[u8]| {
        let mut hash = FileHash::default();
        hash.update(bytes);
        hash.finish()
    };
    let text = vec![7; PIECE];
    let key = BlobKey::of(b"secret", file(&text));
    let piece = key.seal_piece(WORKSPACE, 0, &text);
    assert_eq!(piece, BlobKey::of(b"secret", file(&text)).seal_piece(WORKSPACE, 0, &text), "said twice");
    assert!(piece.len() <= limits::PIECE_BYTES && piece.len() > PIECE);
    assert_eq!(key.open_piece(WORKSPACE, 0, &piece).expect("opens"), text);
    for other in [BlobKey::of(b"another team", file(&text)), BlobKey::of(b"secret", file(b"another"))] {
        assert!(other.open_piece(WORKSPACE, 0, &piece).is_err());
    }
    assert!(key.open_piece(WORKSPACE, 1, &piece).is_err(), "in another place");
    assert!(key.open_piece(WorkspaceId([1; 16]), 0, &piece).is_err());
    let manifest = Manifest { size: PIECE as u64, hash: file(&text), pieces: vec![piece_name(&piece)] };
    let sealed = key.seal_manifest(WORKSPACE, &manifest);
    assert_eq!(key.open_manifest(WORKSPACE, &sealed).expect("opens"), manifest);
    assert!(key.open_manifest(WORKSPACE, &piece).is_err());
    for wrong in [Manifest { size: 1 << 40, ..manifest.clone() }, Manifest { pieces: Vec::new(), ..manifest }]
    {
        assert!(key.open_manifest(WORKSPACE, &key.seal_manifest(WORKSPACE, &wrong)).is_err());
    }
    let content = BlobContent { manifest: piece_name(&sealed), key };
    assert_eq!(content.to_string().parse::<BlobContent>().expect("parses"), content);
    assert!("12.34".parse::<BlobContent>().is_err());
    // Sizes tell little: a file of one byte and one of ten have pieces of one size.
    let size = |n: usize| content.key.seal_piece(WORKSPACE, 0, &vec![1; n]).len();
    assert_eq!(size(1000), size(1005));
}

#[test]
fn places_in_order_become_runs() {
    let runs: Vec<(u64, u64)> =
        Run::of([1, 2, 3, 7, 9, 10]).into_iter().map(|r| (r.first, r.count)).collect();
    assert_eq!(runs, [(1, 3), (7, 1), (9, 2)]);
}

#[test]
fn record_keys_are_wrapped_and_epochs_reach_back() {
    let record = RecordKey::generate().expect("random");
    let tag = DocTag([8; 16]);
    let wrapped = epoch(3).wrap(WORKSPACE, tag, &record).expect("wrapped");
    assert_eq!(epoch(3).unwrap(WORKSPACE, &wrapped).expect("unwrapped"), record);
    assert!(epoch(2).unwrap(WORKSPACE, &wrapped).is_err());
    assert!(epoch(3).unwrap(WorkspaceId([1; 16]), &wrapped).is_err());
    let mut of_another = wrapped;
    of_another.tag = DocTag([9; 16]);
    assert!(epoch(3).unwrap(WORKSPACE, &of_another).is_err(), "a key cannot be given to another document");
    let previous = seal_previous(WORKSPACE, &epoch(3), &epoch(2)).expect("sealed");
    assert_eq!(open_previous(WORKSPACE, &epoch(3), &previous).expect("opened"), epoch(2));
    assert!(open_previous(WORKSPACE, &epoch(2), &previous).is_err());
    let names = epoch(1).seal_names(WORKSPACE, "王伟".as_bytes()).expect("sealed");
    assert_eq!(epoch(1).open_names(WORKSPACE, &names).expect("opened"), "王伟".as_bytes());
    assert!(epoch(2).open_names(WORKSPACE, &names).is_err());
}

#[test]
fn what_is_sealed_for_one_device_no_other_opens() {
    let (ana, bo) = (keys(1), keys(2));
    let sealed = ana.card().expect("a card").seal(b"epoch 2", b"the key").expect("sealed");
    assert_eq!(ana.open(&sealed, b"epoch 2").expect("opens").as_slice(), b"the key");
    assert!(bo.open(&sealed, b"epoch 2").is_err());
    assert!(ana.open(&sealed, b"epoch 3").is_err(), "said of another thing");
    let again = DeviceKeys::from_secrets(ana.id, ana.secrets().0, ana.secrets().1).expect("keys");
    assert_eq!(again.card(), ana.card());
    assert_eq!(again.open(&sealed, b"epoch 2").expect("opens").as_slice(), b"the key");
}

/// Who may do what: the rows are who acts, the columns what.
#[test]
fn roles_are_what_they_say() {
    type Try = (&'static str, fn(&Membership, &DeviceKeys) -> SignedRecord);
    let tries: [Try; 12] = [
        ("invites a member", |t, by| add(t, by, 9, Role::Member)),
        ("invites an admin", |t, by| add(t, by, 9, Role::Admin)),
        ("invites an owner", |t, by| add(t, by, 9, Role::Owner)),
        ("adds a device of their own", |t, by| add_device_of(t, by, 9, by.id.0[0], Role::Member)),
        ("adds a device of the owner", |t, by| add_device_of(t, by, 9, 1, Role::Member)),
        ("removes the member", |t, by| remove(t, by, &[3], Vec::new())),
        ("removes the admin", |t, by| remove(t, by, &[2], Vec::new())),
        ("removes the owner", |t, by| remove(t, by, &[1], Vec::new())),
        ("makes the viewer a member", |t, by| change(t, by, 4, Role::Member, Vec::new())),
        ("makes the member an admin", |t, by| change(t, by, 3, Role::Admin, Vec::new())),
        ("makes the admin a viewer", |t, by| change(t, by, 2, Role::Viewer, Vec::new())),
        ("makes the owner a member", |t, by| change(t, by, 1, Role::Member, Vec::new())),
    ];
    let mut table = String::new();
    for (what, write) in tries {
        let may = [1, 2, 3, 4, 5].map(|n| {
            let mut team = team();
            let record = write(&team, &keys(n));
            let before = team.clone();
            let done = team.apply(&record).is_ok();
            assert!(done || team == before, "{what}: a refusal changes nothing");
            if done { "yes" } else { " - " }
        });
        table.push_str(&format!("{what:<28} {}\n", may.join(" ")));
    }
    expect![[r#"
        invites a member             yes yes  -   -   - 
        invites an admin             yes yes  -   -   - 
        invites an owner              -   -   -   -   - 
        adds a device of their own   yes yes yes yes  - 
        adds a device of the owner   yes  -   -   -   - 
        removes the member           yes yes yes  -   - 
        removes the admin            yes yes  -   -   - 
        removes the owner             -   -   -   -   - 
        makes the viewer a member    yes yes  -   -   - 
        makes the member an admin    yes  -   -   -   - 
        makes the admin a viewer     yes  -   -   -   - 
        makes the owner a member      -   -   -   -   - 
    "#]]
    .assert_eq(&table);
}

#[test]
fn who_is_removed_writes_nothing_more_and_nothing_back_dated() {
    let mut team = team();
    assert!(team.counts(place(3, 1)) && team.counts(place(3, 500)));
    assert!(!team.counts(place(4, 1)), "a viewer writes nothing");
    assert!(!team.counts(place(9, 1)), "a stranger neither");
    team.apply(&remove(&team, &keys(1), &[3], vec![pin(3, 7)])).expect("removed");
    assert_eq!(team.epoch, 2);
    assert!(team.counts(place(3, 7)), "what was there stays");
    assert!(!team.counts(place(3, 8)));
    let reborn = Place { incarnation: 2, ..place(3, 1) };
    assert!(!team.counts(reborn), "another incarnation does not help");
    let by_removed = add(&team, &keys(3), 9, Role::Member);
    assert_eq!(team.apply(&by_removed), Err(ProtocolError::NotAllowed("its author is no member")));
    // A role that is taken away pins, and one that is given back lets write again.
    team.apply(&change(&team, &keys(1), 2, Role::Viewer, vec![pin(2, 3)])).expect("changed");
    assert!(team.counts(place(2, 3)) && !team.counts(place(2, 4)));
    team.apply(&change(&team, &keys(1), 2, Role::Member, Vec::new())).expect("changed");
    assert!(team.counts(place(2, 4)));
}

#[test]
fn the_control_log_is_one_line() {
    let owner = keys(1);
    let mut team = team();
    let (one, other) = (add(&team, &owner, 8, Role::Member), add(&team, &owner, 9, Role::Member));
    team.apply(&one).expect("added");
    assert!(matches!(team.apply(&other), Err(ProtocolError::Fork(_))), "in the same place");
    assert!(matches!(team.apply(&one), Err(ProtocolError::Fork(_))), "once more");
    let mut ahead = team.clone();
    ahead.apply(&add(&team, &owner, 9, Role::Member)).expect("added");
    let later = add(&ahead, &owner, 10, Role::Member);
    assert!(matches!(team.apply(&later), Err(ProtocolError::Gap(_))));
    assert!(Membership::begin(&later).is_err(), "it is not the first");
    // Another team's first record begins another team, and nothing of it fits here.
    let mut elsewhere = Membership::begin(&genesis(&keys(2))).expect("begins");
    elsewhere.workspace = WorkspaceId([1; 16]);
    let foreign = add(&elsewhere, &keys(2), 9, Role::Member);
    assert_eq!(team.apply(&foreign), Err(ProtocolError::OtherWorkspace));
    // A removal that forgets one who stays is none.
    let Ok(Record {
        action: Action::Remove { devices, pins, epoch, mut sealed, for_recovery, previous },
        ..
    }) = remove(&team, &owner, &[3], Vec::new()).read()
    else {
        panic!("it is a removal")
    };
    sealed.pop();
    let action = Action::Remove { devices, pins, epoch, sealed, for_recovery, previous };
    assert!(matches!(team.apply(&team.write(&owner, action)), Err(ProtocolError::Malformed(_))));
}

#[test]
fn an_invitation_is_a_link_that_works_for_its_own_requests() {
    let invitation =
        Invitation::new(WORKSPACE, Hash([1; 32]), Role::Member, 5, "http://127.0.0.1:1").expect("made");
    let link = invitation.to_link();
    assert!(link.starts_with("satchel://join#") && link.len() < 250, "{} characters", link.len());
    assert_eq!(Invitation::from_link(&format!(" {link}\n")).expect("reads"), invitation);
    for bad in ["", "satchel://join#", "satchel://join#AA", "https://x.example", &link[..link.len() - 3]] {
        assert!(Invitation::from_link(bad).is_err(), "{bad}");
    }
    assert!(Invitation::from_link(&"x".repeat(1 << 20)).is_err());
    let bo = Request { device: keys(2).card().expect("a card"), person: "Bo".into(), name: "phone".into() };
    let sealed = invitation.seal(&bo).expect("sealed");
    let received = SealedRequest::decode(&sealed.encode()).expect("decodes");
    assert_eq!(invitation.open(&received).expect("opens"), bo);
    let other = Invitation::new(WORKSPACE, Hash([1; 32]), Role::Member, 5, "").expect("made");
    assert_eq!(other.open(&received), Err(ProtocolError::CannotDecrypt));
    // Both see the same six digits; who puts another device in between shows others.
    let code = check_code(&invitation, &bo);
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()));
    let eve = Request { device: keys(3).card().expect("a card"), ..bo };
    assert_ne!(check_code(&invitation, &eve), code);
    let endless = Request { person: "x".repeat(10_000), ..eve };
    assert!(invitation.open(&invitation.seal(&endless).expect("sealed")).is_err());
}

#[test]
fn the_wire_tells_little_and_costs_little() {
    let ana = keys(1);
    // What automerge writes for one edited field.
    let (one, _) = segment(&ana, Feed::new(ana.id, 1), &[&"x".repeat(170)]);
    let many: Vec<String> = (0..100).map(|_| "x".repeat(170)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let (many, _) = segment(&ana, Feed::new(ana.id, 1), &many);
    let (alone, each) = (one.encode().len(), many.encode().len() / 100);
    expect!["420 bytes alone, 299 among others"]
        .assert_eq(&format!("{alone} bytes alone, {each} among others"));
    // Texts of nearly the same length are the same length to the server.
    let lengths: Vec<usize> = (200..=220).map(|n| pad(&vec![0; n]).len()).collect();
    assert!(lengths.iter().collect::<std::collections::BTreeSet<_>>().len() <= 3, "{lengths:?}");
}

#[test]
fn a_newer_version_is_named() {
    let (sent, _) = segment(&keys(1), Feed::new(DeviceId([1; 16]), 1), &["one"]);
    let mut bytes = sent.encode();
    assert_eq!(bytes[1], VERSION, "it stands first");
    bytes[1] = VERSION + 1;
    assert_eq!(Segment::decode(WORKSPACE, &bytes), Err(ProtocolError::Newer(VERSION + 1)));
    // Whatever else it has become.
    assert_eq!(Segment::decode(WORKSPACE, &[0x82, 9, 0xf6]), Err(ProtocolError::Newer(9)));
}

/// What this version has written once must be read for ever.
#[test]
fn what_was_written_by_the_first_version_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/version-1.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() && !path.exists() {
        let (sent, _) = segment(&keys(1), Feed::new(DeviceId([1; 16]), 1), &["one", "zwei", "三"]);
        let invitation =
            Invitation::new(WORKSPACE, Hash([1; 32]), Role::Member, 5, "/srv/team").expect("made");
        let request =
            Request { device: keys(2).card().expect("a card"), person: "Bo".into(), name: "phone".into() };
        let wrapped =
            epoch(1).wrap(WORKSPACE, DocTag([8; 16]), &RecordKey::from_bytes([9; 32])).expect("wrapped");
        let team = Membership::begin(&genesis(&keys(1))).expect("begins");
        let lines = [
            wire::hex(&sent.encode()),
            wire::hex(&genesis(&keys(1)).encode()),
            wire::hex(&add(&team, &keys(1), 2, Role::Member).encode()),
            invitation.to_link(),
            wire::hex(&invitation.seal(&request).expect("sealed").encode()),
            wire::hex(&minicbor::to_vec(&wrapped).expect("encodes")),
        ];
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
    }
    let text = std::fs::read_to_string(&path).expect("the fixture is there");
    let lines: Vec<&str> = text.lines().collect();
    let bytes = |at: usize| -> Vec<u8> {
        let line = lines[at].as_bytes();
        let digits = line.chunks(2).map(|two| std::str::from_utf8(two).expect("hex"));
        digits.map(|two| u8::from_str_radix(two, 16).expect("hex")).collect()
    };
    let sent = Segment::decode(WORKSPACE, &bytes(0)).expect("decodes");
    let mut feed = Feed::new(DeviceId([1; 16]), 1);
    let new = feed.accept(WORKSPACE, &keys(1).card().expect("a card"), &sent).expect("accepted");
    let read: Vec<String> = new.map(|at| open(&sent, at).expect("opens")).collect();
    assert_eq!(read, ["one", "zwei", "三"]);
    let first = SignedRecord::decode(&bytes(1)).expect("decodes");
    let team = Membership::begin(&first).expect("begins");
    let Action::Create { sealed, for_recovery, names, .. } = first.read().expect("reads").action else {
        panic!("it makes a workspace")
    };
    assert_eq!(keys(1).open(&sealed, b"epoch").expect("opens").as_slice(), epoch(1).as_bytes());
    let recovery = keys(99).secrets().1;
    assert_eq!(for_recovery.open(&recovery, b"epoch").expect("opens").as_slice(), epoch(1).as_bytes());
    assert_eq!(epoch(1).open_names(WORKSPACE, &names).expect("opens"), b"Ana / laptop");
    let added = SignedRecord::decode(&bytes(2)).expect("decodes").read().expect("reads");
    assert_eq!((added.seq, added.author), (1, DeviceId([1; 16])));
    assert_eq!(team.next, 1);
    let invitation = Invitation::from_link(lines[3]).expect("reads");
    assert_eq!(invitation.remote, "/srv/team");
    let request = invitation.open(&SealedRequest::decode(&bytes(4)).expect("decodes")).expect("opens");
    assert_eq!((request.person.as_str(), request.device), ("Bo", keys(2).card().expect("a card")));
    let wrapped: WrappedKey = minicbor::decode(&bytes(5)).expect("decodes");
    assert_eq!(epoch(1).unwrap(WORKSPACE, &wrapped).expect("unwraps"), RecordKey::from_bytes([9; 32]));
}

static SENT: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let (sent, _) = segment(&keys(1), Feed::new(DeviceId([1; 16]), 1), &["one", "two", "three"]);
    (sent.encode(), genesis(&keys(1)).encode())
});

proptest! {
    /// A changed byte anywhere, or a cut, is refused; or it changes nothing that is said.
    #[test]
    fn what_is_tampered_with_is_refused(at in 0_usize..4000, byte: u8, cut: bool) {
        let card = keys(1).card().expect("a card");
        let tamper = |sent: &[u8]| {
            let mut bytes = sent.to_vec();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            bytes
        };
        if let Ok(received) = Segment::decode(WORKSPACE, &tamper(&SENT.0)) {
            let mut feed = Feed::new(DeviceId([1; 16]), 1);
            if feed.accept(WORKSPACE, &card, &received).is_ok() {
                prop_assert_eq!(received, Segment::decode(WORKSPACE, &SENT.0).expect("decodes"));
            }
        }
        if let Ok(record) = SignedRecord::decode(&tamper(&SENT.1))
            && Membership::begin(&record).is_ok()
        {
            prop_assert_eq!(record.hash(), SignedRecord::decode(&SENT.1).expect("decodes").hash());
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Segment::decode(WORKSPACE, &bytes);
        let _ = SignedRecord::decode(&bytes).and_then(|r| r.read());
        let _ = SealedRequest::decode(&bytes);
        let _ = Invitation::from_link(&String::from_utf8_lossy(&bytes));
        let _ = unpad(&bytes);
    }

    #[test]
    fn padding_is_taken_off_again(text in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let padded = pad(&text);
        prop_assert!(padded.len() <= (text.len() + 4) * 112 / 100 + 2, "{} of {}", padded.len(), text.len());
        prop_assert_eq!(unpad(&padded).expect("unpads"), text);
        let mut longer = padded;
        longer.push(0);
        prop_assert!(unpad(&longer).is_err(), "one text has one form");
    }
}

/// Who is demoted or removed cannot write themselves back into the past, whatever the hashes.
#[test]
fn a_back_dated_record_displaces_nothing_of_an_owner() {
    let (owner, admin) = (keys(1), keys(2));
    let first = genesis(&owner);
    let mut team = Membership::begin(&first).expect("begins");
    let mut log = Vec::new();
    let mut write = |team: &mut Membership, record: SignedRecord| {
        team.apply(&record).expect("allowed");
        log.push(record);
    };
    let record = add(&team, &owner, 2, Role::Admin);
    write(&mut team, record);
    let record = add(&team, &owner, 5, Role::Admin);
    write(&mut team, record);
    let past = team.clone();
    // A junior admin writes, then the owner demotes the senior one.
    let record = add(&team, &keys(5), 6, Role::Member);
    write(&mut team, record);
    let record = change(&team, &owner, 2, Role::Member, Vec::new());
    write(&mut team, record);
    for n in 50..60 {
        let back_dated = add(&past, &admin, n, Role::Admin);
        let (agreed, members) =
            Membership::agree(&first, log.iter().cloned().chain([back_dated])).expect("agrees");
        assert_eq!(agreed[1..], log[..], "what the owner has done stands");
        assert_eq!(members, team);
    }
    // Of two admins who write at once, all take the same.
    let (senior, junior) = (add(&past, &admin, 70, Role::Member), add(&past, &keys(5), 71, Role::Member));
    for known in [[senior.clone(), junior.clone()], [junior, senior.clone()]] {
        let all = log[..2].iter().cloned().chain(known);
        assert_eq!(Membership::agree(&first, all).expect("agrees").0[3..], *std::slice::from_ref(&senior));
    }
}

#[test]
fn an_answer_of_very_many_empty_parts_is_refused() {
    let list = |part: &[u8], count: usize| {
        let length = u32::try_from(count).expect("few").to_be_bytes();
        [&[0x9a], length.as_slice(), &part.repeat(count)].concat()
    };
    assert_eq!(decode_all(&list(&[0x40], 3)).expect("few"), vec![Vec::<u8>::new(); 3]);
    assert!(decode_all(&list(&[0x40], limits::PARTS + 1)).is_err());
    let news = |count| [&[0x85, 0, 0, 0xf4], list(&[0x82, 0x40, 0x40], count).as_slice(), &[0x80]].concat();
    assert_eq!(News::decode(&news(3)).expect("few").segments.len(), 3);
    assert!(News::decode(&news(limits::PARTS + 1)).is_err());
}

#[test]
fn hex_is_digits_and_nothing_else() {
    assert_eq!(from_hex("00fF1a2b"), Some([0, 0xff, 0x1a, 0x2b]));
    for other in ["00ff1a+b", "00ff1a2", "00ff1a2b00", "00ff1aé"] {
        assert_eq!(from_hex::<4>(other), None, "{other}");
    }
}
