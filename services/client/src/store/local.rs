//! Where a device keeps what it knows.

use super::record::Record;
use std::io;
use svrkit_rt::BoxFuture;

/// Keeps records. One client uses it at a time, one operation at a time.
pub trait LocalStore: Send + 'static {
    /// All that was kept, oldest first.
    fn load(&mut self) -> BoxFuture<io::Result<Vec<Record>>>;

    /// Keeps one more record. When the answer is `Ok` it will be loaded after any crash; when it is an error, or there was a crash
    /// before the answer, it will be loaded whole or not at all.
    fn append(&mut self, record: Record) -> BoxFuture<io::Result<()>>;

    /// Keeps this record in place of all others: at any moment a crash leaves either.
    fn replace(&mut self, record: Record) -> BoxFuture<io::Result<()>>;
}

/// Keeps nothing: what the client knows lives as long as the client. For tests, load and devices that want no trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryStore;

impl LocalStore for MemoryStore {
    fn load(&mut self) -> BoxFuture<io::Result<Vec<Record>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn append(&mut self, _record: Record) -> BoxFuture<io::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn replace(&mut self, _record: Record) -> BoxFuture<io::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}
