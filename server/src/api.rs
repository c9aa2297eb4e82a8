//! What devices ask. `docs/format/server.md` says the same for a second client.

use crate::{
    hub::{Head, Hub},
    listen::Peer,
    now,
    refusal::Refusal,
    store::{Appended, FeedState, NewSegment, Replaced, Waiting},
    version::Version,
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{
        Path, Query, Request, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use satchel_protocol::{
    Authorization, Card, DeviceId, Feed, Hash, Item, Kept, Membership, Pass, Place, Position, ProtocolError,
    Read, Role, Segment, SignedRecord, WorkspaceId, WrappedKey, decode_names, decode_positions, encode_all,
    encode_names, encode_positions, from_hex, hex, limits, piece_name,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

type Shared = State<Arc<Hub>>;
type Answer = Result<Response, Refusal>;

/// Both clocks may be off by so much, in milliseconds.
const CLOCKS: i64 = 5 * 60 * 1000;
/// How long a device waits for news in one request, and between two pings.
const WAIT: Duration = Duration::from_secs(25);
/// Between two words on one WebSocket: where much happens, one says it for all.
const APART: Duration = Duration::from_millis(100);
/// A body comes at least this fast, in bytes a second.
const SLOWEST: u64 = 20_000;
const REQUEST_BYTES: usize = 16 << 10;
/// An invitation is kept at most so long, in milliseconds.
const INVITED: i64 = 31 * 24 * 3600 * 1000;
/// How many segments the page that shows what the server has gives at once.
const SHOWN: usize = 100;

pub fn routes(hub: Arc<Hub>) -> Router {
    let workspace = Router::new()
        .route("/", post(create))
        .route("/control", get(control).put(put_control))
        .route("/feeds", get(feeds))
        .route("/log", post(push).put(replace))
        .route("/read", get(reads).put(put_read))
        .route("/news", post(news))
        .route("/blobs", post(lacking_blobs))
        .route("/blobs/{name}", get(blob).put(put_blob))
        .route("/wait", get(wait))
        .route("/events", get(events))
        .route("/invitations/{pass}", put(invite))
        .route("/requests", get(requests).put(ask))
        .route("/requests/{name}", delete(answered))
        .route("/contents", get(contents))
        .layer(middleware::from_fn_with_state(hub.clone(), by_version))
        .layer(middleware::from_fn_with_state(hub.clone(), by_address));
    Router::new()
        .route("/", get(|| async { "This is a Satchel server. It can read nothing of what it carries.\n" }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(hub): Shared| async move { hub.metrics.text() }))
        .nest("/v1/{workspace}", workspace)
        .fallback(|| async { Refusal::Unknown })
        .layer(middleware::from_fn_with_state(hub.clone(), measured))
        .with_state(hub)
}

async fn measured(State(hub): Shared, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = match request.uri().path().rsplit('/').next() {
        Some("control") => "control",
        Some("feeds") => "feeds",
        Some("log") => "log",
        Some("news") => "news",
        Some("read") => "read",
        Some("wait") => "wait",
        Some("events") => "events",
        Some("requests") => "requests",
        Some("contents") => "contents",
        _ => "other",
    };
    let method = request.method().clone();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), start.elapsed());
    hub.metrics.answered(route, status, took);
    // No ids and no addresses: a log is read by more people than a store.
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, route, status, millis, "answered");
    response
}

async fn by_address(State(hub): Shared, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    // The last one is what our own proxy has seen.
    let forwarded = request.headers().get("x-forwarded-for").and_then(|h| h.to_str().ok());
    let forwarded =
        forwarded.filter(|_| hub.proxy).and_then(|all| all.rsplit(',').next()?.trim().parse().ok());
    match forwarded.or(peer).map_or(Ok(()), |address| hub.let_address(address)) {
        Ok(()) => next.run(request).await,
        Err(e) => e.into_response(),
    }
}

