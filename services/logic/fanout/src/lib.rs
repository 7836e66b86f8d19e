//! Group messages to their members' inboxes.
//!
//! Owns nothing that lasts. Takes tasks of queue `fanout`, keyed by group, and calls: the queue, the group store (who is in a group), the
//! message store (rows into inboxes), the push service (who has news).
//!
//! # Path of a task
//!
//! A `worker` takes a run of one group's tasks, in the order of the group's log. The `delivery` of a run: the group's `members`, from
//! memory when the task says at which version; rows of all its tasks into some batches of members' inboxes, by one call each and at once; news
//! to them; the `progress` noted in the queue; the next batches; at the end those who get a row beside the members; then the tasks are
//! finished.
//!
//! # Invariants
//!
//! - An inbox takes a group's rows only in the order of the log, so one group is worked on by one worker, rows rise, and no member is
//!   passed over: whoever's rows were not written is asked again, and if that is of no use the whole run goes back to the queue.
//! - Repeating any step does no harm. A worker that ends anywhere is followed by another that goes on at the noted progress, as soon as
//!   its lease has run out: leases are short, and renewed while a run is delivered.
//! - What fails because a peer is away or busy is no failure of the task: it waits in the queue and is never dead of it. What the store
//!   refuses, or one inbox that cannot be written while others can, climbs the queue's ladder.
//! - The fewer succeed, the fewer are tried at once: the number of workers halves with failures and grows back.
#![forbid(unsafe_code)]

mod config;
mod delivery;
mod deps;
mod figures;
mod members;
mod news;
mod pause;
mod progress;
mod service;
mod start;
mod tasks;
mod throttle;
mod trouble;
mod worker;

pub use config::Config;
pub use deps::Deps;
pub use service::build;
pub use start::start;
