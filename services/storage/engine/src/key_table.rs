//! The trait of every engine.

use crate::batch::Batch;
use crate::error::{EngineError, WriteError};
use crate::read::{Got, Page, Scan, Version};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A future behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An engine that is shared.
pub type Engine = Arc<dyn KeyTable>;

/// Partitions of sorted rows.
///
/// A write that was answered with a version is durable: it survives the end of the process at any moment, and every read that begins
/// after the answer sees it. A future that is dropped may have written or not.
pub trait KeyTable: Send + Sync + 'static {
    /// Rows of one partition by their keys, all at the same version.
    ///
    /// # Errors
    /// [`EngineError::Behind`] when the partition has not come to version `at_least`; [`EngineError::Damaged`].
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>>;

    /// Rows of a range of one partition, all at the same version.
    ///
    /// # Errors
    /// As [`get`](KeyTable::get).
    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>>;

    /// Writes batches, each on one partition and for itself: one may fail and the others not. Batches on the same partition are
    /// written in their order. An answer for each, in their order: the partition's version after it.
    ///
    /// # Errors
    /// Those of [`WriteError`], a batch.
    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>>;

    /// Versions of many partitions, in their order; 0 for those never written.
    ///
    /// # Errors
    /// [`EngineError::Damaged`].
    fn versions(&self, partitions: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>>;

    /// Names of partitions that begin with `prefix` and come after `after`, sorted, at most `max`. For housekeeping: it may leave out
    /// partitions whose first write was a moment ago.
    ///
    /// # Errors
    /// [`EngineError::Damaged`].
    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>>;

    /// How it does, since it was opened.
    fn stats(&self) -> EngineStats;
}

/// Figures of an engine since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Reads answered from memory alone.
    pub cache_hits: u64,
    /// Reads that had to look further.
    pub cache_misses: u64,
    /// Bytes of rows in memory.
    pub cache_bytes: u64,
    /// Batches written.
    pub batches: u64,
    /// Commits: each one write and one sync for all batches that were waiting.
    pub commits: u64,
    /// Time spent in writing and syncing the log, in microseconds.
    pub sync_us: u64,
    /// Bytes of rows that are in the log but not in the store yet. A part of `cache_bytes`.
    pub dirty_bytes: u64,
    /// Bytes of the log that a restart would apply.
    pub log_bytes: u64,
    /// Times that rows were carried from the log into the store.
    pub checkpoints: u64,
    /// Rows, and deletions of rows, that were carried there. A row deleted before its time came is not.
    pub settled_rows: u64,
}
