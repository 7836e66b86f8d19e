//! The engine of one machine: a log that justifies every answer, rows in memory, and a store where rows settle.
//!
//! A write waits in the [`queue`], is judged by [`staging`] with all that wait beside it, goes into the log ([`wal`]) as part of one
//! record, then into the [`table`], and is answered ([`committer`]). A [`checkpoint`] carries rows from the table into the
//! [`store`]. A read looks into the table and, for what is not there, into the store ([`reader`]).

mod checkpoint;
mod committer;
mod config;
mod core;
#[cfg(test)]
mod crashes;
mod figures;
mod key;
mod open;
mod queue;
mod reader;
mod staging;
mod store;
mod table;
mod wal;

pub use config::LocalConfig;
pub use open::{OpenError, open};

use crate::batch::Batch;
use crate::error::{EngineError, WriteError};
use crate::key_table::{BoxFuture, EngineStats, KeyTable};
use crate::local::core::Core;
use crate::local::queue::Job;
use crate::read::{Got, Page, Scan, Version};
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The trait over the parts.
struct Local {
    core: Arc<Core>,
}

impl Local {
    fn new(core: Arc<Core>) -> Local {
        Local { core }
    }
}

impl KeyTable for Local {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        Box::pin(self.core.get(partition, keys, at_least))
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        Box::pin(self.core.scan(scan))
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        let count = batches.len();
        let (job, answers) = Job::new(batches);
        // At once, not when first polled: calls of one caller are written in the order in which they were made.
        committer::submit(&self.core, job);
        Box::pin(async move {
            answers.await.unwrap_or_else(|_| {
                let reason = "the commit did not end".to_owned();
                vec![Err(EngineError::Stopped { reason }.into()); count]
            })
        })
    }

    fn versions(&self, partitions: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>> {
        Box::pin(self.core.versions(partitions))
    }

    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>> {
        Box::pin(self.core.partitions(prefix, after, max))
    }

    fn stats(&self) -> EngineStats {
        let core = &self.core;
        let figure = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EngineStats {
            cache_hits: figure(&core.counters.hits),
            cache_misses: figure(&core.counters.misses),
            cache_bytes: (core.table.clean_bytes() + core.table.dirty_bytes()) as u64,
            batches: figure(&core.counters.batches),
            commits: figure(&core.counters.commits),
            sync_us: figure(&core.counters.sync_us),
            dirty_bytes: core.table.dirty_bytes() as u64,
            log_bytes: core.log.bytes(),
            checkpoints: figure(&core.counters.checkpoints),
            settled_rows: figure(&core.counters.settled_rows),
        }
    }
}

/// A lock whose holder panicked is still good: nothing here leaves its data half changed where it may panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
