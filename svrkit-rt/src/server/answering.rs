//! The way from a handler to its caller: what handlers and the connection's task share, and the answers they queue.

use super::ServerState;
use super::calls::CallKey;
use super::watch::Traffic;
use crate::connection::{Flush, Outbox, State};
use crate::context::Priority;
use crate::frame::{Answer, GoAway, Head, Header, Parts, encode_status, put_frame};
use crate::monitor::rpc::{End, SideCounts};
use crate::service::{Request, Response, Service};
use crate::spans::{Outcome, Watched};
use crate::status::{Code, Status};
use std::sync::Arc;
use tokio::time::Instant;

/// The part of a connection that its handlers see.
pub(super) struct Shared<S> {
    pub(super) outbox: Outbox<Table>,
    pub(super) server: Arc<ServerState<S>>,
}

/// What handlers and the connection's task tell each other, under the outbox's lock.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Handlers running.
    pub(super) running: usize,
    /// Requests whose handlers are done, for the connection's task to forget.
    pub(super) finished: Vec<CallKey>,
    /// Requests answered when their deadline passed, whose handlers do not know it yet.
    pub(super) expired: Vec<CallKey>,
    /// Send answers with a checksum, because the peer sent one.
    pub(super) checksum: bool,
    /// Nobody reads answers any more.
    pub(super) closed: bool,
    pub(super) draining: bool,
    /// Bytes read so far, as of the last turn of the connection's task.
    pub(super) received: u64,
}

impl Table {
    /// Gives back memory that an idle connection does not need.
    pub(super) fn forget(&mut self) {
        self.finished.shrink_to_fit();
        self.expired.shrink_to_fit();
    }

    /// Takes a handler off the books. True if its request was answered before, because its deadline passed.
    fn finish(&mut self, key: CallKey) -> bool {
        self.running -= 1;
        self.finished.push(key);
        match self.expired.iter().position(|expired| *expired == key) {
            Some(at) => {
                self.expired.swap_remove(at);
                true
            }
            None => false,
        }
    }
}

/// What the server does to its connections from outside.
pub(crate) trait Control: Send + Sync {
    /// How it does, for those who look.
    fn traffic(&self) -> Traffic;

    /// Tells the peer to go elsewhere and ends the connection once its requests are answered.
    fn drain(&self);
}

impl<S: Send + Sync> Control for Shared<S> {
    fn traffic(&self) -> Traffic {
        let state = self.outbox.lock();
        Traffic {
            protocol: "frames",
            in_flight: state.table.running,
            received_bytes: state.table.received,
            sent_bytes: state.written(),
        }
    }

    fn drain(&self) {
        let mut state = self.outbox.lock();
        if std::mem::replace(&mut state.table.draining, true) {
            return;
        }
        put_go_away(&mut state, &Status::new(Code::Ok, "draining"));
        let duty = self.outbox.flush(&mut state, Flush::Soon);
        // The connection's task must look at `draining` even if somebody else is writing.
        let waker = state.wake();
        drop(state);
        self.outbox.carry_out(duty);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A handler's way to its caller. Dropped unused (the handler was cancelled), it only takes the request off the books.
pub(super) struct Answering<S: Service> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) key: CallKey,
    /// Bytes of the request, as they are counted for the server.
    pub(super) bytes: usize,
    pub(super) arrived: Instant,
    /// Where it counts, unless calls are not counted.
    pub(super) counts: Option<&'static SideCounts>,
    /// What is remembered of it, if anybody wants to see calls.
    pub(super) watched: Option<Watched>,
    /// Not answered yet.
    pub(super) open: bool,
}

impl<S: Service> Answering<S> {
    /// Runs the handler and answers.
    pub(super) async fn serve(self, mut request: Request) {
        let queued = request.context.start(self.arrived);
        let queued_us = queued.as_micros() as u32;
        if let Some(counts) = self.counts {
            counts.queued(queued_us as u64);
        }
        let result = self.shared.server.service.call(request).await;
        self.finish(result, queued_us);
    }

