//! What calls may ask for.

use crate::config::Config;
use im_idl::queue::{Class, LeaseId, Task};
use svrkit_rt::Status;

/// Bytes of a queue's name.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of a key.
const KEY_BYTES_MAX: usize = 256;
/// Bytes of a dedupe id: they are kept in memory for an hour.
const DEDUPE_ID_BYTES_MAX: usize = 64;
/// Milliseconds of a delay: 30 days.
const DELAY_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// Leases of one call.
const LEASES_MAX: usize = 1_000;

/// Whether a queue may be called so.
pub(crate) fn queue(name: &str) -> Result<(), Status> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
        let message = "a queue's name is 1 to 64 letters, digits, dots, dashes and underscores";
        return Err(Status::invalid_argument(message));
    }
    Ok(())
}

/// Whether these tasks may be enqueued here together.
pub(crate) fn tasks(config: &Config, queue: &str, tasks: &[Task]) -> Result<(), Status> {
    if tasks.len() > config.enqueue_tasks_max {
        let message = format!(
            "enqueue_tasks_max: more than {} tasks",
            config.enqueue_tasks_max
        );
        return Err(Status::invalid_argument(message));
    }
    tasks.iter().try_for_each(|one| task(config, queue, one))
}

fn task(config: &Config, queue: &str, task: &Task) -> Result<(), Status> {
    let wrong = if task.queue != queue {
        "tasks of several queues cannot be enqueued at once"
    } else if task.payload.len() > config.payload_bytes_max {
        "payload_bytes_max: a task's payload is too large"
    } else if task.key.len() > KEY_BYTES_MAX {
        "a task's key has more than 256 bytes"
    } else if task.dedupe_id.len() > DEDUPE_ID_BYTES_MAX {
        "a task's dedupe id has more than 64 bytes"
    } else if task.delay_ms > DELAY_MS_MAX {
        "a task's delay is longer than 30 days"
    } else if Class::try_from(task.class).is_err() {
        "no such class of tasks"
    } else {
        return Ok(());
    };
    Err(Status::invalid_argument(wrong))
}

/// Whether so many leases may come in one call.
pub(crate) fn leases(leases: &[LeaseId]) -> Result<(), Status> {
    match leases.len() > LEASES_MAX {
        true => Err(Status::invalid_argument("more than 1,000 leases in a call")),
        false => Ok(()),
    }
}

/// Whether so much progress may be noted.
pub(crate) fn progress(config: &Config, progress: Option<&[u8]>) -> Result<(), Status> {
    match progress.is_some_and(|bytes| bytes.len() > config.progress_bytes_max) {
        true => Err(Status::invalid_argument(
            "progress_bytes_max: a task's progress is too large",
        )),
        false => Ok(()),
    }
}
