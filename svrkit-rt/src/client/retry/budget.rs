//! How many calls may be made a second time: a share of those made lately, and a few a second besides (after Finagle's retry budget).
//!
//! Without it a service that fails half of its calls is asked three times as often by clients that repeat each up to two times, and
//! does not come back. With it a client asks a tenth more, whatever happens.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Parts that the window is counted in: it moves on by a tenth at a time.
const SLOTS: usize = 10;

/// Calls that are counted together: looking which part of the window it is costs more than counting.
const BATCH: u32 = 16;

/// What may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Of the calls of the window.
    pub(crate) percent: u32,
    /// Beside those; so that a client that makes few calls may repeat some, too.
    pub(crate) per_s: u32,
    /// How long a call counts.
    pub(crate) window_ms: u64,
}

/// What is left of an allowance.
#[derive(Debug)]
pub(crate) struct Budget {
    allowance: Allowance,
    started: Instant,
    /// Calls made, ever.
    calls: AtomicU32,
    /// Calls made, by part of the window. Each also holds which part it is of.
    made: [AtomicU64; SLOTS],
    /// Repetitions, likewise. Under a lock, so that two that look at once do not both take the last one.
    repeated: Mutex<[Slot; SLOTS]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Which part since the start this one counts.
    number: u32,
    calls: u32,
}

impl Budget {
    pub(crate) fn new(allowance: Allowance, now: Instant) -> Budget {
        Budget {
            allowance,
            started: now,
            calls: AtomicU32::new(0),
            made: Default::default(),
            repeated: Mutex::default(),
        }
    }

    /// A call was made.
    pub(crate) fn made(&self, now: Instant) {
        // The first of a batch stands for all of it: too early for a few, and right on average.
        if self.calls.fetch_add(1, Relaxed).is_multiple_of(BATCH) {
            self.made_batch(now);
        }
    }

    fn made_batch(&self, now: Instant) {
        let number = self.number(now);
        let slot = &self.made[number as usize % SLOTS];
        let packed = slot.load(Relaxed);
        if (packed >> 32) as u32 == number {
            slot.fetch_add(BATCH as u64, Relaxed);
        } else {
            // Another thread may begin the same part at the same moment: a batch more or less matters to nobody.
            slot.store((number as u64) << 32 | BATCH as u64, Relaxed);
        }
    }

    /// Takes one repetition, if there is one.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let number = self.number(now);
        let in_window = |slot: u32| number.wrapping_sub(slot) < SLOTS as u32;
        let made: u64 = self
            .made
            .iter()
            .map(|slot| slot.load(Relaxed))
            .fold(0, |sum, packed| match in_window((packed >> 32) as u32) {
                true => sum + (packed as u32) as u64,
                false => sum,
            });
        let beside = self.allowance.per_s as u64 * self.allowance.window_ms / 1000;
        let allowed = made * self.allowance.percent as u64 / 100 + beside;
        let mut repeated = self.repeated.lock().unwrap_or_else(PoisonError::into_inner);
        let before: u64 = repeated
            .iter()
            .filter(|slot| in_window(slot.number))
            .map(|slot| slot.calls as u64)
            .sum();
        if before >= allowed {
            return false;
        }
        let slot = &mut repeated[number as usize % SLOTS];
        if slot.number != number {
            *slot = Slot { number, calls: 0 };
        }
        slot.calls += 1;
        true
    }

    /// Which part of the time since the start this is; from 1, so that a slot never written is of no part.
    fn number(&self, now: Instant) -> u32 {
        let slot_ms = (self.allowance.window_ms / SLOTS as u64).max(1);
        let since = now.saturating_duration_since(self.started);
        (since.as_millis() as u64 / slot_ms) as u32 + SLOTS as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const ALLOWANCE: Allowance = Allowance {
        percent: 10,
        per_s: 3,
        window_ms: 10_000,
    };

    fn taken(budget: &Budget, now: Instant) -> usize {
        (0..10_000).take_while(|_| budget.take(now)).count()
    }

    #[test]
    fn a_tenth_of_the_calls_and_thirty_in_ten_seconds() {
        let start = Instant::now();
        let budget = Budget::new(ALLOWANCE, start);
        assert_eq!(taken(&budget, start), 30);
        for _ in 0..1_600 {
            budget.made(start);
        }
        assert_eq!(taken(&budget, start), 160);
        assert!(!budget.take(start + Duration::from_secs(8)));
    }

    #[test]
    fn what_is_older_than_the_window_counts_no_more() {
        let start = Instant::now();
        let budget = Budget::new(ALLOWANCE, start);
        for second in 0..60 {
            let now = start + Duration::from_secs(second);
            (0..1_600).for_each(|_| budget.made(now));
        }
        let now = start + Duration::from_secs(59);
        assert_eq!(taken(&budget, now), 1_630, "of the last ten seconds");
        let later = now + Duration::from_secs(60);
        assert_eq!(taken(&budget, later), 30);
    }

    #[test]
    fn nothing_allowed_is_nothing() {
        let none = Allowance {
            percent: 0,
            per_s: 0,
            ..ALLOWANCE
        };
        let budget = Budget::new(none, Instant::now());
        (0..1_600).for_each(|_| budget.made(Instant::now()));
        assert!(!budget.take(Instant::now()));
    }
}
