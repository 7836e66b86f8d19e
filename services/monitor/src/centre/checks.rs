//! Whether a report is one.

use crate::config::PERIOD_MS;
use im_idl::monitor::{InstanceReport, ReportRequest};
use svrkit_rt::Status;
use svrkit_rt::monitor::BUCKETS;

/// Bytes of a name: of an agent, a host, an instance, a service.
const NAME_BYTES_MAX: usize = 255;
/// Instances of one report.
const INSTANCES_MAX: usize = 1_000;
/// Series of one report: several times what an agent puts into one.
const SERIES_MAX: usize = 20_000;

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
    let series = report.instances.iter().map(series).sum::<usize>();
    if report.instances.len() > INSTANCES_MAX || series > SERIES_MAX {
        return refuse("too many instances or series");
    }
    match report.instances.iter().all(is_whole) {
        true => Ok(()),
        false => refuse("a series without a value, or an instance without a name"),
    }
}

fn series(instance: &InstanceReport) -> usize {
    instance.counters.len() + instance.gauges.len() + instance.histograms.len()
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
            .all(|h| h.buckets.len() == h.counts.len() && h.buckets.len() <= BUCKETS)
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::monitor::HistogramReading;

    fn report() -> ReportRequest {
        ReportRequest {
            agent: "a".to_owned(),
            host: "h".to_owned(),
            seq: 1,
            taken_ms: 1,
            period_ms: 10_000,
            instances: vec![InstanceReport {
                instance: "i".to_owned(),
                service: "s".to_owned(),
                ..InstanceReport::default()
            }],
            ..ReportRequest::default()
        }
    }

    #[test]
    fn what_is_no_report_is_refused() {
        check(&report()).unwrap();
        let wrong: [fn(&mut ReportRequest); 8] = [
            |report| report.agent.clear(),
            |report| report.host = "h".repeat(256),
            |report| report.seq = 0,
            |report| report.period_ms = 999,
            |report| report.instances[0].counters.push(1),
            |report| report.instances[0].service.clear(),
            |report| report.instances = vec![report.instances[0].clone(); 1_001],
            |report| {
                report.instances[0].histograms.push(HistogramReading {
                    buckets: vec![0; BUCKETS + 1],
                    counts: vec![0; BUCKETS + 1],
                    ..HistogramReading::default()
                });
            },
        ];
        for (place, change) in wrong.iter().enumerate() {
            let mut report = report();
            change(&mut report);
            assert!(check(&report).is_err(), "{place}");
        }
    }
}
