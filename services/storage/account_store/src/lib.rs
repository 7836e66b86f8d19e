//! Accounts, names, devices and ticket keys, on disk.
//!
//! It owns who exists: numbers and names, what logging in needs, profiles, devices, and the keys that tickets are signed with. It calls
//! nobody; rows are in an engine, and `FORMAT.md` says how they look.
//!
//! # Invariants
//!
//! - A number is given once, whatever crashes: sections of numbers are taken durably before the first of them is given.
//! - A name leads to an account that exists. The account is written before its name; a crash between both leaves an account that
//!   nobody can log in to, and the name is free.
//! - The version of an account is that of its partition; a device's serial is the version that wrote it. So neither ever repeats, not
//!   even after a device was removed and came back.
//! - An account marked for erasure has no devices and gets none; it is listed until nothing of it is left.
//!
//! # Parts
//!
//! - [`build`]: the service over an engine. `accounts`, `devices`, `keys`, `erasure`: its methods, by what they are about.
//! - `rows`: names of partitions and keys of rows. `numbers`: sections of numbers.
#![forbid(unsafe_code)]

mod accounts;
mod config;
mod devices;
mod erasure;
mod keys;
mod numbers;
mod refused;
mod registered;
mod rows;
mod service;
mod start;

pub use config::Config;
pub use refused::Refused;
pub use service::{Deps, build};
pub use start::start;
