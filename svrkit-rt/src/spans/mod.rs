//! Recent calls worth a look: those that failed, those that were slow, and a few of the others, with their place in a trace.
//!
//! Both ends of a call ask `Watched::worth` when it has ended: for a fast and successful one that is three comparisons. What is worth it
//! goes into one of four rings, each bounded in length and in what it takes a second, so that a flood of failures costs no more than a
//! few. A trace id is given to every call that has none and travels with all calls made on its behalf; so the parts of a trace that
//! several processes kept fit together.
//!
//! Nothing is kept, and no ids are given, until somebody wants it: [`keep`].

mod ring;
mod span;
mod watched;

pub use span::{Side, Span, Why};
pub(crate) use watched::{Outcome, Watched, refused};

use ring::Ring;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Microseconds from which a call is slow, unless somebody says otherwise: what a person feels.
const SLOW_US: u64 = 100_000;
/// One trace of this many is kept, unless somebody says otherwise.
const SAMPLED_ONE_IN: u32 = 1_024;

static KEEPERS: AtomicU32 = AtomicU32::new(0);
static SLOW: AtomicU64 = AtomicU64::new(SLOW_US);
static ONE_IN: AtomicU32 = AtomicU32::new(SAMPLED_ONE_IN);
/// Traces whose ids end in less: the same as [`ONE_IN`], without a division for each call.
static SAMPLED_BELOW: AtomicU32 = AtomicU32::new(u32::MAX / SAMPLED_ONE_IN);
/// A ring a reason, so that what is usual does not drive out what is not.
static RINGS: [Ring; Why::ALL.len()] = [const { Ring::new() }; Why::ALL.len()];

/// Keeps what is worth a look for as long as it lives.
#[derive(Debug)]
pub struct Keeping(());

/// Begins to keep what is worth a look, in this process.
pub fn keep() -> Keeping {
    KEEPERS.fetch_add(1, Relaxed);
    Keeping(())
}

impl Drop for Keeping {
    fn drop(&mut self) {
        KEEPERS.fetch_sub(1, Relaxed);
    }
}

/// Whether anybody wants anything kept.
#[inline]
pub(crate) fn is_kept() -> bool {
    KEEPERS.load(Relaxed) > 0
}

/// Microseconds from which a call is slow.
pub fn slow_us() -> u64 {
    SLOW.load(Relaxed)
}

/// Sets the microseconds from which a call is slow. Default 100,000. Methods that may take a minute wait on purpose, and are never slow.
pub fn set_slow_us(us: u64) {
    SLOW.store(us, Relaxed);
}

/// One trace of this many is kept whole; 0 for none.
pub fn sampled_one_in() -> u32 {
    ONE_IN.load(Relaxed)
}

/// Sets of how many traces one is kept whole, 0 for none. Default 1,024. The id decides, so processes that agree on the number keep the
/// same traces.
pub fn set_sampled_one_in(n: u32) {
    ONE_IN.store(n, Relaxed);
    SAMPLED_BELOW.store(u32::MAX.checked_div(n).unwrap_or(0), Relaxed);
}

/// What was kept last for this reason, newest first.
pub fn recent(why: Why) -> Vec<Span> {
    RINGS[why as usize].newest_first()
}

/// How many spans were worth keeping for this reason and were not kept, because too many came in a second.
pub fn missed(why: Why) -> u64 {
    RINGS[why as usize].missed()
}

/// What was kept of a trace, by when it began.
pub fn of_trace(trace_id: u128) -> Vec<Span> {
    let mut spans: Vec<Span> = RINGS
        .iter()
        .flat_map(Ring::newest_first)
        .filter(|span| span.trace_id == trace_id)
        .collect();
    spans.sort_by_key(|span| span.started_us);
    spans
}
