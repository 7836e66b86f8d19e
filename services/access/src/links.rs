//! The open links of a node.

use crate::handle::{End, Handle};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Links by their numbers.
#[derive(Debug)]
pub(crate) struct Links {
    max: usize,
    last: AtomicU64,
    /// A lock: held for one look-up, or one a link when all are told something.
    open: Mutex<HashMap<u64, Arc<Handle>>>,
    emptied: Notify,
    ending: AtomicBool,
}

impl Links {
    pub(crate) fn new(max: usize) -> Links {
        Links {
            max,
            last: AtomicU64::new(0),
            open: Mutex::default(),
            emptied: Notify::new(),
            ending: AtomicBool::new(false),
        }
    }

    /// Opens one more, unless there are too many, or all are to end.
    pub(crate) fn open(&self) -> Option<Arc<Handle>> {
        let mut open = self.map();
        if open.len() >= self.max || self.ending.load(Relaxed) {
            return None;
        }
        let handle = Arc::new(Handle::new(self.last.fetch_add(1, Relaxed) + 1));
        open.insert(handle.number, handle.clone());
        Some(handle)
    }

    pub(crate) fn close(&self, number: u64) {
        let mut open = self.map();
        open.remove(&number);
        if open.is_empty() {
            self.emptied.notify_waiters();
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<Arc<Handle>> {
        self.map().get(&number).cloned()
    }

    /// The link of that number if it is that user's.
    pub(crate) fn of(&self, number: u64, uin: u64) -> Option<Arc<Handle>> {
        self.get(number)
            .filter(|handle| handle.uin() == uin && uin != 0)
    }

    /// All that the session service was told of.
    pub(crate) fn joined(&self) -> Vec<Arc<Handle>> {
        let open = self.map();
        let known = open.values().filter(|handle| handle.is_joined());
        known.cloned().collect()
    }

    /// Opens no more, and returns all there are.
    pub(crate) fn close_doors(&self) -> Vec<Arc<Handle>> {
        // Set while nobody opens one: who is not seen here was refused.
        let open = self.map();
        self.ending.store(true, Relaxed);
        open.values().cloned().collect()
    }

    /// Has all of them end, and opens no more.
    pub(crate) fn end_all(&self, end: &End) {
        for handle in self.close_doors() {
            handle.end(end.clone());
        }
    }

    /// Ready when there is none.
    pub(crate) async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.map().is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<u64, Arc<Handle>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
