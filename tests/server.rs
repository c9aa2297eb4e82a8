//! The server by its own words: one suite for both stores, and what only one of them can do.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use satchel_protocol::{
    DeviceId, Feed, Hash, Kept, Membership, News, Pin, Position, Read as HasRead, Request, Role, Segment,
    SignedRecord, decode_all, decode_positions,
};
use satchel_server::{Server, check::check, config::Config, open};
use satchel_tests::{
    peer::{Peer, Team, keys, now},
    postgres::Postgres,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Where a server keeps its things, and the server that runs on it.
struct Place {
    runtime: Runtime,
    dir: tempfile::TempDir,
    database_url: Option<String>,
    servers: Vec<Server>,
}

impl Place {
    fn new(postgres: Option<&Postgres>) -> Self {
        let mut place = Self {
            runtime: Runtime::new().unwrap(),
            dir: tempfile::tempdir().unwrap(),
            database_url: postgres.map(Postgres::database),
            servers: Vec::new(),
        };
        place.start(|_| {});
        place
    }

    fn config(&self) -> Config {
        let mut config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data: self.dir.path().to_owned(),
            database_url: self.database_url.clone(),
            ..Config::default()
        };
        config.limits.per_device = 10_000;
        config.limits.per_address = 10_000;
        config.limits.patience = 2;
        config
    }

    /// One more server on the same store.
    fn start(&mut self, set: impl FnOnce(&mut Config)) -> String {
        let mut config = self.config();
        set(&mut config);
        let server = self.runtime.block_on(Server::start(config)).unwrap();
        let url = server.url.clone();
        self.servers.push(server);
        url
    }

    fn stop(&mut self) {
        for server in self.servers.drain(..) {
            self.runtime.block_on(server.stop());
        }
    }

    fn url(&self) -> String {
        self.servers[0].url.clone()
    }

    fn token(&self) -> String {
        self.servers[0].setup.split_once("setup=").unwrap().1.to_owned()
    }

    fn peer(&self, team: &Team, n: u8) -> Peer {
        Peer::new(&self.url(), team.workspace, n)
    }

    /// A team whose owner is device 1, with an admin (2), a member (3) and a viewer (4).
    fn team(&self, workspace: u8) -> Team {
        let mut team = Team::new(workspace);
        let owner = self.peer(&team, 1);
        assert_eq!(owner.register(&team, &self.token()).status, 201);
        for (n, role) in [(2, Role::Admin), (3, Role::Member), (4, Role::Viewer)] {
            let record = team.add(1, n, role);
            assert_eq!(owner.put_control(&record).status, 201);
        }
        team
    }

    fn checked(&self) -> satchel_server::check::Report {
        let config = self.config();
        self.runtime.block_on(async { check(&*open(&config).await.unwrap()).await.unwrap() })
    }
}

fn control_of(peer: &Peer) -> Membership {
    let said = peer.ask("GET", "/control", &[]);
    assert_eq!(said.status, 200, "{said:?}");
    let records: Vec<SignedRecord> =
        decode_all(&said.body).unwrap().iter().map(|r| SignedRecord::decode(r).unwrap()).collect();
    let mut members = Membership::begin(&records[0]).unwrap();
    records[1..].iter().for_each(|r| members.apply(r).unwrap());
    members
}

fn position(n: u8, next: u64) -> Position {
    Position { device: DeviceId([n; 16]), incarnation: 1, next }
}

fn segments(news: &News) -> Vec<&[u8]> {
    news.segments.iter().map(|kept| kept.segment.as_slice()).collect()
}

type Test = fn(&mut Place);

/// What holds for every store.
const SUITE: &[(&str, Test)] = &[
    ("registers with its token only", registers_with_its_token_only),
    ("knows who asks", knows_who_asks),
    ("keeps each feed whole", keeps_each_feed_whole),
    ("gives what somebody lacks", gives_what_somebody_lacks),
    ("leaves out what it is told to", leaves_out_what_it_is_told_to),
    ("keeps what was read", keeps_what_was_read),
    ("gives much in pages", gives_much_in_pages),
    ("refuses who was removed", refuses_who_was_removed),
    ("settles contested records", settles_contested_records),
    ("lets the invited ask", lets_the_invited_ask),
    ("says when there is news", says_when_there_is_news),
    ("takes many at once", takes_many_at_once),
    ("has limits", has_limits),
    ("shows what it has", shows_what_it_has),
    ("survives a restart", survives_a_restart),
];

