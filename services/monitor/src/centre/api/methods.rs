//! The methods that were called, the worst first.

use super::labels;
use super::recent::{Numbers, Recent};
use crate::history::{Selector, Value};
use serde::Serialize;

/// Methods that are shown.
const METHODS_MAX: usize = 200;
const BY: [&str; 2] = ["service", "method"];

/// How a method does.
#[derive(Serialize)]
pub(super) struct Method {
    service: String,
    method: String,
    side: &'static str,
    qps: f64,
    success: f64,
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    queue_us: Option<f64>,
    rejected: f64,
    retries: f64,
    hedges: f64,
    query: String,
}

/// Those that were called in the last `range_s`, with figures of the last minute.
pub(super) fn methods(recent: &Recent<'_>, range_s: u64) -> Vec<Method> {
    let ask = |name: &str, value| recent.by(&Selector::named(name), &BY, value);
    let calls = Selector::named("rpc_server_calls");
    let called = recent.since(range_s, &calls, &BY, Value::Sum);
    let rates = recent.by(&calls, &BY, Value::Rate);
    let faults = ask("rpc_server_faults", Value::Rate);
    let p50 = ask("rpc_server_latency_microseconds", Value::Quantile(0.5));
    let p99 = ask("rpc_server_latency_microseconds", Value::Quantile(0.99));
    let queue = ask("rpc_server_queueing_microseconds", Value::Average);
    let rejected = ask("rpc_server_rejections", Value::Rate);
    let retries = ask("rpc_server_retries", Value::Rate);
    // Only the caller knows that it did not wait for the first answer.
    let hedges = ask("rpc_client_hedges", Value::Rate);
    let called = called.into_iter().filter(|(_, sum)| *sum > 0.0);
    let mut methods: Vec<Method> = called
        .filter_map(|(key, _)| {
            let of = |numbers: &Numbers| numbers.get(&key).copied();
            let qps = of(&rates).unwrap_or(0.0);
            let [service, method] = <[String; 2]>::try_from(key.clone()).ok()?;
            let of_method = [("service", service.as_str()), ("method", method.as_str())];
            Some(Method {
                query: labels::query("rpc_server_calls", &of_method, "rate"),
                side: "server",
                qps,
                success: 1.0 - share(of(&faults).unwrap_or(0.0), qps),
                p50_us: of(&p50),
                p99_us: of(&p99),
                queue_us: of(&queue),
                rejected: of(&rejected).unwrap_or(0.0),
                retries: of(&retries).unwrap_or(0.0),
                hedges: of(&hedges).unwrap_or(0.0),
                service,
                method,
            })
        })
        .collect();
    methods.sort_by(|a, b| {
        let worse = f64::total_cmp(&b.failing(), &a.failing());
        let (a_p99, b_p99) = (a.p99_us.unwrap_or(0.0), b.p99_us.unwrap_or(0.0));
        worse.then(f64::total_cmp(&b_p99, &a_p99))
    });
    methods.truncate(METHODS_MAX);
    methods
}

/// Of how many there are how many; of none, none.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true => (part / whole).clamp(0.0, 1.0),
        false => 0.0,
    }
}

impl Method {
    /// Calls a second that failed or were refused.
    fn failing(&self) -> f64 {
        self.qps * (1.0 - self.success) + self.rejected
    }
}
