//! The service among stores, a queue and a push service that a test makes up.

mod groups;
mod recalling;
mod receipts;
mod sending;
mod world;
