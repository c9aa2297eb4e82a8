//! A relay in the same network. Its host says by mDNS where it is, and who knows the team recognises it by a
//! hash. Nothing that mDNS says is believed: it is where to ask, and what is answered there is signed.

use crate::{RemoteError, Result, server::RUNTIME};
use mdns_sd::{IfKind, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use satchel_protocol::{DeviceId, Hash, WorkspaceId, from_hex, hex};
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::watch;

const SERVICE: &str = "_satchel._tcp.local.";
const VERSION: &str = "1";
/// What is there has answered by then.
const ANSWERED: Duration = Duration::from_secs(3);
/// Who is not there now is asked for anew at most so often.
const AGAIN: Duration = Duration::from_secs(10);
/// So many who say that they are the host are asked.
const TRIED: usize = 32;
/// What one network may fill the memory with.
const MOST: usize = 256;

/// `lan:` and the id of the device that hosts: the same wherever in the network it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanAddress(pub DeviceId);

impl LanAddress {
    /// Nothing if it is an address of another kind.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let Some(device) = text.trim().strip_prefix("lan:") else { return Ok(None) };
        let device = from_hex(device).ok_or_else(|| RemoteError::BadAddress(text.trim().to_owned()))?;
        Ok(Some(Self(DeviceId(device))))
    }
}

impl fmt::Display for LanAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lan:{}", self.0)
    }
}

/// What a host is recognised by, by those who know the team.
fn mark(salt: [u8; 16], workspace: WorkspaceId, device: DeviceId) -> Hash {
    Hash::of("satchel 2026 relay in an office", &[salt, workspace.0, device.0].concat())
}

/// Whether an address can only be one of a network at hand.
fn is_local(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_link_local() || address.is_loopback()
}

/// One announcement, as somebody has made it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    salt: [u8; 16],
    mark: Hash,
    places: Vec<SocketAddr>,
}

impl Heard {
    fn of(service: &ResolvedService) -> Option<Self> {
        let text = |key: &str| service.get_property_val_str(key);
        if text("v") != Some(VERSION) {
            return None;
        }
        let own = interfaces();
        let at_hand = |address: Ipv4Addr| is_local(address) || own.iter().any(|i| i.ip == address);
        let places = service.get_addresses_v4().into_iter().filter(|a| at_hand(*a));
        let mut places: Vec<_> = places.map(|a| SocketAddr::from((a, service.get_port()))).collect();
        // They come in any order, and the same ones are nothing new.
        places.sort();
        Some(Self { salt: from_hex(text("salt")?)?, mark: Hash(from_hex(text("mark")?)?), places })
    }
}

type All = BTreeMap<String, Heard>;

fn note(all: &mut All, event: ServiceEvent) -> bool {
    match event {
        ServiceEvent::ServiceResolved(service) => match Heard::of(&service) {
            Some(heard) if all.len() < MOST || all.contains_key(service.get_fullname()) => {
                all.insert(service.get_fullname().to_owned(), heard.clone()) != Some(heard)
            }
            _ => false,
        },
        ServiceEvent::ServiceRemoved(_, name) => all.remove(&name).is_some(),
        _ => false,
    }
}

/// Listens for announcements, as long as somebody in this process asks for them.
pub(crate) struct Ears {
    daemon: Option<ServiceDaemon>,
    heard: watch::Receiver<All>,
    /// When the network was asked last for itself: by and by that is done less often, up to once an hour.
    asked: Mutex<Instant>,
}

static EARS: Mutex<Weak<Ears>> = Mutex::new(Weak::new());

fn daemon() -> std::result::Result<ServiceDaemon, mdns_sd::Error> {
    let daemon = ServiceDaemon::new()?;
    // Relays listen on IPv4, which every office has.
    daemon.disable_interface(IfKind::IPv6)?;
    Ok(daemon)
}

impl Ears {
    pub fn open() -> Arc<Self> {
        let mut shared = EARS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = shared.upgrade() {
            return open;
        }
        let (tell, heard) = watch::channel(All::new());
        // Without a network nothing is heard, and that is all.
        let daemon = daemon().ok();
        if let Some(daemon) = daemon.clone() {
            RUNTIME.spawn(listen(daemon, tell));
        }
        let ears = Arc::new(Self { daemon, heard, asked: Mutex::new(Instant::now()) });
        *shared = Arc::downgrade(&ears);
        ears
    }

