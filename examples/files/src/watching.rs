//! Telling watchers what changes.

use crate::files::v1::Change;
use svrkit_rt::{Draining, Sender, Status};
use tokio::sync::broadcast::{self, error::RecvError};

/// Tells all changes of files whose names begin with `prefix`, as fast as the watcher takes them, until the server drains. A watcher that
/// is too slow misses some, and is told how many: nobody waits for it.
pub(crate) async fn tell(
    mut changes: broadcast::Receiver<Change>,
    prefix: &str,
    mut answers: Sender<Change>,
    draining: &Draining,
) -> Result<(), Status> {
    let mut missed = 0;
    loop {
        let change = tokio::select! {
            change = changes.recv() => change,
            // Who watches would be cut off at the end of the drain; this sends it elsewhere at once.
            () = draining.begun() => return Err(Status::unavailable("this server stops")),
        };
        match change {
            Ok(change) if change.name.starts_with(prefix) => {
                answers.send(Change { missed, ..change }).await?;
                missed = 0;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(more)) => missed += more,
            Err(RecvError::Closed) => return Ok(()),
        }
    }
}
