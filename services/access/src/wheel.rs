//! The one timer of all links: a wheel of seconds.
//!
//! A timer of the runtime costs a link 120 bytes and moves with every frame. Here a link stands in the slot of the second at which it
//! wants to look at the clock; it does not move when it hears from its client, but looks again later when it is woken too early.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Seconds that the wheel goes round in. Who wants to be woken later is woken early.
const SLOTS: u32 = 1_024;

/// Seconds since the node began, and who is to be woken when.
#[derive(Debug)]
pub(crate) struct Wheel {
    began: Instant,
    now_s: AtomicU32,
    /// A lock: held for the push of one number.
    slots: Mutex<Vec<Vec<u64>>>,
}

impl Wheel {
    pub(crate) fn new() -> Wheel {
        Wheel {
            began: Instant::now(),
            now_s: AtomicU32::new(0),
            slots: Mutex::new(vec![Vec::new(); SLOTS as usize]),
        }
    }

    /// The second it is, up to one late.
    pub(crate) fn now_s(&self) -> u32 {
        self.now_s.load(Relaxed)
    }

    /// Has `link` woken at the second `at_s`, or before if that is far. The second at which it will be.
    pub(crate) fn arm(&self, link: u64, at_s: u32) -> u32 {
        let mut slots = self.slots();
        let now = self.now_s();
        let at_s = at_s.clamp(now + 1, now + SLOTS - 1);
        slots[(at_s % SLOTS) as usize].push(link);
        at_s
    }

    /// Turns the wheel to the present, and says who is to be woken.
    pub(crate) fn turn(&self) -> Vec<u64> {
        let now = Instant::now().duration_since(self.began).as_secs() as u32;
        let mut due = Vec::new();
        let mut slots = self.slots();
        let before = self.now_s();
        for second in before + 1..=now.min(before + SLOTS) {
            due.append(&mut std::mem::take(&mut slots[(second % SLOTS) as usize]));
        }
        self.now_s.store(now.max(before), Relaxed);
        due
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Vec<u64>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole seconds in which `ms` have certainly passed, of a clock of seconds that began anywhere.
pub(crate) fn seconds(ms: u64) -> u32 {
    u32::try_from(Duration::from_millis(ms).as_millis().div_ceil(1_000))
        .unwrap_or(u32::MAX / 2)
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use svrkit_rt::testing::run_test;
    use tokio::time::advance;

    #[test]
    fn links_come_up_in_their_second_and_far_ones_early() {
        run_test("wheel", |_| async {
            let wheel = Wheel::new();
            assert_eq!(wheel.arm(1, 3), 3);
            assert_eq!(wheel.arm(2, 0), 1);
            assert_eq!(wheel.arm(3, 1_000_000), 1_023);
            advance(Duration::from_millis(1_100)).await;
            assert_eq!(wheel.turn(), [2]);
            advance(Duration::from_secs(1)).await;
            assert!(wheel.turn().is_empty());
            advance(Duration::from_secs(1)).await;
            assert_eq!(wheel.turn(), [1]);
            advance(Duration::from_secs(5_000)).await;
            assert_eq!(wheel.turn(), [3]);
            assert_eq!(wheel.now_s(), 5_003);
        });
    }
}
