//! One bit of one file of a vault is another: it is named or harmless, and what a backup, a colleague or a remote still has
//! comes back.

#![allow(clippy::unwrap_used)]

use satchel_app::{
    AppError, BackupKey, Cancel, Code, Keyring, ListRequest, Passphrase, Role, Satchel, Session, Unlock,
    domain::{Kind, RecordId},
    restore_backup,
};
use satchel_tests::{
    Laptop, PASSPHRASE,
    figures::tell,
    team::{carry, fields, settle, team},
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const PEOPLE: usize = 60;
/// More bytes than the last transaction of an edit has in the log.
const LAST: usize = 200_000;

fn flips() -> usize {
    std::env::var("SATCHEL_FLIPS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

/// The same places for the same seed.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("SATCHEL_SEED").ok().and_then(|s| s.parse::<u64>().ok());
        let seed = seed.unwrap_or_else(|| std::process::id().into());
        println!("SATCHEL_SEED={seed}");
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap()
    }

    /// Flips one bit of a file; how far from its end.
    fn flip(&mut self, path: &Path) -> Flipped {
        let mut bytes = fs::read(path).unwrap();
        let (at, bit) = (self.below(bytes.len()), self.below(8));
        bytes[at] ^= 1 << bit;
        fs::write(path, &bytes).unwrap();
        let place = format!("{} byte {at} of {} bit {bit}", path.display(), bytes.len());
        Flipped { place, from_end: bytes.len() - at }
    }
}

struct Flipped {
    place: String,
    from_end: usize,
}

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE).unwrap()
}

fn open(satchel: &Satchel) -> Result<Arc<Session>, AppError> {
    satchel.unlock(Unlock::Passphrase(passphrase()), Keyring::Off)
}

fn people(session: &Session) -> usize {
    let all = ListRequest { limit: 10_000, ..ListRequest::default() };
    session.list(Kind::Person, &all).unwrap().rows.len()
}

