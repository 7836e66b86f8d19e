//! DAGOR: which requests to take, decided by how long the last ones waited (Overload Control for Scaling WeChat Microservices, SoCC 2018).

mod config;
mod controller;
mod counts;
mod demand;
mod gate;

pub use config::DagorConfig;

use super::level::Level;
use super::policy::{Policy, Wait};
use controller::{Controller, Window};
use counts::{Arrivals, Waits};
use gate::Gate;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Mean wait, as a multiple of the queue target, of a window in which requests came and none began.
const STANDSTILL: f64 = 60.0;

/// Admits requests up to a level, the cursor, that moves at the end of each window.
///
/// A window in which requests waited longer than the queue target in the mean lowers it, any other raises it. In between it bends a little
/// with the number of those who wait, so that handlers are not idle while requests are refused, nor queues made longer. A request that has waited
/// for half of its time is not begun: what is left would not be enough for what it has to do.
#[derive(Debug)]
pub struct Dagor {
    config: DagorConfig,
    gate: Gate,
    opened_us: AtomicU64,
    arrivals: Arrivals,
    waits: Waits,
    /// Requests that waited too long to begin.
    late: AtomicU64,
    controller: Mutex<Controller>,
}

impl Dagor {
    /// Everything is admitted so far.
    pub fn new(config: DagorConfig) -> Dagor {
        Dagor {
            config,
            gate: Gate::new(),
            opened_us: AtomicU64::new(0),
            arrivals: Arrivals::new(),
            waits: Waits::default(),
            late: AtomicU64::new(0),
            controller: Mutex::new(Controller::new(config)),
        }
    }

    fn is_due(&self, now_us: u64, requests: u32) -> bool {
        let open_us = now_us.saturating_sub(self.opened_us.load(Relaxed));
        let is_long = open_us >= self.config.window_ms_max as u64 * 1_000;
        let is_full = requests >= self.config.window_requests_max;
        is_long || is_full && open_us >= self.config.window_ms_min as u64 * 1_000
    }

    fn close(&self, now_us: u64, waiting: usize) {
        // Another thread is at it.
        let Ok(mut controller) = self.controller.try_lock() else {
            return;
        };
        let elapsed_us = now_us.saturating_sub(self.opened_us.load(Relaxed));
        // Another thread was at it a moment ago.
        if elapsed_us < self.config.window_ms_min as u64 * 1_000 {
            return;
        }
        self.opened_us.store(now_us, Relaxed);
        let elapsed_s = elapsed_us as f64 / 1e6;
        let (seen, requests) = self.arrivals.take(elapsed_s);
        let (waits, pressure) = self.waits.take();
        let served = waits.saturating_sub(self.late.swap(0, Relaxed));
        let window = Window {
            elapsed_s,
            seen,
            requests,
            served: served as f64 / elapsed_s,
            waiting,
            target_s: self.waits.target_s(),
            pressure: if waits == 0 && requests > 0 {
                STANDSTILL
            } else {
                pressure
            },
        };
        self.gate.set(controller.close(&window));
    }
}

impl Policy for Dagor {
    fn admit(&self, now_us: u64, level: Level, waiting: usize) -> bool {
        let requests = self.arrivals.add(level);
        if self.is_due(now_us, requests) {
            self.close(now_us, waiting);
        }
        self.gate.admits(level, waiting)
    }

    fn start(&self, _: u64, wait: Wait) -> bool {
        self.waits.add(wait);
        let is_late = wait.queued_us > wait.timeout_us / 2;
        if is_late {
            self.late.fetch_add(1, Relaxed);
        }
        !is_late
    }

    fn wait_again(&self, wait: Wait) {
        self.waits.add_to_last(wait);
    }

    fn level(&self) -> Level {
        self.gate.highest()
    }
}
