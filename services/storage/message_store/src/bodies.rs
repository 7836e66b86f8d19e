//! Group messages that were read a moment ago.

use crate::row::Kind;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an entry takes beside its body.
const ENTRY_BYTES: usize = 128;

/// Decoded rows of groups' logs by group and place, bounded in bytes: the members of a group read the same rows within seconds.
///
/// Two generations: what is used goes to the young one; when that is full, it becomes the old one, which is forgotten.
pub(crate) struct Bodies {
    inner: Mutex<Inner>,
    bytes_max: usize,
}

#[derive(Default)]
struct Inner {
    young: HashMap<(u64, u64), Body>,
    old: HashMap<(u64, u64), Body>,
    young_bytes: usize,
}

/// A row of a log, and about how many bytes it takes in an answer.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) kind: Arc<Kind>,
    pub(crate) bytes: usize,
}

impl Bodies {
    pub(crate) fn new(bytes_max: usize) -> Bodies {
        Bodies {
            inner: Mutex::default(),
            bytes_max,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What is under it is whole between any two calls.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, group: u64, seq: u64) -> Option<Body> {
        let mut inner = self.lock();
        if let Some(body) = inner.young.get(&(group, seq)) {
            return Some(body.clone());
        }
        let body = inner.old.remove(&(group, seq))?;
        inner.put((group, seq), body.clone(), self.bytes_max);
        Some(body)
    }

    /// Keeps what was read. What is there already stays: it may be newer.
    pub(crate) fn keep(&self, group: u64, seq: u64, body: Body) {
        let mut inner = self.lock();
        let key = (group, seq);
        if !inner.young.contains_key(&key) && !inner.old.contains_key(&key) {
            inner.put(key, body, self.bytes_max);
        }
    }

    /// A message was taken back. Stays as that, so that whoever has just read its body does not bring it back.
    pub(crate) fn erase(&self, group: u64, seq: u64) {
        let mut inner = self.lock();
        inner.old.remove(&(group, seq));
        let erased = Body {
            kind: Arc::new(Kind::Erased),
            bytes: 0,
        };
        inner.put((group, seq), erased, self.bytes_max);
    }
}

impl Inner {
    fn put(&mut self, key: (u64, u64), body: Body, bytes_max: usize) {
        self.young_bytes += body.bytes + ENTRY_BYTES;
        self.young.insert(key, body);
        if self.young_bytes > bytes_max / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize) -> Body {
        let kind = Arc::new(Kind::Index { group: 0, seq: 0 });
        Body { kind, bytes }
    }

    #[test]
    fn what_is_not_used_goes() {
        let bodies = Bodies::new(10 * (ENTRY_BYTES + 100));
        for seq in 0..100 {
            bodies.keep(1, seq, body(100));
            assert!(bodies.get(1, 0).is_some(), "used at {seq}");
        }
        let kept = (0..100).filter(|seq| bodies.get(1, *seq).is_some()).count();
        assert!((5..=10).contains(&kept), "{kept}");
    }

    #[test]
    fn a_message_taken_back_stays_so() {
        let bodies = Bodies::new(10_000);
        bodies.keep(1, 2, body(100));
        bodies.erase(1, 2);
        bodies.keep(1, 2, body(100));
        assert_eq!(*bodies.get(1, 2).unwrap().kind, Kind::Erased);
    }
}
