//! A call whose requests stream and that has one answer, for its caller.

use super::ends::Calling;
use super::sender::Sender;
use super::thread;
use crate::call::Reply;
use crate::descriptor::MethodDescriptor;
use crate::status::Status;
use prost::Message;
use std::marker::PhantomData;

/// Sends the requests of a call, and gets its answer.
///
/// ```no_run
/// # use svrkit_rt::{ClientStream, Status};
/// # async fn f(mut put: ClientStream<String, u64>, lines: Vec<String>) -> Result<u64, Status> {
/// for line in lines {
///     put.send(line).await?;
/// }
/// put.finish().await
/// # }
/// ```
///
/// Dropped before it is finished, it cancels the call.
#[derive(Debug)]
pub struct ClientStream<M, R> {
    requests: Sender<M>,
    call: Calling,
    method: &'static MethodDescriptor,
    answer: PhantomData<fn() -> R>,
}

impl<M: Message, R: Message + Default> ClientStream<M, R> {
    pub(crate) fn new(
        requests: Sender<M>,
        call: Calling,
        method: &'static MethodDescriptor,
    ) -> ClientStream<M, R> {
        ClientStream {
            requests,
            call,
            method,
            answer: PhantomData,
        }
    }

    /// Sends a request. Waits while the callee has not taken what was sent before, up to its window.
    ///
    /// # Errors
    /// `ResourceExhausted` when the request is too long: it was not sent, and others may be. Otherwise how the call failed; or
    /// `Cancelled` when it was answered before all was sent, and [`ClientStream::finish`] gives that answer.
    pub async fn send(&mut self, request: M) -> Result<(), Status> {
        self.requests.send(request).await
    }

    /// As [`ClientStream::send`], for a caller without a runtime.
    ///
    /// # Errors
    /// As [`ClientStream::send`].
    pub fn blocking_send(&mut self, request: M) -> Result<(), Status> {
        self.requests.blocking_send(request)
    }

    /// Says that there are no more requests, and waits for the answer.
    ///
    /// # Errors
    /// How the call failed.
    pub async fn finish(self) -> Result<R, Status> {
        Ok(self.finish_for_reply().await?.message)
    }

    /// As [`ClientStream::finish`], with all that the answer carries.
    ///
    /// # Errors
    /// How the call failed.
    pub async fn finish_for_reply(self) -> Result<Reply<R>, Status> {
        self.requests.finish();
        crate::codegen::typed(self.method, self.call.answer().await?)
    }

    /// As [`ClientStream::finish`], for a caller without a runtime.
    ///
    /// # Errors
    /// How the call failed.
    pub fn blocking_finish(self) -> Result<R, Status> {
        thread::wait(self.finish())
    }
}
