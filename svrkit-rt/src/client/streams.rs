//! The streams of a connection, on the calling side.

use super::channel::Channel;
use super::connection::{ClientConnection, Driver, Table};
use crate::compression::Outgoing;
use crate::connection::Incoming;
use crate::descriptor::MethodDescriptor;
use crate::frame::Head;
use crate::monitor::rpc::{MethodCounts, are_calls_counted};
use crate::service::Request;
use crate::status::Status;
use crate::streaming::{
    self, Calling, Ends, HeldBytes, Inlet, InletBounds, Line, Link, Outlet, Receiver, Sender,
};
use bytes::Bytes;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{self, Poll};
use tokio::time::Instant;

/// Number of all calls in the table of streams: request ids of this side never come again.
pub(super) const CALL: u64 = 0;

impl Channel {
    /// Begins a call that streams, as it is; for those who have no types. Both ends are there, whatever the method streams: of a request
    /// that does not, finish the sender.
    ///
    /// The request is on its way when this returns. Whether it is served shows when messages come, or none do.
    ///
    /// # Errors
    /// What kept the call from being sent.
    pub async fn call_streaming(
        &self,
        request: Request,
    ) -> Result<(Sender<()>, Receiver<()>), Status> {
        let method = request.context.method;
        let (ends, call) = self.open(request).await?;
        let sender = Sender::new(ends.clone());
        Ok((sender, Receiver::new(ends, method, Some(call))))
    }

    /// Sends a request, and gives the call that goes on from there.
    pub(crate) async fn open(&self, mut request: Request) -> Result<(Arc<Ends>, Calling), Status> {
        let ends = Arc::new(Ends::default());
        request.context.streams = Some(ends.clone());
        let channel = self.clone();
        let mut call = Calling::new(Box::pin(async move { channel.call(request).await }));
        poll_fn(|cx| match call.poll(cx) {
            Poll::Ready(Err(status)) => Poll::Ready(Err(status.clone())),
            Poll::Pending if !ends.is_linked() => Poll::Pending,
            Poll::Ready(Ok(_)) | Poll::Pending => Poll::Ready(Ok(())),
        })
        .await?;
        Ok((ends, call))
    }
}

impl ClientConnection {
    /// Gives a call its streams, as it is sent.
    #[inline(never)]
    pub(super) fn open_streams(
        self: &Arc<Self>,
        table: &mut Table,
        request_id: u64,
        method: &'static MethodDescriptor,
        ends: &Ends,
    ) {
        let config = &self.config;
        let or_any = |own: u32| match own {
            0 => config.frame_bytes_max,
            own => config.frame_bytes_max.min(own as usize),
        };
        let bounds = InletBounds {
            window_bytes: config.stream_window_bytes,
            message_bytes_max: or_any(method.response_bytes_max),
        };
        // Who calls decides how many streams there are; no more than their windows together can wait.
        let held = Arc::new(HeldBytes::new(usize::MAX));
        let inlet = Arc::new(match method.streaming.of_server() {
            true => Inlet::new(bounds, held),
            false => Inlet::ended(bounds, held),
        });
        table.streams.open(request_id, CALL, inlet.clone());
        let line = Line {
            request_id,
            number: CALL,
            message_bytes_max: or_any(method.request_bytes_max),
            unwritten_bytes_max: config.stream_unwritten_bytes_max,
        };
        let connection = self.clone();
        ends.link(Link {
            inlet,
            outlet: Box::new(Requests {
                connection,
                line,
                method,
            }),
            counts: are_calls_counted().then(|| &MethodCounts::of(method).client),
        });
    }

    /// Lets messages go on that wait for room.
    #[cold]
    pub(super) fn make_room(&self) {
        streaming::make_room(&self.outbox, self.config.stream_unwritten_bytes_max);
        let mut state = self.outbox.lock();
        let is_crowded = state.table.streams.is_crowded();
        state.tell_when_written(is_crowded);
    }

    /// Ends a call that streams on this side's own account.
    pub(super) fn give_up(&self, request_id: u64, status: Status) {
        let mut state = self.outbox.lock();
        if !state.table.streams.is_open(request_id, CALL) {
            return;
        }
        state.table.streams.close(request_id, CALL);
        let slots = &mut state.table.slots;
        let waker = slots.complete(request_id, Err(status), Instant::now());
        let duty = self.cancel(&mut state, request_id);
        drop(state);
        self.outbox.carry_out(duty);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Driver {
    /// A message or credit from the callee.
    #[inline(never)]
    pub(super) fn on_stream(&mut self, incoming: Incoming) {
        let (header, payload) = match incoming {
            Incoming::Frame(header, payload) => (header, payload),
            Incoming::Unwanted => return,
            Incoming::TooLarge(header) => {
                let (len, max) = (header.payload_len, self.shared.config.frame_bytes_max);
                let message = format!("a message is {len} bytes, over frame_bytes_max {max}");
                (header, Err(Status::resource_exhausted(message)))
            }
        };
        let id = header.request_id;
        // Callees have no last message but their answer. What is behind that, which is not delivered yet, is nobody's.
        if header.head == Head::End || self.answers.iter().any(|(answered, _)| *answered == id) {
            return;
        }
        let mut state = self.shared.outbox.lock();
        let received = state.table.streams.receive(&header, payload);
        drop(state);
        match received {
            Ok(waker) => self.wakers.extend(waker),
            Err(status) => self.shared.give_up(id, status),
        }
    }
}

/// The way of a caller's messages to its callee.
struct Requests {
    connection: Arc<ClientConnection>,
    line: Line,
    method: &'static MethodDescriptor,
}

impl Outlet for Requests {
    fn pack(&self, body: Bytes) -> Outgoing {
        let packed = self.connection.pack(self.method, &body);
        Outgoing::new(body, packed)
    }

    fn poll_send(
        &self,
        cx: &mut task::Context<'_>,
        message: &Outgoing,
    ) -> Poll<Result<(), Status>> {
        let outbox = &self.connection.outbox;
        self.line.poll_send(outbox, cx, message).map_err(|status| {
            let failure = outbox.lock().table.slots.failure(self.line.request_id);
            failure.unwrap_or(status)
        })
    }

    fn finish(&self) {
        self.line.end(&self.connection.outbox);
    }

    fn give_up(&self, status: Status) {
        self.connection.give_up(self.line.request_id, status);
    }

    fn grant(&self, bytes: u32) {
        self.line.grant(&self.connection.outbox, bytes);
    }
}
