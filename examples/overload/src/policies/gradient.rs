//! A limit of concurrency that follows latency (Netflix concurrency-limits, `Gradient2`): when requests take longer than they did over
//! the long run, fewer are let in at once.

use std::sync::{Mutex, MutexGuard};
use svrkit_rt::admission::{End, Level, Policy, Wait};

const LIMIT_INITIAL: f64 = 20.0;
const LIMIT_MIN: f64 = 2.0;
const LIMIT_MAX: f64 = 1_000.0;
/// By how much the short run may exceed the long run before the limit shrinks.
const TOLERANCE: f64 = 1.5;
/// Weight of a new limit.
const SMOOTHING: f64 = 0.2;
/// Requests over which the short and the long run are averaged.
const SHORT_RUN: f64 = 10.0;
const LONG_RUN: f64 = 600.0;

#[derive(Debug)]
pub(crate) struct Gradient(Mutex<State>);

#[derive(Debug)]
struct State {
    limit: f64,
    in_flight: usize,
    short_us: f64,
    long_us: f64,
}

impl Gradient {
    pub(crate) fn new() -> Gradient {
        Gradient(Mutex::new(State {
            limit: LIMIT_INITIAL,
            in_flight: 0,
            short_us: 0.0,
            long_us: 0.0,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl State {
    fn learn(&mut self, took_us: f64) {
        if self.long_us == 0.0 {
            (self.short_us, self.long_us) = (took_us, took_us);
        }
        self.short_us += (took_us - self.short_us) / SHORT_RUN;
        self.long_us += (took_us - self.long_us) / LONG_RUN;
        // As in the original: after a long overload the long run must come down faster than it went up.
        if self.long_us > 2.0 * self.short_us {
            self.long_us *= 0.95;
        }
        // A limit that is not reached says nothing of a larger one.
        if (self.in_flight as f64) < self.limit / 2.0 {
            return;
        }
        let gradient = (TOLERANCE * self.long_us / self.short_us).clamp(0.5, 1.0);
        let wanted = self.limit * gradient + self.limit.sqrt();
        self.limit += SMOOTHING * (wanted - self.limit);
        self.limit = self.limit.clamp(LIMIT_MIN, LIMIT_MAX);
    }
}

impl Policy for Gradient {
    fn admit(&self, _: u64, _: Level, _: usize) -> bool {
        let mut state = self.lock();
        let fits = (state.in_flight as f64) < state.limit;
        state.in_flight += usize::from(fits);
        fits
    }

    fn start(&self, _: u64, _: Wait) -> bool {
        true
    }

    fn finish(&self, _: u64, end: End) {
        let mut state = self.lock();
        if let End::Served(took_us) = end {
            state.learn(took_us as f64);
        }
        state.in_flight -= 1;
    }

    fn watches_finish(&self) -> bool {
        true
    }
}
