//! When something is to happen with a task.

use std::collections::BTreeSet;

/// Times of tasks, each with the task's id.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    /// Tasks whose time has come and that are not over, by when it came: the first is the oldest.
    due: BTreeSet<(u64, u64)>,
    /// Tasks whose time is to come.
    delayed: BTreeSet<(u64, u64)>,
    /// Ends of leases.
    leases: BTreeSet<(u64, u64)>,
    /// Ends of tasks that nobody has begun.
    expiring: BTreeSet<(u64, u64)>,
}

impl Agenda {
    /// A task waits for its time.
    pub(crate) fn schedule(&mut self, id: u64, due_ms: u64, now_ms: u64) {
        let set = match due_ms <= now_ms {
            true => &mut self.due,
            false => &mut self.delayed,
        };
        set.insert((due_ms, id));
    }

    /// It does not wait any more, nor is its time past.
    pub(crate) fn unschedule(&mut self, id: u64, due_ms: u64) {
        if !self.due.remove(&(due_ms, id)) {
            self.delayed.remove(&(due_ms, id));
        }
    }

    /// The next task whose time has come.
    pub(crate) fn pop_due(&mut self, now_ms: u64) -> Option<u64> {
        let first = pop(&mut self.delayed, now_ms)?;
        self.due.insert(first);
        Some(first.1)
    }

    /// A lease begins.
    pub(crate) fn lease(&mut self, id: u64, until_ms: u64) {
        self.leases.insert((until_ms, id));
    }

    /// A lease is over.
    pub(crate) fn end_lease(&mut self, id: u64, until_ms: u64) {
        self.leases.remove(&(until_ms, id));
    }

    /// The next lease that has run out.
    pub(crate) fn pop_lease(&mut self, now_ms: u64) -> Option<u64> {
        pop(&mut self.leases, now_ms).map(|(_, id)| id)
    }

    /// A task is to be begun before this time.
    pub(crate) fn expire(&mut self, id: u64, expires_ms: u64) {
        self.expiring.insert((expires_ms, id));
    }

    /// It was begun, or is over.
    pub(crate) fn end_expiry(&mut self, id: u64, expires_ms: u64) {
        self.expiring.remove(&(expires_ms, id));
    }

    /// The next task that was not begun in time.
    pub(crate) fn pop_expired(&mut self, now_ms: u64) -> Option<u64> {
        pop(&mut self.expiring, now_ms).map(|(_, id)| id)
    }

    /// When the next of all this happens.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        let sets = [&self.delayed, &self.leases, &self.expiring];
        let firsts = sets.into_iter().filter_map(BTreeSet::first);
        firsts.map(|(ms, _)| *ms).min()
    }

    /// Since when the oldest task is due.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        self.due.first().map(|(ms, _)| *ms)
    }

    /// Tasks whose time has come, leased ones too; tasks whose time is to come; leases.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.due.len(), self.delayed.len(), self.leases.len())
    }
}

fn pop(set: &mut BTreeSet<(u64, u64)>, now_ms: u64) -> Option<(u64, u64)> {
    let first = set.first().copied()?;
    let come = first.0 <= now_ms;
    come.then(|| set.pop_first()).flatten()
}
