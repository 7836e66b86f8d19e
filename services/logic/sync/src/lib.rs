//! What is newer than a snapshot.
//!
//! Owns what a snapshot means, and what old clients see; keeps nothing. Calls `account_store`, `contact_store`, `group_store` and
//! `message_store`.
//!
//! # What holds
//!
//! - A snapshot says up to which version of each kind of data a device has everything. An answer's snapshot covers no more than what the
//!   device had, and what came with it.
//! - Presenting a snapshot is the acknowledgement: the message store hears of it with the same call that reads what is newer.
//! - A snapshot is bound to its user and device by its content; another one's, an unreadable or an empty one is that of a device that has
//!   nothing. It is not signed: one that is forged hurts only him who presents it, since versions only say which of his own rows come.
//! - Rewriting for old clients happens here (`old_client`), and nowhere else.
#![forbid(unsafe_code)]

mod config;
mod deps;
mod figures;
mod kinds;
mod latest;
mod names;
mod old_client;
mod service;
mod snapshot;
mod start;
mod stores;

pub use config::Config;
pub use deps::Deps;
pub use service::build;
pub use start::start;
