//! The requests of one connection that are being served: what the connection's task needs to cancel them.

use super::router::IdHasher;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Owned by the connection's task, so no lock guards it. Finished requests are taken out in batches.
#[derive(Debug, Default)]
pub(super) struct Calls {
    running: HashMap<u64, Running, BuildHasherDefault<IdHasher>>,
    /// No running request has an earlier deadline. May be earlier than all of them: then the timer finds nothing and asks again.
    earliest: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    task: AbortHandle,
    deadline: Instant,
}

impl Calls {
    pub(super) fn insert(&mut self, request_id: u64, task: AbortHandle, deadline: Instant) {
        if self.earliest.is_none_or(|e| deadline < e) {
            self.earliest = Some(deadline);
        }
        self.running.insert(request_id, Running { task, deadline });
    }

    pub(super) fn contains(&self, request_id: u64) -> bool {
        self.running.contains_key(&request_id)
    }

    /// Forgets requests whose handler is done.
    pub(super) fn remove(&mut self, finished: &mut Vec<u64>) {
        for request_id in finished.drain(..) {
            self.running.remove(&request_id);
        }
    }

    /// Stops a handler whose answer nobody wants.
    pub(super) fn cancel(&mut self, request_id: u64) {
        if let Some(running) = self.running.remove(&request_id) {
            running.task.abort();
        }
    }

    pub(super) fn cancel_all(&mut self) {
        for (_, running) in self.running.drain() {
            running.task.abort();
        }
        self.earliest = None;
    }

    /// Stops the handlers whose deadline has passed and returns their ids.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<u64> {
        if self.earliest.is_none_or(|e| e > now) {
            return Vec::new();
        }
        let late: Vec<u64> = self
            .running
            .iter()
            .filter(|(_, r)| r.deadline <= now)
            .map(|(id, _)| *id)
            .collect();
        for request_id in &late {
            self.cancel(*request_id);
        }
        self.earliest = self.running.values().map(|r| r.deadline).min();
        late
    }

    /// When [`Calls::expire`] is to be called next.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.earliest
    }
}
