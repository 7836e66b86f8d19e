//! How often to say that one is still there.
//!
//! Networks forget silent links after a time that only trying can tell. The rule is that of Mars' `smart_heartbeat`: begin with what
//! every network bears, probe longer intervals, and step back from the first that fails.

use std::time::Duration;

/// Successes at the shortest interval before probing begins.
const BASE_SUCCESSES: u32 = 3;
/// Successes at an interval before the next longer one is probed.
const PROBE_SUCCESSES: u32 = 5;
/// Failures in a row at an interval before it is given up: one may be chance.
const FAILURES_MAX: u32 = 2;
/// Milliseconds by which probing lengthens the interval.
const PROBE_STEP_MS: u64 = 60_000;
/// Milliseconds to step back from an interval that failed.
const STEP_BACK_MS: u64 = 80_000;
/// Milliseconds that the settled interval stays below the longest: room for timers that fire late.
const SETTLED_BELOW_MS: u64 = 20_000;
/// Milliseconds after which a settled interval is probed once more, and by how much.
const REPROBE_AFTER_MS: u64 = 7 * 24 * 3_600_000;
const REPROBE_STEP_MS: u64 = 20_000;

/// Bounds of the interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatConfig {
    /// Shortest interval in milliseconds: 3.5 minutes, which the networks that Mars' authors met all bear.
    pub min_ms: u64,
    /// Longest in milliseconds: 10 minutes, well below the server's idle limit of 15.
    pub max_ms: u64,
    /// Milliseconds to wait for the answer before the link is given up.
    pub answer_timeout_ms: u64,
}

impl Default for HeartbeatConfig {
    fn default() -> HeartbeatConfig {
        HeartbeatConfig {
            min_ms: 210_000,
            max_ms: 600_000,
            answer_timeout_ms: 8_000,
        }
    }
}

/// The rule's state. Outlives links: it is about the network.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    config: HeartbeatConfig,
    interval_ms: u64,
    phase: Phase,
    successes: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Base,
    /// Fails back to an interval that is thought to work.
    Probing {
        fallback_ms: u64,
    },
    Settled {
        since_ms: u64,
    },
}

impl Heartbeat {
    /// Begins with the shortest interval.
    pub fn new(config: HeartbeatConfig) -> Heartbeat {
        Heartbeat {
            interval_ms: config.min_ms,
            config,
            phase: Phase::Base,
            successes: 0,
            failures: 0,
        }
    }

