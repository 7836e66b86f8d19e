//! Starts the backend anew under the load, as an operator does: in good order, by SIGHUP.

use crate::error::PressError;
use crate::process::{Process, is_there, running};
use crate::processes::Processes;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// How long one round may take: of a split backend each service hands over and drains, one after the other.
const ROUND: Duration = Duration::from_secs(300);
/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two looks at which processes there are.
const LOOK: Duration = Duration::from_millis(5);

/// Restarts of a backend of our own.
pub(crate) struct Restarts {
    pub(crate) processes: Processes,
    /// Changes whenever the backend says that it serves, or that every service was started anew.
    pub(crate) announced: watch::Receiver<u64>,
    pub(crate) log: PathBuf,
}

impl Restarts {
    /// One round after the other until `end`; the last one is seen to its end. Says how many there were.
    pub(crate) async fn until(mut self, end: Instant) -> Result<u64, PressError> {
        let mut rounds = 0;
        while Instant::now() < end {
            if timeout(ROUND, self.round()).await.is_err() {
                return Err(PressError::NotReady(self.log));
            }
            rounds += 1;
            sleep(PAUSE).await;
        }
        Ok(rounds)
    }

    async fn round(&mut self) {
        let Some(root) = self.processes.root() else {
            return;
        };
        let command = root.command();
        self.announced.mark_unchanged();
        root.hang_up();
        self.announcement().await;
        if self.processes.are_split() {
            return;
        }
        until_gone(root.clone()).await;
        // Whose child the next process was is gone; it was started by the same command.
        if let Some(next) = running(&command) {
            self.processes.taken_over_by(next);
        }
    }

    async fn announcement(&mut self) {
        // The sender lives as long as the backend.
        let _ = self.announced.changed().await;
    }
}

/// Waits until a process has ended.
pub(crate) async fn until_gone(process: Process) {
    while is_there(process.pid) {
        sleep(LOOK).await;
    }
}
