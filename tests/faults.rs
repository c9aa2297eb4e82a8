//! A vault on a disk that fails: whatever is being done, at any operation of the disk. Afterwards the vault opens, all
//! that was acknowledged is there, what went wrong was said in words, and the same works on a disk that is well.
//! CI tries some; `cargo xtask torture --faults N` as many as asked.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use satchel_app::{
    AppError, Cancel, Code, CreateVault, Keyring, ListRequest, Passphrase, Satchel, SeedLocale, SeedOptions,
    Unlock, domain::Kind,
};
use satchel_tests::{
    CHEAP, PASSPHRASE, bin,
    faulty::{Counts, Disk, Fault, Image},
    figures::tell,
    old::{make_old, versions},
    team::fields,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

const PEOPLE: u64 = 40;
const ROWS: u64 = 60;
const OTHER: &str = "another passphrase";
/// A process that another test is starting holds what is open on this one's disk for a moment: it could not be unmounted.
static ALONE: Mutex<()> = Mutex::new(());

struct Answer {
    done: bool,
    killed: bool,
    out: Value,
    error: String,
}

/// What is done when the disk fails.
struct Phase {
    name: &'static str,
    /// Of the disk before it.
    image: usize,
    args: Vec<String>,
    /// Whether it is there.
    done: fn(&World) -> bool,
}

/// The disk, and what lies on another that is well.
struct World {
    disk: Disk,
    beside: tempfile::TempDir,
    images: Vec<Image>,
    ana: String,
    backup: String,
    /// How many people there are before any phase.
    base: u64,
}

impl World {
    fn new() -> Self {
        let disk = Disk::new();
        let beside = tempfile::tempdir().unwrap();
        let mut rows = String::from("First Name,Email,Company\n");
        (0..ROWS).for_each(|n| rows.push_str(&format!("Row{n},r{n}@x.example,Firm {}\n", n % 7)));
        fs::write(beside.path().join("people.csv"), rows).unwrap();
        fs::write(beside.path().join("offer.txt"), "150 EUR ".repeat(9000)).unwrap();
        let mut world =
            Self { disk, beside, images: Vec::new(), ana: String::new(), backup: String::new(), base: 0 };
        world.images.push(world.disk.image());
        world.prepare();
        world
    }

    /// Of the disk as it is before each phase: empty; a vault; after an import; and the vault as earlier versions have
    /// left it.
    fn prepare(&mut self) {
        let vault = self.disk.at("vault");
        let satchel = Satchel::new(&vault, "A test");
        drop(satchel.create(new_vault()).unwrap());
        satchel.lock();
        for folder in ["place", "shared"] {
            fs::create_dir(self.disk.at(folder)).unwrap();
        }
        self.must(&["seed", "--people", &PEOPLE.to_string(), "--seed", "7"]);
        self.ana = text(&self.must(&["new", "person", "first_name=Zoe", "title=Buyer"])["id"]);
        self.must(&["attach", &self.ana.clone(), &self.beside("offer.txt")]);
        let place = self.at("place");
        self.backup = text(&self.must(&["backup", "create", "--to", &place])["file"]);
        self.must(&["remote", "add", &self.at("shared")]);
        self.must(&["sync"]);
        self.base = self.people();
        self.images.push(self.disk.image());
        self.must(&["import", &self.beside("people.csv")]);
        self.images.push(self.disk.image());
        for version in versions().rev().skip(1) {
            let image = &self.images[1];
            self.disk.load(image);
            make_old(&vault, version);
            self.images.push(self.disk.image());
        }
    }

    fn at(&self, name: &str) -> String {
        self.disk.at(name).display().to_string()
    }

    fn beside(&self, name: &str) -> String {
        self.beside.path().join(name).display().to_string()
    }

    fn command(&self, vault: &str, args: &[&str]) -> Command {
        let mut command = Command::new(bin("satchel"));
        command.arg("--json").args(args).current_dir(self.beside.path()).stdin(Stdio::null());
        command.env("SATCHEL_VAULT", self.at(vault)).env("SATCHEL_STATE", self.at("state"));
        command.env("SATCHEL_PASSPHRASE", PASSPHRASE).env("SATCHEL_NEW_PASSPHRASE", OTHER);
        command
    }

    fn run(&self, mut command: Command) -> Answer {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.disk.victim(child.id());
        let out = child.wait_with_output().unwrap();
        Answer {
            done: out.status.success(),
            killed: out.status.code().is_none(),
            out: serde_json::from_slice(&out.stdout).unwrap_or_default(),
            error: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }

    fn must(&self, args: &[&str]) -> Value {
        self.must_in("vault", args)
    }

    fn must_in(&self, vault: &str, args: &[&str]) -> Value {
        let answer = self.run(self.command(vault, args));
        assert!(answer.done, "{args:?} on a disk that is well: {} {}", answer.error, answer.out);
        answer.out
    }

    fn people(&self) -> u64 {
        self.must(&["status"])["records"]["person"].as_u64().unwrap()
    }

    fn field(&self, name: &str) -> Value {
        self.must(&["get", &self.ana])["fields"][name].clone()
    }

    /// Whether a vault is there, and then it is sound.
    fn is_vault(&self, name: &str) -> bool {
        let there = self.disk.at(name).join("vault.json").exists();
        if there {
            assert_eq!(self.must_in(name, &["verify"])["ok"], true);
        }
        there
    }
}

fn new_vault() -> CreateVault {
    CreateVault {
        workspace: "Norte".into(),
        person: "Ana".into(),
        device: "laptop".into(),
        passphrase: Some(Passphrase::new(PASSPHRASE).unwrap()),
        keyring: Keyring::Off,
        cost: CHEAP,
        joins: None,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn phases(world: &World) -> Vec<Phase> {
    let phase = |name, image, args: &[&str], done| Phase {
        name,
        image,
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        done,
    };
    let (ana, place) = (world.ana.as_str(), world.at("place"));
    let new_schema = |image| phase("new schema", image, &["verify"], |w| w.people() == w.base);
    vec![
        new_schema(3),
        new_schema(3 + versions().count() - 2),
        phase("make a vault", 0, &["init", "--name", "Norte", "--person", "Ana"], |w| w.is_vault("vault")),
        phase("edit", 1, &["set", ana, "title=Director"], |w| w.field("title") == "Director"),
        phase("import", 1, &["import", &world.beside("people.csv")], |w| w.people() == w.base + ROWS),
        phase("undo", 2, &["undo"], |w| w.people() == w.base),
        phase("attach", 1, &["attach", ana, &world.beside("people.csv")], |w| {
            let list = w.must(&["attachments", &w.ana]);
            let list = list["attachments"].as_array().unwrap();
            let new = list.iter().find(|a| a["name"] == "people.csv");
            new.is_some_and(|new| {
                let back = w.beside("back.csv");
                w.must(&["attachment", &text(&new["id"]), "--out", &back]);
                fs::read(back).unwrap() == fs::read(w.beside("people.csv")).unwrap()
            })
        }),
        phase("backup", 1, &["backup", "create", "--to", &place], |w| {
            let list = w.must(&["backup", "list"])["backups"].clone();
            list.as_array().unwrap().iter().filter(|b| !b["verified_at"].is_null()).count() > 1
        }),
        phase("drill", 1, &["backup", "drill"], |w| {
            !w.must(&["backup", "list"])["backups"][0]["drilled_at"].is_null()
        }),
        phase("restore", 1, &["backup", "restore", &world.backup, "--vault", &world.at("new")], |w| {
            w.is_vault("new")
        }),
        phase("rotate", 1, &["keys", "rotate"], |w| w.disk.at("vault/satchel-2.db").exists()),
        phase("passphrase", 1, &["keys", "passphrase", "set"], |w| {
            let mut command = w.command("vault", &["status"]);
            command.env("SATCHEL_PASSPHRASE", OTHER);
            w.run(command).done
        }),
        phase("sync", 2, &["sync"], |w| w.must(&["status"])["pending"] == 0),
        phase("export", 1, &["export", "person", "--format", "csv", "--out", &world.at("out.csv")], |w| {
            fs::read_to_string(w.disk.at("out.csv")).is_ok_and(|csv| csv.lines().count() as u64 == w.base + 1)
        }),
    ]
}

struct Dice(u64);

impl Dice {
    fn from_environment() -> (u64, Self) {
        let seed = std::env::var("SATCHEL_SEED").ok().and_then(|s| s.parse::<u64>().ok());
        let seed = seed.unwrap_or_else(|| std::process::id().into());
        println!("SATCHEL_SEED={seed}");
        (seed, Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn faults() -> usize {
    std::env::var("SATCHEL_FAULTS").ok().and_then(|n| n.parse().ok()).unwrap_or(36)
}

/// What a person is told: what is wrong with the disk, and what to do; nothing of SQLite's.
fn is_named(error: &str) -> bool {
    let message = serde_json::from_str::<Value>(error.lines().last().unwrap_or_default());
    let message = message.map(|e| e["error"]["message"].as_str().unwrap_or_default().to_owned());
    let message = message.unwrap_or_default();
    let inner = ["database:", "malformed", "disk I/O error", "SQLITE", "unable to open"];
    let named = ["disk", "is damaged", "free some space", "no remote could be reached"]
        .iter()
        .any(|word| message.contains(word));
    named && message.len() > 50 && !inner.iter().any(|word| message.contains(word))
}

/// One fault; what was wrong.
fn try_one(world: &mut World, phase: &Phase, fault: Fault, at: u64, seed: Option<u64>) -> Vec<String> {
    let mut wrong = Vec::new();
    let args: Vec<&str> = phase.args.iter().map(String::as_str).collect();
    let image = &world.images[phase.image];
    world.disk.load(image);
    world.disk.arm(fault, at);
    let answer = world.run(world.command("vault", &args));
    let begun = world.disk.has_failed();
    match fault {
        Fault::PowerLoss => world.disk.lose_power(seed),
        _ => world.disk.heal(),
    }
    if answer.error.contains("panicked") {
        wrong.push(format!("it panicked: {}", answer.error));
    }
    let silent = answer.done || answer.killed || fault == Fault::PowerLoss;
    if !silent && !is_named(&answer.error) {
        wrong.push(format!("it did not name the fault: {}", answer.error));
    }
    if !begun && !answer.done {
        wrong.push(format!("it failed without a fault: {}", answer.error));
    }
    // What was before is all there.
    if phase.image > 0 {
        let verified = world.run(world.passing(&["verify"]));
        if verified.out["ok"] != true {
            wrong.push(format!("the vault is not sound: {} {}", verified.out, verified.error));
            return wrong;
        }
        let people = world.run(world.passing(&["status"])).out["records"]["person"].as_u64().unwrap_or(0);
        let least = world.base;
        if people < least {
            wrong.push(format!("there are {people} people, and there were {least}"));
        }
    }
    let done = (phase.done)(world);
    if answer.done && !done {
        wrong.push("it was acknowledged, and is not there".into());
    }
    if !done {
        let again = world.run(world.command("vault", &args));
        if !again.done {
            wrong.push(format!("it does not work again: {}", again.error));
        } else if !(phase.done)(world) {
            wrong.push("done again, it is not there".into());
        }
    }
    wrong.extend(left_over(world));
    wrong
}

impl World {
    /// By whichever passphrase opens the vault.
    fn passing(&self, args: &[&str]) -> Command {
        let mut other = self.command("vault", &["status"]);
        other.env("SATCHEL_PASSPHRASE", OTHER);
        let mut command = self.command("vault", args);
        if self.run(other).done {
            command.env("SATCHEL_PASSPHRASE", OTHER);
        }
        command
    }
}

/// What nobody needs any more, once the vault has been opened again.
fn left_over(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["vault", "new"].map(|name| world.disk.at(name)).into_iter().filter(|f| f.exists()).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if [".new", ".part"].iter().any(|end| name.ends_with(end))
                || entry.path().starts_with(world.disk.at("vault/scratch"))
            {
                found.push(format!("{} is left", entry.path().display()));
            }
        }
    }
    let databases = fs::read_dir(world.disk.at("vault")).into_iter().flatten().flatten();
    let databases = databases.filter(|e| e.path().extension().is_some_and(|e| e == "db")).count();
    if databases > 1 {
        found.push(format!("{databases} databases are left"));
    }
    found
}

#[test]
fn whatever_the_disk_does_nothing_acknowledged_is_lost() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (seed, mut dice) = Dice::from_environment();
    let mut world = World::new();
    let phases = phases(&world);
    let only = std::env::var("SATCHEL_PHASE").ok();
    let phases: Vec<Phase> =
        phases.into_iter().filter(|p| only.as_ref().is_none_or(|o| o.as_str() == p.name)).collect();
    // How many operations each has on a disk that is well.
    let counts: Vec<Counts> = phases
        .iter()
        .map(|phase| {
            world.disk.load(&world.images[phase.image]);
            let args: Vec<&str> = phase.args.iter().map(String::as_str).collect();
            world.must(&args);
            let counts = world.disk.counts();
            assert!((phase.done)(&world), "{}", phase.name);
            counts
        })
        .collect();
    let begin = usize::try_from(seed % 1000).unwrap();
    let (mut begun, mut losses) = (BTreeMap::<(Fault, &str), u64>::new(), Vec::new());
    for round in begin..begin + faults() {
        let phase = round % phases.len();
        let fault = Fault::ALL[(round / phases.len() + round) % Fault::ALL.len()];
        let (phase, most) = (&phases[phase], counts[phase].of(fault));
        let (at, keep) = (1 + dice.next() % most.max(1), dice.next());
        let keep = Some(keep).filter(|keep| keep % 3 > 0);
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            try_one(&mut world, phase, fault, at, keep)
        }));
        let wrong = tried.unwrap_or_else(|why| {
            vec![why.downcast_ref::<String>().cloned().unwrap_or_else(|| "a check has failed".into())]
        });
        for wrong in &wrong {
            println!("{} {fault:?} at {at} of {most} keeping {keep:?}: {wrong}", phase.name);
        }
        if !wrong.is_empty() {
            losses.push((fault, format!("{} at {at} keeping {keep:?}: {}", phase.name, wrong.join("; "))));
        }
        *begun.entry((fault, phase.name)).or_default() += 1;
    }
    let mut by_fault = BTreeMap::<Fault, (u64, usize)>::new();
    begun.iter().for_each(|((fault, _), n)| by_fault.entry(*fault).or_default().0 += n);
    losses.iter().for_each(|(fault, _)| by_fault.entry(*fault).or_default().1 += 1);
    println!("{} faults in {} phases, how often and how often wrong: {by_fault:?}", faults(), phases.len());
    for (fault, (tried, wrong)) in by_fault {
        tell(fault.called(), tried, wrong);
    }
    assert!(losses.is_empty(), "{losses:#?}");
}

/// The same program, without being started again.
#[test]
fn work_goes_on_when_the_disk_is_well_again() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, mut dice) = Dice::from_environment();
    let mut disk = Disk::new();
    let satchel = Satchel::new(&disk.at("vault"), "A test");
    let made = satchel.create(new_vault()).unwrap().session;
    let id = made.create(Kind::Person, &fields(json!({"first_name": "Ana", "title": "0"}))).unwrap().id;
    drop(made);
    satchel.lock();
    let open = || satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off);
    let mut saved = 0;
    for round in 0..12 {
        let fault = [Fault::Full, Fault::ReadOnly, Fault::BadWrite, Fault::BadSync][round % 4];
        let session = open().unwrap();
        disk.arm(fault, 1 + dice.next() % 12);
        let refused = (saved + 1..saved + 200).find_map(|n| {
            match session.set(id, &fields(json!({"title": n.to_string()}))) {
                Ok(_) => saved = n,
                Err(error) => return Some(error),
            }
            None
        });
        match (fault, &refused) {
            (Fault::Full, Some(refused)) => assert_eq!(refused.code, Code::DiskFull, "{refused:?}"),
            (_, Some(refused)) => assert!(refused.message.contains("disk"), "{fault:?}: {refused:?}"),
            // What is only tidied up does not matter.
            (fault, None) => {
                assert!(matches!(fault, Fault::BadWrite | Fault::BadSync), "{fault:?} went unnoticed")
            }
        }
        // Read while it is ill, and written once it is well.
        assert_eq!(session.get(id).unwrap().fields["title"], saved.to_string(), "{fault:?}");
        disk.heal();
        saved += 1;
        session.set(id, &fields(json!({"title": saved.to_string()}))).unwrap();
        assert!(session.verify(&mut |_| {}).unwrap().ok, "{fault:?}");
        drop(session);
        satchel.lock();
        // What was acknowledged behind the fault is on the disk.
        disk.lose_power(Some(dice.next()).filter(|seed| seed % 2 == 0));
        let session = open().unwrap();
        assert_eq!(
            session.get(id).unwrap().fields["title"],
            saved.to_string(),
            "{fault:?}, then a power cut"
        );
        drop(session);
        satchel.lock();
    }
}

