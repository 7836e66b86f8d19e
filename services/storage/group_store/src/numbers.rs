//! Numbers of groups, in sections that are reserved on disk before the first of them is given.

use crate::layout::{CEILING, NUMBERS, damaged, number, number_of};
use crate::rows::write;
use im_engine::{Batch, Condition, Engine, WriteError};
use im_idl::ids::GROUP_BIT;
use std::ops::Range;
use svrkit_rt::Status;
use tokio::sync::Mutex;

/// Tries to reserve a section while others reserve theirs.
const TRIES_MAX: u32 = 8;

pub(crate) struct Numbers {
    engine: Engine,
    step: u64,
    /// What is left of the section. Held while the next is reserved, so that many who come meanwhile share it.
    section: Mutex<Range<u64>>,
}

impl Numbers {
    pub(crate) fn new(engine: Engine, step: u64) -> Numbers {
        // Nothing is reserved yet.
        let section = Mutex::new(0..0);
        Numbers {
            engine,
            step,
            section,
        }
    }

    /// A number that was never given before.
    ///
    /// # Errors
    /// The engine's; `ResourceExhausted` when all are given.
    pub(crate) async fn take(&self) -> Result<u64, Status> {
        let mut section = self.section.lock().await;
        if section.is_empty() {
            *section = self.reserve().await?;
        }
        let number = section.start;
        section.start += 1;
        Ok(GROUP_BIT | number)
    }

    async fn reserve(&self) -> Result<Range<u64>, Status> {
        for _ in 0..TRIES_MAX {
            let got = self.engine.get(NUMBERS, vec![CEILING], 0).await?;
            let ceiling = match &got.rows[..] {
                [Some(row)] if row.value.len() == 8 => number_of(&row.value)?,
                [None] => 1,
                _ => return Err(damaged("the ceiling of numbers")),
            };
            let next = ceiling.saturating_add(self.step);
            if next > GROUP_BIT {
                return Err(Status::resource_exhausted("all group numbers are given"));
            }
            let batch = Batch::new(NUMBERS)
                .when(Condition::PartitionAt(got.version))
                .put(CEILING, number(next));
            match write(&self.engine, batch).await {
                Ok(_) => return Ok(ceiling..next),
                Err(WriteError::Condition { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Status::aborted("others reserve numbers all the time"))
    }
}
