//! Numbers of groups, in sections that are reserved on disk before the first of them is given.

use crate::layout::{CEILING, NUMBERS, SCATTER_KEY, damaged, number, number_of};
use crate::rows::write;
use crate::scatter::scatter;
use im_engine::{Batch, Condition, Engine, Row, WriteError};
use im_idl::ids::GROUP_BIT;
use std::ops::Range;
use svrkit_rt::Status;
use tokio::sync::Mutex;

/// Tries to reserve a section while others reserve theirs.
const TRIES_MAX: u32 = 8;

pub(crate) struct Numbers {
    engine: Engine,
    step: u64,
    /// Held while the next is reserved, so that many who come meanwhile share it.
    section: Mutex<Section>,
}

/// Numbers that are reserved and not given yet.
#[derive(Default)]
struct Section {
    left: Range<u64>,
    /// What they are scattered by: drawn once for all sections of this disk.
    key: u64,
}

impl Numbers {
    pub(crate) fn new(engine: Engine, step: u64) -> Numbers {
        Numbers {
            engine,
            step,
            section: Mutex::default(),
        }
    }

    /// A number that was never given before.
    ///
    /// # Errors
    /// The engine's; `ResourceExhausted` when all are given.
    pub(crate) async fn take(&self) -> Result<u64, Status> {
        let mut section = self.section.lock().await;
        if section.left.is_empty() {
            *section = self.reserve().await?;
        }
        let number = section.left.start;
        section.left.start += 1;
        Ok(GROUP_BIT | scatter(number, section.key))
    }

    async fn reserve(&self) -> Result<Section, Status> {
        for _ in 0..TRIES_MAX {
            let rows = vec![CEILING, SCATTER_KEY];
            let got = self.engine.get(NUMBERS, rows, 0).await?;
            let (ceiling, key) = match &got.rows[..] {
                [Some(ceiling), Some(key)] => (value(ceiling)?, value(key)?),
                [None, None] => (0, fastrand::u64(..)),
                _ => return Err(damaged("the numbers of groups")),
            };
            let next = ceiling.saturating_add(self.step);
            if next > GROUP_BIT {
                return Err(Status::resource_exhausted("all group numbers are given"));
            }
            let batch = Batch::new(NUMBERS)
                .when(Condition::PartitionAt(got.version))
                .put(CEILING, number(next))
                .put(SCATTER_KEY, number(key));
            match write(&self.engine, batch).await {
                Ok(_) => {
                    let left = ceiling..next;
                    return Ok(Section { left, key });
                }
                Err(WriteError::Condition { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Status::aborted("others reserve numbers all the time"))
    }
}

fn value(row: &Row) -> Result<u64, Status> {
    match row.value.len() {
        8 => number_of(&row.value),
        _ => Err(damaged("the numbers of groups")),
    }
}
