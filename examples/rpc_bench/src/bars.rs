//! The goals that svrkit is held to, cell by cell, and whether a run met them.

use crate::cell::{Cell, Kind};
use crate::runner::Series;
use crate::systems::BASE;

/// One goal in one run. `Unknown` where what it is compared to did not run.
pub(crate) struct Bar {
    pub(crate) goal: String,
    pub(crate) got: Option<f64>,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    Met,
    Missed,
    Unknown,
}

const SUBJECT: &str = "svrkit";
/// What brpc reached on the machine of the first measurements; it is no row here.
const BRPC_CALLS_PER_S: f64 = 65_000.0;

/// The goals of one cell; none for a cell without, or without svrkit in it.
pub(crate) fn of(cell: Cell, runs: &[Series]) -> Vec<Bar> {
    let view = View { cell, runs };
    if view.series(SUBJECT, cell).is_none() {
        return Vec::new();
    }
    match cell.to_string().as_str() {
        "1x1x32@same" => vec![view.cpu_at_most(1.2, None), view.p50_at_most(1.15)],
        "1x64x32@same" => vec![
            view.cpu_at_most(3.0, Some(2.5)),
            view.calls_at_least(8.0, "tonic"),
            view.calls_at_least(3.0, "tarpc"),
        ],
        "8x128x32@same" => vec![
            view.cpu_at_most(3.5, Some(2.5)),
            view.calls_at_least(10.0, "tonic"),
            view.calls_at_least(3.5, "tarpc"),
            view.calls_at_least_brpc(3.5),
            view.writes_at_most(0.1),
            view.tail_at_most(2.0),
        ],
        "8x128x1024@split" => vec![view.cpu_at_most(2.5, None)],
        "8x8x65536@split" => vec![view.cpu_at_most(1.3, None)],
        _ if matches!(cell.kind, Kind::Slow { .. }) => vec![view.unfelt(1.5)],
        _ => Vec::new(),
    }
}

struct View<'a> {
    cell: Cell,
    runs: &'a [Series],
}

impl View<'_> {
    fn series(&self, system: &str, cell: Cell) -> Option<&Series> {
        let found = self
            .runs
            .iter()
            .find(|run| run.system.name == system && run.cell == cell)?;
        (!found.measurements.is_empty()).then_some(found)
    }

    /// svrkit's figure by that of another system.
    fn ratio(&self, other: &str, figure: impl Fn(&Series) -> Option<f64>) -> Option<f64> {
        Some(figure(self.series(SUBJECT, self.cell)?)? / figure(self.series(other, self.cell)?)?)
    }

    fn cpu_at_most(&self, limit: f64, aim: Option<f64>) -> Bar {
        let aim = aim.map(|aim| format!(", aim {aim}")).unwrap_or_default();
        at_most(
            format!("CPU / {BASE}"),
            limit,
            &aim,
            self.ratio(BASE, cpu_us),
        )
    }

    fn p50_at_most(&self, limit: f64) -> Bar {
        at_most(
            format!("p50 / {BASE}"),
            limit,
            "",
            self.ratio(BASE, |run| run.median(|m| m.p50_us)),
        )
    }

    fn calls_at_least(&self, limit: f64, other: &str) -> Bar {
        at_least(
            format!("calls/s / {other}"),
            limit,
            self.ratio(other, |run| run.median(|m| m.calls_per_s)),
        )
    }

    fn calls_at_least_brpc(&self, limit: f64) -> Bar {
        let calls = self
            .series(SUBJECT, self.cell)
            .and_then(|run| run.median(|m| m.calls_per_s));
        at_least(
            "calls/s / brpc's 65k (another run)".into(),
            limit,
            calls.map(|calls| calls / BRPC_CALLS_PER_S),
        )
    }

    fn writes_at_most(&self, limit: f64) -> Bar {
        let writes = self
            .series(SUBJECT, self.cell)
            .and_then(Series::median_writes);
        at_most("server writes a call".into(), limit, "", writes)
    }

    fn tail_at_most(&self, limit: f64) -> Bar {
        let tail = self
            .series(SUBJECT, self.cell)
            .and_then(|run| Some(run.median(|m| m.p99_us)? / run.median(|m| m.p50_us)?));
        at_most("p99 / p50".into(), limit, "", tail)
    }

    /// What the calls that do not sleep feel of those that do.
    fn unfelt(&self, limit: f64) -> Bar {
        let p99 = |cell| self.series(SUBJECT, cell)?.median(|m| m.p99_us);
        let felt = p99(self.cell)
            .zip(p99(self.cell.plain()))
            .map(|(with, without)| with / without);
        at_most(
            "p99 of the others / p99 without slow calls".into(),
            limit,
            "",
            felt,
        )
    }
}

/// CPU time of a call, both sides.
pub(crate) fn cpu_us(run: &Series) -> Option<f64> {
    run.median(|m| m.server_cpu_us + m.client_cpu_us)
}

fn at_most(what: String, limit: f64, aim: &str, got: Option<f64>) -> Bar {
    Bar {
        goal: format!("{what} <= {limit}{aim}"),
        got,
        outcome: outcome(got, |got| got <= limit),
    }
}

fn at_least(what: String, limit: f64, got: Option<f64>) -> Bar {
    Bar {
        goal: format!("{what} >= {limit}"),
        got,
        outcome: outcome(got, |got| got >= limit),
    }
}

fn outcome(got: Option<f64>, holds: impl Fn(f64) -> bool) -> Outcome {
    match got {
        Some(got) if holds(got) => Outcome::Met,
        Some(_) => Outcome::Missed,
        None => Outcome::Unknown,
    }
}
