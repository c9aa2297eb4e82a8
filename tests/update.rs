//! New versions on a real laptop: what is signed is put in place of the program behind a proven backup, whatever the disk and the
//! power do meanwhile; what does not start is taken back, and a vault that it has changed makes room for the backup.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use base64::{Engine, engine::general_purpose::STANDARD};
use satchel_app::{
    BackupTarget, Cancel, Code, Keyring, Passphrase, TrailRequest, Unlock,
    domain::Kind,
    update::{Begin, Outcome, Updating},
    views::TrailEntry,
};
use satchel_tests::{
    Laptop, PASSPHRASE, bin,
    cli::Cli,
    faulty::{Disk, Fault},
    releases::{Releases, program, write_program},
    team::fields,
};
use satchel_vault::VaultDir;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A process that another test is starting holds what is open on this one's disk for a moment: it could not be unmounted.
static ALONE: Mutex<()> = Mutex::new(());

fn old() -> Vec<u8> {
    program("0.1.0", "echo old")
}

fn new() -> Vec<u8> {
    program("0.2.0", "echo new")
}

/// A newer version is here, and can be installed.
fn fetched(releases: &Releases) -> Updating {
    releases.publish("0.2.0", &new());
    let updating = releases.seen_from("0.1.0", &releases.state());
    updating.updates.look(1).unwrap();
    updating.fetch(&mut |_| {}, &Cancel::default()).unwrap();
    updating
}

fn acts(laptop: &Laptop, act: &str) -> Vec<TrailEntry> {
    let request = TrailRequest { act: Some(act.into()), limit: 100, ..TrailRequest::default() };
    laptop.session.trail(&request).unwrap().entries
}

fn target(folder: &Path) -> BackupTarget {
    BackupTarget { address: folder.display().to_string(), ..BackupTarget::default() }
}

