//! The number of requests in flight on a whole server.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[derive(Debug)]
pub(super) struct InFlight {
    now: AtomicUsize,
    max: usize,
}

impl InFlight {
    pub(super) fn new(max: usize) -> InFlight {
        InFlight {
            now: AtomicUsize::new(0),
            max,
        }
    }

    /// Lets in as many of `wanted` as there is room for.
    pub(super) fn enter(&self, wanted: usize) -> usize {
        let before = self.now.fetch_add(wanted, Relaxed);
        let entered = self.max.saturating_sub(before).min(wanted);
        self.now.fetch_sub(wanted - entered, Relaxed);
        entered
    }

    pub(super) fn leave(&self) {
        self.now.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_in_what_fits() {
        let in_flight = InFlight::new(3);
        assert_eq!(in_flight.enter(2), 2);
        assert_eq!(in_flight.enter(2), 1);
        assert_eq!(in_flight.enter(2), 0);
        in_flight.leave();
        assert_eq!(in_flight.enter(2), 1);
    }
}
