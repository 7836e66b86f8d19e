//! Bounds of the store.

use serde::{Deserialize, Serialize};

/// How much is kept, for how long, and how often it is tidied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Entries older than this go, read or not. 30 days: a holiday and a lost phone.
    pub inbox_retention_days: u32,
    /// Entries of an inbox; the oldest go beyond it. 200,000 is what a busy user of large groups gets in a month.
    pub inbox_rows_max: u64,
    /// A device silent for this long holds no entries back any more. 30 days, as entries live no longer either.
    pub device_retention_days: u32,
    /// Devices of a user whose positions are kept; the one silent longest is forgotten beyond it. 32: more than accounts may have.
    pub devices_max: usize,
    /// Time between two writings of positions, with which entries that all devices have are deleted. 2 s: short enough that most entries
    /// never leave the engine's memory, long enough that positions cost little beside messages.
    pub flush_interval_ms: u64,
    /// Entries of one inbox deleted in one batch. 4,096: some 300 KiB of log.
    pub delete_rows_max: u64,
    /// Time between two rounds of the retention sweep. 1 h.
    pub sweep_interval_ms: u64,
    /// Time between two steps of a round, 64 partitions each. 100 ms: a million inboxes take half an hour and nobody notices.
    pub sweep_step_ms: u64,
    /// Users whose positions are in memory. 100,000 take about 20 MiB.
    pub users_max: usize,
    /// Groups whose progress is in memory. 100,000 take about 5 MiB.
    pub groups_max: usize,
    /// Bytes of group messages kept decoded, for the many members that read the same. 16 MiB is some 50,000 of them.
    pub bodies_bytes_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            inbox_retention_days: 30,
            inbox_rows_max: 200_000,
            device_retention_days: 30,
            devices_max: 32,
            flush_interval_ms: 2_000,
            delete_rows_max: 4_096,
            sweep_interval_ms: 3_600_000,
            sweep_step_ms: 100,
            users_max: 100_000,
            groups_max: 100_000,
            bodies_bytes_max: 16 << 20,
        }
    }
}
