//! Tasks that are known by a name their producer gave.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Dedupe ids of tasks in the queue, and of those that ended a while ago.
#[derive(Debug)]
pub(crate) struct Dedupe {
    known: HashMap<Arc<[u8]>, Known>,
    /// As they ended.
    ended: VecDeque<(u64, Arc<[u8]>)>,
    remember_ms: u64,
    remembered_max: usize,
}

#[derive(Debug, Default)]
struct Known {
    /// Tasks in the queue: more than one only when a dead one comes back after a new one was let in.
    queued: u32,
    /// When the last one ended.
    ended_ms: u64,
}

impl Dedupe {
    /// Remembers an ended task for this long, and so many of them.
    pub(crate) fn new(remember_ms: u64, remembered_max: usize) -> Dedupe {
        Dedupe {
            known: HashMap::new(),
            ended: VecDeque::new(),
            remember_ms,
            remembered_max,
        }
    }

    /// Whether a task with this id is in the queue, or ended a while ago.
    pub(crate) fn is_known(&self, id: &[u8], now_ms: u64) -> bool {
        let known = self.known.get(id);
        known.is_some_and(|k| k.queued > 0 || k.ended_ms + self.remember_ms > now_ms)
    }

    /// A task comes into the queue.
    pub(crate) fn enter(&mut self, id: &Arc<[u8]>) {
        self.known.entry(id.clone()).or_default().queued += 1;
    }

    /// A task leaves the queue.
    pub(crate) fn leave(&mut self, id: &Arc<[u8]>, now_ms: u64) {
        if let Some(known) = self.known.get_mut(id) {
            known.queued = known.queued.saturating_sub(1);
        }
        self.remember(id, now_ms);
    }

    /// A task ended then.
    pub(crate) fn remember(&mut self, id: &Arc<[u8]>, ended_ms: u64) {
        let known = self.known.entry(id.clone()).or_default();
        known.ended_ms = known.ended_ms.max(ended_ms);
        self.ended.push_back((ended_ms, id.clone()));
        while self.ended.len() > self.remembered_max {
            self.forget_first();
        }
    }

    /// When the first is to be forgotten.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.ended.front().map(|(ms, _)| ms + self.remember_ms)
    }

    /// Forgets those whose time is over. What ended before the answer is not remembered, whatever stands on disk.
    pub(crate) fn forget(&mut self, now_ms: u64) -> u64 {
        let before_ms = (now_ms + 1).saturating_sub(self.remember_ms);
        while self.ended.front().is_some_and(|(ms, _)| *ms < before_ms) {
            self.forget_first();
        }
        self.ended
            .front()
            .map_or(before_ms, |(ms, _)| before_ms.max(*ms))
    }

    fn forget_first(&mut self) {
        let Some((ended_ms, id)) = self.ended.pop_front() else {
            return;
        };
        let known = self.known.get(&id);
        if known.is_some_and(|k| k.queued == 0 && k.ended_ms == ended_ms) {
            self.known.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Arc<[u8]> {
        Arc::from(text.as_bytes())
    }

    #[test]
    fn known_while_queued_and_an_hour_after() {
        let mut dedupe = Dedupe::new(3_600_000, 10);
        let a = id("a");
        dedupe.enter(&a);
        assert!(dedupe.is_known(b"a", u64::MAX >> 1));
        dedupe.leave(&a, 1_000);
        assert!(dedupe.is_known(b"a", 3_600_999));
        assert!(!dedupe.is_known(b"a", 3_601_000));
        assert_eq!(dedupe.next_ms(), Some(3_601_000));
        assert_eq!(dedupe.forget(3_600_999), 1_000);
        assert_eq!(dedupe.forget(3_601_000), 1_001);
        assert!(dedupe.known.is_empty() && dedupe.ended.is_empty());
    }

    #[test]
    fn one_that_came_back_counts_from_its_last_end() {
        let mut dedupe = Dedupe::new(1_000, 10);
        let a = id("a");
        dedupe.enter(&a);
        dedupe.leave(&a, 100);
        dedupe.enter(&a);
        dedupe.forget(5_000);
        assert!(dedupe.is_known(b"a", 5_000), "it is in the queue");
        dedupe.leave(&a, 6_000);
        assert!(dedupe.is_known(b"a", 6_999));
        assert_eq!(dedupe.forget(7_000), 6_001);
        assert!(dedupe.known.is_empty());
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut dedupe = Dedupe::new(1_000, 2);
        for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
            dedupe.enter(&id(name));
            dedupe.leave(&id(name), i as u64);
        }
        assert!(!dedupe.is_known(b"a", 3));
        assert!(dedupe.is_known(b"b", 3) && dedupe.is_known(b"c", 3));
        assert_eq!(dedupe.forget(3), 1, "the row of what went early may go too");
    }
}