#[test]
fn an_update_is_backed_up_put_in_place_and_on_record() {
    let (laptop, releases) = (Laptop::new(), Releases::new(&old()));
    laptop.session.create(Kind::Person, &fields(serde_json::json!({"first_name": "Ana"}))).unwrap();
    let updating = fetched(&releases);
    assert!(updating.view().found.is_some_and(|found| found.ready && !found.failed));
    let installed = laptop.session.install_update(&updating, "", &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(installed.version, "0.2.0");
    assert_eq!(fs::read(releases.image()).unwrap(), new());
    let backup = installed.backup.unwrap();
    assert!(backup.there && backup.drilled_at.is_some(), "restored to see that it can be: {backup:?}");
    assert!(Path::new(&backup.file).starts_with(laptop.session.vault().join("backups")));
    let [entry] = &acts(&laptop, "update")[..] else { panic!("one line of the trail") };
    assert_eq!((&entry.facts["change"], &entry.facts["to"]), (&"installed".into(), &"0.2.0".into()));
    assert_eq!(entry.facts["backed_up"], true);
    let view = updating.view();
    assert_eq!((view.waiting.as_deref(), view.way_back.as_deref()), (Some("0.2.0"), Some("0.1.0")));

    // Not twice; and it can still be left.
    let again = laptop.session.install_update(&updating, "", &mut |_| {}, &Cancel::default()).unwrap_err();
    assert!(again.message.contains("in its place already"), "{again}");
    updating.updates.go_back(5).unwrap();
    assert_eq!(fs::read(releases.image()).unwrap(), old());
}

#[test]
fn the_backup_before_an_update_goes_to_the_first_folder_that_is_there() {
    let (laptop, releases) = (Laptop::new(), Releases::new(&old()));
    let disks = tempfile::tempdir().unwrap();
    for name in ["gone", "there"] {
        fs::create_dir(disks.path().join(name)).unwrap();
        laptop.session.add_backup_target(target(&disks.path().join(name)), &Cancel::default()).unwrap();
    }
    fs::remove_dir_all(disks.path().join("gone")).unwrap();
    let installed =
        laptop.session.install_update(&fetched(&releases), "", &mut |_| {}, &Cancel::default()).unwrap();
    let file = installed.backup.unwrap().file;
    assert!(Path::new(&file).starts_with(disks.path().join("there")), "{file}");
}

#[test]
fn without_a_backup_only_who_says_so_in_words_installs() {
    let (laptop, releases) = (Laptop::new(), Releases::new(&old()));
    let updating = fetched(&releases);
    // Nothing can be written where backups go.
    fs::write(laptop.session.vault().join("backups"), "in the way").unwrap();
    let install =
        |said: &str| laptop.session.install_update(&updating, said, &mut |_| {}, &Cancel::default());
    for said in ["", "yes", "backup"] {
        let refused = install(said).unwrap_err();
        assert_eq!(refused.code, Code::NeedsDecision, "{refused}");
        assert!(refused.message.contains("nothing was installed"), "{refused}");
        assert_eq!(fs::read(releases.image()).unwrap(), old());
    }
    let installed = install(" Without a backup ").unwrap();
    assert!(installed.backup.is_none());
    assert_eq!(fs::read(releases.image()).unwrap(), new());
    assert_eq!(acts(&laptop, "update")[0].facts["backed_up"], false);
}

#[test]
fn a_stopped_backup_installs_nothing() {
    let (laptop, releases) = (Laptop::new(), Releases::new(&old()));
    let (updating, stop) = (fetched(&releases), Cancel::default());
    stop.ask();
    let refused =
        laptop.session.install_update(&updating, "without a backup", &mut |_| {}, &stop).unwrap_err();
    assert_eq!(refused.code, Code::Cancelled);
    assert_eq!(fs::read(releases.image()).unwrap(), old());
}

#[test]
fn a_download_is_stopped_and_leaves_nothing() {
    let releases = Releases::new(&old());
    let mut large = new();
    large.resize(4 << 20, b'#');
    releases.publish("0.2.0", &large);
    releases.slow_down(Duration::from_millis(20));
    let updating = releases.seen_from("0.1.0", &releases.state());
    updating.updates.look(1).unwrap();
    let stop = Cancel::default();
    let asked = stop.clone();
    let mut told = Vec::new();
    let stopped = updating.fetch(
        &mut |p| {
            told.push((p.done, p.total));
            if p.done > 300_000 {
                asked.ask();
            }
        },
        &stop,
    );
    assert_eq!(stopped.unwrap_err().code, Code::Cancelled);
    assert!(told.iter().all(|(done, total)| *done < 2 << 20 && *total == 4 << 20), "{told:?}");
    assert!(updating.view().found.is_some_and(|found| !found.ready));
    let left = fs::read_dir(releases.state().join("package")).unwrap().count();
    assert_eq!(left, 0);
}

/// As a newer version leaves a vault behind whose schema this one does not know.
fn make_newer(vault: &Path) {
    let dir = VaultDir::open(vault).unwrap();
    let key = dir.unlock_with_passphrase(&Passphrase::new(PASSPHRASE).unwrap()).unwrap();
    let db = rusqlite::Connection::open(dir.database()).unwrap();
    db.pragma_update(None, "key", key.expose_as_sqlcipher_key().as_str()).unwrap();
    db.execute_batch("UPDATE setting SET value = 'later' WHERE key = 'person'; PRAGMA user_version = 99")
        .unwrap();
}

fn unlock(laptop: &Laptop) -> Result<(), satchel_app::AppError> {
    let passphrase = Passphrase::new(PASSPHRASE).unwrap();
    laptop.satchel.unlock(Unlock::Passphrase(passphrase), Keyring::Off).map(drop)
}

#[test]
fn a_vault_that_a_newer_version_has_changed_makes_room_for_the_backup_and_stays() {
    let (mut laptop, releases) = (Laptop::new(), Releases::new(&old()));
    laptop.session.create(Kind::Person, &fields(serde_json::json!({"first_name": "Ana"}))).unwrap();
    let updating = fetched(&releases);
    let installed = laptop.session.install_update(&updating, "", &mut |_| {}, &Cancel::default()).unwrap();
    let backup = installed.backup.unwrap().file;
    let vault = laptop.session.vault();
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Laptop::new();
    laptop.session = other.session.clone();
    laptop.satchel.lock();
    make_newer(&vault);

    // The new version comes to nothing, and the one from before is back.
    drop(updating);
    for _ in 0..2 {
        let new = releases.seen_from("0.2.0", &releases.state());
        assert_eq!(new.updates.begin(10), Begin::Go);
        new.updates.note_outcome(Outcome::Failed("it migrated, and fell over".into()), 10);
    }
    let third = releases.seen_from("0.2.0", &releases.state());
    assert_eq!(third.updates.begin(11), Begin::GoneBack(releases.image()));
    drop(third);
    assert_eq!(fs::read(releases.image()).unwrap(), old());
    let back = releases.seen_from("0.1.0", &releases.state());
    assert_eq!(back.updates.begin(12), Begin::Go);
    let went = back.view().went_back.unwrap();
    assert_eq!((went.backup.as_deref(), went.by_hand), (Some(&*backup), false));
    assert!(went.reports[0].contains("fell over"), "{:?}", went.reports);
    assert!(back.view().found.is_some_and(|found| found.failed), "it is said of the version that is offered");
    assert_eq!(unlock(&laptop).unwrap_err().code, Code::Newer);

    // A wrong key, or somebody who holds the vault, and nothing moves.
    let newer = files(&vault);
    let instead = |key: &str| laptop.satchel.restore_instead(Path::new(&backup), key, Keyring::Off);
    assert_eq!(instead("wrong horse").unwrap_err().code, Code::WrongKey);
    let held = satchel_vault::lock_folder(&vault, "Another program").unwrap();
    assert_eq!(instead(PASSPHRASE).unwrap_err().code, Code::InUse);
    drop(held);
    assert_eq!(files(&vault), newer);
    assert_eq!(fs::read_dir(vault.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");

    let restored = instead(PASSPHRASE).unwrap();
    let aside = Path::new(&restored.aside);
    assert_eq!(files(aside), newer, "the newer vault is as it was, elsewhere");
    let session = laptop.satchel.session().unwrap();
    assert_eq!(session.status().unwrap().records["person"], 1);
    session.note_went_back(&back);
    session.note_went_back(&back);
    laptop.session = session;
    let changes: Vec<_> = acts(&laptop, "update").iter().map(|e| e.facts["change"].clone()).collect();
    assert_eq!(changes, ["went_back"], "once; that it was installed came behind the backup");
    assert_eq!(acts(&laptop, "begin").len(), 2, "made, and restored: moving it is no copy of it");
    assert!(instead(PASSPHRASE).is_err(), "a vault that opens stays where it is");

    // The newer one can be opened where it lies, by a version that knows it.
    let key = VaultDir::open(aside).unwrap().unlock_with_passphrase(&Passphrase::new(PASSPHRASE).unwrap());
    assert!(key.is_ok());
    drop(elsewhere);
}

/// What is in a folder, but for the lock that anybody who looks takes.
fn files(folder: &Path) -> Vec<(String, blake3::Hash)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            match path.is_dir() {
                true => open.push(path),
                false if name == "vault.lock" => {}
                false => all.push((name, blake3::hash(&fs::read(path).unwrap()))),
            }
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Not a test of its own: the process that the test below starts, to install until it is killed.
#[test]
fn the_installer_that_is_killed() {
    let var = |name: &str| std::env::var(name).ok();
    let Some(dir) = var("SATCHEL_KILL_INSTALL") else { return };
    let configured = satchel_app::update::Configured {
        key: var("SATCHEL_UPDATE_KEY").unwrap(),
        lists: var("SATCHEL_UPDATE_LISTS").unwrap(),
        page: String::new(),
    };
    let image = Path::new(&dir).join("Satchel.AppImage");
    let installed = (satchel_app::update::Installed::AppImage(image.clone()), image.as_path());
    let state = Path::new(&dir).join("state");
    let updating = Updating::new(configured, state, "0.1.0".parse().unwrap(), installed);
    println!("\nBEGUN");
    updating.updates.install(None, 2, |_, _| Ok(())).unwrap();
}

#[test]
fn kills_in_the_middle_of_an_installation_leave_one_whole_program() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (before, mut after) = (old(), new());
    // Large enough for a kill to meet each part of the work.
    after.resize(8 << 20, b'#');
    let releases = Releases::new(&before);
    releases.publish("0.2.0", &after);
    let kills = std::env::var("SATCHEL_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(14_u32);
    let (mut whole_old, mut whole_new, mut took) = (0, 0, Duration::from_millis(900));
    for round in 0..kills {
        let _ = fs::remove_dir_all(releases.state());
        write_program(&releases.image(), &before);
        let old = releases.seen_from("0.1.0", &releases.state());
        old.updates.look(1).unwrap();
        old.fetch(&mut |_| {}, &Cancel::default()).unwrap();
        drop(old);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_installer_that_is_killed", "--nocapture"])
            .env("SATCHEL_KILL_INSTALL", releases.dir.path())
            .env("SATCHEL_UPDATE_KEY", releases.key())
            .env("SATCHEL_UPDATE_LISTS", releases.lists())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        // The first one shows how long it takes; the others are killed on the way, a little later each.
        if round > 0 {
            std::thread::sleep(took * round / kills);
            let _ = child.kill();
        }
        child.wait().unwrap();
        if round == 0 {
            took = begun.elapsed();
        }
        let there = fs::read(releases.image()).unwrap();
        let now = if there == before { "0.1.0" } else { "0.2.0" };
        assert!(there == before || there == after, "round {round}: {} bytes are no program", there.len());
        let starts = releases.seen_from(now, &releases.state());
        assert_eq!(starts.updates.begin(3), Begin::Go, "round {round}");
        let beside: Vec<_> =
            fs::read_dir(releases.dir.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(beside.len(), 2, "round {round}: {beside:?}");
        match now {
            "0.1.0" => {
                whole_old += 1;
                starts.updates.install(None, 4, |_, _| Ok(())).unwrap();
                assert_eq!(fs::read(releases.image()).unwrap(), after, "round {round}: it can be done again");
            }
            _ => {
                whole_new += 1;
                assert!(starts.updates.is_on_trial(), "round {round}: it is known where to go back to");
                starts.updates.go_back(4).unwrap();
                assert_eq!(fs::read(releases.image()).unwrap(), before, "round {round}");
            }
        }
    }
    println!("{kills} installations of {took:?}: {whole_old} left the old, {whole_new} the new program");
    assert!(whole_old > 0 && whole_new > 0, "the kills met one side only");
}

#[test]
fn whatever_the_disk_does_an_installation_leaves_one_whole_program() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let releases = Releases::new(&old());
    releases.publish("0.2.0", &new());
    let mut disk = Disk::new();
    let (image, state) = (disk.at("Satchel.AppImage"), disk.at("state"));
    write_program(&image, &old());
    let seen = |version: &str| {
        let configured = satchel_app::update::Configured {
            key: releases.key(),
            lists: releases.lists(),
            page: String::new(),
        };
        let installed = (satchel_app::update::Installed::AppImage(image.clone()), image.as_path());
        Updating::new(configured, state.clone(), version.parse().unwrap(), installed)
    };
    let first = seen("0.1.0");
    first.updates.look(1).unwrap();
    first.fetch(&mut |_| {}, &Cancel::default()).unwrap();
    drop(first);
    let ready = disk.image();
    let (mut tried, mut refused) = (0, 0);
    for fault in [Fault::Full, Fault::BadWrite, Fault::BadSync, Fault::ReadOnly, Fault::PowerLoss] {
        for at in 1.. {
            disk.load(&ready);
            disk.arm(fault, at);
            let answer = seen("0.1.0").updates.install(None, 2, |_, _| Ok(()));
            let failed = disk.has_failed();
            match fault {
                Fault::PowerLoss => disk.lose_power(Some(at)),
                _ => disk.heal(),
            }
            let there = fs::read(&image).unwrap();
            assert!(there == old() || there == new(), "{} at {at}: {} bytes", fault.called(), there.len());
            let now = if there == old() { "0.1.0" } else { "0.2.0" };
            if let Err(e) = &answer {
                refused += 1;
                assert!(!e.to_string().is_empty());
            } else if fault != Fault::PowerLoss {
                assert_eq!(now, "0.2.0", "{} at {at}: it said that it was done", fault.called());
            }
            let starts = seen(now);
            assert_eq!(starts.updates.begin(3), Begin::Go, "{} at {at}", fault.called());
            if now == "0.2.0" {
                let back = starts.updates.go_back(4);
                assert!(back.is_ok(), "{} at {at}: no way back: {back:?}", fault.called());
                assert_eq!(fs::read(&image).unwrap(), old());
            }
            drop(starts);
            tried += 1;
            if !failed {
                break;
            }
        }
    }
    println!("{tried} installations on a disk that fails, {refused} of them refused");
    assert!(refused > 40, "the faults did not meet the work: {refused} of {tried}");
}

/// The real program, without a screen to show itself on.
fn desktop(releases: &Releases, version: &str) -> String {
    let program = bin("satchel-desktop");
    format!(
        "export SATCHEL_UPDATE_VERSION={version} APPIMAGE='{}' APPDIR='{}'\nexec '{}' \"$@\"\n",
        releases.image().display(),
        program.parent().unwrap().display(),
        program.display()
    )
}

fn start(releases: &Releases) -> std::process::Output {
    let mut command = Command::new(releases.image());
    command
        .env("SATCHEL_VAULT", releases.dir.path().join("vault"))
        .env("SATCHEL_STATE", releases.state())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null());
    command.output().unwrap()
}

#[test]
fn a_program_that_does_not_come_up_is_taken_back_by_itself() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let sign = tempfile::tempdir().unwrap();
    let ran = sign.path().join("ran");
    let before = program("0.1.0", &format!("echo old > '{}'", ran.display()));
    let releases = Releases::new(&before);
    let after = format!("#!/bin/sh\n{}", desktop(&releases, "0.2.0")).into_bytes();
    releases.publish("0.2.0", &after);
    let updating = releases.seen_from("0.1.0", &releases.state().join("update"));
    updating.updates.look(1).unwrap();
    updating.fetch(&mut |_| {}, &Cancel::default()).unwrap();
    // The real program answers whether it starts here.
    updating.updates.install(None, 2, |_, _| Ok(())).unwrap();
    drop(updating);
    for n in 1..=2 {
        let out = start(&releases);
        assert!(!out.status.success(), "start {n}: without a screen it shows nothing");
        assert!(!ran.exists());
    }
    let third = start(&releases);
    assert!(third.status.success(), "{}", String::from_utf8_lossy(&third.stderr));
    assert_eq!(fs::read(releases.image()).unwrap(), before);
    let begun = Instant::now();
    while !ran.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the version from before was not started");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_program_says_which_version_it_is_without_a_screen() {
    let releases = Releases::new(b"");
    write_program(&releases.image(), format!("#!/bin/sh\n{}", desktop(&releases, "0.7.0-rc.1")).as_bytes());
    let out = Command::new(releases.image()).arg("--self-check").env_remove("DISPLAY").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "satchel 0.7.0-rc.1\n");
    assert!(out.status.success());
}

