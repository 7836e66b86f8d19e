//! One framed connection: a task that owns it, reads requests, spawns their handlers, and writes what they answer.

use super::ServerState;
use super::answering::{Answering, Control, Shared, Table, put_failure, put_go_away};
use super::calls::{CallKey, Calls};
use super::refused::Refused;
use crate::connection::{FrameReader, Incoming, Outbox, TURN_FRAMES_MAX, Writer};
use crate::context::{Context, Priority};
use crate::deadline::Deadline;
use crate::frame::{Head, Header, Payload, RequestHead};
use crate::monitor::rpc::{Rejection, SideCounts};
use crate::service::{Request, Service};
use crate::spans::{self, Watched};
use crate::status::Status;
use crate::transport::Stream;
use bytes::BytesMut;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// The task's own part.
pub(super) struct Connection<S> {
    shared: Arc<Shared<S>>,
    stream: Stream,
    reader: FrameReader,
    writer: Writer,
    calls: Calls,
    /// Requests read and not yet spawned.
    arrived: Vec<(Header, RequestHead, Payload)>,
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
        server: Arc<ServerState<S>>,
    ) -> Connection<S> {
        let limits = &server.limits;
        let first_frame = Owed {
            by: opened + Duration::from_millis(limits.first_frame_timeout_ms),
            received: limits.progress_bytes_min as u64,
            what: "first_frame_timeout_ms: no whole frame in time",
        };
        Connection {
            received: first.len() as u64,
            reader: FrameReader::new(first, limits.frame_bytes_max),
            shared: Arc::new(Shared {
                outbox: Outbox::new(Table::default(), stream.direct_writer()),
                server,
            }),
            stream,
            writer: Writer::default(),
            calls: Calls::default(),
            arrived: Vec::new(),
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
                        return;
                    }
                    Poll::Ready(Ok(n)) => self.received += n as u64,
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
            if taken == TURN_FRAMES_MAX {
                break Ok(());
            }
            match self.reader.next() {
                Ok(Some(incoming)) => {
                    taken += 1;
                    self.on_frame(incoming, &mut arrived);
                }
                Ok(None) => break Ok(()),
                Err(e) => break Err(Status::invalid_argument(e.to_string())),
            }
        };
        if !arrived.is_empty() {
            self.serve(&mut arrived);
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

    fn on_frame(&mut self, incoming: Incoming, arrived: &mut Vec<(Header, RequestHead, Payload)>) {
        match incoming {
            Incoming::Frame(header, payload) => match header.head {
                Head::Request(request) => match payload {
                    Ok(payload) => arrived.push((header, request, payload)),
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
                Head::Cancel | Head::Answer(_) | Head::GoAway(_) | Head::Unknown(_) => {}
            },
            Incoming::TooLarge(header) => {
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
    }

    /// Admits requests and starts their handlers.
    fn serve(&mut self, arrived: &mut Vec<(Header, RequestHead, Payload)>) {
        if arrived.is_empty() {
            return;
        }
        let now = Instant::now();
        let (admitted, room) = {
            let server = &self.shared.server;
            let mut state = self.shared.outbox.lock();
            // An id may be used again as soon as its answer has been read.
            self.calls.remove(&mut state.table.finished);
            let room = server
                .limits
                .in_flight_per_connection_max
                .saturating_sub(state.table.running);
            let admitted = server.in_flight.enter(room.min(arrived.len()));
            let lone = state.table.running == 0 && admitted == 1;
            state.table.running += admitted;
            state.table.checksum |= arrived.iter().any(|(header, ..)| header.checksum.is_some());
            // Several answers are coming: this task will write them, after the handlers ran.
            if !lone && admitted > 0 {
                self.writer.expect_more(&mut state);
            }
            (admitted, room)
        };
        for (n, (header, head, payload)) in arrived.drain(..).enumerate() {
            if n >= admitted {
                let refused = match n >= room {
                    true => Refused::in_flight_per_connection(),
                    false => Refused::in_flight(),
                };
                self.answer_refused(&header, head.method_id, refused);
                continue;
            }
            let bytes = header.payload_len as usize;
            let method_id = head.method_id;
            let (mut request, counts) = match self.request(&header, head, payload, now) {
                Ok(request) => request,
                Err(refused) => {
                    self.shared.server.in_flight.leave(0);
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
            let answering = Answering {
                shared: self.shared.clone(),
                key,
                bytes,
                arrived: now,
                counts,
                watched: Watched::serve(&mut request.context),
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
    ) -> Result<(Request, Option<&'static SideCounts>), Refused> {
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
        if payload.body.len() > max {
            let message = format!(
                "request of {} is {} bytes, over {max}",
                method.full_name,
                payload.body.len()
            );
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
        let (trace, metadata) = payload
            .extension(header)
            .map_err(|status| Refused::new(Rejection::Malformed, status))?;
        if !server.in_flight.enter_bytes(header.payload_len as usize) {
            return Err(Refused::in_flight_bytes());
        }
        let deadline = match head.timeout_us {
            0 => Deadline::from(now, Duration::from_millis(method.timeout_ms as u64)),
            us => Deadline::from_wire(now, us),
        };
        let mut context = Context::new(method, deadline);
        context.priority = Priority {
            business: head.business,
            user: head.user,
        };
        context.routing_key = head.routing_key;
        context.attempt = head.attempt;
        context.trace = trace;
        context.metadata = metadata;
        context.attachment = payload.attachment;
        Ok((Request::new(context, payload.body), counts))
    }

    /// Answers a request that was never counted as running.
    fn answer_refused(&mut self, header: &Header, method_id: u32, refused: Refused) {
        if let Some(counts) = self.shared.server.counts(method_id) {
            counts.reject(refused.why, refused.status.code());
        }
        if let Some((method, _)) = self.shared.server.method(method_id) {
            spans::refused(method, &refused.status, header.payload_len as usize);
        }
        let mut state = self.shared.outbox.lock();
        let checksum = state.table.checksum;
        put_failure(&mut state, header.request_id, &refused.status, 0, checksum);
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
        let mut state = self.shared.outbox.lock();
        put_go_away(&mut state, &status);
        state.claim();
    }

    /// Whether nothing is left to do once everything is written.
    fn is_over(&self) -> bool {
        let mut state = self.shared.outbox.lock();
        state.tell_when_written(self.read_end.is_some() || self.paused);
        state.unwritten() == 0 && state.table.running == 0 && self.read_end.is_some()
    }

    fn poll_timer(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        let unwritten = {
            let mut state = self.shared.outbox.lock();
            state.table.received = self.received;
            state.unwritten()
        };
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
            let checksum = state.table.checksum;
            for key in self.calls.expire(now) {
                let status = Status::deadline_exceeded("deadline passed while the handler ran");
                put_failure(&mut state, key.request_id, &status, 0, checksum);
                state.table.expired.push(key);
                state.claim();
            }
        }
        if self.calls.is_empty() {
            // The timer outlasts the calls it was set for, so an idle connection comes by here once, and keeps nothing of its
            // busiest moment.
            self.calls = Calls::default();
            self.arrived = Vec::new();
            self.shared.outbox.lock().table.forget();
        }
        if let Some(owed) = self.owed.filter(|o| o.by <= now && self.read_end.is_none()) {
            if self.received < owed.received {
                self.refuse(Status::deadline_exceeded(owed.what));
            } else {
                self.owed = Some(self.next_progress());
            }
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
        self.shared.outbox.lock().table.closed = true;
        self.calls.cancel_all();
    }
}
