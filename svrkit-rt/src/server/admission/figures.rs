//! What admission tells of itself: to those who ask, and in what the process counts.

use crate::admission::Level;
use crate::context::Priority;
use crate::monitor::{self, Id};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

crate::monitor! {
    /// Requests that wait for a handler.
    static WAITING: Gauge = "rpc_server_waiting";
    /// The least important business priority that is admitted.
    static ADMITTED_BUSINESS: Gauge = "rpc_server_admitted_business_priority";
    /// The least important user priority that is admitted within that business priority.
    static ADMITTED_USER: Gauge = "rpc_server_admitted_user_priority";
    /// Requests refused because of their priority, by business priority.
    static REFUSED: Counter = "rpc_server_priority_refusals";
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionFigures {
    /// The least important requests that are admitted.
    pub admitted: Priority,
    /// Requests that run or wait.
    pub in_flight: usize,
    /// Those of them that wait.
    pub waiting: usize,
}

/// The level that is in effect, as the gauges show it. A process has two gauges, however many admissions: they show the strictest.
#[derive(Debug)]
pub(super) struct Told(Arc<AtomicU16>);

/// All that there are, so that the strictest is found. Locked when a level changes, which is once a window at most.
static ALL: Mutex<Vec<Weak<AtomicU16>>> = Mutex::new(Vec::new());

impl Told {
    pub(super) fn new() -> Told {
        let told = Arc::new(AtomicU16::new(Level::OPEN.number()));
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|other| other.strong_count() > 0);
        all.push(Arc::downgrade(&told));
        Told(told)
    }

    /// The level is `level` now.
    #[inline]
    pub(super) fn tell(&self, level: Level) {
        if self.0.load(Relaxed) != level.number() {
            self.change(level);
        }
    }

    #[cold]
    fn change(&self, level: Level) {
        self.0.store(level.number(), Relaxed);
        let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let numbers = all.iter().filter_map(Weak::upgrade);
        let strictest = numbers.map(|number| number.load(Relaxed)).min();
        let strictest = strictest.map_or(level, Level::from_number).priority();
        ADMITTED_BUSINESS.set(strictest.business.into());
        ADMITTED_USER.set(strictest.user.into());
    }
}

/// Counts a refusal. There may be many a second, so each business priority's series is looked up once.
pub(super) fn count_refused(priority: Priority) {
    static SERIES: [OnceLock<Id>; 256] = [const { OnceLock::new() }; 256];
    let business = priority.business;
    let series = || REFUSED.labelled(&[("business", &business.to_string())]);
    monitor::add(*SERIES[business as usize].get_or_init(series), 1);
}

/// Counts a request as waiting while it does.
pub(super) struct Waiting;

impl Waiting {
    pub(super) fn begin() -> Waiting {
        WAITING.add(1);
        Waiting
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.add(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauges_show_the_strictest_of_a_process() {
        let level = |business| Level::of(Priority { business, user: 3 });
        let (one, other) = (Told::new(), Told::new());
        let shown = || {
            monitor::snapshot()
                .get(ADMITTED_BUSINESS.name(), &[])
                .cloned()
        };
        one.tell(level(1));
        other.tell(level(2));
        assert_eq!(shown(), Some(monitor::Value::Gauge(1)));
        one.tell(Level::OPEN);
        assert_eq!(shown(), Some(monitor::Value::Gauge(2)));
    }
}
