//! The team: its control log, invitations, who belongs to it.

use crate::{
    AppError, Session,
    error::Code,
    session::{facts, now},
    trail,
    views::{ContentsView, DeviceView, InvitationView, MemberView, RemoteView, RequestView},
};
use satchel_audit::{Act, Facts};
use satchel_document::Actor;
use satchel_domain::date::rfc3339;
use satchel_protocol::{
    Action, Card, DeviceId, DeviceKeys, EpochKey, Invitation, Membership, PersonId, Pin, ProtocolError,
    Request, Role, Sealed, SealedRequest, SignedRecord, WorkspaceId, check_code, from_hex, hex,
    open_previous, seal_previous,
};
use satchel_storage::{Connection, StorageError, settings, team};
use satchel_sync::{Folder, LanAddress, Remote, RemoteError, Server, ServerAddress, is_served};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// What an epoch's key is sealed for.
const EPOCH: &[u8] = b"satchel epoch 1";
const WELCOME: &[u8] = b"satchel welcome 1";
/// The longest that an invitation is valid.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a newcomer gets, sealed for its device.
#[derive(Serialize, Deserialize)]
struct Welcome {
    epoch: u32,
    key: String,
    workspace: String,
    secret: String,
}

/// The team as this device knows it.
#[derive(Debug, Clone)]
pub(crate) struct Team {
    pub records: Vec<SignedRecord>,
    pub members: Membership,
    pub epochs: BTreeMap<u32, EpochKey>,
}

impl Team {
    /// Nothing, as long as this vault is nobody's but its own.
    pub fn read(db: &Connection) -> Result<Option<Self>, AppError> {
        let bytes = team::control(db)?;
        let records: Vec<SignedRecord> =
            bytes.iter().map(|b| SignedRecord::decode(b)).collect::<Result<_, ProtocolError>>()?;
        let Some(members) = follow(&records)? else { return Ok(None) };
        let epochs =
            team::epochs(db)?.into_iter().map(|(n, key)| (n, EpochKey::from_bytes(n, key))).collect();
        Ok(Some(Self { records, members, epochs }))
    }

    pub fn epoch(&self) -> Result<&EpochKey, AppError> {
        self.epochs.get(&self.members.epoch).ok_or_else(|| {
            AppError::new(Code::Locked, "this device does not have the team's key; it may have been removed")
        })
    }

    /// Person and device, as the team calls them.
    pub fn names(&self, device: DeviceId) -> (String, String) {
        let names = self.members.devices.get(&device).and_then(|member| {
            let epoch = self.epochs.get(&member.names_epoch)?;
            let names = epoch.open_names(self.members.workspace, &member.names).ok()?;
            let text = String::from_utf8(names).ok()?;
            let (person, device) = text.split_once('\0')?;
            Some((person.to_owned(), device.to_owned()))
        });
        names.unwrap_or_else(|| (String::new(), device.to_string()))
    }
}

/// The membership that records lead to; nothing if there are none.
fn follow(records: &[SignedRecord]) -> Result<Option<Membership>, AppError> {
    let Some((first, others)) = records.split_first() else { return Ok(None) };
    let mut members = Membership::begin(first)?;
    for record in others {
        members.apply(record)?;
    }
    Ok(Some(members))
}

impl From<ProtocolError> for AppError {
    fn from(error: ProtocolError) -> Self {
        let code = match &error {
            ProtocolError::Newer(_) => Code::Newer,
            ProtocolError::NoRandomness => Code::Internal,
            _ => Code::Refused,
        };
        Self::new(code, error.to_string())
    }
}

impl From<RemoteError> for AppError {
    fn from(error: RemoteError) -> Self {
        let code = match &error {
            RemoteError::Other(_)
            | RemoteError::Setup(_)
            | RemoteError::Refused(..)
            | RemoteError::Overtaken(_)
            | RemoteError::Fork(_)
            | RemoteError::Full(_) => Code::Refused,
            RemoteError::BadAddress(_) => Code::Usage,
            RemoteError::Newer(_) | RemoteError::TooOld(..) => Code::Newer,
            RemoteError::Away(_)
            | RemoteError::Io { .. }
            | RemoteError::NoMarker(_)
            | RemoteError::Unreachable(..)
            | RemoteError::NotInNetwork(_)
            | RemoteError::Behind(_)
            | RemoteError::NoPiece
            | RemoteError::NotRegistered(_)
            | RemoteError::Nonsense(..) => Code::Unreachable,
        };
        Self::new(code, error.to_string())
    }
}

