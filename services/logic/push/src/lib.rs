//! News and kicks, to the access nodes that hold the links.
//!
//! Owns what is on its way, in memory only: news that gather until the next lookup, and a mailbox for each access node, which the node
//! empties by a long poll. Calls the session service to learn whose links are where; nobody is called upwards.
//!
//! ```text
//! Notify ──> gathering ──one Lookup at a time──> mailbox of each node ──Wait──> access node
//! Kick   ──> a task that looks several times ──> mailbox ─┘
//! ```
//!
//! Invariants:
//!
//! - News are a dirty flag: newest versions, never data, one entry a link however many there were. Under load they cost less each.
//! - News may be lost, a kick not before its time is over: kicks stay when news must go, and are looked for again and again.
//! - What was answered to a node stays until the node acknowledges it.
//! - A node whose mailbox lost something sees another epoch, and compares the versions of all its links.
//!
//! Parts: [`Config`], [`Deps`], [`build`]; the pure rules are in `gathering`, `mailbox` and `kick`.
#![forbid(unsafe_code)]

mod config;
mod delivery;
mod gathering;
mod kick;
mod mailbox;
mod mailboxes;
mod service;
mod start;

pub use config::Config;
pub use service::{Deps, build};
pub use start::start;
