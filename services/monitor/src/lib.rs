//! Id-value monitoring of the backend: an agent on every machine, and a centre that keeps what they report.
//!
//! - [`history`]: the past of every series, as alarms, mails and pages ask for it.
#![forbid(unsafe_code)]

mod definition;
pub mod history;
mod store;
