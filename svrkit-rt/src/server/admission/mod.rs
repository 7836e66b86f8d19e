//! Who is let in: the policy, the handlers that run at once, and the place where others wait for one.

mod config;
mod figures;
mod held_bytes;
mod in_flight;
mod slots;

pub use config::AdmissionConfig;
pub use figures::AdmissionFigures;
pub use in_flight::InFlight;
pub(crate) use slots::{Entry, Slot};

use super::refused::{NotAdmitted, Refused};
use crate::admission::{Dagor, End, Level, Policy, QueueTarget, Wait};
use crate::context::{Context, Priority};
use crate::deadline::Deadline;
use crate::token_buckets::Rate;
use figures::{Told, Waiting, count_refused};
use held_bytes::HeldBytes;
use slots::Slots;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Decides which requests are served, and bounds how many at once. A cheap clone of one thing, which servers of a process may share:
/// what they have too much of is the process's time.
#[derive(Clone)]
pub struct Admission(Arc<Shared>);

struct Shared {
    policy: Arc<dyn Policy>,
    watches_finish: bool,
    slots: Slots,
    bytes: HeldBytes,
    queue_target: QueueTarget,
    caller_rate: Option<Rate>,
    since: Instant,
    told: Told,
}

/// The time that a request has, from which follows how long it may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// What requests of its kind are usually given.
    pub(crate) timeout_ms: u32,
    pub(crate) deadline: Deadline,
}

impl From<&Context> for Time {
    fn from(context: &Context) -> Time {
        Time {
            timeout_ms: context.method.timeout_ms,
            deadline: context.deadline,
        }
    }
}

impl Admission {
    /// Overload control after DAGOR ([`crate::admission`]).
    pub fn new(config: AdmissionConfig) -> Admission {
        let policy = Arc::new(Dagor::new(config.dagor));
        Admission::with_policy(config, policy)
    }

    /// The same with another policy.
    pub fn with_policy(config: AdmissionConfig, policy: Arc<dyn Policy>) -> Admission {
        Admission(Arc::new(Shared {
            watches_finish: policy.watches_finish(),
            policy,
            slots: Slots::new(config.handlers_max, config.waiting_max),
            bytes: HeldBytes::default(),
            queue_target: config.queue_target,
            caller_rate: config.caller_rate,
            since: Instant::now(),
            told: Told::new(),
        }))
    }

    /// How it goes.
    pub fn figures(&self) -> AdmissionFigures {
        AdmissionFigures {
            admitted: self.admitted(),
            in_flight: self.0.slots.inside(),
            waiting: self.0.slots.waiting(),
        }
    }

    /// Whether this is a clone of `other`.
    pub fn is(&self, other: &Admission) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The least important requests that are admitted, as answers tell it.
    pub(crate) fn admitted(&self) -> Priority {
        self.0.policy.level().priority()
    }

    /// Requests that one connection may make.
    pub(crate) fn caller_rate(&self) -> Option<Rate> {
        self.0.caller_rate
    }

    /// Whether a request that has just arrived is taken, by what its header says. One that is taken must go on to [`Admission::enter`],
    /// or be told of by [`Admission::turned_away`].
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn admit(&self, now: Instant, priority: Priority) -> Result<(), NotAdmitted> {
        let shared = &*self.0;
        let waiting = shared.slots.waiting();
        let level = Level::of(priority);
        let admitted = shared.policy.admit(shared.us(now), level, waiting);
        shared.told.tell(shared.policy.level());
        if !admitted {
            count_refused(priority);
            return Err(NotAdmitted::Priority);
        }
        if shared.slots.is_full() {
            self.turned_away(now);
            return Err(NotAdmitted::Waiting);
        }
        Ok(())
    }

    /// A request that was taken is refused all the same, for another reason.
    pub(crate) fn turned_away(&self, now: Instant) {
        let shared = &*self.0;
        if shared.watches_finish {
            shared.policy.finish(shared.us(now), End::Dropped);
        }
    }

    /// Lets in as many of `wanted` requests as there is room for, among at most `in_flight_max`.
    pub(crate) fn enter(&self, wanted: usize, in_flight_max: usize) -> Entry {
        self.0.slots.enter(wanted, in_flight_max)
    }

    /// Whether as many wait as may.
    pub(crate) fn is_full(&self) -> bool {
        self.0.slots.is_full()
    }

    /// Lets in the bytes of a request, among at most `in_flight_bytes_max`. `false` if there is no room for them.
    pub(crate) fn enter_bytes(&self, bytes: usize, in_flight_bytes_max: usize) -> bool {
        self.0.bytes.enter(bytes, in_flight_bytes_max)
    }

    /// Waits for a handler, if the request must.
    pub(crate) async fn turn(&self, slot: &mut Slot) {
        if !matches!(slot, Slot::Held) {
            let _waiting = Waiting::begin();
            self.0.slots.turn(slot).await;
        }
    }

    /// Whether a request that arrived at `arrived`, and whose turn it is, is begun after `queued`.
    ///
    /// # Errors
    /// It has waited too long.
    pub(crate) fn start(
        &self,
        time: Time,
        arrived: Instant,
        queued: Duration,
    ) -> Result<(), Refused> {
        let shared = &*self.0;
        let queued_us = queued.as_micros() as u64;
        let wait = shared.wait(time, queued_us, arrived);
        let starts = shared.policy.start(shared.us(arrived) + queued_us, wait);
        // A request that is out of time gets to know just that, where its deadline is looked at.
        match starts || queued_us >= wait.timeout_us {
            true => Ok(()),
            false => Err(Refused::waited_too_long()),
        }
    }

    /// A request that had begun has waited again, for a thread.
    pub(crate) fn waited_again(&self, time: Time, since: Instant) {
        let shared = &*self.0;
        let waited_us = since.elapsed().as_micros() as u64;
        shared
            .policy
            .wait_again(shared.wait(time, waited_us, since));
    }

    /// A request is done with that came at `arrived`, and had begun or had not. `bytes` as they entered, 0 if they did not.
    pub(crate) fn leave(&self, slot: Slot, bytes: usize, arrived: Instant, had_begun: bool) {
        let shared = &*self.0;
        shared.slots.leave(slot);
        shared.bytes.leave(bytes);
        if shared.watches_finish {
            let now = Instant::now();
            let took = now.saturating_duration_since(arrived).as_micros() as u64;
            let end = if had_begun {
                End::Served(took)
            } else {
                End::Dropped
            };
            shared.policy.finish(shared.us(now), end);
        }
    }
}

impl Shared {
    /// Policies count time from when they were made.
    fn us(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.since).as_micros() as u64
    }

    fn wait(&self, time: Time, queued_us: u64, since: Instant) -> Wait {
        Wait {
            queued_us,
            target_us: self.queue_target.us(time.timeout_ms),
            timeout_us: time.deadline.remaining_at(since).as_micros() as u64,
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admission").field(&self.figures()).finish()
    }
}
