//! Key-Table: a partition holds rows sorted by key; a batch on one partition is atomic, optionally conditional, and gives the
//! partition its next version.
//!
//! - [`KeyTable`]: what every engine does; [`Engine`] is one of them behind a pointer.
//! - [`open()`]: the engine of one machine, durable by group commit. `FORMAT.md` describes its files.
//! - [`memory()`]: rows in memory, for tests of what stands on an engine.
#![forbid(unsafe_code)]

mod batch;
mod choice;
mod error;
mod key_table;
mod local;
mod memory;
mod read;

pub use batch::{Batch, Condition, KEY_BYTES_MAX, Op, PARTITION_BYTES_MAX, VALUE_BYTES_MAX};
pub use choice::{EngineConfig, EngineKind};
pub use error::{EngineError, WriteError};
pub use key_table::{BoxFuture, Engine, EngineStats, KeyTable};
pub use local::{LocalConfig, OpenError, open};
pub use memory::memory;
pub use read::{Direction, Got, Page, Row, Scan, Version};
