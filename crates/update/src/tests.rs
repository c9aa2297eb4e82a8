//! The whole way against a real server: a list and packages that are signed with a key made here, and small programs in the place
//! of AppImages.

#![allow(clippy::unwrap_used)]

use crate::{Begin, Came, Channel, Found, Installed, Outcome, Source, UpdateError, Updates, Version, limits};
use base64::{Engine, engine::general_purpose::STANDARD};
use minisign::KeyPair;
use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

enum Gives {
    Bytes(Vec<u8>),
    /// Says how long it is, and ends before.
    Cut(Vec<u8>, usize),
    /// So many bytes, and does not say so.
    Endless(u64),
}

#[derive(Clone)]
struct Server {
    port: u16,
    files: Arc<Mutex<HashMap<String, Gives>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, files: Arc::default(), asked: Arc::default() };
        let own = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                thread::spawn(move || own.answer(&stream));
            }
        });
        server
    }

    fn answer(&self, mut stream: &TcpStream) {
        let mut head = String::new();
        let mut lines = BufReader::new(stream);
        while lines.read_line(&mut head).is_ok_and(|n| n > 2) {}
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push(head);
        let begin = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        // Who has heard enough hangs up.
        let _ = match self.files.lock().unwrap().get(&path) {
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            Some(Gives::Bytes(bytes)) => {
                stream.write_all(begin(bytes.len()).as_bytes()).and_then(|()| stream.write_all(bytes))
            }
            Some(Gives::Cut(bytes, at)) => {
                stream.write_all(begin(bytes.len()).as_bytes()).and_then(|()| stream.write_all(&bytes[..*at]))
            }
            Some(Gives::Endless(n)) => stream
                .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
                .and_then(|()| (0..*n / 65_536).try_for_each(|_| stream.write_all(&[b' '; 65_536]))),
        };
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }

    fn put(&self, path: &str, gives: Gives) {
        self.files.lock().unwrap().insert(path.to_owned(), gives);
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Signs as `tauri signer sign --app-version` does.
fn sign(pair: &KeyPair, bytes: &[u8], version: &str) -> String {
    let comment = format!("timestamp:1796000000\tfile:Satchel.AppImage\tversion:{version}");
    let signed = minisign::sign(None, &pair.sk, bytes, Some(&comment), None).unwrap();
    STANDARD.encode(signed.into_string())
}

fn key_of(pair: &KeyPair) -> String {
    STANDARD.encode(pair.pk.to_box().unwrap().into_string())
}

fn make_key() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

/// A program that says which version it is, and to its check too.
fn program(version: &str) -> Vec<u8> {
    format!(
        "#!/bin/sh\nif [ \"$1\" = --self-check ]; then echo 'satchel {version}'; exit 0; fi\necho 'I am {version}'\n"
    )
    .into_bytes()
}

fn run(path: &Path) -> String {
    // Threads of other tests fork while this file may be open for writing.
    for _ in 0..100 {
        match Command::new(path).output() {
            Ok(out) => return String::from_utf8_lossy(&out.stdout).trim().to_owned(),
            Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(std::time::Duration::from_millis(10));
            }
            Err(e) => panic!("{}: {e}", path.display()),
        }
    }
    panic!("{} stays busy", path.display());
}

/// A computer on which 0.1.0 runs, and a server of new versions.
struct World {
    dir: tempfile::TempDir,
    server: Server,
    pair: KeyPair,
    image: PathBuf,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("Satchel.AppImage");
        fs::write(&image, program("0.1.0")).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&image, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { dir, server: Server::start(), pair: make_key(), image }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("state/update")
    }

    /// What a version sees that runs from the image.
    fn running(&self, version: &str) -> Updates {
        let source = Source::read(&self.server.url("/"), &key_of(&self.pair)).unwrap();
        let installed = Installed::AppImage(self.image.clone());
        Updates::new(self.folder(), version.parse().unwrap(), Some(source), installed)
    }

    fn manifest(&self, version: &str, bytes: &[u8], signature: &str) -> serde_json::Value {
        let target = format!("linux-{}-appimage", std::env::consts::ARCH);
        serde_json::json!({
            "version": version,
            "channel": "stable",
            "notes": "Faster.\n\u{1b}[2JSmaller.",
            "notes_zh": "更快，更小。",
            "pub_date": "2026-12-01T08:00:00Z",
            "platforms": { target: { "url": self.server.url("/image"), "signature": signature, "size": bytes.len() } }
        })
    }

    fn publish_list(&self, manifest: &serde_json::Value) {
        let bytes = manifest.to_string().into_bytes();
        let signature = sign(&self.pair, &bytes, "0");
        self.server.put("/stable.json", Gives::Bytes(bytes));
        self.server.put("/stable.json.sig", Gives::Bytes(signature.into_bytes()));
    }

    fn publish(&self, version: &str, bytes: &[u8]) {
        let signature = sign(&self.pair, bytes, version);
        self.publish_list(&self.manifest(version, bytes, &signature));
        self.server.put("/image", Gives::Bytes(bytes.to_vec()));
    }

    /// Nothing was changed, and nothing is left beside the program.
    fn is_untouched(&self) {
        assert_eq!(fs::read(&self.image).unwrap(), program("0.1.0"));
        let beside: Vec<_> =
            fs::read_dir(self.dir.path()).unwrap().flatten().map(|f| f.file_name()).collect();
        assert!(beside.iter().all(|name| name == "Satchel.AppImage" || name == "state"), "{beside:?}");
        assert_eq!(self.running("0.1.0").begin(0), Begin::Go);
        assert!(!self.running("0.2.0").is_on_trial());
    }
}

