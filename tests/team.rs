//! Several laptops of one team: whatever is done where, in whatever order it travels, all end with the same
//! records, and nothing that was saved is lost.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use satchel_app::{
    Cancel, Code, Invitation, Role, SeedLocale, SeedOptions,
    domain::{Kind, RecordId, Uuid, WorkspaceId},
};
use satchel_tests::{
    cli::Cli,
    team::{Device, act, agree, carry, cases, copy_all, fields, join, settle, step, team},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn whatever_happens_all_end_with_the_same(steps in proptest::collection::vec(step(), 20..70)) {
        let mut devices = team(&[("Bo", Role::Member), ("Cy", Role::Admin)]);
        for step in &steps {
            act(&mut devices, step);
        }
        agree(&devices);
        // Whoever comes now has nothing but the log as it has become.
        shorten(&devices);
        devices.push(join(&devices[0], "Di", Role::Member));
        agree(&devices);
    }
}

/// What snapshots stand for is left out everywhere; how many entries.
fn shorten(devices: &[Device]) -> u64 {
    let mut left_out = 0;
    for _ in 0..3 {
        left_out += devices.iter().map(|d| d.compact().left_out).sum::<u64>();
        settle(devices);
    }
    left_out
}

/// A log that was made shorter tells a newcomer the same: records, history, whose they are, what can be taken back.
#[test]
fn a_shorter_log_tells_the_same() {
    let mut devices = team(&[("Bo", Role::Member), ("Cy", Role::Viewer)]);
    let mut ids = Vec::new();
    for n in 0..4 {
        let person = fields(json!({"first_name": format!("Zoe {n}")}));
        ids.push(devices[n % 2].session().create(Kind::Person, &person).unwrap().id);
    }
    settle(&devices);
    for n in 0..25 {
        for (at, key) in [(0, "title"), (1, "department")] {
            devices[at].session().set(ids[n % 3], &fields(json!({ key: format!("{key} {n}") }))).unwrap();
        }
        if n % 3 == 0 {
            settle(&devices);
        }
    }
    agree(&devices);
    let size = |device: &Device| -> u64 {
        let log = walk(&device.shared());
        log.iter()
            .filter(|p| p.extension().is_some_and(|e| e == "segment"))
            .map(|p| p.metadata().unwrap().len())
            .sum()
    };
    let before = size(&devices[0]);
    // One of them has not read the snapshots: nothing is left out.
    let report = devices[0].compact();
    assert!(report.snapshots > 0, "{report:?}");
    assert_eq!(devices[0].compact().left_out, 0);
    let left_out = shorten(&devices);
    assert!(left_out > 40, "{left_out} of 54");
    devices.iter().for_each(|d| prune(&d.shared()));
    assert!(size(&devices[0]) * 2 < before, "{} of {before}", size(&devices[0]));
    let newcomer = join(&devices[0], "Di", Role::Member);
    devices.push(newcomer);
    agree(&devices);
    let [ana, .., di] = devices.as_slice() else { panic!("four") };
    let told = |device: &Device, id: RecordId| -> Vec<(String, String, String)> {
        let history = device.session().history(id).unwrap();
        // Edits that knew nothing of each other come in the order in which they were heard of.
        let mut told: Vec<_> =
            history.into_iter().map(|v| (v.operation.to_string(), v.label, v.by)).collect();
        told.sort();
        told
    };
    ids.iter().for_each(|id| assert_eq!(told(di, *id), told(ana, *id)));
    // An operation that is only known by a snapshot is taken back by whoever came later.
    let history = ana.session().history(ids[0]).unwrap();
    let last = history.iter().find(|v| v.by == "Bo").unwrap().operation;
    let title = ana.session().get(ids[0]).unwrap().fields["title"].clone();
    di.session().undo(Some(last), &mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    let person = devices[0].session().get(ids[0]).unwrap();
    assert_eq!((&person.fields["title"], &person.fields["department"]), (&title, &json!("department 21")));
    // And it goes on: a second time over what was left out before.
    for n in 0..10 {
        devices[3].session().set(ids[0], &fields(json!({"title": format!("again {n}")}))).unwrap();
    }
    settle(&devices);
    assert!(shorten(&devices) > 0);
    devices.push(join(&devices[0], "Ed", Role::Member));
    agree(&devices);
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let each = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries.flat_map(|e| each(e.path())).collect()
}

/// Takes away what whoever has written it would not have any more: our carrying only adds.
fn prune(dir: &Path) {
    let span = |path: &Path| -> Option<(u64, u64)> {
        let name = path.file_stem()?.to_str()?.to_owned();
        let mut parts = name.split('-').map(|p| p.parse().ok());
        Some((parts.next()??, parts.next()??))
    };
    for path in walk(dir).into_iter().filter(|p| p.extension().is_some_and(|e| e == "segment")) {
        let Some((first, next)) = span(&path) else { continue };
        let size = path.metadata().unwrap().len();
        let others = walk(path.parent().unwrap()).into_iter().filter(|o| *o != path);
        let within = |o: &PathBuf| {
            o.extension().is_some_and(|e| e == "segment")
                && span(o).is_some_and(|(f, n)| {
                    f <= first && n >= next && ((f, n) != (first, next) || o.metadata().unwrap().len() < size)
                })
        };
        if others.into_iter().any(|o| within(&o)) {
            std::fs::remove_file(path.with_extension("keys")).unwrap();
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn two_edits_of_one_field_are_both_there_until_somebody_settles() {
    let devices = team(&[("Bo", Role::Member)]);
    let (ana, bo) = (&devices[0], &devices[1]);
    let id = ana.session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    settle(&devices);
    ana.session().set(id, &fields(json!({"title": "Director"}))).unwrap();
    bo.session().set(id, &fields(json!({"title": "Buyer", "department": "South"}))).unwrap();
    agree(&devices);
    let conflicts = ana.session().conflicts().unwrap();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts, bo.session().conflicts().unwrap(), "both see the same, in the same order");
    let mut by: Vec<(String, String)> =
        conflicts[0].values.iter().map(|v| (v.by.clone(), v.value.as_str().unwrap().to_owned())).collect();
    by.sort();
    assert_eq!(by, [("Ana".to_owned(), "Director".to_owned()), ("Bo".to_owned(), "Buyer".to_owned())]);
    let buyer = conflicts[0].values.iter().position(|v| v.by == "Bo").unwrap();
    assert_eq!(ana.session().settle(id, "title", 9).unwrap_err().code, Code::NotFound);
    ana.session().settle(id, "title", buyer).unwrap();
    agree(&devices);
    assert!(bo.session().conflicts().unwrap().is_empty());
    let person = bo.session().get(id).unwrap();
    assert_eq!(
        (person.fields["title"].as_str(), person.fields["department"].as_str()),
        (Some("Buyer"), Some("South"))
    );
    // Who has done what is known to both; and Ctrl+Z takes back what one has done oneself.
    let by: Vec<String> = bo.session().history(id).unwrap().into_iter().map(|v| v.by).collect();
    assert_eq!(by.iter().filter(|b| *b == "Ana").count(), 3, "{by:?}");
    bo.session().undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(bo.session().get(id).unwrap().fields.get("department").is_none(), "of his own edit");
    agree(&devices);
}

/// Sample data that the team has got goes to everybody's trash; what has never left this computer goes for good.
#[test]
fn sample_data_goes_everywhere_or_for_good() {
    let sample = || SeedOptions {
        people: 6,
        companies: 2,
        deals: 3,
        activities: 4,
        tasks: 2,
        seed: 1,
        locale: SeedLocale::En,
    };
    let devices = team(&[("Bo", Role::Member)]);
    let ana = devices[0].session();
    ana.seed(sample(), &mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    assert_eq!(devices[1].shown().len(), 17);
    ana.remove_sample(&mut |_| {}, &Cancel::default()).unwrap();
    agree(&devices);
    assert!(devices[1].shown().iter().all(|r| !r["deleted"].is_null()), "{:?}", devices[1].shown());
    ana.seed(sample(), &mut |_| {}, &Cancel::default()).unwrap();
    ana.remove_sample(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(devices[0].shown().len(), 17, "only what the team knows is left");
}

#[test]
fn who_is_removed_changes_nothing_any_more() {
    let devices = team(&[("Bo", Role::Member), ("Cy", Role::Member), ("Vi", Role::Viewer)]);
    let [ana, bo, cy, vi] = devices.as_slice() else { panic!("four") };
    let id = ana.session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    bo.session().set(ana_sees(&devices, id), &fields(json!({"title": "Buyer"}))).unwrap();
    settle(&devices);
    assert_eq!(cy.session().revoke("Ana").unwrap_err().code, Code::Refused, "a member removes nobody else");
    ana.session().revoke("Bo").unwrap();
    bo.session().set(id, &fields(json!({"title": "after"}))).unwrap();
    // Bo does not know yet: what he sends is refused by all alike.
    bo.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    // A viewer reads; what a viewer's device writes counts nowhere.
    vi.session().set(id, &fields(json!({"source": "viewer"}))).unwrap();
    let report = vi.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(
        (report.pushed, report.pending, report.remotes[0].code),
        (0, 1, Some(Code::Refused)),
        "{report:?}"
    );
    for _ in 0..2 {
        for from in &devices {
            for to in &devices {
                carry(&from.shared(), &to.shared());
            }
        }
        for device in [ana, cy] {
            device.sync();
        }
    }
    for device in [ana, cy] {
        let person = device.session().get(id).unwrap();
        assert_eq!(person.fields["title"], "Buyer", "what was there before stays");
        assert!(person.fields.get("source").is_none());
    }
    let report = bo.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    assert!(report.remotes[0].error.as_ref().unwrap().contains("removed"), "{report:?}");
    // What the viewer has kept back counts when she may write; a disk that is away holds nobody up.
    let stick = ana.dir.path().join("stick");
    std::fs::create_dir(&stick).unwrap();
    ana.session().add_remote(&stick.display().to_string()).unwrap();
    std::fs::remove_dir_all(&stick).unwrap();
    ana.session().change_role("Vi", Role::Member).unwrap();
    ana.session().remove_remote("stick").unwrap();
    carry(&ana.shared(), &vi.shared());
    vi.sync();
    carry(&vi.shared(), &ana.shared());
    ana.sync();
    assert_eq!(ana.session().get(id).unwrap().fields["source"], "viewer");
    // The team goes on under a key that Bo does not have.
    ana.session().set(id, &fields(json!({"title": "Director"}))).unwrap();
    ana.sync();
    for to in [bo, cy] {
        carry(&ana.shared(), &to.shared());
    }
    cy.sync();
    let _ = bo.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(cy.session().get(id).unwrap().fields["title"], "Director");
    assert_eq!(bo.session().get(id).unwrap().fields["title"], "after");
    let members = cy.session().members().unwrap();
    let bo_again = members.iter().find(|m| m.person == "Bo").unwrap();
    assert!(bo_again.devices[0].revoked);
    // A newcomer has everything, from the beginning.
    let dee = join(ana, "Dee", Role::Member);
    assert_eq!(dee.session().get(id).unwrap().fields["title"], "Director");
}

fn ana_sees(devices: &[Device], id: RecordId) -> RecordId {
    settle(devices);
    id
}

/// A laptop that was restored from a copy goes on as another incarnation; nothing collides, nothing is lost.
#[test]
fn a_restored_laptop_goes_on() {
    let mut devices = team(&[("Bo", Role::Member)]);
    let session = devices[0].session();
    let id = session.create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    settle(&devices);
    session.set(id, &fields(json!({"department": "unsent in the copy"}))).unwrap();
    devices[0].meanwhile(|dir| copy_all(&dir.join("vault"), &dir.join("copy")));
    devices[0].session().set(id, &fields(json!({"title": "after the copy"}))).unwrap();
    devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Late"}))).unwrap();
    devices[0].sync();
    let before = devices[0].session().incarnation().unwrap();
    devices[0].meanwhile(|dir| copy_all(&dir.join("copy"), &dir.join("vault")));
    assert_ne!(devices[0].session().incarnation().unwrap(), before);
    devices[0].session().set(id, &fields(json!({"source": "after the restore"}))).unwrap();
    agree(&devices);
    let person = devices[1].session().get(id).unwrap();
    for (key, value) in
        [("title", "after the copy"), ("department", "unsent in the copy"), ("source", "after the restore")]
    {
        assert_eq!(person.fields[key], value);
    }
    assert_eq!(devices[0].shown().len(), 2, "what only the log had is back");
}

/// What programs that carry folders do to them, and what others put into them.
#[test]
fn a_folder_that_is_gone_damaged_or_foreign_does_no_harm() {
    let mut devices = team(&[("Bo", Role::Member)]);
    let (ana, bo) = (&devices[0], &devices[1]);
    let id = ana.session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    ana.sync();
    // Half of a segment arrives; then the whole of it.
    let feed_of = |device: &Device| -> Vec<std::path::PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![device.shared()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path if path.extension().is_some_and(|e| e == "segment") => files.push(path),
                    _ => {}
                }
            }
        }
        files.sort();
        files
    };
    let newest = feed_of(ana).pop().unwrap();
    let whole = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, &whole[..whole.len() / 2]).unwrap();
    carry(&ana.shared(), &bo.shared());
    bo.sync();
    assert!(bo.session().get(id).is_err(), "half of it says nothing");
    let mut forged = whole.clone();
    let at = forged.len() - 10;
    forged[at] ^= 1;
    let arrived = newest.strip_prefix(ana.shared()).unwrap();
    for bytes in [forged, b"junk".to_vec(), Vec::new()] {
        std::fs::write(bo.shared().join(arrived), bytes).unwrap();
        bo.sync();
        assert!(bo.session().get(id).is_err(), "what is not signed says nothing");
    }
    std::fs::write(bo.shared().join(arrived), &whole).unwrap();
    bo.sync();
    assert_eq!(bo.session().get(id).unwrap().title, "Zoe");
    // Somebody empties the folder: nothing is deleted, and what is missing is written again.
    std::fs::write(&newest, &whole).unwrap();
    let root = std::fs::read_dir(ana.shared()).unwrap().flatten().next().unwrap().path();
    std::fs::remove_dir_all(root.join("log")).unwrap();
    ana.sync();
    assert_eq!(ana.session().get(id).unwrap().title, "Zoe");
    assert!(!feed_of(ana).is_empty(), "it is there again");
    // Without its marker it is no folder of the team: nothing is read, and nothing written.
    let marker = root.join("WORKSPACE");
    let first = std::fs::read(&marker).unwrap();
    std::fs::remove_file(&marker).unwrap();
    let report = ana.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    assert!(
        !report.remotes[0].ok && report.remotes[0].error.as_ref().unwrap().contains("marker"),
        "{report:?}"
    );
    std::fs::write(&marker, b"another team").unwrap();
    assert!(!ana.session().sync(&mut |_| {}, &Cancel::default()).unwrap().remotes[0].ok);
    std::fs::write(&marker, &first).unwrap();
    ana.sync();
    // The disk is not there: work goes on, and what is to be sent waits.
    let away = ana.dir.path().join("away");
    std::fs::rename(ana.shared(), &away).unwrap();
    ana.session().set(id, &fields(json!({"title": "offline"}))).unwrap();
    let report = ana.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    assert!(!report.remotes[0].ok && report.pending > 0, "{report:?}");
    std::fs::rename(&away, ana.shared()).unwrap();
    agree(&devices);
    // The vault itself is never put into a shared folder.
    let vault = devices[0].dir.path().join("vault");
    let refused = devices[0].session().add_remote(&vault.display().to_string()).unwrap_err();
    assert_eq!(refused.code, Code::Refused);
    // Nothing in the folder can be read.
    for device in &mut devices {
        for path in feed_of(device) {
            let bytes = std::fs::read(path).unwrap();
            for text in ["Zoe", "first_name", "Ana", "offline", "person"] {
                assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text}");
            }
        }
    }
}

