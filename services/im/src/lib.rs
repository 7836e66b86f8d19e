//! The whole backend: every service in one process ([`OneProcess`]), or each in a process of its own under one supervisor ([`Split`]),
//! with the same settings.
#![forbid(unsafe_code)]

mod edges;
mod one_process;
mod role;
mod services;
mod split;
mod whole;

pub use one_process::OneProcess;
pub use role::run_role;
pub use services::start_role;
pub use split::{Child, Split};
pub use whole::Whole;
