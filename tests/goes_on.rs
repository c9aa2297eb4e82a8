//! A vault that stays open while its disk fails: what goes wrong is said in words, what was saved can still be read, and
//! once the disk is well the same process goes on. Then the power goes, and all that was acknowledged is there.
//! CI tries some; `SATCHEL_FAULTS=N` as many as asked.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use satchel_app::{
    AppError, Cancel, Code, CreateVault, ImportOptions, Keyring, Passphrase, Satchel, Session, Unlock,
    domain::{Kind, RecordId},
};
use satchel_tests::{
    CHEAP, PASSPHRASE,
    faulty::{Counts, Disk, Fault, Image},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

const ROWS: u32 = 60;
const STEPS: [&str; 6] = ["edit", "import", "edit", "undo", "rotate", "backup"];
/// Those that leave the process as it was: a mapped page that cannot be read ends it.
const FAULTS: [Fault; 4] = [Fault::Full, Fault::ReadOnly, Fault::BadWrite, Fault::BadSync];

fn unlock(satchel: &Satchel) -> Result<Arc<Session>, AppError> {
    satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off)
}

fn title(session: &Session, id: RecordId) -> Result<u64, AppError> {
    Ok(session.get(id)?.fields["title"].as_str().unwrap().parse().unwrap())
}

/// One step; what there is to say about it.
fn step(satchel: &Satchel, (id, dir): (RecordId, &Path), what: &str, n: u64) -> Result<Value, AppError> {
    // Where a failed rotation could not leave it open.
    let session = satchel.session().or_else(|_| unlock(satchel))?;
    let never = Cancel::default();
    match what {
        "edit" => session.set(id, json!({"title": n.to_string()}).as_object().unwrap()).map(|_| Value::Null),
        "read" => title(&session, id).map(Value::from),
        "import" => session
            .import(&dir.join("people.csv"), &ImportOptions::default(), &mut |_| {}, &never)
            .map(|_| Value::Null),
        "undo" => {
            for import in session.imports()?.iter().filter(|o| !o.undone) {
                session.undo(Some(import.operation), &mut |_| {}, &never)?;
            }
            Ok(session.status()?.records["person"].into())
        }
        "backup" => session.back_up(Some(&dir.join("place")), &mut |_| {}, &never).map(|_| Value::Null),
        "verify" => {
            let report = session.verify(&mut |_| {})?;
            let bad = report.checks.into_iter().filter(|c| !c.ok);
            Ok(bad.map(|c| format!("{}: {}", c.name, c.detail)).collect())
        }
        "rotate" => {
            drop(session);
            satchel.rotate_key().map(|_| Value::Null)
        }
        other => unreachable!("{other}"),
    }
}

/// Not a test of its own: the process that the test below starts, and tells what to do.
#[test]
fn the_writer_that_goes_on() {
    let Some(dir) = std::env::var_os("SATCHEL_GO_ON") else { return };
    let (dir, id) = (Path::new(&dir), std::env::var("SATCHEL_GO_ON_ID").unwrap().parse().unwrap());
    let satchel = Satchel::new(&dir.join("vault"), "The writer");
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let (what, n) = line.split_once(' ').unwrap();
        let said = match step(&satchel, (id, dir), what, n.parse().unwrap()) {
            Ok(value) => json!({"ok": value}),
            Err(error) => json!({"code": error.code, "error": error.message}),
        };
        let mut out = std::io::stdout();
        out.write_all(format!("\nDONE {said}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
    }
}

struct Writer {
    child: Child,
    orders: ChildStdin,
    answers: mpsc::Receiver<Value>,
}

impl Writer {
    fn start(dir: &Path, id: RecordId) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_writer_that_goes_on", "--nocapture"])
            .env("SATCHEL_GO_ON", dir)
            .env("SATCHEL_GO_ON_ID", id.to_string())
            .env("SATCHEL_STATE", dir.join("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, answers) = mpsc::channel();
        let out = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(said) = line.strip_prefix("DONE ") {
                    let _ = send.send(serde_json::from_str(said).unwrap());
                }
            }
        });
        let orders = child.stdin.take().unwrap();
        Self { child, orders, answers }
    }

    /// What it says of a step; an error if it fails, or has died.
    fn tell(&mut self, what: &str, n: u64) -> Result<Value, Value> {
        writeln!(self.orders, "{what} {n}").map_err(|e| json!({"error": format!("it is gone: {e}")}))?;
        let said = self.answers.recv_timeout(Duration::from_secs(60));
        let said = said.map_err(|e| json!({"error": format!("no answer to {what}: {e}")}))?;
        said.get("ok").cloned().ok_or(said)
    }

    /// Kills it; what it has written to stderr.
    fn kill(mut self) -> String {
        let _ = self.child.kill();
        let mut error = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        self.child.wait().unwrap();
        error
    }
}

