//! Numbers for Prometheus. No ids: they would tell who is a customer.

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::time::Duration;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    route: &'static str,
    status: u16,
}

pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Histogram,
    pub entries: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    pub connections: Gauge,
    pub waiting: Gauge,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("satchel");
        let requests = Family::<Request, Counter>::default();
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let (entries, bytes_in, bytes_out) = (Counter::default(), Counter::default(), Counter::default());
        let (connections, waiting) = (Gauge::default(), Gauge::default());
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit("request", "How long requests took", Unit::Seconds, seconds.clone());
        registry.register("entries", "Entries stored", entries.clone());
        registry.register_with_unit("received", "Of segments and keys stored", Unit::Bytes, bytes_in.clone());
        registry.register_with_unit("sent", "Of news given", Unit::Bytes, bytes_out.clone());
        registry.register("connections", "Open connections", connections.clone());
        registry.register("waiting", "Devices that wait for news", waiting.clone());
        Self { registry, requests, seconds, entries, bytes_in, bytes_out, connections, waiting }
    }

    pub fn answered(&self, route: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&Request { route, status }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a text does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}
