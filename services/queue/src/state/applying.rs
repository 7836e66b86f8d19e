//! What is durable now.

use super::State;
use crate::changes::{Change, Ending};
use crate::entry::{Entry, Stage};
use crate::rows::Retry;
use bytes::Bytes;

impl State {
    /// Applies changes that were decided, in their order.
    pub(crate) fn apply(&mut self, changes: Vec<Change>, now_ms: u64) {
        for change in changes {
            match change {
                Change::Add { id, entry, row } => self.added(id, *entry, row, now_ms),
                Change::End { id, ending, .. } => self.ended(id, ending, &change, now_ms),
                Change::Retry { id, ref retry, .. } => self.failed(id, retry, &change, now_ms),
                Change::Replay { id, due_ms } => self.replayed(id, due_ms, now_ms),
                Change::Discard { id, .. } => drop(self.dead.remove(&id)),
                // Both were taken into account when they were decided.
                Change::Progress { .. } | Change::Forget { .. } => {}
            }
        }
    }

    fn added(&mut self, id: u64, mut entry: Entry, row: Bytes, now_ms: u64) {
        self.counts.enqueued += 1;
        self.cache(&mut entry, row);
        self.admit(id, entry, now_ms);
    }

    fn ended(&mut self, id: u64, ending: Ending, change: &Change, now_ms: u64) {
        let Some(entry) = self.remove(id) else {
            return;
        };
        if ending == Ending::Finished {
            self.counts.finished += 1;
        }
        self.left_behind(&entry, change, now_ms);
    }

    fn failed(&mut self, id: u64, retry: &Retry, change: &Change, now_ms: u64) {
        if retry.died_ms > 0 {
            if let Some(mut entry) = self.remove(id) {
                entry.failed(retry);
                entry.stage = Stage::Waiting;
                self.left_behind(&entry, change, now_ms);
                self.dead.insert(id, entry);
            }
            return;
        }
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        self.counts.retried += 1;
        self.agenda.unschedule(id, entry.due_ms);
        entry.failed(retry);
        entry.stage = Stage::Waiting;
        self.agenda.schedule(id, entry.due_ms, now_ms);
        let key = entry.key.clone();
        self.lanes.leave(&key, id);
        self.offer_next(id, &key, now_ms, false);
    }

    fn replayed(&mut self, id: u64, due_ms: u64, now_ms: u64) {
        if let Some(mut entry) = self.dead.remove(&id) {
            entry.attempt = 0;
            entry.due_ms = due_ms;
            self.admit(id, entry, now_ms);
        }
    }

    /// A task waits from now on.
    pub(super) fn admit(&mut self, id: u64, mut entry: Entry, now_ms: u64) {
        entry.stage = Stage::Waiting;
        self.agenda.schedule(id, entry.due_ms, now_ms);
        if entry.expires_ms > 0 && !entry.begun {
            self.agenda.expire(id, entry.expires_ms);
        }
        if !entry.key.is_empty() {
            // One that was dead may come before the first.
            if let Some(head) = self.lanes.head(&entry.key).filter(|head| *head > id) {
                self.withdraw(head);
            }
            entry.key = self.lanes.insert(entry.key, id);
        }
        let key = entry.key.clone();
        self.entries.insert(id, entry);
        self.offer_next(id, &key, now_ms, false);
    }

    /// Keeps a row in memory if there is room.
    pub(super) fn cache(&mut self, entry: &mut Entry, row: Bytes) {
        if self.cached_bytes + row.len() <= self.config.cache_bytes_max {
            self.cached_bytes += row.len();
            entry.row = Some(row);
        }
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let mut entry = self.entries.remove(&id)?;
        self.cached_bytes -= entry.row.take().map_or(0, |row| row.len());
        self.depth.tasks -= 1;
        self.depth.bytes -= entry.bytes;
        self.agenda.unschedule(id, entry.due_ms);
        self.agenda.end_expiry(id, entry.expires_ms);
        self.lanes.remove(&entry.key, id);
        Some(entry)
    }

    /// The next of its key may go, and its dedupe id is remembered.
    fn left_behind(&mut self, entry: &Entry, change: &Change, now_ms: u64) {
        if let Some((_, ended_ms, dedupe_id)) = change.ended() {
            self.dedupe.leave(dedupe_id, ended_ms);
        }
        if let Some(next) = self.lanes.head(&entry.key) {
            self.offer(next, now_ms, false);
        }
    }
}
