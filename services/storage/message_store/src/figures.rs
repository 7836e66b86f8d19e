//! What is counted of inboxes.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use svrkit_rt::monitor::{self, Value};

svrkit_rt::monitor! {
    /// Entries that were written into inboxes.
    static APPENDED: Counter = "im_rows_appended";
    /// Entries that were deleted, since every device has them or they were too old.
    static DELETED: Counter = "im_rows_deleted";
    /// Entries that some device has not. Of those that were written since the machine was started.
    static UNSYNCED: Gauge = "im_rows_unsynced";
}

/// Entries of this process, and how it began.
pub(crate) struct Rows {
    appended: AtomicU64,
    deleted: AtomicU64,
    /// Unsynced when it began: counters outlive processes.
    before: i64,
}

impl Rows {
    pub(crate) fn new() -> Rows {
        let counted = monitor::snapshot().series.into_iter();
        let before = counted.fold(0, |sum, series| {
            match (series.metric.name == APPENDED.name(), series.value) {
                (true, Value::Counter(count)) => sum + count.cast_signed(),
                (false, Value::Counter(count)) if series.metric.name == DELETED.name() => {
                    sum - count.cast_signed()
                }
                _ => sum,
            }
        });
        Rows {
            appended: AtomicU64::new(0),
            deleted: AtomicU64::new(0),
            before,
        }
    }

    pub(crate) fn count_appended(&self, rows: u64) {
        self.appended.fetch_add(rows, Relaxed);
        APPENDED.add(rows);
    }

    pub(crate) fn count_deleted(&self, rows: u64) {
        self.deleted.fetch_add(rows, Relaxed);
        DELETED.add(rows);
    }

    /// Appended and deleted by this process.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.appended.load(Relaxed), self.deleted.load(Relaxed))
    }

    /// Shows what is unsynced.
    pub(crate) fn show(&self) {
        let (appended, deleted) = self.counts();
        let unsynced = self.before + appended.cast_signed() - deleted.cast_signed();
        // What was written before the machine was started may be deleted after.
        UNSYNCED.set(unsynced.max(0));
    }
}
