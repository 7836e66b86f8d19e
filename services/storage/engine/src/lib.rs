//! Key-Table: a partition holds rows sorted by key; a batch on one partition is atomic, optionally conditional, and gives the
//! partition its next version.
//!
//! - [`KeyTable`]: what every engine does; [`Engine`] is one of them behind a pointer.
//! - [`memory()`]: rows in memory, for tests of what stands on an engine.
#![forbid(unsafe_code)]

mod batch;
mod error;
mod key_table;
mod memory;
mod read;

pub use batch::{Batch, Condition, Op};
pub use error::{EngineError, WriteError};
pub use key_table::{BoxFuture, Engine, EngineStats, KeyTable};
pub use memory::memory;
pub use read::{Direction, Got, Page, Row, Scan, Version};
