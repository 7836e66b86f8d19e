//! Messages on their way to one end of a call: a queue whose bound is the credit that the peer was given.

use super::held_bytes::HeldBytes;
use crate::compression::Arrived;
use crate::frame::HEADER_BYTES;
use crate::status::Status;
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// Bytes of messages that each side of a call may send before it was given any credit, by the protocol.
pub(crate) const FIRST_CREDIT_BYTES: usize = 64 * 1024;
/// Messages up to this size are copied when they have to wait: a short one would otherwise keep the 64 KiB that it was read into.
const COPIED_BYTES_MAX: usize = 4 * 1024;

/// What waits for one end of a call.
pub(crate) struct Inlet {
    bounds: InletBounds,
    held: Arc<HeldBytes>,
    state: Mutex<State>,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InletBounds {
    /// Bytes that the peer may have sent and the end not taken, headers and payloads; at least [`FIRST_CREDIT_BYTES`], since nobody asks
    /// before that.
    pub(crate) window_bytes: usize,
    /// Bytes of one message. The last one that the credit allows may go over the window by that much.
    pub(crate) message_bytes_max: usize,
}

struct State {
    queue: VecDeque<Arrived>,
    /// Bytes that the queue counts: of messages as they were before they were compressed, which is no less than they have here.
    queued: usize,
    /// Bytes that the peer may still send. Below zero when its last message was larger than what it had.
    credit: i64,
    /// What comes after the queue.
    end: Option<Result<(), Status>>,
    waker: Option<Waker>,
}

/// What comes next, and how much more the peer may be allowed to send.
pub(super) struct Next {
    pub(super) message: Result<Option<Arrived>, Status>,
    /// 0 while it has enough.
    pub(super) credit: u32,
}

impl Inlet {
    pub(crate) fn new(bounds: InletBounds, held: Arc<HeldBytes>) -> Inlet {
        Inlet {
            bounds: InletBounds {
                window_bytes: bounds.window_bytes.max(FIRST_CREDIT_BYTES),
                ..bounds
            },
            held,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                queued: 0,
                credit: FIRST_CREDIT_BYTES as i64,
                end: None,
                waker: None,
            }),
        }
    }

    /// Of a direction that does not stream: it has ended before the first message.
    pub(crate) fn ended(bounds: InletBounds, held: Arc<HeldBytes>) -> Inlet {
        let inlet = Inlet::new(bounds, held);
        inlet.state().end = Some(Ok(()));
        inlet
    }

    /// A message has come, which takes so much credit. The waker is of who waits for it.
    ///
    /// # Errors
    /// What the peer did wrong; nothing was taken. The caller ends the stream.
    pub(crate) fn push(
        &self,
        frame_bytes: usize,
        message: impl Into<Arrived>,
    ) -> Result<Option<Waker>, Status> {
        let mut message = message.into();
        let mut state = self.state();
        match &state.end {
            None => {}
            Some(Ok(())) => return Err(Status::invalid_argument("a message after the last one")),
            // It was told, or is about to be.
            Some(Err(_)) => return Ok(None),
        }
        if state.credit <= 0 {
            return Err(Status::resource_exhausted(
                "a message without credit for it",
            ));
        }
        let (len, max) = (message.len(), self.bounds.message_bytes_max);
        if len > max {
            let message = format!("a message is {len} bytes, over {max}");
            return Err(Status::resource_exhausted(message));
        }
        let counted = HEADER_BYTES + len;
        if !self.held.enter(counted) {
            let message = "stream_bytes_max: messages of all streams hold too many bytes";
            return Err(Status::overloaded(message));
        }
        state.credit -= frame_bytes as i64;
        state.queued += counted;
        let waiting = state.waker.take();
        let must_wait = waiting.is_none();
        if must_wait && message.body.len() <= COPIED_BYTES_MAX {
            message.body = Bytes::copy_from_slice(&message.body);
        }
        state.queue.push_back(message);
        Ok(waiting)
    }

    /// Nothing more comes after what has come, and that is how it ends, if it has not ended before. The waker is of who waits for it.
    pub(crate) fn end(&self, how: Result<(), Status>) -> Option<Waker> {
        let mut state = self.state();
        state.end.get_or_insert(how);
        state.waker.take()
    }

    /// Nothing more comes, and what has come does not count. The waker is of who waits for it.
    pub(crate) fn fail(&self, status: Status) -> Option<Waker> {
        let mut state = self.state();
        self.held.leave(state.queued);
        state.queued = 0;
        state.queue = VecDeque::new();
        if !matches!(state.end, Some(Err(_))) {
            state.end = Some(Err(status));
        }
        state.waker.take()
    }

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.state();
        let Some(message) = state.queue.pop_front() else {
            return match &state.end {
                Some(end) => Poll::Ready(Next {
                    message: end.clone().map(|()| None),
                    credit: 0,
                }),
                None => {
                    match &mut state.waker {
                        Some(waker) => waker.clone_from(cx.waker()),
                        none => *none = Some(cx.waker().clone()),
                    }
                    Poll::Pending
                }
            };
        };
        let counted = HEADER_BYTES + message.len();
        self.held.leave(counted);
        state.queued -= counted;
        Poll::Ready(Next {
            message: Ok(Some(message)),
            credit: self.credit(&mut state),
        })
    }

    /// More credit, once it is worth a frame: half of the window.
    fn credit(&self, state: &mut State) -> u32 {
        let window = self.bounds.window_bytes as i64;
        let owed = window - state.credit - state.queued as i64;
        if state.end.is_some() || owed < window / 2 {
            return 0;
        }
        let granted = owed.min(u32::MAX.into());
        state.credit += granted;
        granted as u32
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock; if something did, the state would still be whole.
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        let queued = self.state().queued;
        self.held.leave(queued);
    }
}