fn no_installer(_: &crate::Staged, _: Vec<u8>) -> Result<(), UpdateError> {
    panic!("an AppImage has no installer")
}

fn bring(updates: &Updates) -> Result<(), UpdateError> {
    updates.look(1)?;
    updates.fetch(&mut |_, _| {}, &|| false)?;
    updates.install(Some("backup".into()), 2, no_installer)
}

#[test]
fn a_new_version_takes_the_place_of_the_old_one() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    assert_eq!(old.look(1_000).unwrap(), Found::Newer("0.2.0".parse().unwrap()));
    let state = old.state();
    let found = state.newer(old.running()).unwrap();
    assert_eq!(found.notes.en, "Faster.\n[2JSmaller.", "no escapes of terminals");
    assert_eq!(found.notes.zh, "更快，更小。");
    let mut told = Vec::new();
    old.fetch(&mut |got, size| told.push((got, size)), &|| false).unwrap();
    assert_eq!(told.last().map(|(got, size)| got == size), Some(true));
    old.install(Some("/backups/one".into()), 5, no_installer).unwrap();
    assert_eq!(run(&world.image), "I am 0.2.0");
    assert!(old.state().staged.is_none());

    // The first start opens a vault: the trial is over, and the old program goes with a start two weeks later.
    let kept = world.folder().join("kept/0.1.0-Satchel.AppImage");
    let new = world.running("0.2.0");
    assert_eq!(new.begin(6), Begin::Go);
    assert!(new.is_on_trial());
    new.note_outcome(Outcome::Opened, 7);
    new.note_outcome(Outcome::Opened, 7);
    assert!(!new.is_on_trial());
    assert_eq!(run(&kept), "I am 0.1.0");
    drop(new);
    let again = world.running("0.2.0");
    assert_eq!(again.begin(7), Begin::Go);
    again.note_outcome(Outcome::Opened, 7);
    assert_eq!(again.way_back(), Some(Version::new(0, 1, 0)));
    drop(again);
    let again = world.running("0.2.0");
    again.note_outcome(Outcome::Opened, 15 * 86_400_000);
    assert!(!kept.exists());
    assert_eq!(again.way_back(), None);
    assert!(again.state().newer(again.running()).is_none(), "what runs is not new");
}

#[test]
fn a_version_that_does_not_come_up_is_taken_back() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    bring(&world.running("0.1.0")).unwrap();
    for start in 1..=2 {
        let new = world.running("0.2.0");
        assert_eq!(new.begin(10), Begin::Go, "start {start}");
        new.note_outcome(Outcome::Failed("no page".into()), 10);
        // Another click while it hangs is no start of its own.
        assert_eq!(world.running("0.2.0").begin(10), Begin::Go);
    }
    assert_eq!(run(&world.image), "I am 0.2.0");
    let third = world.running("0.2.0");
    assert_eq!(third.begin(11), Begin::GoneBack(world.image.clone()));
    assert_eq!(run(&world.image), "I am 0.1.0");

    let old = world.running("0.1.0");
    assert_eq!(old.begin(12), Begin::Go);
    let went = old.went_back().unwrap();
    assert_eq!((went.to.to_string(), went.at, went.backup), ("0.2.0".into(), 11, Some("backup".into())));
    assert_eq!(went.reports, ["0.2.0 start 1: no page", "0.2.0 start 2: no page"]);
    assert_eq!(old.state().failed, Some(Version::new(0, 2, 0)));
    old.forget_went_back().unwrap();
    assert!(old.went_back().is_none());
}

