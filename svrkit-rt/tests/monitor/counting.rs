//! Counting in the process's own memory, from one thread and from many.

use std::thread;
use svrkit_rt::monitor::{self, Value};

svrkit_rt::monitor! {
    /// Steps of all threads.
    static STEPS: Counter = "counting_steps";
    /// A level that goes up and down.
    static LEVEL: Gauge = "counting_level";
}

#[test]
fn no_count_of_any_thread_is_lost() {
    const THREADS: u64 = 100;
    const STEPS_EACH: u64 = 10_000;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..STEPS_EACH {
                    STEPS.add(1);
                }
            });
        }
    });
    let counted = monitor::snapshot().get("counting_steps", &[]).cloned();
    assert_eq!(counted, Some(Value::Counter(THREADS * STEPS_EACH)));
}

#[test]
fn a_level_is_what_was_set_and_what_came_after() {
    LEVEL.set(100);
    thread::scope(|scope| {
        scope.spawn(|| LEVEL.add(-30));
        scope.spawn(|| LEVEL.add(5));
    });
    let level = |level| assert_eq!(monitor::snapshot().get("counting_level", &[]), Some(&level));
    level(Value::Gauge(75));
    LEVEL.set(7);
    level(Value::Gauge(7));
    LEVEL.add(-8);
    level(Value::Gauge(-1));
}
