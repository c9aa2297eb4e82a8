//! The built `satchel-server`.

use crate::{bin, figures::peak_memory};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// The built server, which can be killed at any moment.
pub struct Program {
    pub dir: tempfile::TempDir,
    listen: String,
    environment: Vec<(&'static str, String)>,
    process: Option<Child>,
    /// The address with what registers a team.
    pub setup: String,
}

impl Program {
    pub fn start() -> Self {
        Self::with("")
    }

    /// With a configuration.
    pub fn with(config: &str) -> Self {
        Self::among(config, Vec::new())
    }

    /// With a configuration, and what its surroundings say.
    pub fn among(config: &str, environment: Vec<(&'static str, String)>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("server.toml"), config).unwrap();
        let listen = "127.0.0.1:0".into();
        let mut program = Self { dir, listen, environment, process: None, setup: String::new() };
        program.again();
        program
    }

    /// On the same port, as a service would.
    pub fn again(&mut self) {
        let mut process = Command::new(bin("satchel-server"))
            .args(["--json", "--listen", &self.listen, "--config"])
            .arg(self.dir.path().join("server.toml"))
            .arg("--data")
            .arg(self.dir.path().join("data"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
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

    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    pub fn peak_memory(&self) -> f64 {
        self.process.as_ref().map_or(0.0, |process| peak_memory(process.id()))
    }

    /// Whether all that it keeps holds together, and what it says of it.
    pub fn check(&self) -> (bool, Value) {
        let out = Command::new(bin("satchel-server"))
            .args(["--json", "check", "--config"])
            .arg(self.dir.path().join("server.toml"))
            .arg("--data")
            .arg(self.dir.path().join("data"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        (out.status.success(), serde_json::from_slice(&out.stdout).unwrap_or_default())
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
