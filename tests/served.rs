//! Laptops that meet at a server: whatever the network does, whatever the server is or was, all end with the
//! same, or are told by name what is wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use satchel_app::{
    Cancel, Code, Role,
    domain::{Kind, Uuid},
    views::SyncReport,
};
use satchel_protocol::{Kept, News, Segment, WorkspaceId, encode_all};
use satchel_server::{Server, config::Config};
use satchel_tests::{
    bucket::{self, BUCKET, Bucket},
    cli::Cli,
    figures::tell,
    proxy::{Act, Proxy},
    server::Program,
    team::{Device, Step, act, agree, cases, copy_all, fields, join, settle, step, team_of},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// A server that can be stopped, and become what it was, behind a network.
struct Place {
    runtime: Runtime,
    dir: tempfile::TempDir,
    server: Option<Server>,
    setup: String,
    proxy: Proxy,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let proxy = Proxy::before("");
        let mut place = Self { runtime, dir, server: None, setup: String::new(), proxy };
        place.start();
        let token = place.server.as_ref().unwrap().setup.split_once('#').unwrap().1.to_owned();
        place.setup = format!("{}/#{token}", place.proxy.url);
        place
    }

    fn start(&mut self) {
        let mut config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data: self.dir.path().join("data"),
            ..Config::default()
        };
        (config.limits.per_device, config.limits.per_address) = (100_000, 100_000);
        let server = self.runtime.block_on(Server::start(config)).unwrap();
        self.proxy.lead_to(&server.url);
        self.server = Some(server);
    }

    fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A copy of what the server has, made while it stands.
    fn keep_copy(&mut self) {
        let (data, copy) = (self.data(), self.dir.path().join("copy"));
        let ran = self.server.is_some();
        self.stop();
        copy_all(&data, &copy);
        if ran {
            self.start();
        }
    }

    fn become_copy(&mut self) {
        let copy = self.dir.path().join("copy");
        if copy.exists() {
            self.stop();
            std::fs::remove_dir_all(self.data()).unwrap();
            copy_all(&copy, &self.data());
            self.start();
        }
    }

    fn team(&self, others: &[(&str, Role)]) -> Vec<Device> {
        team_of(Device::at("Ana", None, &self.setup), others)
    }
}

/// Numbers that a seed gives.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn bad_network(seed: u64) -> impl FnMut(&str, &str) -> Act + Send + 'static {
    let mut dice = Dice(seed);
    move |_, _| match dice.throw(10) {
        0 => Act::LoseRequest,
        1 => Act::LoseAnswer,
        2 => Act::Twice,
        3 => Act::Cut,
        4 => Act::Wait(Duration::from_millis(dice.throw(5))),
        _ => Act::Pass,
    }
}

#[derive(Clone, Debug)]
enum Happening {
    Step(Step),
    Bad(u64),
    Calm,
    Down,
    Up,
    KeepCopy,
    OldCopy,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        30 => step().prop_map(Happening::Step),
        2 => any::<u64>().prop_map(Happening::Bad),
        1 => Just(Happening::Calm),
        1 => Just(Happening::Down),
        2 => Just(Happening::Up),
        1 => Just(Happening::KeepCopy),
        1 => Just(Happening::OldCopy),
    ]
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn whatever_network_and_server_do_all_end_with_the_same(
        happenings in proptest::collection::vec(happening(), 20..80)
    ) {
        let mut place = Place::new();
        let mut devices = place.team(&[("Bo", Role::Member), ("Cy", Role::Admin)]);
        devices.iter_mut().for_each(|d| d.patient = true);
        for happening in &happenings {
            match happening {
                Happening::Step(step) => act(&mut devices, step),
                Happening::Bad(seed) => place.proxy.disturb(bad_network(*seed)),
                Happening::Calm => place.proxy.calm(),
                Happening::Down => place.stop(),
                Happening::Up => if place.server.is_none() { place.start() },
                Happening::KeepCopy => place.keep_copy(),
                Happening::OldCopy => {
                    place.become_copy();
                    devices.iter_mut().for_each(Device::forget);
                }
            }
        }
        place.proxy.calm();
        if place.server.is_none() {
            place.start();
        }
        // Once everybody has met the server again, nothing more may go wrong.
        settle(&devices);
        devices.iter_mut().for_each(|d| d.patient = false);
        // What it has lost for good, as an older copy of itself, is made up for once an hour.
        devices.iter().for_each(|d| { d.compact(); });
        agree(&devices);
        for device in devices.iter().chain(&devices) {
            device.compact();
        }
        devices.push(join(&devices[0], "Di", Role::Member));
        agree(&devices);
        let report = place.runtime.block_on(async {
            let config = Config { data: place.data(), ..Config::default() };
            satchel_server::check::check(&*satchel_server::open(&config).await.unwrap()).await.unwrap()
        });
        prop_assert!(report.wrong.is_empty(), "{report:?}");
    }
}

