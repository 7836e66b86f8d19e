//! What every service's process does before and after it serves.
//!
//! - [`Peers`]: channels to the services that this one calls, by name.
//! - [`Notifier`]: news on its way to the push service, gathered while a call is under way.
#![forbid(unsafe_code)]

mod notifier;
mod peers;

pub use notifier::{Notifier, merge};
pub use peers::Peers;
