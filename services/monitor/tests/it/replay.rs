//! Rules replayed over the past.

use crate::world::{MONDAY_S, plan, ways};
use im_monitor::alarms::replay;
use im_monitor::history::{MemoryHistory, Source};

const DEEP: &str = r#"
    [[rule]]
    name = "deep"
    summary = "deep"
    metric = "depth"
    value = "max"
    by = "service"
    above = 10
    for = "2m"
"#;

/// An hour in which a gauge is too high from its 20th to its 30th minute.
fn past() -> MemoryHistory {
    let mut past = MemoryHistory::at(MONDAY_S + 3_600);
    for minute in 0..60 {
        let value = if (20..30).contains(&minute) {
            11.0
        } else {
            1.0
        };
        let at_s = MONDAY_S + minute * 60;
        past.gauge(&Source::of("push"), "depth", &[], at_s, value);
    }
    past
}

#[test]
fn it_says_what_would_have_been_said_and_when() {
    let watch = plan(DEEP).watch;
    let transitions = replay(watch, &past(), MONDAY_S, MONDAY_S + 3_600);
    let expected = ["normal → pending", "pending → firing", "firing → normal"];
    assert_eq!(ways(&transitions), expected);
    let minutes: Vec<u64> = transitions
        .iter()
        .map(|t| (t.at_s - MONDAY_S) / 60)
        .collect();
    // A window ends a minute after it begins.
    assert_eq!(minutes, [21, 23, 31]);
}

#[test]
fn only_the_time_that_was_asked_for_is_looked_at() {
    let watch = plan(DEEP).watch;
    let transitions = replay(watch, &past(), MONDAY_S + 31 * 60, MONDAY_S + 3_600);
    assert!(transitions.is_empty());
}