fn suite(postgres: Option<&Postgres>) {
    for (name, test) in SUITE {
        let start = Instant::now();
        let mut place = Place::new(postgres);
        test(&mut place);
        let report = place.checked();
        assert!(report.wrong.is_empty(), "{name}: {report:?}");
        place.stop();
        println!("{name}: {} ms", start.elapsed().as_millis());
    }
}

#[test]
fn the_suite_on_sqlite() {
    suite(None);
}

#[test]
fn the_suite_on_postgresql() {
    let postgres = Postgres::start();
    suite(Some(&postgres));
    two_nodes_serve_one_workspace(&mut Place::new(Some(&postgres)));
}

fn registers_with_its_token_only(place: &mut Place) {
    let team = Team::new(9);
    let owner = place.peer(&team, 1);
    let said = owner.register(&team, "guess");
    assert_eq!((said.status, said.code.as_str()), (403, "setup"));
    assert_eq!(owner.ask("GET", "/control", &[]).status, 404, "nothing was made");
    assert_eq!(owner.register(&team, &place.token()).status, 201);
    assert_eq!(owner.register(&team, "").status, 200, "the same again");
    let mut other = Team::new(9);
    other.records[0] = SignedRecord::decode(&Team::new(8).records[0].encode()).unwrap();
    assert_eq!(owner.register(&other, &place.token()).status, 400, "a record of another workspace");
    let junk = owner.ask_as(&format!("setup {}", place.token()), "POST", "", b"junk");
    assert_eq!((junk.status, junk.code.as_str()), (400, "malformed"));
}

fn knows_who_asks(place: &mut Place) {
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let stranger = place.peer(&team, 77);
    assert_eq!(stranger.ask("GET", "/feeds", &[]).status, 404, "not told that it is there");
    assert_eq!(owner.ask_as("Bearer x", "GET", "/feeds", &[]).status, 400);
    // What device 2 has signed is nothing in another's name, for another path, body or workspace.
    let signed = |n: u8, method, target: &str, body: &[u8]| {
        keys(n).authorize(team.workspace, now(), (method, target, body))
    };
    let path = format!("/v1/{}/feeds", team.workspace);
    assert_eq!(owner.ask_as(&signed(2, "GET", &path, &[]), "GET", "/feeds", &[]).status, 200);
    for (authorization, why) in [
        (signed(2, "POST", &path, &[]), "another method"),
        (signed(2, "GET", "/v1/feeds", &[]), "another path"),
        (signed(2, "GET", &path, b"x"), "another body"),
        (
            keys(2).authorize(satchel_protocol::WorkspaceId([5; 16]), now(), ("GET", &path, &[])),
            "another place",
        ),
    ] {
        let said = owner.ask_as(&authorization, "GET", "/feeds", &[]);
        assert_eq!((said.status, said.code.as_str()), (401, "bad_signature"), "{why}");
    }
    owner.clock = -3_600_000;
    let said = owner.ask("GET", "/feeds", &[]);
    assert_eq!((said.status, said.code.as_str()), (401, "clock"), "an old request, or a wrong clock");
    assert_eq!(owner.ask("GET", "/nothing", &[]).status, 404);
}

fn keeps_each_feed_whole(place: &mut Place) {
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let (first, second) = (owner.write(&["one", "two"]), owner.write(&["three"]));
    let said = owner.push(&second);
    assert_eq!((said.status, said.code.as_str()), (409, "gap"), "what is before it is missing");
    assert!(String::from_utf8_lossy(&said.body).contains("\"next\":1"));
    assert_eq!(owner.push(&first).status, 201);
    assert_eq!(owner.push(&first).status, 200, "the same again");
    assert_eq!(owner.push(&second).status, 201);
    // A copy of the device has written something else in the same places.
    for (at, texts) in [(1, vec!["another"]), (2, vec!["x"]), (3, vec!["y"])] {
        let feed = Feed { device: owner.keys.id, incarnation: 1, next: at, last: Hash::NONE };
        let (segment, keys, _) = owner.segment(feed, &texts);
        let said = owner.push(&Kept { segment: segment.encode(), keys });
        assert_eq!((said.status, said.code.as_str()), (409, "fork"), "at {at}");
    }
    let said = place.peer(&team, 3).push(&first);
    assert_eq!(said.status, 403, "of another device");
    let mut broken = first.clone();
    let end = broken.segment.len() - 1;
    broken.segment[end] ^= 1;
    let mut admin = place.peer(&team, 2);
    assert_ne!(owner.push(&broken).status, 201, "a flipped bit");
    broken.segment.truncate(end - 20);
    assert_eq!(owner.push(&broken).status, 400, "cut off");
    assert_eq!(place.peer(&team, 4).ask("POST", "/log", &[]).status, 400);
    let viewer = place.peer(&team, 4).write(&["hello"]);
    assert_eq!(place.peer(&team, 4).push(&viewer).status, 403, "a viewer");
    let kept = admin.write(&["four"]);
    assert_eq!(admin.push(&kept).status, 201);
    let feeds = decode_positions(&admin.ask("GET", "/feeds", &[]).body).unwrap();
    assert_eq!(feeds, [position(1, 4), position(2, 2)]);
}

