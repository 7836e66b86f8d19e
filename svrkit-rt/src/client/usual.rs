//! How long calls of a method usually take, from what they took lately: a histogram of some thousand calls that forgets.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// Buckets for each doubling: a quantile is right within an eighth.
const PER_DOUBLING: u32 = 8;
/// From 1 µs to more than an hour.
const BUCKETS: usize = 32 * PER_DOUBLING as usize;
/// Calls between two looks at the quantiles, and the fewest to have an opinion.
const LOOK_EVERY: u32 = 64;
/// Calls after which each counts half: about so many are remembered.
const REMEMBERED: u32 = 4_096;
/// Methods of one channel that are told apart. A service has dozens.
const METHODS_MAX: usize = 1_024;

/// The methods of a channel.
#[derive(Debug, Default)]
pub(crate) struct Methods {
    table: RwLock<HashMap<u32, Arc<Usual>>>,
}

impl Methods {
    /// What is known of a method; `None` beyond the number that are told apart.
    pub(crate) fn of(&self, method_id: u32) -> Option<Arc<Usual>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(usual) = table.get(&method_id) {
            return Some(usual.clone());
        }
        let is_full = table.len() >= METHODS_MAX;
        drop(table);
        if is_full {
            return None;
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        Some(table.entry(method_id).or_default().clone())
    }
}

/// What calls of one method take.
#[derive(Debug)]
pub(crate) struct Usual {
    counts: [AtomicU32; BUCKETS],
    recorded: AtomicU32,
    /// 0 while nothing is known.
    median_us: AtomicU32,
    p95_us: AtomicU32,
}

impl Default for Usual {
    fn default() -> Usual {
        Usual {
            counts: [const { AtomicU32::new(0) }; BUCKETS],
            recorded: AtomicU32::new(0),
            median_us: AtomicU32::new(0),
            p95_us: AtomicU32::new(0),
        }
    }
}

impl Usual {
    /// A call was answered after `took`.
    pub(crate) fn record(&self, took: Duration) {
        self.counts[bucket(took)].fetch_add(1, Relaxed);
        if (self.recorded.fetch_add(1, Relaxed) + 1).is_multiple_of(LOOK_EVERY) {
            self.look();
        }
    }

    /// Half of the calls are faster; `None` while too few are known.
    pub(crate) fn median(&self) -> Option<Duration> {
        known(&self.median_us)
    }

    /// One call of twenty is slower.
    pub(crate) fn p95(&self) -> Option<Duration> {
        known(&self.p95_us)
    }

    /// Threads may record meanwhile, and two may look at once: then some calls count a little more or less.
    fn look(&self) {
        let counts: Vec<u32> = self.counts.iter().map(|c| c.load(Relaxed)).collect();
        let total: u32 = counts.iter().sum();
        let at = |percent: u64| {
            let wanted = (total as u64 * percent).div_ceil(100);
            let mut seen = 0;
            let found = counts.iter().position(|count| {
                seen += *count as u64;
                seen >= wanted
            });
            found.map_or(0, upper_us)
        };
        self.median_us.store(at(50), Relaxed);
        self.p95_us.store(at(95), Relaxed);
        if total >= REMEMBERED {
            for (count, seen) in self.counts.iter().zip(counts) {
                count.fetch_sub(seen.div_ceil(2).min(count.load(Relaxed)), Relaxed);
            }
        }
    }
}

fn known(us: &AtomicU32) -> Option<Duration> {
    match us.load(Relaxed) {
        0 => None,
        us => Some(Duration::from_micros(us as u64)),
    }
}

fn bucket(took: Duration) -> usize {
    let us = took.as_micros().clamp(1, u32::MAX as u128) as u32;
    let doubling = us.ilog2();
    // The three bits after the leading one.
    let within = ((us as u64 * PER_DOUBLING as u64) >> doubling) as u32 % PER_DOUBLING;
    (doubling * PER_DOUBLING + within) as usize
}

/// Where a bucket ends.
fn upper_us(bucket: usize) -> u32 {
    let (doubling, within) = (bucket as u32 / PER_DOUBLING, bucket as u32 % PER_DOUBLING);
    let end = (1_u64 << doubling) * (PER_DOUBLING + within + 1) as u64 / PER_DOUBLING as u64;
    end.min(u32::MAX as u64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_about(found: Option<Duration>, us: u64) -> bool {
        let found = found.unwrap().as_micros() as u64;
        found >= us && found <= us + us / 8 + 1
    }

    #[test]
    fn nothing_is_known_of_few_calls() {
        let usual = Usual::default();
        for _ in 1..LOOK_EVERY {
            usual.record(Duration::from_millis(1));
        }
        assert_eq!((usual.median(), usual.p95()), (None, None));
        usual.record(Duration::from_millis(1));
        assert!(is_about(usual.median(), 1_000));
    }

    #[test]
    fn quantiles_are_right_within_an_eighth() {
        let usual = Usual::default();
        for n in 0..LOOK_EVERY as u64 * 50 {
            usual.record(Duration::from_micros(100 + n % 100 * 100));
        }
        assert!(is_about(usual.median(), 5_000), "{:?}", usual.median());
        assert!(is_about(usual.p95(), 9_500), "{:?}", usual.p95());
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        let usual = Usual::default();
        for _ in 0..REMEMBERED * 4 {
            usual.record(Duration::from_secs(1));
        }
        for _ in 0..REMEMBERED * 4 {
            usual.record(Duration::from_millis(1));
        }
        assert!(is_about(usual.p95(), 1_000), "{:?}", usual.p95());
    }

    #[test]
    fn every_time_has_a_bucket() {
        for us in [0, 1, 2, 7, 8, 9, 1_000_000, u32::MAX as u64, u64::MAX / 2] {
            let took = Duration::from_micros(us);
            let end = upper_us(bucket(took)) as u64;
            assert!(end >= us.min(u32::MAX as u64), "{us} ends at {end}");
        }
    }

    #[test]
    fn methods_are_told_apart_up_to_a_number() {
        let methods = Methods::default();
        methods.of(1).unwrap().record(Duration::from_secs(1));
        assert!(Arc::ptr_eq(
            &methods.of(1).unwrap(),
            &methods.of(1).unwrap()
        ));
        for id in 0..METHODS_MAX as u32 {
            assert!(methods.of(id).is_some());
        }
        assert!(methods.of(u32::MAX).is_none());
        assert!(methods.of(7).is_some());
    }
}
