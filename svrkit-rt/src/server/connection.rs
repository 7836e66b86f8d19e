//! One framed connection: a task that owns it, reads requests, spawns their handlers, and writes what they answer.

use super::ServerState;
use super::admission::Slot;
use super::answering::{
    Answering, Control, Failure, Shared, Table, put_challenge, put_failure, put_go_away,
    put_refusal,
};
use super::calls::{CallKey, Calls};
use super::identity::{Identity, malformed};
use super::refused::{Refusal, Refused};
use crate::compression::Packing;
use crate::connection::{FrameReader, Incoming, Outbox, TURN_FRAMES_MAX, Writer};
use crate::context::{Context, Priority};
use crate::deadline::Deadline;
use crate::descriptor::{DEFAULT_PRIORITY, Streaming};
use crate::frame::{Head, Header, Payload, RequestHead};
use crate::monitor::rpc::{Rejection, SideCounts};
use crate::service::{Request, Service};
use crate::spans::{self, Watched};
use crate::status::Status;
use crate::streaming;
use crate::token_buckets::TokenBucket;
use crate::transport::Stream;
use bytes::BytesMut;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Requests refused in one turn: a tenth of a millisecond of work.
const TURN_REFUSALS_MAX: usize = 512;

/// The task's own part.
pub(super) struct Connection<S> {
    pub(super) shared: Arc<Shared<S>>,
    stream: Stream,
    reader: FrameReader,
    writer: Writer,
    pub(super) calls: Calls,
    identity: Identity,
    /// Requests read and not yet spawned.
    arrived: Vec<(Header, RequestHead, Payload)>,
    /// Requests refused by their headers and not yet answered.
    refused: Vec<(u64, u32, Refusal)>,
    /// When the bytes were read that frames are cut from: what waits in the buffer waits, too.
    read_at: Instant,
    /// How many requests it may make, if that is bounded.
    rate: Option<TokenBucket>,
    timer: Option<std::pin::Pin<Box<Sleep>>>,
    /// Why reading ended, if it has.
    read_end: Option<ReadEnd>,
    /// The peer owes bytes: the rest of a frame, or its first one.
    owed: Option<Owed>,
    /// Reading waits for the peer to take its answers.
    paused: bool,
    /// Requests seen so far.
    requests: u64,
    /// Since when writing has been standing still, and with how much left.
    stalled: Option<(Instant, usize)>,
    received: u64,
}

/// Where requests are refused by their headers.
struct Gate<'a, S> {
    server: &'a ServerState<S>,
    identity: &'a Identity,
    rate: &'a mut Option<TokenBucket>,
    refused: &'a mut Vec<(u64, u32, Refusal)>,
    now: Instant,
}

impl<S> Gate<'_, S> {
    /// Whether a frame is worth cutting its payload.
    fn wants(&mut self, header: &Header) -> bool {
        match &header.head {
            Head::Request(request) if header.checksum.is_none() => {
                self.admits(header.request_id, request)
            }
            _ => true,
        }
    }

    fn admits(&mut self, request_id: u64, request: &RequestHead) -> bool {
        let decided = self.decide(request);
        if let Err(refusal) = decided {
            self.refused.push((request_id, request.method_id, refusal));
        }
        decided.is_ok()
    }

    fn decide(&mut self, request: &RequestHead) -> Result<(), Refusal> {
        if self.rate.as_mut().is_some_and(|rate| !rate.take(self.now)) {
            return Err(Refusal::CallerRate);
        }
        if let Some(guard) = self.server.guard() {
            guard.admit(request.method_id, self.identity.caller())?;
        }
        let admission = &self.server.admission;
        Ok(admission.admit(self.now, self.priority(request))?)
    }

    fn priority(&self, request: &RequestHead) -> Priority {
        let Some(user) = self.identity.stranger_level() else {
            return priority(request);
        };
        let method = self.server.method(request.method_id);
        let business = method.map_or(DEFAULT_PRIORITY, |(method, _)| method.priority);
        Priority { business, user }
    }
}

