//! Changes of a group take turns within a process.

use tokio::sync::{Mutex, MutexGuard};

/// Groups share locks. Many more than groups that change at the same moment.
const LOCKS: u64 = 1_024;

/// A fair lock for each group, nearly. Nothing is wrong without it: the store refuses whoever comes second. It spares those many the work
/// of deciding for nothing, and keeps the announcements of a group in the order of its changes.
pub(crate) struct Turns {
    locks: Vec<Mutex<()>>,
}

impl Turns {
    pub(crate) fn new() -> Turns {
        Turns {
            locks: (0..LOCKS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Waits for a turn of `group`.
    pub(crate) async fn take(&self, group: u64) -> MutexGuard<'_, ()> {
        self.locks[(group % LOCKS) as usize].lock().await
    }
}
