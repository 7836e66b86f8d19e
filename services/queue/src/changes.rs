//! What was decided about tasks, and is not durable yet.

use crate::entry::Entry;
use crate::rows::Retry;
use bytes::Bytes;
use std::sync::Arc;

/// Which rows a task has beside the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) retry: bool,
    pub(crate) progress: bool,
}

/// Why a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A worker did it.
    Finished,
    /// Its time was over before anybody began.
    Expired,
}

/// One change. Decided in an order, written in it, then applied in it.
#[derive(Debug)]
pub(crate) enum Change {
    /// A new task.
    Add {
        id: u64,
        entry: Box<Entry>,
        row: Bytes,
    },
    /// A task is over.
    End {
        id: u64,
        parts: Parts,
        ending: Ending,
        ended_ms: u64,
        dedupe_id: Option<Arc<[u8]>>,
    },
    /// A task failed: again later, or dead.
    Retry {
        id: u64,
        retry: Retry,
        dedupe_id: Option<Arc<[u8]>>,
    },
    /// How far a task is.
    Progress { id: u64, progress: Bytes },
    /// A dead task waits again.
    Replay { id: u64, due_ms: u64 },
    /// A dead task too many.
    Discard { id: u64, parts: Parts },
    /// What ended before is not remembered any more.
    Forget { before_ms: u64 },
}

impl Change {
    /// Id, time and dedupe id of a task that is to be remembered.
    pub(crate) fn ended(&self) -> Option<(u64, u64, &Arc<[u8]>)> {
        match self {
            Change::End {
                id,
                ended_ms,
                dedupe_id,
                ..
            } => Some((*id, *ended_ms, dedupe_id.as_ref()?)),
            Change::Retry {
                id,
                retry,
                dedupe_id,
            } if retry.died_ms > 0 => Some((*id, retry.died_ms, dedupe_id.as_ref()?)),
            _ => None,
        }
    }

    /// Bytes it takes in a batch, about.
    pub(crate) fn bytes(&self) -> usize {
        const ROW_BYTES: usize = 64;
        let value = match self {
            Change::Add { row, .. } => row.len(),
            Change::Progress { progress, .. } => progress.len(),
            Change::Retry { retry, .. } => retry.error.len(),
            _ => 0,
        };
        ROW_BYTES + value
    }
}
