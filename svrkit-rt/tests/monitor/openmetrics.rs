//! A snapshot as OpenMetrics text, held against a text that was checked by hand.

use std::sync::Arc;
use svrkit_rt::monitor::{Buckets, Instance, Kind, Metric, Series, Snapshot, Value, bucket_bound};

fn series(
    name: &str,
    kind: Kind,
    unit: &str,
    help: &str,
    labels: &[(&str, &str)],
    value: Value,
) -> Series {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Series {
        id: 0,
        metric: Arc::new(Metric {
            name: name.to_owned(),
            kind,
            unit: unit.to_owned(),
            help: help.to_owned(),
        }),
        labels: labels.iter().map(owned).collect(),
        value,
    }
}

fn text(series: Vec<Series>, extra: &[(&str, &str)]) -> String {
    let instance = Instance::default();
    Snapshot { instance, series }.to_openmetrics(extra)
}

#[test]
fn names_units_help_and_labels_are_as_the_standard_wants_them() {
    let calls = |code, n| {
        let labels = [("code", code), ("method", "Send")];
        let help = "Calls, by \"code\" \\ method.";
        series(
            "rpc_calls",
            Kind::Counter,
            "",
            help,
            &labels,
            Value::Counter(n),
        )
    };
    let level = Value::Gauge(-3);
    let memory = series("memory_bytes", Kind::Gauge, "bytes", "In use.", &[], level);
    let evil = [("path", "<script>\n\"\\")];
    let longest = series("longest_queue", Kind::Max, "", "", &evil, Value::Max(9));
    let all = vec![
        calls("ok", u64::MAX),
        longest,
        calls("not_found", 2),
        memory,
    ];
    let expected = r##"# TYPE longest_queue gauge
longest_queue{path="<script>\n\"\\",instance="shop-1"} 9
# TYPE memory_bytes gauge
# UNIT memory_bytes bytes
# HELP memory_bytes In use.
memory_bytes{instance="shop-1"} -3
# TYPE rpc_calls counter
# HELP rpc_calls Calls, by \"code\" \\ method.
rpc_calls_total{code="not_found",method="Send",instance="shop-1"} 2
rpc_calls_total{code="ok",method="Send",instance="shop-1"} 18446744073709551615
# EOF
"##;
    assert_eq!(text(all, &[("instance", "shop-1")]), expected);
}

#[test]
fn a_series_keeps_a_label_of_its_own() {
    let own = [("instance", "other")];
    let all = vec![series("a", Kind::Gauge, "", "", &own, Value::Gauge(1))];
    let text = text(all, &[("instance", "shop-1"), ("host", "h")]);
    assert!(
        text.contains("a{instance=\"other\",host=\"h\"} 1\n"),
        "{text}"
    );
}

#[test]
fn a_histogram_has_cumulative_buckets_of_whole_octaves() {
    let mut buckets = Buckets::default();
    // Two values of 3, one of 1000, one of two minutes.
    for value in [3_u64, 3, 1_000, 120_000_000] {
        let within = |n: &usize| bucket_bound(*n).is_none_or(|bound| value as f64 <= bound);
        let bucket = (0..buckets.counts.len()).find(within).unwrap();
        buckets.counts[bucket] += 1;
        buckets.sum += value;
    }
    let name = "wait_microseconds";
    let help = "Time to wait.";
    let value = Value::Histogram(buckets);
    let labels = [("method", "Send")];
    let all = vec![series(
        name,
        Kind::Histogram,
        "microseconds",
        help,
        &labels,
        value,
    )];
    let text = text(all, &[]);
    let mut expected = "# TYPE wait_microseconds histogram
# UNIT wait_microseconds microseconds
# HELP wait_microseconds Time to wait.
"
    .to_owned();
    for octave in 0..=26 {
        let below = match octave {
            0..=1 => 0,
            2..=9 => 2,
            _ => 3,
        };
        let le = 1_u64 << octave;
        expected.push_str(&format!(
            "wait_microseconds_bucket{{method=\"Send\",le=\"{le}.0\"}} {below}\n"
        ));
    }
    expected.push_str(
        "wait_microseconds_bucket{method=\"Send\",le=\"+Inf\"} 4
wait_microseconds_count{method=\"Send\"} 4
wait_microseconds_sum{method=\"Send\"} 120001006
# EOF
",
    );
    assert_eq!(text, expected);
}

#[test]
fn nothing_is_an_exposition_too() {
    assert_eq!(text(Vec::new(), &[]), "# EOF\n");
}
