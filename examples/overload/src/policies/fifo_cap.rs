//! A queue with an end: whoever finds it full is refused.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use svrkit_rt::admission::{End, Level, Policy, Wait};

#[derive(Debug)]
pub(crate) struct FifoCap {
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl FifoCap {
    pub(crate) fn new(waiting_max: usize) -> FifoCap {
        FifoCap {
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }
}

impl Policy for FifoCap {
    fn admit(&self, _: u64, _: Level, _: usize) -> bool {
        let before = self.waiting.fetch_add(1, Relaxed);
        let fits = before < self.waiting_max;
        if !fits {
            self.waiting.fetch_sub(1, Relaxed);
        }
        fits
    }

    fn start(&self, _: u64, _: Wait) -> bool {
        self.waiting.fetch_sub(1, Relaxed);
        true
    }

    fn finish(&self, _: u64, end: End) {
        // It never started, since every start is let through.
        if end == End::Dropped {
            self.waiting.fetch_sub(1, Relaxed);
        }
    }

    fn watches_finish(&self) -> bool {
        true
    }
}
