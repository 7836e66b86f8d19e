//! Decides by figures alone whether a condition holds: no clock, no store, no memory of what it decided before.

mod change;
mod level;
mod n_of_m;
mod ratio;
mod silence;

pub(crate) use change::change;
pub(crate) use level::level;
pub(crate) use n_of_m::n_of_m;
pub(crate) use ratio::ratio;
pub(crate) use silence::{Silent, silence};

use super::condition::{Limit, Side};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a point says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// Whether it counts against the system.
    pub(crate) against: bool,
    /// What was seen and where the limit was.
    pub(crate) seen: Seen,
}

/// A figure and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The figure.
    pub value: f64,
    /// Its limit at that time.
    pub threshold: f64,
}

/// What a rule finds about one alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// The condition holds.
    Holds(Seen),
    /// It does not.
    Clear(Seen),
    /// There are no figures to decide by.
    NoData,
    /// There are, but they cannot be decided by.
    Failed(Failure),
    /// What it is about is not there any more.
    Gone,
}

/// Why a rule cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// A figure is no number, or infinite.
    NotFinite,
    /// It would have more alarms than this.
    TooManyAlarms {
        /// The bound.
        max: usize,
    },
}

impl Limit {
    /// A verdict on a figure.
    pub(crate) fn judge(self, value: f64) -> Verdict {
        let against = match self.side {
            Side::Above => value > self.at,
            Side::Below => value < self.at,
        };
        let threshold = self.at;
        Verdict {
            against,
            seen: Seen { value, threshold },
        }
    }
}

impl Seen {
    /// Whichever of the two is farther beyond its limit.
    pub(crate) fn worse(self, other: Seen) -> Seen {
        let beyond = |seen: Seen| (seen.value - seen.threshold).abs();
        if beyond(other) > beyond(self) {
            other
        } else {
            self
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotFinite => write!(f, "a figure is not a finite number"),
            Failure::TooManyAlarms { max } => write!(f, "it would have more than {max} alarms"),
        }
    }
}
