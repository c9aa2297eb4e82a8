//! Bad days: locked, rotated, copied, damaged, in use, on a full or read-only disk. Each ends with a
//! clear word, and nothing is lost.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use satchel_app::{
    Cancel, Code, Keyring, ListRequest, LockState, Passphrase, Satchel, SeedLocale, SeedOptions, Unlock,
    domain::Kind,
};
use satchel_tests::{Laptop, PASSPHRASE, cli::Cli};
use serde_json::json;

fn seed(laptop: &Laptop, people: u32) {
    let options = SeedOptions {
        people,
        companies: people / 10,
        deals: people / 20,
        activities: people / 10,
        tasks: people / 20,
        seed: 3,
        locale: SeedLocale::Mixed,
    };
    laptop.session.seed(options, &mut |_| {}, &Cancel::default()).unwrap();
}

fn unlock(satchel: &Satchel) -> Result<(), satchel_app::AppError> {
    satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off).map(|_| ())
}

#[test]
fn a_locked_vault_gives_nothing_and_opens_again() {
    let Laptop { dir: _dir, satchel, session, kit } = Laptop::new();
    session.create(Kind::Person, json!({"first_name": "Ana"}).as_object().unwrap()).unwrap();
    drop(session);
    let started = std::time::Instant::now();
    assert!(satchel.lock());
    assert!(started.elapsed().as_millis() < 1000);
    assert_eq!(satchel.state(), LockState::Locked);
    assert_eq!(satchel.session().unwrap_err().code, Code::Locked);
    let wrong =
        satchel.unlock(Unlock::Passphrase(Passphrase::new("wrong").unwrap()), Keyring::Off).unwrap_err();
    assert_eq!(wrong.code, Code::WrongKey);
    satchel.unlock(Unlock::Recovery(kit.join(" ").into()), Keyring::Off).unwrap();
    assert_eq!(satchel.session().unwrap().status().unwrap().records["person"], 1);
}

#[test]
fn two_that_make_a_vault_in_one_folder_do_not_undo_each_other() {
    for _ in 0..4 {
        let dir = tempfile::tempdir().unwrap();
        let make = || {
            let satchel = Satchel::new(&dir.path().join("vault"), "A test");
            let made = satchel.create(satchel_app::CreateVault {
                workspace: "Acme".into(),
                person: "Ana".into(),
                device: "laptop".into(),
                passphrase: Some(Passphrase::new(PASSPHRASE).unwrap()),
                keyring: Keyring::Off,
                cost: satchel_tests::CHEAP,
                joins: None,
            });
            let made = made.map(|_| ()).map_err(|e| e.code);
            satchel.lock();
            made
        };
        let (a, b) = std::thread::scope(|s| {
            let (a, b) = (s.spawn(make), s.spawn(make));
            (a.join().unwrap(), b.join().unwrap())
        });
        assert!(matches!((a, b), (Ok(()), Err(_)) | (Err(_), Ok(()))), "{a:?} {b:?}");
        unlock(&Satchel::new(&dir.path().join("vault"), "A test")).unwrap();
    }
}

#[test]
fn a_damaged_page_stops_all_writing() {
    let laptop = Laptop::new();
    seed(&laptop, 400);
    let Laptop { dir, satchel, session, .. } = laptop;
    drop(session);
    satchel.lock();
    let path = dir.path().join("vault/satchel-1.db");
    let sound = std::fs::read(&path).unwrap();
    let satchel = Satchel::new(&dir.path().join("vault"), "A test");
    // One of the pages that are not needed to open the vault.
    let pages = sound.len() / 4096;
    let opened = (pages / 3..pages).any(|page| {
        let mut bytes = sound.clone();
        bytes[page * 4096 + 100..page * 4096 + 164].fill(0x5a);
        std::fs::write(&path, &bytes).unwrap();
        unlock(&satchel).is_ok()
    });
    assert!(opened, "a vault of {pages} pages opens with some of them damaged");
    let session = satchel.session().unwrap();
    assert!(session.verify(&mut |_| {}).map_or(true, |report| !report.ok));
    let refused = session.create(Kind::Person, json!({"first_name": "Bo"}).as_object().unwrap()).unwrap_err();
    assert_eq!(refused.code, Code::Damaged);
    assert!(refused.message.contains("rescue"), "{}", refused.message);
}