    fn finish(mut self, result: Result<Response, Status>, queued_us: u32) {
        self.open = false;
        let shared = &self.shared;
        shared.server.in_flight.leave(self.bytes);
        // Before the lock is taken, which others wait for.
        let is_timed = self.counts.is_some() || self.watched.is_some();
        let latency = is_timed.then(|| self.arrived.elapsed());
        let mut state = shared.outbox.lock();
        let expired = state.table.finish(self.key);
        if expired || state.table.closed {
            let waker = (state.table.running == 0).then(|| state.wake()).flatten();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
            self.count_unanswered(expired);
            return;
        }
        let checksum = state.table.checksum;
        let result =
            result.and_then(|response| shared.server.admit_response(response, state.unwritten()));
        if let Some(counts) = self.counts {
            counts.end(End::answered(&result, self.bytes, latency));
        }
        // What is kept of it is put away once the lock is released.
        let outcome = self.watched.map(|watched| (watched, Outcome::of(&result)));
        match result {
            Ok(response) => {
                let answer = Head::Answer(Answer {
                    code: 0,
                    admitted_business: Priority::LEAST.business,
                    admitted_user: Priority::LEAST.user,
                    queued_us,
                    not_started: false,
                });
                let parts = Parts {
                    trace: None,
                    metadata: (!response.metadata.is_empty()).then_some(&response.metadata),
                    body: response.body,
                    attachment: response.attachment,
                };
                put_frame(
                    &mut state.out,
                    Header::new(self.key.request_id, answer),
                    parts,
                    checksum,
                );
            }
            Err(status) => put_failure(
                &mut state,
                self.key.request_id,
                &status,
                queued_us,
                checksum,
            ),
        }
        let flush = if state.table.running == 0 {
            Flush::Now
        } else {
            Flush::Soon
        };
        let duty = shared.outbox.flush(&mut state, flush);
        drop(state);
        shared.outbox.carry_out(duty);
        if let Some((watched, outcome)) = outcome {
            watched.end(
                &outcome,
                latency.unwrap_or_default(),
                queued_us.into(),
                self.bytes,
            );
        }
    }
}

impl<S: Service> Answering<S> {
    /// Counts a request whose handler's answer nobody gets: it came after the deadline, or its caller is gone.
    fn count_unanswered(&self, expired: bool) {
        let code = match expired {
            true => Code::DeadlineExceeded,
            false => Code::Cancelled,
        };
        if let Some(counts) = self.counts {
            let latency = expired.then(|| self.arrived.elapsed());
            counts.end(End::unanswered(code, self.bytes, latency));
        }
        if let Some(watched) = self.watched {
            watched.given_up(code, self.arrived.elapsed(), self.bytes);
        }
    }
}

impl<S: Service> Drop for Answering<S> {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        self.shared.server.in_flight.leave(self.bytes);
        let mut state = self.shared.outbox.lock();
        let expired = state.table.finish(self.key);
        // The connection may be waiting for its last handler.
        let waker = (state.table.running == 0).then(|| state.wake()).flatten();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        self.count_unanswered(expired);
    }
}

/// Queues the answer of a request that failed.
pub(super) fn put_failure(
    state: &mut State<Table>,
    request_id: u64,
    status: &Status,
    queued_us: u32,
    checksum: bool,
) {
    let answer = Head::Answer(Answer {
        code: status.code() as u16,
        admitted_business: Priority::LEAST.business,
        admitted_user: Priority::LEAST.user,
        queued_us,
        not_started: status.not_started(),
    });
    let parts = Parts {
        body: encode_status(status),
        ..Parts::default()
    };
    put_frame(
        &mut state.out,
        Header::new(request_id, answer),
        parts,
        checksum,
    );
}

/// Queues the word that this connection takes no more requests.
pub(super) fn put_go_away(state: &mut State<Table>, status: &Status) {
    let head = Head::GoAway(GoAway {
        code: status.code() as u16,
    });
    let parts = Parts {
        body: encode_status(status),
        ..Parts::default()
    };
    let checksum = state.table.checksum;
    put_frame(&mut state.out, Header::new(0, head), parts, checksum);
}
