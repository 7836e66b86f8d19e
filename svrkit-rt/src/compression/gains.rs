//! Which methods' bodies are worth trying: those that gained nothing are left alone for a while, longer each time.

use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

/// Methods that are told apart; others share their luck.
const METHODS: usize = 64;
/// Bodies that go by untried at most: pictures and ciphertext cost an attempt in 64.
const PASSED_MAX: u8 = 63;

/// For each method, how many bodies are passed by after the next failure (high byte), and how many are still to be now (low byte). Threads
/// that meet here may lose a step, which is no harm.
#[derive(Debug)]
pub(super) struct Gains([AtomicU16; METHODS]);

impl Default for Gains {
    fn default() -> Gains {
        Gains([const { AtomicU16::new(0) }; METHODS])
    }
}

impl Gains {
    /// Whether a body of this method is to be tried.
    pub(super) fn may_gain(&self, method_id: u32) -> bool {
        let cell = self.cell(method_id);
        let [next, left] = cell.load(Relaxed).to_be_bytes();
        if left > 0 {
            cell.store(u16::from_be_bytes([next, left - 1]), Relaxed);
        }
        left == 0
    }

    /// One was tried.
    pub(super) fn learn(&self, method_id: u32, gained: bool) {
        let cell = self.cell(method_id);
        let [next, _] = cell.load(Relaxed).to_be_bytes();
        let known = match gained {
            true => [0, 0],
            false => [PASSED_MAX.min(next * 2 + 1), PASSED_MAX.min(next * 2 + 1)],
        };
        cell.store(u16::from_be_bytes(known), Relaxed);
    }

    fn cell(&self, method_id: u32) -> &AtomicU16 {
        // Ids that are not hashes count up.
        &self.0[method_id as usize % METHODS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the next bodies are tried, by how many come before each.
    fn tried(gains: &Gains, gained: impl Fn(u32) -> bool) -> Vec<u32> {
        let mut tried = Vec::new();
        for n in 0..200 {
            if gains.may_gain(7) {
                gains.learn(7, gained(n));
                tried.push(n);
            }
        }
        tried
    }

    #[test]
    fn what_never_gains_is_tried_less_and_less() {
        assert_eq!(
            tried(&Gains::default(), |_| false),
            [0, 2, 6, 14, 30, 62, 126, 190]
        );
    }

    #[test]
    fn one_gain_and_all_are_tried_again() {
        let tried = tried(&Gains::default(), |n| n >= 6);
        assert_eq!(tried[..5], [0, 2, 6, 7, 8]);
    }
}
