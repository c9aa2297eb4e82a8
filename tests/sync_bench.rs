//! The figures of sync, each beside a baseline of the same run: real programs, a real server, one machine.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_app::{Cancel, ImportOptions, Role};
use satchel_protocol::{Kept, encode_positions};
use satchel_server::store::{Appended, FeedState, NewSegment, Sqlite, Store};
use satchel_tests::{
    cli::Cli,
    figures::{argument, peak_memory, percentile},
    peer::{Peer, Team, now},
    server::Program,
    team::{Device, fields, team_of},
};
use serde_json::json;
use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One that refuses nobody for asking often.
fn server() -> Program {
    Program::with("[limits]\nper_device = 100000\nper_address = 100000\n")
}

fn people(count: usize) -> String {
    let mut out =
        String::from("First Name,Last Name,Company,Job Title,E-mail Address,Mobile Phone,City,Notes\n");
    let (first, family) = (["Ana", "Jürgen", "伟", "志强"], ["Smith", "Müller", "王", "李"]);
    for n in 0..count {
        out.push_str(&format!(
            "{},{},Company {} SL,Buyer {},person{n}@firm{}.example,+34 6{n:08},Porto,met at the fair {n}\n",
            first[n % 4],
            family[n / 4 % 4],
            n % 997,
            n % 10,
            n % 997
        ));
    }
    out
}

fn line(name: &str, ours: f64, baseline: Option<f64>, unit: &str, goal: &str) {
    let ratio = baseline.map_or_else(|| "-".into(), |b| format!("{:.2}x", ours / b));
    let baseline = baseline.map_or_else(|| "-".into(), |b| format!("{b:.2}"));
    println!("{name:<56} {ours:>10.2} {baseline:>10} {ratio:>8}  {goal:<16} {unit}");
}

fn main() {
    let count = argument("--people", 100_000);
    println!("{:<56} {:>10} {:>10} {:>8}  {:<16}", "", "ours", "baseline", "ratio", "goal");
    // One of them alone, or all.
    let args: Vec<String> = std::env::args().collect();
    let only = args.iter().position(|a| a == "--only").and_then(|at| args.get(at + 1));
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    if wanted("edits") {
        edits();
    }
    if wanted("first") {
        first_sync(count);
    }
    if wanted("bytes") {
        bytes();
    }
    if wanted("year") {
        year(
            argument("--reps", 5),
            argument("--days", 220),
            argument("--edits", 40),
            argument("--book", 2000),
        );
    }
    if wanted("connected") {
        connected(argument("--devices", 1000), argument("--seconds", 20));
    }
    if wanted("flat") {
        flat(argument("--entries", 1_000_000));
    }
}

fn edits() {
    let server = server();
    let devices = team_of(Device::at("Ana", None, &server.setup), &[("Bo", Role::Member)]);
    let id = devices[0]
        .session()
        .create(satchel_app::domain::Kind::Person, &fields(json!({"first_name": "Zoe"})))
        .unwrap()
        .id;
    devices[0].sync();
    let stop = Cancel::default();
    let agent = ureq::agent();
    let mut round = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        agent.get(&format!("{}/healthz", server.url())).call().unwrap();
        round.push(start.elapsed());
    }
    std::thread::scope(|scope| {
        for device in &devices {
            let stop = stop.clone();
            scope.spawn(move || device.satchel.keep_in_sync(&stop, &mut |_| {}));
        }
        std::thread::sleep(Duration::from_secs(1));
        let mut took = Vec::new();
        for n in 0..100 {
            std::thread::sleep(Duration::from_millis(300));
            let title = json!(format!("number {n}"));
            let start = Instant::now();
            devices[0].session().set(id, &fields(json!({"title": title}))).unwrap();
            while devices[1].session().get(id).ok().and_then(|v| v.fields.get("title").cloned()).as_ref()
                != Some(&title)
            {
                std::thread::sleep(Duration::from_micros(500));
            }
            took.push(start.elapsed());
        }
        line(
            "an edit, from the key to the other laptop",
            percentile(&mut took, 50),
            Some(percentile(&mut round, 50)),
            "ms, median",
            "",
        );
        line(
            "  the same",
            percentile(&mut took, 95),
            Some(percentile(&mut round, 95)),
            "ms, p95",
            "under 300",
        );
        stop.ask();
        for device in &devices {
            device.session().set(id, &fields(json!({"department": device.address}))).unwrap();
        }
    });
    devices.iter().for_each(Device::sync);
    for n in 0..1000 {
        devices[0].session().set(id, &fields(json!({"title": format!("offline {n}")}))).unwrap();
    }
    let start = Instant::now();
    devices[0].sync();
    line("1,000 edits made offline, pushed", start.elapsed().as_secs_f64(), None, "s", "under 2");
    let start = Instant::now();
    devices[1].sync();
    line("  and taken by the other laptop", start.elapsed().as_secs_f64(), None, "s", "");
}

