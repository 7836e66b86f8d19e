//! What every service's process does before and after it serves.
//!
//! - [`Peers`]: channels to the services that this one calls, by name.
#![forbid(unsafe_code)]

mod peers;

pub use peers::Peers;
