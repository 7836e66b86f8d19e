//! Id-value monitoring of the backend: an agent on every machine, and a centre that keeps what they report.
//!
//! - [`start_agent`]: reads the counters of a machine's processes and reports where they stand. [`Centre`]: takes reports, keeps them in a
//!   store of its own (`FORMAT.md`), and shows them ([`Past`]); its page is in `web/`.
//! - [`history`]: the past of every series, as alarms, mails and pages ask for it.
//! - [`plan`]: what is watched and who is told, as one file says it.
//! - [`alarms`]: rules, states, notices; pure. [`keeper`]: the task that keeps them. [`sinks`]: where people are told.
//! - [`mail`]: yesterday, once a day.
#![forbid(unsafe_code)]

mod agent;
pub mod alarms;
mod calendar;
mod centre;
pub mod commands;
mod config;
mod definition;
pub mod history;
pub mod keeper;
pub mod mail;
pub mod plan;
pub mod sinks;
mod store;

pub use agent::{AgentDeps, build_agent, start_agent};
pub use calendar::{Date, Zone};
pub use centre::{Centre, Deps, open_past, serve, start};
pub use config::{AgentConfig, Config};
pub use definition::series_id;
pub use store::Past;
