//! What happens by itself.

use super::State;
use crate::changes::{Change, Ending};
use crate::entry::Stage;

/// Tasks looked at in one go, so that a million that come due at once do not hold up callers.
const ADVANCE_TASKS_MAX: usize = 1_000;
/// Milliseconds between two times that ended tasks are forgotten: one delete for a minute's.
const FORGET_INTERVAL_MS: u64 = 60_000;

impl State {
    /// Brings tasks to this time: delays pass, leases run out, what was not begun in time ends, and what ended is forgotten.
    pub(crate) fn advance(&mut self, now_ms: u64, changes: &mut Vec<Change>) {
        for _ in 0..ADVANCE_TASKS_MAX {
            let Some(id) = self.agenda.pop_due(now_ms) else {
                break;
            };
            let key = self.entries.get(&id).map(|entry| entry.key.clone());
            if let Some(key) = key {
                self.offer_next(id, &key, now_ms, false);
            }
        }
        for _ in 0..ADVANCE_TASKS_MAX {
            let Some(id) = self.agenda.pop_lease(now_ms) else {
                break;
            };
            self.lose(id, now_ms, changes);
        }
        for _ in 0..ADVANCE_TASKS_MAX {
            let Some(id) = self.agenda.pop_expired(now_ms) else {
                break;
            };
            changes.extend(self.expire(id, now_ms));
        }
        self.clean_up(now_ms, changes);
    }

    /// When [`State::advance`] has something to do next.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        let forget_ms = self.dedupe.next_ms().map(|ms| ms.max(self.forget_ms));
        let times = [self.agenda.next_ms(), forget_ms];
        times.into_iter().flatten().min()
    }

    fn lose(&mut self, id: u64, now_ms: u64, changes: &mut Vec<Change>) {
        self.end_run_behind(id);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.lost += 1;
        if entry.lost < self.config.lost_leases_max {
            return self.give_back(id, now_ms);
        }
        let error = format!("its lease ran out {} times", entry.lost);
        self.charge(id, &error, false, now_ms, changes);
    }

    fn expire(&mut self, id: u64, now_ms: u64) -> Option<Change> {
        let entry = self.entries.get_mut(&id)?;
        if entry.begun || entry.stage != Stage::Waiting {
            return None;
        }
        entry.stage = Stage::Settling;
        let change = entry.end(id, Ending::Expired, now_ms);
        self.withdraw(id);
        Some(change)
    }

    fn clean_up(&mut self, now_ms: u64, changes: &mut Vec<Change>) {
        if self.dedupe.next_ms().is_some_and(|ms| ms <= now_ms) && self.forget_ms <= now_ms {
            let before_ms = self.dedupe.forget(now_ms);
            changes.push(Change::Forget { before_ms });
            self.forget_ms = now_ms + FORGET_INTERVAL_MS;
        }
        // Bound by bound: those whose change is being written are counted, and not chosen twice.
        let too_many = self.dead.len().saturating_sub(self.config.dead_tasks_max);
        for (id, entry) in self.dead.iter_mut().take(too_many) {
            if entry.stage == Stage::Waiting {
                entry.stage = Stage::Settling;
                let (id, parts) = (*id, entry.parts);
                changes.push(Change::Discard { id, parts });
            }
        }
    }
}
