//! What the tests share: a vault of their own, the built programs, and the real window.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, clippy::indexing_slicing)]

pub mod browser;
pub mod bucket;
pub mod cli;
#[cfg(target_os = "linux")]
pub mod faulty;
pub mod figures;
pub mod look;
pub mod old;
pub mod peer;
pub mod postgres;
pub mod proxy;
pub mod reaction;
#[cfg(unix)]
pub mod releases;
pub mod server;
pub mod team;

use satchel_app::{Cost, CreateVault, Keyring, Passphrase, Satchel, Session};
use std::sync::Arc;

/// Argon2 at no cost: what it costs is tested where it matters.
pub const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };
pub const PASSPHRASE: &str = "correct horse";

/// An open vault in a folder of its own.
pub struct Laptop {
    pub dir: tempfile::TempDir,
    pub satchel: Satchel,
    pub session: Arc<Session>,
    pub kit: Vec<String>,
}

impl Laptop {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let satchel = Satchel::new(&dir.path().join("vault"), "A test");
        let created = satchel
            .create(CreateVault {
                workspace: "Acme".into(),
                person: "Ana".into(),
                device: "laptop".into(),
                passphrase: Some(Passphrase::new(PASSPHRASE).unwrap()),
                keyring: Keyring::Off,
                cost: CHEAP,
                joins: None,
            })
            .unwrap();
        Self { dir, satchel, session: created.session, kit: created.kit.groups }
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Default for Laptop {
    fn default() -> Self {
        Self::new()
    }
}

/// The folder of the built programs.
pub fn bin(name: &str) -> std::path::PathBuf {
    let dir = std::env::var_os("SATCHEL_BIN").map(std::path::PathBuf::from).unwrap_or_else(|| {
        let mut dir = std::env::current_exe().unwrap();
        dir.pop();
        dir.pop();
        dir
    });
    let path = dir.join(name);
    assert!(path.exists(), "{} is not built: run `cargo xtask test`", path.display());
    path
}
