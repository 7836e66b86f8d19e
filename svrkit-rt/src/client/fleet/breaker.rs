//! When an instance is left alone, for how long, and how it comes back. A pure rule (after Envoy's outlier detection); the fleet keeps
//! the share of those left alone at once.
//!
//! A call went badly when it failed for reasons of the instance, or took many times what is usual, or was overtaken by the same call to
//! another instance. So one that is dead, frozen, cut off or very slow is found by the same count.

use super::super::config::BreakerConfig;
use std::time::Duration;
use tokio::time::Instant;

/// Doublings of the time left alone after which it certainly stands at its maximum.
const DOUBLINGS_MAX: u32 = 20;

/// What is held against one instance.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    bad_in_a_row: u32,
    /// Calls, and those that went badly, in this part of the window and in the one before it.
    parts: [Count; 2],
    part_began: Instant,
    /// Times that it was left alone lately.
    ejections: u32,
    readmitted: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    calls: u32,
    bad: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is asked like any other.
    Closed,
    /// It is left alone, and then probed.
    Open { until: Instant },
    /// It passed the probe. One bad call, and it is left alone again; so many good ones, and it is like any other.
    HalfOpen { left: u32 },
}

impl Breaker {
    pub(super) fn new(now: Instant) -> Breaker {
        Breaker {
            state: State::Closed,
            bad_in_a_row: 0,
            parts: Default::default(),
            part_began: now,
            ejections: 0,
            readmitted: now,
        }
    }

    /// A call ended. True when the instance should be left alone; whether it is, the fleet decides.
    pub(super) fn record(&mut self, now: Instant, bad: bool, config: &BreakerConfig) -> bool {
        self.turn_window(now, config);
        self.parts[0].calls += 1;
        self.parts[0].bad += u32::from(bad);
        if !bad {
            self.bad_in_a_row = 0;
            if let State::HalfOpen { left } = self.state {
                self.state = match left {
                    0 | 1 => State::Closed,
                    left => State::HalfOpen { left: left - 1 },
                };
            }
            return false;
        }
        self.bad_in_a_row += 1;
        match self.state {
            State::Open { .. } => false,
            State::HalfOpen { .. } => true,
            State::Closed => {
                let calls: u32 = self.parts.iter().map(|part| part.calls).sum();
                let bad: u32 = self.parts.iter().map(|part| part.bad).sum();
                let often = bad as u64 * 100 >= calls as u64 * config.bad_percent as u64;
                self.bad_in_a_row >= config.bad_in_a_row
                    || (calls >= config.window_calls_min && often)
            }
        }
    }

    /// It is left alone from now on. Returns until when: longer each time, unless the last time is long ago.
    pub(super) fn eject(&mut self, now: Instant, config: &BreakerConfig) -> Instant {
        let max_ms = config.ejection_ms_max.max(config.ejection_ms);
        if now.saturating_duration_since(self.readmitted) > Duration::from_millis(max_ms) {
            self.ejections = 0;
        }
        let doublings = self.ejections.min(DOUBLINGS_MAX);
        let ms = config
            .ejection_ms
            .saturating_mul(1 << doublings)
            .min(max_ms);
        self.ejections += 1;
        let until = now + Duration::from_millis(ms);
        self.state = State::Open { until };
        until
    }

    /// It passed the probe.
    pub(super) fn readmit(&mut self, now: Instant, config: &BreakerConfig) {
        self.state = State::HalfOpen {
            left: config.half_open_calls,
        };
        self.bad_in_a_row = 0;
        self.parts = Default::default();
        self.part_began = now;
        self.readmitted = now;
    }

    /// Until when it is left alone, if it is.
    pub(super) fn open_until(&self) -> Option<Instant> {
        match self.state {
            State::Open { until } => Some(until),
            State::Closed | State::HalfOpen { .. } => None,
        }
    }

    /// Whether it passed the probe, and has not shown yet that it is well.
    pub(super) fn is_half_open(&self) -> bool {
        matches!(self.state, State::HalfOpen { .. })
    }

    fn turn_window(&mut self, now: Instant, config: &BreakerConfig) {
        let part = Duration::from_millis((config.window_ms / 2).max(1));
        let age = now.saturating_duration_since(self.part_began);
        if age < part {
            return;
        }
        let before = if age < part * 2 {
            self.parts[0]
        } else {
            Count::default()
        };
        self.parts = [Count::default(), before];
        self.part_began = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> BreakerConfig {
        BreakerConfig::default()
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_row_of_bad_calls_opens_it_and_a_good_one_breaks_the_row() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        for _ in 0..100 {
            for _ in 1..config().bad_in_a_row {
                assert!(!breaker.record(now, true, &config()));
            }
            // Good ones enough that it is no share of the window either.
            for _ in 0..10 {
                assert!(!breaker.record(now, false, &config()));
            }
        }
        let row = (0..config().bad_in_a_row).map(|_| breaker.record(now, true, &config()));
        assert_eq!(row.filter(|trips| *trips).count(), 1);
    }

    #[test]
    fn half_of_the_calls_of_a_window_are_too_many() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        let calls = config().window_calls_min;
        let tripped = (0..calls).map(|n| breaker.record(now, n % 2 == 1, &config()));
        assert_eq!(tripped.collect::<Vec<_>>().pop(), Some(true));
        // The same, over so long that no window has enough of them.
        let mut breaker = Breaker::new(now);
        let rare = (0..calls * 4).map(|n| {
            let later = now + ms(config().window_ms) * n / 10;
            breaker.record(later, n % 2 == 1, &config())
        });
        assert!(rare.into_iter().all(|trips| !trips));
    }

    #[test]
    fn it_is_left_alone_longer_each_time_and_forgiven_after_long() {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(now);
        let mut times = Vec::new();
        for _ in 0..10 {
            let until = breaker.eject(now, &config());
            assert_eq!(breaker.open_until(), Some(until));
            times.push((until - now).as_millis() as u64);
            now = until;
            breaker.readmit(now, &config());
            assert_eq!(breaker.open_until(), None);
        }
        let (first, max) = (config().ejection_ms, config().ejection_ms_max);
        assert_eq!(times[..3], [first, first * 2, first * 4]);
        assert_eq!(times[9], max);
        now += ms(max + 1);
        assert_eq!(breaker.eject(now, &config()) - now, ms(first));
    }

    #[test]
    fn half_open_one_bad_call_is_enough_and_some_good_ones_close_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(now);
        breaker.eject(now, &config());
        assert!(!breaker.record(now, true, &config()), "a late answer");
        breaker.readmit(now, &config());
        assert!(breaker.record(now, true, &config()));
        breaker.readmit(now, &config());
        for _ in 0..config().half_open_calls {
            assert!(!breaker.record(now, false, &config()));
        }
        assert!(!breaker.record(now, true, &config()));
    }
}