    /// Where a device may be hosting now beside what was tried, the likeliest first; waits for answers that
    /// can still come.
    async fn places(
        &self,
        workspace: WorkspaceId,
        device: DeviceId,
        tried: &[SocketAddr],
    ) -> Vec<SocketAddr> {
        let find = |all: &All| {
            let mut places = places_in(all, workspace, device);
            places.truncate(TRIED);
            places.retain(|place| !tried.contains(place));
            places
        };
        let now = find(&self.heard.borrow());
        if !now.is_empty() {
            return now;
        }
        let mut heard = self.heard.clone();
        let left = ANSWERED.saturating_sub(self.ask_again());
        let _ = tokio::time::timeout(left, heard.wait_for(|all| !find(all).is_empty())).await;
        find(&self.heard.borrow())
    }

    /// A host that was asleep does not say that it is back. How long ago the network was asked.
    fn ask_again(&self) -> Duration {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(daemon) = self.daemon.as_ref().filter(|_| asked.elapsed() > AGAIN) {
            // What listens notices, and begins anew.
            let _ = daemon.stop_browse(SERVICE);
            *asked = Instant::now();
        }
        asked.elapsed()
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        if let Some(daemon) = &self.daemon {
            let _ = daemon.shutdown();
        }
    }
}

async fn listen(daemon: ServiceDaemon, tell: watch::Sender<All>) {
    // It ends when it is to be asked again, and where more comes than is taken: then anew, until there is no
    // daemon any more.
    while let Ok(events) = daemon.browse(SERVICE) {
        while let Ok(event) = events.recv_async().await {
            tell.send_if_modified(|all| note(all, event));
        }
        tell.send_modify(All::clear);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn places_in(all: &All, workspace: WorkspaceId, device: DeviceId) -> Vec<SocketAddr> {
    if let Some(own) = own().iter().find(|o| (o.workspace, o.device) == (workspace, device)) {
        return vec![own.place];
    }
    let meant = all.values().filter(|h| h.mark == mark(h.salt, workspace, device));
    let mut places: Vec<SocketAddr> = meant.flat_map(|h| h.places.iter().copied()).collect();
    let near = interfaces();
    places.sort_by_key(|place| (!near.iter().any(|i| shares_net(i, place.ip())), *place));
    places.dedup();
    places
}

fn interfaces() -> Vec<if_addrs::Ifv4Addr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default().into_iter();
    all.filter_map(|i| match i.addr {
        if_addrs::IfAddr::V4(v4) => Some(v4),
        if_addrs::IfAddr::V6(_) => None,
    })
    .collect()
}

fn shares_net(interface: &if_addrs::Ifv4Addr, place: IpAddr) -> bool {
    let net = |ip: Ipv4Addr| ip.to_bits() & interface.netmask.to_bits();
    matches!(place, IpAddr::V4(place) if net(place) == net(interface.ip))
}

pub(crate) fn url(place: SocketAddr) -> String {
    format!("http://{place}")
}

/// Which of these devices host now, and where; waits so long for answers.
pub fn look(workspace: WorkspaceId, devices: &[DeviceId], wait: Duration) -> Vec<(DeviceId, String)> {
    let ears = Ears::open();
    let asked = *ears.asked.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::sleep(wait.saturating_sub(asked.elapsed()));
    let all = ears.heard.borrow();
    let place = |device: &DeviceId| Some((*device, url(*places_in(&all, workspace, *device).first()?)));
    devices.iter().filter_map(place).collect()
}

/// How others in the network reach a port of this computer.
pub fn own_urls(listens: SocketAddr) -> Vec<String> {
    if !listens.ip().is_unspecified() {
        return vec![url(listens)];
    }
    let mut all: Vec<Ipv4Addr> = interfaces().into_iter().map(|i| i.ip).filter(|a| is_local(*a)).collect();
    all.sort_by_key(|a| (a.is_loopback(), a.is_link_local()));
    // Its own address is of use only where it has no other.
    all.truncate(all.iter().position(Ipv4Addr::is_loopback).unwrap_or(all.len()).max(1));
    all.into_iter().map(|a| url((a, listens.port()).into())).collect()
}

/// What this process hosts itself is found without a network.
struct Own {
    workspace: WorkspaceId,
    device: DeviceId,
    place: SocketAddr,
}

static OWN: Mutex<Vec<Own>> = Mutex::new(Vec::new());

fn own() -> MutexGuard<'static, Vec<Own>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets it when dropped.
struct OwnPlace(SocketAddr);

impl OwnPlace {
    fn note(listens: SocketAddr, workspace: WorkspaceId, device: DeviceId) -> Self {
        let place = on_this_computer(listens);
        own().push(Own { workspace, device, place });
        Self(place)
    }
}

impl Drop for OwnPlace {
    fn drop(&mut self) {
        own().retain(|o| o.place != self.0);
    }
}

/// How this computer itself reaches what it listens on.
fn on_this_computer(listens: SocketAddr) -> SocketAddr {
    match listens.ip().is_unspecified() {
        true => (Ipv4Addr::LOCALHOST, listens.port()).into(),
        false => listens,
    }
}

/// Says in the network that a device hosts a relay, until it is dropped.
pub struct Announcement {
    own: OwnPlace,
    daemon: Option<(ServiceDaemon, String)>,
    /// Why it cannot be said, where that is so: the relay can still be reached by its address.
    pub problem: Option<String>,
}

impl fmt::Debug for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Announcement").field("place", &self.own.0).finish_non_exhaustive()
    }
}

