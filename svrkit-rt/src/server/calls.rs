//! The requests of one connection that are being served: what the connection's task needs to cancel them.

use crate::id_hasher::IdHasher;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Room for requests that a connection keeps between bursts. Once it is idle, the timer takes that too.
const KEPT_CALLS_MAX: usize = 256;

/// One request of a connection. The id is the peer's and may come again once it was answered; the number is ours and does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallKey {
    pub(super) request_id: u64,
    pub(super) number: u64,
}

/// Owned by the connection's task, so no lock guards it. Finished requests are taken out in batches.
#[derive(Debug, Default)]
pub(super) struct Calls {
    running: HashMap<u64, Running, BuildHasherDefault<IdHasher>>,
    /// No running request has an earlier deadline. May be earlier than all of them: then the timer finds nothing and asks again.
    earliest: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    number: u64,
    task: AbortHandle,
    deadline: Instant,
}

impl Calls {
    pub(super) fn insert(&mut self, key: CallKey, task: AbortHandle, deadline: Instant) {
        if self.earliest.is_none_or(|e| deadline < e) {
            self.earliest = Some(deadline);
        }
        let running = Running {
            number: key.number,
            task,
            deadline,
        };
        self.running.insert(key.request_id, running);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(super) fn contains(&self, request_id: u64) -> bool {
        self.running.contains_key(&request_id)
    }

    /// Forgets requests whose handler is done.
    pub(super) fn remove(&mut self, finished: &mut Vec<CallKey>) {
        for key in finished.drain(..) {
            // The id may belong to a later request by now.
            if let Some(running) = self.running.remove(&key.request_id)
                && running.number != key.number
            {
                self.running.insert(key.request_id, running);
            }
        }
        if self.running.is_empty() && self.running.capacity() > KEPT_CALLS_MAX {
            self.running = HashMap::default();
        }
        if finished.capacity() > KEPT_CALLS_MAX {
            *finished = Vec::new();
        }
    }

    /// Stops a handler whose answer nobody wants.
    pub(super) fn cancel(&mut self, request_id: u64) -> Option<CallKey> {
        let running = self.running.remove(&request_id)?;
        running.task.abort();
        Some(CallKey {
            request_id,
            number: running.number,
        })
    }

    pub(super) fn cancel_all(&mut self) {
        for (_, running) in self.running.drain() {
            running.task.abort();
        }
        self.earliest = None;
    }

    /// Stops the handlers whose deadline has passed and tells which.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<CallKey> {
        if self.earliest.is_none_or(|e| e > now) {
            return Vec::new();
        }
        let late = self.running.iter().filter(|(_, r)| r.deadline <= now);
        let late: Vec<u64> = late.map(|(id, _)| *id).collect();
        let late = late.into_iter().filter_map(|id| self.cancel(id)).collect();
        self.earliest = self.running.values().map(|r| r.deadline).min();
        late
    }

    /// When [`Calls::expire`] is to be called next.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.earliest
    }
}
