//! What is kept in memory of many users or groups, and written to the engine later.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that may hold what is not written yet.
pub(crate) trait Lazy {
    /// Whether something of it is not written yet.
    fn is_dirty(&self) -> bool;
}

/// Values by number, at most `max`. One that is not dirty may be forgotten at any time: it can be loaded again.
pub(crate) struct Resident<V> {
    /// A lock, and never over an await: each use is a look and a few words changed.
    inner: Mutex<Inner<V>>,
    max: usize,
}

struct Inner<V> {
    slots: HashMap<u64, Slot<V>>,
    /// Those that have become dirty since they were taken last.
    dirty: Vec<u64>,
    /// Counts what was forgotten, so that a loader can tell whether what it loaded may be older than what was forgotten since.
    forgotten: u64,
}

struct Slot<V> {
    value: V,
    /// Used since the last time that room was made.
    used: bool,
}

/// From before a value is loaded: whether it may still be put in.
#[derive(Clone, Copy)]
pub(crate) struct Ticket(u64);

/// Everything in memory is dirty.
#[derive(Debug)]
pub(crate) struct Full;

impl<V: Lazy> Resident<V> {
    pub(crate) fn new(max: usize) -> Resident<V> {
        let inner = Inner {
            slots: HashMap::new(),
            dirty: Vec::new(),
            forgotten: 0,
        };
        Resident {
            inner: Mutex::new(inner),
            max: max.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        // What is under it is whole between any two calls.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a value, or changes it. `None` when it is not in memory.
    pub(crate) fn with<T>(&self, number: u64, f: impl FnOnce(&mut V) -> T) -> Option<T> {
        let mut inner = self.lock();
        let slot = inner.slots.get_mut(&number)?;
        slot.used = true;
        let was_dirty = slot.value.is_dirty();
        let result = f(&mut slot.value);
        if !was_dirty && slot.value.is_dirty() {
            inner.dirty.push(number);
        }
        Some(result)
    }

    /// To be taken before loading.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(self.lock().forgotten)
    }

    /// Puts in what was loaded, unless there is one already, or may have been one meanwhile.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn put(&self, ticket: Ticket, number: u64, value: V) -> Result<(), Full> {
        let mut inner = self.lock();
        if inner.forgotten != ticket.0 || inner.slots.contains_key(&number) {
            return Ok(());
        }
        if inner.slots.len() >= self.max {
            inner.make_room();
            if inner.slots.len() >= self.max {
                return Err(Full);
            }
        }
        let used = true;
        inner.slots.insert(number, Slot { value, used });
        Ok(())
    }

    /// Forgets a value, dirty or not.
    pub(crate) fn remove(&self, number: u64) {
        let mut inner = self.lock();
        if inner.slots.remove(&number).is_some() {
            inner.forgotten += 1;
        }
    }

    /// Those that are dirty. Each must be told of by [`settle`](Resident::settle) afterwards.
    pub(crate) fn take_dirty(&self) -> Vec<u64> {
        std::mem::take(&mut self.lock().dirty)
    }

    /// Changes a value to what is written of it now. It comes again when that is not all.
    pub(crate) fn settle(&self, number: u64, f: impl FnOnce(&mut V)) {
        let mut inner = self.lock();
        let Some(slot) = inner.slots.get_mut(&number) else {
            return;
        };
        f(&mut slot.value);
        if slot.value.is_dirty() {
            inner.dirty.push(number);
        }
    }
}

impl<V: Lazy> Inner<V> {
    /// Forgets what was not used since the last time; when all was, what was not used since this moment.
    fn make_room(&mut self) {
        let before = self.slots.len();
        for _ in 0..2 {
            self.slots
                .retain(|_, slot| slot.value.is_dirty() || std::mem::take(&mut slot.used));
            let gone = before - self.slots.len();
            self.forgotten += gone as u64;
            if gone > 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Value(bool);

    impl Lazy for Value {
        fn is_dirty(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn what_is_dirty_stays_and_what_was_used_goes_last() {
        let resident = Resident::new(3);
        for number in 1..=3 {
            resident
                .put(resident.ticket(), number, Value(false))
                .unwrap();
        }
        resident.with(1, |value| value.0 = true).unwrap();
        // All were used: two go, the dirty one stays.
        resident
            .put(resident.ticket(), 4, Value(false))
            .unwrap_or(());
        assert!(resident.with(1, |_| ()).is_some());
        assert!(resident.with(2, |_| ()).is_none());
        assert_eq!(resident.take_dirty(), [1]);
        assert_eq!(resident.take_dirty(), [0; 0]);
        resident.settle(1, |_| ());
        assert_eq!(resident.take_dirty(), [1], "it was not all written");
    }

    #[test]
    fn what_was_loaded_before_something_was_forgotten_is_loaded_again() {
        let resident = Resident::new(3);
        let ticket = resident.ticket();
        resident.put(ticket, 1, Value(true)).unwrap();
        resident.remove(1);
        resident.put(ticket, 1, Value(false)).unwrap();
        assert!(resident.with(1, |_| ()).is_none());
    }

    #[test]
    fn dirty_ones_are_never_forgotten() {
        let resident = Resident::new(2);
        resident.put(resident.ticket(), 1, Value(true)).unwrap();
        resident.put(resident.ticket(), 2, Value(true)).unwrap();
        resident.put(resident.ticket(), 3, Value(true)).unwrap_err();
    }
}
