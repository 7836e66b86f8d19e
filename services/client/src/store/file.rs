//! A store in a file.

use super::local::LocalStore;
use super::log::Log;
use super::record::Record;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use svrkit_rt::BoxFuture;

/// Keeps records in one file, readable by its owner only. Every record is on the disk when it is answered for.
#[derive(Debug)]
pub struct FileStore {
    /// A lock because writing happens on another thread; there is never a second writer.
    log: Arc<Mutex<Log>>,
}

impl FileStore {
    /// Opens or makes a file; its folder must exist.
    ///
    /// # Errors
    /// `ResourceBusy` when another process has it open; what the file system says.
    pub fn open(path: impl AsRef<Path>) -> io::Result<FileStore> {
        let log = Arc::new(Mutex::new(Log::open(path.as_ref())?));
        Ok(FileStore { log })
    }

    /// Runs `work` where it may wait for the disk.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Log) -> io::Result<T> + Send + 'static,
    ) -> BoxFuture<io::Result<T>> {
        let log = self.log.clone();
        let blocking = move || work(&mut log.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(blocking).await;
            done.unwrap_or_else(|e| Err(io::Error::other(e)))
        })
    }
}

impl LocalStore for FileStore {
    fn load(&mut self) -> BoxFuture<io::Result<Vec<Record>>> {
        self.run(Log::load)
    }

    fn append(&mut self, record: Record) -> BoxFuture<io::Result<()>> {
        self.run(move |log| log.append(&record))
    }

    fn replace(&mut self, record: Record) -> BoxFuture<io::Result<()>> {
        self.run(move |log| log.replace(&record))
    }
}
