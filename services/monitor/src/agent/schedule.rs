//! When to read: at the same seconds of every minute, and another host at others.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Evenly spaced moments of wall-clock time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    period_ms: u64,
    phase_ms: u64,
}

impl Schedule {
    /// Hosts differ in phase, so that the centre is not reported to by all at once. None reads near a period's ends: a reading that is
    /// a moment late must not fall into the next window.
    pub(super) fn new(period_ms: u64, host: &str) -> Schedule {
        let mut hash = DefaultHasher::new();
        host.hash(&mut hash);
        let edge_ms = period_ms / 10;
        Schedule {
            period_ms,
            phase_ms: edge_ms + hash.finish() % (period_ms - 2 * edge_ms),
        }
    }

    /// Milliseconds until the next one, which is not now.
    pub(super) fn wait_ms(self, now_ms: u64) -> u64 {
        let since_ms = (now_ms + self.period_ms - self.phase_ms) % self.period_ms;
        self.period_ms - since_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_a_period_apart_wherever_one_begins() {
        for host in ["a", "b", "c", "d"] {
            let schedule = Schedule::new(10_000, host);
            let first = 123_456 + schedule.wait_ms(123_456);
            assert!((1_000..9_000).contains(&(first % 10_000)), "{first}");
            assert_eq!(schedule.wait_ms(first), 10_000);
            assert_eq!(schedule.wait_ms(first - 1), 1);
        }
    }
}
