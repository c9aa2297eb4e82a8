//! Carries what a team's devices say to each other: a dumb ordered log of signed ciphertext for each workspace.
//! It checks who writes and that nothing is written twice or over; it can read nothing, and decides nothing.

mod api;
pub mod blobs;
pub mod check;
pub mod config;
mod hub;
mod listen;
mod metrics;
mod refusal;
pub mod store;
pub mod version;

pub use listen::is_local;

use config::Config;
use hub::Hub;
use std::{
    net::SocketAddr,
    sync::{Arc, Weak},
    time::Duration,
};
use store::{Sqlite, Store};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

const FILE: &str = "satchel-server.db";

pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Opens the store that the configuration names, and that is there.
pub async fn open(config: &Config) -> Result<Arc<dyn Store>, String> {
    let path = config.data.join(FILE);
    if config.database_url.is_none() && !path.exists() {
        return Err(format!("there is no store in {}; name its folder with --data", config.data.display()));
    }
    Ok(opened(config).await?.0)
}

type Others = Box<dyn Fn(satchel_protocol::WorkspaceId) + Send + Sync>;
type Heard = tokio::sync::mpsc::UnboundedReceiver<Option<satchel_protocol::WorkspaceId>>;

async fn opened(config: &Config) -> Result<(Arc<dyn Store>, Option<(Others, Heard)>), String> {
    if let Some(url) = &config.database_url {
        #[cfg(feature = "postgres")]
        {
            let store = Arc::new(store::Postgres::open(url).await.map_err(|e| e.to_string())?);
            let heard = store.listen();
            let teller = store.clone();
            let tell: Others = Box::new(move |id| {
                let teller = teller.clone();
                tokio::spawn(async move {
                    // Who was not told asks by itself, a little later.
                    if let Err(e) = teller.notify(id).await {
                        tracing::warn!(error = %e, "the other nodes were not told");
                    }
                });
            });
            return Ok((store, Some((tell, heard))));
        }
        #[cfg(not(feature = "postgres"))]
        return Err(format!("this build keeps SQLite only, not {url}"));
    }
    std::fs::create_dir_all(&config.data).map_err(|e| format!("{}: {e}", config.data.display()))?;
    private(&config.data)?;
    let path = config.data.join(FILE);
    let store = Sqlite::open(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok((Arc::new(store), None))
}

/// Ciphertext, but nobody else's business.
#[cfg(unix)]
fn private(dir: &std::path::Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
        .map_err(|e| format!("{}: {e}", dir.display()))
}

#[cfg(not(unix))]
fn private(_: &std::path::Path) -> Result<(), String> {
    Ok(())
}

/// A server that runs.
pub struct Server {
    pub address: SocketAddr,
    /// `http://…`, as devices reach it.
    pub url: String,
    /// The same, with what registers a new workspace.
    pub setup: String,
    close: watch::Sender<bool>,
    serving: JoinHandle<()>,
    store: Weak<dyn Store>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens, and serves in the background.
    pub async fn start(config: Config) -> Result<Self, String> {
        let (store, nodes) = opened(&config).await?;
        let blobs = blobs::Blobs::open(&config)?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|e| e.to_string())?;
        let token = store.keep("setup", &satchel_protocol::hex(&random)).await.map_err(|e| e.to_string())?;
        let tls = config.tls.as_ref().map(listen::acceptor).transpose()?;
        let listener =
            TcpListener::bind(config.listen).await.map_err(|e| format!("{}: {e}", config.listen))?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = config.address.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
        let url = url.trim_end_matches('/').to_owned();
        let setup = format!("{url}/#setup={token}");
        let (close, closing) = watch::channel(false);
        let (others, heard) = nodes.unzip();
        let token = (!config.open).then_some(token);
        let kept = Arc::downgrade(&store);
        let hub = Arc::new(Hub::new(store, blobs, &config, token, closing.clone(), others));
        if let Some(heard) = heard {
            tokio::spawn(listen_to_others(hub.clone(), heard, closing.clone()));
        }
        tokio::spawn(tidy(hub.clone(), closing.clone()));
        let serving = tokio::spawn(listen::serve(
            listener,
            tls,
            api::routes(hub.clone()),
            hub,
            config.local_only,
            closing,
        ));
        Ok(Self { address, url, setup, close, serving, store: kept })
    }

    /// Makes a workspace of this server, with as much of its control log as whoever runs it knows: a device
    /// that is not in the first record could not give the others. Where more or other is known here, that
    /// stays.
    pub async fn register(&self, records: &[Vec<u8>]) -> Result<(), String> {
        let (store, said) = (self.store.upgrade(), |e: store::StoreError| e.to_string());
        let (Some(store), Some(first)) = (store, records.first()) else { return Ok(()) };
        let workspace = hub::follow(records).map_err(|_| "the team's log does not hold together")?.workspace;
        store.create(workspace, first, now()).await.map_err(said)?;
        let there = store.control(workspace).await.map_err(said)?;
        let version = store.workspace(workspace).await.map_err(said)?.map_or(0, |w| w.control);
        if let Some(more) = records.strip_prefix(there.as_slice()).filter(|more| !more.is_empty()) {
            store.set_control(workspace, version, there.len() as u64, more).await.map_err(said)?;
        }
        Ok(())
    }

    /// Serves those who are being served, and nobody else.
    pub async fn stop(self) {
        let _ = self.close.send(true);
        let _ = self.serving.await;
        // The last of those who were served let go of it.
        for _ in 0..200 {
            if self.store.strong_count() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Until the process is told to end.
    pub async fn run(self) {
        ended().await;
        self.stop().await;
    }
}

async fn listen_to_others(hub: Arc<Hub>, mut heard: Heard, mut closing: watch::Receiver<bool>) {
    // A notice may be lost with its connection: now and then everything is looked at.
    let mut all = tokio::time::interval(Duration::from_secs(10));
    loop {
        let id = tokio::select! {
            id = heard.recv() => match id {
                Some(id) => id,
                None => return,
            },
            _ = all.tick() => None,
            _ = closing.wait_for(|closing| *closing) => return,
        };
        hub.heard(id).await;
    }
}

async fn tidy(hub: Arc<Hub>, mut closing: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(Duration::from_secs(60));
    loop {
        tokio::select! {
            _ = every.tick() => hub.tidy(),
            _ = closing.wait_for(|closing| *closing) => return,
        }
    }
}

/// Waits until the process is told to end. It listens from this call on, which belongs into a runtime.
#[cfg(unix)]
pub fn ended() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else { return };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Waits until the process is told to end.
#[cfg(not(unix))]
pub async fn ended() {
    let _ = tokio::signal::ctrl_c().await;
}