fn gives_what_somebody_lacks(place: &mut Place) {
    let team = place.team(1);
    let (mut owner, mut admin) = (place.peer(&team, 1), place.peer(&team, 2));
    let all = [owner.write(&["one", "two"]), admin.write(&["three"]), owner.write(&["four"])];
    assert_eq!(owner.push(&all[0]).status, 201);
    assert_eq!(admin.push(&all[1]).status, 201);
    assert_eq!(owner.push(&all[2]).status, 201);
    let member = place.peer(&team, 3);
    let news = member.news(&[]);
    assert_eq!(segments(&news), all.iter().map(|k| k.segment.as_slice()).collect::<Vec<_>>(), "in order");
    assert_eq!((news.head, news.control, news.more), (3, 4, false));
    let keys = satchel_protocol::WrappedKey::decode_all(&news.segments[0].keys).unwrap();
    assert_eq!(keys.len(), 2, "with the keys of the documents that begin there");
    // From the middle of a segment the whole of it comes.
    assert_eq!(segments(&member.news(&[position(1, 2), position(2, 2)])).len(), 2);
    assert_eq!(segments(&member.news(&[position(1, 3), position(2, 2)])), [all[2].segment.as_slice()]);
    assert!(member.news(&[position(1, 4), position(2, 2)]).segments.is_empty());
    assert!(member.news(&[position(1, i64::MAX as u64), position(2, 2), position(9, 5)]).segments.is_empty());
    let other = place.team(2);
    assert!(place.peer(&other, 3).news(&[]).segments.is_empty(), "another workspace");
}

fn leaves_out_what_it_is_told_to(place: &mut Place) {
    let team = place.team(1);
    let (mut owner, member) = (place.peer(&team, 1), place.peer(&team, 3));
    let all = [owner.write(&["one", "two"]), owner.write(&["three"]), owner.write(&["four"])];
    let read: Vec<Segment> =
        all.iter().map(|k| Segment::decode(team.workspace, &k.segment).unwrap()).collect();
    all.iter().for_each(|kept| assert_eq!(owner.push(kept).status, 201));
    let put = |peer: &Peer, segment: &Segment| {
        peer.ask("PUT", "/log", &Kept { segment: segment.encode(), keys: Vec::new() }.encode())
    };
    let before = place.checked().bytes;
    let short = read[0].without(|seq| seq == 2);
    assert_eq!(put(&member, &short).status, 403, "only by who has written it");
    assert_eq!(put(&owner, &short).status, 201);
    let two = read[0].without(|_| true).join(&read[1].without(|_| true), &owner.keys).unwrap();
    assert_eq!(put(&owner, &two).status, 201, "over two");
    assert_eq!(put(&owner, &read[0]).status, 200, "not back again");
    assert_eq!(owner.push(&all[0]).status, 200, "sent again by who does not know");
    let (forged, ..) = owner.segment(Feed::new(owner.keys.id, 1), &["one", "two", "other"]);
    assert_eq!(put(&owner, &forged).status, 409, "another end is a fork");
    let start = Feed { device: owner.keys.id, incarnation: 1, next: 4, last: read[2].previous };
    let beyond = owner.segment(start, &["four", "five"]).0.without(|_| true);
    let mut nowhere = beyond;
    nowhere.first = 9;
    assert_eq!(put(&owner, &nowhere).status, 401, "out of nowhere");
    assert!(place.checked().bytes < before / 2, "{} of {before}", place.checked().bytes);
    let news = member.news(&[]);
    assert_eq!(segments(&news), [two.encode(), all[2].segment.clone()]);
    let keys = satchel_protocol::WrappedKey::decode_all(&news.segments[0].keys).unwrap();
    assert_eq!(keys.len(), 3, "the keys stay: a snapshot is written under them");
    assert_eq!(segments(&member.news(&[position(1, 2)])).len(), 2, "whoever is within it gets it");
    assert_eq!(segments(&member.news(&[position(1, 4)])), [all[2].segment.as_slice()]);
    assert_eq!(decode_positions(&owner.ask("GET", "/feeds", &[]).body).unwrap(), [position(1, 5)]);
    // A server that has lost a part gets it back, although a run reaches from what it has over what it lacks.
    let team = place.team(2);
    let mut owner = place.peer(&team, 1);
    let all = [owner.write(&["one"]), owner.write(&["two"]), owner.write(&["three"])];
    let read: Vec<Segment> =
        all.iter().map(|k| Segment::decode(team.workspace, &k.segment).unwrap()).collect();
    all[..2].iter().for_each(|kept| assert_eq!(owner.push(kept).status, 201));
    let none = |at: usize| read[at].without(|_| true);
    let joined = none(0).join(&none(1), &owner.keys).unwrap().join(&read[2], &owner.keys).unwrap();
    assert_eq!(owner.push(&Kept { segment: joined.encode(), keys: all[2].keys.clone() }).status, 201);
    assert_eq!(segments(&place.peer(&team, 3).news(&[])), [joined.encode()]);
    assert_eq!(decode_positions(&owner.ask("GET", "/feeds", &[]).body).unwrap(), [position(1, 4)]);
}

