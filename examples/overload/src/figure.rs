//! What came of a case under a policy, as a line of JSON.

use crate::experiments::Case;
use crate::policies::PolicyKind;
use crate::simulation::{Outcome, simulate};
use serde::Serialize;
use std::fmt;

/// Part of a second's tasks that must succeed for it to be called calm.
const CALM: f64 = 0.95;

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Which experiment.
    pub experiment: String,
    /// Virtual or real time.
    pub time: &'static str,
    /// Which policy.
    pub policy: &'static str,
    /// Calls a task makes, at most.
    pub chain: usize,
    /// Calls offered, as a multiple of what can be served.
    pub load: f64,
    /// Tasks a second that succeeded in time.
    pub goodput: f64,
    /// Tasks a second that the best of all policies would have brought to a good end.
    pub optimum: f64,
    /// Milliseconds that a task took which succeeded.
    pub p50_ms: f64,
    /// The same.
    pub p99_ms: f64,
    /// Calls refused by servers, a second.
    pub refused_by_server: f64,
    /// Calls not sent by callers, a second.
    pub refused_by_caller: f64,
    /// Calls given up while they waited, a second.
    pub dropped: f64,
    /// Calls served for tasks that failed, for each task that succeeded.
    pub wasted_per_success: f64,
    /// Part of the tasks that succeeded in the worst second.
    pub success_min: f64,
    /// Seconds after a spike until nearly everything succeeded again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_s: Option<u64>,
    /// By kind of task, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindFigure>,
}

/// A part of a line.
#[derive(Clone, Debug, Serialize)]
pub struct KindFigure {
    /// The kind of task.
    pub kind: &'static str,
    /// Part of them that succeeded.
    pub success: f64,
    /// Part of them that would have succeeded at best.
    pub success_optimum: f64,
}

impl Figure {
    /// Simulates a case.
    pub fn simulate(case: &Case, policy: PolicyKind, seed: u64) -> Figure {
        let mut scenario = case.scenario.clone();
        (scenario.policy, scenario.seed) = (policy, seed);
        Figure::of(case, policy, "virtual", &simulate(&scenario))
    }

    /// What an outcome says.
    pub fn of(case: &Case, policy: PolicyKind, time: &'static str, outcome: &Outcome) -> Figure {
        let per_s = |n: u64| n as f64 / outcome.counted_s;
        let warmup_s = case.scenario.warmup_s as usize;
        let seconds = outcome.seconds.iter().skip(warmup_s);
        let success = |(tasks, ok): &(u64, u64)| (*tasks > 0).then(|| *ok as f64 / *tasks as f64);
        let goodput = outcome.goodput();
        let kinds = case
            .scenario
            .kinds
            .iter()
            .zip(&outcome.kinds)
            .zip(&case.optimum);
        let kinds = kinds.map(|((kind, outcome), optimum)| KindFigure {
            kind: kind.name,
            success: outcome.success(),
            success_optimum: optimum / per_s(outcome.tasks),
        });
        Figure {
            experiment: format!("{:?}", case.experiment),
            time,
            policy: policy.name(),
            chain: case.chain,
            load: case.load,
            goodput,
            optimum: case.optimum.iter().sum(),
            p50_ms: outcome.latency_ms(0.5),
            p99_ms: outcome.latency_ms(0.99),
            refused_by_server: per_s(outcome.refused_by_server),
            refused_by_caller: per_s(outcome.refused_by_caller),
            dropped: per_s(outcome.dropped),
            wasted_per_success: per_s(outcome.wasted) / goodput.max(1.0 / outcome.counted_s),
            success_min: seconds.filter_map(success).fold(1.0, f64::min),
            recovery_s: case
                .calm_from_s
                .map(|from_s| recovery_s(&outcome.seconds, from_s)),
            kinds: kinds.filter(|_| case.scenario.kinds.len() > 1).collect(),
        }
    }

    /// Goodput as a part of the optimum.
    pub fn share(&self) -> f64 {
        self.goodput / self.optimum
    }
}

/// Seconds from `from_s` until the first of those that are all calm.
fn recovery_s(seconds: &[(u64, u64)], from_s: u64) -> u64 {
    let after = &seconds[from_s as usize..];
    let is_calm = |(tasks, ok): &(u64, u64)| *ok as f64 >= *tasks as f64 * CALM;
    let last_bad = after.iter().rposition(|second| !is_calm(second));
    last_bad.map_or(0, |at| at as u64 + 1)
}

impl Figure {
    /// What stands above the columns of a figure's text.
    pub const HEAD: &str = "      policy       calls load   goodput of optimum      p50    p99 ms   refused: by server, by caller, dropped /s   wasted";
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<5} {:<12} {:>3} {:>5}x {:>8.1} {:>8.1} {:>5.1} % {:>6.0} {:>6.0} {:>14.0} {:>10.0} {:>10.0} {:>12.2}",
            self.experiment,
            self.policy,
            self.chain,
            self.load,
            self.goodput,
            self.optimum,
            self.share() * 100.0,
            self.p50_ms,
            self.p99_ms,
            self.refused_by_server,
            self.refused_by_caller,
            self.dropped,
            self.wasted_per_success
        )?;
        for kind in &self.kinds {
            let (success, best) = (kind.success * 100.0, kind.success_optimum * 100.0);
            write!(f, "  {} {success:.1} of {best:.1} %", kind.kind)?;
        }
        if let Some(seconds) = self.recovery_s {
            write!(f, "  calm after {seconds} s")?;
        }
        Ok(())
    }
}
