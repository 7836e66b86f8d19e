//! Durable tasks: in order a key, at once across keys, at least once each.
//!
//! Owns a partition of its engine for each queue, and calls nobody. Producers enqueue; workers take tasks under a lease, and finish
//! them, fail them, or let the lease run out. What is answered is durable.
//!
//! # Parts
//!
//! `service` checks a call and sends it to the queue's `owner`, a task that has the queue's `state` to itself. The owner decides many
//! calls, makes their changes durable in one batch, applies them, and answers; while a batch is being written the next gathers. `state`
//! holds all rules and does no IO; `rows` says what stands in the engine; `load` makes a state of it.
//!
//! # Order
//!
//! A task is given out when it is the first of its key and its time has come: a delay, and the wait after a failure, hold up those
//! behind it too. Only a task that ends or dies lets the next one pass. A Take may give several of one key, in order: the worker does
//! them in this order, and when one fails, lets the rest be, for their leases end with it. Tasks without a key have no order.
//!
//! Among keys, live tasks go first, then those that failed, then bulk, by turns of 16 : 4 : 1; within a class, keys by turns.
//!
//! # Invariants
//!
//! - What a worker is given, and what a producer was answered, is on disk. A task is begun only when the one before it has ended there.
//! - Numbers of tasks and leases rise over all lives of a queue. Leases are in memory: a restart gives out again whatever is not over.
//! - Only the latest life of a queue can write: each write asks for its life's row.
//! - Memory: some 450 bytes a task, [`Config::tasks_max`] of them; payloads of [`Config::cache_bytes_max`]; some 110 bytes a remembered
//!   dedupe id, [`Config::remembered_max`] of them. Payloads beyond are read when they are given out.
//!
//! # When a worker gives up
//!
//! | what happens | then |
//! |---|---|
//! | Fail | after the next of [`Config::retry_delays_ms`]; dead after the last |
//! | Fail, transient | after [`Config::transient_delay_ms`], not counted |
//! | Fail, dead | dead |
//! | the lease runs out | at once; counted as a failure when it does [`Config::lost_leases_max`] times in a row |
//!
//! Dead tasks are kept until they are replayed, at most [`Config::dead_tasks_max`].
#![forbid(unsafe_code)]

mod agenda;
mod changes;
mod commands;
mod config;
mod dedupe;
mod entry;
mod figures;
mod lanes;
mod limits;
mod load;
mod owner;
mod queues;
mod reading;
mod rows;
mod server;
mod service;
mod start;
mod state;
mod turns;

pub use config::Config;
pub use server::{Deps, build};
pub use start::start;