async fn by_version(State(hub): Shared, request: Request, next: Next) -> Response {
    let said = request.headers().get(header::USER_AGENT).and_then(|h| Version::of_client(h.to_str().ok()?));
    match hub.least_client.filter(|least| said < Some(*least)) {
        None => next.run(request).await,
        Some(least) => Refusal::TooOld(least).into_response(),
    }
}

async fn ready(State(hub): Shared) -> Response {
    let closing = *hub.closing.borrow();
    match (closing, hub.store.ready().await) {
        (false, Ok(())) => "ready\n".into_response(),
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "closing\n").into_response(),
        (_, Err(e)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{e}\n")).into_response(),
    }
}

/// The whole body, if it is not too large, and comes fast enough; and the room that it takes until the answer
/// is made. What strangers send has a room of its own.
async fn body(
    hub: &Hub,
    room: &Arc<Semaphore>,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse::<usize>().ok());
    let expected = length.unwrap_or(limit);
    if expected > limit {
        return Err(Refusal::TooLarge(limit));
    }
    let patience = Duration::from_secs(hub.limits.patience + expected as u64 / SLOWEST);
    if limit == 0 {
        let empty = axum::body::to_bytes(body, 0).await.map_err(|_| Refusal::TooLarge(0))?;
        return Ok((empty, None));
    }
    let most = (hub.limits.memory / 1024).max(1);
    // What is decoded and copied of it takes room, too.
    let kilobytes = u32::try_from((expected / 512 + 1).min(most)).unwrap_or(u32::MAX);
    let read = async {
        let room = room.clone().acquire_many_owned(kilobytes).await.map_err(|_| Refusal::Slow)?;
        let bytes = axum::body::to_bytes(body, limit).await.map_err(|_| Refusal::TooLarge(limit))?;
        Ok((bytes, Some(room)))
    };
    tokio::time::timeout(patience, read).await.map_err(|_| Refusal::Slow)?
}

fn workspace_of(text: &str) -> Result<WorkspaceId, Refusal> {
    from_hex(text).map(WorkspaceId).ok_or(Refusal::Unknown)
}

/// Who asks, once it is sure.
struct Caller {
    workspace: WorkspaceId,
    head: Head,
    members: Arc<Membership>,
    who: Who,
    body: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

enum Who {
    Device(Card),
    Invited(Pass),
}

impl Caller {
    /// A device that belongs to the team now.
    fn device(&self) -> Result<&Card, Refusal> {
        match &self.who {
            Who::Device(card) if self.members.active(card.id).is_some() => Ok(card),
            Who::Device(_) => Err(Refusal::NotAllowed),
            Who::Invited(_) => Err(Refusal::Nobody),
        }
    }
}

/// Checks who asks before the body is read, and what is asked after.
async fn caller(hub: &Hub, workspace: &str, request: Request, limit: usize) -> Result<Caller, Refusal> {
    let workspace = workspace_of(workspace)?;
    let (parts, rest) = request.into_parts();
    let said =
        parts.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).ok_or(Refusal::Nobody)?;
    let said = Authorization::parse(said)?;
    let (stored, members) = hub.members(workspace).await?;
    let head = stored.into();
    match said {
        Authorization::Invited(pass) => {
            if !hub.store.invited(workspace, pass.hash(), now()).await? {
                return Err(Refusal::Unknown);
            }
            let limit = limit.min(REQUEST_BYTES);
            let (body, room) = body(hub, &hub.strangers, &parts.headers, rest, limit).await?;
            Ok(Caller { workspace, head, members, who: Who::Invited(pass), body, _room: room })
        }
        Authorization::Device(claim) => {
            let card = members.devices.get(&claim.device).map(|m| m.card.clone()).ok_or(Refusal::Unknown)?;
            if !is_near(claim.at, now()) {
                return Err(Refusal::Clock);
            }
            let (body, room) = body(hub, &hub.bodies, &parts.headers, rest, limit).await?;
            let target = parts.uri.path_and_query().map_or("", |p| p.as_str());
            // Nested routes see a part of the path only.
            let whole = parts.extensions.get::<axum::extract::OriginalUri>();
            let target = whole.and_then(|uri| uri.0.path_and_query()).map_or(target, |p| p.as_str());
            claim.verify(&card, workspace, (parts.method.as_str(), target, &body))?;
            hub.let_device(claim.device)?;
            Ok(Caller { workspace, head, members, who: Who::Device(card), body, _room: room })
        }
    }
}

