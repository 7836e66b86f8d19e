//! The store as a whole: what is taken is there, whoever was killed when.

mod counting;
mod crashes;
mod hostile;
mod machine;
mod tiers;

use super::answers::{Question, answer};
use super::taking::Bounds;
use super::writing::Store;
use crate::history::{Selector, Value};
use std::path::Path;

const BOUNDS: Bounds = Bounds {
    series_max: 1_000,
    agent_series_max: 1_000,
    instances_max: 100,
};

/// A Monday morning.
const NOON_MS: u64 = 1_770_000_000_000 / 86_400_000 * 86_400_000 + 43_200_000;

fn open(dir: &Path, now_ms: u64) -> Store {
    Store::open(dir, BOUNDS, now_ms).unwrap()
}

/// One line.
fn ask(
    store: &Store,
    name: &str,
    value: Value,
    from_ms: u64,
    to_ms: u64,
    step_s: u64,
) -> Vec<Option<f64>> {
    let question = Question {
        selector: &Selector::named(name),
        by: &[],
        value,
        from_s: from_ms / 1_000,
        to_s: to_ms / 1_000,
        step_s,
    };
    let past = store.past();
    let mut heard_ms = 0;
    past.each_instance(|_, instance| heard_ms = instance.reported_ms.max(heard_ms));
    let lines = answer(past.state(), heard_ms / 1_000, question);
    lines.into_values().next().unwrap_or_default()
}

/// All increments of a counter in the hour of this time.
fn total(store: &Store, name: &str, ms: u64) -> f64 {
    let from_ms = ms / 3_600_000 * 3_600_000;
    let line = ask(store, name, Value::Sum, from_ms, from_ms + 3_600_000, 10);
    line.into_iter().flatten().fold(0.0, |sum, more| sum + more)
}
