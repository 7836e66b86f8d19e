//! Hosts and instances.

use super::recent::{Numbers, Recent};
use crate::history::{Selector, Value};
use serde::Serialize;
use svrkit_rt::clock;

const BY: [&str; 2] = ["host", "instance"];
/// What was not heard of for so long was taken away on purpose.
const GONE_MS: u64 = 24 * 3_600 * 1_000;

/// How an instance does.
#[derive(Serialize)]
pub(super) struct Shown {
    host: String,
    instance: String,
    service: String,
    version: String,
    gray: String,
    cpu: Option<f64>,
    rss: Option<f64>,
    files: Option<f64>,
    lag_us: Option<f64>,
    up_s: Option<u64>,
    last_report_s: u64,
    silent: bool,
}

/// All of them.
pub(super) fn instances(recent: &Recent<'_>) -> Vec<Shown> {
    let ask = |name: &str, value| recent.by(&Selector::named(name), &BY, value);
    let mut cpu = ask("process_cpu_microseconds", Value::Rate);
    // A host is an instance, too.
    cpu.extend(ask("host_cpu_busy_microseconds", Value::Rate));
    let rss = ask("process_resident_memory_bytes", Value::Last);
    let files = ask("process_open_files", Value::Last);
    let lag = ask("process_runtime_lag_microseconds", Value::Quantile(0.99));
    let now_ms = clock::now_ms();
    let mut shown = Vec::new();
    recent.past.each_instance(|key, instance| {
        let unheard_ms = now_ms.saturating_sub(instance.reported_ms);
        if instance.retired || unheard_ms > GONE_MS {
            return;
        }
        let named = vec![key.host.clone(), key.name.clone()];
        let of = |numbers: &Numbers| numbers.get(&named).copied();
        let silent = instance.is_silent(now_ms);
        let began = Some(instance.started_ms).filter(|ms| *ms > 0 && !silent);
        shown.push(Shown {
            host: key.host.clone(),
            instance: key.name.clone(),
            service: instance.service.clone(),
            version: instance.version.clone(),
            gray: instance.gray.clone(),
            cpu: of(&cpu).map(|us| us / 1e6),
            rss: of(&rss),
            files: of(&files),
            lag_us: of(&lag),
            up_s: began.map(|ms| now_ms.saturating_sub(ms) / 1_000),
            last_report_s: unheard_ms / 1_000,
            silent,
        });
    });
    shown
}
