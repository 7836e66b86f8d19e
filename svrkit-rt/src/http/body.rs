//! Bodies: read within bounds, and written whole or as a stream.

use super::pages::EventStream;
use crate::server::Limits;
use crate::status::Status;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    /// It is larger than this.
    TooLarge(usize),
    /// It comes slower than the limits ask.
    TooSlow,
    /// The peer is gone, or broke the chunked coding.
    Broken(hyper::Error),
}

/// Reads a body of at most `max` bytes. Memory is taken as bytes come, never for what a header claims.
pub(super) async fn read(
    body: &mut Incoming,
    max: usize,
    limits: &Limits,
) -> Result<Bytes, ReadError> {
    if body.size_hint().lower() > max as u64 {
        return Err(ReadError::TooLarge(max));
    }
    let interval = Duration::from_millis(limits.progress_interval_ms);
    let mut by = Instant::now() + interval;
    let mut in_interval = 0;
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let next = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
        let frame = match timeout_at(by, next).await {
            Ok(None) if all.is_empty() => return Ok(first),
            Ok(None) => return Ok(all.freeze()),
            Ok(Some(frame)) => frame.map_err(ReadError::Broken)?,
            Err(_) if in_interval >= limits.progress_bytes_min => {
                by = Instant::now() + interval;
                in_interval = 0;
                continue;
            }
            Err(_) => return Err(ReadError::TooSlow),
        };
        // Trailers mean nothing here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + all.len() + data.len() > max {
            return Err(ReadError::TooLarge(max));
        }
        in_interval += data.len();
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
}

impl ReadError {
    pub(super) fn status(&self) -> Status {
        match self {
            ReadError::TooLarge(max) => {
                Status::resource_exhausted(format!("request body is over {max} bytes"))
            }
            ReadError::TooSlow => {
                Status::deadline_exceeded("progress_bytes_min: the body arrives too slowly")
            }
            ReadError::Broken(e) => {
                Status::invalid_argument(format!("request body broke off: {e}"))
            }
        }
    }
}

/// The body of an answer.
pub(super) enum Outgoing {
    /// All there; empty once taken.
    Whole(Bytes),
    /// Coming bit by bit.
    Events(Box<EventStream>),
}

impl Outgoing {
    /// What is there of it; nothing of a stream.
    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Outgoing::Whole(bytes) => bytes,
            Outgoing::Events(_) => Bytes::new(),
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut *self {
            Outgoing::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then_some(bytes))
            }
            Outgoing::Events(stream) => stream.poll_next(cx),
        };
        next.map(|next| next.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Outgoing::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Outgoing::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Outgoing::Events(_) => SizeHint::default(),
        }
    }
}
