//! What a request over HTTP counts, from when it is whole to its answer.

use crate::context::Context;
use crate::monitor::rpc::{End, SideCounts};
use crate::server::{Refused, ServerState};
use crate::service::Response;
use crate::spans::{Outcome, Watched};
use crate::status::{Code, Status};
use tokio::time::Instant;

/// A request that counts itself once it is answered. Dropped before, its connection is gone.
#[derive(Debug)]
pub(super) struct Counting {
    /// `None` when calls are not counted, and when this one was.
    counts: Option<&'static SideCounts>,
    /// What is remembered of it, if anybody wants to see calls.
    watched: Option<Watched>,
    request_bytes: usize,
    arrived: Instant,
}

impl Counting {
    pub(super) fn begin<S>(
        server: &ServerState<S>,
        context: &mut Context,
        request_bytes: usize,
    ) -> Counting {
        let counts = server.counts(context.method.id);
        if let Some(counts) = counts {
            counts.begin(context.attempt);
        }
        Counting {
            counts,
            watched: Watched::serve(context),
            request_bytes,
            arrived: Instant::now(),
        }
    }

    /// Where it counts.
    pub(super) fn counts(&self) -> Option<&'static SideCounts> {
        self.counts
    }

    /// There was no room for it.
    pub(super) fn refused(&mut self, refused: &Refused) {
        if let Some(counts) = self.counts.take() {
            counts.refuse(refused.why, refused.status.code());
        }
        self.put_away(|| Outcome::failure(refused.status.clone()));
    }

    pub(super) fn end(&mut self, result: &Result<Response, Status>) {
        if let Some(counts) = self.counts.take() {
            let latency = Some(self.arrived.elapsed());
            counts.end(End::answered(result, self.request_bytes, latency));
        }
        self.put_away(|| Outcome::of(result));
    }

    fn put_away(&mut self, outcome: impl FnOnce() -> Outcome) {
        if let Some(watched) = self.watched.take() {
            watched.end(&outcome(), self.arrived.elapsed(), 0, self.request_bytes);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Some(counts) = self.counts.take() {
            counts.end(End::unanswered(Code::Cancelled, self.request_bytes, None));
        }
        if let Some(watched) = self.watched.take() {
            watched.given_up(Code::Cancelled, self.arrived.elapsed(), self.request_bytes);
        }
    }
}
