//! Tasks as callers see them, from memory or from their rows.

use crate::rows::{self, Part, Retry, Stored};
use crate::state::Given;
use bytes::Bytes;
use im_engine::Engine;
use im_idl::queue::{Dead, Leased, Task};
use prost::Message;
use svrkit_rt::{Code, Status};

/// Tasks given to a worker, with what is not in memory of them.
pub(crate) async fn leased(
    engine: &Engine,
    queue: &str,
    given: &[Given],
) -> Result<Vec<Leased>, Status> {
    let mut keys = Vec::new();
    for given in given {
        if given.row.is_none() {
            keys.push(rows::task_key(given.id, Part::Stored));
        }
        if given.progress {
            keys.push(rows::task_key(given.id, Part::Progress));
        }
    }
    let mut read = values(engine, queue, keys).await?.into_iter();
    let mut tasks = Vec::with_capacity(given.len());
    for given in given {
        let row = match &given.row {
            Some(row) => Some(row.clone()),
            None => read.next().flatten(),
        };
        let progress = if given.progress {
            read.next().flatten()
        } else {
            None
        };
        let stored = stored(row, given.id)?;
        tasks.push(Leased {
            id: given.id,
            lease: given.lease,
            attempt: given.attempt,
            enqueued_ms: stored.enqueued_ms,
            progress: progress.unwrap_or_default(),
            task: Some(task(queue, stored)),
        });
    }
    Ok(tasks)
}

/// Dead tasks. One that was replayed or thrown away meanwhile is left out.
pub(crate) async fn dead(engine: &Engine, queue: &str, ids: &[u64]) -> Result<Vec<Dead>, Status> {
    let parts = |id: &u64| [Part::Stored, Part::Retry].map(|part| rows::task_key(*id, part));
    let read = values(engine, queue, ids.iter().flat_map(parts).collect()).await?;
    let mut dead = Vec::with_capacity(ids.len());
    for (id, rows) in ids.iter().zip(read.chunks_exact(2)) {
        let (Some(row), Some(retry)) = (&rows[0], &rows[1]) else {
            continue;
        };
        let retry = Retry::decode(retry.clone()).map_err(|_| damaged(*id))?;
        let stored = stored(Some(row.clone()), *id)?;
        dead.push(Dead {
            id: *id,
            task: Some(task(queue, stored)),
            error: retry.error,
            died_ms: retry.died_ms,
            attempts: retry.attempt,
        });
    }
    Ok(dead)
}

async fn values(
    engine: &Engine,
    queue: &str,
    keys: Vec<Bytes>,
) -> Result<Vec<Option<Bytes>>, Status> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let got = engine.get(rows::partition(queue), keys, 0).await?;
    Ok(got.rows.into_iter().map(|row| Some(row?.value)).collect())
}

fn stored(row: Option<Bytes>, id: u64) -> Result<Stored, Status> {
    let row = row.ok_or_else(|| damaged(id))?;
    Stored::decode(row).map_err(|_| damaged(id))
}

fn task(queue: &str, stored: Stored) -> Task {
    Task {
        queue: queue.to_owned(),
        delay_ms: stored.due_ms.saturating_sub(stored.enqueued_ms),
        key: stored.key,
        payload: stored.payload,
        dedupe_id: stored.dedupe_id,
        class: stored.class,
        expires_ms: stored.expires_ms,
    }
}

fn damaged(id: u64) -> Status {
    Status::new(Code::DataLoss, format!("task {id} cannot be read"))
}