#[test]
fn a_rotation_keeps_everything_and_shuts_the_old_key_out() {
    let Laptop { dir, satchel, session, .. } = Laptop::new();
    let laptop = Laptop { dir, satchel, session, kit: Vec::new() };
    seed(&laptop, 50);
    let before = laptop.session.status().unwrap().records;
    let Laptop { dir, satchel, session, .. } = laptop;
    drop(session);
    satchel.rotate_key().unwrap();
    assert_eq!(satchel.session().unwrap().status().unwrap().records, before);
    assert!(satchel.session().unwrap().verify(&mut |_| {}).unwrap().ok);
    let files: Vec<String> = std::fs::read_dir(dir.path().join("vault"))
        .unwrap()
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        files.iter().any(|f| f == "satchel-2.db") && !files.iter().any(|f| f.starts_with("satchel-1.db")),
        "{files:?}"
    );
    satchel.lock();
    unlock(&satchel).unwrap();
}

#[test]
fn rebuilt_projections_equal_those_they_replace() {
    let laptop = Laptop::new();
    seed(&laptop, 200);
    laptop
        .session
        .create_custom_field(Kind::Person, "Size", satchel_app::domain::FieldType::Number, &[])
        .unwrap();
    laptop
        .session
        .create(Kind::Person, json!({"first_name": "Ana", "x_size": 3}).as_object().unwrap())
        .unwrap();
    let page = || {
        serde_json::to_string(
            &laptop
                .session
                .list(Kind::Person, &ListRequest { limit: 500, ..ListRequest::default() })
                .unwrap(),
        )
        .unwrap()
    };
    let (before, found) = (page(), laptop.session.search("ana", None, 20).unwrap());
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
    laptop.session.rebuild(&mut |_| {}).unwrap();
    assert!(laptop.session.verify(&mut |_| {}).unwrap().ok);
    assert_eq!(page(), before);
    assert_eq!(laptop.session.search("ana", None, 20).unwrap().len(), found.len());
}

