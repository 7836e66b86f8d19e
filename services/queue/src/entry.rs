//! A task in memory.

use crate::changes::{Change, Ending, Parts};
use crate::rows::{Retry, Stored};
use crate::turns::Turn;
use bytes::Bytes;
use im_idl::queue::Class;
use std::sync::Arc;

/// Bytes that a task counts for beside its payload, key and dedupe id.
const BYTES_EACH: usize = 64;

/// All of a task but its payload and progress.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Empty: no order.
    pub(crate) key: Bytes,
    pub(crate) dedupe_id: Option<Arc<[u8]>>,
    class: Class,
    pub(crate) due_ms: u64,
    /// 0: never.
    pub(crate) expires_ms: u64,
    /// Failures so far.
    pub(crate) attempt: u32,
    /// What it counts for.
    pub(crate) bytes: usize,
    /// Its row, while there is room for it in memory.
    pub(crate) row: Option<Bytes>,
    pub(crate) stage: Stage,
    /// It was given to a worker, or has failed or made progress in an earlier life: it does not expire any more.
    pub(crate) begun: bool,
    /// Leases that ran out since it last failed.
    pub(crate) lost: u32,
    /// Rows it has or will have with what is decided.
    pub(crate) parts: Parts,
    /// Where it stands among those that may be taken.
    pub(crate) turn: Option<Turn>,
}

/// What is being done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing.
    Waiting,
    /// A worker has it.
    Leased { lease: u64, until_ms: u64 },
    /// A change of it is being written, after which it ends, or waits again.
    Settling,
}

impl Entry {
    /// A task that waits.
    pub(crate) fn new(stored: &Stored) -> Entry {
        let dedupe_id = match &stored.dedupe_id[..] {
            [] => None,
            id => Some(Arc::from(id)),
        };
        Entry {
            // A copy: a slice of a request would keep all of it in memory.
            key: Bytes::copy_from_slice(&stored.key),
            dedupe_id,
            class: Class::try_from(stored.class).unwrap_or(Class::Bulk),
            due_ms: stored.due_ms,
            expires_ms: stored.expires_ms,
            attempt: 0,
            bytes: bytes(&stored.key, &stored.payload, &stored.dedupe_id),
            row: None,
            stage: Stage::Waiting,
            begun: false,
            lost: 0,
            parts: Parts::default(),
            turn: None,
        }
    }

    /// Notes how it failed.
    pub(crate) fn failed(&mut self, retry: &Retry) {
        self.attempt = retry.attempt;
        self.due_ms = retry.due_ms;
        self.lost = 0;
        self.begun = true;
        self.parts.retry = true;
    }

    /// The change that ends it.
    pub(crate) fn end(&self, id: u64, ending: Ending, ended_ms: u64) -> Change {
        Change::End {
            id,
            parts: self.parts,
            ending,
            ended_ms,
            dedupe_id: self.dedupe_id.clone(),
        }
    }

    /// Whom it goes with: one that failed goes behind those that did not.
    pub(crate) fn class(&self) -> Class {
        match self.attempt {
            0 => self.class,
            _ => self.class.max(Class::Retry),
        }
    }

    /// Whether this lease of it holds.
    pub(crate) fn is_leased(&self, lease: u64) -> bool {
        matches!(self.stage, Stage::Leased { lease: held, .. } if held == lease)
    }

    /// Whether it may be given to a worker as far as it is concerned.
    pub(crate) fn may_begin(&self, now_ms: u64) -> bool {
        self.stage == Stage::Waiting && self.due_ms <= now_ms
    }
}

/// What a task with these counts for.
pub(crate) fn bytes(key: &[u8], payload: &[u8], dedupe_id: &[u8]) -> usize {
    key.len() + payload.len() + dedupe_id.len() + BYTES_EACH
}
