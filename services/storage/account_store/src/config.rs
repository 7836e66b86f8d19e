//! Settings.

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Devices of one account. Default 16: a few phones and computers and those that were lost, while every message waits for no more
    /// than that.
    pub devices_max: usize,
    /// Numbers taken at once. Default 1,000: one write for so many registrations, and a crash wastes fewer than that.
    pub numbers_step: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            devices_max: 16,
            numbers_step: 1_000,
        }
    }
}
