//! Controlled delay as RPC servers use it (Fail at Scale, ACM Queue 2015; `folly::Codel`): if even the shortest wait of an interval was
//! longer than the target, the queue is standing, and whoever has waited for twice the target is dropped when his turn comes.

use std::sync::Mutex;
use svrkit_rt::admission::{Level, Policy, Wait};

const INTERVAL_US: u64 = 100_000;
/// A wait that is reasonable once, but not for a whole interval; folly's is 5 ms for services that take less than one.
const TARGET_US: u64 = 20_000;

#[derive(Debug, Default)]
pub(crate) struct CoDel(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ends_us: u64,
    shortest_us: u64,
    is_standing: bool,
}

impl Policy for CoDel {
    fn admit(&self, _: u64, _: Level, _: usize) -> bool {
        true
    }

    fn start(&self, now_us: u64, wait: Wait) -> bool {
        let mut state = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if now_us >= state.ends_us {
            state.is_standing = state.ends_us > 0 && state.shortest_us > TARGET_US;
            state.ends_us = now_us + INTERVAL_US;
            state.shortest_us = wait.queued_us;
        }
        state.shortest_us = state.shortest_us.min(wait.queued_us);
        !state.is_standing || wait.queued_us <= 2 * TARGET_US
    }
}