struct World {
    disk: Disk,
    image: Image,
    id: RecordId,
}

impl World {
    fn new() -> Self {
        let disk = Disk::new();
        let satchel = Satchel::new(&disk.at("vault"), "The test");
        let created = satchel.create(CreateVault {
            workspace: "Norte".into(),
            person: "Ana".into(),
            device: "laptop".into(),
            passphrase: Some(Passphrase::new(PASSPHRASE).unwrap()),
            keyring: Keyring::Off,
            cost: CHEAP,
            joins: None,
        });
        let created = created.unwrap();
        let first = json!({"first_name": "Ana", "title": "0"});
        let id = created.session.create(Kind::Person, first.as_object().unwrap()).unwrap().id;
        drop(created);
        satchel.lock();
        std::fs::create_dir(disk.at("place")).unwrap();
        let mut rows = String::from("First Name,Email,Company\n");
        (0..ROWS).for_each(|n| rows.push_str(&format!("Row{n},r{n}@x.example,Firm {}\n", n % 7)));
        std::fs::write(disk.at("people.csv"), rows).unwrap();
        let image = disk.image();
        Self { disk, image, id }
    }

    /// Which database `vault.json` names.
    fn generation(&self) -> Value {
        let file = std::fs::read(self.disk.at("vault/vault.json")).unwrap();
        serde_json::from_slice::<Value>(&file).unwrap()["generation"].clone()
    }
}

/// What a person is told: a code that says it, or what is wrong with the disk; nothing of SQLite's.
fn is_named(fault: Fault, said: &Value) -> bool {
    let code = serde_json::from_value::<Code>(said["code"].clone()).ok();
    let message = said["error"].as_str().unwrap_or_default();
    let inner = ["database:", "malformed", "disk I/O error", "SQLITE", "unable to open"];
    let named = match fault {
        Fault::Full => code == Some(Code::DiskFull),
        _ => {
            code.is_some()
                && ["the disk", "is damaged", "read-only"].iter().any(|word| message.contains(word))
        }
    };
    named && !inner.iter().any(|word| message.contains(word))
}

/// How many operations of the disk the steps need, where nothing fails.
fn operations(world: &mut World) -> Counts {
    world.disk.load(&world.image);
    let mut writer = Writer::start(world.disk.path(), world.id);
    writer.tell("read", 0).unwrap();
    // At none of them.
    world.disk.arm(Fault::Full, u64::MAX);
    for what in STEPS {
        writer.tell(what, 1).unwrap();
    }
    let counts = world.disk.counts();
    writer.kill();
    counts
}

