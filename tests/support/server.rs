//! The built `satchel-server`.

use crate::bin;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// The built server, which can be killed at any moment.
pub struct Program {
    pub dir: tempfile::TempDir,
    listen: String,
    process: Option<Child>,
    /// The address with what registers a team.
    pub setup: String,
}

impl Program {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut program = Self { dir, listen: "127.0.0.1:0".into(), process: None, setup: String::new() };
        program.again();
        program
    }

    /// On the same port, as a service would.
    pub fn again(&mut self) {
        let mut process = Command::new(bin("satchel-server"))
            .args(["--json", "--listen", &self.listen, "--data"])
            .arg(self.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        self.setup = said["setup"].as_str().unwrap().to_owned();
        self.listen = said["listening"].as_str().unwrap().trim_start_matches("http://").to_owned();
        self.process = Some(process);
    }

    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
