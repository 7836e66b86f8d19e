//! Overload control after DAGOR (Overload Control for Scaling WeChat Microservices, SoCC 2018): what to take when not everything can be done.
//!
//! A server that has too much to do is recognised by how long requests wait for it, and by nothing else: latency would blame whoever calls
//! an overloaded service, and processor time whoever is merely busy. What it then takes is decided by [`Priority`](crate::Priority),
//! business level before user level, and not by chance: a task needs many calls, and if each of four is refused with a chance of one half,
//! one task of sixteen gets through, whereas a user who is admitted is admitted by all.
//!
//! # Parts
//!
//! - [`Policy`]: what every way to decide has in common. It is told time and randomness, so that the same code runs under a server
//!   ([`crate::Admission`]) and in a simulation (`examples/overload`, which compares seven of them).
//! - [`Dagor`]: the default. [`AdmitAll`]: none.
//! - [`Level`]: a priority as a number. [`UserLevels`]: which users come first this hour, for those who stamp priorities.
//! - [`QueueTarget`]: how long requests may wait. [`PeerLevel`]: what a caller remembers of a callee's answers.
//!
//! The path of a request through them stands at `server::admission`.

mod dagor;
mod level;
mod peer;
mod policy;
mod queue_target;
mod siphash;
mod user_level;

pub use dagor::{Dagor, DagorConfig};
pub use level::{Level, USER_LEVELS};
pub use peer::PeerLevel;
pub use policy::{AdmitAll, End, Policy, Wait};
pub use queue_target::QueueTarget;
pub use user_level::UserLevels;
