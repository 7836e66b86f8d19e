//! Clients: a channel, the endpoints it knows, their lanes, and the connections on them.

mod backoff;
mod blocking;
mod channel;
mod config;
mod connection;
mod counting;
mod endpoint;
mod lane;
mod slots;

pub(crate) use blocking::block_on;
pub use channel::{Base, Channel, ChannelBuilder, Through};
pub use config::ChannelConfig;
pub use endpoint::{Connect, Endpoint};
