//! Clients: a channel, the fleet of instances behind it, whom of them to ask and when to ask again, and the connections to them.

mod answered;
mod backoff;
mod balance;
mod blocking;
mod callee;
mod channel;
mod config;
mod connection;
mod core;
mod counting;
mod discover;
mod endpoint;
mod fleet;
#[cfg(feature = "auth")]
mod identify;
mod lane;
mod retry;
mod slots;
mod stable_hash;
mod streams;
mod usual;
mod watch;

pub use balance::Balance;
pub(crate) use blocking::block_on;
pub(crate) use channel::WayOut;
pub use channel::{Base, Channel, ChannelBuilder, Through};
pub use config::{BreakerConfig, ChannelConfig, HedgeConfig, RetryConfig};
pub use discover::{Announce, Discover, Dns, EndpointsError, EndpointsFile, parse_endpoints};
#[cfg(feature = "etcd")]
pub use discover::{Etcd, Registration};
pub use endpoint::{Connect, Endpoint, WEIGHT_MAX};
pub use watch::{ChannelState, ChannelWatch, InstanceState, Observed, Standing};
