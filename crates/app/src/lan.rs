//! A relay in one office: this computer can host it for the others, who find it by mDNS.

use crate::{
    AppError, Cancel, Satchel, Session,
    error::Code,
    team::Team,
    views::{FoundView, HostView},
};
use satchel_protocol::{DeviceId, SignedRecord, WorkspaceId};
use satchel_server::{
    Server as Relaying,
    config::{Config, Limits},
};
use satchel_storage::{StorageError, settings, team};
use satchel_sync::{Announcement, LanAddress, Server, lan};
use satchel_vault::{VaultLock, files::private_dir, lock_folder};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::runtime::Runtime;

const PORT: u16 = 4819;
/// In the vault's folder: ciphertext that every device has, too.
const FOLDER: &str = "relay";
const WANTED: &str = "lan.host";
const KEPT_PORT: &str = "lan.port";
/// Those who are being served when it ends.
const GRACE: Duration = Duration::from_secs(3);

/// The relay that this process hosts.
pub(crate) struct Relay {
    /// Both are gone only while it is being dropped.
    runtime: Option<Runtime>,
    server: Option<Relaying>,
    /// Once it can be used.
    announced: Option<Announcement>,
    listens: SocketAddr,
    _lock: VaultLock,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("listens", &self.listens).finish_non_exhaustive()
    }
}

impl Relay {
    fn start(folder: &Path, holder: &str, listen: SocketAddr) -> Result<Self, AppError> {
        private_dir(folder).map_err(AppError::io(folder))?;
        // It may go on in a program whose vault is locked.
        let lock = lock_folder(folder, holder).map_err(|e| AppError {
            message: format!("this computer hosts the relay already: {e}"),
            ..AppError::from(e)
        })?;
        let failed = |e: String| AppError::new(Code::Refused, format!("the relay cannot be started: {e}"));
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("relay").enable_all();
        let runtime = builder.build().map_err(|e| failed(e.to_string()))?;
        let config = Config {
            listen,
            data: folder.to_owned(),
            local_only: true,
            limits: Limits::of_an_office(),
            ..Config::default()
        };
        let server = runtime.block_on(Relaying::start(config)).map_err(failed)?;
        let listens = server.address;
        Ok(Self { runtime: Some(runtime), server: Some(server), announced: None, listens, _lock: lock })
    }

