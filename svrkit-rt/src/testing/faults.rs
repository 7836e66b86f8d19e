//! What goes wrong between a client and a server, and how often.

use super::relay;
use super::seed::Seed;
use crate::client::{Connect, Endpoint};
use crate::service::BoxFuture;
use crate::transport::{MemoryConnector, Stream};
use std::io;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Faults of a network, for each frame in either direction unless said otherwise. Probabilities are between 0 (never, the default) and 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// The connection is refused. For each attempt to connect.
    pub refuse: f64,
    /// The frame vanishes.
    pub drop: f64,
    /// The frame arrives this much later. Frames stay in order.
    pub delay: RangeInclusive<Duration>,
    /// The frame is held back by another delay, and those behind it may overtake.
    pub reorder: f64,
    /// How long a frame to be overtaken is held back.
    pub reorder_by: Duration,
    /// One bit of the frame's payload is wrong.
    pub corrupt: f64,
    /// This direction of the connection ends in place of the frame; the other goes on.
    pub half_close: f64,
    /// The connection ends in place of the frame, both ways.
    pub cut: f64,
}

impl Default for Faults {
    /// Nothing goes wrong.
    fn default() -> Faults {
        Faults {
            refuse: 0.0,
            drop: 0.0,
            delay: Duration::ZERO..=Duration::ZERO,
            reorder: 0.0,
            reorder_by: Duration::from_millis(20),
            corrupt: 0.0,
            half_close: 0.0,
            cut: 0.0,
        }
    }
}

/// An endpoint of the server behind `connector` with `faults` in between. Whatever is random about them comes from `seed`, so on one
/// thread with a paused clock ([`super::run_test`]) the same faults come again.
///
/// Whole frames are lost, delayed and overtaken; what is no frame (HTTP) is only delayed.
pub fn faulty(connector: MemoryConnector, faults: Faults, seed: Seed) -> Endpoint {
    let network = Network {
        connector,
        faults,
        seed,
        connections: AtomicU64::new(0),
    };
    Endpoint::custom("memory (faulty)", network)
}

struct Network {
    connector: MemoryConnector,
    faults: Faults,
    seed: Seed,
    connections: AtomicU64,
}

impl Connect for Network {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let number = self.connections.fetch_add(1, Relaxed);
        let seed = self.seed.derive(&format!("connection {number}"));
        let stream = if seed.rng().f64() < self.faults.refuse {
            Err(io::ErrorKind::ConnectionRefused.into())
        } else {
            let server = self.connector.connect();
            server.map(|server| relay::start(server, self.faults.clone(), seed))
        };
        Box::pin(async { stream })
    }
}
