//! What a call that ended says of the instance that it went to.

use super::super::config::BreakerConfig;
use super::super::usual::Usual;
use super::{Fleet, Instance};
use crate::monitor::fleets::count_ejection;
use crate::service::Response;
use crate::status::{Code, Status};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How many times the usual a call counts as that was refused or failed: who says no quickly must not look like who answers quickly.
const FAILED_AS_SLOW: f32 = 10.0;

/// How a call went, as far as its instance is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It was answered, be it with a failure that is the caller's affair.
    Answered,
    /// It was refused for want of room: the instance lives.
    Refused,
    /// The instance failed it.
    Failed,
    /// It says nothing of the instance.
    Nothing,
}

impl Outcome {
    fn of(result: &Result<Response, Status>, took: Duration, usual: Option<Duration>) -> Outcome {
        let Err(status) = result else {
            return Outcome::Answered;
        };
        match status.code() {
            Code::Unavailable | Code::Internal | Code::Unknown | Code::DataLoss => Outcome::Failed,
            // A caller that gave less time than the method takes has only itself to blame.
            Code::DeadlineExceeded if usual.is_some_and(|usual| took < usual) => Outcome::Nothing,
            Code::DeadlineExceeded => Outcome::Failed,
            Code::Overloaded => Outcome::Refused,
            _ => Outcome::Answered,
        }
    }
}

/// An eye on a call. While it lives, the call counts as in flight.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    fleet: &'a Fleet,
    instance: Arc<Instance>,
    usual: Option<Arc<Usual>>,
    sent: Instant,
    /// When the caller began to wait: before `sent`, for the second of two calls.
    began: Instant,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(
        fleet: &'a Fleet,
        instance: Arc<Instance>,
        usual: Option<Arc<Usual>>,
        sent: Instant,
        began: Instant,
    ) -> Watch<'a> {
        instance.enter();
        Watch {
            fleet,
            instance,
            usual,
            sent,
            began,
        }
    }

    /// The instance.
    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// What its method's calls usually take.
    pub(crate) fn usual(&self) -> Option<Arc<Usual>> {
        self.usual.clone()
    }

    /// When the caller began to wait.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// It came to an end.
    pub(crate) fn ended(&self, result: &Result<Response, Status>) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.sent);
        let p95 = self.usual.as_ref().and_then(|usual| usual.p95());
        match Outcome::of(result, took, p95) {
            Outcome::Answered => {
                let times = self.times_usual(took);
                self.instance.add_slowness(self.fleet.ms(now), times);
                let bad = is_slow(took, times, &self.fleet.config.breaker);
                if let (Ok(_), Some(usual)) = (result, &self.usual) {
                    usual.record(now.saturating_duration_since(self.began));
                }
                self.fleet.record(&self.instance, now, bad);
            }
            Outcome::Refused => self
                .instance
                .add_slowness(self.fleet.ms(now), FAILED_AS_SLOW),
            Outcome::Failed => {
                let times = self.times_usual(took).max(FAILED_AS_SLOW);
                self.instance.add_slowness(self.fleet.ms(now), times);
                self.fleet.record(&self.instance, now, true);
            }
            Outcome::Nothing => {}
        }
    }

    /// Another instance that was asked later answered first.
    pub(crate) fn overtaken(&self) {
        let now = Instant::now();
        let waited = now.saturating_duration_since(self.sent);
        self.instance
            .add_slowness(self.fleet.ms(now), self.times_usual(waited));
        self.fleet.record(&self.instance, now, true);
    }

    fn times_usual(&self, took: Duration) -> f32 {
        let median = self.usual.as_ref().and_then(|usual| usual.median());
        median.map_or(1.0, |median| took.as_secs_f32() / median.as_secs_f32())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.instance.leave();
    }
}

fn is_slow(took: Duration, times_usual: f32, config: &BreakerConfig) -> bool {
    times_usual >= config.slow_factor as f32 && took.as_millis() as u64 >= config.slow_ms_min
}

impl Fleet {
    /// Counts a call for the breaker, and leaves the instance alone if it says so and not too many are left alone already.
    fn record(&self, instance: &Instance, now: Instant, bad: bool) {
        let config = &self.config.breaker;
        if !instance.breaker().record(now, bad, config) {
            return;
        }
        let mut members = self.members();
        let is_open = |instance: &Instance| instance.breaker().open_until().is_some();
        let open = members.list.iter().filter(|m| is_open(&m.instance)).count();
        let max = members.list.len() * config.ejected_percent_max as usize / 100;
        if open >= max || is_open(instance) {
            return;
        }
        let until = instance.breaker().eject(now, config);
        count_ejection(instance.name());
        tracing::warn!(
            endpoint = instance.name(),
            ms = until.saturating_duration_since(now).as_millis() as u64,
            "instance is left alone: its calls go badly"
        );
        self.arrange(&mut members);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_against_an_instance() {
        let ms = Duration::from_millis;
        let of = |result, took, usual| Outcome::of(&result, took, usual);
        let late = || Err(Status::deadline_exceeded("no answer in time"));
        assert_eq!(of(Ok(Response::default()), ms(1), None), Outcome::Answered);
        assert_eq!(
            of(Err(Status::not_found("no such user")), ms(1), None),
            Outcome::Answered
        );
        assert_eq!(
            of(Err(Status::unavailable("gone")), ms(1), None),
            Outcome::Failed
        );
        assert_eq!(
            of(Err(Status::overloaded("full")), ms(1), None),
            Outcome::Refused
        );
        assert_eq!(of(late(), ms(500), Some(ms(20))), Outcome::Failed);
        assert_eq!(of(late(), ms(10), Some(ms(20))), Outcome::Nothing);
    }

    #[test]
    fn slow_is_many_times_the_usual_and_not_a_moment() {
        let config = BreakerConfig::default();
        assert!(is_slow(Duration::from_millis(200), 100.0, &config));
        assert!(!is_slow(Duration::from_millis(1), 100.0, &config));
        assert!(!is_slow(Duration::from_millis(200), 2.0, &config));
    }
}
