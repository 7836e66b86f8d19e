//! Bounds of the store.

use serde::{Deserialize, Serialize};
use svrkit_rt::Status;

/// What may be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Group numbers reserved by one write. Default 1,000: rarely a write, and a restart wastes no more than that of 2^48.
    pub numbers_step: u64,
    /// Ended memberships that a user's list remembers, and up to 64 more. Default 1,000: a device that was away while its user left more
    /// groups than that goes on showing the oldest of them.
    pub tombstones_max: usize,
    /// Milliseconds between two tries to bring lists up to date when the engine did not write. Default 2,000: it is refused while
    /// the engine has too much to do, so more haste would be more load.
    pub repair_retry_ms: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            numbers_step: 1_000,
            tombstones_max: 1_000,
            repair_retry_ms: 2_000,
        }
    }
}

impl Config {
    /// # Errors
    /// `InvalidArgument` when a bound leaves room for nothing.
    pub(crate) fn check(&self) -> Result<(), Status> {
        if self.numbers_step == 0 || self.repair_retry_ms == 0 {
            let message = "numbers_step and repair_retry_ms are at least 1";
            return Err(Status::invalid_argument(message));
        }
        Ok(())
    }
}