fn keeps_what_was_read(place: &mut Place) {
    let team = place.team(1);
    let (owner, viewer) = (place.peer(&team, 1), place.peer(&team, 4));
    let read =
        |peer: &Peer, next: u64| HasRead::new(&peer.keys, team.workspace, vec![position(1, next)]).encode();
    assert_eq!(owner.ask("PUT", "/read", &read(&owner, 3)).status, 204);
    assert_eq!(owner.ask("PUT", "/read", &read(&owner, 5)).status, 204);
    assert_eq!(viewer.ask("PUT", "/read", &read(&viewer, 4)).status, 204);
    assert_eq!(viewer.ask("PUT", "/read", &read(&owner, 9)).status, 401, "not in another's name");
    assert_eq!(viewer.ask("PUT", "/read", b"junk").status, 400);
    let all = decode_all(&viewer.ask("GET", "/read", &[]).body).unwrap();
    assert_eq!(all, [read(&owner, 5), read(&viewer, 4)]);
}

fn gives_much_in_pages(place: &mut Place) {
    let team = place.team(1);
    let (mut owner, mut admin) = (place.peer(&team, 1), place.peer(&team, 2));
    let large = "x".repeat(1 << 20);
    for n in 0..300 {
        let (texts, peer) =
            if n % 2 == 0 { (vec!["small"], &mut owner) } else { (vec!["a", "b"], &mut admin) };
        let kept = peer.write(&texts);
        assert_eq!(peer.push(&kept).status, 201);
    }
    for _ in 0..6 {
        let kept = owner.write(&[&large]);
        assert_eq!(owner.push(&kept).status, 201);
    }
    let member = place.peer(&team, 3);
    let mut known: Vec<Position> = Vec::new();
    let (mut pages, mut seen) = (0, 0);
    loop {
        let news = member.news(&known);
        pages += 1;
        for kept in &news.segments {
            let segment = satchel_protocol::Segment::decode(team.workspace, &kept.segment).unwrap();
            let feed = known.iter_mut().find(|p| p.device == segment.device);
            match feed {
                Some(feed) => {
                    assert_eq!(feed.next, segment.first, "nothing is jumped over");
                    feed.next = segment.end();
                }
                None => {
                    assert_eq!(segment.first, 1);
                    known.push(Position { device: segment.device, incarnation: 1, next: segment.end() });
                }
            }
            seen += 1;
        }
        if !news.more {
            break;
        }
    }
    assert_eq!(seen, 306);
    assert!((2..6).contains(&pages), "{pages} pages");
}