fn add_people(session: &Session) {
    for n in 0..PEOPLE {
        let notes = "likes olives ".repeat(20);
        session
            .create(Kind::Person, &fields(json!({"first_name": format!("Person {n}"), "notes": notes})))
            .unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// A vault as a power cut leaves it, with a log that is not folded in; and a backup of it.
struct Cut {
    laptop: Laptop,
    image: PathBuf,
    backup: PathBuf,
}

impl Cut {
    fn new() -> Self {
        let laptop = Laptop::new();
        add_people(&laptop.session);
        let file = laptop.file("offer.txt", "150 EUR ".repeat(9000));
        let whom: RecordId = laptop.session.list(Kind::Person, &ListRequest::default()).unwrap().rows[0].id;
        laptop.session.attach(whom, &file, &mut |_| {}, &Cancel::default()).unwrap();
        let disk = laptop.dir.path().join("disk");
        fs::create_dir(&disk).unwrap();
        let made = laptop.session.back_up(Some(&disk), &mut |_| {}, &Cancel::default()).unwrap();
        laptop.session.set(whom, &fields(json!({"title": "Buyer"}))).unwrap();
        for n in 0..10 {
            laptop.session.set(whom, &fields(json!({"department": n.to_string()}))).unwrap();
        }
        let image = laptop.dir.path().join("image");
        copy(&laptop.dir.path().join("vault"), &image);
        Self { laptop, image, backup: PathBuf::from(made.file) }
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.image.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().flatten() {
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => files.push(entry.path().strip_prefix(&self.image).unwrap().to_owned()),
                }
            }
        }
        files.sort();
        files
    }

    /// A copy of the vault in which one bit of `file` is flipped.
    fn flipped(&self, file: &Path, dice: &mut Dice) -> (PathBuf, Flipped) {
        let vault = self.laptop.dir.path().join("flipped");
        let _ = fs::remove_dir_all(&vault);
        copy(&self.image, &vault);
        let flipped = dice.flip(&vault.join(file));
        (vault, flipped)
    }

    /// The way out that each message names: the backup.
    fn comes_back(&self, key: &BackupKey) -> Arc<Session> {
        let new = self.laptop.dir.path().join("restored");
        let _ = fs::remove_dir_all(&new);
        restore_backup(&self.backup, key, &new, Keyring::Off, &mut |_| {}, &Cancel::default()).unwrap();
        open(&Satchel::new(&new, "A test")).unwrap()
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// Nothing is missing.
    Harmless,
    /// Said by this code, or by these checks.
    Named(String),
    /// Sound, and without what was written last.
    Shorter,
}

fn look(vault: &Path) -> Result<Found, AppError> {
    let satchel = Satchel::new(vault, "A test");
    let session = open(&satchel)?;
    let report = session.verify(&mut |_| {})?;
    let bad: Vec<&str> = report.checks.iter().filter(|c| !c.ok).map(|c| c.name.as_str()).collect();
    if !bad.is_empty() {
        return Ok(Found::Named(bad.join(" ")));
    }
    let buyers = ListRequest { filter: "title = 'Buyer'".into(), ..ListRequest::default() };
    let whole = people(&session) == PEOPLE && session.list(Kind::Person, &buyers).unwrap().rows.len() == 1;
    Ok(if whole { Found::Harmless } else { Found::Shorter })
}

fn found(vault: &Path) -> Found {
    look(vault).unwrap_or_else(|e| {
        assert!(e.message.len() > 40 && e.code != Code::Internal, "it must say what to do: {e:?}");
        Found::Named(format!("{:?}", e.code))
    })
}

#[test]
fn a_bit_that_has_flipped_in_any_file_of_a_vault_is_named_or_harmless() {
    let (cut, mut dice) = (Cut::new(), Dice::new());
    let files = cut.files();
    let name = |file: &Path| file.to_str().unwrap().to_owned();
    assert!(files.iter().any(|f| name(f).ends_with("-wal")), "{files:?}");
    assert!(files.iter().any(|f| name(f).starts_with("blobs/")), "{files:?}");
    let mut wrong = Vec::new();
    let mut outcomes = std::collections::BTreeMap::<(String, String), usize>::new();
    for file in &files {
        let called = name(file);
        for _ in 0..flips() {
            if fs::metadata(cut.image.join(file)).unwrap().len() == 0 {
                continue;
            }
            let (vault, Flipped { place, from_end }) = cut.flipped(file, &mut dice);
            let found = found(&vault);
            let wanted = match called.as_str() {
                // Authenticated page by page, and piece by piece; what is whole in the log is mended from it.
                "satchel-1.db" => found != Found::Shorter,
                // The last transaction cannot be told from one that was being written when the power went.
                "satchel-1.db-wal" => matches!(found, Found::Named(_)) || from_end < LAST,
                called if called.starts_with("blobs/") => found == Found::Named("attachments".into()),
                // There twice, made anew from the log, or only of use to other programs.
                _ => found == Found::Harmless,
            };
            if !wanted {
                wrong.push(format!("{place}: {found:?}"));
            }
            *outcomes.entry((called.clone(), format!("{found:?}"))).or_default() += 1;
        }
    }
    println!("{outcomes:#?}");
    tell("bit flipped", outcomes.values().sum::<usize>() as u64, wrong.len());
    assert_eq!(wrong, [""; 0]);
    // Without a log each page counts.
    drop(open(&Satchel::new(&cut.image, "A test")).unwrap());
    assert!(!cut.image.join("satchel-1.db-wal").exists(), "it was closed");
    for _ in 0..flips() {
        let (vault, Flipped { place, .. }) = cut.flipped(Path::new("satchel-1.db"), &mut dice);
        assert!(matches!(found(&vault), Found::Named(_)), "{place}");
    }
    let back = cut.comes_back(&BackupKey::Passphrase(passphrase()));
    assert_eq!(people(&back), PEOPLE);
    assert!(back.verify(&mut |_| {}).unwrap().ok);
}

/// Pieces of files come again from where the team meets, and by a backup's restore without it.
#[test]
fn a_damaged_file_comes_back_from_the_team() {
    let mut dice = Dice::new();
    let mut devices = team(&[("Bo", Role::Member)]);
    let zoe = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    let dir = devices[0].dir.path().to_owned();
    let content = "150 EUR ".repeat(9000);
    fs::write(dir.join("offer.txt"), &content).unwrap();
    devices[0].session().attach(zoe, &dir.join("offer.txt"), &mut |_| {}, &Cancel::default()).unwrap();
    settle(&devices);
    let file = devices[0].session().attachments(zoe).unwrap()[0].id;
    for round in 0..4 {
        devices[0].meanwhile(|dir| {
            let shelves = fs::read_dir(dir.join("vault/blobs")).unwrap().flatten();
            for shelf in shelves {
                for piece in fs::read_dir(shelf.path()).unwrap().flatten() {
                    dice.flip(&piece.path());
                }
            }
        });
        assert!(!devices[0].session().verify(&mut |_| {}).unwrap().ok, "it is named");
        let back = dir.join(format!("back-{round}.txt"));
        devices[0].session().save_attachment(file, &back, &mut |_| {}, &Cancel::default()).unwrap();
        assert_eq!(fs::read_to_string(&back).unwrap(), content);
        assert!(devices[0].session().verify(&mut |_| {}).unwrap().ok, "and it is mended");
    }
}

/// A colleague, or a new laptop, gets all of it though files of the shared folder are damaged: who wrote them sends again.
#[test]
fn damaged_files_where_the_team_meets_lose_nothing() {
    let mut dice = Dice::new();
    let devices = team(&[("Bo", Role::Member)]);
    add_people(devices[0].session());
    devices[0].sync();
    let shared = devices[0].shared();
    let (mut folders, mut flipped) = (vec![shared.clone()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false if entry.path().components().any(|part| part.as_os_str() == "log") => {
                    dice.flip(&entry.path());
                    flipped += 1;
                }
                false => {}
            }
        }
    }
    assert!(flipped > 0);
    for _ in 0..3 {
        let _ = devices[0].session().compact(&mut |_| {}, &Cancel::default());
        carry(&shared, &devices[1].shared());
        let _ = devices[1].session().sync(&mut |_| {}, &Cancel::default());
    }
    assert_eq!(people(devices[1].session()), PEOPLE, "what was damaged was sent again");
}
