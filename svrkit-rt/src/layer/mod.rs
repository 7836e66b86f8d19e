//! The layers that every server has, and those that one may add.

mod catch_panic;
mod deadline;
mod limit;
mod stack;
mod trace;

pub(crate) use catch_panic::CatchPanic;
pub(crate) use deadline::ServeDeadline;
pub use limit::{ConcurrencyLimit, ConcurrencyLimited};
pub use stack::{Around, Plain};
pub(crate) use trace::ServeTrace;
