//! Waiting without a link, and hearing commands all the while.

use super::Driver;
use std::future::Future;
use std::pin::pin;
use tokio::time::{Instant, sleep_until};

/// What ended a wait.
pub(super) enum Meanwhile<T> {
    /// What was waited for.
    Done(T),
    /// A command was taken; things may have changed.
    Commanded,
    /// The last handle is gone.
    Closed,
}

impl Driver {
    /// Waits for `work`, or for a command, whichever comes first. Calls whose time is over are given up meanwhile.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Meanwhile<T> {
        let mut work = pin!(work);
        loop {
            let due = self.calls.iter().map(|call| call.deadline).min();
            tokio::select! {
                done = &mut work => return Meanwhile::Done(done),
                command = self.commands.recv() => {
                    let Some(command) = command else {
                        return Meanwhile::Closed;
                    };
                    self.take(command).await;
                    return Meanwhile::Commanded;
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.expire_calls();
                }
            }
        }
    }
}
