//! The bytes that large requests in flight hold.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Requests up to this size are bounded by their number alone, and cost no second counter.
const COUNTED_BYTES_MIN: usize = 4 * 1024;

#[derive(Debug, Default)]
pub(super) struct HeldBytes(AtomicUsize);

impl HeldBytes {
    /// Lets in the bytes of a request, among at most `max`.
    pub(super) fn enter(&self, bytes: usize, max: usize) -> bool {
        if bytes <= COUNTED_BYTES_MIN {
            return true;
        }
        let before = self.0.fetch_add(bytes, Relaxed);
        let entered = before + bytes <= max;
        if !entered {
            self.0.fetch_sub(bytes, Relaxed);
        }
        entered
    }

    /// A request is done; `bytes` as they entered, 0 if they did not.
    pub(super) fn leave(&self, bytes: usize) {
        if bytes > COUNTED_BYTES_MIN {
            self.0.fetch_sub(bytes, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_requests_are_weighed() {
        let held = HeldBytes::default();
        assert!(held.enter(6_000, 10_000));
        assert!(!held.enter(6_000, 10_000));
        assert!(held.enter(100, 10_000));
        held.leave(6_000);
        assert!(held.enter(10_000, 10_000));
    }
}
