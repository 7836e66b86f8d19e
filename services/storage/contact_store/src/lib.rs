//! Contact lists, on disk.
//!
//! It owns what everybody sees of everybody: a partition for each owner, a row for each peer. It calls nobody; rows are in an engine,
//! and `FORMAT.md` says how they look. What a change of relation means is decided above; here is only kept what was decided, under the
//! condition that nothing changed in between.
//!
//! # Invariants
//!
//! - The version of a list is that of its partition: it rises with each change and tells sync what is new.
//! - A list holds at most `contacts_max` contacts and `questions_max` unanswered questions. Questions have a bound of their own, so that
//!   a flood of strangers does not take the room of friends.
//! - Both sides of a pair are looked at before either is written; a crash, or somebody else's change in that moment, may still leave one
//!   of them. Repeating the operation repairs that.
//! - What is gone stays as a tombstone, so that devices hear of it; the oldest go beyond `tombstones_max`, and a device that slept
//!   through so many keeps a name to which it may not write.
//!
//! # Parts
//!
//! - [`build`]: the service over an engine. `pairs`, `erasure`, `sweep`: its writing methods.
//! - `row`, `head`: what rows hold. `change`: from what is there to a batch. `list`: what changed after a version.
#![forbid(unsafe_code)]

mod change;
mod config;
mod erasure;
mod head;
mod list;
mod pairs;
mod refused;
mod row;
mod service;
mod start;
mod sweep;

pub use config::Config;
pub use refused::Refused;
pub use service::{Deps, build};
pub use start::start;