/// Whether a time that somebody says can be now.
fn is_near(at: i64, now: i64) -> bool {
    at.abs_diff(now) <= CLOCKS.unsigned_abs()
}

fn cbor(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/cbor")], bytes).into_response()
}

/// Registers a workspace by its first record.
async fn create(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let id = workspace_of(&workspace)?;
    let (parts, rest) = request.into_parts();
    let said = parts.headers.get("satchel-setup").and_then(|h| h.to_str().ok());
    let may = hub.setup.is_none() || hub.setup.as_deref() == said;
    if !may && hub.store.workspace(id).await?.is_none() {
        return Err(Refusal::Setup);
    }
    let (first, _room) = body(&hub, &hub.strangers, &parts.headers, rest, limits::RECORD_BYTES).await?;
    let members = Membership::begin(&SignedRecord::decode(&first)?)?;
    if members.workspace != id {
        return Err(Refusal::Malformed("the record is of another workspace".into()));
    }
    let there = hub.store.control(id).await?;
    match there.first() {
        Some(known) if *known == first => return Ok(StatusCode::OK.into_response()),
        Some(_) => return Err(Refusal::Conflict("another workspace has this id".into())),
        None => {}
    }
    if !may {
        return Err(Refusal::Setup);
    }
    if hub.store.workspaces().await?.len() as u64 >= hub.limits.workspaces {
        return Err(Refusal::Full);
    }
    match hub.store.create(id, &first, now()).await? {
        true => Ok(StatusCode::CREATED.into_response()),
        false => Err(Refusal::Conflict("it was registered at this moment".into())),
    }
}

/// The control log, for members, for those who were, and for those who are invited.
async fn control(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    let version = [("satchel-control", caller.head.control.to_string())];
    Ok((version, cbor(encode_all(hub.store.control(caller.workspace).await?))).into_response())
}

/// Takes a record where the log ends, and nowhere else: what is there stays, whatever comes later is dated.
async fn put_control(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::RECORD_BYTES).await?;
    caller.device()?;
    let new = SignedRecord::decode(&caller.body)?;
    let place = new.read()?.seq;
    for _ in 0..8 {
        let (stored, members) = hub.members(caller.workspace).await?;
        let known = hub.store.control(caller.workspace).await?;
        if known.iter().any(|record| **record == *caller.body) {
            return Ok(StatusCode::OK.into_response());
        }
        let mut after = (*members).clone();
        after.apply(&new).map_err(|e| match e {
            ProtocolError::NotAllowed(_) => Refusal::NotAllowed,
            other => Refusal::Conflict(other.to_string()),
        })?;
        let records = [caller.body.to_vec()];
        if hub.store.set_control(caller.workspace, stored.control, place, &records).await? {
            hub.tell(caller.workspace, Head { head: stored.head, control: stored.control + 1 });
            return Ok(StatusCode::CREATED.into_response());
        }
    }
    Err(Refusal::TooMany)
}

async fn feeds(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    Ok(cbor(encode_positions(&hub.store.feeds(caller.workspace).await?)))
}

