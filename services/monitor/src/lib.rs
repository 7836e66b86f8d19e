//! Id-value monitoring of the backend: an agent on every machine, and a centre that keeps what they report.
//!
//! - [`history`]: the past of every series, as alarms, mails and pages ask for it.
//! - [`plan`]: what is watched and who is told, as one file says it.
//! - [`alarms`]: rules, states, notices; pure. [`keeper`]: the task that keeps them. [`sinks`]: where people are told.
//! - [`mail`]: yesterday, once a day.
#![forbid(unsafe_code)]

pub mod alarms;
mod calendar;
pub mod commands;
mod definition;
pub mod history;
pub mod keeper;
pub mod mail;
pub mod plan;
pub mod sinks;
mod store;

pub use calendar::{Date, Zone};
