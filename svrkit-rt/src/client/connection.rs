//! One connection to an endpoint: a task that owns it, and the calls that share it.

use super::answered::Answered;
use super::callee::Callee;
use super::config::ChannelConfig;
use super::slots::{Look, Slots};
use super::streams::CALL;
use crate::compression::{Codecs, Packed, Packer, Packing};
use crate::connection::{
    Duty, Flush, FrameReader, Incoming, Outbox, State, TURN_FRAMES_MAX, Writer,
};
use crate::context::Priority;
use crate::descriptor::MethodDescriptor;
use crate::frame::{Answer, Head, Header, Parts, RequestHead, decode_status, put_frame};
use crate::metadata::METADATA_BYTES_MAX;
use crate::monitor::connections::OpenConnection;
use crate::monitor::rpc::{MethodCounts, are_calls_counted};
use crate::service::{Load, Request, Response};
use crate::status::{Code, Status};
use crate::streaming::{StreamTable, Streams};
use crate::trace::TRACE_BYTES;
use crate::transport::Stream;
use bytes::{Bytes, BytesMut};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::task::{Context, Poll, Waker, ready};
use tokio::time::{Instant, Sleep};

/// The part of a connection that calls see.
#[derive(Debug)]
pub(super) struct ClientConnection {
    pub(super) outbox: Outbox<Table>,
    pub(super) config: Arc<ChannelConfig>,
    callee: Arc<Callee>,
    /// What compresses requests, if anything.
    packer: Option<Packer>,
    /// What the callee has said that they may be compressed with; [`Codecs`] in bits.
    takes: AtomicU16,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) slots: Slots,
    /// New calls go elsewhere; the connection ends when the last one here is answered.
    leaving: bool,
    /// Set once, at the end: no new calls. The status is for those who try.
    closed: Option<Status>,
    /// Calls in flight that stream.
    pub(super) streams: Streams,
    checksum: bool,
}

impl Table {
    /// The call is over: nothing of it is sent any more, and what comes is nobody's.
    #[inline]
    fn end_streams(&mut self, request_id: u64) {
        if !self.streams.is_empty() {
            self.streams.close(request_id, CALL);
        }
    }
}

impl StreamTable for Table {
    fn streams(&mut self) -> &mut Streams {
        &mut self.streams
    }

    fn checksum(&self) -> bool {
        self.checksum
    }
}

