//! What the engine has, into an empty state.

use super::State;
use crate::entry::Entry;
use crate::rows::{Retry, Stored};
use bytes::Bytes;
use std::sync::Arc;

/// The rows of one task.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) id: u64,
    pub(crate) row: Bytes,
    pub(crate) stored: Stored,
    pub(crate) retry: Option<Retry>,
    pub(crate) progress: bool,
}

impl State {
    /// A task that was not over. Tasks come in the order of their ids.
    pub(crate) fn restore(&mut self, found: Found, now_ms: u64) {
        let mut entry = Entry::new(&found.stored);
        entry.parts.progress = found.progress;
        entry.begun = found.progress;
        let died = found.retry.as_ref().is_some_and(|retry| retry.died_ms > 0);
        if let Some(retry) = &found.retry {
            entry.failed(retry);
        }
        if died {
            self.dead.insert(found.id, entry);
            return;
        }
        self.depth = self.depth.with(entry.bytes);
        entry.dedupe_id.iter().for_each(|id| self.dedupe.enter(id));
        self.cache(&mut entry, found.row);
        self.admit(found.id, entry, now_ms);
    }

    /// A task that ended then. They come in the order of their times.
    pub(crate) fn restore_ended(&mut self, dedupe_id: &[u8], ended_ms: u64) {
        self.dedupe.remember(&Arc::from(dedupe_id), ended_ms);
    }
}
