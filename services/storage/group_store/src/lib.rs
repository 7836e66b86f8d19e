//! Groups, their members, and each user's list of groups, on disk.
//!
//! - Owns: groups (info, members, questions of those who want in), users' group lists, and the numbers of groups. `FORMAT.md` tells how they
//!   lie in the engine. Calls nobody.
//! - A change is one conditional batch on the group, then a batch on the list of each user that it concerns (`change`, `pending`,
//!   `lists`); `numbers` gives groups their numbers, `scatter` keeps them from being guessed.
//!
//! # Invariants
//!
//! - `Info.members` is the number of members, whatever a caller writes there.
//! - A list shows a membership as the group has it, or will as soon as the engine writes again: what a change owes to lists is written down
//!   before the change, and paid by the next that touches the group, by a loop, or at the next start.
//! - A list never goes from a newer state of a group to an older one.
//! - No number is given to two groups.
//!
//! Whether a change is *allowed* is not decided here.
#![forbid(unsafe_code)]

mod change;
mod config;
mod layout;
mod lists;
mod numbers;
mod pending;
mod rows;
mod scatter;
mod service;
mod start;

pub use config::Config;
pub use service::{Deps, build};
pub use start::start;
