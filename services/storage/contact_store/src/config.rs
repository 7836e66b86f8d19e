//! Settings.

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Contacts in a list: friends, those who were asked, and those who are blocked. Default 5,000: as in WeChat, and a list is read
    /// whole to find what changed.
    pub contacts_max: u32,
    /// Unanswered questions in a list. Default 500: more than anybody reads.
    pub questions_max: u32,
    /// Tombstones in a list, and a quarter more. Default 1,000: half a year of one who ends five contacts a day.
    pub tombstones_max: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            contacts_max: 5_000,
            questions_max: 500,
            tombstones_max: 1_000,
        }
    }
}

impl Config {
    /// After how many new tombstones the oldest are looked for.
    pub(crate) fn sweep_every(&self) -> u64 {
        u64::from(self.tombstones_max / 4).max(1)
    }
}
