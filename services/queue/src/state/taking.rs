//! Tasks to workers, and back undone.

use super::State;
use crate::entry::Stage;
use bytes::Bytes;
use im_idl::queue::LeaseId;

/// What a worker asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) tasks_max: usize,
    pub(crate) keys_max: usize,
    pub(crate) lease_ms: u64,
}

/// A task as it is given.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) id: u64,
    pub(crate) lease: u64,
    pub(crate) attempt: u32,
    /// Its row; `None`: it is to be read.
    pub(crate) row: Option<Bytes>,
    /// There is a row of progress.
    pub(crate) progress: bool,
}

impl Given {
    /// What its worker names it by.
    pub(crate) fn lease_id(&self) -> LeaseId {
        LeaseId {
            id: self.id,
            lease: self.lease,
        }
    }
}

impl State {
    /// Whether there may be something to take.
    pub(crate) fn has_offers(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Leases tasks to a worker. [`advance`](State::advance) has been called for this time.
    pub(crate) fn take(&mut self, wish: Wish, now_ms: u64) -> Vec<Given> {
        let mut given = Vec::new();
        let mut bytes = 0;
        for _ in 0..wish.keys_max {
            if given.len() >= wish.tasks_max || bytes >= self.config.take_bytes_max {
                break;
            }
            let Some(id) = self.turns.next() else { break };
            let run_max = wish.tasks_max - given.len();
            for id in self.run(id, run_max.min(self.config.run_tasks_max.max(1)), now_ms) {
                let Some(entry) = self.entries.get(&id) else {
                    break;
                };
                bytes += entry.bytes;
                // The one whose turn it is has left its row and must go.
                if bytes > self.config.take_bytes_max && !given.is_empty() && entry.turn.is_none() {
                    break;
                }
                given.extend(self.lease(id, now_ms + wish.lease_ms));
            }
        }
        given
    }

    /// Leases that nobody got: as if they had not been given.
    pub(crate) fn release(&mut self, leases: &[LeaseId], now_ms: u64) {
        // From behind, so that of tasks without a key the first is the first again.
        for lease in leases.iter().rev() {
            let entry = self.entries.get(&lease.id);
            if entry.is_some_and(|entry| entry.is_leased(lease.lease)) {
                self.give_back(lease.id, now_ms);
            }
        }
    }

    /// A leased task waits again, before all others.
    pub(super) fn give_back(&mut self, id: u64, now_ms: u64) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if let Stage::Leased { until_ms, .. } = entry.stage {
            self.agenda.end_lease(id, until_ms);
        }
        entry.stage = Stage::Waiting;
        let key = entry.key.clone();
        self.lanes.leave(&key, id);
        self.offer_next(id, &key, now_ms, true);
    }

    /// A task and those behind it that may go to the same worker.
    fn run(&self, id: u64, max: usize, now_ms: u64) -> Vec<u64> {
        let key = self.entries.get(&id).map(|entry| &entry.key);
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return vec![id];
        };
        let mut run = self.lanes.front(key, max);
        let begin = |id: &u64| self.entries.get(id).is_some_and(|e| e.may_begin(now_ms));
        run.truncate(run.iter().take_while(|id| begin(id)).count());
        run
    }

    fn lease(&mut self, id: u64, until_ms: u64) -> Option<Given> {
        let entry = self.entries.get_mut(&id)?;
        self.last_lease += 1;
        let lease = self.last_lease;
        entry.stage = Stage::Leased { lease, until_ms };
        entry.turn = None;
        if !entry.begun {
            entry.begun = true;
            self.agenda.end_expiry(id, entry.expires_ms);
        }
        self.agenda.lease(id, until_ms);
        self.lanes.enter(&entry.key, id);
        Some(Given {
            id,
            lease,
            attempt: entry.attempt,
            row: entry.row.clone(),
            progress: entry.parts.progress,
        })
    }
}
