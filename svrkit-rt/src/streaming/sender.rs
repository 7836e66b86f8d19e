//! Sending the messages of a call.

use super::ends::Ends;
use super::thread;
use crate::status::Status;
use bytes::Bytes;
use prost::Message;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// Sends messages of a call that streams, in order.
///
/// A handler is given one for its answers, and may send until it returns; what it returns is the end of the stream, and says how it went.
/// A caller is given one for its requests, and says by [`Sender::finish`] that there are no more. A caller's sender that is dropped
/// before that cancels the call: what was broken off must not look complete.
pub struct Sender<M> {
    ends: Arc<Ends>,
    is_finished: bool,
    messages: PhantomData<fn(M)>,
}

impl<M> Sender<M> {
    pub(crate) fn new(ends: Arc<Ends>) -> Sender<M> {
        Sender {
            ends,
            is_finished: false,
            messages: PhantomData,
        }
    }

    /// Sends a message as it travels; for those who have no type of it.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub async fn send_bytes(&mut self, message: impl Into<Bytes>) -> Result<(), Status> {
        self.ends.send(message.into()).await
    }

    /// Says that there are no more messages. In a handler it means nothing: there, returning does.
    pub fn finish(mut self) {
        self.is_finished = true;
        self.ends.finish();
    }
}

impl<M: Message> Sender<M> {
    /// Sends a message. Waits while the other side has not taken what was sent before, up to its window; dropped while it waits, the
    /// message was not sent.
    ///
    /// # Errors
    /// `ResourceExhausted` when the message is too long: it was not sent, and others may be. Otherwise the call is over: it failed, with
    /// this status as far as it is known here, or (`Cancelled`) it was answered, given up, or ran out of time.
    pub async fn send(&mut self, message: M) -> Result<(), Status> {
        self.send_bytes(message.encode_to_vec()).await
    }

    /// As [`Sender::send`], on a thread that may stand still: in a handler that blocks, or a caller without a runtime.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn blocking_send(&mut self, message: M) -> Result<(), Status> {
        thread::wait(self.send(message))
    }
}

impl<M> Drop for Sender<M> {
    fn drop(&mut self) {
        if !self.is_finished {
            self.ends.abandon();
        }
    }
}

impl<M> fmt::Debug for Sender<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.ends).finish()
    }
}
