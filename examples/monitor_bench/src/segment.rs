//! A segment for what is measured, so that it counts where a service counts: in a shared file on tmpfs.

use svrkit_rt::monitor::{Config, open, segment_path};

/// Opens a segment, which loses its name at once: nobody reads it, and nothing is left behind. Comes before anything is counted.
///
/// # Errors
/// As [`open`], and those of the file system.
pub fn open_segment() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config {
        instance: format!("monitor_bench-{}", std::process::id()),
        ..Config::default()
    };
    open(&config)?;
    Ok(std::fs::remove_file(segment_path(
        &config.directory,
        &config.instance,
    ))?)
}
