//! What became of the calls: latencies and failures, written down by each thread for itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hdrhistogram::Histogram;
use svrkit_rt::{Code, Status};

use super::schedule::Schedule;

/// Longest latency told apart, in nanoseconds: an hour, as long as the longest timeout.
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;
/// Digits of a latency that are kept.
const DIGITS: u8 = 3;

pub(crate) fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, DIGITS).expect("the bounds are sound")
}

/// Calls and what became of them.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    /// Nanoseconds of calls that succeeded or ran out of time. Those refused are left out: a fast "no" is no fast answer.
    pub(crate) latency: Histogram<u64>,
    ok: u64,
    /// Of those, answered before the end.
    ok_in_time: u64,
    failures: BTreeMap<&'static str, u64>,
    first_failure: Option<Status>,
}

impl Totals {
    pub(crate) fn new() -> Totals {
        Totals {
            latency: empty_histogram(),
            ok: 0,
            ok_in_time: 0,
            failures: BTreeMap::new(),
            first_failure: None,
        }
    }

    /// Calls that succeeded.
    pub(crate) fn ok(&self) -> u64 {
        self.ok
    }

    /// Calls that succeeded while the clock ran: what a rate is made of.
    pub(crate) fn ok_in_time(&self) -> u64 {
        self.ok_in_time
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// How often each code came.
    pub(crate) fn failures(&self) -> &BTreeMap<&'static str, u64> {
        &self.failures
    }

    pub(crate) fn first_failure(&self) -> Option<&Status> {
        self.first_failure.as_ref()
    }

    pub(crate) fn add(&mut self, other: Totals) {
        // Both have the same bounds.
        let _ = self.latency.add(&other.latency);
        self.ok += other.ok;
        self.ok_in_time += other.ok_in_time;
        for (code, count) in other.failures {
            *self.failures.entry(code).or_default() += count;
        }
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }
}

/// The record of one thread. The lock is its own but for the moment, once a second, in which it is collected.
#[derive(Debug)]
pub(crate) struct Record {
    schedule: Schedule,
    totals: Mutex<Totals>,
}

impl Record {
    pub(crate) fn new(schedule: Schedule) -> Record {
        Record {
            schedule,
            totals: Mutex::new(Totals::new()),
        }
    }

    /// Writes down a call that was to start at `intended`. Those of the warm-up are forgotten.
    pub(crate) fn write(&self, intended: Instant, done: Instant, failure: Option<&Status>) {
        if intended < self.schedule.begins {
            return;
        }
        let nanos = done.saturating_duration_since(intended).as_nanos() as u64;
        let mut totals = self.lock();
        match failure {
            None => {
                totals.ok += 1;
                totals.ok_in_time += u64::from(done <= self.schedule.ends);
                totals.latency.saturating_record(nanos);
            }
            Some(status) => {
                *totals.failures.entry(status.code().name()).or_default() += 1;
                if status.code() == Code::DeadlineExceeded {
                    totals.latency.saturating_record(nanos);
                }
                if totals.first_failure.is_none() {
                    totals.first_failure = Some(status.clone());
                }
            }
        }
    }

    /// Takes what was written since the last time.
    pub(crate) fn take(&self) -> Totals {
        let empty = Totals::new();
        std::mem::replace(&mut *self.lock(), empty)
    }

    fn lock(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
