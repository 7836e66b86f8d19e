//! What phxrpc does (`HshaServerQos`): each second that requests waited for more than 20 ms in the mean, five more of a hundred are refused,
//! whichever they are; each other second, five fewer.

use std::sync::{Mutex, MutexGuard};
use svrkit_rt::admission::{Level, Policy, Wait};

const WINDOW_US: u64 = 1_000_000;
const STEP_PERCENT: u32 = 5;
const REFUSED_PERCENT_MAX: u32 = 99;

#[derive(Debug)]
pub(crate) struct RandomReject(Mutex<State>);

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    refused_percent: u32,
    opened_us: u64,
    waits: u64,
    queued_us: u64,
    target_us: u64,
}

impl RandomReject {
    pub(crate) fn new(seed: u64) -> RandomReject {
        RandomReject(Mutex::new(State {
            random: fastrand::Rng::with_seed(seed),
            refused_percent: 0,
            opened_us: 0,
            waits: 0,
            queued_us: 0,
            target_us: 0,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl State {
    fn close(&mut self, now_us: u64) {
        self.refused_percent = if self.queued_us > self.target_us {
            (self.refused_percent + STEP_PERCENT).min(REFUSED_PERCENT_MAX)
        } else {
            self.refused_percent.saturating_sub(STEP_PERCENT)
        };
        (self.opened_us, self.waits, self.queued_us, self.target_us) = (now_us, 0, 0, 0);
    }
}

impl Policy for RandomReject {
    fn admit(&self, now_us: u64, _: Level, _: usize) -> bool {
        let mut state = self.lock();
        if now_us >= state.opened_us + WINDOW_US {
            state.close(now_us);
        }
        let percent = state.refused_percent;
        state.random.u32(..100) >= percent
    }

    fn start(&self, _: u64, wait: Wait) -> bool {
        let mut state = self.lock();
        state.waits += 1;
        state.queued_us += wait.queued_us;
        state.target_us += wait.target_us;
        true
    }
}
