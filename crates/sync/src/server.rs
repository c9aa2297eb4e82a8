//! A server, by HTTPS. Every request is signed; a WebSocket says when there is something new, and where a
//! network breaks those, a request that waits does.

use crate::{
    LanAddress, Pulled, Reader, Remote, RemoteError, Result, Written,
    lan::{self, Lan},
    short_name,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use reqwest::{Client, Method, StatusCode, header};
use satchel_protocol::{
    DeviceId, DeviceKeys, Hash, Kept, News, Pass, Position, ProtocolError, Segment, SignedRecord,
    WorkspaceId, decode_all, decode_names, decode_positions, encode_names, encode_positions, limits,
};
use serde_json::Value;
use std::{
    any::Any,
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{runtime::Runtime, sync::watch, task::JoinHandle};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{handshake::client::generate_key, handshake::derive_accept_key, protocol::Role},
};

const CONNECT: Duration = Duration::from_secs(5);
/// A request and its answer take at most this, and what their bytes take at the slowest.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes a second.
const SLOWEST: u64 = 20_000;
/// Who in the network is the team's host is found out at most so slowly, each.
const RECOGNISE: Duration = Duration::from_secs(4);
/// Of an answer, between two bytes.
const SILENCE: Duration = Duration::from_secs(40);
/// An answer is at most so slow in all: whoever dribbles must not hold up the others.
const ANSWER: Duration = Duration::from_secs(600);
/// A server pings more often.
const DEAD: Duration = Duration::from_secs(70);
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
const TRIES: u32 = 6;
/// After so many waits by request, a WebSocket is tried again.
const POLLS: u32 = 20;

/// `https://host[:port][/path][#setup=…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Without a slash at its end.
    pub base: String,
    /// What registers a new team.
    pub setup: Option<String>,
}

impl ServerAddress {
    /// Nothing if it is the name of a folder.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let text = text.trim();
        if !text.contains("://") {
            return Ok(None);
        }
        let bad = || RemoteError::BadAddress(text.to_owned());
        let mut url = url::Url::parse(text).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !url.username().is_empty() {
            return Err(bad());
        }
        let setup = url.fragment().and_then(|f| f.strip_prefix("setup=")).map(str::to_owned);
        url.set_fragment(None);
        url.set_query(None);
        Ok(Some(Self { base: url.as_str().trim_end_matches('/').to_owned(), setup }))
    }

    /// Host and port, as people say.
    pub fn name(&self) -> &str {
        self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest)
    }
}

enum Who {
    Device(Box<DeviceKeys>),
    Invited(Pass),
}

enum Where {
    Named(ServerAddress),
    Lan(Lan),
}

#[derive(Default)]
struct State {
    /// The server's clock minus ours, in milliseconds.
    clock: i64,
    /// The control log as it was at this version of it.
    control: Option<(u64, Vec<Vec<u8>>)>,
    /// How far each incarnation of this device is there, where that is known.
    there: Option<BTreeMap<u64, u64>>,
}

pub struct Server {
    place: Where,
    workspace: WorkspaceId,
    who: Who,
    http: Client,
    state: Mutex<State>,
    /// Ends what is being asked.
    closing: watch::Sender<bool>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("name", &self.name()).finish_non_exhaustive()
    }
}

pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("network").enable_all();
    builder.build().expect("a thread can be started")
});

fn client(near: bool) -> Result<Client> {
    // Once for the process; that it is there already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    // No proxy knows a computer of this network.
    let builder = if near { builder.no_proxy() } else { builder };
    let built = builder
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("satchel/", env!("CARGO_PKG_VERSION")))
        .build();
    built.map_err(|e| RemoteError::Unreachable("any".into(), e.to_string()))
}

struct Answer {
    status: StatusCode,
    version: Option<u64>,
    body: Vec<u8>,
}

