//! Whether a report is one.

use crate::config::PERIOD_MS;
use im_idl::monitor::{InstanceReport, ReportRequest};
use svrkit_rt::Status;

/// Bytes of a name: of an agent, a host, an instance, a service.
const NAME_BYTES_MAX: usize = 255;
/// Instances of one report.
const INSTANCES_MAX: usize = 1_000;

/// What an agent says is for the centre to judge: names within bounds, a value for each series, a time for everything.
pub(super) fn check(report: &ReportRequest) -> Result<(), Status> {
    let refuse = |what: &str| Err(Status::invalid_argument(format!("a report with {what}")));
    if !is_name(&report.agent) || !is_name(&report.host) {
        return refuse("no agent or no host");
    }
    if report.seq == 0 || report.taken_ms == 0 {
        return refuse("no number or no time");
    }
    if !PERIOD_MS.contains(&u64::from(report.period_ms)) {
        return refuse("a period out of bounds");
    }
    if report.instances.len() > INSTANCES_MAX {
        return refuse("too many instances");
    }
    match report.instances.iter().all(is_whole) {
        true => Ok(()),
        false => refuse("a series without a value, or an instance without a name"),
    }
}

fn is_whole(instance: &InstanceReport) -> bool {
    let texts = [&instance.version, &instance.gray];
    is_name(&instance.instance)
        && is_name(&instance.service)
        && texts.iter().all(|text| text.len() <= NAME_BYTES_MAX)
        && instance.counters.len() == instance.counts.len()
        && instance.gauges.len() == instance.values.len()
        && instance
            .histograms
            .iter()
            .all(|h| h.buckets.len() == h.counts.len())
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}
