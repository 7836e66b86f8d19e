//! What the parts of one engine share.

use crate::error::EngineError;
use crate::local::config::LocalConfig;
use crate::local::queue::Queue;
use crate::local::staging::View;
use crate::local::store::{Store, StoreError, StoreSnapshot};
use crate::local::table::{Seen, Table};
use crate::local::wal::Log;
use crate::read::{Direction, Version};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, OnceLock};

/// An engine's memory, log and store.
pub(crate) struct Core {
    pub(super) config: LocalConfig,
    pub(super) table: Table,
    pub(super) store: Store,
    pub(super) log: Log,
    pub(super) queue: Queue,
    /// The newest record whose changes are in the table, all of them.
    pub(super) applied: AtomicU64,
    /// Why it writes no more.
    pub(super) stopped: OnceLock<String>,
    /// Held by the one who writes a checkpoint.
    pub(super) checkpoint: Mutex<()>,
    /// A job of this kind was started and has not begun to end.
    pub(super) settling: AtomicBool,
    pub(super) making_spare: AtomicBool,
    pub(super) counters: Counters,
    /// Locked for as long as the engine lives.
    pub(super) _lock: File,
}

/// Figures since the engine was opened.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) batches: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) sync_us: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    pub(super) settled_rows: AtomicU64,
}

impl Core {
    /// Writes no more from now on. The reason that came first.
    pub(super) fn stop(&self, reason: String) -> String {
        tracing::error!(dir = %self.config.dir.display(), reason, "the engine stops writing");
        self.stopped.get_or_init(|| reason).clone()
    }

    /// The error of whoever still wants to write, once it has stopped.
    pub(super) fn stopped(&self) -> Option<EngineError> {
        let reason = self.stopped.get()?.clone();
        Some(EngineError::Stopped { reason })
    }

    fn snapshot(&self) -> StoreSnapshot {
        self.store.snapshot()
    }
}

/// What the store could not read.
pub(super) fn damaged(error: StoreError) -> EngineError {
    let reason = error.to_string();
    EngineError::Damaged { reason }
}

/// The committer's view. It alone changes rows, so between two looks of its own nothing changes but where a row is.
impl View for Core {
    fn version(&self, partition: &Bytes) -> Result<Version, EngineError> {
        if let Some(version) = self.table.version(partition) {
            return Ok(version);
        }
        let ticket = self.table.ticket(partition);
        let version = self.snapshot().version(partition).map_err(damaged)?;
        self.table.keep_version(partition, version, ticket);
        Ok(version)
    }

    fn row(&self, partition: &Bytes, key: &Bytes) -> Result<Option<(Bytes, Version)>, EngineError> {
        match self.table.row(partition, key) {
            Seen::Row(value, version) => return Ok(Some((value, version))),
            Seen::Absent => return Ok(None),
            Seen::Unknown => {}
        }
        let ticket = self.table.ticket(partition);
        let snapshot = self.snapshot();
        let version = self.version(partition)?;
        let row = snapshot.row(partition, key).map_err(damaged)?;
        let rows = Vec::from_iter(row.clone());
        let keys = std::slice::from_ref(key);
        self.table.keep_rows(partition, version, keys, rows, ticket);
        Ok(row.map(|row| (row.value, row.version)))
    }

    fn keys(
        &self,
        partition: &Bytes,
        from: &Bytes,
        to: Option<&Bytes>,
    ) -> Result<Vec<Bytes>, EngineError> {
        // Before the look at memory: a row that is settled in between is then found in both.
        let (seen, whole) = self.table.keys(partition, from, to);
        let mut keys: BTreeSet<Bytes> = BTreeSet::new();
        if !whole {
            let to = to.map(|to| &to[..]);
            for row in self
                .snapshot()
                .range(partition, from, to, Direction::Forward)
            {
                keys.insert(row.map_err(damaged)?.key);
            }
        }
        for (key, live) in seen {
            match live {
                true => keys.insert(key),
                false => keys.remove(&key),
            };
        }
        Ok(keys.into_iter().collect())
    }
}
