//! Months of reports: each tier has what it is for, and no more.

use super::machine::Machine;
use super::{NOON_MS, ask, open};
use crate::history::Value;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

#[test]
fn each_tier_keeps_as_long_as_it_says_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS);
    machine.period_ms = HOUR_MS;
    let end_ms = NOON_MS + 40 * DAY_MS;
    let mut now_ms = NOON_MS;
    let mut count = 0;
    while now_ms < end_ms {
        now_ms += machine.period_ms;
        count += 360;
        machine = machine
            .counter("orders", count)
            .histogram("waits", count * 3, &[(6, count)]);
        let report = machine.at(now_ms);
        store.take(&[(now_ms, report)]).unwrap();
        if store.wants_checkpoint(now_ms) {
            store.checkpoint(now_ms).unwrap();
        }
        if count % 7_200 == 0 {
            drop(store);
            store = open(dir.path(), now_ms);
        }
    }
    let sum = |value, from_ms, to_ms: u64, step_s| {
        let line = ask(&store, "orders", value, from_ms, to_ms, step_s);
        (
            line.iter().flatten().sum::<f64>(),
            line.iter().flatten().count(),
        )
    };
    // All of it, in hours.
    let (all, hours) = sum(Value::Sum, NOON_MS, end_ms + HOUR_MS, 3_600);
    assert_eq!((all, hours), (count as f64, 40 * 24));
    // The first of the last fifteen days, in minutes: 6 a minute.
    let (some, minutes) = sum(Value::Sum, end_ms - 15 * DAY_MS, end_ms - 14 * DAY_MS, 60);
    assert_eq!((some, minutes), (1_440.0 * 6.0, 1_440));
    // Before, minutes are made of hours.
    let (some, minutes) = sum(Value::Sum, end_ms - 30 * DAY_MS, end_ms - 29 * DAY_MS, 60);
    assert_eq!((some.round(), minutes), (1_440.0 * 6.0, 1_440));
    let (_, steps) = sum(Value::Rate, end_ms - 2 * DAY_MS, end_ms, 10);
    assert_eq!(steps, 2 * 8_640);
    let files = std::fs::read_dir(dir.path().join("blocks")).unwrap();
    let names: Vec<String> = files
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    let of = |tier: &str| names.iter().filter(|name| name.starts_with(tier)).count();
    assert!((23..=26).contains(&of("10s")), "{names:?}");
    assert!((29..=32).contains(&of("1m-")), "{names:?}");
    assert!((1..=2).contains(&of("1h")), "{names:?}");
    let p50 = ask(
        &store,
        "waits",
        Value::Quantile(0.5),
        end_ms - DAY_MS,
        end_ms,
        3_600,
    );
    assert!(
        p50.iter().flatten().all(|us| (2.0..3.0).contains(us)),
        "{p50:?}"
    );
    assert_eq!(p50.iter().flatten().count(), 24);
}

#[test]
fn smallest_and_greatest_are_those_of_reports_in_every_tier() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS);
    for n in 0..360 {
        let now_ms = NOON_MS + n * 10_000 + 3_000;
        machine = machine.gauge("baskets", (n % 50).cast_signed() - 10);
        let report = machine.at(now_ms);
        store.take(&[(now_ms, report)]).unwrap();
    }
    for step_s in [60, 600, 3_600] {
        let ask = |value| ask(&store, "baskets", value, NOON_MS, NOON_MS + HOUR_MS, step_s);
        let (min, max) = (ask(Value::Min), ask(Value::Max));
        assert!(min.iter().flatten().any(|v| *v == -10.0), "{step_s}");
        assert!(max.iter().flatten().any(|v| *v == 39.0), "{step_s}");
        assert_eq!(ask(Value::Average).len() as u64, 3_600 / step_s);
    }
}