/// Whether an invitation's team can be asked here, before a vault is made for it.
pub fn find_team(invitation: &Invitation, address: &str) -> Result<(), AppError> {
    team_of(invitation, address).map(|_| ())
}

fn team_of(invitation: &Invitation, address: &str) -> Result<(Arc<dyn Remote>, SignedRecord), AppError> {
    let (workspace, pass) = (invitation.workspace, invitation.pass());
    let near = LanAddress::parse(address)?;
    let remote: Arc<dyn Remote> = match (near, ServerAddress::parse(address)?) {
        (Some(near), _) => Arc::new(Server::near_invited(near, invitation.genesis, workspace, pass)?),
        (None, Some(server)) => Arc::new(Server::invited(server, workspace, pass)?),
        (None, None) => Arc::new(Folder::open(Path::new(address), invitation.workspace)?),
    };
    let first = remote.first_record()?.ok_or_else(|| {
        AppError::new(
            Code::Unreachable,
            "the team is not there: a folder may still be being fetched, an invitation may have expired",
        )
    })?;
    let first = SignedRecord::decode(&first)?;
    match first.hash() == invitation.genesis {
        true => Ok((remote, first)),
        false => Err(AppError::refused("another team is there than that of the invitation")),
    }
}

impl Session {
    pub(crate) fn workspace(&self) -> WorkspaceId {
        WorkspaceId(*self.workspace_id.as_bytes())
    }

    pub(crate) fn own(&self) -> DeviceId {
        DeviceId(*self.device.as_bytes())
    }

    /// The keys of this device, made when they are needed first.
    pub(crate) fn device_keys(&self) -> Result<DeviceKeys, AppError> {
        let read = |db: &Connection| -> Result<_, StorageError> {
            Ok(settings::get(db, facts::SIGN)?.zip(settings::get(db, facts::RECEIVE)?))
        };
        if let Some((sign, receive)) = self.store.read(read)? {
            let part = |text: &str| from_hex(text).map(Zeroizing::new);
            let (sign, receive) = part(&sign).zip(part(&receive)).ok_or_else(|| {
                AppError::new(Code::Damaged, "the device's keys are damaged; restore a backup")
            })?;
            return Ok(DeviceKeys::from_secrets(self.own(), sign, receive)?);
        }
        let keys = DeviceKeys::generate(self.own())?;
        let (sign, receive) = keys.secrets();
        let made = self.store.write_aside::<_, StorageError>(|tx| {
            // Two who ask at once must not end with two different pairs.
            if read(tx)?.is_some() {
                return Ok(false);
            }
            settings::put(tx, facts::SIGN, &hex(sign.as_slice()))?;
            settings::put(tx, facts::RECEIVE, &hex(receive.as_slice()))?;
            Ok(true)
        })?;
        if made { Ok(keys) } else { self.device_keys() }
    }

    pub(crate) fn team(&self) -> Result<Team, AppError> {
        let team = self.store.read(Team::read)?;
        team.ok_or_else(|| {
            AppError::new(
                Code::NotFound,
                "this vault has no team yet; connect a folder or a server first: satchel remote add DIR|URL",
            )
        })
    }

    /// Refuses to go on without a team.
    pub fn team_is_there(&self) -> Result<(), AppError> {
        self.team().map(|_| ())
    }

    fn keep(&self, records: &[SignedRecord], epochs: &[&EpochKey]) -> Result<(), AppError> {
        let bytes: Vec<Vec<u8>> = records.iter().map(SignedRecord::encode).collect();
        self.store.write_aside::<_, AppError>(|tx| {
            self.note_members(tx, records, &bytes)?;
            team::set_control(tx, &bytes)?;
            for epoch in epochs {
                team::put_epoch(tx, epoch.epoch, epoch.as_bytes())?;
            }
            Ok(())
        })
    }

    /// Makes this vault's workspace one that others can join.
    pub(crate) fn found(&self) -> Result<Team, AppError> {
        if let Some(team) = self.store.read(Team::read)? {
            return Ok(team);
        }
        let keys = self.device_keys()?;
        let card = keys.card()?;
        let epoch = EpochKey::generate(1)?;
        let person = PersonId(*uuid::Uuid::now_v7().as_bytes());
        let slots = self.dir().slots().iter().find_map(|slot| {
            (slot.kind() == satchel_vault::SlotKind::Recovery).then(|| slot.recipient_key()).flatten()
        });
        let recovery = slots
            .ok_or_else(|| AppError::new(Code::Damaged, "the vault has no recovery slot; make a new kit"))?;
        let create = Action::Create {
            person,
            names: self.sealed_names(&epoch, &self.person, &self.device_name)?,
            sealed: card.seal(EPOCH, epoch.as_bytes())?,
            recovery,
            for_recovery: Sealed::seal_for(&recovery, EPOCH, epoch.as_bytes())?,
            device: card,
        };
        let first = SignedRecord::first(&keys, self.workspace(), create);
        self.store
            .write_aside::<_, StorageError>(|tx| settings::put(tx, facts::PERSON_ID, &hex(&person.0)))?;
        self.keep(&[first], &[&epoch])?;
        self.team()
    }