fn refuses_who_was_removed(place: &mut Place) {
    let mut team = place.team(1);
    let (owner, mut member) = (place.peer(&team, 1), place.peer(&team, 3));
    let kept = member.write(&["before"]);
    assert_eq!(member.push(&kept).status, 201);
    let late = member.write(&["written before, sent after"]);
    let record = team.remove(1, 3, vec![Pin { device: DeviceId([3; 16]), incarnation: 1, seq: 1 }]);
    // Back-dated: a record that the member could have written before it was removed.
    let own = Team { workspace: team.workspace, records: Vec::new(), members: control_of(&owner) };
    let back_dated = own.adding(3, 50, Role::Member);
    assert_eq!(owner.put_control(&record).status, 201);
    assert_eq!(member.push(&late).status, 403);
    let mut again = place.peer(&team, 3);
    again.feed = Feed::new(again.keys.id, 2);
    let other_incarnation = again.write(&["as a copy"]);
    assert_eq!(again.push(&other_incarnation).status, 403);
    assert_eq!(member.put_control(&back_dated).status, 403);
    assert_eq!(owner.put_control(&back_dated).status, 409, "whoever carries it");
    for (method, tail) in [("GET", "/feeds"), ("POST", "/news"), ("GET", "/requests"), ("GET", "/contents")] {
        let body: &[u8] = if method == "POST" { &[0x80] } else { &[] };
        assert_eq!(member.ask(method, tail, body).status, 403, "{tail}");
    }
    assert!(control_of(&member).active(DeviceId([3; 16])).is_none(), "but it may learn that it was");
}

fn settles_contested_records(place: &mut Place) {
    let mut team = place.team(1);
    let (owner, admin) = (place.peer(&team, 1), place.peer(&team, 2));
    let (by_owner, by_admin) = (team.adding(1, 10, Role::Member), team.adding(2, 11, Role::Member));
    assert_eq!(admin.put_control(&by_admin).status, 201, "who comes first");
    assert_eq!(admin.put_control(&by_admin).status, 200, "again");
    let said = owner.put_control(&by_owner);
    assert_eq!((said.status, said.code.as_str()), (409, "conflict"), "does it again, behind it");
    let members = control_of(&owner);
    assert!(members.active(DeviceId([11; 16])).is_some() && members.active(DeviceId([10; 16])).is_none());
    team.members = members;
    let again = team.adding(1, 10, Role::Member);
    assert_eq!(owner.put_control(&again).status, 201);
    team.members = control_of(&owner);
    let by_member = team.adding(3, 12, Role::Member);
    assert_eq!(place.peer(&team, 3).put_control(&by_member).status, 403, "who may not invite");
    let news = owner.news(&[]);
    assert_eq!(news.control, 6, "every change is counted");
}

fn lets_the_invited_ask(place: &mut Place) {
    let team = place.team(1);
    let owner = place.peer(&team, 1);
    let invitation = owner.invitation(&team, Role::Member, now() + 60_000);
    let request = Request { device: keys(20).card().unwrap(), person: "Bo".into(), name: "laptop".into() };
    let sealed = invitation.seal(&request).unwrap().encode();
    let pass = invitation.pass();
    let newcomer = place.peer(&team, 20);
    let ask = |body: &[u8]| newcomer.ask_as(&pass.authorization(), "PUT", "/requests", body);
    assert_eq!(ask(&sealed).status, 404, "not announced yet");
    let announced = format!("/invitations/{}?until={}", pass.hash(), now() + 60_000);
    assert_eq!(place.peer(&team, 3).ask("PUT", &announced, &[]).status, 403, "who may not invite");
    assert_eq!(owner.ask("PUT", &announced, &[]).status, 201);
    assert_eq!(ask(b"junk").status, 400);
    let before = owner.news(&[]).control;
    assert_eq!(ask(&sealed).status, 201);
    assert_eq!(ask(&sealed).status, 201, "again");
    assert_eq!(owner.news(&[]).control, before + 1, "who waits is told, once");
    let read = newcomer.ask_as(&pass.authorization(), "GET", "/control", &[]);
    assert_eq!(read.status, 200, "the newcomer waits for the record that lets it in");
    for tail in ["/feeds", "/requests", "/contents"] {
        assert_eq!(newcomer.ask_as(&pass.authorization(), "GET", tail, &[]).status, 401, "{tail}");
    }
    assert_eq!(newcomer.ask_as(&pass.authorization(), "PUT", "/control", &[]).status, 401);
    let waiting = decode_all(&owner.ask("GET", "/requests", &[]).body).unwrap();
    assert_eq!(waiting, std::slice::from_ref(&sealed));
    for n in 0..20 {
        let other = Request { name: format!("{n}"), ..request.clone() };
        assert_eq!(ask(&invitation.seal(&other).unwrap().encode()).status, 201);
    }
    assert!(decode_all(&owner.ask("GET", "/requests", &[]).body).unwrap().len() <= 8, "of one invitation");
    let name: String = Hash::of("satchel 2026 file in a folder", &sealed).to_string()[..16].into();
    assert_eq!(owner.ask("DELETE", &format!("/requests/{name}"), &[]).status, 204);
    let expired = owner.invitation(&team, Role::Member, now());
    let announced = format!("/invitations/{}?until={}", expired.pass().hash(), now() - 1);
    assert_eq!(owner.ask("PUT", &announced, &[]).status, 201);
    let late = newcomer.ask_as(&expired.pass().authorization(), "GET", "/control", &[]);
    assert_eq!(late.status, 404);
}

