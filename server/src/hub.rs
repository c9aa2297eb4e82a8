//! What the server knows of each workspace while it runs: who belongs to it, and who waits for news.

use crate::{
    blobs::Blobs,
    config::{Config, Limits},
    listen::network,
    metrics::Metrics,
    refusal::Refusal,
    store::{Store, Workspace},
    version::Version,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use satchel_protocol::{DeviceId, Membership, SignedRecord, WorkspaceId};
use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{Semaphore, watch};

/// How far a workspace is: what devices that wait are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub head: u64,
    pub control: u64,
}

impl From<Workspace> for Head {
    fn from(w: Workspace) -> Self {
        Self { head: w.head, control: w.control }
    }
}

struct Space {
    /// As of this version of the control log.
    members: Option<(u64, Arc<Membership>)>,
    news: watch::Sender<Head>,
}

pub struct Hub {
    pub store: Arc<dyn Store>,
    pub blobs: Blobs,
    pub limits: Limits,
    /// See [`Config::proxy`](crate::config::Config).
    pub proxy: bool,
    /// See [`Config::least_client`](crate::config::Config).
    pub least_client: Option<Version>,
    pub metrics: Metrics,
    /// What a new workspace is registered with; nothing if anybody may.
    pub setup: Option<String>,
    /// Kilobytes of bodies that may come in at once.
    pub bodies: Arc<Semaphore>,
    /// The same for those who are no members.
    pub strangers: Arc<Semaphore>,
    pub closing: watch::Receiver<bool>,
    spaces: Mutex<HashMap<WorkspaceId, Space>>,
    by_device: DefaultKeyedRateLimiter<DeviceId>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    /// Tells other nodes, where there are some.
    others: Option<Box<dyn Fn(WorkspaceId) + Send + Sync>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

/// Kilobytes.
const STRANGERS: usize = 64 << 10;

fn quota(per_second: u32) -> Quota {
    let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(3)))
}

impl Hub {
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Blobs,
        config: &Config,
        setup: Option<String>,
        closing: watch::Receiver<bool>,
        others: Option<Box<dyn Fn(WorkspaceId) + Send + Sync>>,
    ) -> Self {
        let limits = config.limits.clone();
        Self {
            store,
            blobs,
            proxy: config.proxy,
            least_client: config.least_client,
            metrics: Metrics::new(),
            setup,
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            bodies: Arc::new(Semaphore::new((limits.memory / 1024).max(1))),
            closing,
            spaces: Mutex::default(),
            by_device: RateLimiter::keyed(quota(limits.per_device)),
            by_address: RateLimiter::keyed(quota(limits.per_address)),
            limits,
            others,
        }
    }

    pub fn let_address(&self, address: IpAddr) -> Result<(), Refusal> {
        self.by_address.check_key(&network(address)).map_err(|_| Refusal::TooMany)
    }

    pub fn let_device(&self, device: DeviceId) -> Result<(), Refusal> {
        self.by_device.check_key(&device).map_err(|_| Refusal::TooMany)
    }

    /// Forgets who has not asked for long, and workspaces that nobody waits for.
    pub fn tidy(&self) {
        self.by_device.retain_recent();
        self.by_address.retain_recent();
        if self.spaces().len() > 10_000 {
            self.spaces().retain(|_, space| space.news.receiver_count() > 0);
        }
    }

    fn spaces(&self) -> std::sync::MutexGuard<'_, HashMap<WorkspaceId, Space>> {
        self.spaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn space<T>(&self, id: WorkspaceId, act: impl FnOnce(&mut Space) -> T) -> T {
        let new = || Space { members: None, news: watch::channel(Head::default()).0 };
        act(self.spaces().entry(id).or_insert_with(new))
    }

    /// The workspace and its members, as the store has them now.
    pub async fn members(&self, id: WorkspaceId) -> Result<(Workspace, Arc<Membership>), Refusal> {
        let workspace = self.store.workspace(id).await?.ok_or(Refusal::Unknown)?;
        let known = self.space(id, |space| space.members.clone());
        if let Some((version, members)) = known
            && version == workspace.control
        {
            return Ok((workspace, members));
        }
        let records = self.store.control(id).await?;
        let members = Arc::new(follow(&records)?);
        self.space(id, |space| space.members = Some((workspace.control, members.clone())));
        Ok((workspace, members))
    }

    /// Says what a workspace is at to who waits here, and that there is something to the other nodes.
    pub fn tell(&self, id: WorkspaceId, head: Head) {
        self.tell_here(id, head);
        if let Some(others) = &self.others {
            others(id);
        }
    }

    pub fn tell_here(&self, id: WorkspaceId, head: Head) {
        self.space(id, |space| {
            space.news.send_if_modified(|now| {
                // Commits of one workspace may tell in another order than they were made in.
                let newer = head.head > now.head || head.control > now.control;
                if newer {
                    *now = Head { head: head.head.max(now.head), control: head.control.max(now.control) };
                }
                newer
            })
        });
    }

    /// Another node has something; for nothing in particular, all that somebody waits for here.
    pub async fn heard(&self, id: Option<WorkspaceId>) {
        let waited: Vec<WorkspaceId> = match id {
            Some(id) => self.spaces().get(&id).map(|_| id).into_iter().collect(),
            None => self.spaces().keys().copied().collect(),
        };
        for id in waited {
            if let Ok(Some(workspace)) = self.store.workspace(id).await {
                self.tell_here(id, workspace.into());
            }
        }
    }

    pub fn watch(&self, id: WorkspaceId) -> watch::Receiver<Head> {
        self.space(id, |space| space.news.subscribe())
    }
}

/// The membership that a stored log leads to.
pub fn follow(records: &[Vec<u8>]) -> Result<Membership, Refusal> {
    let damaged =
        || Refusal::Store(crate::store::StoreError::Damaged("a control log does not hold together"));
    let records: Vec<SignedRecord> =
        records.iter().map(|r| SignedRecord::decode(r)).collect::<Result<_, _>>().map_err(|_| damaged())?;
    let (first, others) = records.split_first().ok_or_else(damaged)?;
    let mut members = Membership::begin(first).map_err(|_| damaged())?;
    for record in others {
        members.apply(record).map_err(|_| damaged())?;
    }
    Ok(members)
}
