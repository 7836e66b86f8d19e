//! What is counted of all engines of a process together.

svrkit_rt::monitor! {
    /// Reads that memory alone could answer.
    pub(crate) static CACHE_HITS: Counter = "im_cache_hits";
    /// Reads that had to look further.
    pub(crate) static CACHE_MISSES: Counter = "im_cache_misses";
    /// Batches that became durable together.
    pub(crate) static COMMIT_BATCHES: Histogram = "im_commit_batches" in "batches";
    /// Time to write and sync the log, once a commit.
    pub(crate) static FSYNC: Histogram = "im_fsync_microseconds" in "microseconds";
}
