//! The same in real time: servers and channels of svrkit, with handlers that sleep (E1, E2) or compute (E7).

mod cost;
mod servers;
mod tasks;

pub use cost::{Cost, measure_cost};
pub use tasks::run_live;

svrkit::idl!("proto/cipher.proto");