impl Answer {
    fn code(&self) -> String {
        let said: Option<Value> = serde_json::from_slice(&self.body).ok();
        said.and_then(|v| v["error"]["code"].as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The least version that the server asks for.
    fn least(&self) -> String {
        let said: Option<Value> = serde_json::from_slice(&self.body).ok();
        let said = said.and_then(|v| v["error"]["least"].as_str().map(str::to_owned)).unwrap_or_default();
        let plain: String = said.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(32).collect();
        if plain.is_empty() { "?".into() } else { plain }
    }

    fn message(&self) -> String {
        let said: Option<Value> = serde_json::from_slice(&self.body).ok();
        let said = said.and_then(|v| v["error"]["message"].as_str().map(str::to_owned));
        // It comes from outside, and is shown.
        let plain = |text: String| text.chars().filter(|c| !c.is_control()).take(200).collect();
        said.map_or_else(|| self.status.to_string(), plain)
    }
}

/// Up to a half more, so that those who were cut off together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let mut random = [0; 2];
    // Without randomness there is no jitter.
    let _ = getrandom::fill(&mut random);
    pause + pause.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX) / 2.0)
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Server {
    /// As a device of the team. Nothing is asked yet.
    pub fn open(address: ServerAddress, workspace: WorkspaceId, keys: DeviceKeys) -> Result<Self> {
        Self::new(Where::Named(address), workspace, Who::Device(Box::new(keys)))
    }

    /// As somebody who is invited.
    pub fn invited(address: ServerAddress, workspace: WorkspaceId, pass: Pass) -> Result<Self> {
        Self::new(Where::Named(address), workspace, Who::Invited(pass))
    }

    /// A relay in the same network, of a device that the team calls so. `first` is what the team's log
    /// begins with, where that is known.
    pub fn near(
        address: LanAddress,
        name: &str,
        first: Option<Hash>,
        workspace: WorkspaceId,
        keys: DeviceKeys,
    ) -> Result<Self> {
        let lan = Lan::new(address, name, first);
        Self::new(Where::Lan(lan), workspace, Who::Device(Box::new(keys)))
    }

    /// The same as somebody who is invited.
    pub fn near_invited(
        address: LanAddress,
        first: Hash,
        workspace: WorkspaceId,
        pass: Pass,
    ) -> Result<Self> {
        Self::new(Where::Lan(Lan::new(address, "", Some(first))), workspace, Who::Invited(pass))
    }

    fn new(place: Where, workspace: WorkspaceId, who: Who) -> Result<Self> {
        let closing = watch::Sender::new(false);
        let http = client(matches!(place, Where::Lan(_)))?;
        Ok(Self { place, workspace, who, http, state: Mutex::default(), closing })
    }

    /// Nothing is asked any more, and what is being asked ends at once.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> String {
        match &self.place {
            Where::Named(address) => address.name().to_owned(),
            Where::Lan(lan) => lan.name.clone(),
        }
    }

    /// What is asked now, without a slash at its end.
    async fn base(&self) -> Result<String> {
        let lan = match &self.place {
            Where::Named(address) => return Ok(address.base.clone()),
            Where::Lan(lan) => lan,
        };
        if let Some(known) = lan.known(self.workspace) {
            return Ok(lan::url(known));
        }
        // Anybody can say that they are the host: it is who has the team's log.
        let mut tried: Vec<SocketAddr> = Vec::new();
        loop {
            let places = lan.places(self.workspace, &tried).await;
            if places.is_empty() {
                break;
            }
            let mut asked: FuturesUnordered<_> =
                places.iter().map(|place| self.recognise(*place, lan.first)).collect();
            while let Some(place) = asked.next().await {
                if let Some(place) = place {
                    lan.choose(Some(place));
                    return Ok(lan::url(place));
                }
            }
            tried.extend(places);
        }
        // Who is there says what is wrong.
        tried.first().map(|place| lan::url(*place)).ok_or_else(|| RemoteError::NotInNetwork(self.name()))
    }

    async fn recognise(&self, place: SocketAddr, first: Option<Hash>) -> Option<SocketAddr> {
        let request = self.request(&lan::url(place), &Method::GET, "/control", &[]).ok()?;
        let read = async {
            let answer = request.send().await.ok().filter(|answer| answer.status().is_success())?;
            decode_all(&self.whole(answer).await.ok()?).ok()
        };
        let log = tokio::time::timeout(RECOGNISE, read).await.ok()??;
        let begins = SignedRecord::decode(log.first()?).ok()?.hash();
        first.is_none_or(|first| begins == first).then_some(place)
    }

    fn unreachable(&self, error: &reqwest::Error) -> RemoteError {
        if let Where::Lan(lan) = &self.place {
            // It may be elsewhere by now.
            lan.choose(None);
        }
        // The innermost cause says most.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        RemoteError::Unreachable(self.name(), cause.to_string())
    }

    fn too_slow(&self) -> RemoteError {
        RemoteError::Unreachable(self.name(), "it is too slow".into())
    }

    fn request(
        &self,
        base: &str,
        method: &Method,
        tail: &str,
        body: &[u8],
    ) -> Result<reqwest::RequestBuilder> {
        let url = format!("{base}/v1/{}{tail}", self.workspace);
        let parsed = url::Url::parse(&url).map_err(|_| RemoteError::BadAddress(url.clone()))?;
        // A proxy may serve it under a path of its own: what is signed begins at ours.
        let target = format!("/v1/{}{tail}", self.workspace);
        let said = match &self.who {
            Who::Device(keys) => {
                // A server may say any time.
                let at = now().saturating_add(self.state().clock);
                keys.authorize(self.workspace, at, (method.as_str(), &target, body))
            }
            Who::Invited(pass) => pass.authorization(),
        };
        Ok(self.http.request(method.clone(), parsed).header(header::AUTHORIZATION, said))
    }

    async fn ask(&self, method: Method, tail: &str, body: Vec<u8>) -> Result<Answer> {
        let mut pause = Duration::from_millis(250);
        let mut corrected = false;
        for tried in 0..TRIES {
            let mut request = self.request(&self.base().await?, &method, tail, &body)?;
            if let (Where::Named(ServerAddress { setup: Some(setup), .. }), "") = (&self.place, tail) {
                request = request.header("satchel-setup", setup);
            }
            let sending = request.body(body.clone()).send();
            let most = PATIENCE + Duration::from_secs(body.len() as u64 / SLOWEST);
            let sent = tokio::time::timeout(most, sending).await.map_err(|_| self.too_slow())?;
            let response = sent.map_err(|e| self.unreachable(&e))?;
            let status = response.status();
            let number =
                |name: &str| -> Option<i64> { response.headers().get(name)?.to_str().ok()?.parse().ok() };
            if status == StatusCode::UNAUTHORIZED
                && let Some(time) = number("satchel-time")
                && !corrected
            {
                corrected = true;
                self.state().clock = time.saturating_sub(now());
                continue;
            }
            let again = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if again && tried + 1 < TRIES {
                tokio::time::sleep(jittered(pause)).await;
                pause *= 2;
                continue;
            }
            let version = number("satchel-control").and_then(|n| u64::try_from(n).ok());
            let whole = tokio::time::timeout(ANSWER, self.whole(response)).await;
            return Ok(Answer { status, version, body: whole.map_err(|_| self.too_slow())?? });
        }
        Err(RemoteError::Unreachable(self.name(), "it has too much to do; it is tried again later".into()))
    }

    async fn whole(&self, mut response: reqwest::Response) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let chunk = tokio::time::timeout(SILENCE, response.chunk()).await.map_err(|_| self.too_slow())?;
            let Some(chunk) = chunk.map_err(|e| self.unreachable(&e))? else { return Ok(body) };
            if body.len() + chunk.len() > limits::NEWS_BYTES {
                return Err(RemoteError::Nonsense(self.name(), "it does not end".into()));
            }
            body.extend_from_slice(&chunk);
        }
    }

    /// What it answers, where that is what was asked for.
    fn get(&self, method: Method, tail: &str, body: Vec<u8>) -> Result<Answer> {
        let mut closing = self.closing.subscribe();
        let answer = RUNTIME.block_on(async {
            tokio::select! {
                answer = self.ask(method, tail, body) => answer,
                _ = closing.wait_for(|closing| *closing) => {
                    Err(RemoteError::Unreachable(self.name(), "the vault is being locked".into()))
                }
            }
        })?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(match (answer.code().as_str(), answer.status) {
            ("unknown", _) => RemoteError::NotRegistered(self.name()),
            ("setup", _) => RemoteError::Setup(self.name()),
            ("conflict", _) => RemoteError::Overtaken(self.name()),
            ("too_many" | "slow" | "clock", _) => RemoteError::Unreachable(self.name(), answer.message()),
            ("gap", _) => RemoteError::Behind(self.name()),
            ("fork", _) => RemoteError::Fork(self.name()),
            ("full", _) => RemoteError::Full(self.name()),
            ("too_old", _) => RemoteError::TooOld(self.name(), answer.least()),
            ("no_piece", _) => RemoteError::NoPiece,
            (code, status) if code.is_empty() || status.is_server_error() => {
                RemoteError::Unreachable(self.name(), answer.message())
            }
            _ => RemoteError::Refused(self.name(), answer.message()),
        })
    }

    fn nonsense(&self, error: satchel_protocol::ProtocolError) -> RemoteError {
        RemoteError::Nonsense(self.name(), error.to_string())
    }

    /// The whole control log, asked again only where it has changed.
    fn log(&self) -> Result<Vec<Vec<u8>>> {
        if let (Who::Device(_), Some((_, known))) = (&self.who, &self.state().control) {
            return Ok(known.clone());
        }
        let answer = self.get(Method::GET, "/control", Vec::new())?;
        let log = decode_all(&answer.body).map_err(|e| self.nonsense(e))?;
        self.state().control = answer.version.map(|version| (version, log.clone()));
        Ok(log)
    }

    /// What the server holds about this workspace, as it sees it.
    pub fn contents(&self, from: u64) -> Result<Value> {
        let answer = self.get(Method::GET, &format!("/contents?from={from}"), Vec::new())?;
        serde_json::from_slice(&answer.body).map_err(|e| RemoteError::Nonsense(self.name(), e.to_string()))
    }

    /// Tells of news by a WebSocket until that ends; an error if there never was one.
    async fn by_socket(&self, heard: &Arc<dyn Fn() + Send + Sync>) -> Result<()> {
        let key = generate_key();
        let request = self
            .request(&self.base().await?, &Method::GET, "/events", &[])?
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key)
            .version(reqwest::Version::HTTP_11);
        let sent = tokio::time::timeout(PATIENCE, request.send()).await.map_err(|_| self.too_slow())?;
        let response = sent.map_err(|e| self.unreachable(&e))?;
        let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT).and_then(|v| v.to_str().ok());
        if response.status() != StatusCode::SWITCHING_PROTOCOLS
            || accepted != Some(derive_accept_key(key.as_bytes()).as_str())
        {
            return Err(RemoteError::Unreachable(self.name(), response.status().to_string()));
        }
        let stream = response.upgrade().await.map_err(|e| self.unreachable(&e))?;
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        // Pings are answered while it is read.
        while let Ok(Some(Ok(message))) = tokio::time::timeout(DEAD, socket.next()).await {
            if message.is_text() {
                heard();
            }
        }
        Ok(())
    }

    /// The same, by requests that wait.
    async fn by_waiting(&self, heard: &Arc<dyn Fn() + Send + Sync>) -> Result<()> {
        let mut known = (0, 0);
        for _ in 0..POLLS {
            let tail = format!("/wait?head={}&control={}", known.0, known.1);
            let answer = self.ask(Method::GET, &tail, Vec::new()).await?;
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let (Some(head), Some(control)) = (said["head"].as_u64(), said["control"].as_u64()) else {
                return Err(RemoteError::Unreachable(self.name(), answer.message()));
            };
            if (head, control) != known {
                known = (head, control);
                heard();
            }
        }
        Ok(())
    }
}

