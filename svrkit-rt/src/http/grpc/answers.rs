//! The messages of a handler on their way into its answer's body.

use super::framed::Framed;
use super::requests::Credit;
use super::trailers;
use crate::compression::Outgoing;
use crate::http::activity::Activity;
use crate::metadata::Metadata;
use crate::status::Status;
use crate::streaming::{Outlet, over};
use bytes::{Buf, Bytes};
use hyper::HeaderMap;
use hyper::body::Frame;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// Bytes of messages that wait for HTTP/2 to take them, beyond which a handler waits: a DATA frame of the usual size. What HTTP/2 holds
/// itself is bounded beside it.
const QUEUED_BYTES_MAX: usize = 16 * 1024;

/// What waits between a handler and the body of its answer.
pub(super) struct Answers {
    message_bytes_max: usize,
    /// Knows whether the peer takes what is there, once nothing more comes.
    activity: Activity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Framed>,
    queued_bytes: usize,
    /// The call was let in.
    begun: bool,
    /// How it went, once that is known.
    end: End,
    sender: Option<Waker>,
    taker: Option<Waker>,
}

#[derive(Default)]
enum End {
    #[default]
    Open,
    /// To be said.
    Known(HeaderMap),
    Said,
}

impl Answers {
    pub(super) fn new(message_bytes_max: usize, activity: Activity) -> Answers {
        Answers {
            message_bytes_max,
            activity,
            state: Mutex::default(),
        }
    }

    /// The call was let in.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        state.begun = true;
        wake(state, |s| s.taker.take());
    }

    /// The handler is done, or never ran.
    pub(super) fn end(&self, result: Result<Metadata, Status>) {
        let trailers = match &result {
            Ok(metadata) => trailers::of_success(Some(metadata)),
            Err(status) => trailers::of_failure(status),
        };
        let mut state = self.state();
        if let End::Open = state.end {
            state.end = End::Known(trailers);
            self.activity.owe();
        }
        wake(state, |s| s.taker.take());
    }

    /// Waits until the call was let in. What it was told instead, if it was not.
    pub(super) async fn begun(&self) -> Result<(), HeaderMap> {
        poll_fn(|cx| {
            let mut state = self.state();
            if state.begun {
                return Poll::Ready(Ok(()));
            }
            match std::mem::take(&mut state.end) {
                End::Open => {
                    state.taker = Some(cx.waker().clone());
                    Poll::Pending
                }
                End::Known(trailers) => {
                    state.end = End::Said;
                    self.activity.settle();
                    Poll::Ready(Err(trailers))
                }
                End::Said => Poll::Ready(Err(HeaderMap::new())),
            }
        })
        .await
    }

    /// The next message, or how it went.
    pub(super) fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Frame<Framed>>> {
        let mut state = self.state();
        self.activity.take();
        if let Some(message) = state.queue.front_mut() {
            let piece = message.piece();
            if !message.has_remaining() {
                state.queue.pop_front();
            }
            state.queued_bytes -= piece.remaining();
            wake(state, |s| s.sender.take());
            return Poll::Ready(Some(Frame::data(piece)));
        }
        match std::mem::replace(&mut state.end, End::Said) {
            End::Open => {
                state.end = End::Open;
                state.taker = Some(cx.waker().clone());
                Poll::Pending
            }
            End::Known(trailers) => {
                self.activity.settle();
                Poll::Ready(Some(Frame::trailers(trailers)))
            }
            End::Said => Poll::Ready(None),
        }
    }

    fn poll_send(&self, cx: &mut Context<'_>, message: &Bytes) -> Poll<Result<(), Status>> {
        let (len, max) = (message.len(), self.message_bytes_max);
        if len > max {
            let message = format!("a message is {len} bytes, over {max}");
            return Poll::Ready(Err(Status::resource_exhausted(message)));
        }
        let mut state = self.state();
        if !matches!(state.end, End::Open) {
            return Poll::Ready(Err(over()));
        }
        let framed = Framed::new(message.clone());
        if !state.queue.is_empty() && state.queued_bytes + framed.remaining() > QUEUED_BYTES_MAX {
            state.sender = Some(cx.waker().clone());
            return Poll::Pending;
        }
        state.queued_bytes += framed.remaining();
        state.queue.push_back(framed);
        wake(state, |s| s.taker.take());
        Poll::Ready(Ok(()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if something did, the state would still be whole.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        if let End::Known(_) = self.state().end {
            self.activity.settle();
        }
    }
}

/// Wakes somebody once the lock is released.
fn wake(mut state: MutexGuard<'_, State>, who: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = who(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The two ways that a handler's end of a stream leads.
pub(super) struct Ways {
    pub(super) answers: Arc<Answers>,
    pub(super) credit: Arc<Credit>,
}

impl Outlet for Ways {
    fn poll_send(&self, cx: &mut Context<'_>, message: &Outgoing) -> Poll<Result<(), Status>> {
        self.answers.poll_send(cx, &message.body)
    }

    /// The answer is the end.
    fn finish(&self) {}

    /// A handler may not need it any more, and its answer says how the call went.
    fn give_up(&self, _status: Status) {}

    fn grant(&self, bytes: u32) {
        self.credit.grant(bytes);
    }
}
