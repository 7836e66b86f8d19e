//! The queue's rules: no IO, no async, and the time is told.
//!
//! A change goes in two steps. It is *decided* ([`enqueue`](State::enqueue), [`finish`](State::finish), [`fail`](State::fail), …): that
//! takes room, dedupe ids and leases, so that what is decided next counts with it, and yields [`Change`]s. When these are durable they
//! are *applied* ([`State::apply`]): only then can a new task be taken, and only then does the next of a key follow. A change that was
//! decided is applied sooner or later, or the state is thrown away and read again.
//!
//! Leases are in memory only.

mod applying;
mod deciding;
mod restoring;
mod taking;
mod timers;

#[cfg(test)]
mod model_test;

pub(crate) use deciding::Failure;
pub(crate) use restoring::Found;
pub(crate) use taking::{Given, Wish};

use crate::agenda::Agenda;
use crate::changes::Change;
use crate::config::Config;
use crate::dedupe::Dedupe;
use crate::entry::{Entry, Stage};
use crate::lanes::Lanes;
use crate::rows::Retry;
use crate::turns::Turns;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use svrkit_rt::Status;

/// Bits of a number that count within one life of the queue; the others are the life. So tasks and leases of a later life have greater
/// numbers, and nothing needs to be written when one is given.
const LIFE_BITS: u32 = 40;

/// Bytes of an error that are kept.
const ERROR_BYTES_MAX: usize = 512;

/// The tasks of one queue.
#[derive(Debug)]
pub(crate) struct State {
    config: Arc<Config>,
    last_id: u64,
    last_lease: u64,
    /// Tasks that are not over.
    entries: HashMap<u64, Entry>,
    /// Tasks that were given up.
    dead: BTreeMap<u64, Entry>,
    lanes: Lanes,
    turns: Turns,
    agenda: Agenda,
    dedupe: Dedupe,
    /// When ended tasks are forgotten next, at the earliest.
    forget_ms: u64,
    depth: Depth,
    /// Bytes of rows in memory.
    cached_bytes: usize,
    counts: Counts,
}

/// How much there is, with what is decided to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Depth {
    pub(crate) tasks: usize,
    pub(crate) bytes: usize,
}

impl Depth {
    /// With one more task of so many bytes.
    fn with(self, bytes: usize) -> Depth {
        Depth {
            tasks: self.tasks + 1,
            bytes: self.bytes + bytes,
        }
    }
}

/// What happened since the state was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) enqueued: u64,
    pub(crate) finished: u64,
    pub(crate) retried: u64,
}

/// How a queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) waiting: usize,
    pub(crate) delayed: usize,
    pub(crate) leased: usize,
    pub(crate) dead: usize,
    /// Age of the oldest task that is due, leased or not.
    pub(crate) oldest_ms: u64,
    pub(crate) depth: Depth,
    pub(crate) counts: Counts,
}

/// The queue has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl From<Full> for Status {
    fn from(_: Full) -> Status {
        Status::resource_exhausted("the queue is full").with_reason("im.queue", "FULL")
    }
}

impl State {
    /// An empty queue, in a life of this number.
    pub(crate) fn new(config: Arc<Config>, life: u64) -> State {
        State {
            last_id: life << LIFE_BITS,
            last_lease: life << LIFE_BITS,
            entries: HashMap::new(),
            dead: BTreeMap::new(),
            lanes: Lanes::default(),
            turns: Turns::default(),
            agenda: Agenda::default(),
            dedupe: Dedupe::new(config.remember_ms, config.remembered_max),
            forget_ms: 0,
            depth: Depth::default(),
            cached_bytes: 0,
            counts: Counts::default(),
            config,
        }
    }

    /// How it does.
    pub(crate) fn figures(&self, now_ms: u64) -> Figures {
        let (due, delayed, leased) = self.agenda.counts();
        let oldest = self.agenda.oldest_ms();
        Figures {
            waiting: due.saturating_sub(leased),
            delayed,
            leased,
            dead: self.dead.len(),
            oldest_ms: oldest.map_or(0, |ms| now_ms.saturating_sub(ms)),
            depth: self.depth,
            counts: self.counts,
        }
    }

    /// Ids of dead tasks after one.
    pub(crate) fn dead_after(&self, after: u64) -> impl Iterator<Item = u64> + '_ {
        let from = after.saturating_add(1);
        self.dead.range(from..).map(|(id, _)| *id)
    }

    /// Whether there is room for more when something else ends.
    fn has_room(&self, more: Depth, ending: Depth) -> bool {
        self.depth.tasks + more.tasks <= self.config.tasks_max + ending.tasks
            && self.depth.bytes + more.bytes <= self.config.bytes_max + ending.bytes
    }

    /// The task may be taken when it waits and is the first of its key.
    fn offer(&mut self, id: u64, now_ms: u64, again: bool) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if entry.turn.is_none() && entry.may_begin(now_ms) {
            let class = entry.class();
            entry.turn = Some(match again {
                true => self.turns.push_front(class, id),
                false => self.turns.push_back(class, id),
            });
        }
    }

    /// As [`State::offer`], of whoever is the first of this task's key now.
    fn offer_next(&mut self, id: u64, key: &bytes::Bytes, now_ms: u64, again: bool) {
        let next = if key.is_empty() {
            Some(id)
        } else {
            self.lanes.head(key)
        };
        if let Some(next) = next {
            self.offer(next, now_ms, again);
        }
    }

    /// The task cannot be taken for now.
    fn withdraw(&mut self, id: u64) {
        let entry = self.entries.get_mut(&id);
        if let Some(turn) = entry.and_then(|entry| entry.turn.take()) {
            self.turns.remove(turn);
        }
    }

    /// Ends leases of those behind a task that were given together with it.
    fn end_run_behind(&mut self, id: u64) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let key = entry.key.clone();
        let behind = self.lanes.run(&key).to_vec();
        for other in behind.into_iter().filter(|other| *other > id) {
            let Some(entry) = self.entries.get_mut(&other) else {
                continue;
            };
            if let Stage::Leased { until_ms, .. } = entry.stage {
                entry.stage = Stage::Waiting;
                self.agenda.end_lease(other, until_ms);
                self.lanes.leave(&key, other);
            }
        }
    }

    /// What a failure makes of a task: the next delay of the ladder, or its death.
    fn failure(&self, id: u64, error: &str, dead: bool, now_ms: u64) -> Option<Change> {
        let entry = self.entries.get(&id)?;
        let delay_ms = self.config.retry_delays_ms.get(entry.attempt as usize);
        let delay_ms = delay_ms.filter(|_| !dead).copied();
        let retry = Retry {
            attempt: entry.attempt.saturating_add(1),
            due_ms: now_ms + delay_ms.unwrap_or(0),
            error: error[..error.floor_char_boundary(ERROR_BYTES_MAX)].to_owned(),
            died_ms: if delay_ms.is_none() { now_ms } else { 0 },
        };
        let dedupe_id = entry.dedupe_id.clone();
        Some(Change::Retry {
            id,
            retry,
            dedupe_id,
        })
    }
}
