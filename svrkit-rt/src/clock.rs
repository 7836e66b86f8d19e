//! The one clock: wall time that a test can steer.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC; see [`now_us`].
pub fn now_ms() -> u64 {
    now_us() / 1_000
}

/// Milliseconds since 1970, UTC, at a moment that was looked up already; see [`now_us`].
pub fn ms_at(moment: tokio::time::Instant) -> u64 {
    us_at(moment) / 1_000
}

/// Microseconds since 1970, UTC.
///
/// The system's clock is read once a process; from there on time passes as [`tokio::time::Instant`] says, so it never goes back while
/// the process lives, and on a paused clock it moves with the timers. Outside of a runtime it is the real clock.
pub fn now_us() -> u64 {
    us_at(tokio::time::Instant::now())
}

fn us_at(moment: tokio::time::Instant) -> u64 {
    static START: OnceLock<(Instant, u64)> = OnceLock::new();
    let (start, start_us) = START.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let us = since.map_or(0, |since| since.as_micros() as u64);
        (tokio::time::Instant::now().into_std(), us)
    });
    let moment = moment.into_std();
    // A paused runtime that began before the first reading may stand a little before it.
    match moment.checked_duration_since(*start) {
        Some(passed) => start_us + passed.as_micros() as u64,
        None => start_us.saturating_sub(start.duration_since(moment).as_micros() as u64),
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::run_test;
    use std::time::Duration;

    #[test]
    fn it_moves_with_a_paused_clock() {
        run_test("clock", |_| async {
            let before = now_ms();
            tokio::time::sleep(Duration::from_secs(7 * 24 * 3600 - 60)).await;
            assert_eq!(now_ms() - before, (7 * 24 * 3600 - 60) * 1000);
        });
    }
}
