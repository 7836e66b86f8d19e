//! Whether calls are counted.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static COUNTED: AtomicBool = AtomicBool::new(true);

pub(super) fn set_counted(counted: bool) {
    COUNTED.store(counted, Relaxed);
}
