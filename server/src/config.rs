//! What can be set, by a file, the environment or the command line, in this order; nothing has to be.

use crate::version::Version;
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where it listens. Port 0 picks one.
    pub listen: SocketAddr,
    /// Where SQLite's file lies.
    pub data: PathBuf,
    /// PostgreSQL instead, for several nodes.
    pub database_url: Option<String>,
    /// `s3://bucket/prefix` for the pieces of attachments, where several nodes share them; else a folder in `data`.
    pub blobs: Option<String>,
    /// Anyone may register a workspace: in tests, or a network that is one's own.
    pub open: bool,
    /// How devices reach it, where that is not what it listens on: `https://sync.example.com`.
    pub address: Option<String>,
    pub tls: Option<Tls>,
    /// Whether a proxy stands before it, whose `X-Forwarded-For` names the network address.
    pub proxy: bool,
    /// Nobody is served whose address is not one of a local network.
    pub local_only: bool,
    /// Older clients are told to update, and get nothing else.
    pub least_client: Option<Version>,
    pub limits: Limits,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM files.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub connections: usize,
    /// Of one network address, where no proxy stands before the server; this computer's own are not counted.
    pub connections_per_address: usize,
    /// Bytes of requests that are in memory at once.
    pub memory: usize,
    /// Bytes of one workspace.
    pub workspace_bytes: u64,
    pub workspaces: u64,
    /// Requests a second, of one device and of one network address.
    pub per_device: u32,
    pub per_address: u32,
    /// Seconds that a client may be silent in the middle of something.
    pub patience: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4818)),
            data: PathBuf::from("satchel-server-data"),
            database_url: None,
            blobs: None,
            open: false,
            address: None,
            tls: None,
            proxy: false,
            local_only: false,
            least_client: None,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 1_000,
            memory: 512 << 20,
            workspace_bytes: 20 << 30,
            workspaces: 10_000,
            per_device: 50,
            per_address: 500,
            patience: 20,
        }
    }
}

impl Limits {
    /// Of a relay on somebody's own computer, for one team in one office.
    pub fn of_an_office() -> Self {
        Self {
            connections: 256,
            connections_per_address: 32,
            memory: 128 << 20,
            workspace_bytes: 5 << 30,
            workspaces: 1,
            per_device: 50,
            per_address: 200,
            patience: 20,
        }
    }
}

impl Config {
    /// From a TOML text; what it does not name is as usual.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|e| e.to_string())
    }
}
