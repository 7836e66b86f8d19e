//! Bounds of the queues.

use serde::{Deserialize, Serialize};

/// What may be set. Bounds of depth, memory and dead tasks are a queue's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Queues there may be. Default 64: a queue is made by its first task, and a typing error should not make thousands.
    pub queues_max: usize,
    /// Tasks that are not ended yet. Default 300,000: most of an hour of a busy queue, 135 MB in memory at most, read again within
    /// seconds.
    pub tasks_max: usize,
    /// Bytes of those tasks: payload, key and dedupe id, and 64 for each. Default 256 MiB.
    pub bytes_max: usize,
    /// Bytes of one task's payload. Default 64 KiB: a task says what is to be done, the data is elsewhere.
    pub payload_bytes_max: usize,
    /// Tasks of one Enqueue, or follow-ups of one Finish. Default 1,000: one commit of a moment.
    pub enqueue_tasks_max: usize,
    /// Milliseconds that a task waits after each failure; after one more it is dead. Default 1 s, 5 s, 30 s, 5 min, 1 h: soon for a
    /// hiccup, late enough for a repair by hand.
    pub retry_delays_ms: Vec<u64>,
    /// Milliseconds until a task is tried again whose failure was not its own. Default 2,000: whatever it needs may be back by then.
    pub transient_delay_ms: u64,
    /// Leases that run out one after the other until that counts as a failure. Default 5: a worker may crash, but a task that crashes
    /// its worker each time must get out of the way.
    pub lost_leases_max: u32,
    /// Milliseconds of a lease whose taker does not say. Default 30,000.
    pub lease_ms: u64,
    /// Milliseconds of any lease. Default 600,000: a worker that is gone blocks its keys for no longer.
    pub lease_ms_max: u64,
    /// Tasks of one Take. Default 256.
    pub take_tasks_max: usize,
    /// Bytes of tasks of one Take; the first comes whatever its size. Default 1 MiB: a quarter of what an answer may have.
    pub take_bytes_max: usize,
    /// Tasks of one key that one Take gives. Default 16: enough to share the cost of what they have in common, while a failure takes
    /// the others back.
    pub run_tasks_max: usize,
    /// Milliseconds that a Take may wait. Default 30,000.
    pub take_wait_ms_max: u64,
    /// Takes that wait at once. Default 1,024 workers.
    pub waiting_takes_max: usize,
    /// Bytes of a task's progress. Default 4 KiB: a place, not a result.
    pub progress_bytes_max: usize,
    /// Calls that wait to be looked at, while a commit is under way. Beyond, they are refused as overloaded. Default 4,096.
    pub calls_max: usize,
    /// Bytes that one commit gathers, about. Default 1 MiB: written within milliseconds.
    pub commit_bytes_max: usize,
    /// Bytes of tasks that stay in memory to be given out without reading; the others are read when they are. Default 16 MiB: a
    /// queue that keeps up reads nothing.
    pub cache_bytes_max: usize,
    /// Dead tasks that are kept; beyond, the oldest are thrown away. Default 10,000: more than anybody will look at.
    pub dead_tasks_max: usize,
    /// Milliseconds that the dedupe id of an ended task is remembered. Default one hour.
    pub remember_ms: u64,
    /// Dedupe ids of ended tasks that are remembered; beyond, the oldest are forgotten early. Default 500,000, for an hour at 139 tasks
    /// a second, in 60 MB at most.
    pub remembered_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            queues_max: 64,
            tasks_max: 300_000,
            bytes_max: 256 << 20,
            payload_bytes_max: 64 << 10,
            enqueue_tasks_max: 1_000,
            retry_delays_ms: vec![1_000, 5_000, 30_000, 300_000, 3_600_000],
            transient_delay_ms: 2_000,
            lost_leases_max: 5,
            lease_ms: 30_000,
            lease_ms_max: 600_000,
            take_tasks_max: 256,
            take_bytes_max: 1 << 20,
            run_tasks_max: 16,
            take_wait_ms_max: 30_000,
            waiting_takes_max: 1_024,
            progress_bytes_max: 4 << 10,
            calls_max: 4_096,
            commit_bytes_max: 1 << 20,
            cache_bytes_max: 16 << 20,
            dead_tasks_max: 10_000,
            remember_ms: 3_600_000,
            remembered_max: 500_000,
        }
    }
}
