//! What came of a run.

use super::scenario::Scenario;

/// What came of a run, warm-up apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// By kind of task.
    pub kinds: Vec<KindOutcome>,
    /// Tasks that came and that succeeded, by the second in which they came, warm-up included.
    pub seconds: Vec<(u64, u64)>,
    /// Seconds counted.
    pub counted_s: f64,
    /// Calls that servers served.
    pub served: u64,
    /// Calls served for tasks that failed all the same.
    pub wasted: u64,
    /// Calls refused by servers as they arrived.
    pub refused_by_server: u64,
    /// Calls that callers did not send.
    pub refused_by_caller: u64,
    /// Calls that were admitted and given up while they waited.
    pub dropped: u64,
}

/// What came of one kind of task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KindOutcome {
    /// Tasks that came.
    pub tasks: u64,
    /// Microseconds that each task took that succeeded, in ascending order.
    pub took_us: Vec<u64>,
}

impl Outcome {
    pub(crate) fn new(scenario: &Scenario) -> Outcome {
        let seconds: u64 = scenario.phases.iter().map(|p| p.seconds).sum();
        Outcome {
            kinds: vec![KindOutcome::default(); scenario.kinds.len()],
            seconds: vec![(0, 0); seconds as usize + 1],
            counted_s: seconds.saturating_sub(scenario.warmup_s) as f64,
            served: 0,
            wasted: 0,
            refused_by_server: 0,
            refused_by_caller: 0,
            dropped: 0,
        }
    }

    /// Tasks a second that succeeded.
    pub fn goodput(&self) -> f64 {
        self.kinds
            .iter()
            .map(|k| k.took_us.len() as f64)
            .sum::<f64>()
            / self.counted_s
    }

    /// Percentile (0 to 1) of the time of tasks that succeeded, in milliseconds.
    pub fn latency_ms(&self, percentile: f64) -> f64 {
        let mut all: Vec<u64> = self
            .kinds
            .iter()
            .flat_map(|k| &k.took_us)
            .copied()
            .collect();
        all.sort_unstable();
        let at = (all.len().saturating_sub(1)) as f64 * percentile;
        all.get(at.round() as usize)
            .map_or(0.0, |us| *us as f64 / 1e3)
    }
}

impl KindOutcome {
    /// Part of the tasks that succeeded.
    pub fn success(&self) -> f64 {
        self.took_us.len() as f64 / (self.tasks.max(1)) as f64
    }
}
