//! What callers remember of their callees, so that a call which would be refused is not sent.

use super::level::Level;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Microseconds for which a callee's word counts: two of its windows.
const HEARD_US_MAX: u64 = 2_000_000;
/// One in so many calls that would be refused is sent all the same, so that better news come before the old ones expire.
const PROBE_ONE_IN: u32 = 100;
/// Bits of the word below the time, for the level.
const LEVEL_BITS: u32 = 16;

/// The level that a callee last said it admits, and when.
#[derive(Debug)]
pub struct PeerLevel(AtomicU64);

impl Default for PeerLevel {
    fn default() -> PeerLevel {
        PeerLevel(AtomicU64::new(Level::OPEN.number() as u64))
    }
}

impl PeerLevel {
    /// Whether the callee admits everything, as far as is known. Then nobody need look at the clock.
    pub fn is_open(&self) -> bool {
        self.last() == Level::OPEN
    }

    /// Whether the callee admits everything, or has not been heard of for long.
    pub fn admits_everything(&self, now_us: u64) -> bool {
        self.is_open() || self.is_old(now_us)
    }

    /// An answer of the callee carried `level`.
    pub fn hear(&self, now_us: u64, level: Level) {
        self.0
            .store(now_us << LEVEL_BITS | level.number() as u64, Relaxed);
    }

    /// Whether to send it a call of `level`; `random` is a number that differs from call to call.
    pub fn admits(&self, now_us: u64, level: Level, random: u32) -> bool {
        level <= self.last() || self.is_old(now_us) || random.is_multiple_of(PROBE_ONE_IN)
    }

    fn last(&self) -> Level {
        Level::from_number(self.0.load(Relaxed) as u16)
    }

    fn is_old(&self, now_us: u64) -> bool {
        let heard_us = self.0.load(Relaxed) >> LEVEL_BITS;
        now_us.saturating_sub(heard_us) > HEARD_US_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Priority;

    const NO_PROBE: u32 = 1;

    fn level(business: u8) -> Level {
        Level::of(Priority { business, user: 0 })
    }

    #[test]
    fn what_would_be_refused_is_not_sent() {
        let peer = PeerLevel::default();
        assert!(peer.is_open() && peer.admits(0, Level::OPEN, NO_PROBE));
        peer.hear(5, level(8));
        assert!(peer.admits(10, level(8), NO_PROBE));
        assert!(!peer.admits(10, level(9), NO_PROBE));
        peer.hear(20, level(9));
        assert!(peer.admits(30, level(9), NO_PROBE));
    }

    #[test]
    fn old_news_count_for_nothing() {
        let peer = PeerLevel::default();
        peer.hear(0, level(8));
        assert!(!peer.admits(HEARD_US_MAX, level(9), NO_PROBE));
        assert!(peer.admits(HEARD_US_MAX + 1, level(9), NO_PROBE));
    }

    #[test]
    fn one_call_in_a_hundred_goes_to_ask() {
        let peer = PeerLevel::default();
        peer.hear(0, level(8));
        let sent = (0..1_000).filter(|random| peer.admits(1, level(9), *random));
        assert_eq!(sent.count(), 10);
    }
}
