//! Backups: made, read back, proven, restored by passphrase and by kit, and opened by the stock tools; and every way in
//! which one can be bad.

#![allow(clippy::unwrap_used)]

use satchel_app::{
    BackupKey, BackupPlan, BackupTarget, Cancel, Code, Keep, Keyring, Passphrase, Role, Satchel, Unlock,
    domain::Kind, restore_backup,
};
use satchel_tests::{
    PASSPHRASE,
    bucket::{self, BUCKET, Bucket},
    cli::Cli,
    figures::tell,
    team::{Device, copy_all, fields, settle, team},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, SystemTime},
};

/// A vault with people, and a place for backups beside it.
fn with_people(people: &str) -> (Cli, PathBuf) {
    let cli = Cli::bare();
    cli.json(&["init", "--name", "Norte Foods 北方", "--person", "Ana", "--kit", "kit.txt"]);
    cli.json(&["seed", "--people", people, "--seed", "7"]);
    let place = cli.dir.path().join("disk");
    fs::create_dir(&place).unwrap();
    (cli, place)
}

fn create(cli: &Cli, place: &Path) -> Value {
    cli.json(&["backup", "create", "--to", place.to_str().unwrap()])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn code(cli: &Cli) -> String {
    fs::read_to_string(cli.dir.path().join("kit.txt")).unwrap()
}

/// The age identity of the kit, in a file as stock `age` wants it.
fn identity(cli: &Cli) -> PathBuf {
    let kit = code(cli);
    let line = kit.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    let path = cli.dir.path().join("key.txt");
    fs::write(&path, line).unwrap();
    path
}

fn sh(dir: &Path, line: &str) {
    let out = Command::new("bash").args(["-o", "pipefail", "-ec", line]).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn a_backup_comes_back_by_passphrase_and_by_kit() {
    let (cli, place) = with_people("300");
    let ana = cli.json(&["new", "person", "first_name=Zoe", "notes=likes olives"])["id"].clone();
    cli.json(&["set", text(&ana), "title=Buyer"]);
    let before = cli.json(&["list", "person", "--limit", "1000"]);
    let made = create(&cli, &place);
    assert!(made["records"].as_u64().unwrap() > 300 && made["verified_at"].is_string(), "{made}");
    let file = text(&made["file"]);
    let sum = Command::new("sha256sum").arg(file).output().unwrap().stdout;
    assert_eq!(text(&made["sha256"]), String::from_utf8(sum).unwrap().split(' ').next().unwrap());
    assert!(cli.json(&["status"])["last_backup"].is_string());
    assert_eq!(cli.json(&["backup", "list"])["backups"][0]["file"], made["file"]);
    let verified = cli.json(&["backup", "verify", file]);
    assert_eq!((&verified["records"], &verified["sha256"]), (&made["records"], &made["sha256"]));

    // What is done afterwards is not in it.
    cli.json(&["set", text(&ana), "title=Director"]);
    for (new, by_kit) in [("by-passphrase", false), ("by-kit", true)] {
        let vault = cli.dir.path().join(new);
        let run = |args: &[&str]| {
            let mut command = cli.command(&[&["--json"], args].concat());
            command.env("SATCHEL_VAULT", &vault);
            if by_kit {
                command.env_remove("SATCHEL_PASSPHRASE").env("SATCHEL_RECOVERY_KEY", code(&cli));
            }
            let out = command.output().unwrap();
            assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
            serde_json::from_slice::<Value>(&out.stdout).unwrap()
        };
        let restored = run(&["backup", "restore", file, "--vault", vault.to_str().unwrap()]);
        for key in ["records", "sha256", "file"] {
            assert_eq!(restored[key], made[key], "{key}");
        }
        assert_eq!(run(&["list", "person", "--limit", "1000"]), before);
        assert_eq!(run(&["get", text(&ana)])["fields"]["title"], "Buyer");
        assert_eq!(run(&["verify"])["ok"], true);
        assert_eq!(run(&["search", "olives"])["hits"].as_array().unwrap().len(), 1);
        // What was done before can be taken back, and work goes on.
        run(&["undo"]);
        assert!(run(&["get", text(&ana)])["fields"].get("title").is_none());
        run(&["set", text(&ana), "title=Owner"]);
    }
    // The first vault is as it was.
    assert_eq!(cli.json(&["get", text(&ana)])["fields"]["title"], "Director");
}

/// What the stock tools want is what Satchel takes, too, wherever the code is taken.
#[test]
fn the_age_identity_of_the_kit_opens_what_its_code_opens() {
    let (cli, place) = with_people("5");
    let made = create(&cli, &place);
    let key = fs::read_to_string(identity(&cli)).unwrap();
    let (first, second) = key.trim().split_at(37);
    let new = cli.dir.path().join("new");
    let run = |args: &[&str], vault: &Path| {
        let mut command = cli.command(&[&["--json"], args].concat());
        command.env("SATCHEL_VAULT", vault).env_remove("SATCHEL_PASSPHRASE");
        command.env("SATCHEL_RECOVERY_KEY", format!(" {first}\n    {second} \n")).output().unwrap()
    };
    let well = |args: &[&str], vault: &Path| {
        let out = run(args, vault);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    };
    well(&["backup", "restore", text(&made["file"]), "--vault", new.to_str().unwrap()], &new);
    well(&["status"], &new);
    well(&["status"], &cli.vault());
    well(&["backup", "verify", text(&made["file"])], &cli.dir.path().join("none"));
    let mut drill = cli.command(&["--json", "backup", "drill", "--kit"]);
    let out = drill.env("SATCHEL_RECOVERY_KEY", &key).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // By what one types on the screen of a new laptop.
    let satchel = Satchel::new(&cli.dir.path().join("typed"), "A test");
    satchel.restore(Path::new(text(&made["file"])), &format!("{first} {second}"), Keyring::Off).unwrap();
    let other = Cli::new();
    let out = run(&["status"], &other.vault());
    assert_eq!(out.status.code(), Some(3), "another vault's");
}

#[test]
fn the_stock_tools_open_it() {
    let (cli, place) = with_people("20");
    cli.json(&["new", "person", "first_name=Zoe", "emails=work:zoe@norte.example", "tags=vip"]);
    let made = create(&cli, &place);
    let (key, out) = (identity(&cli), cli.dir.path().join("out"));
    fs::create_dir(&out).unwrap();
    let line =
        format!("age --decrypt --identity '{}' '{}' | zstd -d | tar -x", key.display(), text(&made["file"]));
    sh(&out, &line);
    let people = fs::read_to_string(out.join("records/person/000001.jsonl")).unwrap();
    let people: Vec<Value> = people.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let zoe = people.iter().find(|p| p["first_name"] == "Zoe").unwrap();
    assert_eq!((&zoe["emails"][0]["value"], &zoe["tags"][0]), (&json!("zoe@norte.example"), &json!("vip")));
    let about: Value = serde_json::from_slice(&fs::read(out.join("about.json")).unwrap()).unwrap();
    assert_eq!(about["workspace"], "Norte Foods 北方");
    assert!(fs::read_to_string(out.join("README.txt")).unwrap().contains("age --decrypt"));
    // Beside it lies the same, which names nobody and is written once.
    let beside = place.join("README.txt");
    let said = fs::read_to_string(&beside).unwrap();
    for word in ["age --decrypt", "zstd", "tar", "satchel backup restore", "恢复套件", "recovery kit"] {
        assert!(said.contains(word), "{word}");
    }
    assert!(!said.contains("Norte") && !said.contains("北方"));
    assert!(code(&cli).contains("README.txt"), "the kit leads there");
    fs::write(&beside, "a file of somebody's own").unwrap();
    create(&cli, &place);
    assert_eq!(fs::read_to_string(&beside).unwrap(), "a file of somebody's own");
    // An old backup that is opened opens no later one.
    sh(&out, "! grep -r -a -q AGE-SECRET-KEY tables records about.json manifest.json");
    // Nothing of it can be read without a key.
    let sealed = fs::read(text(&made["file"])).unwrap();
    assert!(!sealed.windows(5).any(|w| w == b"norte" || w == b"Norte"));
}

/// What was taken apart with the kit, changed, and put together again.
fn forged(cli: &Cli, file: &str, name: &str, change: impl FnOnce(&Path)) -> PathBuf {
    let (key, dir) = (identity(cli), cli.dir.path().join(format!("{name}-parts")));
    fs::create_dir(&dir).unwrap();
    let new = cli.dir.path().join(format!("{name}.satchelbackup"));
    sh(&dir, &format!("age -d -i '{}' '{file}' | zstd -d | tar -x", key.display()));
    change(&dir);
    let order = "about.json README.txt tables records manifest.json";
    sh(
        &dir,
        &format!(
            "tar -c --sort=name {order} | zstd -q | age -e -r \"$(age-keygen -y '{}')\" -o '{}'",
            key.display(),
            new.display()
        ),
    );
    new
}

fn edit_json(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn every_bad_backup_is_named_and_nothing_is_overwritten() {
    let (cli, place) = with_people("60");
    let file = text(&create(&cli, &place)["file"]).to_owned();
    let whole = fs::read(&file).unwrap();
    let at = |name: &str| cli.dir.path().join(name).to_str().unwrap().to_owned();
    let kit = |args: &[&str]| -> (i32, Value) {
        let mut command = cli.command(&[&["--json"], args].concat());
        command.env_remove("SATCHEL_PASSPHRASE").env("SATCHEL_RECOVERY_KEY", code(&cli));
        let out = command.output().unwrap();
        assert!(!out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
        let error: Value = serde_json::from_slice(&out.stderr).unwrap();
        (out.status.code().unwrap(), error["error"].clone())
    };

    // A forged one that is put together right is taken apart first: this is how the others are made.
    let same = forged(&cli, &file, "same", |_| {});
    let mut command =
        cli.command(&["--json", "backup", "restore", same.to_str().unwrap(), "--vault", &at("same-vault")]);
    command.env_remove("SATCHEL_PASSPHRASE").env("SATCHEL_RECOVERY_KEY", code(&cli));
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));

    let bad = |name: &str, bytes: &[u8]| {
        let path = at(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let cases = [
        (bad("cut", &whole[..whole.len() - 20]), "damaged", "cut short"),
        (bad("half", &whole[..whole.len() / 2]), "damaged", ""),
        (bad("flipped", &flipped), "damaged", "cut short or changed"),
        (bad("photo.jpg", b"\xff\xd8\xff\xe0 a picture"), "refused", "no backup of Satchel"),
        (bad("empty", b""), "damaged", ""),
        (at("missing"), "not_found", ""),
        (
            forged(&cli, &file, "newer", |dir| {
                edit_json(&dir.join("about.json"), |v| v["format"] = json!(99))
            })
            .to_str()
            .unwrap()
            .to_owned(),
            "newer",
            "update Satchel",
        ),
        (
            forged(&cli, &file, "schema", |dir| {
                edit_json(&dir.join("about.json"), |v| v["schema"] = json!(99))
            })
            .to_str()
            .unwrap()
            .to_owned(),
            "newer",
            "update Satchel",
        ),
        (
            forged(&cli, &file, "manifest", |dir| {
                edit_json(&dir.join("manifest.json"), |v| v["records"]["person"]["count"] = json!(61));
            })
            .to_str()
            .unwrap()
            .to_owned(),
            "damaged",
            "manifest",
        ),
        (
            forged(&cli, &file, "table", |dir| {
                fs::remove_dir_all(dir.join("tables/operation")).unwrap();
            })
            .to_str()
            .unwrap()
            .to_owned(),
            "damaged",
            "manifest",
        ),
        (
            forged(&cli, &file, "other-table", |dir| {
                fs::rename(dir.join("tables/operation"), dir.join("tables/sqlite_schema")).unwrap();
            })
            .to_str()
            .unwrap()
            .to_owned(),
            "damaged",
            "",
        ),
    ];
    for (path, code, words) in &cases {
        let goal = at("never");
        let (_, error) = kit(&["backup", "restore", path, "--vault", &goal]);
        assert_eq!(error["code"], *code, "{path}: {error}");
        assert!(text(&error["message"]).contains(words), "{path}: {error}");
        assert!(!Path::new(&goal).exists(), "{path}");
        assert_eq!(kit(&["backup", "verify", path]).1["code"], *code, "{path}: reading it says the same");
    }
    // With the wrong key, over a vault, into the vault, to a disk that is not there.
    let mut wrong = cli.command(&["--json", "backup", "restore", &file, "--vault", &at("never")]);
    let out = wrong.env("SATCHEL_PASSPHRASE", "not it").output().unwrap();
    assert_eq!(out.status.code(), Some(3), "{}", String::from_utf8_lossy(&out.stderr));
    let vault = cli.vault();
    let (exit, error) = cli.refuse(&["backup", "restore", &file, "--vault", vault.to_str().unwrap()]);
    assert_eq!((exit, text(&error["code"])), (4, "refused"), "{error}");
    assert_eq!(cli.json(&["status"])["records"]["person"], 60);
    let (exit, _) = cli.refuse(&["backup", "create", "--to", vault.to_str().unwrap()]);
    assert_eq!(exit, 4);
    let (exit, error) = cli.refuse(&["backup", "create", "--to", &at("unplugged")]);
    assert_eq!(exit, 7, "{error}");
    assert!(!Path::new(&at("unplugged")).exists(), "a missing disk's folder is not made");
    // What was written there, and is another now.
    fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    assert_eq!(cli.refuse(&["backup", "verify", &file]).1["code"], "damaged");
    assert!(cli.json(&["backup", "list"])["backups"][0]["verified_at"].is_null(), "it counts no more");
    assert_eq!(cli.refuse(&["backup", "drill"]).1["code"], "damaged");
    assert_eq!(level(&cli.json(&["health"]), "backup"), "bad");
    fs::copy(&same, &file).unwrap();
    let (_, error) = kit(&["backup", "verify", &file]);
    assert!(text(&error["message"]).contains("another backup"), "{error}");
}

#[test]
fn a_drill_proves_by_restoring_and_leaves_nothing() {
    let (cli, place) = with_people("80");
    assert_eq!(cli.refuse(&["backup", "drill"]).0, 5, "nothing to prove yet");
    let made = create(&cli, &place);
    let drill = cli.json(&["backup", "drill"]);
    assert_eq!(
        (&drill["file"], &drill["records"], &drill["sha256"]),
        (&made["file"], &made["records"], &made["sha256"])
    );
    assert!(drill["checks"].as_array().unwrap().iter().all(|c| c["ok"] == true), "{drill}");
    let kinds = drill["kinds"].as_array().unwrap();
    let people = kinds.iter().find(|k| k["kind"] == "person").unwrap();
    assert_eq!((&people["records"], &people["ok"]), (&json!(80), &json!(true)));
    let sum: u64 = kinds.iter().map(|k| k["records"].as_u64().unwrap()).sum();
    assert_eq!(sum, drill["records"].as_u64().unwrap(), "each kind is there");
    let said = cli.run(&["backup", "drill"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.lines().any(|line| line.contains("person") && line.contains("80")), "{said}");
    assert!(drill["seconds"].as_f64().unwrap() > 0.0 && drill["verified_at"].is_string());
    let list = cli.json(&["backup", "list"]);
    assert!(list["backups"][0]["drilled_at"].is_string() && list["kit_drill"]["last"].is_null());
    let mut by_kit = cli.command(&["--json", "backup", "drill", "--kit"]);
    let out = by_kit.env("SATCHEL_RECOVERY_KEY", code(&cli)).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(cli.json(&["backup", "list"])["kit_drill"]["last"].is_string());
    assert!(
        !cli.vault().join("scratch").exists()
            || fs::read_dir(cli.vault().join("scratch")).unwrap().count() == 0
    );
    assert_eq!(
        fs::read_dir(cli.dir.path().join("state/incarnations")).unwrap().count(),
        1,
        "no trace beside"
    );

    // Another vault's backup is whole, and not this one's.
    let other = Cli::new();
    let (exit, error) = other.refuse(&["backup", "drill", text(&made["file"])]);
    assert_eq!(exit, 3, "{error}");
}

#[test]
fn files_on_records_lie_beside_and_come_back() {
    let (cli, place) = with_people("3");
    let person = cli.json(&["list", "person", "--limit", "1"])["rows"][0]["id"].clone();
    let mut large = vec![0; 2_500_000];
    blake3::Hasher::new().finalize_xof().fill(&mut large);
    for (name, bytes) in [("offer.txt", b"150 EUR".as_slice()), ("photo.jpg", &large)] {
        fs::write(cli.dir.path().join(name), bytes).unwrap();
        cli.json(&["attach", text(&person), name]);
    }
    let first = create(&cli, &place);
    let files = |place: &Path| -> Vec<PathBuf> {
        let out = Command::new("find").args([place.to_str().unwrap(), "-name", "*.age"]).output().unwrap();
        String::from_utf8(out.stdout).unwrap().lines().map(PathBuf::from).collect()
    };
    assert_eq!(files(&place).len(), 2);
    // Each is an age file of its own, and is not written again.
    let key = identity(&cli);
    sh(
        &place,
        &format!(
            "find . -name '*.age' -exec age -d -i '{}' -o {{}}.out {{}} \\; && grep -q '150 EUR' attachments-*/*/*.out && rm attachments-*/*/*.out",
            key.display()
        ),
    );
    let long_ago = SystemTime::now() - Duration::from_secs(9_000_000);
    for file in files(&place) {
        fs::File::options().append(true).open(file).unwrap().set_modified(long_ago).unwrap();
    }
    let inode = |p: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(p).unwrap());
    let inodes: Vec<u64> = files(&place).iter().map(|p| inode(p)).collect();
    thread::sleep(Duration::from_millis(1100));
    create(&cli, &place);
    assert_eq!(files(&place).iter().map(|p| inode(p)).collect::<Vec<_>>(), inodes);
    assert!(
        files(&place).iter().all(|p| fs::metadata(p).unwrap().modified().unwrap() > long_ago),
        "still needed"
    );

    let vault = cli.dir.path().join("new");
    let restored = cli.json(&["backup", "restore", text(&first["file"]), "--vault", vault.to_str().unwrap()]);
    assert_eq!((&restored["files"], &restored["missing_files"]), (&json!(2), &json!(0)));
    let list = cli.json(&["attachments", text(&person), "--vault", vault.to_str().unwrap()]);
    let photo = list["attachments"].as_array().unwrap().iter().find(|a| a["name"] == "photo.jpg").unwrap();
    cli.json(&["attachment", text(&photo["id"]), "--out", "back.jpg", "--vault", vault.to_str().unwrap()]);
    assert_eq!(fs::read(cli.dir.path().join("back.jpg")).unwrap(), large);

    // One that is damaged in the vault keeps nothing else from being backed up.
    let blob = |cli: &Cli| {
        let out =
            Command::new("find").args([cli.vault().join("blobs").to_str().unwrap(), "-type", "f"]).output();
        let all = String::from_utf8(out.unwrap().stdout).unwrap();
        all.lines().map(PathBuf::from).max_by_key(|p| fs::metadata(p).unwrap().len()).unwrap()
    };
    let blob = blob(&cli);
    let sound = fs::read(&blob).unwrap();
    let mut bytes = sound.clone();
    bytes[1000] ^= 1;
    fs::write(&blob, bytes).unwrap();
    let other = cli.dir.path().join("other disk");
    fs::create_dir(&other).unwrap();
    create(&cli, &other);
    assert_eq!(files(&other).len(), 1, "the one that is sound");
    fs::write(&blob, sound).unwrap();
    create(&cli, &place);

    // One that is damaged beside the backup: the drill says so, a restore goes on without it.
    let broken = files(&place).into_iter().max_by_key(|p| fs::metadata(p).unwrap().len()).unwrap();
    let mut bytes = fs::read(&broken).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&broken, bytes).unwrap();
    let (_, error) = cli.refuse(&["backup", "drill"]);
    assert!(text(&error["message"]).contains("1 of 2 files"), "{error}");
    let vault = cli.dir.path().join("newer");
    let restored = cli.json(&["backup", "restore", text(&first["file"]), "--vault", vault.to_str().unwrap()]);
    assert_eq!((&restored["files"], &restored["missing_files"]), (&json!(1), &json!(1)));
}

/// Files on one person, and the bytes of each.
fn attach_files(cli: &Cli, person: &Value, names: &[&str]) -> Vec<Vec<u8>> {
    let bytes = |name: &str, n: usize| {
        let mut bytes = vec![0; 1000 + 700_000 * n];
        blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut bytes);
        bytes
    };
    let write = |(n, name): (usize, &&str)| {
        let bytes = bytes(name, n);
        fs::write(cli.dir.path().join(name), &bytes).unwrap();
        cli.json(&["attach", text(person), name]);
        bytes
    };
    names.iter().enumerate().map(write).collect()
}

fn sealed_files(place: &Path) -> Vec<PathBuf> {
    let out = Command::new("find").args([place.to_str().unwrap(), "-name", "*.age"]).output().unwrap();
    String::from_utf8(out.stdout).unwrap().lines().map(PathBuf::from).collect()
}

/// Whether all files of a person are in a vault, byte for byte.
fn files_are_there(cli: &Cli, vault: &Path, person: &Value, files: &[(&str, Vec<u8>)]) {
    let in_vault = |args: &[&str]| cli.json(&[args, &["--vault", vault.to_str().unwrap()]].concat());
    let list = in_vault(&["attachments", text(person)]);
    for (name, bytes) in files {
        let one = list["attachments"].as_array().unwrap().iter().find(|a| a["name"] == *name).unwrap();
        in_vault(&["attachment", text(&one["id"]), "--out", "back"]);
        assert!(fs::read(cli.dir.path().join("back")).unwrap() == *bytes, "{name}");
    }
}

/// Pieces that are gone keep nothing else from coming back; they are named, and come when they are at hand again.
#[test]
fn a_restore_goes_on_without_files_and_gets_them_later() {
    let (cli, place) = with_people("30");
    let person = cli.json(&["new", "person", "first_name=Zoe", "last_name=Lima"])["id"].clone();
    let names = ["offer.txt", "photo.jpg", "film.mp4"];
    let bytes = attach_files(&cli, &person, &names);
    let all: Vec<(&str, Vec<u8>)> = names.into_iter().zip(bytes).collect();
    let made = create(&cli, &place);
    let mut sealed = sealed_files(&place);
    sealed.sort_by_key(|path| fs::metadata(path).unwrap().len());
    let away = cli.dir.path().join("away.age");
    fs::rename(&sealed[2], &away).unwrap();
    fs::write(&sealed[1], "nothing of the sort").unwrap();

    let vault = cli.dir.path().join("new");
    let to = vault.to_str().unwrap().to_owned();
    let restore = ["backup", "restore", text(&made["file"]), "--vault", &to];
    let restored = cli.json(&restore);
    assert_eq!((&restored["records"], &restored["files"]), (&made["records"], &json!(1)), "{restored}");
    assert_eq!(restored["missing_files"], 2);
    let mut named: Vec<&str> =
        restored["missing"].as_array().unwrap().iter().map(|file| text(&file["name"])).collect();
    named.sort_unstable();
    assert_eq!(named, ["film.mp4", "photo.jpg"]);
    assert!(
        restored["missing"].as_array().unwrap().iter().all(|file| file["title"] == "Zoe Lima"),
        "{restored}"
    );
    let in_vault = |args: &[&str]| cli.json(&[args, &["--vault", &to]].concat());
    assert_eq!(level(&in_vault(&["health"]), "files"), "warn");
    files_are_there(&cli, &vault, &person, &all[..1]);

    // Asked again where nobody has them: nothing fails, nothing is lost.
    assert_eq!(in_vault(&["backup", "files"])["count"], 2);
    assert_eq!(cli.json(&restore)["count"], 2, "the vault is there, and still lacks them");
    // One is at hand again, and then the other, by the kit.
    fs::rename(&away, &sealed[2]).unwrap();
    let again = cli.json(&restore);
    assert_eq!((&again["came"], &again["count"]), (&json!(1), &json!(1)), "{again}");
    assert_eq!(text(&again["files"][0]["name"]), "photo.jpg");
    let other = cli.dir.path().join("another disk");
    fs::create_dir(&other).unwrap();
    let (exit, error) = cli.refuse(&["backup", "files", "--from", other.to_str().unwrap(), "--vault", &to]);
    assert_eq!(exit, 5, "{error}");
    create(&cli, &other);
    let mut by_kit = cli.command(&["--json", "backup", "files", "--from", other.to_str().unwrap()]);
    by_kit.env("SATCHEL_VAULT", &vault).env("SATCHEL_RECOVERY_KEY", code(&cli));
    let out = by_kit.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(in_vault(&["backup", "files", "--list"])["count"], 0);
    files_are_there(&cli, &vault, &person, &all);
    assert!(!in_vault(&["health"]).to_string().contains("did not come back"));
    // Nothing is missing: the vault is one as any, and nothing goes over it.
    assert_eq!(cli.refuse(&restore).0, 4);

    // What it backs up to the same disk it can prove, though the files of the vault before lie there, sealed for that one.
    in_vault(&["backup", "create", "--to", place.to_str().unwrap()]);
    let drill = in_vault(&["backup", "drill"]);
    let said = drill["checks"].as_array().unwrap().iter().find(|c| c["name"] == "files").unwrap();
    assert_eq!(said["detail"], "3 came back as they were");
    let third = cli.dir.path().join("third");
    let last = text(&in_vault(&["backup", "list"])["backups"][0]["file"]).to_owned();
    let restored = cli.json(&["backup", "restore", &last, "--vault", third.to_str().unwrap()]);
    assert_eq!((&restored["files"], &restored["missing_files"]), (&json!(3), &json!(0)));
}

#[test]
fn what_a_restore_has_not_found_comes_from_the_team() {
    let (cli, place) = with_people("3");
    let shared = cli.dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    cli.json(&["remote", "add", shared.to_str().unwrap()]);
    let person = cli.json(&["list", "person", "--limit", "1"])["rows"][0]["id"].clone();
    let bytes = attach_files(&cli, &person, &["offer.txt", "photo.jpg"]);
    cli.json(&["sync"]);
    let made = create(&cli, &place);
    sealed_files(&place).iter().for_each(|file| fs::remove_file(file).unwrap());
    let vault = cli.dir.path().join("new");
    let to = vault.to_str().unwrap();
    let restored = cli.json(&["backup", "restore", text(&made["file"]), "--vault", to]);
    assert_eq!(restored["missing_files"], 2);
    let asked = cli.json(&["backup", "files", "--vault", to]);
    assert_eq!((&asked["came"], &asked["count"]), (&json!(2), &json!(0)), "{asked}");
    let all: Vec<(&str, Vec<u8>)> = ["offer.txt", "photo.jpg"].into_iter().zip(bytes).collect();
    fs::remove_dir_all(&shared).unwrap();
    files_are_there(&cli, &vault, &person, &all);
}

/// Cut off at any moment, there is no vault, or one with all files; what is attached is attached, or takes no room.
#[test]
fn a_restore_or_an_attaching_that_is_killed_is_whole_or_nothing() {
    let (cli, place) = with_people("5");
    let person = cli.json(&["list", "person", "--limit", "1"])["rows"][0]["id"].clone();
    for n in 0..40 {
        let name = format!("note{n}.txt");
        fs::write(cli.dir.path().join(&name), format!("note {n} ").repeat(500)).unwrap();
        cli.json(&["attach", text(&person), &name]);
    }
    let first = text(&create(&cli, &place)["file"]).to_owned();
    let new = cli.dir.path().join("new");
    let to = new.to_str().unwrap();
    let restore = ["backup", "restore", &first, "--vault", to];
    let kill_after = |args: &[&str], after: Duration| {
        let mut child = cli
            .command(args)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(after);
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let all_here = || {
        let list = cli.json(&["attachments", text(&person), "--vault", to]);
        let list = list["attachments"].as_array().unwrap().clone();
        assert_eq!(list.len(), 40);
        assert!(list.iter().all(|a| a["here"] == true), "a file is not here");
        assert_eq!(cli.json(&["backup", "files", "--list", "--vault", to])["count"], 0);
    };
    let started = std::time::Instant::now();
    assert_eq!(cli.json(&restore)["files"], 40);
    let takes = started.elapsed();
    all_here();
    let kills = std::env::var("SATCHEL_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(12_u32);
    let mut vaults = 0;
    for n in 1..=kills {
        // In one folder that stays as it was left, every second time.
        if n % 2 == 0 || new.join("vault.json").exists() {
            let _ = fs::remove_dir_all(&new);
        }
        kill_after(&restore, takes * n / kills);
        match new.join("vault.json").exists() {
            true => {
                vaults += 1;
                all_here();
            }
            false if n % 2 == 1 => {
                assert_eq!(cli.json(&restore)["files"], 40, "again, after {n}");
                all_here();
            }
            false => {}
        }
    }
    println!("{kills} restores killed, {vaults} had become vaults");

    let (pieces, mut films) = (cli.vault().join("blobs"), 0);
    let attach = ["attach", text(&person), "film.mp4"];
    for n in 1..=kills.div_ceil(2) {
        fs::write(cli.dir.path().join("film.mp4"), vec![n as u8; 40_000_000]).unwrap();
        let before = files_below(&pieces);
        kill_after(&attach, Duration::from_millis(60 + u64::from(n) * 40));
        let list = cli.json(&["attachments", text(&person)]);
        let there =
            list["attachments"].as_array().unwrap().iter().filter(|a| a["name"] == "film.mp4").count();
        if there == films {
            assert_eq!(files_below(&pieces), before, "what was cut off takes no room");
        }
        films = there;
    }
    cli.json(&attach);
    assert_eq!(cli.json(&["verify"])["ok"], true);
    tell("restore or attaching killed", u64::from(kills), 0);
}

fn files_below(folder: &Path) -> usize {
    let out = Command::new("find").args([folder.to_str().unwrap(), "-type", "f"]).output().unwrap();
    String::from_utf8(out.stdout).unwrap().lines().count()
}

#[test]
fn who_is_restored_goes_on_with_the_team() {
    let mut devices = team(&[("Bo", Role::Member)]);
    let zoe = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    settle(&devices);
    let place = devices[0].dir.path().join("disk");
    fs::create_dir(&place).unwrap();
    let never = Cancel::default();
    let made = devices[0].session().back_up(Some(&place), &mut |_| {}, &never).unwrap();
    // Both go on; then Ana's laptop is lost, and Bo has what she had sent.
    devices[0].session().set(zoe, &fields(json!({"title": "Buyer"}))).unwrap();
    settle(&devices);
    devices[1].session().set(zoe, &fields(json!({"department": "Kitchen"}))).unwrap();
    let before = devices[0].session().incarnation().unwrap();
    devices[0].session = None;
    devices[0].satchel.lock();
    let (old, new) = (devices[0].dir.path().join("vault"), devices[0].dir.path().join("new"));
    let key = BackupKey::Passphrase(Passphrase::new(PASSPHRASE).unwrap());
    restore_backup(Path::new(&made.file), &key, &new, Keyring::Off, &mut |_| {}, &never).unwrap();
    fs::remove_dir_all(&old).unwrap();
    copy_all(&new, &old);
    fs::remove_dir_all(&new).unwrap();
    devices[0].session = Some(
        devices[0]
            .satchel
            .unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off)
            .unwrap(),
    );
    assert_ne!(devices[0].session().incarnation().unwrap(), before, "another incarnation writes");
    devices[0].session().set(zoe, &fields(json!({"website": "https://zoe.example"}))).unwrap();
    settle(&devices);
    settle(&devices);
    // Colleagues know more of her trail than the backup: that is said, and is nobody's hand.
    let check = devices[0].session().verify_trail().unwrap();
    assert!(check.ok && check.restored.len() == 1 && check.restored[0].missing > 0, "{check:?}");
    let out = devices[0].dir.path().join("trail.satchel-audit");
    assert_eq!(
        devices[0].session().export_trail(&out).unwrap().restored,
        check.restored,
        "without the vault, too"
    );
    for device in &devices {
        let alerts = device.session().alerts().unwrap().alerts;
        assert!(alerts.iter().all(|alert| alert.rule != "trail"), "{alerts:?}");
    }
    for device in &devices {
        let fields = device.session().get(zoe).unwrap().fields;
        assert_eq!((&fields["title"], &fields["department"]), (&json!("Buyer"), &json!("Kitchen")));
        assert!(text(&fields["website"]).contains("zoe.example"));
    }
    let quarantined = |d: &Device| d.session().sync(&mut |_| {}, &Cancel::default()).unwrap().quarantined;
    assert!(devices.iter().all(|d| quarantined(d) == 0));
}

#[test]
fn a_backup_is_made_before_something_large() {
    let (cli, _) = with_people("10");
    let large = |name: &str| {
        let rows: String = (0..800).map(|n| format!("{name}{n},{}\n", "a note ".repeat(60))).collect();
        fs::write(cli.dir.path().join("large.csv"), format!("First Name,Notes\n{rows}")).unwrap();
        cli.json(&["import", "large.csv"]);
        cli.json(&["backup", "list"])["backups"].as_array().unwrap().clone()
    };
    fs::write(cli.dir.path().join("small.csv"), "First Name\nAna\n").unwrap();
    cli.json(&["import", "small.csv"]);
    assert_eq!(cli.json(&["backup", "list"])["backups"], json!([]));
    let made = large("First");
    assert_eq!(made.len(), 1);
    assert!(made[0]["records"].as_u64().unwrap() < 100, "of before");
    assert_eq!(large("Second").len(), 1, "there is a young one");
}

#[test]
fn places_get_backups_by_themselves_and_what_is_not_kept_goes() {
    let (cli, place) = with_people("10");
    let satchel = Satchel::new(&cli.vault(), "A test");
    let session =
        satchel.unlock(Unlock::Passphrase(Passphrase::new(PASSPHRASE).unwrap()), Keyring::Off).unwrap();
    let never = Cancel::default();
    let target = BackupTarget { address: place.display().to_string(), ..BackupTarget::default() };
    session.add_backup_target(target.clone(), &never).unwrap();
    assert_eq!(
        session.back_up_if_due(&never).unwrap(),
        1,
        "the vault's own place; the other has just got one"
    );
    assert_eq!(session.back_up_if_due(&never).unwrap(), 0);
    let view = session.backups().unwrap();
    assert_eq!((view.places.len(), view.backups.len()), (2, 2));
    assert!(view.places[0].own && view.places[0].drilled_at.is_some(), "{view:?}");
    assert!(view.places.iter().all(|p| !p.late && p.trouble.is_none()));

    // A disk that has gone: said, tried again later, and the other place goes on.
    let gone = BackupTarget { address: cli.dir.path().join("gone").display().to_string(), ..target };
    assert_eq!(session.add_backup_target(gone.clone(), &never).unwrap_err().code, Code::Unreachable);
    let plan = session.backup_plan().unwrap();
    session
        .set_backup_plan(&BackupPlan {
            targets: plan.targets.iter().cloned().chain([gone.clone()]).collect(),
            keep: Keep { days: 1, weeks: 0, months: 0 },
            ..plan
        })
        .unwrap();
    assert_eq!(session.back_up_if_due(&never).unwrap(), 0);
    let view = session.backups().unwrap();
    let shown = view.places.iter().find(|p| p.address == gone.address).unwrap();
    assert!(shown.late && shown.trouble.as_ref().is_some_and(|t| t.contains("is not there")), "{shown:?}");
    let bad = BackupPlan { keep: Keep { days: 0, weeks: 0, months: 0 }, ..session.backup_plan().unwrap() };
    assert_eq!(session.set_backup_plan(&bad).unwrap_err().code, Code::Refused, "it would keep none");
}

/// A bucket of another program's service, which checks who asks: made there, proven from there, and what it is when the service goes.
#[test]
fn a_bucket_holds_backups_as_a_disk_does() {
    let (cli, _) = with_people("40");
    let person = cli.json(&["list", "person", "--limit", "1"])["rows"][0]["id"].clone();
    // Longer than one part of an upload.
    let mut large = vec![0; 9_000_000];
    blake3::Hasher::new().finalize_xof().fill(&mut large);
    fs::write(cli.dir.path().join("film.mp4"), &large).unwrap();
    cli.json(&["attach", text(&person), "film.mp4"]);

    let mut bucket = Bucket::new();
    let (endpoint, address) = (bucket.endpoint(), format!("s3://{BUCKET}/offices/porto"));
    let secret = |secret: &str| fs::write(cli.dir.path().join("secret"), secret).unwrap();
    let add = ["backup", "places", "add", &address, "--endpoint", &endpoint];
    let add = [&add[..], &["--key-id", bucket::KEY_ID, "--secret-file", "secret"]].concat();
    secret("another one");
    let (exit, error) = cli.refuse(&add);
    assert_eq!(exit, 7, "{error}");
    assert_eq!(cli.json(&["backup", "list"])["backups"], json!([]), "a place that refuses is not added");
    secret(bucket::SECRET);
    cli.json(&add);
    let made = &cli.json(&["backup", "list"])["backups"][0];
    let kept: Vec<PathBuf> =
        fs::read_dir(bucket.path("offices/porto")).unwrap().map(|e| e.unwrap().path()).collect();
    let sealed = kept.iter().find(|path| path.extension().is_some_and(|e| e == "satchelbackup")).unwrap();
    assert!(fs::read(sealed).unwrap().starts_with(b"age-encryption.org/v1"));
    let place = &cli.json(&["backup", "places", "list"])["places"][1];
    assert!(place["served"] == true && place["away"] == true && place["last"].is_string(), "{place}");

    let drill = cli.json(&["backup", "drill"]);
    assert_eq!((&drill["sha256"], &drill["records"]), (&made["sha256"], &made["records"]));
    let said = drill["checks"].as_array().unwrap().iter().find(|c| c["name"] == "files").unwrap();
    assert_eq!(said["detail"], "1 came back as they were");

    // It is away: said so, and nothing is held against the backup.
    bucket.go_away();
    let (exit, error) = cli.refuse(&["backup", "drill"]);
    assert_eq!(exit, 7, "{error}");
    bucket.come_back();
    assert!(cli.json(&["backup", "list"])["backups"][0]["verified_at"].is_string());
    cli.json(&["backup", "drill"]);

    // What any program has fetched from it restores elsewhere.
    let vault = cli.dir.path().join("new");
    let restored =
        cli.json(&["backup", "restore", sealed.to_str().unwrap(), "--vault", vault.to_str().unwrap()]);
    assert_eq!((&restored["files"], &restored["missing_files"]), (&json!(1), &json!(0)));

    // Changed where it lies.
    let mut bytes = fs::read(sealed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(sealed, bytes).unwrap();
    let (_, error) = cli.refuse(&["backup", "drill"]);
    assert_eq!(error["code"], "damaged", "{error}");
    assert!(
        cli.json(&["backup", "list"])["backups"][0]["verified_at"].is_null(),
        "it does not count any more"
    );
}

/// What is not said of a place that is there stays.
#[test]
fn a_place_that_is_added_again_keeps_what_was_set() {
    let (cli, place) = with_people("3");
    let add = |more: &[&str]| {
        let view = cli.json(&[&["backup", "places", "add", place.to_str().unwrap()], more].concat());
        view["places"][1]["away"].as_bool().unwrap()
    };
    assert!(!add(&[]));
    assert!(add(&["--away"]));
    assert!(add(&[]), "as it was set");
    assert!(!add(&["--away=false"]));
}

/// Two laptops back up to one disk, and one takes nothing of the other's away.
#[test]
fn two_devices_share_a_disk() {
    let devices = team(&[("Bo", Role::Member)]);
    let place = devices[0].dir.path().join("disk");
    fs::create_dir(&place).unwrap();
    devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap();
    settle(&devices);
    let never = Cancel::default();
    let files: Vec<String> = devices
        .iter()
        .map(|d| d.session().back_up(Some(&place), &mut |_| {}, &never).unwrap().file)
        .collect();
    assert_ne!(files[0], files[1]);
    assert!(files.iter().all(|file| Path::new(file).is_file()));
}

/// Killed at any moment of a backup, a drill or a restore: the vault is whole, what counts as a backup is one, and the
/// next try works.
#[test]
fn kills_leave_whole_backups_or_none() {
    let (cli, place) = with_people("400");
    let person = cli.json(&["list", "person", "--limit", "1"])["rows"][0]["id"].clone();
    fs::write(cli.dir.path().join("offer.txt"), "150 EUR").unwrap();
    cli.json(&["attach", text(&person), "offer.txt"]);
    let first = text(&create(&cli, &place)["file"]).to_owned();
    let new = cli.dir.path().join("new");
    let kill = |args: &[&str], after: u64| {
        let mut child = cli
            .command(args)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(after));
        child.kill().unwrap();
        child.wait().unwrap();
    };
    let kills = std::env::var("SATCHEL_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(12_u64);
    for n in 0..kills {
        let after = 40 + (n * 137) % 900;
        match n % 3 {
            0 => kill(&["backup", "create", "--to", place.to_str().unwrap()], after),
            1 => kill(&["backup", "drill"], after),
            _ => kill(&["backup", "restore", &first, "--vault", new.to_str().unwrap()], after),
        }
        for entry in fs::read_dir(&place).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if name.ends_with(".satchelbackup") {
                cli.json(&["backup", "verify", entry.path().to_str().unwrap()]);
            }
        }
        if new.join("vault.json").exists() {
            // It counts as a vault: then it is a whole one.
            let out = cli.command(&["--json", "verify"]).env("SATCHEL_VAULT", &new).output().unwrap();
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        }
        let _ = fs::remove_dir_all(&new);
    }
    // What is left of a restore that was cut off is in nobody's way; what is not known to be that is not touched.
    fs::create_dir(&new).unwrap();
    fs::write(new.join("satchel-1.db"), "half").unwrap();
    let restore = ["backup", "restore", &first, "--vault", new.to_str().unwrap()];
    assert_eq!(cli.refuse(&restore).0, 4);
    fs::write(new.join("restoring"), "").unwrap();
    cli.json(&restore);
    assert!(!new.join("restoring").exists());
    assert_eq!(cli.json(&["verify"])["ok"], true);
    create(&cli, &place);
    cli.json(&["backup", "drill"]);
    assert!(
        !cli.vault().join("scratch").exists()
            || fs::read_dir(cli.vault().join("scratch")).unwrap().count() == 0
    );
    tell("backup, drill or restore killed", kills, 0);
}

fn level<'a>(health: &'a Value, name: &str) -> &'a str {
    let checks = health["checks"].as_array().unwrap();
    let check =
        checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}: {health}"));
    check["level"].as_str().unwrap()
}

