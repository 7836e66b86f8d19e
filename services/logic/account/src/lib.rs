//! Registration, tickets, profiles, devices.
//!
//! It decides who somebody is. What it knows is in `account_store`, which it calls for everything; `contact_store`, `group`,
//! `group_store` and `message_store` are called when an account is exported or erased, and `push` to end links and to tell a user's
//! devices of changes.
//!
//! # Invariants
//!
//! - A ticket is answered after its device is durable. It is valid while it has not expired and its device has the serial it names: a
//!   further login of the device, logging out, removing the device, a new password and erasure end it at once, everywhere.
//! - An unknown name and a wrong password take the same way: one read, one hash of the same cost, one answer.
//! - Passwords are hashed on few threads, and few may wait for them: a flood of logins costs a bounded part of the machine.
//! - Secrets (passwords, tickets, keys) are not logged, and what holds keys has no `Debug`. Keys and salts come from the system's
//!   generator: whoever knows a test's seed must not know a key.
//! - An account that is deleted is durably marked before its owner is answered; the rest happens behind, and goes on after a crash.
//!
//! # Parts
//!
//! - [`build`]: the service; [`Config`] its settings, [`Deps`] whom it calls, [`Refused`] why it says no.
//! - `login`, `password`, `devices`, `profiles`, `erasure`, `export`: its methods, by what they are about.
//! - `ticket`, `rotation`, `keys`: what a ticket is, which key seals it, where keys come from.
//! - `hashing`, `limits`, `text`: passwords hashed, tried, and what texts may be. `kicks`: ending links. `records`: what an export says.
#![forbid(unsafe_code)]

mod config;
mod deps;
mod devices;
mod erasure;
mod export;
mod figures;
mod hashing;
mod keys;
mod kicks;
mod limits;
mod login;
mod password;
mod profiles;
mod records;
mod refused;
mod rotation;
mod service;
mod start;
mod text;
mod ticket;
mod workers;

pub use config::Config;
pub use deps::Deps;
pub use refused::Refused;
pub use service::build;
pub use start::start;
