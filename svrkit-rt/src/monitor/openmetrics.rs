//! A snapshot as OpenMetrics text (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

use super::histogram::bucket_bound;
use super::kind::Kind;
use super::snapshot::{Buckets, Metric, Series, Snapshot, Value};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Of the buckets, those that are shown: one an octave, whose bounds are whole numbers.
const SHOWN_EVERY: usize = 4;

/// What to send it as.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

impl Snapshot {
    /// The series as text, `extra` labels added to each (`instance`, `host`, …), up to and with the `# EOF`.
    pub fn to_openmetrics(&self, extra: &[(&str, &str)]) -> String {
        let mut families: BTreeMap<&str, (&Metric, Vec<&Series>)> = BTreeMap::new();
        for series in &self.series {
            let family = families.entry(&series.metric.name);
            let (_, members) = family.or_insert_with(|| (&series.metric, Vec::new()));
            members.push(series);
        }
        let mut out = String::new();
        for (metric, mut members) in families.into_values() {
            members.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
            put_head(&mut out, metric);
            for series in members {
                put_series(&mut out, series, extra);
            }
        }
        out.push_str("# EOF\n");
        out
    }
}

fn put_head(out: &mut String, metric: &Metric) {
    let name = &metric.name;
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge | Kind::Max => "gauge",
        Kind::Histogram => "histogram",
    };
    let _ = writeln!(out, "# TYPE {name} {kind}");
    if !metric.unit.is_empty() {
        let _ = writeln!(out, "# UNIT {name} {}", metric.unit);
    }
    if !metric.help.is_empty() {
        let _ = write!(out, "# HELP {name} ");
        put_escaped(out, &metric.help);
        out.push('\n');
    }
}

fn put_series(out: &mut String, series: &Series, extra: &[(&str, &str)]) {
    let own = series.labels.iter();
    let own = own.map(|(key, value)| (key.as_str(), value.as_str()));
    // What a series says of itself goes before what is said of all.
    let extra = extra
        .iter()
        .filter(|(key, _)| series.labels.iter().all(|(own, _)| own != key));
    let labels: Vec<(&str, &str)> = own.chain(extra.copied()).collect();
    let name = &series.metric.name;
    match &series.value {
        Value::Counter(n) => put_sample(out, name, "_total", &labels, n),
        Value::Gauge(n) => put_sample(out, name, "", &labels, n),
        Value::Max(n) => put_sample(out, name, "", &labels, n),
        Value::Histogram(buckets) => put_histogram(out, name, labels, buckets),
    }
}

fn put_histogram(out: &mut String, name: &str, labels: Vec<(&str, &str)>, buckets: &Buckets) {
    let mut below = 0_u64;
    for (n, count) in buckets.counts.iter().enumerate() {
        below = below.wrapping_add(*count);
        let le = match bucket_bound(n) {
            Some(bound) if n.is_multiple_of(SHOWN_EVERY) => format!("{bound:?}"),
            Some(_) => continue,
            None => "+Inf".to_owned(),
        };
        let mut labels = labels.clone();
        labels.push(("le", &le));
        put_sample(out, name, "_bucket", &labels, below);
    }
    put_sample(out, name, "_count", &labels, below);
    put_sample(out, name, "_sum", &labels, buckets.sum);
}

fn put_sample(
    out: &mut String,
    name: &str,
    ending: &str,
    labels: &[(&str, &str)],
    value: impl std::fmt::Display,
) {
    out.push_str(name);
    out.push_str(ending);
    for (n, (key, value)) in labels.iter().enumerate() {
        out.push(if n == 0 { '{' } else { ',' });
        out.push_str(key);
        out.push_str("=\"");
        put_escaped(out, value);
        out.push('"');
    }
    if !labels.is_empty() {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

fn put_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}