fn says_when_there_is_news(place: &mut Place) {
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let member = place.peer(&team, 3);
    let head = |said: &[u8]| serde_json::from_slice::<serde_json::Value>(said).unwrap()["head"].as_u64();
    let known = member.news(&[]).control;
    let said = member.ask("GET", &format!("/wait?head=9&control={known}"), &[]);
    assert_eq!(head(&said.body), Some(0), "a server that has less says so at once");
    let kept = owner.write(&["news"]);
    let start = Instant::now();
    let waiting = std::thread::spawn(move || {
        let said = member.ask("GET", &format!("/wait?head=0&control={known}"), &[]);
        (said, Instant::now())
    });
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(owner.push(&kept).status, 201);
    let (said, at) = waiting.join().unwrap();
    assert_eq!((said.status, head(&said.body)), (200, Some(1)));
    assert!(at - start > Duration::from_millis(250), "it has waited");
    // The same by WebSocket, by hand.
    let path = format!("/v1/{}/events", team.workspace);
    let said = keys(3).authorize(team.workspace, now(), ("GET", &path, &[]));
    let mut stream = TcpStream::connect(place.servers[0].address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: {said}\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).unwrap();
    let mut heard = String::new();
    let hear = |stream: &mut TcpStream, heard: &mut String, what: &str| {
        let mut buffer = [0; 4096];
        while !heard.contains(what) {
            let length = stream.read(&mut buffer).unwrap();
            assert!(length > 0, "hung up: {heard}");
            heard.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    };
    hear(&mut stream, &mut heard, "\"head\":1");
    assert!(heard.starts_with("HTTP/1.1 101"), "{heard}");
    let kept = owner.write(&["more"]);
    assert_eq!(owner.push(&kept).status, 201);
    hear(&mut stream, &mut heard, "\"head\":2");
    let mut gone = Team { members: control_of(&owner), records: Vec::new(), workspace: team.workspace };
    let record = gone.remove(1, 3, Vec::new());
    assert_eq!(owner.put_control(&record).status, 201);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
}

/// Several devices at once, each with a long feed: nothing is lost, doubled or out of order.
fn takes_many_at_once(place: &mut Place) {
    let team = place.team(1);
    let urls: Vec<String> = place.servers.iter().map(|s| s.url.clone()).collect();
    std::thread::scope(|scope| {
        for n in 1..=3 {
            let (urls, workspace) = (&urls, team.workspace);
            scope.spawn(move || {
                let mut peer = Peer::new(&urls[usize::from(n) % urls.len()], workspace, n);
                for count in 0..100 {
                    let kept = peer.write(&[&format!("{n} {count}"), "and another"]);
                    peer.url.clone_from(&urls[count % urls.len()]);
                    assert_eq!(peer.push(&kept).status, 201);
                }
            });
        }
    });
    let news = place.peer(&team, 3).news(&[]);
    assert_eq!((news.head, news.segments.len()), (300, 300));
    let report = place.checked();
    assert_eq!((report.segments, report.entries), (300, 600), "{report:?}");
}

fn has_limits(place: &mut Place) {
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let large = vec![0; 40 << 20];
    assert!([413, 0].contains(&owner.ask("POST", "/log", &large).status), "refused, or hung up on");
    assert_eq!(owner.ask("GET", "/feeds", b"no body here").status, 413);
    assert!([413, 0].contains(&owner.ask("POST", "/news", &[0x9f; 2 << 20]).status));
    let url = place.start(|config| {
        config.limits.workspace_bytes = 2_000;
        config.limits.per_device = 2;
    });
    owner.url = url;
    let mut said = Vec::new();
    for _ in 0..20 {
        let kept = owner.write(&["something"]);
        let answer = owner.push(&kept);
        said.push(answer.code.clone());
        if answer.status != 201 {
            break;
        }
    }
    assert_eq!(said.last().map(String::as_str), Some("full"), "{said:?}");
    let asked: Vec<u16> = (0..30).map(|_| owner.ask("GET", "/feeds", &[]).status).collect();
    assert!(asked.contains(&429), "{asked:?}");
    // Who says nothing, or says it slowly, is not waited for.
    let address = place.servers[0].address;
    let path = format!("/v1/{}/log", team.workspace);
    let signed = keys(1).authorize(team.workspace, now(), ("POST", &path, &[]));
    let half_a_head = "POST / HTTP/1.1\r\nHost: x\r\n".to_owned();
    let half_a_body = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {signed}\r\nContent-Length: 1000\r\n\r\nabc"
    );
    for text in [half_a_head, half_a_body] {
        let start = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(start.elapsed() < Duration::from_secs(12), "{text}");
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{text}");
    }
}

