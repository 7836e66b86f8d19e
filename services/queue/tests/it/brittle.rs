//! An engine that ends in the middle of things.

use bytes::Bytes;
use im_engine::{
    Batch, BoxFuture, Engine, EngineError, EngineStats, Got, KeyTable, Page, Scan, Version,
    WriteError,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What becomes of the write that breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaks {
    /// It is not written, and everything stops.
    Before,
    /// It is written, but nobody hears of it.
    After,
    /// It is refused for want of room, as are some after it; then all is well.
    Overloaded,
}

/// Wraps an engine whose writes break after so many.
pub(crate) fn brittle(inner: &Engine, writes: u64, breaks: Breaks) -> Engine {
    let (inner, count) = (inner.clone(), AtomicU64::new(0));
    Arc::new(Brittle {
        inner,
        writes,
        breaks,
        count,
    })
}

/// Writes refused in a row when it is overloaded.
const OVERLOADED_WRITES: u64 = 20;

struct Brittle {
    inner: Engine,
    writes: u64,
    breaks: Breaks,
    count: AtomicU64,
}

impl KeyTable for Brittle {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        self.inner.get(partition, keys, at_least)
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        self.inner.scan(scan)
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let refused = |error: EngineError| vec![Err(error.into()); batches.len()];
        let reason = "broken".to_owned();
        let answer = match self.breaks {
            _ if count < self.writes => return self.inner.write(batches),
            Breaks::Overloaded if count < self.writes + OVERLOADED_WRITES => {
                refused(EngineError::Overloaded)
            }
            Breaks::Overloaded => return self.inner.write(batches),
            Breaks::After if count == self.writes => {
                let answer = refused(EngineError::Stopped { reason });
                return Box::pin(async move {
                    self.inner.write(batches).await;
                    answer
                });
            }
            _ => refused(EngineError::Stopped { reason }),
        };
        Box::pin(async { answer })
    }

    fn versions(&self, partitions: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>> {
        self.inner.versions(partitions)
    }

    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>> {
        self.inner.partitions(prefix, after, max)
    }

    fn stats(&self) -> EngineStats {
        self.inner.stats()
    }
}
