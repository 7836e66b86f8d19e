//! Tasks of one key, one after the other.

use bytes::Bytes;
use std::collections::{HashMap, VecDeque};

/// A lane for each key that has tasks.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: HashMap<Bytes, Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    /// All tasks, in the order of their ids.
    ids: VecDeque<u64>,
    /// Those that a worker has, or whose end is being written. While there are any, no other is given out.
    run: Vec<u64>,
}

impl Lanes {
    /// Adds a task where its id says. The same key, of memory that all its tasks share.
    pub(crate) fn insert(&mut self, key: Bytes, id: u64) -> Bytes {
        let entry = self.lanes.entry(key);
        let shared = entry.key().clone();
        let ids = &mut entry.or_default().ids;
        match ids.back() {
            Some(last) if *last > id => ids.insert(ids.partition_point(|other| *other < id), id),
            _ => ids.push_back(id),
        }
        shared
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, key: &Bytes, id: u64) {
        self.leave(key, id);
        let Some(lane) = self.lanes.get_mut(key) else {
            return;
        };
        if let Ok(place) = lane.ids.binary_search(&id) {
            lane.ids.remove(place);
        }
        if lane.ids.is_empty() {
            self.lanes.remove(key);
        }
    }

    /// The first task, unless some are being done.
    pub(crate) fn head(&self, key: &Bytes) -> Option<u64> {
        let lane = self.lanes.get(key)?;
        let idle = lane.run.is_empty();
        idle.then(|| lane.ids.front().copied()).flatten()
    }

    /// The first tasks, done or not.
    pub(crate) fn front(&self, key: &Bytes, max: usize) -> Vec<u64> {
        let lane = self.lanes.get(key);
        lane.map_or_else(Vec::new, |lane| {
            lane.ids.iter().take(max).copied().collect()
        })
    }

    /// Tasks that are being done.
    pub(crate) fn run(&self, key: &Bytes) -> &[u64] {
        self.lanes.get(key).map_or(&[], |lane| &lane.run)
    }

    /// A task is being done.
    pub(crate) fn enter(&mut self, key: &Bytes, id: u64) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.run.push(id);
        }
    }

    /// A task is not being done any more.
    pub(crate) fn leave(&mut self, key: &Bytes, id: u64) {
        if let Some(lane) = self.lanes.get_mut(key) {
            lane.run.retain(|other| *other != id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_given_when_nothing_before_it_is_being_done() {
        let key = Bytes::from_static(b"k");
        let mut lanes = Lanes::default();
        for id in [3, 5, 4] {
            lanes.insert(key.clone(), id);
        }
        assert_eq!(lanes.front(&key, 2), [3, 4]);
        lanes.enter(&key, 3);
        lanes.enter(&key, 4);
        assert_eq!(lanes.head(&key), None);
        lanes.remove(&key, 3);
        lanes.insert(key.clone(), 1);
        assert_eq!((lanes.head(&key), lanes.run(&key)), (None, &[4][..]));
        lanes.leave(&key, 4);
        assert_eq!(lanes.head(&key), Some(1));
        for id in [1, 4, 5] {
            lanes.remove(&key, id);
        }
        assert!(lanes.lanes.is_empty());
    }
}
