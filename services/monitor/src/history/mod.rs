//! The past of every series, as alarms, mails and pages ask for it.
//!
//! Time is cut into steps; a question gets one number a step, or none where nobody reported. Several series answer together: whatever
//! a [`Selector`] does not pin down is put together as [`Value`] says.

mod memory;
mod selector;

pub use memory::{MemoryHistory, Source};
pub use selector::{Scope, Selector};

use std::collections::BTreeMap;

/// Widths of windows. The wider, the longer they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Kept for 48 hours.
    TenSeconds,
    /// Kept for 15 days.
    Minute,
    /// Kept for two years.
    Hour,
}

impl Tier {
    /// All of them, finest first.
    pub const ALL: [Tier; 3] = [Tier::TenSeconds, Tier::Minute, Tier::Hour];

    /// Seconds of a window.
    pub const fn width_s(self) -> u64 {
        match self {
            Tier::TenSeconds => 10,
            Tier::Minute => 60,
            Tier::Hour => 3_600,
        }
    }

    /// Seconds that a window is kept, at least.
    pub const fn kept_s(self) -> u64 {
        const DAY_S: u64 = 86_400;
        match self {
            Tier::TenSeconds => 2 * DAY_S,
            Tier::Minute => 15 * DAY_S,
            Tier::Hour => 731 * DAY_S,
        }
    }
}

/// What to make of the reports in a step.
///
/// Of a histogram, a report is what was observed since the last one: its increments are observations, its values microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Increments a second.
    Rate,
    /// Of counters the increments, of gauges the average of each series, added up; of histograms the sum of what was observed.
    Sum,
    /// The average report, whatever series it is of; of histograms the average observation.
    Average,
    /// The smallest report; of histograms the lower bound of the smallest observation.
    Min,
    /// The greatest report; of histograms the upper bound of the greatest observation.
    Max,
    /// The last report of each series, added up; of histograms as [`Value::Average`].
    Last,
    /// What a share of the observations, 0 to 1, does not exceed. Histograms only.
    Quantile(f64),
}

/// Numbers by values of labels. A combination that reported nothing need not be among them.
pub type Lines = BTreeMap<Vec<String>, Vec<Option<f64>>>;

/// Answers questions about the past.
pub trait History {
    /// One number for each step that begins in `from_s..to_s`; the first begins at `from_s`. `None` where nothing was reported, or where
    /// the series have no such value. A step of 0 is one of 1.
    fn series(
        &self,
        selector: &Selector,
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Vec<Option<f64>>;

    /// As [`History::series`], a line for each combination of values that the labels `by` have, in the order of `by`. `service`, `host`
    /// and `instance` count as labels here. Without any, one line of all.
    ///
    /// What is not told apart any better asks for each combination of values that there might be.
    fn lines(
        &self,
        selector: &Selector,
        by: &[String],
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Lines {
        let mut combinations = vec![(Vec::new(), selector.clone())];
        for label in by {
            let values = self.label_values(&selector.name, label);
            let narrowed = |(line, selector): (Vec<String>, Selector)| {
                let one = move |value: &String| {
                    let line = line.iter().chain([value]).cloned().collect();
                    (line, selector.clone().label(label, value))
                };
                values.iter().map(one).collect::<Vec<_>>()
            };
            combinations = combinations.into_iter().flat_map(narrowed).collect();
        }
        let asked = combinations.into_iter().map(|(line, selector)| {
            let points = self.series(&selector, value, from_s, to_s, step_s);
            (line, points)
        });
        asked
            .filter(|(_, points)| points.iter().any(Option::is_some))
            .collect()
    }

    /// The values that a label has among all series of a name, sorted. `service`, `host` and `instance` count as labels here.
    fn label_values(&self, name: &str, label: &str) -> Vec<String>;

    /// What it takes for the present, seconds since 1970.
    fn now_s(&self) -> u64;
}
