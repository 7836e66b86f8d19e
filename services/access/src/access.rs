//! A node from its start to its end.

use crate::accept;
use crate::checks;
use crate::config::Config;
use crate::deps::Deps;
use crate::handle::End;
use crate::news;
use crate::node::Node;
use crate::presence;
use crate::stats::Stats;
use crate::waves::end_in_waves;
use im_serve::GrayNow;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Admission, AdmissionConfig, Listener, Status};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a grain of the wheel is.
const TICK: Duration = Duration::from_secs(1);
/// Milliseconds that the session service gets to hear of the links that ended with the node.
const LAST_WORDS_MS: u64 = 1_000;

/// Where clients come in. Both may speak TLS ([`Listener::with_tls`]).
#[derive(Debug, Default)]
pub struct Listeners {
    /// For long links.
    pub long: Option<Listener>,
    /// For the short link, and for WebSockets at `/im/ws`.
    pub short: Option<Listener>,
}

/// An access node. A cheap clone; all clones are the same node.
#[derive(Clone, Debug)]
pub struct Access {
    node: Arc<Node>,
}

impl Access {
    /// A node that holds no link yet. The services behind need not be there.
    ///
    /// # Errors
    /// `InvalidArgument` when the configuration makes no sense.
    pub async fn build(config: Config, deps: Deps) -> Result<Access, Status> {
        let admission = Admission::new(AdmissionConfig::default());
        Access::build_with(config, deps, admission).await
    }

    /// The same, with a say in how many calls of clients are served at once, and which.
    ///
    /// # Errors
    /// As [`Access::build`].
    pub async fn build_with(
        config: Config,
        deps: Deps,
        admission: Admission,
    ) -> Result<Access, Status> {
        config.check()?;
        let node = Arc::new(Node::new(config, deps, admission));
        Ok(Access { node })
    }

    /// What decides which calls are tagged; nobody's, until it is set.
    pub fn gray(&self) -> GrayNow {
        self.node.gray.clone()
    }

    /// Serves links until `shutdown`, then ends them in waves and in random order, each after the answers to what it asked. To be called
    /// once.
    ///
    /// # Errors
    /// `FailedPrecondition` when clients could come without TLS from other machines and the configuration does not allow it.
    pub async fn run(
        self,
        listeners: Listeners,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Status> {
        let Listeners { long, short } = listeners;
        for listener in [&long, &short].into_iter().flatten() {
            self.check(listener)?;
        }
        let node = &self.node;
        // Links live in tasks of their own; they must not outlive this one, however it ends.
        let _running = Running(node.clone());
        let mut background = JoinSet::new();
        background.spawn(turn_the_wheel(node.clone()));
        background.spawn(presence::run(node.clone()));
        background.spawn(news::run(node.clone()));
        background.spawn(checks::run(node.clone()));
        let mut doors = JoinSet::new();
        if let Some(listener) = long {
            doors.spawn(accept::long(listener, node.clone()));
        }
        if let Some(listener) = short {
            doors.spawn(accept::short(listener, node.clone()));
        }
        shutdown.await;
        doors.shutdown().await;
        let (per_s, window_ms) = (node.config.drain_links_per_s, node.config.drain_window_ms);
        end_in_waves(node.links.close_doors(), per_s, window_ms).await;
        let drain = Duration::from_millis(node.config.drain_timeout_ms);
        if timeout(drain, node.links.emptied()).await.is_err() {
            node.links.end_all(&End::Gone);
        }
        background.shutdown().await;
        let last_words = node.presence.last_words();
        // Who is not told will find out when the lease is over.
        let _ = timeout(Duration::from_millis(LAST_WORDS_MS), last_words).await;
        Ok(())
    }

    /// Figures, as they are now.
    pub fn stats(&self) -> Stats {
        self.node.counters.read()
    }

    fn check(&self, listener: &Listener) -> Result<(), Status> {
        let address = listener.address();
        let elsewhere = address
            .parse::<SocketAddr>()
            .is_ok_and(|address| !address.ip().to_canonical().is_loopback());
        if elsewhere && !listener.is_tls() && !self.node.config.plaintext_anywhere {
            let message = format!(
                "clients could come to {address} without TLS: give it a certificate, or set plaintext_anywhere"
            );
            return Err(Status::failed_precondition(message));
        }
        Ok(())
    }
}

/// Ends what is left when the node's own task is dropped.
struct Running(Arc<Node>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.links.end_all(&End::Gone);
    }
}

/// Wakes links that want to look at the clock, for ever.
async fn turn_the_wheel(node: Arc<Node>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        for number in node.wheel.turn() {
            if let Some(handle) = node.links.get(number) {
                handle.wake();
            }
        }
    }
}