/// Bytes that a request holds while it is served.
fn bytes_of(header: &Header, packing: Option<Packing>) -> usize {
    let sent = header.payload_len as usize;
    match packing {
        None => sent,
        Some(packing) => sent - header.body_len() as usize + packing.len(),
    }
}

fn priority(request: &RequestHead) -> Priority {
    Priority {
        business: request.business,
        user: request.user,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadEnd {
    /// The peer will send nothing more, and may still read.
    Eof,
    /// It broke the protocol; a go-away says so.
    Refused,
}

#[derive(Clone, Copy, Debug)]
struct Owed {
    by: Instant,
    /// `received` must have reached this.
    received: u64,
    what: &'static str,
}

impl<S: Service> Connection<S> {
    /// `first` are the bytes by which the protocol was recognised.
    pub(super) fn new(
        stream: Stream,
        first: BytesMut,
        opened: Instant,
        identity: Identity,
        server: Arc<ServerState<S>>,
    ) -> Connection<S> {
        let limits = &server.limits;
        let first_frame = Owed {
            by: opened + Duration::from_millis(limits.first_frame_timeout_ms),
            received: limits.progress_bytes_min as u64,
            what: "first_frame_timeout_ms: no whole frame in time",
        };
        let table = Table {
            caller: identity.caller().cloned(),
            ..Table::default()
        };
        let rate = server.admission.caller_rate().map(TokenBucket::new);
        Connection {
            received: first.len() as u64,
            reader: FrameReader::new(first, limits.frame_bytes_max),
            shared: Arc::new(Shared {
                outbox: Outbox::new(table, stream.direct_writer()),
                server,
            }),
            stream,
            writer: Writer::default(),
            calls: Calls::default(),
            identity,
            arrived: Vec::new(),
            refused: Vec::new(),
            read_at: Instant::now(),
            rate,
            timer: None,
            read_end: None,
            owed: Some(first_frame),
            paused: false,
            requests: 0,
            stalled: None,
        }
    }

    pub(super) fn control(&self) -> Arc<dyn Control> {
        self.shared.clone()
    }

    /// Serves until the peer is gone, or breaks the protocol.
    pub(super) async fn run(mut self) {
        if let Err(e) = self.take_frames() {
            self.refuse(e);
        }
        poll_fn(|cx| self.poll(cx)).await;
        if self.read_end == Some(ReadEnd::Refused) {
            self.stream.linger().await;
        }
    }

    /// One turn. Polled by hand, because reading, writing, finished handlers and the timer all wake the same task, and a `select!`
    /// over futures of each would register and drop them all at every turn.
    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        loop {
            if self.begin_turn(cx).is_break() {
                return Poll::Ready(());
            }
            self.poll_read(cx);
            let flushed = match self
                .writer
                .poll_flush(&self.shared.outbox, &mut self.stream, cx)
            {
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => true,
                Poll::Pending => false,
            };
            if flushed && self.is_over() {
                return Poll::Ready(());
            }
            if flushed && self.paused && self.has_room() {
                continue;
            }
            ready!(self.poll_timer(cx));
            if self.on_timer().is_break() {
                return Poll::Ready(());
            }
        }
    }

    fn begin_turn(&mut self, cx: &mut task::Context<'_>) -> std::ops::ControlFlow<()> {
        let mut state = self.shared.outbox.lock();
        Writer::register(&mut state, cx.waker());
        self.calls.remove(&mut state.table.finished);
        if state.table.closed {
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    }

    /// Whether the peer has taken enough of its answers to be read from again.
    fn has_room(&self) -> bool {
        let max = self.shared.server.limits.unwritten_bytes_max;
        // Read from again at the very bound, it would be answered with refusals.
        let max = if self.paused { max / 2 } else { max };
        self.shared.outbox.lock().unwritten() <= max
    }

    /// Reads while there is something to read and room for what it causes.
    fn poll_read(&mut self, cx: &mut task::Context<'_>) {
        while self.read_end.is_none() {
            self.paused = !self.has_room();
            if self.paused {
                // The peer does not read its answers; until it does, its requests stay in the kernel.
                return;
            }
            if !self.reader.has_more() {
                match self.reader.poll_fill(&mut self.stream, cx) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(0)) => {
                        self.read_end = Some(ReadEnd::Eof);
                        self.on_hang_up();
                        return;
                    }
                    Poll::Ready(Ok(n)) => {
                        self.received += n as u64;
                        self.read_at = Instant::now();
                    }
                    // Broken: whatever we answer, nobody will see it.
                    Poll::Ready(Err(_)) => {
                        self.read_end = Some(ReadEnd::Eof);
                        self.shared.outbox.lock().table.closed = true;
                        cx.waker().wake_by_ref();
                        return;
                    }
                }
            }
            if let Err(e) = self.take_frames() {
                self.refuse(e);
            } else if self.reader.has_more() {
                // The handlers first; then the next turn.
                cx.waker().wake_by_ref();
                return;
            }
        }
    }

    /// Takes the frames of one turn.
    fn take_frames(&mut self) -> Result<(), Status> {
        let mut taken = 0;
        let mut arrived = std::mem::take(&mut self.arrived);
        let result = loop {
            // A refused request wakes nobody, so it is no part of the turn; but others must run at some time.
            if taken == TURN_FRAMES_MAX || self.refused.len() == TURN_REFUSALS_MAX {
                break Ok(());
            }
            let mut gate = Gate {
                server: &self.shared.server,
                identity: &self.identity,
                rate: &mut self.rate,
                refused: &mut self.refused,
                now: self.read_at,
            };
            match self.reader.next_wanted(|header| gate.wants(header)) {
                Ok(Some(Incoming::Unwanted)) => {}
                Ok(Some(incoming)) => {
                    taken += 1;
                    if incoming.is_of_stream() {
                        self.on_stream(incoming, &mut arrived);
                    } else if let Err(e) = self.on_frame(incoming, &mut arrived) {
                        break Err(e);
                    }
                }
                Ok(None) => break Ok(()),
                Err(e) => break Err(Status::invalid_argument(e.to_string())),
            }
        };
        taken += self.refused.len();
        if !arrived.is_empty() {
            self.serve(&mut arrived);
        }
        if !self.refused.is_empty() {
            self.answer_refusals();
        }
        self.arrived = arrived;
        if taken > 0 || self.owed.is_none() {
            let incomplete = !self.reader.has_more() && !self.reader.between_frames();
            self.owed = incomplete.then(|| self.next_progress());
        }
        result
    }

    fn next_progress(&self) -> Owed {
        let limits = &self.shared.server.limits;
        Owed {
            by: Instant::now() + Duration::from_millis(limits.progress_interval_ms),
            received: self.received + limits.progress_bytes_min as u64,
            what: "progress_bytes_min: a frame arrives too slowly",
        }
    }

    /// # Errors
    /// Why the connection ends.
    fn on_frame(
        &mut self,
        incoming: Incoming,
        arrived: &mut Vec<(Header, RequestHead, Payload)>,
    ) -> Result<(), Status> {
        match incoming {
            Incoming::Frame(header, payload) => match header.head {
                Head::Request(request) => match payload {
                    Ok(payload) if self.is_admitted(&header, &request) => {
                        arrived.push((header, request, payload));
                    }
                    Ok(_) => {}
                    Err(status) => {
                        let refused = Refused::new(Rejection::Malformed, status);
                        self.answer_refused(&header, request.method_id, refused);
                    }
                },
                Head::Cancel if payload.is_ok() => {
                    // The request may stand right before its cancel.
                    self.serve(arrived);
                    self.calls.cancel(header.request_id);
                }
                Head::Identify | Head::Proof => {
                    // What came before was asked by whom it was then.
                    self.serve(arrived);
                    self.on_identity(header.head, payload)?;
                }
                // What belongs to streams does not come here.
                _ => {}
            },
            Incoming::Unwanted => {}
            Incoming::TooLarge(header) => {
                if matches!(header.head, Head::Identify | Head::Proof) {
                    return Err(malformed("identify or proof"));
                }
                if let Head::Request(request) = header.head {
                    let max = self.shared.server.limits.frame_bytes_max;
                    let message = format!(
                        "frame_bytes_max: payload is {} bytes, over {max}",
                        header.payload_len
                    );
                    let status = Status::resource_exhausted(message);
                    let refused = Refused::new(Rejection::FrameBytes, status);
                    self.answer_refused(&header, request.method_id, refused);
                }
            }
        }
        Ok(())
    }

    /// A frame by which the peer shows who it is.
    fn on_identity(&mut self, head: Head, payload: Result<Payload, Status>) -> Result<(), Status> {
        let server = &self.shared.server;
        let body = payload?.body;
        if head == Head::Proof {
            self.identity.prove(server.guard(), &body)?;
            self.shared.outbox.lock().table.caller = self.identity.caller().cloned();
            return Ok(());
        }
        let time = Duration::from_millis(server.limits.proof_timeout_ms);
        let challenge = self.identity.identify(server.guard(), &body, time)?;
        let mut state = self.shared.outbox.lock();
        put_challenge(&mut state, &challenge);
        state.claim();
        Ok(())
    }

    /// Whether a request with a checksum is admitted. It is asked only now, when the checksum was found right: a damaged id may be that of
    /// another request, and its caller would take the refusal for that one's answer.
    fn is_admitted(&mut self, header: &Header, request: &RequestHead) -> bool {
        let mut gate = Gate {
            server: &self.shared.server,
            identity: &self.identity,
            rate: &mut self.rate,
            refused: &mut self.refused,
            now: self.read_at,
        };
        header.checksum.is_none() || gate.admits(header.request_id, request)
    }

    /// Takes requests in and starts their handlers.
    pub(super) fn serve(&mut self, arrived: &mut Vec<(Header, RequestHead, Payload)>) {
        if arrived.is_empty() {
            return;
        }
        let now = self.read_at;
        let (entry, room) = {
            let server = &self.shared.server;
            let mut state = self.shared.outbox.lock();
            // An id may be used again as soon as its answer has been read.
            self.calls.remove(&mut state.table.finished);
            let room = server
                .limits
                .in_flight_per_connection_max
                .saturating_sub(state.table.running);
            let wanted = room.min(arrived.len());
            let entry = server.admission.enter(wanted, server.limits.in_flight_max);
            let lone = state.table.running == 0 && entry.entered == 1;
            state.table.running += entry.entered;
            state.table.checksum |= arrived.iter().any(|(header, ..)| header.checksum.is_some());
            // Several answers are coming: this task will write them, after the handlers ran.
            if !lone && entry.entered > 0 {
                self.writer.expect_more(&mut state);
            }
            (entry, room)
        };
        for (n, (header, head, payload)) in arrived.drain(..).enumerate() {
            if n >= entry.entered {
                let admission = &self.shared.server.admission;
                let refused = match n >= room {
                    true => Refused::in_flight_per_connection(),
                    false if admission.is_full() => Refused::waiting(),
                    false => Refused::in_flight(),
                };
                admission.turned_away(now);
                self.answer_refused(&header, head.method_id, refused);
                continue;
            }
            let slot = Slot::of(entry, n);
            let method_id = head.method_id;
            let (mut request, packing, counts) = match self.request(&header, head, payload, now) {
                Ok(request) => request,
                Err(refused) => {
                    self.shared.server.admission.leave(slot, 0, now, false);
                    self.shared.outbox.lock().table.running -= 1;
                    self.answer_refused(&header, method_id, refused);
                    continue;
                }
            };
            if let Some(counts) = counts {
                counts.begin(request.context.attempt);
            }
            self.requests += 1;
            let key = CallKey {
                request_id: header.request_id,
                number: self.requests,
            };
            let deadline = request.context.deadline.instant();
            if head.streams {
                self.open_streams(key, header.takes, &mut request.context, counts);
            }
            let answering = Answering {
                shared: self.shared.clone(),
                key,
                slot: Some(slot),
                bytes: bytes_of(&header, packing),
                packing,
                takes: header.takes,
                method: request.context.method,
                arrived: now,
                counts,
                watched: Watched::serve(&mut request.context),
                begun: false,
                open: true,
            };
            let task = tokio::spawn(answering.serve(request));
            self.calls.insert(key, task.abort_handle(), deadline);
        }
    }

    /// What the header and the IDL say, checked before anything is decoded; and where the request counts.
    fn request(
        &self,
        header: &Header,
        head: RequestHead,
        mut payload: Payload,
        now: Instant,
    ) -> Result<(Request, Option<Packing>, Option<&'static SideCounts>), Refused> {
        let server = &self.shared.server;
        let Some((method, counts)) = server.method(head.method_id) else {
            let message = format!("no method with id {}", head.method_id);
            let status = Status::unimplemented(message);
            return Err(Refused::new(Rejection::UnknownMethod, status));
        };
        let max = match method.request_bytes_max {
            0 => server.limits.request_bytes_max,
            max => max as usize,
        };
        let packing = Packing::of(header.packed, &payload.body)
            .map_err(|status| Refused::new(Rejection::Malformed, status))?;
        let len = match packing {
            None => payload.body.len(),
            Some(packing) => packing.len(),
        };
        // What came as it is keeps to `frame_bytes_max` already.
        let max = max.min(server.limits.frame_bytes_max);
        if len > max {
            let message = format!("request of {} is {len} bytes, over {max}", method.full_name);
            let status = Status::resource_exhausted(message);
            return Err(Refused::new(Rejection::RequestBytes, status));
        }
        if header.extension_len as usize > server.limits.metadata_bytes_max {
            let (len, max) = (header.extension_len, server.limits.metadata_bytes_max);
            let message = format!("metadata_bytes_max: metadata is {len} bytes, over {max}");
            let status = Status::resource_exhausted(message);
            return Err(Refused::new(Rejection::MetadataBytes, status));
        }
        if self.calls.contains(header.request_id) {
            let message = "request id is in use by another call in flight";
            let status = Status::invalid_argument(message);
            return Err(Refused::new(Rejection::Malformed, status));
        }
        if head.streams || method.streaming != Streaming::None {
            self.admit_streams(&head, method)?;
        }
        let (trace, metadata) = payload
            .extension(header)
            .map_err(|status| Refused::new(Rejection::Malformed, status))?;
        if !server
            .admission
            .enter_bytes(bytes_of(header, packing), server.limits.in_flight_bytes_max)
        {
            return Err(Refused::in_flight_bytes());
        }
        let deadline = match head.timeout_us {
            0 => Deadline::from(now, Duration::from_millis(method.timeout_ms as u64)),
            us => Deadline::from_wire(now, us),
        };
        let mut context = Context::new(method, deadline);
        context.priority = priority(&head);
        context.routing_key = head.routing_key;
        context.attempt = head.attempt;
        context.trace = trace;
        context.metadata = metadata;
        self.identity.stamp(&mut context);
        context.attachment = payload.attachment;
        Ok((Request::new(context, payload.body), packing, counts))
    }

    /// Answers a request that was never counted as running.
    fn answer_refused(&mut self, header: &Header, method_id: u32, refused: Refused) {
        if let Some(counts) = self.shared.server.counts(method_id) {
            counts.reject(refused.why, refused.status.code());
        }
        let failure = Failure {
            status: &refused.status,
            admitted: self.shared.server.admission.admitted(),
            queued_us: 0,
        };
        if let Some((method, _)) = self.shared.server.method(method_id) {
            spans::refused(method, &refused.status, header.payload_len as usize);
        }
        let mut state = self.shared.outbox.lock();
        put_failure(&mut state, header.request_id, failure);
        state.claim();
    }

    /// Answers what was refused by its header: all of it under one lock. Counted and not kept among recent calls, of which it would leave
    /// none but itself.
    fn answer_refusals(&mut self) {
        let server = &self.shared.server;
        let admitted = server.admission.admitted();
        let mut state = self.shared.outbox.lock();
        for (request_id, method_id, refusal) in self.refused.drain(..) {
            if let Some(counts) = server.counts(method_id) {
                counts.reject(refusal.why(), refusal.code());
            }
            put_refusal(&mut state, request_id, refusal, admitted);
        }
        state.claim();
    }

    /// Ends reading with a go-away that says why.
    fn refuse(&mut self, status: Status) {
        tracing::debug!(
            code = status.code().name(),
            message = status.message(),
            "connection refused"
        );
        self.read_end = Some(ReadEnd::Refused);
        self.on_hang_up();
        let mut state = self.shared.outbox.lock();
        put_go_away(&mut state, &status);
        state.claim();
    }

    /// Whether nothing is left to do once everything is written.
    fn is_over(&self) -> bool {
        let mut state = self.shared.outbox.lock();
        let is_crowded = state.table.streams.is_crowded();
        state.tell_when_written(self.read_end.is_some() || self.paused || is_crowded);
        state.unwritten() == 0 && state.table.running == 0 && self.read_end.is_some()
    }

    fn poll_timer(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        let (unwritten, is_crowded) = {
            let mut state = self.shared.outbox.lock();
            state.table.received = self.received;
            (state.unwritten(), state.table.streams.is_crowded())
        };
        if is_crowded {
            self.make_room();
        }
        match self.stalled {
            Some((_, before)) if unwritten > 0 && before == unwritten => {}
            _ if unwritten > 0 && self.writer.is_blocked() => {
                self.stalled = Some((Instant::now(), unwritten))
            }
            _ => self.stalled = None,
        }
        let stall_timeout = Duration::from_millis(self.shared.server.limits.write_stall_timeout_ms);
        let wakes = [
            self.calls.next_expiry(),
            self.owed.filter(|_| self.read_end.is_none()).map(|o| o.by),
            self.stalled.map(|(since, _)| since + stall_timeout),
            self.identity
                .proof_due()
                .filter(|_| self.read_end.is_none()),
        ];
        let Some(next) = wakes.into_iter().flatten().min() else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        // A timer that is early only finds nothing to do; one that is late must be moved.
        if next < timer.deadline() {
            timer.as_mut().reset(next);
        }
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(())
    }

    fn on_timer(&mut self) -> std::ops::ControlFlow<()> {
        let now = Instant::now();
        if self.calls.next_expiry().is_some_and(|e| e <= now) {
            let mut state = self.shared.outbox.lock();
            self.calls.remove(&mut state.table.finished);
            let status = Status::deadline_exceeded("deadline passed while the handler ran");
            let failure = Failure {
                status: &status,
                admitted: self.shared.server.admission.admitted(),
                queued_us: 0,
            };
            for key in self.calls.expire(now) {
                state.table.end_streams(key);
                put_failure(&mut state, key.request_id, failure);
                state.table.expired.push(key);
                state.claim();
            }
        }
        if self.calls.is_empty() {
            // The timer outlasts the calls it was set for, so an idle connection comes by here once, and keeps nothing of its
            // busiest moment.
            self.calls = Calls::default();
            self.arrived = Vec::new();
            self.refused = Vec::new();
            self.shared.outbox.lock().table.forget();
        }
        if let Some(owed) = self.owed.filter(|o| o.by <= now && self.read_end.is_none()) {
            if self.received < owed.received {
                self.refuse(Status::deadline_exceeded(owed.what));
            } else {
                self.owed = Some(self.next_progress());
            }
        }
        if self.identity.proof_due().is_some_and(|due| due <= now) && self.read_end.is_none() {
            let status = self.identity.overdue(self.shared.server.guard());
            self.refuse(status);
        }
        let stall_timeout = Duration::from_millis(self.shared.server.limits.write_stall_timeout_ms);
        if self
            .stalled
            .is_some_and(|(since, _)| since + stall_timeout <= now)
        {
            // A go-away cannot reach somebody who does not read; the log is all there is.
            tracing::warn!(
                unwritten = self.shared.outbox.lock().unwritten(),
                "write_stall_timeout_ms: peer does not read"
            );
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        let mut state = self.shared.outbox.lock();
        state.table.closed = true;
        let inlets = state.table.streams.close_all();
        drop(state);
        self.calls.cancel_all();
        for inlet in inlets {
            if let Some(waker) = inlet.fail(streaming::over()) {
                waker.wake();
            }
        }
    }
}
