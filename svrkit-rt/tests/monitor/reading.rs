//! Others read a segment while its owner writes.

use crate::support::{Process, config, pause, read, reader};
use std::thread;
use svrkit_rt::monitor::{self, Value};

svrkit_rt::monitor! {
    /// Steps of all writers.
    static STEPS: Counter = "reading_steps";
    /// What each step brought.
    static SIZES: Histogram = "reading_step_size";
}

const WRITERS: u64 = 4;
const STEPS_EACH: u64 = 200_000;

/// What the process does; as a test of its own, nothing.
#[test]
fn the_process() {
    let Some(config) = config() else {
        return;
    };
    monitor::open(&config).unwrap();
    STEPS.add(0);
    SIZES.id();
    println!("opened");
    pause();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for step in 0..STEPS_EACH {
                    STEPS.add(1);
                    SIZES.observe(step % 1_000);
                    if step.is_multiple_of(100) {
                        let name = format!("{writer}-{step}");
                        monitor::add(STEPS.labelled(&[("of", &name)]), 1);
                    }
                }
            });
        }
    });
    println!("done");
    pause();
}

#[test]
fn a_reader_never_sees_a_counter_go_back_or_a_snapshot_torn() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::start("reading::the_process", directory.path());
    process.hears("opened");
    let reader = reader(directory.path());
    let all = WRITERS * STEPS_EACH;
    process.go_on();
    let (mut before, mut series_before) = (0, 0);
    while before < all {
        let snapshot = reader.snapshot().unwrap();
        let Some(Value::Counter(steps)) = snapshot.get("reading_steps", &[]) else {
            panic!("no counter");
        };
        assert!((before..=all).contains(steps), "{before} then {steps}");
        assert!(snapshot.series.len() >= series_before);
        (before, series_before) = (*steps, snapshot.series.len());
    }
    process.hears("done");
    let snapshot = read(directory.path());
    let Some(Value::Histogram(sizes)) = snapshot.get("reading_step_size", &[]) else {
        panic!("no histogram");
    };
    assert_eq!(sizes.count(), all);
    assert_eq!(sizes.sum, all / 1_000 * (999 * 1_000 / 2));
    let median = sizes.quantile(0.5).unwrap();
    assert!((420.0..=600.0).contains(&median), "{median}");
    process.kill();
}

#[test]
fn a_directory_shows_its_segments_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["b.monitor", "a.monitor", "a.monitor.aside", "notes"] {
        std::fs::write(directory.path().join(name), "").unwrap();
    }
    let found = monitor::instances(directory.path()).unwrap();
    let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, ["a.monitor", "b.monitor"]);
    let nowhere = directory.path().join("nowhere");
    assert!(monitor::instances(&nowhere).unwrap().is_empty());
}
