//! `kill -9` at random moments of edit, import, undo and rotation: no acknowledged write is lost, no
//! vault is corrupt. CI kills a few times; `cargo xtask torture --kills N` as often as asked.

#![allow(clippy::unwrap_used)]

use satchel_app::{
    Cancel, Cost, CreateVault, ImportOptions, Keyring, ListRequest, Passphrase, Satchel, Session, Unlock,
    domain::{Kind, RecordId},
};
use satchel_tests::{CHEAP, PASSPHRASE, figures::tell};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

const ROWS: u32 = 1500;
/// Edits between two imports.
const EDITS: u64 = 20;

fn kills() -> u64 {
    std::env::var("SATCHEL_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(16)
}

fn open(satchel: &Satchel) -> Arc<Session> {
    satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off).unwrap()
}

fn people(session: &Session) -> u32 {
    session.status().unwrap().records["person"]
}

fn title(session: &Session, id: RecordId) -> u64 {
    session.get(id).unwrap().fields["title"].as_str().unwrap().parse().unwrap()
}

/// Says that something is done, to whoever is about to kill this process.
fn acknowledge(what: &str) {
    let mut out = std::io::stdout();
    out.write_all(format!("\nDONE {what}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

/// Not a test of its own: the process that the test below starts, to write until it is killed.
#[test]
fn the_writer_that_is_killed() {
    let Some(dir) = std::env::var_os("SATCHEL_KILL_ME") else { return };
    let (dir, id) = (Path::new(&dir), std::env::var("SATCHEL_KILL_ID").unwrap().parse().unwrap());
    let satchel = Satchel::new(&dir.join("vault"), "The writer");
    let mut session = open(&satchel);
    let mut n = title(&session, id);
    let rotate = |session: Arc<Session>| {
        acknowledge("begin rotation");
        drop(session);
        satchel.rotate_key().unwrap();
        acknowledge("rotation");
        satchel.session().unwrap()
    };
    acknowledge("opening");
    // Rotations are short and rare: one round in four begins with some.
    if std::env::var_os("SATCHEL_KILL_ROTATING").is_some() {
        for _ in 0..20 {
            session = rotate(session);
        }
    }
    loop {
        acknowledge("begin edit");
        for _ in 0..EDITS {
            n += 1;
            session.set(id, json!({"title": n.to_string()}).as_object().unwrap()).unwrap();
            acknowledge(&format!("edit {n}"));
        }
        let (file, options, never) = (dir.join("people.csv"), ImportOptions::default(), Cancel::default());
        acknowledge("begin import");
        let report = session.import(&file, &options, &mut |_| {}, &never).unwrap();
        acknowledge("import");
        acknowledge("begin undo");
        session.undo(report.operation, &mut |_| {}, &never).unwrap();
        acknowledge("undo");
        session = rotate(session);
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_no_vault_is_corrupt() {
    let seed = std::env::var("SATCHEL_SEED").ok().and_then(|s| s.parse::<u64>().ok());
    let seed = seed.unwrap_or_else(|| std::process::id().into());
    println!("SATCHEL_SEED={seed}");
    let mut random: u64 = seed | 1;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let dir = tempfile::tempdir().unwrap();
    let mut file = String::from("First Name,Email,Company\n");
    (0..ROWS).for_each(|n| file.push_str(&format!("Person{n},p{n}@x.example,Company {}\n", n % 70)));
    std::fs::write(dir.path().join("people.csv"), file).unwrap();
    let satchel = Satchel::new(&dir.path().join("vault"), "The test");
    let created = satchel.create(new_vault(CHEAP)).unwrap();
    let first = json!({"first_name": "Ana", "title": "0"});
    let id = created.session.create(Kind::Person, first.as_object().unwrap()).unwrap().id;
    drop(created);
    satchel.lock();
    let (mut killed_in, mut acknowledged) = (BTreeMap::<&str, u64>::new(), 0);
    for round in 1..=kills() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_writer_that_is_killed", "--nocapture"])
            .env("SATCHEL_KILL_ME", dir.path())
            .env("SATCHEL_KILL_ID", id.to_string())
            .envs((round % 4 == 0).then_some(("SATCHEL_KILL_ROTATING", "1")))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, done) = mpsc::channel();
        let out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(what) = line.strip_prefix("DONE ") {
                    let _ = send.send(what.to_owned());
                }
            }
        });
        assert_eq!(done.recv_timeout(Duration::from_secs(30)).as_deref(), Ok("opening"), "round {round}");
        std::thread::sleep(Duration::from_micros(next() % 900_000));
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        // What it said before it died is acknowledged; it may have done one thing more.
        let said: Vec<String> = done.try_iter().collect();
        let edits = said.iter().filter_map(|s| s.strip_prefix("edit ")?.parse::<u64>().ok());
        acknowledged = edits.max().unwrap_or(acknowledged);
        let last = said.iter().rfind(|s| !s.starts_with("begin ")).map_or("opening", String::as_str);
        let in_work = said.iter().rev().find_map(|s| s.strip_prefix("begin ")).unwrap_or("opening");
        let in_work = ["edit", "import", "undo", "rotation"].into_iter().find(|p| *p == in_work);
        let in_work = in_work.unwrap_or("opening");
        *killed_in.entry(in_work).or_default() += 1;

        let session = open(&satchel);
        let report = session.verify(&mut |_| {}).unwrap();
        assert!(report.ok, "round {round}, killed in {in_work}: {report:?}");
        let there = title(&session, id);
        assert!(
            there == acknowledged || there == acknowledged + 1,
            "round {round}: {acknowledged} was acknowledged, {there} is there"
        );
        acknowledged = there;
        match last {
            "import" => assert!(people(&session) <= ROWS + 1, "a part may be rolled back already"),
            "undo" | "rotation" => {
                assert_eq!(people(&session), 1, "round {round}: the undo was acknowledged")
            }
            _ => {}
        }
        // Whatever was cut off can be taken back as a whole.
        for import in session.imports().unwrap().iter().filter(|o| !o.undone) {
            session.undo(Some(import.operation), &mut |_| {}, &Cancel::default()).unwrap();
        }
        assert_eq!(people(&session), 1, "round {round}: nothing of an import is left, and Ana is");
        let found = session.list(Kind::Company, &ListRequest::default()).unwrap().total;
        assert_eq!(found, 0, "round {round}: companies go with the people that they were made for");
        drop(session);
        satchel.lock();
        let files = std::fs::read_dir(dir.path().join("vault")).unwrap().flatten();
        let databases = files.filter(|e| e.path().extension().is_some_and(|e| e == "db")).count();
        assert_eq!(databases, 1, "round {round}: no copy of a cut-off rotation stays");
    }
    println!("{} kills in {killed_in:?}, {acknowledged} edits acknowledged, nothing lost", kills());
    tell("writer killed", kills(), 0);
}

fn new_vault(cost: Cost) -> CreateVault {
    CreateVault {
        workspace: "Acme".into(),
        person: "Ana".into(),
        device: "laptop".into(),
        passphrase: Some(Passphrase::new(PASSPHRASE).unwrap()),
        keyring: Keyring::Off,
        cost,
        joins: None,
    }
}
