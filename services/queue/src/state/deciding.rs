//! What callers ask for, decided.

use super::{Depth, Full, State};
use crate::changes::{Change, Ending};
use crate::entry::{self, Entry, Stage};
use crate::rows::{Stored, encode};
use bytes::Bytes;
use im_idl::queue::{LeaseId, Task};
use std::collections::{BTreeMap, HashSet};

/// How a worker failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The next delay of the ladder; dead after the last.
    Counted,
    /// No use trying again.
    Final,
    /// It was not the task's failure: after a while, without being counted.
    Transient,
}

impl State {
    /// New tasks, all or none. An id for each; 0 for a duplicate.
    pub(crate) fn enqueue(
        &mut self,
        tasks: &[Task],
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<u64>, Full> {
        self.enqueue_instead_of(Depth::default(), tasks, now_ms, changes)
    }

    /// As [`State::enqueue`], with the room of what is about to end. Else a full queue could never be worked off.
    fn enqueue_instead_of(
        &mut self,
        ending: Depth,
        tasks: &[Task],
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<u64>, Full> {
        let fresh = self.fresh(tasks, now_ms);
        let new = tasks.iter().zip(&fresh).filter(|(_, fresh)| **fresh);
        let new = new.fold(Depth::default(), |depth, (task, _)| {
            depth.with(bytes_of(task))
        });
        if new.tasks > 0 && !self.has_room(new, ending) {
            return Err(Full);
        }
        let add = |(task, fresh): (&Task, bool)| match fresh {
            true => self.add(task, now_ms, changes),
            false => 0,
        };
        Ok(tasks.iter().zip(fresh).map(add).collect())
    }

    /// Ends tasks; answers those whose lease is lost. With follow-ups it is all or nothing.
    pub(crate) fn finish(
        &mut self,
        leases: &[LeaseId],
        follow_ups: &[Task],
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<u64>, Full> {
        let leases: BTreeMap<u64, &LeaseId> = leases.iter().map(|l| (l.id, l)).collect();
        let held = leases.values().filter_map(|lease| self.held(lease));
        let held = held.fold(Depth::default(), |depth, entry| depth.with(entry.bytes));
        if !follow_ups.is_empty() && held.tasks == leases.len() {
            self.enqueue_instead_of(held, follow_ups, now_ms, changes)?;
        }
        let mut lost = Vec::new();
        for lease in leases.values() {
            match self.held(lease) {
                None => lost.push(lease.id),
                Some(_) if !follow_ups.is_empty() && held.tasks < leases.len() => {}
                Some(entry) => {
                    changes.push(entry.end(lease.id, Ending::Finished, now_ms));
                    self.settle(lease.id);
                }
            }
        }
        Ok(lost)
    }

    /// Gives tasks back. Of a run of one key only the first has failed: those behind it were not begun.
    pub(crate) fn fail(
        &mut self,
        leases: &[LeaseId],
        error: &str,
        failure: Failure,
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) {
        let mut leases = leases.to_vec();
        leases.sort_by_key(|lease| lease.id);
        for lease in leases {
            if self.held(&lease).is_none() {
                continue;
            }
            if failure != Failure::Final {
                self.end_run_behind(lease.id);
            }
            match failure {
                Failure::Transient => self.postpone(lease.id, now_ms),
                _ => self.charge(lease.id, error, failure == Failure::Final, now_ms, changes),
            }
        }
    }

    /// Keeps a lease, and those of its run; notes progress. False: the lease is lost.
    pub(crate) fn extend(
        &mut self,
        lease: &LeaseId,
        lease_ms: u64,
        progress: Option<Bytes>,
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) -> bool {
        let Some(entry) = self.held(lease) else {
            return false;
        };
        let run = match entry.key.is_empty() {
            true => vec![lease.id],
            false => self.lanes.run(&entry.key).to_vec(),
        };
        for id in run {
            self.prolong(id, now_ms + lease_ms);
        }
        if let (Some(progress), Some(entry)) = (progress, self.entries.get_mut(&lease.id)) {
            entry.parts.progress = true;
            let id = lease.id;
            changes.push(Change::Progress { id, progress });
        }
        true
    }

    /// Dead tasks wait again, all of them unless `ids` says which; as many as there is room for, or [`Full`] when there is for none.
    pub(crate) fn replay(
        &mut self,
        ids: &[u64],
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) -> Result<u64, Full> {
        let wanted: Vec<u64> = match ids {
            [] => self.dead.keys().copied().collect(),
            ids => ids.to_vec(),
        };
        let mut replayed = 0;
        for id in wanted {
            let Some(entry) = self.dead.get(&id).filter(|e| e.stage == Stage::Waiting) else {
                continue;
            };
            let one = Depth::default().with(entry.bytes);
            if !self.has_room(one, Depth::default()) {
                return if replayed > 0 {
                    Ok(replayed)
                } else {
                    Err(Full)
                };
            }
            self.depth = self.depth.with(entry.bytes);
            if let Some(entry) = self.dead.get_mut(&id) {
                entry.stage = Stage::Settling;
                entry.dedupe_id.iter().for_each(|id| self.dedupe.enter(id));
            }
            let due_ms = now_ms;
            changes.push(Change::Replay { id, due_ms });
            replayed += 1;
        }
        Ok(replayed)
    }

    /// A failure that counts.
    pub(super) fn charge(
        &mut self,
        id: u64,
        error: &str,
        dead: bool,
        now_ms: u64,
        changes: &mut Vec<Change>,
    ) {
        let change = self.failure(id, error, dead, now_ms);
        self.settle(id);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.parts.retry = true;
        }
        changes.extend(change);
    }

    /// Whether each is no duplicate.
    fn fresh(&self, tasks: &[Task], now_ms: u64) -> Vec<bool> {
        let mut seen: HashSet<&[u8]> = HashSet::new();
        let fresh = |task: &'_ Task| {
            task.dedupe_id.is_empty() || !self.dedupe.is_known(&task.dedupe_id, now_ms)
        };
        let mut answers = Vec::with_capacity(tasks.len());
        for task in tasks {
            let first =
                task.dedupe_id.is_empty() || tasks.len() == 1 || seen.insert(&task.dedupe_id);
            answers.push(first && fresh(task));
        }
        answers
    }

    fn add(&mut self, task: &Task, now_ms: u64, changes: &mut Vec<Change>) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        let stored = Stored {
            key: task.key.clone(),
            payload: task.payload.clone(),
            dedupe_id: task.dedupe_id.clone(),
            class: task.class,
            due_ms: now_ms.saturating_add(task.delay_ms),
            expires_ms: task.expires_ms,
            enqueued_ms: now_ms,
        };
        let entry = Box::new(Entry::new(&stored));
        self.depth = self.depth.with(entry.bytes);
        entry.dedupe_id.iter().for_each(|id| self.dedupe.enter(id));
        let row = encode(&stored);
        changes.push(Change::Add { id, entry, row });
        id
    }

