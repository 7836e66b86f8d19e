//! Long link, short link and WebSocket: connections, nothing else.
//!
//! Owns the links of clients, and nothing that outlives them. Calls the services whose methods clients may call, without knowing any of
//! them: a method with option `cgi` in the IDL is served by its command id on links and at its path on the short link. Beside these,
//! `account` (whose ticket it is), `session` (who is where), `push` (news and kicks) and `sync` (what is newest).
//!
//! # Invariants
//!
//! - Who calls is known by ticket. Nothing that a client sends becomes caller, priority, routing key or metadata of a call.
//! - A refusal is an answer with the same command and seq, and never closes a link. What closes one: no frame of Mars', silence, a
//!   client that does not read, a kick.
//! - A second login of a device ends the older link, whichever node holds it, and never the newer.
//! - A push is the newest versions and a dirty bit a link; a client that does not read costs no more than one that does.
//! - A lost push costs one heartbeat: its answer carries the newest versions known, and what is newer is looked up after it.
//! - An idle link holds no buffer, no queue and no timer.
//!
//! # Parts
//!
//! [`Access`] runs a node with its [`Config`], [`Deps`] and [`Listeners`], and tells its [`Stats`]. Inside: `frame` (Mars' bytes),
//! `link` (one link), `short` (HTTP), `websocket`, `routes` (the table out of the IDL), `presence` (session), `news` (push), `checks`
//! (heartbeats), `tickets`, `doors` and `rates` (limits), `wheel` (time).
#![forbid(unsafe_code)]

mod accept;
mod access;
mod buffers;
mod checks;
mod config;
mod deps;
mod doors;
mod entry;
mod frame;
mod handle;
mod link;
mod links;
mod news;
mod node;
mod presence;
mod priority;
mod rates;
mod refusals;
mod routes;
mod short;
mod start;
mod stats;
mod tickets;
mod turnstile;
mod waves;
mod websocket;
mod wheel;

pub use access::{Access, Listeners};
pub use config::Config;
pub use deps::Deps;
pub use start::{serve, start};
pub use stats::Stats;

/// Domain of this layer's own reasons.
const DOMAIN: &str = "im.access";
