//! A new version in the real window: found, fetched, put in place behind a backup; and what is said when the one from before is back.

use crate::{SCREEN, confirm_kit, dress, groups_of};
use satchel_app::update::{Begin, Outcome};
use satchel_tests::{
    bin,
    browser::Window,
    releases::{Releases, program},
};
use satchel_vault::VaultDir;
use std::{
    ffi::OsString,
    fs,
    path::Path,
    sync::PoisonError,
    time::{Duration, Instant},
};

/// From wherever one is to the page of updates.
fn updates(window: &Window) {
    window.until("the page of updates", || {
        window.click("#nav-safety");
        window.wait("#tab-updates");
        window.click("#tab-updates");
        window
            .try_script("return !!document.querySelector('#tab-updates[aria-selected=true]')")?
            .as_bool()?
            .then_some(())
    });
}

/// The program as it runs from an image, asking a server of this test.
fn environment(releases: &Releases, image: bool) -> Vec<(&'static str, OsString)> {
    let mut all: Vec<(&str, OsString)> = vec![
        ("SATCHEL_UPDATE_KEY", releases.key().into()),
        ("SATCHEL_UPDATE_LISTS", releases.lists().into()),
        ("SATCHEL_STATE", releases.state().into()),
    ];
    if image {
        all.push(("APPIMAGE", releases.image().into()));
        all.push(("APPDIR", bin("satchel-desktop").parent().unwrap().into()));
    }
    all
}

fn make_vault(vault: &Path, releases: &Releases) -> Vec<String> {
    let window = Window::open_with(vault, &[("SATCHEL_STATE", releases.state().into())]);
    window.wait("#workspace");
    window.fill("#workspace", "Norte Foods");
    window.fill("#person", "Ana");
    window.click("#create-vault");
    let groups = groups_of(&window);
    confirm_kit(&window, &groups);
    window.wait("#nav-today");
    // A build without a key says so, and offers nothing.
    updates(&window);
    window.says("built without a key for updates");
    window.gone("#look-for-updates");
    window.accessibility("updates without a key");
    window.picture("u0-no-key");
    groups
}

/// As a newer version leaves it behind.
fn make_newer(vault: &Path, groups: &[String]) {
    let dir = VaultDir::open(vault).unwrap();
    let key = dir.unlock_with_recovery_text(&groups.join("-")).unwrap();
    let db = rusqlite::Connection::open(dir.database()).unwrap();
    db.pragma_update(None, "key", key.expose_as_sqlcipher_key().as_str()).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
}

