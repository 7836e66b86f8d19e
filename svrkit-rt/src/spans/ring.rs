//! The last spans that were kept for one reason.

use super::span::Span;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Spans that are kept: at about 400 bytes each, 200 KiB.
const KEPT_MAX: usize = 512;
/// Spans that are taken in a second. More would drive each other out before anybody has looked, and cost half a microsecond each.
const PER_SECOND_MAX: u64 = 100;

#[derive(Debug)]
pub(super) struct Ring {
    kept: Mutex<VecDeque<Span>>,
    /// The second that is counted.
    second: AtomicU64,
    taken: AtomicU64,
    missed: AtomicU64,
}

impl Ring {
    pub(super) const fn new() -> Ring {
        Ring {
            kept: Mutex::new(VecDeque::new()),
            second: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            missed: AtomicU64::new(0),
        }
    }

    /// Whether there is room for one more in this second. Two threads may both begin a second, and a few too many be let in; a lock
    /// would cost more than they do.
    pub(super) fn admits(&self, now_s: u64) -> bool {
        if self.second.swap(now_s, Relaxed) != now_s {
            self.taken.store(0, Relaxed);
        }
        let admitted = self.taken.fetch_add(1, Relaxed) < PER_SECOND_MAX;
        if !admitted {
            self.missed.fetch_add(1, Relaxed);
        }
        admitted
    }

    pub(super) fn put(&self, span: Span) {
        let mut kept = self.kept();
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(span);
    }

    pub(super) fn newest_first(&self) -> Vec<Span> {
        self.kept().iter().rev().cloned().collect()
    }

    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Relaxed)
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Span>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::MethodDescriptor;
    use crate::spans::{Side, Why};
    use crate::status::Code;

    static METHOD: MethodDescriptor = MethodDescriptor::plain(1, "a.B", "C", "a.B/C");

    fn span(n: u64) -> Span {
        Span {
            trace_id: 1,
            span_id: n,
            parent_id: 0,
            side: Side::Server,
            method: &METHOD,
            started_us: n,
            took_us: 1,
            queued_us: 0,
            code: Code::Ok,
            message: String::new(),
            request_bytes: 0,
            response_bytes: 0,
            attempt: 0,
            why: Why::Slow,
        }
    }

    #[test]
    fn the_oldest_go_and_a_flood_costs_little() {
        let ring = Ring::new();
        for n in 0..KEPT_MAX as u64 + 3 {
            ring.put(span(n));
        }
        let ids: Vec<u64> = ring.newest_first().iter().map(|s| s.span_id).collect();
        assert_eq!((ids.len(), ids[0]), (KEPT_MAX, KEPT_MAX as u64 + 2));
        let admitted = |second| (0..250).filter(|_| ring.admits(second)).count();
        assert_eq!(admitted(7), PER_SECOND_MAX as usize);
        assert_eq!(ring.missed(), 150);
        assert_eq!(admitted(8), PER_SECOND_MAX as usize);
    }
}
