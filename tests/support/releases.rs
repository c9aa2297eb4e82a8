//! New versions as they would be published: signed lists and packages on a real server, with a key that is made here, and small
//! programs in the place of AppImages.

use base64::{Engine, engine::general_purpose::STANDARD};
use minisign::KeyPair;
use satchel_app::update::{Configured, Installed, Updating};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Gives what was put into it, and nothing else.
#[derive(Clone)]
struct Server {
    port: u16,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Between two pieces of a package.
    slow: Arc<Mutex<Duration>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, files: Arc::default(), asked: Arc::default(), slow: Arc::default() };
        let own = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                thread::spawn(move || drop(own.answer(&stream)));
            }
        });
        server
    }

    fn answer(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut head = String::new();
        let mut lines = BufReader::new(stream);
        while lines.read_line(&mut head).is_ok_and(|n| n > 2) {}
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let file = self.files.lock().unwrap().get(&path).cloned();
        self.asked.lock().unwrap().push(head);
        match file {
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?,
            Some(bytes) => {
                stream.write_all(
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len()).as_bytes(),
                )?;
                for piece in bytes.chunks(64 << 10) {
                    stream.write_all(piece)?;
                    thread::sleep(*self.slow.lock().unwrap());
                }
            }
        }
        stream.shutdown(std::net::Shutdown::Both)
    }
}

/// A computer on which a version runs as an AppImage, and a server of new ones.
pub struct Releases {
    pub dir: tempfile::TempDir,
    server: Server,
    pair: KeyPair,
}

/// A program that answers its check, and else does what it is told.
pub fn program(version: &str, then: &str) -> Vec<u8> {
    format!("#!/bin/sh\nif [ \"$1\" = --self-check ]; then echo 'satchel {version}'; exit 0; fi\n{then}\n")
        .into_bytes()
}

pub fn write_program(path: &Path, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Releases {
    /// Lists that are signed by a key which another tool has.
    pub fn signed_by(running: &[u8], pair: KeyPair) -> Self {
        Self { pair, ..Self::new(running) }
    }

    /// The version that runs lies in `Satchel.AppImage`.
    pub fn new(running: &[u8]) -> Self {
        let releases = Self {
            dir: tempfile::tempdir().unwrap(),
            server: Server::start(),
            pair: KeyPair::generate_unencrypted_keypair().unwrap(),
        };
        write_program(&releases.image(), running);
        releases
    }

    pub fn image(&self) -> PathBuf {
        self.dir.path().join("Satchel.AppImage")
    }

    /// Where the host keeps what it knows.
    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub fn key(&self) -> String {
        STANDARD.encode(self.pair.pk.to_box().unwrap().into_string())
    }

    pub fn lists(&self) -> String {
        format!("http://127.0.0.1:{}/", self.server.port)
    }

    /// A piece of a package comes after so long.
    pub fn slow_down(&self, pause: Duration) {
        *self.server.slow.lock().unwrap() = pause;
    }

    /// The paths that were asked for.
    pub fn asked(&self) -> Vec<String> {
        let heads = self.server.asked.lock().unwrap();
        heads.iter().filter_map(|head| head.split(' ').nth(1).map(str::to_owned)).collect()
    }

    /// What a version sees that runs from the image, with its state in a folder.
    pub fn seen_from(&self, version: &str, state: &Path) -> Updating {
        let configured = Configured { key: self.key(), lists: self.lists(), page: String::new() };
        let image = self.image();
        Updating::new(
            configured,
            state.to_owned(),
            version.parse().unwrap(),
            (Installed::AppImage(image.clone()), &image),
        )
    }

    /// Signs as `tauri signer sign` does, with the version in the comment that is signed too.
    fn sign(&self, bytes: &[u8], version: &str) -> String {
        let comment = format!("timestamp:1796000000\tfile:Satchel.AppImage\tversion:{version}");
        let signed = minisign::sign(None, &self.pair.sk, bytes, Some(&comment), None).unwrap();
        STANDARD.encode(signed.into_string())
    }

    /// Puts a version into the list, with its package.
    pub fn publish(&self, version: &str, package: &[u8]) {
        let target = format!("linux-{}-appimage", std::env::consts::ARCH);
        self.publish_list(&json!({
            "version": version,
            "channel": "stable",
            "pub_date": "2026-12-01T08:00:00Z",
            "notes": "- Lists open twice as fast.\n- A quote can be sent from the board.",
            "notes_zh": "- 列表打开速度提高一倍。\n- 可以在看板上直接发送报价单。",
            "platforms": { target: {
                "url": format!("{}package", self.lists()), "signature": self.sign(package, version), "size": package.len(),
            } }
        }));
        self.server.files.lock().unwrap().insert("/package".into(), package.to_vec());
    }

    /// Puts a file on the server as it is.
    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.server.files.lock().unwrap().insert(path.to_owned(), bytes);
    }

    pub fn publish_list(&self, list: &Value) {
        let bytes = list.to_string().into_bytes();
        let signature = self.sign(&bytes, "0").into_bytes();
        let mut files = self.server.files.lock().unwrap();
        files.insert("/stable.json.sig".into(), signature);
        files.insert("/stable.json".into(), bytes);
    }
}
