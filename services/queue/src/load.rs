//! A queue's state from its rows.

use crate::config::Config;
use crate::rows::{
    self, LIFE_KEY, Part, REMEMBERED_PREFIX, Remembered, Retry, Stored, TASK_PREFIX,
};
use crate::state::{Found, State};
use bytes::Bytes;
use im_engine::{Batch, Condition, Engine, Row, Scan, Version};
use prost::Message;
use std::sync::Arc;
use svrkit_rt::Status;
use svrkit_rt::clock::now_ms;

/// Begins a new life of a queue, and reads its tasks, a page at a time. From here on no earlier life can write, nor this one once a
/// later begins: the version of the life's row is asked for by every write.
///
/// # Errors
/// Those of the engine; `DataLoss` when a row is not what was written; `Aborted` when another life began at the same time.
pub(crate) async fn load(
    engine: &Engine,
    partition: &Bytes,
    config: Arc<Config>,
) -> Result<(State, Version), Status> {
    let (life, version) = begin(engine, partition).await?;
    let mut state = State::new(config, life);
    let mut pages = Scan::prefix(partition.clone(), REMEMBERED_PREFIX);
    while let Some(rows) = page(engine, &mut pages).await? {
        for row in rows {
            let ended_ms = rows::remembered_ms(&row.key).ok_or_else(|| damaged(&row))?;
            let remembered = Remembered::decode(row.value).map_err(damage)?;
            let ids = remembered.dedupe_ids.iter();
            ids.for_each(|id| state.restore_ended(id, ended_ms));
        }
    }
    let now_ms = now_ms();
    let mut pages = Scan::prefix(partition.clone(), TASK_PREFIX);
    // A task's rows may stand on two pages.
    let mut found: Option<Found> = None;
    while let Some(rows) = page(engine, &mut pages).await? {
        for row in rows {
            let task = rows::task_of(&row.key).ok_or_else(|| damaged(&row))?;
            match (task, found.as_mut().filter(|found| found.id == task.0)) {
                ((id, Part::Stored), _) => {
                    let next = Found::new(id, row.value)?;
                    let last = found.replace(next);
                    last.into_iter().for_each(|f| state.restore(f, now_ms));
                }
                ((_, Part::Retry), Some(found)) => {
                    found.retry = Some(Retry::decode(row.value).map_err(damage)?);
                }
                ((_, Part::Progress), Some(found)) => found.progress = true,
                // All rows of a task are written and deleted together.
                (_, None) => return Err(damaged(&row)),
            }
        }
    }
    found.into_iter().for_each(|f| state.restore(f, now_ms));
    Ok((state, version))
}

impl Found {
    fn new(id: u64, row: Bytes) -> Result<Found, Status> {
        let stored = Stored::decode(row.clone()).map_err(damage)?;
        Ok(Found {
            id,
            row,
            stored,
            retry: None,
            progress: false,
        })
    }
}

/// The number of the life that begins, and the version of its row.
async fn begin(engine: &Engine, partition: &Bytes) -> Result<(u64, Version), Status> {
    let key = Bytes::from_static(LIFE_KEY);
    let got = engine.get(partition.clone(), vec![key.clone()], 0).await?;
    let before = got.rows.into_iter().flatten().next();
    let (lives, condition) = match before {
        None => (0, Condition::Absent { key: key.clone() }),
        Some(row) => {
            let lives = row.value[..].try_into().map_err(|_| damaged(&row))?;
            let (key, version) = (key.clone(), row.version);
            (u64::from_be_bytes(lives), Condition::RowAt { key, version })
        }
    };
    let life = lives + 1;
    let value = Bytes::copy_from_slice(&life.to_be_bytes());
    let batch = Batch::new(partition.clone())
        .when(condition)
        .put(key, value);
    let written = engine.write(vec![batch]).await.into_iter().next();
    let version = written.ok_or_else(|| Status::internal("an engine without an answer"))??;
    Ok((life, version))
}

/// The next rows of a scan, which moves on behind them; `None` behind the last.
async fn page(engine: &Engine, scan: &mut Scan) -> Result<Option<Vec<Row>>, Status> {
    let page = engine.scan(scan.clone()).await?;
    let Some(last) = page.rows.last() else {
        return Ok(None);
    };
    scan.from = [&last.key[..], &[0]].concat().into();
    Ok(Some(page.rows))
}

fn damaged(row: &Row) -> Status {
    let message = format!("a queue's row {} is damaged", row.key.escape_ascii());
    Status::new(svrkit_rt::Code::DataLoss, message)
}

fn damage(error: prost::DecodeError) -> Status {
    Status::new(svrkit_rt::Code::DataLoss, format!("a queue's row: {error}"))
}
