//! The service over peers that a test makes up.

mod deleting;
mod devices;
mod exporting;
mod limits;
mod logging_in;
mod passwords;
mod profiles;
mod registering;
mod service;
mod store;
mod tickets;
mod world;