/// A segment of the device that asks, as far as it can be checked without its feed.
fn pushed(hub: &Hub, caller: &Caller) -> Result<(Segment, NewSegment), Refusal> {
    let card = caller.device()?;
    let kept = Kept::decode(&caller.body)?;
    let segment = Segment::decode(caller.workspace, &kept.segment)?;
    let keys = match kept.keys.is_empty() {
        true => Vec::new(),
        false => WrappedKey::decode_all(&kept.keys)?,
    };
    if segment.device != card.id {
        return Err(Refusal::NotAllowed);
    }
    if i64::try_from(segment.incarnation).is_err() {
        return Err(Refusal::Malformed("a number in it is too large".into()));
    }
    if keys.len() as u64 > segment.count().saturating_mul(limits::TAGS as u64) {
        return Err(Refusal::Malformed("it has more keys than its entries can have".into()));
    }
    let (device, incarnation, end) = (segment.device, segment.incarnation, segment.end());
    if !caller.members.counts(Place { device, incarnation, seq: end - 1 }) {
        return Err(Refusal::NotAllowed);
    }
    let mut feed = Feed { device, incarnation, next: segment.first, last: segment.previous };
    feed.accept(caller.workspace, card, &segment)?;
    let new = NewSegment {
        workspace: caller.workspace,
        device,
        incarnation,
        before: FeedState { next: segment.first, last: segment.previous },
        after: FeedState { next: feed.next, last: feed.last },
        size: (kept.segment.len() + kept.keys.len()) as u64,
        bytes: kept.segment,
        keys,
        at: now(),
        quota: hub.limits.workspace_bytes,
    };
    Ok((segment, new))
}

/// Takes a segment of the device that asks.
async fn push(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::SEGMENT_BYTES + (1 << 20)).await?;
    let (segment, new) = pushed(&hub, &caller)?;
    for _ in 0..8 {
        let before = hub.store.feed(caller.workspace, new.device, new.incarnation).await?;
        let before = before.unwrap_or(FeedState::NEW);
        if segment.first > before.next {
            return Err(Refusal::Gap(before.next));
        }
        if segment.first < before.next {
            compare(&hub, caller.workspace, &segment, before.next).await?;
            // What is left out of it may reach from what is here over what was lost.
            return match segment.end() > before.next {
                true => put_over(&hub, &caller, new).await,
                false => Ok(StatusCode::OK.into_response()),
            };
        }
        if segment.previous != before.last {
            return Err(Refusal::Fork);
        }
        match hub.store.append(new.clone()).await? {
            Appended::Full => return Err(Refusal::Full),
            Appended::Moved => {}
            Appended::Yes(seq) => {
                hub.metrics.entries.inc_by(segment.count());
                hub.metrics.bytes_in.inc_by(new.size);
                hub.tell(caller.workspace, Head { head: seq, control: caller.head.control });
                return Ok(StatusCode::CREATED.into_response());
            }
        }
    }
    Err(Refusal::TooMany)
}

/// Takes a segment instead of those that stand there: it says the same, without what snapshots hold.
async fn replace(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::SEGMENT_BYTES + (1 << 20)).await?;
    let (segment, new) = pushed(&hub, &caller)?;
    let end = hub.store.feed(caller.workspace, new.device, new.incarnation).await?;
    let end = end.unwrap_or(FeedState::NEW).next;
    if segment.first >= end {
        return Err(Refusal::Gap(end));
    }
    compare(&hub, caller.workspace, &segment, end).await?;
    put_over(&hub, &caller, new).await
}

async fn put_over(hub: &Hub, caller: &Caller, new: NewSegment) -> Answer {
    hub.metrics.bytes_in.inc_by(new.size);
    match hub.store.replace(new).await? {
        Replaced::Full => Err(Refusal::Full),
        Replaced::No => Ok(StatusCode::OK.into_response()),
        Replaced::Yes => {
            hub.tell(caller.workspace, caller.head);
            Ok(StatusCode::CREATED.into_response())
        }
    }
}