    /// Makes this team the relay's only one.
    fn register(&self, team: &Team) -> Result<(), AppError> {
        let records: Vec<Vec<u8>> = team.records.iter().map(SignedRecord::encode).collect();
        let (Some(runtime), Some(server)) = (&self.runtime, &self.server) else { return Ok(()) };
        let registered = runtime.block_on(server.register(&records));
        registered.map_err(|e| AppError::new(Code::Internal, format!("the relay cannot be started: {e}")))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.announced = None;
        let (Some(runtime), Some(server)) = (self.runtime.take(), self.server.take()) else { return };
        let _ = runtime.block_on(async { tokio::time::timeout(GRACE, server.stop()).await });
        runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// What this process hosts, or why it cannot.
pub(crate) type Hosting = Option<Result<Relay, AppError>>;

impl Satchel {
    fn hosting(&self) -> MutexGuard<'_, Hosting> {
        self.hosting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this computer hosts the relay of its office.
    pub fn host(&self) -> Result<HostView, AppError> {
        let session = self.session()?;
        let wanted = session.wants_to_host()?;
        let address = session.own_relay().to_string();
        let hosting = self.hosting();
        let (urls, problem) = match &*hosting {
            Some(Ok(relay)) => {
                let problem = relay.announced.as_ref().and_then(|a| a.problem.clone());
                let problem = problem.map(|e| format!("the others do not find it by themselves: {e}"));
                (lan::own_urls(relay.listens), problem)
            }
            Some(Err(e)) => (Vec::new(), Some(e.message.clone())),
            None => (Vec::new(), None),
        };
        Ok(HostView { wanted, urls, address, problem })
    }

    /// Hosts the relay from now on, whenever this vault is kept in sync; or no more.
    pub fn set_host(&self, wanted: bool) -> Result<HostView, AppError> {
        let session = self.session()?;
        if wanted {
            self.start_hosting(&session, None)?;
            session.want_to_host(true)?;
        } else {
            session.want_to_host(false)?;
            self.stop_hosting();
            session.leave_own_relay()?;
        }
        drop(session);
        self.host()
    }

    /// Hosts it as long as this process goes on, whatever is set.
    pub fn host_at(&self, listen: Option<SocketAddr>) -> Result<HostView, AppError> {
        self.start_hosting(&*self.session()?, listen)?;
        self.host()
    }

    /// Where this vault meets the others at its own relay, one command finds it for as long as it takes.
    /// Nobody else does; what cannot be had is missed by the command itself.
    pub fn host_meanwhile(&self) {
        let Ok(session) = self.session() else { return };
        let mut hosting = self.hosting();
        if hosting.is_none() && session.meets_at_own_relay().unwrap_or(false) {
            let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            *hosting = self.started(&session, here, &Announcement::here).ok().map(Ok);
        }
    }

    /// Starts what is set, once the vault is open. What fails is shown, and tried with the next unlock.
    pub(crate) fn host_as_wanted(&self, session: &Session) {
        if !session.wants_to_host().unwrap_or(false) || matches!(&*self.hosting(), Some(Ok(_))) {
            return;
        }
        let failed = self.start_hosting(session, None).err();
        let mut hosting = self.hosting();
        // What runs is not ended because something beside it has failed.
        if !matches!(&*hosting, Some(Ok(_))) {
            *hosting = failed.map(Err);
        }
    }

    fn start_hosting(&self, session: &Session, listen: Option<SocketAddr>) -> Result<(), AppError> {
        if session.waiting()?.is_some() {
            return Err(AppError::refused(
                "this vault is not in the team yet; it can host when it is let in",
            ));
        }
        let mut hosting = self.hosting();
        if !matches!(&*hosting, Some(Ok(_))) {
            let listen = match listen {
                Some(listen) => listen,
                None => session.own_port()?,
            };
            *hosting = Some(Ok(self.started(session, listen, &Announcement::start)?));
        }
        drop(hosting);
        session.meet_at_own_relay()
    }

    fn started(
        &self,
        session: &Session,
        listen: SocketAddr,
        announce: &dyn Fn(SocketAddr, WorkspaceId, DeviceId) -> Announcement,
    ) -> Result<Relay, AppError> {
        let folder = session.dir().path().join(FOLDER);
        let mut relay = Relay::start(&folder, &self.holder, listen)?;
        relay.register(&session.found()?)?;
        if listen.ip().is_unspecified() {
            session.keep_port(relay.listens.port())?;
        }
        relay.announced = Some(announce(relay.listens, session.workspace(), session.own()));
        Ok(relay)
    }

    /// Ends hosting for this process; the setting stays.
    pub fn stop_hosting(&self) {
        let relay = self.hosting().take();
        drop(relay);
    }

    /// Has keeping in sync stopped when the process is told to end.
    pub fn stop_when_told(&self, stop: &Cancel) -> Result<(), AppError> {
        let wake = self.session()?.wake.clone();
        let stop = stop.clone();
        if let Some(Ok(Relay { runtime: Some(runtime), .. })) = &*self.hosting() {
            let ended = {
                let _within = runtime.enter();
                satchel_server::ended()
            };
            runtime.spawn(async move {
                ended.await;
                stop.ask();
                wake.ring(None);
            });
        }
        Ok(())
    }
}

impl Session {
    pub(crate) fn own_relay(&self) -> LanAddress {
        LanAddress(self.own())
    }

    fn wants_to_host(&self) -> Result<bool, AppError> {
        Ok(self.store.read(|db| settings::get(db, WANTED))?.is_some())
    }

    fn want_to_host(&self, wanted: bool) -> Result<(), AppError> {
        Ok(self.store.write_aside::<_, StorageError>(|tx| match wanted {
            true => settings::put(tx, WANTED, "yes"),
            false => settings::remove(tx, WANTED),
        })?)
    }

    /// The port that was chosen once; another where that is taken.
    fn own_port(&self) -> Result<SocketAddr, AppError> {
        let kept = self.store.read(|db| settings::get(db, KEPT_PORT))?;
        let port = kept.and_then(|port| port.parse().ok()).unwrap_or(PORT);
        let at = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        Ok(if TcpListener::bind(at(port)).is_ok() { at(port) } else { at(0) })
    }

    fn keep_port(&self, port: u16) -> Result<(), AppError> {
        Ok(self.store.write_aside::<_, StorageError>(|tx| match settings::get(tx, KEPT_PORT)? {
            Some(_) => Ok(()),
            None => settings::put(tx, KEPT_PORT, &port.to_string()),
        })?)
    }

    fn meets_at_own_relay(&self) -> Result<bool, AppError> {
        let address = self.own_relay().to_string();
        Ok(self.store.read(team::remotes)?.iter().any(|r| r.address == address))
    }

    /// The host is one of those who meet at its relay.
    fn meet_at_own_relay(&self) -> Result<(), AppError> {
        if !self.meets_at_own_relay()? {
            self.add_remote(&self.own_relay().to_string())?;
        }
        self.wake.ring(None);
        Ok(())
    }

    fn leave_own_relay(&self) -> Result<(), AppError> {
        let address = self.own_relay().to_string();
        if let Some(row) = self.store.read(team::remotes)?.into_iter().find(|r| r.address == address) {
            self.remove_remote(&row.name)?;
        }
        Ok(())
    }

    /// A relay in this network; where it is, is looked for whenever it is asked.
    pub(crate) fn near(&self, address: LanAddress) -> Result<Arc<Server>, AppError> {
        let key = address.to_string();
        if let Some(open) = self.open_server(&key) {
            return Ok(open);
        }
        let team = self.store.read(Team::read)?;
        let first = team.as_ref().and_then(|t| t.records.first()).map(SignedRecord::hash);
        let name = team.map(|t| t.names(address.0).1).unwrap_or_default();
        let near = Server::near(address, &name, first, self.workspace(), self.device_keys()?)?;
        Ok(self.keep_server(key, near))
    }

    /// Who of the team hosts in this network now; waits so long for answers.
    pub fn find_relays(&self, wait: Duration) -> Result<Vec<FoundView>, AppError> {
        let team = self.team()?;
        let others: Vec<_> =
            team.members.active_devices().map(|m| m.card.id).filter(|id| *id != self.own()).collect();
        let known = self.store.read(team::remotes)?;
        let found = lan::look(self.workspace(), &others, wait);
        let views = found.into_iter().map(|(device, url)| {
            let (person, name) = team.names(device);
            let address = LanAddress(device).to_string();
            let connected = known.iter().any(|r| r.address == address);
            FoundView { address, url, name, person, connected }
        });
        Ok(views.collect())
    }
}