fn shows_what_it_has(place: &mut Place) {
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let kept = owner.write(&["a secret of 1,000 words"]);
    assert_eq!(owner.push(&kept).status, 201);
    let said = owner.ask("GET", "/contents", &[]);
    let shown: serde_json::Value = serde_json::from_slice(&said.body).unwrap();
    assert_eq!(shown["workspace"]["segments"], 1, "{shown}");
    assert_eq!(shown["wrapped_keys"], 1);
    assert_eq!(shown["segments"][0]["entries"][0]["kind"], "change");
    assert_eq!(shown["devices"].as_array().unwrap().len(), 4);
    let metrics =
        ureq::get(&format!("{}/metrics", place.url())).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(metrics.contains("satchel_entries_total 1"), "{metrics}");
    for path in ["healthz", "readyz"] {
        assert_eq!(ureq::get(&format!("{}/{path}", place.url())).call().unwrap().status(), 200);
    }
}

fn survives_a_restart(place: &mut Place) {
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let token = place.token();
    let kept = owner.write(&["before"]);
    assert_eq!(owner.push(&kept).status, 201);
    // Whoever waits is let go when it stops.
    let waits = place.peer(&team, 3);
    let known = waits.news(&[]).control;
    let waiting = std::thread::spawn(move || waits.ask("GET", &format!("/wait?head=1&control={known}"), &[]));
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    place.stop();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(waiting.join().unwrap().status, 200);
    place.start(|_| {});
    assert_eq!(place.token(), token, "the address stays good");
    owner.url = place.url();
    let kept = owner.write(&["after"]);
    assert_eq!(owner.push(&kept).status, 201);
    assert_eq!(place.peer(&team, 3).news(&[]).segments.len(), 2);
}

fn two_nodes_serve_one_workspace(place: &mut Place) {
    let other = place.start(|_| {});
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    let member = Peer::new(&other, team.workspace, 3);
    let known = member.news(&[]).control;
    assert_eq!(known, 4, "the other node knows the team");
    let waiting = std::thread::spawn(move || {
        let said = member.ask("GET", &format!("/wait?head=0&control={known}"), &[]);
        (said, Instant::now())
    });
    std::thread::sleep(Duration::from_millis(500));
    let kept = owner.write(&["news"]);
    assert_eq!(owner.push(&kept).status, 201);
    let pushed = Instant::now();
    let (said, at) = waiting.join().unwrap();
    assert_eq!(said.status, 200);
    assert!(
        at.saturating_duration_since(pushed) < Duration::from_secs(5),
        "told by NOTIFY, not by the clock"
    );
    takes_many_at_once_on(place, &team, &owner);
    place.stop();
}

fn takes_many_at_once_on(place: &Place, team: &Team, owner: &Peer) {
    let urls: Vec<String> = place.servers.iter().map(|s| s.url.clone()).collect();
    let feed = owner.feed;
    std::thread::scope(|scope| {
        for n in 1..=3 {
            let (urls, workspace) = (&urls, team.workspace);
            scope.spawn(move || {
                let mut peer = Peer::new(&urls[0], workspace, n);
                peer.feed = if n == 1 { feed } else { peer.feed };
                for count in 0..100 {
                    peer.url.clone_from(&urls[count % urls.len()]);
                    let kept = peer.write(&["x"]);
                    assert_eq!(peer.push(&kept).status, 201);
                }
            });
        }
    });
    let report = place.checked();
    assert!(report.wrong.is_empty() && report.segments == 301, "{report:?}");
}

