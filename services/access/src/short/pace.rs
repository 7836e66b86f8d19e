//! By when a connection must have done what it is about: a head, a body, an answer taken, a next request.

use crate::node::Node;
use crate::wheel::seconds;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// Shared by a connection's task, its stream and its requests, which all run in the one task.
#[derive(Debug)]
pub(super) struct Pace {
    node: Arc<Node>,
    number: u64,
    due_s: AtomicU32,
    armed_s: AtomicU32,
    /// Between two requests: the next byte begins a head.
    idle: AtomicBool,
}

impl Pace {
    /// A connection that is to send its first head.
    pub(super) fn new(node: Arc<Node>, number: u64) -> Pace {
        let pace = Pace {
            node,
            number,
            due_s: AtomicU32::new(0),
            armed_s: AtomicU32::new(0),
            idle: AtomicBool::new(false),
        };
        pace.within(pace.node.config.first_frame_timeout_ms);
        pace
    }

    /// What comes next must be over in `ms`.
    pub(super) fn within(&self, ms: u64) {
        let now_s = self.node.wheel.now_s();
        let due_s = now_s.saturating_add(seconds(ms));
        self.due_s.store(due_s, Relaxed);
        let armed_s = self.armed_s.load(Relaxed);
        if armed_s <= now_s || armed_s > due_s {
            self.arm(due_s);
        }
    }

    /// A request is answered; the next must begin in `ms`.
    pub(super) fn idle(&self, ms: u64) {
        self.idle.store(true, Relaxed);
        self.within(ms);
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        if self.idle.swap(false, Relaxed) {
            self.within(self.node.config.first_frame_timeout_ms);
        }
    }

    /// Whether the connection is late. When it is not, the wheel looks again.
    pub(super) fn is_late(&self) -> bool {
        let (now_s, due_s) = (self.node.wheel.now_s(), self.due_s.load(Relaxed));
        if now_s < due_s && self.armed_s.load(Relaxed) <= now_s {
            self.arm(due_s);
        }
        now_s >= due_s
    }

    fn arm(&self, at_s: u32) {
        let armed_s = self.node.wheel.arm(self.number, at_s);
        self.armed_s.store(armed_s, Relaxed);
    }
}
