//! The process and its runtime measure themselves.

use crate::support::{Process, config, pause, read};
use std::time::Duration;
use svrkit_rt::monitor::{self, Snapshot, Value};
use svrkit_rt::{Server, memory};

fn level(snapshot: &Snapshot, name: &str) -> i64 {
    match snapshot.get(name, &[]) {
        Some(Value::Gauge(level)) => *level,
        other => panic!("{name}: {other:?}"),
    }
}

fn count(snapshot: &Snapshot, name: &str) -> u64 {
    match snapshot.get(name, &[]) {
        Some(Value::Counter(count) | Value::Max(count)) => *count,
        Some(Value::Histogram(buckets)) => buckets.count(),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_snapshot_of_ones_own_says_what_the_process_takes() {
    let before = count(&monitor::snapshot(), "process_cpu_microseconds");
    let mut work = 0_u64;
    while count(&monitor::snapshot(), "process_cpu_microseconds") < before + 1_000 {
        work = std::hint::black_box(work + 1);
    }
    let snapshot = monitor::snapshot();
    assert!(level(&snapshot, "process_resident_memory_bytes") > 100_000);
    assert!(level(&snapshot, "process_threads") >= 1);
    let files = level(&snapshot, "process_open_files");
    assert!((3..=level(&snapshot, "process_open_files_limit")).contains(&files));
    assert!(level(&snapshot, "process_uptime_seconds") >= 0);
}

const STALL: Duration = Duration::from_millis(200);

/// What the process does; as a test of its own, nothing.
#[test]
fn the_process() {
    let Some(config) = config() else {
        return;
    };
    monitor::open(&config).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(async {
        let (listener, _connector) = memory();
        tokio::spawn(Server::new().run(listener, std::future::pending()));
        let ticks = || count(&monitor::snapshot(), "process_runtime_lag_microseconds");
        while monitor::snapshot()
            .get("process_runtime_lag_microseconds", &[])
            .is_none()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // A handler that blocks the runtime.
        std::thread::sleep(STALL);
        let before = ticks();
        while ticks() < before + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    println!("stalled");
    pause();
}

#[test]
fn a_runtime_that_stood_still_shows() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::start("process::the_process", directory.path());
    process.hears("stalled");
    let snapshot = read(directory.path());
    let worst = count(&snapshot, "process_runtime_lag_max_microseconds");
    // The tick that was due first is late by the stall, less the rest of its period.
    assert!(worst >= (STALL / 2).as_micros() as u64, "{worst}");
    assert!(snapshot.instance.beats >= 1);
    process.kill();
}
