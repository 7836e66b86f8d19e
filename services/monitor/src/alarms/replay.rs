//! Rules over the past: what they would have said.

use super::book::{Book, SETTLE_S, Tick, Transition, Watch};
use crate::history::History;

/// All that changes when these rules look at every window from `from_s` to `to_s`, in order. They know nothing of what was before.
pub fn replay(watch: Watch, history: &dyn History, from_s: u64, to_s: u64) -> Vec<Transition> {
    let steps = watch.rules.iter().map(|rule| rule.step_s);
    let step_s = steps.reduce(common_divisor).unwrap_or(60);
    let mut book = Book::new(watch, 0);
    let ends = (from_s.next_multiple_of(step_s)..=to_s).step_by(step_s as usize);
    let look = |end_s| -> Tick { book.tick(history, end_s + SETTLE_S) };
    ends.map(look).flat_map(|tick| tick.transitions).collect()
}

fn common_divisor(a: u64, b: u64) -> u64 {
    match b {
        0 => a,
        b => common_divisor(b, a % b),
    }
}