#[test]
fn a_stranger_with_an_old_or_foreign_link_stays_outside() {
    let devices = team(&[("Bo", Role::Member)]);
    let (ana, bo) = (&devices[0], &devices[1]);
    assert_eq!(bo.session().invite(Role::Member, Duration::from_secs(60)).unwrap_err().code, Code::Refused);
    assert_eq!(ana.session().invite(Role::Owner, Duration::from_secs(60)).unwrap_err().code, Code::Refused);
    assert_eq!(ana.session().approve(None).unwrap_err().code, Code::NotFound);
    let invited = ana.session().invite(Role::Member, Duration::from_millis(1)).unwrap();
    let invitation = Invitation::from_link(&invited.link).unwrap();
    let late = Device::new("Late", Some(WorkspaceId(Uuid::from_bytes(invitation.workspace.0))));
    carry(&ana.shared(), &late.shared());
    late.session().ask_to_join(&invitation, &late.address()).unwrap();
    carry(&late.shared(), &ana.shared());
    std::thread::sleep(Duration::from_millis(5));
    assert!(ana.session().approve(None).unwrap_err().message.contains("expired"));
    // Whose digits differ is sent away, and the link with it.
    assert_eq!(ana.session().refuse(None).unwrap().state, "refused");
    assert_eq!(ana.session().refuse(None).unwrap_err().code, Code::NotFound);
    late.session().ask_to_join(&invitation, &late.address()).unwrap();
    carry(&late.shared(), &ana.shared());
    assert!(ana.session().requests().unwrap().is_empty());
    let waiting = late.session().await_welcome(&invitation, &late.address(), Duration::ZERO).unwrap_err();
    assert_eq!(waiting.code, Code::NeedsDecision);
    // A folder of another team.
    let other = Device::new("Eve", None);
    other.session().add_remote(&other.address()).unwrap();
    assert!(late.session().ask_to_join(&invitation, &other.address()).is_err());
}

