//! Which calls are made a second time, and how many.

mod budget;
mod rule;

pub(super) use budget::{Allowance, Budget};
pub(super) use rule::{Attempt, Verdict, verdict};