/// The file that SQLite keeps.
fn file(place: &Place) -> PathBuf {
    place.dir.path().join("satchel-server.db")
}

/// Whatever an older client asks, also what waits, it is told which version is asked for; so is one that says none.
#[test]
fn older_clients_are_told_to_update() {
    let mut place = Place::new(None);
    let team = place.team(1);
    place.stop();
    let url = place.start(|config| config.least_client = Some("0.10.0".parse().unwrap()));
    let address = url.trim_start_matches("http://");
    let ask = |tail: &str, agent: &str| {
        let path = format!("/v1/{}{tail}", team.workspace);
        let mut stream = TcpStream::connect(address).unwrap();
        let ask = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{agent}\r\n"
        );
        stream.write_all(ask.as_bytes()).unwrap();
        let mut said = vec![0; 4096];
        let length = stream.read(&mut said).unwrap();
        String::from_utf8_lossy(&said[..length]).into_owned()
    };
    for tail in ["/control", "/feeds", "/wait?head=0&control=0", "/events", "/contents"] {
        for agent in
            ["", "User-Agent: satchel/0.9.9\r\n", "User-Agent: satchel/99\r\n", "User-Agent: curl/8.1.0\r\n"]
        {
            let said = ask(tail, agent);
            assert!(said.starts_with("HTTP/1.1 426"), "{tail} {agent}: {said}");
        }
        let said = ask(tail, "User-Agent: satchel/0.10.0\r\n");
        assert!(said.starts_with("HTTP/1.1 401"), "{tail}: new enough, and nobody: {said}");
    }
    let said = place.peer(&team, 1).ask("GET", "/control", &[]);
    assert_eq!((said.status, said.code.as_str()), (426, "too_old"));
    let body: serde_json::Value = serde_json::from_slice(&said.body).unwrap();
    assert_eq!(body["error"]["least"], "0.10.0");
    let giant = format!("User-Agent: satchel/{}\r\n", "9".repeat(60_000));
    let said = ask("/control", &giant);
    assert!(said.starts_with("HTTP/1.1 426") || said.starts_with("HTTP/1.1 431"), "{said:.60}");
}

#[test]
fn damage_is_found_and_a_copy_is_whole() {
    let mut place = Place::new(None);
    let team = place.team(1);
    let mut owner = place.peer(&team, 1);
    for n in 0..10 {
        let kept = owner.write(&[&format!("number {n}")]);
        assert_eq!(owner.push(&kept).status, 201);
    }
    let copy = tempfile::tempdir().unwrap();
    let config = place.config();
    let target = copy.path().join("satchel-server.db");
    place.runtime.block_on(async { open(&config).await.unwrap().backup(&target).await.unwrap() });
    place.stop();
    let db = rusqlite::Connection::open(file(&place)).unwrap();
    let bytes: Vec<u8> = db.query_row("SELECT bytes FROM segment WHERE seq = 4", [], |r| r.get(0)).unwrap();
    let mut broken = bytes.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    db.execute("UPDATE segment SET bytes = ?1 WHERE seq = 4", [&broken]).unwrap();
    db.execute("DELETE FROM segment WHERE seq = 8", []).unwrap();
    drop(db);
    let report = place.checked();
    let wrong = report.wrong.join("\n");
    assert_eq!(report.wrong.len(), 3, "{wrong}");
    assert!(wrong.contains("segment 4: its signature"), "{wrong}");
    assert!(
        wrong.contains("segment 9: it does not follow what is known: entries before it are missing"),
        "{wrong}"
    );
    assert!(wrong.contains("it counts 10 entries and has 9"), "{wrong}");
    let nowhere = Config { data: copy.path().join("nowhere"), ..Config::default() };
    assert!(place.runtime.block_on(open(&nowhere)).is_err(), "nothing is made where nothing is to be read");
    assert!(!nowhere.data.exists());
    let other = Place { dir: copy, ..Place::new(None) };
    let report = other.checked();
    assert!(report.wrong.is_empty() && report.segments == 10, "{report:?}");
}
