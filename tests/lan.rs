//! One office: a computer of the team hosts the relay, the others find it. Real processes, real multicast.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use mdns_sd::{IfKind, ServiceDaemon, ServiceEvent, ServiceInfo};
use satchel_server::{Server, config::Config};
use satchel_tests::{cli::Cli, team::Device};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const SERVICE: &str = "_satchel._tcp.local.";

/// `satchel relay`, which can be told to end, and killed.
struct Relay(Option<Child>, String);

impl Relay {
    fn start(cli: &Cli, listen: &str) -> Self {
        let mut process = cli
            .command(&["--json", "relay", "--listen", listen])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        assert!(said["listening"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{said}");
        Self(Some(process), said["address"].as_str().unwrap().to_owned())
    }

    fn stop(mut self) {
        let mut process = self.0.take().unwrap();
        let told = Command::new("kill").arg(process.id().to_string()).status().unwrap();
        let start = Instant::now();
        let status = process.wait().unwrap();
        assert!(told.success() && status.success(), "{told} {status}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Ana and Bo, who have met in a folder and left it.
fn two() -> (Cli, Cli) {
    let (ana, bo) = (Cli::new(), Cli::bare());
    let folder = ana.dir.path().join("shared");
    std::fs::create_dir(&folder).unwrap();
    let folder = folder.display().to_string();
    ana.json(&["remote", "add", &folder]);
    let link = ana.json(&["invite"])["link"].as_str().unwrap().to_owned();
    let join = ["join", &link, "--person", "Bo", "--device", "Bo's laptop"];
    assert_eq!(bo.refuse(&[&join[..], &["--wait", "0s"]].concat()).0, 6);
    ana.json(&["approve"]);
    bo.json(&[&join[..], &["--wait", "20s"]].concat());
    for cli in [&ana, &bo] {
        cli.json(&["sync"]);
        cli.json(&["remote", "remove", "shared"]);
    }
    (ana, bo)
}

fn names(cli: &Cli) -> Vec<String> {
    let list = cli.json(&["list", "person", "--sort", "first_name"]);
    let name = |row: &Value| row["fields"]["first_name"].as_str().unwrap_or_default().to_owned();
    list["rows"].as_array().unwrap().iter().map(name).collect()
}

fn files_in(folder: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    files.filter(|f| f.path().is_file()).map(|f| std::fs::read(f.path()).unwrap()).collect()
}

#[test]
fn an_office_meets_at_the_computer_that_hosts() {
    let (ana, bo) = two();
    assert_eq!(bo.json(&["remote", "find", "--wait", "1"])["found"], json!([]), "nobody hosts");
    ana.json(&["new", "person", "first_name=Canaryane", "notes=canaryword"]);
    let relay = Relay::start(&ana, "127.0.0.1:0");
    let start = Instant::now();
    let found = bo.json(&["remote", "find", "--wait", "3"])["found"][0].clone();
    assert_eq!((&found["address"], &found["person"]), (&json!(relay.1), &json!("Ana")), "{found}");
    assert_eq!(found["connected"], false);
    println!("found in {:?}: {found}", start.elapsed());
    let url = found["url"].as_str().unwrap().to_owned();
    let added = bo.json(&["remote", "add", &relay.1]);
    assert_eq!((&added["kind"], &added["name"]), (&json!("relay"), &found["name"]), "{added}");
    bo.json(&["new", "person", "first_name=Zoe"]);
    let start = Instant::now();
    let synced = bo.json(&["sync"]);
    assert_eq!((&synced["pending"], &synced["pulled"]), (&json!(0), &json!(1)), "{synced}");
    println!("a sync by lan: took {:?}", start.elapsed());
    assert_eq!(names(&bo), ["Canaryane", "Zoe"]);
    // Its address in this network does, too.
    bo.json(&["remote", "add", &url]);
    assert_eq!(bo.json(&["sync"])["remotes"][1]["ok"], true);
    bo.json(&["remote", "remove", url.trim_start_matches("http://")]);

    // Without its host an office waits, and nothing is lost.
    std::thread::sleep(Duration::from_millis(500));
    relay.stop();
    bo.json(&["new", "person", "first_name=Waits"]);
    let start = Instant::now();
    let (code, error) = bo.refuse(&["sync"]);
    assert_eq!((code, &error["code"]), (7, &json!("unreachable")), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let report: Value = serde_json::from_slice(&bo.run(&["--json", "sync"]).stdout).unwrap();
    let said = report["remotes"][0]["error"].as_str().unwrap();
    assert!(said.contains("is that computer on"), "{said}");
    assert_eq!(bo.json(&["status"])["pending"], 1);
    assert_eq!(names(&ana), ["Canaryane", "Zoe"], "what Bo wrote is with Ana");
    let nobody = format!("lan:{}", "0".repeat(32));
    assert_eq!(bo.refuse(&["remote", "add", &nobody]).0, 7);
    assert_eq!(bo.refuse(&["remote", "add", "lan:Ana"]).0, 2);

    // Elsewhere, killed, and elsewhere again: Bo goes by who hosts.
    let relay = Relay::start(&ana, "127.0.0.1:0");
    bo.json(&["sync"]);
    assert_eq!(bo.json(&["status"])["pending"], 0);
    drop(relay);
    bo.json(&["new", "person", "first_name=Later"]);
    assert_eq!(bo.refuse(&["sync"]).0, 7);
    let relay = Relay::start(&ana, "127.0.0.1:0");
    bo.json(&["sync"]);
    std::thread::sleep(Duration::from_millis(500));
    relay.stop();
    assert_eq!(names(&ana), names(&bo));
    assert_eq!(names(&ana), ["Canaryane", "Later", "Waits", "Zoe"]);

    // The relay lies in the vault's folder: ciphertext, and in nobody's way.
    let stored = files_in(&ana.vault().join("relay"));
    assert!(stored.iter().map(Vec::len).sum::<usize>() > 4096);
    for word in ["anaryane", "canaryword", "Zoe", "first_name", "Acme", "Bo's laptop"] {
        let has = |bytes: &Vec<u8>| bytes.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(!stored.iter().any(has), "«{word}»");
    }
    ana.json(&["keys", "rotate"]);
    assert_eq!(ana.json(&["verify"])["ok"], true);
    assert_eq!(ana.refuse(&["remote", "add", &ana.vault().join("relay").display().to_string()]).0, 4);
    let store = Config { data: ana.vault().join("relay"), ..Config::default() };
    let report = tokio::runtime::Runtime::new().unwrap().block_on(async {
        satchel_server::check::check(&*satchel_server::open(&store).await.unwrap()).await.unwrap()
    });
    assert!(report.wrong.is_empty() && report.workspaces == 1, "{report:?}");
    // One command of the host alone meets at its own relay, too; and so does what changes the team.
    assert_eq!(ana.json(&["sync"])["pending"], 0);
    assert!(ana.json(&["invite"])["link"].is_string());

    // Bo has not founded the team, and hosts all the same.
    bo.json(&["remote", "remove", found["name"].as_str().unwrap()]);
    Relay::start(&bo, "127.0.0.1:0").stop();
    let synced = bo.json(&["sync"]);
    assert_eq!((&synced["remotes"][0]["ok"], &synced["pending"]), (&json!(true), &json!(0)), "{synced}");
}

/// What somebody in the network can say who has heard a host: the same, of another place.
struct Forger {
    daemon: ServiceDaemon,
    said: Vec<(String, String)>,
}

impl Forger {
    fn hear(url: &str) -> Self {
        let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
        let daemon = ServiceDaemon::new().unwrap();
        daemon.disable_interface(IfKind::IPv6).unwrap();
        let events = daemon.browse(SERVICE).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let event = events.recv_deadline(until).expect("the host is heard");
            let ServiceEvent::ServiceResolved(service) = event else { continue };
            if service.get_port() == port {
                assert_eq!(service.get_fullname().len(), 16 + 1 + SERVICE.len(), "a name of chance");
                let said = service.get_properties().iter();
                let said = said.map(|p| (p.key().to_owned(), p.val_str().to_owned())).collect();
                return Self { daemon, said };
            }
        }
    }

    fn claim(&self, name: &str, port: u16) {
        let host = format!("{name}.local.");
        let info = ServiceInfo::new(SERVICE, name, &host, "127.0.0.1", port, &self.said[..]).unwrap();
        self.daemon.register(info).unwrap();
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        let _ = self.daemon.shutdown();
    }
}

/// Answers everything with the same.
fn answers(body: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = (&stream).read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = (&stream).write_all(&[head.as_bytes(), body].concat());
        }
    });
    port
}

#[test]
fn who_claims_to_be_the_host_does_no_harm() {
    let (ana, bo) = two();
    let relay = Relay::start(&ana, "127.0.0.1:0");
    let url = bo.json(&["remote", "find"])["found"][0]["url"].as_str().unwrap().to_owned();
    bo.json(&["remote", "add", &relay.1]);
    let forger = Forger::hear(&url);
    let (runtime, dir) = (tokio::runtime::Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: dir.path().to_owned(),
        open: true,
        ..Config::default()
    };
    let other_team = runtime.block_on(Server::start(config)).unwrap();
    // Nobody, somebody who talks nonsense, and a server of another team; each is asked before the host.
    forger.claim("0a", 1);
    forger.claim("0b", answers(b"<html>"));
    forger.claim("0c", answers(&[0x80]));
    forger.claim("0d", other_team.address.port());
    std::thread::sleep(Duration::from_secs(2));
    bo.json(&["new", "person", "first_name=Zoe"]);
    for _ in 0..5 {
        let start = Instant::now();
        let synced = bo.json(&["sync"]);
        assert_eq!((&synced["pending"], &synced["remotes"][0]["ok"]), (&json!(0), &json!(true)), "{synced}");
        println!("with four who claim to be the host a sync took {:?}", start.elapsed());
    }
    std::thread::sleep(Duration::from_millis(500));
    relay.stop();
    assert_eq!(names(&ana), ["Zoe"]);
    // Alone, they are no team's place.
    bo.json(&["new", "person", "first_name=Yan"]);
    let (code, error) = bo.refuse(&["sync"]);
    assert!(code == 7 || code == 4, "{error}");
    assert_eq!(bo.json(&["status"])["pending"], 1);
    assert_eq!(bo.json(&["verify"])["ok"], true);
    let relay = Relay::start(&ana, "127.0.0.1:0");
    bo.json(&["sync"]);
    std::thread::sleep(Duration::from_millis(500));
    relay.stop();
    assert_eq!(names(&ana), ["Yan", "Zoe"]);
    runtime.block_on(other_team.stop());
}

/// As the app does it: switched on, joined by a newcomer of the same office, locked, switched off.
#[test]
fn a_newcomer_joins_the_office_and_a_locked_host_goes_on() {
    let mut ana = Device::at("Ana", None, "");
    assert!(ana.satchel.host().unwrap().urls.is_empty(), "off until it is asked for");
    let host = ana.satchel.set_host(true).unwrap();
    assert!(host.wanted && host.problem.is_none() && !host.urls.is_empty(), "{host:?}");
    assert_eq!(host, ana.satchel.set_host(true).unwrap(), "on is on");
    ana.sync();
    let valid = Duration::from_secs(600);
    let link = ana.session().invite(satchel_app::Role::Member, valid).unwrap().link;
    let bo = Cli::bare();
    let mut joining = bo
        .command(&["--json", "join", &link, "--person", "Bo", "--wait", "30s"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(25);
    while ana.session().requests().unwrap().is_empty() {
        assert!(Instant::now() < until, "Bo did not ask");
        std::thread::sleep(Duration::from_millis(100));
    }
    ana.session().approve(None).unwrap();
    assert!(joining.wait().unwrap().success());
    assert_eq!(bo.json(&["remote", "list"])["remotes"][0]["name"], "Ana's laptop");

    // What is served while the vault is locked is what Bo has sent himself.
    ana.session = None;
    ana.satchel.lock();
    bo.json(&["new", "person", "first_name=Zoe"]);
    assert_eq!(bo.json(&["sync"])["pending"], 0);
    let own = Cli { dir: tempfile::tempdir().unwrap() };
    let vault = ana.satchel.path().display().to_string();
    let second = own.run(&["--json", "--vault", &vault, "relay"]);
    assert_eq!(second.status.code(), Some(3), "{}", String::from_utf8_lossy(&second.stderr));
    ana.reopen();
    assert!(ana.satchel.host().unwrap().urls.contains(&host.urls[0]), "it never went away");
    ana.sync();
    assert_eq!(ana.shown().len(), 1);

    let off = ana.satchel.set_host(false).unwrap();
    assert!(!off.wanted && off.urls.is_empty());
    assert!(ana.session().remotes().unwrap().is_empty());
    assert_eq!(bo.refuse(&["sync"]).0, 7);
    let again = ana.satchel.set_host(true).unwrap();
    assert_eq!(again.urls, host.urls, "at the same port");
    bo.json(&["new", "person", "first_name=Yan"]);
    assert_eq!(bo.json(&["sync"])["pending"], 0);
    ana.sync();
    assert_eq!(ana.shown().len(), 2);
}