#[test]
fn a_new_version_is_found_installed_and_taken_back() {
    let _screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let old = program("0.1.0", "true");
    let releases = Releases::new(&old);
    let ran = releases.dir.path().join("ran");
    let new = program("0.2.0", &format!("touch '{}'", ran.display()));
    let vault = releases.dir.path().join("vault");
    let groups = make_vault(&vault, &releases);
    releases.publish("0.2.0", &new);

    // A copy that Satchel does not replace is told of the version, and that is all.
    let window = Window::open_with(&vault, &environment(&releases, false));
    window.wait("#nav-today");
    updates(&window);
    window.says("Whether there is a newer one is not known.");
    let looking = window.script("return document.querySelector('#updates-looking').checked");
    assert_eq!((looking.as_bool(), releases.asked().len()), (Some(false), 0), "nobody has allowed it");
    window.says("nothing leaves this computer for it");
    window.accessibility("updates before a look");
    window.picture("u1-before");
    window.click("#look-for-updates");
    window.wait("#update-elsewhere");
    window.says("Satchel does not replace this copy by itself");
    window.gone("#fetch-update");
    assert_eq!(releases.asked(), ["/stable.json", "/stable.json.sig"]);
    drop(window);

    // As an image it is: what is known is known already, and health leads there.
    let window = Window::open_with(&vault, &environment(&releases, true));
    window.wait("#nav-today");
    window.click("#nav-safety");
    window.says("Version 0.2.0 is there; this is 0.1.0.");
    window.click("[data-mend='open_updates']");
    window.wait("#update-found");
    assert_eq!(releases.asked().len(), 2, "neither page asks anybody");
    window.says("Lists open twice as fast.");
    window.gone("#fetch-update");
    window.click("#look-for-updates");
    window.wait("#fetch-update");
    window.accessibility("a version that is there");
    window.picture("u2-found");
    dress(&window, "zh", "dark");
    updates(&window);
    window.says("有新版本 0.2.0");
    window.says("列表打开速度提高一倍");
    window.accessibility("a version that is there, dark and Chinese");
    window.picture("u3-found-zh");
    window.click("#fetch-update");
    window.wait("#update-ready");
    window.says("签名核对无误");
    assert_eq!(fs::read(releases.image()).unwrap(), old, "it is here, and not in its place");
    window.click("#install-update");
    window.wait("#update-waiting");
    window.says("版本 0.2.0 已就位");
    window.wait("#update-backup");
    window.says("安装前已备份并验证");
    window.picture("u4-installed-zh");
    assert_eq!(fs::read(releases.image()).unwrap(), new);
    dress(&window, "en", "light");
    updates(&window);
    window.says("Version 0.2.0 is in its place");
    window.accessibility("a version in its place");
    window.picture("u5-installed");
    let gone = window.try_script("document.querySelector('#restart-app').click()");
    let begun = Instant::now();
    while !ran.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the new version was not started ({gone:?})");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(window);

    // It opens the vault, and is no trial any more; for two weeks somebody can go back by hand.
    let mut later = environment(&releases, true);
    later.push(("SATCHEL_UPDATE_VERSION", "0.2.0".into()));
    let window = Window::open_with(&vault, &later);
    window.wait("#nav-today");
    updates(&window);
    window.says("New in 0.2.0");
    window.accessibility("what is new in this version");
    window.picture("u6-way-back");
    window.click("#go-back");
    window.says("Yes, put 0.1.0 back");
    window.click("#go-back");
    window.says("Version 0.1.0 is in its place");
    assert_eq!(fs::read(releases.image()).unwrap(), old);
    drop(window);
    let window = Window::open_with(&vault, &environment(&releases, true));
    window.wait("#went-back");
    window.says("0.1.0 is back, as you wanted.");
    window.click("#forget-went-back");
    window.gone("#went-back");
    drop(window);
    let again = releases.seen_from("0.1.0", &releases.state().join("update"));
    again.fetch(&mut |_| {}, &satchel_app::Cancel::default()).unwrap();
    let backups = fs::read_dir(vault.join("backups")).unwrap().flatten().map(|entry| entry.path());
    let backup = backups.into_iter().find(|path| path.extension().is_some_and(|e| e == "satchelbackup"));
    again.updates.install(backup, 10, |_, _| Ok(())).unwrap();
    drop(again);

    // The new version changes the vault, and comes to nothing twice.
    make_newer(&vault, &groups);
    for begin in [Begin::Go, Begin::Go, Begin::GoneBack(releases.image())] {
        let tried = releases.seen_from("0.2.0", &releases.state().join("update"));
        assert_eq!(tried.updates.begin(10), begin);
        tried.updates.note_outcome(Outcome::Failed("it fell over".into()), 10);
    }
    assert_eq!(fs::read(releases.image()).unwrap(), old);
    let window = Window::open_with(&vault, &environment(&releases, true));
    window.wait("#went-back");
    window.says("0.2.0 did not come up in two starts, so 0.1.0 was put back.");
    window.wait("#instead");
    window.until("the backup of before", || {
        let file = window.try_script("return document.querySelector('#instead-file').value")?;
        file.as_str()?.ends_with(".satchelbackup").then_some(())
    });
    window.accessibility("a newer vault, and the backup of before");
    window.picture("u7-newer");
    window.fill("#instead-key", &groups.join("-"));
    window.click("#instead-restore");
    window.wait("#nav-today");
    window.says("the newer vault is kept in");
    window.picture("u8-restored");
    window.click("#went-back-why");
    window.says("it fell over");
    window.accessibility("the version from before is back");
    dress(&window, "zh", "dark");
    window.wait("#went-back");
    window.says("两次未能启动");
    window.picture("u9-back-zh");
    updates(&window);
    window.says("曾在这台电脑上试用，未能启动");
    window.accessibility("a version that did not start, dark and Chinese");
    window.picture("u9-failed-zh");
    window.click("#forget-went-back");
    window.gone("#went-back");
    dress(&window, "en", "light");
    let aside = fs::read_dir(releases.dir.path()).unwrap().flatten();
    assert_eq!(aside.filter(|e| e.file_name().to_string_lossy().starts_with("vault-newer-")).count(), 1);
}
