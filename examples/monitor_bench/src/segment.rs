//! A segment for what is measured, so that it counts where a service counts: in a shared file on tmpfs.

use svrkit_rt::monitor::{Config, OpenError, open};

/// Opens the segment `monitor_bench`. Comes before anything is counted.
///
/// # Errors
/// As [`open`].
pub fn open_segment() -> Result<(), OpenError> {
    open(&Config {
        instance: "monitor_bench".to_owned(),
        ..Config::default()
    })
}