/// A segment in places that are taken, up to `end`: the same again is fine, another is a fork. Where a run was left
/// out, here or there, nothing can be compared.
async fn compare(hub: &Hub, workspace: WorkspaceId, segment: &Segment, end: u64) -> Result<(), Refusal> {
    let last = segment.end().min(end) - 1;
    let place = Position { device: segment.device, incarnation: segment.incarnation, next: last };
    let there = hub.store.segment_with(workspace, place).await?.ok_or(Refusal::Fork)?;
    let hash = |segment: &Segment| segment.chain().iter().find(|l| l.end() == last + 1).map(|l| l.hash);
    match hash(&Segment::decode(workspace, &there)?).zip(hash(segment)) {
        Some((there, said)) if there != said => Err(Refusal::Fork),
        _ => Ok(()),
    }
}

/// Keeps how far the device that asks has read everything.
async fn put_read(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::RECORD_BYTES).await?;
    let card = caller.device()?;
    Read::decode(&caller.body)?.verify(caller.workspace, card)?;
    hub.store.put_read(caller.workspace, card.id, &caller.body).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn reads(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    Ok(cbor(encode_all(hub.store.reads(caller.workspace).await?)))
}

/// What the device lacks: it says how far it knows each feed.
async fn news(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::RECORD_BYTES).await?;
    let asks = caller.device()?.id;
    let news = hub.store.news(caller.workspace, asks, decode_positions(&caller.body)?).await?.encode();
    hub.metrics.bytes_out.inc_by(news.len() as u64);
    Ok(cbor(news))
}

fn name_of(text: &str) -> Result<Hash, Refusal> {
    from_hex(text).map(Hash).ok_or_else(|| Refusal::Malformed("this is no hash".into()))
}

/// Takes a piece of an attachment, which is called by its hash.
async fn put_blob(
    State(hub): Shared,
    Path((workspace, name)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::PIECE_BYTES).await?;
    let (device, name) = (caller.device()?.id, name_of(&name)?);
    let role = caller.members.active(device).map(|m| caller.members.role(m.person));
    if role < Some(Role::Member) {
        return Err(Refusal::NotAllowed);
    }
    if piece_name(&caller.body) != name {
        return Err(Refusal::Malformed("its name is not its hash".into()));
    }
    let (id, size) = (caller.workspace, caller.body.len() as u64);
    if hub.store.lacking_blobs(id, vec![name]).await?.is_empty() {
        return Ok(StatusCode::OK.into_response());
    }
    let stored = hub.store.workspace(id).await?.ok_or(Refusal::Unknown)?;
    if stored.bytes + size > hub.limits.workspace_bytes {
        return Err(Refusal::Full);
    }
    hub.metrics.bytes_in.inc_by(size);
    // There first, then known to be there.
    hub.blobs.put(id, name, caller.body.to_vec()).await.map_err(Refusal::Blobs)?;
    match hub.store.put_blob(id, name, size, now(), hub.limits.workspace_bytes).await? {
        true => Ok(StatusCode::CREATED.into_response()),
        false => Err(Refusal::Full),
    }
}

