//! What is admitted: levels up to the cursor, which bends with the queue until the next window moves it.
//!
//! A window is long, and a mean rate right for it leaves handlers idle at one moment and a queue at another. The less important a level that
//! is nearly admitted, the shorter the queue must be for it.

use super::super::level::Level;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering::Relaxed};

/// How often a growing queue lowers the cursor.
pub(super) const STEPS: usize = 6;
/// By how much it must grow for that, as a part of the queue target. The cursor is at its lowest from a queue of three.
const STEP_TARGETS: f64 = 0.5;
/// A step in [`Gate::steps_a_request`].
const STEP_UNITS: f64 = 1024.0;

/// Where the cursor stands in a window, by how many requests wait for a handler.
#[derive(Debug)]
pub(super) struct Cursors {
    /// The first while nobody waits, the last one for the longest queues.
    pub(super) levels: [Level; STEPS + 1],
    /// Requests that begin within the queue target.
    pub(super) target_requests: f64,
}

impl Cursors {
    pub(super) const OPEN: Cursors = Cursors {
        levels: [Level::OPEN; STEPS + 1],
        target_requests: 1.0,
    };

    /// The least important level that is admitted.
    pub(super) fn highest(&self) -> Level {
        self.levels[0]
    }
}

/// [`Cursors`], for many threads. One that meets another's change half done decides by the one or the other, or in between.
#[derive(Debug)]
pub(super) struct Gate {
    levels: [AtomicU16; STEPS + 1],
    steps_a_request: AtomicU64,
}

impl Gate {
    pub(super) fn new() -> Gate {
        Gate {
            levels: [const { AtomicU16::new(Level::OPEN.number()) }; STEPS + 1],
            steps_a_request: AtomicU64::new(0),
        }
    }

    pub(super) fn set(&self, cursors: &Cursors) {
        for (place, level) in self.levels.iter().zip(cursors.levels) {
            place.store(level.number(), Relaxed);
        }
        let steps = STEP_UNITS / (STEP_TARGETS * cursors.target_requests);
        // Where fewer begin than one in such a time, a queue of one is long.
        let steps = steps.min(STEP_UNITS * STEPS as f64);
        self.steps_a_request.store(steps.ceil() as u64, Relaxed);
    }

    pub(super) fn admits(&self, level: Level, waiting: usize) -> bool {
        let steps = waiting as u64 * self.steps_a_request.load(Relaxed) / STEP_UNITS as u64;
        level <= self.level(STEPS.min(steps as usize))
    }

    pub(super) fn highest(&self) -> Level {
        self.level(0)
    }

    fn level(&self, step: usize) -> Level {
        Level::from_number(self.levels[step].load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(target_requests: f64) -> Gate {
        let gate = Gate::new();
        gate.set(&Cursors {
            levels: std::array::from_fn(|step| Level::at(8, 60 - step)),
            target_requests,
        });
        gate
    }

    fn admitted(gate: &Gate, waiting: usize) -> usize {
        let users = 0..=60;
        users
            .rev()
            .find(|user| gate.admits(Level::at(8, *user), waiting))
            .unwrap()
    }

    #[test]
    fn the_longer_the_queue_the_less_is_admitted_down_to_a_bound() {
        let gate = gate(10.0);
        assert_eq!(gate.highest(), Level::at(8, 60));
        let queues = [0, 4, 5, 15, 29, 30, 1_000_000];
        let users = queues.map(|waiting| admitted(&gate, waiting));
        assert_eq!(users, [60, 60, 59, 57, 55, 54, 54]);
    }

    #[test]
    fn where_little_is_served_a_queue_of_one_is_long() {
        for target_requests in [0.0, 0.01] {
            let gate = gate(target_requests);
            assert_eq!((admitted(&gate, 0), admitted(&gate, 1)), (60, 54));
        }
    }

    #[test]
    fn a_new_gate_is_open() {
        assert!(Gate::new().admits(Level::OPEN, 1_000_000));
    }
}