    fn held(&self, lease: &LeaseId) -> Option<&Entry> {
        let entry = self.entries.get(&lease.id)?;
        entry.is_leased(lease.lease).then_some(entry)
    }

    /// The task's lease is over and its change is being written.
    fn settle(&mut self, id: u64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            if let Stage::Leased { until_ms, .. } = entry.stage {
                self.agenda.end_lease(id, until_ms);
            }
            entry.stage = Stage::Settling;
        }
    }

    /// Back into the queue for a while. Nothing of it is durable: after a restart it is tried at once.
    fn postpone(&mut self, id: u64, now_ms: u64) {
        self.settle(id);
        let due_ms = now_ms + self.config.transient_delay_ms;
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        self.agenda.unschedule(id, entry.due_ms);
        self.agenda.schedule(id, due_ms, now_ms);
        entry.due_ms = due_ms;
        entry.stage = Stage::Waiting;
        self.counts.retried += 1;
        let key = entry.key.clone();
        self.lanes.leave(&key, id);
        self.offer_next(id, &key, now_ms, true);
    }

    fn prolong(&mut self, id: u64, until_ms: u64) {
        let entry = self.entries.get_mut(&id);
        if let Some(Stage::Leased {
            until_ms: until, ..
        }) = entry.map(|entry| &mut entry.stage)
        {
            self.agenda.end_lease(id, *until);
            self.agenda.lease(id, until_ms);
            *until = until_ms;
        }
    }
}

fn bytes_of(task: &Task) -> usize {
    entry::bytes(&task.key, &task.payload, &task.dedupe_id)
}
