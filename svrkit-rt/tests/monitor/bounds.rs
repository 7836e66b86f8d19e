//! There are bounds, and what is beyond them counts as one.

use std::sync::Barrier;
use std::thread;
use svrkit_rt::monitor::{self, LABEL_VALUE_BYTES_MAX, Value};

svrkit_rt::monitor! {
    /// Words, by word.
    static WORDS: Counter = "bounds_words";
    /// Other words.
    static OTHERS: Counter = "bounds_others";
    /// Steps of threads that all live at once.
    static STEPS: Counter = "bounds_steps";
    /// What threads saw at most.
    static LARGEST: Max = "bounds_largest";
}

/// Of one name, as the documentation of the registry has it.
const SERIES_PER_METRIC_MAX: usize = 2_048;

#[test]
fn label_values_beyond_the_bound_count_as_one_series() {
    const VALUES: usize = SERIES_PER_METRIC_MAX + 500;
    for round in 1..=2 {
        for n in 0..VALUES {
            monitor::add(WORDS.labelled(&[("word", &n.to_string())]), 1);
        }
        let snapshot = monitor::snapshot();
        let own = snapshot
            .series
            .iter()
            .filter(|series| series.metric.name == "bounds_words" && series.labels[0].0 == "word");
        let own: Vec<_> = own.collect();
        assert_eq!(own.len(), SERIES_PER_METRIC_MAX);
        assert!(
            own.iter()
                .all(|series| series.value == Value::Counter(round))
        );
        let overflow = snapshot.get("bounds_words", &[("overflow", "true")]);
        let beyond = (VALUES - SERIES_PER_METRIC_MAX) as u64;
        assert_eq!(overflow, Some(&Value::Counter(round * beyond)));
    }
    // Others have room as before.
    monitor::add(OTHERS.labelled(&[("word", "a")]), 1);
    let others = monitor::snapshot();
    let others = others.get("bounds_others", &[("word", "a")]);
    assert_eq!(others, Some(&Value::Counter(1)));
}

#[test]
fn label_values_are_cut_at_their_bound() {
    let long = "ü".repeat(LABEL_VALUE_BYTES_MAX);
    let cut = "ü".repeat(LABEL_VALUE_BYTES_MAX / 2);
    monitor::add(OTHERS.labelled(&[("long", &long)]), 3);
    let snapshot = monitor::snapshot();
    let counted = snapshot.get("bounds_others", &[("long", &cut)]);
    assert_eq!(counted, Some(&Value::Counter(3)));
}

#[test]
fn more_threads_than_shards_lose_nothing() {
    const THREADS: u64 = 100;
    const STEPS_EACH: u64 = 20_000;
    let all_live = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let all_live = &all_live;
            scope.spawn(move || {
                STEPS.add(1);
                all_live.wait();
                for _ in 1..STEPS_EACH {
                    STEPS.add(1);
                }
                LARGEST.max(thread);
            });
        }
    });
    let snapshot = monitor::snapshot();
    let steps = snapshot.get("bounds_steps", &[]);
    assert_eq!(steps, Some(&Value::Counter(THREADS * STEPS_EACH)));
    let largest = snapshot.get("bounds_largest", &[]);
    assert_eq!(largest, Some(&Value::Max(THREADS - 1)));
}
