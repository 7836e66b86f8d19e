//! A thread that looks at the process once a second.

use super::process;
use super::registry::Registry;
use std::sync::Once;
use std::thread;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(1);
/// Periods until the next turn of largest values.
const MAX_TURN_PERIODS: u32 = 10;

/// Starts it, if it does not run. A thread and not a task, because it is to see a runtime that stands still, and because a test's clock
/// must not run after its timers.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let thread = thread::Builder::new().name("svrkit-monitor".to_owned());
        if let Err(e) = thread.spawn(run) {
            tracing::error!(error = %e, "no thread to look at the process");
        }
    });
}

fn run() {
    let registry = Registry::active();
    for period in 1_u32.. {
        process::sample();
        registry.beat();
        if period.is_multiple_of(MAX_TURN_PERIODS) {
            registry.turn_maxes();
        }
        thread::sleep(PERIOD);
    }
}
