//! A look at a running server from outside: its connections, its services.

use super::accept::Open;
use super::admission::Admission;
use crate::auth::Caller;
use crate::builtin::HealthHandle;
use crate::descriptor::ServiceDescriptor;
use crate::record::Tap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Looks at a server, before it runs (then there is nothing yet), while, and after; a cheap clone.
#[derive(Clone, Debug)]
pub struct ServerWatch {
    health: HealthHandle,
    tap: Tap,
    running: Arc<OnceLock<Running>>,
}

struct Running {
    open: Arc<Open>,
    services: Vec<&'static ServiceDescriptor>,
    admission: Admission,
}

/// A connection that is open.
#[derive(Clone, Debug)]
pub struct OpenConnection {
    /// Rises with each connection of the server.
    pub id: u64,
    /// Where it comes from; `None` for a Unix socket and for memory.
    pub peer: Option<SocketAddr>,
    /// Who it is, if it has shown that.
    pub caller: Option<Caller>,
    /// How long it has been open.
    pub age: Duration,
    /// What it carries.
    pub traffic: Traffic,
}

/// What a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// `"frames"` or `"http"`.
    pub protocol: &'static str,
    /// Requests being served.
    pub in_flight: usize,
    /// Bytes read so far.
    pub received_bytes: u64,
    /// Bytes written so far.
    pub sent_bytes: u64,
}

impl ServerWatch {
    pub(super) fn new(health: HealthHandle, tap: Tap) -> ServerWatch {
        ServerWatch {
            health,
            tap,
            running: Arc::default(),
        }
    }

    /// The server begins to run. A server runs once.
    pub(super) fn begin(
        &self,
        open: Arc<Open>,
        services: Vec<&'static ServiceDescriptor>,
        admission: Admission,
    ) {
        self.running.get_or_init(|| Running {
            open,
            services,
            admission,
        });
    }

    /// What it says of its health.
    pub fn health(&self) -> &HealthHandle {
        &self.health
    }

    /// Where its requests can be recorded.
    pub(crate) fn tap(&self) -> &Tap {
        &self.tap
    }

    /// Its services, the built-in ones with them.
    pub fn services(&self) -> &[&'static ServiceDescriptor] {
        self.running.get().map_or(&[], |r| &r.services)
    }

    /// Who is let in; servers of a process may share it.
    pub fn admission(&self) -> Option<&Admission> {
        self.running.get().map(|r| &r.admission)
    }

    /// How many connections are open that have shown their protocol.
    pub fn connection_count(&self) -> usize {
        self.running.get().map_or(0, |r| r.open.count())
    }

    /// At most `max` open connections with an id over `after`, by id.
    pub fn connections(&self, after: u64, max: usize) -> Vec<OpenConnection> {
        let running = self.running.get();
        running.map_or(Vec::new(), |r| r.open.list(after, max))
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} connections", self.open.count())
    }
}