fn sync(device: &Device) -> SyncReport {
    device.session().sync(&mut |_| {}, &Cancel::default()).unwrap()
}

fn named(device: &Device) -> String {
    sync(device).remotes[0].error.clone().unwrap_or_default()
}

fn leave_out(news: &mut News, _: &[Kept], workspace: WorkspaceId) {
    for kept in &mut news.segments {
        kept.segment = Segment::decode(workspace, &kept.segment).unwrap().without(|_| true).encode();
    }
}

/// A server that lies: each lie is harmless, or named.
#[test]
fn what_a_bad_server_says_is_harmless_or_named() {
    let place = Place::new();
    let mut devices = place.team(&[("Bo", Role::Member)]);
    let other = Place::new();
    let others = other.team(&[("Eve", Role::Member)]);
    others[0].session().create(Kind::Person, &fields(json!({"first_name": "Elsewhere"}))).unwrap();
    others[0].sync();
    let foreign = std::sync::Arc::new(std::sync::Mutex::new(Vec::<Kept>::new()));
    let keep = foreign.clone();
    other.proxy.disturb(move |_, tail| match tail {
        "news" => {
            let keep = keep.clone();
            Act::Change(Box::new(move |body| {
                keep.lock().unwrap().extend(News::decode(&body).unwrap().segments);
                body
            }))
        }
        _ => Act::Pass,
    });
    others[1].sync();
    let foreign = foreign.lock().unwrap().clone();
    assert!(!foreign.is_empty());

    let workspace = devices[0].session().status().unwrap().workspace_id.parse::<Uuid>().unwrap();
    let workspace = WorkspaceId(*workspace.as_bytes());
    let news = |place: &Place, lie: fn(&mut News, &[Kept], WorkspaceId), foreign: Vec<Kept>| {
        place.proxy.disturb(move |_, tail| match tail {
            "news" => {
                let foreign = foreign.clone();
                Act::Change(Box::new(move |body| {
                    let Ok(mut news) = News::decode(&body) else { return body };
                    lie(&mut news, &foreign, workspace);
                    news.encode()
                }))
            }
            _ => Act::Pass,
        });
    };
    let changed = |ana: &Device, text: &str| {
        let id = ana.session().create(Kind::Person, &fields(json!({"first_name": text}))).unwrap().id;
        ana.sync();
        ana.session().set(id, &fields(json!({"title": text}))).unwrap();
        ana.sync();
        id
    };
    // Each lie, what it is called (nothing: harmless), and whether the truth gets through all the same.
    type Lie = (&'static str, fn(&mut News, &[Kept], WorkspaceId), &'static str, bool);
    let lies: &[Lie] = &[
        ("drops the first", |n, _, _| drop(n.segments.drain(..1.min(n.segments.len()))), "missing", false),
        ("drops all", |n, _, _| n.segments.clear(), "", false),
        ("repeats", |n, _, _| n.segments.extend(n.segments.clone()), "", true),
        ("turns round", |n, _, _| n.segments.reverse(), "", true),
        ("adds of another team", |n, foreign, _| n.segments.extend(foreign.to_vec()), "", true),
        (
            "flips a bit",
            |n, _, _| n.segments.iter_mut().for_each(|k| k.segment[300] ^= 1),
            "cannot be right",
            false,
        ),
        ("cuts", |n, _, _| n.segments.iter_mut().for_each(|k| k.segment.truncate(200)), "no answer", false),
        ("takes the keys away", |n, _, _| n.segments.iter_mut().for_each(|k| k.keys.clear()), "", false),
        (
            "gives other keys",
            |n, foreign, _| {
                n.segments.iter_mut().for_each(|k| k.keys.clone_from(&foreign[0].keys));
            },
            "",
            false,
        ),
        ("leaves entries out that no snapshot stands for", leave_out, "are left out", false),
        ("says there is always more", |n, _, _| n.more = true, "", true),
        ("counts backwards", |n, _, _| n.head = 0, "", true),
        ("moves its control log for ever", |n, _, _| n.control += 1, "again and again", false),
        (
            "answers too much",
            |n, _, _| n.segments = vec![Kept { segment: vec![0; 33 << 20], keys: Vec::new() }],
            "no answer",
            false,
        ),
    ];
    for (name, lie, error, through) in lies {
        let bo = &devices[1];
        let id = changed(&devices[0], name);
        news(&place, *lie, foreign.clone());
        let said = named(bo);
        match error.is_empty() {
            true => assert_eq!(said, "", "{name}"),
            false => assert!(said.contains(error), "{name}: «{said}»"),
        }
        assert_eq!(bo.session().get(id).is_ok(), *through, "{name}");
        place.proxy.calm();
        assert_eq!(named(bo), "", "{name}: and then it is over");
        assert_eq!(bo.session().get(id).unwrap().fields["title"], **name, "{name}");
    }
    // Bodies that are none, for each question.
    for tail in ["news", "control", "feeds"] {
        changed(&devices[0], tail);
        for body in [
            Vec::new(),
            b"<html>".to_vec(),
            vec![0xff; 1000],
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            place.proxy.disturb(move |_, t| match t == tail {
                true => {
                    let body = body.clone();
                    Act::Change(Box::new(move |_| body))
                }
                false => Act::Pass,
            });
            // A session asks some questions only once.
            devices[1].reopen();
            let bo = &devices[1];
            let before = bo.session().fingerprint().unwrap();
            let report = sync(bo);
            assert!(
                report.remotes[0].ok || report.remotes[0].code == Some(Code::Unreachable),
                "{tail}: {report:?}"
            );
            assert_eq!(bo.session().fingerprint().unwrap(), before, "{tail}");
        }
        place.proxy.calm();
        devices[1].sync();
    }
    agree(&devices);
}