impl fmt::Debug for Inlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Inlet")
            .field("waiting", &state.queue.len())
            .field("credit", &state.credit)
            .field("end", &state.end)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Code;

    const BOUNDS: InletBounds = InletBounds {
        window_bytes: 100_000,
        message_bytes_max: 50_000,
    };

    fn inlet() -> (Inlet, Arc<HeldBytes>) {
        let held = Arc::new(HeldBytes::new(200_000));
        (Inlet::new(BOUNDS, held.clone()), held)
    }

    fn push(inlet: &Inlet, len: usize) -> Result<Option<Waker>, Status> {
        inlet.push(HEADER_BYTES + len, Bytes::from(vec![7; len]))
    }

    fn next(inlet: &Inlet) -> Option<Next> {
        match inlet.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(next) => Some(next),
            Poll::Pending => None,
        }
    }

    #[test]
    fn credit_is_given_back_by_halves_of_the_window() {
        let (inlet, _) = inlet();
        let mut allowed = FIRST_CREDIT_BYTES as i64;
        for _ in 0..1_000 {
            push(&inlet, 952).unwrap();
            allowed -= 1_000;
            let next = next(&inlet).unwrap();
            assert!(next.credit == 0 || next.credit >= 50_000);
            allowed += i64::from(next.credit);
            assert!((50_000..=100_000).contains(&allowed), "{allowed}");
        }
    }

    #[test]
    fn a_message_needs_some_credit_and_no_more() {
        let (inlet, _) = inlet();
        push(&inlet, 50_000).unwrap();
        push(&inlet, 50_000).unwrap();
        assert_eq!(push(&inlet, 0).unwrap_err().code(), Code::ResourceExhausted);
        // 65,536 - 2 × 50,048 are left, and one message waits.
        assert_eq!(next(&inlet).unwrap().credit, 100_000 + 34_560 - 50_048);
        push(&inlet, 0).unwrap();
    }

    #[test]
    fn empty_messages_count_their_headers() {
        let (inlet, _) = inlet();
        let sent = (0..).take_while(|_| push(&inlet, 0).is_ok()).count();
        assert_eq!(sent, FIRST_CREDIT_BYTES.div_ceil(HEADER_BYTES));
    }

    #[test]
    fn too_long_and_too_much_are_refused() {
        let (first, held) = inlet();
        assert_eq!(
            push(&first, 50_001).unwrap_err().code(),
            Code::ResourceExhausted
        );
        let others: Vec<_> = (0..3).map(|_| Inlet::new(BOUNDS, held.clone())).collect();
        let pushed = others
            .iter()
            .chain([&first])
            .map(|i| push(i, 50_000).is_ok());
        assert_eq!(pushed.collect::<Vec<_>>(), [true, true, true, false]);
        drop(others);
        assert!(push(&first, 50_000).is_ok());
    }

    #[test]
    fn what_came_before_the_end_is_taken_before_it() {
        let (inlet, _) = inlet();
        push(&inlet, 1).unwrap();
        inlet.end(Ok(()));
        inlet.end(Err(Status::cancelled("too late")));
        assert_eq!(push(&inlet, 1).unwrap_err().code(), Code::InvalidArgument);
        assert!(next(&inlet).unwrap().message.unwrap().is_some());
        assert!(next(&inlet).unwrap().message.unwrap().is_none());
    }

    #[test]
    fn a_failure_comes_in_place_of_what_waits() {
        let (inlet, held) = inlet();
        assert!(next(&inlet).is_none());
        assert!(push(&inlet, 1).unwrap().is_some(), "somebody waits");
        inlet.fail(Status::cancelled("over"));
        assert!(held.enter(200_000), "nothing is held");
        assert!(push(&inlet, 1).is_ok_and(|waker| waker.is_none()));
        let failed = next(&inlet).unwrap().message.unwrap_err();
        assert_eq!(failed.code(), Code::Cancelled);
    }
}