impl Remote for Server {
    fn first_record(&self) -> Result<Option<Vec<u8>>> {
        match self.log() {
            Ok(log) => Ok(log.into_iter().next()),
            Err(RemoteError::NotRegistered(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn begin(&self, first: &[u8]) -> Result<()> {
        self.get(Method::POST, "", first.to_vec()).map(|_| ())
    }

    fn check(&self, first: &[u8]) -> Result<()> {
        match self.first_record()? {
            Some(there) if there == first => Ok(()),
            Some(_) => Err(RemoteError::Other(self.name())),
            None => Err(RemoteError::NotRegistered(self.name())),
        }
    }

    fn refresh(&self) {
        self.state().control = None;
    }

    fn control(&self) -> Result<Vec<Vec<u8>>> {
        Ok(self.log()?.into_iter().skip(1).collect())
    }

    fn put_control(&self, _: u64, record: &[u8]) -> Result<()> {
        self.state().control = None;
        self.get(Method::PUT, "/control", record.to_vec()).map(|_| ())
    }

    fn invite(&self, pass: &Pass, expires_at: i64) -> Result<()> {
        let tail = format!("/invitations/{}?until={expires_at}", pass.hash());
        self.get(Method::PUT, &tail, Vec::new()).map(|_| ())
    }

    fn requests(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let answer = self.get(Method::GET, "/requests", Vec::new())?;
        let all = decode_all(&answer.body).map_err(|e| self.nonsense(e))?;
        Ok(all.into_iter().map(|bytes| (short_name(&bytes), bytes)).collect())
    }

    fn put_request(&self, request: &[u8]) -> Result<()> {
        self.get(Method::PUT, "/requests", request.to_vec()).map(|_| ())
    }

    fn remove_request(&self, name: &str) {
        // One that stays is only asked again.
        let _ = self.get(Method::DELETE, &format!("/requests/{name}"), Vec::new());
    }

    fn lacking(&self, device: DeviceId, written: &[Written]) -> Result<Vec<Written>> {
        let known = self.state().there.clone();
        let there = match known {
            Some(there) => there,
            None => {
                let own = self.places()?.into_iter().filter(|p| p.device == device);
                let there: BTreeMap<u64, u64> = own.map(|p| (p.incarnation, p.next)).collect();
                self.state().there = Some(there.clone());
                there
            }
        };
        let is_there = |w: &Written| there.get(&w.incarnation).is_some_and(|next| w.next <= *next);
        Ok(written.iter().filter(|w| !is_there(w)).copied().collect())
    }

    fn places(&self) -> Result<Vec<Position>> {
        let answer = self.get(Method::GET, "/feeds", Vec::new())?;
        decode_positions(&answer.body).map_err(|e| self.nonsense(e))
    }

    fn push(&self, _: DeviceId, written: Written, kept: Kept) -> Result<()> {
        let pushed = self.get(Method::POST, "/log", kept.encode()).map(|_| ());
        let mut state = self.state();
        match &pushed {
            Ok(()) => {
                if let Some(there) = &mut state.there {
                    there.insert(written.incarnation, written.next);
                }
            }
            // It has less than was thought, or more, or this device may not any more: asked the next time.
            Err(_) => {
                state.there = None;
                state.control = None;
            }
        }
        pushed
    }

    fn replace(&self, _: DeviceId, _: Written, kept: Kept) -> Result<()> {
        self.get(Method::PUT, "/log", kept.encode()).map(|_| ())
    }

    fn put_read(&self, _: DeviceId, read: &[u8]) -> Result<()> {
        self.get(Method::PUT, "/read", read.to_vec()).map(|_| ())
    }

    fn reads(&self) -> Result<Vec<Vec<u8>>> {
        let answer = self.get(Method::GET, "/read", Vec::new())?;
        decode_all(&answer.body).map_err(|e| self.nonsense(e))
    }

    fn lacking_blobs(&self, names: &[Hash]) -> Result<Vec<Hash>> {
        let answer = self.get(Method::POST, "/blobs", encode_names(names))?;
        decode_names(&answer.body).map_err(|e| self.nonsense(e))
    }

    fn put_blob(&self, name: Hash, bytes: &[u8]) -> Result<()> {
        self.get(Method::PUT, &format!("/blobs/{name}"), bytes.to_vec()).map(|_| ())
    }

    fn blob(&self, name: Hash) -> Result<Option<Vec<u8>>> {
        match self.get(Method::GET, &format!("/blobs/{name}"), Vec::new()) {
            Ok(answer) => Ok(Some(answer.body)),
            Err(RemoteError::NoPiece) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn is_answerable(&self) -> bool {
        true
    }

    fn pull(&self, reader: &mut dyn Reader) -> Result<Pulled> {
        // How far each feed was handed over in this pull, whatever the reader has made of it.
        let mut given: BTreeMap<(DeviceId, u64), u64> = BTreeMap::new();
        loop {
            let Some(known) = reader.known() else { return Ok(Pulled::Stopped) };
            let mut ask: BTreeMap<(DeviceId, u64), u64> = given.clone();
            for place in known {
                let next = ask.entry((place.device, place.incarnation)).or_default();
                *next = place.next.max(*next);
            }
            let known: Vec<Position> = ask
                .into_iter()
                .map(|((device, incarnation), next)| Position { device, incarnation, next })
                .collect();
            let answer = self.get(Method::POST, "/news", encode_positions(&known))?;
            let news = News::decode(&answer.body).map_err(|e| self.nonsense(e))?;
            {
                let mut state = self.state();
                // It may have become an older copy of itself: what it lacks of us is sent again.
                state.there = Some(news.own.iter().map(|p| (p.incarnation, p.next)).collect());
                if state.control.as_ref().is_none_or(|(version, _)| *version != news.control) {
                    state.control = None;
                    return Ok(Pulled::ControlMoved);
                }
            }
            let before = given.clone();
            let mut broken = None;
            let mut segments = Vec::with_capacity(news.segments.len());
            for kept in &news.segments {
                match Segment::decode(self.workspace, &kept.segment) {
                    Ok(segment) => segments.push((segment, kept.keys.as_slice())),
                    // The others may be whole.
                    Err(e) => broken = broken.or(Some(e)),
                }
            }
            for (at, (segment, keys)) in segments.iter().enumerate() {
                let next = segments.get(at + 1).map(|(segment, keys)| (segment, *keys));
                let Some(more) = reader.take((segment, keys), next) else { return Ok(Pulled::Stopped) };
                // As far as anything can be: no more of it.
                let to = if more { segment.end() } else { i64::MAX.unsigned_abs() };
                let given = given.entry((segment.device, segment.incarnation)).or_default();
                *given = to.max(*given);
            }
            match broken {
                Some(ProtocolError::Newer(_)) => return Err(RemoteError::Newer(self.name())),
                Some(e) => return Err(self.nonsense(e)),
                None => {}
            }
            if !news.more || given == before {
                return Ok(Pulled::All);
            }
        }
    }

    fn listen(self: Arc<Self>, heard: Arc<dyn Fn() + Send + Sync>) -> Box<dyn Any + Send> {
        struct Listening(JoinHandle<()>);
        impl Drop for Listening {
            fn drop(&mut self) {
                self.0.abort();
            }
        }
        Box::new(Listening(RUNTIME.spawn(async move {
            let mut pause = BACKOFF.0;
            loop {
                let by_socket = self.by_socket(&heard).await.is_ok();
                if by_socket || self.by_waiting(&heard).await.is_ok() {
                    pause = BACKOFF.0;
                }
                tokio::time::sleep(jittered(pause)).await;
                pause = (pause * 2).min(BACKOFF.1);
            }
        })))
    }
}
