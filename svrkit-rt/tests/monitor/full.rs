//! A file system without room costs series, never the process: it would be a `SIGBUS` at the next count.

use crate::support::{Process, config, pause};
use std::thread;
use svrkit_rt::monitor::{self, Value};

svrkit_rt::monitor! {
    /// Sizes, by name.
    static SIZES: Histogram = "full_sizes";
    /// What was counted altogether.
    static ALL: Counter = "full_counted";
}

const SERIES: usize = 1_000;
const THREADS: usize = 6;

/// What the process does; as a test of its own, nothing.
#[test]
fn the_process() {
    let Some(config) = config() else {
        return;
    };
    if let Err(e) = monitor::open(&config) {
        println!("refused {e}: {:?}", std::error::Error::source(&e));
        return pause();
    }
    ALL.add(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for n in 0..SERIES {
                    let name = n.to_string();
                    monitor::observe(SIZES.labelled(&[("of", &name)]), 1);
                    ALL.add(1);
                }
            });
        }
    });
    let snapshot = monitor::snapshot();
    let all = (THREADS * SERIES) as u64;
    assert_eq!(
        snapshot.get("full_counted", &[]),
        Some(&Value::Counter(all))
    );
    let sizes = snapshot.series.iter();
    println!(
        "series {}",
        sizes.filter(|s| s.metric.name == "full_sizes").count()
    );
    pause();
}

#[test]
fn series_beyond_the_file_systems_room_are_not_had_and_nothing_else_happens() {
    let Some(mut process) = Process::start_on_tmpfs("full::the_process", "512k") else {
        println!("skipped: no file system may be mounted here");
        return;
    };
    let series: usize = process.hears("series ").parse().unwrap();
    assert!((20..SERIES).contains(&series), "{series}");
    process.kill();
}

#[test]
fn without_any_room_there_is_no_segment() {
    let Some(mut process) = Process::start_on_tmpfs("full::the_process", "16k") else {
        println!("skipped: no file system may be mounted here");
        return;
    };
    let why = process.hears("refused ");
    assert!(why.contains("cannot open"), "{why}");
    process.kill();
}