    /// Tells the trail what is new in the control log.
    fn note_members(
        &self,
        tx: &satchel_storage::Transaction<'_>,
        records: &[SignedRecord],
        bytes: &[Vec<u8>],
    ) -> Result<(), AppError> {
        let known = team::control(tx)?;
        if known.is_empty() {
            let change = if records.len() > 1 { "joined" } else { "founded" };
            let facts = [("change", change.into()), ("records", records.len().into())];
            self.trail.note(tx, Act::Membership, trail::facts(facts));
            return Ok(());
        }
        let admin = self.is_admin()?;
        let same = known.iter().zip(bytes).take_while(|(old, new)| old == new).count();
        for record in records.iter().skip(same) {
            let record = record.read()?;
            // Whom one has let in oneself is known; and who is no admin does not decide it.
            let watched = record.author != self.own() && admin;
            let note = |change: &str, subject: String, more: Option<&str>| {
                let by = hex(&record.author.0).into();
                let mut facts = trail::facts([
                    ("change", change.into()),
                    ("subject", subject.into()),
                    ("by", by),
                    ("watched", watched.into()),
                ]);
                facts.extend(more.map(|role| ("role".to_owned(), role.into())));
                self.trail.note(tx, Act::Membership, facts);
            };
            match &record.action {
                Action::Create { .. } => {}
                Action::Add { device, role, .. } => note("added", hex(&device.id.0), Some(role.key())),
                Action::Remove { devices, .. } => {
                    devices.iter().for_each(|id| note("removed", hex(&id.0), None));
                }
                Action::Change { person, role, .. } => note("role", hex(&person.0), Some(role.key())),
            }
        }
        Ok(())
    }

    fn sealed_names(&self, epoch: &EpochKey, person: &str, device: &str) -> Result<Vec<u8>, AppError> {
        let cut = |text: &str| -> String { text.replace('\0', " ").chars().take(100).collect() };
        let names = format!("{}\0{}", cut(person), cut(device));
        Ok(epoch.seal_names(self.workspace(), names.as_bytes())?)
    }

    /// Connects a shared folder or a server, and founds the team if there is none.
    pub fn add_remote(&self, address: &str) -> Result<RemoteView, AppError> {
        let (server, near) = (ServerAddress::parse(address)?, LanAddress::parse(address)?);
        let (base, address) = match (&server, near) {
            (_, Some(near)) => (self.team()?.names(near.0).1, near.to_string()),
            (Some(server), None) => (server.name().to_owned(), server.base.clone()),
            (None, None) => self.folder_to_share(address)?,
        };
        let known = self.store.read(team::remotes)?;
        let known = known.into_iter().find(|r| r.address == address);
        let remote: Arc<dyn Remote> = match server {
            // With what registers a team; one that is known already may lack it.
            Some(server) => {
                self.servers.lock().unwrap_or_else(PoisonError::into_inner).remove(&server.base);
                self.server(server)?
            }
            None => self.remote(&address)?,
        };
        // Asked first: a team is not founded for an address that leads nowhere.
        let there = remote.first_record()?;
        let team = self.found()?;
        let first = team.records.first().expect("a team has a first record").encode();
        match there {
            None => remote.begin(&first)?,
            Some(_) => remote.check(&first)?,
        }
        if let Some(known) = known {
            return Ok(RemoteView::of(&known));
        }
        let remotes = self.store.read(team::remotes)?;
        let numbered = (2..).map(|n| format!("{base}-{n}"));
        let free =
            std::iter::once(base.clone()).chain(numbered).find(|n| remotes.iter().all(|r| r.name != *n));
        let remote = team::RemoteRow { name: free.unwrap_or(base), address, ..team::RemoteRow::default() };
        let view = RemoteView::of(&remote);
        self.store.write_aside::<_, StorageError>(|tx| {
            self.trail.note(tx, Act::Remote, facts_of("added", &view));
            team::put_remote(tx, &remote)
        })?;
        self.wake.ring(None);
        Ok(view)
    }