fn first_sync(count: usize) {
    let server = server();
    let ana = Cli::new();
    let csv = ana.dir.path().join("people.csv");
    std::fs::write(&csv, people(count)).unwrap();
    let start = Instant::now();
    ana.json(&["import", csv.to_str().unwrap()]);
    let import = start.elapsed().as_secs_f64();
    ana.json(&["remote", "add", &server.setup]);
    let start = Instant::now();
    ana.json(&["sync"]);
    line(
        "first push of all people (import as baseline)",
        start.elapsed().as_secs_f64(),
        Some(import),
        "s",
        "",
    );
    let link = ana.json(&["invite"])["link"].as_str().unwrap().to_owned();
    let bo = Cli::bare();
    bo.run(&["--json", "join", &link, "--person", "Bo", "--wait", "0s"]);
    ana.json(&["approve"]);
    let start = Instant::now();
    let mut joining =
        bo.command(&["--json", "join", &link, "--person", "Bo"]).stdout(Stdio::null()).spawn().unwrap();
    let mut peak: f64 = 0.0;
    while joining.try_wait().unwrap().is_none() {
        peak = peak.max(peak_memory(joining.id()));
        std::thread::sleep(Duration::from_millis(20));
    }
    line(
        "a newcomer has all people (import as baseline)",
        start.elapsed().as_secs_f64(),
        Some(import),
        "s",
        "at most 3x",
    );
    line("  memory of that", peak, None, "MB", "under 500");
    line("  memory of the server", server.peak_memory(), None, "MB", "");
    assert_eq!(bo.json(&["list", "person", "--limit", "1"])["total"], count);
}

fn bytes() {
    let device = Device::new("Ana", None);
    device.session().add_remote(&device.address()).unwrap();
    let path = device.dir.path().join("people.csv");
    std::fs::write(&path, people(10)).unwrap();
    device.session().import(&path, &ImportOptions::default(), &mut |_| {}, &Cancel::default()).unwrap();
    device.sync();
    let size = |folder: &std::path::Path| -> u64 {
        let mut sum = 0;
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path if path.extension().is_some_and(|e| e == "segment") => {
                        sum += entry.metadata().unwrap().len()
                    }
                    _ => {}
                }
            }
        }
        sum
    };
    let request = satchel_app::ListRequest::default();
    let id = device.session().list(satchel_app::domain::Kind::Person, &request).unwrap().rows[0].id;
    let before = size(&device.shared());
    device.session().set(id, &fields(json!({"title": "Head of purchasing"}))).unwrap();
    device.sync();
    line(
        "an edit of one field, sent alone",
        (size(&device.shared()) - before) as f64,
        None,
        "bytes",
        "at most 400",
    );
    let before = size(&device.shared());
    for n in 0..100 {
        device.session().set(id, &fields(json!({"title": format!("Head of purchasing {n}")}))).unwrap();
    }
    device.sync();
    line("  among a hundred", (size(&device.shared()) - before) as f64 / 100.0, None, "bytes", "at most 400");
}

