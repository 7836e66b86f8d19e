//! Bounds of the service.

use serde::{Deserialize, Serialize};

/// How fast one user may send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Messages (and recalls) a user may send at once. 1,000: a device that was offline sends what it has saved up.
    pub send_burst: u32,
    /// Messages a second that a user may send after that. 500: far beyond what fingers do, and a bot's programming error is bounded.
    pub sends_per_s: u32,
    /// Users whose rates are known at a time; those beyond wait. 200,000 take 10 MiB.
    pub senders_max: usize,
    /// Groups of which it is known how far their tasks are in the queue; of others the store is believed. 100,000 take 4 MiB.
    pub groups_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            send_burst: 1_000,
            sends_per_s: 500,
            senders_max: 200_000,
            groups_max: 100_000,
        }
    }
}