/// A server forges the team's log, or shows that of another team.
#[test]
fn a_bad_server_adds_no_members() {
    let (place, other) = (Place::new(), Place::new());
    let mut devices = place.team(&[("Bo", Role::Member)]);
    let others = other.team(&[("Eve", Role::Member)]);
    let foreign = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = foreign.clone();
    other.proxy.disturb(move |_, tail| match tail {
        "control" => {
            let keep = keep.clone();
            Act::Change(Box::new(move |body| {
                keep.lock().unwrap().clone_from(&satchel_protocol::decode_all(&body).unwrap());
                body
            }))
        }
        _ => Act::Pass,
    });
    let mut others = others;
    others[1].reopen();
    others[1].sync();
    let foreign: Vec<Vec<u8>> = foreign.lock().unwrap().clone();
    assert_eq!(foreign.len(), 2);
    let members = devices[1].session().members().unwrap();
    for (name, log) in [("another team's", foreign.clone()), ("one with junk", vec![b"junk".to_vec()])] {
        let log_now = log.clone();
        place.proxy.disturb(move |_, tail| match tail {
            "control" => {
                let log = log_now.clone();
                Act::Change(Box::new(move |_| encode_all(log)))
            }
            _ => Act::Pass,
        });
        devices[1].reopen();
        let report = sync(&devices[1]);
        assert!(!report.remotes[0].ok, "{name}: {report:?}");
        assert_eq!(devices[1].session().members().unwrap(), members, "{name}");
    }
    // Behind the true first record: what is not signed by a member changes nothing.
    place.proxy.disturb(move |_, tail| match tail {
        "control" => {
            let foreign = foreign.clone();
            Act::Change(Box::new(move |body| {
                let mut log = satchel_protocol::decode_all(&body).unwrap();
                log.push(foreign[1].clone());
                encode_all(log)
            }))
        }
        _ => Act::Pass,
    });
    devices[1].reopen();
    assert!(sync(&devices[1]).remotes[0].ok);
    assert_eq!(devices[1].session().members().unwrap(), members);
    place.proxy.calm();
    agree(&devices);
}

/// Nothing that anybody can read passes the network or lies on the server.
#[test]
fn nobody_in_between_can_read_a_word() {
    let mut place = Place::new();
    let mut devices = place.team(&[("Bo", Role::Member)]);
    let canaries: Vec<String> = (0..1000).map(|n| format!("canary{:x}word", n * 7919 + 1_000_003)).collect();
    let mut csv = "First Name,Last Name,E-mail Address,Notes,Shoe size\n".to_owned();
    for words in canaries.chunks(4) {
        csv.push_str(&format!(
            "{},{},{}@x.example,{},{}\n",
            words[0], words[1], words[2], words[3], words[0]
        ));
    }
    let path = devices[0].dir.path().join("canaries.csv");
    std::fs::write(&path, csv).unwrap();
    let options = satchel_app::ImportOptions::default();
    devices[0].session().import(&path, &options, &mut |_| {}, &Cancel::default()).unwrap();
    std::fs::remove_file(&path).unwrap();
    agree(&devices);
    let seen = place.proxy.seen();
    assert!(seen.len() > 100_000, "{} bytes have passed", seen.len());
    place.stop();
    for device in &mut devices {
        device.session = None;
        device.satchel.lock();
    }
    let mut places = vec![("the network".to_owned(), seen)];
    let mut folders = vec![place.dir.path().to_owned()];
    folders.extend(devices.iter().map(|d| d.dir.path().to_owned()));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => places.push((path.display().to_string(), std::fs::read(&path).unwrap())),
            }
        }
    }
    assert!(places.len() > 4, "the server's files and the vaults'");
    let words = canaries.iter().map(String::as_str).chain(["Bo's laptop", "Norte", "first_name", "Shoe"]);
    let words: Vec<&[u8]> = words.map(str::as_bytes).collect();
    for (name, bytes) in &places {
        let mut starts: std::collections::HashMap<[u8; 4], Vec<&[u8]>> = std::collections::HashMap::new();
        words.iter().for_each(|w| starts.entry(w[..4].try_into().unwrap()).or_default().push(w));
        for (at, window) in bytes.windows(4).enumerate() {
            for word in starts.get(window).into_iter().flatten() {
                assert!(!bytes[at..].starts_with(word), "{name} has «{}»", String::from_utf8_lossy(word));
            }
        }
    }
}

