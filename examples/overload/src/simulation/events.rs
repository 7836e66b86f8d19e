//! What will happen, in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that happens. Numbers are places in the world's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The next task comes.
    Task,
    /// A call reaches its server.
    Arrival(usize),
    /// A handler's own work is done.
    Worked(usize),
    /// A call's answer reaches its caller.
    Answer(usize, bool),
}

/// Of two things at the same time, the one that was planned first happens first.
#[derive(Debug, Default)]
pub(super) struct Events {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    planned: u64,
}

impl Events {
    pub(super) fn plan(&mut self, at_us: u64, event: Event) {
        self.planned += 1;
        self.heap.push(Reverse((at_us, self.planned, event)));
    }

    pub(super) fn next(&mut self) -> Option<(u64, Event)> {
        self.heap
            .pop()
            .map(|Reverse((at_us, _, event))| (at_us, event))
    }
}
