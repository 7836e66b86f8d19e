//! Sending, recalling, receipts.
//!
//! Owns the rules of who may say what to whom; keeps nothing. Calls `message_store`, `contact_store`, `group_store` and `account_store`, puts
//! group messages into `queue` for the fan-out, and tells `push` who has news.
//!
//! # What holds
//!
//! - A message is durable when its sender is answered: a single one in the receiver's inbox; a group's one in the group's log, with its task
//!   in the queue.
//! - The same message sent again, also after a refusal by a full queue, is the same message.
//! - A group's tasks are in the queue in the order of its log, whoever's calls overtake each other.
//! - News are told without waiting for anybody. They may be lost; heartbeats repair it.
#![forbid(unsafe_code)]

mod config;
mod content;
mod deps;
mod fanout_tasks;
mod figures;
mod permission;
mod service;
mod start;

pub use config::Config;
pub use deps::Deps;
pub use service::build;
pub use start::start;