/// The same by the command line, whose answers are a contract.
#[test]
fn a_team_by_the_command_line() {
    let (ana, bo) = (Cli::new(), Cli::bare());
    let shared = ana.dir.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let out = ana.command(&["--json", "sync"]).output().unwrap();
    assert_eq!(out.status.code(), Some(5), "no team yet");
    let remote = ana.json(&["remote", "add", shared.to_str().unwrap()]);
    assert_eq!(
        (remote["name"].as_str(), remote["kind"].as_str(), remote["state"].as_str()),
        (Some("shared"), Some("folder"), Some("connected"))
    );
    let id = ana.json(&["new", "person", "first_name=Zoe"])["id"].as_str().unwrap().to_owned();
    assert_eq!(ana.json(&["status"])["pending"], 1);
    let report = ana.json(&["sync"]);
    assert_eq!((report["pushed"].as_u64(), report["pending"].as_u64()), (Some(1), Some(0)), "{report}");
    let link = ana.json(&["invite", "--role", "admin"])["link"].as_str().unwrap().to_owned();
    let out = bo.command(&["--json", "join", &link, "--person", "Bo", "--wait", "0s"]).output().unwrap();
    assert_eq!(out.status.code(), Some(6), "nobody has approved: {}", String::from_utf8_lossy(&out.stderr));
    let asked = ana.json(&["requests"]);
    assert_eq!(asked["requests"][0]["person"], "Bo");
    let approved = ana.json(&["approve"]);
    assert_eq!(approved["state"], "approved");
    let joined = bo.json(&["join", &link, "--person", "Bo", "--wait", "5s"]);
    assert_eq!((joined["state"].as_str(), &joined["check_code"]), (Some("joined"), &approved["check_code"]));
    assert_eq!(bo.json(&["get", &id])["title"], "Zoe");
    bo.json(&["set", &id, "title=Buyer"]);
    ana.json(&["set", &id, "title=Director"]);
    bo.json(&["sync"]);
    assert_eq!(ana.json(&["sync"])["conflicts"], 1);
    let conflicts = ana.json(&["conflicts"]);
    let values = conflicts["conflicts"][0]["values"].as_array().unwrap();
    assert_eq!(values.len(), 2);
    let settled = ana.json(&["settle", &id, "title", "--value", "1"]);
    assert!(settled["operation"].is_string());
    let members = ana.json(&["members"]);
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    ana.json(&["role", "Bo", "viewer"]);
    ana.json(&["revoke", "Bo"]);
    let out = bo.command(&["--json", "sync"]).output().unwrap();
    assert_eq!(out.status.code(), Some(4), "removed: {}", String::from_utf8_lossy(&out.stdout));
    assert_eq!(ana.json(&["remote", "list"])["remotes"].as_array().unwrap().len(), 1);
    ana.json(&["remote", "remove", "shared"]);
    assert_eq!(
        ana.command(&["--json", "remote", "remove", "shared"]).output().unwrap().status.code(),
        Some(5)
    );
    for bad in [vec!["role", "Bo", "king"], vec!["invite", "--expires", "soon"]] {
        assert_eq!(ana.command(&bad).output().unwrap().status.code(), Some(2), "{bad:?}");
    }
    let out = bo.command(&["--json", "join", "satchel://join#AAAA", "--person", "X"]).output().unwrap();
    assert_eq!(out.status.code(), Some(4));
}

