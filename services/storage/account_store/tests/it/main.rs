//! The store over an engine in memory, through its channel.

mod accounts;
mod crashes;
mod devices;
mod engine;
mod erasure;
mod keys;
mod numbers;
mod store;