impl Announcement {
    pub fn start(listens: SocketAddr, workspace: WorkspaceId, device: DeviceId) -> Self {
        let (daemon, problem) = match say(listens, workspace, device) {
            Ok(said) => (Some(said), None),
            Err(problem) => (None, Some(problem)),
        };
        Self { own: OwnPlace::note(listens, workspace, device), daemon, problem }
    }

    /// For this process alone.
    pub fn here(listens: SocketAddr, workspace: WorkspaceId, device: DeviceId) -> Self {
        Self { own: OwnPlace::note(listens, workspace, device), daemon: None, problem: None }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let Some((daemon, name)) = &self.daemon else { return };
        // So that the others do not look for it here any more.
        if let Ok(said) = daemon.unregister(name) {
            let _ = said.recv_timeout(Duration::from_millis(500));
        }
        let _ = daemon.shutdown();
    }
}

fn say(
    listens: SocketAddr,
    workspace: WorkspaceId,
    device: DeviceId,
) -> std::result::Result<(ServiceDaemon, String), String> {
    let (mut salt, mut name) = ([0; 16], [0; 8]);
    getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut name)).map_err(|e| e.to_string())?;
    // Neither the computer nor a person is named.
    let name = hex(&name);
    let (salt, mark) = (hex(&salt), mark(salt, workspace, device).to_string());
    let properties = [("v", VERSION), ("salt", &salt), ("mark", &mark)];
    let everywhere = listens.ip().is_unspecified();
    let address = if everywhere { String::new() } else { listens.ip().to_string() };
    let (host, port) = (format!("{name}.local."), listens.port());
    let mut info = ServiceInfo::new(SERVICE, &name, &host, address.as_str(), port, &properties[..])
        .map_err(|e| e.to_string())?;
    if everywhere {
        info = info.enable_addr_auto();
    }
    let full = info.get_fullname().to_owned();
    let daemon = daemon().map_err(|e| e.to_string())?;
    daemon.register(info).map_err(|e| e.to_string())?;
    Ok((daemon, full))
}

/// A host that is looked for anew whenever it is asked.
pub(crate) struct Lan {
    address: LanAddress,
    /// As the team calls the host.
    pub name: String,
    /// What the team's log begins with, where that is known: who has it is no stranger.
    pub first: Option<Hash>,
    ears: Arc<Ears>,
    /// Which of several places was the team's.
    chosen: Mutex<Option<SocketAddr>>,
}

impl Lan {
    pub fn new(address: LanAddress, name: &str, first: Option<Hash>) -> Self {
        let name = if name.is_empty() { address.to_string() } else { name.to_owned() };
        Self { address, name, first, ears: Ears::open(), chosen: Mutex::default() }
    }

