//! How far the fan-out of a group is.

use crate::resident::Lazy;

/// All of a group's log up to here has been presented to FanOut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fanned {
    pub(crate) seq: u64,
    /// As the engine has it. Less after a crash: then some tasks are enqueued twice, which does no harm.
    pub(crate) written: u64,
}

impl Lazy for Fanned {
    fn is_dirty(&self) -> bool {
        self.seq > self.written
    }
}
