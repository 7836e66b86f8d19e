//! The way from a handler to its caller: what handlers and the connection's task share, and the answers they queue.

use super::ServerState;
use super::admission::{Slot, Time};
use super::calls::CallKey;
use super::refused::{Refusal, Refused};
use super::watch::Traffic;
use crate::auth::Caller;
use crate::compression::{Codecs, Packed, Packer, Packing};
use crate::connection::{Flush, Outbox, State};
use crate::context::Priority;
use crate::descriptor::MethodDescriptor;
use crate::frame::{Answer, GoAway, Head, Header, Parts, encode_status, put_frame};
use crate::monitor::rpc::{End, Rejection, SideCounts};
use crate::service::{Request, Response, Service};
use crate::spans::{Outcome, Watched};
use crate::status::{Code, Status};
use crate::streaming::{self, StreamTable, Streams};
use bytes::Bytes;
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
    /// Requests running that stream.
    pub(super) streams: Streams,
    /// Who is at the other end, for those who look.
    pub(super) caller: Option<Caller>,
}

impl StreamTable for Table {
    fn streams(&mut self) -> &mut Streams {
        &mut self.streams
    }

    fn checksum(&self) -> bool {
        self.checksum
    }
}

impl Table {
    /// Gives back memory that an idle connection does not need.
    pub(super) fn forget(&mut self) {
        self.finished.shrink_to_fit();
        self.expired.shrink_to_fit();
    }

    /// Nothing more of a request streams: it is about to be answered, or never will be. Whoever still holds an end is told.
    #[cold]
    pub(super) fn end_streams(&mut self, key: CallKey) {
        if let Some(inlet) = self.streams.close(key.request_id, key.number)
            && let Some(waker) = inlet.fail(streaming::over())
        {
            waker.wake();
        }
    }