#[test]
fn a_kept_program_that_is_damaged_is_not_put_back() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    bring(&world.running("0.1.0")).unwrap();
    fs::write(world.folder().join("kept/0.1.0-Satchel.AppImage"), "half").unwrap();
    for _ in 0..6 {
        assert_eq!(world.running("0.2.0").begin(1), Begin::Go);
    }
    assert_eq!(run(&world.image), "I am 0.2.0");
}

#[test]
fn what_does_not_start_here_never_takes_the_place() {
    for bytes in [
        b"#!/bin/sh\nexit 1\n".to_vec(),
        b"#!/bin/sh\necho 'satchel 0.3.0'\n".to_vec(),
        b"#!/no/such/interpreter\n".to_vec(),
        b"no program".to_vec(),
    ] {
        let world = World::new();
        world.publish("0.2.0", &bytes);
        let refused = bring(&world.running("0.1.0")).unwrap_err();
        assert!(matches!(refused, UpdateError::DoesNotStart { .. }), "{refused}");
        world.is_untouched();
    }
}

#[test]
fn a_changed_package_is_refused() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let mut changed = program("0.2.0");
    *changed.last_mut().unwrap() ^= 1;
    world.server.put("/image", Gives::Bytes(changed));
    assert!(matches!(bring(&world.running("0.1.0")), Err(UpdateError::Forged(_))));
    world.is_untouched();

    // On this computer, after it was fetched: it is looked at again.
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    old.look(1).unwrap();
    let staged = old.fetch(&mut |_, _| {}, &|| false).unwrap();
    fs::write(&staged.file, program("0.6.6")).unwrap();
    assert!(matches!(old.install(None, 2, no_installer), Err(UpdateError::Forged(_))));
    world.is_untouched();
}

#[test]
fn a_changed_list_is_refused() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let bytes = program("0.2.0");
    let list = world.manifest("0.9.0", &bytes, &sign(&world.pair, &bytes, "0.2.0"));
    world.server.put("/stable.json", Gives::Bytes(list.to_string().into_bytes()));
    let old = world.running("0.1.0");
    assert!(matches!(old.look(1), Err(UpdateError::Forged(_))));
    assert!(old.state().found.is_none(), "not even its notes are shown");
    assert!(old.state().trouble.is_some());

    // Without a signature, too, and with one that is none.
    world.server.files.lock().unwrap().remove("/stable.json.sig");
    assert!(matches!(old.look(1), Err(UpdateError::Answered(_, 404))));
    world.server.put("/stable.json.sig", Gives::Bytes(b"c2lnbmVk".to_vec()));
    assert!(matches!(old.look(1), Err(UpdateError::Forged(_))));
    world.is_untouched();
}

#[test]
fn an_older_package_under_a_newer_name_is_refused() {
    let world = World::new();
    // Everything is signed; but the package is that of an earlier release.
    let bytes = program("0.0.9");
    world.publish_list(&world.manifest("0.9.0", &bytes, &sign(&world.pair, &bytes, "0.0.9")));
    world.server.put("/image", Gives::Bytes(bytes.clone()));
    let refused = bring(&world.running("0.1.0")).unwrap_err();
    assert!(matches!(&refused, UpdateError::OtherVersion { signed, .. } if signed == "0.0.9"), "{refused}");
    // A signature that does not say of which version is no better.
    let silent = minisign::sign(None, &world.pair.sk, &bytes[..], Some("timestamp:1"), None).unwrap();
    world.publish_list(&world.manifest("0.9.0", &bytes, &STANDARD.encode(silent.into_string())));
    assert!(matches!(bring(&world.running("0.1.0")), Err(UpdateError::OtherVersion { .. })));
    world.is_untouched();
}

#[test]
fn the_signature_of_another_key_is_refused() {
    let world = World::new();
    let (other, bytes) = (make_key(), program("0.2.0"));
    world.publish_list(&world.manifest("0.2.0", &bytes, &sign(&other, &bytes, "0.2.0")));
    world.server.put("/image", Gives::Bytes(bytes));
    assert!(matches!(bring(&world.running("0.1.0")), Err(UpdateError::Forged(_))));
    world.is_untouched();
}

