//! Checkpoints: rows go from memory into the store, and the log they were in is set free.

use crate::local::core::Core;
use crate::local::lock;
use crate::local::store::{Applied, Settling, row_order};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

impl Core {
    /// Starts, in the background, what should be done by now.
    pub(super) fn start_upkeep(self: &Arc<Core>) {
        if self.is_due(1) {
            self.start(|core| &core.settling, |core| core.settle());
        }
        if self.log.wants_spare() {
            self.start(
                |core| &core.making_spare,
                |core| {
                    if let Err(error) = core.log.make_spare() {
                        // Segments are made on the spot then: slower, but no harm.
                        tracing::warn!(%error, "no spare segment could be made");
                    }
                },
            );
        }
        self.forget();
    }

    /// Makes room among the rows that are only there to be read.
    pub(super) fn forget(&self) {
        let clean_bytes_max = self.config.cache_bytes_max;
        if self.table.clean_bytes() > clean_bytes_max {
            // Some more than needed, so that not everybody has a little to forget.
            self.table.shrink(clean_bytes_max - clean_bytes_max / 8);
        }
    }

    fn start(
        self: &Arc<Core>,
        flag: fn(&Core) -> &AtomicBool,
        job: impl FnOnce(&Core) + Send + 'static,
    ) {
        if flag(self).swap(true, Ordering::AcqRel) {
            return;
        }
        let core = self.clone();
        tokio::task::spawn_blocking(move || {
            job(&core);
            flag(&core).store(false, Ordering::Release);
        });
    }

    /// Whether so much is not settled that a checkpoint is due; twice as much is too much.
    fn is_due(&self, halves: u64) -> bool {
        self.table.dirty_bytes() as u64 * 2 > self.config.dirty_bytes_max as u64 * halves
            || self.log.bytes() >= self.config.wal_bytes_max * halves
    }

    /// Holds a writer back while settling does not keep up. The writer settles itself, so it never waits for a job that may not run.
    pub(super) fn wait_for_room(&self) {
        if self.is_due(2) {
            self.settle();
        }
    }

    /// Writes one checkpoint, or stops the engine.
    fn settle(&self) {
        let _one_at_a_time = lock(&self.checkpoint);
        if self.stopped.get().is_some() || !self.is_due(1) {
            return;
        }
        let began = Instant::now();
        // Every change up to here is in the table by now, and so will be found.
        let log_bytes = self.log.bytes();
        let whole = self.applied.load(Ordering::Acquire);
        let mut names = self.table.dirty_partitions();
        names.sort_unstable();
        let versions = names.iter().filter_map(|name| {
            let version = self.table.settle_header(name)?;
            let partition = name.clone();
            Some(Settling::Version { partition, version })
        });
        let mut by_rows = names.clone();
        by_rows.sort_by_cached_key(row_order);
        let rows = by_rows.iter().flat_map(|partition| {
            let rows = self.table.settle_rows(partition).into_iter();
            rows.map(|(key, value, version)| Settling::Row {
                partition: partition.clone(),
                key,
                value,
                version,
            })
        });
        let mut count = 0;
        let changes = versions.chain(rows.inspect(|_| count += 1));
        let applied = || Applied {
            whole,
            some: self.log.last(),
        };
        if let Err(error) = self.store.settle(changes, applied) {
            self.stop(format!("settling rows failed: {error}"));
            return;
        }
        self.table.settled();
        if let Err(error) = self.log.release(whole, log_bytes) {
            self.stop(format!("setting the log free failed: {error}"));
            return;
        }
        self.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        self.counters
            .settled_rows
            .fetch_add(count, Ordering::Relaxed);
        let took_ms = began.elapsed().as_millis() as u64;
        tracing::debug!(rows = count, took_ms, "checkpoint");
    }
}
