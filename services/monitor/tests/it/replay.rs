//! Rules replayed over the past.

use crate::world::{MONDAY_S, past, plan, ways};
use im_monitor::alarms::replay;

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