/// Each check says what is so, and the next one what has been mended.
#[test]
fn the_health_of_a_vault_is_seen_and_mended() {
    let (cli, same) = with_people("12");
    // Another disk: one in memory.
    let disk = tempfile::tempdir_in("/dev/shm").unwrap();
    let place = disk.path().to_owned();
    let first = cli.json(&["health"]);
    assert_eq!((first["ok"].as_bool(), level(&first, "backup")), (Some(false), "bad"));
    assert_eq!(
        first["checks"].as_array().unwrap().iter().find(|c| c["name"] == "backup").unwrap()["action"],
        "back_up"
    );
    for (name, wanted) in [
        ("encryption", "ok"),
        ("keyring", "ok"),
        ("kit", "warn"),
        ("drill", "warn"),
        ("sync", "ok"),
        ("integrity", "unknown"),
        ("disk_errors", "ok"),
        ("clock", "ok"),
        ("access", "ok"),
        ("synced_folder", "ok"),
    ] {
        assert_eq!(level(&first, name), wanted, "{name}: {first}");
    }
    cli.json(&["backup", "places", "add", same.to_str().unwrap()]);
    assert_eq!(level(&cli.json(&["health"]), "backup"), "warn", "all on the disk of the vault");
    cli.json(&["backup", "places", "remove", same.to_str().unwrap()]);
    create(&cli, &place);
    cli.json(&["backup", "places", "add", place.to_str().unwrap()]);
    cli.json(&["backup", "drill"]);
    cli.json(&["verify"]);
    let second = cli.json(&["health"]);
    assert_eq!(second["ok"], true, "{second}");
    for name in ["backup", "drill", "integrity"] {
        assert_eq!(level(&second, name), "ok", "{name}: {second}");
    }
    // Others can read the files; the disk is gone.
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(cli.vault(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(cli.vault().join("vault.json"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::remove_dir_all(&place).unwrap();
    let plan = cli.json(&["backup", "places", "list"]);
    assert_eq!(plan["places"].as_array().unwrap().len(), 2);
    assert_eq!(level(&cli.json(&["health"]), "access"), "warn");
    // Damage that a check has found stays in sight.
    let database = cli.vault().join("satchel-1.db");
    let mut bytes = fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&database, bytes).unwrap();
    assert_eq!(cli.refuse(&["verify"]).1["code"], "damaged");
    let third = cli.json(&["health"]);
    assert_eq!((third["ok"].as_bool(), level(&third, "integrity")), (Some(false), "bad"), "{third}");
}
