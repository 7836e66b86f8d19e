//! What the client counts: calls always, latencies inside the measured window; a tally a thread, no shared line.

use crate::histogram::{Histogram, Latencies};
use std::cell::OnceCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

struct Tally {
    calls: AtomicU64,
    latencies: Histogram,
}

static TALLIES: Mutex<Vec<&'static Tally>> = Mutex::new(Vec::new());
static MEASURING: AtomicBool = AtomicBool::new(false);

thread_local! { static MINE: OnceCell<&'static Tally> = const { OnceCell::new() }; }

/// One finished call. The latency of a call that was asked to be slow is not wanted.
pub(crate) fn record(latency: Option<Duration>) {
    MINE.with(|mine| {
        let tally = mine.get_or_init(register);
        tally.calls.store(tally.calls.load(Relaxed) + 1, Relaxed);
        if let Some(latency) = latency
            && MEASURING.load(Relaxed)
        {
            tally.latencies.record(latency);
        }
    })
}

/// Latencies count from here on, or no longer.
pub(crate) fn measure(on: bool) {
    MEASURING.store(on, Relaxed);
}

/// Calls finished since the process began.
pub(crate) fn calls() -> u64 {
    tallies()
        .iter()
        .map(|tally| tally.calls.load(Relaxed))
        .sum()
}

pub(crate) fn latencies() -> Latencies {
    let mut latencies = Latencies::new();
    for tally in tallies() {
        latencies.add(&tally.latencies);
    }
    latencies
}

/// Lives as long as the process, which ends with the measurement.
fn register() -> &'static Tally {
    let tally: &'static Tally = Box::leak(Box::new(Tally {
        calls: AtomicU64::new(0),
        latencies: Histogram::new(),
    }));
    TALLIES
        .lock()
        .expect("no panic under this lock")
        .push(tally);
    tally
}

fn tallies() -> Vec<&'static Tally> {
    TALLIES.lock().expect("no panic under this lock").clone()
}