/// What a server keeps after a year of edits, once they are compacted: laptops that meet it twice a day, as the app
/// does all day, and look after the log once.
fn year(reps: usize, days: usize, edits: usize, book: usize) {
    let server = server();
    let others: Vec<String> = (1..reps).map(|n| format!("Rep {n}")).collect();
    let others: Vec<(&str, Role)> = others.iter().map(|name| (name.as_str(), Role::Member)).collect();
    let mut devices = team_of(Device::at("Ana", None, &server.setup), &others);
    let path = devices[0].dir.path().join("people.csv");
    std::fs::write(&path, people(book)).unwrap();
    devices[0].session().import(&path, &ImportOptions::default(), &mut |_| {}, &Cancel::default()).unwrap();
    devices.iter().for_each(Device::sync);
    let request = satchel_app::ListRequest { limit: u32::MAX, ..Default::default() };
    let all = devices[0].session().list(satchel_app::domain::Kind::Person, &request).unwrap().rows;
    let start = Instant::now();
    let mut n = 0_usize;
    for day in 0..days {
        for device in &devices {
            for edit in 0..edits {
                // Three quarters of the edits are of a tenth of the people.
                n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407 | 1);
                let roll = n >> 33;
                let at = if roll.is_multiple_of(4) { roll / 4 % book } else { roll / 4 % (book / 10).max(1) };
                let (key, value) = match edit % 3 {
                    0 => ("title", json!(format!("Head of purchasing, day {day}"))),
                    1 => (
                        "notes",
                        json!(format!(
                            "Called on day {day}, asked for an offer of {edit} pieces. Call again."
                        )),
                    ),
                    _ => ("department", json!(format!("Region {}", edit % 7))),
                };
                device.session().set(all[at % all.len()].id, &fields(json!({ key: value }))).unwrap();
                if edit == edits / 2 {
                    device.sync();
                }
            }
            device.compact();
        }
    }
    for _ in 0..2 {
        devices.iter().for_each(|d| drop(d.compact()));
    }
    let took = start.elapsed().as_secs_f64();
    let newcomer = satchel_tests::team::join(&devices[0], "New", Role::Member);
    let own = newcomer.session().sizes().unwrap().0 as f64 / 1e6;
    devices.push(newcomer);
    satchel_tests::team::agree(&devices);
    let remote = devices[0].session().remotes().unwrap().remove(0).name;
    let kept = devices[0].session().server_contents(&remote, 1).unwrap().workspace.bytes as f64 / 1e6;
    let (sound, report) = server.check();
    assert!(sound, "{report}");
    println!("{} edits of {reps} laptops in {days} days, {book} people: {took:.0} s", reps * days * edits);
    line("what the server keeps of it (the records as baseline)", kept, Some(own), "MB", "at most 2x");
}

