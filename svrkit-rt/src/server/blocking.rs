//! Where handlers that block run: a bounded number at once, a bounded number waiting.

use super::admission::Admission;
use crate::context::{Context, Inherited};
use crate::service::{BoxFuture, Request, Response};
use crate::status::Status;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{self, Poll, Waker};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Threads for handlers that block. A cheap clone.
#[derive(Clone, Debug)]
pub(crate) struct BlockingPool {
    threads: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
    admission: Admission,
}

impl BlockingPool {
    pub(crate) fn new(
        threads_max: usize,
        waiting_max: usize,
        admission: Admission,
    ) -> BlockingPool {
        BlockingPool {
            threads: Arc::new(Semaphore::new(threads_max)),
            waiting: Arc::new(AtomicUsize::new(0)),
            waiting_max,
            admission,
        }
    }

    /// Runs the handler that `start` returns on a thread of its own. A caller that gives up while it waits frees its place; one
    /// that gives up later does not stop a thread that has begun.
    pub(crate) async fn run<F>(&self, request: Request, start: F) -> Result<Response, Status>
    where
        F: FnOnce(Request) -> BoxFuture<Result<Response, Status>> + Send + 'static,
    {
        let permit = self.thread(&request.context).await?;
        let inherited = Inherited::current();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            match inherited {
                Some(inherited) => inherited.scope_blocking(|| poll_once(start(request))),
                None => poll_once(start(request)),
            }
        });
        match task.await {
            Ok(result) => result,
            Err(e) => match e.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Status::cancelled("server is shutting down")),
            },
        }
    }

    /// Waits for a thread. The server has too much to do if that takes long, as if it were for a handler.
    async fn thread(&self, context: &Context) -> Result<OwnedSemaphorePermit, Status> {
        if let Ok(permit) = self.threads.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = Waiting::enter(&self.waiting, self.waiting_max)?;
        let since = Instant::now();
        let permit = self.threads.clone().acquire_owned().await;
        self.admission.waited_again(context.into(), since);
        permit.map_err(|_| Status::internal("blocking pool is closed"))
    }
}

/// A plain `fn` made into a future is ready at its first poll.
fn poll_once(mut future: BoxFuture<Result<Response, Status>>) -> Result<Response, Status> {
    match future
        .as_mut()
        .poll(&mut task::Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Status::internal(
            "a handler declared as blocking tried to wait asynchronously",
        )),
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, max: usize) -> Result<Waiting<'a>, Status> {
        let before = waiting.fetch_add(1, Relaxed);
        let entered = Waiting(waiting);
        if before >= max {
            return Err(Status::overloaded(
                "blocking_waiting_max: too many calls wait for a blocking thread",
            )
            .with_not_started());
        }
        Ok(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
