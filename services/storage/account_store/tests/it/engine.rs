//! An engine as a process of its own would be: others come between any two calls, and it can end.

use bytes::Bytes;
use im_engine::{
    Batch, BoxFuture, Engine, EngineError, EngineStats, Got, KeyTable, Page, Scan, Version,
    WriteError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::yield_now;

/// Rows of `engine`, where every call lets others go first.
pub(crate) fn shared(engine: &Engine) -> Engine {
    ending(engine, u64::MAX)
}

/// As [`shared`], and it writes so many batches and then nothing any more.
pub(crate) fn ending(engine: &Engine, writes: u64) -> Engine {
    Arc::new(Shared {
        engine: engine.clone(),
        writes_left: writes.into(),
    })
}

struct Shared {
    engine: Engine,
    writes_left: AtomicU64,
}

impl KeyTable for Shared {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        Box::pin(async move {
            yield_now().await;
            self.engine.get(partition, keys, at_least).await
        })
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        Box::pin(async move {
            yield_now().await;
            self.engine.scan(scan).await
        })
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        Box::pin(async move {
            yield_now().await;
            let one_less = |left: u64| left.checked_sub(1);
            let left = &self.writes_left;
            match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less) {
                Ok(_) => self.engine.write(batches).await,
                Err(_) => {
                    let reason = "the process ended".to_owned();
                    vec![Err(EngineError::Stopped { reason }.into())]
                }
            }
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