thread_local! {
    /// Whether the thread runs one call and waits for it: then there are no other tasks to let run before writing.
    static LONE_CALLER: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` on a thread that waits for one call at a time.
pub(super) fn as_lone_caller<T>(f: impl FnOnce() -> T) -> T {
    /// Also when `f` panics.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            LONE_CALLER.set(false);
        }
    }
    LONE_CALLER.set(true);
    let _leave = Leave;
    f()
}

impl ClientConnection {
    /// Starts the connection's task, `read` being what came already; it ends with the connection, and `on_end` is called when no new calls can be made.
    pub(super) fn start(
        stream: Stream,
        read: BytesMut,
        config: Arc<ChannelConfig>,
        callee: Arc<Callee>,
        on_end: impl FnOnce(&ClientConnection) + Send + 'static,
    ) -> Arc<ClientConnection> {
        let table = Table {
            checksum: config.checksum,
            ..Table::default()
        };
        let connection = Arc::new(ClientConnection {
            outbox: Outbox::new(table, stream.direct_writer()),
            packer: Packer::new(&config.compression),
            takes: AtomicU16::new(0),
            config,
            callee,
        });
        let driver = Driver {
            reader: FrameReader::new(read, connection.config.frame_bytes_max),
            shared: connection.clone(),
            stream,
            writer: Writer::default(),
            timer: None,
            answers: Vec::new(),
            wakers: Vec::new(),
            on_end: Some(Box::new(on_end)),
            refused: None,
            _counted: OpenConnection::of_client(),
        };
        tokio::spawn(driver.run());
        connection
    }

    /// Sends a request and waits for its answer. Dropping the future cancels the call.
    ///
    /// With `keep` the request is kept until the answer is there, in case it has to be made again, unless it is larger than
    /// [`ChannelConfig::repeated_bytes_max`].
    pub(super) fn call(
        self: Arc<ClientConnection>,
        request: Request,
        keep: bool,
        now: Instant,
    ) -> CallFuture {
        CallFuture {
            connection: self,
            request: Some(request),
            keep,
            state: CallState::New(now),
            times: Times::default(),
        }
    }

    /// Whether the callee is expected to take a call of this priority.
    pub(super) fn admits(&self, priority: Priority) -> bool {
        !self.config.heeds_admission || self.callee.admits(priority)
    }

    /// Ends the connection once its calls are answered.
    pub(super) fn leave(&self) {
        let mut state = self.outbox.lock();
        state.table.leaving = true;
        let waker = state.wake();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether it takes no new calls. True before `on_end` is called.
    pub(super) fn has_ended(&self) -> bool {
        let state = self.outbox.lock();
        state.table.leaving || state.table.closed.is_some()
    }

    /// Queues the request unless the connection is closed, and keeps it if it is to be kept. Returns the id that it got.
    fn send(
        self: &Arc<Self>,
        kept: &mut Option<Request>,
        keep: bool,
        now: Instant,
        waker: &Waker,
    ) -> Result<u64, Status> {
        let Some(request) = kept else {
            return Err(Status::internal("call has no request"));
        };
        let context = &request.context;
        let packed = self.pack(context.method, &request.body);
        let mut state = self.outbox.lock();
        if let Some(status) = &state.table.closed {
            return Err(status.clone().with_not_started());
        }
        if context.deadline.instant() <= now {
            return Err(
                Status::deadline_exceeded("deadline passed before the call was sent")
                    .with_not_started(),
            );
        }
        if state.table.slots.len() >= self.config.in_flight_per_lane_max {
            let message = "in_flight_per_lane_max: too many calls in flight";
            return Err(Status::resource_exhausted(message).with_not_started());
        }
        let metadata_len = context.metadata.encoded_len();
        if metadata_len + TRACE_BYTES > METADATA_BYTES_MAX {
            let message = format!("metadata is {metadata_len} bytes, over {METADATA_BYTES_MAX}");
            return Err(Status::resource_exhausted(message).with_not_started());
        }
        let bytes = request.body.len() + context.attachment.len();
        let size = bytes + metadata_len + TRACE_BYTES;
        if size > self.config.frame_bytes_max
            || state.unwritten() + size > self.config.unwritten_bytes_max.max(size)
        {
            let message = format!(
                "a request of {size} bytes does not fit frame_bytes_max or unwritten_bytes_max"
            );
            return Err(Status::resource_exhausted(message).with_not_started());
        }
        if context.streams.as_ref().is_some_and(|s| s.is_linked()) {
            let message = "a call that streams was sent before, and is not sent again";
            return Err(Status::failed_precondition(message));
        }
        let (request_id, earlier) = state
            .table
            .slots
            .insert(waker.clone(), context.deadline.instant());
        if let Some(ends) = &context.streams {
            self.open_streams(&mut state.table, request_id, context.method, ends);
        }
        let head = Head::Request(RequestHead {
            method_id: context.method.id,
            timeout_us: context.deadline.to_wire(now),
            routing_key: context.routing_key,
            business: context.priority.business,
            user: context.priority.user,
            attempt: context.attempt,
            streams: context.streams.is_some(),
        });
        let parts = Parts {
            trace: context.trace,
            metadata: (!context.metadata.is_empty()).then_some(&context.metadata),
            body: packed.as_ref().map_or(&request.body, |p| &p.body),
            attachment: &context.attachment,
        };
        let header = Header {
            packed: packed.as_ref().map(|p| p.codec).into(),
            takes: takes(context.method),
            ..Header::new(request_id, head)
        };
        put_frame(&mut state.out, header, parts, self.config.checksum);
        let is_kept = keep && bytes <= self.config.repeated_bytes_max;
        let spent = if is_kept { None } else { kept.take() };
        let alone = state.table.slots.len() == 1 || LONE_CALLER.get();
        let duty = self
            .outbox
            .flush(&mut state, if alone { Flush::Now } else { Flush::Soon });
        // The task must set its timer for a deadline that is earlier than all it knows.
        let waker = if earlier { state.wake() } else { None };
        drop(state);
        drop(spent);
        self.outbox.carry_out(duty);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(request_id)
    }

    /// A body compressed, if it is to be sent so.
    #[inline]
    pub(super) fn pack(&self, method: &'static MethodDescriptor, body: &Bytes) -> Option<Packed> {
        match &self.packer {
            None => None,
            Some(packer) => self.pack_with(packer, method, body),
        }
    }

    #[inline(never)]
    fn pack_with(
        &self,
        packer: &Packer,
        method: &'static MethodDescriptor,
        body: &Bytes,
    ) -> Option<Packed> {
        let takes = Codecs::from_bits(self.takes.load(Relaxed));
        let counts = are_calls_counted().then(|| &MethodCounts::of(method).client);
        packer.pack(takes, method, body, counts)
    }

    /// What the callee says of itself with an answer.
    fn hear(&self, answer: &Answer, takes: Codecs) {
        self.callee.hear(answer);
        if self.packer.is_some() && self.takes.load(Relaxed) != takes.bits() {
            self.takes.store(takes.bits(), Relaxed);
        }
    }

    fn abandon(&self, request_id: u64) {
        let mut state = self.outbox.lock();
        let mut duty = Duty::Nothing;
        if state.table.slots.abandon(request_id) && state.table.closed.is_none() {
            duty = self.cancel(&mut state, request_id);
        }
        state.table.end_streams(request_id);
        let waker = state.table.leaving.then(|| state.wake()).flatten();
        drop(state);
        self.outbox.carry_out(duty);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn cancel(&self, state: &mut State<Table>, request_id: u64) -> Duty {
        let header = Header::new(request_id, Head::Cancel);
        put_frame(
            &mut state.out,
            header,
            Parts::default(),
            self.config.checksum,
        );
        self.outbox.flush(state, Flush::Soon)
    }
}

/// A call on its way.
#[derive(Debug)]
pub(super) struct CallFuture {
    connection: Arc<ClientConnection>,
    request: Option<Request>,
    keep: bool,
    state: CallState,
    times: Times,
}

/// When a call was sent and when it was answered; `None` for what did not happen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) sent: Option<Instant>,
    pub(super) answered: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum CallState {
    /// Made now: its first poll follows at once.
    New(Instant),
    Sent(u64),
    Done,
    /// Nothing of it ever left.
    Unsent,
}

impl Future for CallFuture {
    type Output = Result<Response, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Response, Status>> {
        let call = &mut *self;
        match call.state {
            CallState::New(now) => {
                let (connection, request) = (&call.connection, &mut call.request);
                match connection.send(request, call.keep, now, cx.waker()) {
                    Ok(request_id) => {
                        call.times.sent = Some(now);
                        call.state = CallState::Sent(request_id);
                        Poll::Pending
                    }
                    Err(status) => {
                        call.state = CallState::Unsent;
                        Poll::Ready(Err(status))
                    }
                }
            }
            CallState::Sent(request_id) => {
                let mut state = call.connection.outbox.lock();
                match state.table.slots.look(request_id, cx.waker()) {
                    Look::Waiting => Poll::Pending,
                    Look::Done(result, at) => {
                        call.times.answered = at;
                        // A connection that is leaving ends with its last call.
                        let waker = state.table.leaving.then(|| state.wake()).flatten();
                        drop(state);
                        if let Some(waker) = waker {
                            waker.wake();
                        }
                        call.state = CallState::Done;
                        Poll::Ready(result.and_then(Answered::unpack))
                    }
                }
            }
            CallState::Done | CallState::Unsent => Poll::Ready(Err(Status::internal(
                "call was polled after it was answered",
            ))),
        }
    }
}

impl CallFuture {
    /// Whether it ended without anything having left.
    pub(super) fn is_unsent(&self) -> bool {
        matches!(self.state, CallState::Unsent)
    }

    /// The request, if it was kept: another connection may take it.
    pub(super) fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// As [`CallFuture::request`], for good.
    pub(super) fn take_request(&mut self) -> Option<Request> {
        self.request.take()
    }

    pub(super) fn times(&self) -> Times {
        self.times
    }
}

impl Drop for CallFuture {
    fn drop(&mut self) {
        if let CallState::Sent(request_id) = self.state {
            self.connection.abandon(request_id);
        }
    }
}

type OnEnd = Box<dyn FnOnce(&ClientConnection) + Send>;

/// The task that owns the connection.
pub(super) struct Driver {
    pub(super) shared: Arc<ClientConnection>,
    stream: Stream,
    reader: FrameReader,
    writer: Writer,
    timer: Option<Pin<Box<Sleep>>>,
    /// Answers of one read, and the wakers of their calls; kept for their capacity while the connection is busy.
    pub(super) answers: Vec<(u64, Result<Answered, Status>)>,
    pub(super) wakers: Vec<Waker>,
    on_end: Option<OnEnd>,
    /// Why the callee sent us away, if it did not just drain.
    refused: Option<Status>,
    _counted: OpenConnection,
}

impl Driver {
    async fn run(mut self) {
        let status = poll_fn(|cx| self.poll(cx)).await;
        let status = self.refused.take().unwrap_or(status);
        self.end(status);
    }

    /// One turn; by hand for the same reason as the server's.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        loop {
            Writer::register(&mut self.shared.outbox.lock(), cx.waker());
            if let Poll::Ready(status) = self.poll_read(cx) {
                return Poll::Ready(status);
            }
            let flushed = match self
                .writer
                .poll_flush(&self.shared.outbox, &mut self.stream, cx)
            {
                Poll::Ready(Err(e)) => return Poll::Ready(broken(&e)),
                Poll::Ready(Ok(())) => true,
                Poll::Pending => false,
            };
            let is_crowded = {
                let state = self.shared.outbox.lock();
                if state.table.leaving && flushed && state.table.slots.len() == 0 {
                    return Poll::Ready(Status::unavailable("connection closed"));
                }
                state.table.streams.is_crowded()
            };
            if is_crowded {
                self.shared.make_room();
            }
            ready!(self.poll_timer(cx));
            self.expire();
        }
    }

    /// Reads all there is; ready when the connection is over.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        loop {
            if !self.reader.has_more() {
                match ready!(self.reader.poll_fill(&mut self.stream, cx)) {
                    Ok(0) => {
                        return Poll::Ready(Status::unavailable("connection closed by the callee"));
                    }
                    Ok(_) => {}
                    Err(e) => return Poll::Ready(broken(&e)),
                }
            }
            for _ in 0..TURN_FRAMES_MAX {
                match self.reader.next() {
                    Ok(Some(incoming)) if incoming.is_of_stream() => self.on_stream(incoming),
                    Ok(Some(incoming)) => self.on_frame(incoming),
                    Ok(None) => break,
                    Err(e) => {
                        let message = format!("callee does not speak our protocol: {e}");
                        return Poll::Ready(Status::new(Code::Internal, message));
                    }
                }
            }
            self.deliver();
            if self.reader.has_more() {
                // Those who have their answers first; then the next turn.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    fn on_frame(&mut self, incoming: Incoming) {
        let (header, payload) = match incoming {
            Incoming::Frame(header, payload) => (header, payload),
            Incoming::Unwanted => return,
            Incoming::TooLarge(header) => {
                if !matches!(header.head, Head::Answer(_)) {
                    return;
                }
                let max = self.shared.config.frame_bytes_max;
                let message = format!(
                    "answer is {} bytes, over frame_bytes_max {max}",
                    header.payload_len
                );
                self.answers
                    .push((header.request_id, Err(Status::resource_exhausted(message))));
                return;
            }
        };
        match header.head {
            Head::Answer(answer) => {
                if payload.is_ok() {
                    self.shared.hear(&answer, header.takes);
                }
                let max = self.shared.config.frame_bytes_max;
                let result = payload.and_then(|payload| read_answer(&header, answer, payload, max));
                self.answers.push((header.request_id, result));
            }
            Head::GoAway(go_away) => {
                if let (Ok(payload), true) = (payload, go_away.code != 0) {
                    let status = decode_status(go_away.code, false, &payload.body);
                    tracing::warn!(
                        code = status.code().name(),
                        message = status.message(),
                        "callee sends us away"
                    );
                    self.refused = Some(status);
                }
                self.shared.outbox.lock().table.leaving = true;
                self.no_new_calls();
            }
            // Callees do not call, and a challenge is asked for before calls begin. What belongs to streams does not come here.
            _ => {}
        }
    }

    /// Hands the answers of one read to their calls: one lock for all of them, and nobody is woken while it is held.
    fn deliver(&mut self) {
        if !self.answers.is_empty() {
            let now = Instant::now();
            let mut state = self.shared.outbox.lock();
            for (request_id, result) in self.answers.drain(..) {
                let waker = state.table.slots.complete(request_id, result, now);
                self.wakers.extend(waker);
                state.table.end_streams(request_id);
            }
        }
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(next) = self.shared.outbox.lock().table.slots.armed else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next)));
        if timer.deadline() != next {
            timer.as_mut().reset(next);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(())
    }

    fn expire(&mut self) {
        let mut state = self.shared.outbox.lock();
        let late = state.table.slots.expire(Instant::now(), &mut self.wakers);
        if state.table.slots.len() == 0 {
            self.answers = Vec::new();
        }
        for request_id in late {
            state.table.end_streams(request_id);
            // This task flushes in its next turn, whoever has the duty.
            let _ = self.shared.cancel(&mut state, request_id);
        }
        drop(state);
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }

    fn no_new_calls(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(&self.shared);
        }
    }

    fn end(&mut self, status: Status) {
        let wakers = {
            let mut state = self.shared.outbox.lock();
            state.table.closed.get_or_insert_with(|| status.clone());
            state.table.streams.close_all();
            state.table.slots.fail_all(&status)
        };
        self.no_new_calls();
        for waker in wakers {
            waker.wake();
        }
    }
}

/// Also when the runtime ends under the connection.
impl Drop for Driver {
    fn drop(&mut self) {
        self.end(Status::unavailable("connection closed"));
    }
}

fn broken(error: &std::io::Error) -> Status {
    Status::unavailable(format!("connection broken: {error}"))
}

/// What the answer of a method may be compressed with.
fn takes(method: &MethodDescriptor) -> Codecs {
    match method.never_compressed {
        false => Codecs::BUILT_IN,
        true => Codecs::NONE,
    }
}

fn read_answer(
    header: &Header,
    answer: Answer,
    mut payload: crate::frame::Payload,
    frame_bytes_max: usize,
) -> Result<Answered, Status> {
    if answer.code != 0 {
        return Err(decode_status(
            answer.code,
            answer.not_started,
            &payload.body,
        ));
    }
    let (_, metadata) = payload.extension(header)?;
    let packing = Packing::of(header.packed, &payload.body)?;
    if let Some(len) = packing
        .map(Packing::len)
        .filter(|len| *len > frame_bytes_max)
    {
        let message = format!("answer is {len} bytes, over frame_bytes_max {frame_bytes_max}");
        return Err(Status::resource_exhausted(message));
    }
    let response = Response {
        body: payload.body,
        attachment: payload.attachment,
        metadata,
        load: Load {
            queued_us: answer.queued_us,
            admitted: Priority {
                business: answer.admitted_business,
                user: answer.admitted_user,
            },
        },
    };
    Ok(Answered { response, packing })
}
