use super::*;

const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

fn make(path: &Path, passphrase: &str) -> (VaultDir, VaultKey, RecoveryCode) {
    let passphrase = Passphrase::new(passphrase).expect("not empty");
    let (new, recovery) = NewVault::prepare(path, Some(&passphrase), CHEAP).expect("prepared");
    let (key, code) = (VaultKey::from_hex(&new.key.expose_hex()).expect("hex"), recovery);
    std::fs::write(new.database(), b"").expect("written");
    (new.commit(Keyring::Off).expect("made").0, key, code)
}

fn words(text: &str) -> Passphrase {
    Passphrase::new(text).expect("not empty")
}

#[test]
fn a_vault_opens_by_passphrase_and_by_kit() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, key, code) = make(dir.path(), "correct horse");
    let vault = VaultDir::open(dir.path()).expect("opens");
    assert_eq!(vault.unlock_with_passphrase(&words("correct horse")).expect("fits"), key);
    assert_eq!(vault.unlock_with_recovery_text(&code.text()).expect("fits"), key);
    // The same words from a keyboard that composes otherwise.
    let accent = words("caf\u{e9}");
    let mut vault = vault;
    vault.set_passphrase(&key, &accent, CHEAP).expect("set");
    assert_eq!(vault.unlock_with_passphrase(&words("cafe\u{301}")).expect("fits"), key);
}

#[test]
fn a_wrong_passphrase_and_a_wrong_kit_get_the_same_answer_and_change_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let (vault, _, _) = make(dir.path(), "correct horse");
    let before = std::fs::read(dir.path().join(files::VAULT_JSON)).expect("read");
    let other = RecoveryCode::make().expect("random");
    let answers = [
        vault.unlock_with_passphrase(&words("wrong")).expect_err("wrong").to_string(),
        vault.unlock_with_recovery(&other).expect_err("wrong").to_string(),
        vault.unlock_with_recovery_text("not a code").expect_err("wrong").to_string(),
    ];
    assert!(answers.iter().all(|a| *a == answers[0]), "{answers:?}");
    assert_eq!(std::fs::read(dir.path().join(files::VAULT_JSON)).expect("read"), before);
    let started = std::time::Instant::now();
    assert!(vault.unlock_with_passphrase(&words("wrong")).is_err());
    assert!(started.elapsed().as_millis() >= 900, "the fourth try is slowed");
}

#[test]
fn nothing_is_made_over_a_vault_or_a_part_of_one() {
    let dir = tempfile::tempdir().expect("a folder");
    make(dir.path(), "a");
    let refuse = |path: &Path| NewVault::prepare(path, None, CHEAP).expect_err("occupied");
    assert!(matches!(refuse(dir.path()), VaultError::Occupied(_)));
    std::fs::remove_file(dir.path().join(files::VAULT_JSON)).expect("removed");
    assert!(
        matches!(refuse(dir.path()), VaultError::Occupied(_)),
        "a database without its slots is still somebody's"
    );
}

#[test]
fn a_rotation_keeps_every_way_in_and_the_old_key_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut vault, old, code) = make(dir.path(), "correct horse");
    let (generation, path) = vault.next_database();
    std::fs::write(&path, b"new").expect("written");
    let next = VaultKey::make_next().expect("random");
    vault.commit_rotation(&next, generation, Keyring::Off).expect("committed");
    let vault = VaultDir::open(dir.path()).expect("opens");
    assert_eq!(vault.unlock_with_passphrase(&words("correct horse")).expect("fits"), next);
    assert_eq!(vault.unlock_with_recovery(&code).expect("fits"), next);
    assert!(next != old);
    vault.sweep();
    assert!(vault.database().exists() && !dir.path().join("satchel-1.db").exists());
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let (vault, _, _) = make(dir.path(), "a");
    let held = lock_folder(vault.path(), "The app").expect("free");
    let VaultError::InUse { holder } = lock_folder(vault.path(), "The CLI").expect_err("held") else {
        panic!()
    };
    assert!(holder.starts_with("The app (process "), "{holder}");
    drop(held);
    lock_folder(vault.path(), "The CLI").expect("free again");
}

#[test]
fn damaged_and_newer_files_are_told_apart() {
    let dir = tempfile::tempdir().expect("a folder");
    make(dir.path(), "a");
    std::fs::remove_file(dir.path().join(files::VAULT_COPY)).expect("removed");
    let path = dir.path().join(files::VAULT_JSON);
    let text = std::fs::read_to_string(&path).expect("read").replace("\"sum\"", "\"other\"");
    let open = |text: &str| {
        std::fs::write(&path, text).expect("written");
        VaultDir::open(dir.path())
    };
    assert!(matches!(
        open(&text.replace("\"format\": 1", "\"format\": 99")),
        Err(VaultError::Newer { found: 99 })
    ));
    for cut in [0, 1, text.len() / 2] {
        assert!(matches!(open(&text[..cut]), Err(VaultError::Damaged { .. })));
    }
    assert!(matches!(VaultDir::open(&dir.path().join("nowhere")), Err(VaultError::Missing(_))));
}