#[test]
fn no_older_version_is_offered_or_installed() {
    let world = World::new();
    for version in ["0.0.9", "0.1.0", "0.1.0-rc.1", "0.1.0+other.build"] {
        world.publish(version, &program(version));
        let old = world.running("0.1.0");
        assert_eq!(old.look(1).unwrap(), Found::Nothing, "{version}");
        assert!(matches!(old.fetch(&mut |_, _| {}, &|| false), Err(UpdateError::NothingFound)));
    }
    // What was fetched waits while a newer one is installed otherwise.
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    old.look(1).unwrap();
    old.fetch(&mut |_, _| {}, &|| false).unwrap();
    drop(old);
    let newer = world.running("0.3.0");
    assert!(matches!(newer.install(None, 2, no_installer), Err(UpdateError::NotNewer { .. })));
    world.is_untouched();
}

#[test]
fn a_download_that_ends_early_or_never_is_refused() {
    let world = World::new();
    let bytes = program("0.2.0");
    world.publish("0.2.0", &bytes);
    world.server.put("/image", Gives::Cut(bytes.clone(), bytes.len() - 5));
    let refused = bring(&world.running("0.1.0")).unwrap_err();
    assert!(matches!(refused, UpdateError::CutOff { .. }), "{refused}");
    world.server.put("/image", Gives::Endless(64 << 20));
    let refused = bring(&world.running("0.1.0")).unwrap_err();
    assert!(matches!(refused, UpdateError::TooLarge(..)), "{refused}");
    assert!(!world.folder().join("package/0.2.0").exists(), "nothing of it stays");

    world.server.put("/image", Gives::Bytes(bytes));
    let old = world.running("0.1.0");
    old.look(1).unwrap();
    assert!(matches!(old.fetch(&mut |_, _| {}, &|| true), Err(UpdateError::Stopped)));
    world.is_untouched();
}

#[test]
fn a_list_without_end_is_refused() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    for gives in [Gives::Endless(50 << 20), Gives::Bytes(vec![b' '; 50 << 20])] {
        world.server.put("/stable.json", gives);
        let refused = old.look(1).unwrap_err();
        assert!(matches!(refused, UpdateError::TooLarge(_, limits::MANIFEST_BYTES)), "{refused}");
    }
    // A package that would fill the disk is not even asked for.
    let mut list = world.manifest("0.2.0", b"", "");
    let target = format!("linux-{}-appimage", std::env::consts::ARCH);
    list["platforms"][&target]["size"] = (1_u64 << 40).into();
    world.publish_list(&list);
    assert!(matches!(old.look(1), Err(UpdateError::TooLarge(..))));
    world.is_untouched();
}

#[test]
fn a_look_says_nothing_of_who_looks() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    world.running("0.1.0").look(1).unwrap();
    for head in world.server.asked.lock().unwrap().iter() {
        let mut lines = head.trim_end().lines();
        let first = lines.next().unwrap();
        assert!(["GET /stable.json HTTP/1.1", "GET /stable.json.sig HTTP/1.1"].contains(&first), "{first}");
        let mut names: Vec<String> =
            lines.filter_map(|l| l.split_once(':')).map(|(name, _)| name.to_lowercase()).collect();
        names.sort();
        assert_eq!(names, ["accept", "host", "user-agent"], "{head}");
        assert!(head.to_lowercase().contains("user-agent: satchel\r\n"), "{head}");
    }
}

#[test]
fn each_channel_has_its_own_list() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    old.look(1).unwrap();
    old.fetch(&mut |_, _| {}, &|| false).unwrap();
    old.set(true, Channel::Early).unwrap();
    let state = old.state();
    assert!(state.found.is_none() && state.staged.is_none() && state.is_due(2));
    assert!(matches!(old.look(1), Err(UpdateError::Answered(_, 404))));
    // That of another channel under its name is signed, and yet not it.
    let mut files = world.server.files.lock().unwrap();
    for end in ["", ".sig"] {
        let list = files.remove(&format!("/stable.json{end}")).unwrap();
        files.insert(format!("/early.json{end}"), list);
    }
    drop(files);
    assert!(matches!(old.look(1), Err(UpdateError::OtherChannel(_))));
}

