//! What every service's process does before and after it serves.
//!
//! - [`Role`], [`ROLES`]: the services there are, and who calls whom.
//! - [`Settings`]: file, environment and flags; [`follow`] them as they change. [`Addresses`]: where services are; [`Listen`]: where clients find them. [`Peers`]: channels to those that one calls.
//! - [`AuthSettings`]: how services show each other who they are, and who may call whom.
//! - [`Calls`]: how services call each other. [`AdmissionSettings`]: what a process does when they call it too often. [`Gray`]: whose calls meet
//!   a release that is being tried.
//! - [`RunningAdmin`]: where a process tells of itself, and what services have it tell ([`Told`]).
//! - [`Start`]: what a service is started with. [`process`]: a service as a process of its own. [`Life`]: its end, and its successor.
//! - [`Counters`]: where a process counts, for agents to read. [`RecordConfig`]: where requests are recorded.
//! - [`Otlp`]: the collector that a process reports to, if there is one.
//! - [`Notifier`]: news on its way to the push service, gathered while a call is under way.
#![forbid(unsafe_code)]

mod addresses;
mod admin;
mod admission;
mod auth;
mod calls;
mod counters;
mod files;
mod gray;
mod life;
mod listen;
mod log;
mod notifier;
mod otlp;
mod peers;
pub mod process;
mod record;
mod reload;
mod reloadable;
mod roles;
mod settings;
mod start;

pub use addresses::{Addresses, Place, listen};
pub use admin::{AdminConfig, RunningAdmin, Told};
pub use admission::AdmissionSettings;
pub use auth::{AuthSettings, Authentication};
pub use calls::Calls;
pub use counters::{Counters, open_counters};
pub use gray::{Gray, GrayNow, GrayRule};
pub use life::Life;
pub use listen::{Listen, Listeners};
pub use notifier::{Notifier, merge};
pub use otlp::{Exporting, Otlp, export};
pub use peers::Peers;
pub use process::main;
pub use record::RecordConfig;
pub use reload::follow;
pub use roles::{Layer, ROLES, Role};
pub use settings::{Settings, SettingsError};
pub use start::{Start, StartError};