/// Who asks what went wrong is told: when, with whom, how much, and why. What says nothing is in no line.
#[test]
fn a_log_says_what_rounds_have_come_to() {
    let devices = team(&[("Bo", Role::Member)]);
    let (ana, bo) = (&devices[0], &devices[1]);
    let log = |device: &Device| device.session().sync_log().unwrap();
    let id = ana.session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    settle(&devices);
    let before = log(bo).len();
    let heard = log(ana).iter().map(|r| r.sent).sum::<u32>();
    assert!(heard > 0 && log(bo).iter().map(|r| r.received).sum::<u32>() > 0, "{:#?}", log(bo));
    settle(&devices);
    assert_eq!(log(bo).len(), before, "nothing has gone or come");

    // Two values of one field come together.
    ana.session().set(id, &fields(json!({"title": "Director"}))).unwrap();
    bo.session().set(id, &fields(json!({"title": "Buyer"}))).unwrap();
    settle(&devices);
    assert_eq!(log(bo).iter().map(|r| r.conflicts).sum::<u32>(), 1);

    // The same trouble is one line that counts; then it works again.
    let aside = bo.dir.path().join("aside");
    std::fs::rename(bo.shared(), &aside).unwrap();
    for _ in 0..3 {
        bo.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
    }
    let [trouble, ..] = &log(bo)[..] else { panic!("no line") };
    assert_eq!((trouble.times, trouble.sent, trouble.received), (3, 0, 0));
    assert!(trouble.error.as_ref().is_some_and(|why| !why.is_empty()), "{trouble:?}");
    std::fs::remove_dir_all(bo.shared()).ok();
    std::fs::rename(&aside, bo.shared()).unwrap();
    bo.sync();
    let log = log(bo);
    assert_eq!((log[0].error.as_deref(), log[1].times), (None, 3), "{log:#?}");
}

