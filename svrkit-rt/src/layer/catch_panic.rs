//! A panicking handler answers `Internal` and hurts nobody else.

use crate::service::{Request, Response, Service};
use crate::status::Status;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

/// Turns panics of the inner service into answers. The handler's future is never polled again after it panicked, and whatever it
/// shares with others is behind locks that poison or atomics; hence the assertion of unwind safety.
#[derive(Debug)]
pub(crate) struct CatchPanic<S>(pub(crate) S);

impl<S: Service> Service for CatchPanic<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        let method = request.context.method;
        let caught = |panic: Box<dyn std::any::Any + Send>| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            tracing::error!(
                method = method.full_name,
                panic = text.unwrap_or("not a string"),
                "handler panicked"
            );
            // What a panic says may hold what a caller must not see; it stays in the log.
            Err(Status::internal("handler panicked"))
        };
        let started = catch_unwind(AssertUnwindSafe(|| self.0.call(request)));
        let mut handler = match started {
            Ok(handler) => pin!(handler),
            Err(panic) => return caught(panic),
        };
        std::future::poll_fn(|cx| {
            match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
                Ok(poll) => poll,
                Err(panic) => std::task::Poll::Ready(caught(panic)),
            }
        })
        .await
    }
}
