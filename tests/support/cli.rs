//! The built `satchel` in a world of its own.

use crate::{PASSPHRASE, bin};
use serde_json::Value;
use std::{
    path::PathBuf,
    process::{Command, Output},
};

pub struct Cli {
    pub dir: tempfile::TempDir,
}

impl Cli {
    /// A folder without a vault.
    pub fn bare() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// With a vault called Acme.
    pub fn new() -> Self {
        let cli = Self::bare();
        cli.json(&["init", "--name", "Acme", "--person", "Ana"]);
        cli
    }

    pub fn vault(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(bin("satchel"));
        command
            .args(args)
            .env("SATCHEL_VAULT", self.vault())
            .env("SATCHEL_STATE", self.dir.path().join("state"));
        command
            .env("SATCHEL_PASSPHRASE", PASSPHRASE)
            .current_dir(self.dir.path())
            .stdin(std::process::Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The answer of a command that must succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        let out = self.run(&[&["--json"], args].concat());
        let error = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{args:?}: {error}");
        serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&out.stdout)))
    }

    /// The exit code and error of a command that must fail.
    pub fn refuse(&self, args: &[&str]) -> (i32, Value) {
        let out = self.run(&[&["--json"], args].concat());
        assert!(!out.status.success(), "{args:?} must be refused: {}", String::from_utf8_lossy(&out.stdout));
        let error: Value = serde_json::from_slice(&out.stderr)
            .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&out.stderr)));
        (out.status.code().unwrap_or(-1), error["error"].clone())
    }
}

impl Default for Cli {
    fn default() -> Self {
        Self::new()
    }
}
