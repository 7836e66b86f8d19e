//! Client SDK of the messaging backend, and the terminal client that is made of it.
//!
//! # The path of a message
//!
//! [`Client::send`] keeps the message in the [`LocalStore`] first, then the client's one task (`driver`) sends it over the long link,
//! one unanswered message a chat, and again with the same id until the server has answered for good. What others sent comes the other
//! way: a notify says that there is news, the task syncs from its snapshot, keeps snapshot and messages in one [`Record`], and only then
//! shows them in [`State`] and as [`Event`]s.
//!
//! # Parts
//!
//! - [`Client`], made by [`ClientBuilder`]: a cheap handle; its task ends when the last handle is dropped.
//! - [`Request`]: what can be asked, with its answer; the table comes from the IDL's descriptors.
//! - [`Link`]: Mars' frames over any byte pipe. Load generators use it without the rest.
//! - [`State`], [`Record`], [`LocalStore`] with [`FileStore`] and [`MemoryStore`]: what a device knows, and how it is kept.
//! - Pure rules: [`Backoff`], [`Heartbeat`], [`News`], [`Outbox`], [`Verdict`].
//! - [`chat`]: the terminal client.
//!
//! # Invariants
//!
//! - A snapshot is never kept before the messages that it covers: both are one record, whole or not there.
//! - A message that [`Client::send`] accepted is sent until it is acknowledged or refused for good, also by the next process.
//! - At most one message a chat is unanswered, so messages of a chat arrive in the order they were sent.
//! - A kick ends the reconnecting, until somebody logs in again.
#![forbid(unsafe_code)]

mod backoff;
mod builder;
pub mod chat;
mod client;
mod config;
mod connect;
mod driver;
mod event;
mod heartbeat;
mod link;
mod news;
mod outbox;
mod request;
mod shared;
mod store;
mod verdict;

pub use backoff::{Backoff, BackoffConfig};
pub use builder::ClientBuilder;
pub use client::{Client, Registration, Sent};
pub use config::Config;
pub use connect::Tcp;
pub use event::{Event, Events};
pub use heartbeat::{Heartbeat, HeartbeatConfig};
pub use link::{
    BODY_BYTES_MAX, CLIENT_VERSION, Frame, FrameError, HEAD_BYTES, Link, LinkError, SEQ_HEARTBEAT,
    SEQ_PUSH, decode_frame, encode_frame,
};
pub use news::News;
pub use outbox::Outbox;
pub use request::{Answer, Request};
pub use store::{
    Chat, FileStore, Identity, LocalStore, MemoryStore, Message, Outgoing, Record, Settled, State,
    Unread,
};
pub use verdict::Verdict;
