//! What a call counts, from when it is made to its answer, or to when it is given up: one call, however often it was sent.

use super::connection::Times;
use crate::monitor::rpc::{End, MethodCounts, Rejection, SideCounts, are_calls_counted};
use crate::service::{Request, Response};
use crate::spans::{Outcome, Watched};
use crate::status::{Code, Status};
use tokio::time::Instant;

/// A call that counts itself once it has ended. Dropped before, its caller gave up.
#[derive(Debug)]
pub(super) struct Counting {
    /// `None` when calls are not counted, and when this one was.
    counts: Option<&'static SideCounts>,
    /// What is remembered of it, if anybody wants to see calls. One that is given up is not kept: its callee keeps what it was.
    watched: Option<Watched>,
    request_bytes: usize,
    began: Instant,
    /// When it was first sent, and when the answer came that counts; of all its attempts.
    times: Times,
}

impl Counting {
    pub(super) fn begin(request: &mut Request, now: Instant) -> Counting {
        let context = &mut *request.context;
        let counts = are_calls_counted().then(|| &MethodCounts::of(context.method).client);
        if let Some(counts) = counts {
            counts.begin(context.attempt);
        }
        Counting {
            counts,
            watched: Watched::call(context),
            request_bytes: request.body.len() + context.attachment.len(),
            began: now,
            times: Times::default(),
        }
    }

    /// It is made again, since it failed.
    pub(super) fn is_retried(&self) {
        if let Some(counts) = self.counts {
            counts.retry();
        }
    }

    /// It is made a second time beside the first.
    pub(super) fn is_hedged(&self) {
        if let Some(counts) = self.counts {
            counts.hedge();
        }
    }

    /// An attempt came to an end.
    pub(super) fn attempted(&mut self, times: Times) {
        self.times = Times {
            sent: self.times.sent.or(times.sent),
            answered: times.answered,
        };
    }

    /// It was not sent.
    fn refused(&mut self, status: &Status) {
        if let Some(counts) = self.counts.take() {
            let why = match status.code() {
                Code::DeadlineExceeded => Rejection::Deadline,
                Code::Unavailable => Rejection::Unavailable,
                // Nobody on this side has too much to do.
                Code::Overloaded => Rejection::CalleePriority,
                _ => Rejection::Channel,
            };
            counts.refuse(why, status.code());
        }
        if let Some(watched) = self.watched.take() {
            let outcome = Outcome::failure(status.clone());
            watched.end(&outcome, self.began.elapsed(), 0, self.request_bytes);
        }
    }

    /// Its caller gets this.
    pub(super) fn end(&mut self, result: &Result<Response, Status>) {
        let status = result.as_ref().err();
        if let (None, Some(status)) = (self.times.sent, status) {
            return self.refused(status);
        }
        let answered = self.times.answered;
        let latency = answered.map(|answered| answered.saturating_duration_since(self.began));
        let queued_us = result.as_ref().map_or(0, |r| u64::from(r.load.queued_us));
        if let Some(counts) = self.counts.take() {
            if result.is_ok() {
                counts.queued(queued_us);
            }
            counts.end(End::answered(result, self.request_bytes, latency));
        }
        if let Some(watched) = self.watched.take() {
            let took = latency.unwrap_or_else(|| self.began.elapsed());
            watched.end(&Outcome::of(result), took, queued_us, self.request_bytes);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Some(counts) = self.counts.take() {
            counts.end(End::unanswered(Code::Cancelled, self.request_bytes, None));
        }
    }
}
