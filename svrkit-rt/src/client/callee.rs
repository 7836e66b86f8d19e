//! What an endpoint says that it admits, so that calls which it would refuse are not sent.

use crate::admission::{Level, PeerLevel};
use crate::context::Priority;
use crate::frame::Answer;
use crate::status::Status;
use tokio::time::Instant;

/// Shared by all connections to an endpoint.
#[derive(Debug)]
pub(super) struct Callee {
    level: PeerLevel,
    since: Instant,
}

impl Callee {
    pub(super) fn new() -> Callee {
        Callee {
            level: PeerLevel::default(),
            since: Instant::now(),
        }
    }

    /// An answer came. As long as everything is admitted nobody looks at the clock.
    pub(super) fn hear(&self, answer: &Answer) {
        let admitted = Level::of(Priority {
            business: answer.admitted_business,
            user: answer.admitted_user,
        });
        if admitted != Level::OPEN || !self.level.is_open() {
            self.level.hear(self.now_us(), admitted);
        }
    }

    /// Whether a call is worth sending. One of a hundred that are not is, all the same, to ask.
    pub(super) fn admits(&self, priority: Priority) -> bool {
        let level = Level::of(priority);
        self.level.is_open() || self.level.admits(self.now_us(), level, fastrand::u32(..))
    }

    /// Whether it does not admit everything.
    pub(super) fn sheds(&self) -> bool {
        !self.level.is_open() && !self.level.admits_everything(self.now_us())
    }

    fn now_us(&self) -> u64 {
        self.since.elapsed().as_micros() as u64
    }
}

/// What the caller of a call is told that is not sent.
pub(super) fn not_admitted() -> Status {
    let message = "overload: the callee admits no calls of this priority now";
    Status::overloaded(message).with_not_started()
}