/// A laptop that is told at once, and one whose network breaks WebSockets.
#[test]
fn an_edit_is_on_the_other_laptop_at_once() {
    let place = Place::new();
    let devices = place.team(&[("Bo", Role::Member)]);
    let stop = Cancel::default();
    let id = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    devices[0].sync();
    std::thread::scope(|scope| {
        for device in &devices {
            let stop = stop.clone();
            scope.spawn(move || device.satchel.keep_in_sync(&stop, &mut |_| {}));
        }
        let mut took = Vec::new();
        for n in 0..10 {
            std::thread::sleep(Duration::from_millis(100));
            let title = format!("number {n}");
            devices[0].session().set(id, &fields(json!({"title": title}))).unwrap();
            let start = Instant::now();
            while devices[1].session().get(id).ok().and_then(|v| v.fields.get("title").cloned())
                != Some(json!(title))
            {
                assert!(start.elapsed() < Duration::from_secs(15), "{title} did not come");
                std::thread::sleep(Duration::from_millis(2));
            }
            took.push(start.elapsed());
        }
        took.sort();
        println!("an edit took {:?} in the middle, {:?} at most", took[5], took[9]);
        assert!(took[5] < Duration::from_secs(3), "far below the five seconds between two looks: {took:?}");
        stop.ask();
        devices
            .iter()
            .for_each(|d| d.session().set(id, &fields(json!({"department": "end"}))).map(|_| ()).unwrap());
    });
    agree(&devices);
}

