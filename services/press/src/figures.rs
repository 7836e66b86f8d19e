//! What is counted while the load runs.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Microseconds that a latency is told apart up to; longer ones count as this.
const LATENCY_US_MAX: u64 = 600_000_000;

/// Counters and latencies. Rates and latencies count in the window only, faults always.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) is_window_open: bool,
    pub(crate) window: Window,
    /// Since the beginning, for the progress line.
    pub(crate) sends: u64,
    pub(crate) deliveries: u64,
    pub(crate) faults: Faults,
}

/// What happened in the window.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) sends: u64,
    pub(crate) deliveries: u64,
    pub(crate) syncs: u64,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) ack: Histogram<u64>,
    pub(crate) durable: Histogram<u64>,
    pub(crate) sync: Histogram<u64>,
}

/// What went wrong, or was made to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) duplicated: u64,
    pub(crate) out_of_order: u64,
    /// Messages that nobody of ours has sent like that.
    pub(crate) foreign: u64,
    pub(crate) refused: u64,
    /// The last refusal, for people.
    pub(crate) refusal: String,
    pub(crate) resent: u64,
    pub(crate) links_dropped: u64,
    pub(crate) links_lost: u64,
    pub(crate) connects_failed: u64,
    pub(crate) killed: u64,
}

impl Figures {
    pub(crate) fn new() -> Figures {
        Figures {
            is_window_open: false,
            window: Window::new(),
            sends: 0,
            deliveries: 0,
            faults: Faults::default(),
        }
    }

    /// From here on it counts.
    pub(crate) fn open_window(&mut self) {
        self.is_window_open = true;
        self.window = Window::new();
    }

    pub(crate) fn close_window(&mut self) {
        self.is_window_open = false;
    }

    pub(crate) fn acknowledged(&mut self, after: Duration) {
        self.sends += 1;
        if self.is_window_open {
            self.window.sends += 1;
            self.window.ack.saturating_record(micros(after));
        }
    }

    pub(crate) fn delivered(&mut self, after: Duration) {
        self.deliveries += 1;
        if self.is_window_open {
            self.window.deliveries += 1;
            self.window.durable.saturating_record(micros(after));
        }
    }

    pub(crate) fn synced(&mut self, after: Duration) {
        if self.is_window_open {
            self.window.syncs += 1;
            self.window.sync.saturating_record(micros(after));
        }
    }

    pub(crate) fn traffic(&mut self, up: u64, down: u64) {
        if self.is_window_open {
            self.window.bytes_up += up;
            self.window.bytes_down += down;
        }
    }
}

impl Window {
    fn new() -> Window {
        let latencies = || {
            Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("three digits of ten minutes")
        };
        Window {
            sends: 0,
            deliveries: 0,
            syncs: 0,
            bytes_up: 0,
            bytes_down: 0,
            ack: latencies(),
            durable: latencies(),
            sync: latencies(),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros())
        .unwrap_or(u64::MAX)
        .max(1)
}
