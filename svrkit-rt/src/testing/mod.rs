//! Tests of services: a runtime whose clock waits for nobody, one seed for all randomness, and faults between client and server.
//!
//! - [`run_test`] (behind `#[svrkit::test]`) runs a test on one thread with a paused clock: sleeping costs nothing, and tasks take turns
//!   in the same order each time.
//! - [`serve`] puts a server behind a channel, in memory.
//! - [`faulty`] puts a bad network between a client and a server: frames are lost, late, out of order or damaged, connections are cut
//!   or closed one way, all after one seed.
//!
//! So a whole set of services runs in one test, and what happened in it can be made to happen again.

mod faults;
#[doc(hidden)]
pub mod probe;
mod relay;
mod run;
mod seed;
mod serving;

pub use faults::{Faults, faulty};
pub use run::{VIRTUAL_HOURS_MAX, run_seeded, run_test};
pub use seed::Seed;
pub use serving::{serve, serve_with};
