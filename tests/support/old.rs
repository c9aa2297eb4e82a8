//! Vaults as earlier versions have left them.

use crate::PASSPHRASE;
use rusqlite::Connection;
use satchel_app::Passphrase;
use satchel_vault::VaultDir;
use std::{fs, path::Path};

/// The steps by which the base tables have grown, the first one first.
const STEPS: &[&str] = &[
    include_str!("../../crates/storage/src/migrations/0001_base.sql"),
    include_str!("../../crates/storage/src/migrations/0002_cheaper_edits.sql"),
    include_str!("../../crates/storage/src/migrations/0003_team.sql"),
    include_str!("../../crates/storage/src/migrations/0004_snapshots.sql"),
    include_str!("../../crates/storage/src/migrations/0005_audit.sql"),
    include_str!("../../crates/storage/src/migrations/0006_backup.sql"),
    include_str!("../../crates/storage/src/migrations/0007_sync_log.sql"),
];

/// Every schema that a vault can have been written with.
pub fn versions() -> std::ops::RangeInclusive<usize> {
    1..=STEPS.len()
}

/// Makes a closed vault one of an earlier schema: its base tables, with what it had of the rows, and no projections.
pub fn make_old(vault: &Path, version: usize) {
    let dir = VaultDir::open(vault).unwrap();
    let key = dir.unlock_with_passphrase(&Passphrase::new(PASSPHRASE).unwrap()).unwrap();
    let key = key.expose_as_sqlcipher_key();
    let old = vault.join("old");
    let db = Connection::open(&old).unwrap();
    db.pragma_update(None, "key", key.as_str()).unwrap();
    for step in &STEPS[..version] {
        db.execute_batch(step).unwrap();
    }
    db.execute("ATTACH DATABASE ?1 AS now KEY ?2", [dir.database().to_str().unwrap(), key.as_str()]).unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    for table in
        names("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    {
        let shared = names(&format!(
            "SELECT name FROM pragma_table_info('{table}', 'main')
             INTERSECT SELECT name FROM pragma_table_info('{table}', 'now')"
        ));
        let columns = shared.join(", ");
        db.execute_batch(&format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}"))
            .unwrap();
    }
    if version == 1 {
        db.execute_batch(
            "INSERT INTO main.operation_record SELECT seq, row, before, after FROM now.operation WHERE row IS NOT NULL",
        )
        .unwrap();
    }
    db.execute_batch(&format!(
        "UPDATE main.setting SET value = '' WHERE key = 'projection'; PRAGMA main.user_version = {version}; DETACH now"
    ))
    .unwrap();
    db.close().unwrap();
    fs::rename(old, dir.database()).unwrap();
}