/// `kill -9` of the server while laptops sync, and of a laptop's sync itself: what was acknowledged is there.
#[test]
fn kills_of_server_and_laptops_lose_nothing() {
    let rounds = std::env::var("SATCHEL_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let mut server = Program::start();
    let mut devices = team_of(Device::at("Ana", None, &server.setup), &[("Bo", Role::Member)]);
    devices.iter_mut().for_each(|d| d.patient = true);
    let cli = Cli::bare();
    let link = devices[0].session().invite(Role::Member, Duration::from_secs(600)).unwrap().link;
    cli.command(&["--json", "join", &link, "--person", "Cy", "--wait", "0s"]).output().unwrap();
    devices[0].session().approve(None).unwrap();
    cli.json(&["join", &link, "--person", "Cy", "--wait", "20s"]);
    let mut dice = Dice(u64::from(std::process::id()));
    let (mut acknowledged, mut killed_syncs) = (Vec::new(), 0);
    for round in 0..rounds {
        let delay = Duration::from_millis(dice.throw(60));
        let names: Vec<String> = (0..20).map(|n| format!("R{round}N{n}")).collect();
        std::thread::scope(|scope| {
            let (ana, names) = (&devices[0], &names);
            let writes = scope.spawn(move || {
                names.iter().for_each(|name| {
                    ana.session().create(Kind::Person, &fields(json!({"first_name": name}))).unwrap();
                    let _ = ana.session().sync(&mut |_| {}, &Cancel::default()).unwrap();
                });
            });
            std::thread::sleep(delay);
            server.kill();
            std::thread::sleep(Duration::from_millis(20));
            server.again();
            writes.join().unwrap();
        });
        devices[0].sync();
        if devices[0].session().status().unwrap().pending == 0 {
            acknowledged.extend(names);
        }
        cli.json(&["new", "person", &format!("first_name=C{round}")]);
        let mut sync = cli.command(&["--json", "sync"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(150 + dice.throw(150)));
        killed_syncs += u32::from(sync.try_wait().unwrap().is_none());
        let _ = sync.kill();
        let _ = sync.wait();
    }
    devices.iter_mut().for_each(|d| d.patient = false);
    cli.json(&["sync"]);
    agree(&devices);
    let shown = devices[1].shown();
    let names: Vec<&str> = shown.iter().filter_map(|r| r["fields"]["first_name"].as_str()).collect();
    assert!(acknowledged.len() >= 20 * rounds / 2, "most rounds end with everything acknowledged");
    for name in acknowledged.iter().map(String::as_str) {
        assert!(names.contains(&name), "{name} is lost");
    }
    for round in 0..rounds {
        assert!(names.contains(&format!("C{round}").as_str()), "C{round} is lost");
    }
    assert_eq!(cli.json(&["sync"])["quarantined"], 0);
    assert_eq!(cli.json(&["list", "person", "--limit", "1"])["total"], names.len());
    server.kill();
    let (sound, report) = server.check();
    assert!(sound, "{report}");
    println!(
        "{rounds} kills of the server, {killed_syncs} of a sync; {} acknowledged, 0 lost",
        acknowledged.len()
    );
    tell("server and syncs killed", rounds as u64 + u64::from(killed_syncs), 0);
}

/// A server that is away is asked again after a pause, and one that was disconnected not at all: waiting for
/// it must not become a busy loop.
#[test]
#[cfg(target_os = "linux")]
fn a_remote_that_is_gone_is_not_waited_for() {
    let mut server = Program::start();
    let devices = team_of(Device::at("Ana", None, &server.setup), &[]);
    let (stop, failed) = (Cancel::default(), std::sync::atomic::AtomicU32::new(0));
    server.kill();
    std::thread::scope(|scope| {
        let (tell, task) = std::sync::mpsc::channel();
        let (device, stop, failed) = (&devices[0], &stop, &failed);
        scope.spawn(move || {
            tell.send(std::fs::read_link("/proc/thread-self").unwrap()).unwrap();
            device.satchel.keep_in_sync(stop, &mut |_| {
                failed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            });
        });
        let stat = Path::new("/proc").join(task.recv().unwrap()).join("stat");
        let ticks = || -> u64 {
            let text = std::fs::read_to_string(&stat).unwrap();
            let after: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
            after[11].parse::<u64>().unwrap() + after[12].parse::<u64>().unwrap()
        };
        while failed.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        let session = device.session();
        session.remove_remote(&session.remotes().unwrap()[0].name).unwrap();
        std::thread::sleep(Duration::from_millis(2500));
        let before = ticks();
        std::thread::sleep(Duration::from_secs(2));
        let used = ticks() - before;
        stop.ask();
        session.create(Kind::Person, &fields(json!({"first_name": "wakes it"}))).unwrap();
        assert!(used < 50, "{used} of about 200 ticks");
    });
}

/// An address that leads nowhere founds no team, and each kind of it has its own exit code.
#[test]
fn addresses_that_lead_nowhere_change_nothing() {
    let cli = Cli::new();
    let mut server = Program::start();
    let bare = server.setup.split('#').next().unwrap().to_owned();
    for address in ["ftp://x.example", "http://", "https://a@b/"] {
        assert_eq!(cli.refuse(&["remote", "add", address]).0, 2, "{address}");
    }
    server.kill();
    assert_eq!(cli.refuse(&["remote", "add", &server.setup]).0, 7);
    assert_eq!(cli.refuse(&["members"]).0, 5, "no team was founded for what was not reached");
    server.again();
    // The team is founded before it is registered: cut off in between, it is not another one the next time.
    assert_eq!(cli.refuse(&["remote", "add", &bare]).0, 4, "without what registers a team");
    assert_eq!(cli.json(&["remote", "list"])["remotes"].as_array().unwrap().len(), 0);
    cli.json(&["remote", "add", &server.setup]);
    assert_eq!(cli.json(&["members"])["members"].as_array().unwrap().len(), 1);
    // A newcomer may name the server otherwise than the invitation does.
    let link = cli.json(&["invite"])["link"].as_str().unwrap().to_owned();
    let elsewhere = bare.replace("127.0.0.1", "localhost");
    let bo = Cli::bare();
    let asked = bo.run(&["--json", "join", &link, "--person", "Bo", "--remote", &elsewhere, "--wait", "0s"]);
    assert_eq!(asked.status.code(), Some(6), "{}", String::from_utf8_lossy(&asked.stderr));
    server.kill();
    cli.json(&["new", "person", "first_name=Zoe"]);
    assert_eq!(cli.refuse(&["sync"]).0, 7);
    assert_eq!(cli.json(&["status"])["pending"], 1, "what was to be sent stays queued");
}

/// A server that asks for a newer Satchel: work goes on, and what was changed is sent when it may be.
#[test]
fn who_is_too_old_for_a_server_goes_on_working() {
    let cli = Cli::new();
    let mut server = Program::start();
    cli.json(&["remote", "add", &server.setup]);
    cli.json(&["sync"]);
    server.kill();
    let settings = server.dir.path().join("server.toml");
    std::fs::write(&settings, "least_client = \"99.0.0\"").unwrap();
    server.again();
    cli.json(&["new", "person", "first_name=Zoe"]);
    let out = cli.run(&["--json", "sync"]);
    assert_eq!(out.status.code(), Some(4), "as for what is newer");
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let remote = &report["remotes"][0];
    let error = remote["error"].as_str().unwrap_or_default();
    assert!(error.contains("too old") && error.contains("asks for 99.0.0 or newer"), "{report}");
    assert_eq!((&remote["ok"], &remote["reached"]), (&json!(false), &json!(true)), "{report}");
    assert_eq!(cli.json(&["status"])["pending"], 1, "what was to be sent stays queued");
    // One remote that does not take it holds up no other.
    let folder = tempfile::tempdir().unwrap();
    cli.json(&["remote", "add", folder.path().to_str().unwrap()]);
    let report = cli.json(&["sync"]);
    let went: Vec<_> = report["remotes"].as_array().unwrap().iter().map(|r| r["ok"].clone()).collect();
    assert_eq!(went.iter().filter(|ok| **ok == json!(true)).count(), 1, "{report}");
    server.kill();
    std::fs::write(&settings, "").unwrap();
    server.again();
    let report = cli.json(&["sync"]);
    assert!(report["remotes"].as_array().unwrap().iter().all(|r| r["ok"] == true), "{report}");
    assert_eq!(cli.json(&["status"])["pending"], 0);
}

/// Removed at a server: what comes after is refused there, and by all.
#[test]
fn who_is_removed_is_refused_at_the_server() {
    let place = Place::new();
    let mut devices = place.team(&[("Bo", Role::Member), ("Cy", Role::Admin), ("Vi", Role::Viewer)]);
    let id = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    devices.iter().for_each(Device::sync);
    devices[1].session().set(id, &fields(json!({"title": "Buyer"}))).unwrap();
    devices[1].sync();
    // Written before, sent after: it does not count, and Bo is told.
    devices[1].session().set(id, &fields(json!({"department": "too late"}))).unwrap();
    devices[0].sync();
    devices[0].session().revoke("Bo").unwrap();
    let report = sync(&devices[1]);
    assert_eq!(report.remotes[0].code, Some(Code::Refused), "{report:?}");
    // A rotation while others write: Cy does not know yet.
    devices[2].session().set(id, &fields(json!({"source": "during"}))).unwrap();
    devices[2].sync();
    devices[0].sync();
    devices[0].session().set(id, &fields(json!({"title": "Director"}))).unwrap();
    devices[0].sync();
    devices[2].sync();
    for device in [&devices[0], &devices[2]] {
        let person = device.session().get(id).unwrap();
        assert_eq!(
            (person.fields["title"].as_str(), person.fields["source"].as_str()),
            (Some("Director"), Some("during"))
        );
        assert!(person.fields.get("department").is_none());
    }
    assert_eq!(sync(&devices[1]).pulled, 0, "nothing more comes to Bo");
    // Made a viewer while something is unsent: it stays here, and everything else still comes in.
    devices[2].session().set(id, &fields(json!({"department": "unsent"}))).unwrap();
    devices[0].session().change_role("Cy", Role::Viewer).unwrap();
    devices[0].session().set(id, &fields(json!({"title": "Chair"}))).unwrap();
    devices[0].sync();
    for _ in 0..2 {
        let report = sync(&devices[2]);
        assert_eq!(report.remotes[0].code, Some(Code::Refused), "{report:?}");
    }
    assert_eq!(devices[2].session().get(id).unwrap().fields["title"], "Chair");
    devices[0].session().change_role("Cy", Role::Admin).unwrap();
    devices[2].sync();
    devices[0].sync();
    assert_eq!(devices[0].session().get(id).unwrap().fields["department"], "unsent");
    let vi = devices.pop().unwrap();
    vi.session().set(id, &fields(json!({"source": "viewer"}))).unwrap();
    assert_eq!(sync(&vi).remotes[0].code, Some(Code::Refused));
    let dee = join(&devices[0], "Dee", Role::Member);
    assert_eq!(dee.session().get(id).unwrap().fields["title"], "Chair");
    // Segments that the server holds are those of devices that were members.
    let contents =
        devices[0].session().server_contents(&devices[0].session().remotes().unwrap()[0].name, 1).unwrap();
    assert_eq!(contents.devices.len(), 5, "{contents:?}");
}

/// Two admins remove each other, each without knowing of the other.
#[test]
fn two_who_remove_each_other_end_with_one_team() {
    let place = Place::new();
    let devices = place.team(&[("Bo", Role::Admin), ("Cy", Role::Admin), ("Dee", Role::Member)]);
    devices[0].session().change_role("Bo", Role::Owner).unwrap();
    devices[0].session().change_role("Cy", Role::Owner).unwrap();
    devices.iter().for_each(Device::sync);
    let (first, second) = (devices[1].session().revoke("Cy"), devices[2].session().revoke("Bo"));
    assert!(first.is_ok() && second.is_err(), "the server takes them one behind the other: {second:?}");
    devices[0].sync();
    devices[3].sync();
    let active = |device: &Device| -> Vec<(String, bool)> {
        let members = device.session().members().unwrap();
        members.into_iter().map(|m| (m.person, m.devices[0].revoked)).collect()
    };
    assert_eq!(active(&devices[0]), active(&devices[3]));
    assert_eq!(active(&devices[0]).iter().filter(|(_, gone)| *gone).count(), 1);
    let id = devices[3].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    devices[3].sync();
    devices[1].sync();
    assert!(devices[1].session().get(id).is_ok(), "who stays goes on");
}

/// Files on records: in pieces that nobody in between can read, fetched when they are opened, from where a transfer was
/// cut off.
#[test]
fn files_come_when_they_are_opened() {
    let mut place = Place::new();
    let mut devices = place.team(&[("Bo", Role::Member), ("Vi", Role::Viewer)]);
    let id = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("报价 Zoe.pdf");
    let mut dice = Dice(7);
    let bytes: Vec<u8> =
        (0..3_500_000_u32).map(|n| if n < 1000 { b'Z' } else { dice.throw(256) as u8 }).collect();
    std::fs::write(&path, &bytes).unwrap();
    let attach =
        |device: &Device, path: &Path| device.session().attach(id, path, &mut |_| {}, &Cancel::default());
    let attached = attach(&devices[0], &path).unwrap().id;
    assert!(devices[0].session().status().unwrap().pending > 4, "its pieces are unsent, too");
    devices[0].sync();
    assert_eq!(devices[0].session().status().unwrap().pending, 0);
    devices.iter().for_each(Device::sync);
    let shown = |device: &Device| device.session().attachments(id).unwrap();
    let list = shown(&devices[1]);
    assert_eq!((list.len(), list[0].id, list[0].here), (1, attached, false));
    assert_eq!((list[0].name.as_str(), list[0].media_type.as_str()), ("报价 Zoe.pdf", "application/pdf"));
    assert!((list[0].size - 3_500_000.0).abs() < 0.5);
    let out = dir.path().join("out.pdf");
    let save =
        |device: &Device| device.session().save_attachment(attached, &out, &mut |_| {}, &Cancel::default());
    // The network goes away in the middle: what has come stays, and nothing half is left.
    let mut left = 3;
    place.proxy.disturb(move |_, tail| match tail.len() == 64 {
        true if left == 0 => Act::LoseRequest,
        true => {
            left -= 1;
            Act::Pass
        }
        false => Act::Pass,
    });
    let kept = |device: &Device| files_in(&device.dir.path().join("vault/blobs"));
    assert_eq!(save(&devices[1]).unwrap_err().code, Code::Unreachable);
    assert!(!out.exists() && kept(&devices[1]) == 3);
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = asked.clone();
    place.proxy.disturb(move |_, tail| {
        if tail.len() == 64 {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Act::Pass
    });
    assert_eq!(save(&devices[1]).unwrap(), 3_500_000);
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 2, "what was here is not asked for again");
    assert!(shown(&devices[1])[0].here);
    // The same file again is the same pieces, whoever attaches it.
    let before = files_in(&place.data().join("blobs"));
    attach(&devices[1], &path).unwrap();
    devices[1].sync();
    assert_eq!((before, files_in(&place.data().join("blobs"))), (5, 5));
    // A viewer reads. A server that gives something else is not believed.
    place.proxy.disturb(|_, tail| match tail.len() == 64 {
        true => Act::Change(Box::new(|mut body| {
            body[9] ^= 1;
            body
        })),
        false => Act::Pass,
    });
    assert_eq!(save(&devices[2]).unwrap_err().code, Code::Unreachable);
    place.proxy.calm();
    assert_eq!(save(&devices[2]).unwrap(), 3_500_000);
    // A piece that is damaged here is named, and comes again.
    let piece = first_file(&devices[2].dir.path().join("vault/blobs"));
    let mut broken = std::fs::read(&piece).unwrap();
    broken[5] ^= 1;
    std::fs::write(&piece, broken).unwrap();
    let report = devices[2].session().verify(&mut |_| {}).unwrap();
    assert!(!report.ok && report.checks.iter().any(|c| c.name == "attachments" && !c.ok), "{report:?}");
    assert_eq!(save(&devices[2]).unwrap(), 3_500_000);
    assert!(devices[2].session().verify(&mut |_| {}).unwrap().ok);
    // A server that has lost them gets them from whoever has them.
    std::fs::remove_file(&out).unwrap();
    place.stop();
    std::fs::remove_dir_all(place.data().join("blobs")).unwrap();
    let db = rusqlite::Connection::open(place.data().join("satchel-server.db")).unwrap();
    db.execute("DELETE FROM blob", []).unwrap();
    drop(db);
    place.start();
    devices[1].compact();
    devices[2].meanwhile(|dir| std::fs::remove_dir_all(dir.join("vault/blobs")).unwrap());
    assert_eq!(save(&devices[2]).unwrap(), 3_500_000);
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    // Nobody in between has read a line of it, nor its name.
    for file in [place.data().join("satchel-server.db"), first_file(&place.data().join("blobs"))] {
        let held = std::fs::read(file).unwrap();
        assert!(
            !held.windows(20).any(|w| w == [b'Z'; 20]) && !held.windows(6).any(|w| w == "报价".as_bytes())
        );
    }
    // It goes to the trash and comes back as all else does.
    devices[1].session().delete(&[attached], &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(shown(&devices[1]).len(), 1);
    devices[1].session().undo(None, &mut |_| {}, &Cancel::default()).unwrap();
    assert_eq!(shown(&devices[1]).len(), 2);
    // What cannot be attached is refused in words of its own.
    let refused = |path: &Path| attach(&devices[0], path).unwrap_err();
    assert_eq!(refused(dir.path()).code, Code::Refused, "a folder");
    assert!(refused(&dir.path().join("nowhere")).message.contains("nowhere"));
    let huge = dir.path().join("huge");
    std::fs::File::create(&huge).unwrap().set_len((1 << 30) + 1).unwrap();
    assert!(refused(&huge).message.contains("gigabyte"));
    let empty = dir.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    let empty = attach(&devices[0], &empty).unwrap().id;
    assert_eq!(
        devices[0].session().save_attachment(empty, &out, &mut |_| {}, &Cancel::default()).unwrap(),
        0
    );
}

/// The pieces of files in a bucket, as several nodes share one; a bucket that is away keeps nothing from being sent later.
#[test]
fn a_server_keeps_pieces_in_a_bucket() {
    let mut bucket = Bucket::new();
    let environment = vec![
        ("AWS_ENDPOINT", bucket.endpoint()),
        ("AWS_ALLOW_HTTP", "true".into()),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ACCESS_KEY_ID", bucket::KEY_ID.into()),
        ("AWS_SECRET_ACCESS_KEY", bucket::SECRET.into()),
    ];
    let server = Program::among(&format!("blobs = \"s3://{BUCKET}/teams\""), environment);
    let devices = team_of(Device::at("Ana", None, &server.setup), &[("Bo", Role::Member)]);
    let id = devices[0].session().create(Kind::Person, &fields(json!({"first_name": "Zoe"}))).unwrap().id;
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (dir.path().join("photo.jpg"), dir.path().join("out.jpg"));
    let mut dice = Dice(3);
    let bytes: Vec<u8> = (0..2_500_000).map(|_| dice.throw(256) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    let never = Cancel::default();
    let attached = devices[0].session().attach(id, &path, &mut |_| {}, &never).unwrap().id;
    bucket.go_away();
    let report = devices[0].session().sync(&mut |_| {}, &never).unwrap();
    assert!(report.remotes[0].error.is_some() && report.pending > 0, "{report:?}");
    bucket.come_back();
    devices[0].sync();
    assert_eq!(devices[0].session().status().unwrap().pending, 0);
    assert_eq!(files_in(&bucket.path("teams")), files_in(&devices[0].dir.path().join("vault/blobs")));
    devices[1].sync();
    let save = || devices[1].session().save_attachment(attached, &out, &mut |_| {}, &never);
    assert_eq!(save().unwrap(), 2_500_000);
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    // A piece that is gone from the bucket is named by the server's own check.
    assert!(server.check().0);
    std::fs::remove_file(first_file(&bucket.path("teams"))).unwrap();
    let (sound, said) = server.check();
    assert!(!sound && said.to_string().contains("missing"), "{said}");
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let each = |path: PathBuf| if path.is_dir() { all_files(&path) } else { vec![path] };
    entries.flatten().flat_map(|e| each(e.path())).collect()
}

fn files_in(dir: &Path) -> usize {
    all_files(dir).len()
}

fn first_file(dir: &Path) -> PathBuf {
    all_files(dir).remove(0)
}

/// The server and the author have both become older copies of themselves, and the author writes nothing more: the person
/// comes from who has it, though what that one has written since stands on what is lost, the record's key included.
#[test]
fn what_author_and_server_have_lost_comes_from_who_has_it() {
    let mut place = Place::new();
    let mut devices = place.team(&[("Bo", Role::Member), ("Cy", Role::Admin)]);
    place.keep_copy();
    act(&mut devices, &Step::KeepVault(0));
    act(&mut devices, &Step::Create(78));
    act(&mut devices, &Step::Sync(0));
    act(&mut devices, &Step::Sync(1));
    place.become_copy();
    devices.iter_mut().for_each(Device::forget);
    act(&mut devices, &Step::OldVault(0));
    act(&mut devices, &Step::Note(1, 71, 95));
    settle(&devices);
    devices.iter().for_each(|d| {
        d.compact();
    });
    agree(&devices);
    assert_eq!(devices[0].shown().len(), 1);
}
