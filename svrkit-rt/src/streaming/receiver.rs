//! Receiving the messages of a call.

use super::ends::{Calling, Ends};
use super::thread;
use crate::descriptor::MethodDescriptor;
use crate::metadata::Metadata;
use crate::service::Response;
use crate::status::Status;
use bytes::Bytes;
use prost::Message;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Receives messages of a call that streams, in order.
///
/// ```no_run
/// # use svrkit_rt::{Receiver, Status};
/// # async fn f(mut events: Receiver<String>) -> Result<(), Status> {
/// while let Some(event) = events.next().await? {
///     println!("{event}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// Messages that are not taken wait, up to a window; then the other side waits. A caller's receiver that is dropped before the end cancels
/// the call. A handler's may be dropped at any time: the caller waits for its answer then.
pub struct Receiver<M> {
    ends: Arc<Ends>,
    method: &'static MethodDescriptor,
    /// The call itself, on the calling side.
    call: Option<Calling>,
    messages: PhantomData<fn() -> M>,
}

impl<M> Receiver<M> {
    /// `call` is the call itself, on the calling side.
    pub(crate) fn new(
        ends: Arc<Ends>,
        method: &'static MethodDescriptor,
        call: Option<Calling>,
    ) -> Receiver<M> {
        Receiver {
            ends,
            method,
            call,
            messages: PhantomData,
        }
    }

    /// The next message as it travels; for those who have no type of it.
    ///
    /// # Errors
    /// As [`Receiver::next`].
    pub async fn next_bytes(&mut self) -> Result<Option<Bytes>, Status> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let next = self.ends.poll_next(cx);
        let Some(call) = &mut self.call else {
            return next;
        };
        if let Poll::Ready(Ok(Some(_))) = next {
            return next;
        }
        // For a caller the end is what became of its call.
        let outcome = ready!(call.poll(cx));
        match self.ends.poll_next(cx) {
            // The last messages and the answer came together.
            Poll::Ready(Ok(Some(message))) => Poll::Ready(Ok(Some(message))),
            _ => Poll::Ready(outcome.as_ref().map(|_| None).map_err(Status::clone)),
        }
    }

    /// Key-values that the handler added to its answer: on the calling side, once all messages were taken. Empty before, and if there are
    /// none.
    pub fn metadata(&self) -> &Metadata {
        static NONE: Metadata = Metadata::new();
        self.response().map_or(&NONE, |response| &response.metadata)
    }

    /// The answer as it came: on the calling side, once all messages were taken, if the call succeeded. Its body is empty where answers
    /// stream.
    pub fn response(&self) -> Option<&Response> {
        self.call.as_ref()?.outcome()?.as_ref().ok()
    }
}

impl<M: Message + Default> Receiver<M> {
    /// The next message; `None` after the last one. Loses nothing when it is dropped while it waits.
    ///
    /// # Errors
    /// For a caller, how the call failed, after the messages that came before that. For a handler, `InvalidArgument` or
    /// `ResourceExhausted` when its caller breaks the protocol, the IDL or a limit, usually returned as it is; `Cancelled` when the call is
    /// over, for those that outlive it.
    pub async fn next(&mut self) -> Result<Option<M>, Status> {
        let Some(message) = self.next_bytes().await? else {
            return Ok(None);
        };
        match crate::codegen::decode_message(message) {
            Ok(message) => Ok(Some(message)),
            Err(e) if self.call.is_some() => Err(Status::internal(format!(
                "message is no {}: {e}",
                self.method.output
            ))),
            Err(e) => Err(Status::invalid_argument(format!(
                "message is no {}: {e}",
                self.method.input
            ))),
        }
    }

    /// As [`Receiver::next`], on a thread that may stand still: in a handler that blocks, or a caller without a runtime.
    ///
    /// # Errors
    /// As [`Receiver::next`].
    pub fn blocking_next(&mut self) -> Result<Option<M>, Status> {
        thread::wait(self.next())
    }
}

impl<M> Drop for Receiver<M> {
    fn drop(&mut self) {
        self.ends.stop_receiving();
    }
}

impl<M> fmt::Debug for Receiver<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.ends).finish()
    }
}
