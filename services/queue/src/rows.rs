//! What stands in the engine. A queue is one partition, `Q` and its name:
//!
//! | key | value |
//! |---|---|
//! | `e` | life of the queue, 8 bytes: rises with each start, and every write asks for the row of its own life |
//! | `m` ms id | [`Remembered`]: dedupe ids of tasks that ended then |
//! | `t` id `a` | [`Stored`]: a task as it was enqueued |
//! | `t` id `b` | [`Retry`]: how it failed, when it did |
//! | `t` id `c` | its progress, when it noted some |
//!
//! Numbers in keys are 8 bytes, big-endian. A task that ends loses its rows; a dead one keeps them.

use crate::changes::{Change, Parts};
use bytes::Bytes;
use im_engine::{Batch, Condition, Version};

/// All queues' partitions begin with it.
pub(crate) const PARTITION_PREFIX: &[u8] = b"Q";
/// Key of the row that counts lives.
pub(crate) const LIFE_KEY: &[u8] = b"e";
/// Keys of rows that remember ended tasks.
pub(crate) const REMEMBERED_PREFIX: &[u8] = b"m";
/// Keys of tasks' rows.
pub(crate) const TASK_PREFIX: &[u8] = b"t";

/// A task as it was enqueued.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Stored {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) payload: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) dedupe_id: Bytes,
    /// As `im.queue.Class`.
    #[prost(int32, tag = "4")]
    pub(crate) class: i32,
    #[prost(uint64, tag = "5")]
    pub(crate) due_ms: u64,
    #[prost(uint64, tag = "6")]
    pub(crate) expires_ms: u64,
    #[prost(uint64, tag = "7")]
    pub(crate) enqueued_ms: u64,
}

/// How a task failed.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Retry {
    /// Failures so far.
    #[prost(uint32, tag = "1")]
    pub(crate) attempt: u32,
    /// When it is tried again.
    #[prost(uint64, tag = "2")]
    pub(crate) due_ms: u64,
    /// What its worker said last.
    #[prost(string, tag = "3")]
    pub(crate) error: String,
    /// When it was given up; 0: it was not.
    #[prost(uint64, tag = "4")]
    pub(crate) died_ms: u64,
}

/// Dedupe ids of tasks that ended at the time in the row's key.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Remembered {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) dedupe_ids: Vec<Bytes>,
}

/// One of a task's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Stored = b'a' as isize,
    Retry = b'b' as isize,
    Progress = b'c' as isize,
}

/// A queue's partition.
pub(crate) fn partition(queue: &str) -> Bytes {
    [PARTITION_PREFIX, queue.as_bytes()].concat().into()
}

/// The queue whose partition it is.
pub(crate) fn queue_name(partition: &[u8]) -> Option<&str> {
    let name = partition.strip_prefix(PARTITION_PREFIX)?;
    std::str::from_utf8(name).ok()
}

/// Key of one of a task's rows.
pub(crate) fn task_key(id: u64, part: Part) -> Bytes {
    [TASK_PREFIX, &id.to_be_bytes(), &[part as u8]]
        .concat()
        .into()
}

/// Whose row it is, and which.
pub(crate) fn task_of(key: &[u8]) -> Option<(u64, Part)> {
    let (id, part) = key.strip_prefix(TASK_PREFIX)?.split_at_checked(8)?;
    let part = match part {
        b"a" => Part::Stored,
        b"b" => Part::Retry,
        b"c" => Part::Progress,
        _ => return None,
    };
    Some((u64::from_be_bytes(id.try_into().ok()?), part))
}

/// Since when a row remembers.
pub(crate) fn remembered_ms(key: &[u8]) -> Option<u64> {
    let (ms, _) = key
        .strip_prefix(REMEMBERED_PREFIX)?
        .split_first_chunk::<8>()?;
    Some(u64::from_be_bytes(*ms))
}

fn remembered_key(ms: u64, id: u64) -> Bytes {
    [REMEMBERED_PREFIX, &ms.to_be_bytes(), &id.to_be_bytes()]
        .concat()
        .into()
}

/// The batch that makes changes durable, unless a later life of the queue has begun.
pub(crate) fn batch(partition: Bytes, life: Version, changes: &[Change]) -> Batch {
    let key = Bytes::from_static(LIFE_KEY);
    let mut batch = Batch::new(partition).when(Condition::RowAt { key, version: life });
    for change in changes {
        batch = put(batch, change);
    }
    match remembered(changes) {
        Some((key, value)) => batch.put(key, value),
        None => batch,
    }
}

fn put(batch: Batch, change: &Change) -> Batch {
    match change {
        Change::Add { id, row, .. } => batch.put(task_key(*id, Part::Stored), row.clone()),
        Change::End { id, parts, .. } | Change::Discard { id, parts } => delete(batch, *id, *parts),
        Change::Retry { id, retry, .. } => batch.put(task_key(*id, Part::Retry), encode(retry)),
        Change::Progress { id, progress } => {
            batch.put(task_key(*id, Part::Progress), progress.clone())
        }
        Change::Replay { id, due_ms } => {
            // Not deleted: it was begun once, and must not expire.
            let due_ms = *due_ms;
            let retry = Retry {
                due_ms,
                ..Retry::default()
            };
            batch.put(task_key(*id, Part::Retry), encode(&retry))
        }
        Change::Forget { before_ms } => {
            let to = remembered_key(*before_ms, 0);
            batch.delete_range(Bytes::from_static(REMEMBERED_PREFIX), Some(to))
        }
    }
}

fn delete(batch: Batch, id: u64, parts: Parts) -> Batch {
    let mut batch = batch.delete(task_key(id, Part::Stored));
    if parts.retry {
        batch = batch.delete(task_key(id, Part::Retry));
    }
    if parts.progress {
        batch = batch.delete(task_key(id, Part::Progress));
    }
    batch
}

/// One row for all that ended in one commit, under the latest of their times.
fn remembered(changes: &[Change]) -> Option<(Bytes, Bytes)> {
    let ended = changes.iter().filter_map(Change::ended);
    let ended: Vec<_> = ended.collect();
    let (id, ms, _) = ended.iter().max_by_key(|(_, ms, _)| *ms)?;
    let dedupe_ids = ended.iter().map(|(_, _, d)| Bytes::copy_from_slice(d));
    let dedupe_ids = dedupe_ids.collect();
    Some((remembered_key(*ms, *id), encode(&Remembered { dedupe_ids })))
}

/// Bytes of a message, of its own memory.
pub(crate) fn encode(message: &impl prost::Message) -> Bytes {
    message.encode_to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_task_stand_together_in_the_order_of_ids() {
        let keys = [
            task_key(1, Part::Stored),
            task_key(1, Part::Retry),
            task_key(1, Part::Progress),
            task_key(2, Part::Stored),
            task_key(256, Part::Stored),
        ];
        assert!(keys.is_sorted());
        assert_eq!(task_of(&keys[1]), Some((1, Part::Retry)));
        assert_eq!(task_of(&keys[4]), Some((256, Part::Stored)));
        assert_eq!(task_of(b"t123"), None);
        assert_eq!(remembered_ms(&remembered_key(77, 5)), Some(77));
        assert_eq!(queue_name(&partition("fanout")), Some("fanout"));
    }
}
