//! The word that a server is going to stop, and those whom its end waits for.

use std::sync::Arc;
use tokio::sync::watch;

/// Tells when a server begins to drain. A cheap clone.
#[derive(Clone, Debug)]
pub struct Draining(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    begun: watch::Sender<bool>,
    held: watch::Sender<usize>,
}

/// Work that is no request and yet to be finished before the server ends, as long as the drain lasts
/// ([`crate::Limits::drain_timeout_ms`]). Until it is dropped.
#[derive(Debug)]
pub struct Hold(Arc<Inner>);

impl Draining {
    pub(super) fn new() -> Draining {
        let inner = Inner {
            begun: watch::Sender::new(false),
            held: watch::Sender::new(0),
        };
        Draining(Arc::new(inner))
    }

    pub(super) fn begin(&self) {
        self.0.begun.send_replace(true);
    }

    /// Whether the drain has begun.
    pub fn has_begun(&self) -> bool {
        *self.0.begun.borrow()
    }

    /// Ready when the drain has begun.
    pub async fn begun(&self) {
        // The sender is in `self`: it is not gone while this waits.
        let _ = self.0.begun.subscribe().wait_for(|begun| *begun).await;
    }

    /// Has the drain wait for what is being done.
    pub fn hold(&self) -> Hold {
        self.0.held.send_modify(|held| *held += 1);
        Hold(self.0.clone())
    }

    /// Ready when nobody holds the drain up.
    pub(super) async fn released(&self) {
        let _ = self.0.held.subscribe().wait_for(|held| *held == 0).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.held.send_modify(|held| *held -= 1);
    }
}
