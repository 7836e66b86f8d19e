//! The service among stores that a test makes up.

mod old_clients;
mod snapshots;
mod syncing;
mod world;
