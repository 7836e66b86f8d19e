//! A machine whose agent reports what the test says.

use crate::definition::{Definition, kind_to_wire};
use im_idl::monitor::{HistogramReading, InstanceReport, ReportRequest};
use svrkit_rt::monitor::Kind;

/// One instance on one machine.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) agent: String,
    pub(super) host: String,
    pub(super) run: u64,
    pub(super) run_began_ms: u64,
    pub(super) period_ms: u64,
    /// How far its clock is ahead.
    pub(super) ahead_ms: i64,
    seq: u64,
    report: InstanceReport,
    definitions: Vec<im_idl::monitor::Definition>,
}

impl Machine {
    pub(super) fn new(host: &str, began_ms: u64) -> Machine {
        Machine {
            agent: format!("agent of {host}"),
            host: host.to_owned(),
            run: 1,
            run_began_ms: began_ms,
            period_ms: 10_000,
            ahead_ms: 0,
            seq: 0,
            report: InstanceReport::default(),
            definitions: Vec::new(),
        }
    }

    fn define(&mut self, kind: Kind, name: &str) -> u64 {
        let definition = Definition {
            name: name.to_owned(),
            labels: Vec::new(),
            kind,
            unit: String::new(),
            help: String::new(),
        };
        assert_eq!(definition.to_wire().kind(), kind_to_wire(kind));
        self.definitions.push(definition.to_wire());
        definition.id()
    }

    /// The next report says that a counter stands at this.
    pub(super) fn counter(mut self, name: &str, count: u64) -> Machine {
        let id = self.define(Kind::Counter, name);
        self.report.counters.push(id);
        self.report.counts.push(count);
        self
    }

    pub(super) fn gauge(mut self, name: &str, level: i64) -> Machine {
        let id = self.define(Kind::Gauge, name);
        self.report.gauges.push(id);
        self.report.values.push(level);
        self
    }

    pub(super) fn histogram(mut self, name: &str, sum: u64, buckets: &[(u32, u64)]) -> Machine {
        let id = self.define(Kind::Histogram, name);
        self.report.histograms.push(HistogramReading {
            id,
            sum,
            buckets: buckets.iter().map(|(bucket, _)| *bucket).collect(),
            counts: buckets.iter().map(|(_, count)| *count).collect(),
        });
        self
    }

    pub(super) fn silent(mut self) -> Machine {
        self.report.silent = true;
        self
    }

    pub(super) fn retired(mut self) -> Machine {
        self.report.retired = true;
        self.silent()
    }

    /// The report, made and sent at this time.
    pub(super) fn at(&mut self, now_ms: u64) -> ReportRequest {
        self.read_and_sent(now_ms, now_ms)
    }

    pub(super) fn read_and_sent(&mut self, taken_ms: u64, sent_ms: u64) -> ReportRequest {
        self.seq += 1;
        let clock = |ms: u64| ms.saturating_add_signed(self.ahead_ms);
        let instance = InstanceReport {
            instance: "shop".to_owned(),
            service: "shop".to_owned(),
            run: self.run,
            run_began_ms: clock(self.run_began_ms),
            ..std::mem::take(&mut self.report)
        };
        ReportRequest {
            agent: self.agent.clone(),
            seq: self.seq,
            host: self.host.clone(),
            taken_ms: clock(taken_ms),
            sent_ms: clock(sent_ms),
            period_ms: self.period_ms as u32,
            definitions: std::mem::take(&mut self.definitions),
            instances: vec![instance],
        }
    }
}
