//! What every service's process does before and after it serves.
//!
//! - [`Role`], [`ROLES`]: the services there are, and who calls whom.
//! - [`Settings`]: file, environment and flags; [`follow`] them as they change. [`Addresses`]: where services are; [`Listen`]: where clients find them. [`Peers`]: channels to those that one calls.
//! - [`RunningAdmin`]: where a process tells of itself, and what services have it tell ([`Told`]).
//! - [`Start`]: what a service is started with. [`process`]: a service as a process of its own.
//! - [`Counters`]: where a process counts, for agents to read.
//! - [`Notifier`]: news on its way to the push service, gathered while a call is under way.
#![forbid(unsafe_code)]

mod addresses;
mod admin;
mod counters;
mod listen;
mod log;
mod notifier;
mod peers;
pub mod process;
mod reload;
mod reloadable;
mod roles;
mod settings;
mod start;

pub use addresses::{Addresses, listen};
pub use admin::{AdminConfig, RunningAdmin, Told};
pub use counters::{Counters, open_counters};
pub use listen::{Listen, Listeners};
pub use notifier::{Notifier, merge};
pub use peers::Peers;
pub use process::main;
pub use reload::follow;
pub use roles::{Layer, ROLES, Role};
pub use settings::{Settings, SettingsError};
pub use start::{Start, StartError};
