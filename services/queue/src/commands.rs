//! What callers send to the task that owns a queue.

use crate::state::{Failure, Figures, Given, Wish};
use bytes::Bytes;
use im_idl::queue::{LeaseId, Task};
use svrkit_rt::Status;
use tokio::sync::{mpsc, oneshot};

/// Where an answer goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Status>>;

/// One call.
pub(crate) enum Command {
    Enqueue {
        tasks: Vec<Task>,
        answer: Answer<Vec<u64>>,
    },
    Finish {
        leases: Vec<LeaseId>,
        follow_ups: Vec<Task>,
        answer: Answer<Vec<u64>>,
    },
    Fail {
        leases: Vec<LeaseId>,
        error: String,
        failure: Failure,
        answer: Answer<()>,
    },
    Extend {
        lease: LeaseId,
        lease_ms: u64,
        progress: Option<Bytes>,
        answer: Answer<bool>,
    },
    Replay {
        ids: Vec<u64>,
        answer: Answer<u64>,
    },
    Take(Waiter),
    /// Leases whose taker is gone.
    Release {
        leases: Vec<LeaseId>,
    },
    /// Ids of dead tasks.
    Dead {
        after: u64,
        ids_max: usize,
        answer: Answer<Vec<u64>>,
    },
    Figures {
        answer: Answer<Figures>,
    },
}

/// A worker that asks for tasks.
pub(crate) struct Waiter {
    pub(crate) wish: Wish,
    /// Else it is answered at once.
    pub(crate) waits: bool,
    pub(crate) answer: Answer<Grant>,
}

/// Tasks on their way to a worker. Dropped on it, because the worker is gone or its tasks cannot be read, they go back at once.
pub(crate) struct Grant {
    given: Vec<Given>,
    back: Option<mpsc::Sender<Command>>,
}

impl Grant {
    /// Tasks that go back this way if they must.
    pub(crate) fn new(given: Vec<Given>, back: Option<mpsc::Sender<Command>>) -> Grant {
        Grant { given, back }
    }

    /// The tasks.
    pub(crate) fn given(&self) -> &[Given] {
        &self.given
    }

    /// The worker has them.
    pub(crate) fn arrived(mut self) {
        self.back = None;
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if let Some(back) = self.back.take().filter(|_| !self.given.is_empty()) {
            let leases = self.given.iter().map(Given::lease_id).collect();
            // When nobody takes them back now, their leases run out.
            let _ = back.try_send(Command::Release { leases });
        }
    }
}
