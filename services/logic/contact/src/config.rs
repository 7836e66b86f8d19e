//! Settings.

use serde::{Deserialize, Serialize};
use std::time::Duration;
use svrkit_rt::{Rate, Status};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// How much anybody may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Questions of one user a day. Default 500: everybody of a large group, and of little use to a spammer.
    pub questions_per_day: u32,
    /// Users whose questions are counted at once. Default 100,000, some 5 MiB; beyond, those who have not asked lately must wait.
    pub askers_max: usize,
    /// Entries in one answer of a list. Default 500: at most 250 KB, names included.
    pub list_rows_max: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            questions_per_day: 500,
            askers_max: 100_000,
            list_rows_max: 500,
        }
    }
}

impl Config {
    /// # Errors
    /// `InvalidArgument` when a bound leaves room for nothing.
    pub(crate) fn check(&self) -> Result<(), Status> {
        let bounds = [
            ("questions_per_day", self.questions_per_day as usize),
            ("askers_max", self.askers_max),
            ("list_rows_max", self.list_rows_max as usize),
        ];
        match bounds.iter().find(|(_, bound)| *bound == 0) {
            None => Ok(()),
            Some((name, _)) => Err(Status::invalid_argument(format!("{name} is 0"))),
        }
    }

    pub(crate) fn questions(&self) -> Rate {
        Rate {
            burst: self.questions_per_day,
            refill: DAY / self.questions_per_day,
        }
    }
}
