//! How long to wait before connecting again.

use std::time::Duration;

/// Doublings after which the bound certainly stands at its maximum.
const DOUBLINGS_MAX: u32 = 20;

/// Bounds of the pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackoffConfig {
    /// Milliseconds that bound the first pause. Half a second spreads a whole server's clients over enough time to take them.
    pub base_ms: u64,
    /// Milliseconds that bound every pause: a minute is what a user waits before he tries something himself.
    pub max_ms: u64,
}

impl Default for BackoffConfig {
    fn default() -> BackoffConfig {
        BackoffConfig {
            base_ms: 500,
            max_ms: 60_000,
        }
    }
}

impl BackoffConfig {
    /// The pause after `failures` in a row, the first being 1. `retry_after_ms` is what the server asked for (0: nothing): the pause is
    /// never shorter, and its jitter comes on top, since everybody was told the same.
    pub fn pause(&self, failures: u32, retry_after_ms: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
        let bound_ms = self.base_ms.saturating_mul(1 << doublings).min(self.max_ms);
        Duration::from_millis(u64::from(retry_after_ms) + fastrand::u64(0..=bound_ms))
    }
}

/// Pauses with full jitter (after "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that the clients of a server that
/// died do not come back in step. Failures are counted over attempts until [`Backoff::settled`]: a server that accepts links and drops
/// them at once is no success.
#[derive(Clone, Debug)]
pub struct Backoff {
    config: BackoffConfig,
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    pub fn new(config: BackoffConfig) -> Backoff {
        Backoff {
            config,
            failures: 0,
        }
    }

    /// Counts a failure, and says how long to pause: see [`BackoffConfig::pause`].
    pub fn failed(&mut self, retry_after_ms: u32) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.config.pause(self.failures, retry_after_ms)
    }

    /// It works again: the next pause is a short one.
    pub fn settled(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_its_maximum_and_pauses_spread_below_it() {
        let mut backoff = Backoff::new(BackoffConfig::default());
        for bound in [
            500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
        ] {
            let mut longest = Duration::ZERO;
            for _ in 0..200 {
                let pause = backoff.clone().failed(0);
                assert!(
                    pause <= Duration::from_millis(bound),
                    "{pause:?} of {bound}"
                );
                longest = longest.max(pause);
            }
            assert!(
                longest > Duration::from_millis(bound / 2),
                "{longest:?} of {bound}"
            );
            backoff.failed(0);
        }
        backoff.settled();
        assert!(backoff.failed(0) <= Duration::from_millis(500));
    }

    #[test]
    fn a_server_that_asks_for_time_gets_it() {
        let mut backoff = Backoff::new(BackoffConfig::default());
        let pauses: Vec<Duration> = (0..50).map(|_| backoff.clone().failed(7_000)).collect();
        assert!(pauses.iter().all(|pause| *pause >= Duration::from_secs(7)));
        assert!(
            pauses.iter().any(|pause| *pause != pauses[0]),
            "all in step"
        );
        assert!(backoff.failed(7_000) <= Duration::from_millis(7_500));
    }
}
