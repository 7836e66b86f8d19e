//! Where the peers' world stands still.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts what reaches a peer, and lets one of these steps, and all after it, never come back: before it has its effect, or after.
#[derive(Debug)]
pub(crate) struct Steps {
    count: AtomicU64,
    freeze_at: AtomicU64,
    after: AtomicBool,
}

impl Default for Steps {
    fn default() -> Steps {
        Steps {
            count: AtomicU64::new(0),
            freeze_at: AtomicU64::new(u64::MAX),
            after: AtomicBool::new(false),
        }
    }
}

impl Steps {
    /// Stands still at this step from now on.
    pub(crate) fn freeze(&self, at: u64, after: bool) {
        self.freeze_at.store(at, Ordering::Relaxed);
        self.after.store(after, Ordering::Relaxed);
    }

    /// Goes on.
    pub(crate) fn thaw(&self) {
        self.freeze_at.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether it stood still.
    pub(crate) fn is_frozen(&self) -> bool {
        self.count.load(Ordering::Relaxed) > self.freeze_at.load(Ordering::Relaxed)
    }

    /// A step, with its effect.
    pub(crate) async fn step<T>(&self, effect: impl FnOnce() -> T) -> T {
        let step = self.count.fetch_add(1, Ordering::Relaxed);
        let freeze_at = self.freeze_at.load(Ordering::Relaxed);
        let after = self.after.load(Ordering::Relaxed) && step == freeze_at;
        if step >= freeze_at && !after {
            std::future::pending::<()>().await;
        }
        let result = effect();
        if after {
            std::future::pending::<()>().await;
        }
        result
    }
}
