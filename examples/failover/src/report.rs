//! What callers noticed.

use crate::load::Call;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Calls of a hundred that may fail after the fault.
const FAILED_PERCENT_MAX: f64 = 0.1;
/// Milliseconds after the fault by which the slowest hundredth is as before.
const RECOVERED_MS_MAX: u64 = 2_000;
/// Milliseconds of the window that a p99 is taken of.
const WINDOW_MS: u64 = 1_000;
/// Milliseconds between two windows that are looked at.
const STEP_MS: u64 = 50;
/// Milliseconds of a point of the curve.
const MOMENT_MS: u128 = 250;
/// How many times the p99 before the fault is still as before, and so many milliseconds more: others use this machine, too.
const AS_BEFORE_TIMES: f64 = 1.5;
const AS_BEFORE_MS: f64 = 2.0;

/// Of one fault.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    fault: &'static str,
    calls: usize,
    failed: usize,
    p99_before_ms: f64,
    /// Of the worst window.
    p99_worst_ms: f64,
    /// From the fault to the beginning of the first second whose p99 is as before.
    recovered_ms: Option<u64>,
    moments: Vec<Moment>,
}

/// The calls of a quarter of a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// When it ended, in seconds after the fault.
    pub(crate) at_s: f64,
    pub(crate) p99_ms: f64,
}

impl Report {
    pub(crate) const HEADING: &str =
        "fault     calls   failed   failed %  p99 before ms  p99 worst ms  normal after ms";

    /// Of calls of which those before `fault_at` went before it.
    pub(crate) fn of(fault: &'static str, calls: &[Call], fault_at: Duration) -> Report {
        let half = fault_at / 2;
        let before = calls
            .iter()
            .filter(|call| (half..fault_at).contains(&call.at));
        let after: Vec<&Call> = calls.iter().filter(|call| call.at >= fault_at).collect();
        let p99_before_ms = p99_ms(before.map(|call| call.took));
        let limit = p99_before_ms * AS_BEFORE_TIMES + AS_BEFORE_MS;
        let last = after.iter().map(|call| call.at - fault_at).max();
        let last_ms = last.unwrap_or_default().as_millis() as u64;
        let windows = (0..last_ms.saturating_sub(WINDOW_MS)).step_by(STEP_MS as usize);
        let p99_of = |from_ms: u64| {
            let from = fault_at + Duration::from_millis(from_ms);
            let window = from..from + Duration::from_millis(WINDOW_MS);
            let within = after.iter().filter(|call| window.contains(&call.at));
            p99_ms(within.map(|call| call.took))
        };
        let windows: Vec<(u64, f64)> = windows.map(|from_ms| (from_ms, p99_of(from_ms))).collect();
        let recovered = windows.iter().find(|(_, p99)| *p99 <= limit);
        Report {
            fault,
            calls: after.len(),
            failed: after.iter().filter(|call| call.failed).count(),
            p99_before_ms,
            p99_worst_ms: windows.iter().map(|(_, p99)| *p99).fold(0.0, f64::max),
            recovered_ms: recovered.map(|(from_ms, _)| *from_ms),
            moments: moments(calls, fault_at),
        }
    }

    /// As the fault is called.
    pub(crate) fn fault(&self) -> &'static str {
        self.fault
    }

    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    fn failed_percent(&self) -> f64 {
        self.failed as f64 * 100.0 / self.calls.max(1) as f64
    }

    pub(crate) fn is_met(&self) -> bool {
        self.failed_percent() <= FAILED_PERCENT_MAX
            && self.recovered_ms.is_some_and(|ms| ms <= RECOVERED_MS_MAX)
    }

    pub(crate) fn json(&self) -> String {
        json!({
            "fault": self.fault,
            "calls": self.calls,
            "failed": self.failed,
            "failed_percent": self.failed_percent(),
            "p99_before_ms": self.p99_before_ms,
            "p99_worst_ms": self.p99_worst_ms,
            "recovered_ms": self.recovered_ms,
            "met": self.is_met(),
        })
        .to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recovered = match self.recovered_ms {
            Some(ms) => ms.to_string(),
            None => "never".to_owned(),
        };
        write!(
            f,
            "{:<8} {:>6} {:>8} {:>10.3} {:>14.1} {:>13.1} {:>16}  {}",
            self.fault,
            self.calls,
            self.failed,
            self.failed_percent(),
            self.p99_before_ms,
            self.p99_worst_ms,
            recovered,
            if self.is_met() { "" } else { "missed" },
        )
    }
}

fn moments(calls: &[Call], fault_at: Duration) -> Vec<Moment> {
    let mut by_moment: BTreeMap<u128, Vec<Duration>> = BTreeMap::new();
    for call in calls {
        let moment = call.at.as_millis() / MOMENT_MS;
        by_moment.entry(moment).or_default().push(call.took);
    }
    let moments = by_moment.into_iter();
    moments
        .map(|(moment, took)| Moment {
            at_s: ((moment + 1) * MOMENT_MS) as f64 / 1_000.0 - fault_at.as_secs_f64(),
            p99_ms: p99_ms(took.into_iter()),
        })
        .collect()
}

fn p99_ms(took: impl Iterator<Item = Duration>) -> f64 {
    let mut took: Vec<Duration> = took.collect();
    took.sort_unstable();
    let at = (took.len() * 99 / 100).min(took.len().saturating_sub(1));
    took.get(at)
        .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand calls a second for ten seconds; what `took` says in milliseconds, by when.
    fn calls(took: impl Fn(u64) -> u64) -> Vec<Call> {
        let call = |ms| Call {
            at: Duration::from_millis(ms),
            took: Duration::from_millis(took(ms)),
            failed: took(ms) >= 500,
        };
        (0..10_000).map(call).collect()
    }

    const FAULT_AT: Duration = Duration::from_secs(4);

    #[test]
    fn it_is_over_when_a_whole_second_is_as_before() {
        let report = Report::of(
            "slow",
            &calls(|ms| if (4_000..4_700).contains(&ms) { 90 } else { 2 }),
            FAULT_AT,
        );
        assert_eq!(report.recovered_ms, Some(700));
        assert!(report.is_met());
        assert_eq!(report.p99_worst_ms, 90.0);
        let never = Report::of(
            "slow",
            &calls(|ms| if ms >= 4_000 { 90 } else { 2 }),
            FAULT_AT,
        );
        assert!(never.recovered_ms.is_none() && !never.is_met());
    }

    #[test]
    fn one_of_a_thousand_may_fail() {
        let some = |n: u64| {
            move |ms| {
                if ms % 1_000 == 0 && ms / 1_000 >= 10 - n {
                    500
                } else {
                    2
                }
            }
        };
        assert!(Report::of("x", &calls(some(6)), FAULT_AT).is_met());
        let one_more = |ms| if ms == 9_999 { 500 } else { some(6)(ms) };
        assert!(!Report::of("x", &calls(one_more), FAULT_AT).is_met());
    }
}
