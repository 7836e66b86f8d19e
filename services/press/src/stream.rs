//! Messages of one sender to one chat.

use crate::ledger::StreamLedger;
use crate::plan::{StreamPlan, Target};
use std::cell::{Cell, RefCell};
use tokio::time::Instant;

/// A stream while it runs. At most one of its messages is unanswered, so the server must keep their order.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) sender: usize,
    pub(crate) target: Target,
    /// The chat as the sender names it: a user or a group.
    pub(crate) to: u64,
    pub(crate) ledger: RefCell<StreamLedger>,
    messages_max: Option<u32>,
    waits_for_delivery: bool,
    /// The last message that was sent, however often.
    last: Cell<u32>,
    is_unanswered: Cell<bool>,
    attempts: Cell<u32>,
    first_sent: Cell<Instant>,
    /// Up to this message its witness has got them.
    delivered: Cell<u32>,
}

impl Stream {
    pub(crate) fn new(plan: &StreamPlan, to: u64, receivers: usize) -> Stream {
        Stream {
            sender: plan.sender,
            target: plan.to,
            to,
            ledger: RefCell::new(StreamLedger::new(receivers)),
            messages_max: plan.messages_max,
            waits_for_delivery: plan.waits_for_delivery,
            last: Cell::new(0),
            is_unanswered: Cell::new(false),
            attempts: Cell::new(0),
            first_sent: Cell::new(Instant::now()),
            delivered: Cell::new(0),
        }
    }

    /// Whether a message is neither acknowledged nor refused.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.is_unanswered.get()
    }

    /// Whether the next message may go.
    pub(crate) fn may_go_on(&self) -> bool {
        !self.is_unanswered.get()
            && !self.is_finished()
            && (!self.waits_for_delivery || self.delivered.get() >= self.last.get())
    }

    /// Whether all that was to be sent is answered.
    pub(crate) fn is_finished(&self) -> bool {
        !self.is_unanswered.get() && self.messages_max.is_some_and(|max| self.last.get() >= max)
    }

    /// The message to send: the unanswered one again, or the next. Its number, and whether it is sent again.
    pub(crate) fn begin(&self, now: Instant) -> (u32, bool) {
        let again = self.is_unanswered.replace(true);
        if !again {
            self.last.set(self.last.get() + 1);
            self.attempts.set(0);
            self.first_sent.set(now);
        }
        self.attempts.set(self.attempts.get() + 1);
        (self.last.get(), again)
    }

    /// When the unanswered message was first sent.
    pub(crate) fn first_sent(&self) -> Instant {
        self.first_sent.get()
    }

    /// How often the unanswered message was sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    /// The unanswered message is acknowledged.
    pub(crate) fn acknowledged(&self) {
        self.is_unanswered.set(false);
        self.ledger.borrow_mut().acknowledged(self.last.get());
    }

    /// The unanswered message is refused for good; nobody will get it.
    pub(crate) fn refused(&self) {
        self.is_unanswered.set(false);
        self.ledger.borrow_mut().refused(self.last.get());
        self.witnessed(self.last.get());
    }

    /// The witness has got a message.
    pub(crate) fn witnessed(&self, number: u32) {
        self.delivered.set(self.delivered.get().max(number));
    }
}

/// The id of a stream's message: unique among its sender's, and telling where it belongs.
pub(crate) fn message_id(stream: usize, number: u32) -> u64 {
    (stream as u64 + 1) << 32 | u64::from(number)
}

/// Stream and number of an id; `None` of ids that are not ours.
pub(crate) fn stream_of(id: u64) -> Option<(usize, u32)> {
    let stream = usize::try_from(id >> 32).ok()?.checked_sub(1)?;
    Some((stream, id as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        for (stream, number) in [(0, 1), (7, u32::MAX), (1 << 20, 5)] {
            let id = message_id(stream, number);
            assert_ne!(id, 0);
            assert_eq!(stream_of(id), Some((stream, number)));
        }
        assert_eq!(stream_of(5), None);
    }
}
