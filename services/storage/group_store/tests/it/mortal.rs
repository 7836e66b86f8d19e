//! An engine whose writes take their time, and end when a test says so.

use bytes::Bytes;
use im_engine::{
    Batch, BoxFuture, Engine, EngineError, EngineStats, Got, KeyTable, Page, Scan, Version,
    WriteError, memory,
};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::yield_now;

/// Refuses after so many batches, as one whose process is about to die.
pub(crate) struct Mortal {
    pub(crate) engine: Engine,
    batches_left: AtomicI64,
    /// Which batch is to be held next.
    hold: Mutex<Option<Held>>,
    released: Notify,
}

type Held = fn(&Batch) -> bool;

pub(crate) const IMMORTAL: i64 = i64::MAX / 2;

impl Mortal {
    pub(crate) fn new() -> Arc<Mortal> {
        Arc::new(Mortal {
            engine: memory(),
            batches_left: AtomicI64::new(IMMORTAL),
            hold: Mutex::default(),
            released: Notify::new(),
        })
    }

    /// Refuses after so many batches more, once what goes on in the background has come to rest.
    pub(crate) async fn dies_after(&self, batches: i64) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.batches_left.store(batches, Ordering::SeqCst);
    }

    /// Holds the next batch of this kind, and what comes after it in its call, until [`release`](Mortal::release).
    pub(crate) fn hold_next(&self, held: Held) {
        *self.hold.lock().unwrap() = Some(held);
    }

    /// Lets go on what is held.
    ///
    /// # Panics
    /// When nothing is.
    pub(crate) fn release(&self) {
        assert!(self.hold.lock().unwrap().is_none(), "nothing was held");
        self.released.notify_one();
    }

    async fn pass(&self, batch: &Batch) {
        let held = self.hold.lock().unwrap().take_if(|held| held(batch));
        if held.is_some() {
            self.released.notified().await;
        }
    }
}

impl KeyTable for Mortal {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        self.engine.get(partition, keys, at_least)
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        self.engine.scan(scan)
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        Box::pin(async {
            let mut answers = Vec::new();
            for batch in batches {
                // Others come between the batches of a call, as nobody has promised that they do not.
                for _ in 0..fastrand::u8(..4) {
                    yield_now().await;
                }
                self.pass(&batch).await;
                if self.batches_left.fetch_sub(1, Ordering::SeqCst) > 0 {
                    answers.extend(self.engine.write(vec![batch]).await);
                } else {
                    answers.push(Err(WriteError::Engine(EngineError::Overloaded)));
                }
            }
            answers
        })
    }

    fn versions(&self, partitions: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>> {
        self.engine.versions(partitions)
    }

    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>> {
        self.engine.partitions(prefix, after, max)
    }

    fn stats(&self) -> EngineStats {
        self.engine.stats()
    }
}
