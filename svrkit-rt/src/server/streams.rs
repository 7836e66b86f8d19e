//! The streams of a framed connection, on the serving side.

use super::answering::Shared;
use super::calls::CallKey;
use super::connection::Connection;
use super::refused::Refused;
use crate::compression::{Codecs, Outgoing};
use crate::connection::Incoming;
use crate::context::Context;
use crate::descriptor::{MethodDescriptor, Streaming};
use crate::frame::{Header, Payload, RequestHead};
use crate::monitor::rpc::{Rejection, SideCounts};
use crate::service::Service;
use crate::status::Status;
use crate::streaming::{self, Ends, Inlet, InletBounds, Line, Link, Outlet};
use bytes::Bytes;
use std::sync::Arc;
use std::task::{self, Poll};

impl<S: Service> Connection<S> {
    /// Whether a request may stream that says it does, or whose method does.
    pub(super) fn admit_streams(
        &self,
        head: &RequestHead,
        method: &MethodDescriptor,
    ) -> Result<(), Refused> {
        let streams = method.streaming != Streaming::None;
        if head.streams != streams {
            let message = match streams {
                true => format!("{} streams, and the request does not", method.full_name),
                false => format!("{} does not stream, and the request does", method.full_name),
            };
            let status = Status::invalid_argument(message);
            return Err(Refused::new(Rejection::Malformed, status));
        }
        let max = self.shared.server.limits.streams_per_connection_max;
        if self.shared.outbox.lock().table.streams.len() >= max {
            return Err(Refused::streams_per_connection());
        }
        Ok(())
    }

    /// Gives a request its streams.
    #[inline(never)]
    pub(super) fn open_streams(
        &self,
        key: CallKey,
        takes: Codecs,
        context: &mut Context,
        counts: Option<&'static SideCounts>,
    ) {
        let server = &self.shared.server;
        let (method, limits) = (context.method, &server.limits);
        let or = |own: u32, limit: usize| match own {
            0 => limit.min(limits.frame_bytes_max),
            own => limits.frame_bytes_max.min(own as usize),
        };
        let bounds = InletBounds {
            window_bytes: limits.stream_window_bytes,
            message_bytes_max: or(method.request_bytes_max, limits.request_bytes_max),
        };
        let held = server.stream_bytes.clone();
        let inlet = Arc::new(match method.streaming.of_client() {
            true => Inlet::new(bounds, held),
            false => Inlet::ended(bounds, held),
        });
        let line = Line {
            request_id: key.request_id,
            number: key.number,
            message_bytes_max: or(method.response_bytes_max, limits.response_bytes_max),
            unwritten_bytes_max: limits.stream_unwritten_bytes_max,
        };
        let mut state = self.shared.outbox.lock();
        let streams = &mut state.table.streams;
        streams.open(key.request_id, key.number, inlet.clone());
        drop(state);
        let outlet = Box::new(Answers {
            shared: self.shared.clone(),
            line,
            takes,
            method,
            counts,
        });
        context.streams = Some(Arc::new(Ends::linked(Link {
            inlet,
            outlet,
            counts,
        })));
    }

    /// A message, the end of messages, or credit. Its request may stand right before it, among those that have `arrived`.
    #[inline(never)]
    pub(super) fn on_stream(
        &mut self,
        incoming: Incoming,
        arrived: &mut Vec<(Header, RequestHead, Payload)>,
    ) {
        let (header, payload) = match incoming {
            Incoming::Frame(header, payload) => (header, payload),
            Incoming::Unwanted => return,
            Incoming::TooLarge(header) => {
                let max = self.shared.server.limits.frame_bytes_max;
                let len = header.payload_len;
                let message = format!("frame_bytes_max: payload is {len} bytes, over {max}");
                (header, Err(Status::resource_exhausted(message)))
            }
        };
        let id = header.request_id;
        if arrived.iter().any(|(request, ..)| request.request_id == id) {
            self.serve(arrived);
        }
        let mut state = self.shared.outbox.lock();
        let streams = &mut state.table.streams;
        let waker = match streams.receive(&header, payload) {
            Ok(waker) => waker,
            // The handler is told in place of the next message. If it takes none, the stream has done no harm.
            Err(status) => streams.fail(id, status),
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Lets messages go on that wait for room.
    #[cold]
    pub(super) fn make_room(&self) {
        let max = self.shared.server.limits.stream_unwritten_bytes_max;
        streaming::make_room(&self.shared.outbox, max);
    }

    /// Nothing more is read.
    pub(super) fn on_hang_up(&self) {
        let wakers = self.shared.outbox.lock().table.streams.hang_up();
        for waker in wakers {
            waker.wake();
        }
    }
}

/// The way of a handler's messages to its caller.
struct Answers<S> {
    shared: Arc<Shared<S>>,
    line: Line,
    /// What they may be compressed with.
    takes: Codecs,
    method: &'static MethodDescriptor,
    counts: Option<&'static SideCounts>,
}

impl<S: Send + Sync> Outlet for Answers<S> {
    fn pack(&self, body: Bytes) -> Outgoing {
        let packer = self.shared.server.packer.as_ref();
        let packed = packer.and_then(|p| p.pack(self.takes, self.method, &body, self.counts));
        Outgoing::new(body, packed)
    }

    fn poll_send(
        &self,
        cx: &mut task::Context<'_>,
        message: &Outgoing,
    ) -> Poll<Result<(), Status>> {
        self.line.poll_send(&self.shared.outbox, cx, message)
    }

    /// The answer is the end.
    fn finish(&self) {}

    /// A handler may not need it any more, and its answer says how the call went.
    fn give_up(&self, _status: Status) {}

    fn grant(&self, bytes: u32) {
        self.line.grant(&self.shared.outbox, bytes);
    }
}