    /// Where it may be beside what was tried; nothing, once all have answered.
    pub async fn places(&self, workspace: WorkspaceId, tried: &[SocketAddr]) -> Vec<SocketAddr> {
        self.ears.places(workspace, self.address.0, tried).await
    }

    fn chosen(&self) -> MutexGuard<'_, Option<SocketAddr>> {
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it was, if it still says that it is there.
    pub fn known(&self, workspace: WorkspaceId) -> Option<SocketAddr> {
        let chosen = (*self.chosen())?;
        places_in(&self.ears.heard.borrow(), workspace, self.address.0).contains(&chosen).then_some(chosen)
    }

    pub fn choose(&self, place: Option<SocketAddr>) {
        *self.chosen() = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: WorkspaceId = WorkspaceId([1; 16]);
    const DEVICE: DeviceId = DeviceId([2; 16]);

    fn resolved(properties: &[(&str, &str)], addresses: &str) -> ServiceEvent {
        let info = ServiceInfo::new(SERVICE, "x", "x.local.", addresses, 4819, properties).unwrap();
        ServiceEvent::ServiceResolved(Box::new(info.as_resolved_service()))
    }

    #[test]
    fn only_who_knows_the_team_recognises_its_host() {
        let salt = [7; 16];
        let (salt_text, mark_text) = (hex(&salt), mark(salt, WORKSPACE, DEVICE).to_string());
        let mut all = All::new();
        let said = [("v", "1"), ("salt", salt_text.as_str()), ("mark", &mark_text)];
        assert!(note(&mut all, resolved(&said, "192.168.7.20,8.8.8.8,10.1.1.1")));
        assert!(!note(&mut all, resolved(&said, "192.168.7.20,8.8.8.8,10.1.1.1")), "nothing new");
        let places: Vec<String> =
            places_in(&all, WORKSPACE, DEVICE).iter().map(ToString::to_string).collect();
        assert_eq!(places.len(), 2, "never into the internet: {places:?}");
        assert!(places.contains(&"192.168.7.20:4819".to_owned()), "{places:?}");
        assert!(places_in(&all, WorkspaceId([3; 16]), DEVICE).is_empty());
        assert!(places_in(&all, WORKSPACE, DeviceId([3; 16])).is_empty());
        assert!(note(&mut all, ServiceEvent::ServiceRemoved(SERVICE.into(), format!("x.{SERVICE}"))));
        assert!(places_in(&all, WORKSPACE, DEVICE).is_empty());
    }

    #[test]
    fn what_is_no_announcement_is_passed_over() {
        let (salt, mark) = ("00".repeat(16), "00".repeat(32));
        for said in [
            vec![],
            vec![("v", "2"), ("salt", salt.as_str()), ("mark", &mark)],
            vec![("v", "1"), ("salt", "zz"), ("mark", &mark)],
            vec![("v", "1"), ("salt", salt.as_str())],
            vec![("v", "1"), ("salt", salt.as_str()), ("mark", &salt)],
        ] {
            assert!(!note(&mut All::new(), resolved(&said, "10.1.1.1")), "{said:?}");
        }
        let said = [("v", "1"), ("salt", salt.as_str()), ("mark", &mark)];
        let full = |n: usize| (n.to_string(), Heard { salt: [0; 16], mark: Hash::NONE, places: Vec::new() });
        let mut all: All = (0..MOST).map(full).collect();
        assert!(!note(&mut all, resolved(&said, "10.1.1.1")), "a flood ends somewhere");
    }

    #[test]
    fn an_address_names_a_device() {
        let text = format!("lan:{DEVICE}");
        assert_eq!(LanAddress::parse(&text).unwrap(), Some(LanAddress(DEVICE)));
        assert_eq!(LanAddress(DEVICE).to_string(), text);
        for other in ["/lan", "https://lan/", "C:\\lan"] {
            assert_eq!(LanAddress::parse(other).unwrap(), None, "{other}");
        }
        for bad in ["lan:", "lan:xyz", "lan:0102", "lan:0202020202020202020202020202020202"] {
            assert!(LanAddress::parse(bad).is_err(), "{bad}");
        }
    }
}
