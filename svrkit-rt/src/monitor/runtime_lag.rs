//! How late the runtime is: a ticker's delay is that of every task that becomes ready.

use super::registry::Registry;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

crate::monitor! {
    /// How late a timer's task ran.
    static LAG: Histogram = "process_runtime_lag_microseconds" in "microseconds";
    /// How late a timer's task ran, at worst.
    static LAG_MAX: Max = "process_runtime_lag_max_microseconds" in "microseconds";
}

/// Long enough to cost nothing, short enough that a pause of a tenth of a second is seen.
const TICK: Duration = Duration::from_millis(50);
/// What tokio's timers are late by anyhow, since they tick in milliseconds.
const TIMER_GRAIN: Duration = Duration::from_millis(1);

static WATCHED: AtomicBool = AtomicBool::new(false);

/// Watches the runtime of the caller, unless a runtime of this process is watched already. Only in processes with a segment: elsewhere
/// nobody would see it, and a test's paused clock would run after the ticks.
pub(crate) fn watch() {
    if Registry::active().is_file() && !WATCHED.swap(true, Relaxed) {
        tokio::spawn(tick(Watching));
    }
}

/// The next runtime may be watched when this one ends.
struct Watching;

impl Drop for Watching {
    fn drop(&mut self) {
        WATCHED.store(false, Relaxed);
    }
}

async fn tick(_watching: Watching) {
    loop {
        let due = Instant::now() + TICK;
        sleep_until(due).await;
        let late = due.elapsed().saturating_sub(TIMER_GRAIN);
        LAG.observe_duration(late);
        LAG_MAX.max(late.as_micros() as u64);
    }
}
