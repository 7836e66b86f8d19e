//! What is written to standard error.

use tracing_subscriber::EnvFilter;

/// Which lines are written: `IM_LOG=im_access=debug`. Default: warnings.
const FILTER_VARIABLE: &str = "IM_LOG";

/// Writes lines of log to standard error. Once a process; later calls do nothing.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE);
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("warn"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // Somebody else set it up first: his choice stands.
    let _ = lines.try_init();
}