#[test]
fn health_says_what_the_last_look_has_left_and_asks_nobody() {
    let (cli, releases) = (Cli::new(), Releases::new(&old()));
    let check = || {
        let health = cli.json(&["health"]);
        let checks = health["checks"].as_array().unwrap();
        checks.iter().find(|c| c["name"] == "update").unwrap().clone()
    };
    assert_eq!(check()["level"], "unknown");
    releases.publish("0.9.0", &program("0.9.0", ""));
    let updating = releases.seen_from("0.1.0", &cli.dir.path().join("state/update"));
    updating.updates.look(satchel_app::now().as_millisecond()).unwrap();
    let asked = releases.asked().len();
    let (found, running) = (check(), env!("CARGO_PKG_VERSION"));
    assert_eq!((&found["level"], &found["action"]), (&"warn".into(), &"open_updates".into()));
    assert_eq!((&found["facts"]["version"], &found["facts"]["running"]), (&"0.9.0".into(), &running.into()));
    releases.publish(running, &program(running, ""));
    updating.updates.look(satchel_app::now().as_millisecond()).unwrap();
    assert_eq!(check()["level"], "ok");
    assert_eq!(releases.asked().len(), asked + 2, "only the looks have asked");
}

#[test]
fn what_a_release_is_made_of_is_taken_by_a_program() {
    const PASSWORD: &str = "a password of paper";
    let pair = minisign::KeyPair::generate_encrypted_keypair(Some(PASSWORD.into())).unwrap();
    let sealed = STANDARD.encode(pair.sk.to_box(None).unwrap().into_string());
    let releases = Releases::signed_by(&old(), pair);
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("satchel.key", sealed.as_bytes());
    write("en.txt", b"- Faster.\n");
    write("zh.txt", "- 更快。\n".as_bytes());
    let name = format!("Satchel_0.2.0_{}.AppImage", std::env::consts::ARCH);
    write(&name, &new());
    let make = |password: &str, package: &str| {
        let args = "release --channel stable --version 0.2.0 --notes en.txt --notes-zh zh.txt --url";
        let mut command = Command::new(bin("xtask"));
        command.args(args.split(' ')).args([&releases.lists(), package]).current_dir(dir.path());
        command.env("SATCHEL_KEY", "satchel.key").env("SATCHEL_KEY_PASSWORD", password).output().unwrap()
    };
    assert!(!make("guessed", &name).status.success());
    assert!(!make(PASSWORD, "en.txt").status.success(), "only what the app installs is in a list");
    let out = make(PASSWORD, &name);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    for file in ["stable.json", "stable.json.sig", &name] {
        releases.put(&format!("/{file}"), fs::read(dir.path().join(file)).unwrap());
    }
    let updating = releases.seen_from("0.1.0", &releases.state());
    updating.updates.look(1).unwrap();
    let found = updating.fetch(&mut |_| {}, &Cancel::default()).unwrap().found.unwrap();
    assert_eq!((found.notes.en.as_str(), found.ready), ("- Faster.", true));
    updating.updates.install(None, 2, |_, _| Ok(())).unwrap();
    assert_eq!(fs::read(releases.image()).unwrap(), new());
}
