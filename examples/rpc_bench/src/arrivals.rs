//! When the calls of an open loop are to start: evenly spaced, and late only if no slot is free.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Calls are let go every so often, all that are due at once: a timer for each would cost more than the call.
/// The kernel adds some 50 us. tokio's timers are no finer than 1 ms.
const TICK_US: u64 = 100;

pub(crate) struct Arrivals {
    began: Instant,
    interval_ns: f64,
    taken: AtomicU64,
    due: Semaphore,
}

impl Arrivals {
    pub(crate) fn new(calls_per_s: f64) -> Self {
        Self {
            began: Instant::now(),
            interval_ns: 1e9 / calls_per_s,
            taken: AtomicU64::new(0),
            due: Semaphore::new(0),
        }
    }

    /// Waits for the next call that is due; gives the time at which it was to start.
    pub(crate) async fn next(&self) -> Instant {
        self.due.acquire().await.expect("never closed").forget();
        let number = self.taken.fetch_add(1, Relaxed);
        self.began + Duration::from_nanos((number as f64 * self.interval_ns) as u64)
    }

    /// Lets calls go as they fall due, forever, on a thread of its own.
    pub(crate) fn run(&self) -> ! {
        let mut let_go = 0;
        loop {
            thread::sleep(Duration::from_micros(TICK_US));
            let due = (self.began.elapsed().as_nanos() as f64 / self.interval_ns) as u64;
            self.due.add_permits((due - let_go) as usize);
            let_go = due;
        }
    }
}
