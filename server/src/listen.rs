//! Connections: how many, how patient, in TLS or behind a proxy that does it.

use crate::{config::Tls, hub::Hub};
use axum::{Router, body::Body};
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Semaphore, watch},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// A connection on which nothing is asked is kept for so long; devices that wait are pinged more often.
const IDLE: Duration = Duration::from_secs(90);
/// How long those who are being served have when the server stops.
const GRACE: Duration = Duration::from_secs(20);

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(format!("{}: there is no certificate in it", path.display())),
        Err(e) => Err(format!("{}: {e}", path.display())),
    }
}

pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, String> {
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|e| format!("{}: {e}", tls.key.display()))?;
    let chain = certificates(&tls.certificate)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|e| format!("{}: {e}", tls.certificate.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Whether an address can only be one of a network at hand: private, link-local, unique-local, loopback.
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

/// Whoever has an address of IPv6 has a network of them: one subscriber, one count.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)))
        }
        other => other,
    }
}

/// How many connections each network has. Nobody takes the places of all others; a proxy on this computer
/// speaks for many, and is not counted.
struct Networks {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that is counted as long as it is there.
struct Counted {
    network: IpAddr,
    networks: Arc<Networks>,
}

impl Networks {
    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Counted> {
        let network = network(peer);
        let mut all = self.open();
        let open = all.entry(network).or_default();
        if *open >= self.most && !network.is_loopback() {
            return None;
        }
        *open += 1;
        Some(Counted { network, networks: self.clone() })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut all = self.networks.open();
        match all.get_mut(&self.network) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(all.remove(&self.network)),
        }
    }
}

/// Serves until it is told to close, and those it is serving then to their end.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    routes: Router,
    hub: Arc<Hub>,
    local_only: bool,
    mut closing: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(hub.limits.connections));
    // Behind a proxy every connection comes from it.
    let most = if hub.proxy { usize::MAX } else { hub.limits.connections_per_address };
    let networks = Arc::new(Networks { most, open: Mutex::default() });
    let patience = Duration::from_secs(hub.limits.patience);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = closing.wait_for(|closing| *closing) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                // No file descriptors, most likely: others must go first.
                tracing::warn!(error = %e, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Whoever is on this computer itself may use whichever of its addresses.
        let own = || stream.local_addr().is_ok_and(|own| own.ip() == peer.ip());
        if local_only && !is_local(peer.ip()) && !own() {
            continue;
        }
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let Some(counted) = networks.admit(peer.ip()) else { continue };
        let _ = stream.set_nodelay(true);
        let (tls, routes, hub, closing) = (tls.clone(), routes.clone(), hub.clone(), closing.clone());
        tokio::spawn(async move {
            hub.metrics.connections.inc();
            let mut stream = TimeoutStream::new(stream);
            stream.set_read_timeout(Some(IDLE));
            stream.set_write_timeout(Some(patience));
            let stream = Box::pin(stream);
            match tls {
                None => talk(stream, peer, routes, patience, closing).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(patience, tls.accept(stream)).await {
                        talk(stream, peer, routes, patience, closing).await;
                    }
                }
            }
            hub.metrics.connections.dec();
            drop((place, counted));
        });
    }
    drop(listener);
    let all = u32::try_from(hub.limits.connections).unwrap_or(u32::MAX);
    // Whoever is still there then is cut off.
    let _ = tokio::time::timeout(GRACE, places.acquire_many(all)).await;
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    routes: Router,
    patience: Duration,
    mut closing: watch::Receiver<bool>,
) {
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        routes.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    // Who hangs up in the middle is no fault of ours.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_does_not_take_the_places_of_others() {
        let networks = Arc::new(Networks { most: 2, open: Mutex::default() });
        let admit = |text: &str| networks.admit(text.parse().unwrap());
        let (first, second) = (admit("203.0.113.9").unwrap(), admit("::ffff:203.0.113.9").unwrap());
        assert!(admit("203.0.113.9").is_none());
        assert!(admit("203.0.113.10").is_some());
        drop(first);
        assert!(admit("203.0.113.9").is_some());
        drop(second);
        let wide = [admit("2001:db8:1:2::1").unwrap(), admit("2001:db8:1:2:ffff::9").unwrap()];
        assert!(admit("2001:db8:1:2::77").is_none());
        assert!(admit("2001:db8:1:3::1").is_some());
        let four = ["127.0.0.1", "127.0.0.1", "127.0.0.1"].map(|a| admit(a).unwrap());
        let six = ["::1", "::1", "::1"].map(|a| admit(a).unwrap());
        drop(wide);
        drop((four, six));
        assert!(networks.open().is_empty(), "who has gone is forgotten");
    }

    #[test]
    fn only_addresses_of_a_network_at_hand_are_local() {
        let local = |text: &str| is_local(text.parse().unwrap());
        for text in [
            "127.0.0.1",
            "10.0.0.9",
            "172.16.0.1",
            "172.31.255.254",
            "192.168.1.20",
            "169.254.7.7",
            "::1",
            "fe80::1",
            "fd12:3456::1",
            "::ffff:192.168.1.20",
        ] {
            assert!(local(text), "{text}");
        }
        for text in [
            "0.0.0.0",
            "8.8.8.8",
            "100.64.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "224.0.0.251",
            "::",
            "2001:db8::1",
            "2a00:1450:4001::8a",
            "::ffff:8.8.8.8",
            "64:ff9b::c0a8:114",
        ] {
            assert!(!local(text), "{text}");
        }
    }
}
