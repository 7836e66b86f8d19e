//! What a call counts, from when it is made to its answer, or to when it is given up.

use super::connection::Times;
use crate::monitor::rpc::{End, MethodCounts, Rejection, SideCounts, are_calls_counted};
use crate::service::{Request, Response};
use crate::spans::{Outcome, Watched};
use crate::status::{Code, Status};
use std::time::Duration;
use tokio::time::Instant;

/// A call that counts itself once it has ended. Dropped before, its caller gave up.
#[derive(Debug)]
pub(super) struct Counting {
    /// `None` when calls are not counted, and when this one was.
    counts: Option<&'static SideCounts>,
    /// What is remembered of it, if anybody wants to see calls. One that is given up is not kept: its callee keeps what it was.
    watched: Option<Watched>,
    request_bytes: usize,
    /// When it began to wait for a connection, if it had to. Calls that need not wait are timed by a clock that was read anyhow.
    waiting_since: Option<Instant>,
}

impl Counting {
    pub(super) fn begin(request: &mut Request) -> Counting {
        let context = &mut *request.context;
        let counts = are_calls_counted().then(|| &MethodCounts::of(context.method).client);
        if let Some(counts) = counts {
            counts.begin(context.attempt);
        }
        Counting {
            counts,
            watched: Watched::call(context),
            request_bytes: request.body.len() + context.attachment.len(),
            waiting_since: None,
        }
    }

    /// No connection is open.
    pub(super) fn waits(&mut self) {
        if self.counts.is_some() || self.watched.is_some() {
            self.waiting_since.get_or_insert_with(Instant::now);
        }
    }

    /// It was not sent.
    pub(super) fn refused(&mut self, status: &Status) {
        if let Some(counts) = self.counts.take() {
            let why = match status.code() {
                Code::DeadlineExceeded => Rejection::Deadline,
                Code::Unavailable => Rejection::Unavailable,
                _ => Rejection::Channel,
            };
            counts.refuse(why, status.code());
        }
        if let Some(watched) = self.watched.take() {
            let waited = self.waiting_since.map_or(Duration::ZERO, |t| t.elapsed());
            let outcome = Outcome::failure(status.clone());
            watched.end(&outcome, waited, 0, self.request_bytes);
        }
    }

    pub(super) fn end(&mut self, result: &Result<Response, Status>, times: Times) {
        let status = result.as_ref().err();
        if let (None, Some(status)) = (times.sent, status) {
            return self.refused(status);
        }
        let began = self.waiting_since.or(times.sent);
        let latency = began
            .zip(times.answered)
            .map(|(began, answered)| answered.saturating_duration_since(began));
        let queued_us = result.as_ref().map_or(0, |r| u64::from(r.load.queued_us));
        if let Some(counts) = self.counts.take() {
            if result.is_ok() {
                counts.queued(queued_us);
            }
            counts.end(End::answered(result, self.request_bytes, latency));
        }
        if let Some(watched) = self.watched.take() {
            let took = latency.or(began.map(|began| began.elapsed()));
            let (outcome, took) = (Outcome::of(result), took.unwrap_or_default());
            watched.end(&outcome, took, queued_us, self.request_bytes);
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
