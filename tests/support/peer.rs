//! A device that speaks to a server by hand: what a second client, or a bad one, would do.

use satchel_protocol::{
    Action, Card, DeviceId, DeviceKeys, DocTag, EntryKind, EpochKey, Feed, Invitation, Kept, Membership,
    News, Payload, PersonId, Pin, Position, RecordKey, Role, Sealed, Segment, SegmentBuilder, SignedRecord,
    Subject, Told, WorkspaceId, WrappedKey, encode_positions, seal_previous,
};
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

pub fn keys(n: u8) -> DeviceKeys {
    let secret = |of: u8| Zeroizing::new([of; 32]);
    DeviceKeys::from_secrets(DeviceId([n; 16]), secret(n), secret(n.wrapping_add(100))).unwrap()
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

fn epoch(n: u32) -> EpochKey {
    EpochKey::from_bytes(n, [u8::try_from(n).unwrap(); 32])
}

/// The team as its first device makes it.
pub struct Team {
    pub workspace: WorkspaceId,
    pub records: Vec<SignedRecord>,
    pub members: Membership,
}

impl Team {
    /// An owner (device 1).
    pub fn new(workspace: u8) -> Self {
        let owner = keys(1);
        let card = owner.card().unwrap();
        let recovery = keys(99).card().unwrap().receive;
        let create = Action::Create {
            person: PersonId([1; 16]),
            names: vec![1],
            sealed: card.seal(b"epoch", epoch(1).as_bytes()).unwrap(),
            recovery,
            for_recovery: Sealed::seal_for(&recovery, b"epoch", epoch(1).as_bytes()).unwrap(),
            device: card,
        };
        let workspace = WorkspaceId([workspace; 16]);
        let first = SignedRecord::first(&owner, workspace, create);
        Self { workspace, members: Membership::begin(&first).unwrap(), records: vec![first] }
    }

    fn take(&mut self, record: SignedRecord) -> SignedRecord {
        self.members.apply(&record).unwrap();
        self.records.push(record.clone());
        record
    }

    /// A record that adds device `n`, of a person of its own, as `by` writes it; not taken yet.
    pub fn adding(&self, by: u8, n: u8, role: Role) -> SignedRecord {
        let card: Card = keys(n).card().unwrap();
        let welcome = card.seal(b"welcome", b"key").unwrap();
        let action = Action::Add { device: card, person: PersonId([n; 16]), role, names: vec![n], welcome };
        self.members.write(&keys(by), action)
    }

    pub fn add(&mut self, by: u8, n: u8, role: Role) -> SignedRecord {
        let record = self.adding(by, n, role);
        self.take(record)
    }

    pub fn remove(&mut self, by: u8, n: u8, pins: Vec<Pin>) -> SignedRecord {
        let gone = DeviceId([n; 16]);
        let (old, new) = (epoch(self.members.epoch), epoch(self.members.epoch + 1));
        let stay = self.members.active_devices().filter(|m| m.card.id != gone);
        let action = Action::Remove {
            devices: vec![gone],
            pins,
            epoch: new.epoch,
            sealed: stay.map(|m| m.card.seal(b"epoch", new.as_bytes()).unwrap()).collect(),
            for_recovery: Sealed::seal_for(&self.members.recovery, b"epoch", new.as_bytes()).unwrap(),
            previous: seal_previous(self.workspace, &new, &old).unwrap(),
        };
        let record = self.members.write(&keys(by), action);
        self.take(record)
    }
}

/// One device at one server.
pub struct Peer {
    pub url: String,
    pub workspace: WorkspaceId,
    pub keys: DeviceKeys,
    pub feed: Feed,
    /// Milliseconds that its clock is off.
    pub clock: i64,
    agent: ureq::Agent,
}

/// The status, the code of an error, and the body.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub code: String,
    pub body: Vec<u8>,
}

impl Peer {
    pub fn new(url: &str, workspace: WorkspaceId, n: u8) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        let keys = keys(n);
        let feed = Feed::new(keys.id, 1);
        Self { url: url.to_owned(), workspace, keys, feed, clock: 0, agent: config.into() }
    }

    pub fn ask(&self, method: &str, tail: &str, body: &[u8]) -> Said {
        let target = format!("/v1/{}{tail}", self.workspace);
        let said = self.keys.authorize(self.workspace, now() + self.clock, (method, &target, body));
        self.ask_as(&said, method, tail, body)
    }

    /// With any `Authorization`, or with what registers a workspace.
    pub fn ask_as(&self, authorization: &str, method: &str, tail: &str, body: &[u8]) -> Said {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/v1/{}{tail}", self.url, self.workspace));
        request = match authorization.strip_prefix("setup ") {
            Some(token) => request.header("satchel-setup", token),
            None => request.header("authorization", authorization),
        };
        let mut response = match self.agent.run(request.body(body).unwrap()) {
            Ok(response) => response,
            // The server has hung up in the middle of the body, as it does when that is too large.
            Err(e @ ureq::Error::Io(_)) => return Said { status: 0, code: e.to_string(), body: Vec::new() },
            Err(e) => panic!("{method} {tail}: {e}"),
        };
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(200 << 20).read_to_vec().unwrap();
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = said["error"]["code"].as_str().unwrap_or_default().to_owned();
        Said { status, code, body }
    }

    pub fn register(&self, team: &Team, token: &str) -> Said {
        self.ask_as(&format!("setup {token}"), "POST", "", &team.records[0].encode())
    }

    pub fn put_control(&self, record: &SignedRecord) -> Said {
        self.ask("PUT", "/control", &record.encode())
    }

    /// The next segment of this device's feed, of documents with a key of their own.
    pub fn write(&mut self, texts: &[&str]) -> Kept {
        let (segment, keys, feed) = self.segment(self.feed, texts);
        self.feed = feed;
        Kept { segment: segment.encode(), keys }
    }

    /// A segment behind any place.
    pub fn segment(&self, feed: Feed, texts: &[&str]) -> (Segment, Vec<u8>, Feed) {
        let mut builder = SegmentBuilder::new(self.workspace, &self.keys, feed);
        let mut wrapped = Vec::new();
        for text in texts {
            let key = RecordKey::generate().unwrap();
            let mut tag = [0; 16];
            tag[..8].copy_from_slice(&key.as_bytes()[..8]);
            let tag = DocTag(tag);
            wrapped.push(epoch(1).wrap(self.workspace, tag, &key).unwrap());
            let payload = Payload {
                chunk: text.as_bytes().to_vec(),
                operation: Some(Told { label: "edit".into(), undoes: None }),
                subject: Some(Subject { record: [5; 16], kind: "person".into(), tags: None }),
                covers: None,
                trail: None,
            };
            builder.add(EntryKind::Change, tag, &epoch(1), &key, &payload).unwrap();
        }
        let (segment, feed) = builder.finish().unwrap();
        (segment, WrappedKey::encode_all(&wrapped), feed)
    }

    pub fn push(&self, kept: &Kept) -> Said {
        self.ask("POST", "/log", &kept.encode())
    }

    pub fn news(&self, known: &[Position]) -> News {
        let said = self.ask("POST", "/news", &encode_positions(known));
        assert_eq!(said.status, 200, "{said:?}");
        News::decode(&said.body).unwrap()
    }

    pub fn invitation(&self, team: &Team, role: Role, expires_at: i64) -> Invitation {
        Invitation::new(self.workspace, team.records[0].hash(), role, expires_at, &self.url).unwrap()
    }
}
