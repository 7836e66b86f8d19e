//! The store: what agents reported, for two years. `FORMAT.md` describes its files.
//!
//! A report is written to the `log` and synced, then taken into the `state`, then answered. The state has, for each series, where it
//! stood last and a `head` a tier: the newest `page`s. From time to time a `checkpoint` puts full pages into `block`s and the rest of
//! the state into one file, and the log begins anew. Questions are `answers` from heads and blocks.

mod answers;
mod block;
mod checkpoint;
mod chunk;
mod column;
mod head;
mod log;
mod open;
mod page;
mod past;
mod placing;
mod records;
mod rice;
mod sample;
mod state;
mod steps;
mod taking;
#[cfg(test)]
mod tests;
mod varint;
mod writing;

pub use past::Past;
pub(crate) use state::Reading;
pub(crate) use taking::{Bounds, Taken};
pub(crate) use writing::Store;