/// Devices that wait by WebSocket, in teams of fifty, while others of them write.
fn connected(devices: usize, seconds: usize) {
    let server = server();
    let token = server.setup.split_once("setup=").unwrap().1.to_owned();
    let teams: Vec<Team> = (0..devices.div_ceil(50))
        .map(|n| {
            let mut team = Team::new(u8::try_from(n + 1).unwrap());
            let owner = Peer::new(&server.url(), team.workspace, 1);
            assert_eq!(owner.register(&team, &token).status, 201);
            for device in 2..=50 {
                let record = team.add(1, device, Role::Member);
                assert_eq!(owner.put_control(&record).status, 201);
            }
            team
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let heard = Arc::new(AtomicU64::new(0));
    for (at, team) in teams.iter().enumerate() {
        for n in 1..=50_u8 {
            if at * 50 + usize::from(n) > devices {
                continue;
            }
            let address = server.url().trim_start_matches("http://").to_owned();
            let path = format!("/v1/{}/events", team.workspace);
            let said = satchel_tests::peer::keys(n).authorize(team.workspace, now(), ("GET", &path, &[]));
            let heard = heard.clone();
            runtime.spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
                let ask = format!(
                    "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: {said}\r\n\r\n"
                );
                stream.write_all(ask.as_bytes()).await.unwrap();
                let mut buffer = [0; 1024];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    heard.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    }
    std::thread::sleep(Duration::from_secs(5));
    // Each writer is a device of its own; one entry a push, the worst there is.
    for (name, texts) in [("one entry a push", 1), ("ten entries a push", 10)] {
        let (sent, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = Instant::now();
        let took = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8_usize)
                .map(|w| {
                    let (server, teams, sent, failed) = (&server, &teams, &sent, &failed);
                    scope.spawn(move || {
                        let mut took = Vec::new();
                        let device = u8::try_from(w + 1 + if texts > 1 { 10 } else { 0 }).unwrap();
                        let mut peers: Vec<Peer> = teams.iter().map(|t| Peer::new(&server.url(), t.workspace, device)).collect();
                        let count = peers.len();
                        let words = vec!["a change of about as many bytes as an edit has: one hundred and seventy, of automerge, with actors, hashes and so on; padded"; texts];
                        for n in 0.. {
                            if start.elapsed() > Duration::from_secs(seconds as u64) {
                                break;
                            }
                            let peer = &mut peers[n % count];
                            let kept = peer.write(&words);
                            let at = Instant::now();
                            match peer.push(&kept).status {
                                201 => { sent.fetch_add(texts as u64, Ordering::Relaxed); }
                                _ => { failed.fetch_add(1, Ordering::Relaxed); }
                            }
                            took.push(at.elapsed());
                        }
                        took
                    })
                })
                .collect();
            writers.into_iter().flat_map(|w| w.join().unwrap()).collect::<Vec<_>>()
        });
        let mut took = took;
        let rate = sent.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
        line(&format!("{devices} devices connected, {name}"), rate, None, "entries/s", "2,000");
        line("  how long a push took", percentile(&mut took, 95), None, "ms, p95", "");
        assert_eq!(failed.load(Ordering::Relaxed), 0);
    }
    line("  words to those who wait, in all", heard.load(Ordering::Relaxed) as f64, None, "", "");
    line("  memory of the server", server.peak_memory(), None, "MB", "");
    let (sound, report) = server.check();
    assert!(sound, "{report}");
}

/// What a push and a question cost as the store grows, in one workspace.
fn flat(most: usize) {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&dir.path().join("satchel-server.db")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let team = Team::new(1);
    runtime.block_on(store.create(team.workspace, &team.records[0].encode(), 0)).unwrap();
    let mut peer = Peer::new("", team.workspace, 1);
    let append = |peer: &mut Peer, texts: &[&str]| {
        let before = FeedState { next: peer.feed.next, last: peer.feed.last };
        let Kept { segment, keys } = peer.write(texts);
        NewSegment {
            workspace: team.workspace,
            device: peer.keys.id,
            incarnation: 1,
            before,
            after: FeedState { next: peer.feed.next, last: peer.feed.last },
            size: segment.len() as u64,
            bytes: segment,
            keys: satchel_protocol::WrappedKey::decode_all(&keys).unwrap(),
            at: 0,
            quota: u64::MAX >> 1,
        }
    };
    let text = "a change of about as many bytes as an edit has: one hundred and seventy, of automerge, with actors, hashes and so on; padded";
    let many = vec![text; 500];
    let (mut stored, mut next, mut first) = (0, 10_000, None);
    while next <= most {
        while stored < next {
            let segment = append(&mut peer, &many);
            assert!(matches!(runtime.block_on(store.append(segment)).unwrap(), Appended::Yes(_)));
            stored += 500;
        }
        let (mut pushes, mut asks) = (Vec::new(), Vec::new());
        for _ in 0..200 {
            let segment = append(&mut peer, &[text]);
            let start = Instant::now();
            runtime.block_on(store.append(segment)).unwrap();
            pushes.push(start.elapsed());
            stored += 1;
            let known = vec![satchel_protocol::Position {
                device: peer.keys.id,
                incarnation: 1,
                next: peer.feed.next - 1,
            }];
            let start = Instant::now();
            let news = runtime.block_on(store.news(team.workspace, peer.keys.id, known.clone())).unwrap();
            asks.push(start.elapsed());
            assert_eq!(news.segments.len(), 1);
            std::hint::black_box(encode_positions(&known));
        }
        let push = percentile(&mut pushes, 50);
        let base = *first.get_or_insert(push);
        line(
            &format!("a push into {next} entries (the smallest as baseline)"),
            push,
            Some(base),
            "ms, median",
            "flat",
        );
        line("  what is new, asked", percentile(&mut asks, 50), None, "ms, median", "flat");
        next *= 10;
    }
}