async fn blob(
    State(hub): Shared,
    Path((workspace, name)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    let found = hub.blobs.get(caller.workspace, name_of(&name)?).await.map_err(Refusal::Blobs)?;
    let bytes = found.ok_or(Refusal::NoPiece)?;
    hub.metrics.bytes_out.inc_by(bytes.len() as u64);
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Which of these pieces are not there.
async fn lacking_blobs(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, limits::RECORD_BYTES).await?;
    caller.device()?;
    let names = decode_names(&caller.body)?;
    Ok(cbor(encode_names(&hub.store.lacking_blobs(caller.workspace, names).await?)))
}

#[derive(Deserialize)]
struct Known {
    head: u64,
    control: u64,
}

impl From<Known> for Head {
    fn from(known: Known) -> Self {
        Self { head: known.head, control: known.control }
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone: that is closing, too.
    let _ = closing.wait_for(|closing| *closing).await;
}

async fn later(news: &mut watch::Receiver<Head>, known: Head) -> Head {
    let later = |head: &Head| head.head > known.head || head.control > known.control;
    news.wait_for(later).await.map_or(known, |head| *head)
}

fn said(head: Head) -> Value {
    json!({"head": head.head, "control": head.control})
}

/// Answers when there is something new, or nothing for a while. For those whose network breaks WebSockets.
async fn wait(
    State(hub): Shared,
    Path(workspace): Path<String>,
    Query(known): Query<Known>,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    let known = Head::from(known);
    let mut news = hub.watch(caller.workspace);
    let mut closing = hub.closing.clone();
    // Read behind the watch, so that nothing falls between the two.
    let now = hub.store.workspace(caller.workspace).await?.ok_or(Refusal::Unknown)?.into();
    if known != now {
        return Ok(Json(said(now)).into_response());
    }
    hub.metrics.waiting.inc();
    let head = tokio::select! {
        head = later(&mut news, known) => head,
        () = closed(&mut closing) => known,
        () = tokio::time::sleep(WAIT) => known,
    };
    hub.metrics.waiting.dec();
    Ok(Json(said(head)).into_response())
}

/// A WebSocket that says when there is something new, and nothing else.
async fn events(
    State(hub): Shared,
    Path(workspace): Path<String>,
    upgrade: WebSocketUpgrade,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    let device = caller.device()?.id;
    let upgrade = upgrade.max_message_size(1024).max_frame_size(1024);
    Ok(upgrade.on_upgrade(move |socket| async move {
        hub.metrics.waiting.inc();
        talk(&hub, caller.workspace, device, socket).await;
        hub.metrics.waiting.dec();
    }))
}

async fn talk(hub: &Hub, workspace: WorkspaceId, device: DeviceId, mut socket: WebSocket) {
    let mut news = hub.watch(workspace);
    let mut closing = hub.closing.clone();
    let mut control = None;
    loop {
        // What changes from here on is said in the next round.
        news.mark_unchanged();
        let Ok((stored, members)) = hub.members(workspace).await else { return };
        if control != Some(stored.control) && members.active(device).is_none() {
            return;
        }
        control = Some(stored.control);
        if socket.send(Message::Text(said(stored.into()).to_string().into())).await.is_err() {
            return;
        }
        let said_at = tokio::time::Instant::now();
        let mut changed = false;
        // Until there is something to say.
        loop {
            tokio::select! {
                now = news.changed(), if !changed => match now {
                    Ok(()) => changed = true,
                    Err(_) => return,
                },
                () = tokio::time::sleep_until(said_at + APART), if changed => break,
                () = closed(&mut closing) => {
                    let frame = CloseFrame { code: 1001, reason: "the server stops".into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
                said = socket.recv() => match said {
                    // What devices say here means only that they are there.
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
                () = tokio::time::sleep(WAIT) => {
                    if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Until {
    until: i64,
}

/// A device says that somebody is invited.
async fn invite(
    State(hub): Shared,
    Path((workspace, pass)): Path<(String, String)>,
    Query(Until { until }): Query<Until>,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    let device = caller.device()?.id;
    let role = caller.members.active(device).map(|m| caller.members.role(m.person));
    if role < Some(Role::Admin) {
        return Err(Refusal::NotAllowed);
    }
    let pass = name_of(&pass)?;
    hub.store.put_invitation(caller.workspace, pass, until.min(now() + INVITED), now()).await?;
    Ok(StatusCode::CREATED.into_response())
}

/// Somebody who was invited asks to join.
async fn ask(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, REQUEST_BYTES).await?;
    let Who::Invited(pass) = caller.who else { return Err(Refusal::NotAllowed) };
    satchel_protocol::SealedRequest::decode(&caller.body)?;
    let name = Hash::of("satchel 2026 file in a folder", &caller.body).to_string().chars().take(16).collect();
    let waiting = Waiting { name, bytes: caller.body.to_vec() };
    hub.store.put_request(caller.workspace, pass.hash(), waiting, now()).await?;
    let stored = hub.store.workspace(caller.workspace).await?.ok_or(Refusal::Unknown)?;
    hub.tell(caller.workspace, stored.into());
    Ok(StatusCode::CREATED.into_response())
}

async fn requests(State(hub): Shared, Path(workspace): Path<String>, request: Request) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    let all = hub.store.requests(caller.workspace).await?;
    Ok(cbor(encode_all(all.into_iter().map(|r| r.bytes).collect())))
}

async fn answered(
    State(hub): Shared,
    Path((workspace, name)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    hub.store.remove_request(caller.workspace, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    from: u64,
}

fn shown(item: &Item) -> Value {
    match item {
        Item::Entry(e) => {
            let begins: Vec<u8> = e.ciphertext().iter().take(24).copied().collect();
            json!({"kind": format!("{:?}", e.kind).to_lowercase(), "document": e.tag.to_string(),
                "epoch": e.epoch, "ciphertext": hex(&begins), "bytes": e.ciphertext().len()})
        }
        Item::Elided { count, .. } => json!({"kind": "left_out", "count": count}),
    }
}

/// What is stored of the workspace, as the server sees it.
async fn contents(
    State(hub): Shared,
    Path(workspace): Path<String>,
    Query(Shown { from }): Query<Shown>,
    request: Request,
) -> Answer {
    let caller = caller(&hub, &workspace, request, 0).await?;
    caller.device()?;
    let stored = hub.store.workspace(caller.workspace).await?.ok_or(Refusal::Unknown)?;
    // Where stores count by signed numbers, there is nothing behind these.
    let from = from.min(i64::MAX.unsigned_abs());
    let rows = hub.store.segments(caller.workspace, from, SHOWN).await?;
    let segments: Vec<Value> = rows
        .iter()
        .map(|row| {
            let items = Segment::decode(caller.workspace, &row.bytes).map(|s| s.items).unwrap_or_default();
            let entries: Vec<Value> = items.iter().map(shown).collect();
            json!({"seq": row.seq, "device": row.device.to_string(), "incarnation": format!("{:016x}", row.incarnation),
                "first": row.first, "next": row.next, "hash": row.last.to_string(), "at": row.at,
                "bytes": row.bytes.len(), "entries": entries})
        })
        .collect();
    let roles: HashMap<String, &str> =
        caller.members.roles.iter().map(|(person, role)| (person.to_string(), role.key())).collect();
    let devices: Vec<Value> = caller
        .members
        .devices
        .values()
        .map(|m| {
            json!({"device": m.card.id.to_string(), "person": m.person.to_string(),
            "sign": hex(&m.card.sign), "removed": m.removed, "names": hex(&m.names)})
        })
        .collect();
    let (pieces, pieces_bytes) = hub.store.blob_total(caller.workspace).await?;
    Ok(Json(json!({
        "workspace": {"id": stored.id.to_string(), "segments": stored.head, "entries": stored.entries,
            "bytes": stored.bytes, "created_at": stored.created_at, "written_at": stored.written_at},
        "control_records": hub.store.control(caller.workspace).await?.len(),
        "devices": devices, "roles": roles,
        "attachments": {"pieces": pieces, "bytes": pieces_bytes},
        "wrapped_keys": hub.store.key_count(caller.workspace).await?,
        "requests": hub.store.requests(caller.workspace).await?.len(),
        "segments": segments,
    }))
    .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_near_by_overflow() {
        let now = 1_800_000_000_000;
        assert!(is_near(now - CLOCKS, now) && is_near(now + CLOCKS, now));
        for at in [i64::MIN, i64::MAX, i64::MIN.wrapping_add(now), now + CLOCKS + 1, 0] {
            assert!(!is_near(at, now), "{at}");
        }
    }
}