#[test]
fn secrets_do_not_print() {
    let key = VaultKey::make().expect("random");
    let shown = format!("{key:?} {:?} {:?}", words("hunter2"), RecoveryCode::make().expect("random"));
    assert_eq!(shown, "VaultKey(…) Passphrase(…) RecoveryCode(…)");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// Any passphrase opens its own slot and no other; any kit is found in whatever is typed around it.
    #[test]
    fn slots_open_by_their_own_words_only(own in "\\PC{1,40}", other in "\\PC{1,40}", around in "[ \\n.]{0,8}") {
        use unicode_normalization::UnicodeNormalization;
        let same = own.nfkc().eq(other.nfkc());
        let (Ok(own), Ok(other)) = (Passphrase::new(&own), Passphrase::new(&other)) else { return Ok(()) };
        let (key, vault) = (VaultKey::make().expect("random"), Uuid::now_v7());
        let slot = Slot::for_passphrase(&own, CHEAP, vault, 1, &key).expect("sealed");
        let opened = |with: &Passphrase| slot.open_with_passphrase(with, vault, 1);
        proptest::prop_assert!(opened(&own).is_some_and(|k| k == key));
        proptest::prop_assert_eq!(opened(&other).is_some(), same);
        proptest::prop_assert!(slot.open_with_passphrase(&own, Uuid::now_v7(), 1).is_none());
        let code = RecoveryCode::make().expect("random");
        let text = code.text().to_string();
        let typed = format!("{around}{}{around}", text.to_lowercase());
        proptest::prop_assert_eq!(RecoveryCode::find(&typed).map(|c| c.text().to_string()), Some(text));
    }
}

#[test]
fn any_bit_of_a_vaults_file_may_flip() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, key, _) = make(dir.path(), "correct horse");
    let [file, copy] = [files::VAULT_JSON, files::VAULT_COPY].map(|name| dir.path().join(name));
    let bytes = std::fs::read(&file).expect("read");
    assert_eq!(std::fs::read(&copy).expect("read"), bytes);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&file, &flipped).expect("written");
        let vault = VaultDir::open(dir.path()).expect("the copy is there");
        assert_eq!(vault.file.check, Some(key.check()), "byte {at}");
    }
    // Mended, and noted.
    let vault = VaultDir::open(dir.path()).expect("opens");
    vault.sweep();
    assert_eq!(std::fs::read(&file).expect("read"), bytes);
    assert_eq!(notes::read(dir.path()).len(), 1);
    // The copy, too.
    std::fs::write(&copy, b"{}").expect("written");
    vault.sweep();
    assert_eq!(std::fs::read(&copy).expect("read"), bytes);
    // Of both there is no other.
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    for path in [&file, &copy] {
        std::fs::write(path, &flipped).expect("written");
    }
    assert!(matches!(VaultDir::open(dir.path()), Err(VaultError::Damaged { .. })));
}

#[test]
fn no_passphrase_of_before_stays_in_the_copy() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut vault, key, _) = make(dir.path(), "before");
    vault.set_passphrase(&key, &words("after"), CHEAP).expect("set");
    std::fs::write(dir.path().join(files::VAULT_JSON), b"{").expect("written");
    let vault = VaultDir::open(dir.path()).expect("the copy is there");
    assert!(vault.unlock_with_passphrase(&words("before")).is_err());
    assert_eq!(vault.unlock_with_passphrase(&words("after")).expect("fits"), key);
}

#[test]
fn a_vault_that_somebody_was_cut_off_from_making_can_be_made() {
    let dir = tempfile::tempdir().expect("a folder");
    let (cut, _) = NewVault::prepare(dir.path(), None, CHEAP).expect("prepared");
    for end in ["", "-wal"] {
        std::fs::write(format!("{}{end}", cut.database().display()), b"half").expect("written");
    }
    make(dir.path(), "a");
    // What has keyslots is a vault, whatever was left beside it.
    std::fs::write(dir.path().join(MAKING), VaultFile::database_of(1)).expect("written");
    assert!(matches!(NewVault::prepare(dir.path(), None, CHEAP), Err(VaultError::Occupied(_))));
    assert!(dir.path().join("satchel-1.db").exists());
    VaultDir::open(dir.path()).expect("opens").sweep();
    assert!(!dir.path().join(MAKING).exists());
}
