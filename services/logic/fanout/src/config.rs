//! Settings of the fan-out.

use serde::{Deserialize, Serialize};

/// What may be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Runs of tasks delivered at once, each of another group. Default 16: a run waits mostly for commits, which the stores share.
    pub workers: usize,
    /// Tasks of one group delivered together. Default 16: a busy group's members are written once for so many messages.
    pub run_tasks_max: u32,
    /// Members of one call. Default 250: some milliseconds of work, so that a busy store serves others in between.
    pub batch_members_max: usize,
    /// Such calls of one run at once; when all have come back, how far the run is is noted. Default 4: a group of the usual bound is written
    /// in the time of one commit and needs no note.
    pub batches_at_once: usize,
    /// Milliseconds that a worker's question for tasks waits. Default 20,000.
    pub take_wait_ms: u32,
    /// Milliseconds of a lease, renewed five times in this time while a run is delivered. Default 5,000: a group whose worker was killed
    /// waits for no longer, and a queue that restarts meanwhile ends no lease of a worker that lives.
    pub lease_ms: u32,
    /// Milliseconds for one call to a store. Default 5,000.
    pub call_timeout_ms: u64,
    /// Milliseconds that a batch is tried again before its run goes back to the queue. Default 5,000: a store that restarts is back.
    pub patience_ms: u64,
    /// Milliseconds of the first pause between tries; each is twice as long as the one before, and cut by chance. Default 50.
    pub pause_ms: u64,
    /// Milliseconds of the longest pause. Default 5,000.
    pub pause_ms_max: u64,
    /// Milliseconds of a batch beyond which the store counts as having too much to do. Default 2,000: 50 times the usual.
    pub slow_batch_ms: u64,
    /// Members of all groups in memory together. Default 1,000,000, in 8 MB.
    pub cached_members_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            workers: 16,
            run_tasks_max: 16,
            batch_members_max: 250,
            batches_at_once: 4,
            take_wait_ms: 20_000,
            lease_ms: 5_000,
            call_timeout_ms: 5_000,
            patience_ms: 5_000,
            pause_ms: 50,
            pause_ms_max: 5_000,
            slow_batch_ms: 2_000,
            cached_members_max: 1_000_000,
        }
    }
}
