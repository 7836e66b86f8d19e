//! Counters of a window, added to from many threads.

use super::super::level::{Level, USER_LEVELS};
use super::super::policy::Wait;
use super::demand::Demand;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Requests by level. A row is made when its business level is first seen, so that a window is not closed over thousands of zeros.
#[derive(Debug)]
pub(super) struct Arrivals {
    rows: [OnceLock<Box<Row>>; 256],
    total: AtomicU32,
}

type Row = [AtomicU32; USER_LEVELS];

impl Arrivals {
    pub(super) fn new() -> Arrivals {
        Arrivals {
            rows: [const { OnceLock::new() }; 256],
            total: AtomicU32::new(0),
        }
    }

    /// Counts a request; returns how many there are now.
    pub(super) fn add(&self, level: Level) -> u32 {
        let row = self.rows[level.business() as usize]
            .get_or_init(|| Box::new([const { AtomicU32::new(0) }; USER_LEVELS]));
        row[level.user()].fetch_add(1, Relaxed);
        self.total.fetch_add(1, Relaxed) + 1
    }

    /// Takes all counts, as rates over `elapsed_s`, and their sum.
    pub(super) fn take(&self, elapsed_s: f64) -> (Demand, u64) {
        let mut demand = Demand::default();
        let mut requests = 0;
        for (business, row) in self.rows.iter().enumerate() {
            let Some(row) = row.get() else { continue };
            for (user, count) in row.iter().enumerate() {
                let count = count.swap(0, Relaxed);
                requests += count as u64;
                demand.add(Level::at(business as u8, user), count as f64 / elapsed_s);
            }
        }
        self.total.store(0, Relaxed);
        (demand, requests)
    }
}

/// Bits of a word of [`Waits`] that hold the sum.
const SUM_BITS: u32 = 40;
/// A wait as long as the target, in the sum.
const TARGET_UNIT: u64 = 1 << 10;
/// The most that one wait counts for.
const WAIT_UNITS_MAX: u64 = 64 * TARGET_UNIT;

/// Waits as multiples of their targets.
#[derive(Debug, Default)]
pub(super) struct Waits {
    /// How many, and their sum, in one word, so that a request adds both at once.
    word: AtomicU64,
    /// Microseconds of the last target that was missed.
    target_us: AtomicU64,
}

impl Waits {
    pub(super) fn add(&self, wait: Wait) {
        self.word.fetch_add(1 << SUM_BITS | units(wait), Relaxed);
        self.look_at_target(wait);
    }

    /// Adds to a wait that was counted.
    pub(super) fn add_to_last(&self, wait: Wait) {
        self.word.fetch_add(units(wait), Relaxed);
        self.look_at_target(wait);
    }

    /// Only where it was missed: while all is well, requests share one word and no more.
    fn look_at_target(&self, wait: Wait) {
        if wait.queued_us > wait.target_us {
            self.target_us.store(wait.target_us, Relaxed);
        }
    }

    /// Seconds of the last target that was missed; 0 if none ever was.
    pub(super) fn target_s(&self) -> f64 {
        self.target_us.load(Relaxed) as f64 / 1e6
    }

    /// Takes how many there were, and their mean.
    pub(super) fn take(&self) -> (u64, f64) {
        let word = self.word.swap(0, Relaxed);
        let (count, sum) = (word >> SUM_BITS, word & ((1 << SUM_BITS) - 1));
        let mean = sum as f64 / TARGET_UNIT as f64 / count.max(1) as f64;
        (count, mean)
    }
}

fn units(wait: Wait) -> u64 {
    (wait.queued_us * TARGET_UNIT / wait.target_us.max(1)).min(WAIT_UNITS_MAX)
}
