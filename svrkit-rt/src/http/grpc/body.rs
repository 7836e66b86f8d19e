//! The body of an answer: messages, and how it went.

use super::answers::Answers;
use super::framed::Framed;
use super::streaming::Running;
use crate::http::activity::Activity;
use bytes::Buf;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

pub(super) struct Outgoing {
    content: Content,
    in_flight: InFlight,
}

enum Content {
    /// All was said in the headers.
    Nothing,
    /// One message, then the trailers.
    One(Framed, Option<HeaderMap>),
    /// Messages as they come. The handler stops with the body.
    Many(
        Arc<Answers>,
        #[expect(dead_code, reason = "runs until it is dropped")] Running,
    ),
}

/// A request of a connection, until its answer is written or nobody wants it any more.
pub(super) struct InFlight {
    activity: Activity,
    unwritten: Arc<AtomicUsize>,
    /// Bytes of its answer that count as unwritten.
    bytes: usize,
    /// Its answer is there, for the peer to take.
    owes: bool,
}

impl InFlight {
    /// `unwritten` are the bytes of all answers of the connection that are not written yet.
    pub(super) fn begin(activity: &Activity, unwritten: &Arc<AtomicUsize>) -> InFlight {
        activity.begin();
        InFlight {
            activity: activity.clone(),
            unwritten: unwritten.clone(),
            bytes: 0,
            owes: false,
        }
    }

    /// Bytes of other answers that the peer has left unread.
    pub(super) fn unwritten(&self) -> usize {
        self.unwritten.load(Relaxed)
    }

    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }

    fn owe(&mut self, bytes: usize) {
        self.owes = true;
        self.activity.owe();
        self.bytes += bytes;
        self.unwritten.fetch_add(bytes, Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.unwritten.fetch_sub(self.bytes, Relaxed);
        if self.owes {
            self.activity.settle();
        }
        self.activity.end_stream();
    }
}

impl Outgoing {
    pub(super) fn nothing(in_flight: InFlight) -> Outgoing {
        Outgoing {
            content: Content::Nothing,
            in_flight,
        }
    }

    pub(super) fn one(
        message: bytes::Bytes,
        trailers: HeaderMap,
        mut in_flight: InFlight,
    ) -> Outgoing {
        in_flight.owe(message.len());
        Outgoing {
            content: Content::One(Framed::new(message), Some(trailers)),
            in_flight,
        }
    }

    pub(super) fn many(answers: Arc<Answers>, running: Running, in_flight: InFlight) -> Outgoing {
        Outgoing {
            content: Content::Many(answers, running),
            in_flight,
        }
    }
}

impl Body for Outgoing {
    type Data = Framed;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Framed>, Infallible>>> {
        let Outgoing { content, in_flight } = &mut *self;
        let frame = match content {
            Content::Nothing => None,
            Content::One(message, trailers) => {
                in_flight.activity.take();
                match message.has_remaining() {
                    true => Some(Frame::data(message.piece())),
                    false => trailers.take().map(Frame::trailers),
                }
            }
            Content::Many(answers, _) => ready!(answers.poll_frame(cx)),
        };
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    /// No length is told of what has trailers.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
