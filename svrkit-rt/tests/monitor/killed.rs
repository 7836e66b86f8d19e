//! However often and whenever its owner is killed, a segment stays whole and loses nothing that was counted.

use crate::support::{Process, config, reader};
use svrkit_rt::monitor::{self, Snapshot, Value};

svrkit_rt::monitor! {
    /// Rows written.
    static ROWS: Counter = "killed_rows";
}

/// What the process does, until it is killed; as a test of its own, nothing.
#[test]
fn the_process() {
    let Some(config) = config() else {
        return;
    };
    monitor::open(&config).unwrap();
    println!("opened");
    for n in 0_u64.. {
        // New series all the time, so that most kills fall into the middle of entering one.
        let name = (n % 1_500).to_string();
        monitor::add(ROWS.labelled(&[("table", &name)]), 1);
    }
}

fn rows(snapshot: &Snapshot) -> u64 {
    let of = |value: &Value| match value {
        Value::Counter(n) => *n,
        other => panic!("{other:?}"),
    };
    let rows = snapshot.series.iter();
    rows.filter(|series| series.metric.name == "killed_rows")
        .map(|series| of(&series.value))
        .sum()
}

#[test]
fn a_segment_is_whole_after_any_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut before = 0;
    for generation in 1..=20 {
        let mut process = Process::start("killed::the_process", directory.path());
        process.hears("opened");
        let reader = reader(directory.path());
        // Each generation is killed a little later than the one before.
        while rows(&reader.snapshot().unwrap()) < before + 97 * generation {}
        let seen = rows(&reader.snapshot().unwrap());
        process.kill();
        let snapshot = reader.snapshot().unwrap();
        assert_eq!(snapshot.instance.generation, generation);
        assert!(rows(&snapshot) >= seen);
        before = rows(&snapshot);
    }
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing was put aside");
}
