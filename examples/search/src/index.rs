//! Waits for a disk. When nobody wants the answer any more, its future is dropped where it waits.

use crate::search::v1::{Index, LookupReply, LookupRequest};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Context, Status};
use tokio::sync::Notify;

const DOCUMENTS: [&str; 4] = [
    "rpc in rust and more",
    "rust rust rpc",
    "rust on iron",
    "rpc in c",
];
/// What reading from the disk takes.
const DISK_MS: u64 = 200;

#[derive(Default)]
pub(crate) struct DiskIndex {
    /// Told when a read was given up.
    pub(crate) stopped: Arc<Notify>,
}

/// Dropped before the read is done, it says so.
struct Reading {
    done: bool,
    stopped: Arc<Notify>,
}

impl Index for DiskIndex {
    async fn lookup(
        &self,
        ctx: &mut Context,
        request: LookupRequest,
    ) -> Result<LookupReply, Status> {
        println!("  index    has {:>4} ms left", ctx.remaining().as_millis());
        let mut reading = Reading {
            done: false,
            stopped: self.stopped.clone(),
        };
        tokio::time::sleep(Duration::from_millis(DISK_MS)).await;
        reading.done = true;
        let has_word = |d: &&str| d.split_whitespace().any(|w| w == request.word);
        let found = DOCUMENTS.iter().copied().filter(has_word);
        Ok(LookupReply {
            documents: found.map(str::to_owned).collect(),
        })
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.done {
            self.stopped.notify_one();
        }
    }
}