#[test]
fn without_a_key_nothing_is_looked_for() {
    let world = World::new();
    for (address, key) in [("", ""), ("https://updates.example/", ""), ("https://updates.example/", "no key")]
    {
        assert!(matches!(Source::read(address, key), Err(UpdateError::NoKey)), "{address} {key}");
    }
    let key = key_of(&world.pair);
    for address in
        ["http://updates.example/", "https://a:b@updates.example/", "https://u.example/?id=7", "file:///x"]
    {
        assert!(matches!(Source::read(address, &key), Err(UpdateError::Insecure(_))), "{address}");
    }
    let keyless = Updates::new(world.folder(), Version::new(0, 1, 0), None, Installed::System);
    assert!(matches!(keyless.look(1), Err(UpdateError::NoKey)));
    assert!(!keyless.is_due(1));
}

#[test]
fn a_package_of_the_system_is_only_told_of() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let source = Source::read(&world.server.url("/"), &key_of(&world.pair)).unwrap();
    let deb = Updates::new(world.folder(), Version::new(0, 1, 0), Some(source), Installed::System);
    assert_eq!(deb.look(1).unwrap(), Found::Newer(Version::new(0, 2, 0)));
    assert!(matches!(deb.fetch(&mut |_, _| {}, &|| false), Err(UpdateError::BySystem)));
    assert!(matches!(deb.install(None, 2, no_installer), Err(UpdateError::BySystem)));
    world.is_untouched();
}

#[test]
fn an_installer_gets_what_is_signed_and_nothing_else() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let target = format!("{}-{}-nsis", std::env::consts::OS, std::env::consts::ARCH);
    let bytes = program("0.2.0");
    let mut list = world.manifest("0.2.0", &bytes, &sign(&world.pair, &bytes, "0.2.0"));
    list["platforms"] = serde_json::json!({ target: list["platforms"].as_object().unwrap().values().next() });
    world.publish_list(&list);
    let source = Source::read(&world.server.url("/"), &key_of(&world.pair)).unwrap();
    let installed = Installed::Installer("nsis", world.image.clone());
    let updates = Updates::new(world.folder(), Version::new(0, 1, 0), Some(source), installed);
    updates.look(1).unwrap();
    let staged = updates.fetch(&mut |_, _| {}, &|| false).unwrap();
    let mut ran = false;
    let refused = updates.install(None, 2, |_, _| Err(UpdateError::Stopped));
    assert!(matches!(refused, Err(UpdateError::Stopped)));
    world.is_untouched();
    updates
        .install(None, 2, |_, given| {
            ran = given == bytes;
            Ok(())
        })
        .unwrap();
    assert!(ran);
    assert!(!staged.file.exists());
    assert!(world.running("0.2.0").is_on_trial());
}

#[test]
fn only_an_image_that_holds_this_program_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("Satchel.AppImage");
    fs::write(&image, "image").unwrap();
    let mounted = dir.path().join("mounted");
    let inside = mounted.join("usr/bin/satchel-desktop");
    let found = |image: &Path, running: &Path| {
        Installed::app_image(Some(image.as_os_str()), Some(mounted.as_os_str()), running)
    };
    assert_eq!(found(&image, &inside), Some(Installed::AppImage(image.clone())));
    // Started by another program that is an AppImage: that one stays what it is.
    assert_eq!(found(&image, Path::new("/usr/bin/satchel-desktop")), None);
    assert_eq!(found(&dir.path().join("gone"), &inside), None);
    assert_eq!(found(Path::new("Satchel.AppImage"), &inside), None);
    assert_eq!(Installed::app_image(Some(image.as_os_str()), None, &inside), None);
}

#[test]
fn somebody_who_only_looks_ends_no_trial() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    bring(&world.running("0.1.0")).unwrap();
    for _ in 0..8 {
        let new = world.running("0.2.0");
        assert_eq!(new.begin(1), Begin::Go);
        new.note_outcome(Outcome::Left(Came { shown: true, failed: false }), 2);
    }
    assert!(world.running("0.2.0").is_on_trial());
}

/// A program of a version that was installed and has run.
fn installed_and_run(world: &World) -> Updates {
    world.publish("0.2.0", &program("0.2.0"));
    bring(&world.running("0.1.0")).unwrap();
    let new = world.running("0.2.0");
    assert_eq!(new.begin(6), Begin::Go);
    new.note_outcome(Outcome::Opened, 6);
    new
}

#[test]
fn somebody_goes_back_by_hand() {
    let world = World::new();
    let new = installed_and_run(&world);
    let went = new.go_back(9).unwrap();
    assert_eq!(
        (went.by_hand, went.from.to_string(), went.backup),
        (true, "0.1.0".into(), Some("backup".into()))
    );
    assert_eq!(run(&world.image), "I am 0.1.0");
    assert!(matches!(new.go_back(9), Err(UpdateError::NothingKept)));
    drop(new);
    let old = world.running("0.1.0");
    assert_eq!(old.begin(10), Begin::Go);
    assert_eq!(old.tell_went_back().map(|went| went.to), Some(Version::new(0, 2, 0)));
    assert_eq!(old.tell_went_back(), None, "the trail is told once");
    assert!(old.went_back().is_some(), "and the person until it is put away");
    assert!(old.state().failed.is_none(), "it has run, and may be installed again");
}

