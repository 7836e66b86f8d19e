//! A snapshot as OTLP metrics.

use super::attributes::{scope, text};
use crate::monitor::{Buckets, Kind, Metric, Series, Snapshot, Value};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point as exponential;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    self as otlp, AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint,
    Gauge, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use std::collections::BTreeMap;

/// Buckets are 2^(1/4) wide, as ours are.
const SCALE: i32 = 2;
/// Ours begin with what is at most 1; bucket 0 of OTLP begins above that.
const OFFSET: i32 = -1;
const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;

/// When the values began and when they were read, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) began_ns: u64,
    pub(super) read_ns: u64,
}

/// All series of a snapshot, by metric.
pub(super) fn request(
    snapshot: &Snapshot,
    resource: Resource,
    times: Times,
) -> ExportMetricsServiceRequest {
    let mut families: BTreeMap<&str, (&Metric, Vec<&Series>)> = BTreeMap::new();
    for series in &snapshot.series {
        let family = families.entry(&series.metric.name);
        let (_, members) = family.or_insert_with(|| (&series.metric, Vec::new()));
        members.push(series);
    }
    let metrics = families.into_values();
    let metrics = metrics.map(|(metric, members)| otlp::Metric {
        name: metric.name.clone(),
        description: metric.help.clone(),
        unit: unit(&metric.unit).to_owned(),
        data: Some(data(metric.kind, &members, times)),
        ..otlp::Metric::default()
    });
    let scope_metrics = ScopeMetrics {
        scope: Some(scope()),
        metrics: metrics.collect(),
        ..ScopeMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope_metrics],
            ..ResourceMetrics::default()
        }],
    }
}

fn data(kind: Kind, members: &[&Series], times: Times) -> Data {
    let numbers = || members.iter().filter_map(|series| point(series, times));
    match kind {
        Kind::Counter => Data::Sum(Sum {
            data_points: numbers().collect(),
            aggregation_temporality: CUMULATIVE,
            is_monotonic: true,
        }),
        Kind::Gauge | Kind::Max => Data::Gauge(Gauge {
            data_points: numbers().collect(),
        }),
        Kind::Histogram => {
            let points = members.iter().filter_map(|series| match &series.value {
                Value::Histogram(buckets) => Some(histogram(series, buckets, times)),
                _ => None,
            });
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: points.collect(),
                aggregation_temporality: CUMULATIVE,
            })
        }
    }
}

/// `None` for a histogram.
fn point(series: &Series, times: Times) -> Option<NumberDataPoint> {
    let (value, began_ns) = match series.value {
        // OTLP has no larger whole numbers; a counter gets there in an age.
        Value::Counter(n) => (i64::try_from(n).unwrap_or(i64::MAX), times.began_ns),
        Value::Gauge(n) => (n, 0),
        Value::Max(n) => (i64::try_from(n).unwrap_or(i64::MAX), 0),
        Value::Histogram(_) => return None,
    };
    Some(NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: began_ns,
        time_unix_nano: times.read_ns,
        value: Some(Number::AsInt(value)),
        ..NumberDataPoint::default()
    })
}

fn histogram(series: &Series, buckets: &Buckets, times: Times) -> ExponentialHistogramDataPoint {
    let used = buckets.counts.iter().rposition(|count| *count > 0);
    let counts = &buckets.counts[..used.map_or(0, |place| place + 1)];
    ExponentialHistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: times.began_ns,
        time_unix_nano: times.read_ns,
        count: buckets.count(),
        sum: Some(buckets.sum as f64),
        scale: SCALE,
        // What is over all our bounds stands in the bucket after them.
        positive: Some(exponential::Buckets {
            offset: OFFSET,
            bucket_counts: counts.to_vec(),
        }),
        ..ExponentialHistogramDataPoint::default()
    }
}

fn attributes(series: &Series) -> Vec<KeyValue> {
    let labels = series.labels.iter();
    labels.map(|(key, value)| text(key, value)).collect()
}

/// As UCUM writes it (<https://ucum.org>).
fn unit(unit: &str) -> &str {
    match unit {
        "bytes" => "By",
        "microseconds" => "us",
        "milliseconds" => "ms",
        "seconds" => "s",
        other => other,
    }
}
