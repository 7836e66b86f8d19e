//! Who is on which access node.
//!
//! Owns the table of live links, in memory only, and calls nobody. Access nodes tell it of their links in batches and renew a lease; the
//! push service looks up whose links are where.
//!
//! Invariants:
//!
//! - A device of a user has at most one link: the one opened later stays, and whoever registered is told of the other.
//! - A link is in the table only as long as its node's lease holds.
//! - A restart loses the table and changes the epoch; a node sees either by the answer to its next renewal, and registers all again.
//!   So nothing here is written to disk, and until then the worst is a heartbeat's delay.
//!
//! Parts: [`Config`], [`Deps`], [`build`]; the rules are in `table`, the calls in `service`.
#![forbid(unsafe_code)]

mod config;
mod service;
mod start;
mod table;
#[cfg(test)]
mod table_model;

pub use config::Config;
pub use service::{Deps, build};
pub use start::start;
