//! What was read at one time.

use crate::definition::Definition;
use std::sync::Arc;
use svrkit_rt::monitor::Buckets;

/// Everything of one machine.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The agent's clock.
    pub(super) taken_ms: u64,
    pub(super) instances: Vec<InstanceReading>,
    /// Files that are no segments, or not whole.
    pub(super) unreadable: u64,
}

/// One instance.
#[derive(Debug, Default)]
pub(super) struct InstanceReading {
    pub(super) name: String,
    pub(super) service: String,
    pub(super) version: String,
    pub(super) gray: String,
    /// The life of its counters.
    pub(super) run: u64,
    pub(super) run_began_ms: u64,
    pub(super) started_ms: u64,
    /// Its process is gone, or does not move.
    pub(super) silent: bool,
    /// It is gone in good order.
    pub(super) retired: bool,
    pub(super) series: Vec<SeriesReading>,
}

/// One series.
#[derive(Debug)]
pub(super) struct SeriesReading {
    pub(super) id: u64,
    pub(super) definition: Arc<Definition>,
    pub(super) value: Value,
}

/// Where a series stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Count(u64),
    Level(i64),
    Histogram(Buckets),
}

impl Reading {
    /// Series of all instances.
    pub(super) fn series(&self) -> usize {
        self.instances.iter().map(|i| i.series.len()).sum()
    }
}
