//! What is written to standard error.

use std::sync::OnceLock;
use svrkit_rt::admin::{Flag, FlagKind};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

/// Which lines are written: `IM_LOG=im_access=debug`. Default: warnings.
const FILTER_VARIABLE: &str = "IM_LOG";

/// What chooses the lines, once they are written by us.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Writes lines of log to standard error. Once a process; later calls do nothing.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE);
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("warn"));
    let (filter, handle) = reload::Layer::new(filter);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = tracing_subscriber::registry().with(filter).with(lines);
    // Somebody else set it up first: his choice stands.
    if lines.try_init().is_ok() {
        let _ = FILTER.set(handle);
    }
}

/// The setting that chooses lines while the process runs; `None` when somebody else writes them.
pub(crate) fn flag() -> Option<Flag> {
    let handle = FILTER.get()?;
    Some(Flag::new(
        "log.filter",
        "Lines of log that are written, as in IM_LOG: `warn`, or `warn,im_access=debug`.",
        FlagKind::Text,
        || {
            handle
                .with_current(EnvFilter::to_string)
                .unwrap_or_default()
        },
        |new| {
            let filter = EnvFilter::try_new(new).map_err(|e| e.to_string())?;
            handle.reload(filter).map_err(|e| e.to_string())
        },
    ))
}
