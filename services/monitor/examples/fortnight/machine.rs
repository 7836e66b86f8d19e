//! A machine with figures as a backend's have them.

use im_idl::monitor::{Definition, HistogramReading, InstanceReport, Kind, ReportRequest};
use im_monitor::series_id;
use svrkit_rt::monitor::Kind as Counted;

const PERIOD_S: f64 = 10.0;
const DAY_S: f64 = 86_400.0;
/// Of a hundred series, the rest being counters.
const HISTOGRAMS: usize = 15;
const GAUGES_END: usize = 40;

/// One agent with one instance.
pub(crate) struct Machine {
    report: ReportRequest,
    series: Vec<Series>,
    periods: u64,
}

struct Series {
    id: u64,
    /// Increments in a period of a quiet hour; 0 for idle ones.
    busy: f64,
    kind: Figure,
}

enum Figure {
    Counter(u64),
    Gauge(i64),
    Histogram {
        sum: u64,
        counts: Vec<u64>,
        middle: f64,
    },
}

/// The name of a metric.
pub(crate) fn name(n: usize) -> String {
    format!("metric_{n}")
}

impl Machine {
    pub(crate) fn new(number: usize, series: usize) -> Machine {
        let mut definitions = Vec::new();
        let new = |n: usize| {
            let (kind, counted) = match n % 100 {
                0..HISTOGRAMS => (Kind::Histogram, Counted::Histogram),
                HISTOGRAMS..GAUGES_END => (Kind::Gauge, Counted::Gauge),
                _ => (Kind::Counter, Counted::Counter),
            };
            let name = name(n);
            let id = series_id(counted, &name, [].into_iter());
            definitions.push(Definition {
                id,
                name,
                kind: kind as i32,
                ..Definition::default()
            });
            Series::new(id, kind)
        };
        let series = (0..series).map(new).collect();
        Machine {
            report: ReportRequest {
                agent: format!("agent {number}"),
                host: format!("host {number}"),
                period_ms: PERIOD_S as u32 * 1_000,
                definitions,
                ..ReportRequest::default()
            },
            series,
            periods: 0,
        }
    }

    /// The next report: of what changed, as agents report.
    pub(crate) fn report(&mut self, now_ms: u64) -> ReportRequest {
        self.periods += 1;
        let time_s = self.periods as f64 * PERIOD_S;
        let day = 1.5 + (time_s / DAY_S * std::f64::consts::TAU).sin();
        let mut instance = InstanceReport {
            instance: "shop".to_owned(),
            service: "shop".to_owned(),
            run: 1,
            run_began_ms: now_ms,
            ..InstanceReport::default()
        };
        let first = self.periods == 1;
        for series in &mut self.series {
            series.go_on(day, first, &mut instance);
        }
        let report = ReportRequest {
            seq: self.periods,
            taken_ms: now_ms,
            sent_ms: now_ms,
            instances: vec![instance],
            ..self.report.clone()
        };
        self.report.definitions.clear();
        report
    }
}

impl Series {
    fn new(id: u64, kind: Kind) -> Series {
        // Half are idle, a quarter see something now and then, the rest are busy, a few of them very.
        let busy = match fastrand::u8(..100) {
            0..50 => 0.0,
            50..75 => 0.05,
            75..90 => 20.0,
            90..98 => 300.0,
            _ => 5_000.0,
        };
        let kind = match kind {
            Kind::Histogram => Figure::Histogram {
                sum: 0,
                counts: vec![0; svrkit_rt::monitor::BUCKETS],
                middle: 20.0 + fastrand::f64() * 30.0,
            },
            Kind::Gauge => Figure::Gauge(fastrand::i64(..10_000)),
            _ => Figure::Counter(0),
        };
        Series { id, busy, kind }
    }

    fn go_on(&mut self, day: f64, first: bool, instance: &mut InstanceReport) {
        let count = events(self.busy * day);
        match &mut self.kind {
            Figure::Counter(total) => {
                *total += count;
                if count > 0 || first {
                    instance.counters.push(self.id);
                    instance.counts.push(*total);
                }
            }
            Figure::Gauge(level) => {
                let step = (normal() * self.busy.sqrt()) as i64;
                *level += step;
                if step != 0 || first {
                    instance.gauges.push(self.id);
                    instance.values.push(*level);
                }
            }
            Figure::Histogram {
                sum,
                counts,
                middle,
            } => {
                let mut reading = HistogramReading {
                    id: self.id,
                    ..HistogramReading::default()
                };
                // Three buckets either way, and a tail.
                for (bucket, total) in counts.iter_mut().enumerate() {
                    let away = (bucket as f64 - *middle) / 2.5;
                    let tail = if away > 0.0 {
                        0.002 / (1.0 + away * away)
                    } else {
                        0.0
                    };
                    let share = (-away * away / 2.0).exp() / 6.3 + tail;
                    let more = events(count as f64 * share);
                    if more > 0 {
                        *total += more;
                        *sum += more * (bucket as f64 / 4.0).exp2() as u64;
                        reading.buckets.push(bucket as u32);
                        reading.counts.push(*total);
                    }
                }
                reading.sum = *sum;
                if !reading.buckets.is_empty() || first {
                    instance.histograms.push(reading);
                }
            }
        }
    }
}

/// How many of independent events come about, of which so many are expected.
fn events(expected: f64) -> u64 {
    if expected > 30.0 {
        return (expected + normal() * expected.sqrt()).max(0.0) as u64;
    }
    // Knuth's: as many uniform numbers as it takes for their product to fall below.
    let least = (-expected).exp();
    let mut product = fastrand::f64();
    let mut count = 0;
    while product > least {
        product *= fastrand::f64();
        count += 1;
    }
    count
}

/// Box and Muller's.
fn normal() -> f64 {
    let radius = (-2.0 * (1.0 - fastrand::f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * fastrand::f64()).cos()
}
