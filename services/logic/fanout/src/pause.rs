//! How long to wait before the next try.

use std::time::Duration;

/// Pauses that grow: each time twice as long at most, and any length up to that, so that many who failed together do not come back
/// together.
#[derive(Clone, Debug)]
pub(crate) struct Pauses {
    first_ms: u64,
    max_ms: u64,
    bound_ms: u64,
}

impl Pauses {
    pub(crate) fn new(first_ms: u64, max_ms: u64) -> Pauses {
        let first_ms = first_ms.max(1);
        Pauses {
            first_ms,
            max_ms: max_ms.max(first_ms),
            bound_ms: first_ms,
        }
    }

    /// The next pause, at least a millisecond.
    pub(crate) fn next(&mut self) -> Duration {
        let bound_ms = self.bound_ms;
        self.bound_ms = (bound_ms * 2).min(self.max_ms);
        Duration::from_millis(fastrand::u64(1..=bound_ms))
    }

    /// It went well: the next pause is a first one.
    pub(crate) fn reset(&mut self) {
        self.bound_ms = self.first_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_start_over() {
        let mut pauses = Pauses::new(50, 400);
        for bound_ms in [50, 100, 200, 400, 400] {
            assert_eq!(pauses.bound_ms, bound_ms);
            assert!((1..=bound_ms as u128).contains(&pauses.next().as_millis()));
        }
        pauses.reset();
        assert_eq!(pauses.bound_ms, 50);
    }
}
