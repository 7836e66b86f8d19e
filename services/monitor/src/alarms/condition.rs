//! When a point counts against the system, as rules say it. How it is decided stands in `judge`.

use crate::history::{Selector, Value};

/// A figure of series.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Of which series.
    pub selector: Selector,
    /// Which one.
    pub value: Value,
}

impl Figure {
    /// Of instances only that did not end in good order.
    pub(crate) fn without_retired(mut self) -> Figure {
        self.selector.without_retired = true;
        self
    }
}

/// On which side of a limit a figure is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Greater than it.
    Above,
    /// Less than it.
    Below,
}

/// A limit of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The wrong side of it.
    pub side: Side,
    /// Where it is. A figure on it is not wrong.
    pub at: f64,
}

/// What a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The window before.
    Previous,
    /// The same time yesterday, give or take a window.
    Yesterday,
    /// The same time a week ago, give or take a window.
    LastWeek,
}

/// How far a figure may be from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// From which.
    pub against: Against,
    /// Percent that it may rise; `None` for any.
    pub up_percent: Option<f64>,
    /// Percent that it may fall; `None` for any.
    pub down_percent: Option<f64>,
    /// A change of less than this is none, whatever its percentage: half of two is not worth a call at night.
    pub floor: f64,
}

/// When a point counts against the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A figure is beyond a limit.
    Level {
        /// The figure.
        of: Figure,
        /// Its limit.
        limit: Limit,
    },
    /// A figure changed too much.
    Change {
        /// The figure.
        of: Figure,
        /// How much it may.
        change: Change,
    },
    /// A figure divided by another is beyond a limit.
    Ratio {
        /// The figure.
        of: Figure,
        /// By which it is divided.
        over: Figure,
        /// Limit of the ratio.
        limit: Limit,
        /// Where `over` is less than this, the ratio says nothing and counts for the system.
        volume: f64,
    },
    /// Nothing was reported.
    Silence {
        /// Of which figure.
        of: Figure,
        /// For so many seconds, by series that reported within the last day.
        silent_s: u64,
    },
}

/// A time before now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Within {
    /// Seconds that it reaches back.
    pub(crate) back_s: u64,
    /// Seconds of the windows that it is looked through by.
    pub(crate) step_s: u64,
}

/// What has not reported within a day is no longer missed: it was taken away on purpose.
const MISSED: Within = Within {
    back_s: 24 * 3600,
    step_s: 600,
};
/// What has not reported within an hour is not there any more, and its alarms of rules on figures end.
const THERE: Within = Within {
    back_s: 3600,
    step_s: 60,
};

impl Against {
    /// Seconds from a window to the one that it is compared with.
    pub(crate) fn shift_s(self, step_s: u64) -> u64 {
        match self {
            Against::Previous => step_s,
            Against::Yesterday => 24 * 3600,
            Against::LastWeek => 7 * 24 * 3600,
        }
    }

    /// Windows before and after that one that will do as well: people are not on time to the minute. The window before has none,
    /// since the one after it is the one that is compared.
    pub(crate) fn tolerance(self) -> usize {
        match self {
            Against::Previous => 0,
            Against::Yesterday | Against::LastWeek => 1,
        }
    }
}

impl Condition {
    /// The time in which what it is about must have reported, else it is gone.
    pub(crate) fn known(&self) -> Within {
        match self {
            Condition::Silence { .. } => MISSED,
            _ => THERE,
        }
    }

    /// The figure whose series tell what there is.
    pub(crate) fn of(&self) -> &Figure {
        match self {
            Condition::Level { of, .. }
            | Condition::Change { of, .. }
            | Condition::Silence { of, .. } => of,
            // The divisor is always there; what it divides often shows only when something goes wrong.
            Condition::Ratio { over, .. } => over,
        }
    }

    /// Seconds before now that its figures reach back to.
    pub(crate) fn reaches_back_s(&self, step_s: u64, among: u32) -> u64 {
        let points_s = step_s * u64::from(among);
        let figures_s = match self {
            Condition::Level { .. } | Condition::Ratio { .. } => points_s,
            Condition::Change { change, .. } => {
                let tolerance_s = change.against.tolerance() as u64 * step_s;
                points_s + change.against.shift_s(step_s) + tolerance_s
            }
            Condition::Silence { silent_s, .. } => *silent_s,
        };
        // What reported lately is looked for in whole windows.
        let known = self.known();
        figures_s.max(known.back_s + known.step_s)
    }
}