    /// Takes a handler off the books. True if its request was answered before, because its deadline passed.
    fn finish(&mut self, key: CallKey) -> bool {
        self.running -= 1;
        self.finished.push(key);
        if !self.streams.is_empty() {
            self.end_streams(key);
        }
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

    /// Who is at the other end, if it has shown that.
    fn caller(&self) -> Option<Caller>;

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

    fn caller(&self) -> Option<Caller> {
        self.outbox.lock().table.caller.clone()
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
    /// Its right to run, or its wish for it; taken when it leaves.
    pub(super) slot: Option<Slot>,
    /// Bytes of the request, as they are counted for the server.
    pub(super) bytes: usize,
    /// What its body is in, until the handler gets it.
    pub(super) packing: Option<Packing>,
    /// What its answer may be compressed with.
    pub(super) takes: Codecs,
    pub(super) method: &'static MethodDescriptor,
    pub(super) arrived: Instant,
    /// Where it counts, unless calls are not counted.
    pub(super) counts: Option<&'static SideCounts>,
    /// What is remembered of it, if anybody wants to see calls.
    pub(super) watched: Option<Watched>,
    /// Its turn has come and it was not too late: its handler runs, or has run.
    pub(super) begun: bool,
    /// Not answered yet.
    pub(super) open: bool,
}

impl<S: Service> Answering<S> {
    /// Waits for its turn if it must, runs the handler, and answers.
    pub(super) async fn serve(mut self, mut request: Request) {
        let server = &self.shared.server;
        if let Some(slot) = &mut self.slot {
            server.admission.turn(slot).await;
        }
        let queued = request.context.start(self.arrived);
        let queued_us = queued.as_micros() as u32;
        if let Some(counts) = self.counts {
            counts.queued(queued_us as u64);
        }
        let started = server
            .admission
            .start(Time::from(&*request.context), self.arrived, queued);
        if let Err(refused) = started {
            return self.refuse(refused, queued_us);
        }
        self.begun = true;
        if let Some(packing) = self.packing
            && let Err(refused) = unpack(packing, &mut request)
        {
            return self.refuse(refused, queued_us);
        }
        let result = server.service.call(request).await;
        let result = result.map_err(Status::of_handler);
        self.leave();
        self.finish(result, queued_us);
    }

    /// Answers without running the handler.
    fn refuse(&mut self, refused: Refused, queued_us: u32) {
        self.leave();
        if let Some(counts) = self.counts.take() {
            counts.refuse(refused.why, refused.status.code());
        }
        self.finish(Err(refused.status), queued_us);
    }

    /// The answer's body compressed, if it is to be sent so.
    #[inline(never)]
    fn pack(&self, packer: &Packer, answer: &Response) -> Option<Packed> {
        packer.pack(self.takes, self.method, &answer.body, self.counts)
    }

    fn leave(&mut self) {
        if let Some(slot) = self.slot.take() {
            let admission = &self.shared.server.admission;
            admission.leave(slot, self.bytes, self.arrived, self.begun);
        }
    }

    #[inline]
    fn finish(&mut self, result: Result<Response, Status>, queued_us: u32) {
        self.open = false;
        let shared = &self.shared;
        // Before the lock is taken, which others wait for.
        let packed = match (&shared.server.packer, &result) {
            (Some(packer), Ok(answer)) => self.pack(packer, answer),
            _ => None,
        };
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
        let result = result.and_then(|response| {
            let saved = packed
                .as_ref()
                .map_or(0, |p| response.body.len() - p.body.len());
            let unwritten = state.unwritten().saturating_sub(saved);
            shared.server.admit_response(response, unwritten)
        });
        if let Some(counts) = self.counts {
            counts.end(End::answered(&result, self.bytes, latency));
        }
        let admitted = shared.server.admission.admitted();
        // What is kept of it is put away once the lock is released.
        let outcome = self.watched.map(|watched| (watched, Outcome::of(&result)));
        match result {
            Ok(response) => {
                let answer = Head::Answer(Answer {
                    code: 0,
                    admitted_business: admitted.business,
                    admitted_user: admitted.user,
                    queued_us,
                    not_started: false,
                });
                let parts = Parts {
                    trace: None,
                    metadata: (!response.metadata.is_empty()).then_some(&response.metadata),
                    body: packed.as_ref().map_or(&response.body, |p| &p.body),
                    attachment: &response.attachment,
                };
                let header = Header {
                    packed: packed.as_ref().map(|p| p.codec).into(),
                    takes: Codecs::BUILT_IN,
                    ..Header::new(self.key.request_id, answer)
                };
                put_frame(&mut state.out, header, parts, checksum);
            }
            Err(status) => {
                let failure = Failure {
                    status: &status,
                    admitted,
                    queued_us,
                };
                put_failure(&mut state, self.key.request_id, failure);
            }
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
        self.leave();
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

/// Gives a request the body that it had before it was compressed. Apart, because few need it.
#[inline(never)]
fn unpack(packing: Packing, request: &mut Request) -> Result<(), Refused> {
    let body = packing.unpack(&request.body);
    request.body = body.map_err(|status| Refused::new(Rejection::Malformed, status))?;
    Ok(())
}

/// An answer of a request that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    pub(super) status: &'a Status,
    /// The least important requests that the server admits now.
    pub(super) admitted: Priority,
    pub(super) queued_us: u32,
}

/// Queues the answer of a request that failed.
pub(super) fn put_failure(state: &mut State<Table>, request_id: u64, failure: Failure<'_>) {
    let Failure {
        status,
        admitted,
        queued_us,
    } = failure;
    let answer = Answer {
        code: status.code() as u16,
        admitted_business: admitted.business,
        admitted_user: admitted.user,
        queued_us,
        not_started: status.not_started(),
    };
    put_error(state, request_id, answer, &encode_status(status));
}

/// Queues the answer of a request that was refused by its header.
pub(super) fn put_refusal(
    state: &mut State<Table>,
    request_id: u64,
    refusal: Refusal,
    admitted: Priority,
) {
    let answer = Answer {
        code: refusal.code() as u16,
        admitted_business: admitted.business,
        admitted_user: admitted.user,
        queued_us: 0,
        not_started: true,
    };
    put_error(state, request_id, answer, refusal.body());
}

fn put_error(state: &mut State<Table>, request_id: u64, answer: Answer, body: &Bytes) {
    let parts = Parts {
        body,
        ..Parts::default()
    };
    let header = Header {
        takes: Codecs::BUILT_IN,
        ..Header::new(request_id, Head::Answer(answer))
    };
    let checksum = state.table.checksum;
    put_frame(&mut state.out, header, parts, checksum);
}

/// Queues what the caller is to answer with a proof of who it is.
pub(super) fn put_challenge(state: &mut State<Table>, body: &Bytes) {
    let parts = Parts {
        body,
        ..Parts::default()
    };
    let checksum = state.table.checksum;
    put_frame(
        &mut state.out,
        Header::new(0, Head::Challenge),
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
        body: &encode_status(status),
        ..Parts::default()
    };
    let checksum = state.table.checksum;
    put_frame(&mut state.out, Header::new(0, head), parts, checksum);
}
