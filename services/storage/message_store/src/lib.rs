//! Inboxes and message bodies, on disk.
//!
//! Owns, over a Key-Table engine: each user's inbox with how far each of his devices is, and each group's log. Calls nobody. `FORMAT.md`
//! describes the rows.
//!
//! # What holds
//!
//! - An inbox's sequence is its partition's version: strictly rising, never given twice, whatever crashes. So there is no service that gives
//!   out sequence numbers.
//! - A message is there once: the batch that writes it writes its dedupe row, on the condition that there is none. A dedupe row lives at
//!   least 24 h, at most 48 h.
//! - A group's message is there once, in the group's log; inboxes have rows that speak of it, and each remembers the last it got.
//! - An entry goes when all devices of the user have presented a version at or above its own, or when it is too old. A device is known
//!   durably before its first answer.
//! - What is only cleaning up leaves versions alone, so nobody takes it for news.
//! - Positions are noted in memory and written every few seconds: a crash makes entries stay longer, never shorter.
#![forbid(unsafe_code)]

mod append;
mod bodies;
mod config;
mod devices;
mod fan_out;
mod fanned;
mod figures;
mod flush;
mod layout;
mod leave;
mod read;
mod recall;
mod receipt;
mod resident;
mod row;
mod service;
mod start;
mod store;
mod sweep;

pub use config::Config;
pub use service::{Deps, build};
pub use start::start;
