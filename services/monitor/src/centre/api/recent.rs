//! Figures of the last minute.

use crate::history::{History, Lines, Selector, Value};
use crate::store::Past;
use std::collections::BTreeMap;

/// Seconds that count as now.
pub(super) const RECENT_S: u64 = 60;
/// Windows of the finest tier: the last of them is complete.
const WINDOW_S: u64 = 10;

/// Asks for the last minute.
pub(super) struct Recent<'a> {
    pub(super) past: &'a Past,
    /// Its end.
    pub(super) to_s: u64,
}

/// Numbers by values of labels.
pub(super) type Numbers = BTreeMap<Vec<String>, f64>;

impl<'a> Recent<'a> {
    pub(super) fn new(past: &'a Past) -> Recent<'a> {
        let to_s = past.now_s() / WINDOW_S * WINDOW_S;
        Recent { past, to_s }
    }

    /// A number of all series of a name, for each combination of values of these labels.
    pub(super) fn by(&self, selector: &Selector, by: &[&str], value: Value) -> Numbers {
        let from_s = self.to_s.saturating_sub(RECENT_S);
        numbers(self.ask(selector, by, value, from_s, RECENT_S))
    }

    /// The same of all that is in a longer time before now.
    pub(super) fn since(
        &self,
        range_s: u64,
        selector: &Selector,
        by: &[&str],
        value: Value,
    ) -> Numbers {
        let range_s = range_s.max(RECENT_S) / RECENT_S * RECENT_S;
        // Whole minutes, which are fewer.
        let from_s = self.to_s.saturating_sub(range_s) / RECENT_S * RECENT_S;
        numbers(self.ask(selector, by, value, from_s, range_s + RECENT_S))
    }

    /// A number of all series together.
    pub(super) fn one(&self, selector: &Selector, value: Value) -> Option<f64> {
        self.by(selector, &[], value).into_values().next()
    }

    fn ask(
        &self,
        selector: &Selector,
        by: &[&str],
        value: Value,
        from_s: u64,
        step_s: u64,
    ) -> Lines {
        let by: Vec<String> = by.iter().map(|label| (*label).to_owned()).collect();
        self.past
            .lines(selector, &by, value, from_s, from_s + step_s, step_s)
    }
}

fn numbers(lines: Lines) -> Numbers {
    let lines = lines.into_iter();
    let numbers = lines.filter_map(|(labels, line)| Some((labels, line.first().copied()??)));
    numbers.collect()
}
