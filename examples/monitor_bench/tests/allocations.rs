//! Counting takes no memory once a series and the thread's shard are there.

use allocation_counter::measure;
use svrkit_rt::monitor;

svrkit_rt::monitor! {
    /// Steps.
    static STEPS: Counter = "allocation_steps";
    /// A level.
    static LEVEL: Gauge = "allocation_level";
    /// The largest.
    static LARGEST: Max = "allocation_largest";
    /// Time of a step.
    static TIME: Histogram = "allocation_microseconds" in "microseconds";
}

#[test]
fn counting_allocates_nothing() {
    let labels = [("method", "Send"), ("code", "ok")];
    let count = || {
        STEPS.add(1);
        LEVEL.add(-1);
        LEVEL.set(7);
        LARGEST.max(9);
        TIME.observe(250);
        monitor::add(STEPS.labelled(&labels), 1);
    };
    count();
    let taken = measure(|| (0..1_000).for_each(|_| count()));
    assert_eq!(taken.count_total, 0);
}
