//! A thread that looks at the process once a second.

use super::registry::Registry;
use std::io;
use std::thread;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(1);
/// Periods until the next turn of largest values.
const MAX_TURN_PERIODS: u32 = 10;

pub(super) fn start(registry: &'static Registry) -> io::Result<()> {
    let run = move || {
        for period in 1_u32.. {
            registry.beat();
            if period.is_multiple_of(MAX_TURN_PERIODS) {
                registry.turn_maxes();
            }
            thread::sleep(PERIOD);
        }
    };
    let thread = thread::Builder::new().name("svrkit-monitor".to_owned());
    thread.spawn(run).map(drop)
}