/// A place that cannot be read for a while, of any file: it is said, the program goes on, and nothing is lost.
#[test]
fn a_read_that_fails_ends_no_program() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, mut dice) = Dice::from_environment();
    let mut disk = Disk::new();
    let satchel = Satchel::new(&disk.at("vault"), "A test");
    let made = satchel.create(new_vault()).unwrap().session;
    let seed = SeedOptions {
        people: 300,
        companies: 10,
        deals: 0,
        activities: 0,
        tasks: 0,
        seed: 7,
        locale: SeedLocale::En,
    };
    made.seed(seed, &mut |_| {}, &Cancel::default()).unwrap();
    let id = made.create(Kind::Person, &fields(json!({"first_name": "Ana", "title": "0"}))).unwrap().id;
    drop(made);
    satchel.lock();
    let open = || satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off);
    let (mut saved, mut reads, mut refused, mut unlocked_anew) = (0_u64, 40, 0, 0);
    for round in 0..10 {
        // Mounted anew: nothing of it is in the kernel's memory.
        let image = disk.image();
        disk.load(&image);
        let session = open().unwrap();
        // The first round counts how many reads there are.
        let at = if round == 0 { u64::MAX } else { 1 + dice.next() % reads };
        disk.arm(Fault::BadRead, at);
        let mut told = |error: AppError| {
            refused += 1;
            let named = ["disk", "is damaged"].iter().any(|word| error.message.contains(word));
            assert!(named, "round {round}, at {at}: {error:?}");
        };
        let page = ListRequest { limit: 100, ..ListRequest::default() };
        session.list(Kind::Person, &page).map(drop).unwrap_or_else(&mut told);
        session.search("a", None, 20).map(drop).unwrap_or_else(&mut told);
        match session.set(id, &fields(json!({"title": (saved + 1).to_string()}))) {
            Ok(_) => saved += 1,
            Err(error) => told(error),
        }
        session.list(Kind::Company, &page).map(drop).unwrap_or_else(&mut told);
        if round == 0 {
            reads = disk.counts().of(Fault::BadRead);
            assert!(reads > 5, "there is something to be read: {reads}");
        }
        disk.heal();
        saved += 1;
        let title = fields(json!({"title": saved.to_string()}));
        // What SQLCipher takes for damage stops all writing; locked and unlocked, all is as it was.
        let session = match session.set(id, &title) {
            Ok(_) => session,
            Err(_) => {
                unlocked_anew += 1;
                drop(session);
                satchel.lock();
                let session = open().unwrap();
                session.set(id, &title).unwrap_or_else(|e| panic!("round {round}, at {at}: {e:?}"));
                session
            }
        };
        assert_eq!(session.get(id).unwrap().fields["title"], saved.to_string());
        assert_eq!(session.list(Kind::Person, &page).unwrap().total, 301, "round {round}, at {at}");
        assert!(session.verify(&mut |_| {}).unwrap().ok, "round {round}, at {at}");
        drop(session);
        satchel.lock();
    }
    println!("{reads} reads a round, {refused} refused, unlocked anew {unlocked_anew} times");
    tell("reads refused in an open vault", 9, 0);
}

