//! What this process has counted. All tests count in it: whoever compares has a method of its own, or looks at differences.

use svrkit_rt::monitor::{self, Value};

/// Where a counter stands; 0 if nobody has counted yet.
pub(crate) fn count(name: &str, labels: &[(&str, &str)]) -> u64 {
    match monitor::snapshot().get(name, labels) {
        Some(Value::Counter(count)) => *count,
        None => 0,
        other => panic!("{name}: {other:?}"),
    }
}
