//! How the methods of this process do: figures of the last minute, from what the framework counts of calls.

use super::compression::Compressed;
use super::history::{Base, buckets_came, came};
use crate::monitor::{Buckets, Series, Snapshot, Value};
use crate::status::Code;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Which end of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Those that are served here.
    Server,
    /// Those that are made from here.
    Client,
}

/// A method on one side.
#[derive(Debug, Default)]
pub(super) struct Method {
    /// Calls since the segment was made.
    pub(super) total: u64,
    /// Calls in the window.
    pub(super) calls: u64,
    /// Calls in the window that failed, by code.
    pub(super) faults: BTreeMap<String, u64>,
    /// Calls in the window that were declined, by code.
    pub(super) declined: BTreeMap<String, u64>,
    pub(super) latency: Buckets,
    pub(super) queueing: Buckets,
    pub(super) in_flight: i64,
    pub(super) rejections: u64,
    pub(super) retries: u64,
    /// Calls that were made a second time since the first took long.
    pub(super) hedges: u64,
    /// Latencies as a series, for its curve.
    pub(super) curve: Option<Series>,
}

/// Methods by service and name, and the time that their figures are of.
#[derive(Debug)]
pub(super) struct Methods {
    pub(super) window: Option<Duration>,
    pub(super) methods: BTreeMap<(String, String), Method>,
    /// Refusals in the window, by reason.
    pub(super) refusals: BTreeMap<String, u64>,
    pub(super) compressed: Compressed,
}

impl Method {
    pub(super) fn failed(&self) -> u64 {
        self.faults.values().sum()
    }
}

impl Methods {
    /// Without a base to compare with, everything since the segment was made.
    pub(super) fn of(side: Side, now: &Snapshot, base: Option<&Base>) -> Methods {
        let prefix = match side {
            Side::Server => "rpc_server_",
            Side::Client => "rpc_client_",
        };
        let before = base.map_or_else(HashMap::new, |base| base.values(now));
        let mut methods: BTreeMap<(String, String), Method> = BTreeMap::new();
        let mut refusals: BTreeMap<String, u64> = BTreeMap::new();
        let mut compressed = Compressed::default();
        for series in &now.series {
            let Some(what) = series.metric.name.strip_prefix(prefix) else {
                continue;
            };
            let label = |key: &str| {
                let found = series.labels.iter().find(|(own, _)| own == key);
                found.map(|(_, value)| value.clone())
            };
            let (Some(service), Some(name)) = (label("service"), label("method")) else {
                continue;
            };
            let method = methods.entry((service, name)).or_default();
            let before = before.get(&series.id);
            match (what, &series.value) {
                ("calls", Value::Counter(n)) => {
                    let came = came(before, *n);
                    method.total += n;
                    method.calls += came;
                    let code = label("code").unwrap_or_default();
                    let kind = match Code::from_name(&code) {
                        Some(Code::Ok) => continue,
                        Some(known) if !known.is_fault() => &mut method.declined,
                        _ => &mut method.faults,
                    };
                    if came > 0 {
                        *kind.entry(code).or_default() += came;
                    }
                }
                ("latency_microseconds", Value::Histogram(buckets)) => {
                    method.latency.add(&buckets_came(before, buckets));
                    method.curve = Some(series.clone());
                }
                ("queueing_microseconds", Value::Histogram(buckets)) => {
                    method.queueing.add(&buckets_came(before, buckets));
                }
                ("in_flight", Value::Gauge(level)) => method.in_flight += level,
                ("rejections", Value::Counter(n)) => {
                    let came = came(before, *n);
                    method.rejections += came;
                    if came > 0 {
                        *refusals
                            .entry(label("reason").unwrap_or_default())
                            .or_default() += came;
                    }
                }
                ("retries", Value::Counter(n)) => method.retries += came(before, *n),
                ("hedges", Value::Counter(n)) => method.hedges += came(before, *n),
                ("compressed_from_bytes", Value::Counter(n)) => compressed.from += came(before, *n),
                ("compressed_to_bytes", Value::Counter(n)) => compressed.to += came(before, *n),
                ("compressed_in_vain", Value::Counter(n)) => compressed.in_vain += came(before, *n),
                _ => {}
            }
        }
        Methods {
            window: base.map(|base| base.ago),
            methods,
            refusals,
            compressed,
        }
    }

    /// A second, in the window.
    pub(super) fn rate(&self, came: u64) -> Option<f64> {
        let seconds = self.window?.as_secs_f64();
        (seconds >= 1.0).then(|| came as f64 / seconds)
    }
}
