//! A line a second on standard error; on a terminal always the same one.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cli::press::record::{Record, Totals};
use crate::cli::press::report::{thousands, time};

const PERIOD: Duration = Duration::from_secs(1);
/// Longest nap of whoever shows it, so that the end is felt.
const NAP_MAX: Duration = Duration::from_millis(50);

/// What became of the calls so far.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    shown_at: Instant,
    is_terminal: bool,
    /// A method each.
    totals: Vec<Totals>,
}

impl Progress {
    pub(super) fn new(started: Instant) -> Progress {
        Progress {
            started,
            shown_at: started,
            is_terminal: std::io::stderr().is_terminal(),
            totals: Vec::new(),
        }
    }

    /// Until there may be something to show.
    pub(super) fn nap(&self) -> Duration {
        PERIOD.saturating_sub(self.shown_at.elapsed()).min(NAP_MAX)
    }

    pub(super) fn show_if_due(&mut self, records: &[Arc<Record>]) {
        let passed = self.shown_at.elapsed();
        if passed < PERIOD {
            return;
        }
        self.shown_at += passed;
        let interval = self.collect(records);
        let line = format!(
            "{:>6.1} s  {:>9} calls/s  p50 {:>8}  p99 {:>8}  errors {}",
            self.started.elapsed().as_secs_f64(),
            thousands((interval.ok() as f64 / passed.as_secs_f64()) as u64),
            time(interval.latency.value_at_quantile(0.5)),
            time(interval.latency.value_at_quantile(0.99)),
            thousands(interval.failed()),
        );
        let mut err = std::io::stderr().lock();
        // Progress that nobody can see is no reason to stop.
        let _ = match self.is_terminal {
            true => write!(err, "\r\x1b[K{line}").and_then(|()| err.flush()),
            false => writeln!(err, "{line}"),
        };
    }

    pub(super) fn end(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }

    /// All that was written down, a method each.
    pub(super) fn totals(mut self, records: &[Arc<Record>]) -> Vec<Totals> {
        self.collect(records);
        self.totals
    }

    /// What was written down since the last time.
    fn collect(&mut self, records: &[Arc<Record>]) -> Totals {
        self.totals.resize_with(records.len(), Totals::new);
        let mut interval = Totals::new();
        for (totals, record) in self.totals.iter_mut().zip(records) {
            let taken = record.take();
            interval.add(taken.clone());
            totals.add(taken);
        }
        interval
    }
}
