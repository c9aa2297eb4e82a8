//! Keeps a vault in sync while it is open: at once when something was saved here or came to a remote, and
//! now and then besides.

use crate::{AppError, Cancel, Satchel, views::SyncReport};
use satchel_storage::team;
use satchel_sync::is_served;
use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Folders may tell nothing of what comes into them; servers do.
const FOLDERS: Duration = Duration::from_secs(5);
const SERVERS: Duration = Duration::from_secs(30);
/// A remote that failed is tried again after the first of these, doubled up to the second.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
const LOCKED: Duration = Duration::from_millis(300);

/// What has rung since it was asked last.
#[derive(Debug, Default)]
pub(crate) struct Rung {
    any: bool,
    remotes: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Wake {
    rung: Mutex<Rung>,
    bell: Condvar,
}

impl Wake {
    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There may be something to sync, at a remote or here.
    pub fn ring(&self, remote: Option<&str>) {
        let mut rung = self.rung();
        rung.any = true;
        rung.remotes.extend(remote.map(str::to_owned));
        self.bell.notify_all();
    }

    fn wait(&self, most: Duration) -> Rung {
        let rung = self.rung();
        let (mut rung, _) =
            self.bell.wait_timeout_while(rung, most, |r| !r.any).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *rung)
    }
}

/// How often a remote has failed, and when it is asked again.
#[derive(Clone, Copy)]
struct Failed {
    times: u32,
    due: Instant,
}

impl Satchel {
    /// Syncs until it is told to stop, over locks and unlocks. `after` gets each report.
    pub fn keep_in_sync(&self, stop: &Cancel, after: &mut dyn FnMut(Result<SyncReport, AppError>)) {
        let mut ears: BTreeMap<String, Box<dyn Any + Send>> = BTreeMap::new();
        let mut failed: BTreeMap<String, Failed> = BTreeMap::new();
        let mut rung = Rung::default();
        let mut known: Option<Arc<Wake>> = None;
        while !stop.is_asked() {
            let Ok(session) = self.session() else {
                ears.clear();
                failed.clear();
                std::thread::sleep(LOCKED);
                continue;
            };
            // Opened anew meanwhile: those who listened ring another bell.
            if known.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &session.wake)) {
                ears.clear();
                failed.clear();
                known = Some(session.wake.clone());
                self.host_as_wanted(&session);
            }
            let remotes = session.store.read(team::remotes).unwrap_or_default();
            ears.retain(|address, _| remotes.iter().any(|r| r.address == *address));
            // One that is gone is never due again, and must not be waited for.
            failed.retain(|name, _| remotes.iter().any(|r| r.name == *name));
            for remote in &remotes {
                if ears.contains_key(&remote.address) {
                    continue;
                }
                if let Ok(open) = session.remote(&remote.address) {
                    let (wake, name) = (session.wake.clone(), remote.name.clone());
                    let ear = open.listen(Arc::new(move || wake.ring(Some(&name))));
                    ears.insert(remote.address.clone(), ear);
                }
            }
            let now = Instant::now();
            let due = |name: &str| {
                rung.remotes.contains(name) || failed.get(name).is_none_or(|failed| failed.due <= now)
            };
            let due: BTreeSet<String> = remotes.iter().map(|r| r.name.clone()).filter(|n| due(n)).collect();
            if !due.is_empty() {
                let report = session.sync_some(&|name| due.contains(name), false, &mut |_| {}, stop);
                for remote in report.iter().flat_map(|r| &r.remotes) {
                    match remote.ok {
                        true => drop(failed.remove(&remote.name)),
                        false => {
                            let times = failed.get(&remote.name).map_or(0, |f| f.times + 1);
                            let pause = AGAIN.0.saturating_mul(1 << times.min(10)).min(AGAIN.1);
                            failed.insert(remote.name.clone(), Failed { times, due: Instant::now() + pause });
                        }
                    }
                }
                after(report);
            }
            let wake = session.wake.clone();
            // While it waits, the vault can be locked.
            drop(session);
            let folders = remotes.iter().any(|r| !is_served(&r.address));
            let regular = if folders || remotes.is_empty() { FOLDERS } else { SERVERS };
            let next = failed.values().map(|f| f.due.saturating_duration_since(Instant::now())).min();
            rung = wake.wait(next.map_or(regular, |next| next.min(regular)));
        }
    }
}
