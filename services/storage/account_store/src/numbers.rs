//! Sections of numbers.

use crate::refused::Refused;
use crate::rows;
use im_engine::{Batch, Condition, Engine, Version, WriteError};
use im_idl::ids::{GROUP_BIT, UIN_MIN};
use std::ops::Range;
use svrkit_rt::Status;
use tokio::sync::Mutex;

/// Stores on one engine that may take a section before this one gets its own.
const ATTEMPTS_MAX: usize = 8;

/// Numbers that nobody has had.
pub(crate) struct Numbers {
    step: u64,
    /// Taken durably, not yet given. The lock is held while a section is taken: whoever needs a number then needs that section.
    section: Mutex<Range<u64>>,
}

impl Numbers {
    pub(crate) fn new(step: u64) -> Numbers {
        Numbers {
            step: step.max(1),
            section: Mutex::new(0..0),
        }
    }

    /// The next number.
    pub(crate) async fn next(&self, engine: &Engine) -> Result<u64, Status> {
        let mut section = self.section.lock().await;
        if section.is_empty() {
            *section = take(engine, self.step).await?;
        }
        let number = section.start;
        section.start += 1;
        Ok(number)
    }
}

/// The smallest number that nobody has taken.
pub(crate) async fn next(engine: &Engine) -> Result<u64, Status> {
    Ok(read(engine).await?.0)
}

/// That, and the version of the row that says so.
async fn read(engine: &Engine) -> Result<(u64, Version), Status> {
    let keys = vec![rows::NEXT_NUMBER];
    let got = engine.get(rows::NUMBERS, keys, 0).await?;
    match got.rows.first().and_then(Option::as_ref) {
        Some(row) => Ok((rows::read_number(&row.value)?, got.version)),
        None => Ok((UIN_MIN, got.version)),
    }
}

async fn take(engine: &Engine, step: u64) -> Result<Range<u64>, Status> {
    for _ in 0..ATTEMPTS_MAX {
        let (next, version) = read(engine).await?;
        let ceiling = next.saturating_add(step).min(GROUP_BIT);
        if next >= ceiling {
            return Err(Refused::NumbersMax.into());
        }
        let batch = Batch::new(rows::NUMBERS)
            .when(Condition::PartitionAt(version))
            .put(rows::NEXT_NUMBER, rows::number(ceiling));
        match crate::service::write(engine, batch).await {
            Ok(_) => return Ok(next..ceiling),
            Err(WriteError::Condition { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Refused::Changed.into())
}