    /// The name and the whole path of a folder, if the team may meet in it.
    fn folder_to_share(&self, address: &str) -> Result<(String, String), AppError> {
        let path = std::path::absolute(address).map_err(AppError::io(Path::new(address)))?;
        let vault = self.dir().path().to_owned();
        let inside = |inner: &Path, outer: &Path| {
            inner.canonicalize().ok().zip(outer.canonicalize().ok()).is_some_and(|(i, o)| i.starts_with(o))
        };
        if inside(&path, &vault) || inside(&vault, &path) {
            return Err(AppError::refused(
                "the vault must not be in the shared folder, nor the folder in the vault; name another",
            ));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, path.display().to_string()))
    }

    /// What is behind an address. A server's connection is kept.
    pub(crate) fn remote(&self, address: &str) -> Result<Arc<dyn Remote>, AppError> {
        match self.served(address)? {
            Some(server) => Ok(server),
            None => Ok(Arc::new(Folder::open(Path::new(address), self.workspace())?)),
        }
    }

    /// The server behind an address; nothing if it is a folder.
    fn served(&self, address: &str) -> Result<Option<Arc<Server>>, AppError> {
        if let Some(near) = LanAddress::parse(address)? {
            return self.near(near).map(Some);
        }
        ServerAddress::parse(address)?.map(|server| self.server(server)).transpose()
    }

    /// One for each address, so that a lock ends what is being asked.
    fn server(&self, address: ServerAddress) -> Result<Arc<Server>, AppError> {
        let key = address.base.clone();
        if let Some(open) = self.open_server(&key) {
            return Ok(open);
        }
        let open = Server::open(address, self.workspace(), self.device_keys()?)?;
        Ok(self.keep_server(key, open))
    }

    pub(crate) fn open_server(&self, key: &str) -> Option<Arc<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Another may have been opened at the same moment: then that one.
    pub(crate) fn keep_server(&self, key: String, server: Server) -> Arc<Server> {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.closing.is_asked() {
            server.close();
        }
        servers.entry(key).or_insert_with(|| Arc::new(server)).clone()
    }

    /// Ends what is being asked of servers, and wakes who waits for news.
    pub(crate) fn hang_up(&self) {
        let servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.values().for_each(|server| server.close());
        self.wake.ring(None);
    }

    /// What a server holds about this workspace, as it sees it: from a segment on.
    pub fn server_contents(&self, name: &str, from: u64) -> Result<ContentsView, AppError> {
        let remotes = self.store.read(team::remotes)?;
        let row =
            remotes.iter().find(|r| r.name == name).ok_or_else(|| AppError::not_found("remote", name))?;
        let server = self
            .served(&row.address)?
            .ok_or_else(|| AppError::refused("this is a folder: what is in it can be looked at as files"))?;
        let said = server.contents(from)?;
        serde_json::from_value(said).map_err(|e| {
            AppError::new(Code::Unreachable, format!("what the server {name} says is no answer: {e}"))
        })
    }

    pub fn remotes(&self) -> Result<Vec<RemoteView>, AppError> {
        Ok(self.store.read(team::remotes)?.iter().map(RemoteView::of).collect())
    }

    /// Forgets a remote, as it was.
    pub fn remove_remote(&self, name: &str) -> Result<RemoteView, AppError> {
        let remotes = self.store.read(team::remotes)?;
        let row =
            remotes.iter().find(|r| r.name == name).ok_or_else(|| AppError::not_found("remote", name))?;
        self.store.write_aside::<_, StorageError>(|tx| {
            self.trail.note(tx, Act::Remote, facts_of("removed", &RemoteView::of(row)));
            team::remove_remote(tx, name)
        })?;
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.remove(&row.address);
        Ok(RemoteView::of(row))
    }

    /// The remotes that are there; the others get what they lack at their next sync.
    fn reachable(&self) -> Result<Vec<Arc<dyn Remote>>, AppError> {
        let team = self.team()?;
        let first = team.records.first().expect("a team has a first record").encode();
        let (mut there, mut failed) = (Vec::new(), None);
        for row in self.store.read(team::remotes)? {
            let remote = self.remote(&row.address);
            match remote.and_then(|remote| remote.check(&first).map(|()| remote).map_err(Into::into)) {
                Ok(remote) => there.push(remote),
                Err(e) => failed = failed.or(Some(e)),
            }
        }
        match failed {
            Some(e) if there.is_empty() => Err(e),
            _ => Ok(there),
        }
    }

    /// A link that lets one person ask to join.
    pub fn invite(&self, role: Role, valid: Duration) -> Result<InvitationView, AppError> {
        let team = self.team()?;
        let own = team.members.active(self.own()).map(|m| team.members.role(m.person));
        if own.is_none_or(|own| own < Role::Admin || role > own || role == Role::Owner) {
            return Err(AppError::refused("only owners and admins invite, up to their own role"));
        }
        if valid.is_zero() || valid > LONGEST {
            return Err(AppError::refused("an invitation is valid for at most 30 days"));
        }
        let remotes = self.store.read(team::remotes)?;
        // A newcomer reaches a server more easily than a relay, and that than a folder of another computer.
        let harder = |r: &&team::RemoteRow| (!is_served(&r.address), !r.address.contains("://"));
        let remote = remotes.iter().min_by_key(harder).ok_or_else(|| {
            AppError::new(Code::NotFound, "connect a folder or a server first: satchel remote add DIR|URL")
        })?;
        let expires_at = now() + i64::try_from(valid.as_millis()).unwrap_or(i64::MAX);
        let genesis = team.records.first().expect("a team has a first record").hash();
        let invitation = Invitation::new(self.workspace(), genesis, role, expires_at, &remote.address)?;
        let link = invitation.to_link();
        self.remote(&remote.address)?.invite(&invitation.pass(), expires_at)?;
        self.store
            .write_aside::<_, StorageError>(|tx| team::put_invitation(tx, &invitation.id().0, &link))?;
        Ok(InvitationView { link, expires_at: rfc3339(expires_at) })
    }

    fn open_requests(&self) -> Result<Vec<OpenRequest>, AppError> {
        let links = self.store.read(team::invitations)?;
        if links.is_empty() {
            return Ok(Vec::new());
        }
        let invitations: Vec<Invitation> =
            links.iter().filter_map(|link| Invitation::from_link(link).ok()).collect();
        let mut open = Vec::new();
        for remote in self.reachable()? {
            for (name, bytes) in remote.requests()? {
                let found = SealedRequest::decode(&bytes).ok().and_then(|sealed| {
                    invitations.iter().find_map(|i| Some((i.clone(), i.open(&sealed).ok()?)))
                });
                if let Some((invitation, request)) = found {
                    open.push(OpenRequest { name, invitation, request, remote: remote.clone() });
                }
            }
        }
        Ok(open)
    }

    /// Who asks to join.
    pub fn requests(&self) -> Result<Vec<RequestView>, AppError> {
        Ok(self.open_requests()?.iter().map(OpenRequest::view).collect())
    }

    /// One of those who ask; without a name, the only one.
    fn who_asks(&self, name: Option<&str>) -> Result<OpenRequest, AppError> {
        let mut open = self.open_requests()?;
        let chosen = match name {
            Some(name) => open.iter().position(|r| r.name == name),
            None if open.len() > 1 => {
                return Err(AppError::new(
                    Code::NeedsDecision,
                    "several people ask to join; see `satchel requests` and name one",
                ));
            }
            None => (!open.is_empty()).then_some(0),
        };
        let chosen = chosen.ok_or_else(|| AppError::new(Code::NotFound, "nobody asks to join"))?;
        Ok(open.swap_remove(chosen))
    }

    /// Sends somebody away. The invitation is void with it: whoever else holds the link must not ask again.
    pub fn refuse(&self, name: Option<&str>) -> Result<RequestView, AppError> {
        let chosen = self.who_asks(name)?;
        let id = chosen.invitation.id();
        self.store.write_aside::<_, StorageError>(|tx| team::use_invitation(tx, &id.0))?;
        chosen.remote.remove_request(&chosen.name);
        Ok(RequestView { state: "refused".into(), ..chosen.view() })
    }

    /// Lets somebody in; without a name, the only one who asks.
    pub fn approve(&self, name: Option<&str>) -> Result<RequestView, AppError> {
        let chosen = self.who_asks(name)?;
        let view = RequestView { state: "approved".into(), ..chosen.view() };
        let OpenRequest { name, invitation, request, remote } = chosen;
        if invitation.expires_at < now() {
            return Err(AppError::refused("the invitation has expired; send a new one"));
        }
        self.follow_remotes()?;
        let mut team = self.team()?;
        let epoch = team.epoch()?.clone();
        let secret = self.store.read(|db| settings::get(db, facts::WORKSPACE_SECRET))?.unwrap_or_default();
        let welcome = Welcome {
            epoch: epoch.epoch,
            key: hex(epoch.as_bytes()),
            workspace: self.workspace.clone(),
            secret,
        };
        let welcome = Zeroizing::new(serde_json::to_vec(&welcome).expect("plain data serialises"));
        let record = team.members.write(
            &self.device_keys()?,
            Action::Add {
                person: PersonId(*uuid::Uuid::now_v7().as_bytes()),
                role: invitation.role,
                names: self.sealed_names(&epoch, &request.person, &request.name)?,
                welcome: request.device.seal(WELCOME, &welcome)?,
                device: request.device,
            },
        );
        self.append(&mut team, record, &[])?;
        self.store.write_aside::<_, StorageError>(|tx| team::use_invitation(tx, &invitation.id().0))?;
        remote.remove_request(&name);
        Ok(view)
    }

    /// Adds a record of this device to the control log. Where the team has a server, the log is written
    /// there first, or not at all: nobody else may have come before.
    fn append(&self, team: &mut Team, record: SignedRecord, epochs: &[&EpochKey]) -> Result<(), AppError> {
        let seq = team.members.next;
        team.members.apply(&record)?;
        for row in self.store.read(team::remotes)?.iter().filter(|r| is_served(&r.address)) {
            self.remote(&row.address)?.put_control(seq, &record.encode())?;
        }
        team.records.push(record);
        self.keep(&team.records, epochs)?;
        for remote in self.reachable()? {
            self.push_control(team, &*remote)?;
        }
        self.wake.ring(None);
        Ok(())
    }

    /// What a remote lacks of the control log.
    pub(crate) fn push_control(&self, team: &Team, remote: &dyn Remote) -> Result<(), AppError> {
        let there = remote.control()?;
        for (seq, record) in (0_u64..).zip(&team.records).skip(1) {
            let bytes = record.encode();
            if !there.contains(&bytes) {
                remote.put_control(seq, &bytes)?;
            }
        }
        Ok(())
    }

    fn follow_remotes(&self) -> Result<(), AppError> {
        for remote in self.reachable()? {
            remote.refresh();
            self.follow_control(&*remote)?;
        }
        Ok(())
    }

    /// Takes over what a remote has of the control log, and the keys of new epochs.
    pub(crate) fn follow_control(&self, remote: &dyn Remote) -> Result<Team, AppError> {
        let team = self.team()?;
        let first = team.records.first().expect("a team has a first record").clone();
        remote.check(&first.encode())?;
        let there = remote.control()?;
        let ours: Vec<Vec<u8>> = team.records.iter().map(SignedRecord::encode).collect();
        if there.iter().all(|bytes| ours.contains(bytes)) {
            return Ok(team);
        }
        let there = there.iter().filter_map(|bytes| SignedRecord::decode(bytes).ok());
        let (records, members) =
            Membership::agree(&first, team.records.iter().skip(1).cloned().chain(there))?;
        let mut epochs = team.epochs;
        // Of a record that another has taken the place of, the epoch is another, too.
        for (old, new) in team.records.iter().zip(&records).filter(|(old, new)| old != new) {
            for record in [old, new] {
                if let Action::Remove { epoch, .. } = record.read()?.action {
                    epochs.retain(|number, _| *number < epoch);
                }
            }
        }
        let mut team = Team { records, members, epochs };
        let new = self.open_epochs(&mut team)?;
        self.keep(&team.records, &new.iter().collect::<Vec<_>>())?;
        Ok(team)
    }

    /// Opens the epochs that were sealed for this device and are not known yet.
    fn open_epochs(&self, team: &mut Team) -> Result<Vec<EpochKey>, AppError> {
        let keys = self.device_keys()?;
        let mut new = Vec::new();
        let mut members: Option<Membership> = None;
        for record in &team.records {
            let now = match members.as_mut() {
                None => members.insert(Membership::begin(record)?),
                Some(members) => {
                    members.apply(record)?;
                    members
                }
            };
            let Action::Remove { epoch, sealed, .. } = record.read()?.action else { continue };
            let place = now.active_devices().position(|m| m.card.id == self.own());
            if team.epochs.contains_key(&epoch) {
                continue;
            }
            let Some(sealed) = place.and_then(|place| sealed.get(place)) else { continue };
            let key = keys.open(sealed, EPOCH)?;
            let key =
                key.as_slice().try_into().map_err(|_| AppError::refused("a key of the team is no key"))?;
            new.push(EpochKey::from_bytes(epoch, key));
        }
        team.epochs.extend(new.iter().map(|key| (key.epoch, key.clone())));
        // Each new epoch holds the one before.
        for record in team.records.iter().rev() {
            let Action::Remove { epoch, previous, .. } = record.read()?.action else { continue };
            if let (Some(key), false) = (team.epochs.get(&epoch), team.epochs.contains_key(&(epoch - 1))) {
                let before = open_previous(self.workspace(), key, &previous)?;
                team.epochs.insert(before.epoch, before.clone());
                new.push(before);
            }
        }
        Ok(new)
    }

    /// Asks to join the team of an invitation. The six digits to compare.
    pub fn ask_to_join(&self, invitation: &Invitation, address: &str) -> Result<String, AppError> {
        if invitation.workspace != self.workspace() {
            return Err(AppError::refused(
                "this vault waits for another team; join in a new folder, with --vault",
            ));
        }
        let (remote, _) = team_of(invitation, address)?;
        let request = Request {
            device: self.device_keys()?.card()?,
            person: self.person.chars().take(100).collect(),
            name: self.device_name.chars().take(100).collect(),
        };
        remote.put_request(&invitation.seal(&request)?.encode())?;
        Ok(check_code(invitation, &request))
    }

    /// Waits until somebody has let this device in, and takes over what the team shares. The session must
    /// be opened anew behind it.
    pub fn await_welcome(
        &self,
        invitation: &Invitation,
        address: &str,
        wait: Duration,
    ) -> Result<(), AppError> {
        let (remote, first) = team_of(invitation, address)?;
        let until = Instant::now() + wait;
        loop {
            let there = match remote.control() {
                // An invitation that has expired meanwhile: whoever was let in before is a member by now.
                Err(RemoteError::NotRegistered(_)) => self.remote(address)?.control()?,
                there => there?,
            };
            let there = there.iter().filter_map(|bytes| SignedRecord::decode(bytes).ok());
            let (records, members) = Membership::agree(&first, there)?;
            if members.active(self.own()).is_some() {
                return self.take_welcome(records, members, address);
            }
            if Instant::now() >= until {
                return Err(AppError::new(
                    Code::NeedsDecision,
                    "nobody has let you in yet; ask a colleague to approve, and run the same command again",
                ));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn take_welcome(
        &self,
        records: Vec<SignedRecord>,
        members: Membership,
        address: &str,
    ) -> Result<(), AppError> {
        let keys = self.device_keys()?;
        let mut own: Option<(Sealed, PersonId)> = None;
        for record in &records {
            match record.read()?.action {
                Action::Add { device, welcome, person, .. } if device.id == self.own() => {
                    own = Some((welcome, person));
                }
                _ => {}
            }
        }
        let (welcome, person) =
            own.ok_or_else(|| AppError::refused("the team's log does not name this device"))?;
        let welcome = keys.open(&welcome, WELCOME)?;
        let welcome: Welcome = serde_json::from_slice(&welcome)
            .map_err(|e| AppError::refused(format!("the welcome is damaged: {e}")))?;
        let key = from_hex(&welcome.key).ok_or_else(|| AppError::refused("a key of the team is no key"))?;
        let epoch = EpochKey::from_bytes(welcome.epoch, key);
        let mut team = Team { records, members, epochs: BTreeMap::from([(epoch.epoch, epoch.clone())]) };
        let mut epochs = self.open_epochs(&mut team)?;
        epochs.push(epoch);
        self.keep(&team.records, &epochs.iter().collect::<Vec<_>>())?;
        let folder = || Path::new(address).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = match (LanAddress::parse(address)?, ServerAddress::parse(address)?) {
            (Some(near), _) => team.names(near.0).1,
            (None, Some(server)) => server.name().to_owned(),
            (None, None) => folder(),
        };
        let remote = team::RemoteRow { name, address: address.to_owned(), ..team::RemoteRow::default() };
        self.store
            .write_aside::<_, StorageError>(|tx| {
                settings::put(tx, facts::WORKSPACE, &welcome.workspace)?;
                settings::put(tx, facts::WORKSPACE_SECRET, &welcome.secret)?;
                settings::put(tx, facts::PERSON_ID, &hex(&person.0))?;
                team::put_remote(tx, &remote)
            })
            .map_err(AppError::from)
    }

    pub fn members(&self) -> Result<Vec<MemberView>, AppError> {
        let team = self.team()?;
        let heard = self.store.read(team::last_heard)?;
        let mut people: BTreeMap<PersonId, MemberView> = BTreeMap::new();
        for (id, member) in &team.members.devices {
            let (person, device) = team.names(*id);
            let role = team.members.role(member.person).key().to_owned();
            let view = people.entry(member.person).or_insert_with(|| MemberView {
                id: uuid::Uuid::from_bytes(member.person.0).to_string(),
                person: person.clone(),
                role,
                devices: Vec::new(),
            });
            view.devices.push(DeviceView {
                id: uuid::Uuid::from_bytes(id.0).to_string(),
                name: device,
                this: *id == self.own(),
                last_seen: heard.get(&id.to_string()).map(|at| rfc3339(*at)),
                revoked: member.removed,
            });
        }
        Ok(people.into_values().collect())
    }

    /// Takes a device, or all devices of a person, out of the team. What they write from now on is refused.
    pub fn revoke(&self, whom: &str) -> Result<(), AppError> {
        self.follow_remotes()?;
        let mut team = self.team()?;
        let devices = self.meant(&team, whom)?;
        let pins = self.pins(&devices)?;
        let mut after = team.members.clone();
        for device in &devices {
            if let Some(member) = after.devices.get_mut(device) {
                member.removed = true;
            }
        }
        let new = EpochKey::generate(team.members.epoch + 1)?;
        let stay: Vec<Card> = after.active_devices().map(|m| m.card.clone()).collect();
        let action = Action::Remove {
            pins,
            epoch: new.epoch,
            sealed: stay.iter().map(|card| card.seal(EPOCH, new.as_bytes())).collect::<Result<_, _>>()?,
            for_recovery: Sealed::seal_for(&team.members.recovery, EPOCH, new.as_bytes())?,
            previous: seal_previous(self.workspace(), &new, team.epoch()?)?,
            devices,
        };
        let record = team.members.write(&self.device_keys()?, action);
        self.append(&mut team, record, &[&new])
    }

    pub fn change_role(&self, whom: &str, role: Role) -> Result<(), AppError> {
        self.follow_remotes()?;
        let mut team = self.team()?;
        let devices = self.meant(&team, whom)?;
        let person = devices.first().and_then(|d| team.members.devices.get(d)).map(|m| m.person);
        let person = person.ok_or_else(|| AppError::not_found("person", whom))?;
        let pins = if role == Role::Viewer { self.pins(&devices)? } else { Vec::new() };
        let record = team.members.write(&self.device_keys()?, Action::Change { person, role, pins });
        self.append(&mut team, record, &[])
    }

    /// The active devices that a name or an id means: one device, or all of a person.
    fn meant(&self, team: &Team, whom: &str) -> Result<Vec<DeviceId>, AppError> {
        let id = whom.parse::<uuid::Uuid>().ok().map(|id| *id.as_bytes());
        let active: Vec<_> = team.members.active_devices().collect();
        if let Some(member) = active.iter().find(|m| Some(m.card.id.0) == id) {
            return Ok(vec![member.card.id]);
        }
        let mut people: Vec<PersonId> = active
            .iter()
            .filter(|m| Some(m.person.0) == id || team.names(m.card.id).0 == whom)
            .map(|m| m.person)
            .collect();
        people.sort_unstable();
        people.dedup();
        match people.as_slice() {
            [person] => Ok(active.iter().filter(|m| m.person == *person).map(|m| m.card.id).collect()),
            [] => Err(AppError::not_found("person or device", whom)),
            _ => Err(AppError::new(
                Code::NeedsDecision,
                format!(
                    "several people are called «{whom}»; name one by the id that `satchel members` shows"
                ),
            )),
        }
    }

    /// How far this device knows these devices: what they have written beyond that does not count.
    fn pins(&self, devices: &[DeviceId]) -> Result<Vec<Pin>, AppError> {
        let feeds = self.store.read(team::feeds)?;
        let pins = feeds.iter().filter(|f| devices.contains(&DeviceId(f.device)) && f.next > 1);
        Ok(pins
            .map(|f| Pin { device: DeviceId(f.device), incarnation: f.incarnation, seq: f.next - 1 })
            .collect())
    }

    /// Who has written as which actor.
    pub(crate) fn authors(&self) -> Result<HashMap<Vec<u8>, String>, AppError> {
        let Some(team) = self.store.read(Team::read)? else { return Ok(HashMap::new()) };
        let feeds = self.store.read(team::feeds)?;
        let author = |f: &team::FeedRow| {
            let actor = Actor::derive(&f.device, f.incarnation).as_bytes().to_vec();
            (actor, team.names(DeviceId(f.device)).0)
        };
        Ok(feeds.iter().map(author).collect())
    }
}

/// What the trail is told of a remote.
fn facts_of(change: &str, remote: &RemoteView) -> Facts {
    let (kind, name) = (remote.kind.as_str(), remote.name.as_str());
    trail::facts([("change", change.into()), ("kind", kind.into()), ("name", name.into())])
}

/// Somebody who asks to join.
struct OpenRequest {
    name: String,
    invitation: Invitation,
    request: Request,
    remote: Arc<dyn Remote>,
}

impl OpenRequest {
    fn view(&self) -> RequestView {
        RequestView {
            request: self.name.clone(),
            person: self.request.person.clone(),
            device: self.request.name.clone(),
            role: self.invitation.role.key().to_owned(),
            check_code: check_code(&self.invitation, &self.request),
            state: "open".into(),
        }
    }
}