/// Longer than the 90 days that are asked for: nothing lets go of it but who decides.
#[test]
fn the_other_value_is_kept_until_somebody_decides() {
    let mut devices = team(&[("Bo", Role::Member)]);
    let id = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    settle(&devices);
    devices[0].session().set(id, &fields(json!({"title": "Director"}))).unwrap();
    devices[1].session().set(id, &fields(json!({"title": "Buyer"}))).unwrap();
    agree(&devices);
    let both = devices[0].session().conflicts().unwrap();
    assert_eq!(both[0].values.len(), 2);
    // Other fields are edited often, what snapshots stand for is left out, vaults are opened anew.
    for n in 0..60 {
        devices[0].session().set(id, &fields(json!({"department": format!("{n}")}))).unwrap();
    }
    agree(&devices);
    shorten(&devices);
    devices.iter_mut().for_each(Device::reopen);
    devices.push(join(&devices[0], "Cy", Role::Member));
    agree(&devices);
    for device in &devices {
        assert_eq!(device.session().conflicts().unwrap(), both, "who comes later has both, too");
    }
    // And a year later, by another clock.
    let vault = devices[0].dir.path().join("vault");
    devices[0].session = None;
    devices[0].satchel.lock();
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten().map(|e| e.path().join("faketime"));
    let library =
        folders.map(|f| f.join("libfaketime.so.1")).find(|f| f.exists()).expect("Debian's faketime");
    let out = std::process::Command::new(satchel_tests::bin("satchel"))
        .args(["--json", "conflicts"])
        .envs([("FAKETIME", "+366d"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")])
        .env("LD_PRELOAD", library)
        .env("SATCHEL_VAULT", &vault)
        .env("SATCHEL_PASSPHRASE", satchel_tests::PASSPHRASE)
        .output()
        .unwrap();
    let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
    let values = said["conflicts"][0]["values"].as_array().map_or(0, Vec::len);
    assert_eq!(values, 2, "{said} {}", String::from_utf8_lossy(&out.stderr));
}
