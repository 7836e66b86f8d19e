//! Tasks for the fan-out, in the order of each group's log.
//!
//! Inboxes take a group's rows in their order only: what is below the last one they got counts as there. But two senders whose messages
//! have places 5 and 6 may come to the queue in either order. So whoever enqueues place 6 enqueues before it, in the same call, all that
//! may not be in the queue yet; the queue knows a task it has by its dedupe id. What is surely there: all that this process has
//! enqueued, and all that the store says was fanned out.

use crate::service::DOMAIN;
use im_idl::fanout::GroupTask;
use im_idl::queue::{EnqueueRequest, QueueClient, Task};
use im_idl::refusal;
use prost::Message;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use svrkit_rt::{Code, Status};

/// The queue that the fan-out takes from.
const QUEUE: &str = "fanout";
/// Tasks of one call. More only when a backlog is met by a process that has just started.
const TASKS_PER_CALL: u64 = 500;
/// What a client is told when the queue is full: by then a worker has done hundreds.
const FULL_RETRY_MS: u32 = 1_000;

pub(crate) struct FanoutTasks {
    queue: QueueClient,
    /// By group, the place up to which this process has enqueued. Forgotten as a whole when it is full: the store knows nearly as much.
    enqueued: Mutex<HashMap<u64, u64>>,
    groups_max: usize,
}

impl FanoutTasks {
    pub(crate) fn new(queue: QueueClient, groups_max: usize) -> FanoutTasks {
        FanoutTasks {
            queue,
            enqueued: Mutex::default(),
            groups_max,
        }
    }

    /// A row of a group's log goes to all members, and to `also`. Durable when answered; repeating it does no harm.
    ///
    /// # Errors
    /// `Overloaded` when the queue is full; what the queue answers.
    pub(crate) async fn enqueue(&self, row: GroupTask, fanned_seq: u64) -> Result<(), Status> {
        let (group, seq) = (row.group, row.group_seq);
        let mut done = fanned_seq.max(self.enqueued(group));
        while done < seq {
            let last = seq.min(done + TASKS_PER_CALL);
            // Whoever wrote the rows before this one may know of members that this sender has not seen yet: no version with those.
            let before = (done + 1..last).map(|seq| plain(group, seq, 0));
            let version = if last == seq { row.group_version } else { 0 };
            let tasks = before.chain([plain(group, last, version)]);
            self.call(tasks.map(task).collect()).await?;
            done = last;
            self.note(group, done);
        }
        if !row.also.is_empty() {
            self.call(vec![task(row)]).await?;
        }
        Ok(())
    }

    async fn call(&self, tasks: Vec<Task>) -> Result<(), Status> {
        let answer = self.queue.enqueue(EnqueueRequest { tasks }).await;
        answer.map(drop).map_err(refused)
    }

    fn enqueued(&self, group: u64) -> u64 {
        let enqueued = self.enqueued.lock().unwrap_or_else(PoisonError::into_inner);
        enqueued.get(&group).copied().unwrap_or(0)
    }

    fn note(&self, group: u64, seq: u64) {
        let mut enqueued = self.enqueued.lock().unwrap_or_else(PoisonError::into_inner);
        if enqueued.len() >= self.groups_max && !enqueued.contains_key(&group) {
            enqueued.clear();
        }
        let place = enqueued.entry(group).or_default();
        *place = (*place).max(seq);
    }
}

fn plain(group: u64, group_seq: u64, group_version: u64) -> GroupTask {
    GroupTask {
        group,
        group_seq,
        group_version,
        also: Vec::new(),
    }
}

/// A row's task. With `also` it is another one than without, since that one may have been enqueued by somebody else.
fn task(row: GroupTask) -> Task {
    let key = row.group.to_be_bytes();
    let mut dedupe_id = [key, row.group_seq.to_be_bytes()].concat();
    if !row.also.is_empty() {
        dedupe_id.push(b'a');
    }
    Task {
        queue: QUEUE.to_owned(),
        key: key.to_vec().into(),
        payload: row.encode_to_vec().into(),
        dedupe_id: dedupe_id.into(),
        ..Task::default()
    }
}

/// A full queue is no fault of the sender's: what he sent is in the log, and comes out once when he sends it again.
fn refused(status: Status) -> Status {
    if status.code() != Code::ResourceExhausted {
        return status;
    }
    let status = Status::new(Code::Overloaded, "too many group messages are on their way");
    refusal::with_retry_after(status, DOMAIN, "BUSY", FULL_RETRY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_known_by_its_row_and_by_whether_others_get_it_too() {
        let row = plain(7, 5, 3);
        let also = vec![10_001];
        let with_also = GroupTask {
            also,
            ..row.clone()
        };
        let (task, other) = (task(row.clone()), super::task(with_also));
        assert_eq!(task.key, 7u64.to_be_bytes()[..]);
        assert_eq!(task.dedupe_id.len(), 16);
        assert_ne!(task.dedupe_id, other.dedupe_id);
        assert_eq!(GroupTask::decode(task.payload).unwrap(), row);
    }

    #[test]
    fn a_full_queue_means_later() {
        let status = refused(Status::resource_exhausted("full"));
        assert_eq!(status.code(), Code::Overloaded);
        assert_eq!(refusal::error(&status).retry_after_ms, FULL_RETRY_MS);
        assert_eq!(
            refused(Status::unavailable("down")).code(),
            Code::Unavailable
        );
    }
}