    /// Silence after which a heartbeat is due.
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval_ms)
    }

    /// How long its answer may take.
    pub fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.config.answer_timeout_ms)
    }

    /// A heartbeat after a whole interval was answered.
    pub fn answered(&mut self, now_ms: u64) {
        self.failures = 0;
        self.successes += 1;
        match self.phase {
            Phase::Base if self.successes >= BASE_SUCCESSES => self.probe(PROBE_STEP_MS, now_ms),
            Phase::Probing { .. } if self.successes >= PROBE_SUCCESSES => {
                self.probe(PROBE_STEP_MS, now_ms);
            }
            Phase::Settled { since_ms } if now_ms.saturating_sub(since_ms) >= REPROBE_AFTER_MS => {
                self.probe(REPROBE_STEP_MS, now_ms);
            }
            _ => {}
        }
    }

    /// A heartbeat after a whole interval was not answered: the network had forgotten the link.
    pub fn missed(&mut self, now_ms: u64) {
        self.successes = 0;
        self.failures += 1;
        if self.failures < FAILURES_MAX {
            return;
        }
        match self.phase {
            Phase::Base => {}
            Phase::Probing { fallback_ms } => self.settle(fallback_ms, now_ms),
            // What has worked for long fails: another network. Begin anew.
            Phase::Settled { .. } => *self = Heartbeat::new(self.config.clone()),
        }
    }

    fn probe(&mut self, step_ms: u64, now_ms: u64) {
        let longest = self.config.max_ms.saturating_sub(SETTLED_BELOW_MS);
        let longest = longest.max(self.config.min_ms);
        if self.interval_ms >= longest {
            return self.settle(longest, now_ms);
        }
        let was_settled = matches!(self.phase, Phase::Settled { .. });
        let works_ms = self.interval_ms;
        self.interval_ms = (works_ms + step_ms).min(longest);
        let stepped_back = self.interval_ms.saturating_sub(STEP_BACK_MS);
        let fallback_ms = match was_settled {
            true => works_ms,
            false => stepped_back.max(self.config.min_ms),
        };
        self.phase = Phase::Probing { fallback_ms };
        self.successes = 0;
    }

    fn settle(&mut self, interval_ms: u64, now_ms: u64) {
        self.interval_ms = interval_ms;
        self.phase = Phase::Settled { since_ms: now_ms };
        self.successes = 0;
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that forgets links after `bears_ms`: where does the interval come to rest, and how many links did that cost?
    fn rest(bears_ms: u64) -> (u64, u32) {
        let mut heartbeat = Heartbeat::new(HeartbeatConfig::default());
        let (mut now_ms, mut lost) = (0, 0);
        for _ in 0..200 {
            let interval_ms = heartbeat.interval_ms;
            assert!((210_000..=580_000).contains(&interval_ms), "{interval_ms}");
            now_ms += interval_ms;
            if interval_ms <= bears_ms {
                heartbeat.answered(now_ms);
            } else {
                heartbeat.missed(now_ms);
                lost += 1;
            }
        }
        (heartbeat.interval_ms, lost)
    }

    #[test]
    fn it_settles_near_what_the_network_bears() {
        assert_eq!(rest(u64::MAX), (580_000, 0));
        // 210, 270, 330 work, 390 does not, and 80 s less is settled on.
        assert_eq!(rest(360_000), (310_000, 2));
        assert_eq!(rest(220_000), (210_000, 2));
    }

    #[test]
    fn three_successes_begin_the_probing_and_five_go_on() {
        let mut heartbeat = Heartbeat::new(HeartbeatConfig::default());
        let intervals = (0..14).map(|now_ms| {
            heartbeat.answered(now_ms);
            heartbeat.interval_ms / 1_000
        });
        let intervals: Vec<u64> = intervals.collect();
        assert_eq!(intervals[..3], [210, 210, 270]);
        assert_eq!(intervals[3..8], [270, 270, 270, 270, 330]);
        assert_eq!(intervals[12], 390);
    }

    #[test]
    fn one_failure_is_chance() {
        let mut heartbeat = Heartbeat::new(HeartbeatConfig::default());
        (0..3).for_each(|now_ms| heartbeat.answered(now_ms));
        heartbeat.missed(0);
        heartbeat.answered(0);
        heartbeat.missed(0);
        assert_eq!(heartbeat.interval_ms, 270_000);
        heartbeat.missed(0);
        assert_eq!(heartbeat.interval_ms, 210_000);
    }

    #[test]
    fn a_settled_interval_is_probed_again_after_a_week_and_given_up_when_it_fails() {
        let mut heartbeat = Heartbeat::new(HeartbeatConfig::default());
        heartbeat.settle(310_000, 0);
        heartbeat.answered(REPROBE_AFTER_MS - 1);
        assert_eq!(heartbeat.interval_ms, 310_000);
        heartbeat.answered(REPROBE_AFTER_MS);
        assert_eq!(heartbeat.interval_ms, 330_000);
        heartbeat.missed(REPROBE_AFTER_MS + 1);
        heartbeat.missed(REPROBE_AFTER_MS + 2);
        assert_eq!(heartbeat.interval_ms, 310_000);
        heartbeat.missed(REPROBE_AFTER_MS + 3);
        heartbeat.missed(REPROBE_AFTER_MS + 4);
        assert_eq!(
            (heartbeat.interval_ms, heartbeat.phase),
            (210_000, Phase::Base)
        );
    }
}
