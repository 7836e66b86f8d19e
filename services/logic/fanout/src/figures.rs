//! What was done since the service started.

use im_idl::fanout::StatsResponse;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counted by workers, read by whoever asks.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    tasks: AtomicU64,
    rows: AtomicU64,
    failures: AtomicU64,
}

impl Figures {
    /// Tasks are finished.
    pub(crate) fn finished(&self, tasks: usize) {
        self.tasks.fetch_add(tasks as u64, Ordering::Relaxed);
    }

    /// Rows are in inboxes. Those that were there before count too.
    pub(crate) fn wrote(&self, rows: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// A run went back to the queue.
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them.
    pub(crate) fn read(&self) -> StatsResponse {
        StatsResponse {
            tasks: self.tasks.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}
