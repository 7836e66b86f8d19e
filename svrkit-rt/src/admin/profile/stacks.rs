//! What was running, as often as somebody looked.

use std::fmt::Write;
use std::time::Duration;

/// Stacks of a process.
#[derive(Debug)]
pub(in crate::admin) struct Profile {
    /// Each with the outermost function first, and how often it was met.
    pub(super) stacks: Vec<(Vec<String>, u64)>,
    /// How long was looked.
    pub(in crate::admin) length: Duration,
    /// When it began, in microseconds since 1970.
    pub(in crate::admin) began_us: u64,
    /// Looks a second of processor time.
    pub(super) frequency_hz: u32,
}

impl Profile {
    /// How often something was met.
    pub(in crate::admin) fn samples(&self) -> u64 {
        self.stacks.iter().map(|(_, count)| count).sum()
    }

    /// A line a stack, as Brendan Gregg's tools want it: `main;serve;handle 42`.
    pub(in crate::admin) fn folded(&self) -> String {
        let mut out = String::new();
        for (stack, count) in &self.stacks {
            let _ = writeln!(out, "{} {count}", stack.join(";"));
        }
        out
    }
}
