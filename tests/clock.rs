//! Clocks that are ten years behind or ahead, between one act and the next: nothing is lost, what came later stays later,
//! and the clock is named.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use satchel_app::{BackupPlan, Cancel, Keep, Keyring, Passphrase, Satchel, Unlock};
use satchel_tests::{
    PASSPHRASE,
    bucket::{self, BUCKET, Bucket},
    cli::Cli,
    releases::{Releases, program},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

const CLOCKS: [&str; 4] = ["+0", "-10y", "+10y", "+0"];

/// The library that tells a program another time.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|e| e.path());
    let found = folders.map(|f| f.join("faketime/libfaketime.so.1")).find(|f| f.exists());
    found.expect("Debian's package faketime is needed: `cargo xtask setup` installs it")
}

/// The answer of a command by another clock.
fn at(cli: &Cli, clock: &str, args: &[&str]) -> Value {
    let mut command = cli.command(&[&["--json"], args].concat());
    command.env("LD_PRELOAD", library()).env("FAKETIME", clock).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let out = command.output().unwrap();
    assert!(out.status.success(), "{clock} {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn the_backup_before_an_update_stays_for_a_month_whatever_the_plan_keeps() {
    let (cli, releases) = (Cli::new(), Releases::new(&program("0.1.0", "")));
    cli.json(&["new", "person", "first_name=Ana"]);
    let satchel = Satchel::new(&cli.vault(), "A test");
    let passphrase = Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap());
    let session = satchel.unlock(passphrase, Keyring::Off).unwrap();
    let keep = Keep { days: 1, weeks: 0, months: 0 };
    session.set_backup_plan(&BackupPlan { keep, ..session.backup_plan().unwrap() }).unwrap();
    releases.publish("0.2.0", &program("0.2.0", ""));
    let updating = releases.seen_from("0.1.0", &releases.state());
    updating.updates.look(1).unwrap();
    updating.fetch(&mut |_| {}, &Cancel::default()).unwrap();
    let installed = session.install_update(&updating, "", &mut |_| {}, &Cancel::default()).unwrap();
    let file = PathBuf::from(installed.backup.unwrap().file);
    drop(session);
    satchel.lock();
    let kept = |clock: &str| {
        at(&cli, clock, &["backup", "due"]);
        let there = fs::read_dir(file.parent().unwrap()).unwrap().flatten();
        let backups = there.filter(|e| e.path().extension().is_some_and(|e| e == "satchelbackup")).count();
        (file.is_file(), backups)
    };
    assert_eq!(kept("+2d"), (true, 2));
    assert_eq!(kept("+4d"), (true, 2), "the one of the day before yesterday went");
    assert_eq!(kept("+20d"), (true, 2));
    assert_eq!(kept("+40d"), (false, 1), "nobody goes back that far");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn title(cli: &Cli, id: &str) -> Value {
    cli.json(&["get", id])["fields"]["title"].clone()
}

#[test]
fn the_clock_is_another_for_the_program() {
    let cli = Cli::new();
    let year = |clock: &str| {
        let made = at(&cli, clock, &["new", "person", "first_name=Zoe"]);
        let shown = cli.json(&["get", text(&made["id"])]);
        text(&shown["created_at"])[..4].parse::<i32>().unwrap()
    };
    assert_eq!([year("-10y"), year("+10y")].map(|y| y - year("+0")), [-10, 10]);
}

#[test]
fn what_was_done_later_is_later_whatever_the_clock_says() {
    let cli = Cli::new();
    let id = text(&cli.json(&["new", "person", "first_name=Zoe", "title=0"])["id"]).to_owned();
    for (n, clock) in CLOCKS.iter().enumerate() {
        at(&cli, clock, &["set", &id, &format!("title={}", n + 1)]);
        assert_eq!(title(&cli, &id), (n + 1).to_string(), "after an edit at {clock}");
        assert_eq!(cli.json(&["verify"])["ok"], true, "{clock}");
        assert_eq!(cli.json(&["audit", "verify"])["ok"], true, "{clock}");
    }
    // Undone in the order in which it was done, whenever.
    for (n, clock) in CLOCKS.iter().enumerate() {
        at(&cli, clock, &["undo"]);
        assert_eq!(title(&cli, &id), (CLOCKS.len() - n - 1).to_string(), "undone at {clock}");
    }
    assert_eq!(cli.json(&["audit", "verify"])["ok"], true);
}

#[test]
fn two_laptops_with_wrong_clocks_agree_on_what_came_last() {
    let (ana, bo) = (Cli::bare(), Cli::bare());
    let shared = ana.dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    ana.json(&["init", "--name", "Norte", "--person", "Ana"]);
    ana.json(&["remote", "add", shared.to_str().unwrap()]);
    ana.json(&["sync"]);
    let link = text(&ana.json(&["invite"])["link"]).to_owned();
    std::thread::scope(|scope| {
        let joined = scope.spawn(|| bo.json(&["join", &link, "--person", "Bo"]));
        while !joined.is_finished() {
            ana.run(&["approve"]);
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        joined.join().unwrap();
    });
    let id = text(&at(&ana, "+10y", &["new", "person", "first_name=Zoe", "title=1"])["id"]).to_owned();
    at(&ana, "+10y", &["sync"]);
    // Whoever has read the one writes what comes after it, by whatever clock.
    for (cli, clock, n) in [(&bo, "-10y", 2), (&ana, "+0", 3), (&bo, "-10y", 4), (&ana, "+10y", 5)] {
        at(cli, clock, &["sync"]);
        at(cli, clock, &["set", &id, &format!("title={n}")]);
        at(cli, clock, &["sync"]);
    }
    for cli in [&ana, &bo] {
        cli.json(&["sync"]);
        assert_eq!(title(cli, &id), "5");
        assert_eq!(cli.json(&["status"])["conflicts"], 0);
        assert_eq!(cli.json(&["verify"])["ok"], true);
    }
    // The remote is looked after by the clock of today again, though it was last by one ten years from now.
    let remotes = ana.json(&["remote", "list"]).to_string();
    assert!(!remotes.contains("\"ok\":false"), "{remotes}");
}

fn backups(cli: &Cli, place: &Path) -> usize {
    let list = cli.json(&["backup", "list"]);
    list["backups"].as_array().unwrap().iter().filter(|b| b["target"] == json!(place)).count()
}

#[test]
fn a_backup_from_the_future_hides_nothing() {
    let cli = Cli::new();
    cli.json(&["seed", "--people", "10", "--seed", "7"]);
    let place = cli.dir.path().join("disk");
    fs::create_dir(&place).unwrap();
    let to = place.to_str().unwrap();
    at(&cli, "+10y", &["backup", "create", "--to", to]);
    let now = cli.json(&["backup", "create", "--to", to]);
    at(&cli, "-10y", &["backup", "create", "--to", to]);
    assert_eq!(backups(&cli, &place), 3);
    // The last one is that of today.
    assert_eq!(text(&cli.json(&["status"])["last_backup"])[..10], text(&now["made_at"])[..10]);
    let sealed = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "satchelbackup");
    for path in fs::read_dir(&place).unwrap().flatten().map(|entry| entry.path()).filter(sealed) {
        cli.json(&["backup", "verify", path.to_str().unwrap()]);
    }
}

#[test]
fn a_wrong_clock_is_named() {
    let cli = Cli::new();
    let level = |clock: &str| {
        let health = at(&cli, clock, &["health"]);
        let checks = health["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|c| c["name"] == "clock").unwrap()["level"].clone()
    };
    assert_eq!(level("+0"), "ok");
    assert_eq!(level("-10y"), "warn");
    at(&cli, "+10y", &["new", "person", "first_name=Zoe"]);
    assert_eq!(level("+0"), "warn", "something was written ten years from now");
}

/// Files on records below a folder, as they lie beside backups.
fn sealed(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(sealed(&path)),
            path if path.extension().is_some_and(|e| e == "age") => found.push(path),
            _ => {}
        }
    }
    found
}