#[test]
fn what_waits_for_its_start_is_not_installed_twice_and_can_be_taken_back() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    bring(&old).unwrap();
    assert_eq!(old.waiting(), Some(Version::new(0, 2, 0)));
    // A second time it would keep the new one as the old one.
    assert!(matches!(bring(&old), Err(UpdateError::Waiting(_))));
    old.go_back(3).unwrap();
    assert_eq!(run(&world.image), "I am 0.1.0");
    assert!(old.went_back().is_none() && old.waiting().is_none(), "it has never run");
    bring(&old).unwrap();
    assert_eq!(run(&world.image), "I am 0.2.0");
}

#[test]
fn only_what_starts_is_kept_for_going_back() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    old.look(1).unwrap();
    old.fetch(&mut |_, _| {}, &|| false).unwrap();
    // Somebody has put another program in its place meanwhile.
    fs::write(&world.image, program("0.0.7")).unwrap();
    assert!(matches!(old.install(None, 2, no_installer), Err(UpdateError::DoesNotStart { .. })));
    assert_eq!(run(&world.image), "I am 0.0.7");
    assert!(!world.running("0.2.0").is_on_trial());
    assert!(fs::read_dir(world.folder().join("kept")).unwrap().next().is_none());
}

#[test]
fn an_update_that_fails_leaves_the_way_back_of_the_one_before() {
    let world = World::new();
    let new = installed_and_run(&world);
    world.publish("0.3.0", &program("0.3.0"));
    new.look(7).unwrap();
    new.fetch(&mut |_, _| {}, &|| false).unwrap();
    // No room for what would be kept.
    let name = format!("0.2.0-{}", world.image.file_name().unwrap().display());
    let kept = world.folder().join("kept").join(name);
    fs::create_dir_all(kept.join("in the way")).unwrap();
    assert!(matches!(new.install(None, 8, no_installer), Err(UpdateError::Io { .. })));
    assert_eq!(new.way_back(), Some(Version::new(0, 1, 0)));
    new.go_back(9).unwrap();
    assert_eq!(run(&world.image), "I am 0.1.0");
}

#[test]
fn an_old_list_played_again_is_refused() {
    let world = World::new();
    let bytes = program("0.2.0");
    let listed = |version: &str, at: Option<&str>| {
        let mut list = world.manifest(version, &bytes, &sign(&world.pair, &bytes, version));
        list["pub_date"] = at.into();
        world.publish_list(&list);
    };
    let old = world.running("0.1.0");
    listed("0.2.0", Some("2026-12-05T08:00:00Z"));
    old.look(1).unwrap();
    for (version, at) in
        [("0.1.0", Some("2026-12-01T08:00:00Z")), ("0.1.0", None), ("0.2.0", Some("2026-12-01T08:00:00Z"))]
    {
        listed(version, at);
        let refused = old.look(2).unwrap_err();
        assert!(matches!(refused, UpdateError::Replayed(_)), "{version} {at:?}: {refused}");
        assert!(old.state().newer(old.running()).is_some(), "what was found stays found");
    }
    listed("0.1.0", Some("2026-12-05T08:00:00Z"));
    assert_eq!(old.look(3).unwrap(), Found::Nothing, "the same day is no step back");
    // What was withdrawn, by a newer list, is offered no more.
    assert!(old.state().newer(old.running()).is_none());
}

#[test]
fn what_a_killed_installation_has_left_goes_with_the_next_start() {
    let world = World::new();
    world.publish("0.2.0", &program("0.2.0"));
    let old = world.running("0.1.0");
    bring(&old).unwrap();
    drop(old);
    // As if it had been cut off before the change: everything but that was done.
    fs::write(&world.image, program("0.1.0")).unwrap();
    let part = world.dir.path().join(".Satchel.AppImage.part");
    fs::write(&part, program("0.2.0")).unwrap();
    assert_eq!(world.running("0.1.0").begin(3), Begin::Go);
    assert!(!part.exists() && fs::read_dir(world.folder().join("kept")).unwrap().next().is_none());
    world.is_untouched();
}