/// One fault while the vault is open; in which step it was met, and what was wrong.
fn try_one(world: &mut World, fault: Fault, at: u64, keep: Option<u64>) -> (&'static str, Vec<String>) {
    let (mut wrong, mut met_in, mut closed) = (Vec::new(), "none", false);
    world.disk.load(&world.image);
    let mut writer = Writer::start(world.disk.path(), world.id);
    // The last edit that was acknowledged, and the last that was asked for.
    let (mut saved, mut asked) = (writer.tell("read", 0).unwrap().as_u64().unwrap(), 0);
    world.disk.arm(fault, at);
    for what in STEPS.into_iter().cycle().take(2 * STEPS.len()) {
        asked += u64::from(what == "edit");
        let before = world.generation();
        match writer.tell(what, asked) {
            Ok(_) if what == "edit" => saved = asked,
            Ok(_) => {}
            Err(said) => {
                met_in = what;
                closed = world.generation() != before;
                if !world.disk.has_failed() {
                    wrong.push(format!("{what} failed without a fault: {said}"));
                } else if !is_named(fault, &said) {
                    wrong.push(format!("{what} did not name the fault: {said}"));
                }
            }
        }
        if world.disk.has_failed() {
            break;
        }
    }
    // Only with a new key it had to be opened again, and a disk that takes no lock lets nobody in.
    if matches!(fault, Fault::Full | Fault::ReadOnly) && world.disk.has_failed() && !closed {
        match writer.tell("read", 0) {
            Ok(there) if there == saved || there == asked => {}
            other => {
                wrong.push(format!("{saved} was saved, and is not read while the disk fails: {other:?}"))
            }
        }
    }
    world.disk.heal();
    for what in ["edit", "verify", "import", "undo", "rotate", "backup", "edit", "verify"] {
        asked += u64::from(what == "edit");
        match writer.tell(what, asked) {
            Ok(_) if what == "edit" => saved = asked,
            Ok(bad) if what == "verify" && bad.as_array().is_some_and(|b| !b.is_empty()) => {
                wrong.push(format!("on a disk that is well again: {bad}"));
            }
            Ok(people) if what == "undo" && people != 1 => wrong.push(format!("{people} people are left")),
            Ok(_) => {}
            Err(said) => wrong.push(format!("{what} does not go on: {said}")),
        }
    }
    let error = writer.kill();
    if error.contains("panicked") {
        wrong.push(format!("it panicked: {error}"));
    }
    world.disk.lose_power(keep);
    let satchel = Satchel::new(&world.disk.at("vault"), "The test");
    match unlock(&satchel).and_then(|s| Ok((title(&s, world.id)?, s.verify(&mut |_| {})?))) {
        Ok((there, report)) => {
            if there != saved {
                wrong.push(format!("{saved} was acknowledged, {there} is there"));
            }
            if !report.ok {
                wrong.push(format!("the vault is not sound: {report:?}"));
            }
        }
        Err(error) => wrong.push(format!("it does not open after the power has gone: {error}")),
    }
    satchel.lock();
    (met_in, wrong)
}

#[test]
fn an_open_vault_goes_on_when_its_disk_is_well_again() {
    let asked = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let (seed, faults) = (
        asked("SATCHEL_SEED").unwrap_or_else(|| std::process::id().into()),
        asked("SATCHEL_FAULTS").unwrap_or(10),
    );
    println!("SATCHEL_SEED={seed}");
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut world = World::new();
    let counts = operations(&mut world);
    let (mut met, mut losses) = (BTreeMap::<(Fault, &str), u64>::new(), Vec::new());
    for fault in FAULTS.into_iter().cycle().take(usize::try_from(faults).unwrap()) {
        let (at, keep) = (1 + next() % counts.of(fault).max(1), Some(next()).filter(|keep| keep % 3 > 0));
        let (met_in, wrong) = try_one(&mut world, fault, at, keep);
        *met.entry((fault, met_in)).or_default() += 1;
        wrong
            .into_iter()
            .for_each(|w| losses.push(format!("{fault:?} at {at} in {met_in}, keeping {keep:?}: {w}")));
    }
    println!("{faults} faults of an open vault: {met:?}, {} wrong", losses.len());
    assert!(losses.is_empty(), "{losses:#?}");
}
