//! Reports of an agent that says whatever it likes: nothing panics, and what is kept can be read again.

use super::{NOON_MS, open};
use crate::definition::series_id;
use im_idl::monitor::{Definition, HistogramReading, InstanceReport, Kind, ReportRequest};
use svrkit_rt::monitor::Kind as Counted;

/// Numbers that break things, and some that do not.
fn number() -> u64 {
    let extremes = [
        0,
        1,
        59,
        60,
        NOON_MS,
        u64::MAX,
        u64::MAX / 2,
        i64::MAX as u64 + 1,
    ];
    match fastrand::bool() {
        true => extremes[fastrand::usize(..extremes.len())],
        false => fastrand::u64(..) >> fastrand::u32(..64),
    }
}

fn definitions() -> Vec<Definition> {
    let kinds = [
        (Kind::Counter, Counted::Counter),
        (Kind::Gauge, Counted::Gauge),
        (Kind::Max, Counted::Max),
        (Kind::Histogram, Counted::Histogram),
    ];
    let definition = |(kind, counted)| Definition {
        id: series_id(counted, "metric", [].into_iter()),
        name: "metric".to_owned(),
        kind: kind as i32,
        ..Definition::default()
    };
    kinds.map(definition).into()
}

fn report(seq: u64) -> ReportRequest {
    let definitions = definitions();
    // Any series among any values, twice perhaps, or one that there is not.
    let ids = |count: usize| {
        let id = |_| match fastrand::usize(..6) {
            4.. => number(),
            place => definitions[place].id,
        };
        (0..count).map(id).collect::<Vec<u64>>()
    };
    let count = fastrand::usize(..4);
    let histogram = |id| HistogramReading {
        id,
        sum: number(),
        buckets: (0..count).map(|_| number() as u32 % 200).collect(),
        counts: (0..count).map(|_| number()).collect(),
    };
    let instance = InstanceReport {
        instance: "shop".to_owned(),
        service: "shop".to_owned(),
        run: number() % 3,
        run_began_ms: number(),
        started_ms: number(),
        silent: fastrand::bool(),
        counters: ids(count),
        counts: (0..count).map(|_| number()).collect(),
        gauges: ids(count),
        values: (0..count).map(|_| number().cast_signed()).collect(),
        histograms: ids(count).into_iter().map(histogram).collect(),
        more: fastrand::bool(),
        ..InstanceReport::default()
    };
    ReportRequest {
        agent: "agent".to_owned(),
        seq,
        host: "here".to_owned(),
        taken_ms: number(),
        sent_ms: number(),
        period_ms: fastrand::u32(1_000..60_000),
        definitions,
        instances: vec![instance],
    }
}

#[test]
fn any_report_is_taken_or_not_and_is_kept_as_it_was_taken() {
    fastrand::seed(8);
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut now_ms = NOON_MS;
    for round in 1..=40u64 {
        let reports = (0..20).map(|n| {
            now_ms += fastrand::u64(..30_000);
            (now_ms, report(round * 100 + n))
        });
        let reports: Vec<_> = reports.collect();
        store.take(&reports).unwrap();
        if round % 5 == 0 {
            now_ms += fastrand::u64(..5_000_000);
            store.checkpoint(now_ms).unwrap();
        }
        if round % 7 == 0 {
            let before = readings(&store.past());
            drop(store);
            store = open(dir.path(), now_ms);
            assert_eq!(readings(&store.past()), before);
        }
    }
}

/// Where every series stands, and what it has.
fn readings(past: &crate::store::Past) -> Vec<String> {
    let mut readings = Vec::new();
    past.each_instance(|key, instance| {
        for (id, series) in &instance.series {
            let heads = series.heads.iter().map(|head| head.pages(0, u64::MAX / 2));
            let heads: Vec<_> = heads.collect();
            readings.push(format!("{key:?} {id} {:?} {heads:?}", series.reading));
        }
    });
    readings.sort();
    readings
}
