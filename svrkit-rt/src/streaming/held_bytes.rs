//! How much all streams of one side hold together.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes of messages that came and were not taken yet, up to a bound.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl HeldBytes {
    pub(crate) fn new(bytes_max: usize) -> HeldBytes {
        HeldBytes {
            bytes: AtomicUsize::new(0),
            bytes_max,
        }
    }

    /// Whether there is room for a message; then it counts until it leaves.
    pub(crate) fn enter(&self, bytes: usize) -> bool {
        let before = self.bytes.fetch_add(bytes, Relaxed);
        let entered = before + bytes <= self.bytes_max;
        if !entered {
            self.leave(bytes);
        }
        entered
    }

    pub(crate) fn leave(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
    }
}
