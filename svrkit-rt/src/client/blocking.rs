//! Calls from plain threads.

use super::channel::Channel;
use super::connection::as_lone_caller;
use crate::status::Status;
use std::future::Future;
use std::io;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};

/// Waits for `future`, which calls over `channel`, on this thread. The caller needs no runtime.
///
/// # Panics
/// When called from an asynchronous task: it would stand still, and with it every task of its thread.
pub(crate) fn block_on<F: Future>(channel: &Channel, future: F) -> F::Output {
    as_lone_caller(|| channel.runtime().block_on(future))
}

/// The runtime that a channel's connections live on: the caller's if there is one, else one for the whole process.
///
/// # Errors
/// The process may not start another thread.
pub(super) fn runtime() -> Result<Handle, Status> {
    if let Ok(handle) = Handle::try_current() {
        return Ok(handle);
    }
    static BACKGROUND: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let background = BACKGROUND.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        // One thread: connections only pass frames on, the work is done by those who call.
        builder
            .worker_threads(1)
            .thread_name("svrkit-client")
            .enable_all()
            .build()
    });
    match background {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(e) => Err(Status::resource_exhausted(format!(
            "no thread for connections: {e}"
        ))),
    }
}
