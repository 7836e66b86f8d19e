//! The calls of one connection that wait for their answers.

use super::answered::Answered;
use crate::status::Status;
use std::task::Waker;
use tokio::time::Instant;

/// Slots that a connection keeps between bursts. Once it is idle, the watch over deadlines takes those too.
const KEPT_SLOTS_MAX: usize = 1024;

/// A table of calls. A request id is a slot's index and the number of the call, so that a late answer to a call that gave up is not
/// taken for the answer of the slot's next one.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    calls: u32,
    /// No call in flight has an earlier deadline, if any is in flight. See [`Slots::expire`].
    pub(super) armed: Option<Instant>,
}

#[derive(Debug)]
struct Slot {
    call: u32,
    state: SlotState,
    deadline: Instant,
}

#[derive(Debug)]
enum SlotState {
    Free,
    Waiting(Waker),
    Done(Result<Answered, Status>, Instant),
}

/// What a call finds when it looks.
pub(super) enum Look {
    Waiting,
    /// With the time when the answer came, or when it was clear that none would.
    Done(Result<Answered, Status>, Option<Instant>),
}

impl Slots {
    /// Calls in flight.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Enters a call; returns its request id, and whether its deadline is earlier than anybody watches for.
    pub(super) fn insert(&mut self, waker: Waker, deadline: Instant) -> (u64, bool) {
        self.calls = self.calls.wrapping_add(1);
        let slot = Slot {
            call: self.calls,
            state: SlotState::Waiting(waker),
            deadline,
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index as usize
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        let earlier = self.armed.is_none_or(|armed| deadline < armed);
        if earlier {
            self.armed = Some(deadline);
        }
        (request_id(self.calls, index), earlier)
    }

    fn slot(&mut self, request_id: u64) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(request_id as u32 as usize)?;
        (slot.call == (request_id >> 32) as u32).then_some(slot)
    }

    /// Brings an answer that came at `now`; the waker is of the call to wake. `None` when nobody waits for it any more.
    pub(super) fn complete(
        &mut self,
        request_id: u64,
        result: Result<Answered, Status>,
        now: Instant,
    ) -> Option<Waker> {
        let slot = self.slot(request_id)?;
        if !matches!(slot.state, SlotState::Waiting(_)) {
            return None;
        }
        match std::mem::replace(&mut slot.state, SlotState::Done(result, now)) {
            SlotState::Waiting(waker) => Some(waker),
            _ => None,
        }
    }

    /// How a call failed whose answer is there and was not taken yet.
    pub(super) fn failure(&mut self, request_id: u64) -> Option<Status> {
        match &self.slot(request_id)?.state {
            SlotState::Done(Err(status), _) => Some(status.clone()),
            _ => None,
        }
    }

    /// Takes the answer if it is there, else leaves the waker.
    pub(super) fn look(&mut self, request_id: u64, waker: &Waker) -> Look {
        let Some(slot) = self.slot(request_id) else {
            return Look::Done(Err(Status::internal("call is not in the table")), None);
        };
        match std::mem::replace(&mut slot.state, SlotState::Free) {
            SlotState::Waiting(mut w) => {
                w.clone_from(waker);
                slot.state = SlotState::Waiting(w);
                Look::Waiting
            }
            SlotState::Done(result, at) => {
                self.release(request_id as u32);
                Look::Done(result, Some(at))
            }
            SlotState::Free => Look::Done(Err(Status::internal("call was finished before")), None),
        }
    }

    /// Removes a call that its caller dropped; true if the callee may still be working on it.
    pub(super) fn abandon(&mut self, request_id: u64) -> bool {
        let Some(slot) = self.slot(request_id) else {
            return false;
        };
        match std::mem::replace(&mut slot.state, SlotState::Free) {
            SlotState::Free => false,
            before => {
                self.release(request_id as u32);
                matches!(before, SlotState::Waiting(_))
            }
        }
    }

    fn release(&mut self, index: u32) {
        self.free.push(index);
        if self.len() == 0 && self.slots.len() > KEPT_SLOTS_MAX {
            self.slots = Vec::new();
            self.free = Vec::new();
        }
    }

    /// Ends all calls whose deadline has passed by `now`; returns their ids, for cancels, and pushes their wakers.
    ///
    /// Called when `armed` comes. Most calls are answered long before their deadline, so usually it finds no late call and only
    /// learns when to look next: one look each timeout, whatever the number of calls, and no timer a call.
    pub(super) fn expire(&mut self, now: Instant, wakers: &mut Vec<Waker>) -> Vec<u64> {
        let mut late = Vec::new();
        let mut next: Option<Instant> = None;
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if !matches!(slot.state, SlotState::Waiting(_)) {
                continue;
            }
            if slot.deadline > now {
                next = Some(next.map_or(slot.deadline, |n| n.min(slot.deadline)));
                continue;
            }
            late.push(request_id(slot.call, index));
            let status = Status::deadline_exceeded("no answer in time");
            if let SlotState::Waiting(waker) =
                std::mem::replace(&mut slot.state, SlotState::Done(Err(status), now))
            {
                wakers.push(waker);
            }
        }
        self.armed = next;
        if self.len() == 0 {
            // The watch outlasts the calls it was set for, so an idle connection comes by here once, and keeps no table of its
            // busiest moment.
            self.slots = Vec::new();
            self.free = Vec::new();
        }
        late
    }

    /// Ends all calls, because the connection did.
    pub(super) fn fail_all(&mut self, status: &Status) -> Vec<Waker> {
        let mut wakers = Vec::new();
        let now = Instant::now();
        for slot in &mut self.slots {
            if let SlotState::Waiting(_) = slot.state
                && let SlotState::Waiting(waker) =
                    std::mem::replace(&mut slot.state, SlotState::Done(Err(status.clone()), now))
            {
                wakers.push(waker);
            }
        }
        wakers
    }
}

fn request_id(call: u32, index: usize) -> u64 {
    (call as u64) << 32 | index as u64
}