/// A backup a day for so many days from a day on.
fn days(cli: &Cli, days: std::ops::RangeInclusive<u32>) {
    for day in days {
        at(cli, &format!("+{day}d"), &["backup", "due"]);
    }
}

/// With a file on a record that only backups for an earlier kit need. The place, as it is on this disk.
fn a_kit_ago(cli: &Cli, add: &[&str], place: &Path) -> PathBuf {
    let person = text(&cli.json(&["new", "person", "first_name=Zoe"])["id"]).to_owned();
    fs::write(cli.dir.path().join("offer.txt"), "150 EUR").unwrap();
    cli.json(&["attach", &person, "offer.txt"]);
    cli.json(add);
    cli.json(&["backup", "places", "keep", "--days", "1", "--weeks", "0", "--months", "0"]);
    let old = sealed(place);
    assert_eq!(old.len(), 1);
    cli.json(&["keys", "kit"]);
    old[0].clone()
}

/// By a week's looks, and no earlier; what the kept backup needs stays, and it proves.
#[test]
fn what_no_backup_needs_goes_from_folders() {
    let cli = Cli::new();
    let place = cli.dir.path().join("disk");
    fs::create_dir(&place).unwrap();
    let old = a_kit_ago(&cli, &["backup", "places", "add", place.to_str().unwrap()], &place);
    days(&cli, 1..=6);
    assert!(old.exists(), "a week has not gone by");
    assert_eq!(sealed(&place).len(), 2, "sealed anew for the new kit");
    // Somebody's backup of which nobody knows what it needs; then a list that cannot be read.
    let unknown = place.join("somebody.satchelbackup");
    fs::write(&unknown, "of an older version").unwrap();
    days(&cli, 7..=10);
    assert!(old.exists(), "that one may need it");
    fs::remove_file(&unknown).unwrap();
    let lists = || -> Vec<PathBuf> {
        let folder = old.parent().unwrap().parent().unwrap().join("needed");
        fs::create_dir_all(&folder).unwrap();
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect()
    };
    assert_eq!(lists(), Vec::<PathBuf>::new(), "they go with their backups");
    let broken = old.parent().unwrap().parent().unwrap().join("needed/other.satchelbackup.begun.txt");
    fs::write(&broken, "files that a backup needs 1\naaaa\n").unwrap();
    let mut due = cli.command(&["--json", "backup", "due"]);
    due.env("LD_PRELOAD", library()).env("FAKETIME", "+11d").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let out = due.output().unwrap();
    assert!(!out.status.success(), "it is said");
    assert!(String::from_utf8_lossy(&out.stdout).contains("is damaged"), "{out:?}");
    assert!(old.exists(), "a list that cannot be read may name it");
    fs::remove_file(&broken).unwrap();
    days(&cli, 12..=20);
    assert!(!old.exists(), "nobody needs it");
    assert_eq!(sealed(&place).len(), 1);
    let drill = cli.json(&["backup", "drill"]);
    assert!(drill.to_string().contains("1 came back as they were"), "{drill}");
}

#[test]
fn what_no_backup_needs_goes_from_buckets_too() {
    let cli = Cli::new();
    let bucket = Bucket::new();
    fs::write(cli.dir.path().join("secret"), bucket::SECRET).unwrap();
    let (address, endpoint) = (format!("s3://{BUCKET}/我们 的#备份"), bucket.endpoint());
    let add = ["backup", "places", "add", &address, "--endpoint", &endpoint, "--key-id", bucket::KEY_ID];
    let place = bucket.path("我们 的#备份");
    let old = a_kit_ago(&cli, &[&add[..], &["--secret-file", "secret"]].concat(), &place);
    days(&cli, 1..=6);
    assert!(old.exists(), "a week has not gone by");
    days(&cli, 7..=9);
    assert!(!old.exists(), "nobody needs it");
    assert_eq!(sealed(&place).len(), 1);
    let drill = cli.json(&["backup", "drill"]);
    assert!(drill.to_string().contains("1 came back as they were"), "{drill}");
}
