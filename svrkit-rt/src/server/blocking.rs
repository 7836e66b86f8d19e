//! Where handlers that block run: a bounded number at once, a bounded number waiting.

use crate::context::Inherited;
use crate::service::{BoxFuture, Response};
use crate::status::Status;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use tokio::sync::Semaphore;

/// Threads for handlers that block. A cheap clone.
#[derive(Clone, Debug)]
pub(crate) struct BlockingPool {
    threads: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
}

impl BlockingPool {
    pub(crate) fn new(threads_max: usize, waiting_max: usize) -> BlockingPool {
        BlockingPool {
            threads: Arc::new(Semaphore::new(threads_max)),
            waiting: Arc::new(AtomicUsize::new(0)),
            waiting_max,
        }
    }

    /// Runs the handler that `start` returns on a thread of its own. A caller that gives up while it waits frees its place; one
    /// that gives up later does not stop a thread that has begun.
    pub(crate) async fn run<F>(&self, start: F) -> Result<Response, Status>
    where
        F: FnOnce() -> BoxFuture<Result<Response, Status>> + Send + 'static,
    {
        let permit = {
            let _waiting = Waiting::enter(&self.waiting, self.waiting_max)?;
            let permit = self.threads.clone().acquire_owned().await;
            permit.map_err(|_| Status::internal("blocking pool is closed"))?
        };
        let inherited = Inherited::current();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            match inherited {
                Some(inherited) => inherited.scope_blocking(|| poll_once(start())),
                None => poll_once(start()),
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
}

impl Default for BlockingPool {
    fn default() -> BlockingPool {
        let limits = super::limits::Limits::default();
        BlockingPool::new(limits.blocking_threads_max, limits.blocking_waiting_max)
    }
}

/// A plain `fn` made into a future is ready at its first poll.
fn poll_once(mut future: BoxFuture<Result<Response, Status>>) -> Result<Response, Status> {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
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
