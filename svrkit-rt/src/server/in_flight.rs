//! The requests in flight on a whole server: how many, and how many bytes the large ones hold.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Requests up to this size are bounded by their number alone, and cost no second counter.
const COUNTED_BYTES_MIN: usize = 4 * 1024;

#[derive(Debug)]
pub(crate) struct InFlight {
    requests: AtomicUsize,
    requests_max: usize,
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl InFlight {
    pub(crate) fn new(requests_max: usize, bytes_max: usize) -> InFlight {
        InFlight {
            requests: AtomicUsize::new(0),
            requests_max,
            bytes: AtomicUsize::new(0),
            bytes_max,
        }
    }

    /// Lets in as many of `wanted` requests as there is room for.
    pub(crate) fn enter(&self, wanted: usize) -> usize {
        let before = self.requests.fetch_add(wanted, Relaxed);
        let entered = self.requests_max.saturating_sub(before).min(wanted);
        if entered < wanted {
            self.requests.fetch_sub(wanted - entered, Relaxed);
        }
        entered
    }

    /// Lets in the bytes of a request that was let in.
    pub(crate) fn enter_bytes(&self, bytes: usize) -> bool {
        if bytes <= COUNTED_BYTES_MIN {
            return true;
        }
        let before = self.bytes.fetch_add(bytes, Relaxed);
        let entered = before + bytes <= self.bytes_max;
        if !entered {
            self.bytes.fetch_sub(bytes, Relaxed);
        }
        entered
    }

    /// A request is done; `bytes` as they entered, 0 if they did not.
    pub(crate) fn leave(&self, bytes: usize) {
        self.requests.fetch_sub(1, Relaxed);
        if bytes > COUNTED_BYTES_MIN {
            self.bytes.fetch_sub(bytes, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_in_what_fits() {
        let in_flight = InFlight::new(3, 10_000);
        assert_eq!(in_flight.enter(2), 2);
        assert_eq!(in_flight.enter(2), 1);
        assert_eq!(in_flight.enter(2), 0);
        in_flight.leave(0);
        assert_eq!(in_flight.enter(2), 1);
    }

    #[test]
    fn large_requests_are_weighed() {
        let in_flight = InFlight::new(10, 10_000);
        assert!(in_flight.enter_bytes(6_000));
        assert!(!in_flight.enter_bytes(6_000));
        assert!(in_flight.enter_bytes(100));
        in_flight.leave(6_000);
        assert!(in_flight.enter_bytes(10_000));
    }
}