/// The key is a new one, or the old one, and whoever knows the passphrase gets in as soon as there is room.
#[test]
fn a_rotation_on_a_full_disk_shuts_nobody_out() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut disk = Disk::new();
    let satchel = Satchel::new(&disk.at("vault"), "A test");
    let made = satchel.create(new_vault()).unwrap().session;
    let id = made.create(Kind::Person, &fields(json!({"first_name": "Ana"}))).unwrap().id;
    drop(made);
    satchel.lock();
    let open = || satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off);
    let image = disk.image();
    open().unwrap();
    disk.arm(Fault::Full, u64::MAX);
    satchel.rotate_key().unwrap();
    let most = disk.counts().of(Fault::Full);
    satchel.lock();
    let mut by_code = BTreeMap::<String, u64>::new();
    for at in (1..=most).step_by(1 + usize::try_from(most / 60).unwrap()) {
        disk.load(&image);
        open().unwrap();
        disk.arm(Fault::Full, at);
        if let Err(error) = satchel.rotate_key() {
            let named = error.code == Code::DiskFull || error.message.contains("disk");
            assert!(named, "at {at} of {most}: {error:?}");
            *by_code.entry(format!("{:?}", error.code)).or_default() += 1;
        }
        // Whether it is open or not: room is all that is needed.
        disk.heal();
        let session = open().unwrap_or_else(|e| panic!("at {at} of {most}: {e:?}"));
        session.set(id, &fields(json!({"title": "Buyer"}))).unwrap();
        assert!(session.verify(&mut |_| {}).unwrap().ok, "at {at}");
        drop(session);
        satchel.lock();
        drop(open().unwrap());
        satchel.lock();
        let databases = fs::read_dir(disk.at("vault")).unwrap().flatten();
        let databases = databases.filter(|e| e.path().extension().is_some_and(|e| e == "db")).count();
        assert_eq!(databases, 1, "at {at} of {most}");
    }
    println!("{most} operations, {by_code:?}");
}
