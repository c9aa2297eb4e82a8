//! A vault's file: the text of a recovery kit in the first line, then vault.json.
#![no_main]

use satchel_vault::{RecoveryCode, VaultDir};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|b| *b == b'\n').unwrap_or(data.len());
    let (kit, json) = data.split_at(end);
    let kit = satchel_fuzz::text(kit);
    if let Some(code) = RecoveryCode::find(&kit) {
        let again = RecoveryCode::parse(&code.text()).expect("a code is read as it is printed");
        assert_eq!(*again.text(), *code.text());
    }
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder");
    std::fs::write(dir.path().join("vault.json"), json).expect("written");
    let Ok(vault) = VaultDir::open(dir.path()) else { return };
    let _ = (vault.id(), vault.has_passphrase(), vault.database());
    for slot in vault.slots() {
        slot.recipient_key();
    }
    let _ = vault.unlock_with_recovery_text(&kit);
});