/// A copy of the database must not write as the same actor as the original.
/// The index learns of an edit with the next search; until then it is known what it lacks.
#[test]
fn a_search_knows_every_edit() {
    let laptop = Laptop::new();
    let session = &laptop.session;
    let fields = |json: serde_json::Value| json.as_object().unwrap().clone();
    let found = |text: &str| session.search(text, None, 10).unwrap().len();
    let id = session.create(Kind::Person, &fields(json!({"first_name": "Quilla"}))).unwrap().id;
    assert_eq!(found("quilla"), 1);
    session.set(id, &fields(json!({"first_name": "Zamira"}))).unwrap();
    let report = session.verify(&mut |_| {}).unwrap();
    assert!(report.ok, "{report:?}");
    session.set(id, &fields(json!({"first_name": "Yolanda"}))).unwrap();
    assert_eq!((found("quilla"), found("zamira"), found("yolanda")), (0, 0, 1));
    let many = session.list(Kind::Person, &ListRequest { text: "yola".into(), ..ListRequest::default() });
    assert_eq!(many.unwrap().total, 1);
    session.delete(&[id], &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(found("yolanda"), 0);
    session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(found("yolanda"), 1);
    // More than may wait.
    for n in 0..150 {
        session.create(Kind::Person, &fields(json!({ "first_name": format!("Number{n}") }))).unwrap();
    }
    let report = session.verify(&mut |_| {}).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!((found("number7"), found("number149")), (10, 1));
}

#[test]
fn a_restored_copy_takes_a_new_incarnation() {
    let cli = Cli::new();
    let id = cli.json(&["new", "person", "first_name=Ana"])["id"].as_str().unwrap().to_owned();
    let copy = cli.dir.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(cli.vault()).unwrap().flatten() {
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let mut write = cli.command(&["--json", "set", &id, "title=from the copy"]);
    assert!(write.env("SATCHEL_VAULT", &copy).status().unwrap().success());
    cli.json(&["set", &id, "title=from the original"]);
    let incarnation = |dir: &std::path::Path| {
        let satchel = Satchel::new(dir, "A test");
        let session =
            satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off).unwrap();
        session.incarnation().unwrap()
    };
    assert_ne!(incarnation(&copy), incarnation(&cli.vault()));
}

#[test]
fn one_program_at_a_time_and_the_other_says_who() {
    let cli = Cli::new();
    let satchel = Satchel::new(&cli.vault(), "The Satchel app");
    unlock(&satchel).unwrap();
    let (exit, error) = cli.refuse(&["status"]);
    assert_eq!((exit, error["code"].as_str()), (3, Some("in_use")));
    assert!(error["message"].as_str().unwrap().starts_with("The Satchel app (process "), "{error}");
    satchel.lock();
    cli.json(&["status"]);
}

#[test]
fn damaged_databases_are_named_left_alone_and_rescued() {
    let cli = Cli::new();
    cli.json(&["seed", "--people", "300", "--companies", "10"]);
    let path = cli.vault().join("satchel-1.db");
    let good = std::fs::read(&path).unwrap();
    // A page in the middle.
    let mut bad = good.clone();
    let at = bad.len() / 2;
    bad[at..at + 64].fill(0x5a);
    std::fs::write(&path, &bad).unwrap();
    let out = cli.run(&["--json", "verify"]);
    assert!(!out.status.success());
    let out = cli.run(&["--json", "rescue", "--out", "rescued.json"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(answer["saved"].as_u64().unwrap() > 100, "{answer}");
    // Truncated, foreign, empty: refused, and not one byte is changed.
    for content in [good[..5000].to_vec(), vec![0x5a; 20_000], b"SQLite format 3\0 not really".to_vec()] {
        std::fs::write(&path, &content).unwrap();
        for leftover in ["satchel-1.db-wal", "satchel-1.db-shm"] {
            let _ = std::fs::remove_file(cli.vault().join(leftover));
        }
        let (exit, error) = cli.refuse(&["status"]);
        assert_eq!((exit, error["code"].as_str()), (4, Some("damaged")), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content, "a database that cannot be read is never written");
    }
    std::fs::write(&path, &good).unwrap();
    assert_eq!(cli.json(&["status"])["records"]["person"], 300);
}

#[test]
fn a_missing_database_never_leads_to_a_new_one() {
    let cli = Cli::new();
    std::fs::remove_file(cli.vault().join("satchel-1.db")).unwrap();
    let (exit, error) = cli.refuse(&["status"]);
    assert_eq!((exit, error["code"].as_str()), (4, Some("damaged")));
    assert!(!cli.vault().join("satchel-1.db").exists());
    assert_eq!(cli.refuse(&["init", "--name", "Again"]).0, 4);
}

#[test]
fn newer_vaults_are_refused() {
    let cli = Cli::new();
    let path = cli.vault().join("vault.json");
    let mut newer: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    newer["format"] = json!(2);
    newer.as_object_mut().unwrap().remove("sum");
    std::fs::write(&path, newer.to_string()).unwrap();
    let (exit, error) = cli.refuse(&["status"]);
    assert_eq!((exit, error["code"].as_str()), (4, Some("newer")));
}

#[test]
fn without_a_keyring_and_a_passphrase_no_vault_is_made() {
    let cli = Cli::bare();
    let mut init = cli.command(&["--json", "init", "--name", "Acme"]);
    let out = init
        .env_remove("SATCHEL_PASSPHRASE")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(3), "{}", String::from_utf8_lossy(&out.stdout));
    assert!(String::from_utf8_lossy(&out.stderr).contains("keyring"));
    assert!(!cli.vault().join("vault.json").exists());
}

#[test]
fn nothing_on_disk_is_readable_without_the_key() {
    let cli = Cli::new();
    let id = cli.json(&["new", "person", "first_name=Canary4711", "notes=Canary4712 in the notes"])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    cli.json(&["set", &id, "title=Canary4713"]);
    cli.json(&["delete", &id]);
    let mut folders = vec![cli.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            for canary in ["Canary471", "canary471", "SQLite format 3"] {
                assert!(
                    !bytes.windows(canary.len()).any(|w| w == canary.as_bytes()),
                    "{canary} in {:?}",
                    entry.path()
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever was done, undoing all of it gives back what was, and doing it again what became.
    #[test]
    fn undoing_everything_gives_back_the_beginning(actions in prop::collection::vec((0..5u8, "[a-z王]{1,5}"), 1..12)) {
        let laptop = Laptop::new();
        let id = laptop.session.create(Kind::Person, json!({"first_name": "Ana"}).as_object().unwrap()).unwrap().id;
        let state = || { let r = laptop.session.get(id).unwrap(); (r.fields, r.deleted_at.is_some()) };
        let start = state();
        let mut done = 0;
        for (what, text) in &actions {
            let written = match what {
                0 => laptop.session.set(id, json!({"title": text}).as_object().unwrap()).unwrap().operation,
                1 => laptop.session.set(id, json!({"emails": format!("{}@x.example", text.len())}).as_object().unwrap()).unwrap().operation,
                2 => laptop.session.set(id, json!({"tags": text, "notes": text}).as_object().unwrap()).unwrap().operation,
                3 => laptop.session.delete(&[id], &mut |_| {}, &Cancel::default()).unwrap().operation,
                _ => laptop.session.restore(&[id], &mut |_| {}, &Cancel::default()).unwrap().operation,
            };
            done += usize::from(written.is_some());
        }
        let end = state();
        for _ in 0..done {
            laptop.session.undo(None, &mut |_| {}, &Cancel::default()).unwrap();
        }
        prop_assert_eq!(state(), start);
        for _ in 0..done {
            laptop.session.redo(&mut |_| {}, &Cancel::default()).unwrap();
        }
        prop_assert_eq!(state(), end);
        let sound = laptop.session.verify(&mut |_| {}).unwrap().ok;
        prop_assert!(sound);
    }
}

/// After an edit a list puts only the edited records in their new places: the order must be the one
/// that working it out anew gives.
#[test]
fn a_list_that_is_kept_up_to_date_is_the_list_worked_out_anew() {
    let laptop = Laptop::new();
    seed(&laptop, 300);
    let session = &laptop.session;
    let ask = |filter: &str, text: &str, sort: &str, trash| ListRequest {
        filter: filter.into(),
        text: text.into(),
        sort: sort.into(),
        trash,
        ..ListRequest::default()
    };
    let lists = [
        (Kind::Person, ask("", "", "", false)),
        (Kind::Person, ask("", "", "-updated_at", false)),
        (Kind::Person, ask("title contains 'e'", "", "-title", false)),
        (Kind::Person, ask("", "an", "company", false)),
        (Kind::Person, ask("company contains 'a'", "", "first_name", false)),
        (Kind::Person, ask("", "", "", true)),
        (Kind::Company, ask("", "", "-name", false)),
    ];
    let order = |kind, request: &ListRequest| session.ids(kind, request).unwrap();
    let people = order(Kind::Person, &lists[0].1);
    let companies = order(Kind::Company, &lists[6].1);
    for (kind, request) in &lists {
        order(*kind, request);
    }
    for n in 0..60_usize {
        let person = people[n * 37 % people.len()];
        let company = companies[n * 11 % companies.len()];
        let set = |id, fields: serde_json::Value| {
            session.set(id, fields.as_object().unwrap()).unwrap();
        };
        match n % 6 {
            0 => set(person, json!({"title": format!("{} of sales", ["Head", "Zebra", "assistant"][n % 3])})),
            1 => set(person, json!({"last_name": format!("{}", ["王", "Aaron", "Zyx"][n / 6 % 3])})),
            2 => {
                session.delete(&[person], &mut |_| {}, &Cancel::default()).unwrap();
            }
            3 => set(person, json!({"company": company.to_string()})),
            4 => set(company, json!({"name": format!("{} {n}", ["Alpha", "Øre", "深圳"][n / 6 % 3])})),
            _ => {
                session
                    .create(Kind::Person, json!({"first_name": format!("Jan {n}")}).as_object().unwrap())
                    .unwrap();
            }
        }
        let kept: Vec<_> = lists.iter().map(|(kind, request)| order(*kind, request)).collect();
        // A write that names no record: everything is worked out anew.
        session.set_settings(&session.settings().unwrap()).unwrap();
        let anew: Vec<_> = lists.iter().map(|(kind, request)| order(*kind, request)).collect();
        for (at, (kept, anew)) in kept.iter().zip(&anew).enumerate() {
            assert!(kept == anew, "list {at} after edit {n}");
        }
    }
}

/// The files of lines that wait beside a vault.
fn sealed(laptop: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(laptop.join("vault/inbox")).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|e| e.path()).filter(|p| p.is_file()).collect();
    files.sort();
    files
}

#[test]
fn a_line_is_taken_while_the_vault_is_locked_and_becomes_a_record_once() {
    let Laptop { dir, satchel, session, .. } = Laptop::new();
    session.create(Kind::Person, json!({"first_name": "Ana"}).as_object().unwrap()).unwrap();
    drop(session);
    satchel.lock();
    let friday = "2026-11-27";
    assert_eq!(satchel.seal_line("Zoe Chérif, Norte SL, zoe@norte.example", friday).unwrap().waiting, 1);
    satchel.seal_line("call Ana tomorrow 10", friday).unwrap();
    satchel.seal_line(" , ", friday).unwrap();
    let back = satchel.seal_line("Nobody Atall", friday).unwrap();
    assert_eq!(back.waiting, 4);
    satchel.unseal_line(back.id).unwrap();
    let waiting = satchel.seal_line("Changed Byhand", friday).unwrap().waiting;
    assert_eq!(waiting, 4);
    assert_eq!(satchel.seal_line(" \n", friday).unwrap_err().code, Code::Refused);
    assert_eq!(satchel.state(), LockState::Locked, "nothing was opened for it");
    let files = sealed(dir.path());
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        for word in ["Zoe Ch", "norte.example", "call Ana", friday] {
            assert!(!bytes.windows(word.len()).any(|w| w == word.as_bytes()), "{word} is in the clear");
        }
    }
    let again = std::fs::read(&files[0]).unwrap();
    let mut changed = std::fs::read(&files[3]).unwrap();
    let at = changed.len() / 2;
    changed[at] ^= 1;
    std::fs::write(&files[3], changed).unwrap();

    unlock(&satchel).unwrap();
    let session = satchel.session().unwrap();
    let inbox = session.open_inbox().unwrap();
    let made: Vec<_> = inbox.made.iter().map(|line| (line.kind, line.title.as_str())).collect();
    assert_eq!(
        made,
        [(Kind::Person, "Zoe Chérif"), (Kind::Task, "call Ana"), (Kind::Task, ",")],
        "words are kept"
    );
    let call = session.get(inbox.made[1].id).unwrap();
    assert_eq!((&call.fields["due"], &call.titles["person"]), (&"2026-11-28".into(), &"Ana".into()));
    let [aside] = inbox.aside.as_slice() else { panic!("{:?}", inbox.aside) };
    assert!(std::path::Path::new(aside).exists(), "what was changed is kept");
    assert!(sealed(dir.path()).is_empty());

    // Each is a step of its own; a file that is put back makes nothing a second time.
    session.undo(inbox.made[0].operation, &mut |_| {}, &Cancel::default()).unwrap();
    assert!(session.get(inbox.made[0].id).unwrap().deleted_at.is_some());
    assert!(session.get(inbox.made[1].id).unwrap().deleted_at.is_none());
    std::fs::write(&files[0], again).unwrap();
    assert!(session.open_inbox().unwrap().made.is_empty());
    assert_eq!(session.status().unwrap().records["person"], 1);

    // What was sealed before the vault got another key is opened with it, and so is what comes after.
    drop(session);
    satchel.lock();
    satchel.seal_line("Before Thekey", friday).unwrap();
    unlock(&satchel).unwrap();
    satchel.rotate_key().unwrap();
    assert_eq!(satchel.session().unwrap().open_inbox().unwrap().made[0].title, "Before Thekey");
    satchel.lock();
    satchel.seal_line("After Thekey", friday).unwrap();
    unlock(&satchel).unwrap();
    assert_eq!(satchel.session().unwrap().open_inbox().unwrap().made[0].title, "After Thekey");
    let key = satchel.session().unwrap();
    assert_eq!(satchel.seal_line("Open Already", friday).unwrap().waiting, 0);
    assert_eq!(key.status().unwrap().records["person"], 4);
}
