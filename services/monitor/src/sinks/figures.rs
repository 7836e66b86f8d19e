//! How a sink does.

use super::error::SinkError;
use im_serve::process::causes;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::{error, warn};

svrkit_rt::monitor! {
    /// Notices that arrived at a sink.
    static DELIVERED: Counter = "im_monitor_delivered_notices";
    /// Tries to tell a sink that failed.
    static FAILED: Counter = "im_monitor_failed_notices";
    /// Notices that a sink was not told at all.
    static GIVEN_UP: Counter = "im_monitor_given_up_notices";
}

/// Counts of one sink, since it was set up.
#[derive(Debug)]
pub(crate) struct Figures {
    name: String,
    delivered: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
}

/// How a sink did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkFigures {
    /// Its name.
    pub name: String,
    /// What arrived.
    pub delivered: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Notices that were not told at all.
    pub given_up: u64,
}

impl Figures {
    pub(super) fn of(name: &str) -> Figures {
        Figures {
            name: name.to_owned(),
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }

    pub(super) fn delivered(&self) {
        DELIVERED.add(1);
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// A try failed; there will be another.
    pub(super) fn failed(&self, error: &SinkError) {
        FAILED.add(1);
        self.failed.fetch_add(1, Ordering::Relaxed);
        warn!(
            sink = self.name,
            error = causes(error),
            "not told; it is tried again"
        );
    }

    /// There will be no other try.
    pub(super) fn given_up(&self, title: &str, why: &str) {
        GIVEN_UP.add(1);
        self.given_up.fetch_add(1, Ordering::Relaxed);
        error!(sink = self.name, title, why, "a notice was given up");
    }

    pub(super) fn read(&self) -> SinkFigures {
        SinkFigures {
            name: self.name.clone(),
            delivered: self.delivered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            given_up: self.given_up.load(Ordering::Relaxed),
        }
    }
}
