//! At most so many calls at once through one layer.

use crate::service::{Layer, Request, Response, Service};
use crate::status::Status;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Refuses calls beyond a number in flight with `Overloaded`. Around a server it bounds the server, around a channel the channel.
#[derive(Clone, Copy, Debug)]
pub struct ConcurrencyLimit {
    /// Calls at once.
    pub in_flight_max: usize,
}

impl<S: Service> Layer<S> for ConcurrencyLimit {
    type Service = ConcurrencyLimited<S>;

    fn layer(self, inner: S) -> ConcurrencyLimited<S> {
        ConcurrencyLimited {
            inner,
            in_flight: AtomicUsize::new(0),
            in_flight_max: self.in_flight_max,
        }
    }
}

/// A service behind a [`ConcurrencyLimit`].
#[derive(Debug)]
pub struct ConcurrencyLimited<S> {
    inner: S,
    in_flight: AtomicUsize,
    in_flight_max: usize,
}

impl<S: Service> Service for ConcurrencyLimited<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        struct Leave<'a>(&'a AtomicUsize);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Relaxed);
            }
        }
        let before = self.in_flight.fetch_add(1, Relaxed);
        let _leave = Leave(&self.in_flight);
        if before >= self.in_flight_max {
            let message = format!("in_flight_max: {before} calls in flight");
            return Err(Status::overloaded(message).with_not_started());
        }
        self.inner.call(request).await
    }
}
