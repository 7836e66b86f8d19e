//! Counters that outlive their process and that others can read while it runs: an id, a value, two calls.
//!
//! After the ID-Value monitor of WeChat's backend. Metrics are declared with [`crate::monitor!`]; counting one is a plain addition to
//! memory of the calling thread. [`open`] puts that memory into a file that agents read ([`Reader`]), laid out as `MONITOR.md` says;
//! without it everything counts in memory of the process's own, and nothing else is different.

mod catalogue;
mod cells;
pub(crate) mod connections;
mod dynamic;
pub(crate) mod fleets;
mod handles;
mod header;
mod histogram;
mod kind;
mod layout;
mod memory;
mod open;
mod openmetrics;
mod process;
mod reader;
mod records;
mod registry;
pub(crate) mod rpc;
pub(crate) mod runtime_lag;
pub(crate) mod sampler;
mod segment;
mod snapshot;

pub use dynamic::series;
pub use handles::{Counter, Gauge, Histogram, Id, Max, add, max, observe, set};
pub use header::FormatError;
pub use histogram::{BUCKETS, bucket_bound};
pub use kind::{
    HELP_BYTES_MAX, Kind, LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX, NAME_BYTES_MAX,
    NameError, OVERFLOW_LABEL,
};
pub use open::{Config, OpenError, default_directory, open, retire, segment_path};
pub use openmetrics::CONTENT_TYPE;
pub use reader::{ReadError, Reader, instances};
pub use rpc::count_calls;
pub use snapshot::{Buckets, Instance, Metric, Series, Snapshot, Value};

/// What this process has counted.
pub fn snapshot() -> Snapshot {
    process::sample();
    registry::Registry::active().snapshot()
}
